public import TensorCore

/// What to check besides the adapter itself.
public struct ValidationOptions: Sendable {
  /// The serving engine that the adapter is meant for.
  public var engine: Engine?
  /// The engine's `max_lora_rank`; nil takes the engine's default.
  public var maxLoRARank: UInt64?
  /// The type that the engine keeps factors in.
  public var servingDType: ServingDType = .bf16
  /// Number of devices that share each layer.
  public var tensorParallel: UInt64 = 1
  /// The engine's own filter of target modules, by last name component; nil serves every module.
  public var targetModules: [String]?
  /// Whether this tool reads the adapter's files for the engine, so that their names and compression are not the
  /// engine's concern.
  public var feedsEngine = false
  /// The organisation's own limits.
  public var policy: Policy?
  /// Whether the values are left unread.
  public var headerOnly = false
  /// The severity from which on a finding makes an adapter fail.
  public var failOn: Severity = .error
  /// The part of the adapters to check; nil checks all.
  public var shard: Shard?
  /// Threads to use.
  public var workers = 1

  /// The defaults: no engine, all values read, errors fail.
  public init() {}

  /// The rank limit in force: the one asked for, else the engine's default, else none.
  public var rankLimit: UInt64? { maxLoRARank ?? engine?.defaultRankLimit }
}

/// A floating-point type that engines keep adapter factors in.
public enum ServingDType: String, Sendable, CaseIterable {
  case bf16
  case f16
  case f32

  /// The same among all types.
  public var dtype: DType {
    switch self {
    case .bf16: .bf16
    case .f16: .f16
    case .f32: .f32
    }
  }

  /// The smallest magnitude that rounds to infinity: the largest finite value plus half a unit in its last place.
  public var overflowThreshold: Double {
    switch self {
    case .bf16: 0x1.FFp127
    case .f16: 65_520
    case .f32: 0x1.FFFFFFp127
    }
  }

  /// A finite value rounded to the type, ties to even.
  public func rounded(_ value: Double) -> Double {
    guard abs(value) < overflowThreshold else { return value < 0 ? -.infinity : .infinity }
    switch self {
    case .f32: return Double(Float(value))
    case .f16: return Double(Float16(value))
    case .bf16:
      // Adding and taking away a power of two that leaves 8 significant bits rounds in double arithmetic.
      guard value != 0 else { return value }
      let unit = max(value.exponent, -126) - 7
      let shift = Double(sign: .plus, exponent: unit + 52, significand: 1.5)
      return value < 0 ? -((-value + shift) - shift) : (value + shift) - shift
    }
  }
}

/// One of several parts of the adapters, so that many machines share a fleet: an adapter belongs to the part that the
/// hash of its path names, whatever other adapters there are.
public struct Shard: Sendable, Equatable {
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
