import JSON
import LoRAIO
import Synchronization

/// The answers of a file in the order of its lines, read by several threads.
///
/// The file is cut into blocks of equal length; a block has the lines that begin in it. A few blocks are read at once
/// and then handed out line by line, so memory does not grow with the file.
struct AnswerStream {
  /// One answer and its place.
  struct Item {
    var answer: AnswerLine
    /// Where the line begins in the file.
    var offset: UInt64
    /// Number of the line, from 1.
    var line: UInt64
  }

  /// What a block holds.
  private struct Block {
    /// Its answers; lines are counted from the block's first.
    var items: [Item] = []
    /// Lines that begin in it, blank ones included.
    var lines: UInt64 = 0
    /// Why it could not be read further.
    var failure: Failure?
  }

  private enum Failure {
    case io(IOError)
    case malformed(JSONError)
  }

  private let file: InputFile
  private let reader: AnswerReader
  private let blockBytes: UInt64
  /// What was learnt from the blocks before, and lists of answers that were handed out.
  private let memories = Reusable<AnswerMemory>()
  private let lists = Reusable<[Item]>()
  /// Blocks that were read and are not begun yet, the next one last.
  private var blocks: [Block] = []
  /// The block that is being handed out, and the next of its answers.
  private var block = Block()
  private var nextItem = 0
  private var linesBefore: UInt64 = 0
  private var bytesTaken: UInt64 = 0

  /// The answers of `file`; `blockBytes` is for tests.
  init(_ file: InputFile, _ reader: AnswerReader, blockBytes: UInt64 = 1 << 19) {
    self.file = file
    self.reader = reader
    self.blockBytes = max(1, blockBytes)
  }

  /// The next answer, or nil at the end of the file.
  ///
  /// - Throws: `GateError` for a line that is no answer, and when the file cannot be read.
  mutating func next(_ progress: (UInt64) -> Void) throws(GateError) -> Item? {
    while true {
      if nextItem < block.items.count {
        var item = block.items[nextItem]
        item.line += linesBefore
        nextItem += 1
        return item
      }
      linesBefore += block.lines
      switch block.failure {
      case .io(let error): throw .io(error)
      case .malformed(let error):
        throw .malformed(path: file.path, line: linesBefore, offset: error.offset, reason: error.reason)
      case nil: break
      }
      giveBackList()
      if blocks.isEmpty {
        block = Block()
        guard bytesTaken < file.size else { return nil }
        progress(readBlocks())
      }
      block = blocks.removeLast()
      nextItem = 0
    }
  }

  /// The prompt of the answer that comes after some others, when it has been read already.
  func prompt(after count: Int) -> Fingerprint? {
    nextItem + count < block.items.count ? block.items[nextItem + count].answer.prompt : nil
  }

  /// Keeps the memory of the answers that were handed out.
  private mutating func giveBackList() {
    var list: [Item] = []
    swap(&list, &block.items)
    list.removeAll(keepingCapacity: true)
    lists.give(list)
  }

  /// Reads the next few blocks; returns their bytes.
  private mutating func readBlocks() -> UInt64 {
    let start = bytesTaken
    let workers = Workers.processorCount
    let left = (file.size - start + blockBytes - 1) / blockBytes
    // Enough for each thread that little is lost while the last of them are read.
    let count = Int(min(left, UInt64(8 * workers)))
    let results = Mutex([Block](repeating: Block(), count: count))
    let (file, reader, blockBytes) = (self.file, self.reader, self.blockBytes)
    let (memories, lists) = (self.memories, self.lists)
    Workers.forEach(count: count, workers: workers) { index throws(Never) in
      let begin = start + UInt64(index) * blockBytes
      let memory = memories.take() ?? AnswerMemory(reader.key)
      let block = Self.read(
        file, begin..<min(file.size, begin + blockBytes), reader, memory, into: lists.take() ?? [])
      memories.give(memory)
      results.withLock { $0[index] = block }
    }
    blocks = results.withLock { $0.reversed() }
    bytesTaken = min(file.size, start + UInt64(count) * blockBytes)
    return bytesTaken - start
  }

  private static func read(
    _ file: InputFile, _ range: Range<UInt64>, _ reader: AnswerReader, _ memory: AnswerMemory,
    into list: consuming [Item]
  ) -> Block {
    var block = Block(items: list)
    // Lines of tool calls have a few hundred bytes.
    block.items.reserveCapacity(Int(clamping: (range.upperBound - range.lowerBound) / 256))
    // The line that holds the byte before the block belongs to an earlier one.
    // Eight buffers, each with the part of a line that the last one left, hold a block with the end of its last line.
    var lines = LineReader(
      file, from: range.lowerBound == 0 ? 0 : range.lowerBound - 1,
      bufferSize: Int(clamping: (range.upperBound - range.lowerBound) / 8 + 1024))
    do throws(IOError) {
      if range.lowerBound > 0, try !lines.advance() { return block }
      while try lines.advance(), lines.lineOffset < range.upperBound {
        block.lines += 1
        let line = lines.line
        if isBlank(line) { continue }
        do throws(JSONError) {
          block.items.append(Item(answer: try reader.read(line, memory), offset: lines.lineOffset, line: block.lines))
        } catch {
          block.failure = .malformed(error)
          return block
        }
      }
    } catch {
      block.failure = .io(error)
    }
    return block
  }

  private static func isBlank(_ line: Span<UInt8>) -> Bool {
    for index in line.indices {
      let byte = line[index]
      if byte != 0x20 && byte != 0x09 && byte != 0x0D { return false }
    }
    return true
  }
}
