#include "plain.h"

#include <stdlib.h>

// MARK: Calls

typedef struct {
  lora_fingerprint name, arguments;
  bool has_name;
} call;

/// Fingerprint of arguments that are not there: an empty object.
INLINE lora_fingerprint no_arguments(const scan *scan) {
  return lora_of_words(&scan->memory->key, 0, 0, LORA_OF_OBJECT);
}

INLINE call no_call(const scan *scan) { return (call){{0, 0}, no_arguments(scan), false}; }

/// Reads the value of `name` or `arguments`; null counts as absent.
INLINE const uint8_t *read_part(scan *scan, const uint8_t *at, lora_known_key *key, call *call) {
  uint8_t byte = byte_at(scan, at);
  if (byte == 'n') return is_word(scan, at, "null", 4) ? at + 4 : NULL;
  if (key->field == LORA_NAME) {
    call->has_name = true;
    return read_text(scan, at, false, &call->name);
  }
  if (byte == '"') return read_quoted_value(scan, at, &call->arguments);
  return read_bare(scan, at, 0, &key->inside, &call->arguments);
}

/// Reads an object with the parts of a call; one that is the value of `function` holds no other.
static const uint8_t *read_call(scan *scan, const uint8_t *at, lora_key_links *links, bool is_function, call *call) {
  if (byte_at(scan, at) != '{') return NULL;
  members members;
  for (members_begin(&members, links), at++;;) {
    lora_known_key *key;
    if (!(at = next_member(scan, at, false, &members, &key)) || !key) return at;
    at = skip_blanks(scan, at, false);
    if (key->field == LORA_NAME || key->field == LORA_ARGUMENTS) {
      at = read_part(scan, at, key, call);
    } else if (key->field == LORA_FUNCTION && !is_function) {
      at = read_call(scan, at, &key->inside, true, call);
    } else {
      at = skip_value(scan, at, 0);
    }
    if (!at) return NULL;
  }
}

/// Calls as they are read; their order counts unless it is ignored.
INLINE lora_fingerprint add_call(const scan *scan, lora_fingerprint calls, call call, bool ignores_order) {
  lora_fingerprint one = lora_of_pair(&scan->memory->key, call.name, call.arguments, LORA_OF_CALL);
  return ignores_order ? lora_sum(calls, one) : lora_of_pair(&scan->memory->key, calls, one, LORA_OF_CALLS);
}

/// Reads a list of calls.
static const uint8_t *read_calls(
  scan *scan, const uint8_t *at, lora_key_links *links, bool ignores_order, lora_fingerprint *calls) {
  if (byte_at(scan, at) != '[') return NULL;
  lora_fingerprint sum = {0, 0};
  at++;
  for (bool is_first = true;; is_first = false) {
    bool is_end;
    if (!(at = step(scan, at, ']', is_first, false, &is_end))) return NULL;
    if (is_end) break;
    call call = no_call(scan);
    if (!(at = read_call(scan, at, links, false, &call)) || !call.has_name) return NULL;
    sum = add_call(scan, sum, call, ignores_order);
  }
  *calls = sum;
  return at;
}

/// Reads `expected` where it is a list of calls, or one call.
static const uint8_t *read_expected(
  scan *scan, const uint8_t *at, lora_key_links *links, bool ignores_order, lora_fingerprint *calls) {
  if (byte_at(scan, at) == '[') return read_calls(scan, at, links, ignores_order, calls);
  call call = no_call(scan);
  if (!(at = read_call(scan, at, links, false, &call)) || !call.has_name) return NULL;
  *calls = add_call(scan, (lora_fingerprint){0, 0}, call, ignores_order);
  return at;
}

// MARK: Lines

typedef struct {
  lora_fingerprint id;
  call single;
  bool has_id, has_calls, has_content;
} line;

INLINE const uint8_t *read_field(
  scan *scan, const uint8_t *at, lora_known_key *key, bool ignores_order, line *line, lora_answer *answer) {
  uint8_t byte = byte_at(scan, at);
  switch (key->field) {
    case LORA_ID:
      line->has_id = true;
      if (byte == '"') return read_text(scan, at, false, &line->id);
      return read_number(scan, at, &line->id);
    case LORA_TOOL_CALLS:
      if (byte == 'n') break;
      line->has_calls = true;
      return read_calls(scan, at, &key->inside, ignores_order, &answer->calls);
    case LORA_NAME:
    case LORA_ARGUMENTS:
      return read_part(scan, at, key, &line->single);
    case LORA_EXPECTED:
      if (byte == 'n') break;
      answer->has_expected = true;
      return read_expected(scan, at, &key->inside, ignores_order, &answer->expected);
    case LORA_CONTENT:
      line->has_content = true;
      return skip_value(scan, at, 0);
    case LORA_ADAPTER:
      if (byte == 'n') break;
      answer->has_adapter = true;
      answer->adapter_start = (size_t)(at - scan->begin);
      at = read_text(scan, at, false, &answer->adapter);
      answer->adapter_end = at ? (size_t)(at - scan->begin) : 0;
      return at;
    default:
      return skip_value(scan, at, 0);
  }
  // OpenAI writes null when the model made no call.
  if (key->field == LORA_TOOL_CALLS) line->has_content = true;
  return is_word(scan, at, "null", 4) ? at + 4 : NULL;
}

