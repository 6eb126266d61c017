#ifndef PLAIN_H
#define PLAIN_H

#include "known_keys.h"

// Plain values straight into fingerprints.

/// Deepest nesting of arrays and objects, and how many keys of an object are told apart here.
enum { DEPTH = 127, KEYS = 32 };

// MARK: Texts

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

/// Reads a text which is more than its bytes, from where its first run ended, when it is known.
RARE const uint8_t *read_known(
  scan *scan, const uint8_t *start, const uint8_t *at, bool is_quoted, lora_fingerprint *text) {
  while (!is_mark(scan, at, is_quoted)) {
    uint8_t byte = byte_at(scan, at);
    if (byte == '\\' ? !(at = skip_escape(scan, at, is_quoted)) : byte < 0x80) return NULL;
    at = end_of_run(scan, at, AT_ESCAPES);
  }
  lora_fingerprint written = lora_of_bytes(
    &scan->memory->key, start, (size_t)(at - start), (size_t)(scan->end - start),
    is_quoted ? LORA_OF_QUOTED : LORA_OF_WRITTEN);
  const lora_known_text *known = scan->memory->texts + written.low % LORA_KNOWN_TEXTS;
  if (known->written.low != written.low || known->written.high != written.high) {
    scan->unknown_start = start;
    scan->unknown_end = at;
    scan->is_unknown_quoted = is_quoted;
    return NULL;
  }
  *text = known->text;
  return at + (is_quoted ? 2 : 1);
}

/// Reads a string.
INLINE const uint8_t *read_text(scan *scan, const uint8_t *at, bool is_quoted, lora_fingerprint *text) {
  if (!is_mark(scan, at, is_quoted)) return NULL;
  at += is_quoted ? 2 : 1;
  const uint8_t *end = end_of_run(scan, at, AT_ESCAPES_OR_BEYOND_ASCII);
  if (!LIKELY(is_mark(scan, end, is_quoted))) {
    // A variable of its own, so that the one of the caller can stay in registers.
    lora_fingerprint known = {0, 0};
    at = read_known(scan, at, end, is_quoted, &known);
    *text = known;
    return at;
  }
  *text = lora_of_bytes(
    &scan->memory->key, at, (size_t)(end - at), (size_t)(scan->end - at), LORA_OF_ASCII);
  return end + (is_quoted ? 2 : 1);
}

// MARK: Numbers and words

INLINE const uint8_t *read_digits(const scan *scan, const uint8_t *at, uint64_t *value) {
  // Nineteen digits cannot overflow, and more than eighteen are not taken.
  for (const uint8_t *first = at; at - first < 19; at++) {
    uint8_t digit = (uint8_t)(byte_at(scan, at) - '0');
    if (digit > 9) break;
    *value = 10 * *value + digit;
  }
  return at;
}

/// Reads an exponent of at most nine digits, from its letter on.
RARE const uint8_t *read_exponent(const scan *scan, const uint8_t *at, int64_t *value) {
  uint8_t sign = byte_at(scan, ++at);
  if (sign == '+' || sign == '-') at++;
  uint64_t exponent = 0;
  const uint8_t *end = read_digits(scan, at, &exponent);
  if (end == at || end - at > 9) return NULL;
  *value = sign == '-' ? -(int64_t)exponent : (int64_t)exponent;
  return end;
}

/// Reads a number of at most 18 digits.
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
  int64_t exponent = 0;
  uint8_t next = byte_at(scan, at);
  if ((uint8_t)(next - '0') < 10 || ((next | 0x20) == 'e' && !(at = read_exponent(scan, at, &exponent)))) return NULL;
  int64_t power = exponent - decimals;
  if (significand == 0) power = 0, is_negative = 0;
  while (significand != 0 && significand % 10 == 0) significand /= 10, power++;
  *value = lora_of_words(&scan->memory->key, significand, (uint64_t)power << 1 | is_negative, LORA_OF_NUMBER);
  return at;
}

/// Whether a word is here.
INLINE bool is_word(const scan *scan, const uint8_t *at, const char *text, ptrdiff_t count) {
  return scan->end - at >= count && memcmp(at, text, (size_t)count) == 0;
}

/// Reads a number, or one of the three words; which of them it is takes no branch.
INLINE const uint8_t *read_scalar(const scan *scan, const uint8_t *at, lora_fingerprint *value) {
  if (byte_at(scan, at) < 'a') return read_number(scan, at, value);
  bool is_true = is_word(scan, at, "true", 4), is_false = is_word(scan, at, "false", 5);
  bool is_null = is_word(scan, at, "null", 4);
  if (!(is_true | is_false | is_null)) return NULL;
  *value = lora_of_words(&scan->memory->key, is_true, 0, is_null ? LORA_OF_NULL : LORA_OF_BOOL);
  return at + 4 + is_false;
}

