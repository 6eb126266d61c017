import CUDADriver
import LoRASlots
import TensorCore
import Testing

@testable import LoRASlotsCUDA

/// A text of the scatter kernel, run by the fake driver on one table.
struct KernelRun {
  /// What lies in the slots, which begin at 0.
  let found: [UInt8]
  /// Instructions of threads, and sectors that accesses of warps touched.
  let instructions, sectors: UInt64

  init(of text: String, on blocks: [PackingBlock], _ dtype: DType, _ data: [UInt8]) throws {
    let context = try CUDAContext(try DriverLibrary.load(FakeDriver.path), device: 0)
    let module = try CUDAModule(context, ptx: text)
    let kernel = try module.kernel(ScatterKernel.entry)
    let stream = try CUDAStream(context)
    let size = dtype.bits / 8
    let source = try DeviceBuffer(context, count: data.count)
    let end = blocks.map { $0.start + $0.rows * $0.columns }.max() ?? 1
    let target = try DeviceBuffer(context, count: Int(end * size))
    let table: (bytes: [UInt8], count: Int, tiles: UInt64)
    if text == PlainScatterKernel.ptx {
      table = try PlainScatterKernel.table(of: blocks, dtype, target: target.address, source: source.address)
    } else {
      table = try Self.table(of: blocks, dtype, target: target.address, source: source.address)
    }
    let entries = try DeviceBuffer(context, count: table.bytes.count)
    var found = [UInt8](repeating: 0, count: target.count)
    try unsafe data.withUnsafeBytes { try unsafe stream.copy($0, to: source.address) }
    try unsafe table.bytes.withUnsafeBytes { try unsafe stream.copy($0, to: entries.address) }
    let before = FakeDriver.counts
    try kernel.launch(
      on: stream, grid: UInt32(table.tiles), threads: ScatterKernel.threads, [entries.address, UInt64(table.count)])
    try stream.synchronize()
    let after = FakeDriver.counts
    instructions = after.instructions - before.instructions
    sectors = after.sectors - before.sectors
    try unsafe found.withUnsafeMutableBytes { try unsafe stream.copy(target.address, to: $0) }
    try stream.synchronize()
    self.found = found
  }

  /// The table as loads write it.
  private static func table(
    of blocks: [PackingBlock], _ dtype: DType, target: DeviceAddress, source: DeviceAddress
  ) throws -> (bytes: [UInt8], count: Int, tiles: UInt64) {
    let entries = try #require(ScatterBlock.entries(for: blocks, dtype: dtype) { _ in target })
    var bytes = [UInt8](repeating: 0, count: entries.count * ScatterBlock.bytes)
    var tiles: UInt64 = 0
    for (index, entry) in entries.enumerated() {
      unsafe bytes.withUnsafeMutableBytes {
        let place = index * ScatterBlock.bytes
        unsafe entry.write(
          to: UnsafeMutableRawBufferPointer(rebasing: $0[place..<place + ScatterBlock.bytes]),
          firstTile: UInt32(tiles), data: source)
      }
      tiles += entry.tiles
    }
    return (bytes, entries.count, tiles)
  }
}

extension PackingBlock {
  /// What the host puts there.
  func packed(_ dtype: DType, from data: [UInt8]) -> [UInt8] {
    var wanted = [UInt8](repeating: 0, count: Int(rows * columns * (dtype.bits / 8)))
    unsafe wanted.withUnsafeMutableBytes { wanted in
      unsafe data.withUnsafeBytes { unsafe HostPacker.pack(self, dtype: dtype, from: $0, into: wanted) }
    }
    return wanted
  }
}
