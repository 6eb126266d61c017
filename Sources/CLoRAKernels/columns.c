// Columns: their products with each other, sums of them, and how they are turned and counted.

#include "levels.h"

void lora_add_gram(
  lora_level level, size_t columns, size_t rows, const double *block, size_t stride, double *gram) {
  lora_level_table_of(level)->add_gram(columns, rows, block, stride, gram);
}

double lora_sum_of_products(lora_level level, const double *left, const double *right, size_t count) {
  return lora_level_table_of(level)->sum_of_products(left, right, count);
}

void lora_add_multiple(lora_level level, double factor, const double *source, double *target, size_t count) {
  lora_level_table_of(level)->add_multiple(factor, source, target, count);
}

void lora_turn_f64(
  lora_level level, size_t rows, size_t columns, const double *in, size_t in_stride, double *out, size_t out_stride) {
  lora_level_table_of(level)->turn_f64(rows, columns, in, in_stride, out, out_stride);
}

lora_value_counts lora_count_f64(lora_level level, const double *values, size_t count) {
  return lora_level_table_of(level)->count_f64(values, count);
}

bool lora_cholesky_f64(lora_level level, size_t size, double *gram, double tolerance, double *work) {
  return lora_level_table_of(level)->cholesky(size, gram, tolerance, work);
}