// MARK: Keys

/// Reads a key and its colon, with the blanks behind it.
INLINE const uint8_t *read_name(scan *scan, const uint8_t *at, bool is_quoted, lora_fingerprint *name) {
  if (!(at = read_text(scan, at, is_quoted, name))) return NULL;
  at = skip_blanks(scan, at, is_quoted);
  return byte_at(scan, at) == ':' ? skip_blanks(scan, at + 1, is_quoted) : NULL;
}

/// The walk over the members of an object.
typedef struct {
  /// What is expected next.
  lora_key_links *links;
  /// Half of each key's fingerprint: where two are the same, the scanner looks at the keys.
  uint64_t names[KEYS];
  unsigned count;
  /// One bit for each key, chosen by six bits of it: one that is not set says that the key is new.
  uint64_t seen;
} members;

INLINE void members_begin(members *members, lora_key_links *links) {
  members->links = links;
  members->count = 0;
  members->seen = 0;
}

/// Reads the next key that is not expected; `found` is null at the closing brace, which is read.
RARE const uint8_t *find_key(
  scan *scan, const uint8_t *at, bool is_quoted, const members *members, lora_known_key **found) {
  const uint8_t *start = at;
  bool is_end;
  *found = NULL;
  if (!(at = step(scan, at, '}', members->count == 0, is_quoted, &is_end)) || is_end) return at;
  lora_fingerprint name;
  if (!(at = read_name(scan, at, is_quoted, &name))) return NULL;
  unsigned form = (is_quoted ? LORA_QUOTED : 0) | (members->count > 0 ? LORA_LATER : 0);
  *found = expect_key(scan->memory, start, (size_t)(at - start), name, form, members->links);
  return at;
}

/// Reads the next key and its colon; `found` is null at the closing brace, which is read.
INLINE const uint8_t *next_member(
  scan *scan, const uint8_t *at, bool is_quoted, members *members, lora_known_key **found) {
  if (byte_at(scan, at) == '}') {
    *found = NULL;
    return at + 1;
  }
  lora_known_key *key = scan->memory->keys + members->links->entries[0];
  bool is_known = is_written(scan, at, key);
  if (!LIKELY(is_known)) {
    key = scan->memory->keys + members->links->entries[1];
    is_known = is_written(scan, at, key);
  }
  if (LIKELY(is_known)) {
    at += key->count;
  } else if (!(at = find_key(scan, at, is_quoted, members, &key)) || !key) {
    *found = NULL;
    return at;
  }
  uint64_t name = key->name.low, bit = UINT64_C(1) << (name % 64);
  if (members->count == KEYS) return NULL;
  if (members->seen & bit) {
    for (unsigned i = 0; i < members->count; i++) {
      if (members->names[i] == name) return NULL;
    }
  }
  members->seen |= bit;
  members->names[members->count++] = name;
  members->links = &key->next;
  *found = key;
  return at;
}

// MARK: Values

static const uint8_t *read_bare(
  scan *scan, const uint8_t *at, unsigned depth, lora_key_links *links, lora_fingerprint *value);
static const uint8_t *read_quoted(
  scan *scan, const uint8_t *at, unsigned depth, lora_key_links *links, lora_fingerprint *value);

/// Reads a value; `links` are for the first key in it.
INLINE const uint8_t *read_inner(
  scan *scan, const uint8_t *at, unsigned depth, bool is_quoted, lora_key_links *links, lora_fingerprint *value) {
  // Most are texts, numbers and words.
  if (is_mark(scan, at, is_quoted)) return read_text(scan, at, is_quoted, value);
  uint8_t byte = byte_at(scan, at);
  if ((uint8_t)(byte - '0') < 10 || (uint8_t)(byte - 'a') < 26) return read_scalar(scan, at, value);
  return is_quoted ? read_quoted(scan, at, depth, links, value) : read_bare(scan, at, depth, links, value);
}

