import JSON
import LoRAEngines
import LoRAModel
import LoRASlots
import LoRATestSupport
import TensorCore
import Testing

/// A row of `testdata/slots/engine_layouts.json`: the buffers that vLLM itself makes for a model.
struct EngineLayout: Sendable, CustomStringConvertible {
  let name: String
  let config: JSONValue
  let options: SlotOptions
  /// Shapes of one slot by the names of the buffers.
  let buffers: [String: String]

  var description: String { "\(name), device \(options.tensorRank) of \(options.tensorParallel)" }

  static let all: [EngineLayout] = {
    let rows = (try? Fixtures.json("slots/engine_layouts.json").array) ?? []
    return rows.compactMap { EngineLayout($0) }
  }()

  private init?(_ row: JSONValue) {
    guard let name = row["name"]?.string, let config = row["config"], let parts = row["parts"]?.int64,
      let part = row["part"]?.int64, let buffers = row["buffers"]?.object
    else { return nil }
    self.name = name
    self.config = config
    var options = SlotOptions()
    options.rank = 8
    options.tensorParallel = UInt64(parts)
    options.tensorRank = UInt64(part)
    self.options = options
    self.buffers = Dictionary(
      uniqueKeysWithValues: buffers.members.map { member in
        (member.key, (member.value.array ?? []).map { String($0.int64 ?? -1) }.joined(separator: " × "))
      })
  }
}

@Suite struct EngineLayoutTests {
  @Test func everyArchitectureThatVLLMServesIsAmongThem() {
    #expect(EngineLayout.all.count >= 90)
    #expect(Set(EngineLayout.all.compactMap { $0.config["model_type"]?.string }).count >= 33)
  }

  @Test(arguments: EngineLayout.all) func buffersAreThoseOfTheEngine(_ expected: EngineLayout) throws {
    let folder = try TemporaryFolder()
    let base = try BaseModel.open(try folder.write("config.json", expected.config.text()))
    let layout = try SlotLayout(of: base, expected.options)
    #expect(layout.isServed)
    let buffers = layout.buffers.map { ($0.name, $0.shape.dimensions.map(String.init).joined(separator: " × ")) }
    #expect(Dictionary(uniqueKeysWithValues: buffers) == expected.buffers)
  }
}
