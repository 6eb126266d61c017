// The merge: which blocks go through which kernels. docs/numerics.md derives the two paths and the bound.

#include "levels.h"

#pragma STDC FP_CONTRACT OFF

// Columns taken at once, so that the part of the right factor that a block of rows meets again stays in the
// second-level cache. Multiples of 64, and the same for all levels because statistics are summed by segment.
static size_t clamp_segment(size_t columns, size_t most) {
  columns -= columns % 64;
  return columns < 64 ? 64 : lora_min(columns, most);
}

static size_t segment_f32(size_t rank) { return clamp_segment(65536 / (rank + 1), 512); }
static size_t segment_f64(size_t rank) { return clamp_segment(16384 / (rank + 1), 512); }

// Rows of the product buffer are a little further apart than a segment, so that they do not compete for the same
// cache lines.
enum { PAD = 16 };

/// One call's inputs and buffers.
typedef struct {
  const lora_level_table *kernels;
  const lora_merge_job *job;
  lora_merge_statistics *statistics;
  bool wide;        // product in f64 for every element
  size_t segment, stride;
  double *d_wide;   // LORA_ROWS rows of the product in f64, or one for statistics
  double *base_wide;  // LORA_ROWS rows of an F64 base
  double *sum;      // one of them and its product
  double *right;    // the right factor's segment in f64
  float *d, *w;     // LORA_ROWS rows of the product, and of the base in f32
  float *base_row, *stored_row;  // one row of the base and the output, for statistics
  float *rounded;   // LORA_ROWS rows of the output in any type, when they end within a strip
  uint32_t *doubtful;
  lora_doubt *doubts;
} lora_merge_state;

static size_t up(size_t bytes) { return (bytes + 63) / 64 * 64; }

/// Lays the buffers out from `scratch` on, unless it is null, and returns their size.
static size_t arrange(lora_merge_state *state, char *scratch) {
  size_t at = 0, strips = state->segment / LORA_LANES;
#define TAKE(member, count) \
  state->member = scratch ? (void *)(scratch + at) : NULL; \
  at += up((count) * sizeof *state->member);
  TAKE(d_wide, (state->wide ? LORA_ROWS : 1) * state->stride)
  bool exact = state->job->base_dtype == LORA_F64;
  TAKE(base_wide, exact ? LORA_ROWS * state->stride : 0)
  TAKE(sum, exact ? state->stride : 0)
  TAKE(right, state->wide && state->job->right_f32 ? state->segment * state->job->rank : 0)
  TAKE(d, state->wide ? 0 : LORA_ROWS * state->stride)
  TAKE(w, LORA_ROWS * state->stride)
  TAKE(base_row, state->stride)
  TAKE(stored_row, state->stride)
  TAKE(rounded, LORA_ROWS * state->stride)
  TAKE(doubtful, state->wide ? 0 : strips + 1)
  TAKE(doubts, state->wide ? 0 : LORA_ROWS * strips)
#undef TAKE
  return at;
}

static lora_merge_state state_of(lora_level level, const lora_merge_job *job, lora_merge_statistics *statistics) {
  bool wide = job->output_dtype == LORA_F32 || job->right_f64;
  size_t segment = wide ? segment_f64(job->rank) : segment_f32(job->rank);
  return (lora_merge_state){
    .kernels = lora_level_table_of(level),
    .job = job,
    .statistics = statistics,
    .wide = wide,
    .segment = segment,
    .stride = segment + PAD,
  };
}

size_t lora_merge_scratch(const lora_merge_job *job) {
  lora_merge_state state = state_of(0, job, NULL);
  return arrange(&state, NULL);
}

