import LoRADeltas
import LoRAModel
import Safetensors
import TensorCore

/// What a format has a place for.
struct ConversionAbilities: OptionSet {
  let rawValue: Int

  static let embeddings = ConversionAbilities(rawValue: 1)
  static let convolutions = ConversionAbilities(rawValue: 2)
  static let experts = ConversionAbilities(rawValue: 4)
  static let magnitudes = ConversionAbilities(rawValue: 8)
  static let biases = ConversionAbilities(rawValue: 16)
  /// Whole tensors of the base: `modules_to_save`, trained biases, new rows of an embedding.
  static let wholeTensors = ConversionAbilities(rawValue: 32)
  /// Variants and starts that change what the factors mean, which the config names.
  static let variants = ConversionAbilities(rawValue: 64)
  /// aLoRA, which acts from an invocation's tokens on.
  static let invocationTokens = ConversionAbilities(rawValue: 128)
}

extension ConversionInput {
  /// Everything of this adapter that a format has no place for.
  func refusals(of target: String, without abilities: ConversionAbilities) -> [SurgeryRefusal] {
    var found: [SurgeryRefusal] = []
    func refuse(_ subject: String?, _ what: String, _ hint: String? = nil) {
      found.append(SurgeryRefusal(path, subject: subject, "\(target) has no place for \(what)", hint: hint))
    }
    for module in modules {
      switch module.kind {
      case .embedding where !abilities.contains(.embeddings): refuse(module.name, "the factors of an embedding")
      case .conv1d where !abilities.contains(.convolutions), .conv2d where !abilities.contains(.convolutions):
        refuse(module.name, "the factors of a convolution")
      case .parameter where !abilities.contains(.experts): refuse(module.name, "a stack of experts")
      default: break
      }
      if module.magnitude != nil, !abilities.contains(.magnitudes) {
        refuse(module.name, "the magnitudes of DoRA", "merge the adapter into its base instead")
      }
      if module.bias != nil, !abilities.contains(.biases) { refuse(module.name, "the bias of B") }
    }
    if !abilities.contains(.wholeTensors) {
      for replacement in adapter.replacements where !isOfBase(replacement) {
        let hint =
          replacement.role == .adaptedBase
          ? "name the base with its weights with --base: the tensor is left out when it is the base's own"
          : "merge the adapter into its base instead"
        refuse(replacement.tensor.name, "whole tensors", hint)
      }
    }
    if !abilities.contains(.variants) {
      for variant in adapter.config?.variants ?? [] {
        if variant == "alora_invocation_tokens", abilities.contains(.invocationTokens) { continue }
        refuse(nil, "\(variant), which changes what the factors do")
      }
      if adapter.config?.replicatesLayers == true { refuse(nil, "layer_replication") }
      if let start = adapter.config?.baseChangingInitialisation {
        refuse(
          nil, "an adapter that was started with \(start), whose base is another one than it names",
          "convert it to a plain one with PEFT's path_initial_model_for_weight_conversion first")
      }
    }
    return found
  }

  /// What of the file says nothing about the adapter and is left out.
  ///
  /// - Parameter keepsWholeTensors: whether the format has them, the base's own too.
  func leftOut(keepsWholeTensors: Bool = false) -> [String] {
    var notes: [String] = []
    if let first = adapter.leftovers.first {
      notes.append(
        "left out: \(adapter.leftovers.count) tensors that say nothing about the adapter, such as \(first.name)")
    }
    if !keepsWholeTensors {
      notes += adapter.replacements.map { "left out: \($0.tensor.name), which is the base's own" }
    }
    return notes
  }

  /// Whether a tensor is the base's own, byte for byte, as PEFT saves the weight of an adapted embedding.
  private func isOfBase(_ replacement: Replacement) -> Bool {
    guard replacement.role != .rows, let checkpoint = base?.model.checkpoint,
      let entry = checkpoint.tensors[replacement.name]
        ?? base?.model.match(withoutWeight(replacement.name))?.module.weight,
      entry.info.dtype == replacement.tensor.dtype, entry.info.shape == replacement.tensor.shape
    else { return false }
    do {
      return try checkpoint.files[entry.file].bytes(of: entry.info) == file.bytes(of: replacement.tensor)
    } catch {
      return false
    }
  }

  private func withoutWeight(_ name: String) -> String {
    name.hasSuffix(".weight") ? String(name.dropLast(".weight".count)) : name
  }

  /// Stops with everything that the format has no place for.
  func check(_ target: String, _ abilities: ConversionAbilities) throws(SurgeryError) {
    let refusals = refusals(of: target, without: abilities)
    if !refusals.isEmpty { throw .refused(refusals) }
  }
}
