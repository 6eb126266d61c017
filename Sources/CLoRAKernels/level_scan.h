// Part of level_body.h: codes of a block of elements as integers, 64 bytes at a time.

// Without its sign bit a 64-bit code is the same signed or unsigned, and signed comparison exists everywhere.
#define EVERY_SIZE(of) of(1, uint8_t, 64) of(2, uint16_t, 32) of(4, uint32_t, 16) of(8, int64_t, 8)

#define SCAN(size, element, lanes) \
  typedef element codes_##size __attribute__((ext_vector_type(lanes))); \
  \
  INLINE codes_##size load_codes_##size(const char *in, size_t bytes) { \
    codes_##size next = 0; \
    if (bytes >= sizeof next) memcpy(&next, in, sizeof next); \
    else memcpy(&next, in, bytes); \
    return next; \
  } \
  \
  INLINE uint64_t peak_##size(element mask, const char *in, size_t bytes) { \
    codes_##size most[4] = {0, 0, 0, 0}; \
    size_t at = 0; \
    for (; at + 256 <= bytes; at += 256) UNROLL for (int u = 0; u < 4; u++) \
      most[u] = __builtin_elementwise_max(most[u], load_codes_##size(in + at + u * 64, 64) & mask); \
    for (; at < bytes; at += 64) \
      most[0] = __builtin_elementwise_max(most[0], load_codes_##size(in + at, bytes - at) & mask); \
    most[0] = __builtin_elementwise_max(most[0], most[1]); \
    most[2] = __builtin_elementwise_max(most[2], most[3]); \
    return (uint64_t)__builtin_reduce_max(__builtin_elementwise_max(most[0], most[2])); \
  } \
  \
  INLINE lora_census census_##size(const lora_code *type, const char *in, size_t bytes) { \
    const element mask = (element)type->magnitude, largest = (element)type->largest; \
    const codes_##size infinity = (element)type->infinity, lone = (element)(type->magnitude + 1); \
    const codes_##size none = 0, every = ~none; \
    const codes_##size may_be_infinite = type->infinity == LORA_NONE ? none : every; \
    const codes_##size only_lone = type->negative_nan ? every : none; \
    codes_##size most = 0; \
    lora_census found = {0, 0, 0}; \
    for (size_t at = 0; at < bytes;) { \
      codes_##size special = 0, infinite = 0; /* counts by lane, which 255 rounds cannot overflow */ \
      for (int round = 0; round < 255 && at < bytes; round++, at += 64) { \
        codes_##size code = load_codes_##size(in + at, bytes - at), sizes = code & mask; \
        codes_##size odd = only_lone & (codes_##size)(code == lone); \
        odd |= ~only_lone & (codes_##size)(sizes > largest); \
        most = __builtin_elementwise_max(most, sizes & ~odd); \
        special -= odd; \
        infinite -= may_be_infinite & (codes_##size)(sizes == infinity); \
      } \
      for (int lane = 0; lane < lanes; lane++) { \
        found.nan += (uint64_t)(special[lane] - infinite[lane]); \
        found.infinite += (uint64_t)infinite[lane]; \
      } \
    } \
    found.most = (uint64_t)__builtin_reduce_max(most); \
    return found; \
  }
EVERY_SIZE(SCAN)
#undef SCAN

TARGET static uint64_t peak(size_t size, uint64_t mask, const void *elements, size_t count) {
#define CASE(bytes, element, lanes) \
  if (size == bytes) return peak_##bytes((element)mask, elements, count * bytes);
  EVERY_SIZE(CASE)
#undef CASE
  return 0;
}

TARGET static lora_census census(const lora_code *type, const void *elements, size_t count) {
#define CASE(bytes, element, lanes) \
  if (type->size == bytes) return census_##bytes(type, elements, count * bytes);
  EVERY_SIZE(CASE)
#undef CASE
  return (lora_census){0, 0, 0};
}

#undef EVERY_SIZE
