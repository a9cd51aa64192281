/* What array statements need at run time, as conditions: see fit.h. Extents are compared as expressions first: slices of one array by the same
 * constants, fresh results and copies need no test. Memory is compared by the arrays that views were taken of, so that four views of one array
 * are one test. In: facts about the whole function. Out: conditions and answers. Must not change the program. */
#include "ir/passes/fit.h"

static void see_block(Facts *f, const IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrBlock *blocks[2];
    facts_see(f, block->data[i]);
    unsigned count = ir_stmt_blocks(block->data[i], blocks);
    for (unsigned k = 0; k < count; k++) see_block(f, blocks[k]);
  }
}

void fit_facts(Facts *f, IrUnit *unit, const IrFunc *func) {
  facts_init(f, unit, func);
  f->meanings = arena_new(unit->arena, Map);
  see_block(f, &func->body);
  f->known.len = 0; /* ranges hold only where a walk stands */
}

/* ---- equal integers ---- */

static const IrVar *copied_from(const Facts *f, const IrVar *var) {
  for (int depth = 0; depth < 16; depth++) {
    const IrExpr *def = facts_value(f, var);
    if (!def || def->op != IR_VAR || !def->as.var->once || def->as.var->is_global) break;
    var = def->as.var;
  }
  return var;
}

IrVar *fit_origin(const Facts *f, const IrVar *var) { return (IrVar *)(uintptr_t)copied_from(f, var); }

static const IrExpr *extent_of(const Facts *f, const IrVar *array, int64_t axis) {
  const IrExpr *def = facts_value(f, array);
  const IrStmt *alloc = facts_maker(f, array, IRS_ALLOC);
  return alloc ? alloc->as.alloc.shape[axis] : def && def->op == IR_VIEW ? def->args[2 + axis] : NULL;
}

static const IrExpr *meaning(const Facts *f, const IrExpr *e, int depth);

static const IrExpr *find_meaning(const Facts *f, const IrExpr *e, int depth) {
  int64_t zero;
  if (e->op == IR_VAR) {
    const IrExpr *def = facts_value(f, e->as.var);
    return def && type_is_scalar(e->type) && !(def->op == IR_VAR && !def->as.var->once) ? meaning(f, def, depth + 1) : e;
  }
  if (e->op == IR_SHAPE && e->args[0]->op == IR_VAR) {
    const IrExpr *extent = extent_of(f, copied_from(f, e->args[0]->as.var), e->as.i);
    return extent ? meaning(f, extent, depth + 1) : e;
  }
  if (e->op == IR_SELECT && fit_same_int(f, e->args[1], e->args[2])) return meaning(f, e->args[1], depth + 1);
  if (e->op == IR_PYMAX && ir_is_int_const(e->args[1], &zero) && zero == 0) {
    const IrExpr *x = meaning(f, e->args[0], depth + 1);
    if (x->op == IR_SHAPE || x->op == IR_SIZE || (x->op == IR_PYMAX && ir_same(x->args[1], e->args[1]))) return x;
  }
  return e;
}

/* Array statements that read each other's results make long chains of extents: each link is followed once. */
static uint64_t meaning_key(const IrExpr *e) {
  const IrVar *var = e->op == IR_VAR ? e->as.var : e->op == IR_SHAPE && e->args[0]->op == IR_VAR ? e->args[0]->as.var : NULL;
  if (!var || !var->once || var->is_global) return 0;
  return map_key(var) + (e->op == IR_SHAPE ? 1 + (uint64_t)e->as.i : 0); /* an IrVar is larger than arrays have axes */
}

/* What the expression stands for: through copies, extents of views and allocations, choices between equals. */
static const IrExpr *meaning(const Facts *f, const IrExpr *e, int depth) {
  enum { DEPTH = 64 };
  uint64_t key = f->meanings ? meaning_key(e) : 0;
  const IrExpr *found = key ? map_get(f->meanings, key) : NULL;
  if (found) return found;
  if (depth > DEPTH) return e;
  found = find_meaning(f, e, depth);
  if (key && found != e) map_put(f->unit->arena, f->meanings, key, (void *)(uintptr_t)found);
  return found;
}

static bool is_computed(IrOp op) {
  return op == IR_ADD || op == IR_SUB || op == IR_MUL || op == IR_FLOORDIV || op == IR_PYMIN || op == IR_PYMAX || op == IR_NEG ||
         op == IR_SELECT || (op >= IR_EQ && op <= IR_GE);
}

