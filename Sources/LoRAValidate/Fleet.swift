public import Diagnostics
import JSON
import LoRAEngines
import LoRAIO
import TensorCore

/// What shows only when several adapters are looked at together: ranks that waste slot memory, copies of one adapter,
/// different bases, equal names.
public struct Fleet: Sendable {
  /// Number of adapters for each largest rank.
  public private(set) var ranks: [UInt64: Int] = [:]
  /// The rank that slots are padded to: the limit that was asked for, or the largest rank of all.
  public let paddedRank: UInt64
  /// Bytes of all slots together that hold nothing but padding, if every adapter had one.
  public let paddingBytes: UInt64
  /// Bytes of all slots together.
  public let slotBytes: UInt64
  /// Paths of adapters whose weights are equal byte for byte, one list for each distinct content.
  public let duplicates: [[String]]
  /// Number of adapters for each base that configs name.
  public private(set) var bases: [String: Int] = [:]
  /// Paths of adapters that bring a tokenizer, one list for each distinct one.
  public let tokenizers: [[String]]
  /// Paths of adapters that bring a chat template, one list for each distinct one.
  public let chatTemplates: [[String]]
  /// Paths of adapters that would be served under one name.
  public let collisions: [[String]]
  /// The same as findings; notes and warnings, unless the policy weighs them otherwise.
  public private(set) var findings: [Finding] = []
  /// Findings that the policy sets aside.
  public private(set) var ignored: [IgnoredFinding] = []

  init(_ members: [FleetMember], options: ValidationOptions) {
    for member in members where member.rank > 0 { ranks[member.rank, default: 0] += 1 }
    for member in members { if let base = member.base { bases[base, default: 0] += 1 } }
    let largest = ranks.keys.max() ?? 0
    let padded = max(largest, options.rankLimit ?? 0)
    paddedRank = padded
    let bytes: UInt64 = options.serving.servingDType == .f32 ? 4 : 2
    var slots: UInt64 = 0
    var used: UInt64 = 0
    for member in members {
      // Sizes come from headers that may be absurd: saturate instead of wrapping.
      slots = slots.addingSaturated(member.width.multipliedSaturated(by: padded).multipliedSaturated(by: bytes))
      used = used.addingSaturated(member.elements.multipliedSaturated(by: bytes))
    }
    slotBytes = slots
    paddingBytes = slots > used ? slots - used : 0
    duplicates = FleetMember.copies(among: members)
    tokenizers = FleetMember.groups(of: members, by: \.tokenizer)
    chatTemplates = FleetMember.groups(of: members, by: \.template)
    var names = Groups<String, String>()
    for member in members { names.add(Self.servedName(member.path), member.path) }
    collisions = names.all.filter { Set($0.places).count > 1 }.map(\.places)
    guard members.count > 1, let first = members.first?.path else { return }
    let judgement = RuleOutcome(
      rankFindings(first) + copyFindings() + baseFindings(first) + nameFindings() + tokenizerFindings(first),
      options.policy)
    findings = judgement.findings
    ignored = judgement.ignored
  }

  /// The name that an adapter has in a folder of adapters: its folder's, or its file's without endings.
  private static func servedName(_ path: String) -> String {
    var name = Folder.lastComponent(path)
    for ending in [".zst", ".bpz", ".safetensors"] where name.hasSuffix(ending) { name.removeLast(ending.count) }
    return name == "adapter_model" ? Folder.lastComponent(Folder.parent(path)) : name
  }

  private func rankFindings(_ path: String) -> [Finding] {
    guard ranks.count > 1, slotBytes > 0 else { return [] }
    let list = ranks.ordered { $0.key < $1.key }.prefix(8).map { "\($0.key) (\(counted($0.value, "adapter")))" }
    let share = fixed(100 * Double(paddingBytes) / Double(slotBytes), 0)
    return [
      Finding(
        .fleetMixedRanks,
        "the adapters have ranks \(list.joined(separator: ", ")); in slots of rank \(paddedRank) \(share) % of the memory "
          + "is padding",
        file: path, expected: "one rank", found: "\(ByteCount(paddingBytes)) of padding in \(ByteCount(slotBytes))",
        hint: "resize the largest ones (lora-tool resize ADAPTER --rank R), or serve them from an engine of their own")
    ]
  }

  private func copyFindings() -> [Finding] {
    duplicates.map { paths in
      Finding(
        .fleetDuplicate, "\(paths.count) adapters have the same weights: \(listing(paths))", file: paths.first ?? "",
        found: listing(paths), hint: "one of them was probably meant to be another; each copy takes a slot of its own")
    }
  }

  private func baseFindings(_ path: String) -> [Finding] {
    guard bases.count > 1 else { return [] }
    let list = bases.ordered { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(4)
      .map { "\(escaped($0.key, limit: 100)) (\(counted($0.value, "adapter")))" }
    return [
      Finding(
        .fleetMixedBases, "the adapters name \(bases.count) different base models: \(list.joined(separator: ", "))",
        file: path, expected: "one base model", found: "\(bases.count)",
        hint: "one engine serves one base; check each group against its own")
    ]
  }

  private func nameFindings() -> [Finding] {
    collisions.map { paths in
      Finding(
        .fleetNameCollision,
        "\(paths.count) adapters would be served as \"\(escaped(Self.servedName(paths.first ?? ""), limit: 80))\": "
          + "\(listing(paths))",
        file: paths.first ?? "", found: listing(paths),
        hint: "engines that look adapters up by name serve only one of them; rename the folders")
    }
  }

  private func tokenizerFindings(_ path: String) -> [Finding] {
    func finding(_ groups: [[String]], _ what: String) -> Finding? {
      guard groups.count > 1 else { return nil }
      let list = groups.prefix(4).map { paths in
        "one with \(escaped(paths.first ?? "", limit: 100))"
          + (paths.count > 1 ? " and \(grouped(UInt64(paths.count - 1))) more" : "")
      }
      return Finding(
        .fleetMixedTokenizers,
        "the adapters bring \(groups.count) different \(what): \(list.joined(separator: ", "))", file: path,
        expected: "one for all", found: "\(groups.count)",
        hint: "an engine has one for all adapters; serve each group from an engine of its own")
    }
    return [finding(tokenizers, "tokenizers"), finding(chatTemplates, "chat templates")].compactMap(\.self)
  }

  /// The fleet's part of the report.
  var json: JSONValue {
    var ranks = JSONObject()
    for (rank, count) in self.ranks.ordered(by: { $0.key < $1.key }) { ranks["\(rank)"] = .integer(Int64(count)) }
    var bases = JSONObject()
    for (base, count) in self.bases.ordered(by: { $0.key < $1.key }) { bases[base] = .integer(Int64(count)) }
    func lists(_ groups: [[String]]) -> JSONValue { .array(groups.map { .array($0.map { .string($0) }) }) }
    var object: JSONObject = [
      "ranks": .object(ranks), "padded_rank": JSONValue(paddedRank), "padding_bytes": JSONValue(paddingBytes),
      "slot_bytes": JSONValue(slotBytes), "bases": .object(bases), "duplicates": lists(duplicates),
      "name_collisions": lists(collisions), "tokenizers": lists(tokenizers), "chat_templates": lists(chatTemplates),
      "findings": .array(findings.map(\.json)),
    ]
    if !ignored.isEmpty { object["ignored"] = .array(ignored.map(\.json)) }
    return .object(object)
  }
}

extension UInt64 {
  func addingSaturated(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }

  func multipliedSaturated(by other: UInt64) -> UInt64 {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }
}
