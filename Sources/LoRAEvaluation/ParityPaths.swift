import LoRAKernels
import TensorCore

/// The outputs of one adapter by three ways of serving it.
struct ServedPaths {
  /// In a slot of its own rank, alone in the batch.
  let alone: [Float]
  /// In a slot of a larger rank.
  let padded: [Float]
  /// In a batch with two other adapters and tokens of the base between its own.
  let grouped: [Float]

  init(
    _ run: ParityRun, down: [Double], up: [Double], scale: Double, sizes: (rows: Int, columns: Int, rank: Int),
    x: [Float], base: [Float]
  ) {
    let (down, up) = (down.map { Float($0) }, up.map { Float($0) })
    let tokens = run.options.tokens
    func stack(slots: Int, rank: Int) -> AdapterStack {
      AdapterStack(
        slots: slots, rank: rank, inFeatures: sizes.columns, outFeatures: sizes.rows, dtype: run.servingDType)
    }
    func served(_ stack: AdapterStack, slot: Int) -> [Float] {
      var output = base
      stack.apply(tokenSlots: [Int?](repeating: slot, count: tokens), input: x, output: &output)
      return output
    }
    var single = stack(slots: 1, rank: sizes.rank)
    single.load(slot: 0, down: down, up: up, adapterRank: sizes.rank, scale: Float(scale))
    alone = served(single, slot: 0)

    // The next rank that vLLM allows, so that there is padding at all.
    let legal = [8, 16, 32, 64, 128, 256, 320, 512]
    var wide = stack(slots: 1, rank: legal.first { $0 > sizes.rank } ?? sizes.rank * 2)
    wide.load(slot: 0, down: down, up: up, adapterRank: sizes.rank, scale: Float(scale))
    padded = served(wide, slot: 0)

    var many = stack(slots: 3, rank: wide.rank)
    many.load(slot: 1, down: down, up: up, adapterRank: sizes.rank, scale: Float(scale))
    many.load(slot: 0, down: down.reversed(), up: up, adapterRank: sizes.rank, scale: Float(scale) * 2)
    many.load(slot: 2, down: down, up: up.reversed(), adapterRank: sizes.rank, scale: -Float(scale))
    // Four tokens for each of ours: ours in slot 1, two of the others and one of the base, of the same activations.
    var slots: [Int?] = []
    var input: [Float] = []
    var output: [Float] = []
    for token in 0..<tokens {
      for slot in [0, nil, 1, 2] as [Int?] {
        slots.append(slot)
        input += x[token * sizes.columns..<(token + 1) * sizes.columns]
        output += base[token * sizes.rows..<(token + 1) * sizes.rows]
      }
    }
    many.apply(tokenSlots: slots, input: input, output: &output)
    grouped = slots.indices.filter { slots[$0] == 1 }.flatMap { output[$0 * sizes.rows..<($0 + 1) * sizes.rows] }
  }
}

extension ParityRun {
  /// `[tokens, rows]`: every token times every row, summed in f32.
  func product(_ matrix: [Float], _ x: [Float], _ rows: Int, _ columns: Int) -> [Float] {
    let tokens = options.tokens
    var result = [Float](repeating: 0, count: tokens * rows)
    unsafe matrix.withUnsafeBufferPointer { matrix in
      unsafe x.withUnsafeBufferPointer { x in
        unsafe result.withUnsafeMutableBufferPointer { result in
          for row in 0..<rows {
            unsafe Kernels.dots(
              row: UnsafeBufferPointer(rebasing: matrix[row * columns..<(row + 1) * columns]), tokens: x,
              count: tokens, stride: columns, output: UnsafeMutableBufferPointer(rebasing: result[row...]),
              outputStride: rows)
          }
        }
      }
    }
    return result
  }

  /// W·x + s·B·(A·x) and its second part, in f64.
  static func truth(
    _ weight: [Float], _ down: [Double], _ up: [Double], _ scale: Double, _ x: [Float],
    _ sizes: (rows: Int, columns: Int, rank: Int), tokens: Int
  ) -> (output: [Double], delta: [Double]) {
    let x = x.map { Double($0) }
    let shrunk = product(down, x, sizes.rank, sizes.columns, tokens: tokens)
    let delta = product(up, shrunk, sizes.rows, sizes.rank, tokens: tokens).map { $0 * scale }
    var output = delta
    var row = [Double](repeating: 0, count: sizes.columns)
    for index in 0..<sizes.rows {
      for column in 0..<sizes.columns { row[column] = Double(weight[index * sizes.columns + column]) }
      let sums = product(row, x, 1, sizes.columns, tokens: tokens)
      for token in 0..<tokens { output[token * sizes.rows + index] += sums[token] }
    }
    return (output, delta)
  }

  private static func product(_ matrix: [Double], _ x: [Double], _ rows: Int, _ columns: Int, tokens: Int) -> [Double] {
    var result = [Double](repeating: 0, count: tokens * rows)
    unsafe matrix.withUnsafeBufferPointer { matrix in
      unsafe x.withUnsafeBufferPointer { x in
        unsafe result.withUnsafeMutableBufferPointer { result in
          for row in 0..<rows {
            unsafe Kernels.dots(
              row: UnsafeBufferPointer(rebasing: matrix[row * columns..<(row + 1) * columns]), tokens: x,
              count: tokens, stride: columns, output: UnsafeMutableBufferPointer(rebasing: result[row...]),
              outputStride: rows)
          }
        }
      }
    }
    return result
  }

  static func compared(
    _ name: String, truth: [Double], delta: [Double], merged: [Float], unmerged: [Float], paddedIsExact: Bool,
    groupedIsExact: Bool
  ) -> ModuleParity {
    var (largest, difference, mergedError, unmergedError) = (0.0, 0.0, 0.0, 0.0)
    var (size, added, dot, mergedSize, unmergedSize) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for index in truth.indices {
      let (m, u, t) = (Double(merged[index]), Double(unmerged[index]), truth[index])
      // Written so that NaN is kept.
      largest = abs(m - u) <= largest ? largest : abs(m - u)
      difference += (m - u) * (m - u)
      mergedError += (m - t) * (m - t)
      unmergedError += (u - t) * (u - t)
      size += t * t
      added += delta[index] * delta[index]
      dot += m * u
      mergedSize += m * m
      unmergedSize += u * u
    }
    func relative(_ square: Double) -> Double { square == 0 ? 0 : (square / size).squareRoot() }
    let product = (mergedSize * unmergedSize).squareRoot()
    return ModuleParity(
      name: name, maxAbs: largest, rms: (difference / Double(max(truth.count, 1))).squareRoot(),
      drift: relative(difference), cosine: product == 0 ? (mergedSize == unmergedSize ? 1 : 0) : dot / product,
      mergedError: relative(mergedError), unmergedError: relative(unmergedError), deltaShare: relative(added),
      paddedIsExact: paddedIsExact, groupedIsExact: groupedIsExact)
  }
}
