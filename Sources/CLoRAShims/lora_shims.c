#define _GNU_SOURCE
#include "lora_shims.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int lora_open(const char *path, int flags, unsigned mode) { return open(path, flags | O_CLOEXEC, mode); }

int lora_openat(int directory, const char *path, int flags, unsigned mode) {
  return openat(directory, path, flags | O_CLOEXEC, mode);
}

int lora_open_unnamed(const char *directory) { return open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600); }

ssize_t lora_copy_range(int from, int64_t from_offset, int to, int64_t to_offset, size_t length) {
  off_t in = from_offset, out = to_offset;
  return copy_file_range(from, &in, to, &out, length, 0);
}

int lora_rename_new(const char *from, const char *to) {
  return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}

int lora_rename_exchange(const char *one, const char *other) {
  return renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE);
}

static int set_lock(int descriptor, short type, int64_t start, int64_t length) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
  return fcntl(descriptor, F_OFD_SETLK, &lock);
}

int lora_lock(int descriptor, int64_t start, int64_t length) { return set_lock(descriptor, F_WRLCK, start, length); }

int lora_unlock(int descriptor, int64_t start, int64_t length) { return set_lock(descriptor, F_UNLCK, start, length); }

void lora_advise_sequential(int descriptor) { posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL); }

void lora_start_flush(int descriptor) { sync_file_range(descriptor, 0, 0, SYNC_FILE_RANGE_WRITE); }

uint64_t lora_peak_rss(void) {
  // ru_maxrss survives exec, so a small program started by a large one would report its parent's peak.
  FILE *status = fopen("/proc/self/status", "re");
  if (status) {
    char line[256];
    unsigned long long kibibytes = 0;
    while (fgets(line, sizeof line, status))
      if (sscanf(line, "VmHWM: %llu", &kibibytes) == 1) break;
    fclose(status);
    if (kibibytes) return kibibytes * 1024;
  }
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}

uint64_t lora_monotonic_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int lora_processor_count(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int)online : 1;
}

long lora_free_descriptors(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > 1 << 20) return 1 << 20;
  long open = 0;
  DIR *folder = opendir("/proc/self/fd");
  if (folder) {
    // Besides the descriptors there are ".", ".." and the folder's own.
    while (readdir(folder)) open++;
    closedir(folder);
    open -= 3;
  } else {
    open = 16;
  }
  return (long)limit.rlim_cur > open ? (long)limit.rlim_cur - open : 0;
}

void lora_raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void lora_keep_freed_memory(void) {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
#endif
}

char *lora_thread_text(void) {
  static _Thread_local char text[LORA_THREAD_TEXT_BYTES];
  return text;
}

int lora_errno(void) { return errno; }

int lora_terminal_columns(int descriptor) {
  struct winsize size;
  return isatty(descriptor) && ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
