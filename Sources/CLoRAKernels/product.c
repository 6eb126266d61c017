// Products of packed matrices that are not part of a merge.

#include "levels.h"

void lora_product_f64(
  lora_level level, size_t rows, size_t strips, size_t depth, const double *left, const double *right, double *out,
  size_t stride) {
  // Nothing is fetched ahead: strides of zero touch one line that is needed anyway.
  lora_ahead ahead = {(const char *)right, 0, 0};
  lora_level_table_of(level)->product_f64(rows, strips, depth, left, right, out, stride, ahead);
}
