// Part of level_body.h: one-sided Jacobi rotations, eight pairs of columns at a time.

typedef int64_t v8l __attribute__((ext_vector_type(8)));

INLINE double total_half(v8d v) {
  v4d four = v.lo + v.hi;
  return (four[0] + four[2]) + (four[1] + four[3]);
}

/// A pair of columns in a round of a tournament: every column meets every other one once in `count - 1` rounds of
/// `count / 2` pairs, and no column is in two pairs of a round.
INLINE void tournament_pair(size_t count, size_t round, size_t pair, size_t *first, size_t *second) {
  size_t one = pair == 0 ? count - 1 : (round + pair) % (count - 1);
  size_t other = (round + count - 1 - pair) % (count - 1);
  *first = one < other ? one : other;
  *second = one < other ? other : one;
}

/// Turns up to eight pairs of columns so that both are orthogonal; whether one was turned.
INLINE bool rotate_pairs(
  size_t pairs, const size_t *first, const size_t *second, size_t rows, size_t height, double *columns, size_t stride,
  double *squares) {
  const double tiny = 0x1p-900, tolerance = 0x1p-50;
  v8d overlap = 0, x = 0, y = 0;
  for (size_t k = 0; k < pairs; k++) {
    const double *one = columns + first[k] * stride, *other = columns + second[k] * stride;
    v8d even = 0, odd = 0;
    size_t i = 0;
    for (; i + 16 <= rows; i += 16) {
      even += load_half(one + i) * load_half(other + i);
      odd += load_half(one + i + 8) * load_half(other + i + 8);
    }
    if (i < rows) even += load_half(one + i) * load_half(other + i);
    overlap[k] = total_half(even + odd);
    x[k] = squares[first[k]];
    y[k] = squares[second[k]];
  }
  v8d size = __builtin_elementwise_sqrt(x) * __builtin_elementwise_sqrt(y);
  v8l turns = (x > tiny) & (y > tiny) & (__builtin_elementwise_abs(overlap) > tolerance * size);
  // The smaller of the two angles.
  v8d ratio = (y - x) / (2 * overlap), one = 1;
  v8d tangent = one / (__builtin_elementwise_abs(ratio) + __builtin_elementwise_sqrt(one + ratio * ratio));
  tangent = ratio < 0 ? -tangent : tangent;
  v8d cosine = one / __builtin_elementwise_sqrt(one + tangent * tangent), sine = cosine * tangent;
  turns &= sine != 0;
  bool turned = false;
  for (size_t k = 0; k < pairs; k++) {
    if (!turns[k]) continue;
    turned = true;
    double *left = columns + first[k] * stride, *right = columns + second[k] * stride;
    v8d c = cosine[k], s = sine[k];
    for (size_t i = 0; i < height; i += 8) {
      v8d a = load_half(left + i), b = load_half(right + i);
      store_half(left + i, c * a - s * b);
      store_half(right + i, s * a + c * b);
    }
    double rest = x[k] - tangent[k] * overlap[k];
    squares[first[k]] = rest > 0 ? rest : 0;
    squares[second[k]] = y[k] + tangent[k] * overlap[k];
  }
  return turned;
}

TARGET static bool rotate_f64(
  size_t count, size_t rows, size_t height, double *columns, size_t stride, double *squares) {
  bool turned = false;
  size_t even = count + count % 2;
  for (size_t round = 0; round + 1 < even; round++) {
    size_t first[8], second[8], pairs = 0;
    for (size_t pair = 0; pair < even / 2; pair++) {
      tournament_pair(even, round, pair, &first[pairs], &second[pairs]);
      pairs += second[pairs] < count;
      if (pairs == 8 || pair + 1 == even / 2) {
        turned |= rotate_pairs(pairs, first, second, rows, height, columns, stride, squares);
        pairs = 0;
      }
    }
  }
  return turned;
}
