// Part of level_body.h: one row of a matrix times many tokens. Sixteen running sums, lane k % 16 for element k, added as
// a tree at the end: zeros behind the row change nothing, so that a padded row gives the same bits as the row alone.

/// Tokens at once: as many sums as fit into the registers and wait for no addition, where 32 registers are wide.
enum { DOTS_F32 = WIDE_HALVES > 1 ? 8 : 4, DOTS_F64 = WIDE_HALVES > 1 ? 8 : 2 };

INLINE v16f load_part_f32(const float *p, size_t count) {
  v16f v = 0;
  memcpy(&v, p, count * sizeof *p);
  return v;
}

INLINE v16d load_part_f64(const double *p, size_t count) {
  v16d v = 0;
  memcpy(&v, p, count * sizeof *p);
  return v;
}

/// The sum of all lanes; never negative zero.
INLINE float total_f32(v16f v) {
  __typeof__(v.lo) eight = v.lo + v.hi;
  __typeof__(eight.lo) four = eight.lo + eight.hi;
  return ((four[0] + four[2]) + (four[1] + four[3])) + 0.0f;
}

INLINE double total_f64(v16d v) {
  v8d eight = v.lo + v.hi;
  __typeof__(eight.lo) four = eight.lo + eight.hi;
  return ((four[0] + four[2]) + (four[1] + four[3])) + 0.0;
}

INLINE void dots_block_f32(
  const size_t block, const float *row, const float *tokens, size_t stride, size_t length, float *out,
  size_t out_stride) {
  v16f sum[DOTS_F32];
  UNROLL for (size_t t = 0; t < block; t++) sum[t] = 0;
  size_t k = 0;
  for (; k + LORA_LANES <= length; k += LORA_LANES) {
    v16f r = load_f32(row + k);
    UNROLL for (size_t t = 0; t < block; t++) sum[t] = fma_f32(r, load_f32(tokens + t * stride + k), sum[t]);
  }
  if (k < length) {
    v16f r = load_part_f32(row + k, length - k);
    UNROLL for (size_t t = 0; t < block; t++)
      sum[t] = fma_f32(r, load_part_f32(tokens + t * stride + k, length - k), sum[t]);
  }
  UNROLL for (size_t t = 0; t < block; t++) out[t * out_stride] = total_f32(sum[t]);
}

TARGET static void dots_f32(
  const float *row, const float *tokens, size_t stride, size_t count, size_t length, float *out, size_t out_stride) {
  size_t t = 0;
  for (; t + DOTS_F32 <= count; t += DOTS_F32)
    dots_block_f32(DOTS_F32, row, tokens + t * stride, stride, length, out + t * out_stride, out_stride);
  for (; t < count; t++) dots_block_f32(1, row, tokens + t * stride, stride, length, out + t * out_stride, out_stride);
}

INLINE void dots_block_f64(
  const size_t block, const double *row, const double *tokens, size_t stride, size_t length, double *out,
  size_t out_stride) {
  v16d sum[DOTS_F64];
  UNROLL for (size_t t = 0; t < block; t++) sum[t] = 0;
  size_t k = 0;
  for (; k + LORA_LANES <= length; k += LORA_LANES) {
    v16d r = load_f64(row + k);
    UNROLL for (size_t t = 0; t < block; t++) sum[t] = fma_f64(r, load_f64(tokens + t * stride + k), sum[t]);
  }
  if (k < length) {
    v16d r = load_part_f64(row + k, length - k);
    UNROLL for (size_t t = 0; t < block; t++)
      sum[t] = fma_f64(r, load_part_f64(tokens + t * stride + k, length - k), sum[t]);
  }
  UNROLL for (size_t t = 0; t < block; t++) out[t * out_stride] = total_f64(sum[t]);
}

TARGET static void dots_f64(
  const double *row, const double *tokens, size_t stride, size_t count, size_t length, double *out,
  size_t out_stride) {
  size_t t = 0;
  for (; t + DOTS_F64 <= count; t += DOTS_F64)
    dots_block_f64(DOTS_F64, row, tokens + t * stride, stride, length, out + t * out_stride, out_stride);
  for (; t < count; t++) dots_block_f64(1, row, tokens + t * stride, stride, length, out + t * out_stride, out_stride);
}
