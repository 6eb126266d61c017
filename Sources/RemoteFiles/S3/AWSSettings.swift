import LoRAIO

/// What the environment and the shared files of AWS say, with the meaning that AWS's own tools give it.
struct AWSSettings: Sendable {
  /// Nil to ask without a signature, which public buckets allow.
  let credentials: AWSCredentials?
  let region: String
  /// Another service that speaks S3; nil for AWS.
  let endpoint: WebAddress?

  init(environment: (String) -> String?) throws(RemoteFailure) {
    let home = environment("HOME") ?? ""
    let profile = environment("AWS_PROFILE").nonEmpty ?? "default"
    let keys = Self.section(
      profile, of: environment("AWS_SHARED_CREDENTIALS_FILE").nonEmpty ?? Folder.join(home, ".aws/credentials"),
      environment)
    let configPath = environment("AWS_CONFIG_FILE").nonEmpty ?? Folder.join(home, ".aws/config")
    let config =
      profile == "default"
      ? Self.section(profile, of: configPath, environment)
      : Self.section("profile " + profile, of: configPath, environment)
    if let id = environment("AWS_ACCESS_KEY_ID").nonEmpty, let secret = environment("AWS_SECRET_ACCESS_KEY").nonEmpty {
      credentials = AWSCredentials(
        keyID: id, secret: secret, sessionToken: environment("AWS_SESSION_TOKEN").nonEmpty)
    } else {
      let source = [keys, config].compactMap { $0 }.first { $0["aws_access_key_id"] != nil }
      if let id = source?["aws_access_key_id"], let secret = source?["aws_secret_access_key"] {
        credentials = AWSCredentials(keyID: id, secret: secret, sessionToken: source?["aws_session_token"])
      } else {
        guard environment("AWS_PROFILE").nonEmpty == nil || keys != nil || config != nil else {
          throw RemoteFailure(.other, "AWS_PROFILE names a profile that is in none of AWS's files")
        }
        credentials = nil
      }
    }
    guard credentials?.isPlain ?? true else {
      throw RemoteFailure(.other, "the AWS credentials hold characters that no key has; set them again")
    }
    region =
      environment("AWS_REGION").nonEmpty ?? environment("AWS_DEFAULT_REGION").nonEmpty ?? config?["region"]
      ?? keys?["region"] ?? "us-east-1"
    guard Self.isRegion(region) else { throw RemoteFailure(.other, "AWS_REGION is not the name of a region") }
    let ignores = environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")?.lowercased() == "true"
    let address =
      environment("AWS_ENDPOINT_URL_S3").nonEmpty ?? environment("AWS_ENDPOINT_URL").nonEmpty ?? config?["endpoint_url"]
    do throws(RemoteFailure) {
      // Who runs a service in a network of their own sets its address; a signature does not tell the key.
      endpoint =
        ignores
        ? nil
        : try address.map { text throws(RemoteFailure) in
          try WebAddress(parsing: text, allowsPlain: true)
        }
    } catch {
      throw RemoteFailure(.other, "AWS_ENDPOINT_URL cannot be used: \(error.reason)")
    }
  }

  static func isRegion(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        ("a"..."z").contains(Character(UnicodeScalar($0))) || (48...57).contains($0) || $0 == 45
      }
  }

  /// The members of a section `[name]` of a file; nil when there is no such section.
  private static func section(_ name: String, of path: String, _ environment: (String) -> String?)
    -> [String: String]?
  {
    let path = HubCache.expanded(path, environment)
    guard FileKind(path: path) == .regular, let bytes = try? InputFile.contents(of: path, limit: 1 << 20) else {
      return nil
    }
    var members: [String: String]?
    var isInside = false
    for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
      let text = line.trimmed
      if text.hasPrefix("#") || text.hasPrefix(";") { continue }
      if text.hasPrefix("[") {
        let title = text.dropFirst().prefix { $0 != "]" }.trimmed
        isInside = title.split(whereSeparator: \.isWhitespace).joined(separator: " ") == name
        if isInside { members = members ?? [:] }
      } else if isInside, line.first?.isWhitespace == false, let equals = text.firstIndex(of: "=") {
        members?[text[..<equals].trimmed.lowercased()] = String(text[text.index(after: equals)...].trimmed)
      }
    }
    return members
  }
}

extension AWSCredentials {
  /// Whether everything can stand in a header.
  fileprivate var isPlain: Bool {
    [keyID, secret, sessionToken ?? ""].allSatisfy { $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } }
  }
}

extension Substring {
  fileprivate var trimmed: Substring {
    var text = drop { $0.isWhitespace }
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}
