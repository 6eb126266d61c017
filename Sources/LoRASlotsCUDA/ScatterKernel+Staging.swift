/// A rectangle of a source that cannot be read in pieces: into shared memory, neighbours side by side as they lie there.
extension ScatterKernel {
  /// Elements of such a rectangle, one word each, and one word more after every 32, so that threads whose elements lie
  /// below each other meet in no bank.
  static let stagedBytes = 4 * (4096 + 4096 / 32)

  /// Elements that a thread stages, all read before the first is written.
  private static let share = 16

  /// What every thread finds once: which elements of a rectangle it stages, and where its first piece lies.
  static let takeStaging = """
      ld.shared.v2.b32 {%turn, %log_stride}, [%memory+128];
      ld.shared.v2.u64 {%stage_step, %a}, [%memory+144];
      setp.ne.u32 %turned, %turn, 0;
      selp.b32 %t2, %log_height, %log_width, %turned;
      shr.u32 %t1, %thread, %t2;
      shl.b32 %t2, %t1, %t2;
      sub.u32 %t2, %thread, %t2;
      @%turned mul.lo.u32 %t1, %t1, \(share);
      selp.b32 %stage_row, %t2, %t1, %turned;
      selp.b32 %stage_column, %t1, %t2, %turned;
      shl.b32 %t1, %stage_row, %log_width;
      add.u32 %t1, %t1, %stage_column;
      shr.u32 %t2, %t1, 5;
      add.u32 %t1, %t1, %t2;
      mad.lo.u32 %stage_place, %t1, 4, %memory;
      shr.u32 %t1, %t0, 5;
      add.u32 %t1, %t1, %t0;
      mad.lo.u32 %first_place, %t1, 4, %memory;
      mul.lo.u32 %place_step, %piece, 1056;
    """

  /// Each thread has elements at equal distances, in the source and in shared memory: all of them, or some at its edge.
  static let staging = """
      // Rectangles beyond the source are zeros.
      setp.ge.u32 %p, %row0, %source_rows;
      setp.ge.or.u32 %p, %column0, %source_columns, %p;
      @%p bra pieces;
      bar.sync 0;
      add.u32 %row, %row0, %stage_row;
      add.u32 %column, %column0, %stage_column;
      setp.ge.u32 %p, %row, %source_rows;
      setp.ge.or.u32 %p, %column, %source_columns, %p;
      @%p bra staged_all;
      cvt.u64.u32 %a, %row;
      mad.lo.u64 %from, %a, %row_bytes, %source;
      cvt.u64.u32 %a, %column;
      mad.lo.u64 %from, %a, %column_bytes, %from;
      sub.u32 %left, %source_columns, %column;
      @%turned bra stage;
      sub.u32 %left, %source_rows, %row;
      sub.u32 %left, %left, 1;
      shr.u32 %left, %left, %log_stride;
      add.u32 %left, %left, 1;
    stage:
      setp.lt.u32 %p, %left, \(share);
      @%p bra stage_some;
      @%source32 bra stage_words;
    \(each(0..<share) { "  ld.global.nc.u16 %v\($0), [%from];\n  add.u64 %from, %from, %stage_step;" })
      bra stage_stores;
    stage_words:
    \(each(0..<share) { "  ld.global.nc.u32 %v\($0), [%from];\n  add.u64 %from, %from, %stage_step;" })
    stage_stores:
      @%turned bra stage_columns;
    \(each(0..<share) { "  st.shared.u32 [%stage_place+\(planBytes + 1056 * $0)], %v\($0);" })
      bra staged_all;
    stage_columns:
    \(each(0..<share) { "  st.shared.u32 [%stage_place+\(planBytes + 4 * $0)], %v\($0);" })
      bra staged_all;
    stage_some:
      mov.u32 %place, %stage_place;
    stage_one:
      @%source32 ld.global.nc.u32 %v0, [%from];
      @!%source32 ld.global.nc.u16 %v0, [%from];
      add.u64 %from, %from, %stage_step;
      st.shared.u32 [%place+\(planBytes)], %v0;
      selp.b32 %t0, 4, 1056, %turned;
      add.u32 %place, %place, %t0;
      sub.u32 %left, %left, 1;
      setp.ne.u32 %p, %left, 0;
      @%p bra stage_one;
    staged_all:
      bar.sync 0;
    """
}
