#include "ptx.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  MOST_REGISTERS = 256, MOST_FAMILIES = 128, MOST_INSTRUCTIONS = 1024, MOST_LABELS = 64, MOST_PARAMETERS = 16,
  MOST_VARIABLES = 4, MOST_SHARED = 48 << 10, MOST_OPERANDS = 5, WARP = 32, SECTOR = 32,
  MOST_STEPS = 1 << 22, NAME = 64,
};

// MARK: Instructions

typedef enum {
  MOVE, PACK, UNPACK, PARAMETER, ADD, SUBTRACT, MULTIPLY, MULTIPLY_WIDE, MULTIPLY_ADD, MULTIPLY_ADD_WIDE, DIVIDE,
  REMAINDER, MINIMUM, SHIFT_LEFT, SHIFT_RIGHT, AND, OR, LEADING_ZEROS, EXTRACT, PERMUTE, ADD_F, MULTIPLY_F, FUSED_F, COMPARE, SELECT, HALF_TO_FLOAT, FLOAT_TO_HALF, LOAD, STORE,
  LOAD_SHARED, STORE_SHARED, BARRIER, BRANCH, RETURN,
} operation;

typedef enum { LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, EQUAL, NOT_EQUAL, NOT_EQUAL_OR_NAN, ANY_NAN } comparison;

// What a comparison does with a predicate of before.
typedef enum { ALONE, AND_BEFORE, OR_BEFORE } combination;

typedef enum { REGISTER, CONSTANT, THREAD, GROUP, ADDRESS } operand_kind;

typedef struct {
  operand_kind kind;
  int number;       // of a register
  uint64_t value;   // of a constant, or what is added to an address
} operand;

typedef struct {
  operation what;
  comparison how;
  combination with;
  bool is_float;    // of a comparison
  bool takes_opposite;  // of a predicate of before
  unsigned size;    // bytes of the operands, or of an access
  int guard;        // a predicate, or negative
  bool is_negated;
  int count;
  operand operands[MOST_OPERANDS];  // of an access: the address, then what is moved
  int target;       // of a branch
  int line;
} instruction;

struct ptx_kernel {
  char name[NAME];
  int parameter_count;
  char parameters[MOST_PARAMETERS][NAME];
  int register_count;
  int variable_count;
  struct { char name[NAME]; uint64_t start; } variables[MOST_VARIABLES];
  uint64_t shared_bytes;
  int count;
  instruction instructions[MOST_INSTRUCTIONS];
};

