import ArgumentParser
import LoRAIO
import LoRAModel
import TensorCore

/// The adapters named on the command line.
struct AdapterArguments: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Adapter folders, .safetensors or .safetensors.zst files, or folders to search; the current folder by default.",
      valueName: "adapter"))
  var adapters: [String] = []

  /// What the arguments stand for.
  struct Found {
    /// Paths for `Adapter.load`, in order.
    var paths: [String] = []
    /// One sentence for every argument that leads nowhere.
    var problems: [String] = []
  }

  /// Searches all arguments.
  func find() -> Found {
    var found = Found()
    for path in adapters.isEmpty ? ["."] : adapters {
      do throws(IOError) {
        let adapters = try AdapterDiscovery.adapters(at: path)
        if adapters.isEmpty { found.problems.append(Self.nothing(at: path)) }
        found.paths += adapters
      } catch {
        found.problems.append("\(error)")
      }
    }
    return found
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
