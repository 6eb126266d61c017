// 16 registers of 8 floats: Intel since Haswell (2013), AMD since Excavator and Zen.

#if defined(__x86_64__)

#include "levels.h"

#define LEVEL lora_level_avx2
#define LEVEL_NAME "avx2"
#define TARGET __attribute__((target("avx,avx2,fma,f16c")))
#define NATIVE_FMA 1
#define NATIVE_F16 1
#define REGISTERS 16
#define REGISTER_BYTES 32
#define PRODUCT_STRIPS 1
#define WIDE_HALVES 1
#define ROUND_STRIPS 1
#define RESOLVE_STRIPS 2
#define GRAM_LEFT 4
#define GRAM_RIGHT 1
#define REFERENCE_ROWS 2
#define REFERENCE_STRIPS 1

// The builtin asks CPUID for the instructions and XGETBV whether the operating system keeps the registers.
static bool level_available(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

#include "level_body.h"

#endif
