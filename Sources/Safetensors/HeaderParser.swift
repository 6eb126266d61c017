import Diagnostics
import JSON
import LoRAIO

/// Reads the JSON of a header into tensors, keeping every problem instead of stopping at the first.
///
/// Accepts exactly what the reference parser (safetensors 0.8) accepts, except duplicate keys. A JSON text that breaks
/// the grammar ends the run with one finding; wrong types, unknown dtypes and the like lose their entry only.
struct HeaderParser {
  /// Longest header that the format allows, in bytes.
  static let lengthLimit: UInt64 = 100_000_000

  /// How many findings one header may produce; a hostile file could otherwise produce millions.
  static let findingLimit = 200

  private let file: String
  private(set) var findings: [Finding] = []
  private(set) var suppressed = 0
  private(set) var tensors: [TensorInfo] = []
  private(set) var names = NameTable()
  private(set) var metadata: [(key: String, value: String)] = []
  private var metadataSeen = false
  /// Whether the entries so far give no reason for a closer look.
  ///
  /// Their sizes match their shapes, their data lies one after the other from the start, their names are plain. That
  /// holds for nearly every file and spares it the passes that put problems into words.
  private(set) var isPlain = true
  /// Where the data of the last tensor ends.
  private var edge: UInt64 = 0

  /// A parser for the header of `file`, whose JSON has `length` bytes.
  init(file: String, length: Int) {
    self.file = file
    // An entry takes at least 60 bytes, so the reservation stays in proportion to the header.
    tensors.reserveCapacity(length / 120)
    LargePages.advise(roomOf: &tensors)
  }

  /// Walks the JSON text of the header; false when it breaks the grammar.
  mutating func parse(_ text: Span<UInt8>) -> Bool {
    do throws(JSONError) {
      var reader = JSONReader(text)
      guard try reader.peek() == .object else { throw reader.failure("the header is not a JSON object") }
      if reader.offset > 0 { unusual("the header starts with white space before its JSON") }
      try reader.beginObject()
      while let key = try reader.nextKey() {
        let at = 8 + UInt64(reader.offset)
        if key == "__metadata__" {
          try parseMetadata(&reader, at: at)
        } else {
          try parseTensor(&reader, name: key, at: at)
        }
        while let entry = CanonicalEntry.read(&reader) {
          add(entry.tensor, isNamePlain: entry.isNamePlain)
        }
      }
      let end = reader.offset
      try reader.finish()
      for index in end..<text.count where text[index] != 0x20 {
        unusual("the header is padded with other white space than blanks", at: 8 + UInt64(index))
        break
      }
      return true
    } catch {
      // What a text that breaks off seems to hold is no news.
      findings.removeAll { $0.severity < .error }
      invalid(
        "the header is not valid JSON: \(error.reason)", at: 8 + UInt64(error.offset),
        hint: "write the file again with the safetensors library")
      return false
    }
  }

  // MARK: Entries

  private mutating func parseMetadata(_ reader: inout JSONReader, at: UInt64) throws(JSONError) {
    if metadataSeen {
      report(.headerDuplicateKey, "the header holds __metadata__ twice", at: at)
    }
    metadataSeen = true
    switch try reader.peek() {
    case .null:
      try reader.null()
      unusual("__metadata__ is null", at: at)
    case .object:
      try reader.beginObject()
      var seen: Set<String> = []
      while let key = try reader.nextKey() {
        let position = 8 + UInt64(reader.offset)
        if !seen.insert(key).inserted {
          report(.headerDuplicateKey, "__metadata__ holds the key \"\(escaped(key))\" twice", at: position)
        }
        guard try reader.peek() == .string else {
          invalid(
            "the __metadata__ value of \"\(escaped(key))\" is not a string", at: position, expected: "a string",
            found: try reader.describeValue())
          continue
        }
        metadata.append((key, try reader.string()))
      }
    default:
      invalid(
        "__metadata__ is not an object of strings", at: at, expected: "an object", found: try reader.describeValue())
    }
  }

