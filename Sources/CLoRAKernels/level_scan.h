// Part of level_body.h: the largest code of a block.

#define PEAK(name, type, lanes) \
  typedef type v_##name __attribute__((ext_vector_type(lanes))); \
  INLINE uint64_t peak_##name(type mask, const char *in, size_t count) { \
    const v_##name sizes = mask; \
    v_##name most[4] = {0, 0, 0, 0}, next; \
    size_t bytes = count * sizeof(type), at = 0; \
    for (; at + 4 * sizeof next <= bytes; at += 4 * sizeof next) UNROLL for (int u = 0; u < 4; u++) { \
      memcpy(&next, in + at + u * sizeof next, sizeof next); \
      most[u] = __builtin_elementwise_max(most[u], next & sizes); \
    } \
    for (; at < bytes; at += sizeof next) { \
      next = 0; \
      memcpy(&next, in + at, lora_min(bytes - at, sizeof next)); \
      most[0] = __builtin_elementwise_max(most[0], next & sizes); \
    } \
    most[0] = __builtin_elementwise_max(most[0], most[1]); \
    most[2] = __builtin_elementwise_max(most[2], most[3]); \
    return (uint64_t)__builtin_reduce_max(__builtin_elementwise_max(most[0], most[2])); \
  }

// Without its sign bit a 64-bit code is the same signed or unsigned, and signed comparison exists everywhere.
PEAK(bytes, uint8_t, 64)
PEAK(halves, uint16_t, 32)
PEAK(words, uint32_t, 16)
PEAK(longs, int64_t, 8)
#undef PEAK

TARGET static uint64_t peak(size_t size, uint64_t mask, const void *elements, size_t count) {
  switch (size) {
  case 1: return peak_bytes((uint8_t)mask, elements, count);
  case 2: return peak_halves((uint16_t)mask, elements, count);
  case 4: return peak_words((uint32_t)mask, elements, count);
  default: return peak_longs((int64_t)mask, elements, count);
  }
}
