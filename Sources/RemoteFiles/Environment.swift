import Glibc

/// A variable of the process's environment.
@Sendable func processEnvironment(_ name: String) -> String? {
  unsafe getenv(name).map { unsafe String(cString: $0) }
}

extension String? {
  /// Nil for an empty text, as for a variable that is not set.
  var nonEmpty: String? { flatMap { $0.isEmpty ? nil : $0 } }
}
