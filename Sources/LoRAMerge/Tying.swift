import LoRAIO
import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

/// What becomes of an output head and an input embedding that are one tensor in the base.
///
/// When an adapter makes the two differ, both are written and the config is told; PEFT itself merges both changes into
/// the one tensor, which is not what the adapter computes unmerged.
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
  /// Whether the config must say that nothing is tied.
  private(set) var unties = false
  private(set) var refusals: [Refusal] = []

  private let base: BaseModel
  private let sources: [SafetensorsFile]
  private let isEnsured: Bool

  /// Looks at the edits and takes those away that change nothing, or mean the same for both.
  init(of base: BaseModel, _ edits: inout [String: TensorEdit], _ sources: [SafetensorsFile], isEnsured: Bool) {
    self.base = base
    self.sources = sources
    self.isEnsured = isEnsured
    let tied = base.modules.values.filter { $0.tiedTo != nil }
    for (shared, sharers) in Dictionary(grouping: tied, by: \.weightName).sorted(by: { $0.key < $1.key }) {
      settle(shared, sharers.sorted { $0.name < $1.name }, &edits)
    }
    untieOnDisk(edits)
  }

  /// Decides about one tensor and the modules that share it with its owner.
  private mutating func settle(_ shared: String, _ sharers: [BaseModule], _ edits: inout [String: TensorEdit]) {
    guard let entry = sharers.first?.weight else { return }
    let original = StoredTensor(entry.info, of: sources[entry.file], source: entry.file)
    for name in [shared] + sharers.map({ $0.name + ".weight" }) where isCopy(edits[name], of: original) {
      edits[name] = nil
    }
    for module in sharers {
      let own = module.name + ".weight"
      guard edits[own] != nil || edits[shared] != nil else { continue }
      if staysTied(edits[own], edits[shared]) {
        edits[own] = nil
        continue
      }
      guard sharers.count == 1 else {
        let names = sharers.map { escaped($0.name) }.joined(separator: ", ")
        refusals.append(Refusal(base.path, subject: shared, "\(names) share this tensor, so it cannot be untied"))
        return
      }
      unties = true
      added.append(Added(name: own, original: original, shard: entry.file))
    }
  }

  /// Whether the edit puts the base's own numbers in place of themselves, as `save_embedding_layers` does.
  private func isCopy(_ edit: TensorEdit?, of original: StoredTensor) -> Bool {
    guard let edit, edit.isReplaced, let copy = edit.origin else { return false }
    return haveEqualValues(copy, original)
  }

  /// Whether the two are still one tensor after the edits; `own` is then not needed.
  private func staysTied(_ own: TensorEdit?, _ shared: TensorEdit?) -> Bool {
    guard let shared else { return false }
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
    let same = StoredTensor.haveEqualValues((one, sources[one.slice.source]), (other, sources[other.slice.source]))
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
    let size = one.dtype.bits / 8
    guard one.dtype == other.dtype, size > 0, one.slice.count == other.slice.count else { return false }
    do throws(IOError) {
      let left = try sources[one.slice.source].contents.bytes(at: one.slice.offset, count: Int(one.slice.count))
      let right = try sources[other.slice.source].contents.bytes(at: other.slice.offset, count: Int(other.slice.count))
      let count = Int(one.slice.count / size) / max(1, ranks)
      for index in 0..<count {
        for rank in 0..<ranks {
          let here = ReferenceNumbers.code(left, index * one.layout.stride + rank * one.layout.rankStride, one.dtype)
          let there = ReferenceNumbers.code(
            right, index * other.layout.stride + rank * other.layout.rankStride, other.dtype)
          if here != there { return false }
        }
      }
      return true
    } catch {
      return false
    }
  }

  /// Where the config ties two tensors that both lie on disk, readers take one of them for both; after an edit of
  /// either they must take both.
  private mutating func untieOnDisk(_ edits: [String: TensorEdit]) {
    guard base.tiesEmbeddings, added.isEmpty, let checkpoint = base.checkpoint else { return }
    let heads = base.modules.values.filter {
      $0.tiedTo == nil && ["lm_head", "embed_out"].contains($0.name.split(separator: ".").last)
    }
    for head in heads where head.weight != nil {
      let embeddings = base.modules.values.filter { embedding in
        embedding.kind == .embedding && embedding.shape == head.shape && checkpoint.tensors[embedding.weightName] != nil
      }
      if edits[head.weightName] != nil || embeddings.contains(where: { edits[$0.weightName] != nil }) { unties = true }
    }
  }
}
