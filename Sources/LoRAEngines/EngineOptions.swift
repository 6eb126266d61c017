public import TensorCore

/// How a serving engine is started, as far as that changes what it makes of an adapter.
public struct EngineOptions: Sendable, Equatable {
  /// The engine's `max_lora_rank`; nil takes the engine's default.
  public var maxLoRARank: UInt64?
  /// The type that the engine keeps factors in.
  public var servingDType: ServingDType = .bf16
  /// Number of devices that share each layer.
  public var tensorParallel: UInt64 = 1
  /// The engine's own filter of target modules, as its option takes it; nil serves every module.
  public var targetModules: [String]?
  /// Whether this tool reads the adapter's files for the engine, so that their names and compression are not the
  /// engine's concern.
  public var feedsEngine = false
  /// Whether vision and audio towers and their connectors take adapters (vLLM's `--enable-tower-connector-lora`).
  public var adaptsTowers = false
  /// Whether whole expert stacks are taken by classes that keep experts apart (vLLM's
  /// `--enable-mixed-moe-lora-format`, with `is_3d_lora_weight` on the requests that need it).
  public var mixesExpertFormats = false
  /// Whether the model is served for pooling (embeddings, classification) instead of generation; nil for what the engine
  /// chooses by the class.
  public var pools: Bool?

  /// The defaults of the engine.
  public init() {}
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
