// Part of level_body.h: the first look of a check at BF16 and F16. The number is computed in f32 with a bound on its
// distance from the one of level_check.h (docs/numerics.md); a strip is settled where nothing within the bound could
// make it open there, and is otherwise checked there.

/// Products that are summed before they are added to the total.
enum { SIFT_CHUNK = 32 };
/// Rows and strips of a block, and strips whose sums stay in registers.
enum { SIFT_ROWS = LORA_ROWS, SIFT_STRIPS = 4, SIFT_HELD = PRODUCT_STRIPS };
/// Codes of f32 by which the look may be off besides the bound: the roundings of the sum with the base and of the bound's
/// own ends.
enum { SIFT_MARGIN = 4 };

INLINE v16f sift_add_product(v16f sum, v16f left, v16f right) {
#if NATIVE_FMA
  return fma_f32(left, right, sum);
#else
  return sum + left * right;
#endif
}

/// Whether a code is not for certain the nearest to all numbers from `low` to `high`. In any bit of a lane.
INLINE v16u sift_open(lora_dtype dtype, const char *codes, v16f low, v16f high) {
  v16u code = reference_codes_16(codes), own, reach;
  if (dtype == LORA_BF16) {
    own = code << 16;
    reach = 0x7fffu - SIFT_MARGIN;
  } else {
    own = ((code & 0x7fffu) << 13) + (112u << 23) | (code & 0x8000u) << 16;
    reach = 0xfffu - SIFT_MARGIN;
  }
  v16u least = own - reach, first = (v16u)low - least, second = (v16u)high - least;
  // A sum that has left f32 on its way may not come back.
  v16i open = (__builtin_elementwise_max(first, second) > reach + reach) | ~(high - low < __builtin_inff());
  // Subnormal numbers and what is none do not lie at their places in f32.
  if (dtype == LORA_F16) open |= (code & 0x7fffu) - 0x400u >= 0x7800u;
  return (v16u)open;
}

INLINE void sift_chunk(
  const size_t rows, const size_t strips, size_t rank, size_t from, size_t to, const float *left, const float *right,
  v16f sum[SIFT_ROWS][SIFT_HELD]) {
  UNROLL for (size_t r = 0; r < rows; r++) UNROLL for (size_t s = 0; s < strips; s++) sum[r][s] = 0;
  for (size_t k = from; k < to; k++) {
    v16f factor[SIFT_HELD];
    UNROLL for (size_t s = 0; s < strips; s++) factor[s] = load_f32(right + (s * rank + k) * LORA_LANES);
    UNROLL for (size_t r = 0; r < rows; r++) {
      v16f own = left[r * rank + k];
      UNROLL for (size_t s = 0; s < strips; s++) sum[r][s] = sift_add_product(sum[r][s], own, factor[s]);
    }
  }
}

/// The products of some strips, chunk after chunk.
FOR_EACH void sift_held(
  const size_t rows, const size_t strips, size_t rank, const float *left, const float *right,
  v16f total[SIFT_ROWS][SIFT_STRIPS], size_t strip) {
  for (size_t from = 0; from < rank; from += SIFT_CHUNK) {
    v16f sum[SIFT_ROWS][SIFT_HELD];
    sift_chunk(
      rows, strips, rank, from, lora_min(rank, from + SIFT_CHUNK), left, right + strip * rank * LORA_LANES, sum);
    UNROLL for (size_t r = 0; r < rows; r++) UNROLL for (size_t s = 0; s < strips; s++)
      total[r][strip + s] = from == 0 ? sum[r][s] : total[r][strip + s] + sum[r][s];
  }
}

INLINE void sift_rows(
  const size_t rows, size_t strips, size_t rank, const float *left, const float *right,
  v16f total[SIFT_ROWS][SIFT_STRIPS]) {
  size_t strip = 0;
  for (; strip + SIFT_HELD <= strips; strip += SIFT_HELD)
    sift_held(rows, SIFT_HELD, rank, left, right, total, strip);
  for (; strip < strips; strip++) sift_held(rows, 1, rank, left, right, total, strip);
}

/// The products of one row, or as many as a block has, with up to SIFT_STRIPS strips. Apart from the look at them, which
/// is written for every type.
APART void sift_products(
  size_t rows, size_t strips, size_t rank, const float *left, const float *right,
  v16f total[SIFT_ROWS][SIFT_STRIPS]) {
  if (rows > 1) sift_rows(SIFT_ROWS, strips, rank, left, right, total);
  else sift_rows(1, strips, rank, left, right, total);
}

/// Checks one strip of a row in f64, as level_check.h does; the factor's numbers in f32 are exactly those in f64, and lie
/// beside each other.
INLINE size_t sift_resolve(
  lora_dtype dtype, const lora_check *check, size_t row, size_t column, uint32_t *doubts, double *numbers) {
  size_t rank = check->rank, at = row * check->columns + column;
  const double *left = check->left + row * rank;
  const float *right = check->sift_right + column * rank;
  v16d sum = 0;
  for (size_t k = 0; k < rank; k++)
    sum = sum + left[k] * __builtin_convertvector(load_f32(right + k * LORA_LANES), v16d);
  v16d number = reference_changed(dtype, (const char *)check->base + at * 2, sum, check->scale);
  v16u open = reference_open(dtype, (const char *)check->stored + at * 2, number);
  return any(open) ? reference_list(open, number, at, doubts, numbers) : 0;
}

