// Part of level_body.h: conversion of runs of elements.

// Types that are converted as they are stored, with their bytes.
#define TYPES_OF_WHOLE_BYTES(of) \
  of(LORA_F32, 4) of(LORA_F16, 2) of(LORA_BF16, 2) of(LORA_F8_E4M3, 1) of(LORA_F8_E5M2, 1) \
  of(LORA_F8_E4M3FNUZ, 1) of(LORA_F8_E5M2FNUZ, 1) of(LORA_F8_E8M0, 1)

FOR_EACH void widen_all(lora_dtype dtype, size_t size, const char *in, size_t count, float *out) {
  size_t whole = count - count % LORA_LANES;
  for (size_t i = 0; i < whole; i += LORA_LANES) store_f32(out + i, widen_lanes(dtype, in + i * size));
  if (whole < count) {
    char rest[LORA_LANES * 4] = {0};
    memcpy(rest, in + whole * size, (count - whole) * size);
    v16f values = widen_lanes(dtype, rest);
    memcpy(out + whole, &values, (count - whole) * sizeof *out);
  }
}

TARGET static void widen(lora_dtype dtype, const void *elements, size_t count, float *out) {
  switch (dtype) {
#define CASE(name, size) \
  case name: \
    widen_all(name, size, elements, count, out); \
    break;
    TYPES_OF_WHOLE_BYTES(CASE)
    CASE(LORA_F6_E2M3, 1)
    CASE(LORA_F6_E3M2, 1)
    CASE(LORA_F4_E2M1, 1)
#undef CASE
  case LORA_F64:
    break;
  }
}

TARGET static void widen_f64(const float *values, size_t count, double *out) {
  for (size_t i = 0; i < count; i++) out[i] = values[i];
}

FOR_EACH void widen_scaled_all(lora_dtype dtype, size_t size, const char *in, size_t count, double scale, double *out) {
  size_t whole = count - count % LORA_LANES;
  for (size_t i = 0; i < whole; i += LORA_LANES)
    store_f64(out + i, __builtin_convertvector(widen_lanes(dtype, in + i * size), v16d) * scale);
  if (whole < count) {
    char rest[LORA_LANES * 4] = {0};
    memcpy(rest, in + whole * size, (count - whole) * size);
    v16d values = __builtin_convertvector(widen_lanes(dtype, rest), v16d) * scale;
    memcpy(out + whole, &values, (count - whole) * sizeof *out);
  }
}

TARGET static void widen_scaled(lora_dtype dtype, const void *elements, size_t count, double scale, double *out) {
  switch (dtype) {
#define CASE(name, size) \
  case name: \
    widen_scaled_all(name, size, elements, count, scale, out); \
    break;
    TYPES_OF_WHOLE_BYTES(CASE)
#undef CASE
  default:
    break;
  }
}

TARGET static void round_f64(const double *values, size_t count, float *out) {
  for (size_t i = 0; i < count; i++) out[i] = (float)values[i];
}

FOR_EACH void narrow_all(lora_dtype dtype, const float *values, size_t count, char *out) {
  size_t size = narrow_size(dtype), whole = count - count % LORA_LANES;
  for (size_t i = 0; i < whole; i += LORA_LANES) narrow_lanes(dtype, load_f32(values + i), out + i * size);
  if (whole < count) {
    float rest[LORA_LANES] = {0};
    char rounded[LORA_LANES * 4];
    memcpy(rest, values + whole, (count - whole) * sizeof *values);
    narrow_lanes(dtype, load_f32(rest), rounded);
    memcpy(out + whole * size, rounded, (count - whole) * size);
  }
}

TARGET static void narrow_f32(lora_dtype dtype, const float *values, size_t count, void *out) {
  if (dtype == LORA_F32) narrow_all(LORA_F32, values, count, out);
  if (dtype == LORA_F16) narrow_all(LORA_F16, values, count, out);
  if (dtype == LORA_BF16) narrow_all(LORA_BF16, values, count, out);
}

FOR_EACH void narrow_all_f64(lora_dtype dtype, const double *values, size_t count, char *out) {
  size_t size = narrow_size(dtype), whole = count - count % LORA_LANES;
  for (size_t i = 0; i < whole; i += LORA_LANES) narrow_lanes_f64(dtype, load_f64(values + i), out + i * size);
  if (whole < count) {
    double rest[LORA_LANES] = {0};
    char rounded[LORA_LANES * 4];
    memcpy(rest, values + whole, (count - whole) * sizeof *values);
    narrow_lanes_f64(dtype, load_f64(rest), rounded);
    memcpy(out + whole * size, rounded, (count - whole) * size);
  }
}

TARGET static void narrow_f64(lora_dtype dtype, const double *values, size_t count, void *out) {
  if (dtype == LORA_F32) narrow_all_f64(LORA_F32, values, count, out);
  if (dtype == LORA_F16) narrow_all_f64(LORA_F16, values, count, out);
  if (dtype == LORA_BF16) narrow_all_f64(LORA_BF16, values, count, out);
}
