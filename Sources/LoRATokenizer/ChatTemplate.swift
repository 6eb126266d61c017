import JSON
import LoRAIO

/// The Jinja template that makes a prompt of messages.
package struct ChatTemplate: Sendable, Equatable {
  /// A line without the white space around it and with single blanks in it.
  struct Line: Sendable, Equatable {
    /// Its number in the file, from 1.
    let number: Int
    let text: [UInt8]
  }

  /// The lines that are not blank.
  let lines: [Line]

  /// A template as it is written.
  package init(_ text: String) {
    var lines: [Line] = []
    var line: [UInt8] = []
    var number = 1
    var hasBlank = false
    func finish() {
      if !line.isEmpty { lines.append(Line(number: number, text: line)) }
      line.removeAll(keepingCapacity: true)
      hasBlank = false
    }
    for byte in text.utf8 {
      switch byte {
      case 0x0A:
        finish()
        number += 1
      case 0x20, 0x09, 0x0B, 0x0C, 0x0D: hasBlank = !line.isEmpty
      default:
        if hasBlank { line.append(0x20) }
        hasBlank = false
        line.append(byte)
      }
    }
    finish()
    self.lines = lines
  }

  /// Whether both are the same but for white space.
  package static func == (left: ChatTemplate, right: ChatTemplate) -> Bool {
    left.lines.count == right.lines.count && zip(left.lines, right.lines).allSatisfy { $0.text == $1.text }
  }

  /// The first line at which two templates part.
  package struct Difference: Sendable, Equatable {
    /// The number of the line in the first, from 1; nil where it has ended.
    package let number: Int?
    /// The line in the first; nil where the template has ended.
    package let own: String?
    /// The line in the second; nil where the template has ended.
    package let other: String?
  }

  /// Where two templates part, or nil when they differ in white space alone.
  package func difference(from other: ChatTemplate) -> Difference? {
    guard self != other else { return nil }
    let parting = zip(lines, other.lines).enumerated().first { $0.element.0.text != $0.element.1.text }?.offset
    let index = parting ?? min(lines.count, other.lines.count)
    func text(_ lines: [Line]) -> String? {
      index < lines.count ? String(decoding: lines[index].text, as: UTF8.self) : nil
    }
    return Difference(
      number: index < lines.count ? lines[index].number : nil, own: text(lines), other: text(other.lines))
  }

  /// A number that equal templates share, and others only by chance; it differs from run to run.
  var fingerprint: UInt64 {
    var hasher = Hasher()
    for line in lines { hasher.combine(line.text) }
    return UInt64(bitPattern: Int64(hasher.finalize()))
  }
}

extension ChatTemplate {
  /// The template that is used where none is asked for by name.
  static let standard = "default"

  /// The files that hold templates alone.
  static let names = ["chat_template.jinja", "chat_template.json"]

  /// Templates that a folder may hold beside the standard one.
  private static let limit = 64

  /// Reads the value of `chat_template`: a text, or texts by name as a list (`{"name": …, "template": …}`) or an object.
  static func templates(_ reader: inout JSONReader) throws(JSONError) -> [String: String] {
    var templates: [String: String] = [:]
    switch try reader.peek() {
    case .string: templates[standard] = try reader.string()
    case .array:
      try reader.beginArray()
      while try reader.nextElement() {
        guard case .object = try reader.peek() else {
          try reader.skipWritten()
          continue
        }
        var name: String?
        var text: String?
        try reader.beginObject()
        while let key = try reader.nextKey() {
          switch (key, try reader.peek()) {
          case ("name", .string): name = try reader.string()
          case ("template", .string): text = try reader.string()
          default: try reader.skipWritten()
          }
        }
        if let name, let text, templates.count < limit { templates[name] = text }
      }
    case .object:
      try reader.beginObject()
      while let name = try reader.nextKey() {
        guard case .string = try reader.peek(), templates.count < limit else {
          try reader.skipWritten()
          continue
        }
        templates[name] = try reader.string()
      }
    default: try reader.skipWritten()
    }
    return templates
  }

  /// Reads the templates that lie in files of their own, which go before those of the config: `chat_template.jinja`,
  /// `additional_chat_templates/NAME.jinja`, and the `chat_template.json` of processors.
  static func files(_ folder: String, problems: inout [TokenizerProblem]) -> [String: String] {
    var templates: [String: String] = [:]
    func each(_ path: String, _ body: ([UInt8]) throws(JSONError) -> Void) {
      do throws(TokenizerProblem) {
        guard let bytes = try TokenizerFiles.bytes(path, limit: TokenizerFiles.limit) else { return }
        do throws(JSONError) { try body(bytes) } catch { throw TokenizerProblem(path, error) }
      } catch {
        problems.append(error)
      }
    }
    each(Folder.join(folder, "chat_template.json")) { bytes throws(JSONError) in
      var reader = JSONReader(bytes.span, dialect: .python)
      try reader.beginObject()
      while let key = try reader.nextKey() {
        if key == "chat_template" { templates = try Self.templates(&reader) } else { try reader.skipWritten() }
      }
      try reader.finish()
    }
    each(Folder.join(folder, "chat_template.jinja")) { bytes in
      templates[standard] = String(decoding: bytes, as: UTF8.self)
    }
    let named = Folder.join(folder, "additional_chat_templates")
    guard FileKind(path: named) == .folder, let names = try? Folder.names(in: named) else { return templates }
    for name in names.filter({ $0.hasSuffix(".jinja") }).prefix(limit) {
      each(Folder.join(named, name)) { bytes in
        templates[String(name.dropLast(".jinja".count))] = String(decoding: bytes, as: UTF8.self)
      }
    }
    return templates
  }
}
