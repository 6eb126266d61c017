#include "fake_cuda.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int result_t;
enum {
  OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, NO_DEVICE = 100, INVALID_DEVICE = 101,
  INVALID_CONTEXT = 201, INVALID_PTX = 218, INVALID_HANDLE = 400, NOT_FOUND = 500, NOT_READY = 600,
  ILLEGAL_ADDRESS = 700,
};

// Added to host addresses: the sum is no address that a processor can read.
#define DEVICE_BASE 0x4000000000000000ull
enum { MOST_DEVICES = 2, POISON = 0xCD, MOST_PARAMETERS = 6 };

// MARK: State

typedef struct block {
  struct block *next;
  char *bytes;
  uint64_t size;
  int device;
  bool is_device;
} block;

typedef struct operation operation;
typedef struct event {
  operation *record;  // the last one that is queued and has not run
  bool was_recorded;
  double time;
  int references;     // the program's, and one for each record in a queue
} event;

typedef struct stream {
  struct stream *next;
  operation *first, *last;
} stream;

struct operation {
  operation *next;
  stream *stream;
  enum { COPY_TO_DEVICE, COPY_TO_HOST, FILL, LAUNCH, RECORD, WAIT } kind;
  uint64_t to, from, size;
  bool is_pageable, is_product;
  unsigned char byte;
  unsigned grid, threads;
  uint64_t parameters[MOST_PARAMETERS];
  event *event;
  operation *awaited;
  bool is_done;
  int references;
};

typedef struct { char entry[64]; } function;
typedef struct { function function; } module;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static block *blocks;
static stream default_stream;
static stream *streams;
static int context_references[MOST_DEVICES];
static char contexts[MOST_DEVICES];
static _Thread_local char *current;
static bool is_initialized;
static result_t sticky;

static enum fake_cuda_policy policy;
static uint64_t memory_limit = UINT64_MAX, memory_used;
static int device_count = MOST_DEVICES;
static uint64_t fail_at;
static result_t fail_result, jit_result;
static const char *failed_call;
static char fail_name[64];
static fake_cuda_counts counts;
static bool hides_names;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

// What a test orders through the environment of a program that it starts.
__attribute__((constructor)) static void read_environment(void) {
  const char *text;
  if ((text = getenv("FAKE_CUDA_POLICY"))) policy = strcmp(text, "lazy") == 0 ? FAKE_CUDA_LAZY : FAKE_CUDA_EAGER;
  if ((text = getenv("FAKE_CUDA_DEVICES"))) device_count = atoi(text);
  if ((text = getenv("FAKE_CUDA_MEMORY"))) memory_limit = strtoull(text, NULL, 10);
  if ((text = getenv("FAKE_CUDA_JIT"))) jit_result = atoi(text);
  if ((text = getenv("FAKE_CUDA_FAIL"))) fail_at = strtoull(text, NULL, 10), fail_result = INVALID_VALUE;
}

void fake_cuda_reset(enum fake_cuda_policy new_policy) {
  pthread_mutex_lock(&lock);
  policy = new_policy;
  memory_limit = UINT64_MAX;
  device_count = MOST_DEVICES;
  fail_at = 0;
  failed_call = NULL;
  fail_name[0] = 0;
  jit_result = OK;
  hides_names = false;
  sticky = OK;
  current = NULL;
  fake_cuda_counts live = counts;
  memset(&counts, 0, sizeof counts);
  counts.live_allocations = live.live_allocations;
  counts.live_pinned = live.live_pinned;
  counts.live_streams = live.live_streams;
  counts.live_events = live.live_events;
  counts.live_modules = live.live_modules;
  counts.live_contexts = live.live_contexts;
  pthread_mutex_unlock(&lock);
}

fake_cuda_counts fake_cuda_count(void) {
  pthread_mutex_lock(&lock);
  fake_cuda_counts result = counts;
  pthread_mutex_unlock(&lock);
  return result;
}

void fake_cuda_read_counts(uint64_t *numbers) {
  fake_cuda_counts result = fake_cuda_count();
  memcpy(numbers, &result, sizeof result);
}

