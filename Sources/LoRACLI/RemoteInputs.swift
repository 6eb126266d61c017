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

  /// Says why a server refused something, unless that was said: a report may have it among its findings alone.
  func explainFailure() {
    guard let failure = files?.failure, !StandardError.hasSaid(failure.cause) else { return }
    StandardError.write("lora-tool: \(sentence(failure))\n")
  }

  /// Whether a result rests on an answer that a server did not give.
  var isIncomplete: Bool { files?.failure != nil }
}
