import JSON
import LoRAIO
import LoRAModel
import Safetensors
import TensorCore

/// What follows when an adapter brings along an embedding with another number of rows.
struct Vocabulary {
  /// Rows of the embedding in the output, when they are not those of the base.
  private(set) var size: UInt64?
  /// The file that it comes from, among the sources of the plan.
  private(set) var source: Int?
  /// Why the output would not hold together, or nil.
  private(set) var refusal: Refusal?

  /// Files that make up a tokenizer as libraries save it.
  static let tokenizerFiles: Set<String> = [
    "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.json", "vocab.txt", "merges.txt", "spiece.model", "sentencepiece.bpe.model", "tekken.json",
  ]

  private static let chatTemplates: Set<String> = ["chat_template.jinja", "chat_template.json"]

  /// Looks at the tensors of the output that have a row for every token.
  init(_ base: BaseModel, _ edits: [String: TensorEdit]) {
    guard let rows = base.vocabularySize else { return }
    var heights: Set<UInt64> = []
    var names: [String] = []
    for module in base.modules.values {
      guard let weight = module.weight, weight.info.shape.rank == 2, weight.info.shape[0] == rows,
        module.kind == .embedding || ["lm_head", "embed_out"].contains(module.name.split(separator: ".").last)
      else { continue }
      let own = module.tiedTo == nil ? module.weightName : module.name + ".weight"
      if module.tiedTo != nil, edits[own] == nil { continue }
      heights.insert(edits[own]?.origin?.shape[0] ?? rows)
      if let origin = edits[own]?.origin, origin.shape[0] != rows { source = origin.source.source }
      names.append(own)
    }
    guard heights != [rows], let size = heights.first else { return }
    if heights.count > 1 {
      refusal = Refusal(
        base.path,
        "after the merge \(names.ordered().map { escaped($0) }.joined(separator: " and ")) would have different numbers "
          + "of rows (\(heights.ordered().map { String($0) }.joined(separator: " and ")))",
        hint: "the adapter lacks one of the resized tensors")
    }
    self.size = size
  }

  /// Puts the adapter's tokenizer in the place of the base's.
  ///
  /// - Returns: the files, and a sentence when there is no tokenizer beside the adapter.
  static func exchange(_ files: [SideFile], besideWeights weights: String) throws(IOError)
    -> (files: [SideFile], String?)
  {
    let folder = Folder.parent(weights)
    let names = try Folder.names(in: folder).filter { tokenizerFiles.contains($0) || chatTemplates.contains($0) }
    guard names.contains(where: { ["tokenizer.json", "tokenizer.model", "tokenizer_config.json"].contains($0) }) else {
      return (
        files,
        "the vocabulary was resized but there is no tokenizer beside the adapter's weights; the base's was copied"
      )
    }
    // A whole tokenizer takes the place of the old one, so that no file of the old vocabulary stays behind.
    let isWhole = names.contains("tokenizer_config.json")
    var result = files.filter { !names.contains($0.name) && !(isWhole && tokenizerFiles.contains($0.name)) }
    for name in names {
      let path = Folder.join(folder, name)
      result.append(SideFile(name: name, contents: .copied(from: path), size: try InputFile(path: path).size))
    }
    return (result.ordered { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }, nil)
  }
}
