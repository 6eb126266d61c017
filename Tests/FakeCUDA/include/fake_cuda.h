#ifndef FAKE_CUDA_H
#define FAKE_CUDA_H

// A stand-in for libcuda.so.1 that keeps "device" memory in host memory and runs the PTX text that it is given, for tests
// on machines without a GPU.
//
// It is stricter than a driver. Device addresses are unreadable by the host, every range is checked against its
// allocation, fresh memory is poisoned, and calls need a current context on their thread. Operations that touch the same
// bytes, one of them writing, must be ordered by streams, events or the host; kernels must read what was written, at
// aligned addresses, and no byte twice by different hands in one launch; host memory that a queued copy reads must still
// be pinned, and as it was, when the copy runs. What violates that is told on standard error, counted, and makes every
// later call fail, as an error that ends a context does.
//
// A stream can be captured into a graph, by the driver's own calls, and the graph launched: what a launch touches is
// ordered as everything else. A capture is in the global mode and of one stream.
//
// Work on streams runs when it is queued, or not before a call waits for it, or in some random order in between.

#include <stdint.h>

enum fake_cuda_policy { FAKE_CUDA_EAGER = 0, FAKE_CUDA_LAZY = 1, FAKE_CUDA_RANDOM = 2 };

// What has been done since the last reset.
typedef struct {
  uint64_t calls;            // driver calls, without those that name errors
  uint64_t submissions;      // copies, fills, launches, records and waits of events
  uint64_t copies, launches;
  uint64_t bytes_to_device, bytes_to_host;
  uint64_t pageable_copies;  // to the device from memory that is not pinned
  uint64_t live_allocations, live_pinned, live_streams, live_events, live_modules, live_contexts;
  uint64_t jit_compilations;
  uint64_t found_by_name;    // questions to cuGetProcAddress_v2
  uint64_t violations;       // since the start of the process
  uint64_t raised_streams;   // streams above the least priority
  uint64_t instructions;     // of threads of kernels
  uint64_t sectors;          // of 32 bytes, as often as an access of a warp touches them, when they are counted
} fake_cuda_counts;

// Back to the start: the policy, unlimited memory, two devices, no ordered failure, counts of zero, no context current
// on this thread. Live things stay, and so does the number of violations.
void fake_cuda_reset(enum fake_cuda_policy policy);
fake_cuda_counts fake_cuda_count(void);
// The same as numbers in this order.
void fake_cuda_read_counts(uint64_t *numbers);
// Lets sectors be counted, which takes time.
void fake_cuda_count_sectors(int does);
// Takes violations back that a test has meant.
void fake_cuda_set_violations(uint64_t count);
// Bytes that can be allocated on a device.
void fake_cuda_limit_memory(uint64_t bytes);
void fake_cuda_set_devices(int count);
// Lets the `number`-th driver call from now on (from 1) fail with `result`. A call that releases something still
// releases it, as the driver does when it reports an earlier failure there.
void fake_cuda_fail(uint64_t number, int result);
// Lets the next call of this name fail, such as "cuLaunchKernel".
void fake_cuda_fail_named(const char *name, int result);
// Name of the call that was made to fail since the reset, or null.
const char *fake_cuda_failed_call(void);
// Lets cuGetProcAddress_v2 know no name, as if the driver were older than it.
void fake_cuda_hide_names(int hides);
// Lets every compilation of PTX fail with this result, with a log.
void fake_cuda_fail_jit(int result);

// What an engine does in the same process: memory of its own on device 0 and a stream of its own.
uint64_t fake_cuda_engine_alloc(uint64_t bytes);
void fake_cuda_engine_free(uint64_t address);
// The host's view of device memory, for looking at it without a driver call.
void *fake_cuda_host_view(uint64_t address);

#endif
