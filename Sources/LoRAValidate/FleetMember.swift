import Diagnostics
import LoRAIO
import LoRAKernels
import LoRAModel
import LoRATokenizer
import Safetensors

/// What the fleet checks need to know of an adapter after its file is closed.
struct FleetMember: Sendable {
  let path: String
  let base: String?
  /// Largest rank.
  let rank: UInt64
  /// Inputs and outputs of all modules together: the elements that one unit of rank takes in a padded slot.
  let width: UInt64
  /// Elements of all factors.
  let elements: UInt64
  /// The file and a hash that equal files share; nil when values were left unread.
  private let content: (path: String, hash: Int)?
  /// What equal tokenizers and equal chat templates share; nil when the adapter brings none.
  let tokenizer: UInt64?
  let template: UInt64?

  /// What there is to know; the tokenizer of an adapter that is alone is not looked through.
  init(_ adapter: Adapter, values: AdapterValues?, _ tokenizer: Tokenizer?, isAlone: Bool) {
    path = adapter.path
    self.tokenizer = tokenizer.flatMap { $0.hasVocabulary && isAlone ? 0 : $0.fingerprint }
    template = tokenizer?.templateFingerprint
    base = adapter.config?.baseModel
    rank = adapter.modules.map(\.rank).max() ?? 0
    width = adapter.modules.reduce(0) { $0.addingSaturated($1.inFeatures).addingSaturated($1.outFeatures) }
    elements = adapter.modules.reduce(0) {
      $0.addingSaturated($1.rank.multipliedSaturated(by: $1.inFeatures.addingSaturated($1.outFeatures)))
    }
    if let file = adapter.file, let values {
      content = (adapter.weightsPath, Self.hash(file, values))
    } else {
      content = nil
    }
  }

  /// A hash of the size and of the largest value of each tensor: enough to tell trained adapters of one shape apart.
  private static func hash(_ file: SafetensorsFile, _ values: AdapterValues) -> Int {
    var hasher = Hasher()
    hasher.combine(file.contents.size)
    for tensor in file.header.tensors {
      hasher.combine(tensor.name)
      hasher.combine(values[tensor.name]?.maxMagnitude)
    }
    return hasher.finalize()
  }

  /// Lists of members with equal files: the hash finds candidates, reading them decides.
  static func copies(among members: [FleetMember]) -> [[String]] {
    var candidates = Groups<Int, FleetMember>()
    for member in members { if let content = member.content { candidates.add(content.hash, member) } }
    return candidates.all.flatMap { _, members in members.count > 1 ? classes(of: members) : [] }
  }

  /// Paths of the members that have a value, by equal values, the largest group first.
  static func groups(of members: [FleetMember], by value: (FleetMember) -> UInt64?) -> [[String]] {
    var groups = Groups<UInt64, String>()
    for member in members { if let value = value(member) { groups.add(value, member.path) } }
    let sorted = groups.all.enumerated().sorted { left, right in
      (right.element.places.count, left.offset) < (left.element.places.count, right.offset)
    }
    return sorted.map(\.element.places)
  }

  private static func classes(of members: [FleetMember]) -> [[String]] {
    var classes: [[FleetMember]] = []
    for member in members {
      // A handful of distinct contents under one hash is a coincidence; more is an attack on the comparison.
      if let index = classes.prefix(4).firstIndex(where: { isCopy(member, of: $0[0]) }) {
        classes[index].append(member)
      } else {
        classes.append([member])
      }
    }
    return classes.filter { $0.count > 1 }.map { $0.map(\.path) }
  }

  private static func isCopy(_ member: FleetMember, of other: FleetMember) -> Bool {
    guard let left = member.content?.path, let right = other.content?.path else { return false }
    if Folder.resolved(left) == Folder.resolved(right) { return true }
    do throws(IOError) {
      let one = try InputFile(path: left)
      let two = try InputFile(path: right)
      guard one.size == two.size else { return false }
      let step: UInt64 = 1 << 20
      var offset: UInt64 = 0
      while offset < one.size {
        let count = Int(min(step, one.size - offset))
        if try one.bytes(at: offset, count: count) != two.bytes(at: offset, count: count) { return false }
        offset += UInt64(count)
      }
      return true
    } catch {
      return false
    }
  }
}
