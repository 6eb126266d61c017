/// A rectangle of a source that cannot be read in pieces: into shared memory, in the order in which it lies there.
///
/// A source is runs of elements side by side: columns of a row, rows of a matrix that is turned around, or experts of a
/// stack. Runs follow each other at one distance or, for experts, at two: near ones (the columns of a row) and far ones.
/// Runs without gaps between them are one run. Of each run the 16-byte words that it fills go as they are, by as many
/// threads side by side as there are, then the elements before and behind them. No byte outside the runs is read: it may
/// be on its way yet.
extension ScatterKernel {
  /// 8192 elements of 4 bytes, and the place of the first in its word.
  static let stagedBytes = 4 * 8192 + 16

  /// What the first thread finds, whose numbers follow the others in shared memory.
  static let stagingPlan = """
      setp.eq.u32 %by_columns, %way, \(ScatterShape.Way.columns.rawValue);
      setp.eq.u32 %by_rows, %way, \(ScatterShape.Way.rows.rawValue);
      setp.eq.u32 %by_experts, %way, \(ScatterShape.Way.experts.rawValue);
      selp.b32 %run, %source_columns, %experts, %by_columns;
      selp.b32 %run, %source_rows, %run, %by_rows;
      selp.b32 %near, %source_columns, 1, %by_experts;
      selp.b32 %far, %source_columns, %source_rows, %by_rows;
      selp.b32 %far_bytes, %column_bytes, %row_bytes, %by_rows;
      mov.u32 %near_bytes, %column_bytes;
      shl.b32 %run_bytes, %run, %source_shift;

      // Near runs without gaps are one, then far ones.
      setp.eq.u32 %joined, %near, 1;
      setp.eq.or.u32 %joined, %near_bytes, %run_bytes, %joined;
      @%joined mul.lo.u32 %run, %run, %near;
      selp.b32 %near, 1, %near, %joined;
      shl.b32 %run_bytes, %run, %source_shift;
      setp.eq.u32 %flat, %far, 1;
      setp.eq.or.u32 %flat, %far_bytes, %run_bytes, %flat;
      setp.eq.and.u32 %flat, %near, 1, %flat;
      @%flat mul.lo.u32 %run, %run, %far;
      selp.b32 %far, 1, %far, %flat;
      shl.b32 %run_bytes, %run, %source_shift;

      // Whole words, and the elements around them. Runs that lie differently in their words have elements only.
      setp.eq.u32 %p, %near, 1;
      selp.b32 %t0, 0, %near_bytes, %p;
      setp.eq.u32 %p, %far, 1;
      selp.b32 %t1, 0, %far_bytes, %p;
      or.b32 %t0, %t0, %t1;
      and.b32 %t0, %t0, 15;
      setp.eq.u32 %p, %t0, 0;
      cvt.u32.u64 %offset, %source;
      and.b32 %offset, %offset, 15;
      sub.u32 %head, 16, %offset;
      and.b32 %head, %head, 15;
      shr.u32 %head, %head, %source_shift;
      min.u32 %head, %head, %run;
      selp.b32 %head, %head, %run, %p;
      shl.b32 %head_bytes, %head, %source_shift;
      sub.u32 %words, %run_bytes, %head_bytes;
      shr.u32 %words, %words, 4;
      shl.b32 %t0, %words, 4;
      shr.u32 %inner, %t0, %source_shift;
      sub.u32 %edge, %run, %inner;

      // Places in shared memory: runs with words in them begin as in memory.
      setp.ne.u32 %p, %words, 0;
      selp.b32 %t0, 15, 0, %p;
      add.u32 %t1, %run_bytes, %t0;
      and.b32 %t0, %t1, %t0;
      sub.u32 %near_place, %t1, %t0;
      mul.lo.u32 %far_place, %near_place, %near;
      selp.b32 %near_place, %near_bytes, %near_place, %joined;
      selp.b32 %far_place, %far_bytes, %far_place, %flat;
      shl.b32 %source_size, 1, %source_shift;
      selp.b32 %row_place, %source_size, %far_place, %by_rows;
      selp.b32 %column_place, %far_place, %near_place, %by_rows;
      selp.b32 %column_place, %source_size, %column_place, %by_columns;
      add.u32 %start, %memory, %offset;
      add.u32 %start, %start, \(planBytes);

      // How many threads lie side by side; the words of a single run are taken as runs of one word.
      setp.eq.u32 %p, %near, 1;
      selp.b32 %log_near, 0, %log_width, %p;
      sub.u32 %t0, %words, 1;
      clz.b32 %t0, %t0;
      sub.u32 %log_words, 32, %t0;
      selp.b32 %log_words, 0, %log_words, %flat;
      selp.b32 %turns, %words, %far, %flat;
      selp.b32 %words, 1, %words, %flat;
      selp.b32 %turn_bytes, 16, %far_bytes, %flat;
      selp.b32 %turn_place, 16, %far_place, %flat;
      sub.u32 %t0, %edge, 1;
      clz.b32 %t0, %t0;
      sub.u32 %log_edge, 32, %t0;
      st.shared.v4.b32 [%memory+96], {%near, %near_bytes, %near_place, %log_near};
      st.shared.v4.b32 [%memory+112], {%far, %far_bytes, %far_place, %start};
      st.shared.v4.b32 [%memory+128], {%turns, %turn_bytes, %turn_place, %log_words};
      st.shared.v4.b32 [%memory+144], {%words, %log_edge, %edge, %head};
      st.shared.v4.b32 [%memory+160], {%inner, %row_place, %column_place, %zero};
    """

