import Foundation
import LoRAMerge
import LoRAModel
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

/// Elements of two equally long tensors that are not the same, and the largest distance in units of the last place.
func difference(_ one: [UInt8], _ other: [UInt8], _ dtype: DType) -> (count: Int, elements: Int, ulps: Int64) {
  let size = Int(dtype.bits / 8)
  func ordered(_ bytes: [UInt8], _ index: Int) -> Int64 {
    var code: Int64 = 0
    for byte in (0..<size).reversed() { code = code << 8 | Int64(bytes[index * size + byte]) }
    let sign = Int64(1) << Int64(8 * size - 1)
    return code & sign == 0 ? code : sign - code
  }
  var count = 0
  var ulps: Int64 = 0
  for index in 0..<one.count / size {
    let distance = abs(ordered(one, index) - ordered(other, index))
    if distance > 0 { count += 1 }
    ulps = max(ulps, distance)
  }
  return (count, one.count / size, ulps)
}

/// Against PEFT.
@Suite struct ReferenceTests {
  @Test func theReferenceIsThere() { #expect(Fixtures.merged.count >= 50) }

  @Test(arguments: Fixtures.merged)
  func mergedTensorsArePEFTsEverythingElseIsTheBases(_ expected: Fixtures.Merged) throws {
    let folder = try TemporaryFolder()
    let base = try Fixtures.base(expected.base)
    var options = MergeOptions()
    if expected.kinds.contains("unsloth") { options.expertLayout = .unsloth }
    let plan = try MergePlan.make(
      base: base, adapters: [WeightedAdapter(Fixtures.adapter(expected.adapter))], options: options)
    let output = folder.path("merged")
    _ = try MergeExecutor(plan).run(to: output)
    let merged = try Checkpoint.open(output)
    let reference = try SafetensorsFile.open(Fixtures.path("merged/\(expected.adapter).safetensors"))
    #expect(reference.header.tensors.map(\.name).sorted() == expected.tensors)
    #expect(Set(plan.mergedTensors + plan.replacedTensors + plan.addedTensors).isSuperset(of: expected.tensors))
    for tensor in reference.header.tensors {
      let found = try #require(merged.tensors[tensor.name], "\(tensor.name)")
      #expect(found.info.dtype == tensor.dtype && found.info.shape == tensor.shape, "\(tensor.name)")
      let bytes = try merged.files[found.file].bytes(of: found.info)
      let (count, elements, ulps) = difference(bytes, try reference.bytes(of: tensor), tensor.dtype)
      #expect(ulps <= 1 && Double(count) <= 0.001 * Double(elements), "\(tensor.name): \(count) of \(elements) differ")
    }
    let checkpoint = try #require(base.checkpoint)
    for (name, entry) in checkpoint.tensors where reference.header[name] == nil {
      let found = try #require(merged.tensors[name], "\(name)")
      #expect(
        try merged.files[found.file].bytes(of: found.info) == checkpoint.files[entry.file].bytes(of: entry.info),
        "\(name)")
    }
    #expect(merged.tensors.count == Set(checkpoint.tensors.keys).union(expected.tensors).count)
    #expect(plan.unties == expected.isUntied)
    var verifier = MergeVerifier(plan)
    verifier.depth = .full
    let verification = try verifier.run(on: output)
    #expect(verification.isSound && verification.elementsOffByOne == 0, "\(verification.discrepancies)")
  }

  @Test(arguments: ["mixtral-experts-unsloth", "mixtral-experts-peft-0.18"])
  func expertsInAnotherLayoutAreTheSameTraining(_ name: String) throws {
    let folder = try TemporaryFolder()
    var options = MergeOptions()
    options.expertLayout = name.hasSuffix("unsloth") ? .unsloth : .peft018
    let plan = try MergePlan.make(
      base: Fixtures.base("models/mixtral-bf16"), adapters: [WeightedAdapter(Fixtures.adapter(name))], options: options)
    _ = try MergeExecutor(plan).run(to: folder.path("merged"))
    let merged = try Checkpoint.open(folder.path("merged"))
    let reference = try SafetensorsFile.open(Fixtures.path("merged/mixtral-experts.safetensors"))
    for tensor in reference.header.tensors {
      let found = try #require(merged.tensors[tensor.name])
      let bytes = try merged.files[found.file].bytes(of: found.info)
      let (count, elements, ulps) = difference(bytes, try reference.bytes(of: tensor), tensor.dtype)
      #expect(ulps <= 1 && Double(count) <= 0.001 * Double(elements), "\(tensor.name): \(count) of \(elements) differ")
    }
  }
}
