import Compression
import Diagnostics
import LoRAIO

/// The state of decoding a compressed file from front to back.
struct StreamDecoding: ~Copyable {
  private let input: InputFile
  private var decoder: ZstdDecoder
  /// Bytes of the compressed file that are read.
  private var position: UInt64 = 0

  init(_ input: InputFile) throws(SourceProblem) {
    do throws(ZstdError) {
      self.init(input, try ZstdDecoder())
    } catch {
      throw SourceProblem(Finding(.compressedCorrupt, "\(error)", file: input.path))
    }
  }

  // An initializer that throws sets no field: see `DecodingScratch`.
  private init(_ input: InputFile, _ decoder: consuming ZstdDecoder) {
    self.input = input
    self.decoder = decoder
  }

  /// Up to `limit` bytes of content, in memory that grows with what really comes.
  mutating func content(limit: Int) throws(SourceProblem) -> [UInt8] {
    let buffer = IOBuffer(count: min(limit, 1 << 20))
    var result: [UInt8] = []
    while result.count < limit {
      let step = min(limit - result.count, buffer.count)
      let count = unsafe try decode(into: UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<step]))
      if count == 0 { break }
      unsafe result.append(contentsOf: buffer.bytes[..<count])
    }
    return result
  }

  /// Decodes the header, which was decoded before, to get to the data behind it.
  mutating func skip(_ header: UInt64) throws(SourceProblem) {
    let buffer = IOBuffer(count: Int(min(header, 1 << 20)))
    var left = header
    while left > 0 {
      let step = Int(min(left, UInt64(buffer.count)))
      let count = unsafe try decode(into: UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<step]))
      guard count > 0 else {
        throw SourceProblem(
          Finding(.compressedCorrupt, "the compressed file became shorter since it was opened", file: input.path))
      }
      left -= UInt64(count)
    }
  }

  /// Fills the buffer with the next content, of contents that are to have `total` bytes.
  mutating func fill(_ buffer: UnsafeMutableRawBufferPointer, of total: UInt64) throws(SourceProblem) {
    var done = 0
    while done < buffer.count {
      let count = unsafe try decode(into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
      guard count > 0 else {
        throw SourceProblem(.shortContent(input.path, found: decoder.decompressedOffset, declared: total))
      }
      done += count
    }
  }

  /// Checks that the content ends here.
  mutating func finish() throws(SourceProblem) {
    let input = input
    var position = position
    defer { self.position = position }
    do throws(ZstdReadError<IOError>) {
      unsafe try decoder.finish { (part) throws(IOError) in
        unsafe try input.readNext(into: part, at: &position)
      }
    } catch {
      if case .zstd(.excess) = error { throw SourceProblem(.excessContent(input.path)) }
      throw problem(error)
    }
  }

  private mutating func decode(into buffer: UnsafeMutableRawBufferPointer) throws(SourceProblem) -> Int {
    let input = input
    var position = position
    defer { self.position = position }
    do throws(ZstdReadError<IOError>) {
      return unsafe try decoder.read(into: buffer) { (part) throws(IOError) in
        unsafe try input.readNext(into: part, at: &position)
      }
    } catch {
      throw problem(error)
    }
  }

  private func problem(_ error: ZstdReadError<IOError>) -> SourceProblem {
    switch error {
    case .source(let error): SourceProblem(.unreadable(error, file: input.path))
    case .zstd(let error): SourceProblem(.damaged("\(error)", file: input.path))
    }
  }
}

extension InputFile {
  /// Reads on from `position`, which moves behind what was read.
  fileprivate func readNext(into buffer: UnsafeMutableRawBufferPointer, at position: inout UInt64) throws(IOError)
    -> Int
  {
    let count = unsafe try readAvailable(into: buffer, at: position)
    position += UInt64(count)
    return count
  }
}
