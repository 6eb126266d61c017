#ifndef LORA_SHIMS_H
#define LORA_SHIMS_H
#endif
