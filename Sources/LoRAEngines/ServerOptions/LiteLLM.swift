import JSON

extension ServerTarget {
  /// LiteLLM's proxy: the `config.yaml` with a model for the base and for each adapter.
  ///
  /// An adapter that cannot be reached is answered by the base (`fallbacks`), and so is a name that no model has
  /// (`default_fallbacks`).
  package static let liteLLM = ServerTarget(
    name: "litellm",
    lines: { fleet in
      ["# LiteLLM proxy before \(fleet.server): the base model answers for adapters that are missing or unhealthy."]
        + fleet.remarks.map { "# \($0)" } + yaml(config(fleet))
    },
    document: { fleet in ["server": .string(fleet.server), "config": config(fleet)] })

  private static func config(_ fleet: ServedFleet) -> JSONValue {
    // Any server that speaks OpenAI's protocol; unlike `openai/` it asks for no key.
    func model(_ name: String, _ requestName: String) -> JSONValue {
      [
        "model_name": .string(name),
        "litellm_params": [
          "model": .string("hosted_vllm/\(requestName)"), "api_base": .string("\(fleet.serverURL)/v1"),
        ],
      ]
    }
    let base: JSONValue = .array([.string(fleet.base)])
    return [
      "model_list": .array(
        [model(fleet.base, fleet.baseRequestName)] + fleet.adapters.map { model($0.name, $0.requestName) }),
      "router_settings": ["fallbacks": .array(fleet.adapters.map { .object(JSONObject([($0.name, base)])) })],
      "litellm_settings": ["default_fallbacks": base],
    ]
  }

  // MARK: YAML

  /// A document in block style.
  ///
  /// Strings are in double quotes as in JSON, which YAML reads alike, so that no value turns into a number, a truth value
  /// or a comment.
  private static func yaml(_ value: JSONValue) -> [String] {
    switch value {
    case .object(let object) where !object.members.isEmpty:
      return object.members.flatMap { key, value in
        // Keys that are words of the format stay bare.
        let isWord = key.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F }
        return nested(under: (isWord ? key : JSONValue.string(key).text()) + ":", value)
      }
    case .array(let elements) where !elements.isEmpty:
      return elements.flatMap { element in
        let lines = yaml(element)
        return lines.indices.map { ($0 == 0 ? "- " : "  ") + lines[$0] }
      }
    default: return [value.text()]
    }
  }

  private static func nested(under key: String, _ value: JSONValue) -> [String] {
    switch value {
    case .object(let object) where !object.members.isEmpty: [key] + yaml(value).map { "  " + $0 }
    case .array(let elements) where elements.contains(where: { $0.object != nil }):
      [key] + yaml(value).map { "  " + $0 }
    default: ["\(key) \(value.text())"]
    }
  }
}
