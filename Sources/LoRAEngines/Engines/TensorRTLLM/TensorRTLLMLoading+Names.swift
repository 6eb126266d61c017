import Diagnostics
import JSON
import LoRAModel
import Safetensors
import TensorCore

extension TensorRTLLMLoading {
  /// What the loader makes of the names in the file.
  var nameReasons: [ServingReason] {
    [foreignTensors, unknownNames, unmappedNames, skippedHeads, misplacedExperts, sharedPlaces].compactMap { $0 }
  }

  /// Names of whole tensors and of what was not understood.
  private var others: [String] {
    (question.adapter.replacements.map(\.tensor.name) + question.adapter.unknown.map(\.name)).ordered()
  }

  private var foreignTensors: ServingReason? {
    others.first { TensorRTLLMKey($0, map: map) == .unknown }.map { bad in
      reason(
        .refused, "tensors that are no LoRA factors, such as \(escaped(bad, limit: 160))", tensor: bad,
        found: escaped(bad), hint: "merge the adapter")
    }
  }

  private var unknownNames: ServingReason? {
    unknown.first.map { first in
      named(
        .refused, "the names of \(some(unknown)), or of a bias beside the factors", first.tensors.last?.name, first,
        "train without these modules and without biases for this engine")
    }
  }

  private var unmappedNames: ServingReason? {
    unmapped.first.map { first in
      named(
        map.skipsUnmapped ? .ignored : .refused, "modules that its map does not have: \(some(unmapped))",
        first.tensors.first?.name, first, "train without these modules for this engine")
    }
  }

  private var skippedHeads: ServingReason? {
    let whole = others.filter { TensorRTLLMKey($0, map: map) == .head }
    guard !heads.isEmpty || !whole.isEmpty else { return nil }
    return named(
      .ignored, listing(heads.map(\.name) + whole), heads.first?.tensors.first?.name ?? whole.first, heads.first,
      "train without these modules for this engine")
  }

  private var misplacedExperts: ServingReason? {
    let lost = placed.filter { $0.isExpert && !TensorRTLLMMap.isOfExperts($0.name) }.map(\.module)
    return lost.first.map { first in
      named(
        .misapplied, "\(some(lost)): factors of experts take the place of a layer's one MLP",
        first.tensors.first?.name, first, "train without experts for this engine")
    }
  }

  private var sharedPlaces: ServingReason? {
    var taken: Set<String> = []
    let later = placed.filter { !$0.isExpert && !taken.insert("\($0.layer).\($0.name)").inserted }.map(\.module)
    return later.first.map { first in
      named(
        .misapplied, "\(some(later)): their places, by layer and last name, are those of other modules too",
        first.tensors.first?.name, first, "train without the modules that share a name in a layer for this engine")
    }
  }

  private func named(
    _ effect: ServingReason.Effect, _ message: String, _ tensor: String?, _ module: AdapterModule?, _ hint: String
  ) -> ServingReason {
    reason(effect, message, at: module, tensor: tensor, found: tensor.map { escaped($0) }, hint: hint)
  }
}
