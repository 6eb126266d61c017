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

/// The products of up to REFERENCE_ROWS rows with up to REFERENCE_STRIPS strips of columns, by halves of strips.
INLINE void reference_products(
  const size_t rows, const size_t strips, size_t columns, size_t rank, const double *left, const double *right,
  v8d sum[REFERENCE_ROWS][REFERENCE_STRIPS * 2]) {
  UNROLL for (size_t r = 0; r < rows; r++) UNROLL for (size_t h = 0; h < strips * 2; h++) sum[r][h] = 0;
  for (size_t k = 0; k < rank; k++) {
    v8d factor[REFERENCE_STRIPS * 2];
    UNROLL for (size_t h = 0; h < strips * 2; h++) factor[h] = load_half(right + k * columns + h * REFERENCE_LANES);
    UNROLL for (size_t r = 0; r < rows; r++) {
      v8d own = left[r * rank + k];
      UNROLL for (size_t h = 0; h < strips * 2; h++) sum[r][h] = sum[r][h] + own * factor[h];
    }
  }
}

INLINE v16d reference_changed(lora_dtype dtype, const char *w, v8d low, v8d high, double scale) {
  v16d change;
  change.lo = low;
  change.hi = high;
  return __builtin_convertvector(reference_lanes(dtype, w), v16d) + change * scale;
}

/// base + scale * product of one element.
INLINE double reference_element(const lora_check *check, size_t row, size_t column) {
  double sum = 0, number;
  for (size_t k = 0; k < check->rank; k++)
    sum = sum + check->left[row * check->rank + k] * check->right[k * check->columns + column];
  size_t size = check->dtype == LORA_F32 ? 4 : 2;
  reference_numbers(check->dtype, (const char *)check->base + (row * check->columns + column) * size, 1, &number);
  return number + sum * check->scale;
}

/// Checks a block of rows and strips; lists what is open.
INLINE size_t reference_check_block(
  lora_dtype dtype, const size_t rows, const size_t strips, const lora_check *check, size_t row, size_t column,
  uint32_t *doubts, double *numbers) {
  v8d sum[REFERENCE_ROWS][REFERENCE_STRIPS * 2];
  size_t columns = check->columns, rank = check->rank, count = 0;
  const size_t size = dtype == LORA_F32 ? 4 : 2;
  reference_products(rows, strips, columns, rank, check->left + row * rank, check->right + column, sum);
  UNROLL for (size_t r = 0; r < rows; r++) UNROLL for (size_t s = 0; s < strips; s++) {
    size_t at = (row + r) * columns + column + s * LORA_LANES;
    v16d number = reference_changed(
      dtype, (const char *)check->base + at * size, sum[r][2 * s], sum[r][2 * s + 1], check->scale);
    v16u open = reference_open(dtype, (const char *)check->stored + at * size, number);
    if (__builtin_expect(any(open), 0)) count += reference_list(open, number, at, doubts + count, numbers + count);
  }
  return count;
}

/// Rows without magnitudes, in f64 throughout.
INLINE size_t reference_check_plain(
  lora_dtype dtype, const lora_check *check, size_t whole, uint32_t *doubts, double *numbers) {
  enum { BLOCK = REFERENCE_STRIPS * LORA_LANES };
  size_t count = 0, column = 0;
#define CHECK_COLUMNS(strips) \
  for (size_t row = 0; row < check->rows;) { \
    if (check->rows - row >= REFERENCE_ROWS) { \
      count += reference_check_block( \
        dtype, REFERENCE_ROWS, strips, check, row, column, doubts + count, numbers + count); \
      row += REFERENCE_ROWS; \
    } else { \
      count += reference_check_block(dtype, 1, strips, check, row, column, doubts + count, numbers + count); \
      row++; \
    } \
  }
  for (; column + BLOCK <= whole; column += BLOCK) CHECK_COLUMNS(REFERENCE_STRIPS)
  for (; column < whole; column += LORA_LANES) CHECK_COLUMNS(1)
#undef CHECK_COLUMNS
  return count;
}

/// Up to REFERENCE_ROWS rows with magnitudes: number * magnitude / norm of the row. The squares are sixteen sums by
/// column % 16, added as a tree.
INLINE size_t reference_check_magnitudes(
  lora_dtype dtype, const size_t rows, const lora_check *check, size_t row, size_t whole, uint32_t *doubts,
  double *numbers) {
  enum { BLOCK = REFERENCE_STRIPS * LORA_LANES };
  const size_t size = dtype == LORA_F32 ? 4 : 2;
  size_t columns = check->columns, rank = check->rank, count = 0, column = 0;
  const char *w = (const char *)check->base + row * columns * size;
  double *changed = check->changed;
  v8d sum[REFERENCE_ROWS][REFERENCE_STRIPS * 2];
#define CHANGE_COLUMNS(strips) { \
    reference_products(rows, strips, columns, rank, check->left + row * rank, check->right + column, sum); \
    UNROLL for (size_t r = 0; r < rows; r++) UNROLL for (size_t s = 0; s < strips; s++) { \
      size_t at = r * columns + column + s * LORA_LANES; \
      store_f64( \
        changed + at, reference_changed(dtype, w + at * size, sum[r][2 * s], sum[r][2 * s + 1], check->scale)); \
    } \
  }
  for (; column + BLOCK <= whole; column += BLOCK) CHANGE_COLUMNS(REFERENCE_STRIPS)
  for (; column < whole; column += LORA_LANES) CHANGE_COLUMNS(1)
#undef CHANGE_COLUMNS
  for (size_t r = 0; r < rows; r++) {
    double *numbers_of_row = changed + r * columns;
    v16d squares = 0;
    for (column = 0; column < whole; column += LORA_LANES) {
      v16d number = load_f64(numbers_of_row + column);
      squares = squares + number * number;
    }
    for (; column < columns; column++) {
      double number = reference_element(check, row + r, column);
      numbers_of_row[column] = number;
      squares[column % LORA_LANES] = squares[column % LORA_LANES] + number * number;
    }
    for (size_t half = LORA_LANES / 2; half > 0; half /= 2)
      for (size_t lane = 0; lane < half; lane++) squares[lane] = squares[lane] + squares[lane + half];
    double norm = __builtin_sqrt(squares[0]), factor = norm == 0 ? 1 : check->magnitudes[row + r] / norm;
    size_t first = (row + r) * columns;
    for (column = 0; column < whole; column += LORA_LANES) {
      v16d number = load_f64(numbers_of_row + column) * factor;
      v16u open = reference_open(dtype, (const char *)check->stored + (first + column) * size, number);
      if (__builtin_expect(any(open), 0))
        count += reference_list(open, number, first + column, doubts + count, numbers + count);
    }
    for (; column < columns; column++) {
      doubts[count] = (uint32_t)(first + column);
      numbers[count++] = numbers_of_row[column] * factor;
    }
  }
  return count;
}
