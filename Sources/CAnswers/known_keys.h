#ifndef KNOWN_KEYS_H
#define KNOWN_KEYS_H

#include "scan.h"

// Keys by what stood before them: which one is expected, and the table that holds them.

/// Whether the bytes here are those of a key.
INLINE bool is_written(const scan *scan, const uint8_t *at, const lora_known_key *key) {
  if (!LIKELY(scan->end - at >= LORA_LONGEST_KEY)) {
    return scan->end - at >= key->count && memcmp(at, key->written, key->count) == 0;
  }
  lora_bytes16 first, second, known_first, known_second;
  memcpy(&first, at, 16);
  memcpy(&second, at + 16, 16);
  memcpy(&known_first, key->written, 16);
  memcpy(&known_second, key->written + 16, 16);
  uint64_t equal = lora_top_marks((lora_bytes16)(first == known_first)) |
    lora_top_marks((lora_bytes16)(second == known_second)) << 16;
  return __builtin_ctzll(~equal) >= key->count;
}

/// Links to the entries that hold no key.
INLINE lora_key_links no_links(unsigned form) { return (lora_key_links){{(uint16_t)form, (uint16_t)form}}; }

/// What a key means in an answer.
INLINE uint8_t field_of(const lora_answer_memory *memory, lora_fingerprint name) {
  for (uint8_t i = 1; i < LORA_FIELDS; i++) {
    if (memory->fields[i].low == name.low && memory->fields[i].high == name.high) return i;
  }
  return LORA_OTHER;
}

/// Whether the entry holds this key.
INLINE bool is_key(const lora_known_key *key, const uint8_t *written, size_t count) {
  return key->count == count && memcmp(key->written, written, count) == 0;
}

/// The entry for a key, which is the one that is expected at this place from now on.
static lora_known_key *expect_key(
  lora_answer_memory *memory, const uint8_t *written, size_t count, lora_fingerprint name, unsigned form,
  lora_key_links *links) {
  // The first entries hold no key, and serve for those that are too long for any.
  size_t index = form;
  if (count <= LORA_LONGEST_KEY) {
    // A few places are tried, so that keys that come by turns seldom take each other's.
    size_t place = (size_t)((uint8_t *)links - (uint8_t *)memory) / sizeof(uint16_t);
    size_t first = (name.low ^ count ^ place) % (LORA_KNOWN_KEYS / 4 - 4) + 1;
    for (unsigned i = 0; i < 4; i++) {
      index = (first + i) * 4 + form;
      if (memory->keys[index].count > LORA_LONGEST_KEY || is_key(memory->keys + index, written, count)) break;
    }
    *links = (lora_key_links){{(uint16_t)index, links->entries[0]}};
  }
  lora_known_key *key = memory->keys + index;
  bool is_short = index > LORA_LATER_QUOTED;
  if (!is_short || !is_key(key, written, count)) {
    key->name = name;
    key->field = field_of(memory, name);
    key->next = no_links(form | LORA_LATER);
    key->inside = no_links(form & ~LORA_LATER);
    if (is_short) {
      key->count = (uint8_t)count;
      memcpy(key->written, written, count);
    }
  }
  return key;
}

#endif
