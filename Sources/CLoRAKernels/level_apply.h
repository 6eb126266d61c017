// Part of level_body.h: rows of a matrix times many tokens. Sixteen running sums, lane k % 16 for element k, added as
// a tree at the end: zeros behind the row change nothing, so that a padded row gives the same bits as the row alone.

/// Rows and tokens at once: as many sums as fit into the registers, so that what is read is used several times. Where 32
/// registers are wide, 24 sums for ten and fourteen reads.
enum {
  APPLY_ROWS_F32 = WIDE_HALVES > 1 ? 6 : 3,
  APPLY_TOKENS_F32 = WIDE_HALVES > 1 ? 4 : 2,
  APPLY_ROWS_F64 = WIDE_HALVES > 1 ? 3 : 1,
  APPLY_TOKENS_F64 = WIDE_HALVES > 1 ? 4 : 2,
};
/// A piece of some tokens is copied together, so that it stays in the first-level cache while it meets the rows of a
/// panel; their sums wait in memory from piece to piece.
enum { APPLY_TOKENS = 8, APPLY_PANEL_F32 = 48, APPLY_PANEL_F64 = 24, APPLY_PIECE_BYTES = 4096 };

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

/// The sums of all lanes of four sums, lane i first with i + 8, then with i + 4, i + 2 and i + 1; never negative zero.
INLINE void totals_f32(const v16f *sums, float *out, size_t out_stride) {
  v16f pair[2];
  UNROLL for (int p = 0; p < 2; p++) {
    v16f a = sums[2 * p], b = sums[2 * p + 1];
    pair[p] = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
      + __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  }
  v16f four = __builtin_shufflevector(pair[0], pair[1], 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
    + __builtin_shufflevector(pair[0], pair[1], 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
  four = four + __builtin_shufflevector(four, four, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  four = four + __builtin_shufflevector(four, four, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14) + 0.0f;
  UNROLL for (int s = 0; s < 4; s++) out[(size_t)s * out_stride] = four[4 * s];
}

INLINE void totals_f64(const v16d *sums, double *out, size_t out_stride) {
  UNROLL for (int p = 0; p < 2; p++) {
    v8d a = sums[2 * p].lo + sums[2 * p].hi, b = sums[2 * p + 1].lo + sums[2 * p + 1].hi;
    v8d two = __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11)
      + __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
    two = two + __builtin_shufflevector(two, two, 2, 3, 0, 1, 6, 7, 4, 5);
    two = two + __builtin_shufflevector(two, two, 1, 0, 3, 2, 5, 4, 7, 6) + 0.0;
    out[(size_t)(2 * p) * out_stride] = two[0];
    out[(size_t)(2 * p + 1) * out_stride] = two[4];
  }
}

/// Adds `length` products to the sums of some rows and tokens; a row has APPLY_TOKENS `sums`.
INLINE void apply_block_f32(
  const size_t rows, const size_t count, bool begins, size_t length, const float *matrix, size_t row_stride,
  const float *tokens, size_t stride, v16f *sums) {
  v16f sum[APPLY_ROWS_F32][APPLY_TOKENS_F32], x[APPLY_TOKENS_F32];
  UNROLL for (size_t r = 0; r < rows; r++) UNROLL for (size_t t = 0; t < count; t++)
    sum[r][t] = begins ? (v16f)0 : sums[r * APPLY_TOKENS + t];
  size_t k = 0;
  for (; k + LORA_LANES <= length; k += LORA_LANES) {
    UNROLL for (size_t t = 0; t < count; t++) x[t] = load_f32(tokens + t * stride + k);
    UNROLL for (size_t r = 0; r < rows; r++) {
      v16f own = load_f32(matrix + r * row_stride + k);
      UNROLL for (size_t t = 0; t < count; t++) sum[r][t] = fma_f32(own, x[t], sum[r][t]);
    }
  }
  if (k < length) {
    UNROLL for (size_t t = 0; t < count; t++) x[t] = load_part_f32(tokens + t * stride + k, length - k);
    UNROLL for (size_t r = 0; r < rows; r++) {
      v16f own = load_part_f32(matrix + r * row_stride + k, length - k);
      UNROLL for (size_t t = 0; t < count; t++) sum[r][t] = fma_f32(own, x[t], sum[r][t]);
    }
  }
  UNROLL for (size_t r = 0; r < rows; r++) UNROLL for (size_t t = 0; t < count; t++)
    sums[r * APPLY_TOKENS + t] = sum[r][t];
}

INLINE void apply_rows_f32(
  const size_t rows, size_t count, bool begins, size_t length, const float *matrix, size_t row_stride, const float *tokens,
  size_t stride, v16f *sums) {
  size_t t = 0;
  for (; t + APPLY_TOKENS_F32 <= count; t += APPLY_TOKENS_F32)
    apply_block_f32(
      rows, APPLY_TOKENS_F32, begins, length, matrix, row_stride, tokens + t * stride, stride, sums + t);
  for (; t < count; t++)
    apply_block_f32(rows, 1, begins, length, matrix, row_stride, tokens + t * stride, stride, sums + t);
}

/// Up to APPLY_PANEL_F32 rows and APPLY_TOKENS tokens.
INLINE void apply_panel_f32(
  size_t rows, size_t count, size_t length, const float *matrix, size_t row_stride, const float *tokens, size_t stride,
  float *out, size_t out_stride) {
  enum { PIECE = APPLY_PIECE_BYTES / sizeof(float) };
  v16f sums[APPLY_PANEL_F32 * APPLY_TOKENS], near[APPLY_TOKENS * PIECE / LORA_LANES];
  float *pieces = (float *)near;
  size_t k = 0;
  do {
    size_t piece = lora_min(PIECE, length - k), r = 0;
    for (size_t t = 0; t < count; t++) memcpy(pieces + t * PIECE, tokens + t * stride + k, piece * sizeof(float));
    for (; r + APPLY_ROWS_F32 <= rows; r += APPLY_ROWS_F32)
      apply_rows_f32(
        APPLY_ROWS_F32, count, k == 0, piece, matrix + r * row_stride + k, row_stride, pieces, PIECE,
        sums + r * APPLY_TOKENS);
    for (; r < rows; r++)
      apply_rows_f32(
        1, count, k == 0, piece, matrix + r * row_stride + k, row_stride, pieces, PIECE, sums + r * APPLY_TOKENS);
    k += piece;
  } while (k < length);
  for (size_t r = 0; r < rows; r++) {
    size_t t = 0;
    for (; t + 4 <= count; t += 4) totals_f32(sums + r * APPLY_TOKENS + t, out + t * out_stride + r, out_stride);
    if (t == count) continue;
    v16f last[4] = {0};
    float rest[4];
    for (size_t i = 0; t + i < count; i++) last[i] = sums[r * APPLY_TOKENS + t + i];
    totals_f32(last, rest, 1);
    for (size_t i = 0; t + i < count; i++) out[(t + i) * out_stride + r] = rest[i];
  }
}

TARGET static void apply_f32(
  size_t rows, size_t count, size_t length, const float *matrix, size_t row_stride, const float *tokens, size_t stride,
  float *out, size_t out_stride) {
  for (size_t r = 0; r < rows; r += APPLY_PANEL_F32)
    for (size_t t = 0; t < count; t += APPLY_TOKENS)
      apply_panel_f32(
        lora_min(APPLY_PANEL_F32, rows - r), lora_min(APPLY_TOKENS, count - t), length, matrix + r * row_stride,
        row_stride, tokens + t * stride, stride, out + t * out_stride + r, out_stride);
}

INLINE void apply_block_f64(
  const size_t rows, const size_t count, bool begins, size_t length, const double *matrix, size_t row_stride,
  const double *tokens, size_t stride, v16d *sums) {
  v16d sum[APPLY_ROWS_F64][APPLY_TOKENS_F64], x[APPLY_TOKENS_F64];
  UNROLL for (size_t r = 0; r < rows; r++) UNROLL for (size_t t = 0; t < count; t++)
    sum[r][t] = begins ? (v16d)0 : sums[r * APPLY_TOKENS + t];
  size_t k = 0;
  for (; k + LORA_LANES <= length; k += LORA_LANES) {
    UNROLL for (size_t t = 0; t < count; t++) x[t] = load_f64(tokens + t * stride + k);
    UNROLL for (size_t r = 0; r < rows; r++) {
      v16d own = load_f64(matrix + r * row_stride + k);
      UNROLL for (size_t t = 0; t < count; t++) sum[r][t] = fma_f64(own, x[t], sum[r][t]);
    }
  }
  if (k < length) {
    UNROLL for (size_t t = 0; t < count; t++) x[t] = load_part_f64(tokens + t * stride + k, length - k);
    UNROLL for (size_t r = 0; r < rows; r++) {
      v16d own = load_part_f64(matrix + r * row_stride + k, length - k);
      UNROLL for (size_t t = 0; t < count; t++) sum[r][t] = fma_f64(own, x[t], sum[r][t]);
    }
  }
  UNROLL for (size_t r = 0; r < rows; r++) UNROLL for (size_t t = 0; t < count; t++)
    sums[r * APPLY_TOKENS + t] = sum[r][t];
}

INLINE void apply_rows_f64(
  const size_t rows, size_t count, bool begins, size_t length, const double *matrix, size_t row_stride, const double *tokens,
  size_t stride, v16d *sums) {
  size_t t = 0;
  for (; t + APPLY_TOKENS_F64 <= count; t += APPLY_TOKENS_F64)
    apply_block_f64(
      rows, APPLY_TOKENS_F64, begins, length, matrix, row_stride, tokens + t * stride, stride, sums + t);
  for (; t < count; t++)
    apply_block_f64(rows, 1, begins, length, matrix, row_stride, tokens + t * stride, stride, sums + t);
}

/// Up to APPLY_PANEL_F64 rows and APPLY_TOKENS tokens.
INLINE void apply_panel_f64(
  size_t rows, size_t count, size_t length, const double *matrix, size_t row_stride, const double *tokens, size_t stride,
  double *out, size_t out_stride) {
  enum { PIECE = APPLY_PIECE_BYTES / sizeof(double) };
  v16d sums[APPLY_PANEL_F64 * APPLY_TOKENS], near[APPLY_TOKENS * PIECE / LORA_LANES];
  double *pieces = (double *)near;
  size_t k = 0;
  do {
    size_t piece = lora_min(PIECE, length - k), r = 0;
    for (size_t t = 0; t < count; t++) memcpy(pieces + t * PIECE, tokens + t * stride + k, piece * sizeof(double));
    for (; r + APPLY_ROWS_F64 <= rows; r += APPLY_ROWS_F64)
      apply_rows_f64(
        APPLY_ROWS_F64, count, k == 0, piece, matrix + r * row_stride + k, row_stride, pieces, PIECE,
        sums + r * APPLY_TOKENS);
    for (; r < rows; r++)
      apply_rows_f64(
        1, count, k == 0, piece, matrix + r * row_stride + k, row_stride, pieces, PIECE, sums + r * APPLY_TOKENS);
    k += piece;
  } while (k < length);
  for (size_t r = 0; r < rows; r++) {
    size_t t = 0;
    for (; t + 4 <= count; t += 4) totals_f64(sums + r * APPLY_TOKENS + t, out + t * out_stride + r, out_stride);
    if (t == count) continue;
    v16d last[4] = {0};
    double rest[4];
    for (size_t i = 0; t + i < count; i++) last[i] = sums[r * APPLY_TOKENS + t + i];
    totals_f64(last, rest, 1);
    for (size_t i = 0; t + i < count; i++) out[(t + i) * out_stride + r] = rest[i];
  }
}

TARGET static void apply_f64(
  size_t rows, size_t count, size_t length, const double *matrix, size_t row_stride, const double *tokens, size_t stride,
  double *out, size_t out_stride) {
  for (size_t r = 0; r < rows; r += APPLY_PANEL_F64)
    for (size_t t = 0; t < count; t += APPLY_TOKENS)
      apply_panel_f64(
        lora_min(APPLY_PANEL_F64, rows - r), lora_min(APPLY_TOKENS, count - t), length, matrix + r * row_stride,
        row_stride, tokens + t * stride, stride, out + t * out_stride + r, out_stride);
}
