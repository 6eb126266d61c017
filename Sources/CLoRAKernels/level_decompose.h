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

/// Stores a strip of numbers in a 16-bit type and returns what was stored. Rounded to f32 before, a number goes the
/// other way only where that made it one half-way between two of the type: such a strip is rounded from f64 at once.
INLINE v16f store_rounded(lora_dtype output, v16d value, v16f narrow, char *out) {
  v16u bits = bits_of(narrow), open;
  v16h half;
  v16f stored;
  if (output == LORA_BF16) {
    v16u rounded = bits + 0x8000u;  // half up
    open = (v16u)((rounded & 0xffffu) == 0);
    stored = of_bits(rounded & 0xffff0000u);
    half = __builtin_convertvector(rounded >> 16, v16h);
  } else {
    open = (v16u)((bits & 0xfffu) == 0);  // below the smallest normal number, too
    half = round_f16(narrow);
    stored = widen_f16(half);
  }
  memcpy(out, &half, sizeof half);
  if (__builtin_expect(!any(open), 1)) return stored;
  narrow_lanes_f64(output, value, out);
  return widen_lanes(output, out);
}

FOR_EACH bool settle_row(
  lora_dtype base, lora_dtype output, size_t strips, const char *w, double factor, const double *v, char *out,
  lora_tally *tally) {
  v16d delta_squared = 0, most = 0, wide_squared = 0;
  v16f narrow_squared = 0;
  for (size_t i = 0; i < strips * LORA_LANES; i += LORA_LANES) {
    v16d value = load_f64(v + i) * factor, delta = value - base_lanes_f64(base, w + i * base_bytes(base));
    v16f narrow = __builtin_convertvector(value, v16f);
    if (output == LORA_F32) {
      store_f32((float *)out + i, narrow);
      v16d residual = __builtin_convertvector(narrow, v16d) - value;
      wide_squared = fma_f64(residual, residual, wide_squared);
    } else {
      v16f residual = store_rounded(output, value, narrow, out + i * 2) - narrow;
      narrow_squared = fma_f32(residual, residual, narrow_squared);
    }
    delta_squared = fma_f64(delta, delta, delta_squared);
    v16d size = (v16d)((v16l)delta & INT64_MAX);
    most = size > most ? size : most;
  }
  if (output != LORA_F32) wide_squared = __builtin_convertvector(narrow_squared, v16d);
  put_tally(delta_squared, wide_squared, (v16l)most, tally);
  if (output == LORA_F32) return tally->residual_squared - tally->residual_squared == 0;
  return lora_is_sound(tally->residual_squared);
}

/// One row: out = round(v * factor), and its statistics against w, which is of the type of the output or F64. False, and
/// neither, where a number is not finite or beyond the largest of the type, or what was lost is too small for f32.
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
