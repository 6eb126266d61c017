// Householder reflections of many columns.

#include "levels.h"

void lora_reflect_f64(
  lora_level level, size_t reflectors, size_t rows, const double *v, size_t stride, const double *factors,
  size_t columns, double *top, size_t top_stride, double *below) {
  lora_level_table_of(level)->reflect_f64(reflectors, rows, v, stride, factors, columns, top, top_stride, below);
}
