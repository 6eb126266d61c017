/// How long servers are waited for, and which certificates are trusted.
package struct TransportSettings: Sendable {
  /// What requests say who asks.
  var userAgent = "lora-tool"
  /// Milliseconds until a connection must stand.
  package var connectMilliseconds = 15_000
  /// A transfer that brings fewer bytes a second for `lowSpeedSeconds` is given up.
  package var lowSpeedBytes = 256
  package var lowSpeedSeconds = 30
  /// How often a request is sent that fails in a way that may pass.
  package var tries = 3
  /// How often a server that is busy (429) is asked.
  package var busyTries = 5
  /// Seconds before the second try; twice as many before each further one.
  package var firstWait = 0.5
  /// Most seconds that are waited because a server says so; one that asks for more is not waited for.
  package var longestWait = 60.0
  /// How often the rest of one range is asked for after a transfer was cut.
  package var resumptions = 8
  /// Trusted certificates instead of the system's: a file, and a folder.
  package var certificateFile: String?
  package var certificateFolder: String?

  /// The settings, with certificates from `SSL_CERT_FILE` and `SSL_CERT_DIR`.
  package init(environment: (String) -> String?) {
    certificateFile = environment("SSL_CERT_FILE").nonEmpty
    certificateFolder = environment("SSL_CERT_DIR").nonEmpty
  }
}