void fake_cuda_limit_memory(uint64_t bytes) { memory_limit = bytes; }
void fake_cuda_set_devices(int count) { device_count = count; }
void fake_cuda_hide_names(int hides) { hides_names = hides; }
void fake_cuda_fail_jit(int result) { jit_result = result; }
const char *fake_cuda_failed_call(void) { return failed_call; }
void fake_cuda_fail(uint64_t number, int result) {
  pthread_mutex_lock(&lock);
  fail_at = number;
  fail_result = result;
  failed_call = NULL;
  pthread_mutex_unlock(&lock);
}

void fake_cuda_fail_named(const char *name, int result) {
  pthread_mutex_lock(&lock);
  strncpy(fail_name, name, sizeof fail_name - 1);
  fail_result = result;
  failed_call = NULL;
  pthread_mutex_unlock(&lock);
}

// Begins a call, with the lock held: counts it and gives the failure that was ordered for it.
static result_t begin(const char *name, bool needs_context) {
  pthread_mutex_lock(&lock);
  counts.calls++;
  if ((fail_at && --fail_at == 0) || strcmp(fail_name, name) == 0) {
    fail_name[0] = 0;
    failed_call = name;
    return fail_result;
  }
  if (needs_context && !is_initialized) return NOT_INITIALIZED;
  if (needs_context && !current) return INVALID_CONTEXT;
  if (needs_context && !context_references[current - contexts]) return INVALID_CONTEXT;
  return needs_context ? sticky : OK;
}

static result_t end(result_t result) {
  pthread_mutex_unlock(&lock);
  return result;
}

#define BEGIN(name, needs_context)                      \
  do {                                                  \
    result_t ordered_ = begin(name, needs_context);     \
    if (ordered_ != OK) return end(ordered_);           \
  } while (0)

// MARK: Memory

static block *find(uint64_t address, uint64_t size, bool is_device) {
  for (block *b = blocks; b; b = b->next) {
    uint64_t start = (uint64_t)(uintptr_t)b->bytes + (b->is_device ? DEVICE_BASE : 0);
    if (b->is_device == is_device && address >= start && size <= b->size && address - start <= b->size - size)
      return b;
  }
  return NULL;
}

static char *host_of(uint64_t address) { return (char *)(uintptr_t)(address - DEVICE_BASE); }

static char *new_block(uint64_t size, bool is_device, int device) {
  if (is_device && (size > memory_limit || memory_used > memory_limit - size)) return NULL;
  block *b = calloc(1, sizeof *b);
  if (!b || posix_memalign((void **)&b->bytes, 4096, size ? size : 1) != 0) {
    free(b);
    return NULL;
  }
  memset(b->bytes, POISON, size);
  b->size = size;
  b->is_device = is_device;
  b->device = device;
  b->next = blocks;
  blocks = b;
  if (is_device) memory_used += size, counts.live_allocations++;
  else counts.live_pinned++;
  return b->bytes;
}

static bool free_block(char *bytes, bool is_device) {
  for (block **link = &blocks; *link; link = &(*link)->next) {
    block *b = *link;
    if (b->bytes != bytes || b->is_device != is_device) continue;
    *link = b->next;
    if (is_device) memory_used -= b->size, counts.live_allocations--;
    else counts.live_pinned--;
    // A read after the memory was freed finds this.
    memset(b->bytes, 0xDD, b->size);
    free(b->bytes);
    free(b);
    return true;
  }
  return false;
}

uint64_t fake_cuda_engine_alloc(uint64_t bytes) {
  pthread_mutex_lock(&lock);
  char *memory = new_block(bytes, true, 0);
  pthread_mutex_unlock(&lock);
  return memory ? (uint64_t)(uintptr_t)memory + DEVICE_BASE : 0;
}

void fake_cuda_engine_free(uint64_t address) {
  pthread_mutex_lock(&lock);
  free_block(host_of(address), true);
  pthread_mutex_unlock(&lock);
}

void *fake_cuda_host_view(uint64_t address) { return host_of(address); }

// MARK: The scatter kernel

