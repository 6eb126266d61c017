#include "fake_cuda.h"

#include "memory.h"
#include "ptx.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int result_t;
enum {
  OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, NO_DEVICE = 100, INVALID_DEVICE = 101,
  INVALID_CONTEXT = 201, INVALID_PTX = 218, INVALID_HANDLE = 400, NOT_FOUND = 500, NOT_READY = 600,
  ILLEGAL_ADDRESS = 700, MISALIGNED_ADDRESS = 716, LAUNCH_FAILED = 719, CAPTURE_UNSUPPORTED = 900,
  CAPTURE_INVALIDATED = 901, CAPTURE_IMPLICIT = 906, UNKNOWN = 999,
};

enum { MOST_DEVICES = 2, MOST_PARAMETERS = 16 };

// MARK: State

typedef struct operation operation;
typedef struct graph graph;
typedef struct event {
  operation *record;  // the last one that is queued and has not run
  bool was_recorded;
  double time;
  int references;     // the program's, and one for each record in a queue
  vector_clock clock; // what comes before the last record
} event;

typedef struct stream {
  struct stream *next;
  operation *first, *last;
  unsigned index;
  graph *captured;     // what is queued goes there while the stream is captured
  bool is_invalidated; // the capture
  vector_clock clock;  // what comes before the next operation
} stream;

struct operation {
  operation *next;
  stream *stream;
  enum { COPY_TO_DEVICE, COPY_TO_HOST, FILL, LAUNCH, RECORD, WAIT, REPLAY } kind;
  uint64_t to, from, size;
  bool is_pageable;
  uint64_t digest;     // of what a copy to the device reads, when it was queued
  unsigned char byte;
  unsigned grid, threads;
  const ptx_kernel *kernel;
  uint64_t parameters[MOST_PARAMETERS];
  actor who;
  event *event;
  operation *awaited;
  graph *replayed;
  bool is_done;
  int references;
};

// What one stream was given while it was captured, in this order; the graph and what is launched of it are the same.
struct graph {
  int count, references;
  operation *nodes;
};

typedef struct { ptx_kernel *kernel; } module;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static stream default_stream;
static stream *streams;
static bool is_taken[MOST_STREAMS] = {true};
static vector_clock last_clocks[MOST_STREAMS];
static vector_clock host_clock;  // what is known to have ended
static uint32_t launches;
static int context_references[MOST_DEVICES];
static char contexts[MOST_DEVICES];
static _Thread_local char *current;
// Modes of captures, and of what a thread may do meanwhile.
enum { CAPTURE_GLOBAL = 0, CAPTURE_RELAXED = 2 };
static _Thread_local int capture_mode;
static bool is_initialized;
static result_t sticky;

static enum fake_cuda_policy policy;
static uint64_t random_state = 1;
static uint64_t memory_limit = UINT64_MAX, memory_used;
static int device_count = MOST_DEVICES;
static uint64_t fail_at;
static result_t fail_result, jit_result;
static const char *failed_call;
static char fail_name[64];
static fake_cuda_counts counts;
static bool hides_names, counts_sectors;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

// What a test orders through the environment of a program that it starts.
__attribute__((constructor)) static void read_environment(void) {
  const char *text;
  if ((text = getenv("FAKE_CUDA_POLICY"))) {
    policy = strcmp(text, "lazy") == 0 ? FAKE_CUDA_LAZY : FAKE_CUDA_EAGER;
    if (strncmp(text, "random:", 7) == 0) policy = FAKE_CUDA_RANDOM, random_state = strtoull(text + 7, NULL, 10) | 1;
  }
  if ((text = getenv("FAKE_CUDA_DEVICES"))) device_count = atoi(text);
  if ((text = getenv("FAKE_CUDA_MEMORY"))) memory_limit = strtoull(text, NULL, 10);
  if ((text = getenv("FAKE_CUDA_JIT"))) jit_result = atoi(text);
  if ((text = getenv("FAKE_CUDA_FAIL"))) {
    // A call by its number or by its name.
    fail_at = strtoull(text, NULL, 10);
    fail_result = INVALID_VALUE;
    if (!fail_at) strncpy(fail_name, text, sizeof fail_name - 1);
  }
}

