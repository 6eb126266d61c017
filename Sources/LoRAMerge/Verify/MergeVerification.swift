public import JSON

/// What checking a merged folder against its plan found.
public struct MergeVerification: Sendable, Equatable {
  /// Something that is not as planned.
  public struct Discrepancy: Sendable, Equatable, CustomStringConvertible {
    /// The file within the output.
    public var file: String
    /// The tensor, when it is about one.
    public var tensor: String?
    /// What is wrong, as a clause.
    public var reason: String

    /// One sentence, safe for a terminal.
    public var description: String {
      "\(escaped(file)): " + (tensor.map { "\(escaped($0)): " } ?? "") + reason
    }

    var json: JSONValue {
      var object: JSONObject = ["file": .string(file), "message": .string(reason)]
      object["tensor"] = tensor.map { .string($0) }
      return .object(object)
    }
  }

  /// What is not as planned, in the order of the files; at most `limit` of them.
  public internal(set) var discrepancies: [Discrepancy] = []
  /// How many there are in all.
  public internal(set) var discrepancyCount = 0
  /// Bytes compared with those of the base, the adapters and the plan.
  public internal(set) var bytesCompared: UInt64 = 0
  /// Elements computed again in float64.
  public internal(set) var elementsRecomputed: UInt64 = 0
  /// Those of them whose stored number is the next one to the right one.
  public internal(set) var elementsOffByOne: UInt64 = 0
  /// Matrices of which rows were computed again.
  public internal(set) var matricesRecomputed = 0
  /// Elapsed seconds.
  public internal(set) var seconds: Double = 0

  /// Most discrepancies that are kept.
  public static let limit = 100

  /// Largest share of elements that may be off by one: merged bytes equal the once-rounded reference in at least
  /// 99.9 % of elements.
  public static let toleratedShare = 0.001

  /// Whether the folder is what the plan says.
  public var isSound: Bool { discrepancyCount == 0 }

  /// `status` (pass or fail), the counts, and `findings`.
  public var json: JSONValue {
    [
      "status": isSound ? "pass" : "fail", "bytes_compared": JSONValue(bytesCompared),
      "elements_recomputed": JSONValue(elementsRecomputed), "elements_off_by_one": JSONValue(elementsOffByOne),
      "matrices_recomputed": JSONValue(matricesRecomputed), "seconds": .real(seconds),
      "findings": .array(discrepancies.map(\.json)), "finding_count": JSONValue(discrepancyCount),
    ]
  }

  mutating func report(_ file: String, tensor: String? = nil, _ reason: String) {
    discrepancyCount += 1
    if discrepancies.count < Self.limit {
      discrepancies.append(Discrepancy(file: file, tensor: tensor, reason: reason))
    }
  }

  /// Adds what another part of the check found.
  mutating func merge(_ other: MergeVerification) {
    let room = Self.limit - discrepancies.count
    discrepancies += other.discrepancies.prefix(max(0, room))
    discrepancyCount += other.discrepancyCount
    bytesCompared += other.bytesCompared
    elementsRecomputed += other.elementsRecomputed
    elementsOffByOne += other.elementsOffByOne
    matricesRecomputed += other.matricesRecomputed
  }
}
