import CHTTPServer
import LoRAServe

/// What the library calls, on the thread of a daemon.
enum Callbacks {
  /// A request begins, a piece of its body has come, or it is whole.
  static let access: MHD_AccessHandlerCallback = { context, connection, url, method, _, data, size, slot in
    guard let context = unsafe context, let connection = unsafe connection, let slot = unsafe slot,
      let size = unsafe size
    else { return .NO }
    let server = unsafe Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    guard let known = unsafe slot.pointee else {
      let exchange = unsafe Exchange(
        method.map { unsafe String(cString: $0) } ?? "", url.map { unsafe String(cString: $0) } ?? "",
        http_connection_descriptor(connection), bodyLimit: server.settings.bodyLimit, connection)
      unsafe slot.pointee = Unmanaged.passRetained(exchange).toOpaque()
      let length = unsafe http_header(connection, "Content-Length").flatMap { unsafe UInt64(String(cString: $0)) } ?? 0
      guard let refusal = server.begin(exchange, length: length) else { return .YES }
      return unsafe send(refusal, of: exchange, server, connection)
    }
    let exchange = unsafe Unmanaged<Exchange>.fromOpaque(known).takeUnretainedValue()
    if unsafe size.pointee > 0, let data = unsafe data {
      let bytes = unsafe UnsafeRawBufferPointer(start: data, count: size.pointee).bindMemory(to: UInt8.self)
      unsafe size.pointee = 0
      return unsafe exchange.take(bytes) ? .YES : .NO
    }
    switch exchange.step {
    case .wait: return .YES
    case .send(let answer): return unsafe send(answer, of: exchange, server, connection)
    case .answer:
      guard let answer = server.answer(exchange) else { return .YES }
      return unsafe send(answer, of: exchange, server, connection)
    }
  }

  /// A request is over, with or without an answer.
  static let completed: MHD_RequestCompletedCallback = { context, _, slot, _ in
    guard let context = unsafe context, let slot = unsafe slot, let known = unsafe slot.pointee else { return }
    let server = unsafe Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    let exchange = unsafe Unmanaged<Exchange>.fromOpaque(known).takeRetainedValue()
    unsafe slot.pointee = nil
    server.end(exchange)
  }

  /// A connection begins, which is listed already, or is about to be closed.
  static let connection: MHD_NotifyConnectionCallback = { context, connection, _, what in
    guard let context = unsafe context, let connection = unsafe connection, !http_connection_begins(what) else {
      return
    }
    let server = unsafe Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    unsafe server.connections.remove(http_connection_descriptor(connection))
  }

  private static func send(_ answer: Answer, of exchange: Exchange, _ server: HTTPServer, _ connection: OpaquePointer)
    -> MHD_Result
  {
    server.record(answer, of: exchange)
    exchange.markSent()
    var body = answer.response.body
    let response = unsafe body.withUnsafeMutableBytes {
      unsafe MHD_create_response_from_buffer($0.count, $0.baseAddress, .RESPMEM_MUST_COPY)
    }
    guard let response = unsafe response else { return .NO }
    defer { unsafe MHD_destroy_response(response) }
    var headers = answer.response.headers
    headers["Content-Type"] = answer.response.contentType
    if server.isLeaving { headers["Connection"] = "close" }
    for (name, value) in headers { _ = unsafe MHD_add_response_header(response, name, value) }
    return unsafe MHD_queue_response(connection, UInt32(answer.response.status), response)
  }
}
