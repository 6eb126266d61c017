import JSON

/// A line of the log about the server itself.
package enum EventLine {
  /// One JSON object with the time, what happened, and more about it.
  package static func text(_ event: String, _ members: [(String, String)] = []) -> String {
    var object: JSONObject = ["time": .string(RequestRecord.now), "event": .string(event)]
    for (key, value) in members { object[key] = .string(escaped(value)) }
    return JSONValue.object(object).text()
  }
}
