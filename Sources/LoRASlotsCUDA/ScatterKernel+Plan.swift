/// What a group's first thread finds for all: the block, its rectangles, and how its pieces are read and written.
extension ScatterKernel {
  /// Bytes of shared memory for what it has found.
  static let planBytes = 160

  /// The last block whose first tile is not after this group.
  static let search = """
      ld.param.u64 %table, [table];
      ld.param.u64 %count, [count];
      cvta.to.global.u64 %table, %table;
      mov.u32 %group, %ctaid.x;
      mov.u32 %low, 0;
      cvt.u32.u64 %high, %count;
    search:
      sub.u32 %t0, %high, %low;
      setp.le.u32 %p, %t0, 1;
      @%p bra found;
      add.u32 %middle, %low, %high;
      shr.u32 %middle, %middle, 1;
      mul.wide.u32 %entry, %middle, 64;
      add.u64 %entry, %table, %entry;
      ld.global.nc.u32 %first, [%entry+16];
      setp.le.u32 %p, %first, %group;
      selp.b32 %low, %middle, %low, %p;
      selp.b32 %high, %high, %middle, %p;
      bra search;
    """

  static let plan = """
    found:
      mul.wide.u32 %entry, %low, 64;
      add.u64 %entry, %table, %entry;
      ld.global.nc.v2.u64 {%target, %source}, [%entry];
      ld.global.nc.v4.u32 {%first, %columns, %elements, %unused}, [%entry+16];
      ld.global.nc.v2.u32 {%source_rows, %source_columns}, [%entry+32];
      ld.global.nc.u64 %row_bytes, [%entry+40];
      ld.global.nc.u64 %column_bytes, [%entry+48];
      ld.global.nc.v2.b32 {%scale, %types}, [%entry+56];
      cvta.to.global.u64 %target, %target;
      cvta.to.global.u64 %source, %source;
      div.u32 %rows, %elements, %columns;
      setp.lt.u64 %turned, %row_bytes, %column_bytes;
      setp.eq.u64 %p, %column_bytes, 1;
      selp.b32 %indirect, 0, 1, %p;

      // Zeros are read from nowhere, in the slot's type.
      bfe.u32 %target_type, %types, 8, 8;
      and.b32 %source_type, %types, 255;
      setp.eq.u32 %empty, %source_rows, 0;
      selp.b32 %source_type, %target_type, %source_type, %empty;
      selp.b32 %indirect, 0, %indirect, %empty;
    \(types)
    \(shape)
    \(steps)
      mov.u32 %memory, group_memory;
      st.shared.v2.u64 [%memory], {%target, %source};
      st.shared.v2.u64 [%memory+16], {%row_bytes, %column_bytes};
      st.shared.v2.u64 [%memory+32], {%address_step, %from_step};
      st.shared.v4.b32 [%memory+48], {%source_rows, %source_columns, %rows, %columns};
      st.shared.v4.b32 [%memory+64], {%x, %y, %step_x, %step_y};
      st.shared.v4.b32 [%memory+80], {%log_width, %log_height, %log_piece, %across};
      st.shared.v4.b32 [%memory+96], {%source_type, %target_type, %step_row, %scale};
      st.shared.v4.b32 [%memory+112], {%indirect, %odd, %equal, %rounds};
      st.shared.v2.b32 [%memory+128], {%turn, %log_stride};
      st.shared.v2.u64 [%memory+144], {%stage_step, %stage_step};
    """

