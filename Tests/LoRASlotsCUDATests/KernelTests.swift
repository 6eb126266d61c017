import CUDADriver
import LoRASlots
import LoRATestSupport
import TensorCore
import Testing

@testable import LoRASlotsCUDA

extension CUDATests {
  /// The scatter kernel's own text, run by the fake driver on random tables and compared with the host's packing.
  @Suite struct KernelTests {
    init() { FakeDriver.reset() }

    @Test func theKernelGivesTheHostsBytes() throws {
      for seed in 0..<40 { #expect(try flaw(of: ScatterKernel.ptx, seed: UInt64(seed)) == nil, "seed \(seed)") }
    }

    /// One change of the text each; all of them have to show.
    private static let changes: [(text: String, change: String)] = [
      ("setp.le.u32 %p2, %r7, %r1", "setp.lt.u32 %p2, %r7, %r1"), ("shl.b32 %r13, %r13, 12", "shl.b32 %r13, %r13, 11"),
      ("mov.u32 %r14, 16", "mov.u32 %r14, 15"), ("add.u32 %r15, %r15, 256", "add.u32 %r15, %r15, 128"),
      ("setp.ge.u32 %p8, %r15, %r18", "setp.gt.u32 %p8, %r15, %r18"),
      ("setp.ge.u32 %p8, %r16, %r9", "setp.gt.u32 %p8, %r16, %r9"),
      ("setp.ge.u32 %p8, %r17, %r10", "setp.gt.u32 %p8, %r17, %r10"),
      ("mul.lo.u64 %d11, %d11, %d7", "mul.lo.u64 %d11, %d11, %d8"),
      ("mad.lo.u64 %d11, %d12, %d8", "mad.lo.u64 %d11, %d12, %d7"), ("{%h4, %h1}", "{%h1, %h4}"),
      ("and.b32 %r25, %r24, 1", "and.b32 %r25, %r24, 0"), ("%r25, 0x7FFF;", "%r25, 0x8000;"),
      ("selp.b32 %r26, 0x7FC0,", "selp.b32 %r26, 0x7FC1,"), ("0x7E00", "0x7FFF"), ("0x7FC00000", "0x7FFFFFFF"),
      ("255, %r11, %p3", "%r11, 255, %p3"), ("mov.u32 %r22, 1", "mov.u32 %r22, 0"),
      ("@%p5 bra load16", "@!%p5 bra load16"), ("@!%p3 bra store", "@%p3 bra store"), ("[%d3+40]", "[%d3+48]"),
      ("shl.b64 %d13, %d13, 1", "shl.b64 %d13, %d13, 2"), ("  cvt.f32.f16 %f3, %h2;\n", ""),
      ("ld.global.nc.u8 %r11", "ld.global.nc.u32 %r11"), ("mov.u32 %r26, 0", "mov.u32 %r26, 1"),
    ]

    @Test(arguments: changes.indices) func aBrokenKernelShows(_ index: Int) throws {
      let (line, change) = Self.changes[index]
      let broken = try Self.changed(line, to: change)
      let found = FakeDriver.expectingViolations {
        (0..<40 as Range<UInt64>).contains { seed in
          FakeDriver.reset()
          return (try? flaw(of: broken, seed: seed)) != .some(nil)
        }
      }
      FakeDriver.reset()
      #expect(found, "\(line) -> \(change)")
    }

    @Test(arguments: [
      ("ld.param.u64", "ld.param.u32"), ("%d1, [table]", "%r1, [table]"), ("bra found", "bra nowhere"),
      ("sub.u32 %r5, %r4, %r3", "sub.u32 %r5, %r4, %r99"), (".address_size 64", ".address_size 32"), ("ret;", "ret"),
    ])
    func aTextThatMakesNoSenseIsRefused(_ line: String, _ change: String) throws {
      let text = try Self.changed(line, to: change)
      let context = try CUDAContext(try DriverLibrary.load(FakeDriver.path), device: 0)
      let error = try #require(throws: CUDAError.self) {
        let module = try CUDAModule(context, ptx: text)
        _ = try module.kernel(ScatterKernel.entry)
      }
      #expect(error.call == "cuModuleLoadDataEx" && error.detail.hasPrefix("line "), "\(error)")
    }

