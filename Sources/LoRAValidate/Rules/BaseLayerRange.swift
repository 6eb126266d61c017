import LoRAModel
import Safetensors
import TensorCore

extension Rule {
  /// Layer indices beyond the base's layers.
  static let baseLayerRange = Rule(
    .baseLayerRange, "The adapter has layers that the base does not have",
    meaning: "Modules belong to layers with an index at or above the base's number of layers.",
    consequence: """
      The adapter was trained on a deeper model. Engines leave the surplus layers out without a word; what is left was \
      never trained to work alone.
      """,
    remedy: "Serve the adapter on the base that it was trained on.",
    example: """
      error  base-layer-range  56 modules belong to layers 32-39, but the base has layers 0-31
             expected layers 0-31, found 32-39
      """
  ) { context in
    guard let count = context.base?.layerCount, count > 0 else { return [] }
    let beyond = context.unmatched.filter { context.isBeyondLayers($0) }
    guard let first = beyond.first else { return [] }
    let found = ranges(beyond.compactMap { $0.name.layer?.index })
    return [
      Finding(
        .baseLayerRange,
        "\(counted(beyond.count, "module")) belong\(beyond.count == 1 ? "s" : "") to layers \(found), but the base has "
          + "layers 0-\(count - 1)",
        file: context.adapter.weightsPath, tensor: first.tensors.first?.name, module: first.name,
        expected: "layers 0-\(count - 1)", found: found,
        hint: "the adapter was trained on a model with more layers\(context.trainedOn)")
    ]
  }
}

extension ValidationContext {
  /// Whether an unmatched module would be found if its layer index were one of the base's.
  func isBeyondLayers(_ module: AdapterModule) -> Bool {
    guard let base, let count = base.layerCount, let (index, before, after) = module.name.layer, index >= count else {
      return false
    }
    // Layers may differ from each other, but not all of a thousand.
    return (0..<min(count, 1000)).contains { base.match("\(before)\($0)\(after)") != nil }
  }

  /// " (the config names …)" when the config says what the adapter was trained on.
  var trainedOn: String {
    adapter.config?.baseModel.map { " (the config names \(escaped($0, limit: 100)))" } ?? ""
  }
}
