import Diagnostics
import JSON

/// What the `adapter_config.json` of MLX says (mlx-lm 0.32, `tuner/utils.py`): the arguments of the training run, of
/// which `fine_tune_type` and `lora_parameters` matter here.
struct MLXConfig: Sendable {
  /// `fine_tune_type`: `lora`, `dora` or `full`.
  var fineTuneType: String
  /// `lora_parameters.rank`.
  var rank: Int?
  /// `lora_parameters.scale`: the factor of B·A itself, which is not divided by the rank.
  var scale: Double?
  /// What is wrong with it.
  private(set) var findings: [Finding] = []

  /// Whether a config without `peft_type` is one of MLX.
  static func isOne(_ raw: JSONObject) -> Bool {
    raw["peft_type"] == nil && (raw["lora_parameters"] != nil || raw["fine_tune_type"] != nil)
  }

  /// Types the members of a config.
  init(_ raw: JSONObject, path: String) {
    fineTuneType = raw["fine_tune_type"]?.string ?? "lora"
    func invalid(_ field: String, _ expected: String, _ value: JSONValue?) -> Finding {
      Finding(
        .configInvalid, "\(field) of this MLX config is not \(expected)", file: path, expected: expected,
        found: value.map { escaped($0.text(), limit: 60) } ?? "no such field")
    }
    if let type = raw["fine_tune_type"], !["lora", "dora", "full"].contains(type.string ?? "") {
      findings.append(invalid("fine_tune_type", "lora, dora or full", type))
    }
    guard fineTuneType != "full" else { return }
    guard let parameters = raw["lora_parameters"]?.object else {
      findings.append(invalid("lora_parameters", "an object with rank and scale", raw["lora_parameters"]))
      return
    }
    if let value = parameters["rank"]?.int64, value > 0, value <= 1 << 24 {
      rank = Int(value)
    } else {
      findings.append(invalid("lora_parameters.rank", "a positive integer", parameters["rank"]))
    }
    if let value = parameters["scale"]?.double, value.isFinite {
      scale = value
    } else {
      findings.append(invalid("lora_parameters.scale", "a finite number", parameters["scale"]))
    }
  }
}
