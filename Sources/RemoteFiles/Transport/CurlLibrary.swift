import CCurl
import Glibc
import Synchronization

/// libcurl, loaded when a server is first asked for something and never unloaded.
///
/// The program starts without it and runs without it where nothing is remote.
@safe final class CurlLibrary: Sendable {
  private nonisolated(unsafe) let functions: OpaquePointer

  /// Flavours with one binary interface: the usual one, and Debian's with another TLS library.
  private static let names = ["libcurl.so.4", "libcurl-gnutls.so.4"]

  /// The environment variable with the path of the library to load instead.
  private static let pathVariable = "LORA_TOOL_LIBCURL"

  private static let loaded = Mutex<CurlLibrary?>(nil)

  /// The library.
  ///
  /// - Throws: when there is none.
  static func load() throws(RemoteFailure) -> CurlLibrary {
    try loaded.withLock { library throws(RemoteFailure) in
      if let library { return library }
      let new = try CurlLibrary()
      library = new
      return new
    }
  }

  private init() throws(RemoteFailure) {
    let chosen = processEnvironment(Self.pathVariable).nonEmpty
    for name in chosen.map({ [$0] }) ?? Self.names {
      guard let handle = unsafe dlopen(name, RTLD_NOW | RTLD_LOCAL) else { continue }
      var missing: UnsafePointer<CChar>?
      guard let functions = unsafe curl_library_bind(handle, &missing) else { continue }
      unsafe self.functions = functions
      return
    }
    throw RemoteFailure(
      .other,
      "reading from a server needs libcurl, which is not installed; install it (Debian: libcurl4, Fedora: "
        + "libcurl, Alpine: libcurl)")
  }

  /// A handle, which keeps the connection of its last transfer.
  func newHandle() throws(RemoteFailure) -> CurlHandle {
    guard let handle = unsafe curl_handle_new(functions) else {
      throw RemoteFailure(.other, "there is no memory for a connection")
    }
    return unsafe CurlHandle(self, handle)
  }

  /// Seconds since 1970 of a date in a header, or nil.
  func seconds(ofDate text: String) -> Int64? {
    let seconds = unsafe curl_seconds_of_date(functions, text)
    return seconds < 0 ? nil : seconds
  }

  fileprivate func free(_ handle: UnsafeMutableRawPointer) { unsafe curl_handle_free(functions, handle) }

  fileprivate func run(_ handle: UnsafeMutableRawPointer, _ transfer: UnsafeMutablePointer<curl_transfer>) {
    unsafe curl_transfer_run(functions, handle, transfer)
  }
}

/// A connection that one transfer at a time uses.
@safe final class CurlHandle: @unchecked Sendable {
  private let library: CurlLibrary
  private let handle: UnsafeMutableRawPointer

  fileprivate init(_ library: CurlLibrary, _ handle: UnsafeMutableRawPointer) {
    self.library = library
    unsafe self.handle = handle
  }

  deinit { unsafe library.free(handle) }

  /// One GET of `address`, not following redirects.
  ///
  /// - Parameters:
  ///   - lines: header lines.
  ///   - limit: most bytes of the body that are taken.
  ///   - takesWhole: whether a body that is not the range asked for is taken, from its start.
  func get(
    _ address: WebAddress, lines: [String], limit: Int, takesWhole: Bool, settings: TransportSettings
  ) throws(RemoteFailure) -> HTTPAnswer {
    guard let transfer = unsafe curl_transfer_new() else {
      throw RemoteFailure(.other, "there is no memory for a transfer")
    }
    defer { unsafe curl_transfer_free(transfer) }
    unsafe transfer.pointee.capacity = limit
    unsafe transfer.pointee.takes_whole = takesWhole ? 1 : 0
    unsafe transfer.pointee.connect_milliseconds = settings.connectMilliseconds
    unsafe transfer.pointee.low_speed_bytes = settings.lowSpeedBytes
    unsafe transfer.pointee.low_speed_seconds = settings.lowSpeedSeconds
    unsafe transfer.pointee.is_stopped = { Interruption.isWanted ? 1 : 0 }
    // Plain text to this machine must not leave it by way of a proxy.
    let noProxy = address.scheme == "http" && address.isLoopback ? "*" : nil
    unsafe withCStrings(
      [
        address.text, settings.userAgent, address.userPassword, noProxy, settings.certificateFile,
        settings.certificateFolder,
      ] + lines
    ) { texts in
      unsafe transfer.pointee.url = texts[0] ?? transfer.pointee.url
      unsafe transfer.pointee.user_agent = texts[1] ?? transfer.pointee.user_agent
      unsafe transfer.pointee.user_password = texts[2]
      unsafe transfer.pointee.no_proxy = texts[3]
      unsafe transfer.pointee.certificate_file = texts[4]
      unsafe transfer.pointee.certificate_folder = texts[5]
      let headers = unsafe texts[6...].compactMap { unsafe $0 }
      unsafe headers.withUnsafeBufferPointer { headers in
        unsafe transfer.pointee.header_lines = headers.baseAddress
        unsafe transfer.pointee.header_line_count = headers.count
        unsafe library.run(handle, transfer)
      }
    }
    return unsafe HTTPAnswer(transfer, from: address)
  }
}

/// The texts as C has them while `body` runs.
private func withCStrings(_ texts: [String?], _ body: ([UnsafePointer<CChar>?]) -> Void) {
  let copies = unsafe texts.map { unsafe $0.flatMap { unsafe strdup($0) } }
  defer {
    for index in unsafe copies.indices { unsafe free(copies[index]) }
  }
  unsafe body(copies.map { unsafe UnsafePointer($0) })
}
