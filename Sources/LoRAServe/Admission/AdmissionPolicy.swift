import JSON
import TensorCore

/// How admission requests are decided.
package struct AdmissionPolicy: Sendable {
  /// Whether what cannot be judged is let in, with a warning; else it is denied.
  package var failsOpen = false
  /// Whether values are left unread, which every answer then says.
  package var readsHeadersOnly = true
  /// Whether the server knows any base; one that knows none checks adapters without.
  package var knowsBases = false
  /// Whether adapters are checked for an engine.
  package var hasEngine = false

  /// The defaults: what cannot be judged is denied.
  package init() {}

  /// Decides a request; `judge` is asked at most once.
  func decide(_ request: AdmissionRequest, judge: (Question) -> Judgement) -> AdmissionDecision {
    guard ["CREATE", "UPDATE"].contains(request.operation), request.subresource == nil, !request.isBeingDeleted else {
      return AdmissionDecision(outcome: .notConcerned)
    }
    guard let resource = AdapterResource.all.first(where: { $0.kind == request.kind }) else {
      let known = AdapterResource.all.map(\.kind.text).joined(separator: " and ")
      return unjudged("\(escaped(request.kind.text, limit: 200)) is not known here; known are \(known)")
    }
    guard let object = request.object else { return unjudged("the request holds no object") }
    let reading = Self.read(object, as: resource)
    if request.operation == "UPDATE", case .question = reading,
      request.oldObject.map({ Self.read($0, as: resource) }) == reading
    {
      var decision = AdmissionDecision(outcome: .notConcerned)
      decision.warnings = ["adapter and base are as before and were not judged again"]
      return decision
    }
    switch reading {
    case .unjudged(let sentence): return unjudged(sentence)
    case .invalid(let field, let sentence):
      var decision = AdmissionDecision(outcome: .denied, message: "\(field): \(sentence)")
      decision.causes = [("FieldValueInvalid", sentence, field)]
      return decision
    case .question(var question, let field, let notes):
      if !knowsBases { question.base = nil }
      question.wantsFolder = true
      switch judge(question) {
      case .unjudged(let sentence): return unjudged(sentence)
      case .judged(let document):
        guard let verdict = Verdict(document) else { return unjudged("the verdict on the adapter cannot be read") }
        return decide(verdict, question, field, notes + self.notes(question))
      }
    }
  }

  private static func read(_ object: JSONObject, as resource: AdapterResource) -> AdapterResource.Reading {
    guard object["apiVersion"]?.string == "\(resource.kind.group)/\(resource.kind.version)",
      object["kind"]?.string == resource.kind.kind
    else { return .unjudged("the object is not the \(resource.kind.text) that the request says it is") }
    guard let spec = object["spec"]?.object else { return .invalid(field: "spec", "it is missing or not an object") }
    return resource.read(spec)
  }

  /// What a judgement leaves open, whatever it says.
  private func notes(_ question: Question) -> [String] {
    var notes: [String] = []
    if question.base == nil {
      let reason = knowsBases ? "the object names no base model" : "the server runs without --base"
      notes.append("unjudged: names and shapes, for \(reason)")
    }
    if !hasEngine {
      notes.append("unjudged: what an engine makes of the adapter, for the server runs without --engine")
    }
    if readsHeadersOnly { notes.append("unjudged: the values of the weights, for the server runs without --values") }
    return notes
  }

  private func decide(_ verdict: Verdict, _ question: Question, _ field: String, _ notes: [String])
    -> AdmissionDecision
  {
    let isRefused = verdict.status == "fail"
    var decision = AdmissionDecision(outcome: isRefused ? .denied : .allowed)
    decision.warnings = verdict.findings.filter { $0.severity == "warning" }.map { "\($0.rule): \($0.message)" } + notes
    let rules = Set(verdict.findings.map(\.rule)).ordered()
    decision.annotations = ["verdict": verdict.status, "rules": rules.joined(separator: ",")]
    guard isRefused else { return decision }
    // A policy or --fail-on may make a warning the reason.
    let errors = verdict.findings.filter { $0.severity == "error" }
    let reasons = errors.isEmpty ? verdict.findings.filter { $0.severity == "warning" } : errors
    let shown = reasons.prefix(3).map { "\($0.rule): \($0.message)\($0.hint.map { " (\($0))" } ?? "")" }
    let more = reasons.count - shown.count
    decision.message =
      "the adapter \(escaped(question.adapter)) may not be served: \(shown.joined(separator: "; "))"
      + (more > 0 ? "; and \(more) more" : "")
    decision.causes = reasons.map { ($0.rule, $0.message, field) }
    return decision
  }

  private func unjudged(_ sentence: String) -> AdmissionDecision {
    var decision = AdmissionDecision(outcome: failsOpen ? .allowedUnjudged : .deniedUnjudged)
    decision.message = "not judged: \(sentence)"
    decision.annotations = ["verdict": "unjudged"]
    if failsOpen { decision.warnings = ["unjudged: \(sentence)"] }
    return decision
  }
}
