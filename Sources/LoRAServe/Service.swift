import JSON
import Synchronization

/// An answer and what is remembered of it.
package struct Answer: Sendable {
  /// What is sent.
  package var response: HTTPResponse
  /// What is counted and logged.
  package var record: RequestRecord
}

/// Requests to answers, as plain values: the server that moves the bytes asks `route`, and for what is judged `answer`.
package final class Service: Sendable {
  private let judge: any Judge
  private let policy: AdmissionPolicy
  private let toolVersion: String
  private let log: @Sendable (String) -> Void
  private let metrics: Metrics
  private let ready = Atomic<Bool>(true)

  /// A service.
  ///
  /// - Parameters:
  ///   - judge: who answers questions.
  ///   - policy: how admission requests are decided.
  ///   - toolVersion: the version that documents name.
  ///   - log: takes one line for each request.
  package init(
    judge: any Judge, policy: AdmissionPolicy, toolVersion: String, log: @escaping @Sendable (String) -> Void
  ) {
    self.judge = judge
    self.policy = policy
    self.toolVersion = toolVersion
    self.log = log
    metrics = Metrics(toolVersion: toolVersion)
  }

  /// Has the readiness page say from now on that no more requests should come.
  package func leave() { ready.store(false, ordering: .relaxed) }

  // MARK: Answers

  /// The route of a request, or the answer when it has none.
  package func route(_ method: String, _ path: String) -> Result<Route, Refused> {
    let path = path.prefix { $0 != "?" }
    guard let route = Route(rawValue: String(path)) else {
      let paths = Route.allCases.map(\.rawValue).joined(separator: ", ")
      return .failure(Refused(refusal("other", 404, "not-found", "there is nothing here; served are \(paths)")))
    }
    guard route.methods.contains(method) else {
      let allowed = route.methods.joined(separator: ", ")
      var answer = refusal(route.rawValue, 405, "wrong-method", "\(route.rawValue) takes \(allowed)")
      answer.response.headers["Allow"] = allowed
      return .failure(Refused(answer))
    }
    return .success(route)
  }

  /// The answer of a request without a route.
  package struct Refused: Error {
    /// What to send.
    package let answer: Answer

    init(_ answer: Answer) { self.answer = answer }
  }

  /// Answers a request, in no more than so many seconds where that can be ensured.
  package func answer(_ request: HTTPRequest, within seconds: Double = .infinity) -> Answer {
    switch route(request.method, request.path) {
    case .failure(let refused): refused.answer
    case .success(let route):
      switch route {
      case .health: page(route, 200, "ok")
      case .readiness:
        ready.load(ordering: .relaxed) ? page(route, 200, "ready") : page(route, 503, "ending: send no more requests")
      case .metrics: metricsPage
      case .validate: validate(request.body, seconds)
      case .admission: admit(request.body, seconds)
      }
    }
  }

  /// The answer to a request that is not taken as it is: too large, too late, one too many.
  package func refusal(_ route: String, _ status: Int, _ outcome: String, _ sentence: String) -> Answer {
    Answer(
      response: .failure(status, sentence, toolVersion), record: RequestRecord(route: route, outcome: outcome))
  }

  private func page(_ route: Route, _ status: Int, _ text: String) -> Answer {
    var record = RequestRecord(route: route.rawValue, outcome: status == 200 ? "ok" : "unavailable")
    record.isRoutine = true
    return Answer(response: .text(status, text), record: record)
  }

  private var metricsPage: Answer {
    var answer = page(.metrics, 200, "")
    answer.response.contentType = "text/plain; version=0.0.4; charset=utf-8"
    answer.response.body = Array(metrics.text.utf8)
    return answer
  }

  private func validate(_ body: [UInt8], _ seconds: Double) -> Answer {
    let route = Route.validate.rawValue
    let question: Question
    do throws(BadRequest) { question = try Question(parsing: body) } catch {
      return refusal(route, 400, "bad-request", error.sentence)
    }
    var answer: Answer
    switch judge.judge(question, within: seconds) {
    case .unjudged(let sentence): answer = refusal(route, 422, "unjudged", "not judged: \(sentence)")
    case .judged(let document):
      let verdict = Verdict(document)
      answer = Answer(
        response: .json(200, document, pretty: true),
        record: RequestRecord(route: route, outcome: verdict?.status ?? "unjudged"))
      answer.record.findings = verdict?.counted ?? []
    }
    answer.record.subject = [("adapter", question.adapter)]
    return answer
  }

  private func admit(_ body: [UInt8], _ seconds: Double) -> Answer {
    let route = Route.admission.rawValue
    let request: AdmissionRequest
    do throws(BadRequest) { request = try AdmissionRequest(parsing: body) } catch {
      return refusal(route, 400, "bad-request", error.sentence)
    }
    var adapter: String?
    var findings: [RequestRecord.Counted] = []
    let decision = policy.decide(request) { question in
      adapter = question.adapter
      let judgement = judge.judge(question, within: seconds)
      if case .judged(let document) = judgement { findings = Verdict(document)?.counted ?? [] }
      return judgement
    }
    var record = RequestRecord(route: route, outcome: decision.outcome.rawValue)
    record.findings = findings
    record.subject = [("uid", request.uid), ("kind", request.kind.kind), ("name", request.name)]
    if let adapter { record.subject.append(("adapter", adapter)) }
    if !decision.message.isEmpty { record.subject.append(("message", decision.message)) }
    return Answer(response: .json(200, decision.review(uid: request.uid)), record: record)
  }

  // MARK: Records

  /// Counts and logs an answer that is about to be sent.
  package func record(_ answer: Answer, seconds: Double, received: Int) {
    metrics.count(answer.record, seconds: seconds, received: received, sent: answer.response.body.count)
    if !answer.record.isRoutine || answer.response.status != 200 {
      log(answer.record.line(status: answer.response.status, seconds: seconds, received: received))
    }
  }

  /// Notes that a judgement began or ended.
  package func changeInFlight(by change: Int) { metrics.changeInFlight(by: change) }

  /// Notes how many connections there are.
  package func setConnections(_ count: Int) { metrics.setConnections(count) }
}

extension Verdict {
  /// The findings as metrics count them.
  var counted: [RequestRecord.Counted] { findings.map { .init(rule: $0.rule, severity: $0.severity) } }
}
