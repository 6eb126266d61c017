// The kernels of one level. A level file defines LEVEL, LEVEL_NAME, TARGET, NATIVE_FMA, NATIVE_F16, the register
// blocks PRODUCT_STRIPS, WIDE_HALVES and RESOLVE_STRIPS and a function `level_available`, then includes this.

#include "levels.h"
#include "vectors.h"

// MARK: Conversion

INLINE void widen_all(lora_dtype dtype, size_t size, const char *in, size_t count, float *out) {
  size_t whole = count - count % LORA_LANES;
  for (size_t i = 0; i < whole; i += LORA_LANES) store_f32(out + i, widen_lanes(dtype, in + i * size));
  if (whole < count) {
    char rest[LORA_LANES * 4] = {0};
    memcpy(rest, in + whole * size, (count - whole) * size);
    v16f values = widen_lanes(dtype, rest);
    memcpy(out + whole, &values, (count - whole) * sizeof *out);
  }
}

TARGET static void widen(lora_dtype dtype, const void *elements, size_t count, float *out) {
  switch (dtype) {
#define CASE(name, size) \
  case name: \
    widen_all(name, size, elements, count, out); \
    break;
    CASE(LORA_F32, 4)
    CASE(LORA_F16, 2)
    CASE(LORA_BF16, 2)
    CASE(LORA_F8_E4M3, 1)
    CASE(LORA_F8_E5M2, 1)
    CASE(LORA_F8_E4M3FNUZ, 1)
    CASE(LORA_F8_E5M2FNUZ, 1)
    CASE(LORA_F8_E8M0, 1)
    CASE(LORA_F6_E2M3, 1)
    CASE(LORA_F6_E3M2, 1)
    CASE(LORA_F4_E2M1, 1)
#undef CASE
  case LORA_F64:
    break;
  }
}

TARGET static void widen_f64(const float *values, size_t count, double *out) {
  for (size_t i = 0; i < count; i++) out[i] = values[i];
}

INLINE void narrow_all(lora_dtype dtype, const float *values, size_t count, char *out) {
  size_t size = narrow_size(dtype), whole = count - count % LORA_LANES;
  for (size_t i = 0; i < whole; i += LORA_LANES) narrow_lanes(dtype, load_f32(values + i), out + i * size);
  if (whole < count) {
    float rest[LORA_LANES] = {0};
    char rounded[LORA_LANES * 4];
    memcpy(rest, values + whole, (count - whole) * sizeof *values);
    narrow_lanes(dtype, load_f32(rest), rounded);
    memcpy(out + whole * size, rounded, (count - whole) * size);
  }
}

TARGET static void narrow_f32(lora_dtype dtype, const float *values, size_t count, void *out) {
  if (dtype == LORA_F32) narrow_all(LORA_F32, values, count, out);
  if (dtype == LORA_F16) narrow_all(LORA_F16, values, count, out);
  if (dtype == LORA_BF16) narrow_all(LORA_BF16, values, count, out);
}

INLINE void narrow_all_f64(lora_dtype dtype, const double *values, size_t count, char *out) {
  size_t size = narrow_size(dtype), whole = count - count % LORA_LANES;
  for (size_t i = 0; i < whole; i += LORA_LANES) narrow_lanes_f64(dtype, load_f64(values + i), out + i * size);
  if (whole < count) {
    double rest[LORA_LANES] = {0};
    char rounded[LORA_LANES * 4];
    memcpy(rest, values + whole, (count - whole) * sizeof *values);
    narrow_lanes_f64(dtype, load_f64(rest), rounded);
    memcpy(out + whole * size, rounded, (count - whole) * size);
  }
}

TARGET static void narrow_f64(lora_dtype dtype, const double *values, size_t count, void *out) {
  if (dtype == LORA_F32) narrow_all_f64(LORA_F32, values, count, out);
  if (dtype == LORA_F16) narrow_all_f64(LORA_F16, values, count, out);
  if (dtype == LORA_BF16) narrow_all_f64(LORA_BF16, values, count, out);
}

// MARK: Products

