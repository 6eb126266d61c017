import Diagnostics
import JSON
import LoRAModel
import Safetensors
import TensorCore

extension Rule {
  /// Factors of BD-LoRA, of which one is block-diagonal and holds its blocks below each other: `[rank, in / blocks]` for A,
  /// `[out, rank / blocks]` for B (peft 0.21, `tuners/lora/variants.py: BdLoraLinearVariant`).
  static func blocks(_ context: ValidationContext) -> [Finding] {
    guard let config = context.adapter.config, let options = config.raw["use_bdlora"], options.object != nil else {
      return []
    }
    let lists = ["target_modules_bd_a", "target_modules_bd_b"].map { (options[$0]?.array ?? []).compactMap(\.string) }
    let count = options["nblocks"]?.int64.flatMap { UInt64(exactly: $0) } ?? 1
    let isStrict = options["match_strict"]?.bool ?? true
    var groups = Groups<[String], AdapterModule>()
    for (module, match) in context.matched where module.kind == .linear && match.module.kind == .linear {
      let isIn = lists.map { $0.contains { module.name.contains($0) } }
      if isIn[0] == isIn[1] {
        if isIn[0] { groups.add(["is in both lists of use_bdlora"], module) }
        if !isIn[0] && isStrict { groups.add(["is in neither list of use_bdlora"], module) }
      } else if count == 0 || module.isMisshapen(isIn[0], count, match.module) {
        let blocks = counted(Int(clamping: count), "block")
        groups.add(["does not have the shapes that use_bdlora gives it in \(blocks)"], module)
      }
    }
    return groups.all.compactMap { problem, places in
      guard let first = places.first else { return nil }
      return Finding(
        .baseShapeMismatch,
        "\(escaped(first.name, limit: 160)) \(problem[0])"
          + (places.count > 1 ? ", like \(grouped(UInt64(places.count - 1))) more, " : ", ")
          + "and PEFT refuses the adapter",
        file: context.adapter.weightsPath, tensor: first.a?.name, module: first.name,
        found: [first.a, first.b].compactMap { $0.map { "\($0.shape)" } }.joined(separator: ", "),
        hint: "check that config and weights are of one training run")
    }
  }
}

extension AdapterModule {
  /// Whether its factors are not those of a layer of the base's sizes, whose A, or else B, is block-diagonal.
  fileprivate func isMisshapen(_ isInA: Bool, _ count: UInt64, _ base: BaseModule) -> Bool {
    guard let a, let b, a.shape.rank == 2, b.shape.rank == 2 else { return false }
    let rank = a.shape[0]
    let (input, output) = (base.inFeatures, base.outFeatures)
    if rank % count != 0 || (isInA ? input : output) % count != 0 { return true }
    return a.shape[1] != (isInA ? input / count : input) || b.shape[0] != output
      || b.shape[1] != (isInA ? rank : rank / count)
  }
}
