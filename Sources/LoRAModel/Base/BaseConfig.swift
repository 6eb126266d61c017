import BaseCatalogue
import JSON
import LoRAIO

/// What a base model's config.json says beside the sizes that the catalogue reads.
struct BaseConfig: Sendable {
  /// Longest config that is read, in bytes.
  static let sizeLimit: UInt64 = 64 << 20

  /// The path that it was read from.
  let path: String
  /// Every member as written.
  let object: JSONObject

  /// Reads a config, which must be an object with a `model_type` or `architectures`.
  static func read(_ path: String) throws(BaseModelError) -> BaseConfig {
    let text: [UInt8]
    do throws(IOError) {
      text = try InputFile.contents(of: path, limit: sizeLimit)
    } catch {
      throw .unreadable(error)
    }
    return try parse(text, path: path)
  }

  static func parse(_ text: [UInt8], path: String) throws(BaseModelError) -> BaseConfig {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: text, dialect: .python)
    } catch {
      throw .config(path: path, reason: "it is not valid JSON: \(error.reason)", offset: error.offset)
    }
    guard let object = value.object else {
      throw .config(path: path, reason: "expected a JSON object, found \(value.kindName)", offset: nil)
    }
    let config = BaseConfig(path: path, object: object)
    if config.modelType == nil, config.architectures.isEmpty {
      throw .config(path: path, reason: config.otherKind, offset: nil)
    }
    return config
  }

  /// What is said of the config of an image model's part.
  static let diffusersReason =
    "it is the config of a diffusion model (diffusers), which gives no names and shapes; name the folder or file with its "
    + "safetensors weights"

  /// What a JSON object without the marks of a config seems to be.
  private var otherKind: String {
    if object["peft_type"] != nil { return "it is the config of an adapter, not of a base model" }
    if object["weight_map"] != nil { return "it is a shard index; name its folder, or give it a name in .index.json" }
    if object["_class_name"] != nil { return Self.diffusersReason }
    return "it has neither a model_type nor architectures, so it is not a model's config.json"
  }

  /// `model_type`.
  var modelType: String? { object["model_type"]?.string }

  /// `architectures`: class names such as `LlamaForCausalLM`.
  var architectures: [String] { object["architectures"]?.array?.compactMap { $0.string } ?? [] }

  /// `_name_or_path`, when it says anything.
  var name: String? { object["_name_or_path"]?.string.flatMap { $0.isEmpty ? nil : $0 } }

  /// `tie_word_embeddings`, of the whole or of the language model in it.
  var tiesEmbeddings: Bool? {
    for section in sections { if let flag = section["tie_word_embeddings"]?.bool { return flag } }
    return nil
  }

  /// `vocab_size`, of the whole or of the language model in it.
  var vocabularySize: UInt64? {
    for section in sections {
      if let size = section["vocab_size"]?.int64 { return UInt64(exactly: size) }
    }
    return nil
  }

  /// `hidden_size` or `n_embd`, of the whole or of the language model in it.
  var hiddenSize: UInt64? {
    for section in sections {
      if let size = section["hidden_size"]?.int64 ?? section["n_embd"]?.int64 { return UInt64(exactly: size) }
    }
    return nil
  }

  /// Layers behind the last one for predicting several tokens, which configs do not count among their layers.
  var predictionLayers: UInt64 {
    for section in sections {
      if let count = section["num_nextn_predict_layers"]?.int64 { return UInt64(exactly: count) ?? 0 }
    }
    return 0
  }

  /// Whether the class is sure to have an output head over the vocabulary.
  var hasLanguageHead: Bool {
    architectures.contains { name in
      ["ForCausalLM", "LMHeadModel", "ForConditionalGeneration", "DoubleHeadsModel", "MTModel"].contains {
        name.hasSuffix($0)
      }
    }
  }

  /// The whole config, then the parts that describe a language model inside a larger one.
  private var sections: [JSONObject] {
    [object] + TextSection.keys.compactMap { object[$0]?.object }
  }

  // MARK: Quantisation

  /// `quantization_config` of transformers, or `quantization` of MLX.
  private var quantizationSection: JSONObject? {
    for section in sections {
      for key in ["quantization_config", "compression_config", "quantization"] {
        if let found = section[key]?.object, !found.members.isEmpty { return found }
      }
    }
    return nil
  }

  /// The method by which the config says that the weights are quantised, or nil.
  var quantization: String? {
    guard let section = quantizationSection else { return nil }
    if let method = section["quant_method"]?.string { return method }
    if section["load_in_4bit"]?.bool == true || section["load_in_8bit"]?.bool == true { return "bitsandbytes" }
    if section["quant_algo"] != nil { return section["quant_algo"]?.string }
    return section["group_size"] != nil ? "mlx" : "unknown"
  }

  /// Names that the config exempts from quantisation.
  var unquantizedNames: [String] {
    let keys = ["modules_to_not_convert", "llm_int8_skip_modules", "ignore", "ignored_layers", "exclude_modules"]
    return keys.flatMap { quantizationSection?[$0]?.array?.compactMap { $0.string } ?? [] }
  }
}
