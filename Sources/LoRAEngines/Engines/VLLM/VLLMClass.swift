import JSON
import LoRAModel
import Synchronization

/// What a model class of vLLM does with adapters, as its code says when it runs: a row of `VLLMClassTable`.
final class VLLMClass: ServedModelClass, Sendable {
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
    /// The names of the matrices of one expert, from the stack's owner on, such as `experts.#.gate_proj`; empty where
    /// they are not known.
    let forms: [String]
    /// The same of a class that stacks them, when the engine is started for both formats.
    let mixedForms: [String]
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

  /// Modules that it does not wrap where these members of the config have these values, or are not written.
  let bareIf: [(module: String, when: JSONObject)]
  /// Its classification head, such as `score`; nil when it has none that takes adapters.
  let head: String?
  /// Whether it labels tokens, while the head answers requests as a whole: adapters of the head are refused then.
  let refusesHead: Bool
  /// The names of the adapter that was judged last, by kind.
  let lastKinds = Mutex<(inputs: ClassLoading.KindInputs, kinds: [ClassLoading.Kind])?>(nil)
  /// Last parts of names of its modules that no LoRA layer can take: as target modules they stop the server.
  let stuck: Set<String>
  /// The same of its towers, where they take adapters.
  let towerStuck: Set<String>
  /// Whether it has an `lm_head` that takes adapters only as a target module of the server.
  let hasBareHead: Bool
  /// Whether its classification head is a layer of torch's own, on which the engine fails when it has target modules.
  let hasPlainHead: Bool
  /// What is otherwise when it is run for pooling although it is not made for it.
  let pooled: [VLLMClass]

  /// Names that are stuck on most classes; a line of the table says how it differs.
  private static let commonlyStuck: Set<String> = [
    "act_fn", "apply_rotary_emb", "attn", "input_layernorm", "layers", "mlp", "model", "norm",
    "post_attention_layernorm", "rotary_emb", "self_attn",
  ]

  /// Reads a line of the table; a member that is missing is empty.
  convenience init(line: String) {
    self.init((try? JSONValue(parsing: Array(line.utf8)))?.object ?? JSONObject())
  }

  /// Whether the class has the module without slots for this config.
  func isBare(_ pattern: String, in config: JSONObject) -> Bool {
    bareIf.contains { module, when in
      module == pattern && when.members.allSatisfy { (config[$0.key] ?? $0.value) == $0.value }
    }
  }

  private init(_ row: JSONObject) {
    func texts(_ value: JSONValue?) -> [String] { value?.array?.compactMap(\.string) ?? [] }
    name = row["class"]?.string ?? ""
    modelType = row["model_type"]?.string
    bareIf =
      row["bare_if"]?.array?.compactMap { pair in
        guard let fields = pair.array, fields.count == 2, let name = fields[0].string, let when = fields[1].object
        else {
          return nil
        }
        return (name, when)
      } ?? []
    head = row["head"]?.string
    stuck = Self.commonlyStuck.subtracting(texts(row["unstuck"])).union(texts(row["stuck"]))
    towerStuck = Set(texts(row["tower_stuck"]))
    hasBareHead = row["bare_head"]?.bool ?? false
    hasPlainHead = row["plain_head"]?.bool ?? false
    refusesHead = row["task"]?.string == "token_classify" && row["head_by_token"]?.bool != true
    pooled =
      row["pooled"]?.object.map { members in
        var merged = row
        for key in ["pooled", "head", "head_by_token", "task"] { merged[key] = nil }
        for (key, value) in members.members { merged[key] = value }
        return [VLLMClass(merged)]
      } ?? []
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
        areStacked: $0["stacked"]?.bool ?? false, areGated: $0["gated"]?.bool ?? true, forms: texts($0["forms"]),
        mixedForms: texts($0["mixed"]))
    }
    towers = row["mm"]?.object.map {
      Towers(
        language: ($0["language"]?.string ?? "").trimmedDot,
        others: (texts($0["tower"]) + texts($0["connector"])).map(\.trimmedDot),
        canAdapt: $0["tower_lora"]?.bool ?? false)
    }
    let experts = self.experts
    func table(_ value: JSONValue?) -> (modules: [String: Module], owners: [String: Module]) {
      var modules: [String: Module] = [:]
      var owners: [String: Module] = [:]
      for entry in value?.array ?? [] {
        guard let fields = entry.array, fields.count >= 2, let name = fields[0].string, let kind = fields[1].string
        else { continue }
        let ofExperts = kind == "experts" ? experts?.forms : kind == "experts3d" ? experts?.mixedForms : nil
        let parts = ofExperts ?? (fields.count > 2 ? texts(fields[2]) : [])
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
