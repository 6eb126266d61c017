import Foundation
import JSON
import LoRATestSupport
import Testing

/// The program with addresses for inputs.
@Suite(.enabled("needs libcurl, which is not installed") { RemoteProgram.hasCurl })
struct RemoteInputTests {
  @Test(arguments: [["inspect", "--stats"], ["validate"], ["validate", "--header-only"]])
  func anAddressIsReadLikeAPath(_ command: [String]) throws {
    let server = try RemoteProgram.fixtures()
    for name in [
      "adapters/llama-all-linear", "adapters/llama-all-linear/adapter_model.safetensors", "adapters/llama-zstd",
    ] {
      let here = try RemoteProgram.run(command + [name, "--format", "json"])
      let there = try RemoteProgram.run(command + ["\(server.url)/\(name)", "--format", "json"])
      #expect(there.code == here.code)
      #expect(there.output.replacing(server.url + "/", with: "") == here.output)
      #expect(there.errors == "")
    }
  }

  @Test func findingsLeadToTheAddress() throws {
    let server = try RemoteProgram.fixtures()
    let file = server.url + "/broken/rank-global/adapter_model.safetensors"
    let result = try RemoteProgram.run(["validate", file, "--format", "sarif"])
    #expect(result.code == 1)
    #expect(result.output.contains("\"uri\": \"\(file)\""))
  }

  @Test func aHeaderIsCheckedInTwoRequests() throws {
    let server = try RemoteProgram.fixtures()
    let file = server.url + "/adapters/llama-all-linear/adapter_model.safetensors"
    #expect(try RemoteProgram.run(["validate", "--header-only", file]).code == 0)
    #expect(server.requests.count == 2)
  }

  @Test func aMergeOfAddressesIsThatOfTheirFiles() throws {
    let server = try RemoteProgram.fixtures()
    let folder = try TemporaryFolder()
    for (place, output) in [("", "here"), (server.url + "/", "there")] {
      let result = try RemoteProgram.run([
        "merge", "--base", "models/llama-bf16-sharded", "--adapter", place + "adapters/llama-all-linear",
        "--output", folder.path(output), "--provenance", "none",
      ])
      #expect(result.code == 0, "\(result.errors)")
    }
    let here = try Fixtures.contents(of: folder.path("here"))
    let there = try Fixtures.contents(of: folder.path("there"))
    #expect(Set(here.keys) == Set(there.keys))
    for (name, bytes) in here where name.hasSuffix(".safetensors") { #expect(there[name] == bytes) }
  }

  @Test func secretsOfAnAddressAppearNowhere() throws {
    let server = try RemoteProgram.fixtures()
    let folder = try TemporaryFolder()
    let url =
      server.url.replacing("http://", with: "http://user:passwordsecret@")
      + "/signed/adapters/llama-all-linear/adapter_model.safetensors?sig=querysecret"
    for arguments in [
      ["inspect", url, "--verbose"], ["inspect", "--stats", "--format", "json", url],
      ["validate", "--format", "sarif", url], ["validate", "--format", "junit", url], ["validate", url, "--nonsense"],
      ["resize", url, "--rank", "2", "--output", folder.path("resized")],
      ["merge", "--base", "models/llama-bf16-sharded", "--adapter=" + url, "--output", folder.path("merged")],
      ["inspect", url.replacing("adapter_model", with: "other")], ["plan", url],
    ] {
      let result = try RemoteProgram.run(arguments)
      #expect(!(result.output + result.errors).contains("secret"), "\(arguments[0]): \(result.errors)")
    }
    for (name, bytes) in try Fixtures.contents(of: folder.path) {
      #expect(!String(decoding: bytes, as: UTF8.self).contains("secret"), "\(name)")
    }
    #expect(try !Fixtures.contents(of: folder.path("merged")).isEmpty)
  }

  /// A server's refusal is no finding about an adapter, wherever it comes.
  @Test func refusalsEndWithOneSentence() throws {
    let fixtures = try RemoteProgram.fixtures()
    let server = try LoopbackServer { request in
      let isWeights = request.path.hasSuffix(".safetensors")
      switch request.path.split(separator: "/").first {
      case "denied": return .init(403)
      case "later" where isWeights && request.range?.first != 0: return .init(403)
      case "config" where !isWeights: return .init(400)
      default:
        let name = request.path.split(separator: "/").dropFirst().joined(separator: "/")
        let bytes = FileManager.default.contents(atPath: Fixtures.path(name)).map { Array($0) }
        guard var bytes else { return .init(404) }
        if isWeights { bytes += [UInt8](repeating: 0, count: 300_000) }
        return .file(bytes, request)
      }
    }
    let file = "/adapters/llama-all-linear/adapter_model.safetensors"
    for command in [["inspect"], ["validate"], ["validate", "--format", "json"], ["validate", "--header-only"]] {
      for address in [
        server.url + "/denied" + file, server.url + "/config" + file, fixtures.url + "/nothing.safetensors",
      ] {
        let result = try RemoteProgram.run(command + [address])
        #expect(result.code == 2)
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        #expect(result.errors.contains("cannot open http://127.0.0.1"))
      }
    }
    let base = try RemoteProgram.run([
      "validate", "--base", server.url + "/denied/config.json", "adapters/llama-all-linear",
    ])
    #expect(base.code == 2 && base.errors.contains("(403)"))
  }

  @Test func withoutLibcurlOneSentenceSaysWhatToInstall() throws {
    let result = try RemoteProgram.run(
      ["inspect", "https://localhost/a.safetensors"], ["LORA_TOOL_LIBCURL": "/nonexistent"])
    #expect(result.code == 2)
    #expect(result.errors.split(separator: "\n").count == 1)
    #expect(result.errors.contains("needs libcurl") && result.errors.contains("libcurl4"))
    #expect(
      try RemoteProgram.run(["inspect", "adapters/llama-all-linear"], ["LORA_TOOL_LIBCURL": "/nonexistent"]).code == 0)
  }

