/// A request as the service sees it: whole, and without what only the connection is concerned with.
package struct HTTPRequest: Sendable {
  /// The method, such as `POST`.
  package var method: String
  /// The path without the query, as it was sent.
  package var path: String
  /// The body.
  package var body: [UInt8]

  /// A request.
  package init(_ method: String, _ path: String, body: [UInt8] = []) {
    self.method = method
    self.path = path
    self.body = body
  }
}

/// An answer as the service gives it.
package struct HTTPResponse: Sendable, Equatable {
  /// The status, such as 200.
  package var status: Int
  /// The type of the body.
  package var contentType: String
  /// The body.
  package var body: [UInt8]
  /// Header lines besides the type and the length of the body.
  package var headers: [String: String] = [:]

  /// An answer of plain text.
  package static func text(_ status: Int, _ text: String, headers: [String: String] = [:]) -> HTTPResponse {
    HTTPResponse(
      status: status, contentType: "text/plain; charset=utf-8", body: Array((text + "\n").utf8), headers: headers)
  }
}
