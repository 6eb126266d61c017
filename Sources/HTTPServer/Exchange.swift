import CHTTPServer
import LoRAIO
import LoRAServe
import Synchronization

/// One request and its answer.
///
/// Its body belongs to the thread of the daemon until it is whole. Then a judge, or the clock, hands in the answer: the
/// first one counts, and wakes the connection.
@safe final class Exchange: @unchecked Sendable {
  private enum State {
    case receiving
    case judging
    case answered(Answer)
    case sent
  }

  let method: String
  let path: String
  /// Where its connection is listed.
  let descriptor: CInt
  /// Bytes of the body so far, kept or not.
  private(set) var received = 0
  /// When the request was whole, on the clock of `CurrentProcess.monotonicSeconds`.
  private(set) var start = CurrentProcess.monotonicSeconds
  private var body: [UInt8] = []
  private let bodyLimit: Int
  private let connection: OpaquePointer
  private let state = Mutex(State.receiving)

  init(_ method: String, _ path: String, _ descriptor: CInt, bodyLimit: Int, _ connection: OpaquePointer) {
    self.method = method
    self.path = path
    self.descriptor = descriptor
    self.bodyLimit = bodyLimit
    unsafe self.connection = connection
  }

  /// Whether the body is larger than is taken.
  var isTooLarge: Bool { received > bodyLimit }

  /// The whole request.
  var request: HTTPRequest { HTTPRequest(method, path, body: body) }

  /// Takes a piece of the body.
  ///
  /// - Returns: false when so much came beyond the limit that the connection is better closed than read to its end.
  func take(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    received = received.addingReportingOverflow(bytes.count).overflow ? .max : received + bytes.count
    if isTooLarge {
      body = []
      return received <= 2 * bodyLimit
    }
    unsafe body.append(contentsOf: bytes)
    return true
  }

  /// What the daemon has to do now that it has nothing more to hand over.
  enum Step {
    /// Answer the request, which is whole.
    case answer
    /// Send the answer.
    case send(Answer)
    case wait
  }

  /// The step that is due.
  var step: Step {
    state.withLock { state in
      switch state {
      case .receiving: .answer
      case .judging, .sent: .wait
      case .answered(let answer): .send(answer)
      }
    }
  }

  /// Notes that the request is whole.
  func close() { start = CurrentProcess.monotonicSeconds }

  /// Has the connection wait for the answer.
  func suspend() {
    state.withLock { $0 = .judging }
    unsafe MHD_suspend_connection(connection)
  }

  /// Hands in the answer, unless there is one.
  func complete(with answer: Answer) {
    let isFirst = state.withLock { state in
      guard case .judging = state else { return false }
      state = .answered(answer)
      return true
    }
    if isFirst { unsafe MHD_resume_connection(connection) }
  }

  /// Notes that the answer is on its way.
  func markSent() { state.withLock { $0 = .sent } }

  /// Whether it still waits for an answer.
  var isJudging: Bool { state.withLock { if case .judging = $0 { true } else { false } } }

  /// Whether an answer is on its way.
  var isSent: Bool { state.withLock { if case .sent = $0 { true } else { false } } }
}
