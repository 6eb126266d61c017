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
