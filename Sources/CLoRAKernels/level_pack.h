// Part of level_body.h: runs of elements on their way into a slot, cast, scaled and stored in one pass.

/// Elements of one step: one line of a 16-bit type, two of F32.
enum { PACK_PART = 2 * LORA_LANES, LINE = 64 };

/// Bytes that are fetched before they are needed, into the second-level cache: it can wait for three times as many lines
/// at once as the first.
enum { PACK_AHEAD = 4096, PACK_CACHE = 2 };

/// Stores that pass the caches write whole lines and read nothing first; the address is a multiple of LINE.
INLINE void emit(char *out, v32h line, bool streams) {
  if (streams) {
    __builtin_nontemporal_store(line, (v32h *)(void *)out);
  } else {
    memcpy(out, &line, sizeof line);
  }
}

/// BF16 in the upper halves, ties to even, NaN canonical; the lower halves hold anything.
INLINE v16u upper_bf16(v16f v) {
  v16u bits = bits_of(v);
  return select_u32(v != v, 0x7fc00000u, bits + 0x7fffu + ((bits >> 16) & 1u));
}

/// Rounds to the type and, when `scaled`, multiplies and rounds again: the engine's order.
FOR_EACH v32h cast_16(lora_dtype from, lora_dtype to, bool scaled, v16f scale, const char *in) {
  const size_t size = from == LORA_F32 ? 4 : 2;
  v16f low = widen_lanes(from, in), high = widen_lanes(from, in + LORA_LANES * size);
  if (to == LORA_BF16) {
    if (scaled && from != to) {
      low = of_bits(upper_bf16(low) & 0xffff0000u);
      high = of_bits(upper_bf16(high) & 0xffff0000u);
    }
    if (scaled) low *= scale, high *= scale;
    return __builtin_shufflevector((v32h)upper_bf16(low), (v32h)upper_bf16(high), ODD_32);
  }
  if (scaled && from != to) {
    low = widen_f16(round_f16(canonical(low)));
    high = widen_f16(round_f16(canonical(high)));
  }
  if (scaled) low *= scale, high *= scale;
  v32h line;
  line.lo = round_f16(canonical(low));
  line.hi = round_f16(canonical(high));
  return line;
}

/// One step of `PACK_PART` elements.
INLINE void pack_part(
  lora_dtype from, lora_dtype to, bool scaled, v16f scale, const char *in, char *out, bool streams) {
  if (streams) {
    // Beyond the end it does nothing.
    __builtin_prefetch((const void *)((uintptr_t)in + PACK_AHEAD), 0, PACK_CACHE);
    if (from == LORA_F32) __builtin_prefetch((const void *)((uintptr_t)in + PACK_AHEAD + LINE), 0, PACK_CACHE);
  }
  if (from == to && !scaled) {
    const size_t lines = to == LORA_F32 ? 2 : 1;
    UNROLL for (size_t i = 0; i < lines; i++) {
      v32h line;
      memcpy(&line, in + i * LINE, LINE);
      emit(out + i * LINE, line, streams);
    }
  } else if (to == LORA_F32) {
    const size_t size = from == LORA_F32 ? 4 : 2;
    UNROLL for (size_t i = 0; i < 2; i++) {
      v16f v = widen_lanes(from, in + i * LORA_LANES * size);
      emit(out + i * LINE, (v32h)canonical(scaled ? v * scale : v), streams);
    }
  } else {
    emit(out, cast_16(from, to, scaled, scale, in), streams);
  }
}

/// Fewer elements than a step takes.
INLINE void pack_few(
  lora_dtype from, lora_dtype to, bool scaled, v16f scale, const char *in, size_t count, char *out) {
  const size_t in_size = from == LORA_F32 ? 4 : 2, out_size = to == LORA_F32 ? 4 : 2;
  char elements[PACK_PART * 4] = {0}, cast[PACK_PART * 4];
  memcpy(elements, in, count * in_size);
  pack_part(from, to, scaled, scale, elements, cast, false);
  memcpy(out, cast, count * out_size);
}

FOR_EACH void pack_all(
  lora_dtype from, lora_dtype to, bool scaled, float scale, const char *in, size_t count, char *out, bool streams) {
  const size_t in_size = from == LORA_F32 ? 4 : 2, out_size = to == LORA_F32 ? 4 : 2;
  size_t done = 0;
  // Elements that lie across lines never meet the start of one.
  if (streams && (uintptr_t)out % out_size == 0) {
    done = lora_min(-(uintptr_t)out % LINE / out_size, count);
    if (done) pack_few(from, to, scaled, scale, in, done, out);
    for (; count - done >= PACK_PART; done += PACK_PART)
      pack_part(from, to, scaled, scale, in + done * in_size, out + done * out_size, true);
  } else {
    for (; count - done >= PACK_PART; done += PACK_PART)
      pack_part(from, to, scaled, scale, in + done * in_size, out + done * out_size, false);
  }
  if (done < count) pack_few(from, to, scaled, scale, in + done * in_size, count - done, out + done * out_size);
}

TARGET static void pack(
  lora_dtype from, lora_dtype to, float scale, const void *in, size_t count, void *out, bool streams) {
#define CASE(source, target) \
  if (from == source && to == target) { \
    if (scale == 1) { \
      pack_all(source, target, false, 1, in, count, out, streams); \
    } else { \
      pack_all(source, target, true, scale, in, count, out, streams); \
    } \
  }
  CASE(LORA_BF16, LORA_BF16)
  CASE(LORA_F32, LORA_BF16)
  CASE(LORA_F16, LORA_BF16)
  CASE(LORA_F16, LORA_F16)
  CASE(LORA_F32, LORA_F16)
  CASE(LORA_BF16, LORA_F16)
  CASE(LORA_F32, LORA_F32)
  CASE(LORA_BF16, LORA_F32)
  CASE(LORA_F16, LORA_F32)
#undef CASE
}
