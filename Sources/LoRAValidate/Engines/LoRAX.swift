extension Engine {
  /// LoRAX at a7394ba386ec: `server/lorax_server/adapters/lora.py`, `models/model.py`, `utils/adapter.py`.
  static let lorax = Engine(
    name: "lorax", title: "LoRAX", defaultRankLimit: nil,
    refuses: [.otherNaming, .otherFileName],
    ignores: [
      .unevenLayers, .halfPairs, .wrongPaths, .foreignModules, .adapterNames, .wrapperNames, .wholeTensors(), .dora,
      .loraBias, .scaleFromConfig,
    ])
}
