/// Files below a URL, on a server that does not list them.
final class WebSite: RemoteSite {
  private let root: WebAddress
  private let named: @Sendable (_ file: String) -> WebAddress?

  /// - Parameters:
  ///   - root: the folder, with the query and the user that belong to it.
  ///   - named: the address of a file that was named itself, which may have a query of its own.
  init(_ root: WebAddress, named: @escaping @Sendable (_ file: String) -> WebAddress?) {
    self.root = root
    self.named = named
  }

  func files(_ transport: Transport) -> [String]? { nil }

  /// A signature for a whole container is good for every file in it, so the query goes along.
  func address(of file: String) -> WebAddress {
    if let address = named(file) { return address }
    var address = root
    // What a user wrote is encoded already; a name from an index may hold anything.
    let file = file.percentEncoded(keeping: Set("%!$&'()*+,-./:;=@_~".utf8))
    if !file.isEmpty { address.path = address.path.hasSuffix("/") ? address.path + file : address.path + "/" + file }
    return address
  }

  func explanation(of answer: HTTPAnswer) -> RemoteFailure {
    switch answer.status {
    case 401, 403:
      answer.failure(
        advice: root.query == nil && root.userPassword == nil
          ? "check the URL and who may read it" : "the user, or the signature in the URL, may have expired")
    case 404, 410: answer.failure(advice: "check the URL")
    default: answer.failure()
    }
  }
}
