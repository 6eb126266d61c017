import JSON
import LoRAIO
import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

import struct BaseCatalogue.RuntimeModule

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
    if let parts = parts(of: replacement.name) { return self.replacement(replacement, in: parts) }
    guard let place = place(of: replacement.name) else {
      refuse(
        replacement, "the base has no such tensor",
        hint: "the adapter belongs to a model with other heads or biases than this base")
      return
    }
    self.replacement(replacement, place, by: stored(replacement.tensor))
  }

  /// A weight whose rows the files hold as several tensors, each of which takes its own.
  private mutating func replacement(_ replacement: Replacement, in parts: [Place]) {
    let tensor = stored(replacement.tensor)
    guard replacement.role != .rows else {
      refuse(replacement, "the files hold the embedding as \(parts.count) tensors, where single rows are not replaced")
      return
    }
    var first: UInt64 = 0
    for part in parts {
      guard tensor.shape.rank == 2, tensor.shape[1] == part.shape[1], part.shape[0] <= tensor.shape[0] - first else {
        return refuse(replacement, "it is \(tensor.shape) but the base's tensors are \(list(parts)) together")
      }
      let known = refusals.count
      self.replacement(replacement, part, by: tensor.rows(first..<first + part.shape[0]))
      if refusals.count > known { return }
      first += part.shape[0]
    }
    if first < tensor.shape[0] {
      refuse(replacement, "it is \(tensor.shape) but the base's tensors are \(list(parts)) together")
    }
  }

  private func list(_ parts: [Place]) -> String { parts.map { "\($0.shape)" }.joined(separator: " and ") }

  private mutating func replacement(_ replacement: Replacement, _ place: Place, by tensor: StoredTensor) {
    guard
      tensor.dtype == place.dtype || (tensor.dtype.isFloat && (place.dtype.isMergeable || isDequantized(place.entry)))
    else {
      refuse(replacement, "it is \(tensor.dtype.name) but the base's tensor is \(place.dtype.name)")
      return
    }
    switch replacement.role {
    case .full:
      guard isWhole(replacement), fits(replacement, tensor.shape, place) else { return }
      change(place.name, .replace(tensor))
      companions(of: replacement, place, by: tensor)
    case .adaptedBase:
      guard fits(replacement, tensor.shape, place), tensor.dtype.isMergeable || tensor.shape == place.shape else {
        return
      }
      rebase(replacement, place, on: tensor)
    case .rows:
      guard isWhole(replacement) else { return }
      rows(replacement, place)
    }
  }

  /// Replaces what the base keeps as one with a weight that is not adapted, where `modules_to_save` asks for no copy of
  /// its own: PEFT loads such a tensor into the base's parameter, whatever the name that it has in the file.
  private mutating func companions(of replacement: Replacement, _ place: Place, by tensor: StoredTensor) {
    let owner = replacement.name.dropLast(replacement.name.lastComponent.count + 1)
    let saved = adapter.config?.modulesToSave ?? []
    let tied = base.tiedTensors.filter { [$0.name, $0.source].contains(place.name) }
    guard let source = tied.first?.source, replacement.name.hasSuffix(".weight"),
      !adapter.modules.contains(where: { $0.name == owner }),
      !saved.contains(where: { owner.hasSuffix($0) || owner.contains($0 + ".") })
    else { return }
    let group = Set(base.tiedTensors.filter { $0.source == source }.map(\.name) + [source]).subtracting([place.name])
    var written: [String: StoredTensor] = [:]
    for other in adapter.replacements where other.role != .rows && other.name != replacement.name {
      if let name = self.place(of: other.name)?.name, group.contains(name) { written[name] = stored(other.tensor) }
    }
    let original = StoredTensor(place.entry.info, of: checkpoint.files[place.entry.file], source: place.entry.file)
    if case .success(true) = StoredTensor.haveEqualValues(
      (tensor, file), (original, checkpoint.files[place.entry.file]))
    {
      return
    }
    for name in group.ordered() {
      if let other = written[name] {
        if case .success(true) = StoredTensor.haveEqualValues((tensor, file), (other, file)) { continue }
        if adapter.config?.modulesToSave.isEmpty ?? true {
          refuse(
            replacement, "the base keeps it as one with \(escaped(name)), for which the adapter has other values",
            hint: "name the module that has values of its own in modules_to_save")
        }
        continue
      }
      change(name, .replace(tensor))
    }
  }

  /// Whether the adapter counts with a weight of 1, without which nothing can take the place of a tensor.
  private mutating func isWhole(_ replacement: Replacement) -> Bool {
    if weight == 1 { return true }
    refuse(replacement, "it replaces a tensor of the base, for which a weight of \(weight) has no meaning")
    return false
  }

  /// Takes W from the adapter where it is not the base's.
  private mutating func rebase(_ replacement: Replacement, _ place: Place, on copy: StoredTensor) {
    let original = StoredTensor(place.entry.info, of: checkpoint.files[place.entry.file], source: place.entry.file)
    if copy.shape == original.shape {
      // The base's own numbers replace nothing.
      switch StoredTensor.haveEqualValues((copy, file), (original, checkpoint.files[place.entry.file])) {
      case .success(true): return
      case .success(false):
        guard isWhole(replacement) else { return }
        warn(
          "it brings its own copy of \(escaped(place.name)), which is not the base's; "
            + "its change is added to that copy, as PEFT does")
      case .failure(let error):
        refuse(replacement, error.description)
        return
      }
    } else if !isWhole(replacement) {
      return
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
      $0.embedding.isEmpty || module.hasSuffix($0.embedding)
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

  /// The tensors of the base in which the rows of an embedding lie that a name of the adapter means; nil where it is
  /// no such one.
  private mutating func parts(of name: String) -> [Place]? {
    guard name.hasSuffix(".weight"), let match = base.match(String(name.dropLast(7))), match.module.kind == .embedding,
      let names = match.runtime?.parts, names.count > 1
    else { return nil }
    let parts = names.compactMap { base.modules[$0].flatMap { tensor($0.weightName) } }
    guard parts.count == names.count, parts.allSatisfy({ $0.shape.rank == 2 }) else { return nil }
    note(match)
    return parts
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

  private mutating func fits(_ replacement: Replacement, _ shape: Shape, _ place: Place) -> Bool {
    if shape == place.shape { return true }
    if place.holdsVocabulary, shape.rank == 2, shape[1] == place.shape[1], shape[0] > 0 { return true }
    refuse(replacement, "it is \(shape) but the base's tensor is \(place.shape)")
    return false
  }

  private mutating func refuse(_ replacement: Replacement, _ reason: String, hint: String? = nil) {
    refuse(replacement.tensor.name, reason, hint: hint)
  }
}
