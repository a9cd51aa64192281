/* Interned names: one open-addressing table of pointers to the names themselves. */
#include "base/strtab.h"

#include "base/map.h"

void strtab_init(StrTab *tab, Arena *arena) { *tab = (StrTab){.arena = arena}; }

static Sym *find_slot(const StrTab *tab, const char *text, size_t length, uint32_t hash) {
  uint32_t mask = tab->cap - 1;
  for (uint32_t i = hash & mask;; i = (i + 1) & mask) {
    Sym found = tab->slots[i];
    if (!found || (found->hash == hash && found->len == length && memcmp(found->text, text, length) == 0)) return &tab->slots[i];
  }
}

static void grow(StrTab *tab) {
  LJ_ASSERT(tab->cap <= UINT32_MAX / 4);
  Sym *old = tab->slots;
  uint32_t old_cap = tab->cap;
  tab->cap = old_cap ? old_cap * 2 : 64;
  tab->slots = arena_array(tab->arena, Sym, tab->cap);
  for (uint32_t i = 0; i < old_cap; i++)
    if (old[i]) *find_slot(tab, old[i]->text, old[i]->len, old[i]->hash) = old[i];
}

Sym sym(StrTab *tab, const char *text, size_t length) {
  LJ_ASSERT(length < UINT32_MAX);
  if (!text) text = "";
  if (tab->len * 2 >= tab->cap) grow(tab);
  uint32_t hash = (uint32_t)hash_bytes(text, length, 0);
  Sym *slot = find_slot(tab, text, length, hash);
  if (*slot) return *slot;
  SymData *made = arena_alloc(tab->arena, sizeof(SymData) + length + 1, _Alignof(SymData));
  made->len = (uint32_t)length;
  made->hash = hash;
  memcpy(made->text, text, length);
  tab->len++;
  return *slot = made;
}

Sym sym_c(StrTab *tab, const char *text) { return sym(tab, text, strlen(text)); }
