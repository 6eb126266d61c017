// Packing of the factors, once per tensor, and the norms behind the error bound.

#include "levels.h"

#pragma STDC FP_CONTRACT OFF

static float round_up(double value) {
  float nearest = (float)value;
  uint32_t bits = lora_bits_f32(nearest);
  if ((double)nearest < value) bits++;  // value >= 0: the next code is the next number, or infinity
  memcpy(&nearest, &bits, sizeof nearest);
  return nearest;
}

// A tile of a factor, `n` outer indices by `ranks`, is read along whichever of the two lies contiguous.
enum { OUTER = 96, INNER = 32, TILE = OUTER * INNER };

/// Where element (i, k) of a tile is in the values that `fetch` gives.
typedef struct {
  size_t stride, rank_stride;
} lora_tile;

static lora_tile fetch(
  lora_level level, lora_dtype dtype, const void *bytes, lora_layout layout, size_t first, size_t n,
  size_t first_rank, size_t ranks, float *narrow, double *wide) {
  char elements[TILE * sizeof(double)];
  size_t size = lora_code_of(dtype).size, from = layout.offset + first * layout.stride + first_rank * layout.rank_stride;
  bool by_rank = layout.rank_stride == 1 && layout.stride != 1;
  if (by_rank && layout.stride == ranks) {
    lora_gather(dtype, bytes, from, 1, n * ranks, elements);
  } else if (by_rank) {
    for (size_t i = 0; i < n; i++)
      lora_gather(dtype, bytes, from + i * layout.stride, 1, ranks, elements + i * ranks * size);
  } else {
    for (size_t k = 0; k < ranks; k++)
      lora_gather(dtype, bytes, from + k * layout.rank_stride, layout.stride, n, elements + k * n * size);
  }
  if (dtype == LORA_F64) memcpy(wide, elements, n * ranks * sizeof *wide);
  else lora_level_table_of(level)->widen(dtype, elements, n * ranks, narrow);
  return by_rank ? (lora_tile){ranks, 1} : (lora_tile){1, n};
}

bool lora_pack_right_f32(
  lora_level level, lora_dtype dtype, const void *bytes, lora_layout layout, size_t columns, size_t rank,
  size_t first_rank, size_t ranks, float *panel) {
  float values[TILE];
  double wide[TILE];
  for (size_t j = 0; j < columns; j += OUTER)
    for (size_t k = 0; k < ranks; k += INNER) {
      size_t n = lora_min(OUTER, columns - j), depth = lora_min(INNER, ranks - k);
      lora_tile tile = fetch(level, dtype, bytes, layout, j, n, k, depth, values, wide);
      if (dtype == LORA_F64)
        for (size_t i = 0; i < n * depth; i++) {
          values[i] = (float)wide[i];
          if ((double)values[i] != wide[i] && wide[i] == wide[i]) return false;
        }
      for (size_t i = 0; i < n; i += LORA_LANES)
        for (size_t q = 0; q < depth; q++) {
          float *to = panel + ((j + i) / LORA_LANES * rank + first_rank + k + q) * LORA_LANES;
          size_t lanes = lora_min(LORA_LANES, n - i);
          for (size_t lane = 0; lane < lanes; lane++)
            to[lane] = values[(i + lane) * tile.stride + q * tile.rank_stride];
        }
    }
  return true;
}

