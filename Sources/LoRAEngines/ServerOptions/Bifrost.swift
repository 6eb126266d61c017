import JSON

extension ServerTarget {
  /// Bifrost's `config.json`: the server as a provider, and routing rules whose fallback is the base.
  package static let bifrost = ServerTarget(
    name: "bifrost",
    lines: { fleet in config(fleet).text(pretty: true).split(separator: "\n").map { String($0) } },
    document: { fleet in ["server": .string(fleet.server), "config": config(fleet)] })

  private static func config(_ fleet: ServedFleet) -> JSONValue {
    let provider = providerName(fleet)
    return [
      "$schema": "https://www.getbifrost.ai/schema",
      "providers": .object(JSONObject([(provider, settings(fleet))])),
      "governance": ["routing_rules": .array(rules(fleet, provider))],
    ]
  }

  /// The provider's name in Bifrost, which knows two of the servers.
  private static func providerName(_ fleet: ServedFleet) -> String { fleet.server == "sglang" ? "sgl" : fleet.server }

  private static func settings(_ fleet: ServedFleet) -> JSONValue {
    let models = [fleet.baseRequestName] + fleet.adapters.map(\.requestName)
    func key(_ name: String, _ models: [String], _ more: [(String, JSONValue)]) -> JSONValue {
      .object(
        JSONObject(
          [
            ("name", .string(name)), ("value", ""), ("models", .array(models.map { .string($0) })),
            ("weight", .integer(1)),
          ] + more))
    }
    switch fleet.server {
    case "vllm":
      // A key of this provider stands for one model.
      let keys = models.map { model in
        key(model, [model], [("vllm_key_config", ["url": .string(fleet.serverURL), "model_name": .string(model)])])
      }
      return ["keys": .array(keys)]
    case "sglang":
      return ["keys": [key("sglang", models, [("sgl_key_config", ["url": .string(fleet.serverURL)])])]]
    default:
      return [
        "keys": [key(fleet.server, models, [])], "network_config": ["base_url": .string(fleet.serverURL)],
        "custom_provider_config": ["base_provider_type": "openai"],
      ]
    }
  }

  /// A rule for each adapter, and a last one that lets the base answer for every unknown name.
  private static func rules(_ fleet: ServedFleet, _ provider: String) -> [JSONValue] {
    func rule(_ name: String, _ condition: String, _ model: String, _ fallbacks: [String], _ priority: Int)
      -> JSONValue
    {
      [
        "id": .string(name), "name": .string(name), "enabled": true, "cel_expression": .string(condition),
        "targets": [["provider": .string(provider), "model": .string(model), "weight": .integer(1)]],
        "fallbacks": .array(fallbacks.map { .string($0) }), "scope": "global", "priority": .integer(Int64(priority)),
      ]
    }
    let base = "\(provider)/\(fleet.baseRequestName)"
    let adapters = fleet.adapters.map { adapter in
      // A client may name the adapter as this config does, or as the server does. CEL's strings are written as JSON's.
      let names = adapter.requestName == adapter.name ? [adapter.name] : [adapter.name, adapter.requestName]
      let condition = names.map { "model == \(JSONValue.string($0).text())" }.joined(separator: " || ")
      return rule("adapter-\(adapter.name)", condition, adapter.requestName, [base], 0)
    }
    // The gateway may have other providers, whose models are none of this rule's business.
    let ours = "provider == \(JSONValue.string(provider).text()) || provider == \"\""
    return adapters + [rule("base-model", ours, fleet.baseRequestName, [], 1)]
  }
}
