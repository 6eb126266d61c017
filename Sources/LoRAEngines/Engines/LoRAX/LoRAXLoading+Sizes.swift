import JSON
import LoRAModel
import Safetensors
import TensorCore

/// What becomes of the sizes of factors.
///
/// The layers of one kind of module are stacked. Kernels then get where the stack begins and take its matrices for those
/// of the model's sizes (`sgmv_cutlass.cuh`, `bgmv_impl.cuh`); the output head and ranks above 128 go without kernels,
/// and PyTorch looks at the sizes (`LoraLinear.forward_layer_type` in utils/layers.py).
extension LoRAXLoading {
  var sizeReasons: [ServingReason] {
    // With several devices each has a part of the rank, which was not worked through.
    guard question.options.tensorParallel == 1 else { return [flatFactor, unevenSizes].compactMap { $0 } }
    let head = headFailure
    return [
      flatFactor, unevenSizes, missingRank, missingWidth, head, head == nil ? otherSizes : nil, cutOutputs,
    ].compactMap { $0 }
  }

  /// The sizes of both factors as they are stacked, filled up to ranks that kernels have.
  private struct Stacked: Hashable {
    var a: [UInt64]
    var b: [UInt64]

    init(_ module: AdapterModule, devices: UInt64) {
      (a, b) = (module.a?.shape.dimensions ?? [], module.b?.shape.dimensions ?? [])
      if !a.isEmpty { a[0] = LoRAXKernels.paddedRank(a[0], devices: devices) }
      if b.count > 1 { b[1] = LoRAXKernels.paddedRank(b[1], devices: devices) }
    }
  }

  private func stacked(_ module: AdapterModule) -> Stacked {
    Stacked(module, devices: question.options.tensorParallel)
  }

  /// Whether PyTorch multiplies the module's factors.
  private func goesWithoutKernels(_ kind: String, _ module: AdapterModule) -> Bool {
    kind == "lm_head" || padded(module) > LoRAXKernels.largestRank
  }

  /// Both factors are transposed while they are loaded.
  private var flatFactor: ServingReason? {
    let flat = loaded.flatMap(\.modules).first { module in
      [module.a, module.b].contains { $0.map { $0.shape.rank < 2 } ?? false }
    }
    return flat.map { module in
      reason(
        .refused, "factors of one dimension, as in \(escaped(module.name, limit: 160))", at: module,
        found: shapes(module), hint: "export the adapter again")
    }
  }

  private var unevenSizes: ServingReason? {
    let odd = loaded.first { entry in Set(entry.modules.map(stacked)).count > 1 }
    guard let odd, let first = odd.modules.first,
      let other = odd.modules.first(where: { stacked($0) != stacked(first) })
    else { return nil }
    let ranks = Set(odd.modules.map(\.rank)).ordered().map { "\($0)" }.joined(separator: ", ")
    if Set(odd.modules.map(padded)).count > 1 {
      return reason(
        .refused, "\(odd.kind) of different ranks in different layers (\(ranks))", at: first, found: "ranks \(ranks)",
        hint: "resize the adapter to one rank")
    }
    return reason(
      .refused, "\(odd.kind) of different sizes in different layers, such as \(escaped(other.name, limit: 160))",
      at: other, found: "\(shapes(other)) beside \(shapes(first))", hint: "export the adapter again")
  }

  private func shapes(_ module: AdapterModule) -> String {
    [module.a, module.b].compactMap { $0?.shape.description }.joined(separator: " and ")
  }

  /// Modules for kernels, with the sizes that these are called with.
  private var forKernels: [(module: AdapterModule, input: UInt64, output: UInt64)] {
    let bases = question.bases
    return loaded.flatMap { entry in entry.modules.filter { !goesWithoutKernels(entry.kind, $0) } }.map { module in
      let base = bases[module.name]
      func size(_ base: UInt64?, _ own: UInt64) -> UInt64 { base.flatMap { $0 > 0 ? $0 : nil } ?? own }
      return (module, size(base?.inFeatures, module.inFeatures), size(base?.outFeatures, module.outFeatures))
    }
  }

