package import LoRAModel

extension Adapter {
  /// The files that it is made of, for records.
  package var inputFiles: [(role: String, file: InputDigest)] {
    var files = [(role: "weights", file: InputDigest(weightsPath))]
    if let config { files.append((role: "config", file: InputDigest(config.path))) }
    return files
  }
}
