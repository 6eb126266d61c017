// One pass over stored values: peaks by block at full speed, element by element only where a block has a problem.

#include "levels.h"

enum { BLOCK = 16384 };

static uint64_t code_at(const uint8_t *elements, uint32_t size, size_t index) {
  switch (size) {
  case 1: return elements[index];
  case 2: {
    uint16_t code;
    memcpy(&code, elements + index * 2, 2);
    return code;
  }
  case 4: {
    uint32_t code;
    memcpy(&code, elements + index * 4, 4);
    return code;
  }
  default: {
    uint64_t code;
    memcpy(&code, elements + index * 8, 8);
    return code;
  }
  }
}

/// Whether an element is finite; its magnitude code is `code & magnitude`.
static bool is_finite(const lora_code *type, uint64_t code) {
  if (type->negative_nan) return code != type->magnitude + 1;
  return (code & type->magnitude) <= type->largest;
}

/// A block of elements as the level functions take them: in place, or unpacked into `codes`.
static const uint8_t *block_of(
  lora_dtype dtype, const lora_code *type, const void *bytes, size_t first, size_t count, uint8_t *codes) {
  if (type->bits >= 8) return (const uint8_t *)bytes + first * type->size;
  lora_gather(dtype, bytes, first, 1, count, codes);
  return codes;
}

static bool may_have_nan(const lora_code *type, const uint8_t *block, size_t count, uint64_t peak) {
  return type->negative_nan ? memchr(block, (int)type->magnitude + 1, count) != NULL : peak > type->largest;
}

static double value_of(lora_level level, lora_dtype dtype, uint64_t code) {
  if (dtype == LORA_F64) return lora_f64_of(code);
  float value;
  lora_level_table_of(level)->widen(dtype, &code, 1, &value);
  return value;
}

/// Index of the first NaN, or infinity, of a block that has one.
static uint64_t first_of(const lora_code *type, const uint8_t *block, bool infinite) {
  for (size_t i = 0;; i++) {
    uint64_t code = code_at(block, type->size, i);
    if (!is_finite(type, code) && ((code & type->magnitude) == type->infinity) == infinite) return i;
  }
}

lora_scan_result lora_scan(lora_level level, lora_dtype dtype, const void *bytes, size_t count) {
  lora_scan_result result = {.nan_first = LORA_NONE, .inf_first = LORA_NONE};
  lora_code type = lora_code_of(dtype);
  uint8_t codes[BLOCK];
  uint64_t most = 0;
  size_t step = BLOCK / type.size;
  for (size_t at = 0; at < count; at += step) {
    size_t n = lora_min(step, count - at);
    const uint8_t *block = block_of(dtype, &type, bytes, at, n, codes);
    uint64_t peak = lora_level_table_of(level)->peak(type.size, type.magnitude, block, n);
    if (may_have_nan(&type, block, n, peak)) {
      lora_census found = lora_level_table_of(level)->census(&type, block, n);
      if (found.nan && result.nan_count == 0) result.nan_first = at + first_of(&type, block, false);
      if (found.infinite && result.inf_count == 0) result.inf_first = at + first_of(&type, block, true);
      result.nan_count += found.nan;
      result.inf_count += found.infinite;
      peak = found.most;
    }
    if (peak > most) most = peak;
  }
  // An E8M0 code of 0 has a value too.
  if (result.nan_count + result.inf_count < count) result.max_finite = value_of(level, dtype, most);
  result.any_nonzero = result.max_finite > 0 || result.nan_count > 0 || result.inf_count > 0;
  return result;
}

uint64_t lora_find_exceeding(
  lora_level level, lora_dtype dtype, const void *bytes, size_t count, double threshold) {
  lora_code type = lora_code_of(dtype);
  // The smallest magnitude code whose value reaches the threshold; codes of one sign are ordered like their values.
  uint64_t from = 0, to = type.largest + 1;
  while (from < to) {
    uint64_t middle = from + (to - from) / 2;
    if (value_of(level, dtype, middle) >= threshold) to = middle;
    else from = middle + 1;
  }
  if (from > type.largest) return LORA_NONE;
  uint8_t codes[BLOCK];
  size_t step = BLOCK / type.size;
  for (size_t at = 0; at < count; at += step) {
    size_t n = lora_min(step, count - at);
    const uint8_t *block = block_of(dtype, &type, bytes, at, n, codes);
    if (lora_level_table_of(level)->peak(type.size, type.magnitude, block, n) < from) continue;
    for (size_t i = 0; i < n; i++) {
      uint64_t code = code_at(block, type.size, i);
      if (is_finite(&type, code) && (code & type.magnitude) >= from) return at + i;
    }
  }
  return LORA_NONE;
}
