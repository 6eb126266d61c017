// Part of level_body.h: columns: their products with each other, sums of them, and how they are turned and counted.

/// Sums of products of some columns with some others, which stay in registers over all rows: eight lanes by the row,
/// which are then added as a tree. Columns beyond the last are the last one again.
INLINE void gram_block(
  const double *const *left, const double *const *right, size_t rows, double sums[GRAM_RIGHT][GRAM_LEFT]) {
  v8d sum[GRAM_RIGHT][GRAM_LEFT];
  UNROLL for (size_t c = 0; c < GRAM_RIGHT; c++) UNROLL for (size_t r = 0; r < GRAM_LEFT; r++) sum[c][r] = 0;
  size_t whole = rows / 8 * 8, rest = rows - whole;
  for (size_t i = 0; i < whole; i += 8) {
    v8d own[GRAM_RIGHT];
    UNROLL for (size_t c = 0; c < GRAM_RIGHT; c++) own[c] = load_half(right[c] + i);
    UNROLL for (size_t r = 0; r < GRAM_LEFT; r++) {
      v8d other = load_half(left[r] + i);
      UNROLL for (size_t c = 0; c < GRAM_RIGHT; c++) sum[c][r] = fma_half(other, own[c], sum[c][r]);
    }
  }
  if (rest > 0) {
    v8d own[GRAM_RIGHT];
    UNROLL for (size_t c = 0; c < GRAM_RIGHT; c++) own[c] = load_part_half(right[c] + whole, rest);
    UNROLL for (size_t r = 0; r < GRAM_LEFT; r++) {
      v8d other = load_part_half(left[r] + whole, rest);
      UNROLL for (size_t c = 0; c < GRAM_RIGHT; c++) sum[c][r] = fma_half(other, own[c], sum[c][r]);
    }
  }
  UNROLL for (size_t c = 0; c < GRAM_RIGHT; c++) UNROLL for (size_t r = 0; r < GRAM_LEFT; r += 4) {
    v4d total = totals_half(sum[c] + r);
    memcpy(sums[c] + r, &total, sizeof total);
  }
}

/// gram[j * columns + i] += the product of columns i and j, i not above j.
TARGET static void add_gram(size_t columns, size_t rows, const double *block, size_t stride, double *gram) {
  for (size_t i = 0; i < columns; i += GRAM_LEFT) {
    const double *left[GRAM_LEFT], *right[GRAM_RIGHT];
    for (size_t r = 0; r < GRAM_LEFT; r++) left[r] = block + lora_min(i + r, columns - 1) * stride;
    for (size_t j = i; j < columns; j += GRAM_RIGHT) {
      for (size_t c = 0; c < GRAM_RIGHT; c++) right[c] = block + lora_min(j + c, columns - 1) * stride;
      double sums[GRAM_RIGHT][GRAM_LEFT];
      gram_block(left, right, rows, sums);
      for (size_t c = j; c < lora_min(j + GRAM_RIGHT, columns); c++)
        for (size_t r = i; r < lora_min(i + GRAM_LEFT, c + 1); r++) gram[c * columns + r] += sums[c - j][r - i];
    }
  }
}

/// The sum of products of two columns, products and sums rounded by themselves.
TARGET static double sum_of_products(const double *left, const double *right, size_t count) {
  v8d sum = 0;
  size_t i = 0;
  for (; i + 8 <= count; i += 8) sum += load_half(left + i) * load_half(right + i);
  if (i < count) sum += load_part_half(left + i, count - i) * load_part_half(right + i, count - i);
  return total_half(sum);
}

/// target += factor * source, each rounded by itself.
TARGET static void add_multiple(double factor, const double *source, double *target, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) store_half(target + i, load_half(target + i) + factor * load_half(source + i));
  for (; i < count; i++) target[i] += factor * source[i];
}

