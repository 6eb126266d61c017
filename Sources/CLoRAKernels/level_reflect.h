// Part of level_body.h: Householder reflections by blocks of rows, as in LAPACK's `tpqrt` and `tpmqrt`. Reflections are
// made and applied in panels of LORA_PANEL, whose triangles T lie one after another, LORA_PANEL numbers for each
// column. Sums run over the rows in eight lanes, which are then added as a tree.

enum { LORA_REFLECTED = 4 };

typedef double v4d __attribute__((ext_vector_type(4)));

INLINE v8d load_part_half(const double *p, size_t count) {
  v8d v = 0;
  memcpy(&v, p, count * sizeof *p);
  return v;
}

INLINE v4d load_top(const double *p, size_t count) {
  v4d v = 0;
  memcpy(&v, p, count * sizeof *p);
  return v;
}

/// The totals of four vectors: lanes four apart are added first, then those two apart, then the last two.
INLINE v4d totals_half(const v8d *v) {
  v8d first = __builtin_shufflevector(v[0], v[1], 0, 1, 2, 3, 8, 9, 10, 11)
    + __builtin_shufflevector(v[0], v[1], 4, 5, 6, 7, 12, 13, 14, 15);
  v8d second = __builtin_shufflevector(v[2], v[3], 0, 1, 2, 3, 8, 9, 10, 11)
    + __builtin_shufflevector(v[2], v[3], 4, 5, 6, 7, 12, 13, 14, 15);
  v8d pairs = __builtin_shufflevector(first, second, 0, 1, 4, 5, 8, 9, 12, 13)
    + __builtin_shufflevector(first, second, 2, 3, 6, 7, 10, 11, 14, 15);
  return __builtin_shufflevector(pairs, pairs, 0, 2, 4, 6) + __builtin_shufflevector(pairs, pairs, 1, 3, 5, 7);
}

/// Up to four columns under one panel; they stay in registers with the sums.
FOR_EACH void reflect_columns(
  const size_t columns, const size_t reflectors, bool undoes, size_t rows, const double *v, size_t stride,
  const double *factors, double *top, size_t top_stride, double *below, size_t below_stride) {
  v8d sum[LORA_REFLECTED][LORA_PANEL];
  UNROLL for (size_t c = 0; c < columns; c++) UNROLL for (size_t p = 0; p < LORA_PANEL; p++) sum[c][p] = 0;
  size_t whole = rows / 8 * 8, rest = rows - whole;
  for (size_t i = 0; i < whole; i += 8) {
    v8d own[LORA_REFLECTED];
    UNROLL for (size_t c = 0; c < columns; c++) own[c] = load_half(below + c * below_stride + i);
    UNROLL for (size_t p = 0; p < reflectors; p++) {
      v8d part = load_half(v + p * stride + i);
      UNROLL for (size_t c = 0; c < columns; c++) sum[c][p] = fma_half(part, own[c], sum[c][p]);
    }
  }
  if (rest > 0) {
    UNROLL for (size_t p = 0; p < reflectors; p++) {
      v8d part = load_part_half(v + p * stride + whole, rest);
      UNROLL for (size_t c = 0; c < columns; c++)
        sum[c][p] = fma_half(part, load_part_half(below + c * below_stride + whole, rest), sum[c][p]);
    }
  }
  v4d column[LORA_PANEL];
  UNROLL for (size_t q = 0; q < reflectors; q++) UNROLL for (size_t p = 0; p < LORA_PANEL; p++)
    column[q][p] = p >= reflectors ? 0 : factors[undoes ? q * LORA_PANEL + p : p * LORA_PANEL + q];
  double weight[LORA_REFLECTED][LORA_PANEL];
  UNROLL for (size_t c = 0; c < columns; c++) {
    v4d own = load_top(top + c * top_stride, reflectors), shared = own + totals_half(sum[c]), w = 0;
    UNROLL for (size_t q = 0; q < reflectors; q++) w += column[q] * shared[q];
    own -= w;
    memcpy(top + c * top_stride, &own, reflectors * sizeof *top);
    UNROLL for (size_t p = 0; p < LORA_PANEL; p++) weight[c][p] = -w[p];
  }
  for (size_t i = 0; i < whole; i += 8) {
    v8d own[LORA_REFLECTED];
    UNROLL for (size_t c = 0; c < columns; c++) own[c] = load_half(below + c * below_stride + i);
    UNROLL for (size_t p = 0; p < reflectors; p++) {
      v8d part = load_half(v + p * stride + i);
      UNROLL for (size_t c = 0; c < columns; c++) own[c] = fma_half(part, (v8d)weight[c][p], own[c]);
    }
    UNROLL for (size_t c = 0; c < columns; c++) store_half(below + c * below_stride + i, own[c]);
  }
  if (rest > 0) {
    UNROLL for (size_t c = 0; c < columns; c++) {
      v8d own = load_part_half(below + c * below_stride + whole, rest);
      UNROLL for (size_t p = 0; p < reflectors; p++)
        own = fma_half(load_part_half(v + p * stride + whole, rest), (v8d)weight[c][p], own);
      memcpy(below + c * below_stride + whole, &own, rest * sizeof *below);
    }
  }
}