/// A block of `rows` by `strips` sums, held in registers. Chunks of the rank are summed apart and then added, in
/// order: part of the numeric contract, because the error bound counts the roundings.
INLINE void block_f32(
  const size_t rows, const size_t strips, size_t rank, const float *left, const float *right, float *d,
  size_t stride) {
  size_t from = 0;
  do {
    size_t to = lora_min(rank, from + LORA_CHUNK);
    v16f sum[LORA_ROWS][PRODUCT_STRIPS], r[PRODUCT_STRIPS];
    UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t t = 0; t < strips; t++) sum[i][t] = 0;
    for (size_t k = from; k < to; k++) {
      UNROLL for (size_t t = 0; t < strips; t++) r[t] = load_f32(right + (t * rank + k) * LORA_LANES);
      UNROLL for (size_t i = 0; i < rows; i++) {
        v16f l = left[k * LORA_ROWS + i];
        UNROLL for (size_t t = 0; t < strips; t++) sum[i][t] = fma_f32(l, r[t], sum[i][t]);
      }
    }
    UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t t = 0; t < strips; t++) {
      float *total = d + i * stride + t * LORA_LANES;
      store_f32(total, from == 0 ? sum[i][t] : load_f32(total) + sum[i][t]);
    }
    from = to;
  } while (from < rank);
}

/// Two cache lines of each row: what a block of strips needs of a 16-bit base.
INLINE void fetch_ahead(const size_t rows, lora_ahead ahead, size_t strip) {
  const char *bytes = ahead.bytes + strip * ahead.strip_bytes;
  UNROLL for (size_t i = 0; i < rows; i++) {
    __builtin_prefetch(bytes + i * ahead.stride);
    __builtin_prefetch(bytes + i * ahead.stride + 64);
  }
}

INLINE void rows_f32(
  const size_t rows, size_t strips, size_t rank, const float *left, const float *right, float *d, size_t stride,
  lora_ahead ahead) {
  size_t s = 0;
  for (; s + PRODUCT_STRIPS <= strips; s += PRODUCT_STRIPS) {
    if (PRODUCT_STRIPS == 4 || s % 4 == 0) fetch_ahead(rows, ahead, s);
    block_f32(rows, PRODUCT_STRIPS, rank, left, right + s * rank * LORA_LANES, d + s * LORA_LANES, stride);
  }
  for (; s < strips; s++)
    block_f32(rows, 1, rank, left, right + s * rank * LORA_LANES, d + s * LORA_LANES, stride);
}

TARGET static void product_f32(
  size_t rows, size_t strips, size_t rank, const float *left, const float *right, float *d, size_t stride,
  lora_ahead ahead) {
  switch (rows) {
  case 6: rows_f32(6, strips, rank, left, right, d, stride, ahead); break;
  case 5: rows_f32(5, strips, rank, left, right, d, stride, ahead); break;
  case 4: rows_f32(4, strips, rank, left, right, d, stride, ahead); break;
  case 3: rows_f32(3, strips, rank, left, right, d, stride, ahead); break;
  case 2: rows_f32(2, strips, rank, left, right, d, stride, ahead); break;
  case 1: rows_f32(1, strips, rank, left, right, d, stride, ahead); break;
  }
}

/// The same in f64, by halves of strips, all of the rank in one sum.
INLINE void block_f64(
  const size_t rows, const size_t halves, size_t rank, const double *left, const double *right, double *d,
  size_t stride) {
  enum { HALF = LORA_LANES / 2 };
  v8d sum[LORA_ROWS][WIDE_HALVES], r[WIDE_HALVES];
  UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t h = 0; h < halves; h++) sum[i][h] = 0;
  for (size_t k = 0; k < rank; k++) {
    UNROLL for (size_t h = 0; h < halves; h++)
      r[h] = load_half(right + (h / 2 * rank + k) * LORA_LANES + h % 2 * HALF);
    UNROLL for (size_t i = 0; i < rows; i++) {
      v8d l = left[k * LORA_ROWS + i];
      UNROLL for (size_t h = 0; h < halves; h++) sum[i][h] = fma_half(l, r[h], sum[i][h]);
    }
  }
  UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t h = 0; h < halves; h++)
    store_half(d + i * stride + h * HALF, sum[i][h]);
}

INLINE void rows_f64(
  const size_t rows, size_t strips, size_t rank, const double *left, const double *right, double *d, size_t stride,
  lora_ahead ahead) {
  size_t h = 0, halves = strips * 2;
  for (; h + WIDE_HALVES <= halves; h += WIDE_HALVES) {
    if (h % 4 == 0) fetch_ahead(rows, ahead, h / 2);
    block_f64(
      rows, WIDE_HALVES, rank, left, right + h / 2 * rank * LORA_LANES + h % 2 * LORA_LANES / 2,
      d + h * LORA_LANES / 2, stride);
  }
  for (; h < halves; h++)
    block_f64(
      rows, 1, rank, left, right + h / 2 * rank * LORA_LANES + h % 2 * LORA_LANES / 2, d + h * LORA_LANES / 2,
      stride);
}

