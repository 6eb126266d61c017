import JSON
import LoRADeltas
import LoRAModel
import LoRASurgery
import LoRATestSupport
import Testing

/// Distances, angles and overlaps against NumPy on the full matrices in float64 (`testdata/make/surgery_diff.py`).
@Suite struct DiffOracleTests {
  private static let folder = "surgery/diff/"
  static let cases = (try? Fixtures.json(folder + "expected.json").array) ?? []

  private func adapter(_ name: JSONValue?) throws -> Adapter {
    Adapter.load(Fixtures.path(Self.folder + (try #require(name?.string))))
  }

  private func diff(_ row: JSONValue, workers: Int = 2, swapped: Bool = false) throws -> AdapterDiff {
    let (a, b) = (try adapter(row["a"]), try adapter(row["b"]))
    let base = try row["base"]?.string.map { try BaseModel.open(Fixtures.path($0)) }
    return try AdapterDiff(
      swapped ? b : a, swapped ? a : b, base: base, workers: workers, control: SurgeryControl())
  }

  /// Compares the members that `expected` has.
  private func expect(
    _ found: JSONValue?, _ expected: JSONValue, size: Double, _ context: String,
    _ location: SourceLocation = #_sourceLocation
  ) {
    for (key, value) in expected.object?.members ?? [] {
      let comment = Comment(rawValue: "\(context) \(key)")
      guard let wanted = value.double else {
        #expect(found?[key] == value, comment, sourceLocation: location)
        continue
      }
      let unit = ["distance", "norm_a", "norm_b"].contains(key) ? size : 1
      let number = found?[key]?.double ?? .nan
      #expect(abs(number - wanted) <= 1e-12 * unit, comment, sourceLocation: location)
    }
  }

  @Test(arguments: cases) func itSaysWhatTheFullMatricesSay(_ row: JSONValue) throws {
    let diff = try diff(row)
    let document = diff.document(toolVersion: "0")
    #expect(diff.reasons == [])
    #expect(document["status"] == row["status"])
    let norms = ["norm_a", "norm_b"].compactMap { row["total"]?[$0]?.double }
    expect(document["total"], row["total"] ?? .null, size: norms.max() ?? 1, "total")
    let modules = document["modules"]?.array ?? []
    for expected in row["modules"]?.array ?? [] {
      let found = modules.first { $0["name"] == expected["name"] }
      let size = max(expected["norm_a"]?.double ?? 0, expected["norm_b"]?.double ?? 0)
      expect(found, expected, size: size, expected["name"]?.string ?? "")
    }
    if let experts = row["experts"] { expect(modules[0]["experts"], experts, size: 1, "experts") }
    for expected in row["full_tensors"]?.array ?? [] {
      let found = document["full_tensors"]?.array?.first { $0["name"] == expected["name"] }
      expect(found, expected, size: expected["norm_a"]?.double ?? 1, "full tensor")
    }
    let shares = diff.modules.map(\.share)
    #expect(shares == shares.sorted(by: >))
    if diff.total.distance > 0 { #expect(abs(shares.reduce(0, +) - 1) < 1e-12) }
  }

  @Test(arguments: cases) func itDependsNeitherOnThreadsNorOnTheOrder(_ row: JSONValue) throws {
    let (one, many) = (try diff(row, workers: 1), try diff(row, workers: 4))
    #expect(one.document(toolVersion: "0") == many.document(toolVersion: "0"))
    let swapped = try diff(row, swapped: true)
    #expect(swapped.status == one.status)
    #expect(abs(swapped.total.distance - one.total.distance) <= 1e-14 * max(one.total.normA, one.total.normB))
    #expect(abs(swapped.total.normA - one.total.normB) <= 1e-14 * one.total.normB)
  }

  @Test(arguments: cases) func anAdapterEqualsItself(_ row: JSONValue) throws {
    let adapter = try adapter(row["b"])
    let diff = try AdapterDiff(adapter, adapter, workers: 2, control: SurgeryControl())
    #expect(diff.status == .equal)
    #expect(diff.total.distance == 0)
    #expect(diff.modules.allSatisfy { $0.comparison.hasSameUp && $0.comparison.hasSameDown })
  }

  /// The gauge of the factors is rounded to float32, so the distance is that of the rounding.
  @Test func whatCountsAsEqualIsTheTolerance() throws {
    let (a, b) = (try adapter("base"), try adapter("gauge"))
    func status(_ tolerance: Double) throws -> AdapterDiff.Status {
      try AdapterDiff(a, b, tolerance: tolerance, workers: 1, control: SurgeryControl()).status
    }
    #expect(try status(0) == .different)
    #expect(try status(1e-6) == .equal)
  }

  /// Without the base the two DoRAs are compared as directions and magnitudes.
  @Test func magnitudesAreComparedApartWithoutTheBase() throws {
    let row = try #require(Self.cases.first { $0["magnitudes"] != nil })
    let diff = try AdapterDiff(
      try adapter(row["a"]), try adapter(row["b"]), workers: 1, control: SurgeryControl())
    for expected in row["magnitudes"]?.array ?? [] {
      let module = try #require(diff.modules.first { $0.name == expected["name"]?.string })
      #expect(module.subject == .direction)
      let magnitude = try #require(module.magnitude)
      #expect(abs(magnitude.relative - (expected["relative"]?.double ?? .nan)) < 1e-12)
    }
  }
}