/// Counts one row's segment, in whole strips whose padding is zero: from what was counted while it was rounded, or
/// from the stored output.
static void count_row(
  const lora_merge_state *state, size_t columns, lora_dtype from, const void *w, const float *d, double *d_wide,
  const void *stored, const lora_lanes *lanes) {
  const lora_level_table *kernels = state->kernels;
  const lora_merge_job *job = state->job;
  lora_merge_statistics *statistics = state->statistics;
  size_t strips = (columns + LORA_LANES - 1) / LORA_LANES, padded = strips * LORA_LANES;
  lora_tally tally = {0};
  if (!state->wide) kernels->tally_f32(lanes, &tally);
  if (state->wide || !lora_is_sound(tally.delta_squared) || !lora_is_sound(tally.residual_squared)) {
    if (from == LORA_F64) kernels->round_f64(w, padded, state->base_row);
    else kernels->widen(from, w, padded, state->base_row);
    kernels->widen(job->output_dtype, stored, padded, state->stored_row);
    if (!state->wide) kernels->widen_f64(d, padded, d_wide);
    kernels->tally_f64(strips, state->base_row, d_wide, state->stored_row, &tally);
  }
  lora_exact_sum_add(&statistics->delta_squared, tally.delta_squared);
  lora_exact_sum_add(&statistics->residual_squared, tally.residual_squared);
  statistics->elements += columns;
  uint64_t most = lora_bits_f64(tally.max_delta);
  if (most > statistics->max_delta_bits) statistics->max_delta_bits = most;
  // A stored value that is not finite leaves no finite residual, nor a sound sum.
  if (tally.residual_squared - tally.residual_squared == 0) return;
  for (size_t j = 0; j < columns; j++) {
    if (state->stored_row[j] - state->stored_row[j] == 0) continue;
    statistics->not_finite++;
    statistics->overflowed += state->base_row[j] - state->base_row[j] == 0;
  }
}

/// The row at `row` of a block, in the type of the array.
#define ROW(array, row) (state->array + (row) * state->stride)

/// One row of an F64 base: where it lies, or a copy padded with zeros where it ends within a strip.
static const double *whole_base_f64(size_t columns, size_t padded, const void *base, double *copy) {
  if (columns == padded && (uintptr_t)base % _Alignof(double) == 0) return base;
  memcpy(copy, base, columns * sizeof *copy);
  for (size_t j = columns; j < padded; j++) copy[j] = 0;
  return copy;
}

/// One row: out = round(base + d) from an F64 base and an f64 product, or none.
static void finish_base_f64(
  const lora_merge_state *state, size_t padded, const double *base, const double *d, void *out) {
  for (size_t j = 0; j < padded; j++) state->sum[j] = base[j] + (d ? d[j] : 0);
  state->kernels->narrow_f64(state->job->output_dtype, state->sum, padded, out);
}

