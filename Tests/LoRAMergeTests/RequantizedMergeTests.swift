import LoRAIO
import LoRAMerge
import LoRAModel
import LoRATestSupport
import QuantizedWeights
import Safetensors
import TensorCore
import Testing

/// Merges that leave a base in 8-bit floats.
@Suite struct RequantizedMergeTests {
  typealias Expected = DequantizedMergeTests.Expected

  static let floats = DequantizedMergeTests.all.filter { expected in
    let base = try? BaseModel.open(Fixtures.path("quantised/" + expected.base))
    return base?.quantized?.weights.values.contains { $0.grid != nil } == true && expected.adapter != nil
  }

  private var options: MergeOptions {
    var options = MergeOptions()
    options.requantizes = true
    return options
  }

  @Test func basesInFloatsAreThere() { #expect(Self.floats.count >= 9) }

  @Test(arguments: floats)
  func onlyCodesAndScalesOfChangedWeightsChange(_ expected: Expected) throws {
    let folder = try TemporaryFolder()
    let output = folder.path("merged")
    let plan = try expected.plan(options)
    let outcome = try MergeExecutor(plan).run(to: output)
    let base = try BaseModel.open(Fixtures.path("quantised/" + expected.base))
    let stored = try #require(base.checkpoint)
    let merged = try Checkpoint.open(output)
    let changed = Set(plan.mergedTensors.flatMap { name in base.quantized?.weights[name]?.parts ?? [name] })
    #expect(merged.tensors.keys.sorted() == stored.tensors.keys.sorted())
    var different = 0
    for (name, entry) in stored.tensors {
      let found = try #require(merged.tensors[name])
      #expect(found.info.dtype == entry.info.dtype && found.info.shape == entry.info.shape)
      let isSame =
        try merged.files[found.file].bytes(of: found.info) == stored.files[entry.file].bytes(of: entry.info)
      #expect(isSame || changed.contains(name), "\(name)")
      if !isSame { different += 1 }
    }
    #expect(different >= plan.mergedTensors.count)
    #expect(outcome.rounding.values.allSatisfy { ($0.deltaRetention ?? 0) > 0.5 && $0.notFinite == 0 })
    var verifier = MergeVerifier(plan)
    verifier.depth = .full
    let verification = try verifier.run(on: output)
    #expect(verification.isSound && verification.matricesRecomputed > 0, "\(verification.discrepancies)")
    try poke(merged, plan)
    #expect(try !verifier.run(on: output).isSound)
  }

  /// Changes one code of a changed weight.
  private func poke(_ merged: Checkpoint, _ plan: MergePlan) throws {
    for step in plan.shards.flatMap(\.steps) {
      guard case .requantize(let work) = step.work, let entry = merged.tensors[work.tensor] else { continue }
      let file = merged.files[entry.file]
      let place = file.offset(of: entry.info)
      var bytes = try InputFile.contents(of: file.path, limit: 1 << 24)
      bytes[Int(place)] ^= 0x70
      try WholeFile.write(bytes, to: file.path)
      return
    }
  }

  @Test(arguments: floats)
  func theNumbersAreTheNearestThatTheFreshScalesAllow(_ expected: Expected) throws {
    let folder = try TemporaryFolder()
    _ = try MergeExecutor(expected.plan(options)).run(to: folder.path("merged"))
    var dense = expected.options
    dense.dtype = .f32
    _ = try MergeExecutor(expected.plan(dense)).run(to: folder.path("dense"))
    let merged = try #require(BaseModel.open(folder.path("merged")).quantized)
    let exact = try Checkpoint.open(folder.path("dense"))
    let view = merged.dequantized
    for name in try expected.plan(options).mergedTensors {
      guard let weight = merged.weights[name], let grid = weight.grid else { continue }
      let entry = try #require(view.tensors[name])
      let found = try view.files[entry.file].bytes(of: entry.info).values(of: Double.self)
      let other = try #require(exact.tensors[name])
      let wanted = try exact.files[other.file].bytes(of: other.info).values(of: Float.self)
      // No farther from the exact number than half of the widest step of its cell.
      var largest = [Double](repeating: 0, count: grid.cells)
      for index in wanted.indices {
        let cell = grid.cell(row: index / grid.columns, column: index % grid.columns)
        largest[cell] = max(largest[cell], Double(wanted[index].magnitude))
      }
      let slack = grid.scalesAreExponents ? 2.0 : 1.01
      let isNear = wanted.indices.allSatisfy { index in
        let cell = grid.cell(row: index / grid.columns, column: index % grid.columns)
        let step = max(abs(Double(wanted[index])) / 8, largest[cell] / grid.largest * slack / 512)
        return abs(found[index] - Double(wanted[index])) <= step * 0.5001 * slack
      }
      #expect(isNear, "\(name)")
    }
  }

  @Test func typesOfFourBitsAreRefusedWithTheFigure() throws {
    let expected = try #require(DequantizedMergeTests.all.first { $0.name == "bnb-nf4" })
    #expect {
      _ = try expected.plan(options)
    } throws: {
      "\($0)".contains("nf4") && "\($0)".contains("0.00") && "\($0)".contains("--dequantize")
    }
  }

  @Test func aChangeThatWouldBeLostIsNotWritten() throws {
    let expected = try #require(Self.floats.first)
    let folder = try TemporaryFolder()
    var strict = options
    strict.minimumRetention = 0.99
    #expect {
      _ = try MergeExecutor(expected.plan(strict)).run(to: folder.path("merged"))
    } throws: {
      "\($0)".contains("would be left")
    }
    #expect(try Folder.names(in: folder.path) == [])
  }
}
