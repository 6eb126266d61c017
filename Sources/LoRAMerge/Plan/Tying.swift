import JSON
import LoRAIO
import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

/// What becomes of tensors that a base keeps as one: output head and input embedding, the embeddings of encoder and
/// decoder, the two names of a head's bias.
///
/// When an adapter makes them differ, each is written under its own name and the config is told; PEFT itself merges all
/// changes into the one tensor, which is not what the adapter computes unmerged.
struct Tying {
  /// A tensor that the output has and the files of the base have not.
  struct Added: Sendable {
    /// Its name.
    var name: String
    /// What it is without edits: the tensor that it was tied to.
    var original: StoredTensor
    /// The shard that it goes to, where that tensor lies.
    var shard: Int
  }

  /// Tensors to add to the output.
  private(set) var added: [Added] = []
  /// Whether something is one tensor in the base and several in the output.
  private(set) var unties = false
  private(set) var refusals: [Refusal] = []
  /// Sentences about what readers of the output may take otherwise.
  private(set) var warnings: [String] = []

  private let base: BaseModel
  private let sources: [SafetensorsFile]
  private let isEnsured: Bool
  /// Those that go on being one with their source.
  private var followers: [TiedTensor] = []

  /// Looks at the edits and takes those away that change nothing, or mean the same for both.
  init(of base: BaseModel, _ edits: inout [String: TensorEdit], _ sources: [SafetensorsFile], isEnsured: Bool) {
    self.base = base
    self.sources = sources
    self.isEnsured = isEnsured
    for (source, tied) in Dictionary(grouping: base.tiedTensors, by: \.source).ordered(by: { $0.key < $1.key }) {
      settle(source, tied.ordered { $0.name < $1.name }, &edits)
    }
    // Once the config says that nothing is tied, readers look for every tensor under its own name.
    let isToldApart = unties && base.obeysTyingFlag
    for tensor in followers {
      edits[tensor.name] = tensor.copy != nil || isToldApart ? edits[tensor.source] : nil
      if isToldApart, tensor.copy == nil { add(tensor) }
    }
    added.sort { $0.name < $1.name }
    if unties, !base.obeysTyingFlag {
      warnings.append(
        "a config of \(escaped(base.modelType ?? "")) cannot say that nothing is tied; transformers 5 sees it by the "
          + "tensors, older releases use one of them for all")
    }
    if let embedding = unseenTie(edits) {
      warnings.append(
        "\(escaped(embedding)) changes and the config ties it, but to what is not known of this model type; if that is "
          + "an output head, it changes too")
    }
  }

  /// A changed embedding of the vocabulary of which the config says that it is tied, when no other tensor is known to be
  /// tied to it.
  private func unseenTie(_ edits: [String: TensorEdit]) -> String? {
    guard base.description == nil, base.tiesEmbeddings, base.tiedTensors.isEmpty, let rows = base.vocabularySize else {
      return nil
    }
    let classes = base.config?["architectures"]?.array?.compactMap(\.string) ?? []
    let endings = ["Model", "Classification", "Answering", "MultipleChoice"]
    if classes.contains(where: { name in endings.contains { name.hasSuffix($0) } }) { return nil }
    return edits.keys.ordered().first { name in
      base.match(name).map { $0.module.kind == .embedding && $0.module.shape.dimensions.first == rows } ?? false
    }
  }

  /// Decides which of the tensors that are one with `source` go on being so.
  private mutating func settle(_ source: String, _ tied: [TiedTensor], _ edits: inout [String: TensorEdit]) {
    guard let entry = tied.first?.entry else { return }
    let original = stored(entry)
    let names = [source] + tied.map(\.name)
    for name in names where isCopy(edits[name], of: original) { edits[name] = nil }
    guard names.contains(where: { edits[$0] != nil }) else {
      followers += tied.filter { $0.copy == nil }
      return
    }
    for tensor in tied {
      let own = edits[tensor.name]
      // PEFT has them follow the rows of the model's input embedding, which is the shared one in all but Marian.
      if base.description == nil, own?.isOnlyRows == true, tensor.name.hasSuffix("embed_tokens.weight") {
        refusals.append(
          Refusal(
            base.path, subject: tensor.name,
            "rows of it are replaced, and whether those of \(escaped(source)) follow is not known of this model type"))
        return
      }
      if let copy = tensor.copy, !haveEqualValues(stored(copy), original) {
        // Never one for readers that look at both; those that believe the config alone are to do so too.
        if base.obeysTyingFlag { unties = true }
      } else if staysTied(own, edits[source]) {
        followers.append(tensor)
      } else {
        unties = true
        if tensor.copy == nil { add(tensor) }
      }
    }
  }

