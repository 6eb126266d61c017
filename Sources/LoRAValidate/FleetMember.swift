import Diagnostics
import LoRAIO
import LoRAKernels
import LoRAModel
import LoRATokenizer
import Safetensors
import TensorCore

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
  /// What equal weights files share; nil when they were left unread, or no other has their sketch.
  var content: FileContent?
  /// What equal tokenizers and equal chat templates share; nil when the adapter brings none.
  let tokenizer: UInt64?
  let template: UInt64?

  /// What there is to know; the tokenizer of an adapter that is alone is not looked through.
  init(_ adapter: Adapter, _ content: FileContent?, _ tokenizer: Tokenizer?, isAlone: Bool) {
    path = adapter.path
    self.tokenizer = tokenizer.flatMap { $0.hasVocabulary && isAlone ? 0 : $0.fingerprint }
    template = tokenizer?.templateFingerprint
    base = adapter.config?.baseModel
    rank = adapter.modules.map(\.rank).max() ?? 0
    width = adapter.modules.reduce(0) { $0.addingSaturated($1.inFeatures).addingSaturated($1.outFeatures) }
    elements = adapter.modules.reduce(0) {
      $0.addingSaturated($1.rank.multipliedSaturated(by: $1.inFeatures.addingSaturated($1.outFeatures)))
    }
    self.content = content
  }

  /// Paths of the members with equal weights files, one list for each content.
  static func copies(among members: [FleetMember]) -> [[String]] {
    var contents = Groups<FileContent, String>()
    for member in members { if let content = member.content { contents.add(content, member.path) } }
    return contents.all.map(\.places).filter { $0.count > 1 }
  }

  /// Paths of the members that have a value, by equal values, the largest group first.
  static func groups(of members: [FleetMember], by value: (FleetMember) -> UInt64?) -> [[String]] {
    var groups = Groups<UInt64, String>()
    for member in members { if let value = value(member) { groups.add(value, member.path) } }
    let sorted = groups.all.enumerated().ordered { left, right in
      (right.element.places.count, left.offset) < (left.element.places.count, right.offset)
    }
    return sorted.map(\.element.places)
  }
}
