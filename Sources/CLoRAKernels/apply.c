// Products of rows with many tokens.

#include "levels.h"

void lora_apply_f32(
  lora_level level, lora_dtype dtype, size_t rows, size_t count, size_t length, const void *matrix, size_t row_bytes,
  const float *tokens, size_t stride, float *out, size_t out_stride) {
  lora_level_table_of(level)->apply_f32(
    dtype, rows, count, length, matrix, row_bytes, tokens, stride, out, out_stride);
}

void lora_apply_f64(
  lora_level level, lora_dtype dtype, size_t rows, size_t count, size_t length, const void *matrix, size_t row_bytes,
  const double *tokens, size_t stride, double *out, size_t out_stride) {
  lora_level_table_of(level)->apply_f64(
    dtype, rows, count, length, matrix, row_bytes, tokens, stride, out, out_stride);
}
