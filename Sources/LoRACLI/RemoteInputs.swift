import ArgumentParser
import JSON
import LoRAIO
import RemoteFiles

/// What a command line names on servers.
final class RemoteInputs {
  private var files: RemoteFiles?

  /// The arguments as the program goes on with them: addresses without what may be a secret.
  ///
  /// Servers are asked for nothing unless an argument names one, so that no file can lead the program to one.
  func taken(_ arguments: [String]) throws -> [String] {
    var taken: [String] = []
    for argument in arguments {
      // `--base=URL` carries its value along.
      let equals = argument.hasPrefix("-") ? argument.firstIndex(of: "=") : nil
      let start = equals.map { argument.index(after: $0) } ?? argument.startIndex
      let path = path(for: String(argument[start...]))
      let option = equals.map { String(argument[..<$0]) } ?? taken.last
      if let path, let option, ["--output", "-o"].contains(option) {
        throw ValidationError("\(option) wants a path on this machine, not \(escaped(path)): servers are only read")
      }
      taken.append(path.map { argument[..<start] + $0 } ?? argument)
    }
    return taken
  }

  /// The path that stands for an address; nil for what is none.
  private func path(for value: String) -> String? {
    guard let colon = value.firstIndex(of: ":"), value[colon...].hasPrefix("://"),
      RemotePath.isRemote(value[..<colon].lowercased() + value[colon...])
    else { return nil }
    let files = files ?? RemoteFiles()
    if self.files == nil { RemotePath.install(files) }
    self.files = files
    return files.path(for: value)
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
