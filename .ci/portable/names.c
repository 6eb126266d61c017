// Unicode's names of characters, half a megabyte that Swift's library brings along and the program never asks for:
// every character is one without a name. Linked in place of the library's function (ld's --wrap).
#include <stdint.h>

intptr_t __wrap__swift_stdlib_getScalarName(uint32_t scalar, uint8_t *name, intptr_t capacity) {
  (void)scalar, (void)name, (void)capacity;
  return 0;
}
