// What the codes of each type mean, and element access by index.

#include "levels.h"

lora_code lora_code_of(lora_dtype dtype) {
  switch (dtype) {
  case LORA_F64: return (lora_code){8, 64, INT64_MAX, 0x7fefffffffffffff, 0x7ff0000000000000, false};
  case LORA_F32: return (lora_code){4, 32, 0x7fffffff, 0x7f7fffff, 0x7f800000, false};
  case LORA_F16: return (lora_code){2, 16, 0x7fff, 0x7bff, 0x7c00, false};
  case LORA_BF16: return (lora_code){2, 16, 0x7fff, 0x7f7f, 0x7f80, false};
  case LORA_F8_E4M3: return (lora_code){1, 8, 0x7f, 0x7e, LORA_NONE, false};
  case LORA_F8_E5M2: return (lora_code){1, 8, 0x7f, 0x7b, 0x7c, false};
  case LORA_F8_E4M3FNUZ:
  case LORA_F8_E5M2FNUZ: return (lora_code){1, 8, 0x7f, 0x7f, LORA_NONE, true};
  case LORA_F8_E8M0: return (lora_code){1, 8, 0xff, 0xfe, LORA_NONE, false};
  case LORA_F6_E2M3:
  case LORA_F6_E3M2: return (lora_code){1, 6, 0x1f, 0x1f, LORA_NONE, false};
  case LORA_F4_E2M1: break;
  }
  return (lora_code){1, 4, 0x7, 0x7, LORA_NONE, false};
}

void lora_gather(lora_dtype dtype, const void *bytes, size_t first, size_t stride, size_t count, void *out) {
  lora_code code = lora_code_of(dtype);
  const uint8_t *in = bytes;
  if (code.bits < 8) {
    uint8_t *to = out;
    for (size_t i = 0; i < count; i++) {
      size_t bit = (first + i * stride) * code.bits, shift = bit % 8;
      unsigned two = in[bit / 8];
      if (shift + code.bits > 8) two |= (unsigned)in[bit / 8 + 1] << 8;
      to[i] = (two >> shift) & ((1u << code.bits) - 1);
    }
    return;
  }
  in += first * code.size;
  if (stride == 1) {
    memcpy(out, in, count * code.size);
    return;
  }
  switch (code.size) {
#define CASE(bytes) \
  case bytes: \
    for (size_t i = 0; i < count; i++) memcpy((char *)out + i * bytes, in + i * stride * bytes, bytes); \
    break;
    CASE(1)
    CASE(2)
    CASE(4)
    CASE(8)
#undef CASE
  }
}
