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
      ("setp.le.u32 %p, %first, %group", "setp.lt.u32 %p, %first, %group"), ("[%entry+32]", "[%entry+16]"),
      ("bfe.u32 %log_experts, %shape, 16, 8", "bfe.u32 %log_experts, %shape, 24, 8"),
      ("selp.b32 %rounds, %target_type, 0, %scaled", "selp.b32 %rounds, 0, 0, %scaled"),
      ("selp.b32 %t0, 0, 255, %scaled", "selp.b32 %t0, 255, 255, %scaled"),
      ("selp.b32 %rounds, %t0, %rounds, %p", "selp.b32 %rounds, %rounds, %t0, %p"),
      ("shr.u32 %across, %across, %log_width", "shr.u32 %across, %across, %log_height"),
      ("shr.u32 %down, %down, %log_height", "shr.u32 %down, %down, %log_width"),
      ("shl.b32 %row, %row, %log_height", "shl.b32 %row, %row, %log_width"),
      ("mad.wide.u32 %target, %column, %t0", "mad.wide.u32 %target, %column, 4"),
      ("mad.wide.u32 %target, %expert, %expert_bytes", "mad.wide.u32 %target, %expert, %row_bytes"),
      ("mad.wide.u32 %source, %column, %column_bytes", "mad.wide.u32 %source, %column, %row_bytes"),
      ("mad.wide.u32 %source, %expert, %t0", "mad.wide.u32 %source, %expert, 1"),
      ("min.u32 %rows, %rows, %height", "min.u32 %rows, %rows, %rows"),
      ("min.u32 %columns, %columns, %width", "min.u32 %columns, %columns, %columns"),
      ("min.u32 %source_rows, %source_rows, %rows", "min.u32 %source_rows, %source_rows, %source_rows"),
      ("add.u32 %log_step, %log_piece, 8", "add.u32 %log_step, %log_piece, 7"),
      ("  bar.sync 0;\n  mov.u32 %zero", "  mov.u32 %zero"),
      ("selp.b32 %run, %source_rows, %run, %by_rows", "selp.b32 %run, %source_columns, %run, %by_rows"),
      ("selp.b32 %near, %source_columns, 1, %by_experts", "selp.b32 %near, 1, 1, %by_experts"),
      ("selp.b32 %far, %source_columns, %source_rows", "selp.b32 %far, %source_rows, %source_rows"),
      ("selp.b32 %far_bytes, %column_bytes, %row_bytes", "selp.b32 %far_bytes, %row_bytes, %row_bytes"),
      ("@%joined mul.lo.u32 %run, %run, %near", "@%joined mul.lo.u32 %run, %run, 1"),
      ("@%flat mul.lo.u32 %run, %run, %far", "@%flat mul.lo.u32 %run, %run, 1"),
      ("setp.eq.or.u32 %flat, %far_bytes", "setp.ne.or.u32 %flat, %far_bytes"),
      ("setp.eq.and.u32 %flat, %near, 1, %flat;\n", ""),
      ("and.b32 %t0, %t0, 15;\n  setp", "and.b32 %t0, %t0, 7;\n  setp"),
      ("sub.u32 %head, 16, %offset", "sub.u32 %head, 8, %offset"),
      ("min.u32 %head, %head, %run;", "min.u32 %head, %head, %head;"),
      ("selp.b32 %head, %head, %run, %p", "selp.b32 %head, %head, %head, %p"),
      ("sub.u32 %edge, %run, %inner", "sub.u32 %edge, %head, 0"), ("selp.b32 %t0, 15, 0, %p", "selp.b32 %t0, 0, 0, %p"),
      ("selp.b32 %near_place, %near_bytes", "selp.b32 %near_place, %near_place"),
      ("selp.b32 %far_place, %far_bytes", "selp.b32 %far_place, %run_bytes"),
      ("selp.b32 %row_place, %source_size, %far_place", "selp.b32 %row_place, %far_place, %source_size"),
      ("selp.b32 %column_place, %source_size, %column_place", "selp.b32 %column_place, %column_place, %source_size"),
      ("add.u32 %start, %memory, %offset", "add.u32 %start, %memory, 0"),
      ("selp.b32 %log_near, 0, %log_width, %p", "selp.b32 %log_near, 0, 0, %p"),
      ("selp.b32 %turns, %words, %far, %flat", "selp.b32 %turns, %far, %far, %flat"),
      ("selp.b32 %turn_bytes, 16, %far_bytes", "selp.b32 %turn_bytes, 32, %far_bytes"),
      ("sub.u32 %log_words, 32, %t0", "sub.u32 %log_words, 31, %t0"),
      ("sub.u32 %log_edge, 32, %t0", "sub.u32 %log_edge, 31, %t0"),
      ("setp.ge.u32 %p, %lane, %words", "setp.gt.u32 %p, %lane, %words"),
      ("setp.ge.or.u32 %p, %line, %near, %p", "setp.gt.or.u32 %p, %line, %near, %p"),
      ("setp.ge.or.u32 %p, %turn, %turns, %p", "setp.gt.or.u32 %p, %turn, %turns, %p"),
      ("sub.u32 %t0, 8, %t0", "sub.u32 %t0, 7, %t0"), ("mad.lo.u32 %t0, %head, %source_size, %t0;\n", ""),
      ("selp.b32 %t0, 0, %inner, %p", "selp.b32 %t0, 0, 0, %p"),
      ("@!%source32 st.shared.u16 [%place]", "@!%source32 st.shared.u32 [%place]"),
      ("staged_edges:\n  bar.sync 0;", "staged_edges:"), ("add.u32 %column, %column, %t0;\n", ""),
      ("shl.b32 %row, %row, %log_low;\n", ""),
      ("setp.ge.u32 %p, %column, %columns", "setp.gt.u32 %p, %column, %columns"),
      ("setp.ge.or.u32 %p, %expert, %experts", "setp.gt.or.u32 %p, %expert, %experts"),
      ("setp.lt.u32 %p, %column, %source_columns", "setp.le.u32 %p, %column, %source_columns"),
      ("selp.b32 %live_end, %source_rows, 0, %p", "selp.b32 %live_end, %rows, 0, %p"),
      ("sub.u32 %t0, %log_step, %log_experts", "sub.u32 %t0, %log_step, 0"),
      ("mad.wide.u32 %address, %expert, %expert_bytes", "mad.wide.u32 %address, %expert, %row_bytes"),
      ("mul.wide.u32 %address_step, %step", "mul.wide.u32 %address_step, %log_step"),
      ("mad.wide.u32 %from, %row, %row_bytes, %source", "mad.wide.u32 %from, %row, %target_row_bytes, %source"),
      ("mad.lo.u32 %place, %expert, %source_size", "mad.lo.u32 %place, %expert, 4"),
      ("mul.lo.u32 %place_step, %step, %row_place", "mul.lo.u32 %place_step, %step, %column_place"),
      ("setp.lt.u32 %partial, %left, %t0", "setp.gt.u32 %partial, %left, %t0"),
      ("setp.lt.u32 %p, %row, %live_end", "setp.le.u32 %p, %row, %live_end"), ("@%p bra zero;", "bra zero;"),
      ("@%p bra zero_half;", "bra zero_half;"), ("  @%half bra zero_half;\n", ""),
      ("@%short ld.global", "@!%short ld.global"), ("  @%half st.global.v2.u32 [%address], {%w0, %w1};\n", ""),
      ("@!%aligned bra store_parts", "@%aligned bra store_parts"),
      ("@!%aligned bra zero_parts", "@%aligned bra zero_parts"), ("  @%partial bra gather_part;\n", ""),
      ("setp.eq.u32 %p, %left, 3", "setp.eq.u32 %p, %left, 8"), ("0x5410", "0x5430"), ("0x7632", "0x7532"),
      ("setp.gt.u32 %p, %room, 1", "setp.ge.u32 %p, %room, 1"), ("[%address+2], %h1", "[%address+2], %h0"),
      ("  @%partial bra mask;\n", ""), ("bfe.u32 %t0, %v0, 16, 1", "bfe.u32 %t0, %v0, 17, 1"),
      ("add.u32 %t0, %t0, 0x7FFF", "add.u32 %t0, %t0, 0x8000"), ("%v0, 0x7FC00000", "%v0, 0x7FC10000"),
      ("0x7E00", "0x7FFF"), ("checked_first:\n  @%nan bra canonical_first;\n", "checked_first:\n"),
      ("setp.nan.or.f32 %nan, %v2, %v3, %nan", "setp.nan.f32 %nan, %v2, %v3"),
      ("checked:\n  @%nan bra canonical;\n", "checked:\n"), ("mov.b32 %w0, {%h0, %h1}", "mov.b32 %w0, {%h1, %h0}"),
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
      ("setp.nan.or.f32", "setp.nan.xor.f32"), ("setp.ge.or.u32 %p", "setp.nan.or.u32 %p"), ("clz.b32", "clz.b64"),
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

    /// Blocks side by side: zeros, whole matrices, parts of them, matrices turned around, stacks of experts; some of more
    /// than one tile.
    ///
    /// - Parameter unit: what all their columns and places are multiples of.
    private static func blocks(of dtype: DType, unit: UInt64, _ numbers: inout SeededGenerator) -> [PackingBlock] {
      var start: UInt64 = 0
      return (0..<6).flatMap { _ in
        let next = numbers.next() % 6
        let blocks =
          next == 0
          ? stack(at: start, unit, &numbers) : [matrix(at: start, unit, isZero: next == 1, &numbers)]
        start = blocks.map { $0.start + $0.rows * $0.columns }.max() ?? start
        return blocks
      }
    }

    private static func rounded(_ number: UInt64, to unit: UInt64) -> UInt64 { (number + unit - 1) / unit * unit }

    private static func matrix(
      at start: UInt64, _ unit: UInt64, isZero: Bool, _ numbers: inout SeededGenerator
    ) -> PackingBlock {
      // Some are tall, some of many rectangles, some wide.
      let most = [(600, 24), (100, 300), (200, 150), (40, 300)] as [(UInt64, UInt64)]
      let (height, width) = numbers.next() % 2 == 0 ? most[Int(numbers.next() % 4)] : (40, 40)
      let rows = 1 + numbers.next() % height
      let columns = rounded(1 + numbers.next() % width, to: unit)
      if isZero { return PackingBlock(buffer: 0, start: start, rows: rows, columns: columns, source: nil) }
      let source = [DType.bf16, .f16, .f32][Int(numbers.next() % 3)]
      // One matrix in three is whole; one in four ends within a piece of a row.
      let isWhole = numbers.next() % 3 == 0
      let taken = isWhole ? rows : 1 + numbers.next() % rows
      let wide = isWhole ? columns : 1 + numbers.next() % columns
      let pitch = rounded(wide + numbers.next() % 3, to: unit)
      let isTurned = numbers.next() % 3 == 0
      let scale = [1, 1, 2, 0.7071, -1.0 / 3][Int(numbers.next() % 5)] as Float
      let first = numbers.next() % 64 * (numbers.next() % 4 == 0 ? 1 : unit) % 64 * (source.bits / 8)
      // One expert of eight, where the data is enough for it.
      let experts: UInt64 = numbers.next() % 4 == 0 && wide <= 40 && rows <= 40 ? 8 : 1
      let taking = numbers.next() % 4 == 0 ? wide : min(rounded(wide, to: unit), columns)
      let matrix = PackingSource(
        start: first, dtype: source, rows: taken, columns: taking,
        rowStride: isTurned ? 1 : pitch * experts,
        columnStride: isTurned ? rounded(taken, to: numbers.next() % 2 == 0 ? 8 : 1) : experts, scale: scale)
      return PackingBlock(buffer: 0, start: start, rows: rows, columns: columns, source: matrix)
    }

    /// All experts of a stack, which take turns in the source, with or without zeros between them in the slot.
    private static func stack(at start: UInt64, _ unit: UInt64, _ numbers: inout SeededGenerator) -> [PackingBlock] {
      let count = [2, 3, 8, 17, 60, 130, 260][Int(numbers.next() % 7)] as UInt64
      let (rows, rank) = (1 + numbers.next() % 12, 1 + numbers.next() % (count > 200 ? 9 : 20))
      let columns = rounded(rank + numbers.next() % 20, to: unit)
      let source = [DType.bf16, .f16, .f32][Int(numbers.next() % 3)]
      let scale = [1, 2, -1.0 / 3][Int(numbers.next() % 3)] as Float
      let first = numbers.next() % 3 * (source.bits / 8)
      let zeros = numbers.next() % 2 * 3 * unit
      // One in four is turned around, too.
      let isTurned = numbers.next() % 4 == 0
      let gap = numbers.next() % 3 * 4
      return (0..<count).flatMap { expert in
        let matrix = PackingSource(
          start: first + expert * (source.bits / 8), dtype: source, rows: rows, columns: rank,
          rowStride: isTurned ? count : rank * count + gap, columnStride: isTurned ? rows * count + gap : count,
          scale: scale)
        let place = start + expert * (rows * columns + zeros)
        let block = PackingBlock(buffer: 0, start: place, rows: rows, columns: columns, source: matrix)
        let end = PackingBlock(buffer: 0, start: place + rows * columns, rows: 1, columns: zeros, source: nil)
        return zeros > 0 ? [block, end] : [block]
      }
    }
  }
}
