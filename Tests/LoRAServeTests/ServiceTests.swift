import JSON
import LoRATestSupport
import Testing

@testable import LoRAServe

@Suite struct ServiceTests {
  private let service = Service(answering: .judged(FixedJudge.document("pass", [("a-rule", "note", "n")])))

  private func answer(_ method: String, _ path: String, _ body: String = "") -> HTTPResponse {
    service.answer(HTTPRequest(method, path, body: Array(body.utf8))).response
  }

  @Test func pagesTellHealthAndReadiness() {
    #expect(answer("GET", "/healthz").status == 200 && answer("HEAD", "/healthz?verbose").status == 200)
    #expect(answer("GET", "/readyz").status == 200)
    service.leave()
    #expect(answer("GET", "/readyz").status == 503 && answer("GET", "/healthz").status == 200)
  }

  @Test func wrongPathsAndMethodsAreSaid() {
    #expect(answer("GET", "/").status == 404 && answer("GET", "/validate/").status == 404)
    let wrong = answer("GET", "/validate")
    #expect(wrong.status == 405 && wrong.headers["Allow"] == "POST")
    #expect(answer("POST", "/metrics").headers["Allow"] == "GET, HEAD")
  }

  @Test(arguments: [
    "", "{}", "[1]", "{\"adapter\":3}", "{\"adapter\":\"/a\",\"bsae\":\"x\"}",
    "{\"adapter\":\"/a\",\"max_lora_rank\":0}",
    "{\"adapter\":\"/a\",\"adapter\":\"/b\"}", "{\"adapter\":\"/a\",\"max_lora_rank\":1.5}",
  ])
  func plainRequestsThatCannotBeUnderstoodAreRefused(_ body: String) throws {
    let response = answer("POST", "/validate", body)
    #expect(response.status == 400)
    #expect(try JSONValue(parsing: response.body)["schema"] == "lora-tool/error/1")
  }

  @Test func questionsSurviveTheWayToAnotherProcess() throws {
    var question = Question(adapter: "/a", base: "b")
    question.engine = "vllm@0.33"
    question.maxLoRARank = 64
    question.servingDType = "f16"
    question.failOn = "warning"
    #expect(try Question(parsing: Array(question.json.text().utf8)) == question)
    for judgement in [Judgement.judged(FixedJudge.document("pass")), .unjudged("why")] {
      #expect(Judgement(written: judgement.written) == judgement)
    }
    #expect(Judgement(written: Array("{}".utf8)) == nil && Judgement(written: []) == nil)
  }

  @Test func metricsCountRequestsAndFindings() {
    for _ in 0..<3 {
      let answer = service.answer(HTTPRequest("POST", "/validate", body: Array("{\"adapter\":\"/a\"}".utf8)))
      service.record(answer, seconds: 0.002, received: 16)
    }
    service.record(service.answer(HTTPRequest("GET", "/secret")), seconds: 20, received: 0)
    service.changeInFlight(by: 1)
    service.setConnections(7)
    let lines = String(decoding: answer("GET", "/metrics").body, as: UTF8.self).split(separator: "\n")
    for line in [
      "lora_tool_requests_total{path=\"/validate\",outcome=\"pass\"} 3",
      "lora_tool_requests_total{path=\"other\",outcome=\"not-found\"} 1",
      "lora_tool_findings_total{rule=\"a-rule\",severity=\"note\"} 3",
      "lora_tool_request_duration_seconds_bucket{path=\"/validate\",le=\"0.001\"} 0",
      "lora_tool_request_duration_seconds_bucket{path=\"/validate\",le=\"0.0025\"} 3",
      "lora_tool_request_duration_seconds_bucket{path=\"other\",le=\"10.0\"} 0",
      "lora_tool_request_duration_seconds_bucket{path=\"other\",le=\"+Inf\"} 1",
      "lora_tool_request_duration_seconds_count{path=\"/validate\"} 3", "lora_tool_request_body_bytes_total 48",
      "lora_tool_requests_in_flight 1", "lora_tool_connections 7", "# TYPE lora_tool_findings_total counter",
    ] { #expect(lines.contains(Substring(line)), "\(line)") }
    #expect(!lines.contains { $0.contains("secret") })
  }

  /// From `date -u -d @SECONDS`.
  @Test(arguments: [
    (0, "1970-01-01T00:00:00.007Z"), (951_782_399, "2000-02-28T23:59:59.007Z"),
    (951_782_400, "2000-02-29T00:00:00.007Z"),
    (1_735_689_599, "2024-12-31T23:59:59.007Z"), (4_107_542_400, "2100-03-01T00:00:00.007Z"),
  ])
  func timesAreThoseOfTheCalendar(_ seconds: Int, _ text: String) {
    #expect(RequestRecord.timestamp(seconds: seconds, milliseconds: 7) == text)
  }

  /// Whatever a body holds, the answer is one JSON document, and a review's answer repeats its uid.
  @Test func hostileBodiesGetOneDocument() throws {
    var generator = SeededGenerator(seed: 20)
    let seeds = [
      Reviews.review(Reviews.loraAdapter(Reviews.local("/adapters/a"))).text(),
      Reviews.review(Reviews.modelAdapter("huggingface://org/name")).text(),
      "{\"adapter\":\"/a\",\"base\":\"b\",\"engine\":\"vllm\",\"max_lora_rank\":64}",
    ].map { Array($0.utf8) }
    let pieces = ["\"", "{", "[", "}", "\\u0000", "null", "1e999", "-9223372036854775809", "\u{FFFD}", "uid", ","]
    for round in 0..<3000 {
      var body = seeds[round % seeds.count]
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let place = Int.random(in: 0..<body.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: body[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: body.insert(contentsOf: Array(pieces.randomElement(using: &generator)?.utf8 ?? "".utf8), at: place)
        case 2: body.removeSubrange(place..<min(body.count, place + Int.random(in: 1...9, using: &generator)))
        default: body = Array(body[..<max(1, place)])
        }
        if body.isEmpty { body = [0] }
      }
      for path in ["/admission", "/validate"] {
        let response = service.answer(HTTPRequest("POST", path, body: body)).response
        let document = try JSONValue(parsing: response.body)
        #expect([200, 400, 422].contains(response.status))
        if path == "/admission", response.status == 200 {
          let uid = try JSONValue(parsing: body)["request"]?["uid"]
          #expect(document["response"]?["uid"] == uid && document["response"]?["allowed"]?.bool != nil)
        }
      }
    }
    let deep = Array(String(repeating: "[", count: 500_000).utf8)
    #expect(service.answer(HTTPRequest("POST", "/admission", body: deep)).response.status == 400)
  }
}
