import LoRAIO
import LoRATestSupport
import Testing

@testable import RemoteFiles

/// What lies where on a server.
@Suite(.enabled("needs libcurl, which is not installed") { (try? CurlLibrary.load()) != nil })
struct FolderTests {
  private static func files(_ variables: [String: String] = [:]) -> RemoteFiles {
    var settings = TransportSettings(environment: { _ in nil })
    settings.firstWait = 0.01
    return RemoteFiles(environment: { variables[$0] }, settings: settings)
  }

  private static func hub(_ answer: @escaping @Sendable (LoopbackServer.Request) -> LoopbackServer.Response) throws
    -> (LoopbackServer, [String: String])
  {
    let server = try LoopbackServer { request in
      guard request.path.hasPrefix("/api/models/org/name/revision/main") else { return answer(request) }
      let list = """
        {"id": "org/name", "sha": "c0ffee", "siblings": [{"rfilename": "adapter_config.json", "size": 2,
        "blobId": "b10b"}, {"rfilename": "sub/adapter_model.safetensors"}, {"rfilename": "../../escape"},
        {"rfilename": "/etc/passwd"}, {"rfilename": 7}, 8, {"rfilename": "a//b"}]}
        """
      return .init(200, body: Array(list.utf8))
    }
    return (server, ["HF_ENDPOINT": server.url, "HF_HOME": "/nonexistent", "HF_TOKEN": "hf_secret"])
  }

  @Test func aRepositoryIsListedOnce() throws {
    let (server, variables) = try Self.hub { .file(Array("{}".utf8), $0) }
    let files = Self.files(variables)
    #expect(try files.names(in: "hf://org/name") == ["adapter_config.json", "sub"])
    #expect(try files.names(in: "hf://org/name/sub") == ["adapter_model.safetensors"])
    #expect(try files.kind(of: "hf://org/name/sub") == .folder)
    #expect(try files.kind(of: "hf://org/name/adapter_config.json") == .regular)
    #expect(try files.kind(of: "hf://org/name/other") == nil)
    #expect(try files.kind(of: "hf://org/name/../escape") == nil)
    #expect(server.requests.count == 1)
    _ = try files.open("hf://org/name/adapter_config.json")
    #expect(server.requests.last?.target == "/org/name/resolve/c0ffee/adapter_config.json")
    #expect(server.requests.allSatisfy { $0.headers["authorization"] == "Bearer hf_secret" })
    #expect(throws: IOError.self) { try files.open("hf://org/name/other") }
    #expect(throws: IOError.self) { try files.names(in: "hf://org/name/other") }
  }

  @Test func theTokenStaysWithTheHub() throws {
    let other = try LoopbackServer { .file(Array("{}".utf8), $0) }
    let (_, variables) = try Self.hub { [url = other.url] _ in .init(302, headers: ["Location": url + "/x"]) }
    _ = try Self.files(variables).open("hf://org/name/adapter_config.json")
    #expect(other.requests.count == 1)
    #expect(other.requests[0].headers["authorization"] == nil)
  }

  @Test func filesOfTheCacheAreNotAskedFor() throws {
    let folder = try TemporaryFolder()
    let (server, variables) = try Self.hub { _ in .init(500) }
    try folder.write("hub/models--org--name/blobs/b10b", "{}")
    var cached = variables
    cached["HF_HOME"] = folder.path
    #expect(try Self.files(cached).open("hf://org/name/adapter_config.json").size == 2)
    #expect(server.requests.count == 1)
    // One of another size is not the file.
    try folder.write("hub/models--org--name/blobs/b10b", "{ }")
    let files = Self.files(cached)
    #expect(throws: IOError.self) { try files.open("hf://org/name/adapter_config.json") }
  }

  @Test func theCacheStandsForAHubThatIsNotThere() throws {
    let folder = try TemporaryFolder()
    try folder.write("hub/models--org--name/refs/main", "c0ffee")
    try folder.write("hub/models--org--name/snapshots/c0ffee/adapter_config.json", "{}")
    let closed = try LoopbackServer.unusedURL()
    for variables in [
      ["HF_HUB_OFFLINE": "1"], ["HF_ENDPOINT": closed], ["HF_HUB_OFFLINE": "yes", "HF_ENDPOINT": closed],
    ] {
      let all = variables.merging(["HF_HOME": folder.path]) { $1 }
      let files = Self.files(all)
      #expect(try files.names(in: "hf://org/name") == ["adapter_config.json"])
      #expect(try files.open("hf://org/name/adapter_config.json").size == 2)
      #expect(files.failure == nil)
      #expect(throws: IOError.self) { try Self.files(all).names(in: "hf://org/other") }
    }
  }

