import Diagnostics
import JSON
import LoRATestSupport
import Testing

@testable import Safetensors

@Suite struct ShardIndexTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func examine(_ text: String) throws -> ShardIndex.Examined {
    ShardIndex.examine(try folder.write("model.safetensors.index.json", text))
  }

  @Test func mapsTensorsToShardsInFileOrderAndReadsTheTotalSize() throws {
    let examined = try examine(
      """
      {"metadata": {"total_size": 24, "total_parameters": 6},
       "weight_map": {"z": "b.safetensors", "a": "a.safetensors", "m": "b.safetensors"}}
      """)
    let index = try #require(examined.index)
    #expect(examined.findings == [])
    #expect(index.shards == ["a.safetensors", "b.safetensors"])
    #expect(index.entries.map(\.tensor) == ["z", "a", "m"])
    #expect(index.shard(of: "m") == "b.safetensors")
    #expect(index.shard(of: "q") == nil)
    #expect(index.contains("a"))
    #expect(index.totalSize == 24)
    #expect(index.metadata["total_parameters"] == .integer(6))
  }

  @Test func takesATotalSizeThatWasWrittenAsARealNumberAsSomeConvertersDo() throws {
    let examined = try examine(#"{"metadata": {"total_size": 16060522496.0}, "weight_map": {"a": "a.safetensors"}}"#)
    #expect(examined.index?.totalSize == 16_060_522_496)
    #expect(examined.findings == [])
  }

  @Test(
    arguments: [
      ("../evil.safetensors", "separator"), ("/etc/evil.safetensors", "absolute"), ("sub/a.safetensors", "separator"),
      (#"..\\evil.safetensors"#, "separator"), ("..", "folder"), (".", "folder"), ("", "empty"),
      (#"a.safetensors\u0000.png"#, "NUL"), (#"\u0000"#, "NUL"), ("config.json", ".safetensors"),
      (#"\u002e\u002e\u002fa.safetensors"#, "separator"),
    ])
  func refusesShardNamesThatAreMoreThanABaseName(name: String, reason: String) throws {
    let examined = try examine(
      #"{"metadata": {}, "weight_map": {"a": "\#(name)", "b": "good.safetensors", "c": "\#(name)"}}"#)
    let index = try #require(examined.index)
    #expect(index.shards == ["good.safetensors"])
    #expect(index.shard(of: "a") == nil)
    #expect(index.contains("a"))
    // Told once, although two tensors are mapped there.
    #expect(examined.findings.map(\.rule) == [.securityPath])
    #expect(examined.findings.first?.severity == .error)
    #expect(examined.findings.first?.message.contains(reason) == true)
  }

  @Test func namesOfPickleShardsAreRefusedAsPickle() throws {
    let examined = try examine(#"{"metadata": {}, "weight_map": {"a": "pytorch_model-00001-of-00002.bin"}}"#)
    #expect(examined.findings.map(\.rule) == [.pickleWeights])
  }

  @Test func aNameWithTwoDotsInsideIsAnOrdinaryName() throws {
    let examined = try examine(#"{"metadata": {}, "weight_map": {"a": "model..v2.safetensors"}}"#)
    #expect(examined.index?.shards == ["model..v2.safetensors"])
    #expect(examined.findings == [])
  }

  /// A tensor that is mapped twice is an error, also when the second name is spelled with escapes.
  @Test func aTensorThatIsMappedTwiceIsAnError() throws {
    let examined = try examine(
      #"{"metadata": {}, "weight_map": {"a": "a.safetensors", "\u0061": "b.safetensors"}}"#)
    #expect(examined.findings.map(\.rule) == [.indexInvalid])
    #expect(examined.findings.first?.tensor == "a")
    #expect(examined.index?.shard(of: "a") == "a.safetensors")
  }

  @Test(
    arguments: [
      "", "[]", "{", "null", #"{"metadata": {}}"#, #"{"weight_map": []}"#, #"{"weight_map": {}, "weight_map": {}}"#,
      #"{"weight_map": {}} x"#, #"{"weight_map": {"a": "a.safetensors",}}"#, #"{"metadata": {"a": 1, "a": 2}}"#,
    ])
  func whatIsNotAnIndexAtAllGivesNoIndex(text: String) throws {
    let examined = try examine(text)
    #expect(examined.index == nil)
    #expect(examined.findings.map(\.rule) == [.indexInvalid])
    #expect(examined.findings.first?.byteOffset != nil)
  }

  @Test func aShardThatIsNoStringIsAnErrorOfItsTensorAlone() throws {
    let examined = try examine(#"{"metadata": {}, "weight_map": {"a": 1, "b": ["x"], "c": "c.safetensors"}}"#)
    #expect(examined.findings.map(\.tensor) == ["a", "b"])
    #expect(examined.findings.map(\.found) == ["1", "a list"])
    #expect(examined.index?.entries.map(\.tensor) == ["c"])
  }

  @Test func missingOrOddMetadataIsAWarning() throws {
    let map = #""weight_map": {"a": "a.safetensors"}"#
    for text in [
      "{\(map)}", #"{"metadata": 3, \#(map)}"#, #"{"metadata": {"total_size": "12"}, \#(map)}"#,
      #"{"metadata": {"total_size": -1}, \#(map)}"#,
    ] {
      let examined = try examine(text)
      #expect(examined.index != nil)
      #expect(examined.findings.map(\.rule) == [.indexInvalid])
      #expect(examined.findings.map(\.severity) == [.warning])
    }
  }

  @Test func aFloodOfBadNamesEndsInACount() throws {
    let members = (0..<500).map { #""t\#($0)": "../\#($0).safetensors""# }.joined(separator: ",")
    let examined = try examine(#"{"metadata": {}, "weight_map": {\#(members)}}"#)
    #expect(examined.findings.count == Repeated.limit + 1)
    #expect(examined.findings.last?.message.contains("480 more") == true)
  }

  @Test func aMissingIndexIsUnreadableNotACrash() {
    let examined = ShardIndex.examine(folder.path("nowhere.index.json"))
    #expect(examined.index == nil)
    #expect(examined.findings.map(\.rule) == [.fileUnreadable])
  }
}
