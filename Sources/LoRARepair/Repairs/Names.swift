import Diagnostics
import JSON
import LoRADeltas
import LoRAIO
import LoRAModel
import LoRASurgery
import LoRAValidate
import Safetensors
import TensorCore

extension Repair {
  /// Names whose meaning is clear get their right form: without adapter names and wrappers, with one prefix, with
  /// `.weight`.
  static let names = Repair { plan throws(SurgeryError) in
    guard plan.adapter.format == .peft else { return }
    try rename(wrong: misnamed(plan), rule: .exportNaming, &plan)
    try rename(wrong: unended(plan), rule: .tensorUnknown, &plan)
  }

  /// A name that is to be another one, and what is wrong with it.
  private struct WrongName {
    let name: String
    let right: String
    let problem: String
  }

  private static func misnamed(_ plan: RepairPlan) -> [WrongName] {
    let strays = Set(plan.context.strays.map(\.name))
    let adapters = plan.adapter.misnamed.compactMap {
      if case .adapterName(let name) = $0.problem { name } else { nil }
    }
    // The file does not say which of two adapters in it is wanted.
    guard Set(adapters).subtracting(["modules_to_save"]).count < 2 else { return [] }
    return plan.adapter.misnamed.filter { !strays.contains($0.tensor.name) }.map { tensor in
      let problem =
        switch tensor.problem {
        case .adapterName(let name): "the adapter's name \"\(escaped(name, limit: 60))\" is taken out of"
        case .wrapper(let name): "the wrapper \"\(escaped(name, limit: 60))\" is taken out of"
        case .missingPrefix: "the prefix base_model.model. is put in front of"
        case .doubledPrefix: "the prefix base_model.model. is written once in"
        }
      return WrongName(name: tensor.tensor.name, right: tensor.rightName, problem: problem)
    }
  }

  /// Factors without `.weight` at their end, as `named_parameters` of hand-written modules has them.
  private static func unended(_ plan: RepairPlan) -> [WrongName] {
    let naming = PEFTNaming()
    return plan.adapter.unknown.compactMap { tensor in
      let ended = tensor.name + ".weight"
      let key = naming.read(ended)
      guard case .factor(_, let part) = key.meaning, part == .a || part == .b else { return nil }
      return WrongName(
        name: tensor.name, right: key.misnaming?.rightName ?? ended, problem: "\".weight\" is put at the end of")
    }
  }

  private static func rename(wrong: [WrongName], rule: RuleID, _ plan: inout RepairPlan) throws(SurgeryError) {
    guard let file = plan.input.file, !wrong.isEmpty else { return }
    let changing = Set(wrong.map(\.name))
    var taken = Dictionary(
      plan.tensors.filter { !changing.contains($0.info.name) }.map { ($0.info.name, $0.info) }
    ) { first, _ in first }
    let tensors = Dictionary(plan.tensors.map { ($0.info.name, $0.info) }) { first, _ in first }
    var groups = Groups<String, WrongName>()
    var copies: Set<String> = []
    for one in wrong {
      guard let tensor = tensors[one.name] else { continue }
      if let other = taken[one.right] {
        // The same tensor twice: one of them is enough. Two that differ are left, and said by the check.
        if try isSame(tensor, other, in: file) { copies.insert(one.name) }
        continue
      }
      taken[one.right] = tensor
      groups.add(one.problem, one)
    }
    for (problem, places) in groups.all {
      guard let first = places.first else { continue }
      let names = Dictionary(places.map { ($0.name, $0.right) }) { first, _ in first }
      plan.mend(
        rule,
        "\(problem) the names of \(counted(places.count, "tensor")): \(escaped(first.right, limit: 200))"
          + (places.count > 1 ? " and so on" : "")
      ) { $0.rename(names) }
    }
    if !copies.isEmpty {
      plan.mend(
        rule,
        "\(counted(copies.count, "tensor")) that the file holds twice \(copies.count == 1 ? "is" : "are") "
          + "written once: \(listing(copies.ordered()))"
      ) { $0.drop(copies) }
    }
  }

  /// Whether two tensors have one type, one shape and the same bytes.
  static func isSame(_ one: TensorInfo, _ other: TensorInfo, in file: SafetensorsFile) throws(SurgeryError) -> Bool {
    guard one.dtype == other.dtype, one.shape == other.shape else { return false }
    return try TensorComparison.areSame(one, of: file, other, of: file)
  }

  /// Buffers of the base and state of an optimizer, which are no part of any adapter.
  static let buffers = Repair { plan throws(SurgeryError) in
    let candidates = plan.adapter.unknown + plan.context.strays
    let names = Set(candidates.filter { isBuffer($0) }.map(\.name))
    guard plan.adapter.format == .peft, !names.isEmpty else { return }
    plan.mend(
      .tensorUnknown,
      "\(counted(names.count, "tensor")) of the base or the optimizer \(names.count == 1 ? "is" : "are") dropped: "
        + listing(names.ordered())
    ) { $0.drop(names) }
  }

  /// Whether a tensor is a buffer that no training changes, or an optimizer's.
  static func isBuffer(_ tensor: TensorInfo) -> Bool {
    let components = tensor.name.dottedComponents
    if let first = components.first, ["optimizer", "lr_scheduler", "scheduler", "grad_scaler"].contains(first) {
      return true
    }
    switch components.last {
    case "position_ids", "num_batches_tracked": return !tensor.dtype.isFloat
    case "inv_freq", "original_inv_freq": return tensor.shape.rank == 1
    default: return false
    }
  }
}

/// Comparison of tensors of any size.
enum TensorComparison {
  private static let step: UInt64 = 1 << 20

  /// Whether two tensors of equal type and size hold the same bytes.
  static func areSame(_ one: TensorInfo, of file: SafetensorsFile, _ other: TensorInfo, of second: SafetensorsFile)
    throws(SurgeryError) -> Bool
  {
    guard one.byteCount == other.byteCount else { return false }
    let left = IOBuffer(count: Int(step))
    let right = IOBuffer(count: Int(step))
    var start: UInt64 = 0
    while start < one.byteCount {
      let count = Int(min(step, one.byteCount - start))
      let isSame = try SurgeryError.catching { () throws(IOError) -> Bool in
        let first = unsafe UnsafeMutableRawBufferPointer(rebasing: left.bytes[..<count])
        let next = unsafe UnsafeMutableRawBufferPointer(rebasing: right.bytes[..<count])
        unsafe try file.read(one, from: start, into: first)
        unsafe try second.read(other, from: start, into: next)
        return unsafe first.elementsEqual(next)
      }
      guard isSame else { return false }
      start += UInt64(count)
    }
    return true
  }
}
