// 32 registers of 4 floats: every 64-bit Arm processor.

#if defined(__aarch64__)

#include "levels.h"

#define LEVEL lora_level_neon
#define LEVEL_NAME "neon"
#define TARGET
#define NATIVE_FMA 1
#define NATIVE_F16 1
#define REGISTERS 32
#define REGISTER_BYTES 16
#define PRODUCT_STRIPS 1
#define WIDE_HALVES 1
#define ROUND_STRIPS 1
#define RESOLVE_STRIPS 1
#define GRAM_LEFT 4
#define GRAM_RIGHT 2
#define REFERENCE_ROWS 2
#define REFERENCE_STRIPS 2

static bool level_available(void) { return true; }

#include "level_body.h"

#endif
