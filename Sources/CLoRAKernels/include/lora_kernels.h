#ifndef LORA_KERNELS_H
#define LORA_KERNELS_H

// The numeric core: merge, conversion and value scan over raw tensor bytes. docs/numerics.md is the contract.
//
// Every function is pure and keeps no state; several threads may share the inputs. Data may have any alignment unless
// a comment says otherwise, and is little-endian as safetensors stores it. Sizes are the caller's promise: nothing
// here checks them, the Swift face does. All levels give the same bits, provided that the floating-point environment
// is the usual one (round to nearest, subnormals kept).

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Floating-point element types.
typedef enum {
  LORA_F64,
  LORA_F32,
  LORA_F16,
  LORA_BF16,
  LORA_F8_E4M3,      // finite with NaN: S.1111.111 is NaN, no infinity
  LORA_F8_E5M2,      // the upper half of an f16
  LORA_F8_E4M3FNUZ,  // bias 8; 0x80 is the only NaN, no infinity, no negative zero
  LORA_F8_E5M2FNUZ,  // bias 16; the same
  LORA_F8_E8M0,      // 2^(code - 127), no sign and no zero; 0xFF is NaN
  LORA_F6_E2M3,      // packed, element i in the bits 6i..<6i+6 counted from the lowest; no NaN, no infinity
  LORA_F6_E3M2,
  LORA_F4_E2M1,      // packed, low half first; no NaN, no infinity
} lora_dtype;

// MARK: Levels

/// Instruction-set levels are numbered from 0 (portable) upwards; a higher one is faster.
typedef uint32_t lora_level;

uint32_t lora_level_count(void);
const char *lora_level_name(lora_level level);
/// Whether this processor and its operating system can run the level.
bool lora_level_available(lora_level level);
/// The level named by the environment variable LORA_TOOL_SIMD if it can be used, otherwise the highest available.
lora_level lora_level_preferred(void);

/// Runs independent fused multiply-adds in registers only, to measure what the processor can do at best.
/// Returns the number of floating-point operations, two for each multiply-add.
uint64_t lora_level_burn_f32(lora_level level, uint64_t rounds);
uint64_t lora_level_burn_f64(lora_level level, uint64_t rounds);

// MARK: Digests

/// Bytes of a block of `lora_digest`, and words of its keys.
enum { LORA_DIGEST_BLOCK = 1024, LORA_DIGEST_KEYS = LORA_DIGEST_BLOCK / 8 + 2 };

/// Four words for each block of the bytes, the last one filled up with zeros: for words m of 64 bits and keys k
/// sum of (m[2i] + k[2i]) * (m[2i + 1] + k[2i + 1]) modulo 2^128, and the same with the keys from the third on.
void lora_digest(const void *bytes, size_t count, const uint64_t *keys, uint64_t *out);

// MARK: Conversion

/// Widens `count` elements from element `first` on. Exact; NaN becomes the canonical quiet NaN. Not for F64.
void lora_widen_f32(lora_level level, lora_dtype dtype, const void *bytes, size_t first, size_t count, float *out);
/// The same to f64, from any type.
void lora_widen_f64(lora_level level, lora_dtype dtype, const void *bytes, size_t first, size_t count, double *out);
/// out = element * scale in f64, for a type of whole bytes other than F64.
void lora_widen_scaled(
  lora_level level, lora_dtype dtype, const void *bytes, size_t count, double scale, double *out);
/// Rounds once, ties to even, to F32, F16 or BF16; NaN becomes the canonical quiet NaN of the type.
void lora_narrow_f32(lora_level level, const float *values, size_t count, lora_dtype dtype, void *out);
void lora_narrow_f64(lora_level level, const double *values, size_t count, lora_dtype dtype, void *out);
/// Converts any type to F32, F16 or BF16 with one rounding; equal types are copied byte for byte.
/// Returns how many finite elements became infinite.
uint64_t lora_convert(
  lora_level level, lora_dtype from, const void *bytes, size_t count, lora_dtype to, void *out);

// MARK: Packing

/// A matrix of `output_rows` x `output_columns` elements without gaps, whose top left corner comes from a strided
/// matrix and whose rest is zero.
typedef struct {
  const void *_Nullable source;  // element (0, 0); NULL for a block of zeros
  lora_dtype source_dtype;       // of whole bytes
  size_t rows, columns;          // of the corner
  size_t row_stride, column_stride;  // elements
  float scale;
  lora_dtype dtype;  // F32, F16 or BF16
  void *output;
  size_t output_rows, output_columns;
} lora_block;

