import Foundation
import JSON
import LoRATestSupport
import Testing

/// The program, asked over the network of this machine.
@Suite(.enabled("needs GNU libmicrohttpd, which was not installed when this was built") { RunningServer.isBuilt })
struct ServerTests {
  private static let shared = Result {
    try RunningServer(["--engine", "vllm", "--timeout", "30", "--max-body", "65536"])
  }

  private let server: RunningServer
  private let good = Fixtures.path("adapters/llama-all-linear")
  private let broken = Fixtures.path("broken/rank-global")

  init() throws { server = try Self.shared.get() }

  @Test func theDocumentIsThatOfTheProgram() throws {
    for adapter in [good, broken, Fixtures.path("adapters/llama-zstd")] {
      let answer = try server.validate(adapter, base: "llama")
      let options = ["--base", "models/llama-bf16-sharded", "--engine", "vllm", "--header-only", "--format", "json"]
      let document = try Program.run(["validate", adapter] + options).json()
      #expect(answer.status == 200 && answer.headers["content-type"] == "application/json")
      #expect(try answer.json()["adapters"] == document["adapters"], "\(adapter)")
      #expect(try answer.json()["status"] == document["status"])
    }
  }

  @Test func adaptersAreAdmittedOrDenied() throws {
    for (adapter, isAllowed) in [(good, true), (broken, false)] {
      for object in [Reviews.loraAdapter(Reviews.local(adapter)), Reviews.modelAdapter(adapter)] {
        let answer = try server.ask("POST", "/admission?timeout=10s", Reviews.review(object, uid: adapter).text())
        let response = try answer.json()["response"]
        #expect(answer.status == 200 && response?["uid"] == .string(adapter))
        #expect(response?["allowed"] == .bool(isAllowed), "\(answer.text)")
      }
    }
    let denied = try server.ask(
      "POST", "/admission", Reviews.review(Reviews.loraAdapter(Reviews.local(broken))).text()
    ).json()["response"]
    #expect(denied?["status"]?["message"]?.string?.contains("rank-mismatch") == true)
  }

  @Test func whatLiesOutsideOrIsNotKnownIsNotJudged() throws {
    for (adapter, base) in [
      ("/etc", "llama"), (good + "/../../../Package.swift", "llama"), (good, "nobody"), ("hf://a/b", "llama"),
    ] {
      let plain = try server.validate(adapter, base: base)
      #expect(plain.status == 422 && plain.text.contains("not judged: "), "\(plain.text)")
      let review = Reviews.review(Reviews.loraAdapter(Reviews.local(adapter, base: base)))
      let response = try server.ask("POST", "/admission", review.text()).json()["response"]
      #expect(response?["allowed"] == false && response?["status"]?["code"] == 403)
    }
  }

  @Test func whatAnEngineLoadsIsAFolder() throws {
    let file = good + "/adapter_model.safetensors"
    #expect(try server.validate(file, base: "llama").status == 200)
    let review = Reviews.review(Reviews.loraAdapter(Reviews.local(file)))
    let response = try server.ask("POST", "/admission", review.text()).json()["response"]
    #expect(response?["allowed"] == false && response?["status"]?["code"] == 403)
  }

  @Test func oneConnectionServesManyRequests() throws {
    let client = try server.connect()
    let question = RawClient.text("POST", "/validate", "{\"adapter\":\"\(good)\"}")
    for _ in 0..<5 {
      client.send(question)
      #expect(try client.response().status == 200)
    }
    // Sent at once, answered in turn.
    client.send(RawClient.text("GET", "/healthz") + question + RawClient.text("GET", "/readyz"))
    #expect(
      try [client.response().text, client.response().status.description, client.response().text] == [
        "ok\n", "200", "ready\n",
      ])
  }

  @Test func wrongRequestsAreAnsweredPlainly() throws {
    #expect(try server.ask("POST", "/admission", "{").status == 400)
    #expect(try server.ask("PUT", "/validate", "{}").status == 405)
    #expect(try server.ask("GET", "/nothing").status == 404)
    let client = try server.connect()
    client.send("\0\u{1}\u{2} nonsense\r\n\r\n")
    #expect((try? client.response().status) ?? 400 == 400)
  }

  @Test func bodiesThatAreTooLargeAreRefused() throws {
    let early = try server.connect()
    early.send("POST /validate HTTP/1.1\r\nHost: x\r\nContent-Length: 70000000000\r\n\r\n")
    #expect(try early.response().status == 413)
    // Of no declared length: refused when it is over, or cut when it goes on and on.
    let chunk = "10000\r\n" + String(repeating: "a", count: 65536) + "\r\n"
    let start = "POST /validate HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    let chunked = try server.connect()
    chunked.send(start + chunk + "1\r\na\r\n0\r\n\r\n")
    #expect(try chunked.response().status == 413)
    let endless = try server.connect()
    endless.send(start)
    var isOpen = true
    for _ in 0..<500 where isOpen { isOpen = endless.send(chunk) }
    #expect(!isOpen)
    #expect(try server.ask("GET", "/healthz").status == 200)
  }

  @Test func clientsThatAreSlowOrGoAwayAreEnded() throws {
    let server = try RunningServer(["--timeout", "1"])
    let start = Date()
    let silent = try server.connect()
    let slow = try server.connect()
    slow.send("POST /validate HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
    let trickling = try server.connect()
    var isOpen = true
    for _ in 0..<400 where isOpen {
      isOpen = trickling.send("G")
      Thread.sleep(forTimeInterval: 0.05)
    }
    #expect(!isOpen)
    #expect(silent.isClosed && slow.isClosed)
    #expect(Date().timeIntervalSince(start) < 30)
    let cut = try server.connect()
    cut.send("POST /admission HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    cut.close()
    #expect(try server.ask("GET", "/healthz").status == 200)
  }

  @Test func metricsTellWhatWasAnswered() throws {
    _ = try server.validate(broken, base: "llama")
    let metrics = try server.ask("GET", "/metrics")
    #expect(metrics.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
    #expect(metrics.text.contains("lora_tool_requests_total{path=\"/validate\",outcome=\"fail\"}"))
    #expect(metrics.text.contains("lora_tool_findings_total{rule=\"rank-mismatch\",severity=\"error\"}"))
  }

  @Test func everyJudgedRequestIsALineOfTheLog() throws {
    let uid = UUID().uuidString
    _ = try server.ask(
      "POST", "/admission", Reviews.review(Reviews.loraAdapter(Reviews.local(broken)), uid: uid).text())
    let line = server.log.first { $0["uid"]?.string == uid }
    #expect(line?["outcome"] == "denied" && line?["path"] == "/admission" && line?["name"] == "serving/support")
    #expect(line?["adapter"]?.string == broken && line?["rules"]?.array?.contains("rank-mismatch") == true)
  }

  @Test func manyClientsAtOnceGetTheirOwnAnswers() throws {
    let clients = try (0..<40).map { _ in try server.connect() }
    for round in 0..<5 {
      for (number, client) in clients.enumerated() {
        let adapter = number % 2 == 0 ? good : broken
        let review = Reviews.review(Reviews.loraAdapter(Reviews.local(adapter)), uid: "\(round)-\(number)")
        client.send(RawClient.text("POST", "/admission", review.text()))
      }
      for (number, client) in clients.enumerated() {
        let response = try client.response().json()["response"]
        #expect(response?["uid"] == .string("\(round)-\(number)") && response?["allowed"] == .bool(number % 2 == 0))
      }
    }
  }
}
