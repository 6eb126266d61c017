public import JSON
import LoRAModel
import TensorCore

import struct BaseCatalogue.LayerMixers

/// A plan, its variations, and their presentation.
public struct CapacityReport: Sendable {
  /// The plan that was asked for.
  public let plan: CapacityPlan
  /// The same with other ranks or numbers of slots.
  public let sweep: [CapacityPlan]
  /// The mix of ranks, for real adapters.
  public let mix: RankMix?

  /// Does the arithmetic for a request and for each of its variations.
  public init(_ request: CapacityRequest, sweep: [CapacityRequest] = []) throws(CapacityError) {
    plan = try CapacityPlan(request)
    var plans: [CapacityPlan] = []
    for request in sweep { plans.append(try CapacityPlan(request)) }
    self.sweep = plans
    mix = try plan.rankMix()
  }

  /// The document of `plan --format json`.
  public func json(toolVersion: String) -> JSONValue {
    var object = plan.json
    object["adapters"] = .array(
      plan.adapters.map { adapter in
        [
          "path": JSONValue(adapter.path), "rank": JSONValue(adapter.rank), "modules": JSONValue(adapter.modules),
          "parameters": JSONValue(adapter.parameters), "bytes": JSONValue(adapter.bytes),
        ]
      })
    if let mix {
      object["rank_mix"] = [
        "buckets": .array(
          mix.buckets.map { bucket in
            [
              "rank": JSONValue(bucket.rank), "adapters": JSONValue(bucket.adapters),
              "slot_bytes": JSONValue(bucket.slotBytes),
            ]
          }),
        "uniform_bytes": JSONValue(mix.uniformBytes), "bucketed_bytes": JSONValue(mix.bucketedBytes),
        "adapter_bytes": JSONValue(mix.adapterBytes), "saving": .real(mix.saving),
      ]
    }
    if !sweep.isEmpty { object["sweep"] = .array(sweep.map { .object($0.json) }) }
    object["assumptions"] = .array(plan.assumptions.map { .string($0) })
    return .document("plan", toolVersion: toolVersion, object)
  }
}

extension CapacityPlan {
  /// The numbers, by the contract's keys; what cannot be said is null.
  var json: JSONObject {
    func number(_ value: UInt64?) -> JSONValue { value.map { JSONValue($0) } ?? .null }
    return [
      "rank": number(largest?.rank), "max_loras": JSONValue(request.maxLoRAs), "max_lora_rank": JSONValue(maxLoRARank),
      "dtype": .string(request.dtype.name), "parameters_per_layer": number(parametersPerLayer),
      "adapted_layers": JSONValue(adaptedLayers), "adapter_parameters": number(largest?.parameters),
      "adapter_bytes": number(largest?.bytes), "adapters_per_gib": JSONValue(adaptersPerGiB),
      "base_parameters": number(baseParameters), "base_bytes": number(baseBytes),
      "shrink_ratio": JSONValue(shrinkRatio), "tensor_parallel": JSONValue(request.tensorParallel),
      "base_bytes_per_gpu": number(baseBytesPerGPU), "slot_bytes": number(slotBytes),
      "slot_reservation_bytes": number(reservationBytes), "kv_cache": .string(cacheKind),
      "kv_layers": kvLayers, "kv_bytes_per_token": number(kvBytesPerToken),
      "state_bytes_per_sequence": number(stateBytesPerSequence), "kv_block_bytes": number(kvBlockBytes),
      "kv_block_tokens": JSONValue(request.blockSize),
      "kv_blocks_displaced": number(kvBlocksDisplaced), "kv_blocks_available": number(kvBlocksAvailable),
      "fits": fits.map { .bool($0) } ?? .null, "delta_flops_per_token": .real(deltaFLOPs),
      "base_flops_per_token": .real(baseFLOPs),
      "delta_flops_ratio": baseFLOPs > 0 ? .real(deltaFLOPs / baseFLOPs) : .null,
      "gpus_dedicated": number(gpusDedicated), "gpus_shared": number(gpusShared), "gpus_saved": number(gpusSaved),
      "monthly_cost": [
        "dedicated": JSONValue(monthlyCost(gpusDedicated)), "shared": JSONValue(monthlyCost(gpusShared)),
        "saved": JSONValue(monthlyCost(gpusSaved)),
      ],
      "padding_waste_ratio": JSONValue(paddingWasteRatio),
    ]
  }

