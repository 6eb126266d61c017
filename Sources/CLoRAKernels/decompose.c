// The merge with magnitudes (DoRA): f64 throughout, some rows at a time, which stay in the second-level cache.

#include "levels.h"

#pragma STDC FP_CONTRACT OFF

// Columns of the product at once, as in the f64 path of a plain merge, and those that are rounded and counted at once.
enum { SEGMENT = 512, STRIDE = SEGMENT + 16, ROUNDED = 2048 };
// Rows at once: as many as take a megabyte, so that a segment of a right factor is widened for many of them.
enum { BLOCK_BYTES = 1 << 20, MOST_ROWS = 8 * LORA_ROWS };

typedef struct {
  const lora_level_table *kernels;
  const lora_decomposed_job *job;
  size_t stride;      // of `value`
  size_t rows;        // of `value`, whole blocks of a left factor
  double *value;      // V of some rows
  double *delta;      // a segment of the product of LORA_ROWS rows
  double *right;      // a segment of a right factor
  double *base;       // a part of one row of the base, ROUNDED columns at most
  float *stored;      // the same of the output
  char *rounded;      // the same in the type of the output
} lora_decomposed_state;

static size_t up(size_t bytes) { return (bytes + 63) / 64 * 64; }
static size_t strips_of(size_t columns) { return (columns + LORA_LANES - 1) / LORA_LANES; }

static size_t arrange(lora_decomposed_state *state, char *scratch) {
  size_t at = 0, rank = 0;
  for (size_t n = 0; n < state->job->count; n++)
    if (state->job->deltas[n].rank > rank) rank = state->job->deltas[n].rank;
#define TAKE(member, count) \
  state->member = scratch ? (void *)(scratch + at) : NULL; \
  at += up((count) * sizeof *state->member);
  TAKE(value, state->rows * state->stride)
  TAKE(delta, LORA_ROWS * STRIDE)
  TAKE(right, SEGMENT * rank)
  TAKE(base, ROUNDED)
  TAKE(stored, ROUNDED)
  TAKE(rounded, ROUNDED * sizeof(float))
#undef TAKE
  return at;
}

static lora_decomposed_state state_of(lora_level level, const lora_decomposed_job *job) {
  // A little further apart than whole strips, so that rows do not compete for the same cache lines.
  size_t stride = strips_of(job->columns) * LORA_LANES + 16;
  size_t blocks = BLOCK_BYTES / (stride * sizeof(double) * LORA_ROWS);
  return (lora_decomposed_state){
    .kernels = lora_level_table_of(level),
    .job = job,
    .stride = stride,
    .rows = lora_min(MOST_ROWS, (blocks < 1 ? 1 : blocks) * LORA_ROWS),
  };
}

size_t lora_decomposed_scratch(const lora_decomposed_job *job) {
  lora_decomposed_state state = state_of(0, job);
  return arrange(&state, NULL);
}

/// A part of one row of the base in f64, padded with zeros.
static void read_base(lora_level level, const lora_decomposed_job *job, size_t row, size_t j, size_t n, double *out) {
  const char *base = (const char *)job->base + row * job->base_stride;
  lora_widen_f64(level, job->base_dtype, base, j, n, out);
  for (size_t pad = n; pad < strips_of(n) * LORA_LANES; pad++) out[pad] = 0;
}

/// A part of one row of the base in whole strips: where it lies, or a copy padded with zeros.
static const void *whole_base(const lora_decomposed_state *state, size_t row, size_t j, size_t n) {
  const lora_decomposed_job *job = state->job;
  size_t size = lora_code_of(job->base_dtype).size;
  const char *base = (const char *)job->base + row * job->base_stride + j * size;
  if (n % LORA_LANES == 0) return base;
  memset(state->base, 0, strips_of(n) * LORA_LANES * size);
  return memcpy(state->base, base, n * size);
}

/// A segment of a right factor in f64.
static const double *right_of(
  const lora_decomposed_state *state, const lora_decomposed_delta *delta, size_t j, size_t n) {
  if (delta->right_f64) return delta->right_f64 + j * delta->rank;
  state->kernels->widen_f64(
    delta->right_f32 + j * delta->rank, strips_of(n) * LORA_LANES * delta->rank, state->right);
  return state->right;
}

/// A segment of the product of up to LORA_ROWS rows, from row `i` of the job on, which begins a block of the left factor.
static void multiply(
  const lora_decomposed_state *state, const lora_decomposed_delta *delta, const double *right, size_t i, size_t rows,
  size_t n) {
  const lora_ahead nothing = {(const char *)state->value, 0, 0};
  state->kernels->product_f64(
    rows, strips_of(n), delta->rank, delta->left_wide + i * delta->rank, right, state->delta, STRIDE, nothing);
  for (size_t row = 0; row < rows; row++)
    for (size_t pad = n; pad < strips_of(n) * LORA_LANES; pad++) state->delta[row * STRIDE + pad] = 0;
}

