#ifndef ANSWERS_H
#define ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fingerprints.h"

#pragma clang assume_nonnull begin

// The plain part of JSON, as nearly all of an answer is: short numbers, strings without escapes in ASCII, and texts that
// were seen before. What is not plain is left to AnswerScanner, which is the reference of all of this: where these
// functions give a fingerprint it gives the same, and where it finds an error they give nothing.

/// A text that is more than its bytes, with the fingerprint of what it stands for.
typedef struct {
  /// Of the bytes as they are written.
  lora_fingerprint written;
  /// Of the text that they stand for.
  lora_fingerprint text;
} lora_known_text;

/// How many texts are known; each is in the one place that the lowest bits of `written` say.
enum { LORA_KNOWN_TEXTS = 512 };

/// What is known from line to line.
typedef struct {
  lora_fingerprint_key key;
  lora_known_text texts[LORA_KNOWN_TEXTS];
} lora_answer_memory;

/// The place of a text.
static inline lora_known_text *lora_known_place(lora_answer_memory *memory, lora_fingerprint written) {
  return memory->texts + written.low % LORA_KNOWN_TEXTS;
}

/// A JSON text, and what was found of it.
typedef struct {
  /// Null only when there are none.
  const uint8_t *_Nullable bytes;
  size_t count;
  lora_answer_memory *memory;
  /// Of the next unread byte, at most `count`; it moves only if something is read.
  size_t offset;
  /// The first text that was not known, between its quotation marks; empty when something else was not plain.
  size_t unknown_start, unknown_end;
} lora_answer_cursor;

/// Reads one value; false when it is not plain.
bool lora_read_value(lora_answer_cursor *cursor, lora_fingerprint *value);

/// Reads a string that holds one value, where it stands, with its escapes not resolved; false when it is not plain.
bool lora_read_quoted_value(lora_answer_cursor *cursor, lora_fingerprint *value);

/// What `lora_read_key` found.
typedef enum { LORA_NOT_PLAIN, LORA_KEY, LORA_END } lora_member;

/// Reads the next key of an object with its colon, or the closing brace.
lora_member lora_read_key(lora_answer_cursor *cursor, bool is_first, lora_fingerprint *name);

#pragma clang assume_nonnull end

#endif
