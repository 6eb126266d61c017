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
      ("setp.le.u32 %p, %first, %group", "setp.lt.u32 %p, %first, %group"), ("[%address+40]", "[%address+48]"),
      ("setp.ge.u32 %p, %row, %rows", "setp.gt.u32 %p, %row, %rows"),
      ("setp.ge.u32 %p, %column, %columns", "setp.gt.u32 %p, %column, %columns"),
      ("setp.ge.u32 %p, %row, %live_rows", "setp.gt.u32 %p, %row, %live_rows"),
      ("%source_columns;\n  @%p bra piece;", "%columns;\n  @%p bra piece;"),
      ("shr.u32 %step_row, %step, %log_width", "shr.u32 %step_row, %piece, %log_width"),
      ("@%p bra zero;", "bra zero;"), ("  @%half bra zero8;\n", ""),
      ("setp.ge.u32 %empty, %row0, %source_rows", "setp.ge.u32 %empty, %row0, 8"),
      ("mul.lo.u64 %a0, %a0, %row_stride", "mul.lo.u64 %a0, %a0, %column_stride"),
      ("mad.lo.u64 %a0, %a1, %column_stride", "mad.lo.u64 %a0, %a1, %row_stride"),
      ("mad.lo.u64 %a0, %a0, %row_stride", "mad.lo.u64 %a0, %a0, %column_stride"),
      ("shr.u32 %t1, %t0, 5", "shr.u32 %t1, %t0, 6"), ("bra staged_one;\nstage32", "bra stage32;\nstage32"),
      ("  bar.sync 0;\n  mov.u32 %at, %thread", "  mov.u32 %at, %thread"),
      ("@%p bra stage;\n  bar.sync 0;", "@%p bra stage;"), ("mov.u32 %place, staged", "mov.u32 %place, plan"),
      ("bfe.u32 %t0, %v0, 16, 1", "bfe.u32 %t0, %v0, 17, 1"), ("add.u32 %t0, %t0, 0x7FFF", "add.u32 %t0, %t0, 0x8000"),
      ("0x7FC00000, %t0", "0x7FC10000, %t0"), ("0x7E00", "0x7FFF"), ("%w0, 0x7FC00000", "%w0, 0x7FFFFFFF"),
      ("255, %source_type, %p", "%source_type, 255, %p"), ("selp.b32 %is_twofold, 1, 0", "selp.b32 %is_twofold, 0, 0"),
      ("mov.u32 %kind, %target_type", "mov.u32 %kind, %source_type"),
      ("mov.f32 %first_factor, 0f3F800000", "mov.f32 %first_factor, %scale"), ("@!%partial bra round", "bra round"),
      ("@%narrow bra read8", "@!%narrow bra read8"), ("  @%half bra store8;\n", ""),
      ("@!%aligned bra store_parts", "@%aligned bra store_parts"),
      ("and.b32 %odd, %columns, %mask", "and.b32 %odd, %columns, 0"),
      ("selp.b32 %t0, 1, %t0, %p", "selp.b32 %t0, %t0, %t0, %p"),
      ("and.b32 %t0, %t0, 15;\n  and.b32 %t1", "and.b32 %t0, %t0, 1;\n  and.b32 %t1"),
      ("shl.b32 %step, %piece, 8", "shl.b32 %step, %piece, 7"), ("add.u32 %x, %x, %step_x", "add.u32 %x, %x, %across"),
      ("setp.le.u32 %p, %room, 1", "setp.lt.u32 %p, %room, 1"), ("{%h2, %h3}, %w1", "{%h3, %h2}, %w1"),
      ("[%address+2], %h1", "[%address+2], %h0"),
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
      ("ld.param.u64", "ld.param.u32"), ("%table, [table]", "%r1, [table]"), ("bra found", "bra nowhere"),
      ("sub.u32 %t0, %high, %low", "sub.u32 %t0, %high, %r99"), (".address_size 64", ".address_size 32"),
      ("ret;", "ret"),
      ("staged[16896]", "staged[99999]"), ("{%w0, %w1}, [%a0]", "{%w0, %a0}, [%a0]"),
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
      let blocks = Self.blocks(of: dtype, unit: seed % 2 == 0 ? 8 : 1, &numbers)
      let data = (0..<Self.dataBytes / 4).flatMap { _ in
        let bits = Self.pattern(&numbers)
        return [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: bits >> $0) }
      }
      let run = try KernelRun(of: text, on: blocks, dtype, data)
      for block in blocks {
        let wanted = block.packed(dtype, from: data)
        let first = Int(block.start * dtype.bits / 8)
        if Array(run.found[first..<first + wanted.count]) != wanted { return "\(block)" }
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
    ///
    /// - Parameter unit: what all their columns and places are multiples of.
    private static func blocks(of dtype: DType, unit: UInt64, _ numbers: inout SeededGenerator) -> [PackingBlock] {
      func rounded(_ number: UInt64) -> UInt64 { (number + unit - 1) / unit * unit }
      var start: UInt64 = 0
      return (0..<6).map { _ in
        let rows = 1 + numbers.next() % 40
        let columns = rounded(1 + numbers.next() % (numbers.next() % 4 == 0 ? 300 : 40))
        defer { start += rows * columns }
        guard numbers.next() % 6 > 0 else {
          return PackingBlock(buffer: 0, start: start, rows: rows, columns: columns, source: nil)
        }
        let source = [DType.bf16, .f16, .f32][Int(numbers.next() % 3)]
        let taken = 1 + numbers.next() % rows
        // One matrix in four ends within a piece of a row.
        let wide = 1 + numbers.next() % columns
        let pitch = rounded(wide + numbers.next() % 3)
        let isTurned = numbers.next() % 3 == 0
        let scale = [1, 1, 2, 0.7071, -1.0 / 3][Int(numbers.next() % 5)] as Float
        let first = numbers.next() % 64 * (numbers.next() % 4 == 0 ? 1 : unit) % 64 * (source.bits / 8)
        // One expert of eight, where the data is enough for it.
        let experts: UInt64 = numbers.next() % 4 == 0 && wide <= 40 ? 8 : 1
        let width = numbers.next() % 4 == 0 ? wide : min(rounded(wide), columns)
        let matrix = PackingSource(
          start: first, dtype: source, rows: taken, columns: width,
          rowStride: isTurned ? 1 : pitch * experts, columnStride: isTurned ? taken : experts, scale: scale)
        return PackingBlock(buffer: 0, start: start, rows: rows, columns: columns, source: matrix)
      }
    }
  }
}
