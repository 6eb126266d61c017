// Part of level_body.h: what a merge is checked by. Plain operations in the order in which they are written, in f64, and
// readings of numbers of their own: nothing here is shared with the kernels that merge, so that no mistake is.

/// Columns whose sums stay in registers: 8 lanes at a time.
enum { REFERENCE_LANES = 8, REFERENCE_VECTORS = 4, REFERENCE_BLOCK = REFERENCE_LANES * REFERENCE_VECTORS };

TARGET static void reference_add(
  size_t rows, size_t columns, size_t rank, const double *left, const double *right, double scale, double *sums) {
  size_t first = 0;
  for (; first + REFERENCE_BLOCK <= columns; first += REFERENCE_BLOCK) {
    for (size_t row = 0; row < rows; row++) {
      v8d sum[REFERENCE_VECTORS];
      UNROLL for (int v = 0; v < REFERENCE_VECTORS; v++) sum[v] = 0;
      for (size_t k = 0; k < rank; k++) {
        const double *factors = right + k * columns + first;
        v8d factor = left[row * rank + k];
        UNROLL for (int v = 0; v < REFERENCE_VECTORS; v++)
          sum[v] = sum[v] + factor * load_half(factors + v * REFERENCE_LANES);
      }
      double *out = sums + row * columns + first;
      UNROLL for (int v = 0; v < REFERENCE_VECTORS; v++)
        store_half(out + v * REFERENCE_LANES, load_half(out + v * REFERENCE_LANES) + sum[v] * scale);
    }
  }
  for (; first < columns; first++) {
    for (size_t row = 0; row < rows; row++) {
      double sum = 0;
      for (size_t k = 0; k < rank; k++) sum = sum + left[row * rank + k] * right[k * columns + first];
      sums[row * columns + first] += sum * scale;
    }
  }
}

/// The number of a code of BF16 or F16; F16 by way of a multiplication that is exact.
INLINE float reference_number(lora_dtype dtype, uint16_t code) {
  uint32_t sign = (uint32_t)(code & 0x8000u) << 16, magnitude = code & 0x7fffu, bits;
  float value;
  if (dtype == LORA_BF16) {
    bits = magnitude << 16;
    memcpy(&value, &bits, sizeof value);
  } else {
    // Mantissa and exponent at their places in an f32, whose exponent counts from 127 and not from 15.
    bits = (magnitude << 13) + (112u << 23);
    memcpy(&value, &bits, sizeof value);
    float subnormal = (float)(int32_t)magnitude * 0x1p-24f;
    if (magnitude < 0x400u) value = subnormal;
    if (magnitude == 0x7c00u) value = __builtin_inff();
    if (magnitude > 0x7c00u) value = __builtin_nanf("");
  }
  return sign ? -value : value;
}

INLINE void reference_numbers_16(lora_dtype dtype, const char *codes, size_t count, double *out) {
  for (size_t i = 0; i < count; i++) {
    uint16_t code;
    memcpy(&code, codes + 2 * i, sizeof code);
    out[i] = (double)reference_number(dtype, code);
  }
}

TARGET static void reference_numbers(lora_dtype dtype, const void *codes, size_t count, double *out) {
  switch (dtype) {
  case LORA_BF16: reference_numbers_16(LORA_BF16, codes, count, out); break;
  case LORA_F16: reference_numbers_16(LORA_F16, codes, count, out); break;
  case LORA_F32:
    for (size_t i = 0; i < count; i++) {
      float value;
      memcpy(&value, (const char *)codes + 4 * i, sizeof value);
      out[i] = (double)value;
    }
    break;
  default: memcpy(out, codes, count * sizeof *out); break;  // F64
  }
}

/// Whether a code is for certain the nearest to a number: less than half of the way to the nearer of its neighbours.
INLINE bool reference_is_nearest(lora_dtype dtype, uint16_t code, double number) {
  uint16_t magnitude = code & 0x7fffu, next = magnitude ? magnitude - 1u : 1u;
  double size = (double)reference_number(dtype, magnitude), other = (double)reference_number(dtype, next);
  double value = code & 0x8000u ? -size : size;
  // With infinities and what is no number the comparison is false.
  return __builtin_fabs(value - number) < __builtin_fabs(size - other) * 0.5;
}

INLINE size_t reference_doubts_16(
  lora_dtype dtype, const char *codes, const double *numbers, size_t count, uint32_t *doubts) {
  enum { BLOCK = 32 };
  size_t found = 0;
  for (size_t first = 0; first < count; first += BLOCK) {
    size_t end = lora_min(count, first + BLOCK);
    uint32_t certain = 0;
    for (size_t i = first; i < end; i++) {
      uint16_t code;
      memcpy(&code, codes + 2 * i, sizeof code);
      certain += reference_is_nearest(dtype, code, numbers[i]);
    }
    if (certain == end - first) continue;
    for (size_t i = first; i < end; i++) {
      uint16_t code;
      memcpy(&code, codes + 2 * i, sizeof code);
      if (!reference_is_nearest(dtype, code, numbers[i])) doubts[found++] = (uint32_t)i;
    }
  }
  return found;
}

TARGET static size_t reference_doubts(
  lora_dtype dtype, const void *codes, const double *numbers, size_t count, uint32_t *doubts) {
  if (dtype == LORA_BF16) return reference_doubts_16(LORA_BF16, codes, numbers, count, doubts);
  if (dtype == LORA_F16) return reference_doubts_16(LORA_F16, codes, numbers, count, doubts);
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    float rounded = (float)numbers[i];
    if (memcmp(&rounded, (const char *)codes + 4 * i, sizeof rounded) != 0) doubts[found++] = (uint32_t)i;
  }
  return found;
}