INLINE const uint8_t *read_object(
  scan *scan, const uint8_t *at, unsigned depth, bool is_quoted, lora_key_links *links, lora_fingerprint *value) {
  lora_fingerprint sum = {0, 0};
  members members;
  members_begin(&members, links);
  while (true) {
    lora_known_key *key;
    if (!(at = next_member(scan, at, is_quoted, &members, &key))) return NULL;
    if (!key) break;
    lora_fingerprint name = key->name, member;
    if (!(at = read_inner(scan, at, depth + 1, is_quoted, &key->inside, &member))) return NULL;
    sum = lora_sum(sum, lora_of_member(&scan->memory->key, name, member));
  }
  *value = lora_of_words(&scan->memory->key, sum.low, sum.high, LORA_OF_OBJECT);
  return at;
}

INLINE const uint8_t *read_array(
  scan *scan, const uint8_t *at, unsigned depth, bool is_quoted, lora_key_links *links, lora_fingerprint *value) {
  lora_fingerprint result = {0, 0};
  for (bool is_first = true;; is_first = false) {
    bool is_end;
    if (!(at = step(scan, at, ']', is_first, is_quoted, &is_end))) return NULL;
    if (is_end) break;
    lora_fingerprint element;
    if (!(at = read_inner(scan, at, depth + 1, is_quoted, links, &element))) return NULL;
    result = lora_of_pair(&scan->memory->key, result, element, LORA_OF_ARRAY);
  }
  *value = lora_of_words(&scan->memory->key, result.low, result.high, LORA_OF_ARRAY);
  return at;
}

INLINE const uint8_t *read_any(
  scan *scan, const uint8_t *at, unsigned depth, bool is_quoted, lora_key_links *links, lora_fingerprint *value) {
  at = skip_blanks(scan, at, is_quoted);
  uint8_t byte = byte_at(scan, at);
  if (byte == '"' || byte == '\\') return read_text(scan, at, is_quoted, value);
  if (byte != '{' && byte != '[') return read_scalar(scan, at, value);
  if (depth == DEPTH) return NULL;
  return byte == '{' ? read_object(scan, at + 1, depth, is_quoted, links, value)
                     : read_array(scan, at + 1, depth, is_quoted, links, value);
}

static const uint8_t *read_bare(
  scan *scan, const uint8_t *at, unsigned depth, lora_key_links *links, lora_fingerprint *value) {
  return read_any(scan, at, depth, false, links, value);
}

static const uint8_t *read_quoted(
  scan *scan, const uint8_t *at, unsigned depth, lora_key_links *links, lora_fingerprint *value) {
  return read_any(scan, at, depth, true, links, value);
}

/// Reads a string that holds a value, from its quotation mark on.
INLINE const uint8_t *read_quoted_value(scan *scan, const uint8_t *at, lora_fingerprint *value) {
  if (!(at = read_quoted(scan, at + 1, 0, &scan->memory->quoted, value))) return NULL;
  at = skip_blanks(scan, at, true);
  return byte_at(scan, at) == '"' ? at + 1 : NULL;
}

// MARK: What is read over

/// Reads over a string; only the form of its escapes is looked at.
static const uint8_t *skip_text(const scan *scan, const uint8_t *at) {
  for (at = end_of_run(scan, at + 1, AT_ESCAPES); byte_at(scan, at) == '\\'; at = end_of_run(scan, at, AT_ESCAPES)) {
    switch (byte_at(scan, at + 1)) {
      case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
        at += 2;
        break;
      case 'u':
        if (scan->end - at < 6) return NULL;
        for (unsigned i = 2; i < 6; i++) {
          uint8_t letter = at[i] | 0x20;
          if ((uint8_t)(at[i] - '0') > 9 && (uint8_t)(letter - 'a') > 5) return NULL;
        }
        at += 6;
        break;
      default:
        return NULL;
    }
  }
  return byte_at(scan, at) == '"' ? at + 1 : NULL;
}

/// Reads over a value.
static const uint8_t *skip_value(scan *scan, const uint8_t *at, unsigned depth) {
  at = skip_blanks(scan, at, false);
  uint8_t byte = byte_at(scan, at);
  lora_fingerprint unused;
  if (byte == '"') return skip_text(scan, at);
  if (byte != '{' && byte != '[') return read_scalar(scan, at, &unused);
  if (depth == DEPTH) return NULL;
  at++;
  for (bool is_first = true;; is_first = false) {
    bool is_end;
    // Each closing bracket comes two places after its opening one.
    if (!(at = step(scan, at, byte + 2, is_first, false, &is_end)) || is_end) return at;
    if (byte == '{') {
      if (byte_at(scan, at) != '"' || !(at = skip_text(scan, at))) return NULL;
      at = skip_blanks(scan, at, false);
      if (byte_at(scan, at) != ':') return NULL;
      at++;
    }
    if (!(at = skip_value(scan, at, depth + 1))) return NULL;
  }
}

#endif
