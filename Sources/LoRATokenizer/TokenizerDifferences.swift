import LoRAIO

/// What differs between two tokenizers, whatever their spelling.
package struct TokenizerDifferences: Sendable {
  /// A token that both have, under different ids.
  package struct Moved: Sendable, Equatable {
    /// The token in the first.
    package let token: Token
    /// Its id in the second.
    package let otherID: UInt32
  }

  /// Some tokens of a list.
  package struct Selection: Sendable {
    fileprivate let list: TokenList?
    fileprivate let positions: [UInt32]

    /// Number of tokens.
    package var count: Int { positions.count }
    /// Whether there is none.
    package var isEmpty: Bool { positions.isEmpty }

    /// The first few, in the order of their ids.
    package func first(_ count: Int) -> [Token] {
      guard let list else { return [] }
      return positions.prefix(count).map { list.token(at: Int($0)) }
    }

    /// Those of which `isChosen` holds for the id and for whether it is an added token.
    package func filter(_ isChosen: (_ id: UInt32, _ isAdded: Bool) -> Bool) -> Selection {
      guard let list else { return self }
      let chosen = positions.filter { isChosen(list.entries[Int($0)].id, list.entries[Int($0)].isAdded) }
      return Selection(list: list, positions: chosen)
    }
  }

  /// A role that both fill, with different tokens.
  package struct Role: Sendable, Equatable {
    /// The role.
    package let role: TokenizerRole
    /// The first's token.
    package let own: String
    /// The second's.
    package let other: String
  }

  /// The first rule for joining pieces that differs.
  package struct Merge: Sendable, Equatable {
    /// Its number from 0.
    package let index: Int
    /// The first's rule; nil where its rules have ended.
    package let own: String?
    /// The second's rule; nil where its rules have ended.
    package let other: String?
  }

  /// Number of tokens that both have under the same id.
  package let sameCount: Int
  /// Number of tokens that both have under different ids.
  package let movedCount: Int
  /// The first few of these.
  package let moved: [Moved]
  /// Tokens that only the first has.
  package let added: Selection
  /// Tokens that only the second has.
  package let missing: Selection
  /// Roles that are filled differently.
  package let roles: [Role]
  /// Tokens that decoding leaves out with one of the two alone.
  package let specials: [(token: String, isSpecial: Bool)]
  /// Where the rules for joining pieces part, when the tokens are the same.
  package let merge: Merge?

  /// Whether nothing differs.
  package var isEmpty: Bool {
    movedCount == 0 && added.isEmpty && missing.isEmpty && roles.isEmpty && specials.isEmpty && merge == nil
  }
}

extension Tokenizer {
  /// How this tokenizer differs from another one.
  ///
  /// What only one of the two says is no difference: a folder that leaves out a role has the default of its class, and
  /// one whose added tokens are not listed has those that the class adds. A vocabulary of 250,000 tokens takes a few
  /// milliseconds, and some tens where every id differs.
  package func differences(from other: Tokenizer) -> TokenizerDifferences {
    var comparison = TokenComparison()
    if let tokens, other.hasVocabulary, let others = other.tokens, file !== other.file || extras != other.extras {
      comparison = TokenComparison(tokens, others)
      comparison.forgive(added: other.named, missing: named, knowsAdded: knowsAdded, isWhole: hasVocabulary)
    }
    let roles = TokenizerRole.allCases.compactMap { role -> TokenizerDifferences.Role? in
      guard let own = self.roles[role], let theirs = other.roles[role], own != theirs else { return nil }
      return TokenizerDifferences.Role(role: role, own: own, other: theirs)
    }
    let flags = specials.filter { token, isSpecial in other.specials[token].map { $0 != isSpecial } ?? false }
    var merge: MergeRules.Difference?
    if let merges, let rules = other.merges, comparison.isEmpty { merge = MergeRules.difference(merges, rules) }
    return TokenizerDifferences(
      sameCount: comparison.sameCount, movedCount: comparison.movedCount, moved: comparison.moved,
      added: TokenizerDifferences.Selection(list: tokens, positions: comparison.added),
      missing: TokenizerDifferences.Selection(list: other.tokens, positions: comparison.missing), roles: roles,
      specials: flags.map { ($0.key, $0.value) }.sorted { $0.token < $1.token },
      merge: merge.map { TokenizerDifferences.Merge(index: $0.index, own: $0.own, other: $0.other) })
  }

