import Diagnostics
import JSON
import LoRADeltas
import LoRAIO
import LoRAModel
import LoRASurgery
import LoRAValidate
import Safetensors
import TensorCore

extension EngineAttempt {
  /// Weights out of their compression, which engines do not read.
  static let plainFile = EngineAttempt { plan throws(SurgeryError) in
    guard let ending = SafetensorsFile.compressedExtensions.first(where: { plan.weightsPath.hasSuffix($0) }) else {
      return nil
    }
    let path = String(plan.weightsPath.dropLast(ending.count))
    return Proposal(what: "the weights are written uncompressed, as \(escaped(Folder.lastComponent(path)))") {
      $0.weightsPath = path
    }
  }

  /// Names of modules where an engine reads no regular expression and no shorthand.
  static let listedTargets = EngineAttempt { plan throws(SurgeryError) in
    guard plan.config?["target_modules"]?.array == nil else { return nil }
    let names = TargetNames(plan).all
    guard !names.isEmpty else { return nil }
    return Proposal(what: "target_modules lists the modules of the file: \(listing(names))") {
      $0.config?["target_modules"] = .array(names.map { .string($0) })
    }
  }

  /// The base's own numbers, and second copies, that a trainer wrote along.
  static let withoutBuffers = EngineAttempt { plan throws(SurgeryError) in
    let buffers = plan.adapter.replacements.map(\.tensor).filter { Repair.isBuffer($0) } + plan.adapter.leftovers
    guard !buffers.isEmpty else { return nil }
    let names = Set(buffers.map(\.name))
    return Proposal(
      what:
        "\(counted(names.count, "tensor")) that no loader of adapters uses \(names.count == 1 ? "is" : "are") dropped: "
        + listing(names.ordered())
    ) { $0.drop(names) }
  }

  /// The scale of rsLoRA, alpha/√r, as alpha/r: lora_alpha is multiplied by √r, in alpha_pattern where ranks differ.
  static let plainAlpha = EngineAttempt { plan throws(SurgeryError) in
    guard let config = plan.adapter.config, config.usesRankStabilizedScale,
      let alphas = try? plan.adapter.modules.map({ (name: $0.name, value: try plan.alphaOverRank(of: $0)) }),
      let usual = mostFrequent(alphas.map(\.value))
    else { return nil }
    let entries = PatternTable.entries(alphas, usual: usual)
    return Proposal(
      what:
        "use_rslora is off and lora_alpha is \(Repair.plain(usual)) instead of \(Repair.plain(config.alpha)), which is the same "
        + "scale" + (entries.isEmpty ? "" : "; alpha_pattern says it where ranks differ")
    ) { change in
      change.config?["use_rslora"] = false
      change.config?["lora_alpha"] = .number(usual)
      change.config?["alpha_pattern"] = .object(JSONObject(entries.map { ($0.key, .number($0.value)) }))
    }
  }
}

extension RepairPlan {
  /// The alpha that gives a module its scale as alpha/r.
  fileprivate func alphaOverRank(of module: AdapterModule) throws(LoRAPairProblem) -> Double {
    let pair = try adapter.pair(of: module)
    return pair.scale * Double(pair.rank)
  }
}
