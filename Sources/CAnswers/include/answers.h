#ifndef ANSWERS_H
#define ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fingerprints.h"

#pragma clang assume_nonnull begin

// The plain part of JSON, as nearly all of an answer is: short numbers, strings without escapes in ASCII, and texts
// that were seen before. What is not plain is left to AnswerScanner, and a line to AnswerReader, which are the
// reference of all of this: where these functions give a fingerprint they give the same, and where they find an error
// these give nothing.

/// A text that is more than its bytes, with the fingerprint of what it stands for.
typedef struct {
  /// Of the bytes as they are written.
  lora_fingerprint written;
  /// Of the text that they stand for.
  lora_fingerprint text;
} lora_known_text;

/// How many texts are known; each is in the one place that the lowest bits of `written` say.
enum { LORA_KNOWN_TEXTS = 512 };

/// The keys of an answer that mean something.
typedef enum {
  LORA_OTHER, LORA_ID, LORA_ADAPTER, LORA_EXPECTED, LORA_TOOL_CALLS, LORA_NAME, LORA_ARGUMENTS, LORA_FUNCTION,
  LORA_CONTENT, LORA_FIELDS
} lora_field;

/// What is known from line to line. Opaque, as Swift writes 97 kB of code for its arrays, which would be tuples.
typedef struct lora_answer_memory lora_answer_memory;

/// Allocates a memory in which nothing is known yet, to be given to `free`.
lora_answer_memory *lora_make_memory(lora_fingerprint_key key);

/// The place of a text, which a memory begins with.
static inline lora_known_text *lora_known_place(lora_answer_memory *memory, lora_fingerprint written) {
  return (lora_known_text *)memory + written.low % LORA_KNOWN_TEXTS;
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
  /// Whether there are backslashes before these marks.
  bool is_unknown_quoted;
} lora_answer_cursor;

/// Brings memory that is wanted soon nearer to the processor.
static inline void lora_bring_near(const void *place) { __builtin_prefetch(place); }

/// Reads one value; false when it is not plain.
bool lora_read_value(lora_answer_cursor *cursor, lora_fingerprint *value);

/// Reads a string that holds one value, where it stands, with its escapes not resolved; false when it is not plain.
bool lora_read_quoted_value(lora_answer_cursor *cursor, lora_fingerprint *value);

/// What a line says; see `AnswerLine`.
typedef struct {
  lora_fingerprint prompt, adapter, expected, calls;
  size_t adapter_start, adapter_end;
  bool has_adapter, has_expected;
} lora_answer;

/// Reads a line from its start to its end; false when it is not plain.
bool lora_read_answer(lora_answer_cursor *cursor, bool ignores_call_order, lora_answer *answer);

#pragma clang assume_nonnull end

#endif
