public import Diagnostics
public import JSON
import LoRAIO
import TensorCore

/// What reading an `adapter_config.json` gave: the typed config when every field that matters could be read, and all
/// problems.
public struct ConfigReading: Sendable {
  /// The config; nil when a field that decides the result is missing or has the wrong type.
  public var config: AdapterConfig?
  /// The members as written, when the text is a JSON object at all.
  public var raw: JSONObject?
  /// Everything wrong or unknown.
  public var findings: [Finding]
  /// The config as MLX writes it; then there is no PEFT config.
  var mlx: MLXConfig?
}

extension AdapterConfig {
  /// Longest config that is read, in bytes; real ones have a few kilobytes, a few hundred with long pattern lists.
  public static let sizeLimit: UInt64 = 16 << 20

  /// Reads and types a config file.
  public static func read(_ path: String) -> ConfigReading {
    do throws(IOError) {
      return parse(try InputFile.contents(of: path, limit: sizeLimit), path: path)
    } catch {
      return ConfigReading(config: nil, raw: nil, findings: [.unreadableConfig(error, file: path)])
    }
  }

  /// Types the text of a config.
  public static func parse(_ text: [UInt8], path: String) -> ConfigReading {
    if let finding = otherFile(text, path: path) { return ConfigReading(config: nil, raw: nil, findings: [finding]) }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: text, dialect: .python)
    } catch {
      let finding = Finding(
        .configInvalid, "the adapter config is not valid JSON: \(error.reason)", file: path,
        hint: "mend it at this byte, or save the adapter again", byteOffset: UInt64(error.offset))
      return ConfigReading(config: nil, raw: nil, findings: [finding])
    }
    guard let raw = value.object else {
      let finding = Finding(
        .configInvalid, "the adapter config is not a JSON object", file: path, expected: "an object",
        found: value.kindName)
      return ConfigReading(config: nil, raw: nil, findings: [finding])
    }
    return parse(raw, path: path)
  }

  /// Types the members of a config of PEFT or MLX.
  static func parse(_ raw: JSONObject, path: String) -> ConfigReading {
    if MLXConfig.isOne(raw) {
      let mlx = MLXConfig(raw, path: path)
      return ConfigReading(config: nil, raw: raw, findings: mlx.findings, mlx: mlx)
    }
    return typed(raw, path: path)
  }

  /// What is wrong with a text that is another kind of file, or begins as no JSON does.
  private static func otherFile(_ text: [UInt8], path: String) -> Finding? {
    if text.starts(with: "version https://git-lfs.".utf8) {
      return Finding(
        .configInvalid, "the adapter config is a Git LFS pointer, which stands for the file that Git LFS did not fetch",
        file: path, expected: "the JSON text of the config", found: "a Git LFS pointer",
        hint: "fetch the file with 'git lfs pull', or download it again")
    }
    if text.starts(with: [0xEF, 0xBB, 0xBF]) {
      return Finding(
        .configInvalid,
        "the adapter config begins with a byte-order mark, which PEFT and the engines refuse as no JSON",
        file: path, expected: "{ as the first character", found: "a UTF-8 byte-order mark",
        hint: "save the file as UTF-8 without a byte-order mark", byteOffset: 0)
    }
    if text.starts(with: [0xFF, 0xFE]) || text.starts(with: [0xFE, 0xFF]) {
      return Finding(
        .configInvalid, "the adapter config is written in UTF-16, which PEFT and the engines do not read", file: path,
        expected: "UTF-8", found: "UTF-16", hint: "save the file as UTF-8", byteOffset: 0)
    }
    if text.first(where: { $0 > 0x20 }) == UInt8(ascii: "<") {
      return Finding(
        .configInvalid, "the adapter config is a web page, not JSON; the download was answered with a page", file: path,
        expected: "the JSON text of the config", found: "HTML or XML", hint: "download the file again, with your login")
    }
    return nil
  }

  /// Whether a config is one of AdapterHub's `adapters` library, whose adapters are layers of their own.
  static func isOfAdapterHub(_ raw: JSONObject) -> Bool {
    guard raw["peft_type"] == nil, raw["config"]?.object != nil else { return false }
    return raw["model_class"] != nil || raw["version"]?.string?.contains("adapters") ?? false
  }

  /// Types the members of a config.
  static func typed(_ raw: JSONObject, path: String) -> ConfigReading {
    var fields = ConfigFields(raw: raw, path: path)
    let config = fields.adapterConfig()
    return ConfigReading(config: config, raw: raw, findings: fields.findings)
  }

  /// Fields of peft 0.21 that have no part in what is checked or computed here.
  static let carriedFields: Set<String> = [
    "auto_mapping", "corda_config", "ensure_weight_tying", "eva_config", "inference_mode", "loftq_config",
    "lora_dropout", "lora_ga_config", "megatron_config", "megatron_core", "qalora_group_size", "revision",
    "runtime_config",
  ]

  /// Fields of other peft types and of releases before 0.21 that PEFT itself still reads or drops without harm.
  static let historicalFields: Set<String> = ["enable_lora", "merge_weights", "corda_config", "lora_magnitude_vector"]
}

extension Finding {
  fileprivate static func unreadableConfig(_ error: IOError, file: String) -> Finding {
    Finding(
      .configInvalid, "the adapter config cannot be read: \(error.cause)", file: file, found: error.cause)
  }
}
