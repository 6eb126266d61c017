public import BaseCatalogue
import JSON
public import LoRAModel

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
    /// A key and a value for each key-value head, mostly of one width.
    case heads(count: UInt64, width: UInt64, valueWidth: UInt64)
    /// One narrow vector for all heads and a rotary key (multi-head latent attention of DeepSeek).
    case latent(width: UInt64, rotary: UInt64)

    /// Keys and values of one width.
    public static func heads(count: UInt64, width: UInt64) -> Form {
      .heads(count: count, width: width, valueWidth: width)
    }

    /// Elements of a token: heads·(width + width of values), or latent width + rotary width.
    public var elements: UInt64 {
      switch self {
      case .heads(let count, let width, let valueWidth): count &* (width &+ valueWidth)
      case .latent(let width, let rotary): width &+ rotary
      }
    }
  }

  /// Layers that store the same.
  public struct Part: Sendable, Equatable {
    /// Number of layers; one that keeps several caches counts as often.
    public let layers: UInt64
    /// What each stores.
    public let form: Form
  }

  /// Query heads of a layer.
  public let queryHeads: UInt64
  /// The layers that keep keys and values: mostly alike, so one part.
  public private(set) var parts: [Part]
  /// Tokens after which windowed layers forget; nil when all layers keep all tokens.
  public let slidingWindow: UInt64?

  /// The kinds of the layers; nil when all of them attend for all that the config says.
  public let mixers: LayerMixers?

  /// Layers that keep keys and values.
  public var layers: UInt64 { parts.reduce(0) { $0 &+ $1.layers } }

  /// Elements of a token in all layers.
  public var elementsPerToken: UInt64 { parts.reduce(0) { $0 &+ $1.layers &* $1.form.elements } }

  /// Whether the sizes could be those of a model: below 2^44 elements of a token.
  var isPlausible: Bool {
    parts.allSatisfy { part in
      let (elements, overflow) = part.layers.multipliedReportingOverflow(by: part.form.elements)
      return !overflow && elements < 1 << 44
    }
  }

  /// Reads it off a config; nil for a model without a decoder's cache or of unknown form.
  ///
  /// Keys are those of transformers' configurations, older spellings included.
  public init?(of base: BaseModel) {
    guard let config = base.config, !Self.isAbsent(from: base), !Self.others.contains(base.modelType ?? "") else {
      return nil
    }
    let shape = AttentionShape(config)
    mixers = LayerMixers(config)
    guard let heads = shape.queryHeads else { return nil }
    queryHeads = heads
    slidingWindow = shape.slidingWindow
    if let groups = UnevenCaches.groups(config) {
      if groups.isEmpty { return nil }
      parts = groups.map { group in
        Part(
          layers: group.layers,
          form: .heads(count: group.heads, width: group.keyWidth, valueWidth: group.valueWidth))
      }
      return
    }
    guard let layers = mixers?.attending ?? shape.layers, layers > 0 else { return nil }
    if let (width, rotary) = shape.latent {
      let each = UnevenCaches.attentionsPerLayer(config)
      parts = [Part(layers: layers * each, form: .latent(width: width, rotary: rotary))]
      return
    }
    guard let width = shape.headWidth, width > 0, let count = shape.keyValueHeads else { return nil }
    parts = [Part(layers: layers, form: .heads(count: count, width: width))]
  }

  /// What one of several devices keeps: its share of the key-value heads, one that others have too where there are fewer
  /// than devices, and of latent attention all (`vllm/config/model.py`, `get_num_kv_heads`).
  func shared(by devices: UInt64) throws(CapacityError) -> KeyValueCache {
    guard devices > 1 else { return self }
    guard queryHeads % devices == 0 else {
      throw .sharing("\(queryHeads) attention heads cannot be shared by \(devices) GPUs")
    }
    var share = self
    share.parts = []
    for part in parts {
      guard case .heads(let count, let width, let valueWidth) = part.form else {
        share.parts.append(part)
        continue
      }
      guard count >= devices ? count % devices == 0 : devices % count == 0 else {
        throw .sharing("\(count) key-value heads cannot be shared by \(devices) GPUs")
      }
      share.parts.append(
        Part(
          layers: part.layers,
          form: .heads(count: max(1, count / devices), width: width, valueWidth: valueWidth)))
    }
    return share
  }

  /// Whether the model keeps no cache at all: it generates nothing, or no layer attends.
  static func isAbsent(from base: BaseModel) -> Bool {
    encoders.contains(base.modelType ?? "") || base.config.flatMap { LayerMixers($0) }?.attending == 0
  }

  private static let encoders: Set<String> = [
    "bert", "roberta", "distilbert", "vit", "deberta-v2", "siglip_vision_model",
  ]

  /// Models whose cache is not that of a plain decoder, since it stands beside an encoder.
  private static let others: Set<String> = ["t5", "mt5", "whisper", "bart"]
}

extension KeyValueCache.Form {
  /// What a layer stores of a token, in words.
  var text: String {
    switch self {
    case .heads(let count, let width, let valueWidth) where width == valueWidth:
      "a key and a value of \(width) elements for \(count) heads"
    case .heads(let count, let width, let valueWidth):
      "a key of \(width) and a value of \(valueWidth) elements for \(count) heads"
    case .latent(let width, let rotary): "a latent vector of \(width) elements and a rotary key of \(rotary)"
    }
  }
}
