import LoRAModel
import TensorCore

/// How SGLang reads names of target modules and tensors (`lora/utils.py`, `layers/utils/common.py`).
enum SGLangNames {
  /// What the slots of a target module are called.
  static func normalized(_ name: String) -> String {
    let leaf = String(name.lastComponent)
    return renamed[leaf] ?? leaf
  }

  private static let renamed = [
    "q_proj": "qkv_proj", "k_proj": "qkv_proj", "v_proj": "qkv_proj", "gate_proj": "gate_up_proj",
    "up_proj": "gate_up_proj", "vocab_emb": "embed_tokens", "embeddings": "embed_tokens",
    "word_embeddings": "embed_tokens", "output": "lm_head", "unembed_tokens": "lm_head",
    "q_a_proj": "fused_qkv_a_proj_with_mqa", "kv_a_proj_with_mqa": "fused_qkv_a_proj_with_mqa",
    "wq_b": "indexer.wq_b", "wk": "indexer.wk", "weights_proj": "indexer.weights_proj",
  ]

  /// Number of matrices that a slot has side by side.
  static func slices(_ target: String) -> UInt64 {
    switch target {
    case "qkv_proj": 3
    case "in_proj_qkvz": 4
    case "gate_up_proj", "in_proj", "fused_qkv_a_proj_with_mqa": 2
    default: 1
    }
  }

  /// The number of the layer: what stands between the first `layers.` that has one and a dot; and where it stands.
  static func layer(in name: String) -> (number: UInt64, digits: Range<Int>)? { number(after: "layers.", in: name) }

  /// The number of the expert.
  static func expert(in name: String) -> UInt64? { number(after: "experts.", in: name)?.number }

  private static func number(after word: String, in name: String) -> (number: UInt64, digits: Range<Int>)? {
    let text = Array(name.utf8)
    let word = Array(word.utf8)
    var start = 0
    while start + word.count < text.count {
      defer { start += 1 }
      guard text[start..<start + word.count].elementsEqual(word) else { continue }
      var end = start + word.count
      var value: UInt64 = 0
      while end < text.count, (0x30...0x39).contains(text[end]), end - start < word.count + 18 {
        value = value * 10 + UInt64(text[end] - 0x30)
        end += 1
      }
      if end > start + word.count, end < text.count, text[end] == UInt8(ascii: ".") {
        return (value, start + word.count..<end)
      }
    }
    return nil
  }

  /// The longest of the targets that occurs in the name.
  static func target(of name: String, among targets: [String]) -> String? {
    var best: String?
    for target in targets where target.utf8.count > best?.utf8.count ?? -1 {
      if name.holds(target) { best = target }
    }
    return best
  }

  /// The module that a tensor's name speaks of: without PEFT's and a compiler's wrappers and the factor's own part.
  static func module(of tensor: String) -> String {
    var name = Substring(tensor)
    while name.hasPrefix("base_model.model.") { name = name.dropFirst("base_model.model.".count) }
    if let range = name.firstRange(of: ".lora_") { name = name[..<range.lowerBound] }
    return name.hasPrefix("_orig_mod.") ? String(name.dropFirst("_orig_mod.".count)) : String(name)
  }
}

extension String {
  /// Whether the bytes of `part` occur in it.
  func holds(_ part: String) -> Bool {
    let (text, part) = (utf8Span.span, part.utf8Span.span)
    guard part.count <= text.count else { return false }
    for start in 0...text.count - part.count {
      var length = 0
      while length < part.count, text[start + length] == part[length] { length += 1 }
      if length == part.count { return true }
    }
    return false
  }
}