/// Writes rows `first ..< end` of a block: every element is rounded to the block's type (F64 by way of F32) and, with a
/// scale other than 1, multiplied in f32 and rounded again. Equal types without scale are copied byte for byte,
/// otherwise NaN becomes the canonical quiet NaN.
void lora_pack_rows(lora_level level, const lora_block *block, size_t first, size_t end);

// MARK: Factors

/// Columns of a right panel are kept in strips of this many, each strip `rank` times `LORA_LANES` numbers.
#define LORA_LANES 16

/// Where element (i, k) of a factor is stored: element `offset + i * stride + k * rank_stride` of the tensor;
/// i counts rows (left) or columns (right), k the rank.
typedef struct {
  size_t offset, stride, rank_stride;
} lora_layout;

/// Packs ranks `first_rank ..< first_rank + ranks` of a right factor into `panel` of
/// ceil(columns / 16) * rank * 16 numbers, whose padding is left untouched (zero).
/// Returns false if an element (of an F64 tensor) is not exact in f32.
bool lora_pack_right_f32(
  lora_level level, lora_dtype dtype, const void *bytes, lora_layout layout, size_t columns, size_t rank,
  size_t first_rank, size_t ranks, float *panel);
void lora_pack_right_f64(
  lora_level level, lora_dtype dtype, const void *bytes, lora_layout layout, size_t columns, size_t rank,
  size_t first_rank, size_t ranks, double *panel);
/// Euclidean norm of each column, rounded up; not finite if the column is not. `norms` is padded to whole strips.
/// Returns whether every element is finite.
bool lora_right_norms(const float *panel, size_t columns, size_t rank, float *norms);

/// Rows of a left factor are kept in blocks of this many, each block `rank` times `LORA_ROWS` numbers.
#define LORA_ROWS 6

/// Packs ranks of a left factor into ceil(rows / 6) * rank * 6 numbers each: `wide` = round64(scale * element),
/// `narrow` = round32(wide). Padding is left untouched (zero).
void lora_pack_left(
  lora_level level, lora_dtype dtype, const void *bytes, lora_layout layout, size_t rows, size_t rank,
  size_t first_rank, size_t ranks, const double *scales, double *wide, float *narrow);
/// Per row, padded to whole blocks: the factor that turns a column norm into a bound of the f32 error
/// (docs/numerics.md), or -1 for a row of zeros.
void lora_left_bounds(const double *wide, const float *narrow, size_t rows, size_t rank, float *bounds);

/// out[i, :] = left[i, :] * right in f64: up to `LORA_ROWS` rows and `strips` times 16 columns, with `stride` between the
/// rows of `out`. Element (i, k) is left[k * LORA_ROWS + i]; element (k, c) is right[(c / 16 * depth + k) * 16 + c % 16].
/// Every sum runs over k in order.
void lora_product_f64(
  lora_level level, size_t rows, size_t strips, size_t depth, const double *left, const double *right, double *out,
  size_t stride);

// MARK: Merge

/// An exact, order-independent sum of non-negative doubles in fixed point.
typedef struct {
  uint64_t limb[68];
  bool not_finite;
} lora_exact_sum;

void lora_exact_sum_add(lora_exact_sum *sum, double value);
void lora_exact_sum_merge(lora_exact_sum *sum, const lora_exact_sum *other);
/// The sum rounded to a double; NaN if a NaN or infinity was added.
double lora_exact_sum_value(const lora_exact_sum *sum);

typedef struct {
  lora_exact_sum delta_squared;     // sum of d^2
  lora_exact_sum residual_squared;  // sum of (stored - base - d)^2
  uint64_t max_delta_bits;          // of |d| as a double; NaN orders above infinity
  uint64_t elements, not_finite, overflowed;
} lora_merge_statistics;

/// output[i, j] = round(base[i, j] + sum over k of left[first_row + i, k] * right[k, j]), ties to even.
typedef struct {
  const void *base;
  void *output;  // may be `base` itself if both types have the same size, otherwise apart from it
  size_t base_stride, output_stride;  // bytes from row to row
  lora_dtype base_dtype, output_dtype;  // F32, F16 or BF16; the base F64 too
  size_t first_row, rows, columns, rank;
  const double *left_wide;
  const float *left_narrow, *left_bounds;
  const float *_Nullable right_f32;  // one of the two is null
  const double *_Nullable right_f64;
  const float *_Nullable right_norms;  // with right_f32
  bool right_finite;
} lora_merge_job;

/// Bytes of scratch that `lora_merge` needs (64-byte aligned); depends on the rank, never on rows and columns.
size_t lora_merge_scratch(const lora_merge_job *job);
void lora_merge(
  lora_level level, const lora_merge_job *job, void *scratch, lora_merge_statistics *_Nullable statistics);

// MARK: Merge with magnitudes

