// Changes objects of Swift code so that the linker may leave out what a program never comes to: loosen OBJECT...
//
// The compiler marks all that is public, and all records that the runtime searches, as to be kept (SHF_GNU_RETAIN):
// another library might ask for it. A program has no other. What is public is kept then where something refers to it, a
// record of a type or of a conformance where the type is kept (SHF_LINK_ORDER), as only its values lead to the record.
// Types that have a letter in mangled names (`Si` is Int) and protocols are searched by name, so these records stay.
#define _GNU_SOURCE
#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
  char *bytes;
  Elf64_Shdr *sections;
  size_t count;
  const char *names;
  const Elf64_Sym *symbols;
  const char *symbolNames;
  const uint32_t *farSections; // of symbols whose section has a number beyond 16 bits
  size_t *relocations;         // of a section, 0 for none
} object;

typedef struct {
  const char *name; // empty for one that is given by its section
  size_t section;   // 0 for what another object has
  uint64_t offset;
} place;

static object opened(char *bytes) {
  const Elf64_Ehdr *header = (const Elf64_Ehdr *)bytes;
  object o = {.bytes = bytes, .sections = (Elf64_Shdr *)(bytes + header->e_shoff)};
  o.count = header->e_shnum ? header->e_shnum : o.sections[0].sh_size;
  size_t names = header->e_shstrndx == SHN_XINDEX ? o.sections[0].sh_link : header->e_shstrndx;
  o.names = bytes + o.sections[names].sh_offset;
  if (!(o.relocations = calloc(o.count, sizeof *o.relocations))) err(1, "memory");
  for (size_t i = 0; i < o.count; i++) {
    const Elf64_Shdr *s = &o.sections[i];
    if (s->sh_type == SHT_RELA) o.relocations[s->sh_info] = i;
    if (s->sh_type == SHT_SYMTAB_SHNDX) o.farSections = (const uint32_t *)(bytes + s->sh_offset);
    if (s->sh_type != SHT_SYMTAB) continue;
    o.symbols = (const Elf64_Sym *)(bytes + s->sh_offset);
    o.symbolNames = bytes + o.sections[s->sh_link].sh_offset;
  }
  return o;
}

// What the address at an offset of a section is the address of.
static place referred(const object *o, size_t section, uint64_t offset) {
  const Elf64_Shdr *table = &o->sections[o->relocations[section]];
  const Elf64_Rela *row = (const Elf64_Rela *)(o->bytes + table->sh_offset);
  for (size_t left = table->sh_type == SHT_RELA ? table->sh_size / sizeof *row : 0; left; left--, row++) {
    if (row->r_offset != offset) continue;
    size_t number = ELF64_R_SYM(row->r_info);
    const Elf64_Sym *symbol = &o->symbols[number];
    size_t in = symbol->st_shndx == SHN_XINDEX ? o->farSections[number] : symbol->st_shndx;
    return (place){o->symbolNames + symbol->st_name, in < o->count ? in : 0, symbol->st_value + row->r_addend};
  }
  return (place){"", 0, 0};
}

static int begins(const char *text, const char *with) { return !strncmp(text, with, strlen(with)); }

static int ends(const char *text, const char *with) {
  size_t length = strlen(text), least = strlen(with);
  return length >= least && !strcmp(text + length - least, with);
}

// The section with the descriptor that a record is for, or 0 where the record stays.
static size_t described(const object *o, size_t section, int isConformance) {
  if (o->sections[section].sh_size != 4) return 0;
  place found = referred(o, section, 0);
  if (isConformance && found.section) {
    // A conformance begins with its protocol and its type.
    place protocol = referred(o, found.section, found.offset);
    found = referred(o, found.section, found.offset + 4);
    if (!ends(found.name, "Mn") || !found.section) found = protocol;
  } else if (begins(found.name, "$sS")) {
    return 0;
  }
  if (!ends(found.name, "Mn") && !(isConformance && ends(found.name, "Mp"))) return 0;
  // Of the descriptors of a type of C, which each object has, the linker takes one.
  return o->sections[found.section].sh_flags & SHF_GROUP ? 0 : found.section;
}

static void loosen(char *bytes) {
  object o = opened(bytes);
  // Of records, only debuggers read the last four, and the runtime comes to a `fieldmd` from its type.
  static const char *const searched[] = {
    ".text",          ".rodata",        ".data",          "swift5_fieldmd",
    "swift5_assocty", "swift5_builtin", "swift5_capture", "swift5_mpenum"};
  for (size_t i = 0; i < o.count; i++) {
    Elf64_Shdr *s = &o.sections[i];
    const char *name = o.names + s->sh_name;
    if (!(s->sh_flags & SHF_GNU_RETAIN)) continue;
    for (size_t k = 0; k < sizeof searched / sizeof *searched; k++)
      if (begins(name, searched[k])) s->sh_flags &= ~(uint64_t)SHF_GNU_RETAIN;
    int isConformance = begins(name, "swift5_protocol_conformances");
    if (!isConformance && strcmp(name, "swift5_type_metadata")) continue;
    size_t descriptor = described(&o, i, isConformance);
    if (!descriptor) continue;
    s->sh_flags = (s->sh_flags & ~(uint64_t)SHF_GNU_RETAIN) | SHF_LINK_ORDER;
    s->sh_link = (uint32_t)descriptor;
  }
  free(o.relocations);
}

int main(int count, char **files) {
  for (int i = 1; i < count; i++) {
    struct stat status;
    int file = open(files[i], O_RDWR);
    if (file < 0 || fstat(file, &status)) err(1, "%s", files[i]);
    char *bytes = mmap(0, status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (bytes == MAP_FAILED) err(1, "%s", files[i]);
    if (memcmp(bytes, ELFMAG, SELFMAG)) errx(1, "%s: no object", files[i]);
    loosen(bytes);
    munmap(bytes, status.st_size);
    close(file);
  }
}
