import Foundation
import JSON
import LoRAIO
import LoRAMerge
import LoRAModel
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

/// Quantised bases that are not what their format asks for: one sentence that names the place, and nothing written.
@Suite struct DamagedBaseTests {
  struct Damage: Sendable, CustomStringConvertible {
    let name: String
    let base: String
    /// What the sentence must name; empty when the base is whole.
    let says: [String]
    let operations: [JSONValue]
    var description: String { name }
  }

  static let all: [Damage] = {
    let rows = (try? Fixtures.json("quantised/broken.json"))?.array ?? []
    return rows.compactMap { row in
      guard let name = row["name"]?.string, let base = row["base"]?.string, let says = row["says"]?.array,
        let operations = row["operations"]?.array
      else { return nil }
      return Damage(name: name, base: base, says: says.compactMap(\.string), operations: operations)
    }
  }()

  @Test func theListIsThere() { #expect(Self.all.count >= 100) }

  @Test(arguments: all)
  func theSentenceNamesThePlace(_ damage: Damage) throws {
    let folder = try TemporaryFolder()
    let base = try folder.folder("base")
    for name in try Folder.names(in: Fixtures.path("quantised/" + damage.base)) {
      let source = Folder.join(Fixtures.path("quantised/" + damage.base), name)
      let target = Folder.join(base, name)
      if name.hasSuffix(".safetensors") {
        try Self.damage(SafetensorsFile.open(source), damage.operations).write(to: target)
      } else {
        try FileManager.default.copyItem(atPath: source, toPath: target)
      }
    }
    try Self.change(Folder.join(base, "config.json"), damage.operations)
    let output = folder.path("output")
    var options = MergeOptions()
    options.dequantizes = true
    do {
      let plan = try MergePlan.make(base: BaseModel.open(base), adapters: [], options: options)
      _ = try MergeExecutor(plan).run(to: output)
      #expect(damage.says.isEmpty)
    } catch let error as MergeError {
      let text = if case .refused(let refusals) = error { "\(refusals)" } else { "\(error)" }
      #expect(!damage.says.isEmpty && damage.says.allSatisfy { text.contains($0) }, "\(text)")
      #expect(FileKind(path: output) == nil)
    }
  }

  /// A weight file after the operations on tensors that it has.
  private static func damage(_ file: SafetensorsFile, _ operations: [JSONValue]) throws -> SafetensorsBuilder {
    var metadata = file.header.metadata
    var tensors: [(name: String, dtype: DType, shape: [UInt64], data: [UInt8])] = []
    for info in file.header.tensors {
      tensors.append((info.name, info.dtype, info.shape.dimensions, try file.bytes(of: info)))
    }
    for operation in operations {
      if operation["do"] == "metadata" {
        metadata = metadata.map { $0.key == operation["key"]?.string ? ($0.key, operation["value"]?.string ?? "") : $0 }
      }
      guard let place = tensors.firstIndex(where: { $0.name == operation["tensor"]?.string }) else { continue }
      let shape = (operation["shape"]?.array ?? []).compactMap { $0.int64.map { UInt64($0) } }
      switch operation["do"]?.string {
      case "remove": tensors.remove(at: place)
      case "rename": tensors[place].name = operation["to"]?.string ?? ""
      case "retype":
        tensors[place].dtype = try #require(operation["dtype"]?.string.flatMap { DType(name: $0) })
        tensors[place].shape = shape
      case "resize":
        let size = Int(shape.reduce(1, *) * tensors[place].dtype.bits / 8)
        let old = tensors[place].data
        tensors[place].shape = shape
        tensors[place].data = (0..<size).map { old[$0 % old.count] }
      case "poke":
        let digits = Array(operation["hex"]?.string ?? "")
        let at = Int(operation["at"]?.int64 ?? 0)
        for index in 0..<digits.count / 2 {
          tensors[place].data[at + index] = try #require(UInt8(String(digits[2 * index...2 * index + 1]), radix: 16))
        }
      case "text":
        let bytes = Array((operation["text"]?.string ?? "").utf8)
        tensors[place] = (tensors[place].name, .u8, [UInt64(bytes.count)], bytes)
      default: Issue.record("\(operation)")
      }
    }
    var builder = SafetensorsBuilder(metadata: metadata)
    for tensor in tensors.sorted(by: { $0.dtype.bits > $1.dtype.bits }) {
      builder.add(tensor.name, tensor.dtype, tensor.shape, data: tensor.data)
    }
    return builder
  }

  /// Changes members of a config.
  private static func change(_ path: String, _ operations: [JSONValue]) throws {
    var config = try JSONValue(parsing: InputFile.contents(of: path, limit: 1 << 20))
    for operation in operations where operation["do"] == "config" {
      let keys = (operation["path"]?.string ?? "").split(separator: ".").map { String($0) }
      config = set(keys[...], operation["value"], in: config)
    }
    try Data(config.text().utf8).write(to: URL(fileURLWithPath: path))
  }

  private static func set(_ path: ArraySlice<String>, _ value: JSONValue?, in config: JSONValue) -> JSONValue {
    guard let key = path.first, var object = config.object else { return config }
    object[key] = path.count == 1 ? value : object[key].map { set(path.dropFirst(), value, in: $0) }
    return .object(object)
  }
}
