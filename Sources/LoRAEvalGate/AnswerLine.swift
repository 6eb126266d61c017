import JSON

/// What one line of an answers file says, in fingerprints.
struct AnswerLine {
  /// The calls that were made, or why they cannot be right.
  enum Answer: Equatable {
    /// Fingerprint of the normalised calls; `none` when there are none.
    case calls(Fingerprint)
    /// Arguments that are not JSON, or have a key twice.
    case invalid
  }

  /// Stands for adapter and `id` together.
  var prompt: Fingerprint
  /// The adapter's name, or nil for the default group.
  var adapter: Fingerprint?
  /// Where the adapter's name lies in the line, with its quotation marks.
  var adapterPlace: Range<Int>
  /// The calls that are right, when the line says.
  var expected: Fingerprint?
  /// The calls that were made.
  var answer: Answer
}

/// Reads lines of answers.
///
/// A line is an object with `id` (string or number) and the calls that the model made: `tool_calls` as in OpenAI's
/// messages (null or an empty list when there was none), or `name` and `arguments`, or `content` alone for an answer
/// without a call. `arguments` is any JSON value, or a string that holds JSON. `adapter` and `expected` may be added;
/// `expected` is a list of calls, one call, or an object with `tool_calls`. Other keys are read over.
struct AnswerReader {
  let key: FingerprintKey
  private let ignoresCallOrder: Bool
  private let fields: Fields
  /// Fingerprint of arguments that are not there: an empty object.
  private let noArguments: Fingerprint

  private struct Fields {
    let id: Fingerprint
    let adapter: Fingerprint
    let expected: Fingerprint
    let toolCalls: Fingerprint
    let name: Fingerprint
    let arguments: Fingerprint
    let function: Fingerprint
    let content: Fingerprint
  }

  init(key: FingerprintKey, ignoresCallOrder: Bool) {
    self.key = key
    self.ignoresCallOrder = ignoresCallOrder
    func name(_ text: String) -> Fingerprint { key.bytes(Array(text.utf8).span, .ascii) }
    fields = Fields(
      id: name("id"), adapter: name("adapter"), expected: name("expected"), toolCalls: name("tool_calls"),
      name: name("name"), arguments: name("arguments"), function: name("function"), content: name("content"))
    noArguments = key.words(0, 0, .object)
  }

  /// Reads a line.
  ///
  /// - Parameter memory: what the thread keeps from line to line.
  /// - Throws: `JSONError` for a line that is not JSON or not an answer, with the offset in the line.
  func read(_ line: Span<UInt8>, _ memory: AnswerMemory) throws(JSONError) -> AnswerLine {
    var scanner = AnswerScanner(line, key: key, known: memory.known)
    if let answer = scanner.plainAnswer(ignoringCallOrder: ignoresCallOrder) { return answer }
    return try readAny(line, memory)
  }

