import Diagnostics
import LoRADeltas
import LoRAEngines
import LoRAModel
import LoRAValidate
import TensorCore

extension Report {
  /// The verdict over everything, and what the adapters were checked against.
  var summarySection: Markup {
    let results = validation.adapters
    let errors = validation.count(of: .error)
    let warnings = validation.count(of: .warning)
    let sentence: Markup =
      switch validation.status {
      case .pass: "No problems found."
      case .warn: "Nothing failed, but there \(warnings == 1 ? "is" : "are") \(counted(warnings, "warning"))."
      case .fail where errors + warnings == 0: "Not everything could be checked."
      case .fail: "\(counted(errors, "error")) and \(counted(warnings, "warning")) were found."
      }
    var cards: [Markup] = []
    if results.count > 1 {
      let bytes = adapters.reduce(0 as UInt64) { $0 &+ $1.figures.bytes }
      cards.append(fact("Adapters", grouped(UInt64(results.count)), note: "\(ByteCount(bytes))"))
      cards.append(fact("Pass", grouped(UInt64(validation.count(.pass)))))
      cards.append(fact("Warn", grouped(UInt64(validation.count(.warn)))))
      cards.append(fact("Fail", grouped(UInt64(validation.count(.fail)))))
    }
    if let base {
      let notes = [
        base.parameters.map { "\(grouped($0)) parameters" }, base.quantizationText.map { "quantised as \($0)" },
      ].compactMap { $0 }
      let parameters = notes.isEmpty ? nil : notes.joined(separator: ", ")
      cards.append(fact("Base", base.modelType ?? "unknown architecture", note: parameters))
      cards.append(fact("Base read from", base.path, isWide: true))
    }
    if let engine = validation.options.engine {
      let limit = validation.options.rankLimit.map { "ranks up to \($0)" }
      cards.append(fact("Engine", engine.title, note: limit))
    }
    let facts: Markup = cards.isEmpty ? "" : "<dl class=\"facts\">\n\(cards)</dl>\n"
    let problems: [Markup] = validation.problems.map { problem -> Markup in "<li>\(problem)</li>\n" }
    let unread: Markup = problems.isEmpty ? "" : "<h3>Could not be checked</h3>\n<ul>\n\(problems)</ul>\n"
    let base: Markup =
      if let found = validation.base, !found.findings.isEmpty {
        "<h3>Findings in the base</h3>\n\(findingsList(found.findings))"
      } else {
        ""
      }
    return """
      <section aria-labelledby="summary">
      <h2 id="summary">Summary \(badge(validation.status))</h2>
      <p>\(sentence)</p>
      \(facts)\(unread)\(base)</section>

      """
  }
}

extension ValidationReport {
  /// Findings of this severity in all adapters, the base and the fleet.
  fileprivate func count(of severity: Severity) -> Int {
    let all = adapters.lazy.flatMap(\.findings).count { $0.severity == severity }
    return all + ((base?.findings ?? []) + fleet.findings).count { $0.severity == severity }
  }
}

/// One entry of a list of facts.
func fact(_ label: String, _ value: String, note: String? = nil, isWide: Bool = false) -> Markup {
  let small: Markup = note.map { text -> Markup in "<small>\(text)</small>" } ?? ""
  return "<div\(isWide ? " class=\"wide\"" : "" as Markup)><dt>\(label)</dt><dd>\(value)\(small)</dd></div>\n"
}