// The forms that are known. Operands, the result first: p predicate, h w d integers of 16, 32, 64 bits, f float,
// x 32 bits of either kind, n 16 or
// 32 bits, A address in brackets, S one in shared memory, P parameter; a vector in braces.
static const struct {
  const char *form;
  operation what;
  unsigned size;
  const char *operands;
} forms[] = {
  {"ld.param.u64", PARAMETER, 8, "dP"}, {"cvta.to.global.u64", MOVE, 8, "dd"},
  {"mov.u16", MOVE, 2, "hh"}, {"mov.u32", MOVE, 4, "ww"}, {"mov.b32", MOVE, 4, "xx"}, {"mov.f32", MOVE, 4, "ff"},
  {"mov.u64", MOVE, 8, "dd"},
  {"add.u32", ADD, 4, "www"}, {"add.u64", ADD, 8, "ddd"}, {"sub.u32", SUBTRACT, 4, "www"},
  {"sub.u64", SUBTRACT, 8, "ddd"}, {"mul.lo.u32", MULTIPLY, 4, "www"}, {"mul.lo.u64", MULTIPLY, 8, "ddd"},
  {"mul.wide.u32", MULTIPLY_WIDE, 4, "dww"}, {"mad.lo.u32", MULTIPLY_ADD, 4, "wwww"},
  {"mad.lo.u64", MULTIPLY_ADD, 8, "dddd"}, {"mad.wide.u32", MULTIPLY_ADD_WIDE, 4, "dwwd"},
  {"min.u32", MINIMUM, 4, "www"}, {"prmt.b32", PERMUTE, 4, "wwww"}, {"div.u32", DIVIDE, 4, "www"},
  {"div.u64", DIVIDE, 8, "ddd"}, {"rem.u64", REMAINDER, 8, "ddd"}, {"shl.b32", SHIFT_LEFT, 4, "www"},
  {"shl.b64", SHIFT_LEFT, 8, "ddw"}, {"shr.u32", SHIFT_RIGHT, 4, "www"}, {"and.b32", AND, 4, "www"},
  {"or.b32", OR, 4, "www"}, {"clz.b32", LEADING_ZEROS, 4, "ww"}, {"add.rn.f32", ADD_F, 4, "fff"}, {"mul.rn.f32", MULTIPLY_F, 4, "fff"},
  {"fma.rn.f32", FUSED_F, 4, "ffff"}, {"selp.b32", SELECT, 4, "wwwp"},
  // Registers hold their bits in 64, the upper ones zero: widening moves them, narrowing cuts them.
  {"cvt.u64.u32", MOVE, 4, "dw"}, {"cvt.u32.u64", MOVE, 4, "wd"}, {"cvt.u32.u16", MOVE, 2, "wh"},
  {"cvt.u16.u32", MOVE, 2, "hw"}, {"cvt.f32.f16", HALF_TO_FLOAT, 2, "fh"}, {"cvt.rn.f16.f32", FLOAT_TO_HALF, 4, "hf"},
  {"ld.global.nc.u8", LOAD, 1, "wA"}, {"ld.global.nc.u16", LOAD, 2, "nA"}, {"ld.global.nc.u32", LOAD, 4, "wA"},
  {"ld.global.nc.u64", LOAD, 8, "dA"}, {"ld.global.nc.f32", LOAD, 4, "fA"}, {"ld.global.nc.v2.u32", LOAD, 4, "{ww}A"},
  {"ld.global.nc.v4.b32", LOAD, 4, "{xxxx}A"}, {"ld.global.nc.v4.u32", LOAD, 4, "{wwww}A"},
  {"ld.global.nc.v2.u64", LOAD, 8, "{dd}A"}, {"st.global.u16", STORE, 2, "Ah"}, {"st.global.u32", STORE, 4, "Aw"},
  {"st.global.f32", STORE, 4, "Af"}, {"st.global.v2.u32", STORE, 4, "A{ww}"}, {"st.global.v4.u32", STORE, 4, "A{wwww}"},
  {"ld.shared.u16", LOAD_SHARED, 2, "nS"}, {"ld.shared.u32", LOAD_SHARED, 4, "wS"},
  {"ld.shared.v4.b32", LOAD_SHARED, 4, "{xxxx}S"}, {"ld.shared.v2.u64", LOAD_SHARED, 8, "{dd}S"},
  {"st.shared.u16", STORE_SHARED, 2, "Sw"}, {"st.shared.u32", STORE_SHARED, 4, "Sw"},
  {"st.shared.v4.b32", STORE_SHARED, 4, "S{xxxx}"}, {"st.shared.v2.u64", STORE_SHARED, 8, "S{dd}"},
  {"bfe.u32", EXTRACT, 4, "wwww"}, {"bar.sync", BARRIER, 4, "w"}, {"ret", RETURN, 0, ""},
};

static const struct { const char *name; comparison how; } comparisons[] = {
  {"lt", LESS}, {"le", LESS_EQUAL}, {"gt", GREATER}, {"ge", GREATER_EQUAL}, {"eq", EQUAL}, {"ne", NOT_EQUAL},
  {"neu", NOT_EQUAL_OR_NAN}, {"nan", ANY_NAN},
};

// MARK: Reading

typedef struct {
  const char *at;
  int line;
  char *log;
  size_t log_bytes;
  bool has_failed;
  ptx_kernel *kernel;
  int family_count;
  struct { char prefix[NAME]; int first, count; char type; } families[MOST_FAMILIES];  // count 0: the name as it is
  int label_count;
  struct { char name[NAME]; int place; } labels[MOST_LABELS];
  char targets[MOST_INSTRUCTIONS][NAME];
} reader;

static void refuse(reader *r, const char *format, ...) {
  if (r->has_failed) return;
  r->has_failed = true;
  int done = snprintf(r->log, r->log_bytes, "line %d: ", r->line);
  va_list values;
  va_start(values, format);
  if (done > 0 && (size_t)done < r->log_bytes) vsnprintf(r->log + done, r->log_bytes - (size_t)done, format, values);
  va_end(values);
}

static void skip(reader *r) {
  for (;; r->at++) {
    if (r->at[0] == '/' && r->at[1] == '/') r->at += strcspn(r->at, "\n");
    if (*r->at == '\n') r->line++;
    if (!*r->at || !isspace((unsigned char)*r->at)) return;
  }
}

