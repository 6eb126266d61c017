// The check of a merge, apart from the kernels that it checks.

#include "levels.h"

void lora_reference_add(
  lora_level level, size_t rows, size_t columns, size_t rank, const double *left, const double *right, double scale,
  double *sums) {
  lora_level_table_of(level)->reference_add(rows, columns, rank, left, right, scale, sums);
}

void lora_reference_numbers(lora_level level, lora_dtype dtype, const void *codes, size_t count, double *out) {
  lora_level_table_of(level)->reference_numbers(dtype, codes, count, out);
}

size_t lora_reference_doubts(
  lora_level level, lora_dtype dtype, const void *codes, const double *numbers, size_t count, uint32_t *doubts) {
  return lora_level_table_of(level)->reference_doubts(dtype, codes, numbers, count, doubts);
}

size_t lora_reference_check(lora_level level, const lora_check *check, uint32_t *doubts, double *numbers) {
  return lora_level_table_of(level)->reference_check(check, doubts, numbers);
}

bool lora_sift_right(
  lora_level level, size_t rank, size_t columns, const double *right, float *narrow, float *norms) {
  return lora_level_table_of(level)->sift_right(rank, columns, right, narrow, norms);
}

void lora_sift_left(
  lora_level level, size_t rows, size_t rank, const double *left, double scale, float *narrow, float *bounds) {
  lora_level_table_of(level)->sift_left(rows, rank, left, scale, narrow, bounds);
}
