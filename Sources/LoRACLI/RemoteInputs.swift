import JSON
import LoRAIO
import RemoteFiles

/// What a command line names on servers.
final class RemoteInputs {
  private var files: RemoteFiles?

  /// The argument as the program goes on with it: an address without what may be a secret.
  ///
  /// Servers are asked for nothing unless an argument names one, so that no file can lead the program to one.
  func taken(_ argument: String) -> String {
    // `--base=URL` carries its value along.
    let equals = argument.hasPrefix("-") ? argument.firstIndex(of: "=") : nil
    let start = equals.map { argument.index(after: $0) } ?? argument.startIndex
    let value = String(argument[start...])
    guard let colon = value.firstIndex(of: ":"), value[colon...].hasPrefix("://"),
      RemotePath.isRemote(value[..<colon].lowercased() + value[colon...])
    else { return argument }
    if files == nil {
      let new = RemoteFiles()
      RemotePath.install(new)
      files = new
    }
    return argument[..<start] + (files?.path(for: value) ?? value)
  }

  /// Ends a command with the failure that it ended with, or with that of a server.
  ///
  /// A result that rests on an answer which a server did not give is no result. A report may have said why among its
  /// findings alone.
  func conclude(_ error: (any Error)?) throws {
    guard let failure = files?.failure else {
      if let error { throw error }
      return
    }
    TerminationSignals.reraise()
    if let error, !(error is ExitStatus) { throw error }
    if !StandardError.hasSaid(failure.cause) { StandardError.write("lora-tool: \(sentence(failure))\n") }
    throw ExitStatus.failed
  }
}