void lora_pack_right_f64(
  lora_level level, lora_dtype dtype, const void *bytes, lora_layout layout, size_t columns, size_t rank,
  size_t first_rank, size_t ranks, double *panel) {
  float narrow[TILE];
  double values[TILE];
  for (size_t j = 0; j < columns; j += OUTER)
    for (size_t k = 0; k < ranks; k += INNER) {
      size_t n = lora_min(OUTER, columns - j), depth = lora_min(INNER, ranks - k);
      lora_tile tile = fetch(level, dtype, bytes, layout, j, n, k, depth, narrow, values);
      if (dtype != LORA_F64) lora_level_table_of(level)->widen_f64(narrow, n * depth, values);
      for (size_t i = 0; i < n; i++)
        for (size_t q = 0; q < depth; q++)
          panel[((j + i) / LORA_LANES * rank + first_rank + k + q) * LORA_LANES + (j + i) % LORA_LANES] =
            values[i * tile.stride + q * tile.rank_stride];
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

/// Scales one rank of up to a block of rows. Always inlined, so that a whole block has a constant length.
static inline __attribute__((always_inline)) void scale_rows(
  size_t rows, const double *values, size_t stride, double scale, double *wide, float *narrow) {
  for (size_t lane = 0; lane < rows; lane++) {
    double value = scale * values[lane * stride];
    wide[lane] = value;
    narrow[lane] = (float)value;
  }
}

void lora_pack_left(
  lora_level level, lora_dtype dtype, const void *bytes, lora_layout layout, size_t rows, size_t rank,
  size_t first_rank, size_t ranks, const double *scales, double *wide, float *narrow) {
  float elements[TILE];
  double values[TILE];
  for (size_t i = 0; i < rows; i += OUTER)
    for (size_t k = 0; k < ranks; k += INNER) {
      size_t n = lora_min(OUTER, rows - i), depth = lora_min(INNER, ranks - k);
      lora_tile tile = fetch(level, dtype, bytes, layout, i, n, k, depth, elements, values);
      if (dtype != LORA_F64) lora_level_table_of(level)->widen_f64(elements, n * depth, values);
      for (size_t p = 0; p < n; p += LORA_ROWS) {
        size_t block = ((i + p) / LORA_ROWS * rank + first_rank + k) * LORA_ROWS, lanes = lora_min(LORA_ROWS, n - p);
        for (size_t q = 0; q < depth; q++) {
          const double *from = values + p * tile.stride + q * tile.rank_stride;
          size_t to = block + q * LORA_ROWS;
          if (lanes == LORA_ROWS) scale_rows(LORA_ROWS, from, tile.stride, scales[k + q], wide + to, narrow + to);
          else scale_rows(lanes, from, tile.stride, scales[k + q], wide + to, narrow + to);
        }
      }
    }
}

typedef double v2d __attribute__((ext_vector_type(2)));
typedef float v2f __attribute__((ext_vector_type(2)));
typedef int64_t v2l __attribute__((ext_vector_type(2)));

void lora_left_bounds(const double *wide, const float *narrow, size_t rows, size_t rank, float *bounds) {
  for (size_t i = 0; i < rows; i += LORA_ROWS) {
    v2d met[LORA_ROWS / 2] = {0}, change[LORA_ROWS / 2] = {0}, size[LORA_ROWS / 2] = {0};
    for (size_t k = 0; k < rank; k++) {
      // Product k is rounded with every sum from its own to the end of its chunk, then with every later total.
      size_t chunk = k / LORA_CHUNK, end = lora_min(rank, (chunk + 1) * LORA_CHUNK);
      v2d roundings = (double)(end - k + (rank - 1) / LORA_CHUNK - chunk + (chunk > 0));
      for (size_t pair = 0; pair < LORA_ROWS / 2; pair++) {
        v2d value;
        v2f rounded;
        memcpy(&value, wide + i * rank + k * LORA_ROWS + pair * 2, sizeof value);
        memcpy(&rounded, narrow + i * rank + k * LORA_ROWS + pair * 2, sizeof rounded);
        v2d used = __builtin_convertvector(rounded, v2d), difference = used - value, counted = roundings * used;
        met[pair] += counted * counted;
        change[pair] += difference * difference;
        size[pair] += (v2d)((v2l)value & INT64_MAX);
      }
    }
    for (size_t lane = 0; lane < LORA_ROWS; lane++) {
      double used = __builtin_sqrt(met[lane / 2][lane % 2]), changed = __builtin_sqrt(change[lane / 2][lane % 2]);
      double bound = 0x1p-24 * used + changed + (double)(rank + 2) * 0x1p-52 * (used + changed);
      if (rank > LORA_MOST_RANK) bound = lora_f64_of(0x7ff0000000000000);
      bounds[i + lane] = size[lane / 2][lane % 2] == 0 ? -1 : round_up(bound * (1 + 0x1p-9));
    }
  }
}
