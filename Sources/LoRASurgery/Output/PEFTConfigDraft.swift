package import JSON
package import LoRAModel
import TensorCore

/// The members of an `adapter_config.json` that is being made.
package struct PEFTConfigDraft: Sendable {
  package var members: JSONObject

  /// The rank and alpha of a module; its scale is their ratio.
  package struct Strength: Sendable {
    package let module: String
    package let rank: UInt64
    package let alpha: Double

    package init(module: String, rank: UInt64, alpha: Double) {
      (self.module, self.rank, self.alpha) = (module, rank, alpha)
    }
  }

  /// The config of an adapter: its own where it is one of PEFT's, else one that says what its tensors say.
  package init(_ adapter: Adapter) {
    if let own = adapter.rawConfig, adapter.config != nil {
      members = own
      // torchtune's config does not know these fields; its tensors do.
      guard adapter.format != .peft else { return }
      members["use_dora"] = .bool(adapter.modules.contains { $0.magnitude != nil })
      members["lora_bias"] = .bool(adapter.modules.contains { $0.bBias != nil })
      return
    }
    members = [
      "peft_type": .string("LORA"), "base_model_name_or_path": adapter.config?.baseModel.map { .string($0) } ?? .null,
      "task_type": .null, "inference_mode": .bool(true), "r": .integer(8), "lora_alpha": .integer(8),
      "lora_dropout": .real(0), "bias": .string("none"), "fan_in_fan_out": .bool(false),
      "init_lora_weights": .bool(true),
      "use_rslora": .bool(false), "use_dora": .bool(adapter.modules.contains { $0.magnitude != nil }),
      "lora_bias": .bool(adapter.modules.contains { $0.bBias != nil }),
      "target_modules": .array(Self.targets(of: adapter.modules.map(\.name)).map { .string($0) }),
    ]
  }

  /// Says rank and alpha of all modules, without rsLoRA.
  ///
  /// `r` is the largest rank, which engines reserve memory for; every other rank and every alpha that differs has a
  /// pattern of its own.
  package mutating func set(_ strengths: [Strength]) {
    guard let largest = strengths.map(\.rank).max(),
      let usual = strengths.first(where: { $0.rank == largest })
    else { return }
    let names = strengths.map(\.module)
    let endings = Endings(names)
    var (ranks, alphas) = (JSONObject(), JSONObject())
    for strength in strengths.sorted(by: { $0.module < $1.module }) {
      let key = endings.pattern(for: strength.module)
      if strength.rank != largest { ranks[key] = JSONValue(strength.rank) }
      if strength.alpha != usual.alpha { alphas[key] = Self.number(strength.alpha) }
    }
    members["r"] = JSONValue(largest)
    members["lora_alpha"] = Self.number(usual.alpha)
    members["rank_pattern"] = .object(ranks)
    members["alpha_pattern"] = .object(alphas)
    members["use_rslora"] = .bool(false)
  }

  /// A number as an integer where it is one: several readers take nothing else for alpha.
  package static func number(_ value: Double) -> JSONValue {
    Int64(exactly: value).map { .integer($0) } ?? .real(value)
  }

  /// Targets that name these modules and no others that are known.
  ///
  /// The last component stands for all modules of its kind where it has one in every layer from 0 on; otherwise the
  /// base may have more of them, and the full names are given.
  package static func targets(of modules: [String]) -> [String] {
    var layers: [String: Set<Int>] = [:]
    var all: Set<Int> = []
    for module in modules {
      let components = module.dottedComponents
      let index = components.lazy.compactMap { Int($0) }.first ?? -1
      layers[String(module.lastComponent), default: []].insert(index)
      if index >= 0 { all.insert(index) }
    }
    let isWhole = !all.isEmpty && all == Set(0..<all.count) && layers.values.allSatisfy { $0 == all }
    return isWhole ? layers.keys.sorted() : modules.sorted()
  }
}

/// Which names are the end of other names, so that a pattern for them would hit both.
private struct Endings {
  private let shared: Set<String>

  init(_ names: [String]) {
    let known = Set(names.map { $0[...] })
    var shared: Set<String> = []
    for name in names {
      for ending in name.suffixesAfterDots where known.contains(ending) { shared.insert(String(ending)) }
    }
    self.shared = shared
  }

  /// A regular expression that PEFT's `(.*\.)?(KEY)$` finds in this module alone (peft 0.21, `get_pattern_key`).
  func pattern(for module: String) -> String {
    var pattern = shared.contains(module) ? "^" : ""
    for character in module.unicodeScalars {
      if "\\.^$*+?{}[]|()".unicodeScalars.contains(character) { pattern += "\\" }
      pattern.unicodeScalars.append(character)
    }
    return pattern
  }
}
