import LoRAIO
import LoRAKernels
import TensorCore

/// The activations of a matrix and what A makes of them.
struct ParityInputs {
  /// x, `[tokens, in]`.
  let x: [Float]
  let tokens: Int
  fileprivate let rows: TokenRows<Float>
  fileprivate let wide: TokenRows<Double>
  /// A·x in f64, `[tokens, rank]`.
  fileprivate let shrunk: [Double]

  /// - Parameter down: A, `[rank, in]`.
  init(_ x: [Float], tokens: Int, down: [Double], rank: Int) {
    let (length, numbers) = (tokens > 0 ? x.count / tokens : 0, x.map { Double($0) })
    (self.x, self.tokens) = (x, tokens)
    rows = TokenRows(x, count: tokens, length: length)
    wide = TokenRows(numbers, count: tokens, length: length)
    shrunk = Kernels.products(down, rows: 0..<rank, length: length, tokens: numbers, count: tokens)
  }
}

/// Outputs of a block, `[tokens, out]`.
struct ParityProducts {
  /// (W·x + s·B·(A·x)) · m/‖W + s·B·A‖ in f64.
  private(set) var truth: [Double]
  /// The truth less W·x.
  private(set) var delta: [Double]
  /// W'·x in f32, rounded to the serving type.
  private(set) var merged: [Float]
  /// W·x in f32, rounded to the serving type; nothing where no engine serves the module.
  private(set) var base: [Float]

  /// Rows of W that are multiplied together.
  private static let panelRows = 24

  /// - Parameters:
  ///   - down: A, `[rank, in]`.
  ///   - serving: the type that is served in.
  ///   - dtype: type of W', where it is to be made.
  ///   - isServed: whether W·x is served, too.
  init(
    _ block: ParityMatrix.Block, _ inputs: ParityInputs, down: [Double], serving: DType, dtype: DType, isServed: Bool
  ) throws(IOError) {
    let (tokens, outputs, length) = (inputs.tokens, block.outputs, block.inputs)
    truth = Kernels.products(block.up, rows: 0..<outputs, length: block.rank, tokens: inputs.shrunk, count: tokens)
    delta = truth
    var (merged, base) = ([Float](repeating: 0, count: tokens * outputs), [Float]())
    if isServed { base = merged }
    let changed = block.merged == nil || block.magnitudes != nil ? ChangedRows(block, down) : nil
    var products = [Double](repeating: 0, count: tokens * Self.panelRows)
    for first in stride(from: 0, to: outputs, by: Self.panelRows) {
      let rows = first..<min(first + Self.panelRows, outputs)
      /// Products in f32 of rows that are rounded to the type that is served in.
      func serve(_ bytes: UnsafeRawBufferPointer, _ stored: DType, numbers dtype: DType, to output: inout [Float]) {
        if dtype == serving {
          return unsafe Kernels.products(
            bytes, dtype: stored, rows: rows.count, inputs.rows, to: &output, from: first, stride: outputs)
        }
        unsafe serving.rounded(Kernels.widened(bytes, stored) as [Float]).withUnsafeBytes { bytes in
          unsafe Kernels.products(
            bytes, dtype: .f32, rows: rows.count, inputs.rows, to: &output, from: first, stride: outputs)
        }
      }
      var factors = [Double](repeating: 1, count: rows.count)
      var made: [Float] = []
      unsafe try block.weight.with(rows) { bytes, stored in
        unsafe Kernels.products(bytes, dtype: stored, rows: rows.count, inputs.wide, to: &products)
        if let changed {
          let wide: [Double] = unsafe Kernels.widened(bytes, stored)
          for (place, output) in rows.enumerated() {
            var row = changed.row(output, wide[place * length..<(place + 1) * length])
            if let magnitude = block.magnitudes?[output] {
              let norm = magnitude.norm ?? row.reduce(0) { $0 + $1 * $1 }.squareRoot()
              // An output of zeros has no direction and stays zero.
              factors[place] = norm == 0 ? 1 : magnitude.length / norm
              for column in row.indices { row[column] *= factors[place] }
            }
            if block.merged == nil { made += dtype.rounded(row) }
          }
        }
        if isServed { unsafe serve(bytes, stored, numbers: block.weight.dtype, to: &base) }
      }
      for token in 0..<tokens {
        for (place, factor) in factors.enumerated() {
          let (output, product) = (token * outputs + first + place, products[token * rows.count + place])
          let change = block.scale * truth[output]
          truth[output] = (product + change) * factor
          delta[output] = factor == 1 ? change : truth[output] - product
        }
      }
      if let own = block.merged {
        unsafe try own.with(rows) { unsafe serve($0, $1, numbers: own.dtype, to: &merged) }
      } else {
        unsafe made.withUnsafeBytes { unsafe serve($0, .f32, numbers: dtype, to: &merged) }
      }
    }
    (self.merged, self.base) = (serving.rounded(merged), serving.rounded(base))
  }
}