  private mutating func parseTensor(_ reader: inout JSONReader, name: String, at: UInt64) throws(JSONError) {
    var entry = TensorEntry()
    switch try reader.peek() {
    case .object:
      try reader.beginObject()
      while let key = try reader.nextKey() {
        switch key {
        case "dtype": try entry.readDType(&reader)
        case "shape": try entry.readShape(&reader)
        case "data_offsets": try entry.readOffsets(&reader)
        default:
          try reader.skipValue()
          unusual("the entry has a field \"\(escaped(key))\" that the format does not know", tensor: name, at: at)
        }
      }
    case .array:
      // The reference parser also takes the three fields as a list, in this order.
      unusual("the entry is a list instead of an object", tensor: name, at: at)
      try reader.beginArray()
      if try reader.nextElement() { try entry.readDType(&reader) }
      if try reader.nextElement() { try entry.readShape(&reader) }
      if try reader.nextElement() { try entry.readOffsets(&reader) }
      while try reader.nextElement() {
        try reader.skipValue()
        entry.problems.append(("the entry's list has more than three elements", "3 elements", nil))
      }
    default:
      entry.problems.append(("the entry is not an object", "an object", try reader.describeValue()))
      entry.repeated = nil
    }
    if entry.dtypeIsObject { unusual("the dtype is an object instead of a string", tensor: name, at: at) }
    for problem in entry.problems {
      invalid(problem.message, tensor: name, at: at, expected: problem.expected, found: problem.found)
    }
    if let field = entry.repeated {
      report(.headerDuplicateKey, "the entry holds the field \"\(field)\" twice", tensor: name, at: at)
    }
    guard entry.problems.isEmpty else { return }
    for (field, missing) in [
      ("dtype", entry.dtype == nil), ("shape", entry.shape == nil), ("data_offsets", entry.offsets == nil),
    ] where missing {
      invalid("the entry has no field \"\(field)\"", tensor: name, at: at)
    }
    guard let dtype = entry.dtype, let shape = entry.shape, let offsets = entry.offsets else { return }
    add(
      TensorInfo(name: name, dtype: dtype, shape: shape, begin: offsets.0, end: offsets.1, headerOffset: at),
      isNamePlain: Self.isPlainName(name))
  }

  private mutating func add(_ tensor: consuming TensorInfo, isNamePlain: Bool) {
    isPlain = isPlain && isNamePlain && tensor.begin == edge && Self.isSizeRight(tensor)
    edge = tensor.end
    tensors.append(tensor)
    let position = tensors.count - 1
    guard let earlier = names.insert(position, hash: NameTable.hash(tensors[position].name), of: tensors),
      let tensor = tensors.popLast()
    else { return }
    // The rest of the checks sees what the reference library would load.
    isPlain = false
    tensors[earlier] = tensor
    report(
      .headerDuplicateKey,
      "the header holds the tensor \"\(escaped(tensor.name))\" twice; readers disagree about which counts",
      tensor: tensor.name, at: tensor.headerOffset,
      hint: "remove one of the two entries; the reference library silently takes the last")
  }

  /// Sorts the tensors by their data.
  mutating func order() {
    tensors.sort { ($0.begin, $0.end) < ($1.begin, $1.end) }
    names = NameTable()
    for index in tensors.indices { _ = names.insert(index, hash: NameTable.hash(tensors[index].name), of: tensors) }
  }

  // MARK: Findings

  mutating func report(
    _ rule: RuleID, _ message: String, tensor: String? = nil, at: UInt64? = nil, expected: String? = nil,
    found: String? = nil, hint: String? = nil
  ) {
    guard findings.count < Self.findingLimit else {
      suppressed += 1
      return
    }
    // A message that names the tensor itself does not get its name twice.
    let subject = tensor.map { rule == .headerDuplicateKey ? "" : "tensor \"\(escaped($0))\": " } ?? ""
    findings.append(
      Finding(
        rule, subject + message, file: file, tensor: tensor, expected: expected, found: found, hint: hint,
        byteOffset: at))
  }

  mutating func invalid(
    _ message: String, tensor: String? = nil, at: UInt64? = nil, expected: String? = nil, found: String? = nil,
    hint: String? = nil
  ) {
    report(.headerInvalid, message, tensor: tensor, at: at, expected: expected, found: found, hint: hint)
  }

  mutating func unusual(_ message: String, tensor: String? = nil, at: UInt64? = nil) {
    report(.headerUnusual, message, tensor: tensor, at: at)
  }
}

extension HeaderParser {
  /// Parses and validates in one go; nil when the JSON could not be read.
  mutating func header(_ text: Span<UInt8>, dataBytes: UInt64?) -> SafetensorsHeader? {
    if text.count > 25_000_000 {
      unusual("the header has \(text.count) bytes; hub tools refuse headers over 25,000,000")
    }
    guard parse(text) else { return nil }
    if text.count % 8 != 0 {
      unusual("the data starts at byte \(8 + text.count), which is no multiple of 8; some readers need that")
    }
    validate(dataBytes: dataBytes)
    return SafetensorsHeader(
      tensors: tensors, names: names, metadata: metadata, dataStart: 8 + UInt64(text.count))
  }

  /// The findings, with a last one that counts those left out; a broken header is not also called unusual.
  var allFindings: [Finding] {
    let errors = self.findings.filter { $0.severity == .error }
    let findings = errors.isEmpty ? self.findings : errors
    guard suppressed > 0, let last = findings.last else { return findings }
    return findings + [Finding(last.rule, "\(suppressed) more problems in this header are not shown", file: last.file)]
  }
}
