import JSON
import LoRAServe
import LoRATestSupport
import Testing

@Suite struct AdmissionTests {
  private let create = Reviews.review(Reviews.loraAdapter(Reviews.local("/adapters/support")))

  @Test func aGoodAdapterIsAllowedWithoutAWord() throws {
    let (status, response) = try Service(answering: .judged(FixedJudge.document("pass"))).admit(create)
    #expect(status == 200)
    #expect(response["uid"] == "705ab4f5-6393" && response["allowed"] == true)
    #expect(response["warnings"] == nil && response["status"] == nil)
  }

  @Test func findingsThatFailDenyWithRuleMessageAndField() throws {
    let document = FixedJudge.document(
      "fail",
      [("value-zero-module", "note", "n"), ("rank-mismatch", "error", "r is 8, found 16"), ("x", "warning", "w")])
    let (_, response) = try Service(answering: .judged(document)).admit(create)
    #expect(response["allowed"] == false && response["uid"] == "705ab4f5-6393")
    #expect(response["status"]?["code"] == 422 && response["status"]?["reason"] == "Invalid")
    #expect(response["status"]?["message"]?.string?.contains("rank-mismatch: r is 8, found 16") == true)
    let cause = response["status"]?["details"]?["causes"]?.array?.first
    #expect(cause?["field"] == "spec.adapterSource.adapterPath" && cause?["reason"] == "rank-mismatch")
    #expect(response["warnings"] == ["x: w"])
  }

  @Test func warningsThatFailAreTheReasonOfTheDenial() throws {
    let document = FixedJudge.document("fail", [("engine-unjudged", "warning", "not held against vLLM")])
    let (_, response) = try Service(answering: .judged(document)).admit(create)
    #expect(response["status"]?["message"]?.string?.contains("engine-unjudged: not held against vLLM") == true)
  }

  @Test func whatIsNotJudgedIsDeniedOrLetInWithAWarning() throws {
    let (_, closed) = try Service(answering: .unjudged("the server is away")).admit(create)
    #expect(closed["allowed"] == false && closed["status"]?["code"] == 403)
    #expect(closed["status"]?["message"] == "not judged: the server is away")
    let (_, open) = try Service(answering: .unjudged("the server is away")) { $0.failsOpen = true }.admit(create)
    #expect(open["allowed"] == true && open["warnings"] == ["unjudged: the server is away"])
  }

  @Test func anAnswerSaysWhatWasLeftUnjudged() throws {
    let service = Service(answering: .judged(FixedJudge.document("pass"))) {
      $0.knowsBases = false
      $0.hasEngine = false
      $0.readsHeadersOnly = true
    }
    let warnings = try service.admit(create).response["warnings"]?.array?.compactMap(\.string) ?? []
    #expect(warnings.count == 3 && warnings.allSatisfy { $0.hasPrefix("unjudged: ") }, "\(warnings)")
    let nameless = Reviews.review(Reviews.modelAdapter("/adapters/a", base: nil))
    let (_, response) = try Service(answering: .judged(FixedJudge.document("pass"))).admit(nameless)
    #expect(response["warnings"] == ["unjudged: names and shapes, for the object names no base model"])
  }

  @Test(arguments: [
    ("v1", "Pod"), ("production-stack.vllm.ai/v1alpha2", "LoraAdapter"), ("production-stack.vllm.ai/v1alpha1", "Other"),
  ])
  func kindsAndVersionsThatAreNotKnownAreNeverCalledFine(_ apiVersion: String, _ kind: String) throws {
    let review = Reviews.review(Reviews.object(apiVersion, kind, [:]))
    let (_, closed) = try Service(answering: .judged(FixedJudge.document("pass"))).admit(review)
    #expect(closed["allowed"] == false && closed["status"]?["code"] == 403)
    let service = Service(answering: .judged(FixedJudge.document("pass"))) { $0.failsOpen = true }
    let (_, open) = try service.admit(review)
    #expect(open["allowed"] == true && open["warnings"]?.array?.first?.string?.contains("not known here") == true)
  }

  @Test func deletionsAndStatusesAreLetThrough() throws {
    let service = Service(answering: .unjudged("never asked"))
    let object = Reviews.loraAdapter(Reviews.local("/adapters/support"))
    #expect(try service.admit(Reviews.review(.null, old: object, operation: "DELETE")).response["allowed"] == true)
    var leaving = try #require(object.object)
    leaving["metadata"] = ["deletionTimestamp": "2026-01-01T00:00:00Z"]
    let update = Reviews.review(.object(leaving), old: object, operation: "UPDATE")
    #expect(try service.admit(update).response["allowed"] == true)
    var status = try #require(create.object)
    var request = try #require(status["request"]?.object)
    request["subResource"] = "status"
    status["request"] = .object(request)
    #expect(try service.admit(.object(status)).response["allowed"] == true)
  }

