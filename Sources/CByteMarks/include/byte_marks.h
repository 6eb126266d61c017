#ifndef BYTE_MARKS_H
#define BYTE_MARKS_H

#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#pragma clang assume_nonnull begin

// Tests on sixteen bytes of a text at once, one bit of the result for each byte, the first byte's lowest. They are
// written with the instructions that every processor of an architecture has: JSON's strings are short, so that wider
// ones would look at bytes that are not wanted.

/// Sixteen bytes of a text.
typedef uint8_t lora_bytes16 __attribute__((ext_vector_type(16)));

/// Marks bytes whose top bit is set: those that are not ASCII.
static inline uint32_t lora_top_marks(lora_bytes16 bytes) {
#if defined(__SSE2__)
  return (uint32_t)_mm_movemask_epi8((__m128i)bytes);
#else
  // The product moves the top bit of byte i to bit 56 + i.
  typedef uint64_t words __attribute__((ext_vector_type(2)));
  words tops = (words)(bytes >> 7);
  const uint64_t gather = 0x0102040810204080;
  return (uint32_t)(tops[0] * gather >> 56 | tops[1] * gather >> 56 << 8);
#endif
}

/// Marks control characters.
static inline uint32_t lora_control_marks(lora_bytes16 bytes) { return lora_top_marks((lora_bytes16)(bytes < 0x20)); }

/// Marks what ends a plain run inside a JSON string: quotation marks, backslashes and control characters.
static inline uint32_t lora_string_marks(lora_bytes16 bytes) {
  return lora_top_marks((lora_bytes16)((bytes == '"') | (bytes == '\\') | (bytes < 0x20)));
}

/// Marks what `lora_string_marks` does, and what is not ASCII.
static inline uint32_t lora_plain_marks(lora_bytes16 bytes) {
  // Bytes beyond ASCII are negative.
  typedef int8_t signed_bytes __attribute__((ext_vector_type(16)));
  return lora_top_marks((lora_bytes16)((bytes == '"') | (bytes == '\\') | ((signed_bytes)bytes < 0x20)));
}

/// What `lora_string_marks`, `lora_control_marks` and `lora_top_marks` are, byte by byte: for tests.
void lora_marks_reference(const uint8_t *bytes, uint32_t *strings, uint32_t *controls, uint32_t *tops);

#pragma clang assume_nonnull end

#endif
