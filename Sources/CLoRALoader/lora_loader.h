#ifndef LORA_LOADER_H
#define LORA_LOADER_H

// libLoRALoader: LoRA adapters from disk into the slots of a serving engine.
//
// A pool knows the engine's slot buffers for one base model (which modules, which shapes), keeps adapters in host memory
// and fills slots with them: cast, scaled, zero-padded, bit for bit as the engine itself would. The buffers are the
// engine's own memory, on the host or on a GPU, or the pool allocates them.
//
// The first call that changes a slot decides who assigns slots until the pool is closed:
// - the engine, by lora_pool_load, lora_pool_load_many and lora_pool_evict: one adapter may be in several slots, and the
//   pool evicts nothing from a slot by itself;
// - or the pool, by lora_pool_acquire: the least recently used adapter that is neither held nor pinned makes room, and an
//   adapter that leaves host memory leaves its slot.
//
// Functions return LORA_OK or a negative status; `lora_last_error` then has a sentence for people, for the calling
// thread. lora_pool_open may also return LORA_DEGRADED, which is positive. A pool may be used from several threads. No function takes over memory that it is given.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lora_pool lora_pool;

enum {
  LORA_DEGRADED = 1,      // done, but slower than it should be: lora_last_error and lora_pool_notice say why
  LORA_OK = 0,
  LORA_INVALID = -1,      // an argument makes no sense
  LORA_UNREADABLE = -2,   // a file is missing, cannot be read or is broken: cut off, no safetensors, a config of nonsense
  LORA_UNSUPPORTED = -3,  // the adapter is whole, but does not fit the model, the slots or the engine
  LORA_UNAVAILABLE = -4,  // no such device, or no driver for it
  LORA_NO_MEMORY = -5,
  LORA_DEVICE = -6,       // the device failed
  LORA_GONE = -7,         // the adapter is no longer in host memory: add it again
  LORA_BUSY = -8,         // every adapter that could make room is pinned or in use
  LORA_CAPTURING = -9,    // the stream is being captured into a CUDA graph: load before that or between replays
  LORA_FORKED = -10,      // the pool was opened before this process was forked: open another one here
};

/// What a pool is for. Fill with zeros, then set what matters; a zero or null takes the default in brackets.
typedef struct {
  const char *base;             // the base model: folder, config.json or cached repository id
  const char *layout;           // "vllm", "sglang" or "slot-major" ["vllm"]
  const char *dtype;            // of the slots: "bf16", "f16" or "f32" ["bf16"]
  const char *device;           // "host" or "cuda:N" ["host"]
  const char *target_modules;   // names separated by commas [everything that the engine can adapt]
  uint64_t max_loras;           // slots [1]
  uint64_t max_lora_rank;       // rank that a slot has room for [16]
  uint64_t max_cpu_loras;       // adapters kept in host memory [max_loras]
  uint64_t adapter_bytes;       // host memory for one adapter [what a full slot of the whole model takes, in f32]
  uint64_t tensor_parallel;     // devices that share a layer [1]
  uint64_t tensor_rank;         // which of them this is [0]
  int32_t fully_sharded;        // as the engine's option of that name [0]
  int32_t threads;              // that read and pack [all processors]
} lora_pool_options;

/// One of the engine's tensors: a factor of a slice of a module, for all slots.
typedef struct {
  char name[256];       // "<module>.lora_a_stacked.<slice>" or "….lora_b_stacked.<slice>"
  char module[224];     // the engine's name of the module
  char factor;          // 'a' or 'b'
  uint32_t slice;
  uint32_t dimensions;  // of one slot
  uint64_t shape[4];    // of one slot, without the number of slots in front
  uint64_t slot_bytes;  // of one slot, contiguous
} lora_buffer;

/// What a slot holds.
typedef struct {
  int64_t adapter;      // from lora_pool_add; 0 when the slot is empty
  uint64_t generation;  // grows with every change of the slot; never 0 for a slot in use
  int32_t is_ready;     // whether everything has arrived
} lora_slot;

