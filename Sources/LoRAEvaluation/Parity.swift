import Glibc
import LoRAIO
import LoRAKernels
public import LoRAModel
import Safetensors
import TensorCore

/// Compares, module by module, a merged model with the base and adapter served unmerged, on seeded activations.
///
/// The truth is W·x + s·B·(A·x) in f64 from the values in the files, for activations of the serving type. The unmerged
/// path is computed as vLLM's kernels do it (`AdapterStack`), the merged one from the merged weights; both sum in f32
/// and round outputs to the serving type.
public enum Parity {
  /// Measures every linear module of an adapter.
  ///
  /// - Parameters:
  ///   - merged: the merged model; nil merges in memory, with one rounding to the base's type.
  ///   - progress: called after each module.
  public static func run(
    base: BaseModel, adapter: Adapter, merged: BaseModel?, options: ParityOptions, progress: () -> Void = {}
  ) throws(ParityError) -> ParityReport {
    guard let weights = base.checkpoint else { throw .noWeights(base.path) }
    if let finding = (adapter.findings + base.findings).first(where: { $0.severity == .error }) {
      throw .adapter(adapter.path, reason: finding.message)
    }
    guard let factors = adapter.file else { throw .adapter(adapter.path, reason: "it has no weights") }
    var run = ParityRun(base: base, weights: weights, factors: factors, merged: merged, options: options)
    var modules: [ModuleParity] = []
    var skipped: [(name: String, reason: String)] = []
    for module in adapter.modules {
      if let reason = run.refusal(of: module) {
        skipped.append((module.name, reason))
      } else {
        modules.append(try run.measure(module))
      }
      progress()
    }
    guard !modules.isEmpty else {
      throw .nothingToCompare(adapter.path, reason: skipped.first?.reason ?? "it has no modules")
    }
    modules.sort { left, right in
      // What is not a number is worst.
      let (a, b) = (left.drift.isNaN ? .infinity : left.drift, right.drift.isNaN ? .infinity : right.drift)
      return a > b || a == b && left.name < right.name
    }
    return ParityReport(servingDType: run.servingDType, options: options, modules: modules, skipped: skipped)
  }
}

/// One measurement.
struct ParityRun {
  let base: BaseModel
  let weights: Checkpoint
  let factors: SafetensorsFile
  let merged: BaseModel?
  let options: ParityOptions
  private(set) var servingDType: DType

  init(base: BaseModel, weights: Checkpoint, factors: SafetensorsFile, merged: BaseModel?, options: ParityOptions) {
    self.base = base
    self.weights = weights
    self.factors = factors
    self.merged = merged
    self.options = options
    let own = base.modules.values.lazy.compactMap { $0.kind == .linear ? $0.weight?.info.dtype : nil }.min()
    servingDType = options.servingDType ?? (own.map { $0.isMergeable ? $0 : .bf16 } ?? .bf16)
  }

  /// Why a module cannot be compared, or nil.
  func refusal(of module: AdapterModule) -> String? {
    guard module.kind == .linear || module.kind == .conv1d, module.experts == 1 else {
      return "only linear modules are compared"
    }
    if module.magnitude != nil { return "DoRA is not a sum of the base and B·A" }
    if module.bBias != nil { return "it trains a bias" }
    guard let a = module.a, let b = module.b, a.shape.rank == 2, b.shape.rank == 2 else { return "A or B is missing" }
    guard a.dtype.isFloat, b.dtype.isFloat, !module.isTransposed else { return "its layout is not PEFT's" }
    guard let match = base.match(module.name), match.runtime == nil else { return "the base has no such single module" }
    guard let weight = match.module.weight, weight.info.dtype.isMergeable, !match.module.isQuantized else {
      return "its weight is not F32, F16 or BF16"
    }
    guard match.module.shape.rank == 2, match.module.inFeatures == module.inFeatures,
      match.module.outFeatures == module.outFeatures, module.inFeatures > 0, module.outFeatures > 0, module.rank > 0,
      b.shape[1] == module.rank, a.shape[0] == module.rank
    else { return "its shapes do not fit the base" }
    return nil
  }

  mutating func measure(_ module: AdapterModule) throws(ParityError) -> ModuleParity {
    guard let match = base.match(module.name)?.module, let entry = match.weight, let a = module.a, let b = module.b
    else {
      throw .adapter(module.name, reason: "it has no weight")
    }
    let sizes = (rows: Int(match.outFeatures), columns: Int(match.inFeatures), rank: Int(module.rank))
    let weight = try matrix(weights.files[entry.file], entry.info, sizes.rows, sizes.columns, match.isTransposed)
    let down = try values(factors, a)
    let up = try values(factors, b)
    let mergedWeight = try mergedMatrix(match, weight, entry.info.dtype, down, up, module, sizes)
    let x = activations(module.name, columns: sizes.columns)

    let truth = Self.truth(weight, down, up, module.scale, x, sizes, tokens: options.tokens)
    let baseOutput = servingDType.rounded(product(servingDType.rounded(weight), x, sizes.rows, sizes.columns))
    let unmerged = ServedPaths(self, down: down, up: up, scale: module.scale, sizes: sizes, x: x, base: baseOutput)
    let mergedOutput = servingDType.rounded(product(servingDType.rounded(mergedWeight), x, sizes.rows, sizes.columns))
    return Self.compared(
      match.name, truth: truth.output, delta: truth.delta, merged: mergedOutput, unmerged: unmerged.alone,
      paddedIsExact: unmerged.padded == unmerged.alone, groupedIsExact: unmerged.grouped == unmerged.alone)
  }

