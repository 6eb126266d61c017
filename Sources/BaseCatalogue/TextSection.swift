package import JSON

/// The part of a `config.json` that describes the language model: a section of its own in a multimodal config, else the
/// whole.
package struct TextSection: Sendable {
  /// The members that describe the language model.
  package let config: JSONObject
  /// The JSON path of the section, such as `text_config`; nil when the config is that of a text model.
  package let path: String?

  /// The names of such sections, as configurations of transformers and of published models have them.
  package static let keys = ["text_config", "language_config", "llm_config", "thinker_config"]

  /// Finds the section of a config.
  package init(_ config: JSONObject) {
    var found = config
    var path: String?
    // Omni models have it one level deeper, in what they call the thinker.
    for _ in 0..<2 {
      guard let (key, section) = Self.section(of: found) else { break }
      found = section
      path = path.map { "\($0).\(key)" } ?? key
    }
    self.config = found
    self.path = path
  }

  /// `model_type` of the language model inside a larger one; nil when there is no such section or it does not say.
  package var modelType: String? { path == nil ? nil : config["model_type"]?.string }

  private static func section(of config: JSONObject) -> (String, JSONObject)? {
    for key in keys {
      if let section = config[key]?.object, !section.members.isEmpty { return (key, section) }
    }
    return nil
  }
}
