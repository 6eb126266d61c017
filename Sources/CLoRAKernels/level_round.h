// Part of level_body.h: the rounding of base plus product, in f32 where that is certain and in f64.

// What the f32 sum serves: any base to a 16-bit output.
#define EVERY_PAIR(of) \
  of(LORA_BF16, LORA_BF16) of(LORA_F16, LORA_BF16) of(LORA_F32, LORA_BF16) \
  of(LORA_BF16, LORA_F16) of(LORA_F16, LORA_F16) of(LORA_F32, LORA_F16)

/// One strip of a row: rounds both ends of the interval around w + d that holds the exact value. If they agree, that is
/// the answer (Ziv's test). Returns whether they do. An infinity or NaN turns `finite` into NaN.
INLINE bool round_strip(
  lora_dtype base, lora_dtype output, const char *w, const float *d, const float *norms, float bound, float floor,
  char *out, v16f *finite) {
  v16f v = widen_lanes(base, w) + load_f32(d);
  v16f error = fma_f32((v16f)bound, load_f32(norms), (v16f)floor);
  v16f away = of_bits(bits_of(error) | (bits_of(v) & 0x80000000u));  // from zero
  // A little of v itself on top, for the roundings of v and of the end.
  v16f outer = fma_f32(v, (v16f)(1 + 0x4p-24f), away), inner = fma_f32(v, (v16f)(1 - 0x3p-24f), -away);
  *finite += outer * 0.0f;
  v16h rounded;
  bool agree;
  if (output == LORA_BF16) {
    // Half up instead of half to even is as good here: a tie lies strictly inside the interval or not at all.
    v16u a = bits_of(outer) + 0x8000u, b = bits_of(inner) + 0x8000u;
    rounded = __builtin_convertvector(a >> 16, v16h);
    agree = !any((a ^ b) & 0xffff0000u);
  } else {
    rounded = round_f16(outer);
    agree = __builtin_reduce_or(rounded ^ round_f16(inner)) == 0;
  }
  memcpy(out, &rounded, sizeof rounded);
  return agree;
}

INLINE size_t finish_row(
  lora_dtype base, lora_dtype output, size_t strips, const char *w, const float *d, const float *norms, float bound,
  float floor, char *out, uint32_t *doubtful) {
  const size_t base_size = base == LORA_F32 ? 4 : 2;
  size_t count = 0;
  v16f finite = 0;
  for (size_t s = 0; s < strips; s++) {
    size_t i = s * LORA_LANES;
    doubtful[count] = (uint32_t)s;
    count += !round_strip(base, output, w + i * base_size, d + i, norms + i, bound, floor, out + i * 2, &finite);
  }
  if (!any((v16u)(finite != finite))) return count;
  for (size_t s = 0; s < strips; s++) doubtful[s] = (uint32_t)s;
  return strips;
}

TARGET static size_t finish(
  lora_dtype base, lora_dtype output, size_t strips, const void *w, const float *d, const float *norms, float bound,
  float floor, void *out, uint32_t *doubtful) {
#define CASE(from, to) \
  if (base == from && output == to) return finish_row(from, to, strips, w, d, norms, bound, floor, out, doubtful);
  EVERY_PAIR(CASE)
#undef CASE
  return 0;
}

INLINE void resolve_strips(
  lora_dtype base, lora_dtype output, const size_t strips, size_t rank, const lora_doubt *doubts) {
  v16d sum[RESOLVE_STRIPS];
  UNROLL for (size_t t = 0; t < strips; t++) sum[t] = 0;
  for (size_t k = 0; k < rank; k++) UNROLL for (size_t t = 0; t < strips; t++) {
    v16f r = load_f32(doubts[t].right + k * LORA_LANES);
    sum[t] = fma_f64((v16d)doubts[t].left[k * LORA_ROWS], __builtin_convertvector(r, v16d), sum[t]);
  }
  for (size_t t = 0; t < strips; t++) {
    float w[LORA_LANES];
    widen(base, doubts[t].w, LORA_LANES, w);
    v16d v = __builtin_convertvector(load_f32(w), v16d) + sum[t];
    if (output == LORA_BF16) narrow_lanes_f64(LORA_BF16, v, doubts[t].out);
    else narrow_lanes_f64(LORA_F16, v, doubts[t].out);
  }
}

TARGET static void resolve(
  lora_dtype base, lora_dtype output, size_t rank, const lora_doubt *doubts, size_t count) {
  size_t n = 0;
  for (; n + RESOLVE_STRIPS <= count; n += RESOLVE_STRIPS)
    resolve_strips(base, output, RESOLVE_STRIPS, rank, doubts + n);
  for (; n < count; n++) resolve_strips(base, output, 1, rank, doubts + n);
}

INLINE void finish_row_f64(lora_dtype dtype, size_t strips, const float *w, const double *d, char *out) {
  for (size_t i = 0; i < strips * LORA_LANES; i += LORA_LANES) {
    v16d v = __builtin_convertvector(load_f32(w + i), v16d) + load_f64(d + i);
    narrow_lanes_f64(dtype, v, out + i * narrow_size(dtype));
  }
}

TARGET static void finish_f64(lora_dtype dtype, size_t strips, const float *w, const double *d, void *out) {
  if (dtype == LORA_F32) finish_row_f64(LORA_F32, strips, w, d, out);
  if (dtype == LORA_F16) finish_row_f64(LORA_F16, strips, w, d, out);
  if (dtype == LORA_BF16) finish_row_f64(LORA_BF16, strips, w, d, out);
}
