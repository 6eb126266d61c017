import Glibc
import JSON
import Synchronization
import TensorCore

/// Objects below a prefix of a bucket: `s3://BUCKET/KEY`.
///
/// Requests are signed for the bucket's own hosts alone.
final class BucketSite: RemoteSite {
  private let bucket: String
  /// The key of the root, with a slash at the end unless it is the whole bucket.
  private let prefix: String
  private let settings: AWSSettings
  /// The region, which the first answer may correct.
  private let region: Mutex<String>

  /// Most keys that are listed below a prefix.
  private static let keyLimit = 200_000

  init(bucket: String, prefix: String, _ settings: AWSSettings) {
    self.bucket = bucket
    self.prefix = prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/"
    self.settings = settings
    region = Mutex(settings.region)
  }

  /// Bucket and key of an address.
  static func parts(of text: String) throws(RemoteFailure) -> (bucket: String, key: String) {
    let rest = text.dropFirst("s3://".count)
    let bucket = rest.prefix { $0 != "/" }
    let key = rest.dropFirst(bucket.count + 1)
    let isPlain = bucket.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
        true
      default: false
      }
    }
    guard isPlain, (1...255).contains(bucket.utf8.count), !bucket.hasPrefix("."), !bucket.contains("..") else {
      throw RemoteFailure(.other, "it is not s3://BUCKET/KEY")
    }
    return (String(bucket), String(key))
  }

  // MARK: Files

  func files(_ transport: Transport) throws(RemoteFailure) -> [String]? {
    var keys: [String] = []
    var next: String?
    repeat {
      // In the order of the signature.
      var query = next.map { "continuation-token=\($0.asURLComponent)&" } ?? ""
      query += "encoding-type=url&list-type=2&prefix=\(prefix.asURLComponent)"
      let answer: HTTPAnswer
      do throws(RemoteFailure) {
        answer = try transport.get(address(key: "", query: query), of: self, limit: 16 << 20)
      } catch {
        // Many may read objects but not list them.
        if error.kind == .refused { return nil }
        throw error
      }
      guard answer.status == 200, !answer.hasMore, let page = BucketListing(answer.body) else {
        throw RemoteFailure(
          .other, "\(escaped(answer.address.host, limit: 100)) did not answer as S3 does; check AWS_ENDPOINT_URL")
      }
      keys += page.keys
      guard keys.count <= Self.keyLimit else {
        throw RemoteFailure(.other, "more than \(Self.keyLimit) objects lie there; name a longer key")
      }
      guard page.next != next || next == nil else { break }
      next = page.next
    } while next != nil
    return keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
      .filter { !$0.isEmpty && !$0.hasSuffix("/") }
  }

  func address(of file: String) throws(RemoteFailure) -> WebAddress { address(key: prefix + file) }

  /// The address of an object, or of the bucket for an empty key.
  private func address(key: String, query: String? = nil) -> WebAddress {
    let path = "/" + key.asURLPath
    if var endpoint = settings.endpoint {
      while endpoint.path.hasSuffix("/") { endpoint.path.removeLast() }
      endpoint.path += "/\(bucket)" + path
      endpoint.query = query
      return endpoint
    }
    let region = region.withLock { $0 }
    let service = "s3.\(region).amazonaws.com" + (region.hasPrefix("cn-") ? ".cn" : "")
    // The certificate covers one label before the service's name.
    guard bucket.contains(".") || bucket.contains("_") || bucket.lowercased() != bucket else {
      return WebAddress(scheme: "https", host: "\(bucket).\(service)", path: path, query: query)
    }
    return WebAddress(scheme: "https", host: service, path: "/\(bucket)" + path, query: query)
  }

  // MARK: Requests

  func headerLines(for address: WebAddress) -> [String] {
    guard let credentials = settings.credentials, isOwn(address) else { return [] }
    let signature = RequestSignature(credentials, region: region.withLock { $0 })
    return signature.headerLines(
      host: address.authority, path: address.path, query: address.query, seconds: Int(time(nil)))
  }

  private func isOwn(_ address: WebAddress) -> Bool {
    if let endpoint = settings.endpoint { return address.origin == endpoint.origin }
    return address.host.hasSuffix(".amazonaws.com") || address.host.hasSuffix(".amazonaws.com.cn")
  }

  /// A bucket of another region says so; the same object is then asked for there.
  func redirect(_ answer: HTTPAnswer) throws(RemoteFailure) -> WebAddress? {
    let old = region.withLock { $0 }
    guard let home = answer.headers["x-amz-bucket-region"], home != old, AWSSettings.isRegion(home),
      [301, 307, 400].contains(answer.status)
    else { return try answer.redirect }
    region.withLock { $0 = home }
    var address = answer.address
    if settings.endpoint == nil {
      let moved = self.address(key: "")
      address = WebAddress(scheme: moved.scheme, host: moved.host, path: address.path, query: address.query)
    }
    return address
  }

  func explanation(of answer: HTTPAnswer) -> RemoteFailure {
    let code = answer.error.firstRange(between: "<Code>", and: "</Code>") ?? ""
    let keys = settings.credentials == nil ? "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE" : ""
    switch code {
    case "NoSuchBucket": return RemoteFailure(.absent, "there is no bucket \(escaped(bucket)) (\(answer.status))")
    case "NoSuchKey": return RemoteFailure(.absent, "the bucket \(escaped(bucket)) has no such object (404)")
    case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "RequestTimeTooSkewed":
      let what =
        switch code {
        case "ExpiredToken": "the session token has expired; get new credentials"
        case "RequestTimeTooSkewed": "this machine's clock is wrong; set it"
        default: "the AWS credentials are not valid there; check them"
        }
      return RemoteFailure(.refused, "\(what) (\(answer.status), \(code))")
    default:
      return answer.failure(
        advice: [401, 403].contains(answer.status)
          ? (keys.isEmpty ? "check what the AWS credentials may read" : keys) : "")
    }
  }
}

extension String {
  /// What stands between two texts, when it is a short word.
  fileprivate func firstRange(between start: String, and end: String) -> String? {
    let parts = split(separator: start, maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let word = parts[1].split(separator: end, maxSplits: 1, omittingEmptySubsequences: false)
    guard word.count == 2, word[0].utf8.count <= 60, word[0].allSatisfy({ $0.isLetter && $0.isASCII }) else {
      return nil
    }
    return String(word[0])
  }
}
