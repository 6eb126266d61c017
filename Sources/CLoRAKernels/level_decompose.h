// Part of level_body.h: what a merge with magnitudes (DoRA) does to rows in f64 beside the product.

/// A strip of the base in f64.
INLINE v16d base_lanes_f64(lora_dtype base, const char *w) {
  return base == LORA_F64 ? load_f64((const double *)w) : __builtin_convertvector(widen_lanes(base, w), v16d);
}

INLINE size_t base_bytes(lora_dtype base) { return base == LORA_F64 ? 8 : narrow_size(base); }

FOR_EACH void add_base_row(lora_dtype base, size_t strips, const char *w, const double *d, double *v, double *squares) {
  v16d sums = load_f64(squares);
  for (size_t i = 0; i < strips * LORA_LANES; i += LORA_LANES) {
    v16d sum = base_lanes_f64(base, w + i * base_bytes(base)) + load_f64(d + i);
    store_f64(v + i, sum);
    sums = fma_f64(sum, sum, sums);
  }
  store_f64(squares, sums);
}

/// v = w + d; squares, sixteen sums, += v^2.
TARGET static void add_base_f64(
  lora_dtype base, size_t strips, const void *w, const double *d, double *v, double *squares) {
  switch (base) {
  case LORA_F64: add_base_row(LORA_F64, strips, w, d, v, squares); break;
  case LORA_F32: add_base_row(LORA_F32, strips, w, d, v, squares); break;
  case LORA_F16: add_base_row(LORA_F16, strips, w, d, v, squares); break;
  default: add_base_row(LORA_BF16, strips, w, d, v, squares); break;
  }
}

/// v += d; squares, sixteen sums, += (w + d)^2, or v^2 where `w` is null.
TARGET static void add_change_f64(size_t strips, const double *d, const double *w, double *v, double *squares) {
  v16d sums = load_f64(squares);
  for (size_t i = 0; i < strips * LORA_LANES; i += LORA_LANES) {
    v16d delta = load_f64(d + i), sum = load_f64(v + i) + delta;
    store_f64(v + i, sum);
    if (w) sum = load_f64(w + i) + delta;
    sums = fma_f64(sum, sum, sums);
  }
  store_f64(squares, sums);
}

/// squares[j] += (w[j] + d[j])^2.
TARGET static void add_squares_f64(size_t strips, const double *d, const double *w, double *squares) {
  for (size_t i = 0; i < strips * LORA_LANES; i += LORA_LANES) {
    v16d sum = load_f64(w + i) + load_f64(d + i);
    store_f64(squares + i, fma_f64(sum, sum, load_f64(squares + i)));
  }
}

/// v[j] *= factors[j], or `factor` where there are none.
TARGET static void multiply_f64(size_t count, double factor, const double *factors, double *v) {
  if (factors) for (size_t i = 0; i < count; i++) v[i] *= factors[i];
  else for (size_t i = 0; i < count; i++) v[i] *= factor;
}

/// Statistics of v, stored, against w.
TARGET static void tally_change(
  size_t strips, const double *w, const double *v, const float *stored, lora_tally *tally) {
  v16d delta_squared = 0, residual_squared = 0;
  v16l most = 0;
  for (size_t i = 0; i < strips * LORA_LANES; i += LORA_LANES) {
    v16d value = load_f64(v + i), delta = value - load_f64(w + i);
    v16d residual = __builtin_convertvector(load_f32(stored + i), v16d) - value;
    delta_squared = fma_f64(delta, delta, delta_squared);
    residual_squared = fma_f64(residual, residual, residual_squared);
    most = __builtin_elementwise_max(most, (v16l)delta & INT64_MAX);
  }
  put_tally(delta_squared, residual_squared, most, tally);
}

/// A number rounded to a type of fewer digits, in f64: 8 digits of BF16, 11 of F16, none below the type's smallest unit.
/// What is beyond its largest number stays finite, and what is not finite becomes NaN.
INLINE v16d round_in_f64(lora_dtype output, v16d v) {
  // Beside 1.5 * 2^k times its own power of two, a number has as many digits as the type: whatever is lost is rounded
  // to nearest, ties to even.
  const double least = output == LORA_BF16 ? 0x1p-126 : 0x1p-14;
  const v16d away = output == LORA_BF16 ? 0x1.8p45 : 0x1.8p42;
  v16d power = (v16d)((v16l)v & 0x7ff0000000000000), smallest = least;
  power = power > smallest ? power : smallest;
  v16d shifted = fma_f64(power, away, v), rounded = fma_f64(-power, away, shifted);
  return (v16d)((v16l)rounded | ((v16l)v & INT64_MIN));  // a negative number may have become zero
}

FOR_EACH bool settle_row(
  lora_dtype base, lora_dtype output, size_t strips, const char *w, double factor, const double *v, char *out,
  lora_tally *tally) {
  v16d delta_squared = 0, residual_squared = 0, most = 0;
  v16u largest = 0;
  for (size_t i = 0; i < strips * LORA_LANES; i += LORA_LANES) {
    v16d value = load_f64(v + i) * factor, stored = value;
    if (output != LORA_F32) stored = round_in_f64(output, value);
    v16f narrow = __builtin_convertvector(stored, v16f);
    if (output == LORA_F32) {
      stored = __builtin_convertvector(narrow, v16d);
      store_f32((float *)out + i, narrow);
    } else {
      v16h half = output == LORA_F16 ? round_f16(narrow) : __builtin_convertvector(bits_of(narrow) >> 16, v16h);
      memcpy(out + i * 2, &half, sizeof half);
    }
    largest = __builtin_elementwise_max(largest, bits_of(narrow) & 0x7fffffffu);
    v16d delta = value - base_lanes_f64(base, w + i * base_bytes(base)), residual = stored - value;
    delta_squared = fma_f64(delta, delta, delta_squared);
    residual_squared = fma_f64(residual, residual, residual_squared);
    v16d size = (v16d)((v16l)delta & INT64_MAX);
    most = size > most ? size : most;
  }
  put_tally(delta_squared, residual_squared, (v16l)most, tally);
  return __builtin_reduce_max(largest) < (output == LORA_F16 ? 0x47800000u : 0x7f800000u);
}

/// One row: out = round(v * factor), and its statistics against w, which is of the type of the output or F64. False, and
/// neither, where a number is not finite or beyond the largest of the type.
TARGET static bool settle(
  lora_dtype base, lora_dtype output, size_t strips, const void *w, double factor, const double *v, void *out,
  lora_tally *tally) {
#define CASE(type) \
  if (output == type) \
    return base == LORA_F64 ? settle_row(LORA_F64, type, strips, w, factor, v, out, tally) \
                            : settle_row(type, type, strips, w, factor, v, out, tally);
  CASE(LORA_F32) CASE(LORA_F16) CASE(LORA_BF16)
#undef CASE
  return false;
}
