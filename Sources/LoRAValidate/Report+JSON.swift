import Diagnostics
public import JSON
import LoRAEngines

extension ValidationReport {
  /// The document of `validate --format json`; `problems` is there only when something could not be checked.
  public func json(toolVersion: String) -> JSONValue {
    var object: JSONObject = [
      "status": .string(status.rawValue), "checked": .integer(Int64(adapters.count)),
      "adapters": .array(adapters.map(\.json)),
    ]
    object["policy"] = options.policy.map { .string($0.path) }
    object["base"] = base?.json
    if !problems.isEmpty { object["problems"] = .array(problems.map { .string($0) }) }
    if adapters.count > 1 { object["fleet"] = fleet.json }
    return .document("validate", toolVersion: toolVersion, object)
  }
}

extension BaseResult {
  /// The base's part of the document.
  var json: JSONValue {
    var object: JSONObject = ["path": .string(path), "findings": .array(findings.map(\.json))]
    if !ignored.isEmpty { object["ignored"] = .array(ignored.map(\.json)) }
    return .object(object)
  }
}

extension AdapterResult {
  /// The adapter's part of the document; `matched` and `unmatched` are null without a base, and `ignored` is there only
  /// when the policy sets findings aside.
  var json: JSONValue {
    let matched = self.matched.map { JSONValue.integer(Int64($0)) } ?? .null
    let unmatched = self.matched.map { JSONValue.integer(Int64(modules - $0)) } ?? .null
    var object: JSONObject = [
      "path": .string(path), "status": .string(status.rawValue), "findings": .array(findings.map(\.json)),
      "summary": [
        "modules": .integer(Int64(modules)), "matched": matched, "unmatched": unmatched, "rank_max": JSONValue(maxRank),
        "bytes": JSONValue(bytes),
      ],
    ]
    if !ignored.isEmpty { object["ignored"] = .array(ignored.map(\.json)) }
    object["serving"] = serving?.json
    return .object(object)
  }
}

extension AdapterResult.Serving {
  /// The engine's part of the document; `loads` and `acts` are null where nothing is known.
  public var json: JSONValue {
    [
      "engine": .string(engine.product), "version": .string(engine.version), "verdict": .string(verdict.rawValue),
      "loads": loads.map { .bool($0) } ?? .null, "acts": acts.map { .bool($0) } ?? .null,
      "reasons": .array(reasons.map { .string($0) }),
    ]
  }
}
