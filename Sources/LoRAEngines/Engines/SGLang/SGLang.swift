import BaseCatalogue
import JSON
import LoRAIO
import LoRAModel
import Safetensors
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
      .foreignExtension, .addedTokens,
    ]
    let silences: [EngineCheck] = [
      .loraBias, .wholeTensors(), .trainableTokens, .initialisation(except: ["gaussian", "eva", "orthogonal", "mica"]),
      .layerReplication, .variant("alora_invocation_tokens", "activated LoRA"),
    ]
    let misreadings: [EngineCheck] = [.rankStabilizedScale, .alphaPattern, .laterWeightsFile]
    return refusals.reasons(.refused, question) + silences.reasons(.ignored, question)
      + misreadings.reasons(.misapplied, question) + classReasons(for: question)
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
        return loading.reasons + question.untriedQuantization
      })
  }

  /// The class that runs a base, if the release has it already.
  private func find(_ base: BaseModel) -> (key: String, row: SGLangClass?)? {
    classes.row(for: base).map { ($0.key, absent.contains($0.key) ? nil : $0.row) }
  }
}

/// What SGLang alone looks at in configs and folders (`lora_config.py`, `model_loader/loader.py`).
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

  /// Weights in a file that it does not look for; any name will do.
  fileprivate static let foreignExtension = EngineCheck { question in
    let name = Folder.lastComponent(question.adapter.weightsPath)
    guard !question.options.feedsEngine, question.adapter.file != nil, !name.hasSuffix(".safetensors") else {
      return nil
    }
    return Hit(
      message: "weights that are in no .safetensors file", found: escaped(name, limit: 100),
      hint: SafetensorsFile.compressedExtensions.contains { name.hasSuffix($0) }
        ? "decompress the weights" : "rename the file", isConfig: false)
  }

  /// Tokens beyond the vocabulary in a file beside the weights.
  fileprivate static let addedTokens = EngineCheck { question in
    guard !question.options.feedsEngine, question.adapter.file != nil, let vocabulary = question.base?.vocabularySize
    else { return nil }
    let path = Folder.join(Folder.parent(question.adapter.weightsPath), "added_tokens.json")
    // A file that does not parse is passed over there too.
    guard FileKind(path: path) == .regular, let bytes = try? InputFile.contents(of: path, limit: 1 << 24),
      let tokens = (try? JSONValue(parsing: bytes))?.object,
      let new = tokens.members.first(where: { ($0.value.int64 ?? 0) >= vocabulary })
    else { return nil }
    return Hit(
      message: "tokens that are added to the vocabulary (added_tokens.json: \(escaped(new.key, limit: 60)))",
      found: "id \(new.value.int64 ?? 0) of a vocabulary of \(vocabulary)",
      hint: "merge the adapter, or remove the file if its tokens were not trained", isConfig: false)
  }

  /// Another weights file that comes later: all are read, and the last tensor of a name counts.
  fileprivate static let laterWeightsFile = EngineCheck { question in
    guard !question.options.feedsEngine, question.adapter.file != nil else { return nil }
    let own = Folder.lastComponent(question.adapter.weightsPath)
    let folder = Folder.parent(question.adapter.weightsPath)
    let names = ((try? Folder.names(in: folder)) ?? []).filter { $0.hasSuffix(".safetensors") && $0 != own }
    guard own == "adapter_model.safetensors", let later = names.last, own.utf8.lexicographicallyPrecedes(later.utf8)
    else { return nil }
    return Hit(
      message: "that \(escaped(later, limit: 100)) lies beside the weights: it reads every file of the folder, and the "
        + "last tensor of a name counts", found: escaped(later, limit: 100),
      hint: "keep one weights file in the adapter's folder", isConfig: false)
  }
}
