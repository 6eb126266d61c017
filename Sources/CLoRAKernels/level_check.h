// Part of level_body.h: rows of a merge checked at once. In f64, by plain operations in the order in which they are
// written, and with readings of numbers of their own; level_sift.h settles first what is certain in f32.

/// The numbers of sixteen magnitudes of BF16 or F16, codes without sign.
INLINE v16f reference_sizes(lora_dtype dtype, v16u magnitude) {
  if (dtype == LORA_BF16) return (v16f)(magnitude << 16);
  v16u bits = (magnitude << 13) + (112u << 23);
  v16f subnormal = __builtin_convertvector((v16i)magnitude, v16f) * 0x1p-24f;
  bits = magnitude < 0x400u ? (v16u)subnormal : bits;
  bits = magnitude == 0x7c00u ? (v16u)0x7f800000u : bits;
  return (v16f)(magnitude > 0x7c00u ? (v16u)0x7fc00000u : bits);
}

INLINE v16u reference_codes_16(const char *codes) {
  v16h halves;
  memcpy(&halves, codes, sizeof halves);
  return __builtin_convertvector(halves, v16u);
}

/// Sixteen numbers of BF16, F16 or F32.
INLINE v16f reference_lanes(lora_dtype dtype, const char *codes) {
  if (dtype == LORA_F32) {
    v16f numbers;
    memcpy(&numbers, codes, sizeof numbers);
    return numbers;
  }
  v16u code = reference_codes_16(codes);
  if (dtype == LORA_BF16) return (v16f)(code << 16);
  return (v16f)((v16u)reference_sizes(dtype, code & 0x7fffu) | (code & 0x8000u) << 16);
}

/// Whether each of sixteen codes is not for certain the nearest to a number: less than half of the way to the next one
/// on its side. In any bit of a lane.
///
/// The number is rounded to f32 first. The half of the way is a number of f32, and rounding keeps the order, so that what
/// is below it afterwards was below it before.
INLINE v16u reference_open(lora_dtype dtype, const char *codes, v16d numbers) {
  v16f number = __builtin_convertvector(numbers, v16f);
  if (dtype == LORA_F32) {
    v16u code;
    memcpy(&code, codes, sizeof code);
    return (v16u)number ^ code;
  }
  v16u code = reference_codes_16(codes);
  if (dtype == LORA_BF16) {
    // A code is the upper half of its number in f32, and numbers of f32 with one sign have consecutive codes.
    v16i apart = (v16u)number - (code << 16) + 0x7fffu > 0xfffeu;
    return (v16u)(apart | (number != number));
  }
  v16u magnitude = code & 0x7fffu, below = magnitude == 0 ? (v16u)1u : magnitude - 1;
  v16f size = reference_sizes(dtype, magnitude);
  v16f up = reference_sizes(dtype, magnitude + 1) - size;
  v16f down = reference_sizes(dtype, below) - size;
  down = (v16f)((v16u)down & 0x7fffffffu);
  // Twice the distance from the code, outwards.
  v16f away = (v16f)((v16u)number ^ (code & 0x8000u) << 16) - size;
  away = away + away;
  return (v16u)(~((away < up) & (-away < down)) | (magnitude >= 0x7bffu));
}

/// Lists the lanes of a strip that are open, and their numbers.
INLINE size_t reference_list(v16u open, v16d number, size_t position, uint32_t *doubts, double *numbers) {
  size_t count = 0;
  for (size_t lane = 0; lane < LORA_LANES; lane++) {
    if (!open[lane]) continue;
    doubts[count] = (uint32_t)(position + lane);
    numbers[count++] = number[lane];
  }
  return count;
}

/// The products of some rows with some strips of columns, by halves of strips.
FOR_EACH void reference_block(
  const size_t rows, const size_t strips, size_t columns, size_t rank, const double *left, const double *right,
  double *out) {
  v8d sum[REFERENCE_ROWS][REFERENCE_STRIPS * 2];
  UNROLL for (size_t r = 0; r < rows; r++) UNROLL for (size_t h = 0; h < strips * 2; h++) sum[r][h] = 0;
  for (size_t k = 0; k < rank; k++) {
    v8d factor[REFERENCE_STRIPS * 2];
    UNROLL for (size_t h = 0; h < strips * 2; h++) factor[h] = load_half(right + k * columns + h * REFERENCE_LANES);
    UNROLL for (size_t r = 0; r < rows; r++) {
      v8d own = left[r * rank + k];
      UNROLL for (size_t h = 0; h < strips * 2; h++) sum[r][h] = sum[r][h] + own * factor[h];
    }
  }
  UNROLL for (size_t r = 0; r < rows; r++) UNROLL for (size_t h = 0; h < strips * 2; h++)
    store_half(out + r * columns + h * REFERENCE_LANES, sum[r][h]);
}