static bool accept(reader *r, char sign) {
  skip(r);
  if (*r->at != sign) return false;
  r->at++;
  return true;
}

static void expect(reader *r, char sign) {
  if (!accept(r, sign)) refuse(r, "'%c' is missing before '%.10s'", sign, r->at);
}

static void word(reader *r, char *name) {
  skip(r);
  size_t length = 0;
  while (isalnum((unsigned char)r->at[length]) || (r->at[length] && strchr("_.%$", r->at[length]))) length++;
  if (!length || length >= NAME) refuse(r, "a name is missing before '%.10s'", r->at);
  else memcpy(name, r->at, length), r->at += length;
  name[r->has_failed ? 0 : length] = 0;
}

static void expect_word(reader *r, const char *wanted) {
  char found[NAME];
  word(r, found);
  if (strcmp(found, wanted) != 0) refuse(r, "'%s' where %s is expected", found, wanted);
}

static void declare_register(reader *r, char letter) {
  char prefix[NAME];
  word(r, prefix);
  long count = 0;
  if (accept(r, '<')) {
    char *end;
    count = strtol(r->at, &end, 10);
    r->at = end;
    expect(r, '>');
  }
  int taken = count ? (int)count : 1;
  if (!letter || count < 0 || count > MOST_REGISTERS || r->kernel->register_count + taken > MOST_REGISTERS
      || r->family_count == MOST_FAMILIES)
    return refuse(r, "registers %s are of no known type, or too many", prefix);
  strcpy(r->families[r->family_count].prefix, prefix);
  r->families[r->family_count].first = r->kernel->register_count;
  r->families[r->family_count].count = (int)count;
  r->families[r->family_count++].type = letter;
  r->kernel->register_count += taken;
}

static void declare_registers(reader *r) {
  char type[NAME], letter = 0;
  static const struct { const char *name; char type; } types[] = {
    {".pred", 'p'}, {".b16", 'h'}, {".b32", 'w'}, {".f32", 'f'}, {".b64", 'd'},
  };
  word(r, type);
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (strcmp(types[i].name, type) == 0) letter = types[i].type;
  do declare_register(r, letter);
  while (!r->has_failed && accept(r, ','));
  expect(r, ';');
}

// `.shared .align 16 .b8 name[bytes];`
static void declare_shared(reader *r) {
  char name[NAME];
  expect_word(r, ".align");
  expect_word(r, "16");
  expect_word(r, ".b8");
  word(r, name);
  expect(r, '[');
  char *end;
  uint64_t bytes = strtoull(r->at, &end, 10), start = (r->kernel->shared_bytes + 15) / 16 * 16;
  r->at = end;
  expect(r, ']');
  expect(r, ';');
  if (r->kernel->variable_count == MOST_VARIABLES || bytes > MOST_SHARED || start > MOST_SHARED - bytes)
    return refuse(r, "there is no room for %s", name);
  strcpy(r->kernel->variables[r->kernel->variable_count].name, name);
  r->kernel->variables[r->kernel->variable_count++].start = start;
  r->kernel->shared_bytes = start + bytes;
}

// The number of a register and the letter of its type.
static int find_register(reader *r, const char *name, char *type) {
  for (int i = 0; i < r->family_count; i++) {
    size_t length = strlen(r->families[i].prefix);
    if (strncmp(name, r->families[i].prefix, length) != 0) continue;
    *type = r->families[i].type;
    if (!r->families[i].count && !name[length]) return r->families[i].first;
    char *end;
    long number = strtol(name + length, &end, 10);
    if (isdigit((unsigned char)name[length]) && !*end && number < r->families[i].count)
      return r->families[i].first + (int)number;
  }
  refuse(r, "register %s is not declared", name);
  return 0;
}

static uint64_t constant(reader *r, char wanted) {
  char *end;
  uint64_t value;
  if (r->at[0] == '0' && r->at[1] == 'f') {
    if (wanted != 'f') refuse(r, "a float where an integer is expected");
    value = strtoull(r->at + 2, &end, 16);
  } else {
    if (wanted == 'f' || wanted == 'p') refuse(r, "an integer where none is expected");
    value = strtoull(r->at, &end, 0);
  }
  r->at = end;
  return value;
}