  /// Reads a line, whether it is plain or not.
  func readAny(_ line: Span<UInt8>, _ memory: AnswerMemory) throws(JSONError) -> AnswerLine {
    var scanner = AnswerScanner(line, key: key, known: memory.known)
    var id: Fingerprint?
    var adapter: Fingerprint?
    var adapterPlace = 0..<0
    var expected: Fingerprint?
    var calls: Calls?
    var single = Call()
    var hasContent = false
    var members = try AnswerScanner.Members(&scanner)
    while let field = try members.next(&scanner) {
      let first = try scanner.tokens.peek()
      let start = scanner.tokens.offset
      switch field {
      case fields.id:
        guard first == UInt8(ascii: "\"") || first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") < 10 else {
          throw scanner.tokens.failure("\"id\" must be a string or a number")
        }
        id = try scanner.fingerprint()
      case fields.adapter:
        if try scanner.consumeNull() { continue }
        guard first == UInt8(ascii: "\"") else { throw scanner.tokens.failure("\"adapter\" must be a string") }
        adapter = try scanner.fingerprint()
        adapterPlace = start..<scanner.tokens.offset
      case fields.expected:
        if try scanner.consumeNull() { continue }
        guard case .calls(let right) = try self.expected(&scanner, memory).answer(self) else {
          throw JSONError(offset: start, reason: "\"expected\" has arguments that are not valid JSON")
        }
        expected = right
      case fields.toolCalls:
        // OpenAI writes null when the model made no call; a name beside it then counts.
        if try scanner.consumeNull() { hasContent = true } else { calls = try list(&scanner, memory) }
      case fields.name, fields.arguments: try read(field, into: &single, &scanner, memory)
      case fields.content:
        hasContent = true
        try scanner.skip()
      default: try scanner.skip()
      }
    }
    try scanner.tokens.finish()
    guard let id else { throw JSONError(offset: 0, reason: "the line has no \"id\"") }
    guard calls != nil || single.name != nil || hasContent else {
      throw JSONError(offset: 0, reason: "the line has neither \"tool_calls\" nor \"name\"")
    }
    var made = calls ?? Calls()
    if calls == nil, single.name != nil { made.add(single, self) }
    return AnswerLine(
      prompt: key.pair(adapter ?? .zero, id, .prompt), adapter: adapter, adapterPlace: adapterPlace,
      expected: expected, answer: made.answer(self))
  }

  // MARK: Calls

  private struct Call {
    var name: Fingerprint?
    var arguments: AnswerLine.Answer?
  }

  /// Calls as they are read; their order counts unless the reader ignores it.
  private struct Calls {
    var sum = Fingerprint.zero
    var isInvalid = false

    mutating func add(_ call: Call, _ reader: AnswerReader) {
      let arguments: Fingerprint
      switch call.arguments {
      case nil: arguments = reader.noArguments
      case .calls(let value): arguments = value
      case .invalid:
        isInvalid = true
        return
      }
      let one = reader.key.pair(call.name ?? .zero, arguments, .call)
      sum = reader.ignoresCallOrder ? sum &+ one : reader.key.pair(sum, one, .calls)
    }

    func answer(_ reader: AnswerReader) -> AnswerLine.Answer { isInvalid ? .invalid : .calls(sum) }
  }

  /// Reads a list of calls.
  private func list(_ scanner: inout AnswerScanner, _ memory: AnswerMemory) throws(JSONError) -> Calls {
    var calls = Calls()
    var elements = try AnswerScanner.Elements(&scanner)
    while try elements.next(&scanner) { calls.add(try call(&scanner, memory), self) }
    return calls
  }

  /// Reads one call: `{"function": {"name", "arguments"}}` or `{"name", "arguments"}`.
  private func call(_ scanner: inout AnswerScanner, _ memory: AnswerMemory) throws(JSONError) -> Call {
    let start = scanner.tokens.offset
    var call = Call()
    var members = try AnswerScanner.Members(&scanner)
    while let field = try members.next(&scanner) {
      switch field {
      case fields.function: try readFunction(into: &call, &scanner, memory)
      case fields.name, fields.arguments: try read(field, into: &call, &scanner, memory)
      default: try scanner.skip()
      }
    }
    guard call.name != nil else { throw JSONError(offset: start, reason: "a tool call without a name") }
    return call
  }

  /// Reads `expected`: a list of calls, one call, or an object with `tool_calls`.
  private func expected(_ scanner: inout AnswerScanner, _ memory: AnswerMemory) throws(JSONError) -> Calls {
    if try scanner.tokens.peek() == UInt8(ascii: "[") { return try list(&scanner, memory) }
    let start = scanner.tokens.offset
    var calls: Calls?
    var call = Call()
    var members = try AnswerScanner.Members(&scanner)
    while let field = try members.next(&scanner) {
      switch field {
      case fields.toolCalls: calls = try scanner.consumeNull() ? Calls() : try list(&scanner, memory)
      case fields.function: try readFunction(into: &call, &scanner, memory)
      case fields.name, fields.arguments: try read(field, into: &call, &scanner, memory)
      default: try scanner.skip()
      }
    }
    if let calls { return calls }
    guard call.name != nil else {
      throw JSONError(offset: start, reason: "\"expected\" has neither \"tool_calls\" nor \"name\"")
    }
    var one = Calls()
    one.add(call, self)
    return one
  }

  private func readFunction(
    into call: inout Call, _ scanner: inout AnswerScanner, _ memory: AnswerMemory
  ) throws(JSONError) {
    var members = try AnswerScanner.Members(&scanner)
    while let field = try members.next(&scanner) {
      switch field {
      case fields.name, fields.arguments: try read(field, into: &call, &scanner, memory)
      default: try scanner.skip()
      }
    }
  }

  /// Reads the value of `name` or `arguments`; null counts as absent.
  private func read(
    _ field: Fingerprint, into call: inout Call, _ scanner: inout AnswerScanner, _ memory: AnswerMemory
  ) throws(JSONError) {
    if try scanner.consumeNull() { return }
    if field == fields.name {
      guard try scanner.tokens.peek() == UInt8(ascii: "\"") else {
        throw scanner.tokens.failure("\"name\" must be a string")
      }
      call.name = try scanner.fingerprint()
    } else if try scanner.tokens.peek() == UInt8(ascii: "\"") {
      call.arguments = try argumentsInString(&scanner, memory)
    } else {
      call.arguments = .calls(try scanner.fingerprint())
    }
  }

  /// The arguments in a string, which the model wrote: what is wrong there is a wrong answer, not a broken file.
  private func argumentsInString(
    _ scanner: inout AnswerScanner, _ memory: AnswerMemory
  ) throws(JSONError) -> AnswerLine.Answer {
    if let value = scanner.quotedValue() { return .calls(value) }
    var buffer = memory.takeBuffer()
    defer { memory.keep(buffer) }
    let count = try scanner.tokens.string(into: &buffer)
    return nested(buffer.span.extracting(0..<count), memory.known)
  }

  private func nested(_ text: Span<UInt8>, _ known: KnownTexts) -> AnswerLine.Answer {
    var scanner = AnswerScanner(text, key: key, known: known)
    do throws(JSONError) {
      let value = try scanner.fingerprint()
      try scanner.tokens.finish()
      return .calls(value)
    } catch {
      return .invalid
    }
  }
}
