/* For tests of the Loop IR: a source text lowered, verified, run through the passes up to one of them, and its function f as text. */
#ifndef LJ_IR_HELP_H
#define LJ_IR_HELP_H

#include <check.h>

#include "ir/ir.h"

static Arena arena;
static ProgramOptions ir_options; /* of the programs that follow */
static inline void ir_begin(void) { arena_init(&arena); }
static inline void ir_end(void) { arena_drop(&arena); }

/* The dump of the function f (the module's body when there is none) after the pass `after` ("": before any pass; NULL: after all). The unit must pass the
 * verifier then, and after all passes. */
static inline const char *ir_text(const char *text, const char *after) {
  StrTab names;
  Source src;
  Diag diag;
  Module *module = NULL;
  const char *why = NULL;
  StrBuf dump = {0};
  Program *program = arena_new(&arena, Program);
  strtab_init(&names, &arena);
  const char *all = arena_printf(&arena, "import numpy as np\nimport math\nfrom numba import njit, prange\n%s", text);
  source_init(&src, &arena, "t.lp", all, (uint32_t)strlen(all));
  diag_init(&diag, &arena);
  bool ok = parse_module(&arena, &names, &src, sym_c(&names, "__main__"), &diag, &module) && sema_module(module, &diag);
  if (ok) program_init(program, &arena, module, ir_options);
  ok = ok && infer_module(program, &diag);
  IrUnit *unit = ok ? ir_lower(&arena, program, program->main, &diag) : NULL;
  if (!unit) ck_abort_msg("%s\n%s", diag.first ? diag.first->message : "?", text);
  if (!ir_verify(unit, &why)) ck_abort_msg("%s\n%s", why, text);
  if (!after || *after) ck_assert(ir_run_passes(unit, after));
  ir_dump(unit, &dump);
  if (after && !*after) ck_assert(ir_run_passes(unit, NULL));
  if (!ir_verify(unit, &why)) ck_abort_msg("after the passes: %s\n%s", why, text);
  const char *f = strstr(sb_text(&dump), "func f.");
  if (!f) f = strstr(sb_text(&dump), "func main");
  ck_assert_ptr_nonnull(f);
  char *end = strstr(f, "\n\nfunc ");
  f = arena_copy(&arena, f, end ? (size_t)(end - f) : strlen(f));
  sb_drop(&dump);
  return f;
}

/* That text has `part` so many times; -1: at least once. */
static inline void ir_expect(const char *source, const char *after, const char *part, int want) {
  const char *text = ir_text(source, after);
  int found = 0;
  for (const char *p = text; (p = strstr(p, part)); p += strlen(part)) found++;
  if (want < 0 ? !found : found != want) ck_abort_msg("%d times '%s', wanted %d, in\n%s\n%s", found, part, want, source, text);
}

#endif
