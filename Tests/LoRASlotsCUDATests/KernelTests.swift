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
      for seed in 0..<80 { #expect(try flaw(of: ScatterKernel.ptx, seed: UInt64(seed)) == nil, "seed \(seed)") }
    }

    /// One change of the text each; all of them have to show.
    private static let changes: [(text: String, change: String)] = [
      ("setp.le.u32 %p, %first, %group", "setp.lt.u32 %p, %first, %group"), ("[%entry+40]", "[%entry+48]"),
      ("min.u32 %last, %last, %rows;", "min.u32 %last, %last, %last;"),
      ("min.u32 %live_end, %last, %source_rows", "min.u32 %live_end, %last, %last"),
      ("setp.ge.u32 %p, %column, %columns", "setp.gt.u32 %p, %column, %columns"),
      ("setp.lt.u32 %p, %column, %source_columns", "setp.le.u32 %p, %column, %source_columns"),
      ("setp.lt.u32 %p, %row, %live_end", "setp.le.u32 %p, %row, %live_end"), ("@%p bra zero;", "bra zero;"),
      ("@%p bra zero_half;", "bra zero_half;"), ("  @%half bra zero_half;\n", ""),
      ("setp.ge.u32 %p, %row0, %source_rows", "setp.ge.u32 %p, %row0, 8"),
      ("mad.lo.u64 %from, %a, %row_bytes, %source", "mad.lo.u64 %from, %a, %column_bytes, %source"),
      ("mad.lo.u64 %from, %a, %column_bytes, %from", "mad.lo.u64 %from, %a, %row_bytes, %from"),
      ("%row_bytes, %source;\n  mad.wide", "%column_bytes, %source;\n  mad.wide"),
      ("shr.u32 %t2, %t1, 5", "shr.u32 %t2, %t1, 6"), ("shr.u32 %t1, %t0, 5", "shr.u32 %t1, %t0, 6"),
      ("mul.lo.u32 %place_step, %piece, 1056", "mul.lo.u32 %place_step, %piece, 1024"),
      ("  bar.sync 0;\n  add.u32 %row, %row0, %stage_row", "  add.u32 %row, %row0, %stage_row"),
      ("staged_all:\n  bar.sync 0;", "staged_all:"),
      ("shr.u32 %left, %left, %log_stride;\n  add.u32 %left, %left, 1;", "shr.u32 %left, %left, %log_stride;"),
      ("selp.b32 %t0, 4, 1056, %turned", "selp.b32 %t0, 1056, 4, %turned"),
      ("@%turned mov.u64 %stage_step, %column_bytes;\n", ""),
      ("selp.b32 %least, 4, 3, %turned", "selp.b32 %least, 3, 3, %turned"),
      ("bfe.u32 %t0, %v0, 16, 1", "bfe.u32 %t0, %v0, 17, 1"),
      ("add.u32 %t0, %t0, 0x7FFF", "add.u32 %t0, %t0, 0x8000"), ("%v0, 0x7FC00000", "%v0, 0x7FC10000"),
      ("0x7E00", "0x7FFF"), ("0x5410", "0x5430"), ("0x7632", "0x7532"),
      ("setp.nan.or.f32 %nan, %v2, %v3, %nan", "setp.nan.f32 %nan, %v2, %v3"),
      ("setp.nan.or.f32 %nan, %v6, %v7, %nan;\n", ""), ("255, %source_type, %scaled", "%source_type, 255, %scaled"),
      ("selp.b32 %rounds, %target_type, 0, %scaled", "selp.b32 %rounds, 0, 0, %scaled"),
      ("selp.b32 %rounds, 0, %rounds, %p", "selp.b32 %rounds, %rounds, 0, %p"), ("  @%partial bra mask;\n", ""),
      ("  @%partial bra gather_part;\n", ""), ("@%short ld.global", "@!%short ld.global"),
      ("  @%half st.global.v2.u32 [%address], {%w0, %w1};\n", ""),
      ("@!%aligned bra store_parts", "@%aligned bra store_parts"),
      ("@!%aligned bra zero_parts", "@%aligned bra zero_parts"),
      ("and.b32 %t1, %columns, %mask", "and.b32 %t1, %columns, 0"),
      ("selp.b32 %indirect, 0, 1, %p", "selp.b32 %indirect, 0, 0, %p"),
      ("or.b32 %t1, %t1, %t2;\n  and.b32 %t1, %t0, %t1", "or.b32 %t1, %t1, %t2;\n  and.b32 %t1, 0, %t1"),
      ("add.u32 %x, %x, %step_x", "add.u32 %x, %x, %across"),
      ("sub.u32 %x, %x, %across;\n  add.u32 %y", "sub.u32 %x, %x, %x;\n  add.u32 %y"),
      ("setp.gt.u32 %p, %room, 1", "setp.ge.u32 %p, %room, 1"), ("[%address+2], %h1", "[%address+2], %h0"),
      ("mov.b32 %w0, {%h0, %h1}", "mov.b32 %w0, {%h1, %h0}"),
      ("mul.wide.u32 %address_step, %step_row, %columns", "mul.wide.u32 %address_step, %piece, %columns"),
    ]

    @Test(arguments: changes.indices) func aBrokenKernelShows(_ index: Int) throws {
      let (line, change) = Self.changes[index]
      let broken = try Self.changed(line, to: change)
      let found = FakeDriver.expectingViolations {
        (0..<80 as Range<UInt64>).contains { seed in
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
      ("ret;", "ret"), ("group_memory[", "group_memory[9"), ("{%w0, %w1}, [%from]", "{%w0, %from}, [%from]"),
      ("setp.nan.or.f32", "setp.nan.xor.f32"), ("setp.ge.or.u32 %p", "setp.nan.or.u32 %p"),
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
      let data = Self.data
      let run = try KernelRun(of: text, on: blocks, dtype, data)
      for block in blocks {
        let wanted = block.packed(dtype, from: data)
        let first = Int(block.start * dtype.bits / 8)
        if Array(run.found[first..<first + wanted.count]) != wanted { return "\(block)" }
      }
      return nil
    }

    private static let data: [UInt8] = {
      var numbers = SeededGenerator(seed: 17)
      return (0..<1 << 15).flatMap { _ in
        let bits = pattern(&numbers)
        return [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: bits >> $0) }
      }
    }()

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
        // Some are tall, some of many rectangles, some wide.
        let most = [(600, 24), (100, 300), (40, 300)] as [(UInt64, UInt64)]
        let (height, width) = numbers.next() % 2 == 0 ? most[Int(numbers.next() % 3)] : (40, 40)
        let rows = 1 + numbers.next() % height
        let columns = rounded(1 + numbers.next() % width)
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
        let experts: UInt64 = numbers.next() % 4 == 0 && wide <= 40 && rows <= 40 ? 8 : 1
        let taking = numbers.next() % 4 == 0 ? wide : min(rounded(wide), columns)
        let matrix = PackingSource(
          start: first, dtype: source, rows: taken, columns: taking,
          rowStride: isTurned ? 1 : pitch * experts, columnStride: isTurned ? taken : experts, scale: scale)
        return PackingBlock(buffer: 0, start: start, rows: rows, columns: columns, source: matrix)
      }
    }
  }
}
