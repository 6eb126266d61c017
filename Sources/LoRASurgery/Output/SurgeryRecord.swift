package import JSON
import LoRADeltas
import LoRAIO
import LoRAModel
import SHA2
package import Safetensors

/// `lora-tool.json`: what an adapter was made from and how, without paths and times, so that the same inputs and
/// options give the same bytes.
package struct SurgeryRecord: Sendable {
  /// Base name in the output.
  package static let fileName = "lora-tool.json"

  private let command: String
  private let toolVersion: String
  private let options: JSONObject
  private let inputs: [(role: String, file: InputDigest)]
  /// Models of which `inputs` would be too long to read in full: of each file the size, and digests of its header and of
  /// samples of its data.
  package var models: [(role: String, files: [SafetensorsFile])] = []

  /// - Parameters:
  ///   - options: what was asked for, as far as it changes the result.
  ///   - inputs: the role of each input, such as `adapter`, and the file.
  package init(
    _ command: String, toolVersion: String, options: JSONObject, inputs: [(role: String, file: InputDigest)]
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
    for (role, file) in inputs {
      let (digest, size) = try SurgeryError.catching { () throws(IOError) in try file.value() }
      listed.append([
        "role": .string(role), "file": .string(Folder.lastComponent(file.path)), "bytes": JSONValue(size),
        "sha256": .string(digest),
      ])
    }
    for (role, files) in models {
      for file in files {
        let digest = try SurgeryError.catching { () throws(IOError) in try Self.sampledDigest(of: file) }
        listed.append([
          "role": .string(role), "file": .string(Folder.lastComponent(file.path)), "bytes": JSONValue(file.fileBytes),
          "sha256_sampled": .string(digest),
        ])
      }
    }
    return .document(
      "surgery-record", toolVersion: toolVersion,
      ["command": .string(command), "options": .object(options), "inputs": .array(listed)])
  }

  /// Most samples of a model's file, and their size.
  private static let samples: UInt64 = 256
  private static let sampleBytes: UInt64 = 64 << 10

  /// SHA-256 of a file's header and of pieces that lie evenly in its data; of all data where it is small.
  private static func sampledDigest(of file: SafetensorsFile) throws(IOError) -> String {
    var hash = SHA256()
    hash.update(data: try file.headerBytes())
    let (start, end) = (file.header.dataStart, file.contents.size)
    guard end > start else { return hash.finalize().description }
    let pieces = min((end - start - 1) / sampleBytes + 1, samples)
    for piece in 0..<pieces {
      let room = end - start > sampleBytes ? end - start - sampleBytes : 0
      // The product of a size and a small number; a file that large does not exist.
      let offset = pieces > 1 ? room.multipliedFullWidth(by: piece) : (high: 0, low: 0)
      let place = start + (pieces > 1 ? (pieces - 1).dividingFullWidth((offset.high, offset.low)).quotient : 0)
      hash.update(data: try file.contents.bytes(at: place, count: Int(min(sampleBytes, end - place))))
    }
    return hash.finalize().description
  }
}
