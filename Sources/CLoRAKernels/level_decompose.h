// Part of level_body.h: what a merge with magnitudes (DoRA) does to rows in f64 beside the product.

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
