#ifndef LORA_LEVELS_H
#define LORA_LEVELS_H

#include <string.h>

#include "lora_kernels.h"

// What one instruction-set level provides. level_body.h defines all of it once; a level is that text compiled for
// other instructions. Rows of f32 buffers below are whole strips of LORA_LANES elements.

/// f32 sums run over at most this many products before they are added to the total: it bounds the rounding error.
enum { LORA_CHUNK = 16 };
/// Up to this rank the bound covers what it neglects; beyond, everything is computed in f64.
enum { LORA_MOST_RANK = 1 << 16 };
typedef struct {
  double delta_squared, residual_squared, max_delta;
} lora_tally;

/// The same of one row by lanes, in f32, where squares of very small or large numbers are lost.
typedef struct {
  float delta_squared[LORA_LANES], residual_squared[LORA_LANES];
  uint32_t most[LORA_LANES];  // bits of the largest |d|
} lora_lanes;

/// Rows to fetch into the cache while a product is computed: the part of the base that will be needed next.
typedef struct {
  const char *bytes;
  size_t stride, strip_bytes;
} lora_ahead;

/// A strip whose rounding the f32 sum leaves open.
typedef struct {
  const void *w;
  const float *d;
  const double *left;
  const float *right;
  void *out;
  lora_lanes *lanes;  // of its row
} lora_doubt;

/// Codes of a type: what an element is without looking at its value.
typedef struct {
  uint32_t size;        // bytes of an element as the level functions take it, packed types unpacked
  uint32_t bits;        // as stored
  uint64_t magnitude;   // mask without the sign bit
  uint64_t largest;     // code of the largest finite magnitude
  uint64_t infinity;    // code of infinity, or LORA_NONE
  bool negative_nan;    // the sign bit alone is NaN and nothing else is
} lora_code;

/// What is in a block of elements.
typedef struct {
  uint64_t nan, infinite, most;  // `most`: the largest code without sign among finite elements
} lora_census;

