import Foundation
import LoRAIO
import LoRATestSupport
import Safetensors
import Synchronization
import Testing

@testable import LoRAMerge

@Suite struct ShardFileTests {
  private static let partBytes = 100

  private func output(_ path: String, parts: Int) -> ShardFile {
    let shard = ShardPlan(
      name: "model.safetensors", tensors: [], dataStart: 0, steps: [], size: UInt64(parts * Self.partBytes))
    return ShardFile(shard, parts: parts, path: path)
  }

  private func part(_ number: Int) -> PendingWrite {
    PendingWrite(
      contents: .bytes([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: Self.partBytes)),
      count: Self.partBytes, offset: UInt64(number * Self.partBytes))
  }

  /// No part is left in line, one thread writes at a time, and one is told that the shard is complete.
  @Test func noPartIsLeftInLine() throws {
    let folder = try TemporaryFolder()
    let buffers = TileBuffers(size: 1)
    let parts = 64
    for round in 0..<100 {
      let path = folder.path("shard\(round)")
      let output = output(path, parts: parts)
      let completions = Atomic(0)
      let closings = Atomic(0)
      let writers = Atomic(0)
      try Workers.forEach(count: parts, workers: 8) { number throws(IOError) in
        let isComplete = try output.add(
          part(number),
          write: { part, file throws(IOError) in
            #expect(writers.add(1, ordering: .relaxed).oldValue == 0)
            try part.write(to: file, from: [], buffers)
            writers.subtract(1, ordering: .relaxed)
          },
          close: { _ in closings.add(1, ordering: .relaxed) })
        if isComplete { completions.add(1, ordering: .relaxed) }
      }
      #expect(completions.load(ordering: .relaxed) == 1 && closings.load(ordering: .relaxed) == 1)
      let expected = (0..<parts).flatMap { [UInt8](repeating: UInt8($0), count: Self.partBytes) }
      #expect(try Data(contentsOf: URL(filePath: path)) == Data(expected))
    }
  }

  /// A write that fails is thrown, and so is the failure to make the file, to every thread that asks.
  @Test func aWriteThatFailsIsThrown() throws {
    let folder = try TemporaryFolder()
    let full = output(folder.path("full"), parts: 3)
    #expect(throws: IOError.self) {
      _ = try full.add(
        part(0), write: { _, _ throws(IOError) in throw IOError("write", "full", .system(ENOSPC)) }, close: { _ in })
    }
    let taken = output(folder.path("none/shard"), parts: 2)
    for number in 0..<2 {
      #expect(throws: IOError.self) {
        _ = try taken.add(part(number), write: { _, _ in }, close: { _ in })
      }
    }
  }
}
