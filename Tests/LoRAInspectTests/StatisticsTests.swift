import Glibc
import JSON
import LoRAIO
import LoRAModel
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

@testable import LoRAInspect

/// Norms, singular values and counts held against NumPy's on the whole s·B·A.
@Suite struct StatisticsTests {
  private static func isClose(_ found: Double?, _ expected: Double?) -> Bool {
    guard let found, let expected else { return found == nil && expected == nil }
    return abs(found - expected) <= 1e-9 * abs(expected)
  }

  @Test func numbersAreThoseOfTheReference() throws {
    let rows = try #require(try Fixtures.json("statistics/statistics.json").array)
    #expect(rows.count > 20)
    for row in rows {
      let path = try #require(row["path"]?.string)
      let adapter = Adapter.load(Fixtures.path(path))
      let base = try row["base"]?.string.map { try BaseModel.open(Fixtures.path($0)) }
      let statistics = try AdapterStatistics(of: adapter, base: base, workers: 2)
      #expect(statistics.sha256 == row["sha256"]?.string, "\(path)")
      let expected = try #require(row["modules"]?.array)
      #expect(statistics.modules.count == expected.count, "\(path)")
      let found = Dictionary(zip(adapter.modules.map(\.name), statistics.modules)) { first, _ in first }
      for module in expected {
        let name = try #require(module["name"]?.string)
        let ours = try #require(found[name], "\(path): \(name) not found")
        let place: Comment = "\(path): \(name) \(ours) \(module.text(pretty: false))"
        #expect(Self.isClose(ours.deltaFrobenius, module["delta_frobenius"]?.double), place)
        #expect(Self.isClose(ours.deltaSpectral, module["delta_spectral"]?.double), place)
        #expect(ours.effectiveRank.map { Int64($0) } == module["effective_rank"]?.int64, place)
        #expect(Self.isClose(ours.relativeDelta, module["relative_delta"]?.double), place)
        #expect(ours.nan == 0 && ours.infinite == 0, place)
        #expect(Int64(ours.zero) == module["zero"]?.int64, place)
      }
    }
  }

  @Test(arguments: [1, 2, 5]) func workersChangeNothing(_ workers: Int) throws {
    let adapter = Adapter.load(Fixtures.path("adapters/llama-all-linear"))
    let one = try AdapterStatistics(of: adapter, workers: 1)
    #expect(try AdapterStatistics(of: adapter, workers: workers).modules == one.modules)
  }

  /// Factors of several blocks, as A and as B: the norm is that of the Gram matrices, trace((BᵀB)(AAᵀ)).
  @Test func tallFactorsAreReadBlockByBlock() throws {
    let (rank, rows) = (3, 70_001)
    var random = SeededGenerator(seed: 5)
    let tall = (0..<rank * rows).map { _ in Float(random.signed()) }
    let short = (0..<rank * 2).map { _ in Float(random.signed()) }
    var square = 0.0
    for first in 0..<rank {
      for second in 0..<rank {
        var (long, small) = (0.0, 0.0)
        for row in 0..<rows { long += Double(tall[first * rows + row]) * Double(tall[second * rows + row]) }
        for row in 0..<2 { small += Double(short[row * rank + first]) * Double(short[row * rank + second]) }
        square += long * small
      }
    }
    let wide = try statistics { file in
      file.add("base_model.model.x.lora_A.weight", .f32, [3, UInt64(rows)], values: tall)
      file.add("base_model.model.x.lora_B.weight", .f32, [2, 3], values: short)
    }
    let high = try statistics { file in
      let turned = (0..<rows).flatMap { row in (0..<rank).map { tall[$0 * rows + row] } }
      file.add("base_model.model.x.lora_A.weight", .f32, [3, 2], values: (0..<6).map { short[$0 % 2 * 3 + $0 / 2] })
      file.add("base_model.model.x.lora_B.weight", .f32, [UInt64(rows), 3], values: turned)
    }
    #expect(Self.isClose(wide.deltaFrobenius, square.squareRoot()))
    #expect(Self.isClose(high.deltaFrobenius, square.squareRoot()))
    #expect(Self.isClose(high.deltaSpectral, wide.deltaSpectral))
    #expect(high.effectiveRank == wide.effectiveRank)
  }