static bool same_int(const Facts *f, const IrExpr *a, const IrExpr *b, int depth) {
  a = meaning(f, a, 0), b = meaning(f, b, 0);
  if (a->op != b->op || a->type != b->type || a->count != b->count || depth > 16) return false;
  if (a->op == IR_CONST) return ir_same(a, b);
  if (a->op == IR_VAR) return a->as.var == b->as.var && a->as.var->once && !a->as.var->is_global;
  if (a->op == IR_SHAPE || a->op == IR_SIZE || a->op == IR_STRIDE) {
    const IrVar *x = copied_from(f, a->args[0]->as.var), *y = copied_from(f, b->args[0]->as.var);
    return x == y && x->once && !x->is_global && a->as.i == b->as.i;
  }
  for (uint32_t i = 0; i < a->count; i++)
    if (!same_int(f, a->args[i], b->args[i], depth + 1)) return false;
  return is_computed(a->op);
}

bool fit_same_int(const Facts *f, const IrExpr *a, const IrExpr *b) { return same_int(f, a, b, 0); }

typedef struct Settle {
  IrUnit *unit;
  const Facts *f;
} Settle;

static IrExpr *settle_node(IrExpr *e, void *data) {
  const Settle *x = data;
  if (e->op == IR_EQ && type_is(e->args[0]->type, DT_INT64) && type_is(e->args[1]->type, DT_INT64) &&
      fit_same_int(x->f, e->args[0], e->args[1])) {
    IrExpr *yes = arena_new(x->unit->arena, IrExpr);
    *yes = (IrExpr){.op = IR_CONST, .type = e->type, .as.i = 1};
    return yes;
  }
  if (e->op == IR_SELECT && type_is(e->type, DT_INT64) && fit_same_int(x->f, e->args[1], e->args[2])) return e->args[1];
  return fold_node(x->unit, e);
}

static void settle_slot(IrExpr **slot, void *data) { *slot = ir_rewrite(((Settle *)data)->unit->arena, *slot, settle_node, data); }

void fit_settle(const Facts *f, IrStmt *s) {
  Settle x = {f->unit, f};
  bool is_extent = s->kind == IRS_SET && type_is(s->as.set.value->type, DT_INT64);
  if (is_extent || (s->kind == IRS_CHECK && s->as.check.check == CHECK_SHAPE)) ir_stmt_exprs(s, settle_slot, &x);
}

/* ---- memory ---- */

bool fit_same_view(const Facts *f, const IrVar *a, const IrVar *b) {
  if (a == b && a->once && !a->is_global) return true;
  a = copied_from(f, a), b = copied_from(f, b);
  if (a->type != b->type || !a->once || !b->once || a->is_global || b->is_global) return false;
  const IrExpr *x = facts_value(f, a), *y = facts_value(f, b);
  if (a == b) return true;
  if (!x || !y || x->op != IR_VIEW || y->op != IR_VIEW || !fit_same_view(f, x->args[0]->as.var, y->args[0]->as.var)) return false;
  for (uint32_t i = 1; i < x->count; i++)
    if (!fit_same_int(f, x->args[i], y->args[i])) return false;
  return true;
}

IrVar *fit_root(const Facts *f, IrVar *array) {
  for (int depth = 0; depth < 16; depth++) {
    const IrExpr *def = facts_value(f, array);
    if (def && def->op == IR_VIEW) def = def->args[0];
    if (!def || def->op != IR_VAR || !def->as.var->once || def->as.var->is_global) break;
    array = def->as.var;
  }
  return array;
}

bool fit_may_share(const Facts *f, IrVar *a, IrVar *b) {
  a = fit_root(f, a), b = fit_root(f, b);
  bool fresh_a = facts_maker(f, a, IRS_ALLOC) != NULL, fresh_b = facts_maker(f, b, IRS_ALLOC) != NULL;
  if (a == b) return true;
  return !(fresh_a && (fresh_b || b->is_param)) && !(fresh_b && a->is_param);
}

static IrExpr *op2(IrBuilder *b, IrOp op, IrExpr *x, IrExpr *y) { return ir_binary(b, op, x->type, x, y); }

void fit_memory_range(IrBuilder *b, IrVar *array, IrVar *out[2]) {
  const Type *t = array->type, *i64 = type_scalar(b->types, DT_INT64);
  IrExpr *data = ir_unary(b, IR_DATA, i64, ir_var(b, array)), *item = ir_int(b, dtype_size(t->dtype));
  IrExpr *lo = data, *hi;
  if (t->layout != LAYOUT_A) {
    hi = op2(b, IR_ADD, data, op2(b, IR_MUL, ir_size(b, array), item));
  } else {
    hi = op2(b, IR_ADD, data, item);
    for (unsigned k = 0; k < t->ndim; k++) {
      IrExpr *reach = op2(b, IR_MUL, ir_stride(b, array, k), op2(b, IR_SUB, ir_shape(b, array, k), ir_int(b, 1)));
      reach = ir_var(b, ir_let(b, NULL, reach));
      lo = op2(b, IR_ADD, lo, op2(b, IR_PYMIN, reach, ir_int(b, 0)));
      hi = op2(b, IR_ADD, hi, op2(b, IR_PYMAX, reach, ir_int(b, 0)));
    }
  }
  out[0] = ir_let(b, NULL, lo);
  out[1] = ir_let(b, NULL, hi);
}