/// What an adapter of a merge with magnitudes (DoRA) does besides adding its delta.
typedef enum {
  LORA_NO_MAGNITUDES,
  LORA_ROW_MAGNITUDES,     // then row i is multiplied by magnitudes[i] / norm of row i of base + this delta
  LORA_COLUMN_FACTORS,     // then column j is multiplied by magnitudes[j]
} lora_magnitude_kind;

/// A delta left * right, prepared as for `lora_merge`, its left factor from the first row of the job on.
typedef struct {
  size_t rank;
  const double *left_wide;
  const float *_Nullable right_f32;  // one of the two is null
  const double *_Nullable right_f64;
  lora_magnitude_kind kind;
  const double *_Nullable magnitudes;
} lora_decomposed_delta;

/// output = round(V), V being the base to which one delta after the other was added and its magnitudes given, in f64.
typedef struct {
  const void *base;
  void *output;  // may be `base` itself if both types have the same size, otherwise apart from it
  size_t base_stride, output_stride;  // bytes from row to row
  lora_dtype base_dtype, output_dtype;  // F32, F16 or BF16; the base F64 too
  size_t rows, columns;
  const lora_decomposed_delta *deltas;
  size_t count;
} lora_decomposed_job;

/// Bytes of scratch that the two below need (64-byte aligned); depends on the columns and the ranks.
size_t lora_decomposed_scratch(const lora_decomposed_job *job);
void lora_merge_decomposed(
  lora_level level, const lora_decomposed_job *job, void *scratch, lora_merge_statistics *_Nullable statistics);
/// squares[j] += sum over the rows of (base + first delta)^2, row by row; `squares` has whole strips of 16.
void lora_column_squares(lora_level level, const lora_decomposed_job *job, void *scratch, double *squares);

// MARK: Reference

// What a merge is checked by. These share no arithmetic with the merge.

/// sums[i, c] += scale * sum over k of left[i, k] * right[k, c] in f64: `rows` rows of `columns` numbers without gaps, every
/// product and every sum rounded by itself, k in order from a sum of zero.
void lora_reference_add(
  lora_level level, size_t rows, size_t columns, size_t rank, const double *left, const double *right, double scale,
  double *sums);
/// The numbers of codes of BF16, F16, F32 or F64.
void lora_reference_numbers(lora_level level, lora_dtype dtype, const void *codes, size_t count, double *out);
/// Lists the positions, fewer than 2^32, at which a code is not for certain the nearest to the number. BF16 and F16: where
/// it is not less than half of the way to the nearer neighbour apart; F32: where the number rounded has another code.
size_t lora_reference_doubts(
  lora_level level, lora_dtype dtype, const void *codes, const double *numbers, size_t count, uint32_t *doubts);

/// Rows of a merge with one low-rank change, and what was stored of them.
typedef struct {
  lora_dtype dtype;  // of base and output: BF16, F16 or F32
  size_t rows, columns, rank;
  double scale;
  const double *left, *right;  // [rows, rank], [rank, columns]
  const void *base, *stored;   // rows * columns elements, fewer than 2^32
  const double *_Nullable magnitudes;  // of the rows of a DoRA, whose number is divided by the norm of its row; or NULL
  double *_Nullable changed;   // memory for LORA_CHECK_ROWS * columns numbers, where f32 does not settle
  // The factors in f32 from lora_sift_left and lora_sift_right, by which BF16 and F16 without magnitudes are settled
  // sooner; or NULL. They change no result.
  const float *_Nullable sift_left, *_Nullable sift_bounds, *_Nullable sift_right, *_Nullable sift_norms;
} lora_check;

/// Most rows that a check takes together.
enum { LORA_CHECK_ROWS = 4 };

/// Lists the positions at which a stored code is not for certain the nearest to base + scale * sum over k of
/// left[i, k] * right[k, c], times magnitude / norm of the row where there are magnitudes and the norm is not 0, and that
/// number beside each. Computed as by the functions above; squares are summed in sixteen sums by c % 16. A code of 16 bits
/// reaches half of the way to its neighbour on the number's own side, the number rounded to f32; columns behind the last
/// whole sixteen are always listed. `doubts` and `numbers` have room for all.
size_t lora_reference_check(lora_level level, const lora_check *check, uint32_t *doubts, double *numbers);

/// A right factor in f32, in strips of 16 columns, each rank * 16 numbers, and the norms of its columns, rounded up; false
/// where a number of the whole strips is none of f32.
bool lora_sift_right(
  lora_level level, size_t rank, size_t columns, const double *right, float *narrow, float *norms);
/// A left factor times a scale in f32, and for each row what bounds its errors when multiplied by the norm of a column.
void lora_sift_left(
  lora_level level, size_t rows, size_t rank, const double *left, double scale, float *narrow, float *bounds);

