#include <string.h>

#include "lora_kernels.h"

// Packing of adapter factors into slots. Rows are put together in a tile that stays in the first-level cache and leave
// it by stores that pass the caches: a slot is written once and read by somebody else, and ordinary stores would read
// from memory first what they overwrite.

enum { TILE = 16384, RUN = 1024, LINE = 16 };

typedef uint64_t v2u __attribute__((vector_size(LINE)));

/// Bytes up to the next address that passing stores can start at.
static size_t head_of(const char *out, size_t count) {
  size_t head = (size_t)(-(uintptr_t)out) % LINE;
  return head < count ? head : count;
}

static void stream_copy(char *out, const char *in, size_t count) {
  size_t done = head_of(out, count);
  memcpy(out, in, done);
  for (; count - done >= 4 * LINE; done += 4 * LINE) {
    v2u parts[4];
    memcpy(parts, in + done, sizeof parts);
    for (int i = 0; i < 4; i++) __builtin_nontemporal_store(parts[i], (v2u *)(void *)(out + done) + i);
  }
  memcpy(out + done, in + done, count - done);
}

static void stream_zeros(char *out, size_t count) {
  size_t done = head_of(out, count);
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

// BF16 slots from BF16 and F32 files are what nearly all adapters and engines have: one pass instead of widening,
// multiplying and rounding one after the other.

#define INLINE static inline __attribute__((always_inline))

INLINE uint16_t to_bf16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  uint32_t rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
  return (uint16_t)((bits & 0x7FFFFFFF) > 0x7F800000 ? 0x7FC0 : rounded);
}

