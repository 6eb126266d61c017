// Part of level_body.h, twice: rows of a matrix times many tokens in f32, and in f64 where APPLY_WIDE is 1. Sixteen running
// sums, lane k % 16 for element k, added as a tree at the end: zeros behind the row change nothing, so that a padded row
// gives the same bits as the row alone.

#if APPLY_WIDE
#define NUMBER double
#define LANES v16d
#define TYPED(name) name##_f64
#else
#define NUMBER float
#define LANES v16f
#define TYPED(name) name##_f32
#endif

/// Rows and tokens at once: as many sums as fit into the registers, so that what is read is used several times. Where 32
/// registers are wide, 24 sums for ten and fourteen reads.
#define ROWS (WIDE_HALVES > 1 ? 6 >> APPLY_WIDE : 3 >> APPLY_WIDE)
#define TOKENS (WIDE_HALVES > 1 ? 4 : 2)
/// A piece of some tokens is copied together, so that it stays in the first-level cache while it meets the rows of a
/// panel; their sums wait in memory from piece to piece.
#define PANEL_ROWS (48 >> APPLY_WIDE)
#define PIECE (4096 / sizeof(NUMBER))
#define PANEL_TOKENS 8

INLINE LANES TYPED(load_part)(const NUMBER *p, size_t count) {
  LANES v = 0;
  memcpy(&v, p, count * sizeof *p);
  return v;
}

/// The sums of all lanes of four sums, lane i first with i + 8, then with i + 4, i + 2 and i + 1; never negative zero.
INLINE void TYPED(totals)(const LANES *sums, NUMBER *out, size_t out_stride) {
  LANES pair[2];
  UNROLL for (int p = 0; p < 2; p++) {
    LANES a = sums[2 * p], b = sums[2 * p + 1];
    pair[p] = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
      + __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  }
  LANES four = __builtin_shufflevector(pair[0], pair[1], 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
    + __builtin_shufflevector(pair[0], pair[1], 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
  four = four + __builtin_shufflevector(four, four, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  four = four + __builtin_shufflevector(four, four, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14) + 0;
  UNROLL for (int s = 0; s < 4; s++) out[(size_t)s * out_stride] = four[4 * s];
}

/// Adds `length` products to the sums of some rows and tokens; a row has PANEL_TOKENS `sums`.
INLINE void TYPED(apply_block)(
  const size_t rows, const size_t count, bool begins, size_t length, const NUMBER *matrix, size_t row_stride,
  const NUMBER *tokens, size_t stride, LANES *sums) {
  LANES sum[ROWS][TOKENS], x[TOKENS];
  UNROLL for (size_t r = 0; r < rows; r++) UNROLL for (size_t t = 0; t < count; t++)
    sum[r][t] = begins ? (LANES)0 : sums[r * PANEL_TOKENS + t];
  size_t k = 0;
  for (; k + LORA_LANES <= length; k += LORA_LANES) {
    UNROLL for (size_t t = 0; t < count; t++) x[t] = TYPED(load)(tokens + t * stride + k);
    UNROLL for (size_t r = 0; r < rows; r++) {
      LANES own = TYPED(load)(matrix + r * row_stride + k);
      UNROLL for (size_t t = 0; t < count; t++) sum[r][t] = TYPED(fma)(own, x[t], sum[r][t]);
    }
  }
  if (k < length) {
    UNROLL for (size_t t = 0; t < count; t++) x[t] = TYPED(load_part)(tokens + t * stride + k, length - k);
    UNROLL for (size_t r = 0; r < rows; r++) {
      LANES own = TYPED(load_part)(matrix + r * row_stride + k, length - k);
      UNROLL for (size_t t = 0; t < count; t++) sum[r][t] = TYPED(fma)(own, x[t], sum[r][t]);
    }
  }
  UNROLL for (size_t r = 0; r < rows; r++) UNROLL for (size_t t = 0; t < count; t++)
    sums[r * PANEL_TOKENS + t] = sum[r][t];
}

FOR_EACH void TYPED(apply_rows)(
  const size_t rows, size_t count, bool begins, size_t length, const NUMBER *matrix, size_t row_stride,
  const NUMBER *tokens, size_t stride, LANES *sums) {
  size_t t = 0;
  for (; t + TOKENS <= count; t += TOKENS)
    TYPED(apply_block)(rows, TOKENS, begins, length, matrix, row_stride, tokens + t * stride, stride, sums + t);
  for (; t < count; t++)
    TYPED(apply_block)(rows, 1, begins, length, matrix, row_stride, tokens + t * stride, stride, sums + t);
}

/// Up to PANEL_ROWS rows and PANEL_TOKENS tokens.
INLINE void TYPED(apply_panel)(
  size_t rows, size_t count, size_t length, const NUMBER *matrix, size_t row_stride, const NUMBER *tokens, size_t stride,
  NUMBER *out, size_t out_stride) {
  LANES sums[PANEL_ROWS * PANEL_TOKENS], near[PANEL_TOKENS * PIECE / LORA_LANES];
  NUMBER *pieces = (NUMBER *)near;
  size_t k = 0;
  do {
    size_t piece = lora_min(PIECE, length - k), r = 0;
    for (size_t t = 0; t < count; t++) memcpy(pieces + t * PIECE, tokens + t * stride + k, piece * sizeof(NUMBER));
    for (; r + ROWS <= rows; r += ROWS)
      TYPED(apply_rows)(
        ROWS, count, k == 0, piece, matrix + r * row_stride + k, row_stride, pieces, PIECE, sums + r * PANEL_TOKENS);
    for (; r < rows; r++)
      TYPED(apply_rows)(
        1, count, k == 0, piece, matrix + r * row_stride + k, row_stride, pieces, PIECE, sums + r * PANEL_TOKENS);
    k += piece;
  } while (k < length);
  for (size_t r = 0; r < rows; r++) {
    size_t t = 0;
    for (; t + 4 <= count; t += 4) TYPED(totals)(sums + r * PANEL_TOKENS + t, out + t * out_stride + r, out_stride);
    if (t == count) continue;
    LANES last[4] = {0};
    NUMBER rest[4];
    for (size_t i = 0; t + i < count; i++) last[i] = sums[r * PANEL_TOKENS + t + i];
    TYPED(totals)(last, rest, 1);
    for (size_t i = 0; t + i < count; i++) out[(t + i) * out_stride + r] = rest[i];
  }
}

TARGET static void TYPED(apply)(
  size_t rows, size_t count, size_t length, const NUMBER *matrix, size_t row_stride, const NUMBER *tokens, size_t stride,
  NUMBER *out, size_t out_stride) {
  for (size_t r = 0; r < rows; r += PANEL_ROWS)
    for (size_t t = 0; t < count; t += PANEL_TOKENS)
      TYPED(apply_panel)(
        lora_min(PANEL_ROWS, rows - r), lora_min(PANEL_TOKENS, count - t), length, matrix + r * row_stride,
        row_stride, tokens + t * stride, stride, out + t * out_stride + r, out_stride);
}

#undef NUMBER
#undef LANES
#undef TYPED
#undef ROWS
#undef TOKENS
#undef PANEL_ROWS
#undef PIECE
#undef PANEL_TOKENS
