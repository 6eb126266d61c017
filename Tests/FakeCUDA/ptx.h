#ifndef FAKE_PTX_H
#define FAKE_PTX_H

// PTX text, compiled to instructions and run thread after thread, from barrier to barrier.
//
// As much of PTX as the kernels of this repository use, and nothing beyond it: an unknown instruction, an operand of the
// wrong type or a register that was not declared is refused when the text is compiled; a register that was never set, a
// division by zero, threads that meet in shared memory with no barrier in between, or a thread that does not end is a
// fault when it runs. NaN is what NVIDIA's GPUs give.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ptx_kernel ptx_kernel;

// Memory as a kernel meets it.
typedef struct {
  // The bytes at a global address for one access, or null when the access is not allowed; the thread then stops.
  void *(*access)(void *context, uint64_t address, unsigned size, bool writes);
  // Called once for what went wrong in the text's own terms.
  void (*fault)(void *context, int line, const char *what);
  void *context;
  // Counts instructions, and sectors of 32 bytes as often as an access of a warp touches them; the latter takes time and
  // may be null.
  uint64_t *instructions, *sectors;
} ptx_memory;

// The one entry of a text; null with a sentence in `log` when it is refused.
ptx_kernel *ptx_compile(const char *text, char *log, size_t log_bytes);
void ptx_free(ptx_kernel *kernel);

const char *ptx_name(const ptx_kernel *kernel);
// Number of parameters, all of 64 bits.
int ptx_parameter_count(const ptx_kernel *kernel);

// Runs a grid of one dimension; false when a thread has stopped.
bool ptx_run(
  const ptx_kernel *kernel, unsigned grid, unsigned threads, const uint64_t *parameters, const ptx_memory *memory);

#endif