static bool is_compatible(char type, char wanted) {
  return type == wanted || (wanted == 'f' && type == 'w') || (wanted == 'x' && (type == 'w' || type == 'f'))
    || (wanted == 'n' && (type == 'h' || type == 'w'));
}

static operand read_operand(reader *r, char wanted) {
  operand o = {.kind = REGISTER};
  char name[NAME], type = 0;
  skip(r);
  if (wanted == 'A' || wanted == 'S' || wanted == 'P') {
    expect(r, '[');
    word(r, name);
    if (wanted == 'P') {
      int i = 0;
      while (i < r->kernel->parameter_count && strcmp(r->kernel->parameters[i], name) != 0) i++;
      if (i == r->kernel->parameter_count) refuse(r, "there is no parameter %s", name);
      o = (operand){.kind = CONSTANT, .value = (uint64_t)i};
    } else {
      o = (operand){.kind = ADDRESS, .number = find_register(r, name, &type)};
      if (type != (wanted == 'A' ? 'd' : 'w')) refuse(r, "%s is no address", name);
      if (accept(r, '+')) skip(r), o.value = constant(r, 'd');
    }
    expect(r, ']');
    return o;
  }
  if (isdigit((unsigned char)*r->at)) return (operand){.kind = CONSTANT, .value = constant(r, wanted)};
  word(r, name);
  if (wanted == 'w' && strcmp(name, "%tid.x") == 0) return (operand){.kind = THREAD};
  if (wanted == 'w' && strcmp(name, "%ctaid.x") == 0) return (operand){.kind = GROUP};
  for (int i = 0; wanted == 'w' && i < r->kernel->variable_count; i++)
    if (strcmp(r->kernel->variables[i].name, name) == 0)
      return (operand){.kind = CONSTANT, .value = r->kernel->variables[i].start};
  o.number = find_register(r, name, &type);
  if (!is_compatible(type, wanted)) refuse(r, "%s has the wrong type", name);
  return o;
}

static bool is_store(operation what) { return what == STORE || what == STORE_SHARED; }
static bool is_access(operation what) { return is_store(what) || what == LOAD || what == LOAD_SHARED; }

static void read_operands(reader *r, instruction *i, const char *wanted) {
  bool is_first = true;
  for (; *wanted && !r->has_failed; wanted++) {
    if (*wanted == '}') {
      expect(r, '}');
      continue;
    }
    if (!is_first) expect(r, ',');
    is_first = *wanted == '{';
    if (is_first) {
      expect(r, '{');
      continue;
    }
    skip(r);
    // Two halves of a word, as the source or as the result.
    if (i->what == MOVE && *wanted == 'x' && *r->at == '{') {
      r->at++;
      i->what = i->count ? PACK : UNPACK;
      i->operands[i->count++] = read_operand(r, 'h');
      expect(r, ',');
      i->operands[i->count++] = read_operand(r, 'h');
      expect(r, '}');
      continue;
    }
    if (i->count == MOST_OPERANDS) return refuse(r, "there are too many operands");
    i->operands[i->count] = read_operand(r, *wanted);
    bool is_result = !is_store(i->what) && (i->count == 0 || (is_access(i->what) && wanted[1])) && i->what != BARRIER;
    if (is_result && i->operands[i->count].kind != REGISTER) refuse(r, "the result is no register");
    i->count++;
  }
  if (!is_access(i->what) || is_store(i->what) || r->has_failed) return;
  operand address = i->operands[i->count - 1];
  memmove(i->operands + 1, i->operands, sizeof *i->operands * (size_t)(i->count - 1));
  i->operands[0] = address;
}

static void read_comparison(reader *r, instruction *i, const char *form) {
  char how[NAME];
  const char *type = strrchr(form, '.') + 1, *start = form + strlen("setp.");
  size_t length = type - 1 > start ? (size_t)(type - 1 - start) : 0;
  memcpy(how, start, length);
  how[length] = 0;
  i->what = COMPARE;
  char *with = strchr(how, '.');
  if (with) {
    i->with = strcmp(with, ".and") == 0 ? AND_BEFORE : OR_BEFORE;
    if (i->with == OR_BEFORE && strcmp(with, ".or") != 0) return refuse(r, "%s is not known", form);
    *with = 0;
  }
  bool is_known = false;
  for (size_t k = 0; k < sizeof comparisons / sizeof *comparisons; k++)
    if (strcmp(comparisons[k].name, how) == 0) i->how = comparisons[k].how, is_known = true;
  i->is_float = strcmp(type, "f32") == 0;
  i->size = strcmp(type, "u64") == 0 ? 8 : 4;
  if (!is_known || (!i->is_float && strcmp(type, "u32") != 0 && i->size != 8)
      || (i->how >= NOT_EQUAL_OR_NAN && !i->is_float))
    return refuse(r, "%s is not known", form);
  read_operands(r, i, i->is_float ? "pff" : i->size == 8 ? "pdd" : "pww");
  if (i->with == ALONE || r->has_failed) return;
  expect(r, ',');
  i->takes_opposite = accept(r, '!');
  i->operands[i->count++] = read_operand(r, 'p');
}

