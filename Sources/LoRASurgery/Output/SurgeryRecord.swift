import Crypto
package import JSON
import LoRAIO
import LoRAModel

/// `lora-tool.json`: what an adapter was made from and how, without paths and times, so that the same inputs and
/// options give the same bytes.
package struct SurgeryRecord: Sendable {
  /// Base name in the output.
  package static let fileName = "lora-tool.json"

  private let command: String
  private let toolVersion: String
  private let options: JSONObject
  private let inputs: [(role: String, path: String)]

  /// - Parameters:
  ///   - options: what was asked for, as far as it changes the result.
  ///   - inputs: the role of each input, such as `adapter`, and the file.
  package init(
    _ command: String, toolVersion: String, options: JSONObject, inputs: [(role: String, path: String)]
  ) {
    (self.command, self.toolVersion, self.options, self.inputs) = (command, toolVersion, options, inputs)
  }

  /// The file, whose digests are computed while the others are written.
  package var file: DraftFile {
    DraftFile(
      Self.fileName,
      .made { () throws(SurgeryError) in Array((try json().text(pretty: true) + "\n").utf8) })
  }

  private func json() throws(SurgeryError) -> JSONValue {
    var listed: [JSONValue] = []
    for (role, path) in inputs {
      let (digest, size) = try SurgeryError.catching { () throws(IOError) in try Self.digest(of: path) }
      listed.append([
        "role": .string(role), "file": .string(Folder.lastComponent(path)), "bytes": JSONValue(size),
        "sha256": .string(digest),
      ])
    }
    return .document(
      "surgery-record", toolVersion: toolVersion,
      ["command": .string(command), "options": .object(options), "inputs": .array(listed)])
  }

  /// SHA-256 of a file as it lies on disk, and its size.
  private static func digest(of path: String) throws(IOError) -> (digest: String, size: UInt64) {
    let file = try InputFile(path: path)
    file.adviseSequential()
    var hash = SHA256()
    let buffer = IOBuffer(count: 1 << 20)
    var offset: UInt64 = 0
    while offset < file.size {
      let piece = unsafe UnsafeMutableRawBufferPointer(
        rebasing: buffer.bytes[..<Int(min(UInt64(buffer.count), file.size - offset))])
      unsafe try file.read(into: piece, at: offset)
      unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(piece))
      offset += UInt64(piece.count)
    }
    let digits = Array("0123456789abcdef".utf8)
    let text = hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return (String(decoding: text, as: UTF8.self), file.size)
  }
}
