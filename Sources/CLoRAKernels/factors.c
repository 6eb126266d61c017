// Packing of the factors, once per tensor, and the norms behind the error bound.

#include "levels.h"

#pragma STDC FP_CONTRACT OFF

enum { BLOCK = 256 };

static float round_up(double value) {
  float nearest = (float)value;
  uint32_t bits = lora_bits_f32(nearest);
  if ((double)nearest < value) bits++;  // value >= 0: the next code is the next number, or infinity
  memcpy(&nearest, &bits, sizeof nearest);
  return nearest;
}

static void fetch(
  lora_level level, lora_dtype dtype, const void *bytes, size_t first, size_t stride, size_t count, double *out) {
  char elements[BLOCK * sizeof(double)];
  lora_gather(dtype, bytes, first, stride, count, elements);
  if (dtype == LORA_F64) {
    memcpy(out, elements, count * sizeof *out);
  } else {
    float values[BLOCK];
    lora_level_table_of(level)->widen(dtype, elements, count, values);
    lora_level_table_of(level)->widen_f64(values, count, out);
  }
}

bool lora_pack_right_f32(
  lora_level level, lora_dtype dtype, const void *bytes, lora_layout layout, size_t columns, size_t rank,
  size_t first_rank, size_t ranks, float *panel) {
  double values[BLOCK];
  for (size_t k = 0; k < ranks; k++)
    for (size_t j = 0; j < columns; j += BLOCK) {
      size_t n = lora_min(BLOCK, columns - j);
      fetch(level, dtype, bytes, layout.offset + j * layout.stride + k * layout.rank_stride, layout.stride, n, values);
      for (size_t i = 0; i < n; i++) {
        size_t column = j + i;
        float value = (float)values[i];
        if (dtype == LORA_F64 && (double)value != values[i] && values[i] == values[i]) return false;
        panel[(column / LORA_LANES * rank + first_rank + k) * LORA_LANES + column % LORA_LANES] = value;
      }
    }
  return true;
}

void lora_pack_right_f64(
  lora_level level, lora_dtype dtype, const void *bytes, lora_layout layout, size_t columns, size_t rank,
  size_t first_rank, size_t ranks, double *panel) {
  double values[BLOCK];
  for (size_t k = 0; k < ranks; k++)
    for (size_t j = 0; j < columns; j += BLOCK) {
      size_t n = lora_min(BLOCK, columns - j);
      fetch(level, dtype, bytes, layout.offset + j * layout.stride + k * layout.rank_stride, layout.stride, n, values);
      for (size_t i = 0; i < n; i++) {
        size_t column = j + i;
        panel[(column / LORA_LANES * rank + first_rank + k) * LORA_LANES + column % LORA_LANES] = values[i];
      }
    }
}

bool lora_right_norms(const float *panel, size_t columns, size_t rank, float *norms) {
  bool finite = true;
  for (size_t strip = 0; strip * LORA_LANES < columns; strip++) {
    double squares[LORA_LANES] = {0};
    const float *in = panel + strip * rank * LORA_LANES;
    for (size_t k = 0; k < rank; k++)
      for (size_t lane = 0; lane < LORA_LANES; lane++) {
        double value = in[k * LORA_LANES + lane];
        squares[lane] += value * value;
      }
    for (size_t lane = 0; lane < LORA_LANES; lane++) {
      float norm = round_up(__builtin_sqrt(squares[lane]));
      norms[strip * LORA_LANES + lane] = norm;
      finite &= norm - norm == 0;
    }
  }
  return finite;
}

void lora_pack_left(
  lora_level level, lora_dtype dtype, const void *bytes, lora_layout layout, size_t rows, size_t rank,
  size_t first_rank, size_t ranks, const double *scales, double *wide, float *narrow) {
  double values[BLOCK];
  for (size_t i = 0; i < rows; i++)
    for (size_t k = 0; k < ranks; k += BLOCK) {
      size_t n = lora_min(BLOCK, ranks - k), to = i * rank + first_rank + k;
      size_t first = layout.offset + i * layout.stride + k * layout.rank_stride;
      fetch(level, dtype, bytes, first, layout.rank_stride, n, values);
      for (size_t q = 0; q < n; q++) {
        wide[to + q] = scales[k + q] * values[q];
        narrow[to + q] = (float)wide[to + q];
      }
    }
}

void lora_left_bounds(const double *wide, const float *narrow, size_t rows, size_t rank, float *bounds) {
  // Roundings that a product can meet on its way into the sum, and what that many can amount to.
  double roundings = (double)(lora_min(rank, LORA_CHUNK) + (rank + LORA_CHUNK - 1) / LORA_CHUNK);
  double gamma = roundings * 0x1p-24 / (1 - roundings * 0x1p-24);
  for (size_t i = 0; i < rows; i++) {
    double narrow_squares = 0, wide_squares = 0, change_squares = 0;
    bool zero = true;
    for (size_t k = 0; k < rank; k++) {
      double value = wide[i * rank + k], rounded = narrow[i * rank + k], change = rounded - value;
      narrow_squares += rounded * rounded;
      wide_squares += value * value;
      change_squares += change * change;
      zero &= value == 0;
    }
    double bound = gamma * __builtin_sqrt(narrow_squares) + __builtin_sqrt(change_squares)
      + (double)(rank + 2) * 0x1p-52 * __builtin_sqrt(wide_squares);
    bounds[i] = zero ? -1 : round_up(bound * (1 + 0x1p-9));
  }
}
