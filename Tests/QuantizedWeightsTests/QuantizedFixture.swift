import JSON
import LoRAIO
import LoRATestSupport
import QuantizedWeights
import Safetensors

/// A quantised base that a format's own library made.
struct QuantizedFixture: Sendable, CustomStringConvertible {
  let name: String
  let base: String
  /// Weights that are stored as codes.
  let weightCount: Int

  var description: String { name }

  static func all() throws -> [QuantizedFixture] {
    try Fixtures.json("quantised/quantised.json").array.map { rows in
      rows.compactMap { row in
        guard let name = row["name"]?.string, let base = row["base"]?.string, let count = row["quantised"]?.int64
        else { return nil }
        return QuantizedFixture(name: name, base: base, weightCount: Int(count))
      }
    } ?? []
  }

  var folder: String { Fixtures.path("quantised/" + base) }

  func checkpoint() throws -> QuantizedCheckpoint {
    let config = try JSONValue(parsing: InputFile.contents(of: Folder.join(folder, "config.json"), limit: 1 << 20))
    guard let found = QuantizedCheckpoint(try Checkpoint.open(folder), config: config.object) else {
      throw IOError("read", folder, .damaged("nothing in it is quantised"))
    }
    return found
  }
}
