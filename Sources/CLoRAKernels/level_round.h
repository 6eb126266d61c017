// Part of level_body.h: the rounding of base plus product, in f32 where that is certain and in f64.

// What the f32 sum serves: any base to a 16-bit output.
#define EVERY_PAIR(of) \
  of(LORA_BF16, LORA_BF16) of(LORA_F16, LORA_BF16) of(LORA_F32, LORA_BF16) \
  of(LORA_BF16, LORA_F16) of(LORA_F16, LORA_F16) of(LORA_F32, LORA_F16) \
  of(LORA_F64, LORA_BF16) of(LORA_F64, LORA_F16)

/// A strip of the base; F64 is rounded.
INLINE v16f base_lanes(lora_dtype base, const char *w) {
  return base == LORA_F64 ? __builtin_convertvector(load_f64((const double *)w), v16f) : widen_lanes(base, w);
}

/// The ends of an interval around w + d that holds the exact value strictly inside, for one strip.
INLINE void interval(
  lora_dtype base, v16f w, v16f d, const float *norms, float bound, float floor, v16f *inner, v16f *outer) {
  v16f v = w + d;
  v16f error = fma_f32((v16f)bound, load_f32(norms), (v16f)floor);
  // What the base lost when it was rounded to f32, and a little for the roundings of this.
  if (base == LORA_F64) error = fma_f32(magnitude(w), (v16f)0x1.1p-24f, error);
  v16f away = of_bits(bits_of(error) | (bits_of(v) & 0x80000000u));  // from zero
  // A little of v itself on top, for the roundings of v and of the end.
  *outer = fma_f32(v, (v16f)(1 + 0x4p-24f), away);
  *inner = fma_f32(v, (v16f)(1 - 0x3p-24f), -away);
}

/// Ziv's test for one or two strips from strip `s` on: both ends of the interval are rounded and the outer one is
/// stored; if they round to one number, so does everything between them. Other strips are listed.
INLINE size_t round_strips(
  lora_dtype base, lora_dtype output, const bool counts, const size_t strips, size_t s, const char *w, const float *d,
  const float *norms, float bound, float floor, char *out, uint32_t *doubtful, v16f *finite, v_lanes *lanes) {
  const size_t base_size = base == LORA_F64 ? 8 : base == LORA_F32 ? 4 : 2, first = s * LORA_LANES;
  v16f original[ROUND_STRIPS], delta[ROUND_STRIPS], inner[ROUND_STRIPS], outer[ROUND_STRIPS], stored[ROUND_STRIPS];
  v16u open[ROUND_STRIPS];  // what is left of a difference between the ends, in any bit
  UNROLL for (size_t t = 0; t < strips; t++) {
    size_t i = first + t * LORA_LANES;
    original[t] = base_lanes(base, w + i * base_size);
    delta[t] = load_f32(d + i);
    interval(base, original[t], delta[t], norms + i, bound, floor, &inner[t], &outer[t]);
    if (counts) count_delta(delta[t], lanes);
  }
  if (output == LORA_BF16) {
    // Half up instead of half to even is as good here: a tie lies strictly inside the interval or not at all.
    v16u rounded[ROUND_STRIPS];
    UNROLL for (size_t t = 0; t < strips; t++) {
      rounded[t] = bits_of(outer[t]) + 0x8000u;
      open[t] = (rounded[t] ^ (bits_of(inner[t]) + 0x8000u)) & 0xffff0000u;
      stored[t] = of_bits(rounded[t] & 0xffff0000u);
    }
    if (strips == 2) {
      v32h halves = __builtin_shufflevector((v32h)rounded[0], (v32h)rounded[strips - 1], ODD_32);
      memcpy(out + first * 2, &halves, sizeof halves);
    } else {
      v16h halves = __builtin_convertvector(rounded[0] >> 16, v16h);
      memcpy(out + first * 2, &halves, sizeof halves);
    }
  } else {
    UNROLL for (size_t t = 0; t < strips; t++) {
      v16h rounded = round_f16(outer[t]);
      memcpy(out + (first + t * LORA_LANES) * 2, &rounded, sizeof rounded);
      open[t] = __builtin_convertvector(rounded ^ round_f16(inner[t]), v16u);
      stored[t] = widen_f16(rounded);
    }
  }
  // An infinity or NaN turns `finite` into NaN.
  *finite = fma_f32(strips == 2 ? outer[0] + outer[strips - 1] : outer[0], (v16f)0.0f, *finite);
  const bool certain = __builtin_expect(!any(strips == 2 ? open[0] | open[strips - 1] : open[0]), 1);
  size_t count = 0;
  UNROLL for (size_t t = 0; t < strips; t++) {
    if (!certain && any(open[t])) doubtful[count++] = (uint32_t)(s + t);
    else if (counts)
      lanes->residual_squared = count_residual(original[t], delta[t], stored[t], lanes->residual_squared);
  }
  return count;
}