TARGET static void product_f64(
  size_t rows, size_t strips, size_t rank, const double *left, const double *right, double *d, size_t stride,
  lora_ahead ahead) {
  switch (rows) {
  case 6: rows_f64(6, strips, rank, left, right, d, stride, ahead); break;
  case 5: rows_f64(5, strips, rank, left, right, d, stride, ahead); break;
  case 4: rows_f64(4, strips, rank, left, right, d, stride, ahead); break;
  case 3: rows_f64(3, strips, rank, left, right, d, stride, ahead); break;
  case 2: rows_f64(2, strips, rank, left, right, d, stride, ahead); break;
  case 1: rows_f64(1, strips, rank, left, right, d, stride, ahead); break;
  }
}

// MARK: Rounding

// What the f32 sum serves: any base to a 16-bit output.
#define EVERY_PAIR(of) \
  of(LORA_BF16, LORA_BF16) of(LORA_F16, LORA_BF16) of(LORA_F32, LORA_BF16) \
  of(LORA_BF16, LORA_F16) of(LORA_F16, LORA_F16) of(LORA_F32, LORA_F16)

/// One strip of a row: rounds both ends of the interval around w + d that holds the exact value. If they agree, that is
/// the answer (Ziv's test). Returns whether they do. An infinity or NaN turns `finite` into NaN.
INLINE bool round_strip(
  lora_dtype base, lora_dtype output, const char *w, const float *d, const float *norms, float bound, float floor,
  char *out, v16f *finite) {
  v16f v = widen_lanes(base, w) + load_f32(d);
  v16f error = fma_f32((v16f)bound, load_f32(norms), (v16f)floor);
  v16f away = of_bits(bits_of(error) | (bits_of(v) & 0x80000000u));  // from zero
  // A little of v itself on top, for the roundings of v and of the end.
  v16f outer = fma_f32(v, (v16f)(1 + 0x1p-22f), away), inner = fma_f32(v, (v16f)(1 - 0x1p-23f), -away);
  *finite += outer * 0.0f;
  v16h rounded;
  bool agree;
  if (output == LORA_BF16) {
    // Half up instead of half to even is as good here: a tie lies strictly inside the interval or not at all.
    v16u a = bits_of(outer) + 0x8000u, b = bits_of(inner) + 0x8000u;
    rounded = __builtin_convertvector(a >> 16, v16h);
    agree = !any((a ^ b) & 0xffff0000u);
  } else {
    rounded = round_f16(outer);
    agree = __builtin_reduce_or(rounded ^ round_f16(inner)) == 0;
  }
  memcpy(out, &rounded, sizeof rounded);
  return agree;
}

INLINE size_t finish_row(
  lora_dtype base, lora_dtype output, size_t strips, const char *w, const float *d, const float *norms, float bound,
  float floor, char *out, uint32_t *doubtful) {
  const size_t base_size = base == LORA_F32 ? 4 : 2;
  size_t count = 0;
  v16f finite = 0;
  for (size_t s = 0; s < strips; s++) {
    size_t i = s * LORA_LANES;
    doubtful[count] = (uint32_t)s;
    count += !round_strip(base, output, w + i * base_size, d + i, norms + i, bound, floor, out + i * 2, &finite);
  }
  if (!any((v16u)(finite != finite))) return count;
  for (size_t s = 0; s < strips; s++) doubtful[s] = (uint32_t)s;
  return strips;
}

TARGET static size_t finish(
  lora_dtype base, lora_dtype output, size_t strips, const void *w, const float *d, const float *norms, float bound,
  float floor, void *out, uint32_t *doubtful) {
#define CASE(from, to) \
  if (base == from && output == to) return finish_row(from, to, strips, w, d, norms, bound, floor, out, doubtful);
  EVERY_PAIR(CASE)
#undef CASE
  return 0;
}