  /// What every thread does.
  static let staging = """
      ld.shared.v4.b32 {%near, %near_bytes, %near_place, %log_near}, [%memory+96];
      ld.shared.v4.b32 {%far, %far_bytes, %far_place, %start}, [%memory+112];
      ld.shared.v4.b32 {%turns, %turn_bytes, %turn_place, %log_words}, [%memory+128];
      ld.shared.v4.b32 {%words, %log_edge, %edge, %head}, [%memory+144];
      ld.shared.v4.b32 {%inner, %row_place, %column_place, %unused}, [%memory+160];
    \(turn(of: "%words", "%log_words", "staged_words"))
      shl.b32 %t0, %lane, 4;
      mad.lo.u32 %t0, %head, %source_size, %t0;
      mad.wide.u32 %from, %t0, 1, %from;
      add.u32 %place, %place, %t0;
    stage_word:
      ld.global.nc.v4.u32 {%w0, %w1, %w2, %w3}, [%from];
      st.shared.v4.b32 [%place], {%w0, %w1, %w2, %w3};
      add.u64 %from, %from, %from_step;
      add.u32 %place, %place, %place_step;
      add.u32 %turn, %turn, %step;
      setp.lt.u32 %p, %turn, %turns;
      @%p bra stage_word;
    staged_words:
      setp.eq.u32 %p, %edge, 0;
      @%p bra staged_edges;
      mov.u32 %turns, %far;
      mov.u32 %turn_bytes, %far_bytes;
      mov.u32 %turn_place, %far_place;
    \(turn(of: "%edge", "%log_edge", "staged_edges"))
      setp.lt.u32 %p, %lane, %head;
      selp.b32 %t0, 0, %inner, %p;
      add.u32 %t0, %t0, %lane;
      mad.wide.u32 %from, %t0, %source_size, %from;
      mad.lo.u32 %place, %t0, %source_size, %place;
    stage_element:
      @%source32 ld.global.nc.u32 %v0, [%from];
      @!%source32 ld.global.nc.u16 %v0, [%from];
      @%source32 st.shared.u32 [%place], %v0;
      @!%source32 st.shared.u16 [%place], %v0;
      add.u64 %from, %from, %from_step;
      add.u32 %place, %place, %place_step;
      add.u32 %turn, %turn, %step;
      setp.lt.u32 %p, %turn, %turns;
      @%p bra stage_element;
    staged_edges:
      bar.sync 0;
    """

  /// Which of `count` parts of which run is this thread's: parts lie side by side, then near runs, and far runs come in
  /// turns.
  private static func turn(of count: String, _ log: String, _ beyond: String) -> String {
    """
      bfe.u32 %lane, %thread, 0, \(log);
      bfe.u32 %line, %thread, \(log), %log_near;
      add.u32 %t0, \(log), %log_near;
      shr.u32 %turn, %thread, %t0;
      setp.ge.u32 %p, %lane, \(count);
      setp.ge.or.u32 %p, %line, %near, %p;
      setp.ge.or.u32 %p, %turn, %turns, %p;
      @%p bra \(beyond);
      mad.wide.u32 %from, %line, %near_bytes, %source;
      mad.wide.u32 %from, %turn, %turn_bytes, %from;
      mad.lo.u32 %place, %line, %near_place, %start;
      mad.lo.u32 %place, %turn, %turn_place, %place;
      sub.u32 %t0, 8, %t0;
      shl.b32 %step, 1, %t0;
      mul.wide.u32 %from_step, %turn_bytes, %step;
      mul.lo.u32 %place_step, %turn_place, %step;
    """
  }
}
