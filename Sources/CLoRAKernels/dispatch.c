// The table of levels, lowest first, and the choice among them. A new level is a file and a row.

#include "levels.h"

#include <stdlib.h>

static const lora_level_table *const levels[] = {
  &lora_level_scalar,
#if defined(__x86_64__)
  &lora_level_avx2,
  &lora_level_avx512,
#elif defined(__aarch64__)
  &lora_level_neon,
#endif
};

uint32_t lora_level_count(void) { return sizeof levels / sizeof *levels; }
const lora_level_table *lora_level_table_of(lora_level level) { return levels[level]; }
const char *lora_level_name(lora_level level) { return levels[level]->name; }
bool lora_level_available(lora_level level) { return levels[level]->available(); }
uint64_t lora_level_burn_f32(lora_level level, uint64_t rounds) { return levels[level]->burn_f32(rounds); }
uint64_t lora_level_burn_f64(lora_level level, uint64_t rounds) { return levels[level]->burn_f64(rounds); }

lora_level lora_level_preferred(void) {
  const char *wanted = getenv("LORA_TOOL_SIMD");
  lora_level best = 0;
  for (lora_level level = 0; level < lora_level_count(); level++) {
    if (!lora_level_available(level)) continue;
    if (wanted && strcmp(wanted, lora_level_name(level)) == 0) return level;
    best = level;
  }
  return best;
}