/* ---- conditions ---- */

static void fit_and(FitTest *t, IrExpr *cond) {
  for (uint32_t i = 0; i < t->conds.len; i++)
    if (ir_same(t->conds.data[i], cond)) return;
  vec_push(t->b->arena, &t->conds, cond);
  t->all = t->all ? op2(t->b, IR_LAND, t->all, cond) : cond;
}

/* Integers that are equal when the test holds have the same class. */
static uint32_t class_of(FitTest *t, IrExpr *e) {
  for (uint32_t i = 0; i < t->ints.len; i++)
    if (fit_same_int(t->f, t->ints.data[i], e)) return t->classes.data[i];
  uint32_t number = t->classes.len;
  vec_push(t->b->arena, &t->ints, e);
  vec_push(t->b->arena, &t->classes, number);
  return number;
}

bool fit_test_int(FitTest *t, IrExpr *a, IrExpr *b) {
  if (fit_same_int(t->f, a, b)) return false;
  uint32_t x = class_of(t, a), y = class_of(t, b);
  if (x == y) return true;
  for (uint32_t i = 0; i < t->classes.len; i++)
    if (t->classes.data[i] == y) t->classes.data[i] = x;
  fit_and(t, ir_compare(t->b, IR_EQ, a, b));
  return true;
}

static bool is_implied(FitTest *t, const IrExpr *cond) {
  if (cond->op == IR_LAND) return is_implied(t, cond->args[0]) && is_implied(t, cond->args[1]);
  if (cond->op == IR_LOR) return is_implied(t, cond->args[0]) || is_implied(t, cond->args[1]);
  return cond->op == IR_EQ && type_is(cond->args[0]->type, DT_INT64) && type_is(cond->args[1]->type, DT_INT64) &&
         class_of(t, cond->args[0]) == class_of(t, cond->args[1]);
}

void fit_test_cond(FitTest *t, IrExpr *cond) {
  if (!is_implied(t, cond)) fit_and(t, cond);
}

bool fit_test_source(FitTest *t, const IrSource *source, uint32_t ndim, IrExpr *const *extent) {
  uint32_t own = source->array->type->ndim;
  bool open = false;
  LJ_ASSERT(own <= ndim);
  for (uint32_t j = 0; j < own; j++)
    if (!(source->ones >> j & 1)) open |= fit_test_int(t, ir_shape(t->b, source->array, j), extent[ndim - own + j]);
  return open;
}

void fit_test_shape(FitTest *t, IrVar *array, IrExpr *const *extent) {
  for (uint32_t d = 0; d < array->type->ndim; d++) fit_test_int(t, ir_shape(t->b, array, d), extent[d]);
}

static IrVar *const *range_of(FitTest *t, IrVar *array) {
  uint32_t i = 0;
  while (i < t->ranged.len && t->ranged.data[i] != array) i++;
  if (i == t->ranged.len) {
    IrVar *ends[2];
    fit_memory_range(t->b, array, ends);
    vec_push(t->b->arena, &t->ranged, array);
    vec_push(t->b->arena, &t->ends, ends[0]);
    vec_push(t->b->arena, &t->ends, ends[1]);
  }
  return t->ends.data + 2 * (size_t)i;
}

void fit_test_apart(FitTest *t, IrVar *a, IrVar *b, bool same_too) {
  IrVar *root_a = fit_root(t->f, a), *root_b = fit_root(t->f, b), *ends[4];
  if (!fit_may_share(t->f, a, b) || (same_too && fit_same_view(t->f, a, b))) return;
  bool whole = root_a == a && root_b == b && a->type->layout == b->type->layout && a->type->layout != LAYOUT_A;
  if (root_a != root_b) a = root_a, b = root_b;
  memcpy(ends, range_of(t, a), 2 * sizeof *ends); /* the list may move */
  memcpy(ends + 2, range_of(t, b), 2 * sizeof *ends);
  IrExpr *apart = ir_compare(t->b, IR_LE, ir_var(t->b, ends[1]), ir_var(t->b, ends[2]));
  apart = op2(t->b, IR_LOR, apart, ir_compare(t->b, IR_LE, ir_var(t->b, ends[3]), ir_var(t->b, ends[0])));
  if (same_too && whole) apart = op2(t->b, IR_LOR, apart, ir_compare(t->b, IR_EQ, ir_var(t->b, ends[0]), ir_var(t->b, ends[2])));
  fit_and(t, apart);
}

bool fit_may_be_same(const IrSource *source, const IrVar *into) {
  const IrVar *a = source->array;
  return !source->ones && a->type->ndim == into->type->ndim && dtype_size(a->type->dtype) == dtype_size(into->type->dtype);
}