FOR_EACH size_t finish_row(
  lora_dtype base, lora_dtype output, const bool counts, size_t strips, const char *w, const float *d,
  const float *norms, float bound, float floor, char *out, uint32_t *doubtful, lora_lanes *lanes) {
  size_t count = 0, s = 0;
  v16f finite = 0;
  v_lanes counted = {0};
  for (; s + ROUND_STRIPS <= strips; s += ROUND_STRIPS)
    count += round_strips(
      base, output, counts, ROUND_STRIPS, s, w, d, norms, bound, floor, out, doubtful + count, &finite, &counted);
  for (; s < strips; s++)
    count += round_strips(
      base, output, counts, 1, s, w, d, norms, bound, floor, out, doubtful + count, &finite, &counted);
  bool is_finite = !any((v16u)(finite != finite));
  if (counts) {
    if (!is_finite) counted.residual_squared = 0;
    memcpy(lanes, &counted, sizeof *lanes);
  }
  if (is_finite) return count;
  for (s = 0; s < strips; s++) doubtful[s] = (uint32_t)s;
  return strips;
}

TARGET static size_t finish(
  lora_dtype base, lora_dtype output, size_t strips, const void *w, const float *d, const float *norms, float bound,
  float floor, void *out, uint32_t *doubtful, lora_lanes *lanes) {
#define CASE(from, to) \
  if (base == from && output == to) \
    return lanes ? finish_row(from, to, true, strips, w, d, norms, bound, floor, out, doubtful, lanes) \
                 : finish_row(from, to, false, strips, w, d, norms, bound, floor, out, doubtful, NULL);
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
    v16d v;
    if (base == LORA_F64) {
      v = load_f64(doubts[t].w);
      store_f32(w, __builtin_convertvector(v, v16f));
    } else {
      widen(base, doubts[t].w, LORA_LANES, w);
      v = __builtin_convertvector(load_f32(w), v16d);
    }
    v += sum[t];
    if (output == LORA_BF16) narrow_lanes_f64(LORA_BF16, v, doubts[t].out);
    else narrow_lanes_f64(LORA_F16, v, doubts[t].out);
    if (!doubts[t].lanes) continue;
    float *residual_squared = doubts[t].lanes->residual_squared;
    v16f stored = output == LORA_BF16 ? widen_lanes(LORA_BF16, doubts[t].out) : widen_lanes(LORA_F16, doubts[t].out);
    store_f32(
      residual_squared, count_residual(load_f32(w), load_f32(doubts[t].d), stored, load_f32(residual_squared)));
  }
}

TARGET static void resolve(
  lora_dtype base, lora_dtype output, size_t rank, const lora_doubt *doubts, size_t count) {
  size_t n = 0;
  for (; n + RESOLVE_STRIPS <= count; n += RESOLVE_STRIPS)
    resolve_strips(base, output, RESOLVE_STRIPS, rank, doubts + n);
  for (; n < count; n++) resolve_strips(base, output, 1, rank, doubts + n);
}

FOR_EACH void finish_row_f64(lora_dtype dtype, size_t strips, const float *w, const double *d, char *out) {
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
