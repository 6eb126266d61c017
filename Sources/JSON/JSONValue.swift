/// A JSON value held in memory, for configuration files and reports.
public enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int64)
  case real(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

/// The members of a JSON object in the order in which they were written, each key once.
public struct JSONObject: Sendable, Equatable {
  /// The members in order.
  public private(set) var members: [(key: String, value: JSONValue)] = []
  private var positions: [String: Int] = [:]

  /// An object without members.
  public init() {}

  /// The value of `key`; setting replaces in place or appends, setting nil removes.
  public subscript(key: String) -> JSONValue? {
    get { positions[key].map { members[$0].value } }
    set {
      switch (positions[key], newValue) {
      case (let position?, let value?): members[position].value = value
      case (nil, let value?):
        positions[key] = members.count
        members.append((key, value))
      case (let position?, nil):
        members.remove(at: position)
        positions = Dictionary(uniqueKeysWithValues: members.enumerated().map { ($1.key, $0) })
      case (nil, nil): break
      }
    }
  }

  /// The keys in order.
  public var keys: [String] { members.map(\.key) }

  /// Whether both hold the same keys with equal values, whatever the order.
  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.members.count == right.members.count && left.members.allSatisfy { right[$0.key] == $0.value }
  }
}

extension JSONValue {
  /// The member of an object, or nil for a missing key or another kind of value.
  public subscript(key: String) -> JSONValue? { object?[key] }

  /// The members, when this is an object.
  public var object: JSONObject? { if case .object(let object) = self { object } else { nil } }

  /// The elements, when this is an array.
  public var array: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }

  /// The text, when this is a string.
  public var string: String? { if case .string(let text) = self { text } else { nil } }

  /// The truth value, when this is a boolean.
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// The exact integer, when the number was written as one.
  public var int64: Int64? { if case .integer(let value) = self { value } else { nil } }

  /// The number as a double.
  public var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .real(let value): value
    default: nil
    }
  }

  /// Whether this is `null`.
  public var isNull: Bool { self == .null }

  /// The name of the kind of value, for messages: "an object", "a string".
  public var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer: "an integer"
    case .real: "a number"
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    }
  }
}

extension JSONValue {
  /// Parses a whole text; duplicate keys are an error because readers disagree about which one counts.
  ///
  /// - Throws: `JSONError` with the byte offset of the first problem.
  public init(parsing text: [UInt8], dialect: JSONReader.Dialect = .strict) throws(JSONError) {
    var reader = JSONReader(text.span, dialect: dialect)
    self = try reader.value()
    try reader.finish()
  }
}

extension JSONReader {
  /// Reads one value of any kind, with everything in it; the depth of nesting is bounded by `depthLimit`.
  public mutating func value() throws(JSONError) -> JSONValue {
    switch try peek() {
    case .null:
      try null()
      return .null
    case .bool: return .bool(try bool())
    case .string: return .string(try string())
    case .number:
      switch try number() {
      case .integer(let value): return .integer(value)
      case .real(let value): return .real(value)
      }
    case .array:
      try beginArray()
      var elements: [JSONValue] = []
      while try nextElement() { elements.append(try value()) }
      return .array(elements)
    case .object:
      try beginObject()
      var object = JSONObject()
      while let key = try nextKey() {
        guard object[key] == nil else { throw failure("the key \"\(escaped(key))\" appears twice") }
        object[key] = try value()
      }
      return .object(object)
    }
  }
}

extension JSONObject {
  /// An object with these members in this order; a later duplicate replaces the value.
  public init(_ members: [(String, JSONValue)]) {
    self.init()
    for (key, value) in members { self[key] = value }
  }
}
