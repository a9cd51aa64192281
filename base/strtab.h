/* Interned names: equal texts are the same pointer, so names compare by `==`. One table per module; not thread-safe. */
#ifndef LJ_STRTAB_H
#define LJ_STRTAB_H

#include "base/arena.h"

typedef struct SymData {
  uint32_t len, hash;
  char text[]; /* NUL-terminated (may also hold NULs) */
} SymData;
typedef const SymData *Sym;

typedef struct StrTab {
  Arena *arena; /* borrowed */
  Sym *slots;
  uint32_t len, cap;
} StrTab;

void strtab_init(StrTab *tab, Arena *arena);
Sym sym(StrTab *tab, const char *text, size_t length);
Sym sym_c(StrTab *tab, const char *text); /* NUL-terminated */
static inline bool sym_is(Sym s, const char *text) { return s && strlen(text) == s->len && memcmp(s->text, text, s->len) == 0; }

#endif
