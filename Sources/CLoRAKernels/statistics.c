// Sums that do not depend on the order of their terms: fixed point over the whole range of a double.

#include "levels.h"

// Limb i holds multiples of 2^(32 i - 1074); up to 2^31 terms fit before a carry could be lost.

void lora_exact_sum_add(lora_exact_sum *sum, double value) {
  uint64_t bits = lora_bits_f64(value), exponent = bits >> 52, mantissa = bits & 0xfffffffffffff;
  if (exponent >= 0x7ff) {  // infinity, NaN, or a sign bit that a sum of squares cannot have
    sum->not_finite = true;
    return;
  }
  if (exponent > 0) mantissa |= (uint64_t)1 << 52;
  unsigned shift = exponent > 0 ? (unsigned)exponent - 1 : 0, limb = shift / 32;
  uint64_t low = (mantissa & 0xffffffff) << shift % 32, high = (mantissa >> 32) << shift % 32;
  sum->limb[limb] += low & 0xffffffff;
  sum->limb[limb + 1] += (low >> 32) + (high & 0xffffffff);
  sum->limb[limb + 2] += high >> 32;
}

static void carry(lora_exact_sum *sum) {
  for (size_t i = 0; i + 1 < sizeof sum->limb / sizeof *sum->limb; i++) {
    sum->limb[i + 1] += sum->limb[i] >> 32;
    sum->limb[i] &= 0xffffffff;
  }
}

void lora_exact_sum_merge(lora_exact_sum *sum, const lora_exact_sum *other) {
  carry(sum);
  for (size_t i = 0; i < sizeof sum->limb / sizeof *sum->limb; i++) sum->limb[i] += other->limb[i];
  sum->not_finite |= other->not_finite;
}

double lora_exact_sum_value(const lora_exact_sum *sum) {
  lora_exact_sum carried = *sum;
  carry(&carried);
  if (sum->not_finite) return lora_f64_of(0x7ff8000000000000);
  double value = 0;
  for (size_t i = sizeof sum->limb / sizeof *sum->limb; i-- > 0;) {
    if (carried.limb[i] == 0) continue;
    // 2^(32 i - 1074) as a product of two powers of two, since the smallest have no normal form.
    int exponent = (int)i * 32 - 1074, half = exponent / 2;
    double scale = lora_f64_of((uint64_t)(1023 + half) << 52) * lora_f64_of((uint64_t)(1023 + exponent - half) << 52);
    value += (double)carried.limb[i] * scale;
  }
  return value;
}
