import Diagnostics
import JSON
import LoRADeltas
import LoRAIO
import LoRAModel
import LoRASurgery
import Safetensors
import TensorCore

/// What `resize` did, for all its adapters.
struct ResizeReport {
  /// One adapter.
  struct Member {
    let input: String
    let output: String?
    let outcome: ResizeOutcome
    let bytesBefore: UInt64
    let bytes: UInt64
    let elementsPerRank: UInt64

    init(_ plan: ResizePlan, _ output: String?, _ outcome: ResizeOutcome, bytes: UInt64) {
      input = plan.adapter.path
      self.output = output
      self.outcome = outcome
      bytesBefore = plan.adapter.file?.fileBytes ?? 0
      self.bytes = bytes
      elementsPerRank = plan.elementsPerRank
    }
  }

  let members: [Member]
  let isFleet: Bool
  let isUniform: Bool
  let isDryRun: Bool
  let seconds: Double

  /// The report as JSON: the members of one adapter at the top, or a list of them.
  var json: JSONValue {
    var object: JSONObject = ["dry_run": .bool(isDryRun), "seconds": .real(seconds)]
    if isFleet {
      object["adapters"] = .array(members.map { .object($0.json) })
      object["memory"] = .object(memory)
    } else if let member = members.first {
      for (key, value) in member.json.members { object[key] = value }
    }
    return .document("resize", toolVersion: Version.text, object)
  }

  // MARK: Slots

  /// Bytes that all adapters take in slots of one rank, in two bytes a number.
  private func slotBytes(_ rank: UInt64) -> UInt64 {
    members.reduce(0) { sum, member in
      let (product, overflow) = (2 &* member.elementsPerRank).multipliedReportingOverflow(by: rank)
      return overflow ? .max : sum.addingReportingOverflow(product).overflow ? .max : sum + product
    }
  }

  private var rankBefore: UInt64 { members.map(\.outcome.rankBefore).max() ?? 0 }
  private var rank: UInt64 { members.map(\.outcome.rank).max() ?? 0 }

  private var memory: JSONObject {
    let (before, after) = (slotBytes(rankBefore), slotBytes(rank))
    return [
      "rank_before": JSONValue(rankBefore), "rank": JSONValue(rank), "slot_bytes_before": JSONValue(before),
      "slot_bytes": JSONValue(after), "slot_bytes_freed": JSONValue(before > after ? before - after : 0),
    ]
  }

  // MARK: Text

  var text: [String] {
    guard isFleet else { return members.first.map { lines($0) } ?? [] }
    var table = TextTable([
      ("adapter", .left), ("modules", .right), ("rank", .right), ("energy", .right), ("error", .right),
      ("size", .right), ("output", .left),
    ])
    for member in members {
      table.add([
        escaped(member.input), grouped(UInt64(member.outcome.modules.count)), member.ranks,
        Self.percent(member.outcome.energy, 2), Self.percent(member.outcome.error, 2),
        "\(ByteCount(member.bytesBefore).human) -> \(ByteCount(member.bytes).human)", escaped(member.output ?? "-"),
      ])
    }
    let (before, after) = (slotBytes(rankBefore), slotBytes(rank))
    let freed = ByteCount(before > after ? before - after : 0)
    return table.lines() + [
      "",
      "slots of the largest rank: \(rankBefore) -> \(rank), \(ByteCount(before)) -> \(ByteCount(after)) in 16-bit types, "
        + "\(freed) freed",
      "\(counted(members.count, "adapter")) \(isDryRun ? "would be written" : "written"), \(elapsed(seconds))",
    ]
  }

  private func lines(_ member: Member) -> [String] {
    let outcome = member.outcome
    var lines = [
      "\(escaped(member.input)) -> \(escaped(member.output ?? "nothing (dry run)")): "
        + "\(counted(outcome.modules.count, "module")), rank \(member.ranks)",
      "energy kept \(Self.percent(outcome.energy, 4)), error \(Self.percent(outcome.error, 3)) of the delta, "
        + "largest singular value of it \(Self.percent(outcome.spectralError, 3))"
        + (isDryRun ? " (before rounding)" : " (measured on what was written)"),
      "size \(ByteCount(member.bytesBefore)) -> \(ByteCount(member.bytes)), \(elapsed(seconds))",
    ]
    let worst = outcome.modules.ordered { ($1.error, $0.name) < ($0.error, $1.name) }.prefix(5).filter {
      $0.error >= 5e-5
    }
    guard worst.count > 1 else { return lines }
    var table = TextTable([
      ("largest errors", .left), ("rank", .right), ("energy", .right), ("error", .right), ("spectral", .right),
    ])
    for module in worst {
      table.add([
        escaped(module.name), "\(module.rankBefore) -> \(module.rank)", Self.percent(module.energy, 2),
        Self.percent(module.error, 2), Self.percent(module.spectralError, 2),
      ])
    }
    lines.append("")
    return lines + table.lines()
  }

  fileprivate static func percent(_ share: Double, _ digits: Int) -> String { "\(fixed(share * 100, digits)) %" }
}

extension ResizeReport.Member {
  /// Ranks before and after: one number where all modules have it.
  var ranks: String {
    func range(_ ranks: [UInt64]) -> String {
      guard let low = ranks.min(), let high = ranks.max() else { return "-" }
      return low == high ? "\(low)" : "\(low)-\(high)"
    }
    return range(outcome.modules.map(\.rankBefore)) + " -> " + range(outcome.modules.map(\.rank))
  }

  /// The report as JSON.
  var json: JSONObject {
    [
      "adapter": .string(input), "output": output.map { .string($0) } ?? .null,
      "rank_before": JSONValue(outcome.rankBefore), "rank": JSONValue(outcome.rank),
      "energy": .real(outcome.energy), "error": .real(outcome.error), "error_spectral": .real(outcome.spectralError),
      "bytes_before": JSONValue(bytesBefore), "bytes": JSONValue(bytes),
      "modules": .array(
        outcome.modules.map { module in
          [
            "name": .string(module.name), "rank_before": JSONValue(module.rankBefore), "rank": JSONValue(module.rank),
            "energy": .real(module.energy), "error": .real(module.error),
            "error_spectral": .real(module.spectralError), "delta_frobenius": .real(module.delta.frobenius),
            "delta_spectral": .real(module.delta.spectral),
          ]
        }),
    ]
  }
}
