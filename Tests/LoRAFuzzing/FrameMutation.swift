import LoRATestSupport
import TensorCore

/// Changes of a safetensors file: its header as JSON, with the length in front and the data behind mostly kept true to
/// it, so that mutations get past the first checks.
struct FrameMutation {
  var header = JSONMutation(vocabulary: FrameMutation.words)

  static let words =
    DType.allCases.map(\.name) + [
      "dtype", "shape", "data_offsets", "__metadata__", "format", "pt", "f32", "F128",
      "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight",
      "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight",
    ]

  func mutate(_ file: inout [UInt8], _ random: inout SeededGenerator) {
    guard file.count > 8, !random.once(in: 10) else { return ByteMutation.mutate(&file, &random) }
    var text = Frame.header(of: file)
    header.mutate(&text, &random)
    var data = Array(file.dropFirst(8 + Frame.header(of: file).count))
    if !random.once(in: 6) { data = [UInt8](repeating: 0, count: Frame.declaredBytes(text)) }
    file = Frame.bytes(text, data)
    // Lengths that lie by one, or by as much as they can.
    if random.once(in: 20) { file[random.below(8)] ^= random.pick([1, 0x80, 0xFF]) ?? 1 }
  }
}

/// The parts of a safetensors file.
enum Frame {
  /// Most bytes of data that a file is given here.
  private static let dataLimit: UInt64 = 1 << 12

  /// The bytes that the length in front claims for the header, as far as they are there.
  static func header(of file: [UInt8]) -> [UInt8] {
    var length: UInt64 = 0
    for byte in file.prefix(8).reversed() { length = length << 8 | UInt64(byte) }
    return Array(file.dropFirst(8).prefix(Int(min(length, UInt64(file.count)))))
  }

  /// A file of a header and data, with the right length in front.
  static func bytes(_ header: [UInt8], _ data: [UInt8] = []) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header + data
  }

  /// The largest number that stands second in a list of two, which is where the data ends; 0 beyond what is reasonable.
  static func declaredBytes(_ header: [UInt8]) -> Int {
    let pairs = JSONOutline(header).containers.filter { $0.count == 2 }
    let ends = pairs.compactMap { UInt64(String(decoding: header[$0[1]], as: UTF8.self)) }
    let end = ends.filter { $0 <= dataLimit }.max() ?? 0
    return Int(end)
  }
}
