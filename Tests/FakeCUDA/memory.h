#ifndef FAKE_MEMORY_H
#define FAKE_MEMORY_H

// Memory of the fake devices and pinned host memory, with a record of who has touched every byte of a device.
//
// What runs on streams is ordered by vector clocks: a point in a stream knows how far every other stream had come before
// it. Two accesses to a byte, one of them a write, of which neither comes before the other are a violation, whatever
// order they happened to run in.

#include <stdbool.h>
#include <stdint.h>

enum { MOST_STREAMS = 64 };

// How far every stream has come.
typedef struct { uint32_t counts[MOST_STREAMS]; } vector_clock;

void clock_join(vector_clock *clock, const vector_clock *other);

// An operation as the one who touches memory.
typedef struct {
  const char *name;
  unsigned stream;
  vector_clock clock;  // what comes before it, and itself
  uint32_t launch;     // a number of its own for a launch of a kernel, else 0
} actor;

typedef struct block {
  struct block *next;
  char *bytes;
  uint64_t size;
  int device;
  bool is_device;
  struct touched *touched;  // one for each byte of a device
} block;

// Fresh memory, poisoned; null when there is none. Device memory is known by an address that a processor cannot read.
block *memory_new(uint64_t size, bool is_device, int device);
uint64_t memory_address(const block *b);
// The block with all these bytes, or null.
block *memory_find(uint64_t address, uint64_t size, bool is_device);
// Frees the block that starts there; returns its size, or UINT64_MAX when there is none.
uint64_t memory_free(uint64_t address, bool is_device);
// The host's view of device memory.
char *memory_view(uint64_t address);

// Notes an access to bytes of a device block; null, or a sentence about what it violates.
const char *memory_touch(block *b, uint64_t address, uint64_t size, bool writes, const actor *who);

#endif
