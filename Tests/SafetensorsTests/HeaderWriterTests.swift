import Foundation
import LoRATestSupport
import TensorCore
import Testing

@testable import Safetensors

/// The header of a file in `testdata`, as the reference library wrote it.
private func referenceHeader(_ path: String) throws -> [UInt8] {
  let data = try Data(contentsOf: URL(fileURLWithPath: path))
  let length = data.prefix(8).enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }
  return Array(data.prefix(8 + Int(length)))
}

private func referenceFiles() throws -> [String] {
  let files = FileManager.default.enumerator(atPath: Fixtures.root)?.compactMap { $0 as? String } ?? []
  return files.filter { ($0.hasPrefix("models/") || $0.hasPrefix("merged/")) && $0.hasSuffix(".safetensors") }.sorted()
    .map { Fixtures.path($0) }
}

@Suite struct HeaderWriterTests {
  private func tensor(_ name: String, _ begin: UInt64, _ end: UInt64, _ shape: Shape, _ dtype: DType = .u8)
    -> TensorInfo
  {
    TensorInfo(name: name, dtype: dtype, shape: shape, begin: begin, end: end)
  }

  /// Headers of the reference library are written again byte for byte, and its tensor order is found again.
  @Test func headersOfTheReferenceLibraryAreWrittenAgainByteForByte() throws {
    let files = try referenceFiles()
    #expect(files.count >= 30)
    for path in files {
      let header = try SafetensorsFile.open(path).header
      #expect(try HeaderWriter.bytes(of: header.tensors, metadata: header.metadata) == referenceHeader(path), "\(path)")
      let layout = try SafetensorsWriter.layout(of: header.tensors.reversed().map { ($0.name, $0.dtype, $0.shape) })
      #expect(layout.map(\.name) == header.tensors.map(\.name), "\(path)")
      #expect(layout.map(\.end) == header.tensors.map(\.end), "\(path)")
    }
  }

  @Test func aLiteralHeader() throws {
    let bytes = try HeaderWriter.bytes(
      of: [tensor("b", 3, 5, [2]), tensor("a", 0, 3, [1, 3]), tensor("e", 5, 5, [0], .f32), tensor("s", 5, 6, [])],
      metadata: [("z", "1"), ("a", "2")])
    let text =
      #"{"__metadata__":{"a":"2","z":"1"},"b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]},"#
      + #""a":{"dtype":"U8","shape":[1,3],"data_offsets":[0,3]},"e":{"dtype":"F32","shape":[0],"data_offsets":[5,5]},"#
      + #""s":{"dtype":"U8","shape":[],"data_offsets":[5,6]}}"#
    #expect(String(decoding: bytes[8...], as: UTF8.self).hasPrefix(text))
    #expect(bytes.count % 8 == 0)
    #expect(bytes[(8 + text.utf8.count)...].allSatisfy { $0 == 0x20 })
    #expect(SafetensorsBuilder.frame(text) == bytes)
  }

  @Test func noTensorsWithAndWithoutMetadata() throws {
    #expect(try HeaderWriter.bytes(of: []) == SafetensorsBuilder.frame("{}"))
    #expect(
      try HeaderWriter.bytes(of: [], metadata: [("format", "pt")])
        == SafetensorsBuilder.frame(#"{"__metadata__":{"format":"pt"}}"#))
    #expect(
      try HeaderWriter.bytes(of: [tensor("a", 0, 1, [1])])
        == SafetensorsBuilder.frame(
          #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#))
  }

  @Test func everyKindOfCharacterInNamesAndValuesReadsBackAsItWas() throws {
    let folder = try TemporaryFolder()
    let odd =
      (0..<0x30).map { String(UnicodeScalar(UInt8($0))) }.joined() + "\"\\/\u{7F}\u{9F}\u{2028}é\u{301}😀\u{FEFF}"
    let bytes = try HeaderWriter.bytes(of: [tensor(odd, 0, 1, [1])], metadata: [(odd, odd), ("", "")])
    let path = try folder.write("odd.safetensors", bytes + [7])
    let header = try SafetensorsFile.open(path).header
    #expect(header.tensors.map(\.name) == [odd])
    #expect(header.metadata.map(\.key) == ["", odd])
    #expect(header.metadata(odd) == odd)
    let control = try HeaderWriter.bytes(of: [tensor("\u{1}\u{1F}\u{8}\u{C}\n\r\t", 0, 1, [1])])
    #expect(String(decoding: control, as: UTF8.self).contains(#""\u0001\u001f\b\f\n\r\t""#))
  }

  @Test func everyDtypeIsWrittenWithItsSizeAndReadBack() throws {
    let folder = try TemporaryFolder()
    let layout = try SafetensorsWriter.layout(of: DType.allCases.map { ("t.\($0.name)", $0, [4, 2]) })
    #expect(layout.map(\.dtype) == DType.allCases.reversed())
    let writer = try SafetensorsWriter(creating: folder.path("all.safetensors"), layout: layout)
    for tensor in layout {
      let data = [UInt8](repeating: tensor.dtype.rawValue, count: Int(tensor.byteCount))
      try writer.write(data, of: tensor)
    }
    let file = try SafetensorsFile.open(folder.path("all.safetensors"))
    #expect(file.header.tensors.map(\.dtype) == DType.allCases.reversed())
    for tensor in file.header.tensors {
      #expect(try file.bytes(of: tensor).allSatisfy { $0 == tensor.dtype.rawValue })
    }
  }

  @Test func whatReadersWouldRefuseOrMisreadIsRefused() throws {
    #expect(throws: HeaderWriterError.reservedName) { try HeaderWriter.bytes(of: [tensor("__metadata__", 0, 1, [1])]) }
    #expect(throws: HeaderWriterError.duplicateName("a")) {
      try HeaderWriter.bytes(of: [tensor("a", 0, 1, [1]), tensor("a", 1, 2, [1])])
    }
    #expect(throws: HeaderWriterError.duplicateName("k")) {
      try HeaderWriter.bytes(of: [], metadata: [("k", "1"), ("k", "2")])
    }
    #expect(throws: HeaderWriterError.sizeMismatch("a")) { try HeaderWriter.bytes(of: [tensor("a", 0, 2, [1])]) }
    #expect(throws: HeaderWriterError.sizeMismatch("a")) { try HeaderWriter.bytes(of: [tensor("a", 1, 0, [1])]) }
    #expect(throws: HeaderWriterError.sizeMismatch("a")) {
      try SafetensorsWriter.layout(of: [("a", .f4, [3])])
    }
    #expect(throws: HeaderWriterError.sizeMismatch("b")) {
      try SafetensorsWriter.layout(of: [("a", .u8, [UInt64.max / 8]), ("b", .u8, [UInt64.max / 8 * 7 + 8])])
    }
    let one = [tensor("a", 0, 1, [1])]
    #expect(try HeaderWriter.bytes(of: one, metadata: [], limit: 56).count == 64)
    #expect(throws: HeaderWriterError.tooLong(found: 56, limit: 55)) {
      try HeaderWriter.bytes(of: one, metadata: [], limit: 55)
    }
  }
}
