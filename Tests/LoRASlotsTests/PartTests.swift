import LoRASlots
import LoRATestSupport
import TensorCore
import Testing

/// Blocks that are packed part by part.
@Suite struct PartTests {
  /// Parts follow each other without gaps and give the bytes of the whole, whatever their size.
  @Test(arguments: [1, 2, 3, 7, 10, 11, 64, 1000] as [UInt64]) func partsGiveTheBytesOfTheWhole(_ limit: UInt64) {
    var numbers = SeededGenerator(seed: 7)
    let data = numbers.floats(400)
    for (rows, columns) in [(9, 10), (1, 90), (90, 1)] as [(UInt64, UInt64)] {
      let sources = [
        nil,
        PackingSource(start: 8, dtype: .f32, rows: rows, columns: columns, rowStride: columns, scale: 0.75),
        PackingSource(
          start: 0, dtype: .f32, rows: (rows + 1) / 2, columns: (columns + 2) / 3, rowStride: 1, columnStride: 4),
      ]
      for source in sources {
        let block = PackingBlock(buffer: 0, start: 5, rows: rows, columns: columns, source: source)
        let whole = packed(block, data)
        var parts: [UInt8] = []
        for part in block.parts(of: limit) {
          #expect(part.rows * part.columns <= max(limit, 1))
          #expect(part.start == 5 + UInt64(parts.count / 2))
          parts += packed(part, data)
        }
        #expect(parts == whole, "\(rows) x \(columns)")
      }
    }
  }

  private func packed(_ block: PackingBlock, _ data: [Float]) -> [UInt8] {
    var output = [UInt8](repeating: 0xA5, count: Int(block.rows * block.columns * 2))
    unsafe data.withUnsafeBytes { data in
      unsafe output.withUnsafeMutableBytes { unsafe HostPacker.pack(block, dtype: .bf16, from: data, into: $0) }
    }
    return output
  }
}
