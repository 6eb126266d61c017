import CLoRAShims
import Glibc
import LoRAIO

/// One run of another program.
enum ChildProcess {
  /// How it came out.
  enum Outcome: Equatable {
    /// Its exit code, or the negative number of the signal that ended it, and what it wrote.
    case ended(code: Int32, output: [UInt8])
    case tooLong
    case tooMuch
    case notStarted
  }

  /// Runs `command` to its end, or kills it after `seconds` or `outputLimit` bytes.
  ///
  /// The program is expected to read its input before it writes more than a pipe holds.
  static func run(_ command: [String], input: [UInt8], outputLimit: Int, within seconds: Double) -> Outcome {
    guard let child = Child(command) else { return .notStarted }
    let end = CurrentProcess.monotonicSeconds + seconds
    guard child.send(input, until: end) else {
      return child.ends(until: end) ? child.finished([]) : child.killed(.tooLong)
    }
    var output: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      guard child.isReady(child.output, POLLIN, until: end) else { return child.killed(.tooLong) }
      let count = unsafe Glibc.read(child.output, &part, part.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      output += part[..<count]
      if output.count > outputLimit { return child.killed(.tooMuch) }
    }
    // It has closed its output, so it is about to end; should it not, it is ended.
    return child.ends(until: end) ? child.finished(output) : child.killed(.tooLong)
  }
}

/// A process that was started, and our ends of its pipes.
private final class Child {
  private let id: pid_t
  private var input: CInt
  let output: CInt
  private var status: CInt?

  init?(_ command: [String]) {
    var input: CInt = -1
    var output: CInt = -1
    var words = unsafe command.map { unsafe strdup($0) }
    defer { for index in unsafe words.indices { unsafe free(words[index]) } }
    unsafe words.append(nil)
    let id = unsafe words.withUnsafeBufferPointer { unsafe lora_spawn($0.baseAddress, &input, &output) }
    guard id > 0 else { return nil }
    self.id = id
    self.input = input
    self.output = output
  }

  deinit {
    if input >= 0 { close(input) }
    close(output)
  }

  /// Writes all of the input and closes it.
  func send(_ bytes: [UInt8], until end: Double) -> Bool {
    defer {
      close(input)
      input = -1
    }
    var done = 0
    while done < bytes.count {
      guard isReady(input, POLLOUT, until: end) else { return false }
      let count = unsafe bytes[done...].withUnsafeBytes {
        unsafe Glibc.write(input, $0.baseAddress, min($0.count, 4096))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }

  private func isLate(_ end: Double) -> Bool { CurrentProcess.monotonicSeconds >= end }

  /// Waits until a pipe can be used; false when the time is up.
  func isReady(_ descriptor: CInt, _ events: Int32, until end: Double) -> Bool {
    while true {
      let left = end - CurrentProcess.monotonicSeconds
      guard left > 0 else { return false }
      var wanted = pollfd(fd: descriptor, events: Int16(events), revents: 0)
      let count = unsafe poll(&wanted, 1, Int32(min(left * 1000 + 1, 60_000)))
      if count > 0 { return true }
      if count < 0, errno != EINTR { return false }
    }
  }

  /// Waits for the end; false when the time is up.
  func ends(until end: Double) -> Bool {
    while true {
      var found: CInt = 0
      let ended = unsafe waitpid(id, &found, WNOHANG)
      if ended != 0 {
        status = ended == id ? found : -1
        return true
      }
      guard !isLate(end) else { return false }
      CurrentProcess.sleep(milliseconds: 1)
    }
  }

  func killed(_ outcome: ChildProcess.Outcome) -> ChildProcess.Outcome {
    kill(id, SIGKILL)
    var found: CInt = 0
    while unsafe waitpid(id, &found, 0) < 0, errno == EINTR {}
    return outcome
  }

  func finished(_ output: [UInt8]) -> ChildProcess.Outcome {
    if status == nil {
      var found: CInt = 0
      while unsafe waitpid(id, &found, 0) < 0, errno == EINTR {}
      status = found
    }
    let found = status ?? -1
    let signal = found & 0x7F
    return .ended(code: signal == 0 ? (found >> 8) & 0xFF : -signal, output: output)
  }
}