  @Test func anUpdateIsJudgedWhereAdapterOrBaseChange() throws {
    let service = Service(answering: .unjudged("asked"))
    let object = Reviews.loraAdapter(Reviews.local("/adapters/support"))
    let same = try service.admit(Reviews.review(object, old: object, operation: "UPDATE")).response
    #expect(same["allowed"] == true && same["warnings"]?.array?.count == 1)
    for other in [Reviews.local("/adapters/other"), Reviews.local("/adapters/support", base: "other")] {
      let review = Reviews.review(Reviews.loraAdapter(other), old: object, operation: "UPDATE")
      #expect(try service.admit(review).response["allowed"] == false)
    }
  }

  @Test(
    arguments: [
      (["type": "local", "adapterName": "a"], "spec.adapterSource.adapterPath"),
      (["type": "huggingface", "adapterName": "a"], "spec.adapterSource.repository"),
      (.null, "spec.adapterSource"),
    ] as [(JSONValue, String)])
  func whatCanNeverBeLoadedIsDenied(_ source: JSONValue, _ field: String) throws {
    let review = Reviews.review(Reviews.loraAdapter(["baseModel": "llama", "adapterSource": source]))
    let (_, response) = try Service(answering: .unjudged("never asked")) { $0.failsOpen = true }.admit(review)
    #expect(response["allowed"] == false && response["status"]?["code"] == 422)
    #expect(response["status"]?["details"]?["causes"]?.array?.first?["field"] == .string(field))
  }

  /// What the controllers load decides: a path that is given is loaded whatever the type and the repository are.
  @Test(
    arguments: [
      (["type": "huggingface", "adapterName": "a", "repository": "org/name"], "hf://org/name"),
      (["type": "huggingface", "adapterName": "a", "repository": "org/name", "adapterPath": "/m/a"], "/m/a"),
      (["type": "s3", "adapterName": "a", "repository": "bucket/a"], "s3://bucket/a"),
      (["type": "http", "adapterName": "a", "repository": "https://host/a"], "https://host/a"),
    ] as [(JSONValue, String)])
  func sourcesLeadToWhatIsLoaded(_ source: JSONValue, _ adapter: String) throws {
    let review = Reviews.review(Reviews.loraAdapter(["baseModel": "llama", "adapterSource": source]))
    let (_, response) = try Service(answering: .judged(.null)).admit(review)
    let message = try #require(response["status"]?["message"]?.string)
    #expect(message == "not judged: {\"adapter\":\"\(adapter)\",\"base\":\"llama\"}", "\(message)")
  }

  @Test func oneReviewThatCannotBeUnderstoodIsAnErrorAndNoVerdict() throws {
    let service = Service(answering: .judged(FixedJudge.document("pass")))
    let good = create.text()
    for body in [
      "", "[]", "{", "null", good.replacing("admission.k8s.io/v1", with: "admission.k8s.io/v1beta1"),
      good.replacing("\"uid\"", with: "\"id\""), good.replacing("\"705ab4f5-6393\"", with: "7"),
      good.replacing("705ab4f5-6393", with: ""),
      good.replacing("705ab4f5-6393", with: String(repeating: "a", count: 257)),
      good.replacing("CREATE", with: "PATCH"), good.replacing("\"object\":{", with: "\"object\":3,\"o\":{"),
    ] {
      let answer = service.answer(HTTPRequest("POST", "/admission", body: Array(body.utf8)))
      #expect(answer.response.status == 400, "\(body)")
      let document = try JSONValue(parsing: answer.response.body)
      #expect(document["response"] == nil && document["error"]?.string?.isEmpty == false)
    }
  }

  @Test func anObjectThatIsNotWhatTheRequestSaysIsNotJudged() throws {
    let body = create.text().replacing("\"kind\":\"LoraAdapter\",\"metadata\"", with: "\"kind\":\"Other\",\"metadata\"")
    let (_, response) = try Service(answering: .judged(FixedJudge.document("pass"))).admit(
      JSONValue(parsing: Array(body.utf8)))
    #expect(response["allowed"] == false && response["status"]?["code"] == 403)
  }

  @Test func warningsStayWithinWhatKubernetesPassesOn() throws {
    let long = String(repeating: "ä€\u{1}", count: 400)
    let document = FixedJudge.document("warn", (0..<100).map { ("rule-\($0)", "warning", long) })
    let (_, response) = try Service(answering: .judged(document)).admit(create)
    let warnings = response["warnings"]?.array?.compactMap(\.string) ?? []
    #expect(response["allowed"] == true && warnings.count > 4)
    #expect(warnings.allSatisfy { $0.utf8.count <= 256 && !$0.unicodeScalars.contains("\u{1}") })
    #expect(warnings.reduce(0) { $0 + $1.utf8.count } <= 4096)
    #expect(warnings.last?.hasSuffix("more warnings are left out") == true)
  }
}
