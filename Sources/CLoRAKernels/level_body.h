// The kernels of one level. A level file defines LEVEL, LEVEL_NAME, TARGET, NATIVE_FMA, NATIVE_F16, the register
// blocks PRODUCT_STRIPS, WIDE_ROWS, WIDE_STRIPS and RESOLVE_STRIPS and a function `level_available`, then includes this.

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
        v16f l = left[i * rank + k];
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

INLINE void rows_f32(
  const size_t rows, size_t strips, size_t rank, const float *left, const float *right, float *d, size_t stride,
  lora_ahead ahead) {
  size_t s = 0;
  for (; s + PRODUCT_STRIPS <= strips; s += PRODUCT_STRIPS) {
    for (size_t i = 0; i < rows; i++)
      for (size_t b = 0; b < PRODUCT_STRIPS * ahead.strip_bytes; b += 64)
        __builtin_prefetch(ahead.bytes + i * ahead.stride + s * ahead.strip_bytes + b);
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

INLINE void block_f64(
  const size_t rows, const size_t strips, size_t rank, const double *left, const double *right, double *d,
  size_t stride) {
  v16d sum[WIDE_ROWS][WIDE_STRIPS], r[WIDE_STRIPS];
  UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t t = 0; t < strips; t++) sum[i][t] = 0;
  for (size_t k = 0; k < rank; k++) {
    UNROLL for (size_t t = 0; t < strips; t++) r[t] = load_f64(right + (t * rank + k) * LORA_LANES);
    UNROLL for (size_t i = 0; i < rows; i++) {
      v16d l = left[i * rank + k];
      UNROLL for (size_t t = 0; t < strips; t++) sum[i][t] = fma_f64(l, r[t], sum[i][t]);
    }
  }
  UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t t = 0; t < strips; t++)
    store_f64(d + i * stride + t * LORA_LANES, sum[i][t]);
}

INLINE void rows_f64(
  const size_t rows, size_t strips, size_t rank, const double *left, const double *right, double *d, size_t stride) {
  size_t s = 0;
  for (; s + WIDE_STRIPS <= strips; s += WIDE_STRIPS)
    block_f64(rows, WIDE_STRIPS, rank, left, right + s * rank * LORA_LANES, d + s * LORA_LANES, stride);
  for (; s < strips; s++)
    block_f64(rows, 1, rank, left, right + s * rank * LORA_LANES, d + s * LORA_LANES, stride);
}

TARGET static void product_f64(
  size_t rows, size_t strips, size_t rank, const double *left, const double *right, double *d, size_t stride) {
  size_t i = 0;
  for (; i + WIDE_ROWS <= rows; i += WIDE_ROWS)
    rows_f64(WIDE_ROWS, strips, rank, left + i * rank, right, d + i * stride, stride);
  for (; i < rows; i++) rows_f64(1, strips, rank, left + i * rank, right, d + i * stride, stride);
}

// MARK: Rounding

/// Ziv's test: if everything within the error bound of v rounds to one number, that number is the answer.
INLINE size_t finish_row(
  lora_dtype dtype, size_t strips, const float *w, const float *d, const float *norms, float bound, float floor,
  char *out, uint32_t *doubtful) {
  const v16f own = 0x1.1p-23f;  // two roundings of v itself, with slack
  size_t count = 0;
  for (size_t s = 0; s < strips; s++) {
    size_t i = s * LORA_LANES;
    v16f v = load_f32(w + i) + load_f32(d + i);
    v16f error = fma_f32((v16f)bound, load_f32(norms + i), fma_f32(magnitude(v), own, (v16f)floor));
    v16f low = v - error, high = v + error;
    v16u unordered = ~(v16u)(low <= high);
    v16h rounded;
    doubtful[count] = (uint32_t)s;
    if (dtype == LORA_BF16) {
      // Half up instead of half to even is as good here: a tie lies strictly inside the interval or not at all.
      v16u a = bits_of(low) + 0x8000u, b = bits_of(high) + 0x8000u;
      rounded = __builtin_convertvector(a >> 16, v16h);
      count += any(((a ^ b) & 0xffff0000u) | unordered);
    } else {
      rounded = round_f16(low);
      v16h other = rounded ^ round_f16(high);
      count += any(__builtin_convertvector(other, v16u) | unordered);
    }
    memcpy(out + i * 2, &rounded, sizeof rounded);
  }
  return count;
}