  // MARK: Values

  /// All elements of a tensor in f32; F64 is rounded.
  private func values(_ file: SafetensorsFile, _ tensor: TensorInfo) throws(ParityError) -> [Double] {
    guard let count = tensor.shape.elementCount.flatMap({ Int(exactly: $0) }) else {
      throw .io("\(escaped(tensor.name)) is too large")
    }
    do throws(IOError) {
      let bytes = try file.bytes(of: tensor)
      return unsafe [Double](unsafeUninitializedCapacity: count) { output, initialized in
        unsafe bytes.withUnsafeBytes { input in
          let target = unsafe UnsafeMutableBufferPointer(rebasing: output[..<count])
          unsafe Kernels.widen(input, dtype: tensor.dtype, to: target)
        }
        initialized = count
      }
    } catch {
      throw .io("\(error)")
    }
  }

  /// A weight as `[rows, columns]`, whichever way it is stored.
  private func matrix(_ file: SafetensorsFile, _ tensor: TensorInfo, _ rows: Int, _ columns: Int, _ transposed: Bool)
    throws(ParityError) -> [Float]
  {
    let stored = try values(file, tensor).map { Float($0) }
    guard transposed else { return stored }
    return (0..<rows * columns).map { stored[$0 % columns * rows + $0 / columns] }
  }

  private func mergedMatrix(
    _ match: LoRAModel.BaseModule, _ weight: [Float], _ dtype: DType, _ down: [Double], _ up: [Double],
    _ module: AdapterModule, _ sizes: (rows: Int, columns: Int, rank: Int)
  ) throws(ParityError) -> [Float] {
    guard let merged else { return Self.merge(weight, dtype, down, up, module.scale, sizes) }
    guard let other = merged.modules[match.name], let entry = other.weight, let files = merged.checkpoint?.files,
      other.shape == match.shape, entry.info.dtype.isMergeable
    else { throw .merged(merged.path, reason: "it has no \(escaped(match.name)) of the base's shape") }
    return try matrix(files[entry.file], entry.info, sizes.rows, sizes.columns, other.isTransposed)
  }

  /// round(W + s·B·A), summed in f64 in the order of the rank, with one rounding to the base's type.
  private static func merge(
    _ weight: [Float], _ dtype: DType, _ down: [Double], _ up: [Double], _ scale: Double,
    _ sizes: (rows: Int, columns: Int, rank: Int)
  ) -> [Float] {
    var result = weight
    var row = [Double](repeating: 0, count: sizes.columns)
    for index in 0..<sizes.rows {
      for column in 0..<sizes.columns { row[column] = 0 }
      for rank in 0..<sizes.rank {
        let factor = scale * up[index * sizes.rank + rank]
        for column in 0..<sizes.columns { row[column].addProduct(factor, down[rank * sizes.columns + column]) }
      }
      for column in 0..<sizes.columns { row[column] += Double(weight[index * sizes.columns + column]) }
      let rounded = rounded(row, dtype)
      for column in 0..<sizes.columns { result[index * sizes.columns + column] = rounded[column] }
    }
    return result
  }

  private static func rounded(_ values: [Double], _ dtype: DType) -> [Float] {
    var bytes = [UInt8](repeating: 0, count: values.count * Int(dtype.bits / 8))
    unsafe values.withUnsafeBufferPointer { input in
      unsafe bytes.withUnsafeMutableBytes { unsafe Kernels.narrow(input, to: dtype, output: $0) }
    }
    return unsafe [Float](unsafeUninitializedCapacity: values.count) { output, count in
      unsafe bytes.withUnsafeBytes { input in
        let target = unsafe UnsafeMutableBufferPointer(rebasing: output[..<values.count])
        unsafe Kernels.widen(input, dtype: dtype, to: target)
      }
      count = values.count
    }
  }

  /// Numbers of a normal distribution, rounded to the serving type: the same for the same seed and module.
  private func activations(_ name: String, columns: Int) -> [Float] {
    var state = options.seed
    for byte in name.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
    func next() -> Double {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
    }
    // Box and Muller, 1958.
    let values = (0..<options.tokens * columns).map { _ in
      Float((-2 * log(1 - next())).squareRoot() * cos(2 * Double.pi * next()))
    }
    return servingDType.rounded(values)
  }
}
