import Foundation
import LoRATestSupport

/// The program with addresses for inputs, and without what the environment says about others.
enum RemoteProgram {
  /// Whether the program finds libcurl.
  static let hasCurl: Bool = {
    guard let server = try? LoopbackServer({ _ in .init(404) }) else { return false }
    let result = try? Program.run(["inspect", server.url + "/a.safetensors"])
    return result?.errors.contains("libcurl") == false
  }()

  /// The files of the test data; those below `/signed/` must be asked for in the right way.
  static func fixtures() throws -> LoopbackServer {
    try LoopbackServer { request in
      let path = request.path.replacing("/signed/", with: "/")
      if request.path.hasPrefix("/signed/"), !request.target.hasSuffix("?sig=querysecret") { return .init(403) }
      guard let bytes = FileManager.default.contents(atPath: Fixtures.root + path) else { return .init(404) }
      return .file(Array(bytes), request)
    }
  }

  static let alone = [
    "HF_HOME": "/nonexistent", "HF_TOKEN": "", "HF_HUB_OFFLINE": "", "AWS_PROFILE": "", "AWS_ACCESS_KEY_ID": "",
    "http_proxy": "", "HOME": "/nonexistent",
  ]

  static func run(_ arguments: [String], _ environment: [String: String] = [:]) throws -> Program.Result {
    try Program.run(arguments, environment: alone.merging(environment) { $1 })
  }
}
