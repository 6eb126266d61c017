import BaseCatalogue
import JSON
import LoRAModel
import TensorCore

extension Engine {
  /// SGLang, by what `sglang/srt/lora` and the model classes of the release do.
  static func sgLang(_ release: SGLangRelease) -> Engine {
    Engine(
      name: "sglang", product: "SGLang", version: release.version,
      evidence: EngineEvidence(
        source: "sglang \(release.version) (PyPI): sglang/srt/lora, sglang/srt/models",
        method: "its model classes, adapter loader and memory pool run on the CPU (testdata/make/check_sglang.py)",
        classes: { release.classes.evidence }),
      defaultRankLimit: nil,
      // It looks at the number of the layer and the end of a name, not at what stands in front.
      forgiven: [.baseModuleMissing],
      // `peft_type` may be written in any case (`lora.py`), and `all` is a word for all modules (`lora_manager.py`).
      unreadMembers: ["peft_type", "target_modules"],
      judge: { question in release.reasons(for: question) })
  }

  /// The newest release of SGLang that is known.
  static var sgLang: Engine { sgLang(.release23) }
}

extension SGLangRelease {
  /// What the loader makes of an adapter: its config and files first, then what the class makes of the names.
  fileprivate func reasons(for question: ServingQuestion) -> [ServingReason] {
    let refusals: [EngineCheck] = [
      .missingFields(["target_modules", "r", "lora_alpha", "peft_type"]), .dora, .targetsOfAnotherKind, .otherNaming,
      .foreignExtension, .addedTokens, .foreignIndex,
    ]
    let failures: [EngineCheck] = [.noMatrices, .slotsOfOtherSizes]
    let silences: [EngineCheck] = [
      .loraBias, .wholeTensors(), .trainableTokens, .initialisation(except: ["gaussian", "eva", "orthogonal", "mica"]),
      .layerReplication, .variant("alora_invocation_tokens", "activated LoRA"),
    ]
    let misreadings: [EngineCheck] = [
      .rankStabilizedScale, .alphaPattern, .otherWeightsFiles, .cutFactors, .otherRanks,
    ]
    return refusals.reasons(.refused, question) + failures.reasons(.failsInBatch, question)
      + silences.reasons(.ignored, question) + misreadings.reasons(.misapplied, question)
      + classReasons(for: question)
  }

  /// What the model class that runs the base makes of the names.
  private func classReasons(for question: ServingQuestion) -> [ServingReason] {
    question.classReasons(
      find, none: "no class of its own takes any",
      judge: { base, _, row in
        guard question.adapter.config != nil, question.adapter.file != nil || !question.adapter.modules.isEmpty else {
          return []
        }
        var loading = SGLangLoading(question, release: self, row: row, base: base)
        loading.judge()
        return loading.reasons + question.contradictedSizes(of: base) + question.untriedQuantization
      })
  }

  /// The class that runs a base, if the release has it already.
  private func find(_ base: BaseModel) -> (key: String, row: SGLangClass?)? {
    classes.row(for: base).map { ($0.key, absent.contains($0.key) ? nil : $0.row) }
  }
}

/// What SGLang alone looks at in configs (`lora_config.py`).
extension EngineCheck {
  /// Target modules that are neither a list nor `all` or `all-linear`.
  fileprivate static let targetsOfAnotherKind = EngineCheck { question in
    guard let targets = question.adapter.config?.raw["target_modules"] else { return nil }
    switch targets {
    case .array: return nil
    case .string("all"), .string("all-linear"): return nil
    case .string(let text):
      return Hit(
        message: "target_modules that is a regular expression, or a word other than all and all-linear",
        found: escaped(text, limit: 100), hint: "list the names of the modules instead")
    default:
      return Hit(
        message: "target_modules without names", found: escaped(targets.text(), limit: 100),
        hint: "list the names of the modules that have factors")
    }
  }
}
