/* What sema found, as text: one line per version. `name.N` is version N of the function; a phi shows its edges in order, `-` for one
 * that cannot be taken. Versions that nothing reads are marked `unused`, phis that may be unset `?`. */
#include "frontend/ast.h"

static void dump_place(StrBuf *out, Span at) {
  if (at.src) sb_printf(out, "%u", source_line_col(at.src, at.lo).line);
}

static void dump_phi(const Def *def, StrBuf *out) {
  const char *what = !def->join ? "expr" : def->join->kind == STMT_IF ? "if" : def->at_head ? "head" : "exit";
  sb_printf(out, "%s@", what);
  dump_place(out, def->span);
  sb_putc(out, '(');
  for (uint32_t k = 0; k < def->args.len; k++) {
    const Def *arg = def->args.data[k];
    if (k) sb_putc(out, ' ');
    if (!arg)
      sb_putc(out, '-');
    else if (arg->kind == DEF_UNSET)
      sb_puts(out, "unset");
    else
      sb_printf(out, "%u", arg->id);
  }
  sb_puts(out, def->maybe_unset ? ")?" : ")");
}

static void dump_def(const Def *def, StrBuf *out) {
  sb_printf(out, "  %s.%u = ", def->local->name->text, def->id);
  switch (def->kind) {
  case DEF_UNSET: sb_puts(out, "unset"); break;
  case DEF_PARAM: sb_puts(out, "param"); break;
  case DEF_CAPTURE: sb_printf(out, "capture of %s", def->local->captured->func->name ? def->local->captured->func->name->text : "?"); break;
  case DEF_ASSIGN: sb_printf(out, "%s@", def->const_value ? "value" : "assign"), dump_place(out, def->span); break;
  case DEF_FUNC: sb_puts(out, "def@"), dump_place(out, def->span); break;
  case DEF_PHI: dump_phi(def, out); break;
  }
  if (!def->used) sb_puts(out, " unused");
  sb_putc(out, '\n');
}

static void dump_func(const FuncDef *func, StrBuf *out) {
  sb_printf(out, "%s%s\n", func->name ? func->name->text : "module", func->falls_off ? "" : " (no end)");
  for (uint32_t i = 0; i < func->defs.len; i++)
    if (func->defs.data[i]->kind != DEF_UNSET) dump_def(func->defs.data[i], out);
}

void sema_dump(const Module *module, StrBuf *out) {
  for (uint32_t i = 0; i < module->funcs.len; i++) dump_func(module->funcs.data[i], out);
  for (uint32_t i = 0; i < module->globals.len; i++) {
    const Global *global = module->globals.data[i];
    sb_printf(out, "global %s = ", global->name->text);
    if (global->def)
      sb_printf(out, "%u\n", global->def->id);
    else
      sb_puts(out, "several\n");
  }
}
