import JSON

/// Why a server did not give what was asked for, as a clause that stands behind "cannot open PATH: ".
///
/// The clause names hosts, never a whole URL, whose query may be a signature.
struct RemoteFailure: Error {
  /// What callers tell apart.
  enum Kind {
    /// The server says that there is no such file.
    case absent
    /// The server wants other rights.
    case refused
    /// The server does not know requests of this kind.
    case unsupported
    /// No server was reached.
    case unreachable
    /// The user has asked the program to stop.
    case interrupted
    /// Anything else.
    case other
  }

  let kind: Kind
  let reason: String

  init(_ kind: Kind, _ reason: String) {
    self.kind = kind
    self.reason = reason
  }
}
