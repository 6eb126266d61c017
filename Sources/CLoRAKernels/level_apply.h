// Part of level_body.h, twice: rows of a matrix times many tokens in f32, and in f64 where APPLY_WIDE is 1. Sixteen running
// sums, lane k % 16 for element k, added as a tree at the end: zeros behind the row change nothing, so that a padded row
// gives the same bits as the row alone.

#if APPLY_WIDE
#define NUMBER double
#define LANES v16d
#define TYPED(name) name##_f64
#define LANES_OF base_lanes_f64
#else
#define NUMBER float
#define LANES v16f
#define TYPED(name) name##_f32
#define LANES_OF widen_lanes
#endif

/// The sums that one register holds, and rows and tokens at once: as many registers as there are, so that what is read is
/// used several times.
#define PART_LANES (REGISTER_BYTES / sizeof(NUMBER))
#define ROWS (REGISTERS > 16 ? 6 : 3)
#define TOKENS 4
/// Pieces of rows are widened in the first-level cache, where the same pieces of all tokens of a panel are; the sums of a
/// panel wait in memory from piece to piece.
#define PANEL_ROWS 24
#define PANEL_TOKENS 16
#define PIECE (2048 / sizeof(NUMBER))

typedef NUMBER TYPED(part) __attribute__((ext_vector_type(PART_LANES)));
#define PART TYPED(part)

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

INLINE PART TYPED(fma_part)(PART a, PART b, PART c) {
#if NATIVE_FMA
  return __builtin_elementwise_fma(a, b, c);
#elif APPLY_WIDE
  return fma_half(a, b, c);
#else
  return fma_f32(a, b, c);
#endif
}

INLINE void TYPED(widen_strips)(lora_dtype dtype, const char *in, size_t count, NUMBER *out) {
  const size_t size = base_bytes(dtype);
  size_t i = 0;
  for (; i + LORA_LANES <= count; i += LORA_LANES) TYPED(store)(out + i, LANES_OF(dtype, in + i * size));
  if (i == count) return;
  char rest[LORA_LANES * 8] = {0};
  memcpy(rest, in + i * size, (count - i) * size);
  TYPED(store)(out + i, LANES_OF(dtype, rest));
}

/// Elements of a row, followed by zeros up to the next strip.
APART void TYPED(widen_piece)(lora_dtype dtype, const char *in, size_t count, NUMBER *out) {
  switch (dtype) {
  case LORA_F16: TYPED(widen_strips)(LORA_F16, in, count, out); break;
  case LORA_BF16: TYPED(widen_strips)(LORA_BF16, in, count, out); break;
#if APPLY_WIDE
  case LORA_F64: TYPED(widen_strips)(LORA_F64, in, count, out); break;
#endif
  default: TYPED(widen_strips)(LORA_F32, in, count, out); break;
  }
}