    /// The kernel's text with one change.
    private static func changed(_ line: String, to change: String) throws -> String {
      var text = ScatterKernel.ptx
      text.replaceSubrange(try #require(text.firstRange(of: line)), with: change)
      return text
    }

    // MARK: A random table

    /// What is wrong with a kernel on a random table; nil when nothing is.
    private func flaw(of text: String, seed: UInt64) throws -> String? {
      var numbers = SeededGenerator(seed: seed)
      let dtype = [DType.bf16, .f16, .f32][Int(seed % 3)]
      let blocks = Self.blocks(of: dtype, &numbers)
      let context = try CUDAContext(try DriverLibrary.load(FakeDriver.path), device: 0)
      let module = try CUDAModule(context, ptx: text)
      let kernel = try module.kernel(ScatterKernel.entry)
      let stream = try CUDAStream(context)
      let size = Int(dtype.bits / 8)
      let count = blocks.reduce(0) { $0 + Int($1.rows * $1.columns) } * size
      let data = try PinnedBuffer(context, count: Self.dataBytes)
      for index in stride(from: 0, to: Self.dataBytes, by: 4) {
        unsafe data.bytes.storeBytes(of: Self.pattern(&numbers), toByteOffset: index, as: UInt32.self)
      }
      let table = try PinnedBuffer(context, count: blocks.count * ScatterBlock.bytes)
      let source = try DeviceBuffer(context, count: Self.dataBytes)
      let entries = try DeviceBuffer(context, count: table.count)
      let target = try DeviceBuffer(context, count: count)
      var tiles: UInt64 = 0
      for (index, block) in blocks.enumerated() {
        let entry = try #require(ScatterBlock(block, dtype: dtype, target: target.address))
        let place = index * ScatterBlock.bytes
        unsafe entry.write(
          to: UnsafeMutableRawBufferPointer(rebasing: table.bytes[place..<place + ScatterBlock.bytes]),
          firstTile: UInt32(tiles), data: source.address)
        tiles += entry.tiles
      }
      var found = [UInt8](repeating: 0, count: count)
      try unsafe stream.copy(UnsafeRawBufferPointer(data.bytes), to: source.address)
      try unsafe stream.copy(UnsafeRawBufferPointer(table.bytes), to: entries.address)
      try kernel.launch(
        on: stream, grid: UInt32(tiles), threads: ScatterKernel.threads, [entries.address, UInt64(blocks.count)])
      try unsafe found.withUnsafeMutableBytes { try unsafe stream.copy(target.address, to: $0) }
      try stream.synchronize()
      for block in blocks {
        var wanted = [UInt8](repeating: 0, count: Int(block.rows * block.columns) * size)
        unsafe wanted.withUnsafeMutableBytes {
          unsafe HostPacker.pack(block, dtype: dtype, from: UnsafeRawBufferPointer(data.bytes), into: $0)
        }
        let first = Int(block.start) * size
        if Array(found[first..<first + wanted.count]) != wanted { return "\(block)" }
      }
      return nil
    }

    private static let dataBytes = 1 << 16

    /// Bits that are numbers, edges and NaN in every type.
    private static func pattern(_ numbers: inout SeededGenerator) -> UInt32 {
      let edges: [UInt32] = [
        0, 0x8000_0000, 0x7F80_0001, 0xFF81_0203, 0x7FC0_0000, 0xFFFF_FFFF, 0x7F80_0000, 0x477F_F000, 0x3F80_8000,
        0x3F81_8000, 0x7C01_7E00, 0xFE01_FC00, 0x0001_03FF, 0x7F7F_FFFF, 0x3F80_1000, 0x3F80_3000,
      ]
      let random = UInt32(truncatingIfNeeded: numbers.next())
      // Most are numbers of everyday sizes, in one or two halves.
      return numbers.next() % 4 == 0 ? edges[Int(random % 16)] : random & 0x87FF_87FF | 0x3800_3800
    }

    /// Blocks side by side: zeros, whole matrices, parts of them, matrices turned around; some of more than one tile.
    private static func blocks(of dtype: DType, _ numbers: inout SeededGenerator) -> [PackingBlock] {
      var start: UInt64 = 0
      return (0..<6).map { _ in
        let rows = 1 + numbers.next() % 40
        let columns = 1 + numbers.next() % (numbers.next() % 4 == 0 ? 300 : 40)
        defer { start += rows * columns }
        guard numbers.next() % 6 > 0 else {
          return PackingBlock(buffer: 0, start: start, rows: rows, columns: columns, source: nil)
        }
        let source = [DType.bf16, .f16, .f32][Int(numbers.next() % 3)]
        let (taken, wide) = (1 + numbers.next() % rows, 1 + numbers.next() % columns)
        let pitch = wide + numbers.next() % 3
        let isTurned = numbers.next() % 3 == 0
        let scale = [1, 1, 2, 0.7071, -1.0 / 3][Int(numbers.next() % 5)] as Float
        let first = numbers.next() % 64 * (source.bits / 8)
        let matrix = PackingSource(
          start: first, dtype: source, rows: taken, columns: wide, rowStride: isTurned ? 1 : pitch,
          columnStride: isTurned ? taken : 1, scale: scale)
        return PackingBlock(buffer: 0, start: start, rows: rows, columns: columns, source: matrix)
      }
    }
  }
}
