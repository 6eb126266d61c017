import LoRAModel

/// Which modules of two adapters belong together, in the order of A's and then of B's.
struct ModuleAlignment {
  /// A module under the name that it is shown by; one of the two is missing where only one adapter has it.
  struct Entry: Sendable {
    let name: String
    let a: AdapterModule?
    let b: AdapterModule?
  }

  private(set) var entries: [Entry] = []

  /// Aligns by the base's names where there is one, else by the modules' own.
  ///
  /// Names that differ only in what stands before the model (`unet.`, `model.language_model.`) or in dots that a trainer
  /// wrote as underscores are one, unless two modules of one adapter would be.
  init(_ a: [AdapterModule], _ b: [AdapterModule], base: BaseModel?) {
    func name(_ module: AdapterModule) -> String { base?.match(module.name)?.module.name ?? module.name }
    var partners = Self.partners(a.map(name), b.map(name))
    // Two components of a pipeline are never one: only a name without any may stand for one with.
    let spellings = [(Self.body, Self.body), (Self.withoutComponent, Self.body), (Self.body, Self.withoutComponent)]
    for (ours, theirs) in spellings {
      let left = a.indices.filter { partners[$0] == nil }
      let taken = Set(partners.values)
      let right = b.indices.filter { !taken.contains($0) }
      guard !left.isEmpty, !right.isEmpty else { break }
      let found = Self.partners(left.map { ours(name(a[$0])) }, right.map { theirs(name(b[$0])) })
      for (one, other) in found { partners[left[one]] = right[other] }
    }
    let taken = Set(partners.values)
    entries =
      a.indices.map { index in Entry(name: a[index].name, a: a[index], b: partners[index].map { b[$0] }) }
      + b.indices.filter { !taken.contains($0) }.map { Entry(name: b[$0].name, a: nil, b: b[$0]) }
  }

  /// Positions of names that are in both lists, and once in each.
  private static func partners(_ a: [String], _ b: [String]) -> [Int: Int] {
    func places(_ names: [String]) -> [String: Int?] {
      Dictionary(names.enumerated().map { ($0.element, $0.offset) }) { _, _ in nil }
    }
    let (left, right) = (places(a), places(b))
    var result: [Int: Int] = [:]
    for case (let name, let one?) in left { if case let other?? = right[name] { result[one] = other } }
    return result
  }

  /// The name behind every prefix that libraries put before the body of a model.
  private static func body(_ name: String) -> String {
    let prefix = BaseModel.prefixes.first { name.hasPrefix($0) } ?? ""
    return folded(String(name.dropFirst(prefix.count)))
  }

  /// The same without the component of a pipeline in front.
  private static func withoutComponent(_ name: String) -> String {
    let prefix = components.first { name.hasPrefix($0) } ?? ""
    return body(String(name.dropFirst(prefix.count)))
  }

  private static let components = [
    "unet.", "transformer.", "text_encoder.", "text_encoder_2.", "text_encoder_3.", "diffusion_model.", "prior.",
  ]

  private static func folded(_ name: String) -> String { String(name.map { $0 == "." ? "_" : $0 }) }
}
