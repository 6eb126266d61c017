import CCurl
import Glibc
import JSON

extension HTTPAnswer {
  /// Seconds after which the server wants to be asked again: a number, or a date.
  var retryAfter: Double? {
    guard let text = headers["retry-after"] else { return nil }
    if let seconds = UInt32(text) { return Double(seconds) }
    guard let date = try? CurlLibrary.load().seconds(ofDate: text) else { return nil }
    return max(0, Double(date) - Double(time(nil)))
  }

  /// Whether a transfer that ended this way may go through the next time.
  var transferMayPass: Bool {
    proxyStatus < 400
      && [CURL_PARTIAL_FILE, CURL_NOTHING, CURL_SEND, CURL_RECEIVE, CURL_HTTP2, CURL_HTTP2_STREAM]
        .contains { result == Int32($0) }
  }

  /// Why the transfer did not end well.
  var transferFailure: RemoteFailure {
    let host = escaped(address.host, limit: 100)
    if proxyStatus >= 400 {
      return RemoteFailure(
        .refused, "the proxy does not connect to \(host) (\(proxyStatus)); check HTTPS_PROXY and NO_PROXY")
    }
    switch Int(result) {
    case CURL_ABORTED: return Interruption.failure
    case CURL_HOST_NAME:
      return RemoteFailure(.unreachable, "the name \(host) is not known; check it, and the network")
    case CURL_PROXY_NAME:
      return RemoteFailure(.unreachable, "the name of the proxy is not known; check HTTPS_PROXY")
    case CURL_CONNECT:
      return RemoteFailure(
        .unreachable,
        "no connection to \(escaped(address.authority, limit: 100)); check the address, the network and "
          + "HTTPS_PROXY")
    case CURL_TIMEOUT:
      return RemoteFailure(status == 0 ? .unreachable : .other, "\(host) is too slow or does not answer; try again")
    case CURL_TLS_CONNECT:
      return RemoteFailure(.other, "no encrypted connection to \(host) could be agreed on (TLS)")
    case CURL_CERTIFICATE:
      return RemoteFailure(
        .other,
        "the certificate of \(host) is not trusted or names another server; name your own authority's "
          + "certificates in SSL_CERT_FILE if it is yours")
    case CURL_CERTIFICATE_FILE:
      return RemoteFailure(.other, "the trusted certificates cannot be read; check SSL_CERT_FILE")
    case CURL_PARTIAL_FILE, CURL_NOTHING, CURL_RECEIVE, CURL_SEND, CURL_HTTP2, CURL_HTTP2_STREAM:
      return RemoteFailure(.other, "\(host) cut the connection")
    case CURL_BAD_URL, CURL_UNSUPPORTED_PROTOCOL:
      return RemoteFailure(.other, "the installed libcurl cannot use the address")
    default: return RemoteFailure(.other, "the transfer from \(host) failed (libcurl's error \(result))")
    }
  }

  /// What a status that is no success says, in general.
  func failure(advice: String = "") -> RemoteFailure {
    let host = escaped(address.host, limit: 100)
    let advice = advice.isEmpty ? "" : "; \(advice)"
    switch status {
    case 401: return RemoteFailure(.refused, "\(host) wants to know who asks (401)\(advice)")
    case 403: return RemoteFailure(.refused, "\(host) does not allow it (403)\(advice)")
    case 404, 410: return RemoteFailure(.absent, "\(host) has no such file (\(status))\(advice)")
    case 407: return RemoteFailure(.refused, "the proxy wants to know who asks (407); check HTTPS_PROXY")
    case 429: return RemoteFailure(.other, "\(host) is asked too often (429)")
    case 500...599: return RemoteFailure(.other, "\(host) has a problem of its own (\(status))")
    default: return RemoteFailure(.other, "\(host) answered \(status)\(advice)")
    }
  }
}