/// Some columns under several panels, one after the other while the columns are in the innermost cache.
INLINE void reflect_panels(
  const size_t columns, bool undoes, size_t reflectors, size_t rows, const double *v, size_t stride,
  const double *factors, double *top, size_t top_stride, double *below, size_t below_stride) {
  size_t panels = (reflectors + LORA_PANEL - 1) / LORA_PANEL;
  for (size_t k = 0; k < panels; k++) {
    size_t first = (undoes ? panels - 1 - k : k) * LORA_PANEL, count = lora_min(LORA_PANEL, reflectors - first);
    const double *own = v + first * stride, *t = factors + first * LORA_PANEL;
    double *head = top + first;
    switch (count) {
    case 4: reflect_columns(columns, 4, undoes, rows, own, stride, t, head, top_stride, below, below_stride); break;
    case 3: reflect_columns(columns, 3, undoes, rows, own, stride, t, head, top_stride, below, below_stride); break;
    case 2: reflect_columns(columns, 2, undoes, rows, own, stride, t, head, top_stride, below, below_stride); break;
    default: reflect_columns(columns, 1, undoes, rows, own, stride, t, head, top_stride, below, below_stride); break;
    }
  }
}

TARGET static void reflect_f64(
  bool undoes, size_t reflectors, size_t rows, const double *v, size_t stride, const double *factors, size_t columns,
  double *top, size_t top_stride, double *below, size_t below_stride) {
  // Few enough vectors that they stay in the second cache while all columns pass.
  enum { GROUP = 4 * LORA_PANEL };
  size_t groups = (reflectors + GROUP - 1) / GROUP;
  for (size_t k = 0; k < groups; k++) {
    size_t first = (undoes ? groups - 1 - k : k) * GROUP, count = lora_min(GROUP, reflectors - first), c = 0;
    const double *own = v + first * stride, *t = factors + first * LORA_PANEL;
    double *head = top + first;
    if (WIDE_HALVES == 4)
      for (; c + LORA_REFLECTED <= columns; c += LORA_REFLECTED)
        reflect_panels(
          LORA_REFLECTED, undoes, count, rows, own, stride, t, head + c * top_stride, top_stride,
          below + c * below_stride, below_stride);
    for (; c < columns; c++)
      reflect_panels(
        1, undoes, count, rows, own, stride, t, head + c * top_stride, top_stride, below + c * below_stride,
        below_stride);
  }
}

