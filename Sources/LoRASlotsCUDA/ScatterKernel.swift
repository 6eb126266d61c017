import TensorCore

/// The kernel that fills slots: it takes blocks of the adapter's bytes, as they came from the file, to their places in
/// the slots, casts, scales and rounds them as `PackingSource` says, and writes all the zeros around them.
///
/// A group of threads fills one rectangle of a block, whose sides are powers of two (`ScatterShape`), so that nothing is
/// divided in a loop; its first thread finds the block and the rectangle (`ScatterKernel+Plan.swift`). Every thread fills
/// pieces of 16 bytes of the wider type, below each other (`ScatterKernel+Pieces.swift`):
///
/// - A source that lies as the slot does is read in pieces, too.
/// - Any other (turned around, the experts of a stack, not aligned) goes through shared memory, read along the direction
///   in which it lies (`ScatterKernel+Staging.swift`).
/// - Pieces beyond the source are zeros, and nothing is read for them.
///
/// The text is for PTX 6.3 and compute capability 7.0, which every driver since CUDA 10.0 compiles for every later GPU.
/// It rounds to bf16 with integers, because the instruction for it needs 8.0, and makes every NaN canonical as the host
/// does, because GPUs have a NaN of their own (`ScatterKernel+Rounding.swift`).
enum ScatterKernel {
  /// Name of the entry; its parameters are the address of a table and the number of entries.
  static let entry = "lora_scatter"
  /// Threads in a group.
  static let threads: UInt32 = 256
  /// Logarithm of the elements that a group fills at most.
  static let logTile = 13
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
      .shared .align 16 .b8 group_memory[\(planBytes + stagedBytes)];

      .reg .pred %p, %nan, %staged, %aligned, %partial, %half, %short, %copied, %scaled, %twofold, %scales, %narrow;
      .reg .pred %source32, %target32, %source_half, %target_half, %by_columns, %by_rows, %by_experts, %joined, %flat;
      .reg .b16 %h<8>;
      .reg .b32 %thread, %group, %low, %high, %middle, %first, %types, %shape, %way, %whole, %rounds, %stages;
      .reg .b32 %rows, %columns, %experts, %source_rows, %source_columns, %row_bytes, %column_bytes, %expert_bytes;
      .reg .b32 %source_type, %target_type, %source_shift, %target_shift, %source_size, %target_size;
      .reg .b32 %log_width, %log_height, %log_experts, %log_piece, %log_run, %log_low, %log_step, %width, %height, %depth, %across;
      .reg .b32 %down, %row, %column, %expert, %low_row, %live_end, %left, %room, %step, %target_row_bytes;
      .reg .b32 %memory, %start, %run, %near, %far, %run_bytes, %near_bytes, %far_bytes, %near_place, %far_place, %log_near;
      .reg .b32 %offset, %head, %head_bytes, %words, %inner, %edge, %log_words, %log_edge, %turns, %turn_bytes, %turn_place;
      .reg .b32 %lane, %line, %turn, %row_place, %column_place, %place, %place_step, %spot, %zero, %unused, %t<3>, %w<4>, %v<16>;
      .reg .f32 %scale;
      .reg .b64 %table, %count, %entry, %target, %source, %address, %address_step, %from, %from_step;

      mov.u32 %thread, %tid.x;
      setp.ne.u32 %p, %thread, 0;
      @%p bra planned;
    \(search)
    \(plan)
    planned:
    \(takePlan)
    \(staging)
    pieces:
    \(pieces)
      bra done;
    \(rareCases)
    done:
      ret;
    }
    """

  /// Lines for the elements or words of a piece.
  static func each(_ numbers: Range<Int>, _ line: (Int) -> String) -> String {
    numbers.map(line).joined(separator: "\n")
  }

  /// Lines for every element of a piece, of which the second half is left out where pieces are narrow.
  ///
  /// - Parameters:
  ///   - words: whether the lines are for words of two elements.
  ///   - next: the label behind them.
  static func each(ofWords words: Bool = false, until next: String, _ line: (Int) -> String) -> String {
    let half = words ? 2 : 4
    return each(0..<half, line) + "\n  @%narrow bra \(next);\n" + each(half..<2 * half, line)
  }
}
