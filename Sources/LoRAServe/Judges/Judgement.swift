package import JSON

/// What became of a question.
package enum Judgement: Sendable, Equatable {
  /// The document of `validate` for the adapter.
  case judged(JSONValue)
  /// It was not judged, and why in one sentence.
  case unjudged(String)
}

/// Who answers questions, on several threads.
package protocol Judge: Sendable {
  /// Answers, at the latest after so many seconds where the work can be ended.
  func judge(_ question: Question, within seconds: Double) -> Judgement
}

/// What is read out of a document of `validate`.
struct Verdict {
  /// One finding, as far as an answer needs it.
  struct Item {
    let rule: String
    let severity: String
    let message: String
    let hint: String?
  }

  /// `pass`, `warn` or `fail`.
  let status: String
  /// The findings of the base and of the adapter, worst first.
  let findings: [Item]

  /// Nil for a document that does not say how the check ended.
  init?(_ document: JSONValue) {
    guard let status = document["status"]?.string, ["pass", "warn", "fail"].contains(status),
      let adapters = document["adapters"]?.array, adapters.count == 1
    else { return nil }
    self.status = status
    let found = (document["base"]?["findings"]?.array ?? []) + (adapters[0]["findings"]?.array ?? [])
    let items = found.map { finding in
      Item(
        rule: finding["rule"]?.string ?? "", severity: finding["severity"]?.string ?? "error",
        message: finding["message"]?.string ?? "", hint: finding["hint"]?.string)
    }
    findings = ["error", "warning", "note"].flatMap { severity in items.filter { $0.severity == severity } }
  }
}
