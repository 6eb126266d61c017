import CLoRAKernels
import LoRAKernels
import LoRATestSupport
import Testing

@Suite struct KeyedDigestTests {
  private func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  private func digest(_ bytes: [UInt8]) -> KeyedDigest { unsafe bytes.withUnsafeBytes { unsafe KeyedDigest($0) } }

  /// NH as the article writes it, word by word.
  private func reference(_ bytes: [UInt8], _ keys: [UInt64]) -> [UInt64] {
    var result: [UInt64] = []
    for start in stride(from: 0, to: bytes.count, by: 1024) {
      let block = Array(bytes[start..<min(start + 1024, bytes.count)])
      let padded = block + [UInt8](repeating: 0, count: (16 - block.count % 16) % 16)
      let words = stride(from: 0, to: padded.count, by: 8).map { place in
        (0..<8).reduce(0 as UInt64) { $0 | UInt64(padded[place + $1]) << UInt64(8 * $1) }
      }
      for first in [0, 2] {
        var sum: UInt128 = 0
        for index in stride(from: 0, to: words.count, by: 2) {
          let left = words[index] &+ keys[first + index]
          let right = words[index + 1] &+ keys[first + index + 1]
          sum &+= UInt128(left) * UInt128(right)
        }
        result += [UInt64(truncatingIfNeeded: sum), UInt64(truncatingIfNeeded: sum >> 64)]
      }
    }
    return result
  }

  @Test(arguments: [0, 1, 15, 16, 17, 1008, 1023, 1024, 1025, 5000, 8192])
  func theKernelDoesWhatIsWritten(count: Int) {
    var random = SeededGenerator(seed: UInt64(count))
    let keys = (0..<Int(LORA_DIGEST_KEYS)).map { _ in random.next() }
    for seed in 0..<3 as Range<UInt64> {
      // All ones carry furthest.
      let data = seed == 2 ? [UInt8](repeating: 0xFF, count: count) : bytes(count, seed: seed)
      for shift in [0, 3] {
        let shifted = [UInt8](repeating: 1, count: shift) + data
        var sums = [UInt64](repeating: 7, count: (count + 1023) / 1024 * 4 + 1)
        unsafe shifted.withUnsafeBytes { all in
          guard let start = all.baseAddress else { return }
          unsafe lora_digest(start + shift, count, keys, &sums)
        }
        // Nothing is written behind the end.
        #expect(sums == reference(data, keys) + [7])
      }
    }
  }

  @Test(arguments: [1, 16, 1000, 1024, 1025, 33_000, 196_608])
  func everyBitCounts(count: Int) {
    let whole = bytes(count, seed: UInt64(count))
    #expect(digest(whole) == digest(Array(whole)))
    var seen: Set<KeyedDigest> = [digest(whole)]
    var random = SeededGenerator(seed: 1)
    let places = [0, count - 1] + (0..<20).map { _ in Int(random.next() % UInt64(count)) }
    for (bit, place) in Set(places).enumerated() {
      var other = whole
      other[place] ^= 1 << UInt8(bit % 8)
      #expect(seen.insert(digest(other)).inserted)
    }
  }

  @Test func theOrderOfBlocksAndOfPartsCounts() {
    let (one, other) = (bytes(4096, seed: 1), bytes(4096, seed: 2))
    #expect(digest(one + other) != digest(other + one))
    let parts = [digest(one), digest(other)]
    #expect(KeyedDigest(parts: parts) == KeyedDigest(parts: parts))
    #expect(KeyedDigest(parts: parts) != KeyedDigest(parts: parts.reversed()))
    #expect(KeyedDigest(parts: [parts[0]]) != KeyedDigest(parts: [parts[1]]))
  }
}
