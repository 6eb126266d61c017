extension JSONValue {
  /// A document that the tool writes: what it is and which version wrote it, then its own members in their order.
  ///
  /// - Parameters:
  ///   - name: the command or file that the document belongs to; all are of their first version.
  ///   - toolVersion: the version of the tool.
  package static func document(_ name: String, toolVersion: String, _ members: JSONObject) -> JSONValue {
    var object: JSONObject = ["schema": .string("lora-tool/\(name)/1"), "tool_version": .string(toolVersion)]
    for (key, value) in members.members { object[key] = value }
    return .object(object)
  }
}
