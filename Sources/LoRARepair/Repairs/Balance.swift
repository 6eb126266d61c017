import Diagnostics
import JSON
import LoRADeltas
import LoRAEngines
import LoRAKernels
import LoRAModel
import LoRASurgery
import LoRAValidate
import Safetensors
import TensorCore

extension Repair {
  /// Factors that overflow in the serving type are balanced: a power of two goes from one to the other, which leaves
  /// their product as it is.
  static let balance = Repair { plan throws(SurgeryError) in
    // The type that the engine serves in, and the one that the file is to be written in.
    let written = plan.options.dtype.flatMap { dtype in ServingDType.allCases.first { $0.dtype == dtype } }
    let types = [plan.options.validation.serving.servingDType] + (written.map { [$0] } ?? [])
    guard plan.adapter.format == .peft, plan.hasAlpha, let file = plan.input.file,
      types.contains(where: { plan.mayOverflow($0) })
    else { return }
    let scans = try plan.scans()
    guard !scans.values.contains(where: { $0.nanCount > 0 || $0.infinityCount > 0 }) else { return }
    let tensors = plan.tensorsByName
    var replacements: [String: PlannedTensor] = [:]
    var names: [String] = []
    for module in plan.adapter.modules {
      guard let pair = try? plan.adapter.pair(of: module), let a = tensors[pair.a.tensor.name],
        let b = tensors[pair.b.tensor.name], a.isKept, b.isKept, let left = scans[a.info.begin]?.maxMagnitude,
        let right = scans[b.info.begin]?.maxMagnitude, left > 0, right > 0
      else { continue }
      let scale = max(1, abs(pair.scale))
      func overflows(_ shift: Int) -> Bool {
        let (down, up) = (Self.shifted(left, shift), Self.shifted(right, -shift))
        return types.contains { type in
          type.rounded(down).isInfinite || type.rounded(type.rounded(up) * scale).isInfinite
        }
      }
      guard overflows(0) else { continue }
      let shift = (Int((right * scale).exponent) - Int(left.exponent)) / 2
      guard !overflows(shift), try a.keeps(shift, from: file), try b.keeps(-shift, from: file) else { continue }
      replacements[a.info.name] = a.shifted(by: shift, from: file)
      replacements[b.info.name] = b.shifted(by: -shift, from: file)
      names.append(module.name)
    }
    guard !names.isEmpty else { return }
    plan.mend(
      .valueOverflow,
      "a power of two is moved between A and B of \(phrase(names, of: plan.adapter.modules.count)), so that both fit "
        + types.map(\.rawValue).uniqued.joined(separator: " and ")
    ) { $0.replace(replacements) }
  }

  /// A number times a power of two.
  fileprivate static func shifted(_ value: Double, _ shift: Int) -> Double {
    Double(sign: .plus, exponent: shift, significand: value)
  }
}

extension RepairPlan {
  /// Whether the file has types whose numbers can be too large for another one.
  fileprivate func mayOverflow(_ type: ServingDType) -> Bool {
    tensors.contains { $0.info.dtype.isFloat && (type == .f16 || $0.info.dtype.bits > type.dtype.bits) }
  }
}

extension PlannedTensor {
  /// Every element times a power of two.
  fileprivate func shifted(by shift: Int, from file: SafetensorsFile) -> PlannedTensor {
    let source = self
    return PlannedTensor(
      info.with(dtype: Self.writable(info.dtype)),
      .made { () throws(SurgeryError) in try source.values(from: file).map { Repair.shifted($0, shift) } })
  }

  /// Whether no element loses a bit or its range by that.
  fileprivate func keeps(_ shift: Int, from file: SafetensorsFile) throws(SurgeryError) -> Bool {
    let values = try values(from: file).map { Repair.shifted($0, shift) }
    let dtype = Self.writable(info.dtype)
    let limit = (ServingDType.allCases.first { $0.dtype == dtype })?.overflowThreshold ?? .infinity
    return values.allSatisfy { abs($0) < limit } && ElementBytes.holds(values, dtype)
  }
}
