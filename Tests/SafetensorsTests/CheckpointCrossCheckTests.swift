import Diagnostics
import LoRATestSupport
import TensorCore
import Testing

@testable import Safetensors

private let first = "model-00001-of-00002.safetensors"
private let second = "model-00002-of-00002.safetensors"

/// Two shards with tensors of 24 bytes and an index, written so that they may disagree.
private func examine(
  _ firstNames: [String], _ secondNames: [String]?, map: KeyValuePairs<String, String>, totalSize: Int64? = nil,
  others: [String] = []
) throws -> Checkpoint.Examined {
  let folder = try TemporaryFolder()
  for (name, tensors) in [(first, firstNames), (second, secondNames)] {
    guard let tensors else { continue }
    var builder = SafetensorsBuilder()
    for tensor in tensors { builder.add(tensor, .f32, [2, 3]) }
    try folder.write(name, builder)
  }
  for other in others { try folder.write(other, SafetensorsBuilder()) }
  let members = map.map { "\"\($0.key)\": \"\($0.value)\"" }.joined(separator: ", ")
  let size = totalSize ?? Int64(map.count * 24)
  try folder.write(
    "model.safetensors.index.json", #"{"metadata": {"total_size": \#(size)}, "weight_map": {\#(members)}}"#)
  return Checkpoint.examine(folder.path)
}

/// Shards against their index.
@Suite struct CheckpointCrossCheckTests {
  @Test func aTensorThatTheIndexMapsButNoShardHoldsIsAnError() throws {
    let examined = try examine(["a"], ["c"], map: ["a": first, "ghost": first, "c": second], totalSize: 48)
    let finding = try #require(examined.findings.first)
    #expect(examined.findings.count == 1)
    #expect(finding.rule == .shardMismatch)
    #expect(finding.severity == .error)
    #expect(finding.tensor == "ghost")
    #expect(finding.expected == first)
    #expect(finding.message.contains("no other shard"))
    #expect(!examined.isSound)
    #expect(examined.checkpoint?.tensors.count == 2)
  }

  @Test func aTensorInAnotherShardThanTheIndexSaysIsAWarningThatNamesBoth() throws {
    let examined = try examine(["a", "b"], ["c"], map: ["a": first, "b": second, "c": second])
    #expect(examined.isSound)
    #expect(examined.findings.map(\.tensor) == ["b"])
    #expect(examined.findings.first?.expected == second)
    #expect(examined.findings.first?.found == first)
    #expect(examined.checkpoint?.tensors["b"]?.file == 0)
  }

  @Test func aTensorThatTheIndexDoesNotListIsAWarning() throws {
    let examined = try examine(["a", "extra"], ["c"], map: ["a": first, "c": second], totalSize: 72)
    #expect(examined.findings.map(\.tensor) == ["extra"])
    #expect(examined.findings.map(\.severity) == [.warning])
    #expect(examined.checkpoint?.tensors["extra"]?.file == 0)
  }

  @Test func missingAndUnlistedTensorsTogetherMeanAStaleIndex() throws {
    let examined = try examine(["new.a"], ["new.c"], map: ["a": first, "c": second], totalSize: 48)
    let errors = examined.findings.filter { $0.severity == .error }
    #expect(errors.map(\.tensor) == ["a", "c"])
    #expect(errors.allSatisfy { $0.hint?.contains("stale") == true })
    #expect(examined.findings.filter { $0.severity == .warning }.map(\.tensor) == ["new.a", "new.c"])
  }

  @Test func oneTensorInTwoShardsIsAnErrorAndTheOneThatTheIndexNamesCounts() throws {
    for (mapped, position) in [(first, 0), (second, 1)] {
      let examined = try examine(["a", "b"], ["b", "c"], map: ["a": first, "b": mapped, "c": second])
      #expect(examined.findings.map(\.rule) == [.shardMismatch])
      #expect(examined.findings.first?.tensor == "b")
      #expect(examined.findings.first?.message.contains(first) == true)
      #expect(examined.findings.first?.message.contains(second) == true)
      #expect(examined.checkpoint?.tensors["b"]?.file == position)
    }
  }

  @Test func missingShardsAreListedInOneFinding() throws {
    let examined = try examine(["a"], nil, map: ["a": first, "c": second])
    #expect(examined.findings.count == 1)
    let finding = try #require(examined.findings.first)
    #expect(finding.rule == .fileUnreadable)
    #expect(finding.message.contains("1 of the 2 shards"))
    #expect(finding.message.contains(second))
    #expect(examined.checkpoint?.tensors.keys.sorted() == ["a"])
  }

  @Test func missingShardsBesideOthersOfTheSameNameAreAStaleIndex() throws {
    let other = "model-00001-of-00003.safetensors"
    let examined = try examine(["a"], nil, map: ["a": first, "c": second], others: [other])
    #expect(examined.findings.first?.hint?.contains("stale") == true)
    #expect(examined.findings.first?.hint?.contains(other) == true)
  }

  /// A total size that is not the sum is a warning, and the sum of file sizes is recognised.
  @Test func aTotalSizeThatIsNotTheSumIsAWarning() throws {
    let map: KeyValuePairs<String, String> = ["a": first, "c": second]
    let wrong = try examine(["a"], ["c"], map: map, totalSize: 47)
    #expect(wrong.findings.map(\.severity) == [.warning])
    #expect(wrong.findings.first?.expected == "48 bytes")
    #expect(wrong.findings.first?.found == "47 bytes")
    let files = try #require(wrong.checkpoint).files.reduce(0) { $0 + $1.fileBytes }
    let summed = try examine(["a"], ["c"], map: map, totalSize: Int64(files))
    #expect(summed.findings.first?.message.contains("file sizes") == true)
    let huge = try examine(["a"], ["c"], map: map, totalSize: .max)
    #expect(huge.findings.map(\.severity) == [.warning])
  }

  @Test func aBrokenShardIsReportedWithItsOwnProblemTheOthersStay() throws {
    let folder = try TemporaryFolder()
    var builder = SafetensorsBuilder()
    builder.add("a", .f32, [2, 3])
    try folder.write(first, builder)
    try folder.write(second, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    try folder.write(
      "model.safetensors.index.json",
      #"{"metadata": {"total_size": 48}, "weight_map": {"a": "\#(first)", "c": "\#(second)"}}"#)
    let examined = Checkpoint.examine(folder.path)
    #expect(examined.findings.map(\.rule) == [.fileNotSafetensors])
    #expect(examined.findings.first?.file == folder.path(second))
    #expect(examined.checkpoint?.tensors.keys.sorted() == ["a"])
  }

  @Test func aShardWhoseRangesMakeNoSenseIsCountedWithoutHarm() throws {
    let folder = try TemporaryFolder()
    var builder = SafetensorsBuilder()
    builder.add("a", dtype: "F32", shape: [1], begin: 8, end: 4)
    builder.add("b", dtype: "F32", shape: [.max], begin: .max, end: 0)
    try folder.write(first, SafetensorsBuilder.frame(String(decoding: builder.head.dropFirst(8), as: UTF8.self)))
    try folder.write(
      "model.safetensors.index.json",
      #"{"metadata": {"total_size": 8}, "weight_map": {"a": "\#(first)", "b": "\#(first)"}}"#)
    let examined = Checkpoint.examine(folder.path)
    #expect(!examined.isSound)
    #expect(examined.findings.contains { $0.rule == .headerInvalid })
    #expect(examined.checkpoint?.tensorBytes == 0)
  }

  @Test func anIndexThatNamesAFolderAsItsShardIsRefused() throws {
    let folder = try TemporaryFolder()
    try folder.folder("sub.safetensors")
    try folder.write(
      "model.safetensors.index.json", #"{"metadata": {}, "weight_map": {"a": "sub.safetensors"}}"#)
    let examined = Checkpoint.examine(folder.path)
    #expect(examined.findings.map(\.rule) == [.fileUnreadable])
    #expect(examined.checkpoint == nil)
  }

  @Test func anIndexThatMapsNothingOrNamesThousandsOfShardsIsRefused() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.index.json", #"{"metadata": {}, "weight_map": {}}"#)
    #expect(Checkpoint.examine(folder.path("a.index.json")).findings.map(\.rule) == [.shardMismatch])
    let members = (0..<5000).map { "\"t\($0)\": \"\($0).safetensors\"" }.joined(separator: ",")
    try folder.write("b.index.json", #"{"metadata": {}, "weight_map": {\#(members)}}"#)
    let examined = Checkpoint.examine(folder.path("b.index.json"))
    #expect(examined.findings.map(\.found) == ["5,000"])
  }

  @Test func aModelOf200Shards() throws {
    let folder = try TemporaryFolder()
    var members: [String] = []
    for number in 1...200 {
      let text = String(number)
      let padded = String(repeating: "0", count: 5 - text.count) + text
      let name = "model-\(padded)-of-00200.safetensors"
      var builder = SafetensorsBuilder()
      for tensor in 0..<5 {
        builder.add("layers.\(number).t\(tensor)", .bf16, [4, 4])
        members.append("\"layers.\(number).t\(tensor)\": \"\(name)\"")
      }
      try folder.write(name, builder)
    }
    try folder.write(
      "model.safetensors.index.json",
      #"{"metadata": {"total_size": 32000}, "weight_map": {\#(members.joined(separator: ","))}}"#)
    let examined = Checkpoint.examine(folder.path)
    #expect(examined.findings == [])
    let checkpoint = try #require(examined.checkpoint)
    #expect(checkpoint.files.count == 200)
    #expect(checkpoint.tensors.count == 1000)
    #expect(checkpoint.tensors["layers.200.t4"]?.file == 199)
    #expect(try checkpoint.files[199].bytes(of: #require(checkpoint.tensors["layers.200.t4"]).info).count == 32)
  }
}
