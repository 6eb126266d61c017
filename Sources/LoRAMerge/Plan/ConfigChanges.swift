import BaseCatalogue
import JSON
import LoRAIO
import QuantizedWeights
import TensorCore

/// What a merge makes untrue in a config.json.
struct ConfigChanges {
  /// Largest config.json that is read.
  private static let sizeLimit: UInt64 = 16 << 20

  /// The dtype that all weights were given, or nil.
  let dtype: DType?
  /// Whether embedding and head are no longer one tensor.
  let unties: Bool
  /// The new number of tokens, or nil.
  let vocabularySize: UInt64?
  /// Whether the weights are no longer quantised.
  var dequantizes = false

  /// The changed text, every other byte as it was; nil when nothing changes.
  ///
  /// - Throws: `MergeError.invalidBase` when the file is no JSON object.
  func apply(to path: String) throws(MergeError) -> [UInt8]? {
    guard dtypeName != nil || unties || vocabularySize != nil || dequantizes else { return nil }
    let text = try MergeError.catching { () throws(IOError) in try InputFile.contents(of: path, limit: Self.sizeLimit) }
    do throws(JSONError) {
      var edit = JSONEdit(text)
      for object in try objects(in: edit) {
        for key in ["dtype", "torch_dtype"] {
          if let name = dtypeName, try edit.has(key, in: object) { try edit.set(key, in: object, to: .string(name)) }
        }
        if let size = vocabularySize, try edit.has("vocab_size", in: object) {
          try edit.set("vocab_size", in: object, to: JSONValue(size))
        }
        // A missing flag means true for most architectures.
        if unties, object != ["vision_config"] {
          try edit.set("tie_word_embeddings", in: object, to: false)
          // LFM2's own name for it, which wins.
          if try edit.has("tie_embedding", in: object) { try edit.set("tie_embedding", in: object, to: false) }
        }
      }
      if dequantizes { try removeQuantization(from: &edit, text) }
      return edit.text
    } catch {
      throw .invalidBase(path: path, reason: "the config cannot be changed: \(error)")
    }
  }

  /// The whole config, and the parts of it that describe a language model inside a larger one.
  private func objects(in edit: JSONEdit) throws(JSONError) -> [[String]] {
    var objects: [[String]] = [[]]
    for name in TextSection.keys + ["vision_config"] where try edit.has(name) {
      objects.append([name])
    }
    return objects
  }

  /// Removes what describes a quantisation, from the whole config and from the models inside it.
  private func removeQuantization(from edit: inout JSONEdit, _ text: [UInt8]) throws(JSONError) {
    let members = try JSONValue(parsing: text, dialect: .python).object?.members ?? []
    for object in [[]] + members.filter({ $0.value.object != nil }).map({ [$0.key] }) {
      for section in QuantizationConfig.sections { try edit.remove(section, in: object) }
    }
  }

  private var dtypeName: String? {
    switch dtype {
    case .f32: "float32"
    case .f16: "float16"
    case .bf16: "bfloat16"
    default: nil
    }
  }
}
