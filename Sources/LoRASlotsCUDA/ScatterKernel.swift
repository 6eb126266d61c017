import TensorCore

/// The kernel that fills slots: it takes blocks of the adapter's bytes, as they came from the file, to their places in
/// the slots, casts, scales and rounds them as `PackingSource` says, and writes all the zeros around them.
///
/// A group of threads fills rectangles of its block, 4096 elements each, whose sides are powers of two, so that nothing
/// is divided in a loop; its first thread finds the block and the shape. Every thread fills pieces of 16 bytes, side by
/// side with its neighbours':
///
/// - Rectangles beyond the source are zeros, and nothing is read for them.
/// - A source that lies as the slot does is read in pieces, too.
/// - Any other (turned around, one expert of many, not aligned) goes through shared memory, read along the direction in
///   which it lies.
///
/// The text is for PTX 6.3 and compute capability 7.0, which every driver since CUDA 10.0 compiles for every later GPU.
/// It rounds to bf16 with integers, because the instruction for it needs 8.0, and makes every NaN canonical as the host
/// does, because GPUs have a NaN of their own.
enum ScatterKernel {
  /// Name of the entry; its parameters are the address of a table and the number of entries.
  static let entry = "lora_scatter"
  /// Threads in a group.
  static let threads: UInt32 = 256
  /// Elements that a group fills.
  static let tile: UInt64 = 4096
  /// Most elements of a block, so that its positions have 32 bits.
  static let blockLimit: UInt64 = 1 << 31

  /// The kernel's number for a type that it reads or writes; nil for all others.
  static func code(_ dtype: DType) -> UInt8? {
    switch dtype {
    case .f32: 0
    case .f16: 1
    case .bf16: 2
    default: nil
    }
  }

