// Part of level_body.h: products of factors by register blocks, and what the processor could do at best.

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

FOR_EACH void rows_f32(
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

FOR_EACH void rows_f64(
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

// As many sums as a product block keeps, so that latency is hidden as well as it can be. They start apart from each other
// and from 1, which stays as it is, so that the compiler leaves none of them out.
TARGET static uint64_t burn_f32(uint64_t rounds) {
  enum { SUMS = LORA_ROWS * PRODUCT_STRIPS };
  v16f sum[SUMS], factor = 0.5f;
  UNROLL for (int i = 0; i < SUMS; i++)
    for (int lane = 0; lane < 16; lane++) sum[i][lane] = (float)(2 + 16 * i + lane);
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
  UNROLL for (int i = 0; i < SUMS; i++)
    for (int lane = 0; lane < 8; lane++) sum[i][lane] = 2 + 8 * i + lane;
  for (uint64_t round = 0; round < rounds; round++) {
    UNROLL for (int i = 0; i < SUMS; i++) sum[i] = fma_half(sum[i], factor, factor);
  }
  v8d all = 0;
  UNROLL for (int i = 0; i < SUMS; i++) all += sum[i];
  volatile double sink = all[0] + all[7];
  (void)sink;
  return rounds * SUMS * LORA_LANES;
}
