import Glibc
import JSON
import LoRAIO
import Synchronization
import TensorCore

/// The three descriptors that every program is given.
enum StandardStreams {
  /// Puts something harmless where the caller closed one of them.
  ///
  /// After `>&-` a file that is opened later would get the number of standard output, and the report in its content.
  /// Results on a closed standard output stay an error.
  static func keepOpen() {
    while true {
      let descriptor = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
      if descriptor > STDERR_FILENO { close(descriptor) }
      if descriptor < 0 || descriptor > STDERR_FILENO { return }
    }
  }
}

/// The result stream; nothing but results goes there.
package enum StandardOutput {
  /// Whether it goes to a screen and not to a file or another program.
  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Writes all of the text; a reader that has gone away ends the output without an error.
  package static func write(_ text: String) throws(Failure) { try check(writeAll(text, to: STDOUT_FILENO)) }

  /// Writes all of the bytes; false when the reader has gone away, so that nothing more need be made.
  static func write(_ bytes: [UInt8]) throws(Failure) -> Bool {
    try unsafe check(bytes.withUnsafeBytes { unsafe writeAll($0, to: STDOUT_FILENO) })
  }

  @discardableResult
  private static func check(_ number: CInt?) throws(Failure) -> Bool {
    guard let number else { return true }
    guard number == EPIPE else { throw Failure("\(IOError("write", "standard output", .system(number)))") }
    return false
  }
}

extension StandardOutput {
  /// Writes the whole content of a file.
  static func write(_ file: InputFile) throws(Failure) {
    let buffer = IOBuffer(count: 1 << 20)
    var done: UInt64 = 0
    while done < file.size {
      let part = unsafe UnsafeMutableRawBufferPointer(
        rebasing: buffer.bytes[..<Int(min(file.size - done, UInt64(buffer.count)))])
      do throws(IOError) { unsafe try file.read(into: part, at: done) } catch { throw Failure("\(error)") }
      guard try unsafe check(writeAll(UnsafeRawBufferPointer(part), to: STDOUT_FILENO)) else { return }
      done += UInt64(part.count)
    }
  }

  /// Writes lines, each with its line end.
  static func write(lines: [String]) throws(Failure) { try write(lines.map { $0 + "\n" }.joined()) }
}

/// The stream for progress and diagnostics.
package enum StandardError {
  private static let said = Mutex("")

  /// Whether a text stands in what was written so far.
  static func hasSaid(_ text: String) -> Bool { said.withLock { $0.contains(escaped(text, limit: .max)) } }

  /// Writes all of the text; a closed stream is ignored, there is nowhere left to complain.
  ///
  /// Paths and arguments stand in messages of every library and of the argument parser; here, at the last place, nothing
  /// is left in them that a terminal would obey.
  package static func write(_ text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let shown = lines.map { escaped(String($0), limit: .max) }.joined(separator: "\n")
    said.withLock { if $0.utf8.count < 1 << 16 { $0 += shown } }
    writeAsIs(shown)
  }

  /// Writes text of our own making, with what moves the cursor.
  static func writeAsIs(_ text: String) { _ = writeAll(text, to: STDERR_FILENO) }
}

/// Writes the text and returns the number of the error that stopped it, if any.
private func writeAll(_ text: String, to descriptor: CInt) -> CInt? {
  var text = text
  return text.withUTF8 { bytes in unsafe writeAll(UnsafeRawBufferPointer(bytes), to: descriptor) }
}

/// Writes the bytes and returns the number of the error that stopped it, if any.
private func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) -> CInt? {
  var done = 0
  while done < bytes.count {
    let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
    let count = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
    if count >= 0 {
      done += count
    } else if errno != EINTR && errno != EAGAIN {
      return errno
    }
  }
  return nil
}

/// When to use colour or a progress bar.
enum Choice: String, CaseIterable {
  case auto
  case always
  case never

  /// Whether colour goes to standard output: on a terminal unless `NO_COLOR` is set or the terminal is dumb.
  var colour: Bool {
    switch self {
    case .always: return true
    case .never: return false
    case .auto:
      if let value = environment("NO_COLOR"), !value.isEmpty { return false }
      return StandardOutput.isTerminal && environment("TERM") != "dumb"
    }
  }

  /// Whether progress goes to standard error: on a terminal.
  var progress: Bool {
    switch self {
    case .always: true
    case .never: false
    case .auto: isatty(STDERR_FILENO) == 1
    }
  }
}

/// The value of an environment variable.
func environment(_ name: String) -> String? {
  unsafe getenv(name).map { unsafe String(cString: $0) }
}