// MARK: Rows at once

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
  return (v16f)((v16u)reference_sizes(dtype, code & 0x7fffu) | (code & 0x8000u) << 16);
}

/// Whether each of sixteen codes is not for certain the nearest to a number: less than half of the way to the next one
/// on its side. The largest finite number and what is none are never certain. In any bit of a lane.
INLINE v16u reference_open(lora_dtype dtype, const char *codes, v16d numbers) {
  if (dtype == LORA_F32) {
    v16u code;
    memcpy(&code, codes, sizeof code);
    return (v16u)__builtin_convertvector(numbers, v16f) ^ code;
  }
  const v16u largest = dtype == LORA_BF16 ? 0x7f7fu : 0x7bffu;
  v16u code = reference_codes_16(codes), magnitude = code & 0x7fffu;
  v16u below = magnitude == 0 ? (v16u)1u : magnitude - 1;
  v16f size = reference_sizes(dtype, magnitude);
  v16f up = reference_sizes(dtype, magnitude + 1) - size;
  v16f down = reference_sizes(dtype, below) - size;
  down = (v16f)((v16u)down & 0x7fffffffu);
  v16l sign = __builtin_convertvector(code & 0x8000u, v16l) << 48;
  // Twice the distance from the code, outwards.
  v16d away = (v16d)((v16l)numbers ^ sign) - __builtin_convertvector(size, v16d);
  away = away + away;
  v16l certain = (away < __builtin_convertvector(up, v16d)) & (-away < __builtin_convertvector(down, v16d));
  v16u open = (v16u)__builtin_convertvector(~certain, v16i);
  return open | (v16u)(magnitude >= largest);
}

/// The strips of up to REFERENCE_ROWS rows that one block of columns holds; lists what is open.
INLINE size_t reference_check_block(
  lora_dtype dtype, const size_t rows, size_t columns, size_t rank, const double *left,
  const double *right, double scale, const char *w, const char *stored, size_t position, uint32_t *doubts,
  double *numbers) {
  enum { HALVES = REFERENCE_STRIPS * 2 };
  v8d sum[REFERENCE_ROWS][HALVES];
  UNROLL for (size_t r = 0; r < rows; r++) UNROLL for (size_t h = 0; h < HALVES; h++) sum[r][h] = 0;
  for (size_t k = 0; k < rank; k++) {
    v8d factor[HALVES];
    UNROLL for (size_t h = 0; h < HALVES; h++) factor[h] = load_half(right + k * columns + h * REFERENCE_LANES);
    UNROLL for (size_t r = 0; r < rows; r++) {
      v8d own = left[r * rank + k];
      UNROLL for (size_t h = 0; h < HALVES; h++) sum[r][h] = sum[r][h] + own * factor[h];
    }
  }
  const size_t size = dtype == LORA_F32 ? 4 : 2;
  size_t count = 0;
  UNROLL for (size_t r = 0; r < rows; r++) UNROLL for (size_t s = 0; s < REFERENCE_STRIPS; s++) {
    v16d change, number;
    change.lo = sum[r][2 * s];
    change.hi = sum[r][2 * s + 1];
    size_t at = r * columns + s * LORA_LANES;
    number = __builtin_convertvector(reference_lanes(dtype, w + at * size), v16d) + change * scale;
    v16u open = reference_open(dtype, stored + at * size, number);
    if (__builtin_expect(!any(open), 1)) continue;
    for (size_t lane = 0; lane < LORA_LANES; lane++) {
      if (!open[lane]) continue;
      doubts[count] = (uint32_t)(position + at + lane);
      numbers[count++] = number[lane];
    }
  }
  return count;
}

INLINE size_t reference_check_all(
  lora_dtype dtype, size_t rows, size_t columns, size_t rank, const double *left,
  const double *right, double scale, const char *w, const char *stored, uint32_t *doubts, double *numbers) {
  enum { BLOCK = REFERENCE_STRIPS * LORA_LANES };
  const size_t size = dtype == LORA_F32 ? 4 : 2;
  size_t count = 0, whole = columns - columns % BLOCK;
  for (size_t c = 0; c < whole; c += BLOCK) {
    size_t row = 0;
    for (; row < rows; row += rows - row < REFERENCE_ROWS ? 1 : REFERENCE_ROWS) {
      size_t at = row * columns + c;
      const double *own = left + row * rank;
      count += rows - row < REFERENCE_ROWS
        ? reference_check_block(
            dtype, 1, columns, rank, own, right + c, scale, w + at * size, stored + at * size, at,
            doubts + count, numbers + count)
        : reference_check_block(
            dtype, REFERENCE_ROWS, columns, rank, own, right + c, scale, w + at * size,
            stored + at * size, at, doubts + count, numbers + count);
    }
  }
  // What is left of the columns is always open.
  for (size_t row = 0; row < rows; row++) for (size_t c = whole; c < columns; c++) {
    double sum = 0, number;
    for (size_t k = 0; k < rank; k++) sum = sum + left[row * rank + k] * right[k * columns + c];
    reference_numbers(dtype, w + (row * columns + c) * size, 1, &number);
    doubts[count] = (uint32_t)(row * columns + c);
    numbers[count++] = number + sum * scale;
  }
  return count;
}

TARGET static size_t reference_check(
  lora_dtype dtype, size_t rows, size_t columns, size_t rank, const double *left,
  const double *right, double scale, const void *w, const void *stored, uint32_t *doubts, double *numbers) {
#define CASE(type) \
  if (dtype == type) \
    return reference_check_all(type, rows, columns, rank, left, right, scale, w, stored, doubts, numbers);
  CASE(LORA_BF16) CASE(LORA_F16) CASE(LORA_F32)
#undef CASE
  return 0;
}