/// Opens a pool. Host memory is allocated now, and so is what adapters pass through on their way to a GPU: device memory
/// of adapter_bytes and little more, whatever max_cpu_loras is. Loads allocate nothing, but for slots of the pool's own,
/// which the first one allocates. LORA_DEGRADED says that the GPU's kernel cannot be used, as the driver is too old or
/// has no compiler: the pool is open, but slots are packed on the host and copied in hundreds of pieces.
int32_t lora_pool_open(const lora_pool_options *options, lora_pool **pool);
/// Why a pool is slower than it should be, or an empty text; valid until the next call on this thread that fails or asks
/// this. Never null.
const char *lora_pool_notice(const lora_pool *pool);
/// Waits for loads in flight and closes; the engine's memory is left as it is.
void lora_pool_close(lora_pool *pool);

/// The buffers, in the order of the model.
uint64_t lora_pool_buffer_count(const lora_pool *pool);
int32_t lora_pool_describe(const lora_pool *pool, uint64_t index, lora_buffer *buffer);

/// Names the engine's memory for one buffer: where slot 0 starts and how many bytes lie from slot to slot (for a torch
/// tensor: data_ptr() and stride(0) * element_size()). All buffers or none are bound, before the first load; with none
/// the pool allocates slots of its own. The memory must be the pool's device's and outlive the pool. Addresses and strides
/// that are no multiples of the element's size, strides below slot_bytes, slots beyond the end of memory, and on a GPU
/// memory of the host or of another GPU are LORA_INVALID; so is the first load when two buffers share bytes.
int32_t lora_pool_bind(lora_pool *pool, uint64_t index, void *address, uint64_t slot_stride);

/// Reads an adapter (folder or file, compressed or not) into host memory and checks it against model and slots.
/// Returns a positive number that stands for these very bytes (weights, header and config by SHA-256; the same bytes
/// have the same number under any path, as long as the pool is open), or a status. The least recently used adapter
/// makes room.
int64_t lora_pool_add(lora_pool *pool, const char *path);
/// Forgets an adapter in host memory; slots of the engine's choice keep what they hold, one of the pool's is empty
/// then. LORA_BUSY while that slot is acquired.
int32_t lora_pool_remove(lora_pool *pool, int64_t adapter);
/// Keeps an adapter in host memory and, where the pool chooses, in its slot, until unpinned.
int32_t lora_pool_pin(lora_pool *pool, int64_t adapter);
int32_t lora_pool_unpin(lora_pool *pool, int64_t adapter);

/// Fills a slot. `stream` is the engine's CUDA stream, or null on the host: what is queued on it now ends before the
/// slot changes, and what is queued on it later sees the new contents. The host does not wait for the device while fewer
/// than eight loads are under way; without the kernel (LORA_DEGRADED), or for factors of F64 or 8-bit types, it waits for
/// the slot's readers.
int32_t lora_pool_load(lora_pool *pool, int64_t adapter, uint64_t slot, void *stream);
/// The same for `count` adapters and as many different slots, all in one transfer; after a failure all of these slots
/// belong to no adapter.
int32_t lora_pool_load_many(
  lora_pool *pool, const int64_t *adapters, const uint64_t *slots, uint64_t count, void *stream);
/// Makes a slot all zero, in the same order.
int32_t lora_pool_evict(lora_pool *pool, uint64_t slot, void *stream);

/// Gives each of `count` adapters a slot of the pool's choice and holds it there until released; those without one are
/// loaded, all in one transfer, in the order of lora_pool_load. At most as many as there are slots, and as max_cpu_loras.
/// `slots` and `generations` get one number for each adapter. LORA_BUSY when no adapter can make room; nothing is held then.
int32_t lora_pool_acquire(
  lora_pool *pool, const int64_t *adapters, uint64_t count, void *stream, uint64_t *slots, uint64_t *generations);
/// Takes back one acquire: the slot may get another tenant, but not before what is queued on `stream` now has ended.
/// A slot's generation that is not the one acquired is LORA_INVALID.
int32_t lora_pool_release(lora_pool *pool, uint64_t slot, uint64_t generation, void *stream);

/// Blocks until a slot's last load or eviction has ended.
int32_t lora_pool_wait(lora_pool *pool, uint64_t slot);
int32_t lora_pool_query(lora_pool *pool, uint64_t slot, lora_slot *state);

/// Copies what a slot has in a buffer to host memory of its slot_bytes.
int32_t lora_pool_read(lora_pool *pool, uint64_t index, uint64_t slot, void *output, uint64_t bytes);

/// Why the last failed call on this thread failed; valid until the next call on it. Never null.
const char *lora_last_error(void);

#ifdef __cplusplus
}
#endif

#endif
