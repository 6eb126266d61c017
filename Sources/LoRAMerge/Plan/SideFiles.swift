import JSON
import LoRAIO

/// The files of a base folder besides its weights: config, tokenizer, chat template, licence, code.
///
/// Every regular file is taken byte for byte, in subfolders too, except weights in any format, which would be those of
/// the unmerged model, and what belongs to version control or a download.
struct SideFiles {
  /// The files to copy, sorted by name.
  private(set) var files: [SideFile] = []
  /// Names that are left out because they hold weights, sorted.
  private(set) var skipped: [String] = []
  /// Sentences about names that could not be taken.
  private(set) var warnings: [String] = []

  /// Deepest folder that is looked into.
  private static let depthLimit = 8

  private static let weightSuffixes = [
    ".safetensors", ".safetensors.zst", ".safetensors.bpz", ".safetensors.index.json", ".bin", ".bin.index.json",
    ".pt", ".pth", ".ckpt",
    ".gguf", ".ggml", ".h5", ".msgpack", ".npz", ".onnx", ".onnx_data", ".tflite", ".mlmodel", ".mlpackage",
  ]

  /// Looks through the base folder.
  ///
  /// - Parameter shards: base names of the files that the merge writes itself, the index among them.
  /// - Throws: `IOError` when a folder cannot be listed.
  init(of folder: String, without shards: Set<String>) throws(IOError) {
    try walk(folder, prefix: "", depth: 0, shards)
    files.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    skipped.sort()
  }

  private mutating func walk(_ folder: String, prefix: String, depth: Int, _ shards: Set<String>) throws(IOError) {
    for name in try Folder.names(in: folder) {
      if depth == 0, shards.contains(name) { continue }
      let path = Folder.join(folder, name)
      let relative = prefix + name
      switch FileKind(path: path) {
      case .folder:
        if Self.isForeign(folder: name) || StagingFolder.isPartial(name) {
          skipped.append(relative + "/")
        } else if Folder.resolved(path) != Folder.resolved(folder).map({ Folder.join($0, name) }) {
          warnings.append("the folder \(escaped(relative)) of the base is a symbolic link and is not copied")
        } else if depth == Self.depthLimit {
          warnings.append("the folder \(escaped(relative)) of the base is nested too deeply and is not copied")
        } else {
          try walk(path, prefix: relative + "/", depth: depth + 1, shards)
        }
      case .regular:
        if Self.holdsWeights(name) {
          skipped.append(relative)
        } else {
          files.append(
            SideFile(name: relative, contents: .copied(from: path), size: try InputFile(path: path).size))
        }
      case nil: warnings.append("\(escaped(relative)) of the base is a symbolic link that leads nowhere")
      case let kind?: warnings.append("\(escaped(relative)) of the base is \(kind.rawValue) and is not copied")
      }
    }
  }

  /// Whether a file of this name holds weights in some format.
  static func holdsWeights(_ name: String) -> Bool {
    let name = name.lowercased()
    return name.hasPrefix("consolidated.") || weightSuffixes.contains { name.hasSuffix($0) }
  }

  /// Whether a folder of this name holds another copy of the weights, or nothing of the model.
  private static func isForeign(folder name: String) -> Bool {
    [".git", ".cache", ".huggingface", "original", "onnx", "openvino", "coreml"].contains(name)
      || name.hasSuffix(".mlpackage")
  }
}
