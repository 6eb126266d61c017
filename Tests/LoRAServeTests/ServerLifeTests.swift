import Foundation
import Glibc
import JSON
import LoRATestSupport
import Testing

/// How a server begins and ends.
@Suite(.enabled("needs GNU libmicrohttpd, which was not installed when this was built") { RunningServer.isBuilt })
struct ServerLifeTests {
  private let good = Fixtures.path("adapters/llama-all-linear")

  /// Fifty requests of which half is sent when the signal comes are all answered.
  @Test(arguments: [SIGTERM, SIGINT])
  func nothingThatHasBegunIsLost(_ number: CInt) throws {
    let server = try RunningServer()
    let clients = try (0..<50).map { _ in try server.connect() }
    let text = RawClient.text("POST", "/validate", "{\"adapter\":\"\(good)\",\"base\":\"llama\"}")
    let half = text.index(text.startIndex, offsetBy: text.count - 30)
    for client in clients { client.send(String(text[..<half])) }
    // One that has only connected is answered, too.
    let late = try server.connect()
    server.signal(number)
    late.send(text)
    // When none is let in any more, every answer closes its connection.
    for _ in 0..<400 where (try? server.connect()) != nil { Thread.sleep(forTimeInterval: 0.05) }
    for client in clients { client.send(String(text[half...])) }
    for client in clients + [late] {
      let response = try client.response()
      #expect(response.status == 200 && response.headers["connection"] == "close")
      #expect(try response.json()["status"] == "pass")
    }
    #expect(throws: RawClient.Ended.self) { try server.ask("GET", "/healthz") }
    let result = server.process.wait()
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.errors.contains("\"event\":\"ended\""))
  }

  /// What is not readable in time is answered as unjudged, or ended with the server, and the process of the judge too.
  @Test(.enabled("needs libcurl, which is not installed") { Addresses.areRead })
  func addressesAreReadWhereAllowedAndInTime() throws {
    let files = try LoopbackServer { request in
      guard let bytes = FileManager.default.contents(atPath: Fixtures.root + request.path) else { return .init(404) }
      var response = LoopbackServer.Response.file(Array(bytes), request)
      if request.path.contains("llama-second") { response.delay = 60 }
      return response
    }
    let server = try RunningServer(
      ["--allow-remote", files.url + "/adapters", "--timeout", "15"],
      environment: ["HF_HOME": "/nonexistent", "http_proxy": ""])
    let file = "/adapter_model.safetensors"
    let answer = try server.validate("\(files.url)/adapters/llama-all-linear\(file)", base: "llama")
    #expect(answer.status == 200, "\(answer.text)")
    #expect(try answer.json()["status"] == "pass")
    let count = files.requests.count
    #expect(try server.validate("\(files.url)/broken/rank-global\(file)", base: "llama").status == 422)
    #expect(files.requests.count == count)
    let missing = try server.validate("\(files.url)/adapters/nothing\(file)", base: "llama")
    #expect(missing.status == 422, "\(missing.text)")
    let slow = try server.validate("\(files.url)/adapters/llama-second\(file)", base: "llama")
    #expect(slow.status == 422 && slow.text.contains("--timeout"), "\(slow.text)")
  }

  @Test func valuesAreReadWhereTheServerReadsThem() throws {
    let server = try RunningServer(["--values"])
    let broken = Fixtures.path("broken/value-nan-bf16-7fc0")
    let answer = try server.validate(broken)
    #expect(answer.status == 200, "\(answer.text)")
    #expect(try answer.json()["adapters"] == Program.run(["validate", broken, "--format", "json"]).json()["adapters"])
    #expect(answer.text.contains("value-nan"))
  }

  @Test func aSocketOfTheFileSystemIsServedAndRemoved() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("socket")
    let server = try RunningServer(listen: "unix:\(path)")
    #expect(server.address == "unix:\(path)" && FileManager.default.fileExists(atPath: path))
    server.signal(SIGTERM)
    #expect(server.process.wait().code == 0)
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test(.enabled("needs the programs openssl and curl") { try Program.exist("openssl", "curl") })
  func certificatesAreUsedAndReadAgain() throws {
    let folder = try TemporaryFolder()
    func make(_ name: String) throws {
      let line = """
        openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=\(name) -addext subjectAltName=IP:127.0.0.1 -days 2 \
        -keyout \(folder.path("\(name).key")) -out \(folder.path("\(name).crt")) 2>&1
        """
      #expect(try Program.shell(line).code == 0)
    }
    try make("one")
    try make("two")
    let (certificate, key) = (folder.path("tls.crt"), folder.path("tls.key"))
    try folder.link("tls.crt", to: "one.crt")
    try folder.link("tls.key", to: "one.key")
    let server = try RunningServer(["--tls-cert", certificate, "--tls-key", key])
    func health(_ name: String) throws -> Bool {
      let line = "curl --silent --noproxy '*' --cacert \(folder.path("\(name).crt")) \(server.address)/healthz"
      return try Program.shell(line).output == "ok\n"
    }
    #expect(server.address.hasPrefix("https://"))
    #expect(try health("one") && !health("two"))
    // A certificate without its key is not taken.
    try folder.remove("tls.crt")
    try folder.link("tls.crt", to: "two.crt")
    Thread.sleep(forTimeInterval: 0.5)
    #expect(try health("one"))
    try folder.remove("tls.key")
    try folder.link("tls.key", to: "two.key")
    var isRenewed = false
    for _ in 0..<100 where !isRenewed {
      Thread.sleep(forTimeInterval: 0.1)
      isRenewed = try health("two")
    }
    #expect(isRenewed)
    #expect(try !health("one"))
  }

  @Test func withoutTheServerBesideItTheProgramSaysWhereItLooked() throws {
    let folder = try TemporaryFolder()
    // Copied by another process: one that is started here meanwhile would hold the file open for writing for a moment.
    let copy = "cp '\(Program.path)' '\(folder.path("lora-tool"))'"
    let result = try Program.shell("\(copy) && PATH=/nonexistent '\(folder.path("lora-tool"))' serve --root .")
    #expect(result.code == 2 && result.output.contains("lora-tool-serve"), "\(result.output)")
    #expect(result.output.split(separator: "\n").count == 1)
  }

  @Test func theManifestIsACommandLineOfThisProgram() throws {
    let file = Fixtures.root + "/../docs/kubernetes/deployment.yaml"
    let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
      .map { $0.trimmingCharacters(in: .whitespaces) }
    let words = lines.drop { $0 != "args:" }.dropFirst().prefix { $0.hasPrefix("- --") || $0.hasPrefix("#") }
      .filter { $0.hasPrefix("- ") }.map { String($0.dropFirst(2)) }
    #expect(words.count > 8)
    let arguments = words.map {
      $0.replacing("/bases/llama-3.1-8b.json", with: "bases/llama-7b.json").replacing("/data/", with: "")
        .replacing("/policy/", with: "policies/")
    }
    let result = try Program.run(["serve", "--check"] + arguments)
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains("listen  :8443 with TLS\n") && result.output.contains("engine  vllm@"))
  }

  @Test(arguments: [
    (["--tls-cert", "README.md", "--tls-key", "README.md"], "cannot be used"),
    (["--listen", "127.0.0.1:65536"], "--listen wants"), (["--listen", "256.0.0.1:80"], "--listen"),
    (["--base", "x=/no/such"], "/no/such"), (["--root", "README.md"], "is no folder"),
  ])
  func whatCannotBeServedIsSaidAtOnce(_ arguments: [String], _ words: String) throws {
    let result = try Program.run(["serve", "--root", ".", "--listen", "127.0.0.1:0"] + arguments)
    #expect(result.code == 2 && result.errors.contains(words), "\(result.errors)")
    #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
  }
}

/// Whether the program can read addresses.
enum Addresses {
  static let areRead: Bool = {
    guard let server = try? LoopbackServer({ _ in .init(404) }) else { return false }
    return (try? Program.run(["inspect", server.url + "/a.safetensors"]))?.errors.contains("libcurl") == false
  }()
}