static void read_instruction(reader *r, char *form) {
  if (r->kernel->count == MOST_INSTRUCTIONS) return refuse(r, "there are too many instructions");
  instruction *i = &r->kernel->instructions[r->kernel->count];
  *i = (instruction){.guard = -1, .line = r->line};
  if (form[0] == '@') {
    char name[NAME], type = 0;
    i->is_negated = accept(r, '!');
    word(r, name);
    i->guard = find_register(r, name, &type);
    if (type != 'p') refuse(r, "%s is no predicate", name);
    word(r, form);
  }
  if (strcmp(form, "bra") == 0) {
    i->what = BRANCH;
    word(r, r->targets[r->kernel->count]);
  } else if (strncmp(form, "setp.", 5) == 0) {
    read_comparison(r, i, form);
  } else {
    size_t k = 0, all = sizeof forms / sizeof *forms;
    while (k < all && strcmp(forms[k].form, form) != 0) k++;
    if (k == all) return refuse(r, "%s is not known", form);
    i->what = forms[k].what;
    i->size = forms[k].size;
    read_operands(r, i, forms[k].operands);
  }
  expect(r, ';');
  r->kernel->count++;
}

static void read_body(reader *r) {
  char name[NAME];
  expect(r, '{');
  while (!r->has_failed && !accept(r, '}')) {
    if (accept(r, '@')) {
      strcpy(name, "@");
      read_instruction(r, name);
      continue;
    }
    word(r, name);
    if (r->has_failed) return;
    if (strcmp(name, ".reg") == 0) {
      declare_registers(r);
    } else if (strcmp(name, ".shared") == 0) {
      declare_shared(r);
    } else if (accept(r, ':')) {
      if (r->label_count == MOST_LABELS) return refuse(r, "there are too many labels");
      strcpy(r->labels[r->label_count].name, name);
      r->labels[r->label_count++].place = r->kernel->count;
    } else {
      read_instruction(r, name);
    }
  }
  for (int i = 0; i < r->kernel->count; i++) {
    if (r->kernel->instructions[i].what != BRANCH) continue;
    int label = 0;
    while (label < r->label_count && strcmp(r->labels[label].name, r->targets[i]) != 0) label++;
    if (label == r->label_count) return refuse(r, "there is no label %s", r->targets[i]);
    r->kernel->instructions[i].target = r->labels[label].place;
  }
}

static void read_kernel(reader *r) {
  char name[NAME];
  expect_word(r, ".version");
  word(r, name);
  expect_word(r, ".target");
  word(r, name);
  if (strncmp(name, "sm_", 3) != 0) refuse(r, "%s is no target", name);
  expect_word(r, ".address_size");
  expect_word(r, "64");
  expect_word(r, ".visible");
  expect_word(r, ".entry");
  word(r, r->kernel->name);
  expect(r, '(');
  do {
    if (r->kernel->parameter_count == MOST_PARAMETERS) return refuse(r, "there are too many parameters");
    expect_word(r, ".param");
    expect_word(r, ".u64");
    word(r, r->kernel->parameters[r->kernel->parameter_count++]);
  } while (!r->has_failed && accept(r, ','));
  expect(r, ')');
  read_body(r);
}

ptx_kernel *ptx_compile(const char *text, char *log, size_t log_bytes) {
  reader *r = calloc(1, sizeof *r);
  ptx_kernel *kernel = calloc(1, sizeof *kernel);
  if (r && kernel) {
    r->at = text;
    r->line = 1;
    r->log = log;
    r->log_bytes = log_bytes;
    r->kernel = kernel;
    read_kernel(r);
  }
  if (!r || r->has_failed) free(kernel), kernel = NULL;
  free(r);
  return kernel;
}

