import LoRAIO
import LoRAModel

/// The folder of an adapter, for engines that read more of it than one file.
extension ServingQuestion {
  /// Whether the engine reads the adapter's own folder.
  var readsFolder: Bool { !options.feedsEngine && adapter.file != nil }

  /// Names of safetensors files beside the weights.
  var otherWeightsFiles: [String] {
    guard readsFolder else { return [] }
    let own = Folder.lastComponent(adapter.weightsPath)
    return ((try? Folder.names(in: Folder.parent(adapter.weightsPath))) ?? [])
      .filter { $0.hasSuffix(".safetensors") && $0 != own }
  }
}
