import JSON
import TensorCore

#if SYSTEM_LIBYAML
import CLibYAML
#else
import CYaml
#endif

/// The events of a YAML text, read with libyaml: what begins, what it says and what ends.
///
/// Events rather than the library's documents, because they keep the places, and because an alias is an event like any
/// other: nothing is ever expanded, so a file of aliases to aliases costs no more than its bytes.
@safe final class YAMLEvents {
  /// What happens at a place of the text.
  ///
  /// Anchors, aliases and tags never get this far.
  struct Event {
    enum Kind: Equatable {
      case documentStart
      case plain(String)
      case quoted(String)
      case listStart
      case listEnd
      case mappingStart
      case mappingEnd
      /// The end of the text.
      case end
    }

    let kind: Kind
    /// Line, from 1.
    let line: Int
    /// Column in characters, from 1.
    let column: Int

    func problem(_ message: String) -> YAMLProblem { YAMLProblem(line: line, column: column, message: message) }

    func problem(duplicate name: String) -> YAMLProblem {
      problem("the key '\(escaped(name, limit: 60))' occurs more than once")
    }
  }

  private static let alias =
    "anchors (&name) and aliases (*name) are not read; put text that begins with & or * in quotes"

  private let text: UnsafeMutableBufferPointer<UInt8>
  private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
  private let isReady: Bool

  /// The events of `bytes`, which are UTF-8 without a byte order mark.
  init(_ bytes: [UInt8]) {
    // The library keeps the address of the text until it is done.
    unsafe text = .allocate(capacity: bytes.count)
    _ = unsafe text.initialize(from: bytes)
    unsafe parser.initialize(to: yaml_parser_t())
    isReady = unsafe yaml_parser_initialize(parser) == 1
    guard isReady else { return }
    unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    unsafe yaml_parser_set_input_string(parser, UnsafePointer(text.baseAddress), bytes.count)
  }

  deinit {
    if isReady { unsafe yaml_parser_delete(parser) }
    unsafe parser.deallocate()
    unsafe text.deallocate()
  }

  /// The next event; the start of the text and the ends of documents are passed over.
  func next() throws(YAMLProblem) -> Event {
    guard isReady else { throw YAMLProblem(line: nil, column: nil, message: "there is no memory to read it") }
    while true {
      var event = unsafe yaml_event_t()
      guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw failure }
      defer { unsafe yaml_event_delete(&event) }
      if let read = unsafe try Self.read(event) { return read }
    }
  }

  /// Our reading of an event; nil for those that say nothing about the contents.
  private static func read(_ event: yaml_event_t) throws(YAMLProblem) -> Event? {
    let line = unsafe Int(event.start_mark.line) + 1
    let column = unsafe Int(event.start_mark.column) + 1
    func checked(_ kind: Event.Kind, anchor: UnsafeMutablePointer<UInt8>?, tag: UnsafeMutablePointer<UInt8>?)
      throws(YAMLProblem) -> Event
    {
      let read = Event(kind: kind, line: line, column: column)
      if unsafe anchor != nil { throw read.problem(alias) }
      if let tag = unsafe tag {
        let name = unsafe String(cString: tag)
        guard ["str", "map", "seq"].contains(where: { name == "tag:yaml.org,2002:" + $0 }) else {
          throw read.problem("tags such as \(escaped(name, limit: 80)) are not read")
        }
      }
      return read
    }
    switch unsafe event.type {
    case YAML_SCALAR_EVENT:
      let scalar = unsafe event.data.scalar
      let text = unsafe String(
        decoding: UnsafeBufferPointer(start: scalar.value, count: Int(scalar.length)), as: UTF8.self)
      let isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
      return unsafe try checked(isPlain ? .plain(text) : .quoted(text), anchor: scalar.anchor, tag: scalar.tag)
    case YAML_SEQUENCE_START_EVENT:
      let start = unsafe event.data.sequence_start
      return unsafe try checked(.listStart, anchor: start.anchor, tag: start.tag)
    case YAML_MAPPING_START_EVENT:
      let start = unsafe event.data.mapping_start
      return unsafe try checked(.mappingStart, anchor: start.anchor, tag: start.tag)
    case YAML_SEQUENCE_END_EVENT: return Event(kind: .listEnd, line: line, column: column)
    case YAML_MAPPING_END_EVENT: return Event(kind: .mappingEnd, line: line, column: column)
    case YAML_ALIAS_EVENT: throw YAMLProblem(line: line, column: column, message: alias)
    case YAML_DOCUMENT_START_EVENT: return Event(kind: .documentStart, line: line, column: column)
    case YAML_STREAM_START_EVENT, YAML_DOCUMENT_END_EVENT: return nil
    default: return Event(kind: .end, line: line, column: column)
    }
  }

  /// What the library says went wrong.
  private var failure: YAMLProblem {
    let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "the text ends too early"
    if unsafe parser.pointee.error == YAML_READER_ERROR {
      let offset = unsafe min(Int(parser.pointee.problem_offset), text.count)
      let before = unsafe String(decoding: UnsafeBufferPointer(rebasing: text[..<offset]), as: UTF8.self)
      let lines = before.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
      return YAMLProblem(
        line: lines.count, column: (lines.last?.count ?? 0) + 1, message: "this is not YAML: \(problem)")
    }
    let context = unsafe parser.pointee.context.map { unsafe String(cString: $0) + ", " } ?? ""
    let mark = unsafe parser.pointee.problem_mark
    // libyaml's words for the mistake that editors make most.
    let hint = problem.contains("cannot start any token") ? "; indent with blanks, not tabs, and quote @ and `" : ""
    return YAMLProblem(
      line: Int(mark.line) + 1, column: Int(mark.column) + 1,
      message: "this is not YAML: \(context)\(problem)" + hint)
  }
}
