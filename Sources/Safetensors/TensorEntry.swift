import JSON
import TensorCore

/// One tensor's entry while it is being read: `{"dtype": …, "shape": […], "data_offsets": [begin, end]}`.
struct TensorEntry {
  var dtype: DType?
  var shape: Shape?
  var offsets: (UInt64, UInt64)?
  /// Whether the dtype was spelled `{"F32": null}`, which the reference parser takes.
  var dtypeIsObject = false
  /// A field that came twice.
  var repeated: String?
  /// Fields that could not be read.
  var problems: [(message: String, expected: String?, found: String?)] = []

  mutating func readDType(_ reader: inout JSONReader) throws(JSONError) {
    if dtype != nil { repeated = "dtype" }
    var name: String
    switch try reader.peek() {
    case .string: name = try reader.string()
    case .object:
      dtypeIsObject = true
      try reader.beginObject()
      guard let key = try reader.nextKey(), try reader.peek() == .null else {
        problems.append(("the dtype is not a string", "a string", "an object"))
        try skipRest(of: &reader)
        return
      }
      name = key
      try reader.null()
      if try reader.nextKey() != nil {
        problems.append(("the dtype is not a string", "a string", "an object"))
        try skipRest(of: &reader)
        return
      }
    default:
      problems.append(("the dtype is not a string", "a string", try reader.describeValue()))
      return
    }
    guard let known = DType(name: name) else {
      let names = DType.allCases.map(\.name).joined(separator: ", ")
      problems.append(("the dtype \"\(escaped(name))\" is not one of the format", "one of \(names)", escaped(name)))
      return
    }
    dtype = known
  }

  /// Skips a value whose key was just read, and the rest of its object.
  private func skipRest(of reader: inout JSONReader) throws(JSONError) {
    try reader.skipValue()
    while try reader.nextKey() != nil { try reader.skipValue() }
  }

  mutating func readShape(_ reader: inout JSONReader) throws(JSONError) {
    if shape != nil { repeated = "shape" }
    guard try reader.peek() == .array else {
      problems.append(("the shape is not a list", "a list of unsigned integers", try reader.describeValue()))
      return
    }
    try reader.beginArray()
    var result = Shape()
    while try reader.nextElement() {
      guard let dimension = try unsigned(&reader, "a shape dimension") else { continue }
      result.append(dimension)
    }
    shape = result
  }

  mutating func readOffsets(_ reader: inout JSONReader) throws(JSONError) {
    if offsets != nil { repeated = "data_offsets" }
    guard try reader.peek() == .array else {
      problems.append(("data_offsets is not a list", "[begin, end]", try reader.describeValue()))
      return
    }
    try reader.beginArray()
    var values: (UInt64, UInt64) = (0, 0)
    var count = 0
    while try reader.nextElement() {
      guard let value = try unsigned(&reader, "a data offset") else {
        count += 1
        continue
      }
      if count == 0 { values.0 = value } else if count == 1 { values.1 = value }
      count += 1
    }
    if count != 2 {
      problems.append(("data_offsets does not have exactly two elements", "2 elements", "\(count) elements"))
    }
    offsets = values
  }

  /// An unsigned integer, or nil with a problem noted when another kind of value stands there.
  private mutating func unsigned(_ reader: inout JSONReader, _ name: String) throws(JSONError) -> UInt64? {
    guard try reader.peek() == .number, let value = try reader.unsignedIntegerIfPlain() else {
      problems.append(
        ("\(name) is not an unsigned integer", "an integer from 0 to 2^64 - 1", try reader.describeValue()))
      return nil
    }
    return value
  }
}

extension JSONReader {
  /// Reads over the next value and names it for a message.
  mutating func describeValue() throws(JSONError) -> String {
    switch try peek() {
    case .object:
      try skipValue()
      return "an object"
    case .array:
      try skipValue()
      return "a list"
    case .string: return "the string \"\(escaped(try string(), limit: 60))\""
    case .number:
      switch try number() {
      case .integer(let value): return "\(value)"
      case .real(let value): return "\(value)"
      }
    case .bool: return try bool() ? "true" : "false"
    case .null:
      try null()
      return "null"
    }
  }

  /// Reads an unsigned integer, or reads nothing and returns nil when the number is negative, fractional or too large.
  ///
  /// A leading zero is a fault of the JSON grammar itself and thrown.
  fileprivate mutating func unsignedIntegerIfPlain() throws(JSONError) -> UInt64? {
    let mark = position
    do throws(JSONError) {
      return try unsignedInteger()
    } catch {
      restore(mark)
      return nil
    }
  }
}
