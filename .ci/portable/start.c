// Where the program sets its own addresses, 40,000 places that the loader wants 24 bytes for each. .ci/release has the
// linker write them as glibc reads them from 2.36 on, most of them as a bit, but under Android's numbers, which every
// glibc passes over. This is the program's entry point: the loader alone has run before it.
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#define DT_ANDROID_RELR 0x6fffe000
#define DT_ANDROID_RELRSZ 0x6fffe001

__attribute__((visibility("hidden"))) extern const char __ehdr_start[];

// Whole pages, as the loader takes them, which has made them read-only already.
static void protect(uintptr_t from, uintptr_t to, int protection) {
  uintptr_t page = getauxval(AT_PAGESZ);
  from &= -page, to &= -page;
  if (from < to && mprotect((void *)from, to - from, protection)) __builtin_trap();
}

// An even entry is a place, an odd one a bit for each of the 63 words behind the ones before it.
static void relocate(uintptr_t base, const uint64_t *entry, const uint64_t *end) {
  for (uint64_t *place = 0; entry < end; entry++) {
    if (!(*entry & 1)) {
      place = (uint64_t *)(base + *entry);
      *place++ += base;
      continue;
    }
    for (uint64_t bits = *entry >> 1, *word = place; bits; bits >>= 1, word++)
      if (bits & 1) *word += base;
    place += 63;
  }
}

__attribute__((visibility("hidden"))) void lora_relocate(void) {
  uintptr_t base = (uintptr_t)__ehdr_start, from = 0, to = 0, entries = 0, size = 0;
  const ElfW(Ehdr) *file = (const ElfW(Ehdr) *)base;
  const ElfW(Phdr) *header = (const ElfW(Phdr) *)(base + file->e_phoff);
  for (const ElfW(Phdr) *end = header + file->e_phnum; header < end; header++) {
    uintptr_t start = base + header->p_vaddr;
    if (header->p_type == PT_GNU_RELRO) from = start, to = start + header->p_memsz;
    // What variables of threads begin with has been copied already.
    if (header->p_type == PT_TLS && header->p_filesz) __builtin_trap();
    if (header->p_type != PT_DYNAMIC) continue;
    for (const ElfW(Dyn) *row = (const ElfW(Dyn) *)start; row->d_tag != DT_NULL; row++) {
      if (row->d_tag == DT_ANDROID_RELR) entries = base + row->d_un.d_ptr;
      if (row->d_tag == DT_ANDROID_RELRSZ) size = row->d_un.d_val;
    }
  }
  if (!entries) __builtin_trap();
  protect(from, to, PROT_READ | PROT_WRITE);
  relocate(base, (const uint64_t *)entries, (const uint64_t *)(entries + size));
  protect(from, to, PROT_READ);
}

// _start finds registers and stack as the loader left them.
#if defined __x86_64__
__asm__(".text\n.globl lora_start\n.hidden lora_start\n.type lora_start, @function\nlora_start:\n"
        "push %rdx\nsub $8, %rsp\ncall lora_relocate\nadd $8, %rsp\npop %rdx\njmp _start\n");
#elif defined __aarch64__
__asm__(".text\n.globl lora_start\n.hidden lora_start\n.type lora_start, %function\nlora_start:\n"
        "stp x0, x30, [sp, #-16]!\nbl lora_relocate\nldp x0, x30, [sp], #16\nb _start\n");
#endif
