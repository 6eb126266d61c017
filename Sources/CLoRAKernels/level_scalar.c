// The portable level: what any processor of the architecture can run. The reference for the others.

#include "levels.h"

#define LEVEL lora_level_scalar
#define LEVEL_NAME "scalar"
#define TARGET
#define NATIVE_FMA 0
#define NATIVE_F16 0
#define REGISTERS 16
#define REGISTER_BYTES 64
#define PRODUCT_STRIPS 1
#define WIDE_HALVES 1
#define ROUND_STRIPS 1
#define RESOLVE_STRIPS 1
#define GRAM_LEFT 4
#define GRAM_RIGHT 1
#define REFERENCE_ROWS 1
#define REFERENCE_STRIPS 1

static bool level_available(void) { return true; }

#include "level_body.h"
