import Foundation
import LoRATestSupport
import PythonPattern
import Testing

/// Every answer that testdata/make/patterns.py got from Python.
@Suite struct ReferenceTests {
  private struct Case: Decodable {
    enum Mode: String, Decodable { case fullmatch, match, search }

    enum Result: Decodable, Equatable {
      case matches(Bool)
      case error
      case unsupported

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let matches = try? container.decode(Bool.self) {
          self = .matches(matches)
          return
        }
        switch try container.decode(String.self) {
        case "error": self = .error
        case "unsupported": self = .unsupported
        case let other:
          throw DecodingError.dataCorruptedError(in: container, debugDescription: "a result of \(other)")
        }
      }
    }

    let pattern: String
    let mode: Mode
    let text: String
    let result: Result
    let reason: String?
    let position: Int?

    /// What is wrong with our answer, or nil.
    var disagreement: String? {
      do throws(PatternError) {
        let pattern = try PythonPattern(pattern)
        let matches =
          switch mode {
          case .fullmatch: pattern.fullMatches(text)
          case .match: pattern.matchesPrefix(text)
          case .search: pattern.isFound(in: text)
          }
        return result == .matches(matches) ? nil : "answered \(matches)"
      } catch {
        switch (result, error) {
        case (.unsupported, .unsupported): return nil
        case (.error, _) where reason == nil: return nil
        case (.error, .invalid(let ourReason, let ourPosition)):
          return ourReason == reason && ourPosition == position ?? ourPosition ? nil : "threw \(error)"
        default: return "threw \(error)"
        }
      }
    }
  }

  /// The committed answers, or those of a larger run that the variable names.
  private static var file: URL {
    let path = ProcessInfo.processInfo.environment["PYTHON_PATTERN_CASES"] ?? Fixtures.path("patterns/patterns.json")
    return URL(fileURLWithPath: path)
  }

  @Test func everyAnswerIsPythons() throws {
    let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: Self.file))
    #expect(cases.count > 2000)
    var disagreements: [String] = []
    for one in cases {
      guard let disagreement = one.disagreement else { continue }
      let expected = [String(describing: one.result), one.reason, one.position.map(String.init)].compactMap { $0 }
      disagreements.append(
        "\(one.mode) \(one.pattern.debugDescription) on \(one.text.debugDescription): \(disagreement), "
          + "Python says \(expected.joined(separator: ", "))")
    }
    #expect(disagreements.isEmpty, "\(disagreements.count):\n\(disagreements.prefix(30).joined(separator: "\n"))")
  }
}
