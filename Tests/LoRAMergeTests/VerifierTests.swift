import Foundation
import JSON
import LoRAModel
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

@testable import LoRAMerge

@Suite struct VerifierTests {
  private func merged() throws -> (model: TinyModel, plan: MergePlan) {
    var weights = SafetensorsBuilder()
    weights.add("a.weight", .bf16, [5], values: TinyModel.numbers(5))
    weights.add("x.weight", .bf16, [60, 4], values: TinyModel.numbers(240))
    let model = try TinyModel(weights, adapter: TinyModel.factors("x", in: 4, out: 60))
    let plan = try model.plan()
    _ = try MergeExecutor(plan).run(to: model.output)
    return (model, plan)
  }

  /// Changes bytes of a file of the output.
  private func tamper(_ model: TinyModel, _ name: String, _ change: (inout [UInt8]) -> Void) throws {
    let path = model.output + "/" + name
    var bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    change(&bytes)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  private func findings(_ plan: MergePlan, _ model: TinyModel, full: Bool = false) throws -> [String] {
    var verifier = MergeVerifier(plan)
    if full { verifier.depth = .full }
    return try verifier.run(on: model.output).discrepancies.map(\.description)
  }

  @Test func aSoundOutputPassesAndSaysWhatWasLookedAt() throws {
    let (model, plan) = try merged()
    var verifier = MergeVerifier(plan)
    let sample = try verifier.run(on: model.output)
    #expect(sample.isSound && sample.matricesRecomputed == 1 && sample.elementsRecomputed == 8 * 4)
    verifier.depth = .full
    let full = try verifier.run(on: model.output)
    #expect(full.isSound && full.elementsRecomputed == 240 && full.elementsOffByOne == 0)
    #expect(full.bytesCompared + 480 == plan.outputBytes)
    #expect(full.json["status"]?.string == "pass")
  }

  @Test func everyKindOfDamageIsFound() throws {
    var (model, plan) = try merged()
    let start = Int(plan.shards[0].dataStart)
    try tamper(model, "model.safetensors") { $0[start + 3] ^= 1 }
    #expect(try findings(plan, model) == ["model.safetensors: a.weight: byte \(start + 3) differs from its source"])

    (model, plan) = try merged()
    try tamper(model, "model.safetensors") { $0[start + 10 + 4 * 8 * 7 + 1] ^= 0x10 }
    #expect(try findings(plan, model, full: true).first?.contains("x.weight: row 28, column 0 is") == true)

    (model, plan) = try merged()
    try tamper(model, "model.safetensors") { $0.removeLast() }
    #expect(try findings(plan, model).first?.contains("truncated") == true)

    (model, plan) = try merged()
    try tamper(model, "model.safetensors") { $0.replaceSubrange(8..<40, with: Array(repeating: 0x20, count: 32)) }
    #expect(try findings(plan, model).count == 1)

    (model, plan) = try merged()
    try tamper(model, "tokenizer.json") { $0[3] ^= 1 }
    try tamper(model, "config.json") { $0.append(0x0A) }
    try model.folder.write("out/pytorch_model.bin", "stale")
    let found = try findings(plan, model)
    #expect(found.count == 3)
    #expect(found.contains { $0.hasPrefix("tokenizer.json: byte 3 differs") })
    #expect(found.contains { $0.hasPrefix("config.json: it has") })
    #expect(found.contains { $0.hasPrefix("pytorch_model.bin: it does not belong") })

    (model, plan) = try merged()
    try model.folder.remove("out/model.safetensors")
    try model.folder.remove("out/config.json")
    #expect(try findings(plan, model).count == 2)
    try model.folder.remove("out")
    #expect(!(try findings(plan, model).isEmpty))
  }

  /// Headers are looked at last, as the digests in them are made meanwhile; the findings keep their order.
  @Test func aWrongDigestInAHeaderIsFoundWithAnyNumberOfThreads() throws {
    let (model, plan) = try merged()
    let start = Int(plan.shards[0].dataStart)
    try tamper(model, "model.safetensors") { bytes in
      let header = bytes[..<start]
      let digit = header.indices.first { place in
        let run = header[place...].prefix(64)
        return run.count == 64 && run.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
      }
      if let digit { bytes[digit] = bytes[digit] == 0x30 ? 0x31 : 0x30 }
      bytes[start + 10 + 4 * 8 * 7 + 1] ^= 0x10
    }
    try tamper(model, "tokenizer.json") { $0[3] ^= 1 }
    for jobs in [1, 2, 5] {
      var verifier = MergeVerifier(plan)
      (verifier.depth, verifier.jobs) = (.full, jobs)
      let found = try verifier.run(on: model.output).discrepancies.map(\.description)
      #expect(found.count == 3)
      #expect(found.first?.hasPrefix("tokenizer.json: byte 3 differs") == true)
      #expect(found.dropFirst().first?.contains("x.weight: row 28, column 0 is") == true)
      #expect(found.last == "model.safetensors: its header is not what the merge writes")
    }
  }

  @Test func anUnmergedCopyOfTheBaseIsNoMerge() throws {
    let model = try merged().model
    try model.folder.remove("out")
    try FileManager.default.copyItem(atPath: model.base, toPath: model.output)
    // With a record in its header the shard would differ in length already.
    var options = MergeOptions()
    options.provenance = .none
    let plan = try model.plan(options)
    #expect(try findings(plan, model).contains { $0.contains("x.weight: row 0, column") })
  }

  @Test func aFewNeighboursOfTheRightNumberPassManyDoNot() throws {
    let (model, plan) = try merged()
    let start = Int(plan.shards[0].dataStart) + 10
    try tamper(model, "model.safetensors") { bytes in
      for index in 0..<2 { bytes[start + 2 * index] ^= 1 }
    }
    var verifier = MergeVerifier(plan)
    verifier.depth = .full
    #expect(try verifier.run(on: model.output).elementsOffByOne == 2)
    #expect(try verifier.run(on: model.output).isSound)
    try tamper(model, "model.safetensors") { bytes in
      for index in 10..<40 { bytes[start + 2 * index] ^= 1 }
    }
    #expect(try verifier.run(on: model.output).elementsOffByOne == 32)
    #expect(!(try verifier.run(on: model.output).isSound))
  }

  @Test func theRowsOfASampleFirstLastAndOthersTheSameForTheSameSeed() {
    let depth = MergeVerifier.Depth.sample(rows: 5, seed: 3)
    let rows = depth.rows(of: 1000, seed: 8)
    #expect(rows.count == 7 && rows.first == 0 && rows.last == 999 && rows == depth.rows(of: 1000, seed: 8))
    #expect(rows != depth.rows(of: 1000, seed: 9))
    #expect(depth.rows(of: 7, seed: 8) == Array(0..<7))
    #expect(depth.rows(of: 8, seed: 8).count == 7)
    #expect(MergeVerifier.Depth.full.rows(of: 8, seed: 8).count == 8)
  }

  // MARK: Numbers

  /// Every code of the half types is its own nearest number, and Swift's own types agree.
  @Test func everyCodeOfTheHalfTypesIsItsOwnNearestNumber() {
    for code in UInt64(0)...0xFFFF {
      let half = Float16(bitPattern: UInt16(code))
      let single = Float(bitPattern: UInt32(code) << 16)
      for (dtype, expected) in [(DType.f16, Double(half)), (.bf16, Double(single))] {
        let value = ReferenceNumbers.value(code, dtype)
        let isRight =
          value.isNaN
          ? expected.isNaN : value == expected && ReferenceNumbers.code(rounding: value, to: dtype) == code
        // An expectation for each of them would take most of the time.
        if !isRight { Issue.record("\(dtype.name) \(code)") }
      }
    }
  }

  @Test func roundingIsToNearestTiesToEvenAsSwiftsConversionsRound() {
    var random = SeededGenerator(seed: 1)
    for _ in 0..<20_000 {
      let value = random.signed() * Double(sign: .plus, exponent: random.below(60) - 32, significand: 1)
      let isRight =
        ReferenceNumbers.code(rounding: value, to: .f32) == UInt64(Float(value).bitPattern)
        && ReferenceNumbers.code(rounding: value, to: .f16) == UInt64(Float16(value).bitPattern)
      if !isRight { Issue.record("\(value)") }
    }
    #expect(ReferenceNumbers.code(rounding: 65519.9, to: .f16) == 0x7BFF)
    #expect(ReferenceNumbers.code(rounding: 65520, to: .f16) == 0x7C00)
    #expect(ReferenceNumbers.code(rounding: 0x1p-25, to: .f16) == 0)
    #expect(ReferenceNumbers.code(rounding: 0x1.8p-25, to: .f16) == 1)
    #expect(ReferenceNumbers.code(rounding: -0.0, to: .bf16) == 0x8000)
    #expect(ReferenceNumbers.code(rounding: -.infinity, to: .bf16) == 0xFF80)
    #expect(ReferenceNumbers.distance(0x8001, 0x0001, .bf16) == 2)
    #expect(ReferenceNumbers.distance(0x7FC0, 0x7FFF, .bf16) == 0)
    #expect(ReferenceNumbers.distance(0x7FC0, 0x3F80, .bf16) == nil)
  }

  @Test func theEightSixAndFourBitTypes() {
    #expect(ReferenceNumbers.value(0x7E, .f8e4m3) == 448)
    #expect(ReferenceNumbers.value(0x7F, .f8e4m3).isNaN)
    #expect(ReferenceNumbers.value(0x7B, .f8e5m2) == 57344)
    #expect(ReferenceNumbers.value(0xFC, .f8e5m2) == -.infinity)
    #expect(ReferenceNumbers.value(0x80, .f8e4m3fnuz).isNaN)
    #expect(ReferenceNumbers.value(0x7F, .f8e4m3fnuz) == 240)
    #expect(ReferenceNumbers.value(0x7F, .f8e5m2fnuz) == 57344)
    #expect(ReferenceNumbers.value(0x7F, .f8e8m0) == 1)
    #expect(ReferenceNumbers.value(0x1F, .f6e2m3) == 7.5)
    #expect(ReferenceNumbers.value(0x1F, .f6e3m2) == 28)
    #expect((0..<8).map { ReferenceNumbers.value($0, .f4) } == [0, 0.5, 1, 1.5, 2, 3, 4, 6])
    #expect(ReferenceNumbers.code([0x21, 0x43], 2, .f4) == 3)
    #expect(ReferenceNumbers.code([0b01_000001, 0b0000_0010], 1, .f6e2m3) == 0b001001)
  }
}
