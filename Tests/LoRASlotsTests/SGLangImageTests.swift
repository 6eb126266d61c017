import JSON
import LoRAEngines
import LoRAModel
import LoRASlots
import LoRATestSupport
import TensorCore
import Testing

/// A row of `testdata/slots/sglang_images.json`: one adapter in a slot of SGLang's memory pool, as SGLang itself filled it.
struct SGLangImage: Sendable, CustomStringConvertible {
  let key: String
  let name: String
  let config: JSONValue
  let settings: JSONObject
  let tensors: [(name: String, shape: [UInt64])]
  /// Checksums of the slot's part of each buffer.
  let buffers: [String: UInt32]

  var description: String { "\(key), \(name)" }

  static let all: [SGLangImage] = {
    let rows = (try? Fixtures.json("slots/sglang_images.json").array) ?? []
    return rows.compactMap { SGLangImage($0) }
  }()

  private init?(_ row: JSONValue) {
    guard let key = row["key"]?.string, let name = row["name"]?.string, let config = row["config"],
      let settings = row["settings"]?.object, let tensors = row["tensors"]?.object,
      let buffers = row["buffers"]?.object
    else { return nil }
    self.key = key
    self.name = name
    self.config = config
    self.settings = settings
    self.tensors = tensors.members.map { name, shape in
      (name, (shape.array ?? []).compactMap { $0.int64.flatMap { UInt64(exactly: $0) } })
    }
    self.buffers = Dictionary(
      uniqueKeysWithValues: buffers.members.map { ($0.key, UInt32(truncatingIfNeeded: $0.value.int64 ?? -1)) })
  }

  /// The adapter with the values that `written` in `testdata/make/check_sglang.py` gives it.
  func adapter(_ folder: TemporaryFolder) throws -> Adapter {
    var file = SafetensorsBuilder()
    for (name, shape) in tensors {
      let seed = UInt64(CRC32.of(Array(name.utf8)))
      let values = (0..<shape.reduce(1, *)).map { (place: UInt64) -> Float in
        let step = (place &* 2_654_435_761 &+ seed) % 255
        return (Float(step) - 127) / 64
      }
      file.add(name, .f32, shape, values: values)
    }
    _ = try folder.write("adapter/adapter_model.safetensors", file)
    var members: JSONObject = ["peft_type": "LORA", "bias": "none"]
    for (key, value) in settings.members { members[key] = value }
    _ = try folder.write("adapter/adapter_config.json", JSONValue.object(members).text())
    return Adapter.load(folder.path("adapter"))
  }
}

@Suite struct SGLangImageTests {
  @Test func denseModelsFusedProjectionsAndExpertsAreAmongThem() {
    #expect(SGLangImage.all.count >= 30)
    #expect(SGLangImage.all.contains { $0.key.hasPrefix("Phi3") })
    #expect(SGLangImage.all.contains { $0.name.hasPrefix("apart") })
  }

  @Test(arguments: SGLangImage.all)
  func everyByteIsTheOneThatSGLangPutsThere(_ expected: SGLangImage) throws {
    let folder = try TemporaryFolder()
    let base = try BaseModel.open(try folder.write("config.json", expected.config.text()))
    var options = SlotOptions()
    options.scheme = .sglang
    options.rank = 16
    options.dtype = .f32
    let layout = try SlotLayout(of: base, options)
    #expect(Set(layout.buffers.map(\.name)) == Set(expected.buffers.keys))
    let device = HostDevice(workers: 1)
    let memory = try device.allocateSlots(layout)
    try memory.fill(with: 0xCD)
    try memory.put(expected.adapter(folder), base: base, slot: 0, device: device)
    for (index, buffer) in layout.buffers.enumerated() {
      #expect(CRC32.of(try memory.bytes(index, slot: 0)) == expected.buffers[buffer.name], "\(buffer.name)")
    }
  }
}

/// The checksum that zlib calls crc32.
enum CRC32 {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
  }

  static func of(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ ($0 >> 8) }
  }
}
