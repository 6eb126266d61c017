import JSON
import LoRAModel
import TensorCore

extension BaseModel {
  /// Whether its weights are stored as codes, by what its config or its files say.
  var isQuantized: Bool { quantization != nil || modules.values.contains { $0.isQuantized } }
}

/// What an engine's code reads of a `quantization_config`.
enum QuantizationDescription {
  /// The method and the members that decide which layers the engine makes, in one line; nil for a method whose members
  /// are not known.
  ///
  /// Members that say nothing (null, empty) are left out, and so are names of modules that stay plain: those are layers
  /// like any other. What the engine does not read cannot change what it does.
  static func line(_ section: JSONObject) -> String? {
    guard let method = section["quant_method"]?.string, let members = members[method] else { return nil }
    var read = JSONObject()
    for key in members where key != "lm_head" || section[key]?.bool == true {
      read[key] = section[key].flatMap { telling($0) }
    }
    return method + " " + JSONValue.object(read).text()
  }

  /// The members that vLLM 0.33 reads, in alphabetical order: `from_config` of auto_gptq.py, auto_awq.py, fp8.py,
  /// modelopt.py, compressed_tensors.py.
  private static let members = [
    "awq": ["bits", "group_size", "lm_head", "q_group_size", "version", "w_bit", "zero_point"],
    "compressed-tensors": [
      "config_groups", "format", "kv_cache_scheme", "sparsity_config", "total_num_heads", "total_num_kv_heads",
      "transform_config",
    ],
    "fp8": ["activation_scheme", "scale_fmt", "store_dtype", "weight_block_size"],
    "gptq": [
      "bits", "checkpoint_format", "desc_act", "dynamic", "group_size", "lm_head", "modules_in_block_to_quantize",
      "sym",
    ],
    "modelopt": ["config_groups", "group_size", "kv_cache_scheme", "quant_algo", "quantization", "quantized_layers"],
  ]

  /// A member's value with the members of objects in order and without those that are null; nil for null itself and for
  /// an empty list or object.
  private static func telling(_ value: JSONValue) -> JSONValue? {
    if value.isNull || value.array?.isEmpty == true || value.object?.members.isEmpty == true { return nil }
    return ordered(value)
  }

  private static func ordered(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let values): return .array(values.map { ordered($0) })
    case .object(let object):
      var ordered = JSONObject()
      for key in object.keys.ordered() where !key.hasPrefix("observer") {
        if let member = object[key], !member.isNull { ordered[key] = Self.ordered(member) }
      }
      return .object(ordered)
    default: return value
    }
  }
}

extension ServingQuestion {
  /// A base that is stored quantised, where no quantised layer of the engine was run.
  var untriedQuantization: [ServingReason] {
    guard let base, base.isQuantized else { return [] }
    return [untried(quantized: base)]
  }

  /// A way of quantising that was not held against the engine.
  func untried(quantized base: BaseModel, _ what: String = "") -> ServingReason {
    let method = base.quantization.map { " (\(escaped($0, limit: 60)))" } ?? ""
    return about(
      .unjudged, "a base that is stored quantised\(method)\(what)", found: base.quantizationText,
      hint: "try the adapter with the engine itself before it is deployed")
  }
}