typedef struct {
  const char *name;
  bool (*available)(void);
  /// Elements to f32 (not F64); packed types come unpacked, one code per byte.
  void (*widen)(lora_dtype dtype, const void *elements, size_t count, float *out);
  void (*widen_f64)(const float *values, size_t count, double *out);
  /// out = element * scale in f64, for types of whole bytes (not F64).
  void (*widen_scaled)(lora_dtype dtype, const void *elements, size_t count, double scale, double *out);
  void (*round_f64)(const double *values, size_t count, float *out);
  void (*narrow_f32)(lora_dtype dtype, const float *values, size_t count, void *out);
  void (*narrow_f64)(lora_dtype dtype, const double *values, size_t count, void *out);
  /// Elements of F32, F16 or BF16 to one of these types: rounded, then multiplied by a scale other than 1 and rounded
  /// again; equal types without scale are copied. Stores that stream pass the caches.
  void (*pack)(lora_dtype from, lora_dtype to, float scale, const void *elements, size_t count, void *out, bool streams);
  /// d[i, :] = left[i, :] * right for up to LORA_ROWS rows of one block of a left factor; `d` has `stride`.
  void (*product_f32)(
    size_t rows, size_t strips, size_t rank, const float *left, const float *right, float *d, size_t stride,
    lora_ahead ahead);
  void (*product_f64)(
    size_t rows, size_t strips, size_t rank, const double *left, const double *right, double *d, size_t stride,
    lora_ahead ahead);
  /// One row: out = round(w + d) to a 16-bit type where that is certain given the error bound of d. Returns how many
  /// strips are not certain, and lists them. `lanes` counts what was stored, but for the residuals of those strips.
  size_t (*finish)(
    lora_dtype base, lora_dtype output, size_t strips, const void *w, const float *d, const float *norms, float bound,
    float floor, void *out, uint32_t *doubtful, lora_lanes *lanes);
  /// Strips again in f64, from a base to a 16-bit type; counts their residuals.
  void (*resolve)(lora_dtype base, lora_dtype output, size_t rank, const lora_doubt *doubts, size_t count);
  /// One row: out = round(w + d) from an f64 product.
  void (*finish_f64)(lora_dtype dtype, size_t strips, const float *w, const double *d, void *out);
  /// One row's lanes together, always in the same order.
  void (*tally_f32)(const lora_lanes *lanes, lora_tally *tally);
  /// One row: statistics of what was stored.
  void (*tally_f64)(size_t strips, const float *w, const double *d, const float *stored, lora_tally *tally);
  /// One row of a merge with magnitudes: v = w + d; squares, sixteen sums, += v^2.
  void (*add_base_f64)(lora_dtype base, size_t strips, const void *w, const double *d, double *v, double *squares);
  /// v += d; squares, sixteen sums, += (w + d)^2, or v^2 where `w` is null.
  void (*add_change_f64)(size_t strips, const double *d, const double *w, double *v, double *squares);
  /// squares[j] += (w[j] + d[j])^2.
  void (*add_squares_f64)(size_t strips, const double *d, const double *w, double *squares);
  /// v[j] *= factors[j], or `factor` where there are none.
  void (*multiply_f64)(size_t count, double factor, const double *factors, double *v);
  /// One row: out = round(v * factor), and its statistics against w, which is of the type of the output or F64. False,
  /// and neither, where a number is not finite or beyond the largest of the type, or what was lost is too small for f32.
  bool (*settle)(
    lora_dtype base, lora_dtype output, size_t strips, const void *w, double factor, const double *v, void *out,
    lora_tally *tally);
  /// Statistics of v, stored, against w.
  void (*tally_change)(size_t strips, const double *w, const double *v, const float *stored, lora_tally *tally);
  /// Largest `code & mask` of elements of 1, 2, 4 or 8 bytes; the mask leaves out the sign bit of the largest size.
  uint64_t (*peak)(size_t size, uint64_t mask, const void *elements, size_t count);
  lora_census (*census)(const lora_code *type, const void *elements, size_t count);
  /// Rows of a matrix times many tokens: see lora_kernels.h.
  void (*apply_f32)(
    lora_dtype dtype, size_t rows, size_t count, size_t length, const void *matrix, size_t row_bytes,
    const float *tokens, size_t stride, float *out, size_t out_stride);
  void (*apply_f64)(
    lora_dtype dtype, size_t rows, size_t count, size_t length, const void *matrix, size_t row_bytes,
    const double *tokens, size_t stride, double *out, size_t out_stride);
  /// Householder reflections and Jacobi rotations: see lora_kernels.h.
  void (*reflect_f64)(
    bool undoes, size_t reflectors, size_t rows, const double *v, size_t stride, const double *factors, size_t columns,
    double *top, size_t top_stride, double *below, size_t below_stride);
  void (*fold_f64)(size_t size, size_t rows, double *triangle, double *block, size_t stride, double *factors);
  bool (*rotate_f64)(size_t count, size_t rows, size_t height, double *columns, size_t stride, double *squares);
  void (*bidiagonalize)(
    size_t size, double *matrix, size_t stride, double *work, double *diagonal, double *above);
  /// Blocks of columns: see lora_kernels.h.
  void (*add_gram)(size_t columns, size_t rows, const double *block, size_t stride, double *gram);
  bool (*cholesky)(size_t size, double *gram, double tolerance, double *work);
  double (*sum_of_products)(const double *left, const double *right, size_t count);
  void (*add_multiple)(double factor, const double *source, double *target, size_t count);
  void (*turn_f64)(
    size_t rows, size_t columns, const double *in, size_t in_stride, double *out, size_t out_stride);
  lora_value_counts (*count_f64)(const double *values, size_t count);
  /// The check of a merge: see lora_kernels.h.
  void (*reference_add)(
    size_t rows, size_t columns, size_t rank, const double *left, const double *right, double scale, double *sums);
  void (*reference_numbers)(lora_dtype dtype, const void *codes, size_t count, double *out);
  size_t (*reference_doubts)(
    lora_dtype dtype, const void *codes, const double *numbers, size_t count, uint32_t *doubts);
  size_t (*reference_check)(const lora_check *check, uint32_t *doubts, double *numbers);
  bool (*sift_right)(size_t rank, size_t columns, const double *right, float *narrow, float *norms);
  void (*sift_left)(size_t rows, size_t rank, const double *left, double scale, float *narrow, float *bounds);
  /// Only multiply-adds, for benchmarks; return how many operations.
  uint64_t (*burn_f32)(uint64_t rounds);
  uint64_t (*burn_f64)(uint64_t rounds);
} lora_level_table;

extern const lora_level_table lora_level_scalar;
#if defined(__x86_64__)
extern const lora_level_table lora_level_avx2, lora_level_avx512;
#elif defined(__aarch64__)
extern const lora_level_table lora_level_neon;
#endif

const lora_level_table *lora_level_table_of(lora_level level);

// MARK: Shared by the drivers

lora_code lora_code_of(lora_dtype dtype);
/// Copies elements `first + i * stride` to consecutive places, unpacking packed types.
void lora_gather(lora_dtype dtype, const void *bytes, size_t first, size_t stride, size_t count, void *out);

static inline uint64_t lora_bits_f64(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline double lora_f64_of(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint32_t lora_bits_f32(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// Whether a sum of squares in f32 can have lost nothing that matters to a square below or above its range.
static inline bool lora_is_sound(double squares) { return squares > 0x1p-80 && squares < 0x1p100; }

static inline size_t lora_min(size_t a, size_t b) { return a < b ? a : b; }

#endif