  /// Powers of two that cancel between A and B, rank by rank, change nothing, however far from 1 they are.
  @Test func valuesAtTheEndsOfTheRangeAreNoProblem() throws {
    var random = SeededGenerator(seed: 11)
    let a = (0..<4 * 6).map { _ in random.signed() }
    let b = (0..<5 * 4).map { _ in random.signed() }
    func numbers(_ exponents: [Int]) throws -> ModuleStatistics {
      try statistics { file in
        let down = (0..<4 * 6).map { a[$0] * power(exponents[$0 / 6]) }
        let up = (0..<5 * 4).map { b[$0] * power(-exponents[$0 % 4]) }
        file.add("base_model.model.x.lora_A.weight", .f64, [4, 6], data: down.flatMap(bytes))
        file.add("base_model.model.x.lora_B.weight", .f64, [5, 4], data: up.flatMap(bytes))
      }
    }
    let plain = try numbers([0, 0, 0, 0])
    for exponents in [[900, 900, 900, 900], [-900, -900, -900, -900], [1000, -1000, 500, 0], [-1000, 3, 1000, 7]] {
      let ours = try numbers(exponents)
      #expect(Self.isClose(ours.deltaFrobenius, plain.deltaFrobenius))
      #expect(Self.isClose(ours.deltaSpectral, plain.deltaSpectral))
      #expect(ours.effectiveRank == plain.effectiveRank)
    }
  }

  @Test func deltasBeyondTheRangeAreNotGiven() throws {
    let ours = try statistics { file in
      file.add("base_model.model.x.lora_A.weight", .f64, [1, 2], data: [power(1000), 0].flatMap(bytes))
      file.add("base_model.model.x.lora_B.weight", .f64, [2, 1], data: [power(1000), 1].flatMap(bytes))
    }
    #expect(ours.deltaFrobenius == nil)
    #expect(ours.deltaSpectral == nil)
    #expect(ours.zero == 1)
  }

  @Test func valuesThatAreNotFiniteAreCounted() throws {
    let ours = try statistics { file in
      file.add("base_model.model.x.lora_A.weight", .f16, [2, 3], values: [.nan, 1, 0, .infinity, -.infinity, 2])
      file.add("base_model.model.x.lora_B.weight", .f32, [2, 2], values: [1, .nan, 0, -0.0])
    }
    #expect(ours == ModuleStatistics(nan: 2, infinite: 2, zero: 3))
  }

  @Test func whatIsNoProductHasNoDelta() throws {
    let pairs: [([UInt64], [UInt64], DType)] = [
      ([2, 3], [4, 3], .f32), ([2], [4, 2], .f32), ([2, 0], [4, 2], .f32), ([2, 3], [0, 2], .f32),
      ([2, 3, 3, 3], [4, 2, 3, 3], .f32), ([2, 3], [4, 2], .i32), ([2048, 1], [1, 2048], .f32),
      ([0, 3], [4, 0], .f32),
    ]
    for (a, b, dtype) in pairs {
      let ours = try statistics { file in
        file.add("base_model.model.x.lora_A.weight", dtype, a)
        file.add("base_model.model.x.lora_B.weight", dtype, b)
      }
      #expect(ours.deltaFrobenius == nil && ours.effectiveRank == nil, "\(a) \(b)")
    }
    let half = try statistics { file in
      file.add("base_model.model.x.lora_A.weight", .bf16, [2, 3], values: [1, 2, 0, 4, 5, 6])
    }
    #expect(half == ModuleStatistics(nan: 0, infinite: 0, zero: 1))
  }

  @Test func anotherMethodsFactorsHaveNoDelta() throws {
    let tucker = Adapter.load(Fixtures.path("formats/kohya-tucker/lora.safetensors"))
    #expect(try AdapterStatistics(of: tucker).modules.allSatisfy { $0.deltaFrobenius == nil })
  }

  @Test func aFileThatEndsEarlyIsAnError() throws {
    let folder = try TemporaryFolder()
    let bytes = try Fixtures.bytes("adapters/llama-f64/adapter_model.safetensors")
    let path = try folder.write("adapter_model.safetensors", Array(bytes.dropLast(5)))
    #expect(throws: IOError.self) { try AdapterStatistics(of: Adapter.load(path)) }
    #expect(throws: IOError.self) { try AdapterStatistics(of: Adapter.load(folder.path("nothing.safetensors"))) }
  }

