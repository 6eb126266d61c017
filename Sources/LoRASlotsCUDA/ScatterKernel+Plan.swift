/// What a group's first thread finds for all: the block, the rectangle in it, and how its pieces are read and written.
extension ScatterKernel {
  /// Bytes of shared memory for what it has found.
  static let planBytes = 176

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
      ld.global.nc.v4.u32 {%first, %rows, %columns, %experts}, [%entry+16];
      ld.global.nc.v4.u32 {%source_rows, %source_columns, %row_bytes, %column_bytes}, [%entry+32];
      ld.global.nc.v4.b32 {%expert_bytes, %scale, %types, %shape}, [%entry+48];
      cvta.to.global.u64 %target, %target;
      cvta.to.global.u64 %source, %source;
      bfe.u32 %source_type, %types, 0, 8;
      bfe.u32 %target_type, %types, 8, 8;
      bfe.u32 %way, %types, 16, 8;
      shr.u32 %whole, %types, 24;
      bfe.u32 %log_width, %shape, 0, 8;
      bfe.u32 %log_height, %shape, 8, 8;
      bfe.u32 %log_experts, %shape, 16, 8;
    \(types)
    \(rectangle)
    \(lanes)
      mov.u32 %zero, 0;
      mov.u32 %memory, group_memory;
      st.shared.v2.u64 [%memory], {%target, %source};
      st.shared.v4.b32 [%memory+16], {%rows, %columns, %experts, %source_rows};
      st.shared.v4.b32 [%memory+32], {%source_columns, %way, %whole, %log_low};
      st.shared.v4.b32 [%memory+48], {%rounds, %scale, %source_type, %target_type};
      st.shared.v4.b32 [%memory+64], {%log_run, %log_step, %log_experts, %log_piece};
      st.shared.v4.b32 [%memory+80], {%row_bytes, %target_row_bytes, %expert_bytes, %stages};
      setp.eq.u32 %p, %stages, 0;
      @%p bra planned;
    \(stagingPlan)
    """

  /// What follows from the types: pieces of 16 bytes of the wider one, and how numbers are rounded.
  private static let types = """
      setp.eq.u32 %source32, %source_type, 0;
      setp.eq.u32 %target32, %target_type, 0;
      selp.b32 %source_shift, 2, 1, %source32;
      selp.b32 %target_shift, 2, 1, %target32;
      mul.lo.u32 %t0, %source_type, %target_type;
      setp.eq.u32 %narrow, %t0, 0;
      selp.b32 %log_piece, 2, 3, %narrow;

      // Equal types and no scale: the bits go to the slot as they are. Another type and a scale: rounded to the slot's
      // type first, which f32 needs for nothing, then scaled and rounded again.
      setp.neu.f32 %scaled, %scale, 0f3F800000;
      selp.b32 %rounds, %target_type, 0, %scaled;
      selp.b32 %t0, 0, 255, %scaled;
      setp.eq.u32 %p, %source_type, %target_type;
      selp.b32 %rounds, %t0, %rounds, %p;
    """

  /// This group's rectangle: from here on, addresses and numbers of rows, columns and experts are its own.
  private static let rectangle = """
      shl.b32 %target_row_bytes, %columns, %target_shift;
      shl.b32 %width, 1, %log_width;
      shl.b32 %height, 1, %log_height;
      shl.b32 %depth, 1, %log_experts;
      add.u32 %across, %columns, %width;
      sub.u32 %across, %across, 1;
      shr.u32 %across, %across, %log_width;
      add.u32 %down, %rows, %height;
      sub.u32 %down, %down, 1;
      shr.u32 %down, %down, %log_height;
      sub.u32 %t0, %group, %first;
      div.u32 %t1, %t0, %across;
      mul.lo.u32 %t2, %t1, %across;
      sub.u32 %column, %t0, %t2;
      div.u32 %expert, %t1, %down;
      mul.lo.u32 %t2, %expert, %down;
      sub.u32 %row, %t1, %t2;
      shl.b32 %column, %column, %log_width;
      shl.b32 %row, %row, %log_height;
      shl.b32 %expert, %expert, %log_experts;
      mad.wide.u32 %target, %row, %target_row_bytes, %target;
      shl.b32 %t0, 1, %target_shift;
      mad.wide.u32 %target, %column, %t0, %target;
      mad.wide.u32 %target, %expert, %expert_bytes, %target;
      mad.wide.u32 %source, %row, %row_bytes, %source;
      mad.wide.u32 %source, %column, %column_bytes, %source;
      shl.b32 %t0, 1, %source_shift;
      mad.wide.u32 %source, %expert, %t0, %source;
      sub.u32 %rows, %rows, %row;
      min.u32 %rows, %rows, %height;
      sub.u32 %columns, %columns, %column;
      min.u32 %columns, %columns, %width;
      sub.u32 %experts, %experts, %expert;
      min.u32 %experts, %experts, %depth;
      min.u32 %t0, %source_rows, %row;
      sub.u32 %source_rows, %source_rows, %t0;
      min.u32 %source_rows, %source_rows, %rows;
      min.u32 %t0, %source_columns, %column;
      sub.u32 %source_columns, %source_columns, %t0;
      min.u32 %source_columns, %source_columns, %columns;

      // Rectangles beyond the source are zeros.
      mul.lo.u32 %t0, %source_rows, %source_columns;
      min.u32 %t0, %t0, 1;
      mul.lo.u32 %stages, %way, %t0;
    """

  /// Which threads lie side by side: those of whole rows or, where neighbours in the source lie below each other in the
  /// slot, those of a sector, so that threads read side by side in shared memory, too; a sector may hold two rows.
  private static let lanes = """
      sub.u32 %log_run, %log_width, %log_piece;
      sub.u32 %t0, 5, %log_piece;
      sub.u32 %t0, %t0, %target_shift;
      min.u32 %t0, %t0, %log_run;
      setp.ge.u32 %p, %way, \(ScatterShape.Way.rows.rawValue);
      selp.b32 %log_run, %t0, %log_run, %p;
      sub.u32 %log_low, 5, %target_shift;
      min.u32 %t0, %log_low, %log_width;
      sub.u32 %log_low, %log_low, %t0;
      add.u32 %log_step, %log_piece, 8;
      sub.u32 %log_step, %log_step, %log_width;
    """

  /// What every thread takes of it.
  static let takePlan = """
      bar.sync 0;
      mov.u32 %zero, 0;
      mov.u32 %memory, group_memory;
      ld.shared.v2.u64 {%target, %source}, [%memory];
      ld.shared.v4.b32 {%rows, %columns, %experts, %source_rows}, [%memory+16];
      ld.shared.v4.b32 {%source_columns, %way, %whole, %log_low}, [%memory+32];
      ld.shared.v4.b32 {%rounds, %scale, %source_type, %target_type}, [%memory+48];
      ld.shared.v4.b32 {%log_run, %log_step, %log_experts, %log_piece}, [%memory+64];
      ld.shared.v4.b32 {%row_bytes, %target_row_bytes, %expert_bytes, %stages}, [%memory+80];
      setp.eq.u32 %source32, %source_type, 0;
      selp.b32 %source_size, 4, 2, %source32;
      setp.ne.u32 %staged, %way, 0;
      setp.eq.u32 %p, %stages, 0;
      @%p bra pieces;
    """
}
