import Diagnostics
import LoRATestSupport
import Safetensors
import TensorCore

/// Whole safetensors files.
///
/// A header that is taken must come back equal when it is written again, and blanks between its tokens, which send the
/// parser down the long way instead of the short one, must change nothing.
struct HeaderTarget: FuzzTarget {
  let name = "header"
  private let scratch = Scratch()

  func seeds() -> [[UInt8]] {
    [
      "{}", #"{"__metadata__":{"format":"pt"}}"#, #"{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}"#,
      #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]},"c":{"dtype":"U8","shape":[0,7],"data_offsets":[32,32]}}"#,
      #"{"b":{"dtype":"F16","shape":[2],"data_offsets":[4,8]},"a":["F4",[2,4],[0,4]]}   "#,
      #" {"é":{"dtype":{"I64":null},"shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,8],"more":[1,{"x":null}]}}"#,
    ].map { text in
      let header = Array(text.utf8)
      return Frame.bytes(header, [UInt8](repeating: 0, count: Frame.declaredBytes(header)))
    }
  }

  func mutate(_ input: inout [UInt8], _ random: inout SeededGenerator) { FrameMutation().mutate(&input, &random) }

  func run(_ input: [UInt8]) throws(Violation) {
    let examined = try examine(input)
    try Violation.unless(examined.findings.count <= 203, "one header gave \(examined.findings.count) findings")
    for finding in examined.findings {
      try Terminal.check(finding.message, "a finding")
      try Terminal.check((finding.found ?? "") + (finding.expected ?? ""), "a finding")
    }
    if let file = examined.file, examined.isSound { try checkRewritten(file.header, input) }
    try checkSpaced(input, examined)
  }

  private func examine(_ input: [UInt8]) throws(Violation) -> Examined {
    SafetensorsFile.examine(try scratch.write(input, as: "input.safetensors"))
  }

  /// What was taken is written again and read again.
  private func checkRewritten(_ header: SafetensorsHeader, _ input: [UInt8]) throws(Violation) {
    var edge: UInt64 = 0
    for tensor in header.tensors {
      try Violation.unless(tensor.begin == edge && tensor.end >= edge, "a sound file has a hole or an overlap")
      edge = tensor.end
    }
    try Violation.unless(
      header.dataStart + edge == UInt64(input.count), "a sound file has other bytes than its header says")
    // A tensor named like the metadata is an entry that no writer may write.
    let text: [UInt8]
    do throws(HeaderWriterError) {
      text = try HeaderWriter.bytes(of: header.tensors, metadata: header.metadata)
    } catch {
      throw Violation("a sound header cannot be written again: \(error)")
    }
    let again = try examine(text + [UInt8](repeating: 0, count: Int(edge)))
    try Violation.unless(again.isSound, "a header of our own is refused: \(again.findings.map(\.message))")
    guard let found = again.file?.header else { return }
    try Violation.unless(Self.isEqual(found, header, ordered: true), "a header changes when it is written again")
  }

  /// A blank after every token outside strings.
  private func checkSpaced(_ input: [UInt8], _ examined: Examined) throws(Violation) {
    let text = Frame.header(of: input)
    guard input.count >= 8 + text.count, Frame.bytes(text).prefix(8).elementsEqual(input.prefix(8)) else { return }
    var spaced: [UInt8] = []
    var start = 0
    for separator in JSONOutline(text).separators {
      spaced += text[start...separator]
      spaced.append(0x20)
      start = separator + 1
    }
    spaced += text[start...]
    let other = try examine(Frame.bytes(spaced, Array(input.dropFirst(8 + text.count))))
    try Violation.unless(
      examined.isSound == other.isSound, "blanks change the verdict: \(other.findings.map(\.message))")
    guard let header = examined.file?.header, let spacedHeader = other.file?.header else { return }
    try Violation.unless(Self.isEqual(header, spacedHeader, ordered: true), "blanks change what the header says")
  }

  private static func isEqual(_ one: SafetensorsHeader, _ other: SafetensorsHeader, ordered: Bool) -> Bool {
    func facts(_ header: SafetensorsHeader) -> [String] {
      header.tensors.map { "\($0.name) \($0.dtype.name) \($0.shape) \($0.begin) \($0.end)" }
    }
    func metadata(_ header: SafetensorsHeader) -> [String] { header.metadata.map { "\($0.key)\n\($0.value)" }.sorted() }
    return facts(one) == facts(other) && metadata(one) == metadata(other)
  }
}