  static let ptx = """
    .version 6.3
    .target sm_70
    .address_size 64

    .visible .entry lora_scatter(.param .u64 table, .param .u64 count)
    {
      // What the first thread has found, and a rectangle of the source, one word for an element and one after every 32.
      .shared .align 16 .b8 plan[96];
      .shared .align 16 .b8 staged[16896];

      .reg .pred %p, %nan, %turned, %direct, %aligned, %partial, %half, %empty, %copied, %source32, %target32, %narrow;
      .reg .b16 %h<8>;
      .reg .b32 %thread, %group, %low, %high, %middle, %first, %types, %columns, %elements, %rows, %unused;
      .reg .b32 %source_rows, %source_columns, %source_type, %target_type, %source_shift, %target_shift, %mask;
      .reg .b32 %log_width, %log_height, %width, %height, %across, %x, %y, %step_x, %step_y, %fit, %odd;
      .reg .b32 %row0, %column0, %row, %column, %in_row, %in_column, %at, %step, %log_piece, %piece, %place;
      .reg .b32 %kind, %again, %is_twofold, %left, %room, %step_row, %live_rows, %t<3>, %w<4>, %v<8>, %r<8>;
      .reg .f32 %scale, %factor, %first_factor;
      .reg .b64 %table, %count, %address, %address_step, %target, %source, %row_stride, %column_stride, %a<3>;

      ld.param.u64 %table, [table];
      ld.param.u64 %count, [count];
      cvta.to.global.u64 %table, %table;
      mov.u32 %group, %ctaid.x;
      mov.u32 %thread, %tid.x;
      setp.ne.u32 %p, %thread, 0;
      @%p bra planned;

      // The last block whose first tile is not after this one.
      mov.u32 %low, 0;
      cvt.u32.u64 %high, %count;
    search:
      sub.u32 %t0, %high, %low;
      setp.le.u32 %p, %t0, 1;
      @%p bra found;
      add.u32 %middle, %low, %high;
      shr.u32 %middle, %middle, 1;
      mul.wide.u32 %address, %middle, 64;
      add.u64 %address, %table, %address;
      ld.global.nc.u32 %first, [%address+16];
      setp.le.u32 %p, %first, %group;
      selp.b32 %low, %middle, %low, %p;
      selp.b32 %high, %high, %middle, %p;
      bra search;

    found:
      mul.wide.u32 %address, %low, 64;
      add.u64 %address, %table, %address;
      ld.global.nc.v2.u64 {%target, %source}, [%address];
      ld.global.nc.v4.u32 {%first, %columns, %elements, %unused}, [%address+16];
      ld.global.nc.v2.u32 {%source_rows, %source_columns}, [%address+32];
      ld.global.nc.u64 %row_stride, [%address+40];
      ld.global.nc.u64 %column_stride, [%address+48];
      ld.global.nc.v2.b32 {%scale, %types}, [%address+56];
      cvta.to.global.u64 %target, %target;
      cvta.to.global.u64 %source, %source;
    \(types)
      div.u32 %rows, %elements, %columns;

      // The rectangle's sides: as wide as the block, but at most 1024, and 64 where the source's columns lie far apart.
      selp.b32 %log_width, 6, 10, %turned;
    fit:
      setp.le.u32 %p, %log_width, 3;
      @%p bra fitted;
      sub.u32 %fit, %log_width, 1;
      shl.b32 %width, 1, %fit;
      setp.lt.u32 %p, %width, %columns;
      @%p bra fitted;
      mov.u32 %log_width, %fit;
      bra fit;
    fitted:
      @%turned bra flatten;

      // A width that divides the block's is better than the widest, unless it is small.
      and.b32 %t0, %columns, 63;
      setp.ne.u32 %p, %t0, 0;
      @%p bra shaped;
    divide:
      shl.b32 %width, 1, %log_width;
      sub.u32 %width, %width, 1;
      and.b32 %t0, %columns, %width;
      setp.eq.u32 %p, %t0, 0;
      @%p bra shaped;
      sub.u32 %log_width, %log_width, 1;
      bra divide;

      // Of a block with few rows, more columns.
    flatten:
      setp.ge.u32 %p, %log_width, 9;
      @%p bra shaped;
      sub.u32 %fit, 11, %log_width;
      shl.b32 %height, 1, %fit;
      setp.lt.u32 %p, %height, %rows;
      @%p bra shaped;
      add.u32 %log_width, %log_width, 1;
      bra flatten;

      // This group's first rectangle, and how far it is to its next one.
    shaped:
      shl.b32 %width, 1, %log_width;
      add.u32 %across, %columns, %width;
      sub.u32 %across, %across, 1;
      shr.u32 %across, %across, %log_width;
      sub.u32 %t0, %group, %first;
      div.u32 %y, %t0, %across;
      mul.lo.u32 %x, %y, %across;
      sub.u32 %x, %t0, %x;
      add.u32 %t0, %elements, 4095;
      shr.u32 %t0, %t0, 12;
      div.u32 %step_y, %t0, %across;
      mul.lo.u32 %step_x, %step_y, %across;
      sub.u32 %step_x, %t0, %step_x;

      // What keeps pieces from being stored whole, and what keeps them from being read whole.
      selp.b32 %mask, 3, 7, %target32;
      and.b32 %odd, %columns, %mask;
      cvt.u32.u64 %t0, %target;
      and.b32 %t0, %t0, 15;
      or.b32 %odd, %odd, %t0;
      cvt.u32.u64 %t0, %row_stride;
      shl.b32 %t0, %t0, %source_shift;
      cvt.u32.u64 %t1, %source;
      or.b32 %t0, %t0, %t1;
      and.b32 %t0, %t0, 15;
      and.b32 %t1, %source_columns, %mask;
      or.b32 %t0, %t0, %t1;
      or.b32 %t0, %t0, %odd;
      setp.ne.u64 %p, %column_stride, 1;
      selp.b32 %t0, 1, %t0, %p;
      mov.u32 %place, plan;
      st.shared.v2.u64 [%place], {%target, %source};
      st.shared.v2.u64 [%place+16], {%row_stride, %column_stride};
      st.shared.v4.b32 [%place+32], {%source_rows, %source_columns, %scale, %types};
      st.shared.v4.b32 [%place+48], {%rows, %columns, %log_width, %across};
      st.shared.v4.b32 [%place+64], {%x, %y, %step_x, %step_y};
      st.shared.v2.b32 [%place+80], {%odd, %t0};

    planned:
      bar.sync 0;
      mov.u32 %place, plan;
      ld.shared.v2.u64 {%target, %source}, [%place];
      ld.shared.v2.u64 {%row_stride, %column_stride}, [%place+16];
      ld.shared.v4.b32 {%source_rows, %source_columns, %scale, %types}, [%place+32];
      ld.shared.v4.b32 {%rows, %columns, %log_width, %across}, [%place+48];
      ld.shared.v4.b32 {%x, %y, %step_x, %step_y}, [%place+64];
      ld.shared.v2.b32 {%odd, %t0}, [%place+80];
      setp.eq.u32 %aligned, %odd, 0;
      setp.eq.u32 %direct, %t0, 0;
      sub.u32 %log_height, 12, %log_width;
      shl.b32 %width, 1, %log_width;
      sub.u32 %width, %width, 1;
      shl.b32 %height, 1, %log_height;
      sub.u32 %height, %height, 1;
    \(types)
      // Equal types and no scale: the bits go to the slot as they are.
      setp.neu.f32 %p, %scale, 0f3F800000;
      selp.b32 %t0, 255, %source_type, %p;
      setp.eq.u32 %copied, %t0, %target_type;
      // Another type and a scale: rounded to the slot's type first, then scaled.
      selp.b32 %is_twofold, 1, 0, %p;
      mov.f32 %first_factor, 0f3F800000;
      setp.ne.u32 %p, %source_type, %target_type;
      @%p bra rectangle;
      mov.u32 %is_twofold, 0;
      mov.f32 %first_factor, %scale;

    rectangle:
      shl.b32 %row0, %y, %log_height;
      shl.b32 %column0, %x, %log_width;
      setp.ge.u32 %p, %row0, %rows;
      @%p bra done;
      // A piece is 16 bytes of the wider type, and of the slot's where there is no source.
      setp.ge.u32 %empty, %row0, %source_rows;
      setp.eq.u32 %narrow, %target_type, 0;
      @%empty bra cut;
      setp.ge.u32 %empty, %column0, %source_columns;
      @%empty bra cut;
      mul.lo.u32 %t0, %source_type, %target_type;
      setp.eq.u32 %narrow, %t0, 0;
    cut:
      selp.b32 %log_piece, 2, 3, %narrow;
      shl.b32 %piece, 1, %log_piece;
      shl.b32 %step, %piece, 8;
      selp.b32 %t0, %target_type, 0, %narrow;
      setp.ne.u32 %half, %t0, 0;
      @%empty bra pieces;
      @%direct bra pieces;

      // The rectangle of the source, neighbours side by side as they lie there.
      bar.sync 0;
      mov.u32 %at, %thread;
    stage:
      selp.b32 %t0, %height, %width, %turned;
      and.b32 %t0, %at, %t0;
      selp.b32 %t1, %log_height, %log_width, %turned;
      shr.u32 %t1, %at, %t1;
      selp.b32 %in_row, %t0, %t1, %turned;
      selp.b32 %in_column, %t1, %t0, %turned;
      add.u32 %row, %row0, %in_row;
      add.u32 %column, %column0, %in_column;
      mov.u32 %v0, 0;
      setp.ge.u32 %p, %row, %source_rows;
      @%p bra staged_one;
      setp.ge.u32 %p, %column, %source_columns;
      @%p bra staged_one;
      cvt.u64.u32 %a0, %row;
      mul.lo.u64 %a0, %a0, %row_stride;
      cvt.u64.u32 %a1, %column;
      mad.lo.u64 %a0, %a1, %column_stride, %a0;
      shl.b64 %a0, %a0, %source_shift;
      add.u64 %a0, %source, %a0;
      @%source32 bra stage32;
      ld.global.nc.u16 %h0, [%a0];
      cvt.u32.u16 %v0, %h0;
      bra staged_one;
    stage32:
      ld.global.nc.u32 %v0, [%a0];
    staged_one:
      shl.b32 %t0, %in_row, %log_width;
      add.u32 %t0, %t0, %in_column;
      shr.u32 %t1, %t0, 5;
      add.u32 %t0, %t0, %t1;
      shl.b32 %t0, %t0, 2;
      mov.u32 %place, staged;
      add.u32 %place, %place, %t0;
      st.shared.u32 [%place], %v0;
      add.u32 %at, %at, 256;
      setp.lt.u32 %p, %at, 4096;
      @%p bra stage;
      bar.sync 0;

    // A thread's pieces lie below each other: what depends on the column is the same for all.
    pieces:
      shl.b32 %at, %thread, %log_piece;
      and.b32 %column, %at, %width;
      add.u32 %column, %column0, %column;
      setp.ge.u32 %p, %column, %columns;
      @%p bra advance;
      shr.u32 %row, %at, %log_width;
      add.u32 %row, %row0, %row;
      mul.lo.u32 %t0, %row, %columns;
      add.u32 %t0, %t0, %column;
      cvt.u64.u32 %address, %t0;
      shl.b64 %address, %address, %target_shift;
      add.u64 %address, %target, %address;
      shr.u32 %step_row, %step, %log_width;
      mul.lo.u32 %t0, %step_row, %columns;
      cvt.u64.u32 %address_step, %t0;
      shl.b64 %address_step, %address_step, %target_shift;
      mov.u32 %live_rows, 0;
      setp.ge.u32 %p, %column, %source_columns;
      @%p bra piece;
      mov.u32 %live_rows, %source_rows;
      sub.u32 %left, %source_columns, %column;
      setp.lt.u32 %partial, %left, %piece;
    piece:
      setp.ge.u32 %p, %row, %rows;
      @%p bra advance;
      setp.ge.u32 %p, %row, %live_rows;
      @%p bra zeros;
      @%direct bra read;

      // Out of shared memory.
      shr.u32 %t0, %at, 5;
      add.u32 %t0, %t0, %at;
      shl.b32 %t0, %t0, 2;
      mov.u32 %place, staged;
      add.u32 %place, %place, %t0;
    \(each(4) { "  ld.shared.u32 %v\($0), [%place+\(4 * $0)];" })
      @%source32 bra gather32;
    \(each(2) { join($0, of: "v") })
      @%narrow bra gathered;
    \(each(4..<8) { "  ld.shared.u32 %v\($0), [%place+\(4 * $0)];" })
    \(each(2..<4) { join($0, of: "v") })
      bra gathered;
    gather32:
    \(each(4) { "  mov.u32 %w\($0), %v\($0);" })
      bra gathered;

      // Out of the source.
    read:
      cvt.u64.u32 %a0, %row;
      cvt.u64.u32 %a1, %column;
      mad.lo.u64 %a0, %a0, %row_stride, %a1;
      shl.b64 %a0, %a0, %source_shift;
      add.u64 %a0, %source, %a0;
      @%source32 bra read16;
      @%narrow bra read8;
    read16:
      ld.global.nc.v4.u32 {%w0, %w1, %w2, %w3}, [%a0];
      bra gathered;
    read8:
      ld.global.nc.v2.u32 {%w0, %w1}, [%a0];
    gathered:
      @%copied bra store;

      // To the slot's type and, when that is another, once more for the scale.
      mov.u32 %kind, %source_type;
      mov.f32 %factor, %first_factor;
      mov.u32 %again, %is_twofold;
    unpack:
      setp.eq.u32 %p, %kind, 0;
      @%p bra unpack32;
      setp.eq.u32 %p, %kind, 1;
      @%p bra unpack16;
    \(each(2, unpackBrain))
      @%narrow bra multiply;
    \(each(2..<4, unpackBrain))
      bra multiply;
    unpack16:
    \(each(2, unpackHalf))
      @%narrow bra multiply;
    \(each(2..<4, unpackHalf))
      bra multiply;
    unpack32:
    \(each(4) { "  mov.b32 %v\($0), %w\($0);" })

    multiply:
    \(each(4) { "  mul.rn.f32 %v\($0), %v\($0), %factor;" })
      @%narrow bra multiplied;
    \(each(4..<8) { "  mul.rn.f32 %v\($0), %v\($0), %factor;" })
    multiplied:
      @!%partial bra round;

      // Beyond the source's last column there are zeros without a sign.
    \(each(4, mask))
      @%narrow bra round;
    \(each(4..<8, mask))

      // Ties to even, NaN canonical.
    round:
      @%target32 bra round32;
      setp.eq.u32 %p, %target_type, 1;
      @%p bra round16;
    \(each(4, roundBrain))
    \(each(2, joinBrain))
      @%narrow bra rounded;
    \(each(4..<8, roundBrain))
    \(each(2..<4, joinBrain))
      bra rounded;
    round16:
    \(each(4, roundHalf))
    \(each(2) { join($0, of: "r") })
      @%narrow bra rounded;
    \(each(4..<8, roundHalf))
    \(each(2..<4) { join($0, of: "r") })
      bra rounded;
    round32:
    \(each(4) { "  setp.neu.f32 %nan, %v\($0), %v\($0);\n  selp.b32 %w\($0), 0x7FC00000, %v\($0), %nan;" })
    rounded:
      setp.eq.u32 %p, %again, 0;
      @%p bra store;
      mov.u32 %again, 0;
      mov.f32 %factor, %scale;
      mov.u32 %kind, %target_type;
      bra unpack;

      // Once there is no source there is none further down.
    zeros:
    \(each(4) { "  mov.u32 %w\($0), 0;" })
      @!%aligned bra store_parts;
    zero:
      @%half bra zero8;
      st.global.v4.u32 [%address], {%w0, %w1, %w2, %w3};
      bra zeroed;
    zero8:
      st.global.v2.u32 [%address], {%w0, %w1};
    zeroed:
      add.u64 %address, %address, %address_step;
      add.u32 %row, %row, %step_row;
      add.u32 %at, %at, %step;
      setp.ge.u32 %p, %at, 4096;
      @%p bra advance;
      setp.lt.u32 %p, %row, %rows;
      @%p bra zero;
      bra advance;

    store:
      @!%aligned bra store_parts;
      @%half bra store8;
      st.global.v4.u32 [%address], {%w0, %w1, %w2, %w3};
      bra next;
    store8:
      st.global.v2.u32 [%address], {%w0, %w1};
      bra next;

      // Element by element, up to the end of the row.
    store_parts:
      sub.u32 %room, %columns, %column;
      @%target32 bra store_words;
    \(each(2, storeHalves))
      @%narrow bra next;
    \(each(2..<4, storeHalves))
      bra next;
    store_words:
    \(each(4) { "\(unlessLeft($0))  st.global.u32 [%address+\(4 * $0)], %w\($0);" })

    next:
      add.u64 %address, %address, %address_step;
      add.u32 %row, %row, %step_row;
      add.u32 %at, %at, %step;
      setp.lt.u32 %p, %at, 4096;
      @%p bra piece;
    advance:
      add.u32 %x, %x, %step_x;
      add.u32 %y, %y, %step_y;
      setp.lt.u32 %p, %x, %across;
      @%p bra rectangle;
      sub.u32 %x, %x, %across;
      add.u32 %y, %y, 1;
      bra rectangle;
    done:
      ret;
    }
    """

