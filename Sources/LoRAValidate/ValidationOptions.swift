public import Diagnostics
public import LoRAEngines

/// What to check besides the adapter itself.
public struct ValidationOptions: Sendable {
  /// The serving engine that the adapter is meant for.
  public var engine: Engine?
  /// How that engine is started.
  public var serving = EngineOptions()
  /// The organisation's own limits.
  public var policy: Policy?
  /// Whether the values are left unread.
  public var headerOnly = false
  /// The severity from which on a finding makes an adapter fail.
  public var failOn: Severity = .error
  /// The part of the adapters to check; nil checks all.
  public var shard: Partition?
  /// Threads to use.
  public var workers = 1

  /// The defaults: no engine, all values read, errors fail.
  public init() {}

  /// The rank limit in force: the one asked for, else the engine's default, else none.
  public var rankLimit: UInt64? { serving.maxLoRARank ?? engine?.defaultRankLimit }
}

/// One of several parts of the adapters, so that many machines share a fleet: an adapter belongs to the part that the
/// hash of its path names, whatever other adapters there are.
public struct Partition: Sendable, Equatable {
  /// Which part, from 0.
  public let index: UInt64
  /// Number of parts.
  public let count: UInt64

  /// Part `index` of `count`; nil unless `0 <= index < count`.
  public init?(index: UInt64, count: UInt64) {
    guard index < count else { return nil }
    self.index = index
    self.count = count
  }

  /// The part written as `I/N`, or nil when it is none.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { UInt64($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1] else { return nil }
    self.init(index: index, count: count)
  }

  /// Whether the adapter at `path` belongs to this part.
  public func contains(_ path: String) -> Bool {
    // FNV-1a, then a mixing step because its low bits follow those of the last character.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    hash = (hash ^ (hash >> 33)) &* 0xFF51_AFD7_ED55_8CCD
    hash ^= hash >> 33
    return hash % count == index
  }
}