INLINE void reference_rows(
  const size_t rows, size_t columns, size_t whole, size_t rank, const double *left, const double *right, double *out) {
  enum { BLOCK = REFERENCE_STRIPS * LORA_LANES };
  size_t column = 0;
  for (; column + BLOCK <= whole; column += BLOCK)
    reference_block(rows, REFERENCE_STRIPS, columns, rank, left, right + column, out + column);
  for (; column < whole; column += LORA_LANES)
    reference_block(rows, 1, columns, rank, left, right + column, out + column);
}

/// The products of up to LORA_CHECK_ROWS rows with the whole strips of columns. Apart from the look at them, which is
/// written for every type.
APART void reference_products(const lora_check *check, size_t row, size_t rows, size_t whole) {
  size_t columns = check->columns, rank = check->rank, r = 0;
  const double *left = check->left + row * rank;
  for (; r + REFERENCE_ROWS <= rows; r += REFERENCE_ROWS)
    reference_rows(
      REFERENCE_ROWS, columns, whole, rank, left + r * rank, check->right, check->changed + r * columns);
  for (; r < rows; r++)
    reference_rows(1, columns, whole, rank, left + r * rank, check->right, check->changed + r * columns);
}

/// base + scale * product of sixteen elements.
INLINE v16d reference_changed(lora_dtype dtype, const char *w, v16d product, double scale) {
  return __builtin_convertvector(reference_lanes(dtype, w), v16d) + product * scale;
}

/// The same of one element.
APART double reference_element(const lora_check *check, size_t row, size_t column) {
  double sum = 0, number;
  for (size_t k = 0; k < check->rank; k++)
    sum = sum + check->left[row * check->rank + k] * check->right[k * check->columns + column];
  size_t size = check->dtype == LORA_F32 ? 4 : 2;
  reference_numbers(check->dtype, (const char *)check->base + (row * check->columns + column) * size, 1, &number);
  return number + sum * check->scale;
}

/// Magnitude / norm of a row whose products are replaced by its numbers: squares are sixteen sums by column % 16, added
/// as a tree.
INLINE double reference_factor(
  lora_dtype dtype, const lora_check *check, size_t row, size_t whole, const char *w, double *changed) {
  const size_t size = dtype == LORA_F32 ? 4 : 2;
  v16d squares = 0;
  size_t column = 0;
  for (; column < whole; column += LORA_LANES) {
    v16d number = reference_changed(dtype, w + column * size, load_f64(changed + column), check->scale);
    store_f64(changed + column, number);
    squares = squares + number * number;
  }
  for (; column < check->columns; column++) {
    double number = changed[column] = reference_element(check, row, column);
    squares[column % LORA_LANES] = squares[column % LORA_LANES] + number * number;
  }
  for (size_t half = LORA_LANES / 2; half > 0; half /= 2)
    for (size_t lane = 0; lane < half; lane++) squares[lane] = squares[lane] + squares[lane + half];
  double norm = __builtin_sqrt(squares[0]);
  return norm == 0 ? 1 : check->magnitudes[row] / norm;
}

/// Checks rows in f64 throughout; lists what is open.
FOR_EACH size_t reference_check_rows(
  lora_dtype dtype, const lora_check *check, size_t whole, uint32_t *doubts, double *numbers) {
  const size_t size = dtype == LORA_F32 ? 4 : 2;
  size_t columns = check->columns, count = 0;
  for (size_t row = 0; row < check->rows; row++) {
    size_t place = row % LORA_CHECK_ROWS, first = row * columns;
    if (place == 0) reference_products(check, row, lora_min(LORA_CHECK_ROWS, check->rows - row), whole);
    double *changed = check->changed + place * columns, factor = 1;
    const char *w = (const char *)check->base + first * size, *stored = (const char *)check->stored + first * size;
    if (check->magnitudes) factor = reference_factor(dtype, check, row, whole, w, changed);
    for (size_t column = 0; column < whole; column += LORA_LANES) {
      v16d number = load_f64(changed + column);
      number = check->magnitudes ? number * factor
                                 : reference_changed(dtype, w + column * size, number, check->scale);
      v16u open = reference_open(dtype, stored + column * size, number);
      if (__builtin_expect(any(open), 0))
        count += reference_list(open, number, first + column, doubts + count, numbers + count);
    }
    // What is left of the columns is always open.
    for (size_t column = whole; column < columns; column++) {
      doubts[count] = (uint32_t)(first + column);
      numbers[count++] = check->magnitudes ? changed[column] * factor : reference_element(check, row, column);
    }
  }
  return count;
}