  // MARK: Parts of the text

  /// What follows from a block's types and strides.
  private static let types = """
      and.b32 %source_type, %types, 255;
      bfe.u32 %target_type, %types, 8, 8;
      setp.eq.u32 %source32, %source_type, 0;
      setp.eq.u32 %target32, %target_type, 0;
      selp.b32 %source_shift, 2, 1, %source32;
      selp.b32 %target_shift, 2, 1, %target32;
      setp.lt.u64 %turned, %row_stride, %column_stride;
    """

  private static func each(_ numbers: Range<Int>, _ line: (Int) -> String) -> String {
    numbers.map(line).joined(separator: "\n")
  }

  private static func each(_ count: Int, _ line: (Int) -> String) -> String { each(0..<count, line) }

  /// The two elements of a word of bf16 as f32.
  private static func unpackBrain(_ word: Int) -> String {
    """
      shl.b32 %v\(2 * word), %w\(word), 16;
      and.b32 %v\(2 * word + 1), %w\(word), 0xFFFF0000;
    """
  }

  /// The two elements of a word of f16 as f32.
  private static func unpackHalf(_ word: Int) -> String {
    """
      mov.b32 {%h\(2 * word), %h\(2 * word + 1)}, %w\(word);
      cvt.f32.f16 %v\(2 * word), %h\(2 * word);
      cvt.f32.f16 %v\(2 * word + 1), %h\(2 * word + 1);
    """
  }