  /// A number that tokenizers of equal tokens share, and others only by chance; it differs from run to run.
  ///
  /// nil when there is no vocabulary.
  package var fingerprint: UInt64? {
    guard let file else { return nil }
    guard !extras.isEmpty else { return file.fingerprint.value }
    var builder = TokenListBuilder(textCount: 0)
    for token in extras { builder.add(token.text, id: token.id) }
    return file.fingerprint.value &+ builder.list(over: []).fingerprint
  }

  /// The same for the template that is used where none is asked for by name.
  package var templateFingerprint: UInt64? { templates[ChatTemplate.standard]?.fingerprint }
}

/// Two lists of tokens side by side.
struct TokenComparison {
  private(set) var sameCount = 0
  private(set) var movedCount = 0
  private(set) var moved: [TokenizerDifferences.Moved] = []
  /// Positions of tokens that only the first list has.
  private(set) var added: [UInt32] = []
  /// Positions of tokens that only the second list has.
  private(set) var missing: [UInt32] = []
  private var lists: (TokenList, TokenList)?

  /// Positions in either list of tokens that the other does not have under their id; a list has at most 2^22.
  private typealias Unmatched = (own: [UInt32], other: [UInt32])

  /// Examples that are kept of tokens with different ids.
  private static let exampleLimit = 3
  /// Tokens up to which those are looked through that have no id yet.
  private static let forgivenLimit = 4096

  init() {}

  init(_ own: TokenList, _ other: TokenList) {
    lists = (own, other)
    var unmatched: Unmatched = ([], [])
    var (left, right) = (0, 0)
    // Both are sorted by id: equal ones are found in one walk, without looking anything up.
    while left < own.count, right < other.count {
      let (entry, theirs) = (own.entries[left], other.entries[right])
      if entry.id == theirs.id {
        if own.isEqual(entry, theirs, of: other) {
          sameCount += 1
        } else {
          unmatched.own.append(UInt32(left))
          unmatched.other.append(UInt32(right))
        }
        left += 1
        right += 1
      } else if entry.id < theirs.id {
        unmatched.own.append(UInt32(left))
        left += 1
      } else {
        unmatched.other.append(UInt32(right))
        right += 1
      }
    }
    unmatched.own += UInt32(left)..<UInt32(own.count)
    unmatched.other += UInt32(right)..<UInt32(other.count)
    look(for: unmatched, own, other)
  }

  /// Finds the tokens of one list that the other has under another id.
  private mutating func look(for unmatched: Unmatched, _ own: TokenList, _ other: TokenList) {
    guard !unmatched.own.isEmpty, !unmatched.other.isEmpty else {
      (added, missing) = (unmatched.own, unmatched.other)
      return
    }
    let matches = TokenMatching.matches(of: (own, unmatched.own), among: (other, unmatched.other))
    var isFound = [Bool](repeating: false, count: unmatched.other.count)
    for (position, match) in zip(unmatched.own, matches) {
      guard let place = match.place else {
        added.append(position)
        continue
      }
      isFound[place] = true
      let id = match.id
      if id == own.entries[Int(position)].id {
        sameCount += 1
        continue
      }
      movedCount += 1
      if moved.count < Self.exampleLimit {
        moved.append(TokenizerDifferences.Moved(token: own.token(at: Int(position)), otherID: id))
      }
    }
    missing = zip(unmatched.other, isFound).compactMap { $1 ? nil : $0 }
  }

  var isEmpty: Bool { movedCount == 0 && added.isEmpty && missing.isEmpty }

  /// Takes out what the other side has without an id in its files: tokens that are named there and added on loading.
  ///
  /// What is missing counts only where this side's files would tell: its vocabulary (`isWhole`), its added tokens.
  mutating func forgive(added named: Set<String>, missing own: Set<String>, knowsAdded: Bool, isWhole: Bool) {
    guard let lists else { return }
    if !isWhole { missing = [] }
    if added.count <= Self.forgivenLimit { added.removeAll { named.contains(lists.0.token(at: Int($0)).text) } }
    if !knowsAdded { missing.removeAll { lists.1.entries[Int($0)].isAdded } }
    if missing.count <= Self.forgivenLimit { missing.removeAll { own.contains(lists.1.token(at: Int($0)).text) } }
  }
}
