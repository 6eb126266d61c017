import BaseCatalogue
public import Safetensors
import TensorCore

/// A tensor that the library keeps as one with another, so that files may hold the two under one name.
public struct TiedTensor: Sendable {
  /// Its own name: in memory, and in files of a model that ties nothing.
  public let name: String
  /// The name of the tensor that it is one with, which the files hold.
  public let source: String
  /// Where that one lies.
  public let entry: Checkpoint.Entry
  /// Where the files hold the tensor under its own name too; libraries tie the two only while they are equal.
  public let copy: Checkpoint.Entry?
}

extension BaseModel {
  /// Whether `tie_word_embeddings` of the config decides what is tied.
  ///
  /// T5 and its kin tie whatever it says, or read it as whether the decoder's output is scaled as well (transformers
  /// 5.23, `T5Config`), so that for them it cannot be changed without changing the model.
  public var obeysTyingFlag: Bool {
    modelType.map { !["t5", "mt5", "umt5", "longt5", "pop2piano", "switch_transformers", "udop"].contains($0) } ?? true
  }

  /// The bias of a module: its name, which is the module's own, and where the files hold it, under that name or another
  /// that it is tied to.
  public func bias(of module: BaseModule) -> (name: String, entry: Checkpoint.Entry)? {
    let owner = module.name.hasSuffix(".weight") ? String(module.name.dropLast(7)) : module.name
    let name = owner + ".bias"
    for name in [name, owner + ".base_layer.bias"] {
      if let own = checkpoint?.tensors[name] { return (name, own) }
    }
    return tiedTensors.first { $0.name == name }.map { (name, $0.entry) }
  }
}

extension BaseModuleTable {
  /// Finds what shares the tensor of an embedding, and adds the modules among them that have none of their own on disk.
  mutating func addTied() {
    if description == nil {
      addUsualTies()
    } else {
      addDescribedTies()
    }
    for tie in tiedTensors { addBias(beside: tie) }
  }

  /// What the catalogue knows to be tied.
  ///
  /// Where only the tied module is on disk, the embedding shares its tensor: transformers ties whichever of the two is
  /// missing.
  private mutating func addDescribedTies() {
    for tied in description?.tiedModules ?? [] {
      guard let source = tied.tiedTo else { continue }
      let owner = source.hasSuffix(".weight") ? String(source.dropLast(7)) : source
      described.insert(tied.name)
      if let embedding = modules.values.first(where: { $0.tiedTo == nil && isSame($0, as: owner) }) {
        tie(tied.name, tied.kind == .embedding ? .embedding : .linear, to: embedding)
        described.insert(owner)
      } else if let head = modules[tied.name] {
        tie(owner, .embedding, to: head)
        described.insert(owner)
      }
    }
  }

  private func isSame(_ module: BaseModule, as name: String) -> Bool {
    if module.name == name { return true }
    guard module.kind == .embedding else { return false }
    return description?.match(module.name)?.module.name == name
  }

  /// What models with a language head tie unless the config denies it: the head, and in models of encoder and decoder
  /// the embedding of either, which share one beside them.
  private mutating func addUsualTies() {
    guard let config, config.tiesEmbeddings != false else { return }
    let embeddings = modules.values.filter { $0.kind == .embedding }
    let named = embeddings.filter { BaseModuleShape.isTokenEmbedding(BaseModuleShape.leaf($0.name)) }
    let tokens = named.isEmpty ? embeddings.filter { $0.shape[0] == config.vocabularySize } : named
    let shared = tokens.filter { BaseModuleShape.leaf($0.name) == "shared" }
    guard let embedding = shared.count == 1 ? shared.first : tokens.count == 1 ? tokens.first : nil else { return }
    let headsOfBiases = headsOfBiases(embedding.shape[0])
    for head in headsOfBiases { tie(head, .linear, to: embedding) }
    guard config.hasLanguageHead else { return }
    if !shared.isEmpty {
      let owner = String(embedding.name.dropLast("shared".utf8.count))
      for part in ["encoder", "decoder"] { tie(owner + part + ".embed_tokens", .embedding, to: embedding) }
    }
    let heads = modules.keys.filter { ["lm_head", "embed_out", "output"].contains(BaseModuleShape.leaf($0)) }
    if heads.isEmpty, headsOfBiases.isEmpty { tie("lm_head", .linear, to: embedding) }
    // A missing flag means different things to different models.
    if config.tiesEmbeddings == true { for head in heads.sorted() { tie(head, .linear, to: embedding) } }
  }

  /// Heads that only their bias gives away: one number for every token, and no weight beside it.
  ///
  /// Where there are other layers beside it, as in RoBERTa's `lm_head`, the head among them is called `decoder`.
  private func headsOfBiases(_ rows: UInt64) -> [String] {
    let biases = checkpoint.tensors.filter { $0.key.hasSuffix(".bias") && $0.value.info.shape == [rows] }.keys.sorted()
    return biases.compactMap { bias in
      let owner = String(bias.dropLast(".bias".utf8.count))
      guard checkpoint.tensors[owner + ".weight"] == nil, !owner.hasSuffix(".decoder") else { return nil }
      let hasOthers = checkpoint.tensors.keys.contains { $0.hasPrefix(owner + ".") && $0 != bias }
      return hasOthers ? owner + ".decoder" : owner
    }
  }

  /// Notes that a module's weight is one with another's; a module that is not on disk is added.
  private mutating func tie(_ name: String, _ kind: ModuleKind, to other: BaseModule) {
    guard other.shape.rank == 2, name != other.name, let entry = other.weight else { return }
    let own = modules[name]
    if let own, own.shape != other.shape || own.isQuantized || own.weight == nil { return }
    tiedTensors.append(
      TiedTensor(name: own?.weightName ?? name + ".weight", source: other.weightName, entry: entry, copy: own?.weight))
    guard own == nil else { return }
    let (input, output) =
      kind == .embedding ? (other.shape[0], other.shape[1]) : (other.shape[1], other.shape[0])
    modules[name] = BaseModule(
      name: name, kind: kind, inFeatures: input, outFeatures: output, shape: other.shape, isTransposed: false,
      hasBias: checkpoint.tensors[name + ".bias"] != nil || sharedBias(of: name, output) != nil,
      weightName: other.weightName, weight: other.weight, tiedTo: other.weightName, isQuantized: other.isQuantized)
  }

  /// Notes that the bias of a tied head is one with that of its owner, as in BERT's `predictions.decoder.bias` and
  /// `predictions.bias`.
  private mutating func addBias(beside tie: TiedTensor) {
    let module = String(tie.name.dropLast(7))
    guard let shared = sharedBias(of: module, tie.entry.info.shape[0]), let entry = checkpoint.tensors[shared] else {
      return
    }
    let name = module + ".bias"
    tiedTensors.append(TiedTensor(name: name, source: shared, entry: entry, copy: checkpoint.tensors[name]))
  }

  private func sharedBias(of head: String, _ count: UInt64) -> String? {
    guard head.hasSuffix(".decoder") else { return nil }
    let name = String(head.dropLast(7)) + "bias"
    return checkpoint.tensors[name]?.info.shape == [count] ? name : nil
  }
}