INLINE void resolve_strips(
  lora_dtype base, lora_dtype output, const size_t strips, size_t rank, const lora_doubt *doubts) {
  v16d sum[RESOLVE_STRIPS];
  UNROLL for (size_t t = 0; t < strips; t++) sum[t] = 0;
  for (size_t k = 0; k < rank; k++) UNROLL for (size_t t = 0; t < strips; t++) {
    v16f r = load_f32(doubts[t].right + k * LORA_LANES);
    sum[t] = fma_f64((v16d)doubts[t].left[k * LORA_ROWS], __builtin_convertvector(r, v16d), sum[t]);
  }
  for (size_t t = 0; t < strips; t++) {
    float w[LORA_LANES];
    widen(base, doubts[t].w, LORA_LANES, w);
    v16d v = __builtin_convertvector(load_f32(w), v16d) + sum[t];
    if (output == LORA_BF16) narrow_lanes_f64(LORA_BF16, v, doubts[t].out);
    else narrow_lanes_f64(LORA_F16, v, doubts[t].out);
  }
}

TARGET static void resolve(
  lora_dtype base, lora_dtype output, size_t rank, const lora_doubt *doubts, size_t count) {
  size_t n = 0;
  for (; n + RESOLVE_STRIPS <= count; n += RESOLVE_STRIPS)
    resolve_strips(base, output, RESOLVE_STRIPS, rank, doubts + n);
  for (; n < count; n++) resolve_strips(base, output, 1, rank, doubts + n);
}

INLINE void finish_row_f64(lora_dtype dtype, size_t strips, const float *w, const double *d, char *out) {
  for (size_t i = 0; i < strips * LORA_LANES; i += LORA_LANES) {
    v16d v = __builtin_convertvector(load_f32(w + i), v16d) + load_f64(d + i);
    narrow_lanes_f64(dtype, v, out + i * narrow_size(dtype));
  }
}

TARGET static void finish_f64(lora_dtype dtype, size_t strips, const float *w, const double *d, void *out) {
  if (dtype == LORA_F32) finish_row_f64(LORA_F32, strips, w, d, out);
  if (dtype == LORA_F16) finish_row_f64(LORA_F16, strips, w, d, out);
  if (dtype == LORA_BF16) finish_row_f64(LORA_BF16, strips, w, d, out);
}

// MARK: Statistics

INLINE void tally_row(
  lora_dtype base, lora_dtype output, size_t strips, const char *w, const float *d, const char *stored,
  lora_tally *tally) {
  const size_t base_size = base == LORA_F32 ? 4 : 2;
  v16f delta_squared = 0, residual_squared = 0;
  v16u most = 0;
  for (size_t i = 0; i < strips * LORA_LANES; i += LORA_LANES) {
    v16f delta = load_f32(d + i), change = widen_lanes(output, stored + i * 2) - widen_lanes(base, w + i * base_size);
    v16f residual = change - delta;
    delta_squared = fma_f32(delta, delta, delta_squared);
    residual_squared = fma_f32(residual, residual, residual_squared);
    most = __builtin_elementwise_max(most, bits_of(delta) & 0x7fffffffu);
  }
  tally->delta_squared = tally->residual_squared = 0;
  for (int lane = 0; lane < LORA_LANES; lane++) {
    tally->delta_squared += delta_squared[lane];
    tally->residual_squared += residual_squared[lane];
  }
  uint32_t bits = __builtin_reduce_max(most);
  float max_delta;
  memcpy(&max_delta, &bits, sizeof max_delta);
  tally->max_delta = max_delta;
}

TARGET static void tally_f32(
  lora_dtype base, lora_dtype output, size_t strips, const void *w, const float *d, const void *stored,
  lora_tally *tally) {
#define CASE(from, to) \
  if (base == from && output == to) tally_row(from, to, strips, w, d, stored, tally);
  EVERY_PAIR(CASE)
#undef CASE
}

TARGET static void tally_f64(size_t strips, const float *w, const double *d, const float *stored, lora_tally *tally) {
  v16d delta_squared = 0, residual_squared = 0;
  v16l most = 0;
  for (size_t i = 0; i < strips * LORA_LANES; i += LORA_LANES) {
    v16d delta = load_f64(d + i), base = __builtin_convertvector(load_f32(w + i), v16d);
    v16d residual = (__builtin_convertvector(load_f32(stored + i), v16d) - base) - delta;
    delta_squared = fma_f64(delta, delta, delta_squared);
    residual_squared = fma_f64(residual, residual, residual_squared);
    most = __builtin_elementwise_max(most, (v16l)delta & INT64_MAX);
  }
  tally->delta_squared = tally->residual_squared = 0;
  for (int lane = 0; lane < LORA_LANES; lane++) {
    tally->delta_squared += delta_squared[lane];
    tally->residual_squared += residual_squared[lane];
  }
  tally->max_delta = lora_f64_of((uint64_t)__builtin_reduce_max(most));
}

