import JSON
public import LoRAIO

/// Compares the answers of a model before and after a change, prompt by prompt.
///
/// Both files are read once from start to end, and the lines of the few changes that are shown a second time; of every
/// prompt only a record of fixed size stays in memory.
public struct Gate {
  private let baseline: InputFile
  private let candidate: InputFile
  private let options: GateOptions
  private let reader: AnswerReader
  private var table = PromptTable()
  private var results: [GateResult] = []
  private var groups: [Fingerprint: UInt32] = [:]
  /// Some of the groups, each in the one place that some bits of its fingerprint say: looked at for every line.
  private var recentGroups = [(key: Fingerprint, group: UInt32)](
    repeating: (Fingerprint(low: .max, high: .max), 0), count: 256)
  private var changes: [ChangedAnswer.Kind: [Change]] = [:]
  private var answers: (baseline: UInt64, candidate: UInt64) = (0, 0)

  /// A changed answer by its places in the files.
  private struct Change {
    var kind: ChangedAnswer.Kind
    var group: UInt32
    var baseline: UInt64
    var candidate: UInt64?
  }

  private init(_ baseline: InputFile, _ candidate: InputFile, _ options: GateOptions) {
    self.baseline = baseline
    self.candidate = candidate
    self.options = options
    reader = AnswerReader(key: FingerprintKey(), ignoresCallOrder: options.ignoresCallOrder)
  }

  /// Compares two files of JSON lines.
  ///
  /// - Parameters:
  ///   - baseline: path of the answers before.
  ///   - candidate: path of the answers after.
  ///   - options: what counts as equal, and what fails.
  ///   - progress: called now and then with the bytes that have been read since.
  /// - Throws: `GateError` for a file that cannot be read or a line that is no answer. Arguments that the model wrote
  ///   and that are no valid JSON are no error but a wrong answer.
  public static func run(
    baseline: String, candidate: String, options: GateOptions = GateOptions(), progress: (UInt64) -> Void = { _ in }
  ) throws(GateError) -> GateReport {
    let files: (baseline: InputFile, candidate: InputFile)
    do throws(IOError) {
      files = (try InputFile(path: baseline), try InputFile(path: candidate))
    } catch {
      throw .io(error)
    }
    return try run(baseline: files.baseline, candidate: files.candidate, options: options, progress: progress)
  }

  /// Compares two open files of JSON lines, as `run` does with paths.
  public static func run(
    baseline: InputFile, candidate: InputFile, options: GateOptions = GateOptions(),
    progress: (UInt64) -> Void = { _ in }
  ) throws(GateError) -> GateReport {
    var gate = Gate(baseline, candidate, options)
    try gate.readBaseline(progress)
    guard gate.answers.baseline > 0 else { throw .empty(path: baseline.path) }
    try gate.readCandidate(progress)
    gate.countMissing()
    return try gate.report()
  }

  // MARK: The two passes

  private mutating func readBaseline(_ progress: (UInt64) -> Void) throws(GateError) {
    var stream = AnswerStream(baseline, reader, blockBytes: options.blockBytes)
    while let item = try stream.next(progress) {
      if let soon = stream.prompt(after: 8) { table.prepare(for: soon) }
      let (answer, group) = (item.answer, try group(of: item, in: baseline))
      answers.baseline += 1
      if answers.baseline == 1 << 12 { table.reserve(answers.baseline, of: item.offset, in: baseline.size) }
      let record = Self.record(answer, group, item.offset)
      if let first = table.find(orAdd: record, answer.prompt) {
        throw try repeated(first, baseline, item.offset, item.line)
      }
      results[Int(group)].prompts += 1
      if answer.answer == .invalid { results[Int(group)].baselineInvalid += 1 }
    }
  }

  private mutating func readCandidate(_ progress: (UInt64) -> Void) throws(GateError) {
    var stream = AnswerStream(candidate, reader, blockBytes: options.blockBytes)
    while let item = try stream.next(progress) {
      let (answer, group) = (item.answer, try group(of: item, in: candidate))
      answers.candidate += 1
      if answer.answer == .invalid { results[Int(group)].candidateInvalid += 1 }
      var extra = Self.record(answer, group, item.offset)
      extra.flags.insert(.isExtra)
      guard let index = table.find(orAdd: extra, answer.prompt) else {
        results[Int(group)].extra += 1
        continue
      }
      let record = table.records[index]
      if !record.flags.isDisjoint(with: [.isExtra, .isAnswered]) {
        throw try repeated(index, candidate, item.offset, item.line)
      }
      table.mark(index, .isAnswered)
      try compare(record, answer, at: item.offset, item.line)
    }
  }

  /// Scores a prompt that both files answer.
  private mutating func compare(_ record: PromptRecord, _ answer: AnswerLine, at offset: UInt64, _ line: UInt64)
    throws(GateError)
  {
    var expected = record.flags.contains(.hasExpected) ? record.expected : nil
    if let other = answer.expected?.low {
      if let stated = expected, stated != other {
        throw .expectationsDiffer(path: candidate.path, line: line, id: try shown(candidate, offset).id)
      }
      expected = other
    }
    let before = record.flags.contains(.isInvalid) ? nil : record.answer
    var after: UInt64?
    if case .calls(let calls) = answer.answer { after = calls.low }
    count(record, expected: expected, before: before, after: after, at: offset)
  }

  /// Prompts that the candidate leaves out are wrong there.
  private mutating func countMissing() {
    for record in table.records where record.flags.isDisjoint(with: [.isExtra, .isAnswered]) {
      results[Int(record.group)].missing += 1
      count(
        record, expected: record.flags.contains(.hasExpected) ? record.expected : nil,
        before: record.flags.contains(.isInvalid) ? nil : record.answer, after: nil, at: nil)
    }
  }

