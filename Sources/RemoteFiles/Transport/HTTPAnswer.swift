import CCurl

/// What a server answered to one request.
struct HTTPAnswer: Sendable {
  /// How the transfer ended, a number of libcurl; 0 when it was whole.
  let result: Int32
  /// The status, 0 when no answer came.
  let status: Int
  /// The status with which a proxy refused the connection; 0 without one.
  let proxyStatus: Int
  /// The last value of each header, by its name in lower case.
  let headers: [String: String]
  /// The body of a 200 or 206, as far as it was taken.
  let body: [UInt8]
  /// Whether the body had more than was taken.
  let hasMore: Bool
  /// The beginning of the body of any other status.
  let error: String
  /// Who answered.
  let address: WebAddress

  init(_ transfer: UnsafePointer<curl_transfer>, from address: WebAddress) {
    self.address = address
    unsafe result = transfer.pointee.result
    unsafe status = transfer.pointee.status
    unsafe proxyStatus = transfer.pointee.proxy_status
    unsafe hasMore = transfer.pointee.has_more != 0
    unsafe body =
      transfer.pointee.body.map {
        unsafe Array(UnsafeBufferPointer(start: $0, count: transfer.pointee.received))
      } ?? []
    func text(_ start: UnsafePointer<CChar>, _ count: Int) -> String {
      unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
    }
    unsafe error = text(transfer.pointee.error, transfer.pointee.error_bytes)
    unsafe headers = Self.headers(text(transfer.pointee.headers, transfer.pointee.header_bytes))
  }

  /// Reads header lines; what has no colon, such as the status line, is left out.
  static func headers(_ text: String) -> [String: String] {
    var headers: [String: String] = [:]
    for line in text.utf8.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
      let value = line[line.index(after: colon)...].drop { $0 == 32 || $0 == 9 }
      headers[Substring(line[..<colon]).lowercased()] = String(Substring(value))
    }
    return headers
  }

  /// Whether the transfer ended as it should, or because no more was wanted.
  var isWhole: Bool { result == Int32(CURL_OK) || (hasMore && result == Int32(CURL_WRITE)) || isCutError }

  /// The page of an error is not read to its end.
  private var isCutError: Bool { result == Int32(CURL_WRITE) && status != 200 && status != 206 && status != 0 }
}