/// Rows of W + s·B·A in f64, summed in the order of the rank.
private struct ChangedRows {
  private let up: [Double]
  private let scale: Double
  private let rank: Int
  private let down: ColumnPanel

  init(_ block: ParityMatrix.Block, _ down: [Double]) {
    (up, scale, rank) = (block.up, block.scale, block.rank)
    let right = ColumnMatrix(rows: block.inputs, columns: block.rank, elements: down)
    self.down = ColumnPanel(right, transposed: true)
  }

  /// The row of an output whose row of W is `weight`.
  func row(_ output: Int, _ weight: ArraySlice<Double>) -> [Double] {
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
    for (column, number) in weight.enumerated() { sums[column] += number }
    return sums
  }
}

/// One adapter in the slots of three servers, and what A makes of the activations there.
struct ServedInputs {
  fileprivate let dtype: DType
  fileprivate let alone: Slots
  fileprivate let padded: Slots
  fileprivate let grouped: Slots

  /// Adapters in slots of one rank, and the tokens of a batch.
  fileprivate struct Slots {
    let rank: Int
    let slots: [Int?]
    let shrunk: [AdapterStack.Segment]
  }

  /// - Parameters:
  ///   - down: A, `[rank, in]`.
  ///   - dtype: the type that is served in.
  init(_ inputs: ParityInputs, down: [Double], rank: Int, dtype: DType, _ device: ParityDevice) throws(ParityError) {
    self.dtype = dtype
    let (down, tokens) = (down.map { Float($0) }, inputs.tokens)
    let columns = down.count / rank
    func shrunk(
      slots: Int, rank wide: Int, _ loads: [(slot: Int, down: [Float])], _ tokenSlots: [Int?], _ x: [Float]
    ) throws(ParityError) -> Slots {
      var stack = AdapterStack(slots: slots, rank: wide, inFeatures: columns, outFeatures: 0, dtype: dtype)
      for load in loads { stack.load(slot: load.slot, down: load.down, up: [], adapterRank: rank, scale: 1) }
      return Slots(rank: wide, slots: tokenSlots, shrunk: try device.shrink(stack, tokenSlots: tokenSlots, input: x))
    }
    let own = [Int?](repeating: 0, count: tokens)
    alone = try shrunk(slots: 1, rank: rank, [(0, down)], own, inputs.x)
    // The next rank that vLLM allows, so that there is padding at all.
    let legal = [8, 16, 32, 64, 128, 256, 320, 512]
    let wide = legal.first { $0 > rank } ?? rank * 2
    padded = try shrunk(slots: 1, rank: wide, [(0, down)], own, inputs.x)
    // Four tokens for each of ours: ours in slot 1, two of the others and one of the base, of the same activations.
    var slots: [Int?] = []
    var x: [Float] = []
    for token in 0..<tokens {
      for slot in [0, nil, 1, 2] as [Int?] {
        slots.append(slot)
        x += inputs.x[token * columns..<(token + 1) * columns]
      }
    }
    grouped = try shrunk(slots: 3, rank: wide, [(1, down), (0, down.reversed()), (2, down)], slots, x)
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

  /// - Parameter base: W·x, `[tokens, out]`.
  init(_ block: ParityMatrix.Block, _ inputs: ServedInputs, base: [Float], _ device: ParityDevice) throws(ParityError) {
    let (rows, rank, scale, up) = (block.outputs, block.rank, Float(block.scale), block.up.map { Float($0) })
    func expanded(
      _ way: ServedInputs.Slots, slots: Int, _ loads: [(slot: Int, up: [Float], scale: Float)], _ base: [Float]
    ) throws(ParityError) -> [Float] {
      var stack = AdapterStack(slots: slots, rank: way.rank, inFeatures: 0, outFeatures: rows, dtype: inputs.dtype)
      for load in loads {
        stack.load(slot: load.slot, down: [], up: load.up, adapterRank: rank, scale: load.scale)
      }
      var output = base
      try device.expand(stack, way.shrunk, output: &output)
      return output
    }
    alone = try expanded(inputs.alone, slots: 1, [(0, up, scale)], base)
    padded = try expanded(inputs.padded, slots: 1, [(0, up, scale)], base)
    let slots = inputs.grouped.slots
    let each = slots.count * rows / max(base.count, 1)
    let spread = (0..<base.count / max(rows, 1)).flatMap { token in
      (0..<each).flatMap { _ in base[token * rows..<(token + 1) * rows] }
    }
    let all = try expanded(
      inputs.grouped, slots: 3, [(1, up, scale), (0, up, scale * 2), (2, up.reversed(), -scale)], spread)
    grouped = slots.indices.filter { slots[$0] == 1 }.flatMap { all[$0 * rows..<($0 + 1) * rows] }
  }
}
