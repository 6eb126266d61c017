import Diagnostics
import JSON
import LoRAEngines
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
    repair: .no("layers that the base does not have mean that the adapter belongs to another base."),
    example: """
      error  base-layer-range  56 modules belong to layers 32-39, but the base has layers 0-31
             expected layers 0-31, found 32-39
      """
  ) { context in
    let beyond = context.unmatched.compactMap { module in context.layersBeyond(module).map { (module, $0) } }
    guard let (first, (_, count)) = beyond.first else { return [] }
    let found = ranges(beyond.map(\.1.index))
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
  /// The layer of an unmatched module and the number of layers that its list has in the base, when it is not one of them.
  func layersBeyond(_ module: AdapterModule) -> (index: UInt64, count: UInt64)? {
    guard let layer = base?.layer(of: module.name), let count = layer.count, count > 0, layer.index >= count else {
      return nil
    }
    return (layer.index, count)
  }

  /// " (the config names …)" when the config says what the adapter was trained on.
  var trainedOn: String {
    adapter.config?.baseModel.map { " (the config names \(escaped($0, limit: 100)))" } ?? ""
  }
}
