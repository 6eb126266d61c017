// Part of level_body.h: a square matrix made bidiagonal by Householder reflections from both sides.

/// Columns that are taken together.
enum { BIDIAGONAL_COLUMNS = 4 };

/// Makes a reflection I - factor * y * transpose(y), y = (1, v), that maps (x[at], x[at + 1 ...]) to (head, 0), and writes
/// y over x; returns the factor, 0 where there is nothing to reflect. What lies before `at` in its eight becomes 0.
INLINE double reflection(double *x, size_t at, size_t end, double *head) {
  double below = sum_of_products(x + at + 1, x + at + 1, end - at - 1), factor = 0, own = x[at];
  for (size_t i = at / 8 * 8; i < at; i++) x[i] = 0;
  *head = own;
  x[at] = 1;
  // A square that is nearly lost, far below the ends of f32, counts as zero.
  if (below > 0x1p-900) {
    double norm = __builtin_sqrt(own * own + below), reflected = own > 0 ? -norm : norm;
    double divided = 1 / (own - reflected);
    for (size_t i = at + 1; i < end; i++) x[i] *= divided;
    *head = reflected;
    factor = (reflected - own) / reflected;
  } else {
    for (size_t i = at + 1; i < end; i++) x[i] = 0;
  }
  return factor;
}

/// Columns less change[c] * z, then less factor * (v * column) * v, in the rows from `first` on, a multiple of eight;
/// row[c] is what they have in row `step` afterwards.
INLINE void bidiagonal_columns(
  const size_t count, double *columns, size_t stride, size_t first, size_t step, const double *z, const double *change,
  const double *v, double factor, double *row) {
  v8d sum[BIDIAGONAL_COLUMNS], own[BIDIAGONAL_COLUMNS];
  UNROLL for (size_t c = 0; c < count; c++) {
    sum[c] = 0;
    own[c] = -change[c];
  }
  for (size_t i = first; i < stride; i += 8) {
    v8d less = load_half(z + i), y = load_half(v + i);
    UNROLL for (size_t c = 0; c < count; c++) {
      v8d x = fma_half(own[c], less, load_half(columns + c * stride + i));
      store_half(columns + c * stride + i, x);
      sum[c] = fma_half(y, x, sum[c]);
    }
  }
  UNROLL for (size_t c = 0; c < count; c++) own[c] = -factor * total_half(sum[c]);
  for (size_t i = first; i < stride; i += 8) {
    v8d y = load_half(v + i);
    UNROLL for (size_t c = 0; c < count; c++)
      store_half(columns + c * stride + i, fma_half(own[c], y, load_half(columns + c * stride + i)));
  }
  UNROLL for (size_t c = 0; c < count; c++) row[c] = columns[c * stride + step];
}

/// sums += the columns times their weights, in the rows from `first` on.
INLINE void bidiagonal_sums(
  const size_t count, const double *columns, size_t stride, size_t first, const double *weights, double *sums) {
  for (size_t i = first; i < stride; i += 8) {
    v8d sum = load_half(sums + i);
    UNROLL for (size_t c = 0; c < count; c++) sum = fma_half((v8d)weights[c], load_half(columns + c * stride + i), sum);
    store_half(sums + i, sum);
  }
}

TARGET static void bidiagonalize(size_t size, double *matrix, size_t stride, double *work, double *diagonal, double *above) {
  // The reflection of the columns, that of the row by column, and the sums of its columns.
  double *v = work, *u = work + stride, *z = work + 2 * stride;
  for (size_t i = 0; i < stride; i++) v[i] = u[i] = z[i] = 0;
  for (size_t step = 0; step < size; step++) {
    double *own = matrix + step * stride;
    size_t first = step / 8 * 8;
    // The row's reflection of the step before is still to be taken from all columns: z * u.
    for (size_t i = first; i < stride; i++) v[i] = own[i] - z[i] * u[step];
    double factor = reflection(v, step, size, &diagonal[step]);
    above[step] = 0;
    if (step + 1 == size) break;
    size_t column = step + 1;
    for (; column + BIDIAGONAL_COLUMNS <= size; column += BIDIAGONAL_COLUMNS)
      bidiagonal_columns(
        BIDIAGONAL_COLUMNS, matrix + column * stride, stride, first, step, z, u + column, v, factor, u + column);
    for (; column < size; column++)
      bidiagonal_columns(1, matrix + column * stride, stride, first, step, z, u + column, v, factor, u + column);
    double other = reflection(u, step + 1, size, &above[step]);
    for (size_t i = first; i < stride; i++) z[i] = 0;
    for (column = step + 1; column + BIDIAGONAL_COLUMNS <= size; column += BIDIAGONAL_COLUMNS)
      bidiagonal_sums(BIDIAGONAL_COLUMNS, matrix + column * stride, stride, first, u + column, z);
    for (; column < size; column++) bidiagonal_sums(1, matrix + column * stride, stride, first, u + column, z);
    // Rows above are done.
    for (size_t i = first; i < stride; i++) z[i] = i <= step ? 0 : z[i] * other;
  }
}
