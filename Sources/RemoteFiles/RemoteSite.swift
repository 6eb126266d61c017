/// A server with files: how they are asked for, listed, and what its refusals mean.
protocol RemoteSite: Sendable {
  /// Where a file lies, by its path below the site's root.
  func address(of file: String) throws(RemoteFailure) -> WebAddress
  /// The files below the root, by their paths; nil when the server does not list them.
  func files(_ transport: Transport) throws(RemoteFailure) -> [String]?
  /// Why a root is refused below which the server lists no files and none with a usual name was found; nil where any
  /// file may be the root itself.
  var absence: RemoteFailure? { get }
  /// A copy of the file on this machine, when there is one that is known to be the same.
  func localCopy(of file: String) -> String?
  /// Header lines that say who asks; none for a server that is not meant to know.
  func headerLines(for address: WebAddress) -> [String]
  /// Where an answer leads on to, or nil.
  func redirect(_ answer: HTTPAnswer) throws(RemoteFailure) -> WebAddress?
  /// Why the server did not give what was asked for.
  func explanation(of answer: HTTPAnswer) -> RemoteFailure
}

extension RemoteSite {
  var absence: RemoteFailure? { nil }

  func localCopy(of file: String) -> String? { nil }

  func headerLines(for address: WebAddress) -> [String] { [] }

  func redirect(_ answer: HTTPAnswer) throws(RemoteFailure) -> WebAddress? { try answer.redirect }

  func explanation(of answer: HTTPAnswer) -> RemoteFailure { answer.failure() }
}

extension HTTPAnswer {
  /// Where the answer leads on to, as HTTP has it.
  var redirect: WebAddress? {
    get throws(RemoteFailure) {
      guard [301, 302, 303, 307, 308].contains(status), let location = headers["location"] else { return nil }
      return try address.following(location)
    }
  }
}
