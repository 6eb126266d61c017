import JSON
package import LoRADeltas
import LoRAKernels
import LoRAModel
import TensorCore

/// llama.cpp: one GGUF file with one alpha, which llama.cpp divides by the rank of each tensor
/// (llama.cpp 0650ea8, `src/llama-adapter.cpp`).
package struct GGUFTarget: ConversionTarget {
  package init() {}

  package func plan(_ input: ConversionInput, _ options: ConversionOptions) throws(SurgeryError) -> ConversionPlan {
    try input.check("GGUF", [.embeddings, .experts, .invocationTokens])
    guard let base = input.base, let type = base.modelType else {
      throw .refused(
        input.path,
        "a GGUF adapter names the architecture of its base and has the rows of queries and keys in its order",
        hint: "name the base's config.json with --base")
    }
    guard let architecture = GGUFNames.architectures[type] else {
      throw .refused(
        input.path, "llama.cpp's names and order of rows for the model type \(type) are not known",
        hint: "known are \(GGUFNames.architectures.keys.ordered().joined(separator: ", "))")
    }
    var bench = ConversionWorkbench(input.modules, notes: input.leftOut())
    try ExpertStacks.stacked(&bench, input)
    for index in bench.modules.indices {
      let module = bench.modules[index]
      if let moves = try GGUFNames.moves(of: module, architecture.order, input, base) {
        bench.modules[index].moveOutputs(to: moves, count: module.b.count)
      }
    }
    let names = try names(of: bench.modules, input, base)
    let alpha = foldToOneAlpha(&bench)
    guard Float(alpha).isFinite, Float(alpha) != 0 else {
      throw .refused(input.path, "its alpha of \(alpha) is beyond the range of F32, in which GGUF has it")
    }
    var header = GGUFHeader()
    header.add("general.architecture", architecture.name)
    header.add("general.type", "adapter")
    header.add("adapter.type", "lora")
    header.add("adapter.lora.alpha", Float(alpha))
    if let tokens = try invocationTokens(input) { header.add("adapter.alora.invocation_tokens", tokens) }
    let file = file(&header, bench, names, options)
    return ConversionPlan(.file(file), tensors: header.tensors.count, of: bench)
  }

  /// The names of the tensors that the modules adapt.
  private func names(of modules: [ModuleDraft], _ input: ConversionInput, _ base: ConversionBase) throws(SurgeryError)
    -> [String]
  {
    var refusals: [SurgeryRefusal] = []
    func refuse(_ module: ModuleDraft, _ reason: String) {
      refusals.append(SurgeryRefusal(input.path, subject: module.name, reason))
    }
    var names: [String] = []
    for module in modules {
      guard let name = GGUFNames.tensor(of: module.name), (name == "token_embd") == (module.kind == .embedding) else {
        refuse(module, "llama.cpp has no tensor for this module")
        continue
      }
      // A stack of experts has been put together here, and its parts have been found in the base.
      if module.kind != .parameter, base.model.isKnown, base.model.match(module.name) == nil {
        refuse(module, "the base has no such module, so its GGUF file has no such tensor")
      }
      if name == "output", base.tiesEmbeddings {
        refuse(module, "the base's output head is its embedding, and llama.cpp has no tensor of its own for it")
      }
      if name == "token_embd", base.tiesEmbeddings {
        refuse(module, "the base's output head is its embedding, for which llama.cpp would take these factors too")
      }
      names.append(name + ".weight")
    }
    guard refusals.isEmpty else { throw .refused(refusals) }
    if let name = PipelineNames.firstRepeated(names) {
      throw .refused(input.path, subject: name, "two modules of the adapter are this tensor")
    }
    return names
  }

  /// Gives all modules the alpha that most have; llama.cpp takes an alpha of 0 for a scale of 1.
  private func foldToOneAlpha(_ bench: inout ConversionWorkbench) -> Double {
    let alpha = mostFrequent(bench.modules.map(\.wholeAlpha).filter { $0 != 0 })
    let one = alpha ?? Double(bench.modules.first?.rank ?? 1)
    for index in bench.modules.indices where bench.modules[index].wholeAlpha != one {
      bench.fold(index, to: one / Double(bench.modules[index].rank))
    }
    return one
  }

  /// The tokens from which on an aLoRA acts.
  private func invocationTokens(_ input: ConversionInput) throws(SurgeryError) -> [UInt32]? {
    guard let value = input.adapter.rawConfig?["alora_invocation_tokens"], !value.isNull else { return nil }
    let tokens = value.array?.compactMap { $0.int64.flatMap { UInt32(exactly: $0) } } ?? []
    guard tokens.count == value.array?.count, !tokens.isEmpty else {
      throw .refused(input.path, subject: "alora_invocation_tokens", "it is no list of tokens")
    }
    return tokens
  }

  private func file(
    _ header: inout GGUFHeader, _ bench: ConversionWorkbench, _ names: [String], _ options: ConversionOptions
  ) -> DraftFile {
    var factors: [(FactorDraft, DraftLayout)] = []
    for (module, name) in zip(bench.modules, names) {
      let isStack = module.kind == .parameter
      // Rows of an embedding are looked up, so that A lies the other way round there.
      let a =
        module.kind == .embedding
        ? DraftLayout.rankLast(module.a) : .rankFirst(module.a, isStack: isStack)
      for (factor, layout, ending) in [
        (module.a, a, ".lora_a"), (module.b, DraftLayout.rankLast(module.b, isStack: isStack), ".lora_b"),
      ] {
        let dtype = factor.dtype(options.dtype, in: layout)
        header.add(tensor: name + ending, dtype.isMergeable ? dtype : .f32, layout.shape)
        factors.append((factor, layout))
      }
    }
    let head = header.bytes
    let start = UInt64(head.count)
    let parts = zip(header.tensors, factors).map { tensor, factor in
      factor.0.part(at: start + tensor.offset, factor.1, tensor.dtype, as: tensor.name, ledger: bench.ledger)
    }
    return DraftFile("adapter.gguf", .laidOut(LaidOutFile(head: head, size: start + header.dataBytes, parts: parts)))
  }
}
