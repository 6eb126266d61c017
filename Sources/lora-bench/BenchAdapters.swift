import Glibc
import JSON
import LoRAEngines
import LoRAIO
import LoRAModel
import LoRASlots
import Safetensors
import TensorCore

/// Adapters over all linear layers of a base, written to a folder of their own, which goes with them.
final class BenchAdapters {
  /// What the factors hold.
  enum Values: String {
    /// Small numbers in a pattern; quick to make.
    case pattern
    /// As training leaves them: A uniform, as it is initialised, B normal.
    case random
    /// As after few steps: A uniform, B tiny and of many sizes.
    case young
    /// As before the first step: A uniform, B zero.
    case fresh
  }

  let base: BaseModel
  private let folder: String
  private static let linear = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

  /// Where a program that is measured may write.
  var output: String { Folder.join(folder, "output") }

  /// Options: `base`, by default a config of the test data, and `folder` for the files.
  init(_ options: Options, base config: String = "testdata/bases/llama-3.1-8b.json") throws {
    folder = Folder.join(options.list("folder")?.first ?? "/tmp", "lora-bench-\(getpid())")
    try Folder.create(folder)
    base = try BaseModel.open(options.list("base")?.first ?? config)
  }

  /// A base with weights: the first layers of a config's model, its norms left out.
  init(_ options: Options, layers: Int64, of config: String) throws {
    folder = Folder.join(options.list("folder")?.first ?? "/tmp", "lora-bench-\(getpid())")
    let path = Folder.join(folder, "base")
    try Folder.create(folder)
    try Folder.create(path)
    var members = try JSONValue(parsing: try InputFile.contents(of: config, limit: 1 << 24)).object ?? JSONObject()
    members["num_hidden_layers"] = .integer(layers)
    try WholeFile.write(Array(JSONValue.object(members).text().utf8), to: Folder.join(path, "config.json"))
    let described = try BaseModel.open(path).modules.values.filter { $0.tiedTo == nil }
    let writer = try SafetensorsWriter(
      creating: Folder.join(path, "model.safetensors"),
      layout: SafetensorsWriter.layout(of: described.map { ($0.weightName, .bf16, $0.shape) }))
    for tensor in writer.layout { try writer.write(Self.pattern(Int(tensor.byteCount)), of: tensor) }
    base = try BaseModel.open(path)
  }

  deinit { try? Folder.remove(folder) }

  /// Numbers near 0.01 in BF16 and F32.
  private static func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { $0 % 2 == 0 ? UInt8(truncatingIfNeeded: $0 / 2) : 0x3C }
  }

  /// Slots for the linear layers.
  func layout(rank: Int, slots: Int = 1) throws -> SlotLayout {
    var options = SlotOptions()
    options.slots = slots
    options.rank = UInt64(rank)
    options.targetModules = Self.linear
    return try SlotLayout(of: base, options)
  }

  /// The path of a PEFT folder, made when it is first asked for.
  func path(rank: Int, _ dtype: DType, alpha: Int, _ values: Values = .pattern) throws -> String {
    let path = Folder.join(folder, "r\(rank)-\(dtype.name)-\(alpha)-\(values)")
    guard FileKind(path: path) == nil else { return path }
    try Folder.create(path)
    var tensors: [(name: String, dtype: DType, shape: Shape)] = []
    for module in base.modules.values where Self.linear.contains(where: { module.name.hasSuffix("." + $0) }) {
      let name = "base_model.model.\(module.name)"
      tensors.append(("\(name).lora_A.weight", dtype, [UInt64(rank), module.inFeatures]))
      tensors.append(("\(name).lora_B.weight", dtype, [module.outFeatures, UInt64(rank)]))
    }
    let writer = try SafetensorsWriter(
      creating: Folder.join(path, "adapter_model.safetensors"), layout: SafetensorsWriter.layout(of: tensors))
    var random = BenchRandom()
    for tensor in writer.layout {
      let count = Int(tensor.byteCount)
      switch values {
      case .pattern:
        try writer.write(Self.pattern(count), of: tensor)
      case .random, .young, .fresh:
        let isA = tensor.name.hasSuffix("lora_A.weight")
        let bound = 1 / Double(tensor.shape[1]).squareRoot()
        let bytes = random.numbers(count / Int(dtype.bits / 8), dtype) { random in
          if isA { return (2 * random.uniform() - 1) * bound }
          switch values {
          case .young: return random.normal() * random.normal() * 1e-4
          case .fresh: return 0
          default: return random.normal() * 0.01
          }
        }
        try writer.write(bytes, of: tensor)
      }
    }
    let config =
      "{\"peft_type\":\"LORA\",\"r\":\(rank),\"lora_alpha\":\(rank * alpha),\"target_modules\":\"all-linear\"}"
    try WholeFile.write(Array(config.utf8), to: Folder.join(path, "adapter_config.json"))
    return path
  }
}

/// Seeded random numbers.
struct BenchRandom {
  private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// At least 0, less than 1.
  mutating func uniform() -> Double {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Double(state >> 11) * 0x1p-53
  }

  /// Of mean 0 and deviation 1 (Box and Muller).
  mutating func normal() -> Double { (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform()) }

  /// The bytes of `count` numbers in BF16 or F32.
  mutating func numbers(_ count: Int, _ dtype: DType, _ number: (inout BenchRandom) -> Double) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * Int(dtype.bits / 8))
    for _ in 0..<count {
      let value = Float(number(&self)).bitPattern
      let code = dtype == .bf16 ? (value &+ 0x8000) >> 16 : value
      for byte in 0..<UInt32(dtype.bits / 8) { bytes.append(UInt8(truncatingIfNeeded: code >> (8 * byte))) }
    }
    return bytes
  }
}
