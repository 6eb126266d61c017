package import LoRADeltas
package import TensorCore

/// A format that adapters are written in.
///
/// A new format is one file with a conforming type and one case of the command's list.
package protocol ConversionTarget: Sendable {
  /// Plans the output.
  ///
  /// - Throws: `SurgeryError.refused` with everything that the format cannot say.
  func plan(_ input: ConversionInput, _ options: ConversionOptions) throws(SurgeryError) -> ConversionPlan
}

/// How an adapter is converted.
package struct ConversionOptions: Sendable {
  /// The type of all factors; nil keeps what each tensor has.
  package var dtype: DType?
  /// What stands before the names of kohya's modules, or the part of a pipeline, where the input does not say it.
  package var prefix: String?
  /// The part of a pipeline to take where the target has one model; nil when there must be one alone.
  package var part: String?
  /// How modules are fused or split on the way.
  package var fusing: Fusing?
  package var record: SurgeryRecord

  package enum Fusing: Sendable, Equatable {
    /// Parts become the module of this last component.
    case into(String)
    case unfuse
  }

  package init(record: SurgeryRecord) { self.record = record }
}

/// An output that is ready to be written, and what was done for it.
package struct ConversionPlan: Sendable {
  package enum Output: Sendable {
    case folder(AdapterDraft)
    case file(DraftFile)
  }

  package let output: Output
  package let modules: Int
  package let tensors: Int
  /// What was multiplied into a factor because the format has no place for the module's own scale.
  package let folded: [(module: String, factor: Double)]
  /// Modules that got zeros up to the rank of the file.
  package let padded: [(module: String, from: UInt64, to: UInt64)]
  /// What a user should know about the output.
  package let notes: [String]
  /// Gets what rounding changes while the output is written.
  package let ledger: RoundingLedger

  /// Bytes of data that will be written.
  package var bytes: UInt64 {
    let files: [DraftFile] =
      switch output {
      case .folder(let draft): draft.files
      case .file(let file): [file]
      }
    return files.reduce(0) { total, file in
      guard case .laidOut(let layout) = file.content else { return total }
      return layout.parts.reduce(total) { $0 &+ $1.units }
    }
  }

  init(_ output: Output, tensors: Int, of workbench: ConversionWorkbench) {
    (self.output, self.tensors) = (output, tensors)
    modules = workbench.modules.count
    (folded, padded, notes, ledger) = (workbench.folded, workbench.padded, workbench.notes, workbench.ledger)
  }
}

/// The modules on their way into a format, with a note of everything that is done to them.
struct ConversionWorkbench {
  var modules: [ModuleDraft]
  private(set) var folded: [(module: String, factor: Double)] = []
  private(set) var padded: [(module: String, from: UInt64, to: UInt64)] = []
  var notes: [String]
  let ledger = RoundingLedger()

  init(_ modules: [ModuleDraft], notes: [String] = []) { (self.modules, self.notes) = (modules, notes) }

  /// How many times larger zeros may make an adapter.
  static let paddingLimit = 64.0

  /// Gives all modules the largest rank, by zeros.
  ///
  /// - Throws: `SurgeryError.refused` when that is most of the output.
  mutating func padToOneRank(of path: String) throws(SurgeryError) -> UInt64 {
    let rank = modules.map(\.rank).max() ?? 1
    func elements(_ rank: (ModuleDraft) -> UInt64) -> Double {
      modules.reduce(0) { $0 + Double($1.experts) * Double(rank($1)) * (Double($1.a.count) + Double($1.b.count)) }
    }
    let (before, after) = (elements(\.rank), elements { _ in rank })
    guard after <= Self.paddingLimit * before else {
      throw .refused(
        path, "with one rank of \(rank) for all modules it would be \(Int(after / before)) times as large",
        hint: "cut the ranks with resize first")
    }
    for index in modules.indices {
      let before = modules[index].rank
      if modules[index].pad(to: rank) { padded.append((modules[index].name, before, rank)) }
    }
    return rank
  }

  /// Gives all modules one scale: the one that most have.
  ///
  /// Readers take a scale of 0 for 1, so that 0 is folded too.
  mutating func foldToOneScale() -> Double {
    let scales = modules.map(\.scale).filter { $0 != 0 }
    let scale = mostFrequent(scales) ?? 1
    for index in modules.indices { fold(index, to: scale) }
    return scale
  }

  /// Gives a module a scale.
  mutating func fold(_ index: Int, to scale: Double) {
    if let factor = modules[index].fold(to: scale) { folded.append((modules[index].name, factor)) }
  }

  /// Takes over what was done to modules on another bench.
  mutating func note(_ other: ConversionWorkbench) {
    folded += other.folded
    padded += other.padded
  }

  /// Gives modules without effect a scale that is not 0, which readers take for 1.
  mutating func foldZeros() {
    for index in modules.indices where modules[index].scale == 0 { fold(index, to: 1) }
  }
}