void ptx_free(ptx_kernel *kernel) { free(kernel); }
const char *ptx_name(const ptx_kernel *kernel) { return kernel->name; }
int ptx_parameter_count(const ptx_kernel *kernel) { return kernel->parameter_count; }

// MARK: Running

typedef struct {
  uint64_t values[MOST_REGISTERS];
  bool is_set[MOST_REGISTERS];
  uint16_t occurrences[MOST_INSTRUCTIONS];  // of accesses, when sectors are counted
  unsigned thread;
  int at, steps;
  bool has_ended;
} thread_state;

// What a byte of shared memory has been used for: a number of a thread from 1, since the barrier of this number; and the
// last group that wrote it, from 1.
typedef struct { unsigned writer, written, reader, read, group; } shared_byte;

// One access of a warp to a sector: of an instruction, for the so-many-th time.
typedef struct { uint64_t access, sector; } touched_sector;

typedef struct {
  const ptx_kernel *kernel;
  const ptx_memory *memory;
  thread_state *threads, *now;
  unsigned count, group, barrier;
  unsigned char *shared;
  shared_byte *bytes;
  touched_sector *sectors;
  size_t sector_count, sector_room;
  int line;
  bool has_failed;
} state;

static void stop(state *s, const char *what) {
  if (!s->has_failed && what) s->memory->fault(s->memory->context, s->line, what);
  s->has_failed = true;
}

static uint64_t value_of(state *s, const operand *o) {
  switch (o->kind) {
    case CONSTANT: return o->value;
    case THREAD: return s->now->thread;
    case GROUP: return s->group;
    default:
      if (!s->now->is_set[o->number]) stop(s, "a register is read that was never set");
      return s->now->values[o->number] + o->value;
  }
}

static void set(state *s, const operand *o, uint64_t value) {
  s->now->values[o->number] = value;
  s->now->is_set[o->number] = true;
}

static uint64_t cut(uint64_t value, unsigned size) { return size >= 8 ? value : value & ((1ull << 8 * size) - 1); }

static float float_of(uint64_t bits) {
  uint32_t word = (uint32_t)bits;
  float value;
  memcpy(&value, &word, 4);
  return value;
}

// GPUs have one NaN.
static uint64_t bits_of(float value) {
  uint32_t word = 0x7FFFFFFF;
  if (!isnan(value)) memcpy(&word, &value, 4);
  return word;
}

static uint64_t half_of(float value) {
  _Float16 half = (_Float16)value;
  uint16_t word = 0x7FFF;
  if (!isnan(value)) memcpy(&word, &half, 2);
  return word;
}

static float float_of_half(uint64_t bits) {
  uint16_t word = (uint16_t)bits;
  _Float16 half;
  memcpy(&half, &word, 2);
  return (float)half;
}

static bool holds(const instruction *i, uint64_t a, uint64_t b) {
  if (i->is_float) {
    float x = float_of(a), y = float_of(b);
    switch (i->how) {
      case LESS: return x < y;
      case LESS_EQUAL: return x <= y;
      case GREATER: return x > y;
      case GREATER_EQUAL: return x >= y;
      case EQUAL: return x == y;
      case NOT_EQUAL: return x < y || x > y;
      case NOT_EQUAL_OR_NAN: return x != y;
      case ANY_NAN: return isnan(x) || isnan(y);
    }
  }
  switch (i->how) {
    case LESS: return a < b;
    case LESS_EQUAL: return a <= b;
    case GREATER: return a > b;
    case GREATER_EQUAL: return a >= b;
    case EQUAL: return a == b;
    default: return a != b;
  }
}

// What threads of a group do between two barriers has no order.
static void *access_shared(state *s, uint64_t address, unsigned size, bool writes) {
  if (address % size) return stop(s, "shared memory at a misaligned address"), NULL;
  if (size > s->kernel->shared_bytes || address > s->kernel->shared_bytes - size)
    return stop(s, "an address beyond shared memory"), NULL;
  unsigned me = s->now->thread + 1;
  for (shared_byte *b = s->bytes + address; b < s->bytes + address + size; b++) {
    bool meets_writer = b->written == s->barrier && b->writer != me;
    bool meets_reader = b->read == s->barrier && b->reader != me;
    if (meets_writer || (writes && meets_reader))
      return stop(s, "threads use the same shared memory with no barrier in between"), NULL;
    if (!writes && b->group != s->group + 1) return stop(s, "shared memory is read that was never written"), NULL;
    if (writes) b->writer = me, b->written = s->barrier, b->group = s->group + 1;
    else b->reader = me, b->read = s->barrier;
  }
  return s->shared + address;
}

