import LoRAEngines
public import LoRAIO
import LoRAKernels
public import LoRAModel
import Safetensors
import TensorCore

/// What a slot has to hold, worked out element by element: for every place in a buffer, which element of which factor
/// belongs there.
///
/// Knows nothing of plans, blocks, strides and vector code, and shares with them only the names of modules and which
/// part of a layer a device has. Slow, and meant for comparison.
public struct SlotReference {
  /// One factor as numbers, with its sizes.
  fileprivate struct Factor {
    var values: [Float]
    var shape: Shape
    /// The stored bits, where they go to the slot unchanged.
    var bits: [UInt8]?
  }

  /// The factors of one module of the adapter.
  fileprivate struct Pair {
    var a: Factor
    var b: Factor
    var rank: Int
    var scale: Float
    var isTransposed: Bool
    /// Number of experts in a stack, nil for a pair of matrices.
    var stack: Int?
  }

  /// Which pair a slice comes from: row of B where it starts, and which expert of a stack.
  private struct Origin {
    var pair: Int
    var firstRow: Int
  }

  private let layout: SlotLayout
  private var pairs: [Pair] = []
  private var origins: [PackingPlanner.Key: Origin] = [:]
  private var stacks: [PackingPlanner.Key: Origin] = [:]

  /// Reads all factors of an adapter that can be packed.
  public init(_ adapter: Adapter, base: BaseModel, layout: SlotLayout) throws(IOError) {
    self.layout = layout
    let planner = PackingPlanner(adapter: adapter, base: base, layout: layout)
    for module in adapter.modules {
      guard let file = adapter.file, let a = module.a, let b = module.b, let match = base.match(module.name),
        let place = planner.place(of: match)
      else { continue }
      let isStack = module.kind == .parameter
      let experts = Int(layout.engine.modules[place.module].experts)
      let rank = isStack && a.shape.rank == 2 ? Int(a.shape[0]) / experts : Int(a.shape[isStack ? 1 : 0])
      let keepsScale = layout.options.scheme.keepsScales && experts == 1
      let scale = keepsScale ? 1 : Float(module.scale)
      pairs.append(
        Pair(
          a: try factor(a, of: file, scale: 1), b: try factor(b, of: file, scale: scale),
          rank: module.isTransposed ? Int(a.shape[1]) : rank, scale: scale, isTransposed: module.isTransposed,
          stack: isStack ? experts : nil))
      for target in place.targets {
        let key = PackingPlanner.Key(module: place.module, slice: target.slice, expert: place.expert ?? 0)
        let origin = Origin(pair: pairs.count - 1, firstRow: Int(target.firstRow))
        if isStack { stacks[key] = origin } else { origins[key] = origin }
      }
    }
  }

  /// The factor's numbers; F64 is rounded to F32, as the engine's framework does on the way to any smaller type.
  private func factor(_ tensor: TensorInfo, of file: SafetensorsFile, scale: Float) throws(IOError) -> Factor {
    let bytes = try file.bytes(of: tensor)
    let count = Int(tensor.elementCount)
    var values = [Float](repeating: 0, count: count)
    if tensor.dtype == .f64 {
      var wide = [Double](repeating: 0, count: count)
      unsafe bytes.withUnsafeBytes { source in
        unsafe wide.withUnsafeMutableBufferPointer {
          unsafe Kernels.widen(source, dtype: .f64, to: $0, level: Self.plain)
        }
      }
      for index in 0..<count { values[index] = Float(wide[index]) }
    } else {
      unsafe bytes.withUnsafeBytes { source in
        unsafe values.withUnsafeMutableBufferPointer {
          unsafe Kernels.widen(source, dtype: tensor.dtype, to: $0, level: Self.plain)
        }
      }
    }
    return Factor(values: values, shape: tensor.shape, bits: tensor.dtype == layout.dtype && scale == 1 ? bytes : nil)
  }

  private static let plain = KernelLevel.available[0]