// MARK: Apply

/// out[t * out_stride + r] = sum over k < length of row r[k] * tokens[t * stride + k] for `rows` rows, `row_bytes` apart, and
/// `count` tokens: fused multiply-adds into sixteen sums by k % 16, which are then added as a tree. Zeros behind a row
/// change no bit. Rows are of F32, F16 or BF16, and of F64 for the second.
void lora_apply_f32(
  lora_level level, lora_dtype dtype, size_t rows, size_t count, size_t length, const void *matrix, size_t row_bytes,
  const float *tokens, size_t stride, float *out, size_t out_stride);
void lora_apply_f64(
  lora_level level, lora_dtype dtype, size_t rows, size_t count, size_t length, const void *matrix, size_t row_bytes,
  const double *tokens, size_t stride, double *out, size_t out_stride);

// MARK: Reflect

/// Reflections whose product is taken together: I - Y * T * transpose(Y), Y the identity above V. The factors of
/// reflections are T of panel after panel, LORA_PANEL numbers for each column of V.
enum { LORA_PANEL = 4 };

/// Makes a square matrix bidiagonal by Householder reflections from both sides; it is undefined afterwards. `stride` numbers
/// from one column to the next, a multiple of 8, those behind the rows 0; `work` has room for three columns. `above[k]`
/// stands above `diagonal[k + 1]`.
void lora_bidiagonal_f64(
  lora_level level, size_t size, double *matrix, size_t stride, double *work, double *diagonal, double *above);

/// Applies Householder reflections to C in their order, or in the opposite one, which undoes them. Column c of C is
/// top[c * top_stride + 0 ..< reflectors] and below[c * below_stride + 0 ..< rows].
void lora_reflect_f64(
  lora_level level, bool undoes, size_t reflectors, size_t rows, const double *v, size_t stride, const double *factors,
  size_t columns, double *top, size_t top_stride, double *below, size_t below_stride);

/// Reflects the triangle (size * size, column by column) above a block of rows to a triangle above zeros. The block
/// becomes V of the reflections, whose factors are written.
void lora_fold_f64(
  lora_level level, size_t size, size_t rows, double *triangle, double *block, size_t stride, double *factors);

/// One sweep of Jacobi rotations that make pairs of columns orthogonal, all pairs once. The first `rows` numbers of a
/// column are looked at, the first `height` are turned; both are multiples of 8. `squares` are those of the columns.
/// Returns whether a pair was turned.
bool lora_rotate_f64(
  lora_level level, size_t count, size_t rows, size_t height, double *columns, size_t stride, double *squares);

// MARK: Columns

/// gram[j * columns + i] += the product of columns i and j of a block, for i not above j: fused multiply-adds in eight sums
/// by the row, which are then added as a tree.
void lora_add_gram(lora_level level, size_t columns, size_t rows, const double *block, size_t stride, double *gram);
/// The Cholesky factor of a Gram matrix of `size` columns in its place, on the diagonal and above; products and sums rounded
/// by themselves. A column of zeros stays one. False where of a column's square no more than a share of `tolerance` is
/// left. `work` has room for two columns.
bool lora_cholesky_f64(lora_level level, size_t size, double *gram, double tolerance, double *work);
/// The sum of left * right in eight sums, which are then added as a tree; products and sums are rounded by themselves.
double lora_sum_of_products(lora_level level, const double *left, const double *right, size_t count);
/// target += factor * source, each rounded by itself.
void lora_add_multiple(lora_level level, double factor, const double *source, double *target, size_t count);
/// out[c * out_stride + r] = in[r * in_stride + c] for `rows` rows and `columns` columns.
void lora_turn_f64(
  lora_level level, size_t rows, size_t columns, const double *in, size_t in_stride, double *out, size_t out_stride);

typedef struct {
  uint64_t nan, infinite, zero;
} lora_value_counts;

lora_value_counts lora_count_f64(lora_level level, const double *values, size_t count);

// MARK: Scan

#define LORA_NONE UINT64_MAX

typedef struct {
  uint64_t nan_count, nan_first;  // index of the first, or LORA_NONE
  uint64_t inf_count, inf_first;
  double max_finite;              // largest finite magnitude, 0 if there is none
  bool any_nonzero;
} lora_scan_result;

lora_scan_result lora_scan(lora_level level, lora_dtype dtype, const void *bytes, size_t count);
/// Index of the first finite element with magnitude >= threshold, or LORA_NONE.
uint64_t lora_find_exceeding(
  lora_level level, lora_dtype dtype, const void *bytes, size_t count, double threshold);

#pragma clang assume_nonnull end

#endif