/// Rounds and stores a block of rows, `columns` from column `j` on, given its product.
static void store_block(const lora_merge_state *state, size_t i, size_t rows, size_t j, size_t columns) {
  const lora_level_table *kernels = state->kernels;
  const lora_merge_job *job = state->job;
  size_t strips = (columns + LORA_LANES - 1) / LORA_LANES, padded = strips * LORA_LANES, rank = job->rank;
  size_t base_size = lora_code_of(job->base_dtype).size, output_size = lora_code_of(job->output_dtype).size;
  // Covers underflow; never a subnormal number itself, which would slow every operation down.
  const float floor = 0x1p-126f;
  // Whatever reads the base after the first store needs it kept when the output replaces it.
  bool whole = padded == columns, exact = job->base_dtype == LORA_F64;
  bool copied = !exact && (state->wide || !whole || job->base == job->output);
  lora_dtype from = copied ? LORA_F32 : job->base_dtype;
  size_t from_size = lora_code_of(from).size;
  const void *sources[LORA_ROWS];
  char *outputs[LORA_ROWS];
  lora_lanes lanes[LORA_ROWS];
  size_t doubts = 0;

  for (size_t row = 0; row < rows; row++) {
    size_t left_row = job->first_row + i + row;
    float *w = ROW(w, row), *d = ROW(d, row), bound = job->left_bounds[left_row];
    const char *base = (const char *)job->base + (i + row) * job->base_stride + j * base_size;
    char *out = (char *)job->output + (i + row) * job->output_stride + j * output_size;
    outputs[row] = whole ? out : (char *)ROW(rounded, row);
    bool unchanged = bound < 0 && job->right_finite && !state->wide;
    sources[row] = exact ? whole_base_f64(columns, padded, base, ROW(base_wide, row)) : copied ? (const void *)w : base;
    if (!exact && (copied || unchanged)) kernels->widen(job->base_dtype, base, columns, w);
    for (size_t pad = columns; pad < padded; pad++) {
      w[pad] = 0;
      if (state->wide) ROW(d_wide, row)[pad] = 0;
      else d[pad] = 0;
    }
    if (exact && (state->wide || unchanged)) {
      finish_base_f64(state, padded, sources[row], unchanged ? NULL : ROW(d_wide, row), outputs[row]);
      if (unchanged) lanes[row] = (lora_lanes){0};
      continue;
    }
    if (state->wide) {
      kernels->finish_f64(job->output_dtype, strips, w, ROW(d_wide, row), outputs[row]);
      continue;
    }
    if (unchanged) {  // a delta of zeros: only a conversion, in which -0 + 0 is 0
      for (size_t pad = 0; pad < padded; pad++) w[pad] += 0.0f;
      kernels->narrow_f32(job->output_dtype, w, padded, outputs[row]);
      lanes[row] = (lora_lanes){0};
      continue;
    }
    // A row of zeros against a factor that is not finite has no bound: everything is doubtful.
    if (bound < 0) bound = (float)lora_f64_of(0x7ff8000000000000);
    size_t count = kernels->finish(
      from, job->output_dtype, strips, sources[row], d, job->right_norms + j, bound, floor, outputs[row],
      state->doubtful, state->statistics ? &lanes[row] : NULL);
    for (size_t n = 0; n < count; n++) {
      size_t column = state->doubtful[n] * LORA_LANES;
      state->doubts[doubts++] = (lora_doubt){
        .w = (const char *)sources[row] + column * from_size,
        .d = d + column,
        .left = job->left_wide + left_row / LORA_ROWS * LORA_ROWS * rank + left_row % LORA_ROWS,
        .right = job->right_f32 + (j + column) * rank,
        .out = outputs[row] + column * output_size,
        .lanes = state->statistics ? &lanes[row] : NULL,
      };
    }
  }
  if (doubts) kernels->resolve(from, job->output_dtype, rank, state->doubts, doubts);
  for (size_t row = 0; row < rows; row++) {
    if (!whole)
      memcpy(
        (char *)job->output + (i + row) * job->output_stride + j * output_size, outputs[row], columns * output_size);
    if (state->statistics)
      count_row(
        state, columns, from, sources[row], ROW(d, row), state->wide ? ROW(d_wide, row) : state->d_wide,
        outputs[row], &lanes[row]);
  }
}

void lora_merge(lora_level level, const lora_merge_job *job, void *scratch, lora_merge_statistics *statistics) {
  lora_merge_state state = state_of(level, job, statistics);
  arrange(&state, scratch);
  const lora_level_table *kernels = state.kernels;
  size_t rank = job->rank, base_size = lora_code_of(job->base_dtype).size;
  for (size_t j = 0; j < job->columns; j += state.segment) {
    size_t columns = lora_min(state.segment, job->columns - j);
    size_t strips = (columns + LORA_LANES - 1) / LORA_LANES;
    const double *right = job->right_f64 ? job->right_f64 + j * rank : state.right;
    if (state.wide && job->right_f32)
      kernels->widen_f64(job->right_f32 + j * rank, strips * LORA_LANES * rank, state.right);
    for (size_t i = 0, rows; i < job->rows; i += rows) {
      size_t left_row = job->first_row + i, lane = left_row % LORA_ROWS;
      size_t left = left_row / LORA_ROWS * LORA_ROWS * rank + lane;
      rows = lora_min(LORA_ROWS - lane, job->rows - i);
      lora_ahead ahead = {
        (const char *)job->base + i * job->base_stride + j * base_size, job->base_stride, LORA_LANES * base_size};
      if (state.wide)
        kernels->product_f64(rows, strips, rank, job->left_wide + left, right, state.d_wide, state.stride, ahead);
      else
        kernels->product_f32(
          rows, strips, rank, job->left_narrow + left, job->right_f32 + j * rank, state.d, state.stride, ahead);
      store_block(&state, i, rows, j, columns);
    }
  }
}
