// Part of level_body.h: statistics of what was stored.

INLINE void tally_row(
  lora_dtype base, lora_dtype output, size_t strips, const char *w, const float *d, const char *stored,
  lora_tally *tally) {
  const size_t base_size = base == LORA_F32 ? 4 : 2;
  v16f delta_squared = 0, residual_squared = 0;
  v16u most = 0;
  for (size_t i = 0; i < strips * LORA_LANES; i += LORA_LANES) {
    v16f delta = load_f32(d + i), change = widen_lanes(output, stored + i * 2) - widen_lanes(base, w + i * base_size);
    v16f residual = change - delta;
    delta_squared = fma_f32(delta, delta, delta_squared);
    residual_squared = fma_f32(residual, residual, residual_squared);
    most = __builtin_elementwise_max(most, bits_of(delta) & 0x7fffffffu);
  }
  tally->delta_squared = tally->residual_squared = 0;
  for (int lane = 0; lane < LORA_LANES; lane++) {
    tally->delta_squared += delta_squared[lane];
    tally->residual_squared += residual_squared[lane];
  }
  uint32_t bits = __builtin_reduce_max(most);
  float max_delta;
  memcpy(&max_delta, &bits, sizeof max_delta);
  tally->max_delta = max_delta;
}

TARGET static void tally_f32(
  lora_dtype base, lora_dtype output, size_t strips, const void *w, const float *d, const void *stored,
  lora_tally *tally) {
#define CASE(from, to) \
  if (base == from && output == to) tally_row(from, to, strips, w, d, stored, tally);
  EVERY_PAIR(CASE)
#undef CASE
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
  tally->delta_squared = tally->residual_squared = 0;
  for (int lane = 0; lane < LORA_LANES; lane++) {
    tally->delta_squared += delta_squared[lane];
    tally->residual_squared += residual_squared[lane];
  }
  tally->max_delta = lora_f64_of((uint64_t)__builtin_reduce_max(most));
}
