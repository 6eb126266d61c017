import JSON
import LoRAEngines
import LoRAModel
import LoRASlots
import LoRATestSupport
import TensorCore
import Testing

/// A row of `testdata/slots/sglang_layouts.json`: the slots that SGLang itself makes for the layers of a model.
struct SGLangLayout: Sendable, CustomStringConvertible {
  let name: String
  let config: JSONValue
  /// Shapes of one slot by the names of the buffers.
  let buffers: [String: String]

  var description: String { name }

  static let all: [SGLangLayout] = {
    let rows = (try? Fixtures.json("slots/sglang_layouts.json").array) ?? []
    return rows.compactMap { row in
      guard let name = row["name"]?.string, let config = row["config"], let buffers = row["buffers"]?.object else {
        return nil
      }
      let shapes = buffers.members.map { member in
        (member.key, (member.value.array ?? []).map { String($0.int64 ?? -1) }.joined(separator: " × "))
      }
      return SGLangLayout(name: name, config: config, buffers: Dictionary(uniqueKeysWithValues: shapes))
    }
  }()
}

@Suite struct SGLangLayoutTests {
  @Test func manyModelTypesAreAmongThem() {
    #expect(Set(SGLangLayout.all.compactMap { $0.config["model_type"]?.string }).count >= 20)
  }

  @Test(arguments: SGLangLayout.all) func slotsAreThoseOfTheEngine(_ expected: SGLangLayout) throws {
    let folder = try TemporaryFolder()
    let base = try BaseModel.open(try folder.write("config.json", expected.config.text()))
    var options = SlotOptions()
    options.scheme = .sglang
    options.rank = 16
    let layout = try SlotLayout(of: base, options)
    #expect(layout.isServed)
    let buffers = layout.buffers.map { ($0.name, $0.shape.dimensions.map(String.init).joined(separator: " × ")) }
    #expect(Dictionary(uniqueKeysWithValues: buffers) == expected.buffers)
  }
}
