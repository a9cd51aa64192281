/* A version that is set once may still be read outside of the block that sets it (the other paths return or leave the loop). Such a
 * variable loses `once`; when it was a loop's index itself, the loop gets an index of its own. In: a lowered function. Out: the same,
 * fit for the verifier. Only variables of the user can be concerned: temporaries are read where they are made. */
#include "ir/lower/lower_scalar.h"

#include "ir/walk.h"

typedef struct Scopes {
  Lower *lo;
  bool *visible, *escapes; /* by IrVar.id */
  bool any;
} Scopes;

static void read_expr(Scopes *sc, const IrExpr *e) {
  if (e->op == IR_VAR) {
    const IrVar *var = e->as.var;
    if (!var->is_global && var->once && !sc->visible[var->id]) sc->escapes[var->id] = sc->any = true;
  }
  for (uint32_t i = 0; i < e->count; i++) read_expr(sc, e->args[i]);
}

static void read_slot(IrExpr **slot, void *data) { read_expr(data, *slot); }

static void show_index(Scopes *sc, const IrStmt *s, bool on) {
  if (s->kind == IRS_FOR) sc->visible[s->as.for_.index->id] = on;
  if (s->kind == IRS_MAP)
    for (uint32_t i = 0; i < s->as.map.ndim; i++) sc->visible[s->as.map.index[i]->id] = on;
  if (s->kind == IRS_REDUCE)
    for (uint32_t i = 0; i < s->as.reduce.ndim; i++) sc->visible[s->as.reduce.index[i]->id] = on;
}

static void scan_block(Scopes *sc, const IrBlock *block);

static void hide(Scopes *sc, const IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    const IrVar *var = ir_stmt_result(block->data[i]);
    if (var && !var->is_global) sc->visible[var->id] = false;
  }
}

static void scan_stmt(Scopes *sc, IrStmt *s) {
  bool head_first = s->kind == IRS_WHILE || s->kind == IRS_REDUCE;
  IrBlock *blocks[2];
  unsigned count = ir_stmt_blocks(s, blocks);
  LJ_ASSERT(count <= LJ_COUNT(blocks));
  show_index(sc, s, true);
  if (head_first) scan_block(sc, blocks[0]);
  ir_stmt_exprs(s, read_slot, sc);
  if (s->kind == IRS_STORE) read_expr(sc, &(IrExpr){.op = IR_VAR, .as.var = s->as.store.array});
  for (unsigned i = head_first; i < count; i++) {
    scan_block(sc, blocks[i]);
    hide(sc, blocks[i]);
  }
  if (head_first) hide(sc, blocks[0]);
  show_index(sc, s, false);
  const IrVar *result = ir_stmt_result(s);
  if (result && !result->is_global) sc->visible[result->id] = true;
}

static void scan_block(Scopes *sc, const IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) scan_stmt(sc, block->data[i]);
}

/* `for i` with an i that is read after the loop: the loop counts with another variable. */
static void own_index(Scopes *sc, IrStmt *s) {
  Lower *lo = sc->lo;
  IrVar *var = s->as.for_.index, *index = ir_new_var(&lo->b, NULL, var->type);
  index->once = true;
  index->span = var->span;
  s->as.for_.index = index;
  IrBlock body = {0};
  lo->b.block = &body;
  lo->b.span = s->span;
  ir_set(&lo->b, var, ir_var(&lo->b, index));
  for (uint32_t i = 0; i < s->as.for_.body.len; i++) vec_push(lo->arena, &body, s->as.for_.body.data[i]);
  s->as.for_.body = body;
}

static void fix_indices(Scopes *sc, const IrBlock *block, uint32_t known) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    IrBlock *blocks[2];
    if (s->kind == IRS_FOR && s->as.for_.index->id < known && sc->escapes[s->as.for_.index->id]) own_index(sc, s);
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) fix_indices(sc, blocks[k], known);
  }
}

void lower_fix_scopes(Lower *lo) {
  uint32_t known = lo->func->vars.len;
  Scopes sc = {.lo = lo, .visible = arena_array(lo->arena, bool, known + 1), .escapes = arena_array(lo->arena, bool, known + 1)};
  for (uint32_t i = 0; i < lo->func->params.len; i++) sc.visible[lo->func->params.data[i]->id] = true;
  scan_block(&sc, &lo->func->body);
  if (!sc.any) return;
  fix_indices(&sc, &lo->func->body, known);
  for (uint32_t i = 0; i < known; i++)
    if (sc.escapes[i]) lo->func->vars.data[i]->once = false;
}
