import Diagnostics
import Foundation
import JSON
import LoRAFuzzing
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

/// Inputs kept from fuzzing, and files that the reference parser judged.
@Suite struct CorpusTests {
  /// What coverage-guided fuzzing kept, through the targets that it was kept for.
  @Test(arguments: FuzzTargets.all.map(\.name))
  func keptInputsKeepTheirPromises(name: String) throws {
    let target = try #require(FuzzTargets.target(named: name))
    let inputs = try #require(try Fixtures.json("fuzz/corpus/\(name).json").array)
    #expect(inputs.count >= 10)
    for input in inputs { try target.run(try Fixtures.bytes(base64: input)) }
  }

  /// Nothing that we accept is refused by the reference parser, and of what it loads we refuse only duplicate keys.
  @Test func headersAreJudgedAsTheReferenceJudgesThem() throws {
    let folder = try TemporaryFolder()
    let rows = try Fixtures.bytes("fuzz/headers.jsonl").split(separator: 0x0A)
    #expect(rows.count >= 2400)
    var accepted = 0
    for (number, row) in rows.enumerated() {
      let row = try JSONValue(parsing: Array(row))
      let zeros = [UInt8](repeating: 0, count: Int(try #require(row["zeros"]?.int64)))
      let examined = SafetensorsFile.examine(
        try folder.write("judged.safetensors", try Fixtures.bytes(base64: row["file"]) + zeros))
      let said = examined.findings.map(\.message)
      guard row["accepted"] == .bool(true) else {
        #expect(!examined.isSound, "row \(number): the reference refuses it")
        continue
      }
      accepted += 1
      guard row["duplicate"] == nil else {
        let errors = examined.findings.filter { $0.severity == .error }
        #expect(!errors.isEmpty && errors.allSatisfy { $0.rule == .headerDuplicateKey }, "row \(number): \(said)")
        continue
      }
      #expect(examined.isSound, "row \(number): the reference loads it, we say \(said)")
      var tensors: [String: String] = [:]
      for tensor in examined.file?.header.tensors ?? [] {
        tensors[tensor.name] = "\(tensor.dtype.name) \(tensor.shape.dimensions)"
      }
      let expected = try #require(row["tensors"]?.object).members.map { ($0.key, $0.value.string ?? "") }
      #expect(tensors == Dictionary(uniqueKeysWithValues: expected), "row \(number)")
    }
    #expect(accepted >= 400)
  }
}
