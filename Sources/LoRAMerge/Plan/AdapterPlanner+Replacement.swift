import JSON
import LoRAIO
import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

/// Tensors that take the place of base tensors: `modules_to_save`, trained biases, resized embeddings, the base copy
/// of an adapted embedding, and single rows (`trainable_token_indices`).
extension AdapterPlanner {
  /// A base tensor that something takes the place of.
  private struct Place {
    /// Name in the output.
    var name: String
    var dtype: DType
    var shape: Shape
    /// Position of its file and what its header says; the tied tensor's for an output head that has none.
    var entry: Checkpoint.Entry
    /// Whether its rows belong to the vocabulary, so that there may be more or fewer of them.
    var holdsVocabulary: Bool
  }

  mutating func replacement(_ replacement: Replacement) {
    let tensor = replacement.tensor
    guard let place = place(of: replacement.name) else {
      refuse(
        replacement, "the base has no such tensor",
        hint: "the adapter belongs to a model with other heads or biases than this base")
      return
    }
    guard
      tensor.dtype == place.dtype || (tensor.dtype.isFloat && (place.dtype.isMergeable || isDequantized(place.entry)))
    else {
      refuse(replacement, "it is \(tensor.dtype.name) but the base's tensor is \(place.dtype.name)")
      return
    }
    guard weight == 1 else {
      refuse(replacement, "it replaces a tensor of the base, for which a weight of \(weight) has no meaning")
      return
    }
    switch replacement.role {
    case .full:
      guard fits(replacement, place) else { return }
      change(place.name, .replace(stored(tensor)))
    case .adaptedBase:
      guard fits(replacement, place), tensor.dtype.isMergeable || tensor.shape == place.shape else { return }
      rebase(replacement, place)
    case .rows: rows(replacement, place)
    }
  }

  /// Takes W from the adapter where it is not the base's.
  private mutating func rebase(_ replacement: Replacement, _ place: Place) {
    let copy = stored(replacement.tensor)
    let original = StoredTensor(place.entry.info, of: checkpoint.files[place.entry.file], source: place.entry.file)
    if copy.shape == original.shape {
      switch StoredTensor.haveEqualValues((copy, file), (original, checkpoint.files[place.entry.file])) {
      case .success(true): return
      case .success(false):
        warn(
          "it brings its own copy of \(escaped(place.name)), which is not the base's; "
            + "its change is added to that copy, as PEFT does")
      case .failure(let error):
        refuse(replacement, error.description)
        return
      }
    }
    guard copy.dtype.isMergeable else {
      refuse(replacement, "it is stored as \(copy.dtype.name); F32, F16 and BF16 can be changed")
      return
    }
    origins[place.name] = copy
    change(place.name, .rebase(copy))
  }

  /// Rows of an embedding: `trainable_tokens_delta` holds the new rows themselves, in the order of the indices.
  private mutating func rows(_ replacement: Replacement, _ place: Place) {
    let module = replacement.name.hasSuffix(".weight") ? String(replacement.name.dropLast(7)) : replacement.name
    let indices = adapter.config?.trainableTokens.first {
      $0.embedding.isEmpty || module == $0.embedding || module.hasSuffix("." + $0.embedding)
    }?.rows
    guard let indices else {
      refuse(replacement, "the config does not say which rows it replaces (trainable_token_indices)")
      return
    }
    let tensor = replacement.tensor
    guard place.shape.rank == 2, tensor.shape == [UInt64(indices.count), place.shape[1]] else {
      refuse(replacement, "it is \(tensor.shape), but \(indices.count) rows of \(place.shape) are replaced")
      return
    }
    guard Set(indices).count == indices.count, indices.allSatisfy({ $0 < place.shape[0] }) else {
      refuse(replacement, "trainable_token_indices names a row twice, or one beyond the \(place.shape[0]) of the base")
      return
    }
    change(place.name, .replaceRows(indices, stored(tensor)))
  }

  // MARK: Names and shapes

  /// The tensor of the base that a name of the adapter means.
  private mutating func place(of name: String) -> Place? {
    if let dot = name.lastIndex(of: "."), let match = base.match(String(name[..<dot])) {
      note(match)
      let leaf = name[name.index(after: dot)...]
      let target = match.module
      if leaf == "weight", let weight = target.weight, !target.isQuantized {
        return Place(
          name: outputName(of: target), dtype: weight.info.dtype, shape: weight.info.shape, entry: weight,
          holdsVocabulary: holdsVocabulary(target))
      }
      if leaf == "bias", let (name, entry) = base.bias(of: target) {
        return Place(
          name: name, dtype: entry.info.dtype, shape: entry.info.shape, entry: entry, holdsVocabulary: false)
      }
      if leaf != "weight", let found = tensor(target.name + "." + leaf) { return found }
    }
    if let found = tensor(name) { return found }
    if let stored = base.storedName(ofTensor: name), let found = tensor(stored) { return found }
    for (from, to) in prefixChanges where name.hasPrefix(from) {
      if let found = tensor(to + name.dropFirst(from.count)) { return found }
    }
    return nil
  }

  private func tensor(_ name: String) -> Place? {
    checkpoint.tensors[name].map {
      Place(name: name, dtype: $0.info.dtype, shape: $0.info.shape, entry: $0, holdsVocabulary: false)
    }
  }

  /// Whether a module has a row for every token: an embedding or output head as high as the vocabulary.
  private func holdsVocabulary(_ target: BaseModule) -> Bool {
    guard let rows = base.vocabularySize, let weight = target.weight, weight.info.shape.rank == 2 else { return false }
    let isHead = target.tiedTo != nil || ["lm_head", "embed_out"].contains(target.name.split(separator: ".").last)
    return weight.info.shape[0] == rows && (target.kind == .embedding || isHead)
  }

  private mutating func fits(_ replacement: Replacement, _ place: Place) -> Bool {
    let shape = replacement.tensor.shape
    if shape == place.shape { return true }
    if place.holdsVocabulary, shape.rank == 2, shape[1] == place.shape[1], shape[0] > 0 { return true }
    refuse(replacement, "it is \(shape) but the base's tensor is \(place.shape)")
    return false
  }

  private mutating func refuse(_ replacement: Replacement, _ reason: String, hint: String? = nil) {
    refuse(replacement.tensor.name, reason, hint: hint)
  }
}
