// Products of one row with many tokens.

#include "levels.h"

void lora_dots_f32(
  lora_level level, const float *row, const float *tokens, size_t stride, size_t count, size_t length, float *out,
  size_t out_stride) {
  lora_level_table_of(level)->dots_f32(row, tokens, stride, count, length, out, out_stride);
}

void lora_dots_f64(
  lora_level level, const double *row, const double *tokens, size_t stride, size_t count, size_t length, double *out,
  size_t out_stride) {
  lora_level_table_of(level)->dots_f64(row, tokens, stride, count, length, out, out_stride);
}
