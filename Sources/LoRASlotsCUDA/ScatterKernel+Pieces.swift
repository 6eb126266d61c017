/// A thread's pieces of a rectangle, which lie below each other: first those of the source, then zeros.
extension ScatterKernel {
  static let pieces = """
      bfe.u32 %row, %thread, %log_run, %log_step;
      add.u32 %t0, %log_run, %log_step;
      shr.u32 %column, %thread, %t0;
      shl.b32 %column, %column, %log_run;
      bfe.u32 %t0, %thread, 0, %log_run;
      add.u32 %column, %column, %t0;
      shl.b32 %column, %column, %log_piece;
      bfe.u32 %low_row, %row, 0, %log_low;
      bfe.u32 %expert, %row, %log_low, %log_experts;
      add.u32 %t0, %log_low, %log_experts;
      shr.u32 %row, %row, %t0;
      shl.b32 %row, %row, %log_low;
      add.u32 %row, %row, %low_row;
      setp.ge.u32 %p, %column, %columns;
      setp.ge.or.u32 %p, %expert, %experts, %p;
      @%p bra done;
      setp.lt.u32 %p, %column, %source_columns;
      selp.b32 %live_end, %source_rows, 0, %p;
      sub.u32 %t0, %log_step, %log_experts;
      shl.b32 %step, 1, %t0;

      setp.ne.u32 %aligned, %whole, 0;
      setp.eq.u32 %narrow, %log_piece, 2;
      setp.eq.u32 %target32, %target_type, 0;
      setp.eq.and.u32 %half, %log_piece, 2, !%target32;
      selp.b32 %target_size, 4, 2, %target32;
      mad.wide.u32 %address, %row, %target_row_bytes, %target;
      mad.wide.u32 %address, %column, %target_size, %address;
      mad.wide.u32 %address, %expert, %expert_bytes, %address;
      mul.wide.u32 %address_step, %step, %target_row_bytes;
      setp.ge.u32 %p, %row, %live_end;
      @%p bra zeros;

      setp.eq.u32 %copied, %rounds, 255;
      setp.ne.u32 %twofold, %rounds, 0;
      setp.neu.f32 %scales, %scale, 0f3F800000;
      setp.eq.u32 %source_half, %source_type, 1;
      setp.eq.u32 %target_half, %target_type, 1;
      setp.eq.and.u32 %short, %log_piece, 2, !%source32;
      setp.ne.u32 %partial, 0, 0;
      @%staged bra live_staged;
      mad.wide.u32 %from, %row, %row_bytes, %source;
      mad.wide.u32 %from, %column, %source_size, %from;
      mul.wide.u32 %from_step, %step, %row_bytes;
      bra live;
    live_staged:
      mad.lo.u32 %place, %row, %row_place, %start;
      mad.lo.u32 %place, %column, %column_place, %place;
      mad.lo.u32 %place, %expert, %source_size, %place;
      mul.lo.u32 %place_step, %step, %row_place;
      sub.u32 %left, %source_columns, %column;
      shl.b32 %t0, 1, %log_piece;
      setp.lt.u32 %partial, %left, %t0;

    live:
      @%staged bra gather;
      @%short ld.global.nc.v2.u32 {%w0, %w1}, [%from];
      @!%narrow ld.global.nc.v4.u32 {%w0, %w1, %w2, %w3}, [%from];
      @%source32 ld.global.nc.v4.u32 {%v0, %v1, %v2, %v3}, [%from];
      add.u64 %from, %from, %from_step;
    gathered:
      @%copied bra store;
    \(rounding)
    store:
      @!%aligned bra store_parts;
      @%target32 st.global.v4.u32 [%address], {%v0, %v1, %v2, %v3};
      @%half st.global.v2.u32 [%address], {%w0, %w1};
      @!%narrow st.global.v4.u32 [%address], {%w0, %w1, %w2, %w3};
    next:
      add.u64 %address, %address, %address_step;
      add.u32 %row, %row, %step;
      setp.lt.u32 %p, %row, %live_end;
      @%p bra live;

    zeros:
      setp.ge.u32 %p, %row, %rows;
      @%p bra done;
      @!%aligned bra zero_parts;
      @%half bra zero_half;
    zero:
      st.global.v4.u32 [%address], {%zero, %zero, %zero, %zero};
      add.u64 %address, %address, %address_step;
      add.u32 %row, %row, %step;
      setp.lt.u32 %p, %row, %rows;
      @%p bra zero;
      bra done;
    zero_half:
      st.global.v2.u32 [%address], {%zero, %zero};
      add.u64 %address, %address, %address_step;
      add.u32 %row, %row, %step;
      setp.lt.u32 %p, %row, %rows;
      @%p bra zero_half;
    """

  /// What is not in the way of the others.
  static let rareCases = """
      // Out of shared memory, where neighbours of a row are so many bytes apart.
    gather:
      mov.u32 %spot, %place;
      add.u32 %place, %place, %place_step;
      @%partial bra gather_part;
      @%source32 bra gather_words;
    \(gather(0..<4, size: 2))
    \(each(0..<2, join))
      @%narrow bra gathered;
      add.u32 %spot, %spot, %column_place;
    \(gather(4..<8, size: 2))
    \(each(2..<4, join))
      bra gathered;
    gather_words:
    \(gather(0..<4, size: 4))
      @%copied bra store;
      bra unpacked;
    gather_part:
    \(each(0..<8) { "  mov.u32 %v\($0), 0;" })
    \(each(0..<7) { """
        setp.eq.u32 %p, %left, \($0);
        @%p bra gathered_part;
        @%source32 ld.shared.u32 %v\($0), [%spot];
        @!%source32 ld.shared.u16 %v\($0), [%spot];
        add.u32 %spot, %spot, %column_place;
      """ })
    gathered_part:
      @%source32 bra gathered;
    \(each(0..<4, join))
      bra gathered;
    \(rareRounding)

      // Element by element, up to the end of the row.
    zero_parts:
    \(each(0..<4) { "  mov.u32 %w\($0), 0;\n  mov.u32 %v\($0), 0;" })
    store_parts:
      sub.u32 %room, %columns, %column;
      @%target32 bra store_words;
    \(each(ofWords: true, until: "next") { """
        mov.b32 {%h0, %h1}, %w\($0);
        setp.gt.u32 %p, %room, \(2 * $0);
        @%p st.global.u16 [%address+\(4 * $0)], %h0;
        setp.gt.u32 %p, %room, \(2 * $0 + 1);
        @%p st.global.u16 [%address+\(4 * $0 + 2)], %h1;
      """ })
      bra next;
    store_words:
    \(each(0..<4) { """
        setp.gt.u32 %p, %room, \($0);
        @%p st.global.u32 [%address+\(4 * $0)], %v\($0);
      """ })
      bra next;
    """

  /// Elements out of shared memory, one behind the other.
  private static func gather(_ elements: Range<Int>, size: Int) -> String {
    elements.map { "  ld.shared.u\(8 * size) %v\($0), [%spot];" }
      .joined(separator: "\n  add.u32 %spot, %spot, %column_place;\n")
  }

  /// A word out of two elements.
  private static func join(_ word: Int) -> String {
    "  prmt.b32 %w\(word), %v\(2 * word), %v\(2 * word + 1), 0x5410;"
  }
}