INLINE float from_bf16(uint16_t code) {
  uint32_t bits = (uint32_t)code << 16;
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

INLINE void bf16_loops(bool is_f32, const char *restrict in, size_t count, float scale, char *restrict out) {
#define LOOP(expression) \
  for (size_t i = 0; i < count; i++) { \
    uint16_t code = expression; \
    memcpy(out + 2 * i, &code, 2); \
  }
#define LOAD(type) (__extension__({ type x; memcpy(&x, in + i * sizeof x, sizeof x); x; }))
  if (!is_f32) {
    LOOP(to_bf16(from_bf16(LOAD(uint16_t)) * scale))
  } else if (scale == 1) {
    LOOP(to_bf16(LOAD(float)))
  } else {
    LOOP(to_bf16(from_bf16(to_bf16(LOAD(float))) * scale))
  }
#undef LOAD
#undef LOOP
}

static void bf16_portable(bool is_f32, const char *in, size_t count, float scale, char *out) {
  bf16_loops(is_f32, in, count, scale, out);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void bf16_avx2(
  bool is_f32, const char *in, size_t count, float scale, char *out) {
  bf16_loops(is_f32, in, count, scale, out);
}

__attribute__((target("avx2,avx512f,avx512bw,avx512vl,avx512dq"))) static void bf16_avx512(
  bool is_f32, const char *in, size_t count, float scale, char *out) {
  bf16_loops(is_f32, in, count, scale, out);
}
#endif

static void bf16_run(lora_level level, bool is_f32, const char *in, size_t count, float scale, char *out) {
#if defined(__x86_64__)
  // The levels of this architecture in their order: portable, AVX2, AVX-512.
  if (level > 0) {
    (level > 1 ? bf16_avx512 : bf16_avx2)(is_f32, in, count, scale, out);
    return;
  }
#endif
  (void)level;
  bf16_portable(is_f32, in, count, scale, out);
}

/// Elements to the slot's type and then times the scale: two roundings, as the engine does.
static void cast_run(lora_level level, const lora_block *block, const char *in, size_t count, char *out) {
  size_t out_size = size_of(block->dtype);
  if (block->source_dtype == block->dtype && block->scale == 1) {
    memcpy(out, in, count * out_size);
    return;
  }
  if (block->dtype == LORA_BF16 && (block->source_dtype == LORA_F32 || block->source_dtype == LORA_BF16)) {
    bf16_run(level, block->source_dtype == LORA_F32, in, count, block->scale, out);
    return;
  }
  float values[RUN];
  for (size_t done = 0; done < count; done += RUN) {
    size_t n = count - done < RUN ? count - done : RUN;
    if (block->source_dtype == LORA_F64) {
      for (size_t i = 0; i < n; i++) {
        double value;
        memcpy(&value, in + (done + i) * 8, 8);
        values[i] = (float)value;
      }
    } else {
      lora_widen_f32(level, block->source_dtype, in, done, n, values);
    }
    if (block->scale != 1) {
      if (block->source_dtype != block->dtype && block->dtype != LORA_F32) {
        lora_narrow_f32(level, values, n, block->dtype, out + done * out_size);
        lora_widen_f32(level, block->dtype, out, done, n, values);
      }
      for (size_t i = 0; i < n; i++) values[i] *= block->scale;
    }
    lora_narrow_f32(level, values, n, block->dtype, out + done * out_size);
  }
}

#define GATHER(type) \
  for (size_t o = 0; o < outer; o++) \
    for (size_t i = 0; i < inner; i++) \
      memcpy( \
        out + (o * outer_step + i * inner_step) * sizeof(type), \
        in + (o * outer_stride + i * inner_stride) * sizeof(type), sizeof(type));

/// A strided matrix to one without gaps; the shorter stride runs fastest, so that cache lines are used whole.
static void gather(
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

/// A run of elements to a slot.
static void pack_run(lora_level level, const lora_block *block, const char *in, size_t count, char *out) {
  size_t in_size = size_of(block->source_dtype), out_size = size_of(block->dtype);
  if (block->source_dtype == block->dtype && block->scale == 1) {
    stream_copy(out, in, count * out_size);
    return;
  }
  _Alignas(64) char run[TILE];
  for (size_t done = 0, step = TILE / 4; done < count; done += step) {
    size_t n = count - done < step ? count - done : step;
    cast_run(level, block, in + done * in_size, n, run);
    stream_copy(out + done * out_size, run, n * out_size);
  }
}

/// One row that is too long for the tile, run by run.
static void pack_long_row(lora_level level, const lora_block *block, size_t row, char *out) {
  size_t in_size = size_of(block->source_dtype), out_size = size_of(block->dtype);
  const char *in = (const char *)block->source + row * block->row_stride * in_size;
  if (block->column_stride == 1) {
    pack_run(level, block, in, block->columns, out);
  } else {
    char raw[RUN * 8];
    for (size_t done = 0; done < block->columns; done += RUN) {
      size_t n = block->columns - done < RUN ? block->columns - done : RUN;
      gather(in_size, in + done * block->column_stride * in_size, 1, n, 0, block->column_stride, raw);
      pack_run(level, block, raw, n, out + done * out_size);
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
  bool is_plain = block->source_dtype == block->dtype && block->scale == 1;
  bool is_dense = block->column_stride == 1 && block->row_stride == block->columns;
  memset(tile, 0, TILE);
  for (size_t row = first, step = TILE / longest; row < end; row += step) {
    size_t rows = end - row < step ? end - row : step;
    const char *in = (const char *)block->source + row * block->row_stride * in_size;
    size_t stride = block->row_stride * in_size;
    if (!is_dense && (block->column_stride != 1 || !is_plain)) {
      gather(in_size, in, rows, block->columns, block->row_stride, block->column_stride, raw);
      in = raw;
      stride = in_width;
    }
    if (!is_plain) {
      // What is dense now is cast in one run.
      cast_run(level, block, in, rows * block->columns, run);
      in = run;
      stride = width;
    }
    if (stride == pitch && width == pitch) {
      stream_copy(out + row * pitch, in, rows * pitch);
    } else {
      spread(in, stride, rows, width, tile, pitch);
      stream_copy(out + row * pitch, tile, rows * pitch);
    }
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
        out + first * pitch);
    } else {
      pack_tiles(level, block, first, middle, out);
    }
  }
  if (middle < end) stream_zeros(out + middle * pitch, (end - middle) * pitch);
  stream_end();
}