  private var missingRank: ServingReason? {
    let odd = forKernels.first { !LoRAXKernels.ranks.contains(padded($0.module)) }
    return odd.map { module, _, _ in
      reason(
        .failsInBatch,
        "rank \(module.rank): its kernels have ranks 8, 16, 32, 64 and 128, and it fills this one up to \(padded(module))",
        at: module, found: "rank \(module.rank)",
        hint: "resize the adapter to rank 32, 64 or 128, or start it with --disable-sgmv")
    }
  }

  private var missingWidth: ServingReason? {
    let odd = forKernels.first { !LoRAXKernels.widths.contains($0.input) || !LoRAXKernels.widths.contains($0.output) }
    return odd.map { module, input, output in
      reason(
        .failsInBatch,
        "modules of \(input) inputs and \(output) outputs, such as \(escaped(module.name, limit: 160)): its kernels have "
          + "no such size", at: module, found: "in \(input), out \(output)",
        hint: "start it with --disable-sgmv, or train without these modules")
    }
  }

  /// Factors of an output head with other rows than the base's; the base's rows beside the factors are not read.
  private var headFailure: ServingReason? {
    guard let head = loaded.last, head.kind == "lm_head", let module = head.modules.first, let rows = headRows(module),
      module.outFeatures != rows
    else { return nil }
    return reason(
      .failsInBatch, "factors of lm_head for \(grouped(module.outFeatures)) rows, where the base has \(grouped(rows))",
      at: module, found: "\(module.outFeatures) rows", hint: "merge the adapter, which resizes the model")
  }

  /// The rows of the base's output head, where they are known.
  private func headRows(_ module: AdapterModule) -> UInt64? {
    let match = question.matched.first { $0.module.name == module.name }?.match.module
    guard let match, match.kind == .linear, match.outFeatures > 0 else { return question.base?.vocabularySize }
    return match.outFeatures
  }

  /// Factors that are not of one rank and of the model's sizes, alike in all layers.
  private var otherSizes: ServingReason? {
    let bases = question.bases
    func isMisshapen(_ module: AdapterModule) -> Bool {
      let sizes = stacked(module)
      guard sizes.a.count == 2, sizes.b.count == 2, sizes.a[0] == sizes.b[1] else { return true }
      return bases[module.name].map { !module.sizesFit($0) } ?? false
    }
    func fails(_ kind: String, _ module: AdapterModule) -> Bool {
      goesWithoutKernels(kind, module) && isMisshapen(module)
    }
    let odd = loaded.compactMap { entry in
      // Ranks that are filled up to the same multiply what overlaps.
      entry.modules.first { isMisshapen($0) || !$0.ranksAgree }.map { (kind: entry.kind, module: $0) }
    }
    guard let (kind, module) = odd.first(where: { fails($0.kind, $0.module) }) ?? odd.first else { return nil }
    return reason(
      fails(kind, module) ? .failsInBatch : .misapplied,
      "\(kind), whose factors are not of one rank and of the sizes of the model's module, such as "
        + escaped(module.name, limit: 160), at: module, found: shapes(module),
      hint: "export the adapter again, and check that this is the base that it was trained on")
  }

  /// Modules of which its class takes only the first outputs.
  private var cutOutputs: ServingReason? {
    let cut = loaded.filter { model.cutToInputs.contains($0.kind) }.flatMap(\.modules).first {
      $0.inFeatures != $0.outFeatures
    }
    return cut.map { module in
      reason(
        padded(module) > LoRAXKernels.largestRank ? .failsInBatch : .misapplied,
        "\(module.lastComponent), of whose \(module.outFeatures) outputs its class takes as many as there are inputs "
          + "(\(module.inFeatures))", at: module, found: "in \(module.inFeatures), out \(module.outFeatures)",
        hint: "train without \(module.lastComponent)")
    }
  }
}