  private static func mask(_ element: Int) -> String {
    """
      setp.gt.u32 %p, %left, \(element);
      selp.b32 %v\(element), %v\(element), 0, %p;
    """
  }

  /// bf16 in the upper half.
  private static func roundBrain(_ element: Int) -> String {
    """
      setp.neu.f32 %nan, %v\(element), %v\(element);
      bfe.u32 %t0, %v\(element), 16, 1;
      add.u32 %t0, %t0, 0x7FFF;
      add.u32 %t0, %t0, %v\(element);
      selp.b32 %r\(element), 0x7FC00000, %t0, %nan;
    """
  }

  /// f16 in the lower half.
  private static func roundHalf(_ element: Int) -> String {
    """
      setp.neu.f32 %nan, %v\(element), %v\(element);
      cvt.rn.f16.f32 %h\(element), %v\(element);
      cvt.u32.u16 %t0, %h\(element);
      selp.b32 %r\(element), 0x7E00, %t0, %nan;
    """
  }

  /// A word out of two lower halves.
  private static func join(_ word: Int, of family: String) -> String {
    """
      shl.b32 %t0, %\(family)\(2 * word + 1), 16;
      or.b32 %w\(word), %t0, %\(family)\(2 * word);
    """
  }

  /// A word out of two upper halves.
  private static func joinBrain(_ word: Int) -> String {
    """
      shr.u32 %t0, %r\(2 * word), 16;
      and.b32 %t1, %r\(2 * word + 1), 0xFFFF0000;
      or.b32 %w\(word), %t0, %t1;
    """
  }

  private static func unlessLeft(_ element: Int) -> String {
    "  setp.le.u32 %p, %room, \(element);\n  @%p bra next;\n"
  }

  private static func storeHalves(_ word: Int) -> String {
    """
      mov.b32 {%h0, %h1}, %w\(word);
    \(unlessLeft(2 * word))  st.global.u16 [%address+\(4 * word)], %h0;
    \(unlessLeft(2 * word + 1))  st.global.u16 [%address+\(4 * word + 2)], %h1;
    """
  }
}