/// Adds `length` products, whole strips, to the sums of some rows and tokens; a row has PANEL_TOKENS `sums`.
INLINE void TYPED(apply_block)(
  const size_t rows, const size_t count, bool begins, size_t length, const NUMBER *matrix, size_t row_stride,
  const NUMBER *tokens, size_t stride, LANES *sums) {
  for (size_t lane = 0; lane < LORA_LANES; lane += PART_LANES) {
    PART sum[ROWS][TOKENS], own[ROWS], x;
    UNROLL for (size_t r = 0; r < rows; r++) UNROLL for (size_t t = 0; t < count; t++) {
      if (begins) sum[r][t] = 0;
      else memcpy(&sum[r][t], (NUMBER *)(sums + r * PANEL_TOKENS + t) + lane, sizeof x);
    }
    for (size_t k = lane; k < length; k += LORA_LANES) {
      UNROLL for (size_t r = 0; r < rows; r++) memcpy(&own[r], matrix + r * row_stride + k, sizeof x);
      UNROLL for (size_t t = 0; t < count; t++) {
        memcpy(&x, tokens + t * stride + k, sizeof x);
        UNROLL for (size_t r = 0; r < rows; r++) sum[r][t] = TYPED(fma_part)(own[r], x, sum[r][t]);
      }
    }
    UNROLL for (size_t r = 0; r < rows; r++) UNROLL for (size_t t = 0; t < count; t++)
      memcpy((NUMBER *)(sums + r * PANEL_TOKENS + t) + lane, &sum[r][t], sizeof x);
  }
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

/// Adds the products of pieces of `length` elements to the sums of a panel.
INLINE void TYPED(apply_piece)(
  lora_dtype dtype, size_t rows, size_t count, bool begins, size_t length, const char *matrix, size_t row_bytes,
  const NUMBER *tokens, size_t stride, LANES *sums) {
  LANES near[ROWS * PIECE / LORA_LANES];
  size_t strips = (length + LORA_LANES - 1) / LORA_LANES;
  for (size_t r = 0, some; r < rows; r += some) {
    some = rows - r < ROWS ? 1 : ROWS;
    for (size_t i = 0; i < some; i++)
      TYPED(widen_piece)(dtype, matrix + (r + i) * row_bytes, length, (NUMBER *)near + i * PIECE);
    LANES *own = sums + r * PANEL_TOKENS;
    if (some == ROWS)
      TYPED(apply_rows)(ROWS, count, begins, strips * LORA_LANES, (NUMBER *)near, PIECE, tokens, stride, own);
    else TYPED(apply_rows)(1, count, begins, strips * LORA_LANES, (NUMBER *)near, PIECE, tokens, stride, own);
  }
}

/// Up to PANEL_ROWS rows and PANEL_TOKENS tokens.
INLINE void TYPED(apply_panel)(
  lora_dtype dtype, size_t rows, size_t count, size_t length, const char *matrix, size_t row_bytes,
  const NUMBER *tokens, size_t stride, NUMBER *out, size_t out_stride) {
  LANES sums[PANEL_ROWS * PANEL_TOKENS];
  size_t size = base_bytes(dtype), whole = length - length % LORA_LANES, k = 0;
  for (; k < whole; k += lora_min(PIECE, whole - k))
    TYPED(apply_piece)(
      dtype, rows, count, k == 0, lora_min(PIECE, whole - k), matrix + k * size, row_bytes, tokens + k, stride, sums);
  if (whole < length || length == 0) {
    LANES last[PANEL_TOKENS] = {0};
    for (size_t t = 0; t < count; t++) memcpy(&last[t], tokens + t * stride + whole, (length - whole) * sizeof(NUMBER));
    TYPED(apply_piece)(
      dtype, rows, count, whole == 0, length - whole, matrix + whole * size, row_bytes, (NUMBER *)last, LORA_LANES,
      sums);
  }
  for (size_t r = 0; r < rows; r++) {
    const LANES *own = sums + r * PANEL_TOKENS;
    size_t t = 0;
    for (; t + 4 <= count; t += 4) TYPED(totals)(own + t, out + t * out_stride + r, out_stride);
    if (t == count) continue;
    LANES last[4] = {0};
    NUMBER rest[4];
    for (size_t i = 0; t + i < count; i++) last[i] = own[t + i];
    TYPED(totals)(last, rest, 1);
    for (size_t i = 0; t + i < count; i++) out[(t + i) * out_stride + r] = rest[i];
  }
}

TARGET static void TYPED(apply)(
  lora_dtype dtype, size_t rows, size_t count, size_t length, const void *matrix, size_t row_bytes, const NUMBER *tokens,
  size_t stride, NUMBER *out, size_t out_stride) {
  for (size_t r = 0; r < rows; r += PANEL_ROWS)
    for (size_t t = 0; t < count; t += PANEL_TOKENS)
      TYPED(apply_panel)(
        dtype, lora_min(PANEL_ROWS, rows - r), lora_min(PANEL_TOKENS, count - t), length,
        (const char *)matrix + r * row_bytes, row_bytes, tokens + t * stride, stride, out + t * out_stride + r,
        out_stride);
}

#undef NUMBER
#undef LANES
#undef TYPED
#undef LANES_OF
#undef PART_LANES
#undef ROWS
#undef TOKENS
#undef PANEL_ROWS
#undef PANEL_TOKENS
#undef PIECE
#undef PART