static void note_sectors(state *s, const instruction *i, uint64_t address, unsigned size) {
  unsigned number = (unsigned)(i - s->kernel->instructions);
  uint64_t occurrence = s->now->occurrences[number]++;
  for (uint64_t sector = address / SECTOR; sector <= (address + size - 1) / SECTOR; sector++) {
    if (s->sector_count == s->sector_room) {
      size_t room = s->sector_room ? 2 * s->sector_room : 1024;
      void *more = realloc(s->sectors, room * sizeof *s->sectors);
      if (!more) return stop(s, "there is no memory");
      s->sectors = more;
      s->sector_room = room;
    }
    uint64_t warp = s->now->thread / WARP;
    s->sectors[s->sector_count++] = (touched_sector){warp << 32 | number << 16 | (occurrence & 0xFFFF), sector};
  }
}

static int compare_sectors(const void *a, const void *b) {
  const touched_sector *x = a, *y = b;
  if (x->access != y->access) return x->access < y->access ? -1 : 1;
  return x->sector < y->sector ? -1 : x->sector > y->sector;
}

// What the group's warps have fetched and stored: a sector counts once for each access of a warp.
static void count_sectors(state *s) {
  if (s->sector_count) qsort(s->sectors, s->sector_count, sizeof *s->sectors, compare_sectors);
  for (size_t i = 0; i < s->sector_count; i++)
    if (!i || compare_sectors(&s->sectors[i - 1], &s->sectors[i]) != 0) ++*s->memory->sectors;
  s->sector_count = 0;
}

static void access_memory(state *s, const instruction *i) {
  bool writes = is_store(i->what);
  unsigned lanes = (unsigned)i->count - 1, size = lanes * i->size;
  uint64_t address = value_of(s, &i->operands[0]);
  if (s->has_failed) return;
  unsigned char *bytes;
  if (i->what == LOAD_SHARED || i->what == STORE_SHARED) {
    bytes = access_shared(s, address, size, writes);
  } else {
    bytes = s->memory->access(s->memory->context, address, size, writes);
    if (bytes && s->memory->sectors) note_sectors(s, i, address, size);
  }
  if (!bytes) return stop(s, NULL);
  for (unsigned lane = 0; lane < lanes; lane++) {
    uint64_t value = writes ? value_of(s, &i->operands[1 + lane]) : 0;
    if (writes) memcpy(bytes + lane * i->size, &value, i->size);
    else memcpy(&value, bytes + lane * i->size, i->size), set(s, &i->operands[1 + lane], value);
  }
}

static uint64_t extract(uint64_t value, uint64_t start, uint64_t length) {
  start &= 255, length &= 255;
  return start > 31 ? 0 : value >> start & (length > 31 ? 0xFFFFFFFF : (1ull << length) - 1);
}

// Four bytes of the eight of two words; the selector's upper bit of each, which copies a sign, is not used.
static uint64_t permute(uint64_t a, uint64_t b, uint64_t selector) {
  uint64_t both = b << 32 | a, result = 0;
  for (int byte = 0; byte < 4; byte++) result |= (both >> 8 * (selector >> 4 * byte & 7) & 0xFF) << 8 * byte;
  return result;
}

static bool combine(const instruction *i, bool holds, bool before) {
  before = before != i->takes_opposite;
  return i->with == ALONE ? holds : i->with == AND_BEFORE ? holds && before : holds || before;
}