static const uint8_t *read_line(scan *scan, const uint8_t *at, bool ignores_order, lora_answer *answer) {
  at = skip_blanks(scan, at, false);
  if (byte_at(scan, at) != '{') return NULL;
  line line = {.single = no_call(scan)};
  members members;
  for (members_begin(&members, &scan->memory->line), at++;;) {
    lora_known_key *key;
    if (!(at = next_member(scan, at, false, &members, &key))) return NULL;
    if (!key) break;
    if (!(at = read_field(scan, skip_blanks(scan, at, false), key, ignores_order, &line, answer))) return NULL;
  }
  if (!line.has_id || !(line.has_calls || line.single.has_name || line.has_content)) return NULL;
  if (!line.has_calls && line.single.has_name) {
    answer->calls = add_call(scan, answer->calls, line.single, ignores_order);
  }
  answer->prompt = lora_of_pair(&scan->memory->key, answer->adapter, line.id, LORA_OF_PROMPT);
  at = skip_blanks(scan, at, false);
  return at == scan->end ? at : NULL;
}

// MARK: What Swift calls

lora_answer_memory *lora_make_memory(lora_fingerprint_key key) {
  static const char *const names[LORA_FIELDS] = {
    "", "id", "adapter", "expected", "tool_calls", "name", "arguments", "function", "content",
  };
  lora_answer_memory *memory = calloc(1, sizeof *memory);
  if (!memory) abort();
  memory->key = key;
  for (unsigned i = 1; i < LORA_FIELDS; i++) {
    size_t count = strlen(names[i]);
    memory->fields[i] = lora_of_bytes(&key, (const uint8_t *)names[i], count, count, LORA_OF_ASCII);
  }
  for (unsigned i = 0; i < LORA_KNOWN_KEYS; i++) memory->keys[i].count = LORA_LONGEST_KEY + 1;
  memory->line = memory->bare = no_links(0);
  memory->quoted = no_links(LORA_QUOTED);
  return memory;
}

INLINE scan begin(const lora_answer_cursor *cursor) {
  return (scan){.begin = cursor->bytes, .end = cursor->bytes + cursor->count, .memory = cursor->memory};
}

/// Takes over what was read up to a place, if anything.
INLINE bool end(lora_answer_cursor *cursor, const scan *scan, const uint8_t *at) {
  bool is_unknown = scan->unknown_start != NULL;
  cursor->unknown_start = is_unknown ? (size_t)(scan->unknown_start - cursor->bytes) : 0;
  cursor->unknown_end = is_unknown ? (size_t)(scan->unknown_end - cursor->bytes) : 0;
  cursor->is_unknown_quoted = scan->is_unknown_quoted;
  if (at) cursor->offset = (size_t)(at - cursor->bytes);
  return at != NULL;
}

bool lora_read_value(lora_answer_cursor *cursor, lora_fingerprint *value) {
  if (cursor->count == 0) return false;
  scan scan = begin(cursor);
  return end(cursor, &scan, read_bare(&scan, cursor->bytes + cursor->offset, 0, &scan.memory->bare, value));
}

bool lora_read_quoted_value(lora_answer_cursor *cursor, lora_fingerprint *value) {
  if (cursor->count == 0) return false;
  scan scan = begin(cursor);
  const uint8_t *at = cursor->bytes + cursor->offset;
  if (byte_at(&scan, at) != '"') return false;
  return end(cursor, &scan, read_quoted_value(&scan, at, value));
}

bool lora_read_answer(lora_answer_cursor *cursor, bool ignores_call_order, lora_answer *answer) {
  if (cursor->count == 0) return false;
  scan scan = begin(cursor);
  memset(answer, 0, sizeof *answer);
  return end(cursor, &scan, read_line(&scan, cursor->bytes, ignores_call_order, answer));
}
