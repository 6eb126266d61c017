import JSON
import LoRAIO
import LoRAModel
import Safetensors
import TensorCore

/// What SGLang looks at in the adapter's folder (`lora_config.py`, `model_loader/loader.py`).
extension EngineCheck {
  /// Weights in a file that it does not look for; any name will do.
  static let foreignExtension = EngineCheck { question in
    let name = Folder.lastComponent(question.adapter.weightsPath)
    guard question.readsFolder, !name.hasSuffix(".safetensors") else { return nil }
    return Hit(
      message: "weights that are in no .safetensors file", found: escaped(name, limit: 100),
      hint: SafetensorsFile.compressedExtensions.contains { name.hasSuffix($0) }
        ? "decompress the weights" : "rename the file", isConfig: false)
  }

  /// Tokens beyond the vocabulary in a file beside the weights, or a file of which it cannot tell.
  static let addedTokens = EngineCheck { question in
    // A file that does not parse is passed over there too.
    guard question.readsFolder, let vocabulary = question.base?.vocabularySize,
      let content = question.json(beside: "added_tokens.json")
    else { return nil }
    let tokens: JSONObject
    switch content {
    case .object(let object): tokens = object
    // Nothing counts as no tokens there.
    case .null, .string(""), .array([]): return nil
    default:
      return Hit(
        message: "an added_tokens.json that is no object", found: escaped(content.text(), limit: 60),
        hint: "remove the file, or write ids by token", isConfig: false)
    }
    for (token, id) in tokens.members {
      guard let number = id.double ?? id.bool.map({ $0 ? 1 : 0 }) else {
        return Hit(
          message: "an id of added_tokens.json that is no number: \(escaped(token, limit: 60))",
          found: escaped(id.text(), limit: 60), hint: "remove the file, or write the token's id", isConfig: false)
      }
      guard number >= Double(vocabulary) else { continue }
      return Hit(
        message: "tokens that are added to the vocabulary (added_tokens.json: \(escaped(token, limit: 60)))",
        found: "id \(escaped(id.text(), limit: 60)) of a vocabulary of \(vocabulary)",
        hint: "merge the adapter, or remove the file if its tokens were not trained", isConfig: false)
    }
    return nil
  }

  /// An index of a whole model beside the weights, which says what files there are.
  static let foreignIndex = EngineCheck { question in
    let name = "model.safetensors.index.json"
    let folder = Folder.parent(question.adapter.weightsPath)
    guard question.readsFolder, FileKind(path: Folder.join(folder, name)) == .regular else { return nil }
    let files = question.json(beside: name)?.object?["weight_map"]?.object?.members.compactMap(\.value.string) ?? []
    let own = Folder.lastComponent(question.adapter.weightsPath)
    if files.contains(own), files.allSatisfy({ FileKind(path: Folder.join(folder, $0)) == .regular }) { return nil }
    return Hit(
      message: "a \(name) beside the weights that does not lead to them", found: name,
      hint: "remove the index from the adapter's folder", isConfig: false)
  }

  /// Other weights files: all are read in the order of their names, and the last tensor of a name counts.
  static let otherWeightsFiles = EngineCheck { question in
    guard question.readsFolder, let file = question.adapter.file else { return nil }
    let own = Folder.lastComponent(question.adapter.weightsPath)
    let names = Set(file.header.tensors.map(\.name))
    let read = question.otherWeightsFiles.first { other in
      if own.utf8.lexicographicallyPrecedes(other.utf8) { return true }
      // What comes earlier is replaced where it has the same names.
      let folder = Folder.parent(question.adapter.weightsPath)
      guard let found = try? SafetensorsFile.open(Folder.join(folder, other)) else { return true }
      return !found.header.tensors.allSatisfy { names.contains($0.name) }
    }
    guard let read else { return nil }
    return Hit(
      message: "that \(escaped(read, limit: 100)) lies beside the weights: it reads every file of the folder, and the "
        + "last tensor of a name counts", found: escaped(read, limit: 100),
      hint: "keep one weights file in the adapter's folder", isConfig: false)
  }
}

extension ServingQuestion {
  /// A JSON file in the folder of the weights; nil when there is none that parses.
  fileprivate func json(beside name: String) -> JSONValue? {
    let path = Folder.join(Folder.parent(adapter.weightsPath), name)
    guard FileKind(path: path) == .regular, let bytes = try? InputFile.contents(of: path, limit: 1 << 26) else {
      return nil
    }
    return try? JSONValue(parsing: bytes)
  }
}