// MARK: Scan

#define PEAK(name, type, lanes) \
  typedef type v_##name __attribute__((ext_vector_type(lanes))); \
  INLINE uint64_t peak_##name(type mask, const char *in, size_t count) { \
    const v_##name sizes = mask; \
    v_##name most[4] = {0, 0, 0, 0}, next; \
    size_t bytes = count * sizeof(type), at = 0; \
    for (; at + 4 * sizeof next <= bytes; at += 4 * sizeof next) UNROLL for (int u = 0; u < 4; u++) { \
      memcpy(&next, in + at + u * sizeof next, sizeof next); \
      most[u] = __builtin_elementwise_max(most[u], next & sizes); \
    } \
    for (; at < bytes; at += sizeof next) { \
      next = 0; \
      memcpy(&next, in + at, lora_min(bytes - at, sizeof next)); \
      most[0] = __builtin_elementwise_max(most[0], next & sizes); \
    } \
    most[0] = __builtin_elementwise_max(most[0], most[1]); \
    most[2] = __builtin_elementwise_max(most[2], most[3]); \
    return (uint64_t)__builtin_reduce_max(__builtin_elementwise_max(most[0], most[2])); \
  }

// Without its sign bit a 64-bit code is the same signed or unsigned, and signed comparison exists everywhere.
PEAK(bytes, uint8_t, 64)
PEAK(halves, uint16_t, 32)
PEAK(words, uint32_t, 16)
PEAK(longs, int64_t, 8)
#undef PEAK

TARGET static uint64_t peak(size_t size, uint64_t mask, const void *elements, size_t count) {
  switch (size) {
  case 1: return peak_bytes((uint8_t)mask, elements, count);
  case 2: return peak_halves((uint16_t)mask, elements, count);
  case 4: return peak_words((uint32_t)mask, elements, count);
  default: return peak_longs((int64_t)mask, elements, count);
  }
}

// MARK: Measurement

// As many sums as a product block keeps, so that latency is hidden as well as it can be.
TARGET static uint64_t burn_f32(uint64_t rounds) {
  enum { SUMS = LORA_ROWS * PRODUCT_STRIPS };
  v16f sum[SUMS], factor = 0.5f;
  UNROLL for (int i = 0; i < SUMS; i++) sum[i] = (float)i;
  for (uint64_t round = 0; round < rounds; round++) {
    UNROLL for (int i = 0; i < SUMS; i++) sum[i] = fma_f32(sum[i], factor, factor);
  }
  v16f all = 0;
  UNROLL for (int i = 0; i < SUMS; i++) all += sum[i];
  volatile float sink = all[0] + all[15];
  (void)sink;
  return rounds * SUMS * LORA_LANES * 2;
}

TARGET static uint64_t burn_f64(uint64_t rounds) {
  enum { SUMS = LORA_ROWS * WIDE_HALVES };
  v8d sum[SUMS], factor = 0.5;
  UNROLL for (int i = 0; i < SUMS; i++) sum[i] = (double)i;
  for (uint64_t round = 0; round < rounds; round++) {
    UNROLL for (int i = 0; i < SUMS; i++) sum[i] = fma_half(sum[i], factor, factor);
  }
  v8d all = 0;
  UNROLL for (int i = 0; i < SUMS; i++) all += sum[i];
  volatile double sink = all[0] + all[7];
  (void)sink;
  return rounds * SUMS * LORA_LANES;
}

const lora_level_table LEVEL = {
  .name = LEVEL_NAME,
  .available = level_available,
  .widen = widen,
  .widen_f64 = widen_f64,
  .narrow_f32 = narrow_f32,
  .narrow_f64 = narrow_f64,
  .product_f32 = product_f32,
  .product_f64 = product_f64,
  .finish = finish,
  .resolve = resolve,
  .finish_f64 = finish_f64,
  .tally_f32 = tally_f32,
  .tally_f64 = tally_f64,
  .peak = peak,
  .burn_f32 = burn_f32,
  .burn_f64 = burn_f64,
};
