// The kernels of one level. A level file defines LEVEL, LEVEL_NAME, TARGET, NATIVE_FMA, NATIVE_F16, how many REGISTERS of
// vectors it has and their REGISTER_BYTES (64 where operations are emulated), the register blocks PRODUCT_STRIPS,
// WIDE_HALVES, ROUND_STRIPS (1 or 2), RESOLVE_STRIPS, GRAM_LEFT (a multiple of 4) and GRAM_RIGHT, REFERENCE_ROWS and
// REFERENCE_STRIPS, and a function `level_available`, then includes this.

#include "levels.h"
#include "vectors.h"

#include "level_convert.h"
#include "level_pack.h"
#include "level_product.h"
#include "level_reference.h"
#include "level_check.h"
#include "level_sift.h"
#include "level_reflect.h"
#include "level_rotate.h"
#include "level_columns.h"
#include "level_bidiagonal.h"
#include "level_tally.h"

#include "level_round.h"
#include "level_scan.h"

#include "level_decompose.h"

#define APPLY_WIDE 0
#include "level_apply.h"
#undef APPLY_WIDE
#define APPLY_WIDE 1
#include "level_apply.h"
#undef APPLY_WIDE

const lora_level_table LEVEL = {
  .name = LEVEL_NAME,
  .available = level_available,
  .widen = widen,
  .widen_f64 = widen_f64,
  .widen_scaled = widen_scaled,
  .round_f64 = round_f64,
  .narrow_f32 = narrow_f32,
  .narrow_f64 = narrow_f64,
  .pack = pack,
  .product_f32 = product_f32,
  .product_f64 = product_f64,
  .finish = finish,
  .resolve = resolve,
  .finish_f64 = finish_f64,
  .tally_f32 = tally_f32,
  .tally_f64 = tally_f64,
  .add_base_f64 = add_base_f64,
  .add_change_f64 = add_change_f64,
  .add_squares_f64 = add_squares_f64,
  .multiply_f64 = multiply_f64,
  .settle = settle,
  .tally_change = tally_change,
  .peak = peak,
  .census = census,
  .apply_f32 = apply_f32,
  .apply_f64 = apply_f64,
  .reflect_f64 = reflect_f64,
  .fold_f64 = fold_f64,
  .rotate_f64 = rotate_f64,
  .bidiagonalize = bidiagonalize,
  .add_gram = add_gram,
  .cholesky = cholesky,
  .sum_of_products = sum_of_products,
  .add_multiple = add_multiple,
  .turn_f64 = turn_f64,
  .count_f64 = count_f64,
  .reference_add = reference_add,
  .reference_numbers = reference_numbers,
  .reference_doubts = reference_doubts,
  .reference_check = reference_check,
  .sift_right = sift_right,
  .sift_left = sift_left,
  .burn_f32 = burn_f32,
  .burn_f64 = burn_f64,
};
