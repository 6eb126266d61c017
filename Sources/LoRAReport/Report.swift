import Diagnostics
import LoRADeltas
import LoRAIO
public import LoRAInspect
public import LoRAModel
import LoRASurgery
public import LoRAValidate
import Safetensors
import TensorCore

/// Everything that a report page shows: what validation says of all adapters, the figures of each, and the whole facts
/// of those that are shown in detail.
public struct Report: Sendable {
  /// What the check says.
  public let validation: ValidationReport
  /// The base that the adapters were compared with.
  public let base: BaseModel?
  /// The adapters, worst first and else in input order.
  public let adapters: [ReportedAdapter]

  /// How far two adapters lie apart, in the order in which they were given; nil for more or fewer of them, and where
  /// they have nothing in common or values are not read.
  let difference: AdapterDiff?

  /// Adapters shown in detail unless told otherwise.
  public static let usualDetails = 12

  /// Checks the adapters at these paths, as `AdapterDiscovery` gives them, and reads their values.
  ///
  /// Memory grows with the number of adapters by their findings and one row of figures each; only the worst `details`
  /// keep their modules. What cannot be read is part of the report, never an error.
  /// - Parameters:
  ///   - paths: folders and files of adapters.
  ///   - problems: one sentence for every input that led to no adapter; they stand on the page.
  ///   - base: the model that the adapters are for; without it, names and shapes are not checked.
  ///   - options: how the adapters are validated.
  ///   - details: how many adapters are shown in detail.
  ///   - read: called from any thread with bytes of weights that were read; all of them are read twice.
  public init(
    _ paths: [String], problems: [String] = [], base: BaseModel? = nil, options: ValidationOptions,
    details: Int = usualDetails,
    read: @escaping @Sendable (UInt64) -> Void = { _ in }
  ) {
    var validation = Validation.run(
      paths, base: base, options: options, progress: .init(scanned: read, checked: { _ in }))
    validation.problems = problems
    let gravity = validation.adapters.map { result in
      (
        status: result.status, errors: result.findings.count { $0.severity == .error },
        warnings: result.findings.count { $0.severity == .warning }
      )
    }
    let order = gravity.indices.ordered { left, right in
      let (one, other) = (gravity[left], gravity[right])
      return (other.status, other.errors, other.warnings, left) < (one.status, one.errors, one.warnings, right)
    }
    let results = validation.adapters
    let weights = base?.dequantized()
    adapters = order.enumerated().map { place, index in
      let result = results[index]
      let adapter = ReportedAdapter(
        result, base: base, weights: weights, options: options, keepsDetails: place < details)
      read(result.bytes)
      return adapter
    }
    self.validation = validation
    self.base = base
    difference = options.headerOnly ? nil : Self.difference(paths, base, options.workers)
  }

  private static func difference(_ paths: [String], _ base: BaseModel?, _ workers: Int) -> AdapterDiff? {
    guard paths.count == 2 else { return nil }
    let (a, b) = (Adapter.load(paths[0]), Adapter.load(paths[1]))
    // What cannot be read is among the findings already.
    let diff = try? AdapterDiff(a, b, base: base, workers: workers, control: SurgeryControl())
    return diff.flatMap { diff in diff.modules.contains { $0.onlyIn == nil } ? diff : nil }
  }
}

/// One adapter of a report.
public struct ReportedAdapter: Sendable {
  /// What the check says.
  public let result: AdapterResult
  /// Its figures.
  let figures: AdapterFigures
  /// All that is known, when it is shown in detail.
  public let inspection: Inspection?
  /// Why its values could not be read although its header could.
  let failure: String?

  /// - Parameter weights: the base without quantisation, for reading its numbers.
  init(
    _ result: AdapterResult, base: BaseModel?, weights: BaseModel?, options: ValidationOptions, keepsDetails: Bool
  ) {
    self.result = result
    var inspection = Inspection(Adapter.load(result.path), findings: result.findings, base: base)
    var failure: String?
    if inspection.isReadable, !options.headerOnly {
      do throws(IOError) {
        inspection.statistics = try AdapterStatistics(
          of: inspection.adapter, base: weights ?? base, workers: options.workers)
      } catch {
        failure = "\(error)"
      }
    }
    figures = AdapterFigures(inspection)
    self.failure = failure
    self.inspection = keepsDetails ? inspection : nil
  }
}

/// What a comparison shows of an adapter; small, whatever the adapter's size.
struct AdapterFigures: Sendable {
  let format: String
  let baseName: String?
  let rank: (least: UInt64, most: UInt64)?
  let scale: (least: Double, most: Double)?
  let modules: Int
  let parameters: UInt64
  let bytes: UInt64
  let dtypes: String
  /// ‖ΔW‖ of all modules together.
  let deltaNorm: Double?
  /// Median of the modules' ‖ΔW‖/‖W‖.
  let relativeDelta: Double?
  /// Median share of the rank that the effective rank is.
  let usedRank: Double?
  let outliers: Int
  /// Values that are NaN or infinite.
  let brokenValues: UInt64

  init(_ inspection: Inspection) {
    let adapter = inspection.adapter
    format = adapter.format.rawValue
    baseName = inspection.baseModelName
    rank = inspection.ranks.map { ($0.min, $0.max) }
    scale = inspection.scales.map { ($0.min, $0.max) }
    modules = adapter.modules.count
    parameters = inspection.parameters
    bytes = adapter.file?.fileBytes ?? 0
    dtypes = inspection.dtypes.prefix(4).map(\.name).joined(separator: " ")
    let statistics = inspection.statistics?.modules ?? []
    let norms = statistics.compactMap(\.deltaFrobenius)
    // Scaled by the largest, so that squares stay in the range.
    let largest = norms.max() ?? 0
    let squares = norms.reduce(0) { $0 + (largest > 0 ? $1 / largest * ($1 / largest) : 0) }
    deltaNorm = norms.isEmpty ? nil : largest * squares.squareRoot()
    relativeDelta = median(statistics.compactMap(\.relativeDelta))
    usedRank = median(zip(adapter.modules, statistics).compactMap { $0.rankShare(of: $1) })
    outliers = inspection.outliers.count
    brokenValues = statistics.reduce(0) { $0 &+ $1.nan &+ $1.infinite }
  }
}

extension AdapterModule {
  /// The effective rank as a share of the rank, over all experts of a stack; nil where there is none.
  func rankShare(of statistics: ModuleStatistics) -> Double? {
    guard let effective = statistics.effectiveRank, rank > 0, experts > 0 else { return nil }
    return min(1, Double(effective) / (Double(rank) * Double(experts)))
  }
}
