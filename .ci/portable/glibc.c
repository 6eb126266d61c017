// What came with glibc 2.35 and is used by libraries that are linked in, written again with what glibc 2.34 has: so
// that a program that was built on a newer system starts on one with 2.34. Only .ci/release links it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <math.h>
#include <stdint.h>

#if __GLIBC_PREREQ(2, 35)

// The newer hypotf only lacks the wrapper that sets errno. Swift's overlay of the C library refers to it.
float hypotf(float x, float y) {
  if (isinf(x) || isinf(y)) return INFINITY;
  return (float)sqrt((double)x * x + (double)y * y);
}

typedef struct {
  uintptr_t address;
  struct dl_find_object *result;
} search;

static int examine(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size;
  const search *wanted = data;
  uintptr_t start = UINTPTR_MAX, end = 0, frames = 0;
  int holds = 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[i];
    uintptr_t from = info->dlpi_addr + header->p_vaddr, to = from + header->p_memsz;
    if (header->p_type == PT_GNU_EH_FRAME) frames = from;
    if (header->p_type != PT_LOAD) continue;
    if (from < start) start = from;
    if (to > end) end = to;
    if (wanted->address >= from && wanted->address < to) holds = 1;
  }
  if (!holds || !frames) return 0;
  *wanted->result = (struct dl_find_object){
    .dlfo_map_start = (void *)start, .dlfo_map_end = (void *)end, .dlfo_eh_frame = (void *)frames};
  return 1;
}

// How GCC 12's unwinder finds the tables of a function; the older one walked the loaded objects as this does.
int _dl_find_object(void *address, struct dl_find_object *result) {
  search wanted = {(uintptr_t)address, result};
  return dl_iterate_phdr(examine, &wanted) ? 0 : -1;
}

#endif