  /// What follows from the types: pieces, what keeps them from being moved whole, and how numbers are rounded.
  private static let types = """
      setp.eq.u32 %source32, %source_type, 0;
      setp.eq.u32 %target32, %target_type, 0;
      selp.b32 %source_shift, 2, 1, %source32;
      selp.b32 %target_shift, 2, 1, %target32;
      shl.b64 %row_bytes, %row_bytes, %source_shift;
      shl.b64 %column_bytes, %column_bytes, %source_shift;
      mul.lo.u32 %t0, %source_type, %target_type;
      setp.eq.u32 %narrow, %t0, 0;
      selp.b32 %log_piece, 2, 3, %narrow;
      shl.b32 %piece, 1, %log_piece;
      sub.u32 %mask, %piece, 1;

      // What is not zero keeps pieces from being stored whole, and from being read whole.
      shl.b32 %t0, %piece, %target_shift;
      sub.u32 %t0, %t0, 1;
      cvt.u32.u64 %t1, %target;
      and.b32 %odd, %t0, %t1;
      and.b32 %t1, %columns, %mask;
      or.b32 %odd, %odd, %t1;
      shl.b32 %t0, %piece, %source_shift;
      sub.u32 %t0, %t0, 1;
      cvt.u32.u64 %t1, %source;
      cvt.u32.u64 %t2, %row_bytes;
      or.b32 %t1, %t1, %t2;
      and.b32 %t1, %t0, %t1;
      or.b32 %indirect, %indirect, %t1;
      and.b32 %t1, %source_columns, %mask;
      or.b32 %indirect, %indirect, %t1;
      or.b32 %indirect, %indirect, %odd;
      selp.b32 %indirect, 0, %indirect, %empty;
      setp.eq.u32 %direct, %indirect, 0;

      // Equal types and no scale: the bits go to the slot as they are. Another type and a scale: rounded to the slot's
      // type first, which f32 needs for nothing, then scaled and rounded again.
      setp.neu.f32 %scaled, %scale, 0f3F800000;
      selp.b32 %t0, 255, %source_type, %scaled;
      setp.eq.u32 %p, %t0, %target_type;
      selp.b32 %equal, 1, 0, %p;
      selp.b32 %rounds, %target_type, 0, %scaled;
      setp.eq.u32 %p, %source_type, %target_type;
      selp.b32 %rounds, 0, %rounds, %p;
    """

  /// The rectangle's sides: as wide as the block, but at most 1024 where the source is read as it lies, 256 where it is
  /// not, and 64 where its columns lie far apart.
  private static let shape = """
      selp.b32 %log_area, \(logTile), 12, %direct;
      selp.b32 %turn, 1, 0, %turned;
      selp.b32 %least, 4, 3, %turned;
      selp.b32 %log_width, 6, 8, %turned;
      selp.b32 %log_width, 10, %log_width, %direct;
      selp.b32 %most, 9, %log_width, %turned;
      selp.b32 %most, 10, %most, %direct;
    fit:
      setp.le.u32 %p, %log_width, %least;
      @%p bra fitted;
      sub.u32 %fit, %log_width, 1;
      shl.b32 %width, 1, %fit;
      setp.lt.u32 %p, %width, %columns;
      @%p bra fitted;
      mov.u32 %log_width, %fit;
      bra fit;

      // A width that divides the block's is better than the widest, unless it is small.
    fitted:
      and.b32 %t0, %columns, 63;
      setp.ne.u32 %p, %t0, 0;
      @%p bra flatten;
    divide:
      shl.b32 %width, 1, %log_width;
      sub.u32 %width, %width, 1;
      and.b32 %t0, %columns, %width;
      setp.eq.u32 %p, %t0, 0;
      @%p bra flatten;
      sub.u32 %log_width, %log_width, 1;
      bra divide;

      // Of a block with few rows, more columns.
    flatten:
      setp.ge.u32 %p, %log_width, %most;
      @%p bra shaped;
      shl.b32 %width, 1, %log_width;
      setp.ge.u32 %p, %width, %columns;
      @%p bra shaped;
      sub.u32 %fit, %log_area, %log_width;
      sub.u32 %fit, %fit, 1;
      shl.b32 %t0, 1, %fit;
      setp.lt.u32 %p, %t0, %rows;
      @%p bra shaped;
      add.u32 %log_width, %log_width, 1;
      bra flatten;
    """

