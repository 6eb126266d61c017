// Conversion between types, in blocks that stay in the first-level cache.

#include "levels.h"

enum { BLOCK = 1024 };

void lora_widen_f32(lora_level level, lora_dtype dtype, const void *bytes, size_t first, size_t count, float *out) {
  const lora_level_table *kernels = lora_level_table_of(level);
  lora_code code = lora_code_of(dtype);
  if (code.bits >= 8) {
    kernels->widen(dtype, (const char *)bytes + first * code.size, count, out);
    return;
  }
  uint8_t codes[BLOCK];
  for (size_t at = 0; at < count; at += BLOCK) {
    size_t n = lora_min(BLOCK, count - at);
    lora_gather(dtype, bytes, first + at, 1, n, codes);
    kernels->widen(dtype, codes, n, out + at);
  }
}

void lora_widen_f64(lora_level level, lora_dtype dtype, const void *bytes, size_t first, size_t count, double *out) {
  if (dtype == LORA_F64) {
    memcpy(out, (const char *)bytes + first * sizeof *out, count * sizeof *out);
    return;
  }
  lora_code code = lora_code_of(dtype);
  if (code.bits >= 8) {
    lora_widen_scaled(level, dtype, (const char *)bytes + first * code.size, count, 1, out);
    return;
  }
  float values[BLOCK];
  for (size_t at = 0; at < count; at += BLOCK) {
    size_t n = lora_min(BLOCK, count - at);
    lora_widen_f32(level, dtype, bytes, first + at, n, values);
    lora_level_table_of(level)->widen_f64(values, n, out + at);
  }
}

void lora_widen_scaled(
  lora_level level, lora_dtype dtype, const void *bytes, size_t count, double scale, double *out) {
  lora_level_table_of(level)->widen_scaled(dtype, bytes, count, scale, out);
}

void lora_narrow_f32(lora_level level, const float *values, size_t count, lora_dtype dtype, void *out) {
  lora_level_table_of(level)->narrow_f32(dtype, values, count, out);
}

void lora_narrow_f64(lora_level level, const double *values, size_t count, lora_dtype dtype, void *out) {
  lora_level_table_of(level)->narrow_f64(dtype, values, count, out);
}

static uint64_t code_at(const char *bytes, size_t size, size_t index) {
  uint64_t code = 0;
  memcpy(&code, bytes + index * size, size);
  return code;
}

uint64_t lora_convert(
  lora_level level, lora_dtype from, const void *bytes, size_t count, lora_dtype to, void *out) {
  const lora_level_table *kernels = lora_level_table_of(level);
  lora_code target = lora_code_of(to);
  if (from == to) {
    memcpy(out, bytes, count * target.size);
    return 0;
  }
  union {
    float narrow[BLOCK];
    double wide[BLOCK];
  } values;
  uint64_t overflowed = 0;
  for (size_t at = 0; at < count; at += BLOCK) {
    size_t n = lora_min(BLOCK, count - at);
    char *block = (char *)out + at * target.size;
    if (from == LORA_F64) {
      lora_widen_f64(level, from, bytes, at, n, values.wide);
      kernels->narrow_f64(to, values.wide, n, block);
    } else {
      lora_widen_f32(level, from, bytes, at, n, values.narrow);
      kernels->narrow_f32(to, values.narrow, n, block);
    }
    if (kernels->peak(target.size, target.magnitude, block, n) < target.infinity) continue;
    for (size_t i = 0; i < n; i++) {
      bool finite = from == LORA_F64 ? values.wide[i] - values.wide[i] == 0 : values.narrow[i] - values.narrow[i] == 0;
      overflowed += finite && (code_at(block, target.size, i) & target.magnitude) == target.infinity;
    }
  }
  return overflowed;
}