// Runs one thread to its end or to the next barrier.
static void run_thread(state *s, const uint64_t *parameters) {
  thread_state *now = s->now;
  for (; !s->has_failed; now->steps++) {
    if (now->at >= s->kernel->count) return stop(s, "the kernel has no end");
    const instruction *i = &s->kernel->instructions[now->at++];
    s->line = i->line;
    if (now->steps == MOST_STEPS) return stop(s, "a thread does not end");
    ++*s->memory->instructions;
    if (i->guard >= 0) {
      operand guard = {.kind = REGISTER, .number = i->guard};
      if ((value_of(s, &guard) != 0) == i->is_negated) continue;
    }
    if (i->what == RETURN) {
      now->has_ended = true;
      return;
    }
    if (i->what == BARRIER) return;
    if (i->what == BRANCH) {
      now->at = i->target;
      continue;
    }
    if (is_access(i->what)) {
      access_memory(s, i);
      continue;
    }
    const operand *o = i->operands;
    if (i->what == UNPACK) {
      uint64_t both = value_of(s, &o[2]);
      set(s, &o[0], cut(both, 2));
      set(s, &o[1], both >> 16);
      continue;
    }
    uint64_t a = value_of(s, &o[1]), b = 0, c = 0, result = 0;
    if (i->count > 2) b = value_of(s, &o[2]);
    if (i->count > 3) c = value_of(s, &o[3]);
    if (s->has_failed) return;
    switch (i->what) {
      case MOVE: result = cut(a, i->size); break;
      case PACK: result = cut(a, 2) | cut(b, 2) << 16; break;
      case PARAMETER: result = parameters[a]; break;
      case ADD: result = cut(a + b, i->size); break;
      case SUBTRACT: result = cut(a - b, i->size); break;
      case MULTIPLY: result = cut(a * b, i->size); break;
      case MULTIPLY_WIDE: result = cut(a, 4) * cut(b, 4); break;
      case MULTIPLY_ADD: result = cut(a * b + c, i->size); break;
      case MULTIPLY_ADD_WIDE: result = cut(a, 4) * cut(b, 4) + c; break;
      case DIVIDE:
      case REMAINDER:
        if (!b) return stop(s, "division by zero");
        result = i->what == DIVIDE ? a / b : a % b;
        break;
      case SHIFT_LEFT: result = b >= 8 * i->size ? 0 : cut(a << b, i->size); break;
      case SHIFT_RIGHT: result = b >= 8 * i->size ? 0 : a >> b; break;
      case AND: result = a & b; break;
      case OR: result = a | b; break;
      case LEADING_ZEROS: result = a ? (uint64_t)__builtin_clz((uint32_t)a) : 32; break;
      case MINIMUM: result = a < b ? a : b; break;
      case EXTRACT: result = extract(a, b, c); break;
      case PERMUTE: result = permute(a, b, c); break;
      case ADD_F: result = bits_of(float_of(a) + float_of(b)); break;
      case MULTIPLY_F: result = bits_of(float_of(a) * float_of(b)); break;
      case FUSED_F: result = bits_of(fmaf(float_of(a), float_of(b), float_of(c))); break;
      case COMPARE: result = combine(i, holds(i, a, b), c); break;
      case SELECT: result = c ? a : b; break;
      case HALF_TO_FLOAT: result = bits_of(float_of_half(a)); break;
      case FLOAT_TO_HALF: result = half_of(float_of(a)); break;
      default: break;
    }
    set(s, &o[0], result);
  }
}

// Runs the threads of a group, one after the other from barrier to barrier.
static void run_group(state *s, const uint64_t *parameters) {
  for (unsigned t = 0; t < s->count; t++) {
    thread_state *thread = &s->threads[t];
    memset(thread->is_set, 0, sizeof thread->is_set);
    if (s->memory->sectors) memset(thread->occurrences, 0, sizeof thread->occurrences);
    thread->thread = t;
    thread->at = thread->steps = 0;
    thread->has_ended = false;
  }
  for (unsigned ended = 0; ended == 0 && !s->has_failed;) {
    s->barrier++;
    for (unsigned t = 0; t < s->count && !s->has_failed; t++) {
      s->now = &s->threads[t];
      run_thread(s, parameters);
      ended += s->now->has_ended;
    }
    if (ended && ended < s->count) stop(s, "threads end while others wait at a barrier");
  }
  if (s->memory->sectors) count_sectors(s);
}

bool ptx_run(
  const ptx_kernel *kernel, unsigned grid, unsigned threads, const uint64_t *parameters, const ptx_memory *memory
) {
  state s = {.kernel = kernel, .memory = memory, .count = threads};
  s.threads = calloc(threads, sizeof *s.threads);
  s.shared = malloc(kernel->shared_bytes + 1);
  s.bytes = calloc(kernel->shared_bytes + 1, sizeof *s.bytes);
  if (!s.threads || !s.shared || !s.bytes) stop(&s, "there is no memory");
  for (s.group = 0; s.group < grid && !s.has_failed; s.group++) run_group(&s, parameters);
  free(s.threads);
  free(s.shared);
  free(s.bytes);
  free(s.sectors);
  return !s.has_failed;
}
