import Glibc

/// Reads a file of any length line by line through one buffer, so that memory does not grow with the file.
///
/// Lines end with a line feed or with the file; the line feed is not part of the line, nor is the byte order mark that
/// some editors put at the start of a file. Every byte is read once.
package struct LineReader: ~Copyable {
  private let file: InputFile
  private let limit: Int
  private var buffer: [UInt8]
  /// The part of the buffer that holds bytes not yet handed out.
  private var unread = 0..<0
  private var fileOffset: UInt64
  private var current = 0..<0

  /// Offset in bytes of the current line from the start of the file.
  package private(set) var lineOffset: UInt64
  /// Number of the current line, from 1.
  package private(set) var lineNumber: UInt64 = 0

  /// A reader before the first line at `offset`; a line of more than `limit` bytes is an error.
  package init(_ file: InputFile, from offset: UInt64 = 0, limit: Int = 64 << 20, bufferSize: Int = 1 << 18) {
    self.file = file
    self.limit = max(limit, 1)
    buffer = [UInt8](repeating: 0, count: max(1, min(bufferSize, self.limit)))
    fileOffset = offset
    lineOffset = offset
    file.adviseSequential()
  }

  /// Moves to the next line; false at the end of the file.
  ///
  /// - Throws: `IOError` when the file cannot be read or a line is too long.
  package mutating func advance() throws(IOError) -> Bool {
    lineOffset = fileOffset - UInt64(unread.count)
    var searched = unread.lowerBound
    while true {
      if let end = lineFeed(from: searched, to: unread.upperBound) {
        current = unread.lowerBound..<end
        unread = end + 1..<unread.upperBound
        lineNumber += 1
        return true
      }
      let waiting = unread.count
      guard try fill() else {
        guard waiting > 0 else { return false }
        current = unread
        unread = unread.upperBound..<unread.upperBound
        lineNumber += 1
        return true
      }
      searched = unread.lowerBound + waiting
    }
  }

  /// The bytes of the current line, without its line feed.
  package var line: Span<UInt8> {
    @_lifetime(borrow self) get { buffer.span.extracting(withoutMark) }
  }

  private var withoutMark: Range<Int> {
    let hasMark = lineOffset == 0 && current.count >= 3 && buffer[current.lowerBound] == 0xEF
    guard hasMark, buffer[current.lowerBound + 1] == 0xBB, buffer[current.lowerBound + 2] == 0xBF else {
      return current
    }
    return current.lowerBound + 3..<current.upperBound
  }

  /// Bytes read from the file so far.
  package var bytesRead: UInt64 { fileOffset }

  /// Reads more behind the unread bytes, which move to the front; false when the file has no more.
  private mutating func fill() throws(IOError) -> Bool {
    let (start, count) = (unread.lowerBound, unread.count)
    if start > 0 {
      unsafe buffer.withUnsafeMutableBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        unsafe _ = memmove(base, base + start, count)
      }
    } else if count == buffer.count {
      guard count < limit else {
        let found = file.size > lineOffset ? file.size - lineOffset : UInt64(count)
        throw IOError("read a line of", file.path, offset: lineOffset, .tooLarge(limit: UInt64(limit), found: found))
      }
      buffer.append(contentsOf: repeatElement(0, count: min(count, limit - count)))
    }
    unread = 0..<count
    var failure: IOError?
    let got = unsafe buffer.withUnsafeMutableBytes { bytes -> Int in
      do throws(IOError) {
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[count...])
        return unsafe try file.readAvailable(into: rest, at: fileOffset)
      } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    fileOffset += UInt64(got)
    unread = 0..<count + got
    return got > 0
  }

  private func lineFeed(from start: Int, to end: Int) -> Int? {
    guard start < end else { return nil }
    return unsafe buffer.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress, let found = unsafe memchr(base + start, 0x0A, end - start) else {
        return nil
      }
      return unsafe base.distance(to: UnsafeRawPointer(found))
    }
  }
}