  @Test func documentHasTheKeysOfTheContract() throws {
    let adapter = Adapter.load(Fixtures.path("adapters/llama-f64"))
    let base = try BaseModel.open(Fixtures.path("models/llama-f32"))
    let statistics = try AdapterStatistics(of: adapter, base: base)
    let json = Inspection(adapter, base: base, statistics: statistics).json()
    let module = try #require(json["modules"]?.array?.first)
    for key in ["delta_frobenius", "delta_spectral", "effective_rank", "relative_delta", "nan", "inf", "zero"] {
      #expect(module[key]?.double != nil, "\(key)")
    }
    #expect(json["sha256"]?.string?.count == 64)
    #expect(Inspection(adapter, base: base).json()["modules"]?.array?.first?["nan"] == nil)
    let text = Inspection(adapter, base: base, statistics: statistics).text().joined(separator: "\n")
    #expect(text.contains("effective rank") && text.contains(statistics.sha256))
  }

  /// The curve's squares add up to the norm, and its values are held by the reference of the largest.
  @Test func singularValuesAreKept() throws {
    for path in ["adapters/llama-all-linear", "adapters/qwen3_moe-experts", "statistics/odd"] {
      for values in try AdapterStatistics(of: Adapter.load(Fixtures.path(path))).modules {
        let curve = values.singularValues
        let norm = try #require(values.deltaFrobenius)
        #expect(curve.first ?? 0 == values.deltaSpectral && curve == curve.sorted(by: >))
        #expect(curve.count <= ModuleStatistics.spectrumLimit)
        if curve.count < ModuleStatistics.spectrumLimit {
          #expect(Self.isClose(curve.reduce(0) { $0 + $1 * $1 }.squareRoot(), norm))
        }
      }
    }
  }

  /// Factors of rank 1, 5, 9 and 64 with many rows, whose product has the singular values that were put in.
  @Test(arguments: [1, 5, 9, 64]) func valuesThatWerePutInComeOut(_ rank: Int) throws {
    let (inputs, outputs) = (600, 1_100)
    // Columns of cosines are orthogonal.
    func column(_ size: Int, _ number: Int, _ row: Int) -> Double {
      let angle = Double.pi * (Double(row) + 0.5) * Double(number + 1) / Double(size)
      return cos(angle) * (2 / Double(size)).squareRoot()
    }
    let expected = (0..<rank).map { power(-$0 / 4) * (1 - 0.1 * Double($0 % 4)) }
    var random = SeededGenerator(seed: 4)
    let swap = (0..<rank).map { _ in random.signed() }
    // A = H·D·Qᵀ and B = P·H with a reflection H, which B·A does not show.
    let length = swap.reduce(0) { $0 + $1 * $1 }
    func mirror(_ row: Int, _ column: Int) -> Double {
      (row == column ? 1 : 0) - 2 * swap[row] * swap[column] / length
    }
    let down = (0..<rank * inputs).map { place in
      let (row, input) = (place / inputs, place % inputs)
      return (0..<rank).reduce(0) { $0 + mirror(row, $1) * expected[$1] * column(inputs, $1, input) }
    }
    let up = (0..<outputs * rank).map { place in
      let (output, row) = (place / rank, place % rank)
      return (0..<rank).reduce(0) { $0 + column(outputs, $1, output) * mirror($1, row) }
    }
    let ours = try statistics { file in
      file.add("base_model.model.x.lora_A.weight", .f64, [UInt64(rank), UInt64(inputs)], data: down.flatMap(bytes))
      file.add("base_model.model.x.lora_B.weight", .f64, [UInt64(outputs), UInt64(rank)], data: up.flatMap(bytes))
    }
    // The scale is 2 / 2.
    #expect(zip(ours.singularValues, expected.sorted(by: >)).allSatisfy { abs($0 - $1) < 1e-13 }, "\(ours)")
  }

  /// The statistics of module `x` of an adapter with these tensors, rank and alpha 2 (the scale is 1).
  private func statistics(_ build: (inout SafetensorsBuilder) -> Void) throws -> ModuleStatistics {
    let folder = try TemporaryFolder()
    var builder = SafetensorsBuilder()
    build(&builder)
    try folder.write("adapter_config.json", #"{"peft_type": "LORA", "r": 2, "lora_alpha": 2}"#)
    let path = try folder.write("adapter_model.safetensors", builder)
    let adapter = Adapter.load(path)
    let result = try AdapterStatistics(of: adapter, workers: 1)
    return try #require(withExtendedLifetime(folder) { result.modules.first })
  }
}

/// 2 to the power of an exponent.
private func power(_ exponent: Int) -> Double { Double(sign: .plus, exponent: exponent, significand: 1) }

private func bytes(_ value: Double) -> [UInt8] {
  (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt64($0 * 8)) }
}
