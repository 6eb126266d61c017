#include <math.h>

#include "levels.h"

// Packing of adapter factors into slots. Whole runs of elements go from the file's form to the slot in one pass; rows
// that are gathered or padded are put together in a tile that stays in the first-level cache. Either way they leave by
// stores that pass the caches: a slot is written once and read by another processor, and ordinary stores would read from
// memory first what they overwrite.

enum { TILE = 16384, RUN = 1024, LINE = 16 };

typedef uint64_t v2u __attribute__((vector_size(LINE)));

static void stream_zeros(char *out, size_t count) {
  size_t done = lora_min(-(uintptr_t)out % LINE, count);
  memset(out, 0, done);
  for (; count - done >= LINE; done += LINE) __builtin_nontemporal_store((v2u){0, 0}, (v2u *)(void *)(out + done));
  memset(out + done, 0, count - done);
}

/// Makes the stores that passed the caches visible to other threads before anything that follows.
static void stream_end(void) {
#if defined(__x86_64__)
  __builtin_ia32_sfence();
#else
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

static size_t size_of(lora_dtype dtype) {
  switch (dtype) {
  case LORA_F64:
    return 8;
  case LORA_F32:
    return 4;
  case LORA_F16:
  case LORA_BF16:
    return 2;
  default:
    return 1;
  }
}

/// Elements side by side to the slot's type and then times the scale: two roundings, as the engine does.
static void pack_run(
  lora_level level, const lora_block *block, const char *in, size_t count, char *out, bool streams) {
  const lora_level_table *kernels = lora_level_table_of(level);
  lora_dtype from = block->source_dtype;
  if (from == LORA_F32 || from == LORA_F16 || from == LORA_BF16) {
    kernels->pack(from, block->dtype, block->scale, in, count, out, streams);
    return;
  }
  // By way of F32, which is exact but for F64, where torch goes the same way.
  float values[RUN];
  size_t in_size = size_of(from), out_size = size_of(block->dtype);
  for (size_t done = 0; done < count; done += RUN) {
    size_t n = lora_min(RUN, count - done);
    if (from == LORA_F64) {
      for (size_t i = 0; i < n; i++) {
        double value;
        memcpy(&value, in + (done + i) * in_size, sizeof value);
        values[i] = isnan(value) ? NAN : (float)value;
      }
    } else {
      kernels->widen(from, in + done * in_size, n, values);
    }
    kernels->pack(LORA_F32, block->dtype, block->scale, values, n, out + done * out_size, streams);
  }
}

// Matrices that are stored the other way round are turned in squares of one register by one register: each round
// interleaves the first half of the registers with the second, and after as many rounds as an element has neighbours
// (in powers of two) rows have become columns.

typedef uint16_t v8h __attribute__((vector_size(16)));
typedef uint32_t v4u __attribute__((vector_size(16)));

#define LOW_8 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH_8 4, 12, 5, 13, 6, 14, 7, 15
#define LOW_4 0, 4, 1, 5
#define HIGH_4 2, 6, 3, 7
#define TURN(name, vector, side, rounds, LOW, HIGH) \
  static inline void name(const char *in, size_t in_pitch, char *out, size_t out_pitch) { \
    vector square[side], next[side]; \
    for (size_t i = 0; i < side; i++) { \
      /* The same place of the next tile. */ \
      __builtin_prefetch((const void *)((uintptr_t)in + i * in_pitch + TURN_AHEAD)); \
      memcpy(&square[i], in + i * in_pitch, sizeof(vector)); \
    } \
    for (int round = 0; round < rounds; round++) { \
      for (size_t i = 0; i < side / 2; i++) { \
        next[2 * i] = __builtin_shufflevector(square[i], square[i + side / 2], LOW); \
        next[2 * i + 1] = __builtin_shufflevector(square[i], square[i + side / 2], HIGH); \
      } \
      memcpy(square, next, sizeof square); \
    } \
    for (size_t i = 0; i < side; i++) memcpy(out + i * out_pitch, &square[i], sizeof(vector)); \
  }

enum { TURN_AHEAD = 1024 };
TURN(turn_16, v8h, 8, 3, LOW_8, HIGH_8)
TURN(turn_32, v4u, 4, 2, LOW_4, HIGH_4)

#define GATHER(type) \
  for (size_t o = 0; o < outer; o++) \
    for (size_t i = 0; i < inner; i++) \
      memcpy( \
        out + (o * outer_step + i * inner_step) * sizeof(type), \
        in + (o * outer_stride + i * inner_stride) * sizeof(type), sizeof(type));

/// A strided matrix to one without gaps, element by element; the shorter stride runs fastest, so that cache lines are
/// used whole.
static void gather_each(
  size_t size, const char *in, size_t rows, size_t columns, size_t row_stride, size_t column_stride, char *out) {
  bool by_rows = row_stride < column_stride;
  size_t outer = by_rows ? columns : rows, inner = by_rows ? rows : columns;
  size_t outer_stride = by_rows ? column_stride : row_stride, inner_stride = by_rows ? row_stride : column_stride;
  size_t outer_step = by_rows ? 1 : columns, inner_step = by_rows ? columns : 1;
  switch (size) {
  case 1:
    GATHER(uint8_t)
    break;
  case 2:
    GATHER(uint16_t)
    break;
  case 4:
    GATHER(uint32_t)
    break;
  default:
    GATHER(uint64_t)
    break;
  }
}

/// A strided matrix to one without gaps.
static void gather(
  size_t size, const char *in, size_t rows, size_t columns, size_t row_stride, size_t column_stride, char *out) {
  size_t side = size == 2 ? 8 : 4, whole_rows = rows - rows % side, whole_columns = columns - columns % side;
  if (row_stride != 1 || (size != 2 && size != 4) || whole_rows == 0 || whole_columns == 0) {
    gather_each(size, in, rows, columns, row_stride, column_stride, out);
    return;
  }
  for (size_t column = 0; column < whole_columns; column += side)
    for (size_t row = 0; row < whole_rows; row += side)
      (size == 2 ? turn_16 : turn_32)(
        in + (column * column_stride + row) * size, column_stride * size, out + (row * columns + column) * size,
        columns * size);
  // What is left at the right and below keeps the pitch of the whole.
  for (size_t row = 0; row < rows; row++) {
    size_t column = row < whole_rows ? whole_columns : 0;
    for (; column < columns; column++)
      memcpy(out + (row * columns + column) * size, in + (column * column_stride + row) * size, size);
  }
}

#define SPREAD(width) \
  for (size_t row = 0; row < rows; row++) memcpy(out + row * pitch, in + row * stride, width);

/// Rows of `width` bytes to a pitch; copies of a size that the compiler knows are a few instructions each.
static void spread(const char *in, size_t stride, size_t rows, size_t width, char *out, size_t pitch) {
  switch (width) {
  case 8:
    SPREAD(8)
    break;
  case 16:
    SPREAD(16)
    break;
  case 32:
    SPREAD(32)
    break;
  case 64:
    SPREAD(64)
    break;
  case 128:
    SPREAD(128)
    break;
  default:
    SPREAD(width)
    break;
  }
}

/// One row that is too long for the tile, run by run.
static void pack_long_row(lora_level level, const lora_block *block, size_t row, char *out) {
  size_t in_size = size_of(block->source_dtype), out_size = size_of(block->dtype);
  const char *in = (const char *)block->source + row * block->row_stride * in_size;
  if (block->column_stride == 1) {
    pack_run(level, block, in, block->columns, out, true);
  } else {
    char raw[RUN * 8];
    for (size_t done = 0; done < block->columns; done += RUN) {
      size_t n = lora_min(RUN, block->columns - done);
      gather(in_size, in + done * block->column_stride * in_size, 1, n, 0, block->column_stride, raw);
      pack_run(level, block, raw, n, out + done * out_size, true);
    }
  }
  stream_zeros(out + block->columns * out_size, (block->output_columns - block->columns) * out_size);
}

/// Rows that are cast, gathered or padded, some at a time.
static void pack_tiles(lora_level level, const lora_block *block, size_t first, size_t end, char *out) {
  size_t in_size = size_of(block->source_dtype), out_size = size_of(block->dtype);
  size_t pitch = block->output_columns * out_size, width = block->columns * out_size;
  size_t in_width = block->columns * in_size, longest = in_width > pitch ? in_width : pitch;
  if (longest > TILE) {
    for (size_t row = first; row < end; row++) pack_long_row(level, block, row, out + row * pitch);
    return;
  }
  _Alignas(64) char tile[TILE], raw[TILE], run[TILE];
  const lora_level_table *kernels = lora_level_table_of(level);
  bool is_plain = block->source_dtype == block->dtype && block->scale == 1;
  bool is_dense = block->column_stride == 1 && block->row_stride == block->columns;
  if (width < pitch) memset(tile, 0, TILE);
  for (size_t row = first, step = TILE / longest; row < end; row += step) {
    size_t rows = lora_min(step, end - row), elements = rows * block->columns;
    const char *in = (const char *)block->source + row * block->row_stride * in_size;
    char *slot = out + row * pitch;
    size_t stride = block->row_stride * in_size;
    if (!is_dense && (block->column_stride != 1 || !is_plain)) {
      gather(in_size, in, rows, block->columns, block->row_stride, block->column_stride, raw);
      in = raw;
      stride = in_width;
    }
    if (width == pitch && stride == in_width) {
      pack_run(level, block, in, elements, slot, true);
      continue;
    }
    if (!is_plain) {
      pack_run(level, block, in, elements, run, false);
      in = run;
      stride = width;
    }
    spread(in, stride, rows, width, tile, pitch);
    kernels->pack(block->dtype, block->dtype, 1, tile, rows * block->output_columns, slot, true);
  }
}

void lora_pack_rows(lora_level level, const lora_block *block, size_t first, size_t end) {
  char *out = block->output;
  size_t pitch = block->output_columns * size_of(block->dtype);
  size_t live = block->source == NULL ? 0 : block->rows;
  size_t middle = end < live ? end : live < first ? first : live;
  if (first < middle) {
    bool is_dense = block->column_stride == 1 && block->row_stride == block->columns;
    if (is_dense && block->columns == block->output_columns) {
      size_t in_pitch = block->columns * size_of(block->source_dtype);
      pack_run(
        level, block, (const char *)block->source + first * in_pitch, (middle - first) * block->columns,
        out + first * pitch, true);
    } else {
      pack_tiles(level, block, first, middle, out);
    }
  }
  if (middle < end) stream_zeros(out + middle * pitch, (end - middle) * pitch);
  stream_end();
}
