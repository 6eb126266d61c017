#include "byte_planes.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/// The last code: the value stands behind the table, in the order of the elements.
enum { NO_CODE = 15 };

/// One exceptional value in so many is what codes may cost.
enum { EXCEPTIONS = 64 };

#define SPLIT(name, type, width) \
  INLINE void name(const uint8_t *restrict bytes, size_t elements, uint8_t *restrict planes) { \
    for (size_t i = 0; i < elements; i++) { \
      type element; \
      memcpy(&element, bytes + i * width, width); \
      element = (type)(element << 1 | element >> (8 * width - 1)); \
      for (size_t plane = 0; plane < width; plane++) planes[plane * elements + i] = (uint8_t)(element >> (8 * plane)); \
    } \
  }
SPLIT(split_2, uint16_t, 2)
SPLIT(split_4, uint32_t, 4)
SPLIT(split_8, uint64_t, 8)

/// The most frequent bytes, the most frequent first and of equal ones the smallest; returns how many others there are.
static size_t choose(const uint8_t *top, size_t elements, uint8_t table[LORA_CODE_TABLE]) {
  uint32_t counts[4][256] = {{0}};
  for (size_t i = 0; i < elements; i++) counts[i % 4][top[i]]++;
  size_t others = elements;
  for (int code = 0; code < NO_CODE; code++) {
    uint32_t most = 0;
    int best = 0;
    for (int value = 0; value < 256; value++) {
      uint32_t count = counts[0][value] + counts[1][value] + counts[2][value] + counts[3][value];
      if (count > most) most = count, best = value;
    }
    table[code] = (uint8_t)best;
    others -= most;
    for (int part = 0; part < 4; part++) counts[part][best] = 0;
  }
  table[NO_CODE] = 0;
  return others;
}

/// Codes for the top bytes, two in a byte, in their place; returns the bytes that they take.
static size_t encode(uint8_t *top, size_t elements, const uint8_t table[LORA_CODE_TABLE]) {
  uint8_t codes[256];
  memset(codes, NO_CODE, sizeof codes);
  for (int code = NO_CODE - 1; code >= 0; code--) codes[table[code]] = (uint8_t)code;
  for (size_t i = 0; i < elements / 2; i++) top[i] = (uint8_t)(codes[top[2 * i]] | codes[top[2 * i + 1]] << 4);
  if (elements % 2) top[elements / 2] = codes[top[elements - 1]];
  return (elements + 1) / 2;
}

/// The top bytes of elements without a code, in order.
static size_t list_exceptions(
  const uint8_t *bytes, size_t elements, size_t width, const uint8_t *codes, uint8_t *exceptions) {
  size_t found = 0;
  for (size_t i = 0; i < elements; i++) {
    if ((codes[i / 2] >> (4 * (i % 2)) & NO_CODE) != NO_CODE) continue;
    const uint8_t *end = bytes + (i + 1) * width;
    exceptions[found++] = (uint8_t)(end[-1] << 1 | end[-2] >> 7);
  }
  return found;
}

size_t lora_planes_least(size_t count, size_t width, bool coded) {
  size_t elements = count / width;
  return coded ? count - elements + (elements + 1) / 2 + LORA_CODE_TABLE : count;
}

size_t lora_split_planes(const uint8_t *bytes, size_t count, size_t width, uint8_t *planes, bool *coded) {
  size_t elements = count / width, tail = count % width;
  switch (width) {
    case 2: split_2(bytes, elements, planes); break;
    case 4: split_4(bytes, elements, planes); break;
    default: split_8(bytes, elements, planes); break;
  }
  uint8_t table[LORA_CODE_TABLE];
  uint8_t *top = planes + (width - 1) * elements;
  size_t others = choose(top, elements, table), size = elements;
  *coded = others <= elements / EXCEPTIONS && lora_planes_least(count, width, true) + others <= count;
  if (*coded) {
    size = encode(top, elements, table);
    memcpy(top + size, table, LORA_CODE_TABLE);
    if (others > 0) list_exceptions(bytes, elements, width, top, top + size + LORA_CODE_TABLE);
    size += LORA_CODE_TABLE + others;
  }
  memcpy(top + size, bytes + count - tail, tail);
  return (size_t)(top - planes) + size + tail;
}
