import JSON
public import LoRATestSupport

/// One kind of input from unknown senders, and what must hold whatever it says.
///
/// A target is used twice: coverage-guided by the program `lora-fuzz`, and by the tests, which replay what was found
/// and a fixed number of mutations. Beyond what `run` checks, no input may trap, hang or take memory out of proportion.
public protocol FuzzTarget: Sendable {
  /// What it is called on the command line of `lora-fuzz`.
  var name: String { get }

  /// Small inputs that are right, to begin with.
  func seeds() -> [[UInt8]]

  /// Reads the input as the tool would and checks what must hold.
  ///
  /// - Throws: `Violation` when something does not.
  func run(_ input: [UInt8]) throws(Violation)

  /// Changes an input a little, with knowledge of its structure.
  func mutate(_ input: inout [UInt8], _ random: inout SeededGenerator)
}

/// A promise about hostile inputs that was not kept.
public struct Violation: Error, CustomStringConvertible {
  /// What was not kept.
  public let description: String

  /// A broken promise in words.
  public init(_ description: String) { self.description = description }

  /// Throws unless the promise was kept.
  static func unless(_ isKept: Bool, _ promise: @autoclosure () -> String) throws(Violation) {
    if !isKept { throw Violation(promise()) }
  }
}

/// All targets.
public enum FuzzTargets {
  /// In the order of the table in docs/security.md.
  public static let all: [any FuzzTarget] = [
    HeaderTarget(), JSONTarget(), ConfigTarget(), PatternTarget(), IndexTarget(), NamesTarget(), AdapterTarget(),
    ZstdTarget(), ArchiveTarget(), PolicyTarget(), TraceTarget(), AnswersTarget(), BaseTarget(), SlotsTarget(),
    MergeRecordTarget(), TokenizerTarget(),
  ]

  /// The target of a name, or nil.
  public static func target(named name: String) -> (any FuzzTarget)? { all.first { $0.name == name } }
}

/// What may reach a terminal.
enum Terminal {
  /// Throws when a line of a report holds anything that a terminal obeys.
  static func check(_ text: String, _ what: String) throws(Violation) {
    for line in text.split(separator: "\n", omittingEmptySubsequences: true) where isUnsafe(line) {
      throw Violation("\(what) has a line that would reach a terminal unescaped: \(escaped(String(line)))")
    }
  }

  /// What `body` gives, or nil when it refuses its input in words that may be shown.
  static func answer<Value, Failure: Error>(_ body: () throws(Failure) -> Value) throws(Violation) -> Value? {
    do throws(Failure) {
      return try body()
    } catch {
      try check("\(error)", "an error")
      return nil
    }
  }

  private static func isUnsafe(_ line: Substring) -> Bool {
    line.unicodeScalars.contains { scalar in
      if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: return true
      default: return false
      }
    }
  }

  /// Throws when a document is not one JSON value that holds for every strict reader.
  static func check(document: JSONValue, _ what: String) throws(Violation) {
    let text = document.text(pretty: true)
    do throws(JSONError) {
      _ = try JSONValue(parsing: Array(text.utf8))
    } catch {
      throw Violation("\(what) is no valid JSON: \(error)")
    }
    try check(text, what)
  }
}
