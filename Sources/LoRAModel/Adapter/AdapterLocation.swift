import Diagnostics
import JSON
import LoRAIO
import RemoteFiles
import Safetensors
import TensorCore

/// Where the weights and the config of an adapter lie.
struct AdapterLocation {
  static let configName = "adapter_config.json"

  /// File names of adapter weights in a folder, the first that exists counts: PEFT, compressed PEFT, MLX, diffusers.
  static let weightNames = [
    "adapter_model.safetensors", "adapter_model.safetensors.zst", "adapter_model.safetensors.bpz",
    "adapters.safetensors", "pytorch_lora_weights.safetensors",
  ]

  /// The weights file, when there is one.
  private(set) var weights: String?
  /// The config, when there is one.
  private(set) var config: String?
  /// What is wrong with the place itself.
  private(set) var findings: [Finding] = []

  /// Looks at a folder, a weights file, or the snapshot of a repository in the local Hugging Face cache.
  init(_ path: String) {
    var path = path
    var found: FileKind?
    do throws(IOError) { found = try FileKind.leading(to: path) } catch {
      findings = [.unreadable(error, file: path)]
      return
    }
    if found == nil, let snapshot = HubCache.standard.snapshot(named: path) {
      path = snapshot
      found = .folder
    }
    guard let kind = found else {
      findings = [
        Finding(.fileUnreadable, "there is no such file or folder", file: path, found: "nothing at this path")
      ]
      return
    }
    guard kind == .folder else {
      let sibling = Folder.join(Folder.parent(path), Self.configName)
      if FileKind(path: sibling) == .regular { config = sibling }
      if Self.isPickleName(path) {
        findings = [.pickle(path, besideSafetensors: false)]
      } else {
        weights = path
      }
      return
    }
    let names: [String]
    do throws(IOError) {
      names = try Folder.names(in: path)
    } catch {
      findings = [Finding(.fileUnreadable, "the folder cannot be read: \(error.cause)", file: path)]
      return
    }
    if names.contains(Self.configName) { config = Folder.join(path, Self.configName) }
    let pickles = names.filter { Self.isAdapterPickle($0) }.map { Folder.join(path, $0) }
    let safetensors = names.filter { Self.isSafetensorsName($0) }
    if let name = Self.weightNames.first(where: { names.contains($0) })
      ?? (safetensors.count == 1 ? safetensors[0] : nil)
    {
      weights = Folder.join(path, name)
      findings = pickles.map { .pickle($0, besideSafetensors: true) }
    } else if !pickles.isEmpty {
      findings = pickles.map { .pickle($0, besideSafetensors: false) }
    } else {
      findings = [Self.withoutWeights(path, safetensors)]
    }
  }

  /// What is wrong with a folder that has none of the weights files, or several that could be one.
  private static func withoutWeights(_ path: String, _ safetensors: [String]) -> Finding {
    let expected = weightNames[0]
    let shards = safetensors.filter { $0.hasPrefix("adapter_model-") }
    guard shards.isEmpty else {
      return Finding(
        .fileUnreadable,
        "the adapter's weights are split into \(counted(shards.count, "file")), and PEFT and the engines read one file alone",
        file: Folder.join(path, expected), expected: expected,
        found: shards.prefix(3).map { escaped($0, limit: 80) }.joined(separator: ", "),
        hint: "load all parts with safetensors and save them as one adapter_model.safetensors")
    }
    return Finding(
      .fileUnreadable, "the folder has no adapter weights", file: Folder.join(path, expected), expected: expected,
      found: safetensors.isEmpty ? "no safetensors file" : "\(safetensors.count) safetensors files of other names")
  }

  /// Whether a file of this name holds safetensors, compressed or not.
  static func isSafetensorsName(_ name: String) -> Bool {
    ([""] + SafetensorsFile.compressedExtensions).contains { name.hasSuffix(".safetensors" + $0) }
  }

  /// Whether a file of this name holds pickled weights.
  static func isPickleName(_ name: String) -> Bool {
    [".bin", ".pt", ".pth", ".ckpt"].contains { name.hasSuffix($0) }
  }

  /// Whether a file of this name in an adapter's folder would be taken for its weights by some loader.
  static func isAdapterPickle(_ name: String) -> Bool {
    isPickleName(name) && (name.hasPrefix("adapter") || name.hasPrefix("pytorch_lora") || name.hasPrefix("lora"))
  }
}

extension Finding {
  static func pickle(_ path: String, besideSafetensors: Bool) -> Finding {
    if besideSafetensors {
      return Finding(
        .pickleWeights, severity: .warning,
        "pickle weights lie beside the safetensors file; a loader that prefers them would run code from the file",
        file: path, hint: "delete the pickle file")
    }
    return Finding(
      .pickleWeights, "the weights are a Python pickle, which can run code when loaded and is never opened here",
      file: path, expected: "adapter_model.safetensors", found: Folder.lastComponent(path),
      hint: "export again with save_pretrained(..., safe_serialization=True)")
  }
}
