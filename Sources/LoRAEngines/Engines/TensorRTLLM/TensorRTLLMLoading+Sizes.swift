import JSON
import LoRAModel
import Safetensors
import TensorCore

extension TensorRTLLMLoading {
  /// What ranks and sizes do to the places, which C++ cuts to the model's own (`runtime/loraUtils.cpp`,
  /// `loraModule.cpp` 2a9abd95).
  var sizeReasons: [ServingReason] {
    let always = [layerBeyond, otherOutputWidth, missingQueries]
    return (release.hasOneRank ? always + [differentRanks, oddRank, unevenLayers] : always).compactMap { $0 }
  }

  /// Modules to which `alpha_pattern` gives another scale: it divides `lora_alpha` by the rank of the factors.
  var scaleReason: ServingReason? {
    guard let config = question.adapter.config else { return nil }
    let wrong = question.adapter.modules.filter { module in
      guard module.kind == .linear, let alpha = module.alpha else { return false }
      return abs(alpha - config.alpha) > 1e-6 * abs(alpha)
    }
    guard let first = wrong.first else { return nil }
    return ServingReason(
      effect: .misapplied,
      message: "\(some(wrong)): it scales by lora_alpha and the rank of the factors, and reads no alpha_pattern",
      file: question.adapter.weightsPath, module: first.name, found: "scale \(fixed(first.scale, 4))",
      hint: "fold the difference into lora_B and use one alpha")
  }

  /// A layer's number is checked when a request brings the adapter.
  private var layerBeyond: ServingReason? {
    guard let count = question.base?.layerCount else { return nil }
    let lost = placed.filter { $0.layer >= count }
    guard let first = lost.first else { return nil }
    return reason(
      .refused, "\(some(lost.map(\.module))), of layers that the model does not have", at: first.module,
      found: "layer \(first.layer) of \(count)", hint: "check that this is the base that the adapter was trained on")
  }

  /// The place of o_proj is as wide as the hidden states on both sides, and where B begins follows from that.
  private var otherOutputWidth: ServingReason? {
    let odd = placed.filter { $0.name == "o_proj" && $0.module.inFeatures != $0.module.outFeatures }.map(\.module)
    guard let first = odd.first else { return nil }
    return reason(
      .unjudged, "\(some(odd)), whose input is not as wide as the hidden states", at: first,
      found: "in \(first.inFeatures), out \(first.outFeatures)", hint: Self.trial)
  }

  /// Of q, k and v, those that the adapter has; it fills in the others with zeros.
  private var queries: Set<String> { Set(placed.map(\.name)).intersection(["q_proj", "k_proj", "v_proj"]) }

  /// The zeros are as many as the hidden states are wide, whatever the heads.
  private var missingQueries: ServingReason? {
    guard 1...2 ~= queries.count, let config = question.base?.config, let hidden = config["hidden_size"]?.int64,
      let heads = config["num_attention_heads"]?.int64, let size = config["head_dim"]?.int64,
      Double(heads) * Double(size) > Double(hidden)
    else { return nil }
    let first = placed.first { queries.contains($0.name) }?.module
    return reason(
      .unjudged,
      "\(queries.ordered().joined(separator: " and ")) alone, where the heads are wider than the hidden states",
      at: first, hint: Self.trial)
  }

  /// How many zeros stand for each of q, k and v that the adapter lacks while it has others.
  var zerosForQueries: Double {
    guard 1...2 ~= queries.count, let rank = question.adapter.config?.rank,
      let hidden = question.base?.config?["hidden_size"]?.int64
    else { return 0 }
    return 2 * Double(rank) * Double(hidden)
  }

  /// Ranks that take part, as each of them is found in CUDA graphs; zeros for what is missing have the config's.
  private var ranks: [UInt64] {
    var ranks = Set(placed.map(\.module.rank))
    if 1...2 ~= queries.count, let rank = question.adapter.config?.rank { ranks.insert(UInt64(clamping: rank)) }
    return ranks.ordered()
  }

  /// One rank, that of the first module, is kept for an adapter (`cuda_graph_lora_params.py` 03441af1).
  private var differentRanks: ServingReason? {
    guard ranks.count > 1, let first = placed.first?.module else { return nil }
    let found = ranks.map { "\($0)" }.joined(separator: ", ")
    return reason(
      .misapplied, "modules of different ranks (\(found)): all are read with the rank of one", at: first,
      found: "ranks \(found)", hint: "resize the adapter to one rank")
  }

  /// Its own comment doubts other ranks (`layer.py` 023f3401): kernels read eight values at once.
  private var oddRank: ServingReason? {
    guard let rank = ranks.first(where: { $0 % 8 != 0 }), let first = placed.first?.module else { return nil }
    return reason(
      .unjudged, "rank \(rank), which its kernels for CUDA graphs may not read", at: first, found: "rank \(rank)",
      hint: "resize the adapter to a multiple of 8, or try it with the engine itself")
  }

  /// While prompts are read, outputs of a layer's q, k and v are told apart by their order alone.
  private var unevenLayers: ServingReason? {
    let layers = Dictionary(grouping: placed, by: \.layer).mapValues { Set($0.map(\.name)).intersection(queries) }
    guard let uneven = layers.filter({ $0.value != queries }).keys.min() else { return nil }
    return reason(
      .unjudged, "layer \(uneven), which has fewer of \(queries.ordered().joined(separator: ", ")) than others",
      at: placed.first { $0.layer == uneven }?.module, hint: Self.trial)
  }
}