  /// The bytes that a slot has in one buffer.
  public func bytes(ofBuffer index: Int) -> [UInt8] {
    let recipe = layout.recipes[index]
    let factor = layout.buffers[index].factor
    let (matrices, rows, columns) = (Int(recipe.matrices), Int(recipe.rows), Int(recipe.columns))
    var result = [UInt8](repeating: 0, count: Int(layout.buffers[index].slotBytes))
    let size = Int(layout.dtype.bits / 8)
    let outputs = recipe.outputs.enumerated().flatMap { position, runs in
      runs.flatMap { run in run.map { (recipe.slices.lowerBound + position, Int($0)) } }
    }
    for matrix in 0..<matrices {
      for row in 0..<rows {
        let start = (matrix * rows + row) * columns
        switch factor {
        case .b:
          guard let (pair, first) = origin(recipe.module, outputs[row].0, matrix) else { continue }
          for column in 0..<min(columns, pair.rank) {
            let element = pair.positionInB(first + outputs[row].1, column, expert: matrix)
            write(pair.b, element, pair.scale, to: &result, at: (start + column) * size)
          }
        case .a where recipe.isTransposed:
          guard let (pair, _) = origin(recipe.module, recipe.slices.lowerBound, matrix) else { continue }
          for column in 0..<min(columns, pair.rank) {
            let element = pair.positionInA(column, row + Int(recipe.inputs.lowerBound), expert: matrix)
            write(pair.a, element, 1, to: &result, at: (start + column) * size)
          }
        case .a:
          guard let (pair, k) = rankRow(row, recipe, matrix) else { continue }
          for column in 0..<columns {
            let element = pair.positionInA(k, column + Int(recipe.inputs.lowerBound), expert: matrix)
            write(pair.a, element, 1, to: &result, at: (start + column) * size)
          }
        }
      }
    }
    return result
  }

  private func origin(_ module: Int, _ slice: Int, _ expert: Int) -> (Pair, Int)? {
    let own = origins[PackingPlanner.Key(module: module, slice: slice, expert: UInt64(expert))]
    let whole = stacks[PackingPlanner.Key(module: module, slice: slice, expert: 0)]
    return (own ?? whole).map { (pairs[$0.pair], $0.firstRow) }
  }

  /// Which rank of which pair a row of A is; nil for padding.
  private func rankRow(_ row: Int, _ recipe: SlotLayoutInput, _ matrix: Int) -> (Pair, Int)? {
    var slice = recipe.slices.lowerBound
    var row = row
    if recipe.slices.count > 1 {
      let height = Int(recipe.rows) / recipe.slices.count
      let ranks = recipe.slices.compactMap { origin(recipe.module, $0, matrix)?.0.rank }
      let step = recipe.matrices > 1 ? height : ranks.first ?? height
      slice += row / step
      row %= step
      guard slice < recipe.slices.upperBound else { return nil }
    }
    guard let (pair, _) = origin(recipe.module, slice, matrix) else { return nil }
    let k = row + Int(recipe.ranks.lowerBound)
    return k < pair.rank ? (pair, k) : nil
  }

  private func write(_ factor: Factor, _ element: Int, _ scale: Float, to bytes: inout [UInt8], at place: Int) {
    let size = Int(layout.dtype.bits / 8)
    if let bits = factor.bits {
      for offset in 0..<size { bytes[place + offset] = bits[element * size + offset] }
      return
    }
    var value = rounded(factor.values[element])
    if scale != 1 { value = rounded(value * scale) }
    let pattern = code(value)
    for offset in 0..<size { bytes[place + offset] = UInt8(truncatingIfNeeded: pattern >> UInt32(8 * offset)) }
  }

  /// A number as the slot's type can hold it, ties to even.
  private func rounded(_ value: Float) -> Float {
    switch layout.dtype {
    case .f16: return Float(Float16(value))
    case .bf16: return value.isNaN ? value : Float(bitPattern: Self.bf16(value) << 16)
    default: return value
    }
  }

  private func code(_ value: Float) -> UInt32 {
    switch layout.dtype {
    case .f16: value.isNaN ? 0x7E00 : UInt32(Float16(value).bitPattern)
    case .bf16: value.isNaN ? 0x7FC0 : Self.bf16(value)
    default: value.isNaN ? 0x7FC0_0000 : value.bitPattern
    }
  }

  private static func bf16(_ value: Float) -> UInt32 {
    let bits = value.bitPattern
    return (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16
  }
}

extension SlotReference.Pair {
  fileprivate func positionInA(_ k: Int, _ j: Int, expert: Int) -> Int {
    let width = Int(a.shape[a.shape.rank - 1])
    if isTransposed { return j * rank + k }
    return ((stack == nil ? 0 : expert * rank) + k) * width + j
  }

  fileprivate func positionInB(_ i: Int, _ k: Int, expert: Int) -> Int {
    if isTransposed { return k * Int(b.shape[1]) + i }
    guard let stack else { return i * rank + k }
    if b.shape.rank == 3 { return (expert * Int(b.shape[1]) + i) * rank + k }
    return i * rank * stack + k * stack + expert
  }
}