  private mutating func add(_ tensor: TiedTensor) {
    added.append(Added(name: tensor.name, original: stored(tensor.entry), shard: tensor.entry.file))
  }

  private func stored(_ entry: Checkpoint.Entry) -> StoredTensor {
    StoredTensor(entry.info, of: sources[entry.file], source: entry.file)
  }

  /// Whether the edit puts the base's own numbers in place of themselves, as `save_embedding_layers` does.
  private func isCopy(_ edit: TensorEdit?, of original: StoredTensor) -> Bool {
    guard let edit, edit.isReplaced, let copy = edit.origin else { return false }
    return haveEqualValues(copy, original)
  }

  /// Whether the two are still one tensor after the edits; `own` is then not needed.
  private func staysTied(_ own: TensorEdit?, _ shared: TensorEdit?) -> Bool {
    guard let shared else { return own == nil }
    guard let own else {
      // New rows of the embedding are rows of the head too; another number of rows leaves the head no choice.
      return shared.isOnlyRows || (shared.additions.isEmpty && changesRows(shared))
    }
    guard sameOrigin(own, shared) else { return false }
    if own.additions.isEmpty, shared.additions.isEmpty { return own.isReplaced && shared.isReplaced }
    return isEnsured && own.additions.count == 1 && shared.additions.count == 1
      && isTranspose(own.additions[0].delta, shared.additions[0].delta)
  }

  private func changesRows(_ edit: TensorEdit) -> Bool {
    guard let origin = edit.origin, let rows = base.vocabularySize else { return false }
    return origin.shape.rank == 2 && origin.shape[0] != rows
  }

  private func sameOrigin(_ one: TensorEdit, _ other: TensorEdit) -> Bool {
    switch (one.origin, other.origin) {
    case (nil, nil): return true
    case (let left?, let right?): return haveEqualValues(left, right)
    default: return false
    }
  }

  private func haveEqualValues(_ one: StoredTensor, _ other: StoredTensor) -> Bool {
    guard one.shape == other.shape else { return false }
    let same = StoredTensor.haveEqualValues((one, sources[one.source.source]), (other, sources[other.source.source]))
    if case .success(true) = same { return true }
    return false
  }

  /// Whether two pairs of factors are one delta: PEFT's `ensure_weight_tying` gives the head the embedding's factors,
  /// exchanged and transposed.
  private func isTranspose(_ head: LowRankDelta, _ embedding: LowRankDelta) -> Bool {
    guard head.rank == embedding.rank, head.scale == embedding.scale, let left = head.left, let other = embedding.left
    else { return false }
    return haveEqualElements(left, other, ranks: head.rank)
      && haveEqualElements(head.right, embedding.right, ranks: head.rank)
  }

  private func haveEqualElements(_ one: StoredFactor, _ other: StoredFactor, ranks: Int) -> Bool {
    let dtype = one.source.dtype
    let size = dtype.bits / 8
    guard dtype == other.source.dtype, size > 0, one.source.count == other.source.count else { return false }
    do throws(IOError) {
      let left = try sources[one.source.source].contents.bytes(at: one.source.offset, count: Int(one.source.count))
      let right = try sources[other.source.source].contents.bytes(
        at: other.source.offset, count: Int(other.source.count))
      let count = Int(one.source.count / size) / max(1, ranks)
      for index in 0..<count {
        for rank in 0..<ranks {
          let here = ReferenceNumbers.code(left, index * one.layout.stride + rank * one.layout.rankStride, dtype)
          let there = ReferenceNumbers.code(
            right, index * other.layout.stride + rank * other.layout.rankStride, dtype)
          if here != there { return false }
        }
      }
      return true
    } catch {
      return false
    }
  }
}