typedef struct {
  uint64_t target, source;
  uint32_t first_tile, columns;
  uint64_t elements;
  uint32_t source_rows, source_columns;
  uint64_t row_stride, column_stride;
  float scale;
  uint8_t source_type, target_type;
  uint16_t padding;
} scatter_block;
_Static_assert(sizeof(scatter_block) == 64, "the kernel reads entries of 64 bytes");
enum { F32, F16, BF16, TILE = 4096 };

static float value_of(const char *bytes, int type) {
  uint32_t bits = 0;
  float value;
  if (type == F16) {
    _Float16 half;
    memcpy(&half, bytes, 2);
    return (float)half;
  }
  memcpy(type == BF16 ? (char *)&bits + 2 : (char *)&bits, bytes, type == BF16 ? 2 : 4);
  memcpy(&value, &bits, 4);
  return value;
}

static uint32_t rounded(float value, int type, float *back) {
  static const uint32_t canonical[] = {0x7FC00000, 0x7E00, 0x7FC0};
  uint32_t bits;
  *back = value;
  memcpy(&bits, &value, 4);
  if (isnan(value)) return canonical[type];
  if (type == F32) return bits;
  if (type == F16) {
    _Float16 half = (_Float16)value;
    uint16_t code;
    memcpy(&code, &half, 2);
    *back = (float)half;
    return code;
  }
  uint32_t code = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
  uint32_t wide = code << 16;
  memcpy(back, &wide, 4);
  return code & 0xFFFF;
}

static bool scatter_element(const scatter_block *b, uint64_t index) {
  size_t size = b->target_type == F32 ? 4 : 2, source_size = b->source_type == F32 ? 4 : 2;
  uint64_t row = index / b->columns, column = index % b->columns, target = b->target + index * size;
  uint32_t code = 0;
  if (row < b->source_rows && column < b->source_columns) {
    uint64_t source = b->source + (row * b->row_stride + column * b->column_stride) * source_size;
    if (!find(source, source_size, true) || source % source_size) return false;
    float value;
    if (b->source_type == b->target_type && b->scale == 1) {
      memcpy(&code, host_of(source), size);
    } else {
      code = rounded(value_of(host_of(source), b->source_type), b->target_type, &value);
      if (b->scale != 1) code = rounded(value * b->scale, b->target_type, &value);
    }
  }
  if (!find(target, size, true) || target % size) return false;
  memcpy(host_of(target), &code, size);
  return true;
}

static bool scatter(uint64_t table, uint64_t count, unsigned grid, unsigned threads) {
  if (threads != 256 || !find(table, count * sizeof(scatter_block), true)) return false;
  const scatter_block *entries = (const scatter_block *)host_of(table);
  for (unsigned group = 0; group < grid; group++) {
    uint64_t position = 0;
    for (uint64_t i = 0; i < count; i++)
      if (entries[i].first_tile <= group) position = i;
    const scatter_block *b = &entries[position];
    uint64_t start = (uint64_t)(group - b->first_tile) * TILE;
    for (uint64_t i = start; i < start + TILE && i < b->elements; i++)
      if (!scatter_element(b, i)) return false;
  }
  return true;
}

// MARK: The product kernel

static bool product(const uint64_t *parameters, unsigned grid, unsigned threads) {
  uint64_t rows = parameters[3], length = parameters[4], count = parameters[5];
  if (threads != 256 || !rows || !find(parameters[0], rows * length * 4, true)
      || !find(parameters[1], count * length * 4, true) || !find(parameters[2], count * rows * 4, true))
    return false;
  const float *matrix = (const float *)host_of(parameters[0]), *tokens = (const float *)host_of(parameters[1]);
  float *output = (float *)host_of(parameters[2]);
  for (uint64_t i = 0; i < (uint64_t)grid * threads && i / rows < count; i++) {
    const float *row = matrix + i % rows * length, *token = tokens + i / rows * length;
    float sums[16] = {0};
    for (uint64_t k = 0; k < length; k++) sums[k % 16] = fmaf(row[k], token[k], sums[k % 16]);
    for (int width = 8; width >= 4; width /= 2)
      for (int lane = 0; lane < width; lane++) sums[lane] += sums[lane + width];
    output[i] = ((sums[0] + sums[2]) + (sums[1] + sums[3])) + 0.0f;
  }
  return true;
}

// MARK: Streams

