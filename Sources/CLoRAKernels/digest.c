// NH with 64-bit words, twice: the hash under the digests of KeyedDigest.swift.

#include "levels.h"

typedef unsigned __int128 lora_u128;

/// Adds a block of at most LORA_DIGEST_BLOCK bytes, a multiple of 16. Multiplication is what it costs, and no level has
/// a faster one than the plain instruction: 64 by 64 bits, two of them for 16 bytes.
static void digest_block(const uint8_t *bytes, size_t count, const uint64_t *keys, uint64_t *out) {
  lora_u128 one = 0, other = 0;
  for (size_t i = 0; i < count / 8; i += 2) {
    uint64_t low, high;
    memcpy(&low, bytes + 8 * i, 8);
    memcpy(&high, bytes + 8 * i + 8, 8);
    one += (lora_u128)(low + keys[i]) * (high + keys[i + 1]);
    // The same keys two places on (Toeplitz), which is as good as others.
    other += (lora_u128)(low + keys[i + 2]) * (high + keys[i + 3]);
  }
  out[0] = (uint64_t)one;
  out[1] = (uint64_t)(one >> 64);
  out[2] = (uint64_t)other;
  out[3] = (uint64_t)(other >> 64);
}

void lora_digest(const void *bytes, size_t count, const uint64_t *keys, uint64_t *out) {
  const uint8_t *next = bytes;
  for (; count >= LORA_DIGEST_BLOCK; count -= LORA_DIGEST_BLOCK, next += LORA_DIGEST_BLOCK, out += 4) {
    digest_block(next, LORA_DIGEST_BLOCK, keys, out);
  }
  if (count == 0) return;
  uint8_t last[LORA_DIGEST_BLOCK] = {0};
  memcpy(last, next, count);
  digest_block(last, (count + 15) / 16 * 16, keys, out);
}
