#ifndef BYTE_PLANES_H
#define BYTE_PLANES_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// The byte-plane filter: all first bytes of the elements, then all second bytes, and so on. The bytes with a number's
// exponent then lie together, and those compress; the bytes of the mantissa hardly do.
//
// `width` is 2, 4 or 8 bytes; a tail of `count % width` bytes is copied as it is. Input and output do not overlap.

void lora_split_planes(const uint8_t *bytes, size_t count, size_t width, uint8_t *planes);
void lora_join_planes(const uint8_t *planes, size_t count, size_t width, uint8_t *bytes);

#pragma clang assume_nonnull end

#endif
