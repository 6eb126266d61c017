import CByteMarks
import JSON
import LoRATestSupport
import Testing

/// Eight bytes at once against one after the other.
@Suite struct ByteLanesTests {
  private func bytes(_ word: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) } }

  /// Position of the lowest mark, or 8.
  private func lowest(_ marks: UInt64) -> Int { marks.trailingZeroBitCount / 8 }

  @Test func theLowestMarkIsTheFirstHit() {
    var random = SeededGenerator(seed: 1)
    let near: [UInt8] = [0, 1, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x5B, 0x5C, 0x5D, 0x7F, 0x80, 0x81, 0xA2, 0xDC, 0xFF]
    for _ in 0..<2_000 {
      var word: UInt64 = 0
      for _ in 0..<8 { word = word << 8 | UInt64(near.randomElement(using: &random) ?? 0) }
      let bytes = bytes(word)
      #expect(near.map { lowest(ByteLanes.equal(word, $0)) } == near.map { bytes.firstIndex(of: $0) ?? 8 })
      #expect(lowest(ByteLanes.below(word, 0x20)) == bytes.firstIndex { $0 < 0x20 } ?? 8)
      let end = bytes.firstIndex { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C } ?? 8
      #expect(lowest(ByteLanes.endOfPlainText(word)) == end)
    }
  }

  @Test func marksAreThoseOfEachByte() {
    var random = SeededGenerator(seed: 2)
    let near: [UInt8] = [0, 1, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x5B, 0x5C, 0x5D, 0x7F, 0x80, 0x81, 0xA2, 0xDC, 0xFF]
    for round in 0..<5_000 {
      var lanes = lora_bytes16()
      var bytes: [UInt8] = []
      for index in 0..<16 {
        let byte = round % 2 == 0 ? near.randomElement(using: &random) ?? 0 : UInt8.random(in: 0...255, using: &random)
        lanes[index] = byte
        bytes.append(byte)
      }
      var (strings, controls, tops): (UInt32, UInt32, UInt32) = (0, 0, 0)
      unsafe bytes.withUnsafeBufferPointer { bytes in
        guard let base = bytes.baseAddress else { return }
        unsafe lora_marks_reference(base, &strings, &controls, &tops)
      }
      #expect(lora_string_marks(lanes) == strings && lora_top_marks(lanes) == tops)
      #expect(lora_control_marks(lanes) == controls && lora_plain_marks(lanes) == strings | tops)
    }
  }
}
