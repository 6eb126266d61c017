import Glibc
import LoRAIO
import LoRAKernels
import LoRAMerge
public import LoRAModel
import Safetensors
import Synchronization
import TensorCore

/// Compares, module by module, a merged model with the base and adapter served unmerged, on seeded activations.
///
/// The truth is computed in f64 from the values in the files: W·x + s·B·(A·x), with DoRA's magnitudes m/‖W + s·B·A‖ as
/// factors. The unmerged path is computed as vLLM's kernels do it (`AdapterStack`), the merged one from the merged
/// weights; both sum in f32 and round outputs to the serving type. What is changed where comes from the plan of a
/// merge, so that everything that can be merged can be compared.
public enum Parity {
  /// Measures every module of an adapter.
  ///
  /// - Parameters:
  ///   - base: the base model with its weights.
  ///   - adapter: an adapter of that base.
  ///   - merged: the merged model; nil merges in memory, rounded once to the base's type.
  ///   - options: the inputs and the serving type.
  ///   - device: where the products of the unmerged path are computed.
  ///   - progress: called after each module, from any thread.
  public static func run(
    base: BaseModel, adapter: Adapter, merged: BaseModel?, options: ParityOptions, device: ParityDevice = .host,
    progress: @escaping @Sendable () -> Void = {}
  ) throws(ParityError) -> ParityReport {
    guard base.checkpoint != nil else { throw .noWeights(base.path) }
    guard adapter.file != nil || !adapter.findings.isEmpty else {
      throw .adapter(adapter.path, reason: "it has no weights")
    }
    let base = base.dequantized() ?? base
    let plan = try plan(base, adapter, options)
    let run = ParityRun(base: base, options: options, device: device)
    let planned = try ParityModule.all(in: plan, base: base, adapter: adapter, merged: merged)
    guard !planned.isEmpty else {
      throw .nothingToCompare(adapter.path, reason: "it replaces whole tensors and adds nothing to any")
    }
    let measured = Mutex<[ModuleParity?]>(Array(repeating: nil, count: planned.count))
    try Workers.forEach(count: planned.count, workers: options.workers) { position throws(ParityError) in
      let module = try run.measure(planned[position])
      measured.withLock { $0[position] = module }
      progress()
    }
    var modules = measured.withLock { $0.compactMap(\.self) }
    modules.sort { left, right in
      // What is not a number is worst.
      let a = left.deviation.isNaN ? .infinity : left.deviation
      let b = right.deviation.isNaN ? .infinity : right.deviation
      return a > b || a == b && left.name < right.name
    }
    return ParityReport(
      servingDType: run.servingDType, options: options, device: device.name, modules: modules,
      skipped: plan.replacedTensors.map { ($0, "the adapter replaces it, there is nothing to add") })
  }

  /// What a merge of the adapter would do.
  private static func plan(_ base: BaseModel, _ adapter: Adapter, _ parity: ParityOptions) throws(ParityError)
    -> MergePlan
  {
    var options = MergeOptions()
    options.expertLayout = parity.expertLayout
    options.provenance = .none
    options.dequantizes = base.modules.values.contains { $0.weight?.info.dtype == .f64 }
    do throws(MergeError) {
      return try MergePlan.make(base: base, adapters: [WeightedAdapter(adapter)], options: options)
    } catch {
      if case .refused = error { throw .refused("\(error)") }
      throw .io("\(error)")
    }
  }
}

/// One measurement.
struct ParityRun {
  let options: ParityOptions
  let servingDType: DType
  let device: ParityDevice

  init(base: BaseModel, options: ParityOptions, device: ParityDevice) {
    self.options = options
    self.device = device
    let own = base.modules.values.lazy.compactMap { $0.kind == .linear ? $0.weight?.info.dtype : nil }.min()
    servingDType = options.servingDType ?? (own.map { $0.isMergeable ? $0 : .bf16 } ?? .bf16)
  }

  /// Measures a module; of a stack of experts as many as there are tokens.
  func measure(_ module: ParityModule) throws(ParityError) -> ModuleParity {
    var deviation = ParityDeviation()
    var paths = (padded: true, grouped: true)
    let count = min(module.matrices.count, options.tokens)
    for number in 0..<count {
      let matrix = module.matrices[number * module.matrices.count / count]
      let tokens = options.tokens / count + (number < options.tokens % count ? 1 : 0)
      let (x, rows) = activations(module, matrix, tokens, number)
      let shared = try Self.reading { () throws(IOError) in try matrix.inputs(tokens: rows) }
      let inputs = ParityInputs(x, tokens: tokens, down: shared.down, rank: matrix.delta.rank)
      let served =
        module.reason == nil
        ? try ServedInputs(inputs, down: shared.down, rank: matrix.delta.rank, dtype: servingDType, device) : nil
      for outputs in matrix.blocks {
        let (block, products) = try Self.reading { () throws(IOError) in
          let block = try matrix.block(outputs, shared)
          let products = try ParityProducts(
            block, inputs, down: shared.down, serving: servingDType, dtype: matrix.update.outputDType,
            isServed: served != nil)
          return (block, products)
        }
        var unmerged: [Float]?
        if let served {
          let ways = try ServedPaths(block, served, base: products.base, device)
          unmerged = ways.alone
          paths.padded = paths.padded && ways.padded == ways.alone
          paths.grouped = paths.grouped && ways.grouped == ways.alone
        }
        deviation.add(truth: products.truth, delta: products.delta, merged: products.merged, unmerged: unmerged)
      }
    }
    return deviation.module(module.name, paths: module.reason == nil ? paths : nil, reason: module.reason)
  }

  private static func reading<Value>(_ read: () throws(IOError) -> Value) throws(ParityError) -> Value {
    do throws(IOError) {
      return try read()
    } catch {
      throw .io("\(error)")
    }
  }

  // MARK: Activations

  /// Activations of a matrix, and the rows that they look up.
  ///
  /// A token that is looked up is an activation that is 1 at its own row, of the rows that are looked up, and 0 at the
  /// others. A bias has the activation 1.
  private func activations(_ module: ParityModule, _ matrix: ParityMatrix, _ tokens: Int, _ number: Int) -> (
    x: [Float], rows: [Int]
  ) {
    var state = options.seed
    for byte in module.name.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
    state ^= UInt64(number) &* 0xD6E8_FEB8_6659_FD93
    func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
    if matrix.delta.left == nil { return ([Float](repeating: 1, count: tokens), []) }
    if matrix.form == .lookup {
      var x = [Float](repeating: 0, count: tokens * tokens)
      for token in 0..<tokens { x[token * tokens + token] = 1 }
      return (x, (0..<tokens).map { _ in Int(next() % UInt64(matrix.update.rows)) })
    }
    // Box and Muller, 1958.
    let values = (0..<tokens * matrix.inputs).map { _ in
      Float((-2 * log(1 - unit())).squareRoot() * cos(2 * Double.pi * unit()))
    }
    return (servingDType.rounded(values), [])
  }
}