/// Adds one delta to V of some rows; gives them its magnitudes, but for factors of rows, which are left to be multiplied.
static void apply(
  lora_level level, const lora_decomposed_state *state, size_t number, size_t i, size_t rows, double *factors) {
  const lora_decomposed_job *job = state->job;
  const lora_decomposed_delta *delta = &job->deltas[number];
  bool reads = delta->kind == LORA_ROW_MAGNITUDES;
  double squares[MOST_ROWS][LORA_LANES] = {{0}};
  for (size_t j = 0; j < job->columns; j += SEGMENT) {
    size_t n = lora_min(SEGMENT, job->columns - j);
    const double *right = right_of(state, delta, j, n);
    for (size_t row = 0; row < rows; row++) {
      if (row % LORA_ROWS == 0) multiply(state, delta, right, i + row, lora_min(LORA_ROWS, rows - row), n);
      const double *d = state->delta + row % LORA_ROWS * STRIDE;
      double *value = state->value + row * state->stride + j;
      if (number == 0) {
        // V is the base itself so far.
        const void *base = whole_base(state, i + row, j, n);
        state->kernels->add_base_f64(job->base_dtype, strips_of(n), base, d, value, squares[row]);
        continue;
      }
      if (reads) read_base(level, job, i + row, j, n, state->base);
      state->kernels->add_change_f64(strips_of(n), d, reads ? state->base : NULL, value, squares[row]);
    }
  }
  for (size_t row = 0; row < rows; row++) {
    factors[row] = 1;
    if (delta->kind == LORA_COLUMN_FACTORS)
      state->kernels->multiply_f64(job->columns, 1, delta->magnitudes, state->value + row * state->stride);
    if (delta->kind != LORA_ROW_MAGNITUDES) continue;
    double sum = 0;
    for (int lane = 0; lane < LORA_LANES; lane++) sum += squares[row][lane];
    // A row of zeros has no direction and stays zero.
    if (sum != 0) factors[row] = delta->magnitudes[i + row] / __builtin_sqrt(sum);
  }
}

/// Rounds `n` numbers and counts them, where the kernel that does all steps at once could not: each step by itself.
static void settle_apart(
  lora_level level, const lora_decomposed_state *state, size_t row, size_t j, size_t n, double factor, double *value,
  lora_tally *tally, lora_merge_statistics *statistics) {
  const lora_decomposed_job *job = state->job;
  size_t strips = strips_of(n);
  state->kernels->multiply_f64(n, factor, NULL, value);
  state->kernels->narrow_f64(job->output_dtype, value, strips * LORA_LANES, state->rounded);
  state->kernels->widen(job->output_dtype, state->rounded, strips * LORA_LANES, state->stored);
  read_base(level, job, row, j, n, state->base);
  state->kernels->tally_change(strips, state->base, value, state->stored, tally);
  for (size_t k = 0; statistics && k < n; k++) {
    if (state->stored[k] - state->stored[k] == 0) continue;
    statistics->not_finite++;
    statistics->overflowed += state->base[k] - state->base[k] == 0;
  }
}

/// Multiplies one row of V, rounds, stores and counts it.
static void store(
  lora_level level, const lora_decomposed_state *state, size_t i, size_t row, double factor,
  lora_merge_statistics *statistics) {
  const lora_decomposed_job *job = state->job;
  size_t size = lora_code_of(job->output_dtype).size;
  char *output = (char *)job->output + (i + row) * job->output_stride;
  for (size_t j = 0; j < job->columns; j += ROUNDED) {
    size_t n = lora_min(ROUNDED, job->columns - j), strips = strips_of(n);
    double *value = state->value + row * state->stride + j;
    for (size_t pad = n; pad < strips * LORA_LANES; pad++) value[pad] = 0;
    // Rounded beside the output, which may replace the base and have a part of a strip at its end.
    const void *base = state->base;
    bool same = job->base_dtype == job->output_dtype;
    if (same) base = whole_base(state, i + row, j, n);
    else read_base(level, job, i + row, j, n, state->base);
    lora_tally tally;
    if (!state->kernels->settle(
          same ? job->base_dtype : LORA_F64, job->output_dtype, strips, base, factor, value, state->rounded, &tally))
      settle_apart(level, state, i + row, j, n, factor, value, &tally, statistics);
    memcpy(output + j * size, state->rounded, n * size);
    if (!statistics) continue;
    lora_exact_sum_add(&statistics->delta_squared, tally.delta_squared);
    lora_exact_sum_add(&statistics->residual_squared, tally.residual_squared);
    statistics->elements += n;
    uint64_t most = lora_bits_f64(tally.max_delta);
    if (most > statistics->max_delta_bits) statistics->max_delta_bits = most;
  }
}

void lora_merge_decomposed(
  lora_level level, const lora_decomposed_job *job, void *scratch, lora_merge_statistics *statistics) {
  lora_decomposed_state state = state_of(level, job);
  arrange(&state, scratch);
  for (size_t i = 0; i < job->rows; i += state.rows) {
    size_t rows = lora_min(state.rows, job->rows - i);
    double factors[MOST_ROWS];
    for (size_t number = 0; number < job->count; number++) {
      for (size_t row = 0; number > 0 && row < rows; row++)
        state.kernels->multiply_f64(job->columns, factors[row], NULL, state.value + row * state.stride);
      apply(level, &state, number, i, rows, factors);
    }
    for (size_t row = 0; row < rows; row++) store(level, &state, i, row, factors[row], statistics);
  }
}

void lora_column_squares(lora_level level, const lora_decomposed_job *job, void *scratch, double *squares) {
  lora_decomposed_state state = state_of(level, job);
  arrange(&state, scratch);
  for (size_t j = 0; j < job->columns; j += SEGMENT) {
    size_t n = lora_min(SEGMENT, job->columns - j);
    const double *right = right_of(&state, &job->deltas[0], j, n);
    for (size_t row = 0; row < job->rows; row++) {
      if (row % LORA_ROWS == 0) multiply(&state, &job->deltas[0], right, row, lora_min(LORA_ROWS, job->rows - row), n);
      read_base(level, job, row, j, n, state.base);
      state.kernels->add_squares_f64(strips_of(n), state.delta + row % LORA_ROWS * STRIDE, state.base, squares + j);
    }
  }
}
