// The merge: which blocks go through which kernels. docs/numerics.md derives the two paths and the bound.

#include "levels.h"

#pragma STDC FP_CONTRACT OFF

// Columns taken at once, so that the part of the right factor that a block of rows meets again stays in the
// second-level cache. Multiples of 64, and the same for all levels because statistics are summed by segment.
static size_t clamp_segment(size_t columns, size_t most) {
  columns -= columns % 64;
  return columns < 64 ? 64 : lora_min(columns, most);
}

static size_t segment_f32(size_t rank) { return clamp_segment(65536 / (rank + 1), 1024); }
static size_t segment_f64(size_t rank) { return clamp_segment(16384 / (rank + 1), 512); }
static bool is_wide(const lora_merge_job *job) { return job->output_dtype == LORA_F32 || job->right_f64; }

typedef struct {
  const lora_level_table *kernels;
  const lora_merge_job *job;
  lora_merge_statistics *statistics;
  size_t segment;
  double *d_wide, *right;  // LORA_ROWS rows of the product; the right factor's segment in f64
  float *d, *w, *stored;
  char *rounded;
  uint32_t *doubtful;
} lora_merge_state;

static size_t up(size_t bytes) { return (bytes + 63) / 64 * 64; }

/// Lays the buffers out from `scratch` on and returns their size.
static size_t arrange(lora_merge_state *state, char *scratch) {
  size_t at = 0, segment = state->segment;
  bool wide = is_wide(state->job), widened = wide && state->job->right_f32;
#define TAKE(member, count) \
  state->member = (void *)(scratch + at); \
  at += up((count) * sizeof *state->member);
  TAKE(d_wide, (wide ? LORA_ROWS : 1) * segment)
  TAKE(right, widened ? segment * state->job->rank : 0)
  TAKE(d, wide ? 0 : LORA_ROWS * segment)
  TAKE(w, segment)
  TAKE(stored, segment)
  TAKE(rounded, segment * sizeof(float))
  TAKE(doubtful, segment / LORA_LANES + 1)
#undef TAKE
  return at;
}

static lora_merge_state state_of(lora_level level, const lora_merge_job *job, lora_merge_statistics *statistics) {
  return (lora_merge_state){
    .kernels = lora_level_table_of(level),
    .job = job,
    .statistics = statistics,
    .segment = is_wide(job) ? segment_f64(job->rank) : segment_f32(job->rank),
  };
}

size_t lora_merge_scratch(const lora_merge_job *job) {
  lora_merge_state state = state_of(0, job, NULL);
  return arrange(&state, NULL);
}

static bool fits_f32_squares(uint64_t bits) {
  return bits == 0 || (bits > lora_bits_f64(0x1p-50) && bits < lora_bits_f64(0x1p50));
}

/// Adds one row's segment: w, d and what was stored, padded to whole strips with zeros.
static void count_row(
  const lora_merge_state *state, size_t columns, const float *d, const double *d_wide) {
  const lora_level_table *kernels = state->kernels;
  lora_merge_statistics *statistics = state->statistics;
  size_t strips = (columns + LORA_LANES - 1) / LORA_LANES;
  lora_tally tally;
  if (d) {
    kernels->tally_f32(strips, state->w, d, state->stored, &tally);
    if (!fits_f32_squares(tally.max_delta_bits) || !fits_f32_squares(tally.max_residual_bits)) {
      kernels->widen_f64(d, strips * LORA_LANES, state->d_wide);
      kernels->tally_f64(strips, state->w, state->d_wide, state->stored, &tally);
    }
  } else {
    kernels->tally_f64(strips, state->w, d_wide, state->stored, &tally);
  }
  lora_exact_sum_add(&statistics->delta_squared, tally.delta_squared);
  lora_exact_sum_add(&statistics->residual_squared, tally.residual_squared);
  statistics->elements += columns;
  if (tally.max_delta_bits > statistics->max_delta_bits) statistics->max_delta_bits = tally.max_delta_bits;
  // A stored value that is not finite leaves no finite residual.
  if (tally.max_residual_bits < 0x7ff0000000000000) return;
  for (size_t j = 0; j < columns; j++) {
    if (state->stored[j] - state->stored[j] == 0) continue;
    statistics->not_finite++;
    statistics->overflowed += state->w[j] - state->w[j] == 0;
  }
}

/// Rounds and stores one row's segment, `columns` from column `j` on, given its product.
static void store_row(
  const lora_merge_state *state, size_t i, size_t j, size_t columns, float *d, double *d_wide) {
  const lora_level_table *kernels = state->kernels;
  const lora_merge_job *job = state->job;
  size_t strips = (columns + LORA_LANES - 1) / LORA_LANES, padded = strips * LORA_LANES;
  size_t output_size = lora_code_of(job->output_dtype).size;
  char *output = (char *)job->output + i * job->output_stride + j * output_size;
  char *rounded = padded == columns ? output : state->rounded;

  kernels->widen(
    job->base_dtype, (const char *)job->base + i * job->base_stride + j * lora_code_of(job->base_dtype).size, columns,
    state->w);
  for (size_t pad = columns; pad < padded; pad++) {
    state->w[pad] = 0;
    if (d) d[pad] = 0;
    if (d_wide) d_wide[pad] = 0;
  }
  if (d_wide) {
    kernels->finish_f64(job->output_dtype, strips, state->w, d_wide, rounded);
  } else if (job->left_bounds[i] < 0 && job->right_finite) {  // a delta of zeros: only a conversion
    for (size_t pad = 0; pad < padded; pad++) state->w[pad] += 0.0f;
    kernels->narrow_f32(job->output_dtype, state->w, padded, rounded);
  } else {
    // A row of zeros against a factor that is not finite has no bound: everything is doubtful.
    float bound = job->left_bounds[i] < 0 ? lora_f64_of(0x7ff8000000000000) : job->left_bounds[i];
    float floor = (float)(2 * job->rank + 4) * 0x1p-149f;
    size_t count = kernels->finish(
      job->output_dtype, strips, state->w, d, job->right_norms + j, bound, floor, rounded, state->doubtful);
    if (count)
      kernels->resolve(
        job->output_dtype, job->rank, state->w, job->left_wide + i * job->rank, job->right_f32 + j * job->rank,
        rounded, state->doubtful, count);
  }
  if (rounded != output) memcpy(output, rounded, columns * output_size);
  if (state->statistics) {
    kernels->widen(job->output_dtype, rounded, padded, state->stored);
    count_row(state, columns, d, d_wide);
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
    if (is_wide(job) && job->right_f32)
      kernels->widen_f64(job->right_f32 + j * rank, strips * LORA_LANES * rank, state.right);
    for (size_t i = 0; i < job->rows; i += LORA_ROWS) {
      size_t rows = lora_min(LORA_ROWS, job->rows - i);
      if (is_wide(job)) {
        kernels->product_f64(rows, strips, rank, job->left_wide + i * rank, right, state.d_wide, state.segment);
      } else {
        lora_ahead ahead = {
          (const char *)job->base + i * job->base_stride + j * base_size, job->base_stride, LORA_LANES * base_size};
        kernels->product_f32(
          rows, strips, rank, job->left_narrow + i * rank, job->right_f32 + j * rank, state.d, state.segment, ahead);
      }
      for (size_t row = 0; row < rows; row++)
        store_row(
          &state, i + row, j, columns, is_wide(job) ? NULL : state.d + row * state.segment,
          is_wide(job) ? state.d_wide + row * state.segment : NULL);
    }
  }
}
