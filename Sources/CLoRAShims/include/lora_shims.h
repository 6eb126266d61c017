// What Swift cannot import or cannot express: variadic calls, feature-guarded calls, and page-aligned memory.
#ifndef LORA_SHIMS_H
#define LORA_SHIMS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// open(2) with the mode argument; O_CLOEXEC is always added. Returns the descriptor or -1 with errno set.
int lora_open(const char *path, int flags, unsigned mode);

// openat(2) below an open directory, in the same way.
int lora_openat(int directory, const char *path, int flags, unsigned mode);

// Opens an unnamed temporary file in `directory` that vanishes with its descriptor. Returns -1 with errno set.
int lora_open_unnamed(const char *directory);

// Copies up to `length` bytes between files inside the kernel (reflink where the file system can). Returns the bytes
// copied, 0 at the end of the source, or -1 with errno set; offsets are in bytes.
ssize_t lora_copy_range(int from, int64_t from_offset, int to, int64_t to_offset, size_t length);

// Renames and fails with EEXIST when the new name exists. Returns 0 or -1 with errno set.
int lora_rename_new(const char *from, const char *to);

// Swaps two existing names in one step. Returns 0 or -1 with errno set.
int lora_rename_exchange(const char *one, const char *other);

// Locks `length` bytes (0: all that follow) from `start` of an open file for this open description alone, without
// waiting. Returns 0, or -1 with errno set: EAGAIN when another process, on any machine that shares the file, holds some
// of them. Closing the descriptor, or the end of the process, unlocks.
int lora_lock(int descriptor, int64_t start, int64_t length);

// Unlocks bytes. Returns 0 or -1 with errno set.
int lora_unlock(int descriptor, int64_t start, int64_t length);

// Advises the kernel that the whole file will be read in order.
void lora_advise_sequential(int descriptor);

// Starts to write everything that the page cache holds of the file to the device, without waiting for it. Whether it
// gets there, only fsync tells.
void lora_start_flush(int descriptor);

// Highest resident memory of this process so far, in bytes.
uint64_t lora_peak_rss(void);

// Nanoseconds of a clock that never goes back.
uint64_t lora_monotonic_nanoseconds(void);

// Processors that this process may run on, at least 1.
int lora_processor_count(void);

// Files that this process may open besides those that it has open; at least 0.
long lora_free_descriptors(void);

// Lets this process open as many files as the system allows without special rights.
void lora_raise_descriptor_limit(void);

// Has blocks of up to 32 MiB used again when they are freed, instead of being given back to the system.
void lora_keep_freed_memory(void);

// errno of the calling thread.
int lora_errno(void);

// A text of the calling thread, LORA_THREAD_TEXT_BYTES long and empty at first.
#define LORA_THREAD_TEXT_BYTES 4096
char *lora_thread_text(void);

// Columns of the terminal on `descriptor`, or 0 when it is none.
int lora_terminal_columns(int descriptor);

// Starts the program and arguments `argv`, which end with null, with pipes as its standard input and output; the caller
// owns our ends of them. It gets no other descriptors, and the signals that are ignored or held back here do as by
// default. Returns its id, or -1 with errno set.
pid_t lora_spawn(char *const *argv, int *input, int *output);

#endif
