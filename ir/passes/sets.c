/* All that a loop sets a mutable variable to, where each iteration sets it before it reads it: then what the variable was before the loop, if anything, does
 * not matter. The place of the smallest element so far, say, is 0 or the index of the search.
 * In: a FOR, a variable. Out: the values, as they stand in the loop. Must not change the program. */
#include "ir/passes/sets.h"

static void find_sets(Sets *f, const IrBlock *block) {
  for (uint32_t i = 0; i < block->len && !f->other; i++) {
    IrStmt *s = block->data[i];
    if (ir_stmt_result(s) == f->var) {
      f->other = s->kind != IRS_SET || f->count == MOST_SETS;
      if (!f->other) f->values[f->count++] = s->as.set.value;
    }
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) find_sets(f, blocks[k]);
  }
}

typedef struct Mention {
  const IrVar *var;
  bool found;
} Mention;

static void see_expr(IrExpr **slot, void *data) {
  Mention *m = data;
  m->found |= ir_reads(*slot, m->var);
}

static bool mentions(IrStmt *s, const IrVar *var) {
  Mention m = {var, ir_stmt_result(s) == var};
  ir_stmt_exprs(s, see_expr, &m);
  IrBlock *blocks[2];
  unsigned count = ir_stmt_blocks(s, blocks);
  for (unsigned k = 0; k < count; k++)
    for (uint32_t i = 0; i < blocks[k]->len && !m.found; i++) m.found = mentions(blocks[k]->data[i], var);
  return m.found;
}

static bool starts_anew(const IrBlock *body, const IrVar *var) {
  for (uint32_t i = 0; i < body->len; i++) {
    IrStmt *s = body->data[i];
    if (s->kind == IRS_SET && s->as.set.var == var) return !ir_reads(s->as.set.value, var);
    if (mentions(s, var)) return false;
  }
  return false;
}

bool sets_of(const IrStmt *loop, const IrVar *var, Sets *out) {
  *out = (Sets){.var = var};
  if (loop->kind != IRS_FOR || var->once || var->is_global || !starts_anew(&loop->as.for_.body, var)) return false;
  find_sets(out, &loop->as.for_.body);
  return !out->other;
}
