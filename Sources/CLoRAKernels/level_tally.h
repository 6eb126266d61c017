// Part of level_body.h: statistics of what was stored.

/// A row's lanes while they are counted.
typedef struct {
  v16f delta_squared, residual_squared;
  v16u most;
} v_lanes;

INLINE void count_delta(v16f d, v_lanes *lanes) {
  lanes->delta_squared = fma_f32(d, d, lanes->delta_squared);
  lanes->most = __builtin_elementwise_max(lanes->most, bits_of(d) & 0x7fffffffu);
}

INLINE v16f count_residual(v16f w, v16f d, v16f stored, v16f sum) {
  v16f residual = (stored - w) - d;
  return fma_f32(residual, residual, sum);
}

/// Adds up lanes as a tree, so that the order is the same for every width of registers.
INLINE double sum_lanes(const float *lanes) {
  v16d sixteen = __builtin_convertvector(load_f32(lanes), v16d);
  v8d eight = sixteen.lo + sixteen.hi;
  double four[4];
  for (int i = 0; i < 4; i++) four[i] = eight[i] + eight[i + 4];
  return (four[0] + four[2]) + (four[1] + four[3]);
}

TARGET static void tally_f32(const lora_lanes *lanes, lora_tally *tally) {
  tally->delta_squared = sum_lanes(lanes->delta_squared);
  tally->residual_squared = sum_lanes(lanes->residual_squared);
  v16u most;
  memcpy(&most, lanes->most, sizeof most);
  uint32_t bits = __builtin_reduce_max(most);
  float max_delta;
  memcpy(&max_delta, &bits, sizeof max_delta);
  tally->max_delta = max_delta;
}

/// The sums of two rows of lanes, in order, and the bits of the largest of a third.
__attribute__((noinline)) TARGET static void put_lanes(
  const double *delta_squared, const double *residual_squared, const int64_t *most, lora_tally *tally) {
  tally->delta_squared = tally->residual_squared = 0;
  int64_t largest = 0;
  for (int lane = 0; lane < LORA_LANES; lane++) {
    tally->delta_squared += delta_squared[lane];
    tally->residual_squared += residual_squared[lane];
    if (most[lane] > largest) largest = most[lane];
  }
  tally->max_delta = lora_f64_of((uint64_t)largest);
}

INLINE void put_tally(v16d delta_squared, v16d residual_squared, v16l most, lora_tally *tally) {
  double sums[2][LORA_LANES];
  int64_t sizes[LORA_LANES];
  store_f64(sums[0], delta_squared);
  store_f64(sums[1], residual_squared);
  memcpy(sizes, &most, sizeof sizes);
  put_lanes(sums[0], sums[1], sizes, tally);
}

TARGET static void tally_f64(size_t strips, const float *w, const double *d, const float *stored, lora_tally *tally) {
  v16d delta_squared = 0, residual_squared = 0;
  v16l most = 0;
  for (size_t i = 0; i < strips * LORA_LANES; i += LORA_LANES) {
    v16d delta = load_f64(d + i), base = __builtin_convertvector(load_f32(w + i), v16d);
    v16d residual = (__builtin_convertvector(load_f32(stored + i), v16d) - base) - delta;
    delta_squared = fma_f64(delta, delta, delta_squared);
    residual_squared = fma_f64(residual, residual, residual_squared);
    most = __builtin_elementwise_max(most, (v16l)delta & INT64_MAX);
  }
  put_tally(delta_squared, residual_squared, most, tally);
}
