import Diagnostics
import JSON
import LoRAModel
import LoRATestSupport
import LoRAValidate
import TensorCore
import Testing

/// No false alarm: adapters of every architecture, with the names, shapes and configs that PEFT wrote
/// (`testdata/make/matrix_fixtures.py`; `matrix.py` checks many times as many).
@Suite struct MatrixTests {
  /// One adapter as it is kept.
  private struct Export {
    let name: String
    let config: JSONObject
    let tensors: [JSONValue]
    /// Rank, alpha and scale by module as PEFT's layers hold them; empty where they are not kept.
    let modules: [String: (rank: UInt64, alpha: Double, scale: Double)]

    init(_ row: JSONValue, defaults: JSONObject) throws {
      name = try #require(row["name"]?.string)
      let dropped = Set((row["dropped"]?.array ?? []).compactMap(\.string))
      var config = JSONObject()
      for (key, value) in defaults.members where !dropped.contains(key) { config[key] = value }
      for (key, value) in row["config"]?.object?.members ?? [] { config[key] = value }
      self.config = config
      tensors = try #require(row["tensors"]?.array)
      var modules: [String: (rank: UInt64, alpha: Double, scale: Double)] = [:]
      for group in row["modules"]?.array ?? [] {
        let values = try #require(group.array)
        let rank = try #require(values[0].int64.flatMap { UInt64(exactly: $0) })
        let (alpha, scale) = (try #require(values[1].double), try #require(values[2].double))
        for name in values[3].array ?? [] {
          for unfolded in unfold(try #require(name.string)) { modules[unfolded] = (rank, alpha, scale) }
        }
      }
      self.modules = modules
    }

    /// Whether its list of modules to save, or a key of its patterns, may hit nothing, which the tool must say.
    var mayMiss: Bool { name.hasPrefix("saved-norm") || name == "patterns" }
  }

  static let modelTypes: [String] = (try? Fixtures.json("matrix/types.json").array?.compactMap(\.string)) ?? []

  @Test func everyArchitectureOfTheCatalogueIsThere() throws {
    #expect(
      Set(Self.modelTypes).isSuperset(of: ["llama", "mixtral", "gpt_oss", "t5", "whisper", "gemma3", "qwen2_vl"]))
    #expect(Self.modelTypes.count >= 44)
  }

  @Test(arguments: modelTypes) func honestExportsPass(_ modelType: String) throws {
    let folder = try TemporaryFolder()
    let document = try Fixtures.json("matrix/\(modelType).json")
    let defaults = try #require(try Fixtures.json("matrix/defaults.json").object)
    let exports = try #require(document["adapters"]?.array).map { try Export($0, defaults: defaults) }
    #expect(!exports.isEmpty)
    try folder.write("base/config.json", try #require(document["base"]?["config"]).text(pretty: true))
    try write(try #require(document["base"]?["tensors"]?.array), to: "base/model.safetensors", in: folder)
    for export in exports {
      try folder.write("\(export.name)/adapter_config.json", JSONValue.object(export.config).text(pretty: true))
      try write(export.tensors, to: "\(export.name)/adapter_model.safetensors", in: folder)
    }
    let paths = exports.map { folder.path($0.name) }
    for base in [folder.path("base"), folder.path("base/config.json"), nil] {
      let opened = try base.map { path throws in try BaseModel.open(path) }
      let report = Validation.run(paths, base: opened, options: ValidationOptions())
      #expect(report.base?.findings.isEmpty ?? true, "\(report.base?.findings.map(\.message) ?? [])")
      for (export, adapter) in zip(exports, report.adapters) {
        // Without a base, what most layers have and one lacks is worth a warning.
        let limit: Severity = base == nil || export.mayMiss ? .warning : .note
        let loud = adapter.findings.filter {
          $0.severity > limit && !(base == nil && export.mayMiss && $0.rule == .targetMissing)
        }
        #expect(loud.isEmpty, "\(export.name) by \(base ?? "nothing"): \(loud.map(\.message))")
        #expect(adapter.matched == (base == nil ? nil : adapter.modules), "\(export.name) by \(base ?? "nothing")")
      }
    }
    for (export, path) in zip(exports, paths) where !export.modules.isEmpty {
      let modules = Adapter.load(path).modules
      #expect(Set(modules.map(\.name)) == Set(export.modules.keys), "\(export.name)")
      for module in modules {
        guard let expected = export.modules[module.name] else { continue }
        let isRight =
          module.rank == expected.rank && module.alpha == expected.alpha
          && abs(module.scale - expected.scale) <= 1e-9 * abs(expected.scale)
        #expect(isRight, "\(export.name) \(module.name): \(module.rank) \(module.scale) for \(expected)")
      }
    }
  }

  private func write(_ rows: [JSONValue], to path: String, in folder: TemporaryFolder) throws {
    var builder = SafetensorsBuilder()
    for row in rows {
      let dtype = try #require(row.array?[1].string.flatMap { DType(name: $0) })
      let shape = try #require(row.array?[2].array).compactMap { $0.int64.flatMap { UInt64(exactly: $0) } }
      // Small numbers in every floating-point type, and none of them zero.
      let bytes = [UInt8](repeating: 0x3C, count: Int(shape.reduce(1, *) * dtype.bits / 8))
      for name in unfold(try #require(row.array?[0].string)) { builder.add(name, dtype, shape, data: bytes) }
    }
    try folder.write(path, builder)
  }
}

/// The names that a folded one stands for: `layers.{0-2,5}.mlp` is four.
private func unfold(_ name: String) -> [String] {
  guard let open = name.firstIndex(of: "{"), let close = name[open...].firstIndex(of: "}") else { return [name] }
  let rest = unfold(String(name[name.index(after: close)...]))
  return name[name.index(after: open)..<close].split(separator: ",").flatMap { part -> [String] in
    let ends = part.split(separator: "-").compactMap { Int($0) }
    guard let first = ends.first, let last = ends.last else { return [] }
    return (first...last).flatMap { number in rest.map { "\(name[..<open])\(number)\($0)" } }
  }
}