/// The Cholesky factor of a Gram matrix in its place, on the diagonal and above: each row is taken from those below it. A
/// column of zeros stays one. False where of a column's square no more than a share of `tolerance` is left. `work` has room
/// for two columns.
TARGET static bool cholesky(size_t size, double *gram, double tolerance, double *work) {
  double *squares = work, *row = work + size;
  for (size_t k = 0; k < size; k++) squares[k] = gram[k * size + k];
  for (size_t k = 0; k < size; k++) {
    double rest = gram[k * size + k];
    if (!(squares[k] > 0)) continue;
    // Also where a number is not one.
    if (!(rest > squares[k] * tolerance)) return false;
    double root = gram[k * size + k] = __builtin_sqrt(rest);
    for (size_t c = k + 1; c < size; c++) row[c] = gram[c * size + k] = gram[c * size + k] / root;
    for (size_t c = k + 1; c < size; c++) add_multiple(-row[c], row + k + 1, gram + c * size + k + 1, c - k);
  }
  return true;
}

/// A matrix of eight rows turned around.
INLINE void turn_eight(const double *in, size_t in_stride, double *out, size_t out_stride) {
  v8d row[8], pair[8], four[8];
  UNROLL for (size_t r = 0; r < 8; r++) row[r] = load_half(in + r * in_stride);
  UNROLL for (size_t r = 0; r < 8; r += 2) {
    pair[r] = __builtin_shufflevector(row[r], row[r + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    pair[r + 1] = __builtin_shufflevector(row[r], row[r + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
  UNROLL for (size_t r = 0; r < 8; r += 4) UNROLL for (size_t k = 0; k < 2; k++) {
    four[r + k] = __builtin_shufflevector(pair[r + k], pair[r + 2 + k], 0, 1, 8, 9, 4, 5, 12, 13);
    four[r + 2 + k] = __builtin_shufflevector(pair[r + k], pair[r + 2 + k], 2, 3, 10, 11, 6, 7, 14, 15);
  }
  UNROLL for (size_t k = 0; k < 4; k++) {
    store_half(out + k * out_stride, __builtin_shufflevector(four[k], four[4 + k], 0, 1, 2, 3, 8, 9, 10, 11));
    store_half(
      out + (4 + k) * out_stride, __builtin_shufflevector(four[k], four[4 + k], 4, 5, 6, 7, 12, 13, 14, 15));
  }
}

/// out[c * out_stride + r] = in[r * in_stride + c].
TARGET static void turn_f64(
  size_t rows, size_t columns, const double *in, size_t in_stride, double *out, size_t out_stride) {
  size_t whole_rows = rows / 8 * 8, whole_columns = columns / 8 * 8;
  for (size_t c = 0; c < whole_columns; c += 8)
    for (size_t r = 0; r < whole_rows; r += 8)
      turn_eight(in + r * in_stride + c, in_stride, out + c * out_stride + r, out_stride);
  for (size_t r = 0; r < rows; r++)
    for (size_t c = r < whole_rows ? whole_columns : 0; c < columns; c++)
      out[c * out_stride + r] = in[r * in_stride + c];
}

/// How many numbers are zero, infinite or not a number.
TARGET static lora_value_counts count_f64(const double *values, size_t count) {
  v8l zero = 0;
  v8d finite = 0;  // an infinity or NaN turns it into NaN
  size_t whole = count / 8 * 8;
  for (size_t i = 0; i < whole; i += 8) {
    v8d value = load_half(values + i);
    zero -= value == 0;
    finite += value - value;
  }
  lora_value_counts counts = {.zero = (uint64_t)__builtin_reduce_add(zero)};
  bool all = !__builtin_reduce_or(finite != 0);
  for (size_t i = all ? whole : 0; i < count; i++) {
    if (i >= whole) counts.zero += values[i] == 0;
    if (values[i] - values[i] == 0) continue;
    if (values[i] == values[i]) counts.infinite++;
    else counts.nan++;
  }
  return counts;
}
