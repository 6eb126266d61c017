public import Safetensors
import TensorCore

/// The names that PEFT writes (peft 0.21, `utils/save_and_load.py`): `base_model.model.` + module path + leaf, where the
/// leaf is `lora_A.weight`, `lora_B.weight`, `lora_B.bias`, `lora_embedding_A`, `lora_embedding_B` or
/// `lora_magnitude_vector`, or the name of a tensor that replaces one of the base.
///
/// Names with the adapter's name in them, wrapper prefixes of training frameworks, or a missing or doubled prefix are
/// read too and reported with the name that loaders expect.
public struct PEFTNaming: NamingScheme {
  private static let prefix = "base_model.model."

  /// The scheme has no options.
  public init() {}

  /// PEFT.
  public var format: AdapterFormat { .peft }

  /// A is `[rank, in]`, B `[out, rank]`.
  public var storesTransposed: Bool { false }

  /// Rank, alpha and targets are in the config alone.
  public var configUse: ConfigUse { .required }

  /// At least one tensor has a PEFT leaf, or PEFT's prefix.
  public func recognises(_ header: SafetensorsHeader) -> Bool {
    header.tensors.contains { tensor in
      tensor.name.hasPrefix(Self.prefix)
        || tensor.name.dottedComponents.contains { Self.leaves[String($0)] != nil }
    }
  }

  /// Splits a name into module and leaf.
  public func read(_ name: String) -> ReadKey {
    if let plain = Self.plainFactor(name) { return ReadKey(plain) }
    var components = name.dottedComponents.map { String($0) }
    var problem: MisnamedTensor.Problem?

    let wrappers = components.filter { Self.wrappers.contains($0) }
    if let wrapper = wrappers.first {
      components.removeAll { Self.wrappers.contains($0) }
      problem = .wrapper(wrapper)
    }
    if components.count > 2, components[0] == "module", components[1] == "base_model" {
      components.removeFirst()
      problem = .wrapper("module")
    }
    if components.starts(with: ["base_model", "model"]) {
      components.removeFirst(2)
      if components.starts(with: ["base_model", "model"]) {
        problem = problem ?? .doubledPrefix
        while components.starts(with: ["base_model", "model"]) { components.removeFirst(2) }
      }
    } else {
      problem = problem ?? .missingPrefix
    }

    let (meaning, adapterName) = Self.meaning(of: components)
    if let adapterName { problem = problem ?? .adapterName(adapterName) }
    // A part of another method is no tensor of the base, whatever else its name looks like.
    let isFactor = if case .factor = meaning { true } else { false }
    if !isFactor, let method = ForeignMethods.method(of: name) { return ReadKey(.foreign(method: method)) }
    guard let problem else { return ReadKey(meaning) }
    return ReadKey(meaning, misnaming: (problem, Self.prefix + Self.rightName(meaning, components)))
  }

  /// Whether a name is that of the B of the module whose A, in PEFT's plain names, is called `a`.
  static func isFactorB(_ name: String, besides a: String) -> Bool {
    let (name, a) = (name.utf8Span.span, a.utf8Span.span)
    let letter = name.count - "A.weight".utf8.count
    guard name.count == a.count, a.has(".lora_A.weight", at: letter - ".lora_".utf8.count),
      name[letter] == UInt8(ascii: "B")
    else { return false }
    return name.extracting(..<letter).isEqual(to: a.extracting(..<letter))
      && name.extracting((letter + 1)...).isEqual(to: a.extracting((letter + 1)...))
  }

  /// The meaning of a name that is `base_model.model.` + plain module path + `.lora_A.weight` or `.lora_B.weight`, as
  /// nearly all are; nil for every other name.
  private static func plainFactor(_ name: String) -> KeyMeaning? {
    guard let (module, part) = factorPlace(in: name.utf8Span.span),
      isPlain(name.utf8Span.span.extracting(module))
    else { return nil }
    return .factor(module: text(module, of: name), part: part)
  }

  /// The bytes that a name has at these places, which begin and end at dots.
  static func text(_ place: Range<Int>, of name: String) -> String {
    let first = name.utf8.index(name.startIndex, offsetBy: place.lowerBound)
    return String(name[first..<name.utf8.index(first, offsetBy: place.count)])
  }

  /// Where the module path stands in a name that is `base_model.model.` + path + `.lora_A.weight` or `.lora_B.weight`,
  /// and which of the two it is.
  static func factorPlace(in name: Span<UInt8>) -> (module: Range<Int>, part: FactorPart)? {
    let start = prefix.utf8.count
    let end = name.count - ".lora_A.weight".utf8.count
    guard end > start, name.has("base_model.model.", at: 0), name.has(".lora_", at: end),
      name.has(".weight", at: end + 7)
    else { return nil }
    switch name[end + 6] {
    case UInt8(ascii: "A"): return (start..<end, .a)
    case UInt8(ascii: "B"): return (start..<end, .b)
    default: return nil
    }
  }

