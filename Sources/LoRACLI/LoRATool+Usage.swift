import ArgumentParser
import JSON

extension LoRATool {
  /// Says what the parser has to say: help and versions on standard output, wrong usage on standard error.
  ///
  /// - Returns: the exit code.
  static func finish(_ error: any Error, command: String) -> Int32 {
    let code = exitCode(for: error)
    guard code != .success else {
      do throws(Failure) { try StandardOutput.write(fullMessage(for: error) + "\n") } catch {
        StandardError.write("lora-tool: \(error.message)\n")
        return ExitStatus.failed.code
      }
      return code.rawValue
    }
    // Errors that come up while a command runs carry no usage of it.
    let text =
      error is ValidationError
      ? "\(message(for: error))\n  See '\(command) --help' for more information." : fullMessage(for: error)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    let start = lines.first.map { $0.hasPrefix("Error: ") ? String($0.dropFirst(7)) : $0 } ?? ""
    StandardError.write((["lora-tool: " + start] + lines.dropFirst()).map { $0 + "\n" }.joined())
    return code.rawValue
  }

  /// Refuses a misspelt command with the one that was probably meant, which the parser would call an argument too many.
  static func checkCommandNames(_ arguments: [String]) throws {
    var place: any ParsableCommand.Type = LoRATool.self
    var path = "lora-tool"
    for argument in arguments where !(place == LoRATool.self && argument == "help") {
      let known = place.configuration.subcommands
      if known.isEmpty { return }
      if argument.hasPrefix("-") { return try checkRootOption(argument, path) }
      guard let next = known.first(where: { $0._commandName == argument }) else {
        let names = known.map { $0._commandName }
        throw ValidationError(
          "there is no command '\(escaped(argument))'; '\(path) --help' lists them"
            + suggestion(forCommand: argument, among: names))
      }
      place = next
      path += " \(argument)"
    }
  }

  private static func checkRootOption(_ option: String, _ path: String) throws {
    let known = ["--help", "--version"]
    let meant = suggestion(for: option, among: known)
    guard !known.contains(option), option.hasPrefix("--"), !meant.isEmpty else { return }
    throw ValidationError("unknown option '\(escaped(option))' before a command\(meant)")
  }

  /// The words that name a command, such as `lora-tool policy check`.
  static func commandName(of command: any ParsableCommand) -> String {
    words(to: type(of: command), below: LoRATool.self).map { $0.joined(separator: " ") } ?? "lora-tool"
  }

  private static func words(to wanted: any ParsableCommand.Type, below place: any ParsableCommand.Type) -> [String]? {
    if place == wanted { return [place._commandName] }
    for command in place.configuration.subcommands {
      if let words = words(to: wanted, below: command) { return [place._commandName] + words }
    }
    return nil
  }
}
