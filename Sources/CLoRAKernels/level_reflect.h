// Part of level_body.h: a block of Householder reflections applied to many columns, as in LAPACK's `tpmqrt`. Sums run
// over the rows in eight lanes, which are then added as a tree.

enum { LORA_REFLECTORS = 4, LORA_REFLECTED = 4 };

INLINE v8d load_part_half(const double *p, size_t count) {
  v8d v = 0;
  memcpy(&v, p, count * sizeof *p);
  return v;
}

INLINE double total_half(v8d v) {
  __typeof__(v.lo) four = v.lo + v.hi;
  return (four[0] + four[2]) + (four[1] + four[3]);
}

/// Up to four columns, which stay in registers with the sums.
INLINE void reflect_columns(
  const size_t columns, const size_t reflectors, size_t rows, const double *v, size_t stride, const double *factors,
  double *top, size_t top_stride, double *below) {
  v8d sum[LORA_REFLECTORS][LORA_REFLECTED];
  UNROLL for (size_t p = 0; p < reflectors; p++) UNROLL for (size_t c = 0; c < columns; c++) sum[p][c] = 0;
  size_t whole = rows / 8 * 8, rest = rows - whole;
  for (size_t i = 0; i < whole; i += 8) {
    v8d own[LORA_REFLECTED];
    UNROLL for (size_t c = 0; c < columns; c++) own[c] = load_half(below + c * stride + i);
    UNROLL for (size_t p = 0; p < reflectors; p++) {
      v8d part = load_half(v + p * stride + i);
      UNROLL for (size_t c = 0; c < columns; c++) sum[p][c] = fma_half(part, own[c], sum[p][c]);
    }
  }
  if (rest > 0) {
    UNROLL for (size_t p = 0; p < reflectors; p++) {
      v8d part = load_part_half(v + p * stride + whole, rest);
      UNROLL for (size_t c = 0; c < columns; c++)
        sum[p][c] = fma_half(part, load_part_half(below + c * stride + whole, rest), sum[p][c]);
    }
  }
  double weight[LORA_REFLECTORS][LORA_REFLECTED];
  UNROLL for (size_t c = 0; c < columns; c++) {
    double shared[LORA_REFLECTORS];
    UNROLL for (size_t p = 0; p < reflectors; p++) shared[p] = top[c * top_stride + p] + total_half(sum[p][c]);
    UNROLL for (size_t p = 0; p < reflectors; p++) {
      double w = 0;
      UNROLL for (size_t q = 0; q < reflectors; q++) w += factors[p * reflectors + q] * shared[q];
      weight[p][c] = -w;
    }
    UNROLL for (size_t p = 0; p < reflectors; p++) top[c * top_stride + p] += weight[p][c];
  }
  for (size_t i = 0; i < whole; i += 8) {
    v8d own[LORA_REFLECTED];
    UNROLL for (size_t c = 0; c < columns; c++) own[c] = load_half(below + c * stride + i);
    UNROLL for (size_t p = 0; p < reflectors; p++) {
      v8d part = load_half(v + p * stride + i);
      UNROLL for (size_t c = 0; c < columns; c++) own[c] = fma_half(part, (v8d)weight[p][c], own[c]);
    }
    UNROLL for (size_t c = 0; c < columns; c++) store_half(below + c * stride + i, own[c]);
  }
  if (rest > 0) {
    UNROLL for (size_t c = 0; c < columns; c++) {
      v8d own = load_part_half(below + c * stride + whole, rest);
      UNROLL for (size_t p = 0; p < reflectors; p++)
        own = fma_half(load_part_half(v + p * stride + whole, rest), (v8d)weight[p][c], own);
      memcpy(below + c * stride + whole, &own, rest * sizeof *below);
    }
  }
}

INLINE void reflect_all(
  const size_t reflectors, size_t rows, const double *v, size_t stride, const double *factors, size_t columns,
  double *top, size_t top_stride, double *below) {
  size_t c = 0;
  if (WIDE_HALVES == 4)
    for (; c + 4 <= columns; c += 4)
      reflect_columns(
        4, reflectors, rows, v, stride, factors, top + c * top_stride, top_stride, below + c * stride);
  for (; c < columns; c++)
    reflect_columns(1, reflectors, rows, v, stride, factors, top + c * top_stride, top_stride, below + c * stride);
}

TARGET static void reflect_f64(
  size_t reflectors, size_t rows, const double *v, size_t stride, const double *factors, size_t columns, double *top,
  size_t top_stride, double *below) {
  switch (reflectors) {
  case 4: reflect_all(4, rows, v, stride, factors, columns, top, top_stride, below); break;
  case 3: reflect_all(3, rows, v, stride, factors, columns, top, top_stride, below); break;
  case 2: reflect_all(2, rows, v, stride, factors, columns, top, top_stride, below); break;
  case 1: reflect_all(1, rows, v, stride, factors, columns, top, top_stride, below); break;
  }
}