  /// Whether no component of a module path is empty or means something of its own; the same for all of a kind.
  static func isPlain(_ module: Span<UInt8>) -> Bool {
    var start = 0
    while start <= module.count {
      let end = module.endOfComponent(from: start)
      let isOdd =
        start == end || module[start] == UInt8(ascii: "_") || module.has("lora_", at: start)
        || module.has("base_", at: start) || module.has("modules_to_save", at: start)
      if isOdd { return false }
      start = end + 1
    }
    return true
  }

  /// Wrapper modules of torch.compile, FSDP and activation checkpointing that belong in no export.
  private static let wrappers: Set<String> = ["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"]

  private static let leaves: [String: FactorPart] = [
    "lora_A": .a, "lora_B": .b, "lora_embedding_A": .embeddingA, "lora_embedding_B": .embeddingB,
    "lora_magnitude_vector": .magnitude,
  ]

  /// What KaSA, VeLoRA, MonteCLoRA and Arrow keep beside the factors (peft 0.21, `tuners/lora/variants.py`).
  private static let variantParts: Set<String> = [
    "lora_diag", "lora_velora_embed", "lora_monteclora_sampler", "lora_arrow",
  ]

  /// The meaning of a name without prefix, and the adapter's name if it was left in.
  private static func meaning(of components: [String]) -> (KeyMeaning, adapterName: String?) {
    if let position = components.lastIndex(where: { leaves[$0] != nil }), position > 0,
      let part = leaves[components[position]]
    {
      let module = owner(components[..<position])
      return factor(part, module: module, rest: Array(components[(position + 1)...]))
    }
    if let position = components.firstIndex(where: { variantParts.contains($0) }), position > 0 {
      return (.variant(module: components[..<position].joined(separator: "."), part: components[position]), nil)
    }
    // Saving resized embeddings writes all of a modules_to_save wrapper, with what it took the place of.
    if components.contains("original_module") { return (.leftover, nil) }
    // modules_to_save wrappers keep the module's own tensors below `modules_to_save.<adapter>`.
    if let position = components.firstIndex(of: "modules_to_save"), position > 0, components.count > position + 1 {
      let infix = components.count > position + 2 ? 2 : 1
      let name = components[..<position] + components[(position + infix)...]
      return (.replacement(name: name.joined(separator: "."), role: .full), components[position + infix - 1])
    }
    if let position = components.lastIndex(of: "token_adapter"), position > 0,
      components.count > position + 1, components[position + 1] == "trainable_tokens_delta"
    {
      let name = components[..<position].filter { $0 != "base_layer" }.joined(separator: ".") + ".weight"
      let rest = components[(position + 2)...]
      return (.replacement(name: name, role: .rows), rest.first)
    }
    if let position = components.lastIndex(of: "base_layer"), position > 0 {
      let name = components.filter { $0 != "base_layer" }.joined(separator: ".")
      return (.replacement(name: name, role: components.last == "bias" ? .full : .adaptedBase), nil)
    }
    guard components.count > 1 else { return (.unknown, nil) }
    if components.contains(where: { $0.hasPrefix("lora_") }) { return (.unknown, nil) }
    return (.replacement(name: components.joined(separator: "."), role: .full), nil)
  }

  /// The module that owns the factors: `base_layer` inside the path is PEFT's wrapper around an attention module, whose
  /// output projection is adapted with it; at the end it counts the parameters of one module that are adapted.
  private static func owner(_ components: ArraySlice<String>) -> String {
    let path = components.reversed().drop { $0 == "base_layer" }.reversed()
    let wrappers = components.dropFirst(path.count)
    return (path.filter { $0 != "base_layer" } + wrappers).joined(separator: ".")
  }

  private static func factor(_ part: FactorPart, module: String, rest: [String]) -> (KeyMeaning, String?) {
    func meaning(_ part: FactorPart) -> KeyMeaning { .factor(module: module, part: part) }
    switch part {
    case .a, .b, .bBias:
      guard let leaf = rest.last, rest.count <= 2, leaf == "weight" || (leaf == "bias" && part == .b) else {
        return (.unknown, nil)
      }
      return (meaning(leaf == "bias" ? .bBias : part), rest.count == 2 ? rest[0] : nil)
    case .embeddingA, .embeddingB:
      return rest.count <= 1 ? (meaning(part), rest.first) : (.unknown, nil)
    case .magnitude:
      // `.weight` after the vector is what releases before 0.12 kept in memory; PEFT reads both.
      let names = rest.last == "weight" ? rest.dropLast() : rest[...]
      return names.count <= 1 ? (meaning(part), names.first) : (.unknown, nil)
    }
  }

  /// The name without prefix that PEFT itself would have written.
  private static func rightName(_ meaning: KeyMeaning, _ components: [String]) -> String {
    switch meaning {
    case .factor(let module, let part):
      switch part {
      case .a: module + ".lora_A.weight"
      case .b: module + ".lora_B.weight"
      case .bBias: module + ".lora_B.bias"
      case .embeddingA: module + ".lora_embedding_A"
      case .embeddingB: module + ".lora_embedding_B"
      case .magnitude: module + ".lora_magnitude_vector"
      }
    case .replacement(let name, .full): name
    default: components.joined(separator: ".")
    }
  }
}