/// The next column of a panel: under the `place` reflections before it, which begin at `v`, then its own is made.
///
/// `top` is the column in the triangle from the panel's first row on, `own` the same column below. One pass makes the
/// sums for the earlier reflections, a second one those for the new reflection and its column of T.
FOR_EACH void make_reflection(
  const size_t place, size_t rows, const double *v, size_t stride, double *factors, double *top, double *own) {
  size_t whole = rows / 8 * 8, rest = rows - whole;
  v8d sum[LORA_PANEL] = {0};
  for (size_t i = 0; place > 0 && i < whole; i += 8) {
    v8d x = load_half(own + i);
    UNROLL for (size_t p = 0; p < place; p++) sum[p] = fma_half(load_half(v + p * stride + i), x, sum[p]);
  }
  if (place > 0 && rest > 0) {
    v8d x = load_part_half(own + whole, rest);
    UNROLL for (size_t p = 0; p < place; p++)
      sum[p] = fma_half(load_part_half(v + p * stride + whole, rest), x, sum[p]);
  }
  v4d shared = load_top(top, place) + totals_half(sum);
  double weight[LORA_PANEL];
  UNROLL for (size_t p = 0; p < place; p++) {
    double w = 0;
    UNROLL for (size_t q = 0; q <= p; q++) w += factors[p * LORA_PANEL + q] * shared[q];
    weight[p] = -w;
    top[p] -= w;
  }
  UNROLL for (size_t p = 0; p < LORA_PANEL; p++) sum[p] = 0;
  for (size_t i = 0; i < whole; i += 8) {
    v8d x = load_half(own + i), part[LORA_PANEL];
    UNROLL for (size_t p = 0; p < place; p++) {
      part[p] = load_half(v + p * stride + i);
      x = fma_half(part[p], (v8d)weight[p], x);
    }
    UNROLL for (size_t p = 0; p < place; p++) sum[p] = fma_half(part[p], x, sum[p]);
    sum[place] = fma_half(x, x, sum[place]);
    store_half(own + i, x);
  }
  if (rest > 0) {
    v8d x = load_part_half(own + whole, rest), part[LORA_PANEL];
    UNROLL for (size_t p = 0; p < place; p++) {
      part[p] = load_part_half(v + p * stride + whole, rest);
      x = fma_half(part[p], (v8d)weight[p], x);
    }
    UNROLL for (size_t p = 0; p < place; p++) sum[p] = fma_half(part[p], x, sum[p]);
    sum[place] = fma_half(x, x, sum[place]);
    memcpy(own + whole, &x, rest * sizeof *own);
  }
  v4d found = totals_half(sum);
  double *column = factors + place * LORA_PANEL, square = found[place], head = top[place];
  UNROLL for (size_t p = 0; p < LORA_PANEL; p++) column[p] = 0;
  // A square that is nearly lost, far below the ends of f32, counts as zero: there is nothing to reflect.
  if (!(square > 0x1p-900)) return;
  double norm = __builtin_sqrt(head * head + square), reflected = head > 0 ? -norm : norm;
  double divided = 1 / (head - reflected), factor = (reflected - head) / reflected;
  for (size_t i = 0; i < rows; i++) own[i] *= divided;
  top[place] = reflected;
  column[place] = factor;
  UNROLL for (size_t p = 0; p < place; p++) {
    double w = 0;
    UNROLL for (size_t q = p; q < place; q++) w += factors[q * LORA_PANEL + p] * (found[q] * divided);
    column[p] = -factor * w;
  }
}

TARGET static void make_panel(
  size_t width, size_t rows, double *triangle, size_t size, double *block, size_t stride, double *factors) {
  double *top = triangle, *own = block;
  make_reflection(0, rows, block, stride, factors, top, own);
  if (width > 1) make_reflection(1, rows, block, stride, factors, top + size, own + stride);
  if (width > 2) make_reflection(2, rows, block, stride, factors, top + 2 * size, own + 2 * stride);
  if (width > 3) make_reflection(3, rows, block, stride, factors, top + 3 * size, own + 3 * stride);
}

TARGET static void fold_f64(
  size_t size, size_t rows, double *triangle, double *block, size_t stride, double *factors) {
  // A group's vectors act on its own columns as they are made, on all later ones together.
  enum { GROUP = 4 * LORA_PANEL };
  for (size_t group = 0; group < size; group += GROUP) {
    size_t end = lora_min(group + GROUP, size);
    for (size_t first = group; first < end; first += LORA_PANEL) {
      size_t next = lora_min(first + LORA_PANEL, end);
      double *own = block + first * stride, *t = factors + first * LORA_PANEL;
      make_panel(next - first, rows, triangle + first * size + first, size, own, stride, t);
      reflect_f64(
        false, next - first, rows, own, stride, t, end - next, triangle + next * size + first, size,
        block + next * stride, stride);
    }
    reflect_f64(
      false, end - group, rows, block + group * stride, stride, factors + group * LORA_PANEL, size - end,
      triangle + end * size + group, size, block + end * stride, stride);
  }
}
