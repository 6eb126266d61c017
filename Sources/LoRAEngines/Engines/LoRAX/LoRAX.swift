extension Engine {
  /// LoRAX at a7394ba386ec: `server/lorax_server/adapters/lora.py`, `models/model.py`, `utils/adapter.py`.
  static let lorax = Engine(
    name: "lorax", product: "LoRAX", version: "a7394ba",
    evidence: EngineEvidence(source: "predibase/lorax a7394ba386ec: server/lorax_server", method: "read"),
    defaultRankLimit: nil
  ) { question in
    let refusals: [EngineCheck] = [.otherNaming, .otherFileName]
    let silences: [EngineCheck] = [
      .unevenLayers, .halfPairs, .wrongPaths, .foreignModules, .adapterNames, .wrapperNames, .wholeTensors(), .dora,
      .loraBias, .scaleFromConfig,
    ]
    return refusals.reasons(.refused, question) + silences.reasons(.ignored, question) + [.unjudged(question)]
  }
}
