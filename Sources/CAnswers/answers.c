#include "answers.h"

#include "byte_marks.h"

#define INLINE static inline __attribute__((always_inline))
#define RARE static __attribute__((noinline))
#define LIKELY(condition) __builtin_expect(!!(condition), 1)

// A function that reads gives the place behind what it has read, or null when that is not plain. `is_quoted` says
// whether the text is inside a string of another text: quotation marks have a backslash before them then, and there are
// no control characters.

/// Deepest nesting of arrays and objects, and how many keys of an object are told apart here.
enum { DEPTH = 127, KEYS = 16 };

typedef struct {
  const uint8_t *end;
  const lora_answer_memory *memory;
  const uint8_t *unknown_start, *unknown_end;
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

/// Where the plain run from here on ends, and marks in `tops` when a byte of it is not ASCII.
INLINE const uint8_t *end_of_run(const scan *scan, const uint8_t *at, uint32_t *tops) {
  while (LIKELY(scan->end - at >= 32)) {
    lora_bytes16 first, second;
    memcpy(&first, at, 16);
    memcpy(&second, at + 16, 16);
    uint32_t hits = lora_string_marks(first) | lora_string_marks(second) << 16;
    uint32_t found = lora_top_marks(first) | lora_top_marks(second) << 16;
    if (LIKELY(hits != 0)) {
      *tops |= found & (hits - 1) & ~hits;
      return at + __builtin_ctz(hits);
    }
    *tops |= found;
    at += 32;
  }
  for (; at < scan->end && *at != '"' && *at != '\\' && *at >= 0x20; at++) *tops |= *at & 0x80;
  return at;
}

/// Whether the mark that ends a string is here.
INLINE bool is_mark(const scan *scan, const uint8_t *at, bool is_quoted) {
  return is_quoted ? scan->end - at >= 2 && at[0] == '\\' && at[1] == '"' : at < scan->end && *at == '"';
}

/// The place behind the escape here, so that the end of the string is seen; null when that cannot be told.
static const uint8_t *skip_escape(const scan *scan, const uint8_t *at, bool is_quoted) {
  if (scan->end - at < 4) return NULL;
  if (!is_quoted) return at + 2;
  // A character that is written by its number can be a quotation mark or a backslash of the text inside.
  if (at[1] == 'u' && at[2] == '0' && at[3] == '0') return NULL;
  if (at[1] != '\\') return at + 2;
  // The letter of an escape of the text inside.
  if (at[2] < 0x20 || at[2] == '"' || (at[2] == '\\' && at[3] == 'u')) return NULL;
  return at + (at[2] == '\\' ? 4 : 3);
}

/// Reads a text which is more than its bytes, when it is known.
RARE const uint8_t *read_known(scan *scan, const uint8_t *start, bool is_quoted, lora_fingerprint *text) {
  uint32_t tops = 0;
  const uint8_t *at = end_of_run(scan, start, &tops);
  while (!is_mark(scan, at, is_quoted)) {
    if (byte_at(scan, at) != '\\' || !(at = skip_escape(scan, at, is_quoted))) return NULL;
    at = end_of_run(scan, at, &tops);
  }
  lora_fingerprint written = lora_of_bytes(
    &scan->memory->key, start, (size_t)(at - start), (size_t)(scan->end - start),
    is_quoted ? LORA_OF_QUOTED : LORA_OF_WRITTEN);
  const lora_known_text *known = scan->memory->texts + written.low % LORA_KNOWN_TEXTS;
  if (known->written.low != written.low || known->written.high != written.high) {
    scan->unknown_start = start;
    scan->unknown_end = at;
    return NULL;
  }
  *text = known->text;
  return at + (is_quoted ? 2 : 1);
}

/// Reads a string.
INLINE const uint8_t *read_text(scan *scan, const uint8_t *at, bool is_quoted, lora_fingerprint *text) {
  if (!is_mark(scan, at, is_quoted)) return NULL;
  at += is_quoted ? 2 : 1;
  uint32_t tops = 0;
  const uint8_t *end = end_of_run(scan, at, &tops);
  if (!LIKELY(tops == 0 && is_mark(scan, end, is_quoted))) {
    // A variable of its own, so that the one of the caller can stay in registers.
    lora_fingerprint known = {0, 0};
    at = read_known(scan, at, is_quoted, &known);
    *text = known;
    return at;
  }
  *text = lora_of_bytes(
    &scan->memory->key, at, (size_t)(end - at), (size_t)(scan->end - at), LORA_OF_ASCII);
  return end + (is_quoted ? 2 : 1);
}

INLINE const uint8_t *read_digits(const scan *scan, const uint8_t *at, uint64_t *value) {
  // Nineteen digits cannot overflow, and more than eighteen are not taken.
  for (const uint8_t *first = at; at - first < 19; at++) {
    uint8_t digit = (uint8_t)(byte_at(scan, at) - '0');
    if (digit > 9) break;
    *value = 10 * *value + digit;
  }
  return at;
}

/// Reads a number of at most 18 digits without an exponent.
INLINE const uint8_t *read_number(const scan *scan, const uint8_t *at, lora_fingerprint *value) {
  uint64_t is_negative = byte_at(scan, at) == '-', significand = 0;
  const uint8_t *first = at + is_negative;
  at = read_digits(scan, first, &significand);
  ptrdiff_t whole = at - first, decimals = 0;
  if (whole == 0 || whole > 18 || (whole > 1 && *first == '0')) return NULL;
  if (byte_at(scan, at) == '.') {
    const uint8_t *point = at++;
    uint64_t fraction = 0, scale = 1;
    at = read_digits(scan, at, &fraction);
    decimals = at - point - 1;
    if (decimals == 0 || whole + decimals > 18) return NULL;
    for (ptrdiff_t i = 0; i < decimals; i++) scale *= 10;
    significand = significand * scale + fraction;
  }
  if ((uint8_t)(byte_at(scan, at) - '0') < 10 || (byte_at(scan, at) | 0x20) == 'e') return NULL;
  int64_t power = -(int64_t)decimals;
  if (significand == 0) power = 0, is_negative = 0;
  while (significand != 0 && significand % 10 == 0) significand /= 10, power++;
  *value = lora_of_words(&scan->memory->key, significand, (uint64_t)power << 1 | is_negative, LORA_OF_NUMBER);
  return at;
}

/// Reads a word whose fingerprint is that of `word` and `kind`.
INLINE const uint8_t *read_word(
  const scan *scan, const uint8_t *at, const char *text, size_t count, uint64_t word, uint64_t kind,
  lora_fingerprint *value) {
  if (scan->end - at < (ptrdiff_t)count || memcmp(at, text, count) != 0) return NULL;
  *value = lora_of_words(&scan->memory->key, word, 0, kind);
  return at + count;
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

/// Reads a key and its colon.
INLINE const uint8_t *read_name(scan *scan, const uint8_t *at, bool is_quoted, lora_fingerprint *name) {
  if (!(at = read_text(scan, at, is_quoted, name))) return NULL;
  at = skip_blanks(scan, at, is_quoted);
  return byte_at(scan, at) == ':' ? at + 1 : NULL;
}

static const uint8_t *read_bare(scan *scan, const uint8_t *at, unsigned depth, lora_fingerprint *value);
static const uint8_t *read_quoted(scan *scan, const uint8_t *at, unsigned depth, lora_fingerprint *value);

INLINE const uint8_t *read_inner(
  scan *scan, const uint8_t *at, unsigned depth, bool is_quoted, lora_fingerprint *value) {
  return is_quoted ? read_quoted(scan, at, depth, value) : read_bare(scan, at, depth, value);
}

INLINE const uint8_t *read_object(
  scan *scan, const uint8_t *at, unsigned depth, bool is_quoted, lora_fingerprint *value) {
  lora_fingerprint names[KEYS];
  unsigned count = 0;
  // One bit for each key, chosen by six bits of it: one that is not set says that the key is new.
  uint64_t seen = 0;
  unsigned __int128 sum = 0;
  while (true) {
    bool is_end;
    if (!(at = step(scan, at, '}', count == 0, is_quoted, &is_end))) return NULL;
    if (is_end) break;
    lora_fingerprint name, member;
    if (count == KEYS || !(at = read_name(scan, at, is_quoted, &name))) return NULL;
    uint64_t bit = UINT64_C(1) << (name.low % 64);
    if (seen & bit) {
      for (unsigned i = 0; i < count; i++) {
        if (names[i].low == name.low && names[i].high == name.high) return NULL;
      }
    }
    seen |= bit;
    names[count++] = name;
    if (!(at = read_inner(scan, at, depth + 1, is_quoted, &member))) return NULL;
    member = lora_of_pair(&scan->memory->key, name, member, LORA_OF_MEMBER);
    sum += (unsigned __int128)member.high << 64 | member.low;
  }
  *value = lora_of_words(&scan->memory->key, (uint64_t)sum, (uint64_t)(sum >> 64), LORA_OF_OBJECT);
  return at;
}

INLINE const uint8_t *read_array(
  scan *scan, const uint8_t *at, unsigned depth, bool is_quoted, lora_fingerprint *value) {
  lora_fingerprint result = {0, 0};
  for (bool is_first = true;; is_first = false) {
    bool is_end;
    if (!(at = step(scan, at, ']', is_first, is_quoted, &is_end))) return NULL;
    if (is_end) break;
    lora_fingerprint element;
    if (!(at = read_inner(scan, at, depth + 1, is_quoted, &element))) return NULL;
    result = lora_of_pair(&scan->memory->key, result, element, LORA_OF_ARRAY);
  }
  *value = lora_of_words(&scan->memory->key, result.low, result.high, LORA_OF_ARRAY);
  return at;
}

INLINE const uint8_t *read_any(
  scan *scan, const uint8_t *at, unsigned depth, bool is_quoted, lora_fingerprint *value) {
  at = skip_blanks(scan, at, is_quoted);
  switch (byte_at(scan, at)) {
    case '\\':
    case '"':
      return read_text(scan, at, is_quoted, value);
    case '{':
      return depth < DEPTH ? read_object(scan, at + 1, depth, is_quoted, value) : NULL;
    case '[':
      return depth < DEPTH ? read_array(scan, at + 1, depth, is_quoted, value) : NULL;
    case 't':
      return read_word(scan, at, "true", 4, 1, LORA_OF_BOOL, value);
    case 'f':
      return read_word(scan, at, "false", 5, 0, LORA_OF_BOOL, value);
    case 'n':
      return read_word(scan, at, "null", 4, 0, LORA_OF_NULL, value);
    default:
      return read_number(scan, at, value);
  }
}

static const uint8_t *read_bare(scan *scan, const uint8_t *at, unsigned depth, lora_fingerprint *value) {
  return read_any(scan, at, depth, false, value);
}

static const uint8_t *read_quoted(scan *scan, const uint8_t *at, unsigned depth, lora_fingerprint *value) {
  return read_any(scan, at, depth, true, value);
}

// MARK: What the scanner calls

INLINE scan begin(const lora_answer_cursor *cursor) {
  return (scan){.end = cursor->bytes + cursor->count, .memory = cursor->memory};
}

/// Takes over what was read up to a place, if anything.
INLINE bool end(lora_answer_cursor *cursor, const scan *scan, const uint8_t *at) {
  bool is_unknown = scan->unknown_start != NULL;
  cursor->unknown_start = is_unknown ? (size_t)(scan->unknown_start - cursor->bytes) : 0;
  cursor->unknown_end = is_unknown ? (size_t)(scan->unknown_end - cursor->bytes) : 0;
  if (at) cursor->offset = (size_t)(at - cursor->bytes);
  return at != NULL;
}

bool lora_read_value(lora_answer_cursor *cursor, lora_fingerprint *value) {
  if (cursor->count == 0) return false;
  scan scan = begin(cursor);
  return end(cursor, &scan, read_bare(&scan, cursor->bytes + cursor->offset, 0, value));
}

bool lora_read_quoted_value(lora_answer_cursor *cursor, lora_fingerprint *value) {
  if (cursor->count == 0) return false;
  scan scan = begin(cursor);
  const uint8_t *at = cursor->bytes + cursor->offset;
  if (byte_at(&scan, at) != '"') return false;
  at = read_quoted(&scan, at + 1, 0, value);
  if (at) {
    at = skip_blanks(&scan, at, true);
    at = byte_at(&scan, at) == '"' ? at + 1 : NULL;
  }
  return end(cursor, &scan, at);
}

lora_member lora_read_key(lora_answer_cursor *cursor, bool is_first, lora_fingerprint *name) {
  if (cursor->count == 0) return LORA_NOT_PLAIN;
  scan scan = begin(cursor);
  bool is_end;
  const uint8_t *at = step(&scan, cursor->bytes + cursor->offset, '}', is_first, false, &is_end);
  if (at && !is_end) at = read_name(&scan, at, false, name);
  if (!at) return LORA_NOT_PLAIN;
  cursor->offset = (size_t)(at - cursor->bytes);
  return is_end ? LORA_END : LORA_KEY;
}