static void drop(operation *o) {
  if (o && --o->references == 0) free(o);
}

static void drop_event(event *e) {
  if (--e->references == 0) free(e);
}

static void run_until(operation *last);

// Runs one operation whose predecessors on its stream have run.
static void run(operation *o) {
  bool is_legal = true;
  switch (o->kind) {
    case COPY_TO_DEVICE:
      is_legal = find(o->to, o->size, true) && (o->is_pageable || find(o->from, o->size, false));
      if (is_legal) memcpy(host_of(o->to), (void *)(uintptr_t)o->from, o->size);
      break;
    case COPY_TO_HOST:
      is_legal = find(o->from, o->size, true) != NULL;
      if (is_legal) memcpy((void *)(uintptr_t)o->to, host_of(o->from), o->size);
      break;
    case FILL:
      is_legal = find(o->to, o->size, true) != NULL;
      if (is_legal) memset(host_of(o->to), o->byte, o->size);
      break;
    case LAUNCH:
      is_legal = o->is_product ? product(o->parameters, o->grid, o->threads)
                               : scatter(o->parameters[0], o->parameters[1], o->grid, o->threads);
      break;
    case RECORD:
      o->event->time = now();
      if (o->event->record == o) drop(o), o->event->record = NULL;
      drop_event(o->event);
      break;
    case WAIT:
      if (o->awaited) run_until(o->awaited), drop(o->awaited), o->awaited = NULL;
      break;
  }
  if (!is_legal) sticky = ILLEGAL_ADDRESS;
}

// Runs the stream of an operation up to and with it.
static void run_until(operation *last) {
  // Running it may take away the event's reference and the queue's.
  last->references++;
  while (!last->is_done) {
    operation *o = last->stream->first;
    if (!o) break;
    last->stream->first = o->next;
    if (!o->next) last->stream->last = NULL;
    o->is_done = true;
    run(o);
    drop(o);
  }
  drop(last);
}

static void drain(stream *s) {
  while (s->last) {
    operation *last = s->last;
    last->references++;
    run_until(last);
    drop(last);
  }
}

static void drain_all(void) {
  drain(&default_stream);
  for (stream *s = streams; s; s = s->next) drain(s);
}

static stream *known(stream *s) {
  if (!s) return &default_stream;
  for (stream *each = streams; each; each = each->next)
    if (each == s) return s;
  return NULL;
}

static result_t submit(stream *s, operation order) {
  s = known(s);
  if (!s) return INVALID_HANDLE;
  operation *o = malloc(sizeof *o);
  if (!o) return OUT_OF_MEMORY;
  *o = order;
  o->stream = s;
  o->references = 1;
  counts.submissions++;
  if (o->kind == RECORD) {
    drop(o->event->record);
    o->event->record = o;
    o->event->was_recorded = true;
    o->event->references++;
    o->references++;
  }
  if (o->kind == WAIT && o->event->record) o->awaited = o->event->record, o->awaited->references++;
  if (s->last) s->last->next = o;
  else s->first = o;
  s->last = o;
  if (policy == FAKE_CUDA_EAGER) drain(s);
  return sticky;
}

// MARK: The driver's calls

result_t cuInit(unsigned flags) {
  BEGIN("cuInit", false);
  if (device_count == 0) return end(NO_DEVICE);
  is_initialized = true;
  return end(flags ? INVALID_VALUE : OK);
}

result_t cuDriverGetVersion(int *version) {
  BEGIN("cuDriverGetVersion", false);
  *version = 13000;
  return end(OK);
}

