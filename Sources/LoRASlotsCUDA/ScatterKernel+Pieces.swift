/// A thread's pieces of a rectangle, which lie below each other: first those of the source, then zeros.
extension ScatterKernel {
  static let pieces = """
      add.u32 %column, %column0, %in_column;
      setp.ge.u32 %p, %column, %columns;
      @%p bra advance;
      add.u32 %row, %row0, %in_row;
      add.u32 %last, %row0, %height;
      min.u32 %last, %last, %rows;
      min.u32 %live_end, %last, %source_rows;
      setp.lt.u32 %p, %column, %source_columns;
      selp.b32 %live_end, %live_end, 0, %p;
      mad.lo.u32 %t0, %row, %columns, %column;
      mad.wide.u32 %address, %t0, %target_size, %target;
      setp.ge.u32 %p, %row, %live_end;
      @%p bra zeros;
      @!%direct bra live_staged;
      cvt.u64.u32 %a, %row;
      mad.lo.u64 %from, %a, %row_bytes, %source;
      mad.wide.u32 %from, %column, %source_size, %from;
      setp.ne.u32 %partial, 0, 0;
      bra live;
    live_staged:
      mov.u32 %place, %first_place;
      sub.u32 %left, %source_columns, %column;
      setp.lt.u32 %partial, %left, %piece;

    live:
      @!%direct bra gather;
      @%short ld.global.nc.v2.u32 {%w0, %w1}, [%from];
      @%long ld.global.nc.v4.u32 {%w0, %w1, %w2, %w3}, [%from];
      @%source32 ld.global.nc.v4.u32 {%v0, %v1, %v2, %v3}, [%from];
      add.u64 %from, %from, %from_step;
    gathered:
      @%copied bra store;
    \(rounding)
    store:
      @!%aligned bra store_parts;
      @%target32 st.global.v4.u32 [%address], {%v0, %v1, %v2, %v3};
      @%half st.global.v2.u32 [%address], {%w0, %w1};
      @%long st.global.v4.u32 [%address], {%w0, %w1, %w2, %w3};
    next:
      add.u64 %address, %address, %address_step;
      add.u32 %row, %row, %step_row;
      setp.lt.u32 %p, %row, %live_end;
      @%p bra live;

    zeros:
      setp.ge.u32 %p, %row, %last;
      @%p bra advance;
      @!%aligned bra zero_parts;
      @%half bra zero_half;
    zero:
      st.global.v4.u32 [%address], {%zero, %zero, %zero, %zero};
      add.u64 %address, %address, %address_step;
      add.u32 %row, %row, %step_row;
      setp.lt.u32 %p, %row, %last;
      @%p bra zero;
      bra advance;
    zero_half:
      st.global.v2.u32 [%address], {%zero, %zero};
      add.u64 %address, %address, %address_step;
      add.u32 %row, %row, %step_row;
      setp.lt.u32 %p, %row, %last;
      @%p bra zero_half;
    """

  /// What is not in the way of the others.
  static let rareCases = """
      // Out of shared memory.
    gather:
      @%partial bra gather_part;
    \(each(0..<4) { "  ld.shared.u32 %v\($0), [%place+\(planBytes + 4 * $0)];" })
      @%narrow bra join;
    \(each(4..<8) { "  ld.shared.u32 %v\($0), [%place+\(planBytes + 4 * $0)];" })
    join:
      add.u32 %place, %place, %place_step;
      @%source32 bra gathered;
    \(each(0..<2) { "  prmt.b32 %w\($0), %v\(2 * $0), %v\(2 * $0 + 1), 0x5410;" })
      @%narrow bra gathered;
    \(each(2..<4) { "  prmt.b32 %w\($0), %v\(2 * $0), %v\(2 * $0 + 1), 0x5410;" })
      bra gathered;
    gather_part:
    \(each(0..<8) { """
        mov.u32 %v\($0), 0;
        setp.gt.u32 %p, %left, \($0);
        @%p ld.shared.u32 %v\($0), [%place+\(planBytes + 4 * $0)];
      """ })
      bra join;
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
}
