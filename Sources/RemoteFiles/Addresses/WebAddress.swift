import JSON
import TensorCore

/// A URL with the scheme `https`, or `http` to this machine.
struct WebAddress: Sendable, Hashable {
  /// `https` or `http`.
  let scheme: String
  /// Name or address in lower case; an IPv6 address has its brackets.
  let host: String
  let port: UInt16?
  /// Percent-encoded, beginning with a slash.
  var path: String
  /// What follows the question mark, percent-encoded.
  var query: String?
  /// `user:password`, percent-decoded.
  var userPassword: String?

  init(scheme: String, host: String, port: UInt16? = nil, path: String, query: String? = nil) {
    self.scheme = scheme
    self.host = host
    self.port = port
    self.path = path
    self.query = query
  }

  /// Reads a URL; characters that URLs do not have are percent-encoded, the fragment is dropped.
  ///
  /// - Throws: for other schemes, for `http` to other machines unless `allowsPlain`, and for what is no URL.
  init(parsing text: String, allowsPlain: Bool = false) throws(RemoteFailure) {
    guard let colon = text.range(of: "://") else { throw Self.malformed }
    let scheme = text[..<colon.lowerBound].lowercased()
    guard scheme == "https" || scheme == "http" else {
      throw RemoteFailure(.other, "\(escaped(scheme, limit: 20)):// is not read; use https://, hf:// or s3://")
    }
    let rest = text[colon.upperBound...].prefix { $0 != "#" }
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "\\" }
    let tail = rest[authority.endIndex...]
    var place = authority
    if let at = authority.lastIndex(of: "@") {
      userPassword = String(authority[..<at]).percentDecoded
      place = authority[authority.index(after: at)...]
    }
    (host, port) = try Self.hostAndPort(place)
    self.scheme = scheme
    let question = tail.firstIndex(of: "?") ?? tail.endIndex
    let path = tail[..<question]
    self.path = (path.hasPrefix("/") ? "" : "/") + String(path).percentEncoded(keeping: Self.written)
    query =
      question == tail.endIndex
      ? nil : String(tail[tail.index(after: question)...]).percentEncoded(keeping: Self.written)
    guard scheme == "https" || isLoopback || allowsPlain else {
      throw RemoteFailure(
        .other,
        "http:// is read from this machine alone, because others could read or change what is sent; use https://")
    }
  }

  private static let malformed = RemoteFailure(.other, "it is not a URL: expected https://HOST/PATH")

  private static func hostAndPort(_ text: Substring) throws(RemoteFailure) -> (String, UInt16?) {
    var host = text
    var port: Substring?
    // The colons of an IPv6 address stand in brackets.
    if let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") {
      host = text[..<colon]
      port = text[text.index(after: colon)...]
    }
    let isAddress = host.hasPrefix("[") && host.hasSuffix("]")
    let name = isAddress ? host.dropFirst().dropLast() : host
    let isPlain = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
        true
      case UInt8(ascii: ":"): isAddress
      default: false
      }
    }
    guard isPlain, (1...255).contains(name.utf8.count) else { throw malformed }
    guard let port, !port.isEmpty else { return (host.lowercased(), nil) }
    guard let number = UInt16(port), number > 0 else { throw malformed }
    return (host.lowercased(), number)
  }

  /// Bytes that stand for themselves in a URL that was written by someone.
  private static let written = Set("%!$&'()*+,-./:;=?@_~".utf8)

  /// Whether the address can only be this machine.
  var isLoopback: Bool {
    if host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  /// Scheme, host and port: what a credential is meant for.
  var origin: String { "\(scheme)://\(authority)" }

  /// Host and port as the `Host` header has them.
  var authority: String {
    guard let port, port != (scheme == "https" ? 443 : 80) else { return host }
    return "\(host):\(port)"
  }

  /// The URL as it is requested, without a user.
  var text: String { origin + path + (query.map { "?" + $0 } ?? "") }

  /// The URL as it is shown: nothing in it is a secret.
  var shown: String { origin + path }

  /// Where a redirect leads to.
  ///
  /// - Throws: when it is no URL, or leads from an encrypted connection to one that is not.
  func following(_ location: String) throws(RemoteFailure) -> WebAddress {
    var target = self
    if location.contains("://") {
      target = try WebAddress(parsing: location)
    } else if location.hasPrefix("//") {
      target = try WebAddress(parsing: scheme + ":" + location)
    } else {
      let absolute = location.hasPrefix("/") ? location : String(path.prefix(through: path.lastSlash)) + location
      target = try WebAddress(parsing: origin + absolute, allowsPlain: true)
    }
    target.userPassword = target.origin == origin ? userPassword : nil
    guard scheme == "http" || target.scheme == "https" else {
      throw RemoteFailure(.other, "\(host) leads on to an address that is not encrypted, which is not followed")
    }
    return target
  }
}

extension String {
  fileprivate func range(of text: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }

  fileprivate var lastSlash: Index { lastIndex(of: "/") ?? startIndex }
}
