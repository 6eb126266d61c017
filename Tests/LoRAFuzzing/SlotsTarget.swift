import JSON
import LoRAEngines
import LoRAModel
import LoRASlots
import LoRATestSupport
import TensorCore

/// A base's config and the options of slots: six bytes that choose them, then the text.
struct SlotsTarget: FuzzTarget {
  let name = "slots"
  private let scratch = Scratch()

  func seeds() -> [[UInt8]] {
    BaseTarget().seeds().flatMap { text in
      [[0, 1, 3, 0, 1, 0], [1, 2, 4, 1, 2, 1], [2, 7, 0, 0, 0, 0]].map { $0 + text }
    }
  }

  func mutate(_ input: inout [UInt8], _ random: inout SeededGenerator) {
    guard input.count > 6, !random.once(in: 4) else { return ByteMutation.mutate(&input, &random) }
    var text = Array(input.dropFirst(6))
    BaseTarget.mutation.mutate(&text, &random)
    input = Array(input.prefix(6)) + text
  }

  func run(_ input: [UInt8]) throws(Violation) {
    guard input.count > 6 else { return }
    var options = SlotOptions()
    options.scheme = SlotScheme.allCases[Int(input[0]) % 3]
    options.slots = [0, 1, 3, 64, 1 << 20, 1 << 24, .max, -1][Int(input[1]) % 8]
    options.rank = [0, 1, 8, 16, 512, 1 << 20, 1 << 21, .max][Int(input[2]) % 8]
    options.dtype = [.bf16, .f32, .f16, .f64, .u8][Int(input[3]) % 5]
    options.tensorParallel = [1, 2, 4, 3, 0, .max, 1 << 20, 8][Int(input[4]) % 8]
    options.tensorRank = UInt64(input[5] & 7)
    options.isFullySharded = input[5] & 8 != 0
    guard let base = try? BaseModel.open(try scratch.write(Array(input.dropFirst(6)), as: "base.json")) else { return }
    let layout = try Terminal.answer { () throws(SlotLayoutError) in try SlotLayout(of: base, options) }
    if let layout { try check(layout) }
  }

  /// Buffers do not overlap and stay inside the allocation.
  private func check(_ layout: SlotLayout) throws(Violation) {
    try Violation.unless(layout.totalBytes <= 1 << 60, "an allocation of \(layout.totalBytes) bytes")
    var names: Set<String> = []
    var edge: UInt64 = 0
    for (index, buffer) in layout.buffers.enumerated() {
      try Violation.unless(names.insert(buffer.name).inserted, "two buffers are named \(escaped(buffer.name))")
      let last = layout.offset(buffer: index, slot: layout.slots - 1) + buffer.slotBytes
      try Violation.unless(last <= layout.totalBytes, "a buffer leaves the allocation")
      guard layout.options.scheme != .slotMajor else { continue }
      try Violation.unless(buffer.offset >= edge, "two buffers overlap")
      edge = last
    }
    try Violation.unless(
      layout.largestSlotCount(in: layout.totalBytes) >= UInt64(layout.slots) || layout.slotBytes == 0,
      "the slots do not fit into what they take")
  }
}
