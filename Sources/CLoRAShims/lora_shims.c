#include "lora_shims.h"
