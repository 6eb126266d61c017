/// Where and within which limits a server answers.
package struct ServerSettings: Sendable {
  /// Where it listens.
  package enum Address: Sendable, Equatable {
    /// A host, empty for all addresses of the machine, and a port.
    case network(host: String, port: UInt16)
    /// A socket in the file system.
    case file(String)
  }

  /// A certificate chain and its key, by the paths of their PEM files.
  package struct Identity: Sendable {
    /// The path of the chain.
    package let certificate: String
    /// The path of the key.
    package let key: String

    /// Two files.
    package init(certificate: String, key: String) {
      self.certificate = certificate
      self.key = key
    }
  }

  /// Where it listens.
  package var address: Address
  /// Who it is, for TLS; nil speaks plain HTTP.
  package var identity: Identity?
  /// Most bytes of a body.
  package var bodyLimit = 1 << 20
  /// Seconds for a client to send a request, for a judgement, and for the client to take the answer.
  package var timeout = 8.0
  /// Seconds for requests that are in flight when the server ends.
  package var grace = 20.0
  /// Connections at once; more wait to be taken.
  package var connectionLimit = 256
  /// Judgements at once.
  package var workers = 1

  /// The defaults.
  package init(address: Address) { self.address = address }
}

/// Why a server cannot be started.
package struct ServerError: Error, CustomStringConvertible {
  /// One sentence.
  package let description: String

  init(_ description: String) { self.description = description }
}