static const struct { result_t result; const char *name, *text; } errors[] = {
  {INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
  {OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
  {NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
  {NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
  {INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
  {INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
  {INVALID_PTX, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
  {INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
  {NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
  {NOT_READY, "CUDA_ERROR_NOT_READY", "device not ready"},
  {ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
};

result_t cuGetErrorName(result_t result, const char **name) {
  *name = NULL;
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
    if (errors[i].result == result) return *name = errors[i].name, OK;
  return INVALID_VALUE;
}

result_t cuGetErrorString(result_t result, const char **text) {
  *text = NULL;
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
    if (errors[i].result == result) return *text = errors[i].text, OK;
  return INVALID_VALUE;
}

result_t cuDeviceGetCount(int *count) {
  BEGIN("cuDeviceGetCount", false);
  *count = device_count;
  return end(OK);
}

result_t cuDeviceGet(int *device, int ordinal) {
  BEGIN("cuDeviceGet", false);
  if (!is_initialized) return end(NOT_INITIALIZED);
  if (ordinal < 0 || ordinal >= device_count) return end(INVALID_DEVICE);
  *device = ordinal;
  return end(OK);
}

result_t cuDeviceGetName(char *name, int length, int device) {
  BEGIN("cuDeviceGetName", false);
  strncpy(name, "Fake GPU", (size_t)length);
  return end(device < device_count ? OK : INVALID_DEVICE);
}

result_t cuDeviceGetAttribute(int *value, int attribute, int device) {
  BEGIN("cuDeviceGetAttribute", false);
  *value = attribute == 75 ? 9 : 0;
  return end(device < device_count ? OK : INVALID_DEVICE);
}

result_t cuDevicePrimaryCtxRetain(char **context, int device) {
  BEGIN("cuDevicePrimaryCtxRetain", false);
  if (device < 0 || device >= device_count) return end(INVALID_DEVICE);
  if (context_references[device]++ == 0) counts.live_contexts++;
  *context = &contexts[device];
  return end(OK);
}

result_t cuDevicePrimaryCtxRelease_v2(int device) {
  result_t result = begin("cuDevicePrimaryCtxRelease", false);
  if (device < 0 || device >= MOST_DEVICES || context_references[device] == 0) return end(INVALID_CONTEXT);
  if (--context_references[device] == 0) counts.live_contexts--;
  return end(result);
}

result_t cuCtxGetCurrent(char **context) {
  BEGIN("cuCtxGetCurrent", false);
  *context = current;
  return end(OK);
}

result_t cuCtxSetCurrent(char *context) {
  BEGIN("cuCtxSetCurrent", false);
  current = context;
  return end(OK);
}

result_t cuMemGetInfo_v2(size_t *free_bytes, size_t *total) {
  BEGIN("cuMemGetInfo", true);
  *total = memory_limit == UINT64_MAX ? (size_t)1 << 40 : memory_limit;
  *free_bytes = *total - memory_used;
  return end(OK);
}

result_t cuMemAlloc_v2(uint64_t *address, size_t size) {
  BEGIN("cuMemAlloc", true);
  if (!size) return end(INVALID_VALUE);
  char *bytes = new_block(size, true, (int)(current - contexts));
  if (!bytes) return end(OUT_OF_MEMORY);
  *address = (uint64_t)(uintptr_t)bytes + DEVICE_BASE;
  return end(OK);
}

result_t cuMemFree_v2(uint64_t address) {
  result_t result = begin("cuMemFree", true);
  return end(free_block(host_of(address), true) ? result : INVALID_VALUE);
}

result_t cuMemHostAlloc(void **memory, size_t size, unsigned flags) {
  (void)flags;
  BEGIN("cuMemHostAlloc", true);
  if (!size) return end(INVALID_VALUE);
  *memory = new_block(size, false, 0);
  return end(*memory ? OK : OUT_OF_MEMORY);
}

result_t cuMemFreeHost(void *memory) {
  result_t result = begin("cuMemFreeHost", true);
  return end(free_block(memory, false) ? result : INVALID_VALUE);
}

result_t cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t size, stream *s) {
  BEGIN("cuMemcpyHtoDAsync", true);
  if (!find(to, size, true)) return end(INVALID_VALUE);
  counts.copies++;
  counts.bytes_to_device += size;
  bool is_pageable = !find((uint64_t)(uintptr_t)from, size, false);
  counts.pageable_copies += is_pageable;
  return end(submit(
    s, (operation){
         .kind = COPY_TO_DEVICE, .to = to, .from = (uint64_t)(uintptr_t)from, .size = size, .is_pageable = is_pageable,
       }));
}

result_t cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t size, stream *s) {
  BEGIN("cuMemcpyDtoHAsync", true);
  if (!find(from, size, true)) return end(INVALID_VALUE);
  counts.copies++;
  counts.bytes_to_host += size;
  result_t result = submit(
    s, (operation){.kind = COPY_TO_HOST, .to = (uint64_t)(uintptr_t)to, .from = from, .size = size});
  // To memory that is not pinned the driver has copied when it returns.
  if (result == OK && !find((uint64_t)(uintptr_t)to, size, false)) drain(known(s));
  return end(result);
}

result_t cuMemsetD8Async(uint64_t to, unsigned char byte, size_t size, stream *s) {
  BEGIN("cuMemsetD8Async", true);
  if (!find(to, size, true)) return end(INVALID_VALUE);
  return end(submit(s, (operation){.kind = FILL, .to = to, .size = size, .byte = byte}));
}

result_t cuStreamCreate(stream **s, unsigned flags) {
  (void)flags;
  BEGIN("cuStreamCreate", true);
  *s = calloc(1, sizeof **s);
  if (!*s) return end(OUT_OF_MEMORY);
  (*s)->next = streams;
  streams = *s;
  counts.live_streams++;
  return end(OK);
}

result_t cuStreamDestroy_v2(stream *s) {
  result_t result = begin("cuStreamDestroy", true);
  for (stream **link = &streams; *link; link = &(*link)->next) {
    if (*link != s) continue;
    drain(s);
    *link = s->next;
    free(s);
    counts.live_streams--;
    return end(result);
  }
  return end(INVALID_HANDLE);
}

result_t cuStreamSynchronize(stream *s) {
  BEGIN("cuStreamSynchronize", true);
  s = known(s);
  if (!s) return end(INVALID_HANDLE);
  // The legacy default stream waits for nothing here: no caller may rely on it.
  drain(s);
  return end(sticky);
}

result_t cuStreamWaitEvent(stream *s, event *e, unsigned flags) {
  (void)flags;
  BEGIN("cuStreamWaitEvent", true);
  return end(submit(s, (operation){.kind = WAIT, .event = e}));
}

result_t cuEventCreate(event **e, unsigned flags) {
  (void)flags;
  BEGIN("cuEventCreate", true);
  *e = calloc(1, sizeof **e);
  if (!*e) return end(OUT_OF_MEMORY);
  (*e)->references = 1;
  counts.live_events++;
  return end(OK);
}

result_t cuEventDestroy_v2(event *e) {
  result_t result = begin("cuEventDestroy", true);
  // Orders nothing: what is queued runs when it would have run.
  drop_event(e);
  counts.live_events--;
  return end(result);
}

result_t cuEventRecord(event *e, stream *s) {
  BEGIN("cuEventRecord", true);
  return end(submit(s, (operation){.kind = RECORD, .event = e}));
}

result_t cuEventQuery(event *e) {
  BEGIN("cuEventQuery", true);
  if (!e->record) return end(sticky);
  // Time passes: asking often enough sees the end of everything.
  stream *s = e->record->stream;
  operation *first = s->first;
  first->references++;
  run_until(first);
  drop(first);
  return end(e->record ? NOT_READY : sticky);
}

result_t cuEventSynchronize(event *e) {
  BEGIN("cuEventSynchronize", true);
  if (e->record) run_until(e->record);
  return end(sticky);
}

result_t cuEventElapsedTime(float *milliseconds, event *start, event *finish) {
  BEGIN("cuEventElapsedTime", true);
  if (!start->was_recorded || !finish->was_recorded) return end(INVALID_HANDLE);
  if (start->record || finish->record) return end(NOT_READY);
  *milliseconds = (float)((finish->time - start->time) * 1000);
  return end(OK);
}

result_t cuModuleLoadDataEx(module **m, const void *image, unsigned count, int *options, void **values) {
  BEGIN("cuModuleLoadDataEx", true);
  const char *text = image, *entry = strstr(text, ".visible .entry ");
  result_t result = jit_result != OK ? jit_result : entry && !strncmp(text, ".version ", 9) ? OK : INVALID_PTX;
  if (result != OK) {
    for (unsigned i = 0; i < count; i++)
      if (options[i] == 5) strcpy(values[i], "ptxas fatal: the fake refuses this PTX");
    return end(result);
  }
  *m = calloc(1, sizeof **m);
  if (!*m) return end(OUT_OF_MEMORY);
  entry += strlen(".visible .entry ");
  size_t length = strcspn(entry, "( \n");
  if (length >= sizeof (*m)->function.entry) length = sizeof (*m)->function.entry - 1;
  memcpy((*m)->function.entry, entry, length);
  counts.live_modules++;
  counts.jit_compilations++;
  return end(OK);
}

result_t cuModuleGetFunction(function **f, module *m, const char *name) {
  BEGIN("cuModuleGetFunction", true);
  if (strcmp(m->function.entry, name) != 0) return end(NOT_FOUND);
  *f = &m->function;
  return end(OK);
}

result_t cuModuleUnload(module *m) {
  result_t result = begin("cuModuleUnload", true);
  drain_all();
  free(m);
  counts.live_modules--;
  return end(result);
}

result_t cuLaunchKernel(
  function *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
  stream *s, void **parameters, void **extra
) {
  (void)shared, (void)extra;
  BEGIN("cuLaunchKernel", true);
  bool is_product = strcmp(f->entry, "lora_products") == 0;
  if (!is_product && strcmp(f->entry, "lora_scatter") != 0) return end(NOT_FOUND);
  if (!gx || !bx || bx > 1024 || gy != 1 || gz != 1 || by != 1 || bz != 1) return end(INVALID_VALUE);
  counts.launches++;
  operation o = {.kind = LAUNCH, .grid = gx, .threads = bx, .is_product = is_product};
  for (int i = 0; i < (is_product ? MOST_PARAMETERS : 2); i++) memcpy(&o.parameters[i], parameters[i], 8);
  return end(submit(s, o));
}

// MARK: Finding them

#define VERSIONED(CALL) \
  CALL(cuDevicePrimaryCtxRelease) CALL(cuMemGetInfo) CALL(cuMemAlloc) CALL(cuMemFree) CALL(cuMemcpyHtoDAsync) \
  CALL(cuMemcpyDtoHAsync) CALL(cuStreamDestroy) CALL(cuEventDestroy)
#define UNVERSIONED(CALL) \
  CALL(cuInit) CALL(cuDriverGetVersion) CALL(cuGetErrorName) CALL(cuGetErrorString) CALL(cuDeviceGetCount) \
  CALL(cuDeviceGet) CALL(cuDeviceGetName) CALL(cuDeviceGetAttribute) CALL(cuDevicePrimaryCtxRetain) \
  CALL(cuCtxGetCurrent) CALL(cuCtxSetCurrent) CALL(cuMemHostAlloc) CALL(cuMemFreeHost) CALL(cuMemsetD8Async) \
  CALL(cuStreamCreate) CALL(cuStreamSynchronize) CALL(cuStreamWaitEvent) CALL(cuEventCreate) CALL(cuEventRecord) \
  CALL(cuEventQuery) CALL(cuEventSynchronize) CALL(cuEventElapsedTime) CALL(cuModuleLoadDataEx) \
  CALL(cuModuleGetFunction) CALL(cuModuleUnload) CALL(cuLaunchKernel)

// The plain symbols of the versioned functions are those of CUDA 3.1 with 32-bit sizes: calling them by name fails.
#define OLD(name) \
  result_t name(void) { return NOT_FOUND; }
VERSIONED(OLD)

result_t cuGetProcAddress_v2(const char *name, void **function, int version, uint64_t flags, int *status) {
  pthread_mutex_lock(&lock);
  counts.found_by_name++;
  bool is_known = !hides_names;
  pthread_mutex_unlock(&lock);
  if (version < 11000 || version > 13000 || flags) return INVALID_VALUE;
  *function = NULL;
#define NEW(call) \
  if (strcmp(name, #call) == 0) *(result_t (**)())function = (result_t (*)())call##_v2;
#define PLAIN(call) \
  if (strcmp(name, #call) == 0) *(result_t (**)())function = (result_t (*)())call;
  if (is_known) {
    VERSIONED(NEW)
    UNVERSIONED(PLAIN)
  }
  if (status) *status = *function ? 0 : 1;
  return *function ? OK : NOT_FOUND;
}
