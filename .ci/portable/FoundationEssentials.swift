// The part of FoundationEssentials that the argument parser uses, in the place of the library: a protocol for errors and
// an encoder for its option --experimental-dump-help. The library itself makes a program 6 MB larger and slower to start.
// Only .ci/release links it.

public protocol LocalizedError: Error {
  var errorDescription: String? { get }
}

public struct Data: Sendable {
  fileprivate let text: String
}

extension String {
  public enum Encoding: Sendable { case utf8 }

  public init?(data: Data, encoding: Encoding) { self = data.text }
}

public final class JSONEncoder {
  public struct OutputFormatting: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    public static let prettyPrinted = Self(rawValue: 1)
    public static let sortedKeys = Self(rawValue: 2)
  }

  /// Taken for both of its options, as the argument parser asks for them.
  public var outputFormatting: OutputFormatting = []

  public init() {}

  public func encode(_ value: some Encodable) throws -> Data {
    let node = Node()
    try node.encode(value)
    return Data(text: node.text(indent: "\n"))
  }
}

/// A value of JSON that is being made.
private final class Node: Encoder, SingleValueEncodingContainer {
  var literal = "null"
  var members: [String: Node]?
  var elements: [Node]?

  let codingPath: [any CodingKey] = []
  let userInfo: [CodingUserInfoKey: Any] = [:]

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    members = members ?? [:]
    return KeyedEncodingContainer(Members<Key>(node: self))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    elements = elements ?? []
    return Elements(node: self)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }

  func encodeNil() {}

  func encode<T: Encodable>(_ value: T) throws {
    switch value {
    case let value as String: literal = Self.quoted(value)
    case is Bool, is any BinaryInteger, is any BinaryFloatingPoint: literal = "\(value)"
    default: try value.encode(to: self)
    }
  }

  func member(_ key: any CodingKey) -> Node {
    let node = Node()
    members?[key.stringValue] = node
    return node
  }

  func element() -> Node {
    let node = Node()
    elements?.append(node)
    return node
  }

  func text(indent: String) -> String {
    let inner = indent + "  "
    if let members {
      let rows = members.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)) : \($0.value.text(indent: inner))" }
      return rows.isEmpty ? "{}" : "{" + inner + rows.joined(separator: "," + inner) + indent + "}"
    }
    if let elements {
      let rows = elements.map { $0.text(indent: inner) }
      return rows.isEmpty ? "[]" : "[" + inner + rows.joined(separator: "," + inner) + indent + "]"
    }
    return literal
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

private struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let node: Node
  let codingPath: [any CodingKey] = []

  func encodeNil(forKey key: Key) { _ = node.member(key) }
  func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try node.member(key).encode(value) }
  func nestedContainer<K: CodingKey>(keyedBy type: K.Type, forKey key: Key) -> KeyedEncodingContainer<K> {
    node.member(key).container(keyedBy: type)
  }
  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { node.member(key).unkeyedContainer() }
  func superEncoder() -> any Encoder { node }
  func superEncoder(forKey key: Key) -> any Encoder { node.member(key) }
}

private struct Elements: UnkeyedEncodingContainer {
  let node: Node
  let codingPath: [any CodingKey] = []
  var count: Int { node.elements?.count ?? 0 }

  func encodeNil() { _ = node.element() }
  func encode<T: Encodable>(_ value: T) throws { try node.element().encode(value) }
  func nestedContainer<K: CodingKey>(keyedBy type: K.Type) -> KeyedEncodingContainer<K> {
    node.element().container(keyedBy: type)
  }
  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { node.element().unkeyedContainer() }
  func superEncoder() -> any Encoder { node }
}