  /// How many layers keep what; null when the config does not say.
  private var kvLayers: JSONValue {
    guard let mixers = cache?.mixers else { return .null }
    return [
      "full": JSONValue(mixers.full), "windowed": JSONValue(mixers.windowed), "shared": JSONValue(mixers.shared),
      "stateful": JSONValue(mixers.stateful), "none": JSONValue(mixers.none),
    ]
  }

  /// The form of the key-value cache in a word: `heads`, `latent`, `none` or `unknown`.
  private var cacheKind: String {
    switch cache?.parts.first?.form {
    case .heads: "heads"
    case .latent: "latent"
    case nil: KeyValueCache.isAbsent(from: request.base) ? "none" : "unknown"
    }
  }

  /// What the numbers rest on, each in a sentence.
  public var assumptions: [String] {
    var lines = [
      "sizes are exact; KiB, MiB and GiB are powers of 1024, GB powers of 1000",
      "adapters and slots hold \(request.dtype.name); A is [rank, in], B is [out, rank]; scales are folded into B",
    ]
    if slotBytes != nil {
      lines.append(
        "every slot has room for rank \(maxLoRARank) on every module that vLLM gives slots, used or not; for some models "
          + "that includes embedding and output head")
    } else {
      lines.append("no engine keeps slots for any module of this base")
    }
    if let rank = adapters.map(\.rank).max(), rank > maxLoRARank {
      lines.append("adapters of rank \(rank) do not fit slots of rank \(maxLoRARank): vLLM refuses them")
    }
    if let largest = CapacityRequest.legalRanks.max(), maxLoRARank > largest {
      lines.append("no max_lora_rank of vLLM is above \(largest): it does not start with \(maxLoRARank)")
    }
    if slotBytes != nil, !isServed {
      lines.append("vLLM serves no adapters for this architecture; the slots are what its rules would give")
    }
    if request.tensorParallel > 1 {
      lines.append(
        "\(request.tensorParallel) GPUs share each layer: slots, cache, memory and the base's bytes per GPU are those of "
          + "one; adapter, base and operations those of all")
      lines.append(
        "of what the GPUs share, one holds its part of the weights, of linear layers, experts and the vocabulary, and all "
          + "of the rest; A of what is split by outputs and B of what is split by inputs are on every GPU")
    }
    lines.append(
      "operations count a multiplication and an addition for each parameter that works on a token; attention over the "
        + "context, norms and softmax are left out")
    if request.base.checkpoint == nil, baseBytes != nil {
      lines.append(
        request.base.quantization == nil
          ? "the base's bytes are two for each parameter: 16-bit weights, as vLLM serves F32 checkpoints, too"
          : "the base's bytes are those of a quantisation as its config describes it, and two for every other parameter"
      )
    }
    if let cache {
      let parts = cache.parts.map { "\($0.form.text) in \($0.layers) layers" }.joined(separator: " and ")
      lines.append("a token's cache is \(parts), in \(request.kvType.rawValue)")
    } else if cacheKind == "none" {
      lines.append("no layer of the model attends to earlier tokens, so that it has no key-value cache")
    } else {
      lines.append("the key-value cache of this architecture is not known")
    }
    if let mixers = cache?.mixers, mixers.shared > 0 {
      lines.append("\(mixers.shared) layers attend with the keys and values of earlier ones and keep none of their own")
    }
    if let mixers = cache?.mixers, mixers.stateful > 0 {
      let bits = state?.recurrentBytes == 4 ? ", its recurrence in 32 bits" : ", in 16 bits"
      let known = state == nil ? "; how large it is, is not known" : bits
      lines.append("\(mixers.stateful) layers keep a state of constant size for each sequence\(known)")
    }
    if let window = cache?.slidingWindow {
      lines.append(
        "some layers forget tokens after a window of \(grouped(window)); the cache is counted as if none did, an upper "
          + "bound for long contexts")
    }
    if request.gpuMemory != nil {
      lines.append(
        "of the device, \(fixed(request.gpuMemoryUtilization * 100, 1)) % are used; activations and CUDA graphs take "
          + "\(ByteCount(request.overhead)) of that (--overhead)")
    }
    if request.tenants != nil {
      lines.append("one adapter for each tenant; a shared server has as many tenants as slots")
    }
    if request.gpuHourlyCost != nil { lines.append("a month has \(fixed(CapacityRequest.hoursPerMonth, 0)) hours") }
    return lines
  }
}
