#ifndef FINGERPRINTS_H
#define FINGERPRINTS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma clang assume_nonnull begin

/// 128 bits that stand for a value of any size.
typedef struct {
  uint64_t low, high;
} lora_fingerprint;

/// The secret of one run.
typedef struct {
  uint64_t a, b, c, d;
} lora_fingerprint_key;

/// What kind of value a fingerprint is of.
enum {
  LORA_OF_NULL = 1,
  LORA_OF_BOOL,
  LORA_OF_NUMBER,
  LORA_OF_ASCII,
  LORA_OF_TEXT,
  LORA_OF_WRITTEN,
  LORA_OF_QUOTED,
  LORA_OF_ARRAY,
  LORA_OF_OBJECT,
  LORA_OF_CALL,
  LORA_OF_CALLS,
  LORA_OF_PROMPT,
};

/// The folded product of two words, as in wyhash and its relatives.
static inline uint64_t lora_fold(uint64_t left, uint64_t right) {
  unsigned __int128 product = (unsigned __int128)left * right;
  return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

static inline lora_fingerprint lora_begin(const lora_fingerprint_key *key, uint64_t kind, uint64_t count) {
  return (lora_fingerprint){key->a ^ kind, key->b ^ count};
}

/// Two independent products, each of both words under the key.
static inline lora_fingerprint lora_absorb(
  const lora_fingerprint_key *key, lora_fingerprint sum, uint64_t first, uint64_t second) {
  uint64_t low = lora_fold(sum.low ^ first, key->c ^ second);
  return (lora_fingerprint){low, lora_fold(sum.high ^ second, key->d ^ first) ^ low};
}

/// Mixes what was absorbed. Without it `[[]]` would be `[]`: equal steps in another order cancel each other.
static inline lora_fingerprint lora_finish(const lora_fingerprint_key *key, lora_fingerprint sum) {
  return (lora_fingerprint){
    lora_fold(sum.low ^ key->c, sum.high ^ key->b), lora_fold(sum.high ^ key->d, sum.low ^ key->a)};
}

/// Fingerprint of two words.
static inline lora_fingerprint lora_of_words(
  const lora_fingerprint_key *key, uint64_t first, uint64_t second, uint64_t kind) {
  return lora_finish(key, lora_absorb(key, lora_begin(key, kind, 0), first, second));
}

/// Fingerprint of an ordered pair.
static inline lora_fingerprint lora_of_pair(
  const lora_fingerprint_key *key, lora_fingerprint left, lora_fingerprint right, uint64_t kind) {
  lora_fingerprint sum = lora_absorb(key, lora_begin(key, kind, 0), left.low, left.high);
  return lora_finish(key, lora_absorb(key, sum, right.low, right.high));
}

/// Fingerprint of a member of an object, whose name is a fingerprint and so mixed already.
static inline lora_fingerprint lora_of_member(
  const lora_fingerprint_key *key, lora_fingerprint name, lora_fingerprint value) {
  return lora_absorb(key, name, value.low, value.high);
}

/// The sum, the same in any order of summands.
static inline lora_fingerprint lora_sum(lora_fingerprint left, lora_fingerprint right) {
  uint64_t low = left.low + right.low;
  return (lora_fingerprint){low, left.high + right.high + (low < left.low)};
}

/// Fingerprint of some bytes, of which `readable` can be read.
///
/// Sixteen bytes a step; the last step takes what is left of them, filled up with zeros: the length is in the
/// fingerprint. Bytes behind the last are there nearly always, so that short texts of all lengths go one way.
static inline __attribute__((always_inline)) lora_fingerprint lora_of_bytes(
  const lora_fingerprint_key *key, const uint8_t *bytes, size_t count, size_t readable, uint64_t kind) {
  typedef uint64_t words __attribute__((ext_vector_type(2)));
  static const uint8_t masks[32] = {
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
  };
  lora_fingerprint sum = lora_begin(key, kind, count);
  words step, mask;
  while (__builtin_expect(count > 16, 0)) {
    memcpy(&step, bytes, 16);
    sum = lora_absorb(key, sum, step[0], step[1]);
    bytes += 16, count -= 16, readable -= 16;
  }
  if (__builtin_expect(readable >= 16, 1)) {
    memcpy(&step, bytes, 16);
    memcpy(&mask, masks + 16 - count, 16);
    step &= mask;
  } else {
    step = 0;
    memcpy(&step, bytes, count);
  }
  return lora_finish(key, lora_absorb(key, sum, step[0], step[1]));
}

#pragma clang assume_nonnull end

#endif
