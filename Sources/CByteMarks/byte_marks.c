#include "byte_marks.h"

void lora_marks_reference(const uint8_t *bytes, uint32_t *strings, uint32_t *controls, uint32_t *tops) {
  *strings = *controls = *tops = 0;
  for (uint32_t i = 0; i < 16; i++) {
    uint8_t byte = bytes[i];
    if (byte < 0x20) *controls |= 1u << i;
    if (byte < 0x20 || byte == '"' || byte == '\\') *strings |= 1u << i;
    if (byte >= 0x80) *tops |= 1u << i;
  }
}
