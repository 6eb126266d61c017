import JSON
public import LoRAModel

public import struct BaseCatalogue.AttentionShape
public import struct BaseCatalogue.LayerMixers

/// The type of the elements of the key-value cache.
public enum KeyValueType: String, Sendable, CaseIterable {
  case bf16
  case f16
  case f32
  case fp8

  /// Bytes of an element.
  public var bytes: UInt64 {
    switch self {
    case .bf16, .f16: 2
    case .f32: 4
    case .fp8: 1
    }
  }
}

/// What a token takes in the key-value cache.
public struct KeyValueCache: Sendable, Equatable {
  /// How attention stores a token.
  public enum Form: Sendable, Equatable {
    /// A key and a value for each key-value head.
    case heads(count: UInt64, width: UInt64)
    /// One narrow vector for all heads and a rotary key (multi-head latent attention of DeepSeek).
    case latent(width: UInt64, rotary: UInt64)
  }

  /// Layers that keep keys and values.
  public let layers: UInt64
  /// Query heads of a layer.
  public let queryHeads: UInt64
  /// What a layer stores.
  public private(set) var form: Form
  /// Tokens after which windowed layers forget; nil when all layers keep all tokens.
  public let slidingWindow: UInt64?

  /// The kinds of the layers; nil when all of them attend for all that the config says.
  public let mixers: LayerMixers?

  /// Elements of a token in one layer: 2·heads·width, or latent width + rotary width.
  public var elementsPerLayer: UInt64 {
    switch form {
    case .heads(let count, let width): 2 &* count &* width
    case .latent(let width, let rotary): width &+ rotary
    }
  }

  /// Elements of a token in all layers.
  public var elementsPerToken: UInt64 { layers &* elementsPerLayer }

  /// Reads it off a config; nil for a model without a decoder's cache or of unknown form.
  ///
  /// Keys are those of transformers' configurations, older spellings included.
  public init?(of base: BaseModel) {
    guard let config = base.config, !Self.isAbsent(from: base), !Self.others.contains(base.modelType ?? "") else {
      return nil
    }
    let shape = AttentionShape(config)
    mixers = LayerMixers(config)
    guard let layers = mixers?.attending ?? shape.layers, layers > 0, let heads = shape.queryHeads else { return nil }
    self.layers = layers
    queryHeads = heads
    slidingWindow = shape.slidingWindow
    if let (width, rotary) = shape.latent {
      form = .latent(width: width, rotary: rotary)
      return
    }
    guard let width = shape.headWidth, width > 0, let count = shape.keyValueHeads else { return nil }
    form = .heads(count: count, width: width)
  }

  /// What one of several devices keeps: its share of the key-value heads, one that others have too where there are fewer
  /// than devices, and of latent attention all (`vllm/config/model.py`, `get_num_kv_heads`).
  func shared(by devices: UInt64) throws(CapacityError) -> KeyValueCache {
    guard devices > 1 else { return self }
    guard queryHeads % devices == 0 else {
      throw .sharing("\(queryHeads) attention heads cannot be shared by \(devices) GPUs")
    }
    guard case .heads(let count, let width) = form else { return self }
    guard count >= devices ? count % devices == 0 : devices % count == 0 else {
      throw .sharing("\(count) key-value heads cannot be shared by \(devices) GPUs")
    }
    var part = self
    part.form = .heads(count: max(1, count / devices), width: width)
    return part
  }

  /// Whether the model keeps no cache at all: it generates nothing, or no layer attends.
  static func isAbsent(from base: BaseModel) -> Bool {
    encoders.contains(base.modelType ?? "") || base.config.flatMap { LayerMixers($0) }?.attending == 0
  }

  private static let encoders: Set<String> = [
    "bert", "roberta", "distilbert", "vit", "deberta-v2", "siglip_vision_model",
  ]

  /// Models whose cache is not that of a plain decoder: beside an encoder, or with layers that keep different sizes.
  private static let others: Set<String> = [
    "t5", "mt5", "whisper", "bart", "dory", "gemma4", "gemma4_text", "gemma4_unified", "gemma4_unified_text",
    "inkling_text", "mimo_v2_flash", "longcat_flash",
  ]
}
