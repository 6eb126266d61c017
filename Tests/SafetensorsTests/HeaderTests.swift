import Diagnostics
import JSON
import LoRATestSupport
import TensorCore
import Testing

@testable import Safetensors

/// Byte strings that the reference parser (safetensors 0.8.0) judged; the comments of the corpus say what each is.
@Suite struct HeaderTests {
  /// The reference accepts every file that we call sound, and we accept all that it accepts but ambiguous names.
  @Test func verdictsAreThoseOfTheReference() throws {
    let cases = try #require(try Fixtures.json("headers/corpus.json").array)
    #expect(cases.count >= 120)
    let folder = try TemporaryFolder()
    for (index, entry) in cases.enumerated() {
      let name = try #require(entry["name"]?.string)
      // Large files are written as pieces that repeat.
      let bytes = try (entry["parts"]?.array ?? [entry]).flatMap { piece in
        [[UInt8]](repeating: try Fixtures.bytes(base64: piece["base64"]), count: Int(piece["times"]?.int64 ?? 1))
          .flatMap { $0 }
      }
      let accepted = entry["accepted"] == .bool(true)
      let examined = SafetensorsFile.examine(try folder.write("\(index).safetensors", bytes))
      let onlyDuplicates = examined.findings.allSatisfy { $0.severity < .error || $0.rule == .headerDuplicateKey }
      if accepted {
        #expect(onlyDuplicates, "\(name): the reference loads it, we say \(examined.findings.map(\.message))")
      } else {
        #expect(!examined.isSound, "\(name): the reference refuses it: \(entry["error"]?.string ?? "")")
      }
    }
  }

  @Test func truncatedAndTrailingBytesAreToldApart() throws {
    var builder = SafetensorsBuilder()
    builder.add("w", .f32, [4, 4])
    let whole = builder.bytes
    let folder = try TemporaryFolder()
    let short = SafetensorsFile.examine(try folder.write("short.safetensors", Array(whole.dropLast(3))))
    #expect(short.findings.map(\.rule) == [.headerInvalid])
    #expect(short.findings[0].message.contains("truncated"))
    #expect(short.findings[0].message.contains("3 of 64"))
    let long = SafetensorsFile.examine(try folder.write("long.safetensors", whole + [1, 2, 3, 4, 5]))
    #expect(long.findings[0].message.contains("5 trailing bytes"))
  }

  /// Found by fuzzing: after another entry, metadata in the form of a tensor was read as one, which the reference refuses.
  @Test func metadataInTheFormOfATensorIsRefused() throws {
    let folder = try TemporaryFolder()
    let header =
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
      + #""__metadata__":{"dtype":"BF16","shape":[4],"data_offsets":[4,12]}}"#
    let examined = SafetensorsFile.examine(
      try folder.write("x.safetensors", SafetensorsBuilder.frame(header, data: [UInt8](repeating: 0, count: 12))))
    #expect(!examined.isSound)
    #expect(examined.findings.contains { $0.rule == .headerInvalid && $0.message.contains("__metadata__") })
  }

  @Test func allProblemsAreFoundInOneRun() throws {
    let header =
      #"{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,8]},"#
      + #""c":{"dtype":"F32","shape":[-1],"data_offsets":[8]},"d":{"dtype":"U8","shape":[1],"data_offsets":[20,21]}}"#
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "x.safetensors", SafetensorsBuilder.frame(header, data: [UInt8](repeating: 0, count: 30)))
    let examined = SafetensorsFile.examine(path)
    let tensors = Set(examined.findings.compactMap(\.tensor))
    #expect(tensors == ["a", "b", "c", "d"])
    #expect(examined.findings.contains { $0.message.contains("trailing") })
    #expect(examined.findings.filter { $0.tensor != nil }.allSatisfy { $0.byteOffset != nil })
  }

  @Test(arguments: [
    (Array("PK\u{3}\u{4}rest of a zip".utf8), "zip archive"), ([0x80, 0x02, 0x7D, 0x71, 0, 0, 0, 0, 0], "pickle"),
    (Array("GGUF\u{3}\0\0\0aaaaaaaaaa".utf8), "GGUF"), (Array("<!DOCTYPE html><html>".utf8), "HTML"),
    (Array("version https://git-lfs.github.com/spec/v1\noid".utf8), "LFS"),
    (Array("{\"a\": 1}          ".utf8), "JSON"),
    ([UInt8](repeating: 0, count: 500), "zero bytes"),
  ])
  func otherKindsOfFilesAreNamed(_ bytes: [UInt8], _ word: String) throws {
    let folder = try TemporaryFolder()
    let examined = SafetensorsFile.examine(try folder.write("x.safetensors", bytes))
    #expect(examined.file == nil)
    #expect(examined.findings.map(\.rule) == [.fileNotSafetensors])
    #expect(examined.findings[0].message.contains(word))
  }

  @Test func hostileFilesProduceBoundedFindings() throws {
    var header = "{"
    for index in 0..<5_000 {
      header += "\(index == 0 ? "" : ",")\"t\(index)\":{\"dtype\":\"X\",\"shape\":[],\"data_offsets\":[0,0]}"
    }
    let folder = try TemporaryFolder()
    let examined = SafetensorsFile.examine(try folder.write("x.safetensors", SafetensorsBuilder.frame(header + "}")))
    #expect(examined.findings.count <= HeaderParser.findingLimit + 1)
    #expect(examined.findings.last?.message.contains("4800 more") == true)
  }

  @Test func everyPrefixOfAGoodFileIsRefused() throws {
    var builder = SafetensorsBuilder()
    builder.add("a.lora_A.weight", .f32, [2, 3])
    builder.add("b", .bf16, [5])
    let whole = builder.bytes
    let folder = try TemporaryFolder()
    for count in 0..<whole.count {
      let examined = SafetensorsFile.examine(try folder.write("\(count).safetensors", Array(whole[..<count])))
      #expect(!examined.isSound, "a prefix of \(count) bytes")
    }
    #expect(SafetensorsFile.examine(try folder.write("whole.safetensors", whole)).isSound)
  }

  @Test func pathsThatAreNoFilesAreNamed() throws {
    let folder = try TemporaryFolder()
    let missing = SafetensorsFile.examine(folder.path("missing.safetensors"))
    #expect(missing.findings.map(\.rule) == [.fileUnreadable])
    let isFolder = SafetensorsFile.examine(folder.path)
    #expect(isFolder.findings.first?.message.contains("a folder") == true)
    let empty = SafetensorsFile.examine(try folder.write("empty.safetensors", [UInt8]()))
    #expect(empty.findings.first?.message.contains("empty") == true)
  }
}