  @Test func aCachedRepositoryIsAnAdapter() throws {
    let folder = try TemporaryFolder()
    try folder.write("hub/models--org--name/refs/main", "c0ffee")
    for name in ["adapter_config.json", "adapter_model.safetensors"] {
      try folder.write(
        "hub/models--org--name/snapshots/c0ffee/" + name, try Fixtures.bytes("adapters/llama-all-linear/" + name))
    }
    let environment = ["HF_HOME": folder.path, "HF_HUB_OFFLINE": "1"]
    for name in ["org/name", "org/name@c0ffee", "hf://org/name", "hf://org/name/adapter_model.safetensors"] {
      let result = try RemoteProgram.run(["validate", name, "--format", "json"], environment)
      #expect(result.code == 0, "\(result.errors)")
    }
    #expect(try RemoteProgram.run(["inspect", "org/other"], environment).code == 2)
  }

  @Test func anInterruptEndsAWait() throws {
    let server = try LoopbackServer { request in
      var response = LoopbackServer.Response(200)
      response.delay = 60
      return response
    }
    let folder = try TemporaryFolder()
    // A test's own threads hold signals back, and so does what they start; this command asks for them.
    let running = try Program.start(
      [
        "merge", "--base", "models/llama-bf16-sharded", "--adapter", server.url + "/a.safetensors", "--output",
        folder.path("out"),
      ], environment: RemoteProgram.alone)
    while server.requests.isEmpty && running.isRunning { Thread.sleep(forTimeInterval: 0.05) }
    let begin = Date()
    kill(running.id, SIGTERM)
    #expect(running.wait().code == -SIGTERM)
    #expect(Date().timeIntervalSince(begin) < 20)
    #expect(try Fixtures.contents(of: folder.path).isEmpty)
  }
}
