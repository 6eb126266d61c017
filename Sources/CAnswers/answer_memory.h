#ifndef ANSWER_MEMORY_H
#define ANSWER_MEMORY_H

#include "answers.h"

/// How many keys are known, and the most bytes of one.
enum { LORA_KNOWN_KEYS = 1024, LORA_LONGEST_KEY = 32 };

/// How a key stands in a text: with a comma before it or not, between plain quotation marks or escaped ones. These are
/// the two lowest bits of its index, so that a key of another form is never expected.
enum { LORA_LATER = 1, LORA_QUOTED = 2, LORA_LATER_QUOTED = 3 };

/// The indices of the two keys that came last at a place.
typedef struct {
  uint16_t entries[2];
} lora_key_links;

/// A key as it stands in a text: with all between the value before it, or the opening brace, and its own value.
///
/// The lines of a file have the same keys in the same order, so that those are expected behind each key that followed
/// it before, and are read by one comparison.
typedef struct {
  uint8_t written[LORA_LONGEST_KEY];
  lora_fingerprint name;
  /// What follows it, and what the object begins with that is its value.
  lora_key_links next, inside;
  /// Bytes of `written`; more than there can be when the entry holds no key.
  uint8_t count;
  /// A `lora_field`.
  uint8_t field;
} lora_known_key;

/// What is known from line to line.
struct lora_answer_memory {
  lora_known_text texts[LORA_KNOWN_TEXTS]; // first: lora_known_place
  lora_fingerprint_key key;
  lora_fingerprint fields[LORA_FIELDS];
  lora_known_key keys[LORA_KNOWN_KEYS];
  /// What a line begins with, another value, and a value in a string.
  lora_key_links line, bare, quoted;
};

#endif
