public import Diagnostics
import LoRAModel
import Safetensors
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let pairRankDisagree = RuleID("pair-rank-disagree")
}

extension Rule {
  /// The tensors of one module do not fit each other.
  static let pairRankDisagree = Rule(
    .pairRankDisagree, "The tensors of one module do not fit each other",
    meaning: """
      `lora_A` has as many rows as `lora_B` has columns; here they differ, so the product B·A does not exist. Or a DoRA \
      magnitude or a bias of `lora_B` is no vector with one element for each row of `lora_B`.
      """,
    consequence: """
      vLLM copies both into its padded slots without a word: the missing part counts as zero and the module acts in \
      part only. PEFT refuses the adapter.
      """,
    remedy: """
      The tensors come from different runs, or one was cut by a conversion. Export the adapter again.
      """,
    repair: .no("one of the tensors is not this module's, and nothing says which."),
    example: """
      error  pair-rank-disagree  model.layers.3.self_attn.v_proj has rank 8 in lora_A but rank 4 in lora_B
             expected lora_B of shape [4096, 8], found [4096, 4]
      """
  ) { context in
    guard context.hasPlainShapes else { return [] }
    let adapter = context.adapter
    var groups = Groups<[UInt64], AdapterModule>()
    for module in context.oddModules(where: { !$0.ranksAgree }) where context.transposition(of: module) == nil {
      if let down = module.rankOfA, let up = module.rankOfB { groups.add([down, up], module) }
    }
    return groups.all.compactMap { ranks, places in
      guard let first = places.first, let b = first.b else { return nil }
      let verb = places.count == 1 ? "has" : "have"
      let expected = first.isTransposed || b.shape.rank != 2 ? "rank \(ranks[0])" : "[\(b.shape[0]), \(ranks[0])]"
      return Finding(
        .pairRankDisagree,
        "\(phrase(places.map(\.name), of: adapter.modules.count)) \(verb) rank \(ranks[0]) in A but rank \(ranks[1]) in B",
        file: context.adapter.weightsPath, tensor: b.name, module: first.name, expected: "lora_B of \(expected)",
        found: "\(b.shape)", hint: "the factors come from different saves; export the adapter again",
        byteOffset: b.headerOffset)
    } + vectors(context)
  }

  /// Magnitudes and biases with another shape than PEFT gives them, by B's rows; its formats alone tell which that is.
  private static func vectors(_ context: ValidationContext) -> [Finding] {
    let adapter = context.adapter
    guard adapter.format == .peft else { return [] }
    var groups = Groups<[Shape], (module: AdapterModule, tensor: TensorInfo)>()
    for module in context.oddModules(where: { $0.magnitude != nil || $0.bBias != nil })
    where module.isUsable && context.transposition(of: module) == nil {
      guard let rows = module.rowsOfB else { continue }
      let vectors: [(tensor: TensorInfo?, shape: Shape)] = [
        (module.magnitude, module.magnitudeShape(rows)), (module.bBias, [rows]),
      ]
      for (tensor, shape) in vectors {
        if let tensor, tensor.shape != shape { groups.add([tensor.shape, shape], (module, tensor)) }
      }
    }
    return groups.all.compactMap { shapes, places in
      guard let (first, tensor) = places.first else { return nil }
      let what = tensor.name == first.magnitude?.name ? "a DoRA magnitude" : "a bias on lora_B"
      return Finding(
        .pairRankDisagree,
        "\(phrase(places.map(\.module.name), of: adapter.modules.count)) \(places.count == 1 ? "has" : "have") \(what) of "
          + "shape \(shapes[0]), but the rows of lora_B call for \(shapes[1]), and PEFT refuses the adapter",
        file: adapter.weightsPath, tensor: tensor.name, module: first.name, expected: "\(shapes[1])",
        found: "\(shapes[0])", hint: "the tensors come from different saves; export the adapter again",
        byteOffset: tensor.headerOffset)
    }
  }
}

extension AdapterModule {
  /// The rows of B, the outputs of the module; nil for experts, whose factors have neither bias nor magnitude.
  fileprivate var rowsOfB: UInt64? { kind == .parameter ? nil : b?.shape[0] }

  /// The magnitude's shape: of a convolution it keeps a dimension for each of the weight's.
  fileprivate func magnitudeShape(_ rows: UInt64) -> Shape {
    guard kind == .conv1d || kind == .conv2d, let rank = (a ?? b)?.shape.rank else { return [rows] }
    return Shape([1, rows] + Array(repeating: 1, count: rank - 2))
  }
}
