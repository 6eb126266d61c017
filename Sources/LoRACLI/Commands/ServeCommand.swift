package import ArgumentParser
import Glibc
import LoRAIO
package import Synchronization

/// `lora-tool serve`: hands over to `lora-tool-serve`, so that this program holds no server.
package struct ServeCommand: ToolCommand {
  /// Name, summary and help.
  package static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Answer admission reviews of Kubernetes and plain requests with verdicts.",
    discussion: """
      POST /admission takes an AdmissionReview of admission.k8s.io/v1 for a LoraAdapter of the vLLM production stack or \
      a ModelAdapter of AIBrix. POST /validate takes {"adapter": PATH, "base": NAME} and answers with the document of \
      'lora-tool validate --format json'. GET /healthz, /readyz and /metrics are for the cluster. One line for each \
      request goes to standard error. SIGTERM ends the server after what has begun is answered. The server is the \
      program lora-tool-serve, which is looked for beside this one and on the PATH.
      """)

  @OptionGroup package var arguments: ServeArguments

  @OptionGroup var options: TerminalOptions

  package var terminal: TerminalOptions { options }

  /// What the program with a server in it does with the arguments; nil in the others, which hand over to it.
  package static let server = Mutex<(@Sendable (ServeCommand) throws -> Void)?>(nil)

  /// The program that holds the server.
  package static let program = "lora-tool-serve"

  /// A command is filled in by the parser.
  package init() {}

  package func run() throws {
    if let server = Self.server.withLock({ $0 }) { return try server(self) }
    // The words after the command are valid; the other program reads them again.
    let words = CommandLine.arguments.drop { $0 != Self.configuration.commandName }.dropFirst()
    let own = Folder.resolved("/proc/self/exe").map { Folder.join(Folder.parent($0), Self.program) }
    for path in [own, Self.program].compactMap(\.self) { Self.execute([path] + words) }
    throw Failure(
      "the server is a program of its own, \(Self.program), which is neither beside this one nor on the PATH; "
        + "'swift build -c release --product \(Self.program)' makes it")
  }

  /// Becomes another program; returns when that cannot be.
  private static func execute(_ words: [String]) {
    var arguments = unsafe words.map { unsafe strdup($0) }
    unsafe arguments.append(nil)
    // What is ignored here would stay ignored there.
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_DFL) }
    unsafe execvp(words[0], arguments)
    for index in unsafe arguments.indices { unsafe free(arguments[index]) }
  }
}
