package import JSON

/// Something that `plan --emit` writes the options or the configuration of: a server, or a gateway before servers.
///
/// A server is one file in its engine's folder, a gateway one beside this, and each is one line in `all`.
package struct ServerTarget: Sendable {
  /// The name on the command line.
  package let name: String
  /// How it is asked for a model when it loads adapters itself; nil for a gateway.
  package let endpoint: Endpoint?
  /// What is printed, in lines without their ends.
  package let lines: @Sendable (ServedFleet) -> [String]
  /// What its JSON document has beside the members that all have.
  let document: @Sendable (ServedFleet) -> JSONObject

  /// How a server is asked for a model.
  package struct Endpoint: Sendable {
    /// Where it listens when it is not told.
    package let defaultURL: String
    /// The model that a request names: for an adapter, or for the base when there is none.
    package let requestName: @Sendable (_ base: String, _ adapter: ServedFleet.Adapter?) -> String
  }

  /// All targets.
  package static let all: [ServerTarget] = [.vLLM, .sgLang, .lorax, .liteLLM, .bifrost]

  /// Those that load adapters themselves.
  package static var servers: [ServerTarget] { all.filter { $0.endpoint != nil } }

  /// The target of this name, or nil.
  package init?(named name: String) {
    guard let target = Self.all.first(where: { $0.name == name }) else { return nil }
    self = target
  }

  init(
    name: String, endpoint: Endpoint? = nil, lines: @escaping @Sendable (ServedFleet) -> [String],
    document: @escaping @Sendable (ServedFleet) -> JSONObject
  ) {
    self.name = name
    self.endpoint = endpoint
    self.lines = lines
    self.document = document
  }

  /// The whole JSON document about a fleet.
  package func json(_ fleet: ServedFleet, toolVersion: String) -> JSONValue {
    var object: JSONObject = ["engine": .string(name), "model": .string(fleet.base)]
    for (key, value) in document(fleet).members { object[key] = value }
    object["lora_modules"] = .array(
      fleet.adapters.map {
        ["name": .string($0.name), "path": .string($0.path), "base_model_name": .string(fleet.base)]
      })
    object["left_out"] = .array(fleet.omissions.map { ["path": .string($0.path), "reason": .string($0.reason)] })
    object["unjudged"] = .array(fleet.unjudged.map { .string($0) })
    return .document("plan", toolVersion: toolVersion, object)
  }
}
