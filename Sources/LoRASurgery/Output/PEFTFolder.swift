package import JSON
package import LoRADeltas
import LoRAIO
import LoRAModel
import Safetensors

/// An adapter in PEFT's form: `adapter_config.json`, `adapter_model.safetensors`, what lies beside them, and the record.
package struct PEFTFolder: Sendable {
  package static let configName = "adapter_config.json"
  package static let weightsName = "adapter_model.safetensors"

  /// The members of the config.
  package var config: JSONObject
  package var weights: SafetensorsDraft
  package var record: SurgeryRecord
  /// The folder of the adapter whose other files are taken along: tokenizer, chat template, README, licence.
  package var sideFilesFrom: String?

  package init(config: JSONObject, weights: SafetensorsDraft, record: SurgeryRecord, sideFilesFrom: String? = nil) {
    (self.config, self.weights, self.record, self.sideFilesFrom) = (config, weights, record, sideFilesFrom)
  }

  /// The files.
  package func draft() throws(SurgeryError) -> AdapterDraft {
    var weights = weights
    if weights.metadata.isEmpty { weights.metadata = [("format", "pt")] }
    var files = [
      try weights.file(named: Self.weightsName), DraftFile(Self.configName, json: .object(config)), record.file,
    ]
    if let folder = sideFilesFrom { files += try Self.sideFiles(of: folder) }
    return AdapterDraft(files)
  }

  /// Files beside an adapter's weights that are no weights, no config of PEFT's and no checkpoint of a training.
  package static func sideFiles(of folder: String) throws(SurgeryError) -> [DraftFile] {
    guard FileKind(path: folder) == .folder else { return [] }
    let names = try SurgeryError.catching { () throws(IOError) in try Folder.names(in: folder) }
    return names.filter { isSideFile($0) && FileKind(path: Folder.join(folder, $0)) == .regular }
      .map { DraftFile($0, .copy(of: Folder.join(folder, $0))) }
  }

  private static let otherEndings = [
    ".safetensors", ".safetensors.zst", ".safetensors.bpz", ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".npz",
    ".index.json",
  ]
  private static let otherNames: Set<String> = [
    configName, SurgeryRecord.fileName, "trainer_state.json", "scheduler.pt", "optimizer.pt", "training_args.bin",
  ]

  private static func isSideFile(_ name: String) -> Bool {
    let lower = name.lowercased()
    return !name.hasPrefix(".") && !otherNames.contains(lower) && !otherEndings.contains { lower.hasSuffix($0) }
  }
}
