import Glibc
import TensorCore

/// Keys of an account of AWS, or of a service that speaks S3.
package struct AWSCredentials: Sendable, Equatable {
  package let keyID: String
  package let secret: String
  /// Part of credentials that end after a while.
  package let sessionToken: String?

  /// Keys as they are given.
  package init(keyID: String, secret: String, sessionToken: String? = nil) {
    self.keyID = keyID
    self.secret = secret
    self.sessionToken = sessionToken
  }
}

/// AWS Signature Version 4 of a GET without a body, in headers.
package struct RequestSignature: Sendable {
  let credentials: AWSCredentials
  let region: String

  /// The SHA-256 of no bytes.
  private static let emptyDigest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  /// Signs for a region.
  package init(_ credentials: AWSCredentials, region: String) {
    self.credentials = credentials
    self.region = region
  }

  /// The header lines that sign a request.
  ///
  /// - Parameters:
  ///   - host: as the `Host` header has it.
  ///   - path: percent-encoded once, as S3 wants it, and as it is sent.
  ///   - query: `name=value` with both percent-encoded, joined by `&`.
  ///   - seconds: time since 1970.
  package func headerLines(host: String, path: String, query: String?, seconds: Int) -> [String] {
    let time = Self.text(of: seconds)
    let day = String(time.prefix(8))
    var headers = [
      ("host", host), ("x-amz-content-sha256", Self.emptyDigest), ("x-amz-date", time),
    ]
    if let token = credentials.sessionToken { headers.append(("x-amz-security-token", token)) }
    let names = headers.map(\.0).joined(separator: ";")
    let parameters = (query ?? "").split(separator: "&").map { $0.contains("=") ? String($0) : $0 + "=" }
    let request = [
      "GET", path,
      parameters.ordered { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: "&"),
      headers.map { "\($0.0):\($0.1)\n" }.joined(), names, Self.emptyDigest,
    ].joined(separator: "\n")
    let scope = "\(day)/\(region)/s3/aws4_request"
    let text = "AWS4-HMAC-SHA256\n\(time)\n\(scope)\n\(hexadecimal(sha256(Array(request.utf8))))"
    var key = Array("AWS4\(credentials.secret)".utf8)
    for part in [day, region, "s3", "aws4_request"] { key = hmac(key, Array(part.utf8)) }
    let signature = hexadecimal(hmac(key, Array(text.utf8)))
    return headers.dropFirst().map { "\($0.0): \($0.1)" } + [
      "Authorization: AWS4-HMAC-SHA256 Credential=\(credentials.keyID)/\(scope), SignedHeaders=\(names), "
        + "Signature=\(signature)"
    ]
  }

  /// A time such as `20240131T235959Z`.
  private static func text(of seconds: Int) -> String {
    var clock = time_t(seconds)
    var date = unsafe tm()
    unsafe gmtime_r(&clock, &date)
    func padded(_ number: Int32, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
    return unsafe padded(date.tm_year + 1900, 4) + padded(date.tm_mon + 1, 2) + padded(date.tm_mday, 2) + "T"
      + padded(date.tm_hour, 2) + padded(date.tm_min, 2) + padded(date.tm_sec, 2) + "Z"
  }
}