  /// Counts one prompt; nil answers are invalid or missing and never right.
  private mutating func count(
    _ record: PromptRecord, expected: UInt64?, before: UInt64?, after: UInt64?, at candidateOffset: UInt64?
  ) {
    let group = Int(record.group)
    if expected == nil { results[group].unstated += 1 }
    // Where nothing is said to be right, the candidate must do what the baseline did.
    let right = expected ?? before
    let wasRight = before != nil && before == right
    let isRight = after != nil && after == right
    if wasRight { results[group].baselineRight += 1 }
    if isRight { results[group].candidateRight += 1 }
    let kind: ChangedAnswer.Kind
    switch (wasRight, isRight) {
    case (true, true): return
    case (true, false):
      results[group].broken += 1
      kind = .broken
    case (false, true):
      results[group].fixed += 1
      kind = .fixed
    case (false, false):
      guard before != after else { return }
      results[group].stillWrong += 1
      kind = .stillWrong
    }
    guard changes[kind, default: []].count < options.changeLimit else { return }
    changes[kind, default: []].append(
      Change(kind: kind, group: record.group, baseline: record.offset, candidate: candidateOffset))
  }

  // MARK: Lines

  /// The index of an answer's adapter.
  @inline(__always)
  private mutating func group(of item: AnswerStream.Item, in file: InputFile) throws(GateError) -> UInt32 {
    guard table.records.count < PromptTable.limit else { throw .tooManyLines(path: file.path) }
    let key = item.answer.adapter ?? .zero
    let recent = recentGroups[Int(truncatingIfNeeded: key.low) & (recentGroups.count - 1)]
    return recent.key == key ? recent.group : try findGroup(key, item, file)
  }

  private mutating func findGroup(_ key: Fingerprint, _ item: AnswerStream.Item, _ file: InputFile)
    throws(GateError) -> UInt32
  {
    let group: UInt32
    if let known = groups[key] { group = known } else { group = try addGroup(key, item, file) }
    recentGroups[Int(truncatingIfNeeded: key.low) & (recentGroups.count - 1)] = (key, group)
    return group
  }

  private mutating func addGroup(_ key: Fingerprint, _ item: AnswerStream.Item, _ file: InputFile)
    throws(GateError) -> UInt32
  {
    let name = item.answer.adapter == nil ? "default" : try adapterName(item, in: file)
    let index = UInt32(results.count)
    groups[key] = index
    results.append(GateResult(name: name))
    return index
  }

  /// The adapter's name as the line has it; read again, because it is wanted once for each adapter.
  private func adapterName(_ item: AnswerStream.Item, in file: InputFile) throws(GateError) -> String {
    var lines = LineReader(file, from: item.offset, bufferSize: 1 << 14)
    do throws(IOError) {
      guard try lines.advance(), item.answer.adapterPlace.upperBound <= lines.line.count else {
        throw IOError("read", file.path, offset: item.offset, .unexpectedEnd(wanted: 1, got: 0))
      }
    } catch {
      throw .io(error)
    }
    var reader = JSONReader(lines.line.extracting(item.answer.adapterPlace))
    do throws(JSONError) {
      return try reader.string()
    } catch {
      throw .malformed(path: file.path, line: item.line, offset: error.offset, reason: error.reason)
    }
  }

  private static func record(_ answer: AnswerLine, _ group: UInt32, _ offset: UInt64) -> PromptRecord {
    var record = PromptRecord(
      prompt: answer.prompt, answer: 0, expected: answer.expected?.low ?? 0, offset: offset, group: group, flags: [])
    if answer.expected != nil { record.flags.insert(.hasExpected) }
    if case .calls(let calls) = answer.answer { record.answer = calls.low } else { record.flags.insert(.isInvalid) }
    return record
  }

  // MARK: What is shown

  private func repeated(_ first: Int, _ file: InputFile, _ offset: UInt64, _ line: UInt64) throws(GateError)
    -> GateError
  {
    let id = try shown(file, offset).id
    // The first line is counted only now, when the caller asks for it.
    let prompt = table.records[first].prompt
    var lines = LineReader(file)
    let memory = AnswerMemory(reader.key)
    do throws(IOError) {
      while try lines.advance() {
        if let answer = try? reader.read(lines.line, memory), answer.prompt == prompt { break }
      }
    } catch {
      return .io(error)
    }
    return .repeated(path: file.path, line: line, firstLine: lines.lineNumber, id: id)
  }

  private func report() throws(GateError) -> GateReport {
    var shownChanges: [ChangedAnswer] = []
    for kind in [ChangedAnswer.Kind.broken, .fixed, .stillWrong] {
      for change in changes[kind] ?? [] where shownChanges.count < options.changeLimit {
        let before = try shown(baseline, change.baseline)
        var after: ShownAnswer?
        if let offset = change.candidate { after = try shown(candidate, offset) }
        shownChanges.append(
          ChangedAnswer(
            kind: kind, adapter: results[Int(change.group)].name, id: before.id,
            expected: before.expected ?? after?.expected, baseline: before.calls, candidate: after?.calls))
      }
    }
    return GateReport(
      baseline: .init(path: baseline.path, answers: answers.baseline, bytes: baseline.size),
      candidate: .init(path: candidate.path, answers: answers.candidate, bytes: candidate.size), options: options,
      adapters: results, changes: shownChanges)
  }

  private func shown(_ file: InputFile, _ offset: UInt64) throws(GateError) -> ShownAnswer {
    var lines = LineReader(file, from: offset, bufferSize: 1 << 14)
    do throws(IOError) {
      guard try lines.advance() else { return ShownAnswer() }
    } catch {
      throw .io(error)
    }
    return (try? ShownAnswer(lines.line)) ?? ShownAnswer()
  }
}
