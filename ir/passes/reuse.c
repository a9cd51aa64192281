/* Pass "reuse": an index that was wrapped and checked before is not wrapped and checked again.
 *
 * g[i, j + 1] * x + g[i + 1, j + 1] * y  asks three times whether a computed j + 1 lies in its axis, and LLVM cannot see that it does: behind the first
 * check the index is either itself or wrapped. Here the second wrapped index becomes the first one, and its check, which holds, is dropped.
 * So are divisors. The same are computations on the same variables that are set once: those of the same iteration.
 * In: a unit after "counters". Out: the same program with fewer checks. Must not look through readings of mutable variables or memory. */
#include "ir/passes/affine.h"

enum { MOST_DEPTH = 12, MOST_LOOKS = 64 };

typedef struct Known { /* computed or checked on every path to here */
  const IrExpr *e;
  IrVar *var; /* holds it; NULL: it is the condition of a check */
} Known;

typedef struct Reuse {
  Facts f;
  Vec(Known) known;
} Reuse;

/* What a variable that is set once was computed as from such variables and constants. */
static const IrExpr *resolve(const Reuse *r, const IrExpr *e) {
  for (int depth = 0; depth < MOST_DEPTH && e->op == IR_VAR; depth++) {
    const IrExpr *value = facts_value(&r->f, e->as.var);
    bool follows = value && (value->op == IR_CONST || value->op == IR_ADD || value->op == IR_SUB || value->op == IR_MUL ||
                             value->op == IR_SELECT || (value->op == IR_VAR && value->as.var->once && !value->as.var->is_global));
    if (!follows) break;
    e = value;
  }
  return e;
}

/* The variable that a copy is of, whatever that holds. */
static const IrExpr *origin(const Reuse *r, const IrExpr *e) {
  const IrExpr *value;
  for (int depth = 0; depth < MOST_DEPTH && e->op == IR_VAR; depth++, e = value) {
    value = facts_value(&r->f, e->as.var);
    if (!value || value->op != IR_VAR || !value->as.var->once || value->as.var->is_global) break;
  }
  return e;
}

static bool is_same(const Reuse *r, const IrExpr *a, const IrExpr *b, int depth) {
  if (depth == MOST_DEPTH) return false;
  a = origin(r, a), b = origin(r, b);
  if (a->op == IR_VAR && b->op == IR_VAR && a->as.var == b->as.var) return a->as.var->once && !a->as.var->is_global;
  a = resolve(r, a), b = resolve(r, b);
  if (a->op != b->op || a->type != b->type || a->count != b->count) return false;
  switch ((int)a->op) {
  case IR_CONST: return ir_same(a, b);
  case IR_VAR: return a->as.var == b->as.var && a->as.var->once && !a->as.var->is_global;
  case IR_SHAPE:
    if (a->as.i != b->as.i) return false;
    break;
  case IR_ADD:
  case IR_SUB:
  case IR_MUL:
  case IR_SELECT:
  case IR_CAST:
  case IR_LAND:
  case IR_LT:
  case IR_GE:
  case IR_NE: break;
  default: return false;
  }
  for (uint32_t i = 0; i < a->count; i++)
    if (!is_same(r, a->args[i], b->args[i], depth + 1)) return false;
  return true;
}

static const Known *find(const Reuse *r, const IrExpr *e, bool is_check) {
  uint32_t looks = 0;
  for (uint32_t i = r->known.len; i-- > 0 && looks < MOST_LOOKS; looks++) {
    const Known *k = &r->known.data[i];
    if ((k->var == NULL) == is_check && is_same(r, k->e, e, 0)) return k;
  }
  return NULL;
}

static void add(Reuse *r, const IrExpr *e, IrVar *var) { vec_push(r->f.unit->arena, &r->known, ((Known){e, var})); }

/* select(x < 0, x + n, x) */
static bool is_wrapped(const IrStmt *s) {
  const IrExpr *e = s->as.set.value;
  int64_t zero;
  return s->as.set.var->once && !s->as.set.var->is_global && e->op == IR_SELECT && type_is(e->type, DT_INT64) && e->args[0]->op == IR_LT &&
         e->args[1]->op == IR_ADD && ir_is_int_const(e->args[0]->args[1], &zero) && zero == 0;
}

static void reuse_block(Reuse *r, IrBlock *block);

static void reuse_set(Reuse *r, IrStmt *s) {
  const Known *before = find(r, s->as.set.value, false);
  if (!before) {
    add(r, s->as.set.value, s->as.set.var);
    return;
  }
  IrBuilder b = {.arena = r->f.unit->arena, .unit = r->f.unit};
  s->as.set.value = ir_var(&b, before->var);
}

/* Is it known to hold? Else it is from here on. */
static bool reuse_check(Reuse *r, const IrStmt *s) {
  if (s->as.check.check != CHECK_INDEX && s->as.check.check != CHECK_DIVISOR) return false;
  if (find(r, s->as.check.ok, true)) return true;
  add(r, s->as.check.ok, NULL);
  return false;
}

/* What is found in a block is known in it; what a loop's head finds, in its body too. */
static void reuse_below(Reuse *r, IrStmt *s) {
  IrBlock *blocks[2];
  unsigned count = ir_stmt_blocks(s, blocks);
  uint32_t mark = r->known.len;
  for (unsigned k = 0; k < count; k++) {
    reuse_block(r, blocks[k]);
    if (s->kind != IRS_WHILE) r->known.len = mark;
  }
  r->known.len = mark;
}

static void reuse_block(Reuse *r, IrBlock *block) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    facts_see(&r->f, s);
    if (s->kind == IRS_SET && is_wrapped(s)) reuse_set(r, s);
    if (s->kind == IRS_CHECK && reuse_check(r, s)) continue;
    reuse_below(r, s);
    block->data[kept++] = s;
  }
  block->len = kept;
}

void pass_reuse(IrUnit *unit) {
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    IrFunc *func = unit->funcs.data[i];
    Reuse r = {.known = {0}};
    facts_init(&r.f, unit, func);
    reuse_block(&r, &func->body);
  }
}