/// Looks at a block; what is not settled is checked in f64.
INLINE size_t sift_look(
  lora_dtype dtype, const lora_check *check, size_t row, size_t rows, size_t column, size_t strips, uint32_t *doubts,
  double *numbers) {
  v16f total[SIFT_ROWS][SIFT_STRIPS];
  size_t rank = check->rank, count = 0;
  sift_products(rows, strips, rank, check->sift_left + row * rank, check->sift_right + column * rank, total);
  for (size_t r = 0; r < rows; r++) for (size_t s = 0; s < strips; s++) {
    size_t first = column + s * LORA_LANES, place = ((row + r) * check->columns + first) * 2;
    v16f number = reference_lanes(dtype, (const char *)check->base + place) + total[r][s];
    v16f bound = sift_add_product(
      (v16f)0x1p-126f, load_f32(check->sift_norms + first), check->sift_bounds[row + r]);
    v16u open = sift_open(dtype, (const char *)check->stored + place, number - bound, number + bound);
    if (__builtin_expect(any(open), 0))
      count += sift_resolve(dtype, check, row + r, first, doubts + count, numbers + count);
  }
  return count;
}

/// Rows without magnitudes. Columns in segments whose part of the right factor stays in the second-level cache.
FOR_EACH size_t sift_check(lora_dtype dtype, const lora_check *check, size_t whole, uint32_t *doubts, double *numbers) {
  enum { BLOCK = SIFT_STRIPS * LORA_LANES, NEAR = 1 << 20 };
  size_t blocks = NEAR / (check->rank * BLOCK * sizeof(float)), segment = (blocks ? blocks : 1) * BLOCK, count = 0;
  for (size_t first = 0; first < whole; first += segment) {
    size_t end = lora_min(whole, first + segment), rows;
    for (size_t row = 0; row < check->rows; row += rows) {
      rows = check->rows - row < SIFT_ROWS ? 1 : SIFT_ROWS;
      for (size_t column = first, strips; column < end; column += strips * LORA_LANES) {
        strips = lora_min(SIFT_STRIPS, (end - column) / LORA_LANES);
        count += sift_look(dtype, check, row, rows, column, strips, doubts + count, numbers + count);
      }
    }
  }
  // What is left of the columns is always open.
  for (size_t row = 0; row < check->rows; row++) for (size_t column = whole; column < check->columns; column++) {
    doubts[count] = (uint32_t)(row * check->columns + column);
    numbers[count++] = reference_element(check, row, column);
  }
  return count;
}

TARGET static bool sift_right(size_t rank, size_t columns, const double *right, float *narrow, float *norms) {
  for (size_t column = 0; column + LORA_LANES <= columns; column += LORA_LANES) {
    v16d squares = 0;
    v16l other = 0;
    for (size_t k = 0; k < rank; k++) {
      v16d number = load_f64(right + k * columns + column);
      v16f half = __builtin_convertvector(number, v16f);
      store_f32(narrow + (column * rank + k * LORA_LANES), half);
      other |= __builtin_convertvector(half, v16d) != number;
      squares = squares + number * number;
    }
    if (__builtin_reduce_or(other) != 0) return false;
    v16d norm;
    for (size_t lane = 0; lane < LORA_LANES; lane++) norm[lane] = __builtin_sqrt(squares[lane]);
    store_f32(norms + column, __builtin_convertvector(norm * (1 + 0x1p-9), v16f) + 0x1p-126f);
  }
  return true;
}

/// A left factor times a scale, and what bounds the errors of its rows: a product carries the roundings of its factor and
/// its own, those of the sums in its chunk from its own on, and of the chunks from its own on; one to spare.
TARGET static void sift_left(size_t rows, size_t rank, const double *left, double scale, float *narrow, float *bounds) {
  double unit = (0x1p-24 + (double)(rank + 4) * 0x1p-52) * (1 + 0x1p-8);
  for (size_t row = 0; row < rows; row++) {
    double squares = 0;
    for (size_t from = 0; from < rank; from += SIFT_CHUNK) {
      size_t end = lora_min(rank, from + SIFT_CHUNK), later = (rank - from + SIFT_CHUNK - 1) / SIFT_CHUNK;
      for (size_t k = from; k < end; k++) {
        float number = (float)(left[row * rank + k] * scale);
        narrow[row * rank + k] = number;
        // A little more for numbers that have underflowed.
        double size = (double)(end - k + later + 3) * ((double)__builtin_fabsf(number) + 0x1p-126);
        squares = squares + size * size;
      }
    }
    bounds[row] = (float)(unit * __builtin_sqrt(squares)) + 0x1p-126f;
  }
}

// MARK: The whole check

TARGET static size_t reference_check(const lora_check *check, uint32_t *doubts, double *numbers) {
  size_t whole = check->columns - check->columns % LORA_LANES;
  bool is_sifted = check->sift_right && !check->magnitudes;
  switch (check->dtype) {
  case LORA_BF16:
    return is_sifted ? sift_check(LORA_BF16, check, whole, doubts, numbers)
                     : reference_check_rows(LORA_BF16, check, whole, doubts, numbers);
  case LORA_F16:
    return is_sifted ? sift_check(LORA_F16, check, whole, doubts, numbers)
                     : reference_check_rows(LORA_F16, check, whole, doubts, numbers);
  case LORA_F32: return reference_check_rows(LORA_F32, check, whole, doubts, numbers);
  default: return 0;
  }
}
