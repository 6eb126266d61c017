import JSON
import TensorCore

/// Values of the types that policies have. Each notes what it cannot take and says what would be right.
extension PolicyReader {
  /// The members of a mapping.
  mutating func pairs(_ node: YAMLNode, _ name: String, like keys: [String] = []) -> [(key: YAMLNode, value: YAMLNode)]
  {
    if case .mapping(let pairs) = node.content {
      if pairs.isEmpty { note(node, "\(name) is empty; leave it out to set nothing") }
      return pairs
    }
    let example = keys.isEmpty ? "" : " with " + keys.joined(separator: ", ")
    note(node, "\(name) wants a mapping\(example), not \(node.inWords)")
    return []
  }

  /// The elements of a list, or a single value in place of a list with one element.
  mutating func elements(_ node: YAMLNode, _ name: String) -> [YAMLNode] {
    switch node.content {
    case .list(let elements):
      if elements.isEmpty {
        note(node, "\(name) is an empty list, which would allow nothing; leave it out to allow all")
      }
      return elements
    case .plain(""), .mapping:
      note(node, "\(name) wants a list, not \(node.inWords)")
      return []
    case .plain, .quoted: return [node]
    }
  }

  /// A text that YAML takes for nothing else; what looks like a number or truth value must be in quotes.
  mutating func text(_ node: YAMLNode, _ name: String, what: String = "text") -> String? {
    switch node.content {
    case .quoted(let text) where !text.allSatisfy(\.isWhitespace): return text
    case .plain(let text) where node.plainType == nil: return text
    case .plain(let text) where !text.isEmpty && text != "~" && text.lowercased() != "null":
      note(node, "\(name) wants \(what); put \(escaped(text, limit: 60)) in quotes if it is meant as text")
    default: note(node, "\(name) wants \(what), not \(node.inWords)")
    }
    return nil
  }

  /// One text or a list of them.
  mutating func texts(_ node: YAMLNode, _ name: String) -> [String] {
    elements(node, name).compactMap { text($0, name) }
  }

  /// A whole number from 1.
  mutating func whole(_ node: YAMLNode, _ name: String) -> UInt64? {
    if case .plain(let text) = node.content, let number = UInt64(text), number > 0 { return number }
    note(node, "\(name) wants a whole number from 1, not \(node.inWords)")
    return nil
  }

  /// A finite number.
  mutating func number(_ node: YAMLNode, _ name: String) -> Double? {
    if case .plain(let text) = node.content, node.plainType == "a number", let number = Double(text), number.isFinite {
      return number
    }
    note(node, "\(name) wants a number, not \(node.inWords)")
    return nil
  }

  /// A size with its unit.
  mutating func size(_ node: YAMLNode, _ name: String) -> UInt64? {
    if let text = node.text, !text.isEmpty, let size = ByteCount(parsing: text), size.bytes > 0 { return size.bytes }
    note(node, "\(name) wants a size such as 160MB or 150MiB, not \(node.inWords)")
    return nil
  }

  /// A range with `min`, `max` or both, or `exact`.
  mutating func range(_ node: YAMLNode, _ name: String) -> ClosedRange<Double>? {
    let keys = ["min", "max", "exact"]
    var numbers: [String: Double] = [:]
    let members = pairs(node, name, like: keys)
    for (key, value) in members {
      let key = (node: key, text: key.text ?? "")
      if keys.contains(key.text) {
        numbers[key.text] = number(value, "\(name).\(key.text)")
      } else {
        noteUnknown(key.node, "key", key.text, in: name, keys)
      }
    }
    if let exact = numbers["exact"] {
      if members.count > 1 { note(node, "\(name) has 'exact' and other limits; give one or the other") }
      return exact...exact
    }
    let (low, high) = (numbers["min"] ?? -.infinity, numbers["max"] ?? .infinity)
    guard low <= high else {
      note(node, "\(name) has a min of \(low) above its max of \(high)")
      return nil
    }
    return numbers.isEmpty ? nil : low...high
  }
}

extension YAMLNode {
  /// What YAML 1.1 or 1.2 takes a scalar without quotes for, when it is not text; nil for text.
  var plainType: String? {
    guard case .plain(let text) = content else { return nil }
    switch text.lowercased() {
    case "", "~", "null": return "nothing"
    case "true", "false", "yes", "no", "on", "off": return "a truth value"
    case ".inf", "+.inf", "-.inf", ".nan": return "a number that is not finite"
    default:
      let begins = text.utf8.first.map { "+-.0123456789".utf8.contains($0) } ?? false
      return begins && Double(text) != nil ? "a number" : nil
    }
  }

  /// The node in a few words, for messages.
  var inWords: String {
    switch content {
    case .plain(""), .quoted(""): "nothing"
    case .plain(let text): plainType == nil ? "'\(escaped(text, limit: 60))'" : escaped(text, limit: 60)
    case .quoted(let text): "\"\(escaped(text, limit: 60))\""
    case .list: "a list"
    case .mapping: "a mapping"
    }
  }
}
