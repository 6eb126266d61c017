import Diagnostics
import LoRADeltas
import LoRASurgery

/// One kind of mend: it looks at the adapter as it is planned so far, and changes it where one answer is right.
///
/// A new kind is one file below `Repairs/` or `Engine/` and one line in `all`.
struct Repair: Sendable {
  private let body: @Sendable (inout RepairPlan) throws(SurgeryError) -> Void

  init(_ body: @escaping @Sendable (inout RepairPlan) throws(SurgeryError) -> Void) { self.body = body }

  func callAsFunction(_ plan: inout RepairPlan) throws(SurgeryError) { try body(&plan) }

  /// All kinds, in the order in which they build on each other: what the tensors are, what the config says of them,
  /// what the base calls them, and last what an engine needs.
  static let all: [Repair] = [
    .header, .pickle, .configText, .names, .buffers, .missingConfig, .fileName, .fields, .expertStacks, .alpha,
    .flatFactors, .deadPatterns, .baseNames, .fusion, .orientation, .ranks, .deadPatterns, .balance,
    .targets, .baseWeights, .engine,
  ]
}