  @Test(arguments: ["", "[]", "{\"siblings\": 1}", "<html>", "{\"sha\": \"x\""])
  func whatIsNoListIsRefused(_ body: String) throws {
    let server = try LoopbackServer { _ in .init(200, body: Array(body.utf8)) }
    let files = Self.files(["HF_ENDPOINT": server.url, "HF_HOME": "/nonexistent"])
    #expect(throws: IOError.self) { try files.names(in: "hf://org/name") }
  }

  @Test func tokensAreFoundWhereOtherToolsFindThem() throws {
    let folder = try TemporaryFolder()
    try folder.write("token", "hf_file\n")
    func token(_ variables: [String: String]) throws -> String? {
      try HubSettings { variables[$0] }.token
    }
    #expect(try token(["HF_HOME": folder.path]) == "hf_file")
    #expect(try token(["HF_HOME": folder.path, "HF_TOKEN": "hf_variable"]) == "hf_variable")
    #expect(try token(["HF_TOKEN_PATH": folder.path("token")]) == "hf_file")
    #expect(try token(["HF_HOME": folder.path, "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"]) == nil)
    #expect(try token(["HF_HOME": "/nonexistent", "HF_TOKEN": "a\r\nX: b"]) == nil)
  }

  @Test func aFolderThatIsNotListedIsAskedForUsualNames() throws {
    let server = try LoopbackServer { request in
      switch request.path {
      case "/a/adapter_config.json", "/a/adapter_model.safetensors", "/blob": .file(Array("{}".utf8), request)
      case let path where path.hasPrefix("/a/"): .init(403)
      default: .init(404)
      }
    }
    let files = Self.files()
    let path = files.path(for: server.url + "/a/?key=secret")
    #expect(try files.kind(of: path) == .folder)
    #expect(try files.names(in: path) == ["adapter_config.json", "adapter_model.safetensors"])
    let count = server.requests.count
    _ = try files.open(path + "/adapter_config.json")
    #expect(server.requests.count == count)
    #expect(server.requests.allSatisfy { $0.target.hasSuffix("?key=secret") })
    #expect(try files.kind(of: files.path(for: server.url + "/blob")) == .regular)
    #expect(throws: IOError.self) { try files.kind(of: files.path(for: server.url + "/nothing")) }
  }

  @Test func besideAFileOnlyItsConfigIsLookedFor() throws {
    let server = try LoopbackServer { request in
      request.path == "/a/x.safetensors" ? .file(Array("{}".utf8), request) : .init(403)
    }
    let files = Self.files()
    let path = files.path(for: server.url + "/a/x.safetensors")
    #expect(try files.kind(of: path) == .regular)
    #expect(try files.kind(of: server.url + "/a/adapter_config.json") == nil)
    #expect(try files.kind(of: server.url + "/a/adapter_config.json") == nil)
    #expect(try files.kind(of: server.url + "/a/tokenizer.json") == nil)
    #expect(try files.names(in: server.url + "/a") == ["x.safetensors"])
    #expect(server.requests.count == 2)
    #expect(files.failure == nil)
    // Another file of weights, such as a shard, must be there once it is named.
    #expect(throws: IOError.self) { try files.kind(of: server.url + "/a/model-00002-of-00002.safetensors") }
    #expect(files.failure != nil)
  }

  /// Addresses of one folder may each have a signature of their own, and so may two of one file.
  @Test func everyNamedFileKeepsItsOwnSignature() throws {
    let targets = ["/a/x.safetensors?one", "/a/y.safetensors?two", "/a/x.safetensors?three"]
    let server = try LoopbackServer { request in
      targets.contains(request.target) ? .file(Array(request.target.utf8), request) : .init(403)
    }
    let files = Self.files()
    let paths = targets.map { files.path(for: server.url + $0) }
    #expect(paths == ["/a/x.safetensors", "/a/y.safetensors", "/a/#2/x.safetensors"].map { server.url + $0 })
    for path in paths {
      #expect(try files.kind(of: path) == .regular)
      #expect(try files.kind(of: Folder.join(Folder.parent(path), "adapter_config.json")) == nil)
      _ = try files.open(path)
    }
    #expect(server.requests.filter { targets.contains($0.target) }.count == 3)
  }