void fake_cuda_reset(enum fake_cuda_policy new_policy) {
  pthread_mutex_lock(&lock);
  policy = new_policy;
  random_state = 1;
  memory_limit = UINT64_MAX;
  device_count = MOST_DEVICES;
  fail_at = 0;
  failed_call = NULL;
  fail_name[0] = 0;
  jit_result = OK;
  hides_names = counts_sectors = false;
  sticky = OK;
  current = NULL;
  capture_mode = CAPTURE_GLOBAL;
  fake_cuda_counts live = counts;
  memset(&counts, 0, sizeof counts);
  counts.violations = live.violations;
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

void fake_cuda_set_violations(uint64_t count) { counts.violations = count; }
void fake_cuda_limit_memory(uint64_t bytes) { memory_limit = bytes; }
void fake_cuda_set_devices(int count) { device_count = count; }
void fake_cuda_count_sectors(int does) { counts_sectors = does; }
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

static block *new_block(uint64_t size, bool is_device, int device) {
  if (is_device && (size > memory_limit || memory_used > memory_limit - size)) return NULL;
  block *b = memory_new(size, is_device, device);
  if (!b) return NULL;
  if (is_device) memory_used += size, counts.live_allocations++;
  else counts.live_pinned++;
  return b;
}

static bool free_block(uint64_t address, bool is_device) {
  uint64_t size = memory_free(address, is_device);
  if (size == UINT64_MAX) return false;
  if (is_device) memory_used -= size, counts.live_allocations--;
  else counts.live_pinned--;
  return true;
}

// Something that the driver would not notice, and that makes results depend on luck: every later call fails.
static void violate(result_t result, const char *what) {
  fprintf(stderr, "FakeCUDA: %s\n", what);
  counts.violations++;
  if (sticky == OK) sticky = result;
}

uint64_t fake_cuda_engine_alloc(uint64_t bytes) {
  pthread_mutex_lock(&lock);
  block *b = new_block(bytes, true, 0);
  pthread_mutex_unlock(&lock);
  return b ? memory_address(b) : 0;
}

void fake_cuda_engine_free(uint64_t address) {
  pthread_mutex_lock(&lock);
  free_block(address, true);
  pthread_mutex_unlock(&lock);
}

void *fake_cuda_host_view(uint64_t address) { return memory_view(address); }

// MARK: Kernels

static void *kernel_access(void *context, uint64_t address, unsigned size, bool writes) {
  const operation *o = context;
  block *b = memory_find(address, size, true);
  if (!b) return violate(ILLEGAL_ADDRESS, "a kernel reads or writes beyond all memory"), NULL;
  if (address % size) return violate(MISALIGNED_ADDRESS, "a kernel reads or writes at a misaligned address"), NULL;
  const char *violation = memory_touch(b, address, size, writes, &o->who);
  if (violation) return violate(UNKNOWN, violation), NULL;
  return memory_view(address);
}

static void kernel_fault(void *context, int line, const char *what) {
  (void)context;
  char text[160];
  snprintf(text, sizeof text, "line %d of the kernel: %s", line, what);
  violate(LAUNCH_FAILED, text);
}

// MARK: Streams

static void drop(operation *o) {
  if (o && --o->references == 0) free(o);
}

static void drop_event(event *e) {
  if (--e->references == 0) free(e);
}

static void run_until(operation *last);

// Notes an operation's access to a range; false when it is not allowed.
static bool touch(const operation *o, uint64_t address, bool writes) {
  block *b = memory_find(address, o->size, true);
  if (!b) return violate(ILLEGAL_ADDRESS, "memory was freed before an operation that uses it"), false;
  const char *violation = memory_touch(b, address, o->size, writes, &o->who);
  if (violation) violate(UNKNOWN, violation);
  return !violation;
}

static uint64_t digest_of(const void *bytes, uint64_t size) {
  uint64_t digest = 0xCBF29CE484222325;
  for (uint64_t i = 0; i < size; i++) digest = (digest ^ ((const unsigned char *)bytes)[i]) * 0x100000001B3;
  return digest;
}

static bool copy_to_device(const operation *o) {
  const void *from = (const void *)(uintptr_t)o->from;
  if (!o->is_pageable && !memory_find(o->from, o->size, false))
    return violate(ILLEGAL_ADDRESS, "pinned memory was freed before a copy out of it"), false;
  if (o->digest != digest_of(from, o->size))
    return violate(UNKNOWN, "host memory was written while a copy out of it was queued"), false;
  if (touch(o, o->to, true)) memcpy(memory_view(o->to), from, o->size);
  return true;
}

static void drop_graph(graph *g) {
  if (--g->references > 0) return;
  free(g->nodes);
  free(g);
}

static void run(operation *o);

// Runs what was captured, as one operation: what waits for it waits for all of it.
static void replay(const operation *o) {
  for (int i = 0; i < o->replayed->count; i++) {
    operation node = o->replayed->nodes[i];
    const char *name = node.who.name;
    node.who = o->who;
    node.who.name = name;
    // What the host has written since the capture is what is copied.
    if (node.kind == COPY_TO_DEVICE) node.digest = digest_of((const void *)(uintptr_t)node.from, node.size);
    run(&node);
  }
  drop_graph(o->replayed);
}

// Runs one operation whose predecessors on its stream have run.
static void run(operation *o) {
  switch (o->kind) {
    case COPY_TO_DEVICE: copy_to_device(o); break;
    case COPY_TO_HOST:
      if (touch(o, o->from, false)) memcpy((void *)(uintptr_t)o->to, memory_view(o->from), o->size);
      break;
    case FILL:
      if (touch(o, o->to, true)) memset(memory_view(o->to), o->byte, o->size);
      break;
    case LAUNCH: {
      ptx_memory memory = {
        .access = kernel_access, .fault = kernel_fault, .context = o, .instructions = &counts.instructions,
        .sectors = counts_sectors ? &counts.sectors : NULL,
      };
      o->who.launch = ++launches;
      ptx_run(o->kernel, o->grid, o->threads, o->parameters, &memory);
      break;
    }
    case RECORD:
      o->event->time = now();
      if (o->event->record == o) drop(o), o->event->record = NULL;
      drop_event(o->event);
      break;
    case WAIT:
      if (o->awaited) run_until(o->awaited), drop(o->awaited), o->awaited = NULL;
      break;
    case REPLAY: replay(o); break;
  }
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

static uint64_t random_number(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

// Runs some operations of some streams, as a device does by itself.
static void run_some(void) {
  for (uint64_t left = random_number() % 4; left > 0; left--) {
    unsigned count = 1;
    for (stream *s = streams; s; s = s->next) count++;
    stream *chosen = &default_stream;
    for (uint64_t skip = random_number() % count; skip > 0; skip--)
      chosen = chosen == &default_stream ? streams : chosen->next;
    operation *first = chosen->first;
    if (!first || (first->kind == WAIT && first->awaited && !first->awaited->is_done)) continue;
    first->references++;
    run_until(first);
    drop(first);
  }
}

// The host has seen everything before a point end.
static void has_ended(const vector_clock *clock) { clock_join(&host_clock, clock); }

static stream *known(stream *s) {
  if (!s) return &default_stream;
  for (stream *each = streams; each; each = each->next)
    if (each == s) return s;
  return NULL;
}

static result_t capture(stream *s, operation order) {
  // An event would draw other streams into the graph, or something from outside of it.
  if (order.kind == RECORD || order.kind == WAIT || order.kind == REPLAY)
    return violate(UNKNOWN, "an event is used on a stream that is being captured"), CAPTURE_INVALIDATED;
  operation *nodes = realloc(s->captured->nodes, sizeof *nodes * (size_t)(s->captured->count + 1));
  if (!nodes) return OUT_OF_MEMORY;
  s->captured->nodes = nodes;
  nodes[s->captured->count++] = order;
  return OK;
}

static result_t submit(stream *s, operation order) {
  s = known(s);
  if (!s) return INVALID_HANDLE;
  if (s->captured) return capture(s, order);
  operation *o = malloc(sizeof *o);
  if (!o) return OUT_OF_MEMORY;
  *o = order;
  o->stream = s;
  o->references = 1;
  counts.submissions++;
  if (o->kind == WAIT && o->event->was_recorded) clock_join(&s->clock, &o->event->clock);
  clock_join(&s->clock, &host_clock);
  s->clock.counts[s->index]++;
  o->who.stream = s->index;
  o->who.clock = s->clock;
  if (o->kind == RECORD) o->event->clock = s->clock;
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
  if (policy == FAKE_CUDA_RANDOM) run_some();
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
  {MISALIGNED_ADDRESS, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
  {LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
  {CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"},
  {CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error in capture"},
  {CAPTURE_IMPLICIT, "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT", "operation would draw the legacy stream into a capture"},
  {UNKNOWN, "CUDA_ERROR_UNKNOWN", "unknown error"},
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

static bool captures(void) {
  for (stream *s = streams; s; s = s->next)
    if (s->captured) return true;
  return false;
}

// A capture in the global mode, which is the default, forbids every thread what might wait for the device, but those
// that have asked for the relaxed mode; a capture in which it is tried is of no use any more.
static bool captures_forbid(void) {
  if (capture_mode == CAPTURE_RELAXED || !captures()) return false;
  for (stream *s = streams; s; s = s->next) s->is_invalidated = s->captured;
  return true;
}

result_t cuMemAlloc_v2(uint64_t *address, size_t size) {
  BEGIN("cuMemAlloc", true);
  if (captures_forbid()) return end(CAPTURE_UNSUPPORTED);
  if (!size) return end(INVALID_VALUE);
  block *b = new_block(size, true, (int)(current - contexts));
  if (!b) return end(OUT_OF_MEMORY);
  *address = memory_address(b);
  return end(OK);
}

result_t cuMemFree_v2(uint64_t address) {
  result_t result = begin("cuMemFree", true);
  if (captures_forbid()) return end(CAPTURE_UNSUPPORTED);
  return end(free_block(address, true) ? result : INVALID_VALUE);
}

result_t cuMemHostAlloc(void **memory, size_t size, unsigned flags) {
  (void)flags;
  BEGIN("cuMemHostAlloc", true);
  if (captures_forbid()) return end(CAPTURE_UNSUPPORTED);
  if (!size) return end(INVALID_VALUE);
  block *b = new_block(size, false, 0);
  *memory = b ? b->bytes : NULL;
  return end(b ? OK : OUT_OF_MEMORY);
}

result_t cuMemFreeHost(void *memory) {
  result_t result = begin("cuMemFreeHost", true);
  if (captures_forbid()) return end(CAPTURE_UNSUPPORTED);
  return end(free_block((uint64_t)(uintptr_t)memory, false) ? result : INVALID_VALUE);
}

result_t cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t size, stream *s) {
  BEGIN("cuMemcpyHtoDAsync", true);
  if (!memory_find(to, size, true)) return end(INVALID_VALUE);
  counts.copies++;
  counts.bytes_to_device += size;
  bool is_pageable = !memory_find((uint64_t)(uintptr_t)from, size, false);
  counts.pageable_copies += is_pageable;
  return end(submit(
    s, (operation){
         .kind = COPY_TO_DEVICE, .to = to, .from = (uint64_t)(uintptr_t)from, .size = size, .is_pageable = is_pageable,
         .digest = digest_of(from, size), .who = {.name = "a copy to the device"},
       }));
}

result_t cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t size, stream *s) {
  BEGIN("cuMemcpyDtoHAsync", true);
  if (!memory_find(from, size, true)) return end(INVALID_VALUE);
  bool is_pageable = !memory_find((uint64_t)(uintptr_t)to, size, false);
  if (is_pageable && known(s) && known(s)->captured) return end(CAPTURE_UNSUPPORTED);
  counts.copies++;
  counts.bytes_to_host += size;
  result_t result = submit(
    s, (operation){.kind = COPY_TO_HOST, .to = (uint64_t)(uintptr_t)to, .from = from, .size = size,
                   .who = {.name = "a copy to the host"}});
  // To memory that is not pinned the driver has copied when it returns.
  if (result == OK && is_pageable) drain(known(s)), has_ended(&known(s)->clock);
  return end(result);
}

result_t cuMemsetD8Async(uint64_t to, unsigned char byte, size_t size, stream *s) {
  BEGIN("cuMemsetD8Async", true);
  if (!memory_find(to, size, true)) return end(INVALID_VALUE);
  return end(submit(s, (operation){.kind = FILL, .to = to, .size = size, .byte = byte, .who = {.name = "a fill"}}));
}

result_t cuPointerGetAttribute(void *value, int attribute, uint64_t address) {
  BEGIN("cuPointerGetAttribute", true);
  block *b = memory_find(address, 1, true);
  bool is_pinned = !b && memory_find(address, 1, false);
  if (!b && !is_pinned) return end(INVALID_VALUE);
  // The type of memory, 1 for the host's and 2 for a device's, or the device's number.
  *(int *)value = attribute == 2 ? (b ? 2 : 1) : b ? b->device : 0;
  return end(OK);
}

// Other numbers than a card's, 0 and -5, so that 0 is not least by luck.
enum { LEAST_PRIORITY = 1, GREATEST_PRIORITY = -1 };

result_t cuCtxGetStreamPriorityRange(int *least, int *greatest) {
  BEGIN("cuCtxGetStreamPriorityRange", true);
  *least = LEAST_PRIORITY;
  *greatest = GREATEST_PRIORITY;
  return end(OK);
}

result_t cuStreamCreateWithPriority(stream **s, unsigned flags, int priority) {
  (void)flags;
  BEGIN("cuStreamCreateWithPriority", true);
  counts.raised_streams += priority < LEAST_PRIORITY;
  unsigned index = 0;
  while (index < MOST_STREAMS && is_taken[index]) index++;
  *s = index < MOST_STREAMS ? calloc(1, sizeof **s) : NULL;
  if (!*s) return end(OUT_OF_MEMORY);
  is_taken[index] = true;
  // A number that was used before goes on counting: what is left of its last stream comes before.
  (*s)->index = index;
  (*s)->clock = last_clocks[index];
  (*s)->next = streams;
  streams = *s;
  counts.live_streams++;
  return end(OK);
}

result_t cuStreamIsCapturing(stream *s, int *status) {
  BEGIN("cuStreamIsCapturing", true);
  s = known(s);
  if (!s) return end(INVALID_HANDLE);
  if (s == &default_stream && captures()) return end(CAPTURE_IMPLICIT);
  // Active, or invalidated.
  *status = !s->captured ? 0 : s->is_invalidated ? 2 : 1;
  return end(OK);
}

result_t cuThreadExchangeStreamCaptureMode(int *mode) {
  BEGIN("cuThreadExchangeStreamCaptureMode", false);
  int before = capture_mode;
  capture_mode = *mode;
  *mode = before;
  return end(OK);
}

// What follows about graphs is called by engines, not by what is tested: one stream, in the global mode.

result_t cuStreamBeginCapture_v2(stream *s, int mode) {
  BEGIN("cuStreamBeginCapture", true);
  if (!s || !known(s) || s->captured || mode != CAPTURE_GLOBAL) return end(INVALID_VALUE);
  s->captured = calloc(1, sizeof *s->captured);
  if (!s->captured) return end(OUT_OF_MEMORY);
  s->captured->references = 1;
  s->is_invalidated = false;
  return end(OK);
}

result_t cuStreamEndCapture(stream *s, graph **g) {
  BEGIN("cuStreamEndCapture", true);
  *g = NULL;
  if (!s || !known(s) || !s->captured) return end(INVALID_VALUE);
  graph *captured = s->captured;
  s->captured = NULL;
  if (s->is_invalidated) return drop_graph(captured), end(CAPTURE_INVALIDATED);
  *g = captured;
  return end(OK);
}

result_t cuGraphInstantiateWithFlags(graph **launched, graph *g, uint64_t flags) {
  BEGIN("cuGraphInstantiateWithFlags", true);
  (void)flags;
  g->references++;
  *launched = g;
  return end(OK);
}

result_t cuGraphLaunch(graph *launched, stream *s) {
  BEGIN("cuGraphLaunch", true);
  launched->references++;
  result_t result = submit(s, (operation){.kind = REPLAY, .replayed = launched, .who = {.name = "a graph"}});
  return end(result);
}

result_t cuGraphGetNodes(graph *g, void *nodes, size_t *count) {
  BEGIN("cuGraphGetNodes", true);
  (void)nodes;
  *count = (size_t)g->count;
  return end(OK);
}

result_t cuGraphExecDestroy(graph *launched) {
  result_t result = begin("cuGraphExecDestroy", true);
  drop_graph(launched);
  return end(result);
}

result_t cuGraphDestroy(graph *g) {
  result_t result = begin("cuGraphDestroy", true);
  drop_graph(g);
  return end(result);
}

result_t cuStreamDestroy_v2(stream *s) {
  result_t result = begin("cuStreamDestroy", true);
  for (stream **link = &streams; *link; link = &(*link)->next) {
    if (*link != s) continue;
    drain(s);
    *link = s->next;
    is_taken[s->index] = false;
    last_clocks[s->index] = s->clock;
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
  if (s->captured) s->is_invalidated = true;
  if (s->captured || captures_forbid()) return end(CAPTURE_UNSUPPORTED);
  // The legacy default stream waits for nothing here: no caller may rely on it.
  drain(s);
  has_ended(&s->clock);
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
  if (captures_forbid()) return end(CAPTURE_UNSUPPORTED);
  if (!e->record) {
    if (e->was_recorded) has_ended(&e->clock);
    return end(sticky);
  }
  if (policy == FAKE_CUDA_RANDOM) run_some();
  if (!e->record) has_ended(&e->clock);
  return end(e->record ? NOT_READY : sticky);
}

result_t cuEventSynchronize(event *e) {
  BEGIN("cuEventSynchronize", true);
  if (captures_forbid()) return end(CAPTURE_UNSUPPORTED);
  if (e->record) run_until(e->record);
  if (e->was_recorded) has_ended(&e->clock);
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
  if (captures_forbid()) return end(CAPTURE_UNSUPPORTED);
  char log[256] = "ptxas fatal: the fake refuses this PTX";
  ptx_kernel *kernel = jit_result == OK ? ptx_compile(image, log, sizeof log) : NULL;
  if (!kernel) {
    size_t room = 0;
    for (unsigned i = 0; i < count; i++)
      if (options[i] == 6) room = (size_t)(uintptr_t)values[i];
    for (unsigned i = 0; i < count; i++)
      if (options[i] == 5 && room) snprintf(values[i], room, "%s", log);
    return end(jit_result != OK ? jit_result : INVALID_PTX);
  }
  *m = calloc(1, sizeof **m);
  if (!*m) return ptx_free(kernel), end(OUT_OF_MEMORY);
  (*m)->kernel = kernel;
  counts.live_modules++;
  counts.jit_compilations++;
  return end(OK);
}

result_t cuModuleGetFunction(module **f, module *m, const char *name) {
  BEGIN("cuModuleGetFunction", true);
  if (strcmp(ptx_name(m->kernel), name) != 0) return end(NOT_FOUND);
  *f = m;
  return end(OK);
}

result_t cuModuleUnload(module *m) {
  result_t result = begin("cuModuleUnload", true);
  drain_all();
  ptx_free(m->kernel);
  free(m);
  counts.live_modules--;
  return end(result);
}

result_t cuLaunchKernel(
  module *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
  stream *s, void **parameters, void **extra
) {
  (void)shared, (void)extra;
  BEGIN("cuLaunchKernel", true);
  if (!gx || !bx || bx > 1024 || gy != 1 || gz != 1 || by != 1 || bz != 1) return end(INVALID_VALUE);
  counts.launches++;
  operation o = {
    .kind = LAUNCH, .grid = gx, .threads = bx, .kernel = f->kernel, .who = {.name = "a kernel"},
  };
  for (int i = 0; i < ptx_parameter_count(f->kernel); i++) memcpy(&o.parameters[i], parameters[i], 8);
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
  CALL(cuCtxGetStreamPriorityRange) CALL(cuStreamCreateWithPriority) \
  CALL(cuStreamSynchronize) CALL(cuStreamIsCapturing) CALL(cuThreadExchangeStreamCaptureMode) \
  CALL(cuPointerGetAttribute) CALL(cuStreamWaitEvent) CALL(cuEventCreate) CALL(cuEventRecord) \
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
