// Part of level_body.h: the vector operations that the kernels are written in, 16 lanes each. The compiler lowers
// them to whatever registers the level has. Every operation is one IEEE operation, so all levels agree bit for bit.

#pragma STDC FP_CONTRACT OFF
// Vectors are passed between functions that are always inlined only, so no calling convention is involved.
#pragma clang diagnostic ignored "-Wpsabi"

typedef float v16f __attribute__((ext_vector_type(16)));
typedef double v16d __attribute__((ext_vector_type(16)));
typedef double v8d __attribute__((ext_vector_type(8)));
typedef int32_t v16i __attribute__((ext_vector_type(16)));
typedef int64_t v16l __attribute__((ext_vector_type(16)));
typedef uint32_t v16u __attribute__((ext_vector_type(16)));
typedef uint16_t v16h __attribute__((ext_vector_type(16)));
typedef uint16_t v32h __attribute__((ext_vector_type(32)));
typedef uint8_t v16b __attribute__((ext_vector_type(16)));
typedef _Float16 v16x __attribute__((ext_vector_type(16)));

/// The upper halves of 32 words, in order.
#define ODD_32 \
  1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, \
    61, 63

#define INLINE static inline __attribute__((always_inline)) TARGET
/// What is called, because it would be written several times.
#define APART static __attribute__((noinline)) TARGET

// What types, numbers of rows and the like are known for when it is compiled: a kernel for each of them, in registers.
// Where operations are emulated, registers do not matter, and the code would be ten times as large: there is one.
#if NATIVE_FMA
#define FOR_EACH INLINE
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define FOR_EACH APART
#define UNROLL
#endif

INLINE v16f load_f32(const float *p) {
  v16f v;
  memcpy(&v, p, sizeof v);
  return v;
}

INLINE v16d load_f64(const double *p) {
  v16d v;
  memcpy(&v, p, sizeof v);
  return v;
}

INLINE v8d load_half(const double *p) {
  v8d v;
  memcpy(&v, p, sizeof v);
  return v;
}

INLINE void store_half(double *p, v8d v) { memcpy(p, &v, sizeof v); }
INLINE void store_f32(float *p, v16f v) { memcpy(p, &v, sizeof v); }
INLINE void store_f64(double *p, v16d v) { memcpy(p, &v, sizeof v); }
INLINE v16f of_bits(v16u bits) { return (v16f)bits; }
INLINE v16u bits_of(v16f v) { return (v16u)v; }
INLINE v16u select_u32(v16i mask, v16u yes, v16u no) { return mask ? yes : no; }
INLINE v16f magnitude(v16f v) { return of_bits(bits_of(v) & 0x7fffffffu); }
INLINE bool any(v16u v) { return __builtin_reduce_or(v) != 0; }

#if NATIVE_FMA
INLINE v16f fma_f32(v16f a, v16f b, v16f c) { return __builtin_elementwise_fma(a, b, c); }
INLINE v16d fma_f64(v16d a, v16d b, v16d c) { return __builtin_elementwise_fma(a, b, c); }
INLINE v8d fma_half(v8d a, v8d b, v8d c) { return __builtin_elementwise_fma(a, b, c); }
#else
// Long enough that a call costs nothing beside them.
// The product is exact in f64; the sum is rounded to odd there, after which rounding to f32 is the only rounding.
APART v16f fma_f32(v16f a, v16f b, v16f c) {
  v16d product = __builtin_convertvector(a, v16d) * __builtin_convertvector(b, v16d);
  v16d addend = __builtin_convertvector(c, v16d);
  v16d sum = product + addend, shadow = sum - product;
  v16d error = (product - (sum - shadow)) + (addend - shadow);
  v16l bits = (v16l)sum, sign = (v16l)error ^ bits;
  v16l inexact = (error < 0) | (error > 0), even = (bits & 1) == 0;
  v16l step = (sign >> 63) | 1;
  return __builtin_convertvector((v16d)(bits + (step & inexact & even)), v16f);
}

APART v8d fma_half(v8d a, v8d b, v8d c) {
  v8d out;
  for (int i = 0; i < LORA_LANES / 2; i++) out[i] = __builtin_fma(a[i], b[i], c[i]);
  return out;
}

INLINE v16d fma_f64(v16d a, v16d b, v16d c) {
  v16d out;
  out.lo = fma_half(a.lo, b.lo, c.lo);
  out.hi = fma_half(a.hi, b.hi, c.hi);
  return out;
}
#endif

// MARK: To f32

/// An unsigned small float with `mantissa` bits after the point and exponent bias `bias`, subnormals included.
///
/// Subnormal ones as a normal number less the smallest: a product with a subnormal f32 is right as well, and takes
/// processors a hundred cycles more.
INLINE v16f small_float(v16u code, int mantissa, int bias) {
  v16u bits = code << (23 - mantissa), smallest = (v16u)(uint32_t)0 + ((uint32_t)(128 - bias) << 23);
  v16f subnormal = of_bits(bits | smallest) - of_bits(smallest);
  return of_bits(select_u32(code < (1u << mantissa), bits_of(subnormal), bits + ((uint32_t)(127 - bias) << 23)));
}

FOR_EACH v16f widen_f16(v16h half) {
#if NATIVE_F16
  return __builtin_convertvector((v16x)half, v16f);
#else
  v16u code = __builtin_convertvector(half, v16u), size = code & 0x7fffu;
  v16u quiet = select_u32(size > 0x7c00u, 0x400000u, 0u);
  v16u special = 0x7f800000u | ((size & 0x3ffu) << 13) | quiet;
  v16u finite = bits_of(small_float(size, 10, 15));
  return of_bits(select_u32(size >= 0x7c00u, special, finite) | ((code & 0x8000u) << 16));
#endif
}

