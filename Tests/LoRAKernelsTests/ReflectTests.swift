import LoRATestSupport
import Testing

@testable import LoRAKernels

/// Blocks of Householder reflections against the formula, and the levels against each other.
@Suite struct ReflectTests {
  @Test(arguments: 1...Kernels.reflectorLimit)
  func everyLevelGivesTheBitsOfThePlainOneAndTheFormulasValues(_ reflectors: Int) throws {
    var random = SeededGenerator(seed: 3)
    func numbers(_ count: Int) -> [Double] { (0..<count).map { _ in random.signed() } }
    for (rows, columns) in [(0, 1), (1, 3), (7, 2), (8, 1), (21, 5), (513, 4), (40, 0)] {
      let (stride, topStride) = (rows + 3, reflectors + 2)
      let vectors = numbers(max(reflectors, 1) * stride)
      let factors = (0..<reflectors * reflectors).map { index in
        index % reflectors > index / reflectors ? 0 : numbers(1)[0]
      }
      let (tops, below) = (numbers(max(columns, 1) * topStride), numbers(max(columns, 1) * stride))
      var (wantedTops, wanted) = (tops, below)
      for column in 0..<columns {
        let shared = (0..<reflectors).map { reflector in
          (0..<rows).reduce(tops[column * topStride + reflector]) {
            $0 + vectors[reflector * stride + $1] * below[column * stride + $1]
          }
        }
        for reflector in 0..<reflectors {
          let weight = (0...reflector).reduce(0) { $0 + factors[reflector * reflectors + $1] * shared[$1] }
          wantedTops[column * topStride + reflector] -= weight
          for row in 0..<rows { wanted[column * stride + row] -= weight * vectors[reflector * stride + row] }
        }
      }
      var first: [UInt64]?
      for level in KernelLevel.available {
        var (ownVectors, ownTops, own) = (vectors, tops, below)
        unsafe ownVectors.withUnsafeMutableBufferPointer { vectors in
          unsafe ownTops.withUnsafeMutableBufferPointer { tops in
            unsafe own.withUnsafeMutableBufferPointer { below in
              guard
                let vectors = unsafe ColumnBlock(vectors, rows: rows, columns: reflectors, stride: stride),
                let tops = unsafe ColumnBlock(tops, rows: reflectors, columns: columns, stride: topStride),
                let below = unsafe ColumnBlock(below, rows: rows, columns: columns, stride: stride)
              else {
                Issue.record("the columns do not fit into their buffers")
                return
              }
              Kernels.reflect(vectors, factors: factors, tops: tops, columns: below, level: level)
            }
          }
        }
        #expect(ownVectors == vectors)
        let place: Comment = "\(level) \(reflectors) \(rows) \(columns)"
        #expect(zip(own + ownTops, wanted + wantedTops).allSatisfy { abs($0 - $1) < 1e-11 }, place)
        let bits = (own + ownTops).map(\.bitPattern)
        #expect(bits == first ?? bits, place)
        first = bits
      }
    }
  }

  @Test func columnsOutsideTheirBufferAreNone() {
    var numbers = [Double](repeating: 0, count: 10)
    unsafe numbers.withUnsafeMutableBufferPointer { buffer in
      #expect(unsafe ColumnBlock(buffer, rows: 4, columns: 2, stride: 6) != nil)
      #expect(unsafe ColumnBlock(buffer, rows: 5, columns: 2, stride: 6) == nil)
      #expect(unsafe ColumnBlock(buffer, rows: 4, columns: 2, stride: 3) == nil)
      #expect(unsafe ColumnBlock(buffer, rows: 0, columns: .max, stride: .max) == nil)
    }
  }
}
