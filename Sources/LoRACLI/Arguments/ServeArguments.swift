package import ArgumentParser
import JSON
import TensorCore

/// What a server of verdicts is started with.
package struct ServeArguments: ParsableArguments {
  /// What becomes of requests that cannot be judged.
  package enum Unjudged: String, EnumerableFlag {
    case failClosed
    case failOpen

    /// The help of each flag.
    package static func help(for value: Unjudged) -> ArgumentHelp? {
      value == .failClosed
        ? "Deny what cannot be judged: unknown bases and kinds, places that may not be read."
        : "Let in what cannot be judged, with a warning that says so."
    }
  }

  /// The address to listen at.
  @Option(
    help: ArgumentHelp(
      "Address to listen at: HOST:PORT, :PORT for all addresses of the machine, or unix:PATH.", valueName: "address"))
  package var listen = "127.0.0.1:8080"

  /// The certificate chain.
  @Option(
    name: .customLong("tls-cert"),
    help: ArgumentHelp("Certificate chain in PEM, read again when the file changes.", valueName: "file"),
    completion: .file())
  package var certificate: String?

  /// Its key.
  @Option(
    name: .customLong("tls-key"), help: ArgumentHelp("Key of the certificate in PEM.", valueName: "file"),
    completion: .file())
  package var key: String?

  /// Names and places of bases.
  @Option(
    name: .customLong("base"),
    help: ArgumentHelp(
      "A base by the name that requests give it, and its config.json, folder or file; may be given several times.",
      valueName: "name=path"))
  package var bases: [NamedPath] = []

  /// Folders in which adapters may lie.
  @Option(
    name: .customLong("root"),
    help: ArgumentHelp(
      "Folder in which adapters may lie; nothing outside is read. May be given several times.", valueName: "folder"),
    completion: .directory)
  package var roots: [String] = []

  /// Addresses below which adapters may lie.
  @Option(
    name: .customLong("allow-remote"),
    help: ArgumentHelp(
      "Let requests name addresses of this scheme (hf, s3, https) or below this address (s3://bucket/adapters); none "
        + "are read by default. May be given several times.", valueName: "scheme-or-address"))
  package var remotes: [String] = []

  @OptionGroup package var check: CheckArguments

  /// The failing level.
  @Option(help: "Level from which findings deny an adapter: error or warning.")
  package var failOn: FailingLevel = .error

  /// Whether values are read.
  @Flag(help: "Read the values of the weights, too, each adapter in a process of its own.")
  package var values = false

  /// What becomes of what cannot be judged.
  @Flag package var unjudged: Unjudged = .failClosed

  /// Most bytes of a body.
  @Option(help: ArgumentHelp("Largest body of a request, in bytes.", valueName: "bytes"))
  package var maxBody = 1 << 20

  /// Seconds for each part of a request.
  @Option(
    help: ArgumentHelp(
      "Seconds for a client to send a request, and for its answer to be found.", valueName: "seconds"))
  package var timeout = 8.0

  /// Seconds for what is in flight at the end.
  @Option(help: ArgumentHelp("Seconds for requests in flight when the server is told to end.", valueName: "seconds"))
  package var grace = 20.0

  /// Connections at once.
  @Option(help: ArgumentHelp("Connections at once; more wait until one is closed.", valueName: "number"))
  package var connections = 256

  @OptionGroup package var threads: ThreadArguments

  /// Whether it only says what it would do.
  @Flag(
    name: .customLong("check"), help: "Read bases and policy, say what would be served, and end.")
  package var onlyChecks = false

  /// Whether one question is read from standard input and answered, as the server asks it of itself.
  @Flag(help: .private)
  package var answerOne = false

  /// Arguments are filled in by the parser.
  package init() {}

  /// Refuses what does not fit together.
  package func validate() throws {
    if (certificate == nil) != (key == nil) { throw ValidationError("give both --tls-cert and --tls-key, or none") }
    if roots.isEmpty && remotes.isEmpty {
      throw ValidationError("give --root or --allow-remote: without one there is nothing that may be read")
    }
    if check.policy == "-" { throw ValidationError("--policy wants a file here, which is read more than once") }
    for (name, value, limit) in [("--timeout", timeout, 600.0), ("--grace", grace, 3600)] {
      guard value > 0, value <= limit else {
        throw ValidationError("\(name) wants seconds above 0 and up to \(Int(limit))")
      }
    }
    guard (1...(64 << 20)).contains(maxBody) else { throw ValidationError("--max-body wants 1 to \(64 << 20) bytes") }
    guard (1...65_536).contains(connections) else { throw ValidationError("--connections wants a number up to 65536") }
    for remote in remotes where !["hf", "s3", "https"].contains(remote) && !remote.contains("://") {
      throw ValidationError(
        "--allow-remote wants hf, s3, https or an address such as s3://bucket/adapters, not '\(escaped(remote))'")
    }
    let names = bases.map(\.name)
    if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw ValidationError("--base gives the name \(escaped(twice)) twice")
    }
  }
}

/// A name and a path, written `NAME=PATH`.
package struct NamedPath: ExpressibleByArgument, Sendable {
  /// The name; it may hold `/` and `:`, as those of repositories do.
  package let name: String
  /// The path.
  package let path: String

  /// Nil for a text without name or path.
  package init?(argument: String) {
    guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else { return nil }
    name = String(argument[..<equals])
    path = String(argument[argument.index(after: equals)...])
    if path.isEmpty { return nil }
  }
}