INLINE v16f widen_bf16(v16h half) { return of_bits(__builtin_convertvector(half, v16u) << 16); }

FOR_EACH v16f widen_byte(lora_dtype dtype, v16b byte) {
  v16u code = __builtin_convertvector(byte, v16u), nan = 0x7fc00000u;
  v16u size = code & 0x7fu, sign = (code & 0x80u) << 24, value;
  switch (dtype) {
#if NATIVE_F16
  // With the exponent's fields laid over each other, a code is a number of F16 that is smaller by a power of two.
  case LORA_F8_E4M3: {
    v16h half = __builtin_convertvector(byte, v16h);
    half = (half & 0x7f) << 7 | (half & 0x80) << 8;
    return of_bits(select_u32(size == 0x7fu, nan | sign, bits_of(widen_f16(half) * 0x1p8f)));
  }
#else
  case LORA_F8_E4M3:
    value = select_u32(size == 0x7fu, nan, bits_of(small_float(size, 3, 7)));
    return of_bits(value | sign);
#endif
  case LORA_F8_E5M2:
    value = select_u32(size == 0x7cu, 0x7f800000u, bits_of(small_float(size, 2, 15)));
    return of_bits(select_u32(size > 0x7cu, nan, value) | sign);
  case LORA_F8_E4M3FNUZ:
    return of_bits(select_u32(code == 0x80u, nan, bits_of(small_float(size, 3, 8)) | sign));
  case LORA_F8_E5M2FNUZ:
    return of_bits(select_u32(code == 0x80u, nan, bits_of(small_float(size, 2, 16)) | sign));
  case LORA_F8_E8M0:
    value = select_u32(code == 0u, 0x400000u, code << 23);
    return of_bits(select_u32(code == 0xffu, nan, value));
  case LORA_F6_E2M3:
    return of_bits(bits_of(small_float(code & 0x1fu, 3, 1)) | ((code & 0x20u) << 26));
  case LORA_F6_E3M2:
    return of_bits(bits_of(small_float(code & 0x1fu, 2, 3)) | ((code & 0x20u) << 26));
  default:  // F4_E2M1
    return of_bits(bits_of(small_float(code & 0x7u, 1, 1)) | ((code & 0x8u) << 28));
  }
}

INLINE v16f widen_lanes(lora_dtype dtype, const void *p) {
  v16f f;
  v16h h;
  v16b b;
  switch (dtype) {
  case LORA_F32:
    memcpy(&f, p, sizeof f);
    return f;
  case LORA_F16:
    memcpy(&h, p, sizeof h);
    return widen_f16(h);
  case LORA_BF16:
    memcpy(&h, p, sizeof h);
    return widen_bf16(h);
  default:
    memcpy(&b, p, sizeof b);
    return widen_byte(dtype, b);
  }
}

// MARK: From f32

INLINE v16f canonical(v16f v) { return of_bits(select_u32(v != v, 0x7fc00000u, bits_of(v))); }

/// To f16, ties to even; NaN must be canonical.
FOR_EACH v16h round_f16(v16f v) {
#if NATIVE_F16
  return (v16h)(__builtin_convertvector(v, v16x));
#else
  v16u bits = bits_of(v), size = bits & 0x7fffffffu;
  v16u normal = (size + 0xfffu + ((size >> 13) & 1u) - 0x38000000u) >> 13;
  v16u subnormal = bits_of(of_bits(size) + 0.5f) - 0x3f000000u;  // the unit of 0.5 is that of a subnormal f16
  v16u code = select_u32(size < 0x38800000u, subnormal, normal);
  code = select_u32(size >= 0x477ff000u, 0x7c00u, code);
  code = select_u32(size > 0x7f800000u, 0x7e00u, code);
  return __builtin_convertvector(code | ((bits >> 16) & 0x8000u), v16h);
#endif
}

INLINE v16h round_bf16(v16f v) {
  v16u bits = bits_of(v);
  return __builtin_convertvector((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16, v16h);
}

INLINE void narrow_lanes(lora_dtype dtype, v16f v, void *out) {
  v = canonical(v);
  if (dtype == LORA_F32) {
    memcpy(out, &v, sizeof v);
  } else {
    v16h half = dtype == LORA_F16 ? round_f16(v) : round_bf16(v);
    memcpy(out, &half, sizeof half);
  }
}

/// Rounds to f32 so that a later rounding to a type with at least two bits fewer is the only one that counts:
/// an inexact result keeps its last bit set.
FOR_EACH v16f round_to_odd(v16d v) {
  v16f nearest = __builtin_convertvector(v, v16f);
  v16d back = __builtin_convertvector(nearest, v16d);
  v16i inexact = __builtin_convertvector(back != v, v16i);
  v16i larger = __builtin_convertvector(__builtin_elementwise_abs(back) > __builtin_elementwise_abs(v), v16i);
  v16u bits = bits_of(nearest) + (v16u)larger;
  return of_bits(bits | ((v16u)inexact & 1u));
}

INLINE void narrow_lanes_f64(lora_dtype dtype, v16d v, void *out) {
  narrow_lanes(dtype, dtype == LORA_F32 ? __builtin_convertvector(v, v16f) : round_to_odd(v), out);
}

INLINE size_t narrow_size(lora_dtype dtype) { return dtype == LORA_F32 ? 4 : 2; }
