import JSON
import TensorCore

/// What a model class of SGLang does with adapters: a line of `SGLangClassTable`.
struct SGLangClass: ServedModelClass, Sendable {
  /// A module that the class wraps for some target; numbers in names are written `#`.
  struct Module: Sendable {
    /// The engine's name, such as `model.layers.#.self_attn.qkv_proj`.
    let name: String
    /// The kind of its layer: `qkv`, `merged`, `column`, `row`, `replicated`, `embedding`, `head` or `experts`.
    let kind: String
    /// The weights of the checkpoint that lie in it, in the order of their rows; of experts those before the activation.
    let parts: [String]
    /// Of experts, the weights behind the activation.
    let down: [String]
    /// Whether its slots are as wide as the module.
    let fits: Bool

    /// Whether it holds experts.
    var isExperts: Bool { kind == "experts" }
  }

  /// Where a weight of the checkpoint lies.
  struct Place: Sendable {
    let module: Int
    /// Whether it is behind the activation of experts.
    let isDown: Bool
    /// Which of the module's parts it is.
    let part: Int
  }

  /// Why the server does not start with a target.
  enum Objection: String, Sendable {
    case sizes
    case layer
    case layers
    case moe
    case other
  }

  /// The class that runs the architecture.
  let name: String
  /// Whether it takes adapters.
  let takesLoRA: Bool
  /// The modules that some target wraps.
  let modules: [Module]
  /// The modules of each target that the server starts with, by position; none where a slot is made for nothing.
  let targets: [String: [Int]]
  /// Targets that it does not start with.
  let objections: [String: Objection]
  /// What `gate_up_proj` and `down_proj` together wrap, where there are experts.
  let withExperts: [Int]?
  /// What stands against both together.
  let objectionToExperts: Objection?
  /// The targets that `all-linear` stands for.
  let all: [String]
  /// Whether the server does not start with a head that is tied to the embedding.
  let refusesTiedHead: Bool
  /// Whether it runs attention as wide as the model whatever `head_dim` says, and slots are not.
  let ignoresHeadWidth: Bool
  /// Whether where the checkpoint's weights lie was not established.
  let isUnheld: Bool
  /// Where each weight of the checkpoint lies.
  let places: [String: Place]
  /// The same by what follows the number of the layer, where only one weight has it.
  let tails: [String: Place]

  /// Whether there are experts in slots of their own.
  var hasExperts: Bool { modules.contains { $0.isExperts } || objectionToExperts == .moe }

  /// Reads a line of the table; a member that is missing is empty.
  init(line: String) {
    let row = (try? JSONValue(parsing: Array(line.utf8)))?.object ?? JSONObject()
    func texts(_ value: JSONValue?) -> [String] { value?.array?.compactMap(\.string) ?? [] }
    func positions(_ value: JSONValue?) -> [Int]? {
      value?.array?.compactMap { $0.int64.flatMap { Int(exactly: $0) } }
    }
    name = row["class"]?.string ?? ""
    takesLoRA = row["lora"]?.bool ?? false
    all = texts(row["all"])
    refusesTiedHead = row["tied_head"]?.bool == false
    ignoresHeadWidth = row["plain_heads"]?.bool ?? false
    isUnheld = row["unheld"]?.bool ?? false
    let unfit = Set(texts(row["unfit"]))
    modules = (row["modules"]?.array ?? []).compactMap { entry in
      guard let fields = entry.array, fields.count >= 3, let name = fields[0].string, let kind = fields[1].string
      else { return nil }
      return Module(
        name: name, kind: kind, parts: texts(fields[2]), down: fields.count > 3 ? texts(fields[3]) : [],
        fits: !unfit.contains(name))
    }
    var targets: [String: [Int]] = [:]
    var objections: [String: Objection] = [:]
    for (target, value) in row["targets"]?.object?.members ?? [] {
      if let found = positions(value) { targets[target] = found } else { objections[target] = .moe }
    }
    for (reason, names) in row["bad"]?.object?.members ?? [] {
      for target in texts(names) { objections[target] = Objection(rawValue: reason) ?? .other }
    }
    self.targets = targets
    self.objections = objections
    withExperts = positions(row["experts"])
    objectionToExperts = row["no_experts"]?.string.map { Objection(rawValue: $0) ?? .other }
    var places: [String: Place] = [:]
    var tails: [String: [Place]] = [:]
    for (index, module) in modules.enumerated() {
      for (isDown, parts) in [(false, module.parts), (true, module.down)] {
        for (part, weight) in parts.enumerated() {
          let place = Place(module: index, isDown: isDown, part: part)
          places[weight] = place
          tails[Self.tail(of: weight), default: []].append(place)
        }
      }
    }
    self.places = places
    self.tails = tails.compactMapValues { $0.count == 1 ? $0[0] : nil }
  }

  /// What follows the number of the layer in a name whose numbers are written `#`; the whole name where there is none.
  static func tail(of pattern: String) -> String {
    pattern.firstRange(of: "layers.#.").map { String(pattern[$0.upperBound...]) } ?? pattern
  }

  /// Where the module of this name lies.
  func place(of module: String) -> Place? {
    let pattern = ClassLoading.template(of: module).template
    return places[pattern] ?? tails[Self.tail(of: pattern)]
  }

  /// Whether a module is one of a tower or a draft model, by what stands in front of its layer, and not of the class.
  func isElsewhere(_ module: String) -> Bool {
    let pattern = ClassLoading.template(of: module).template
    guard places[pattern] == nil else { return false }
    let front = pattern.firstRange(of: "layers.#.").map { pattern[..<$0.lowerBound] } ?? pattern[...]
    return front.split(separator: ".").contains { part in
      ["vision", "visual", "image", "audio", "tower", "mtp", "draft"].contains { part.contains($0) }
    }
  }
}
