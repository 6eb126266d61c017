import Diagnostics
import JSON

/// The objects inside a config that belong to one initialisation or variant, as PEFT 0.21 checks them while it loads an
/// adapter (`tuners/lora/config.py`).
enum Subconfigs {
  private static let names = [
    "eva_config", "corda_config", "lora_ga_config", "arrow_config", "kasa_config", "velora_config", "use_bdlora",
    "monteclora_config",
  ]

  /// Numbers that must be larger than 0, by the object that holds them.
  private static let positive = [
    "velora_config": ["num_groups", "scale"], "arrow_config": ["top_k", "router_temperature"],
    "monteclora_config": ["num_samples", "dirichlet_prior", "buffer_size"],
  ]

  /// What PEFT refuses about them, and which it ignores.
  static func findings(_ raw: JSONObject, path: String) -> [Finding] {
    names.compactMap { wrongKind(raw, $0, path) ?? wrongNumber(raw, $0, path) }
      + ["eva", "corda", "loftq"].compactMap { leftOver(raw, of: $0, path) }
  }

  private static func wrongKind(_ raw: JSONObject, _ name: String, _ path: String) -> Finding? {
    guard let value = raw[name], !value.isNull, value.object == nil else { return nil }
    return Finding(
      .configInvalid, "\(name) is neither null nor an object, and PEFT refuses it", file: path,
      expected: "null or an object", found: escaped(value.text(), limit: 60), hint: "set \(name) to null")
  }

  private static func wrongNumber(_ raw: JSONObject, _ name: String, _ path: String) -> Finding? {
    for field in positive[name] ?? [] {
      guard let value = raw[name]?[field], !(value.double.map { $0 > 0 } ?? false) else { continue }
      return Finding(
        .configInvalid, "\(field) of \(name) is no positive number, which PEFT refuses", file: path,
        expected: "a number above 0", found: escaped(value.text(), limit: 60))
    }
    return nil
  }

  /// An object of an initialisation that the adapter does not have, as training scripts hand it over.
  private static func leftOver(_ raw: JSONObject, of initialisation: String, _ path: String) -> Finding? {
    let name = initialisation + "_config"
    guard raw["init_lora_weights"]?.string != initialisation, let object = raw[name]?.object,
      initialisation != "loftq" || !object.members.isEmpty
    else { return nil }
    return Finding(
      .configInvalid, severity: .warning,
      "\(name) is set but init_lora_weights is not \(initialisation), so PEFT ignores it, with a warning each time",
      file: path, expected: "\(name) \(initialisation == "loftq" ? "{}" : "null")",
      found: escaped(JSONValue.object(object).text(), limit: 60),
      hint: "take it out; it has no part in a trained adapter")
  }
}
