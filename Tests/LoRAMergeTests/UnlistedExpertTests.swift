import JSON
import LoRAModel
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

@testable import LoRAMerge

/// Stacks of experts of models that no catalogue knows, under the names that transformers gives them in memory.
@Suite struct UnlistedExpertTests {
  /// A base with two experts of three inner units, one by one, under the names of one of the patterns.
  private func model(_ path: String, _ leaves: [String], shapes: [[UInt64]], target: String, b: UInt64, a: UInt64)
    throws -> TinyModel
  {
    var weights = SafetensorsBuilder()
    for (position, (leaf, shape)) in zip(leaves, shapes).enumerated() {
      for expert in path.contains("{e}") ? 0..<2 : 0..<1 {
        var name = path
        if let range = name.firstRange(of: "{e}") { name.replaceSubrange(range, with: String(expert)) }
        let count = shape.reduce(1, *)
        weights.add(name + leaf + ".weight", .f32, shape, values: TinyModel.numbers(Int(count), 10 * position + expert))
      }
    }
    var factors = SafetensorsBuilder()
    let prefix = "base_model.model.model.layers.0.mlp.experts."
    factors.add(prefix + "lora_A.weight", .f32, [4, a], values: TinyModel.numbers(4 * Int(a), 3))
    factors.add(prefix + "lora_B.weight", .f32, [b, 4], values: TinyModel.numbers(4 * Int(b), 7))
    return try TinyModel(
      weights, adapter: factors,
      config: ["target_modules": [], "target_parameters": [.string("mlp.experts." + target)], "peft_version": "0.21.2"])
  }

  @Test(
    arguments: [
      ("model.layers.0.mlp.experts.{e}.", ["gate_proj", "up_proj"]),
      ("model.layers.0.block_sparse_moe.experts.{e}.", ["w1", "w3"]),
    ])
  func gateAndUpProjectionsOfAnExpertAreTheRowsOfOneMatrixInMemory(_ path: String, _ leaves: [String]) throws {
    let model = try model(path, leaves, shapes: [[3, 4], [3, 4]], target: "gate_up_proj", b: 6, a: 4)
    let plan = try model.plan()
    #expect(plan.mergedTensors.count == 4)
    _ = try MergeExecutor(plan).run(to: model.output)
    let merged = try Checkpoint.open(model.output)
    let a = TinyModel.numbers(16, 3)
    let b = TinyModel.numbers(24, 7)
    for (part, leaf) in leaves.enumerated() {
      for expert in 0..<2 {
        let before = TinyModel.numbers(12, 10 * part + expert)
        let name = path.replacing("{e}", with: String(expert)) + leaf + ".weight"
        let entry = try #require(merged.tensors[name])
        let found = try merged.files[entry.file].bytes(of: entry.info)
        for row in 0..<3 {
          for column in 0..<4 {
            // A: expert by expert; B: rank by rank, the expert fastest; the scale is 3/2.
            var exact = Double(before[4 * row + column])
            for rank in 0..<2 {
              let left = Double(b[(3 * part + row) * 4 + 2 * rank + expert])
              let right = Double(a[(2 * expert + rank) * 4 + column])
              exact += 1.5 * left * right
            }
            let at = 16 * row + 4 * column
            let value = unsafe Array(found[at..<at + 4]).withUnsafeBytes { unsafe $0.loadUnaligned(as: Float.self) }
            #expect(abs(Double(value) - exact) <= 1e-6, "\(name) \(row) \(column)")
          }
        }
      }
    }
  }

  @Test(
    arguments: [
      ("model.layers.0.mlp.experts.{e}.", "down_proj", [4, 3] as [UInt64], 2),
      ("model.layers.0.block_sparse_moe.experts.{e}.", "w2", [4, 3] as [UInt64], 2),
      ("model.layers.0.block_sparse_moe.", "output_linear", [2, 4, 3] as [UInt64], 1),
    ])
  func downProjectionsAndStacksUnderTheNamesOfOlderReleases(
    _ path: String, _ leaf: String, _ shape: [UInt64], _ tensors: Int
  ) throws {
    let model = try model(path, [leaf], shapes: [shape], target: "down_proj", b: 4, a: 3)
    let plan = try model.plan()
    #expect(plan.mergedTensors.count == tensors)
    _ = try MergeExecutor(plan).run(to: model.output)
    var verifier = MergeVerifier(plan)
    verifier.depth = .full
    #expect(try verifier.run(on: model.output).isSound)
  }

  @Test func expertsThatAreNotAllThereAreRefused() throws {
    let model = try model(
      "model.layers.0.mlp.experts.{e}.", ["gate_proj"], shapes: [[3, 4]], target: "gate_up_proj", b: 6, a: 4)
    #expect(try model.refusals().contains("the base has no such"))
  }
}
