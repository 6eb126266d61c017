#include "byte_planes.h"

#include <string.h>

// Constant widths, so that the compiler turns each loop into shuffles.
#define INLINE static inline __attribute__((always_inline))

INLINE void split(const uint8_t *restrict bytes, size_t elements, size_t width, uint8_t *restrict planes) {
  for (size_t plane = 0; plane < width; plane++)
    for (size_t i = 0; i < elements; i++) planes[plane * elements + i] = bytes[i * width + plane];
}

INLINE void join2(const uint8_t *restrict low, const uint8_t *restrict high, size_t elements, uint8_t *restrict bytes) {
  for (size_t i = 0; i < elements; i++) {
    bytes[2 * i] = low[i];
    bytes[2 * i + 1] = high[i];
  }
}

INLINE void join(const uint8_t *restrict planes, size_t elements, size_t width, uint8_t *restrict bytes) {
  for (size_t i = 0; i < elements; i++)
    for (size_t plane = 0; plane < width; plane++) bytes[i * width + plane] = planes[plane * elements + i];
}

void lora_split_planes(const uint8_t *bytes, size_t count, size_t width, uint8_t *planes) {
  size_t elements = count / width;
  switch (width) {
    case 2: split(bytes, elements, 2, planes); break;
    case 4: split(bytes, elements, 4, planes); break;
    case 8: split(bytes, elements, 8, planes); break;
    default: elements = 0; break;
  }
  memcpy(planes + elements * width, bytes + elements * width, count - elements * width);
}

void lora_join_planes(const uint8_t *planes, size_t count, size_t width, uint8_t *bytes) {
  size_t elements = count / width;
  switch (width) {
    case 2: join2(planes, planes + elements, elements, bytes); break;
    case 4: join(planes, elements, 4, bytes); break;
    case 8: join(planes, elements, 8, bytes); break;
    default: elements = 0; break;
  }
  memcpy(bytes + elements * width, planes + elements * width, count - elements * width);
}