  @Test func anEmptyBucketIsAnEmptyFolder() throws {
    let server = try LoopbackServer { _ in .init(200, body: Array("<ListBucketResult></ListBucketResult>".utf8)) }
    let files = Self.files(["AWS_ENDPOINT_URL": server.url])
    #expect(try files.kind(of: "s3://bucket") == .folder)
    #expect(try files.names(in: "s3://bucket") == [])
  }

  @Test func aBucketIsListedAndSigned() throws {
    let server = try LoopbackServer { request in
      guard request.path == "/bucket/" else { return .file(Array("{}".utf8), request) }
      let isFirst = !request.target.contains("continuation-token=more%2B")
      let key = isFirst ? "team%20a/adapter_config.json" : "team%20a/x/adapter_model.safetensors"
      let next = isFirst ? "<IsTruncated>true</IsTruncated><NextContinuationToken>more+</NextContinuationToken>" : ""
      let text = "<ListBucketResult>\(next)<Contents><Key>\(key)</Key></Contents></ListBucketResult>"
      return .init(200, body: Array(text.utf8))
    }
    let variables = [
      "AWS_ENDPOINT_URL": server.url, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
      "AWS_SESSION_TOKEN": "session",
    ]
    let files = Self.files(variables)
    #expect(try files.names(in: "s3://bucket/team a") == ["adapter_config.json", "x"])
    #expect(try files.kind(of: "s3://bucket/team a/x/adapter_model.safetensors") == .regular)
    _ = try files.open("s3://bucket/team a/adapter_config.json")
    #expect(server.requests.count == 3)
    #expect(server.requests.last?.target == "/bucket/team%20a/adapter_config.json")
    for request in server.requests {
      #expect(request.headers["authorization"]?.hasPrefix("AWS4-HMAC-SHA256 Credential=key/") == true)
      #expect(request.headers["x-amz-security-token"] == "session")
    }
    #expect(throws: IOError.self) { try files.kind(of: "s3://../x") }
  }

  @Test func aBucketTellsItsRegion() throws {
    let server = try LoopbackServer { request in
      request.headers["authorization"]?.contains("/eu-central-1/s3/") == true
        ? .file(Array("{}".utf8), request) : .init(400, headers: ["x-amz-bucket-region": "eu-central-1"])
    }
    let variables = ["AWS_ENDPOINT_URL": server.url, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"]
    let files = Self.files(variables)
    #expect(try files.kind(of: "s3://bucket/a.safetensors") == .regular)
    #expect(server.requests.count == 2)
  }

  @Test func credentialsAreFoundWhereOtherToolsFindThem() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      ".aws/credentials",
      "[default]\naws_access_key_id = one\naws_secret_access_key=two=\n# x\n[team]\naws_access_key_id=three\n"
        + "aws_secret_access_key = four\naws_session_token=five\n")
    try folder.write(
      ".aws/config", "[default]\nregion = eu-west-1\n[profile  team]\nregion=eu-west-2\ns3 =\n  region = no\n")
    func settings(_ variables: [String: String]) throws -> AWSSettings {
      let all = variables.merging(["HOME": folder.path]) { $1 }
      return try AWSSettings { all[$0] }
    }
    #expect(try settings([:]).credentials == AWSCredentials(keyID: "one", secret: "two="))
    #expect(try settings([:]).region == "eu-west-1")
    let team = try settings(["AWS_PROFILE": "team"])
    #expect(team.credentials == AWSCredentials(keyID: "three", secret: "four", sessionToken: "five"))
    #expect(team.region == "eu-west-2")
    let both = try settings(["AWS_PROFILE": "team", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"])
    #expect(both.credentials == AWSCredentials(keyID: "a", secret: "b"))
    #expect(try settings(["AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "x"]).region == "us-west-2")
    #expect(throws: RemoteFailure.self) { try settings(["AWS_PROFILE": "nobody"]) }
    #expect(throws: RemoteFailure.self) { try settings(["AWS_REGION": "evil.example/"]) }
    #expect(try settings(["AWS_ENDPOINT_URL": "http://minio:9000"]).endpoint?.authority == "minio:9000")
  }
}