  /// This group's first rectangle, how far it is to its next one, and how far from a thread's piece to its next one.
  private static let steps = """
    shaped:
      sub.u32 %log_height, %log_area, %log_width;
      shl.b32 %width, 1, %log_width;
      add.u32 %across, %columns, %width;
      sub.u32 %across, %across, 1;
      shr.u32 %across, %across, %log_width;
      sub.u32 %t0, %group, %first;
      div.u32 %y, %t0, %across;
      mul.lo.u32 %x, %y, %across;
      sub.u32 %x, %t0, %x;
      add.u32 %t0, %elements, \(tile - 1);
      shr.u32 %t0, %t0, \(logTile);
      div.u32 %step_y, %t0, %across;
      mul.lo.u32 %step_x, %step_y, %across;
      sub.u32 %step_x, %t0, %step_x;
      add.u32 %t0, %log_piece, 8;
      sub.u32 %t0, %t0, %log_width;
      shl.b32 %step_row, 1, %t0;
      mul.wide.u32 %address_step, %step_row, %columns;
      shl.b64 %address_step, %address_step, %target_shift;
      cvt.u64.u32 %from_step, %step_row;
      mul.lo.u64 %from_step, %from_step, %row_bytes;

      // A thread stages columns side by side of a source that is turned around, and else rows of which 256 elements lie
      // in between.
      sub.u32 %log_stride, 8, %log_width;
      selp.b32 %log_stride, 0, %log_stride, %turned;
      shl.b64 %stage_step, %row_bytes, %log_stride;
      @%turned mov.u64 %stage_step, %column_bytes;
    """

  /// What every thread takes of it.
  static let takePlan = """
      bar.sync 0;
      mov.u32 %zero, 0;
      mov.u32 %memory, group_memory;
      ld.shared.v4.b32 {%indirect, %odd, %equal, %rounds}, [%memory+112];
      ld.shared.v4.b32 {%source_type, %target_type, %step_row, %scale}, [%memory+96];
      ld.shared.v4.b32 {%log_width, %log_height, %log_piece, %across}, [%memory+80];
      ld.shared.v4.b32 {%x, %y, %step_x, %step_y}, [%memory+64];
      ld.shared.v4.b32 {%source_rows, %source_columns, %rows, %columns}, [%memory+48];
      ld.shared.v2.u64 {%address_step, %from_step}, [%memory+32];
      ld.shared.v2.u64 {%row_bytes, %column_bytes}, [%memory+16];
      ld.shared.v2.u64 {%target, %source}, [%memory];
      setp.eq.u32 %direct, %indirect, 0;
      setp.eq.u32 %aligned, %odd, 0;
      setp.ne.u32 %copied, %equal, 0;
      setp.ne.u32 %twofold, %rounds, 0;
      setp.neu.f32 %scales, %scale, 0f3F800000;
      setp.eq.u32 %source32, %source_type, 0;
      setp.eq.u32 %source_half, %source_type, 1;
      setp.eq.u32 %target32, %target_type, 0;
      setp.eq.u32 %target_half, %target_type, 1;
      selp.b32 %source_size, 4, 2, %source32;
      selp.b32 %target_size, 4, 2, %target32;

      // Pieces as they are moved: of two words or of four, in the source and in the slot.
      setp.eq.u32 %narrow, %log_piece, 2;
      setp.eq.and.u32 %short, %log_piece, 2, !%source32;
      setp.eq.u32 %long, %log_piece, 3;
      setp.eq.and.u32 %half, %log_piece, 2, !%target32;
      shl.b32 %piece, 1, %log_piece;
      shl.b32 %height, 1, %log_height;

      // This thread's first piece of a rectangle.
      shl.b32 %t0, %thread, %log_piece;
      shr.u32 %in_row, %t0, %log_width;
      shl.b32 %t1, %in_row, %log_width;
      sub.u32 %in_column, %t0, %t1;
      @%direct bra rectangle;
    \(takeStaging)
    """
}
