import JSON

extension HTTPResponse {
  /// An answer of one JSON document.
  static func json(_ status: Int, _ value: JSONValue, pretty: Bool = false) -> HTTPResponse {
    HTTPResponse(
      status: status, contentType: "application/json", body: Array((value.text(pretty: pretty) + "\n").utf8))
  }

  /// Says in a document of its own why there is none of `validate`.
  static func failure(_ status: Int, _ sentence: String, _ toolVersion: String) -> HTTPResponse {
    .json(status, .document("error", toolVersion: toolVersion, ["error": .string(escaped(sentence, limit: 2000))]))
  }
}
