#ifndef BYTE_PLANES_H
#define BYTE_PLANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// The byte-plane filter of docs/compression.md: every element is turned left by one bit, so that a float's sign goes to
// the bottom and its exponent lies alone in the top byte; then all lowest bytes are put together, all second bytes, and
// so on. Top bytes that are mostly 15 values are written as codes of four bits.
//
// `width` is 2, 4 or 8 bytes. Input and output do not overlap.

/// Bytes of the code table behind the codes.
enum { LORA_CODE_TABLE = 16 };

/// Sorts `count` bytes of elements.
///
/// - Parameter planes: room for `count` bytes.
/// - Parameter coded: set to whether the top bytes were written as codes.
/// - Returns: the bytes written, at most `count`.
size_t lora_split_planes(const uint8_t *bytes, size_t count, size_t width, uint8_t *planes, bool *coded);

/// Bytes of the sorted elements in front of the values that have no code: all of them when nothing is coded.
size_t lora_planes_least(size_t count, size_t width, bool coded);

/// How many sets of instructions this processor has for `lora_join_planes`; the last is the fastest.
uint32_t lora_planes_levels(void);

/// Restores `count` bytes of elements from `planes_count` sorted ones.
///
/// - Parameter level: below `lora_planes_levels()`; all give the same.
/// - Parameter streams: whether the output passes the caches, which is right when it is not read soon; it does only
///   when it starts at a multiple of 64 bytes.
/// - Returns: whether the codes fit the bytes there are; if not, the output holds anything.
bool lora_join_planes(
  uint32_t level, const uint8_t *planes, size_t planes_count, size_t count, size_t width, bool coded, bool streams,
  uint8_t *bytes);

#pragma clang assume_nonnull end

#endif
