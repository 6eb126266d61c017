#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Added to host addresses: the sum is no address that a processor can read.
#define DEVICE_BASE 0x4000000000000000ull
enum { POISON = 0xCD, FREED = 0xDD, READERS = 2 };

typedef struct { uint32_t count, stream; } point;

struct touched {
  point writer, readers[READERS];
  uint32_t read_by, written_by;  // the last launches
  bool is_written;
};

static block *blocks, *recent;

void clock_join(vector_clock *clock, const vector_clock *other) {
  for (int i = 0; i < MOST_STREAMS; i++)
    if (clock->counts[i] < other->counts[i]) clock->counts[i] = other->counts[i];
}

block *memory_new(uint64_t size, bool is_device, int device) {
  block *b = calloc(1, sizeof *b);
  if (!b) return NULL;
  if (is_device) b->touched = calloc(size ? size : 1, sizeof *b->touched);
  if ((is_device && !b->touched) || posix_memalign((void **)&b->bytes, 4096, size ? size : 1) != 0) {
    free(b->touched);
    free(b);
    return NULL;
  }
  memset(b->bytes, POISON, size);
  b->size = size;
  b->is_device = is_device;
  b->device = device;
  b->next = blocks;
  blocks = b;
  return b;
}

uint64_t memory_address(const block *b) { return (uint64_t)(uintptr_t)b->bytes + (b->is_device ? DEVICE_BASE : 0); }

char *memory_view(uint64_t address) { return (char *)(uintptr_t)(address - DEVICE_BASE); }

static bool holds(const block *b, uint64_t address, uint64_t size, bool is_device) {
  uint64_t start = memory_address(b);
  return b->is_device == is_device && address >= start && size <= b->size && address - start <= b->size - size;
}

block *memory_find(uint64_t address, uint64_t size, bool is_device) {
  // Accesses come in runs: what was found last is tried first.
  if (recent && holds(recent, address, size, is_device)) return recent;
  for (block *b = blocks; b; b = b->next)
    if (holds(b, address, size, is_device)) return recent = b;
  return NULL;
}

uint64_t memory_free(uint64_t address, bool is_device) {
  for (block **link = &blocks; *link; link = &(*link)->next) {
    block *b = *link;
    if (memory_address(b) != address || b->is_device != is_device) continue;
    uint64_t size = b->size;
    *link = b->next;
    if (recent == b) recent = NULL;
    memset(b->bytes, FREED, size);
    free(b->bytes);
    free(b->touched);
    free(b);
    return size;
  }
  return UINT64_MAX;
}

static bool comes_before(point earlier, const actor *later) {
  return later->clock.counts[earlier.stream] >= earlier.count;
}

static const char *tell(const block *b, uint64_t address, const actor *who, const char *what) {
  static char text[256];
  snprintf(
    text, sizeof text, "%s on stream %u %s at byte %llu of %llu", who->name, who->stream, what,
    (unsigned long long)(address - memory_address(b)), (unsigned long long)b->size);
  return text;
}

static const char *touch(struct touched *byte, bool writes, const actor *who, point now) {
  if (!comes_before(byte->writer, who))
    return writes ? "writes what an unordered operation writes" : "reads what an unordered operation writes";
  if (who->launch && byte->written_by == who->launch)
    return writes ? "writes a byte twice in one launch" : "reads what the same launch writes";
  if (!writes) {
    if (!byte->is_written) return "reads what was never written";
    byte->read_by = who->launch;
    // A reader that comes before this one is remembered by it.
    int place = 0;
    while (place < READERS - 1 && !comes_before(byte->readers[place], who)) place++;
    byte->readers[place] = now;
    return NULL;
  }
  if (who->launch && byte->read_by == who->launch) return "writes what the same launch reads";
  for (int i = 0; i < READERS; i++)
    if (!comes_before(byte->readers[i], who)) return "writes what an unordered operation reads";
  byte->writer = now;
  byte->written_by = who->launch;
  byte->is_written = true;
  return NULL;
}

const char *memory_touch(block *b, uint64_t address, uint64_t size, bool writes, const actor *who) {
  point now = {.count = who->clock.counts[who->stream], .stream = who->stream};
  struct touched *bytes = b->touched + (address - memory_address(b));
  for (uint64_t i = 0; i < size; i++) {
    const char *violation = touch(&bytes[i], writes, who, now);
    if (violation) return tell(b, address + i, who, violation);
  }
  return NULL;
}
