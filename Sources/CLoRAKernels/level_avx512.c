// 32 registers of 16 floats: Intel servers since Skylake (2017), AMD since Zen 4.

#if defined(__x86_64__)

#include "levels.h"

#define LEVEL lora_level_avx512
#define LEVEL_NAME "avx512"
#define TARGET __attribute__((target("avx,avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq")))
#define NATIVE_FMA 1
#define NATIVE_F16 1
#define REGISTERS 32
#define REGISTER_BYTES 64
#define PRODUCT_STRIPS 4
#define WIDE_HALVES 4
#define ROUND_STRIPS 2
#define RESOLVE_STRIPS 4
#define GRAM_LEFT 8
#define GRAM_RIGHT 3
#define REFERENCE_ROWS 4
#define REFERENCE_STRIPS 2

// As for AVX2; the builtin also asks whether the mask and upper register halves are kept.
static bool level_available(void) {
  return lora_level_avx2.available() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
    && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

#include "level_body.h"

#endif
