public import Diagnostics
import LoRAModel
import Safetensors
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let tensorEmpty = RuleID("tensor-empty")
}

extension Rule {
  /// A factor has no elements, or not the dimensions of a matrix.
  static let tensorEmpty = Rule(
    .tensorEmpty, "A factor is empty or no matrix",
    meaning: """
      A `lora_A` or `lora_B` has a dimension of zero, or another number of dimensions than its kind of module has (two \
      for linear layers and embeddings, three to five for convolutions), or the factors of experts are stacks of one \
      matrix for each, where PEFT puts them one after the other into two matrices.
      """,
    consequence: """
      The adapter loads in some engines and does nothing at all. The usual cause is DeepSpeed ZeRO-3: every worker \
      holds empty placeholders, and saving one of them gives shapes `[0]`.
      """,
    remedy: """
      Gather the parameters before saving: with ZeRO-3 set `stage3_gather_16bit_weights_on_model_save` or save through \
      `accelerator.get_state_dict(model)`.
      """,
    repair: .exactly(
      """
      factors of experts in three dimensions are laid out as PEFT does, and flat ones get the shape that the base \
      shows; factors without elements are lost.
      """),
    example: """
      error  tensor-empty  all 224 modules have factors without elements: shape [0]
             fix: this is what a DeepSpeed ZeRO-3 export leaves when parameters are not gathered
      """
  ) { context in
    let adapter = context.adapter
    if let file = adapter.file, file.header.tensors.isEmpty {
      return [
        Finding(
          .tensorEmpty, "the file is valid safetensors but holds no tensors at all", file: adapter.weightsPath,
          expected: "lora_A and lora_B tensors", found: "0 tensors",
          hint: "the adapter was saved from a model without adapter, or before training wrapped it")
      ]
    }
    var groups = Groups<Bool, (module: AdapterModule, tensor: TensorInfo)>()
    for module in context.oddModules(where: { !$0.isUsable }) {
      if let tensor = [module.a, module.b].compactMap({ $0 }).first(where: { !module.isUsable($0) }) {
        groups.add(tensor.shape.isEmpty, (module, tensor))
      }
    }
    return stacks(context)
      + groups.all.compactMap { isEmpty, places in
        guard let first = places.first else { return nil }
        let subject = phrase(places.map(\.module.name), of: adapter.modules.count)
        let verb = places.count == 1 ? "has" : "have"
        let expected = first.module.kind == .conv2d ? "three to five dimensions" : "two dimensions, none of them zero"
        return Finding(
          .tensorEmpty,
          isEmpty
            ? "\(subject) \(verb) factors without elements: shape \(first.tensor.shape)"
            : "\(subject) \(verb) factors that are no matrices: shape \(first.tensor.shape)",
          file: adapter.weightsPath, tensor: first.tensor.name, module: first.module.name, expected: expected,
          found: "\(first.tensor.shape)",
          hint: isEmpty || first.tensor.shape.rank == 1
            ? "this is what a DeepSpeed ZeRO-3 export leaves when parameters are not gathered; gather them and save again"
            : "the factor was reshaped on its way; export the adapter again",
          byteOffset: first.tensor.headerOffset)
      }
  }

  /// Factors that keep the matrices of experts apart in a dimension of their own, which MLX alone reads.
  private static func stacks(_ context: ValidationContext) -> [Finding] {
    let adapter = context.adapter
    guard adapter.format == .peft else { return [] }
    let places = context.oddModules { $0.kind == .parameter && ($0.a?.shape.rank == 3 || $0.b?.shape.rank == 3) }
    guard let first = places.first, let a = first.a, let b = first.b else { return [] }
    return [
      Finding(
        .tensorEmpty,
        "the factors of \(phrase(places.map(\.name), of: adapter.modules.count)) are 3-D, one matrix for each of "
          + "\(first.experts) experts: A \(a.shape), B \(b.shape); PEFT has two matrices for all experts and refuses these",
        file: adapter.weightsPath, tensor: a.name, module: first.name,
        expected:
          "A [\(first.experts &* first.rank), \(first.inFeatures)] and B [\(first.outFeatures), \(first.rank &* first.experts)]",
        found: "A \(a.shape) and B \(b.shape)",
        hint:
          "save with PEFT's save_pretrained: A's rows run expert by expert, B's columns rank by rank with the expert "
          + "running fastest", byteOffset: a.headerOffset)
    ]
  }
}
