import Diagnostics
import JSON
import LoRADeltas
import LoRAKernels
import LoRAModel
import LoRASurgery
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

/// What is written against NumPy's combination of the full deltas in float64, which agrees with PEFT's `cat`, `svd`,
/// `ties_svd` and `magnitude_prune_svd` (`testdata/make/surgery_combine.py`).
@Suite struct CombineOracleTests {
  private static let folder = "surgery/combine/"
  static let cases = (try? Fixtures.json(folder + "expected.json").array) ?? []

  static func options(_ row: JSONValue) throws -> CombineOptions {
    var options = CombineOptions(try #require(CombineMethod(rawValue: row["method"]?.string ?? "")))
    options.rank = row["rank"]?.int64.map { UInt64($0) }
    options.density = row["density"]?.double ?? 1
    options.seed = UInt64(row["seed"]?.int64 ?? 0)
    options.sign = SignElection(rawValue: row["sign"]?.string ?? "total") ?? .total
    return options
  }

  static func inputs(_ row: JSONValue) -> [CombinePlan.Input] {
    let weights = row["weights"]?.array ?? []
    return (row["adapters"]?.array ?? []).enumerated().map { index, name in
      CombinePlan.Input(
        Adapter.load(Fixtures.path(folder + (name.string ?? ""))), weight: weights[index].double ?? .nan)
    }
  }

  /// Writes a combination and opens it again.
  static func combine(_ inputs: [CombinePlan.Input], _ options: CombineOptions, workers: Int = 2) throws -> (
    folder: TemporaryFolder, adapter: Adapter, outcome: CombineOutcome
  ) {
    let folder = try TemporaryFolder()
    let plan = try CombinePlan(inputs, options)
    let (result, results) = try plan.folder(toolVersion: "0")
    try DraftWriter(workers: workers).write(result.draft(), folder: folder.path("out"), overwrites: false)
    return (folder, Adapter.load(folder.path("out")), results.outcome)
  }

  /// s·B·A of a module in full, `[out, in]` column by column.
  static func delta(_ adapter: Adapter, _ name: String) throws -> ColumnMatrix {
    let module = try #require(adapter.modules.first { $0.name == name })
    let (pair, file) = (try adapter.pair(of: module), try #require(adapter.file))
    let (b, a) = (try pair.values(pair.b, from: file), try pair.values(pair.a, from: file))
    return b.product(Array(repeating: pair.scale, count: b.columns), transposed: a)
  }

  @Test(arguments: cases.enumerated().map { ($0.offset, $0.element) })
  func theResultIsTheBestOfItsRank(_ index: Int, _ row: JSONValue) throws {
    let (_, adapter, outcome) = try Self.combine(Self.inputs(row), Self.options(row))
    let expected = try SafetensorsFile.open(Fixtures.path(Self.folder + "expected.safetensors"))
    let modules = row["modules"]?.array ?? []
    #expect(adapter.findings.filter { $0.severity == .error }.isEmpty)
    #expect(adapter.modules.count == modules.count)
    #expect(adapter.config?.usesRankStabilizedScale == false)
    for module in modules {
      let name = try #require(module["name"]?.string)
      let tensor = try #require(expected.header["\(index).\(name)"])
      let delta = try Self.delta(adapter, name)
      var wanted = ColumnMatrix(rows: delta.columns, columns: delta.rows)
      let raw = try expected.bytes(of: tensor)
      unsafe raw.withUnsafeBytes { raw in
        unsafe wanted.elements.withUnsafeMutableBufferPointer { unsafe Kernels.widen(raw, dtype: .f32, to: $0) }
      }
      let (norm, distance) = zip(delta.transposed.elements, wanted.elements).reduce((0.0, 0.0)) { sums, pair in
        (sums.0 + pair.1 * pair.1, sums.1 + (pair.0 - pair.1) * (pair.0 - pair.1))
      }
      #expect(distance.squareRoot() <= 1e-6 * max(norm.squareRoot(), 1e-3), "\(name)")
      let own = try #require(outcome.modules.first { $0.name == name })
      #expect(own.rank == module["rank"]?.int64.map { UInt64($0) })
      let energy = try #require(own.energy)
      #expect(abs(energy - (module["energy"]?.double ?? .nan)) < 1e-9)
      let error = try #require(own.error)
      #expect(abs(error - (max(0, 1 - energy)).squareRoot()) < 1e-6)
      #expect(adapter.modules.first { $0.name == name }?.scale == 1)
    }
  }

  @Test(arguments: cases) func theBytesDoNotDependOnThreads(_ row: JSONValue) throws {
    let one = try Self.combine(Self.inputs(row), Self.options(row), workers: 1)
    let many = try Self.combine(Self.inputs(row), Self.options(row), workers: 4)
    #expect(try Fixtures.contents(of: one.adapter.path) == Fixtures.contents(of: many.adapter.path))
  }

  /// Those that draw entries do so by position.
  @Test(arguments: cases.filter { !($0["method"]?.string ?? "").hasPrefix("dare") })
  func theOrderOfTheAdaptersDoesNotMatter(_ row: JSONValue) throws {
    let inputs = Self.inputs(row)
    let (forth, back) = (
      try Self.combine(inputs, Self.options(row)), try Self.combine(inputs.reversed(), Self.options(row))
    )
    let diff = try AdapterDiff(forth.adapter, back.adapter, workers: 1, control: SurgeryControl())
    #expect(diff.total.distance <= 2e-7 * max(1, diff.total.normA))
  }
}