TARGET static size_t finish(
  lora_dtype dtype, size_t strips, const float *w, const float *d, const float *norms, float bound, float floor,
  void *out, uint32_t *doubtful) {
  return dtype == LORA_BF16 ? finish_row(LORA_BF16, strips, w, d, norms, bound, floor, out, doubtful)
                            : finish_row(LORA_F16, strips, w, d, norms, bound, floor, out, doubtful);
}

INLINE void resolve_strips(
  lora_dtype dtype, const size_t strips, size_t rank, const float *w, const double *left, const float *right,
  char *out, const uint32_t *doubtful) {
  v16d sum[RESOLVE_STRIPS];
  UNROLL for (size_t t = 0; t < strips; t++) sum[t] = 0;
  for (size_t k = 0; k < rank; k++) UNROLL for (size_t t = 0; t < strips; t++) {
    v16f r = load_f32(right + (doubtful[t] * rank + k) * LORA_LANES);
    sum[t] = fma_f64((v16d)left[k], __builtin_convertvector(r, v16d), sum[t]);
  }
  UNROLL for (size_t t = 0; t < strips; t++) {
    size_t i = doubtful[t] * LORA_LANES;
    v16d v = __builtin_convertvector(load_f32(w + i), v16d) + sum[t];
    narrow_lanes_f64(dtype, v, out + i * narrow_size(dtype));
  }
}

TARGET static void resolve(
  lora_dtype dtype, size_t rank, const float *w, const double *left, const float *right, void *out,
  const uint32_t *doubtful, size_t count) {
  size_t n = 0;
  for (; n + RESOLVE_STRIPS <= count; n += RESOLVE_STRIPS)
    resolve_strips(dtype, RESOLVE_STRIPS, rank, w, left, right, out, doubtful + n);
  for (; n < count; n++) resolve_strips(dtype, 1, rank, w, left, right, out, doubtful + n);
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

TARGET static void tally_f32(size_t strips, const float *w, const float *d, const float *stored, lora_tally *tally) {
  v16f delta_squared = 0, residual_squared = 0;
  v16u max_delta = 0, max_residual = 0;
  for (size_t i = 0; i < strips * LORA_LANES; i += LORA_LANES) {
    v16f delta = load_f32(d + i), residual = (load_f32(stored + i) - load_f32(w + i)) - delta;
    delta_squared = fma_f32(delta, delta, delta_squared);
    residual_squared = fma_f32(residual, residual, residual_squared);
    max_delta = __builtin_elementwise_max(max_delta, bits_of(delta) & 0x7fffffffu);
    max_residual = __builtin_elementwise_max(max_residual, bits_of(residual) & 0x7fffffffu);
  }
  tally->delta_squared = tally->residual_squared = 0;
  for (int lane = 0; lane < LORA_LANES; lane++) {
    tally->delta_squared += delta_squared[lane];
    tally->residual_squared += residual_squared[lane];
  }
  uint32_t delta_bits = __builtin_reduce_max(max_delta), residual_bits = __builtin_reduce_max(max_residual);
  float delta, residual;
  memcpy(&delta, &delta_bits, sizeof delta);
  memcpy(&residual, &residual_bits, sizeof residual);
  tally->max_delta_bits = lora_bits_f64(delta);
  tally->max_residual_bits = lora_bits_f64(residual);
}

TARGET static void tally_f64(size_t strips, const float *w, const double *d, const float *stored, lora_tally *tally) {
  v16d delta_squared = 0, residual_squared = 0;
  v16l max_delta = 0, max_residual = 0;
  const v16l sizes = INT64_MAX;
  for (size_t i = 0; i < strips * LORA_LANES; i += LORA_LANES) {
    v16d delta = load_f64(d + i), base = __builtin_convertvector(load_f32(w + i), v16d);
    v16d residual = (__builtin_convertvector(load_f32(stored + i), v16d) - base) - delta;
    delta_squared = fma_f64(delta, delta, delta_squared);
    residual_squared = fma_f64(residual, residual, residual_squared);
    max_delta = __builtin_elementwise_max(max_delta, (v16l)delta & sizes);
    max_residual = __builtin_elementwise_max(max_residual, (v16l)residual & sizes);
  }
  tally->delta_squared = tally->residual_squared = 0;
  for (int lane = 0; lane < LORA_LANES; lane++) {
    tally->delta_squared += delta_squared[lane];
    tally->residual_squared += residual_squared[lane];
  }
  tally->max_delta_bits = (uint64_t)__builtin_reduce_max(max_delta);
  tally->max_residual_bits = (uint64_t)__builtin_reduce_max(max_residual);
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
};
