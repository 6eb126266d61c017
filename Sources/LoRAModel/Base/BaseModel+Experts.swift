import BaseCatalogue
import TensorCore

/// Experts of models that the catalogue does not know.
///
/// transformers 5 stacks the experts of nearly every architecture in memory, as `….experts.gate_up_proj` and
/// `….experts.down_proj`, whatever the files hold (`conversion_mapping.py` of 5.23: the patterns `qwen2_moe`, `mixtral`
/// and `granitemoe`, which some forty model types share).
extension BaseModel {
  /// Names in files for the two stacks: the matrices of one expert whose rows follow each other, and whole stacks.
  private static let expertNames = [
    (memory: "gate_up_proj", parts: [["gate_proj", "up_proj"], ["w1", "w3"]], whole: "input_linear"),
    (memory: "up_proj", parts: [["up_proj"]], whole: "input_linear"),
    (memory: "down_proj", parts: [["down_proj"], ["w2"]], whole: "output_linear"),
  ]

  /// Stacks that a module of experts may hold, in the order of their registration; `up_proj` stands alone where there is
  /// no gate.
  static let unlistedStacks = ["gate_up_proj", "up_proj", "down_proj"]

  /// The modules whose experts the base keeps in stacks, without the prefix of the body, such as `layers.0.mlp`.
  public var ownersOfStacks: Set<String> {
    Set(
      modules.values.lazy.filter { $0.kind == .parameter }.map { module in
        let stack = Self.withoutWeight(Self.withoutPrefix(module.name))
        let owner = stack.dropLast(stack.lastComponent.utf8.count + 1)
        return String(owner.hasSuffix(".experts") ? owner.dropLast(".experts".utf8.count) : owner)
      })
  }

  /// The module that an expert's matrix such as `model.layers.0.mlp.experts.3.up_proj` belongs to, spelt as in
  /// `ownersOfStacks`; nil for other names.
  public static func ownerOfExpert(_ moduleName: String) -> String? {
    let name = withoutPrefix(moduleName)
    return name.firstRange(of: ".experts.").map { String(name[..<$0.lowerBound]) }
  }

  private static func withoutPrefix(_ name: String) -> String {
    String(name.dropFirst(prefixes.first { name.hasPrefix($0) }?.utf8.count ?? 0))
  }

  /// What the files hold for a name in memory that they do not know themselves.
  func unlisted(_ name: String, prefixChange: (from: String, to: String)?) -> ModuleMatch? {
    let older = name.replacingFirst(".mlp.", by: ".block_sparse_moe.")
    if let older, let module = modules[older] {
      return ModuleMatch(module: module, prefixChange: prefixChange, runtime: nil)
    }
    for (memory, parts, whole) in Self.expertNames where name.hasSuffix(".experts." + memory) {
      for spelt in [name, older].compactMap(\.self) {
        let owner = String(spelt.dropLast(memory.utf8.count + 1))
        if let module = modules[owner.dropLast("experts".utf8.count) + whole], module.kind == .parameter {
          return ModuleMatch(module: module, prefixChange: prefixChange, runtime: nil)
        }
        for leaves in parts {
          let patterns = leaves.map { stored(owner + ".{e}." + $0) }
          guard let stack = stack(name, patterns) else { continue }
          if let found = inMemory(stack, prefixChange: prefixChange) { return found }
        }
      }
    }
    return nil
  }

  /// The pattern of an expert's matrix as the files spell it.
  private func stored(_ pattern: String) -> String {
    guard let first = pattern.replacingFirst("{e}", by: "0"), modules[first] == nil, let name = storedNames[first]
    else {
      return pattern
    }
    return name.replacingFirst(".experts.0.", by: ".experts.{e}.") ?? pattern
  }

  /// A stack of the experts whose matrices have these names.
  private func stack(_ name: String, _ patterns: [String]) -> RuntimeModule? {
    func parts(_ expert: Int) -> [BaseModule] {
      patterns.compactMap { modules[$0.replacingFirst("{e}", by: String(expert)) ?? $0] }
    }
    let first = parts(0)
    guard first.count == patterns.count, let columns = first.first?.inFeatures else { return nil }
    var experts = 1
    while parts(experts).count == patterns.count { experts += 1 }
    var rows: UInt64 = 0
    for part in first { rows = rows.addingReportingOverflow(part.outFeatures).partialValue }
    return RuntimeModule(stack: name, experts: UInt64(experts), rows: rows, columns: columns, parts: patterns)
  }
}

extension String {
  /// The text with the first occurrence of `part` replaced, or nil without one.
  fileprivate func replacingFirst(_ part: String, by other: String) -> String? {
    let (text, pattern) = (Array(utf8), Array(part.utf8))
    guard text.count >= pattern.count else { return nil }
    for start in 0...(text.count - pattern.count) where text[start...].starts(with: pattern) {
      return String(decoding: text[..<start], as: UTF8.self) + other
        + String(decoding: text[(start + pattern.count)...], as: UTF8.self)
    }
    return nil
  }
}
