#ifndef SCAN_H
#define SCAN_H

#include "answer_memory.h"
#include "byte_marks.h"

// The lexical level: blanks, separators, runs of bytes without a meaning of their own.
//
// A function that reads gives the place behind what it has read, or null when that is not plain. `is_quoted` says
// whether the text is inside a string of another text: quotation marks have a backslash before them then, and there are
// no control characters.

#define INLINE static inline __attribute__((always_inline))
#define RARE static __attribute__((noinline))
#define LIKELY(condition) __builtin_expect(!!(condition), 1)

/// A text that is being read.
typedef struct {
  const uint8_t *begin, *end;
  lora_answer_memory *memory;
  /// The first text that was not known.
  const uint8_t *unknown_start, *unknown_end;
  bool is_unknown_quoted;
} scan;

/// The byte at a place; at the end a byte that no token begins with.
INLINE uint8_t byte_at(const scan *scan, const uint8_t *at) { return LIKELY(at < scan->end) ? *at : 0; }

/// Whether white space is here that a string of the outer text has to escape.
INLINE bool is_escaped_blank(const scan *scan, const uint8_t *at) {
  return scan->end - at >= 2 && at[0] == '\\' && (at[1] == 'n' || at[1] == 't' || at[1] == 'r');
}

/// The place of the next token.
INLINE const uint8_t *skip_blanks(const scan *scan, const uint8_t *at, bool is_quoted) {
  while (at < scan->end) {
    if (*at == ' ') {
      at++;
    } else if (is_quoted ? is_escaped_blank(scan, at) : *at == '\t' || *at == '\n' || *at == '\r') {
      at += is_quoted ? 2 : 1;
    } else {
      break;
    }
  }
  return at;
}

/// Steps over the separator before the next element or member; `is_end` is set at the closing bracket, which is read.
INLINE const uint8_t *step(
  const scan *scan, const uint8_t *at, uint8_t closing, bool is_first, bool is_quoted, bool *is_end) {
  at = skip_blanks(scan, at, is_quoted);
  uint8_t byte = byte_at(scan, at);
  *is_end = byte == closing;
  if (*is_end) return at + 1;
  if (is_first) return at;
  if (byte != ',') return NULL;
  at = skip_blanks(scan, at + 1, is_quoted);
  return byte_at(scan, at) == closing ? NULL : at;
}

/// What ends a run of bytes.
typedef enum { AT_ESCAPES, AT_ESCAPES_OR_BEYOND_ASCII } run_end;

INLINE bool ends_run(uint8_t byte, run_end kind) {
  return byte == '"' || byte == '\\' || byte < 0x20 || (kind == AT_ESCAPES_OR_BEYOND_ASCII && byte >= 0x80);
}

/// Marks what ends a run among 32 bytes.
INLINE uint32_t run_marks(const uint8_t *at, run_end kind) {
  lora_bytes16 first, second;
  memcpy(&first, at, 16);
  memcpy(&second, at + 16, 16);
  return kind == AT_ESCAPES ? lora_string_marks(first) | lora_string_marks(second) << 16
                            : lora_plain_marks(first) | lora_plain_marks(second) << 16;
}

/// Where the run ends that is here among the last 31 bytes of the text.
RARE const uint8_t *end_of_last_run(const scan *scan, const uint8_t *at, run_end kind) {
  ptrdiff_t before = 32 - (scan->end - at);
  if (at - scan->begin < before) {
    while (at < scan->end && !ends_run(*at, kind)) at++;
    return at;
  }
  // Together with some bytes that have been read already.
  uint32_t hits = before < 32 ? run_marks(at - before, kind) >> before : 0;
  return hits != 0 ? at + __builtin_ctz(hits) : scan->end;
}

/// Where the run of bytes from here on ends.
INLINE const uint8_t *end_of_run(const scan *scan, const uint8_t *at, run_end kind) {
  for (; LIKELY(scan->end - at >= 32); at += 32) {
    uint32_t hits = run_marks(at, kind);
    if (LIKELY(hits != 0)) return at + __builtin_ctz(hits);
  }
  return end_of_last_run(scan, at, kind);
}

#endif
