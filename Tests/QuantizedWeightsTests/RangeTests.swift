import LoRAIO
import LoRATestSupport
import QuantizedWeights
import Safetensors
import TensorCore
import Testing

/// The numbers of a quantised weight do not depend on how they are read.
@Suite struct RangeTests {
  @Test(arguments: try QuantizedFixture.all())
  func everyPartIsThatOfTheWhole(_ fixture: QuantizedFixture) throws {
    let quantized = try fixture.checkpoint()
    #expect(quantized.problems.isEmpty, "\(quantized.problems)")
    #expect(quantized.weights.count == fixture.weightCount)
    let dense = quantized.dequantized
    var random = SeededGenerator(seed: 7)
    for name in quantized.weights.keys.sorted() {
      let entry = try #require(dense.tensors[name])
      let file = dense.files[entry.file]
      #expect(entry.info.dtype == .f64 && entry.info.byteCount == 8 * entry.info.elementCount)
      let whole = try file.bytes(of: entry.info)
      for _ in 0..<20 {
        let count = Int(entry.info.byteCount)
        let first = Int.random(in: 0..<count, using: &random)
        let length = Int.random(in: 0...min(count - first, 4_000), using: &random)
        let part = try file.contents.bytes(at: file.offset(of: entry.info) + UInt64(first), count: length)
        #expect(part == Array(whole[first..<first + length]), "\(name) from \(first)")
      }
      let (end, size) = (file.offset(of: entry.info) + entry.info.byteCount, file.contents.size)
      #expect(throws: IOError.self) { try file.contents.bytes(at: min(end, size), count: 8_000_000) }
    }
  }

  @Test(arguments: try QuantizedFixture.all())
  func whatIsNotQuantisedIsTheFilesOwn(_ fixture: QuantizedFixture) throws {
    let quantized = try fixture.checkpoint()
    let dense = quantized.dequantized
    for (name, entry) in quantized.stored.tensors {
      guard !quantized.parts.contains(name) else {
        #expect(dense.tensors[name] == nil || quantized.weights[name] != nil, "\(name)")
        continue
      }
      let found = try #require(dense.tensors[name], "\(name)")
      #expect(
        try dense.files[found.file].bytes(of: found.info) == quantized.stored.files[entry.file].bytes(of: entry.info))
    }
  }
}
