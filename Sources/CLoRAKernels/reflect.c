// Orthogonal transformations of many columns.

#include "levels.h"

void lora_reflect_f64(
  lora_level level, bool undoes, size_t reflectors, size_t rows, const double *v, size_t stride, const double *factors,
  size_t columns, double *top, size_t top_stride, double *below, size_t below_stride) {
  lora_level_table_of(level)->reflect_f64(
    undoes, reflectors, rows, v, stride, factors, columns, top, top_stride, below, below_stride);
}

void lora_fold_f64(
  lora_level level, size_t size, size_t rows, double *triangle, double *block, size_t stride, double *factors) {
  lora_level_table_of(level)->fold_f64(size, rows, triangle, block, stride, factors);
}

bool lora_rotate_f64(
  lora_level level, size_t count, size_t rows, size_t height, double *columns, size_t stride, double *squares) {
  return lora_level_table_of(level)->rotate_f64(count, rows, height, columns, stride, squares);
}

void lora_bidiagonal_f64(
  lora_level level, size_t size, double *matrix, size_t stride, double *work, double *diagonal, double *above) {
  lora_level_table_of(level)->bidiagonalize(size, matrix, stride, work, diagonal, above);
}
