import TensorCore

/// What a model class of vLLM does with adapters, as its code says when it runs: a row of `VLLMClassTable`.
struct VLLMClass: Sendable {
  /// A module that the class wraps for adapters; numbers in names are written `#`.
  struct Module: Sendable {
    /// The engine's name, such as `model.layers.#.self_attn.qkv_proj`.
    let name: String
    /// The kind of its layer, such as `column`, `merged`, `row` or `experts`.
    let kind: String
    /// The names of the parts that it is packed from, such as `q_proj`; empty for a module of its own.
    let parts: [String]
    /// Number of matrices in its slot where that differs from the number of parts.
    let slices: Int?
  }

  /// How the class keeps experts.
  struct Experts: Sendable {
    /// Whether gate and up of all experts are one stack (`is_3d_moe_weight`).
    let areStacked: Bool
    /// Whether they have a gate.
    let areGated: Bool
    /// The parts of one expert below `experts.#`, in the order of the engine's mapping.
    let parts: [String]
  }

  /// A multimodal class: where its parts are.
  struct Towers: Sendable {
    /// The name of the language model inside, without the dot at its end.
    let language: String
    /// The names of towers and connectors.
    let others: [String]
    /// Whether towers and connector can take adapters when the engine is started for it.
    let canAdapt: Bool
  }

  /// The class that runs the architecture.
  let name: String
  /// `model_type` of the config that it was run with.
  let modelType: String?
  /// Whether it takes adapters (`SupportsLoRA`).
  let takesLoRA: Bool
  /// Last parts of names that its loader accepts, packed modules by their parts.
  let expected: Set<String>
  /// The modules that it wraps, by name.
  let modules: [String: Module]
  /// The modules that it wraps in addition when towers take adapters, by name.
  let towerModules: [String: Module]
  /// The wrapped module that each part is packed into, by the part's full name.
  let owners: [String: Module]
  /// The same of towers.
  let towerOwners: [String: Module]
  /// How names in adapters become its own.
  let mapper: NameMapper
  /// Beginnings of names that its loader passes over.
  let skipped: [String]
  /// Whether it is run for pooling unless told otherwise.
  let pools: Bool
  /// Its parts when it is multimodal.
  let towers: Towers?
  /// Its experts when it has some.
  let experts: Experts?
  /// Modules that it has and never wraps.
  let bare: Set<String>
  /// Modules whose rows its weight loader reorders, while an adapter's stay as they are.
  let reordered: Set<String>
  /// Packed modules and their parts, by last part of the name.
  let packed: [String: [String]]
  /// Whether the row was read off the source alone, without running the class; nothing is called applied then.
  let isUnheld: Bool
  /// Whether the release no longer has, or does not yet have, the class.
  let isAbsent: Bool

  /// What is otherwise where members of the config have these values.
  let variants: [(when: JSONObject, row: VLLMClass)]

  /// Reads a line of the table; a member that is missing is empty.
  init(line: Substring) {
    self.init((try? JSONValue(parsing: Array(line.utf8)))?.object ?? JSONObject())
  }

  /// The class as it is for this config.
  func variant(for config: JSONObject) -> VLLMClass {
    variants.first { variant in variant.when.members.allSatisfy { config[$0.key] == $0.value } }?.row ?? self
  }

  private init(_ row: JSONObject) {
    variants =
      row["variants"]?.array?.compactMap { variant in
        guard let members = variant.object, let when = members["when"]?.object else { return nil }
        var merged = row
        merged["variants"] = nil
        for (key, value) in members.members where key != "when" { merged[key] = value }
        return (when, VLLMClass(merged))
      } ?? []
    func texts(_ value: JSONValue?) -> [String] { value?.array?.compactMap(\.string) ?? [] }
    name = row["class"]?.string ?? ""
    modelType = row["model_type"]?.string
    isUnheld = row["static"]?.bool ?? false
    isAbsent = row["absent"]?.bool ?? false
    takesLoRA = row["lora"]?.bool ?? false
    skipped = texts(row["skip"])
    pools = row["pooling"]?.bool ?? false
    bare = Set(texts(row["bare"]))
    reordered = Set(texts(row["rows"]))
    mapper = NameMapper(row["mapper"]?.object ?? JSONObject())
    var packed: [String: [String]] = [:]
    for (whole, parts) in row["packed"]?.object?.members ?? [] { packed[whole] = texts(parts) }
    self.packed = packed
    experts = row["experts"]?.object.map {
      Experts(
        areStacked: $0["stacked"]?.bool ?? false, areGated: $0["gated"]?.bool ?? true, parts: texts($0["names"]))
    }
    towers = row["mm"]?.object.map {
      Towers(
        language: ($0["language"]?.string ?? "").trimmedDot,
        others: (texts($0["tower"]) + texts($0["connector"])).map(\.trimmedDot),
        canAdapt: $0["tower_lora"]?.bool ?? false)
    }
    func table(_ value: JSONValue?) -> (modules: [String: Module], owners: [String: Module]) {
      var modules: [String: Module] = [:]
      var owners: [String: Module] = [:]
      for entry in value?.array ?? [] {
        guard let fields = entry.array, fields.count >= 2, let name = fields[0].string, let kind = fields[1].string
        else { continue }
        let parts = fields.count > 2 ? texts(fields[2]) : []
        let slices = fields.count > 3 ? fields[3].int64.flatMap { Int(exactly: $0) } : nil
        let module = Module(name: name, kind: kind, parts: parts, slices: slices)
        modules[name] = module
        let owner = name.utf8.lastIndex(of: UInt8(ascii: ".")).map { name[...$0] } ?? ""
        for part in parts { owners[owner + part] = module }
      }
      return (modules, owners)
    }
    (modules, owners) = table(row["modules"])
    (towerModules, towerOwners) = table(row["tower_modules"])
    var expected: Set<String> = []
    for leaf in texts(row["supported"]) {
      for part in packed[leaf] ?? [leaf] { expected.insert(part) }
    }
    self.expected = expected
  }
}

extension String {
  fileprivate var trimmedDot: String { hasSuffix(".") ? String(dropLast()) : self }
}
