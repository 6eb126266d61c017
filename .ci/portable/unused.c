// What the libraries that are linked in bring along and the programs never ask for, in place of it. The linker takes
// nothing from an archive for a symbol that an object has, and leaves out what nothing refers to.
#include <stddef.h>
#include <stdint.h>

// Unicode's names of characters, half a megabyte: every character is one without a name. By ld's --wrap, as the object
// that they are in has more.
intptr_t __wrap__swift_stdlib_getScalarName(uint32_t scalar, uint8_t *name, intptr_t capacity) {
  (void)scalar, (void)name, (void)capacity;
  return 0;
}

// Tasks and the queues below them, half a megabyte, for the argument parser's asynchronous commands. There are none.
void swift_task_alloc(void) { __builtin_trap(); }
void swift_task_dealloc(void) { __builtin_trap(); }
void swift_task_switch(void) { __builtin_trap(); }

// What prints the stack of a Swift program that has crashed, by a program of the toolchain: off, as all zeroes say, and
// as it is where there is no toolchain.
_Alignas(max_align_t) char _swift_backtraceSettings[256];
_Bool _swift_backtrace_isThunkFunction(const char *name) {
  (void)name;
  return 0;
}

// Names of C++ for messages about a crash: they stay as they are.
char *__cxa_demangle(const char *name, char *buffer, size_t *length, int *status) {
  (void)name, (void)buffer, (void)length;
  if (status) *status = -2;
  return 0;
}

// Formats of zstd before 1.0, which have other magic numbers than a decoder is given here, and SIMD vectors as text.
// .ci/release names them all.
void lora_unused(void) { __builtin_trap(); }
