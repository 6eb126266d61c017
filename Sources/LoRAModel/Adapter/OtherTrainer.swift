import JSON
import LoRAIO
import Safetensors
import TensorCore

/// A trainer that writes LoRA under names of its own, which neither PEFT nor the engines read.
public struct OtherTrainer: Sendable, Equatable {
  /// Its name, as in "a LoRA of mistral-finetune".
  public let name: String
  /// What to do with its files.
  public let remedy: String

  /// mistral-finetune: Mistral's own module names, and no prefix; the scale is in `params.json`.
  static let mistralFinetune = OtherTrainer(
    name: "mistral-finetune",
    remedy:
      "merge it with mistral-finetune's own tools, or rename its modules to those of transformers; rows of wq and wk "
      + "are in the order of Mistral's rotary embedding and must be permuted as well")

  private static let megatron = OtherTrainer(
    name: "Megatron (Megatron-Bridge or NeMo)",
    remedy: "export it as a PEFT adapter with Megatron-Bridge; query, key and value are one matrix there")

  private static let xlabs = OtherTrainer(
    name: "XLabs (x-flux)", remedy: "convert it with diffusers, whose load_lora_weights reads XLabs' names for Flux")

  private static let numbered = OtherTrainer(
    name: "a trainer that numbers its adapters (lora_A_1.default_0)",
    remedy: "load it with the trainer that wrote it and save it with PEFT's save_pretrained")

  /// The trainer whose names the tensors have, or nil.
  static func of(_ header: SafetensorsHeader) -> OtherTrainer? {
    for tensor in header.tensors.prefix(64) {
      if let trainer = of(tensor.name) { return trainer }
    }
    return nil
  }

  private static func of(_ name: String) -> OtherTrainer? {
    // PEFT's own names, which nearly every file has, are told without taking them apart.
    if name.hasPrefix("base_model."), name.hasSuffix(".lora_A.weight") || name.hasSuffix(".lora_B.weight") {
      return nil
    }
    let components = name.dottedComponents
    guard components.count > 2 else { return nil }
    let leaf = components[components.count - 2]
    switch leaf {
    case "lora_A", "lora_B":
      let owner = components[..<(components.count - 2)].suffix(2).joined(separator: ".")
      return components[0] == "layers" && mistralModules.contains(owner) ? mistralFinetune : nil
    case "linear_in", "linear_out":
      return components.contains { $0 == "adapter" || $0.hasSuffix("_adapter") } ? megatron : nil
    case "down", "up":
      let owner = components[components.count - 3]
      let isOfFlux = components.contains { $0 == "double_blocks" || $0 == "single_blocks" }
      return isOfFlux && owner.hasPrefix("proj_lora") || owner.hasPrefix("qkv_lora") ? xlabs : nil
    default:
      let isNumbered = components.contains { component in
        (component.hasPrefix("lora_A_") || component.hasPrefix("lora_B_")) && component.utf8.last.map(isDigit) ?? false
      }
      return isNumbered ? numbered : nil
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  /// Of attention alone: image models such as Lumina have feed-forwards of the same names.
  private static let mistralModules: Set<String> = ["attention.wq", "attention.wk", "attention.wv", "attention.wo"]
}

extension OtherTrainer {
  /// What mistral-finetune's `params.json` beside the weights says: the factor of B·A, and the rank.
  static func mistralScale(beside weights: String) -> (factor: Double, rank: Int?)? {
    let path = Folder.join(Folder.parent(weights), "params.json")
    guard FileKind(path: path) == .regular else { return nil }
    do {
      let text = try InputFile.contents(of: path, limit: 1 << 20)
      let lora = try JSONValue(parsing: text)["lora"]
      guard let factor = lora?["scaling"]?.double, factor.isFinite else { return nil }
      return (factor, lora?["rank"]?.int64.flatMap { Int(exactly: $0) })
    } catch {
      return nil
    }
  }
}
