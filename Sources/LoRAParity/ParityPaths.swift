import LoRAKernels
import TensorCore

/// W' and the true outputs of a block.
struct ParityProducts {
  /// W', rounded once.
  let merged: [Float]
  /// (W·x + s·B·(A·x)) · m/‖W + s·B·A‖ in f64, `[tokens, out]`.
  let truth: [Double]
  /// The truth less W·x.
  let delta: [Double]

  /// - Parameters:
  ///   - x: `[tokens, in]`.
  ///   - dtype: type of W', where it is to be made.
  init(_ block: ParityMatrix.Block, _ x: [Float], tokens: Int, dtype: DType) {
    let x = x.map { Double($0) }
    let shrunk = Kernels.products(block.down, rows: 0..<block.rank, length: block.inputs, tokens: x, count: tokens)
    let change = Kernels.products(block.up, rows: 0..<block.outputs, length: block.rank, tokens: shrunk, count: tokens)
    var (truth, delta) = (change, change)
    var merged = block.merged ?? []
    merged.reserveCapacity(block.weight.count)
    let changed = block.merged == nil || block.magnitudes != nil ? ChangedRows(block) : nil
    for output in 0..<block.outputs {
      let weight = block.row(output)
      var factor = 1.0
      if var row = changed?.row(output, weight) {
        if let magnitude = block.magnitudes?[output] {
          let norm = magnitude.norm ?? row.reduce(0) { $0 + $1 * $1 }.squareRoot()
          // An output of zeros has no direction and stays zero.
          factor = norm == 0 ? 1 : magnitude.length / norm
          for column in row.indices { row[column] *= factor }
        }
        if block.merged == nil { merged += dtype.rounded(row) }
      }
      let base = Kernels.products(weight, rows: 0..<1, length: block.inputs, tokens: x, count: tokens)
      for token in 0..<tokens {
        let place = token * block.outputs + output
        truth[place] = (base[token] + block.scale * change[place]) * factor
        delta[place] = factor == 1 ? block.scale * change[place] : truth[place] - base[token]
      }
    }
    (self.merged, self.truth, self.delta) = (merged, truth, delta)
  }
}

/// Rows of W + s·B·A in f64, summed in the order of the rank.
private struct ChangedRows {
  private let up: [Double]
  private let scale: Double
  private let rank: Int
  private let down: ColumnPanel

  init(_ block: ParityMatrix.Block) {
    (up, scale, rank) = (block.up, block.scale, block.rank)
    let right = ColumnMatrix(rows: block.inputs, columns: block.rank, elements: block.down)
    down = ColumnPanel(right, transposed: true)
  }

  /// The row of an output whose row of W is `weight`.
  func row(_ output: Int, _ weight: [Double]) -> [Double] {
    var left = [Double](repeating: 0, count: rank * Kernels.productRows)
    for k in 0..<rank { left[k * Kernels.productRows] = scale * up[output * rank + k] }
    let width = down.strips * ColumnPanel.lanes
    var sums = [Double](repeating: 0, count: width)
    unsafe left.withUnsafeBufferPointer { left in
      unsafe sums.withUnsafeMutableBufferPointer { sums in
        unsafe Kernels.product(rows: 1, left, down, output: sums, stride: width)
      }
    }
    sums.removeLast(width - weight.count)
    for column in weight.indices { sums[column] += weight[column] }
    return sums
  }
}

/// The outputs of one adapter by three ways of serving it, `[tokens, out]`.
struct ServedPaths {
  /// In a slot of its own rank, alone in the batch.
  let alone: [Float]
  /// In a slot of a larger rank.
  let padded: [Float]
  /// In a batch with two other adapters and tokens of the base between its own.
  let grouped: [Float]

  init(_ block: ParityMatrix.Block, _ x: [Float], tokens: Int, dtype: DType, _ device: ParityDevice)
    throws(ParityError)
  {
    let (down, up) = (block.down.map { Float($0) }, block.up.map { Float($0) })
    let (rows, columns, rank, scale) = (block.outputs, block.inputs, block.rank, Float(block.scale))
    let weight = block.weightDType == dtype ? block.weight : dtype.rounded(block.weight)
    let base = dtype.rounded(
      Kernels.products(weight, rows: 0..<rows, length: columns, tokens: x, count: tokens))
    func stack(slots: Int, rank: Int) -> AdapterStack {
      AdapterStack(slots: slots, rank: rank, inFeatures: columns, outFeatures: rows, dtype: dtype)
    }
    func served(_ stack: AdapterStack, slot: Int) throws(ParityError) -> [Float] {
      var output = base
      try device.apply(stack, tokenSlots: [Int?](repeating: slot, count: tokens), input: x, output: &output)
      return output
    }
    var single = stack(slots: 1, rank: rank)
    single.load(slot: 0, down: down, up: up, adapterRank: rank, scale: scale)
    alone = try served(single, slot: 0)

    // The next rank that vLLM allows, so that there is padding at all.
    let legal = [8, 16, 32, 64, 128, 256, 320, 512]
    var wide = stack(slots: 1, rank: legal.first { $0 > rank } ?? rank * 2)
    wide.load(slot: 0, down: down, up: up, adapterRank: rank, scale: scale)
    padded = try served(wide, slot: 0)

    var many = stack(slots: 3, rank: wide.rank)
    many.load(slot: 1, down: down, up: up, adapterRank: rank, scale: scale)
    many.load(slot: 0, down: down.reversed(), up: up, adapterRank: rank, scale: scale * 2)
    many.load(slot: 2, down: down, up: up.reversed(), adapterRank: rank, scale: -scale)
    // Four tokens for each of ours: ours in slot 1, two of the others and one of the base, of the same activations.
    var slots: [Int?] = []
    var input: [Float] = []
    var output: [Float] = []
    for token in 0..<tokens {
      for slot in [0, nil, 1, 2] as [Int?] {
        slots.append(slot)
        input += x[token * columns..<(token + 1) * columns]
        output += base[token * rows..<(token + 1) * rows]
      }
    }
    try device.apply(many, tokenSlots: slots, input: input, output: &output)
    grouped = slots.indices.filter { slots[$0] == 1 }.flatMap { output[$0 * rows..<($0 + 1) * rows] }
  }
}
