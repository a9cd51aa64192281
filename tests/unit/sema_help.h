/* A source text through parser and sema, for tests. */
#ifndef LJ_SEMA_HELP_H
#define LJ_SEMA_HELP_H

#include <check.h>

#include "frontend/builtins.h"

typedef struct Program1 {
  Arena arena;
  StrTab names;
  Source source;
  Diag diag;
  Module *module;
  bool ok;
} Program1;

static inline void program1_load(Program1 *p, const char *text) {
  memset(p, 0, sizeof *p);
  arena_init(&p->arena);
  strtab_init(&p->names, &p->arena);
  source_init(&p->source, &p->arena, "t.lp", text, (uint32_t)strlen(text));
  diag_init(&p->diag, &p->arena);
  p->ok = parse_module(&p->arena, &p->names, &p->source, sym_c(&p->names, "__main__"), &p->diag, &p->module);
  if (!p->ok) ck_abort_msg("does not parse: %s\n%s", p->diag.first->message, text);
  p->ok = sema_module(p->module, &p->diag);
}
static inline void program1_drop(Program1 *p) { arena_drop(&p->arena); }

#endif
