import ArgumentParser
import JSON
import LoRAIO
import LoRAModel
import TensorCore

/// The adapters named on the command line.
struct AdapterArguments: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      """
      Adapter folders, .safetensors or .safetensors.zst files, folders to search, quoted patterns such as \
      'teams/*/v2', cached repository ids, or hf://, https:// and s3:// addresses; the current folder by default.
      """,
      valueName: "adapter"), completion: .file())
  var adapters: [String] = []

  /// What the arguments stand for.
  struct Found {
    /// Paths for `Adapter.load`, in order.
    var paths: [String] = []
    /// One sentence for every argument that leads nowhere.
    var problems: [String] = []
  }

  /// Searches all arguments.
  func find(_ terminal: TerminalOptions) -> Found {
    var found = Found()
    var seen: Set<String> = []
    for argument in adapters.isEmpty ? ["."] : adapters {
      for path in Self.paths(argument) {
        do throws(IOError) {
          let adapters = try AdapterDiscovery.adapters(at: path)
          if adapters.isEmpty { found.problems.append(Self.nothing(at: path)) }
          // A folder and a file in it may both be named, as hooks that pass changed files do.
          let isAlone = self.adapters.count < 2
          found.paths +=
            isAlone ? adapters : adapters.filter { seen.insert(AdapterDiscovery.identity(of: $0)).inserted }
        } catch {
          found.problems.append(
            path == "-" ? Self.standardInput : Self.isPattern(path) ? Self.noMatch(path) : sentence(error))
        }
      }
    }
    terminal.note("adapters found: \(grouped(UInt64(found.paths.count)))")
    return found
  }

  /// What an argument stands for: itself where it exists, else the paths that it matches as a pattern.
  private static func paths(_ argument: String) -> [String] {
    guard isPattern(argument) else { return [argument] }
    let paths = Folder.paths(matching: argument)
    return paths.isEmpty ? [argument] : paths
  }

  private static func isPattern(_ argument: String) -> Bool {
    !RemotePath.isRemote(argument) && argument.utf8.contains { "*?[".utf8.contains($0) }
      && FileKind(path: argument) == nil
  }

  private static let standardInput =
    "adapters are not read from standard input: their names and their config lie beside the weights; name a folder or a file"

  private static func noMatch(_ pattern: String) -> String {
    "no file or folder matches the pattern \(escaped(pattern)); check the path before the first of *, ? and ["
  }

  private static func nothing(at path: String) -> String {
    let shown = escaped(path)
    if FileKind(path: Folder.join(path, "config.json")) == .regular {
      return "no adapter found in \(shown): it looks like a base model (config.json); name an adapter folder"
    }
    return "no adapter found in \(shown): expected adapter_config.json with adapter_model.safetensors, "
      + "or .safetensors files"
  }
}
