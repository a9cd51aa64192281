/* Pass "reuse": an index that was wrapped and checked before is not wrapped and checked again.
 *
 * g[i, j + 1] * x + g[i + 1, j + 1] * y  asks three times whether a computed j + 1 lies in its axis, and LLVM cannot see that it does: behind the first
 * check the index is either itself or wrapped. Here the second wrapped index becomes the first one, and its check, which holds, is dropped.
 * The same are computations on the same variables that are set once: those of the same iteration.
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

static bool is_same(const Reuse *r, const IrExpr *a, const IrExpr *b, int depth) {
  if (depth == MOST_DEPTH) return false;
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
  case IR_GE: break;
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

static void reuse_block(Reuse *r, IrBlock *block) {
  uint32_t mark = r->known.len, kept = 0;
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    facts_see(&r->f, s);
    if (s->kind == IRS_SET && is_wrapped(s)) {
      const Known *before = find(r, s->as.set.value, false);
      if (before) {
        IrBuilder b = {.arena = r->f.unit->arena, .unit = r->f.unit};
        s->as.set.value = ir_var(&b, before->var);
      } else {
        add(r, s->as.set.value, s->as.set.var);
      }
    }
    if (s->kind == IRS_CHECK && s->as.check.check == CHECK_INDEX) {
      if (find(r, s->as.check.ok, true)) continue; /* it holds */
      add(r, s->as.check.ok, NULL);
    }
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    uint32_t head = r->known.len;
    for (unsigned k = 0; k < count; k++) reuse_block(r, blocks[k]);
    r->known.len = head;
    block->data[kept++] = s;
  }
  block->len = kept;
  r->known.len = mark;
}

void pass_reuse(IrUnit *unit) {
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    IrFunc *func = unit->funcs.data[i];
    Reuse r = {.known = {0}};
    facts_init(&r.f, unit, func);
    reuse_block(&r, &func->body);
  }
}
