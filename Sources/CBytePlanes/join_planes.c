#include <string.h>

#include "byte_planes.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define INLINE static inline __attribute__((always_inline))

/// Elements of one step, which are bytes of a cache line as well.
enum { STEP = 64 };

/// The last code: the value stands behind the table, in the order of the elements.
enum { NO_CODE = 15 };

typedef uint8_t v32b __attribute__((vector_size(32)));
typedef uint8_t v64b __attribute__((vector_size(64)));
typedef uint16_t v32h __attribute__((vector_size(64)));
typedef uint32_t v16w __attribute__((vector_size(64)));

/// The top plane while it is read: bytes, or codes with their table and what has no code.
typedef struct {
  const uint8_t *bytes, *table, *exceptions, *end;
  bool is_coded;
} lora_top;

/// Elements one by one.
INLINE void join_each(
  const uint8_t *lower, size_t pitch, size_t elements, size_t width, const uint8_t *top, uint8_t *out) {
  for (size_t i = 0; i < elements; i++) {
    uint64_t element = (uint64_t)top[i] << (8 * (width - 1));
    for (size_t plane = 0; plane + 1 < width; plane++) element |= (uint64_t)lower[plane * pitch + i] << (8 * plane);
    uint64_t sign = element & 1;
    element = element >> 1 | sign << (8 * width - 1);
    memcpy(out + i * width, &element, width);
  }
}

// One level for each set of instructions; the vectors are the same, the compiler cuts them to size.

#if defined(__x86_64__)

#define LEVEL avx512
#define TARGET __attribute__((target("avx,avx2,avx512f,avx512bw,avx512vl,avx512dq")))
TARGET INLINE void look_up_avx512(const uint8_t *table, const v64b *codes, v64b *out) {
  __m512i values = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)table));
  *out = (v64b)_mm512_shuffle_epi8(values, (__m512i)*codes);
}
#include "join_level.h"

#define LEVEL avx2
#define TARGET __attribute__((target("avx,avx2")))
TARGET INLINE void look_up_avx2(const uint8_t *table, const v64b *codes, v64b *out) {
  __m256i values = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)table)), half[2];
  memcpy(half, codes, sizeof half);
  half[0] = _mm256_shuffle_epi8(values, half[0]);
  half[1] = _mm256_shuffle_epi8(values, half[1]);
  memcpy(out, half, sizeof half);
}
#include "join_level.h"

#endif

#define LEVEL plain
#define TARGET
INLINE void look_up_plain(const uint8_t *table, const v64b *codes, v64b *out) {
#if defined(__aarch64__)
  uint8x16_t values = vld1q_u8(table), part[4];
  memcpy(part, codes, sizeof part);
  for (size_t i = 0; i < 4; i++) part[i] = vqtbl1q_u8(values, part[i]);
  memcpy(out, part, sizeof part);
#else
  for (size_t i = 0; i < STEP; i++) (*out)[i] = table[(*codes)[i]];
#endif
}
#include "join_level.h"

typedef bool (*lora_join)(const uint8_t *, size_t, size_t, size_t, lora_top *, bool, uint8_t *);

static const lora_join levels[] = {
  join_plain,
#if defined(__x86_64__)
  join_avx2,
  join_avx512,
#endif
};

uint32_t lora_planes_levels(void) {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2")) return 1;
  bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
    && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  return wide ? 3 : 2;
#else
  return 1;
#endif
}

/// Fewer elements than a step takes, from an even one on.
static bool join_rest(
  const uint8_t *lower, size_t pitch, size_t elements, size_t width, lora_top *top, uint8_t *out) {
  uint8_t values[STEP];
  for (size_t i = 0; i < elements; i++) {
    if (!top->is_coded) {
      values[i] = top->bytes[i];
      continue;
    }
    uint8_t code = top->bytes[i / 2] >> (4 * (i % 2)) & NO_CODE;
    if (code == NO_CODE && top->exceptions == top->end) return false;
    values[i] = code == NO_CODE ? *top->exceptions++ : top->table[code];
  }
  join_each(lower, pitch, elements, width, values, out);
  return true;
}

bool lora_join_planes(
  uint32_t level, const uint8_t *planes, size_t planes_count, size_t count, size_t width, bool coded, bool streams,
  uint8_t *bytes) {
  size_t elements = count / width, tail = count % width, least = lora_planes_least(count, width, coded);
  if (coded ? planes_count < least : planes_count != least) return false;
  const uint8_t *upper = planes + (width - 1) * elements, *end = planes + planes_count - tail;
  lora_top top = {.bytes = upper, .is_coded = coded, .end = end, .exceptions = end};
  if (coded) {
    top.table = upper + (elements + 1) / 2;
    top.exceptions = top.table + LORA_CODE_TABLE;
  }
  size_t whole = elements - elements % STEP;
  streams = streams && (uintptr_t)bytes % STEP == 0;
  bool fits = levels[level](planes, elements, whole, width, &top, streams, bytes)
    && join_rest(planes + whole, elements, elements - whole, width, &top, bytes + whole * width);
#if defined(__x86_64__)
  // Other threads see what passed the caches before whatever follows.
  if (streams) __builtin_ia32_sfence();
#endif
  memcpy(bytes + count - tail, end, tail);
  return fits && top.exceptions == top.end;
}
