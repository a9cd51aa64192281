/* Leaves of linear forms that stand for an operation with known bounds: min, max, select, %, &, >>, // and casts from narrow integers. A goal e >= 0 in
 * which such a leaf occurs follows from goals without it: the leaf is replaced by what it is at least (where it is added) or at most (where it is
 * subtracted). In: a form and one of its terms. Out: the goals, and whether all of them are needed or one is enough. Must not change the program. */
#include "ir/passes/affine.h"

/* A division by what may be 0 stands behind a check: it may not be computed anywhere else. */
static bool may_trap(const IrExpr *e) {
  int64_t by;
  return (e->op == IR_MOD || e->op == IR_FLOORDIV) && !(ir_is_int_const(e->args[1], &by) && by != 0);
}

/* Does the value depend on nothing that may change: no memory, no mutable variable? Then it may be computed before a loop, too. */
static bool is_fixed(const IrExpr *e, int depth) {
  if (depth > 8 || e->op == IR_LOAD || e->op == IR_RTCALL || may_trap(e)) return false;
  if (e->op == IR_VAR && (!e->as.var->once || e->as.var->is_global)) return false;
  for (uint32_t i = 0; i < e->count; i++)
    if (!is_fixed(e->args[i], depth + 1)) return false;
  return true;
}

static bool is_narrow(const Type *t) { return (type_is_int(t) && dtype_size(t->dtype) < 8) || type_is_bool(t); }

static bool has_bounds(const IrExpr *e) {
  switch ((int)e->op) {
  case IR_PYMIN:
  case IR_PYMAX:
  case IR_NPMIN:
  case IR_NPMAX:
  case IR_SELECT:
  case IR_MOD:
  case IR_SAFE_MOD:
  case IR_AND:
  case IR_SHR:
  case IR_FLOORDIV:
  case IR_SAFE_FLOORDIV: return type_is(e->type, DT_INT64);
  case IR_CAST: return type_is(e->type, DT_INT64) && is_narrow(e->args[0]->type);
  default: return false;
  }
}

const IrExpr *bound_op(const Facts *f, const IrExpr *leaf) {
  if (leaf->op == IR_VAR) {
    const IrExpr *value = facts_value(f, leaf->as.var);
    return value && has_bounds(value) ? value : NULL; /* a variable keeps its value, whatever that was computed from */
  }
  return has_bounds(leaf) && is_fixed(leaf, 0) ? leaf : NULL;
}

static bool is_positive_const(const IrExpr *e, int64_t *value) { return ir_is_int_const(e, value) && *value > 0 && *value <= AFF_MAX_COEF; }

/* x >> k as x // 2^k: the divisor; 0 when it is not known. */
static int64_t divisor(const IrExpr *op) {
  int64_t k;
  if (op->op == IR_SHR) return ir_is_int_const(op->args[1], &k) && k >= 0 && k <= 16 ? (int64_t)1 << k : 0;
  return is_positive_const(op->args[1], &k) ? k : 0;
}

bool bound_is_small(const Facts *f, const IrExpr *op, int depth) {
  int64_t known;
  if (depth > 16) return false;
  switch ((int)op->op) {
  case IR_PYMIN:
  case IR_PYMAX:
  case IR_NPMIN:
  case IR_NPMAX: return affine_is_bounded_at(f, op->args[0], depth + 1) && affine_is_bounded_at(f, op->args[1], depth + 1);
  case IR_SELECT: return affine_is_bounded_at(f, op->args[1], depth + 1) && affine_is_bounded_at(f, op->args[2], depth + 1);
  case IR_MOD:
  case IR_SAFE_MOD: return affine_is_bounded_at(f, op->args[1], depth + 1);
  case IR_AND:
    for (uint32_t i = 0; i < 2; i++)
      if (ir_is_int_const(op->args[i], &known) && known >= 0 && known <= AFF_LIMIT) return true;
    return affine_is_bounded_at(f, op->args[0], depth + 1) && affine_is_bounded_at(f, op->args[1], depth + 1);
  case IR_SHR:
  case IR_FLOORDIV:
  case IR_SAFE_FLOORDIV:
    return affine_is_bounded_at(f, op->args[0], depth + 1) && (op->op == IR_SHR || affine_is_bounded_at(f, op->args[1], depth + 1));
  case IR_CAST: return true;
  default: return false;
  }
}

/* goal[count++] = e with the leaf replaced by an expression plus `extra`. */
static void replace(const Facts *f, const Affine *e, const AffTerm *term, const IrExpr *by, int64_t extra, Bound *out) {
  Affine form, goal = *e;
  if (!affine_of(f, by, &form)) return;
  form.base += extra;
  if (affine_replace(&goal, term->leaf, &form)) out->goal[out->count++] = goal;
}

static void replace_const(const Affine *e, const AffTerm *term, int64_t value, Bound *out) {
  Affine goal = *e, form = {.base = value};
  if (affine_replace(&goal, term->leaf, &form)) out->goal[out->count++] = goal;
}

/* q = x // d: d q <= x <= d q + d - 1. In integers e >= 0 follows from d e >= 1 - d. */
static void divide(const Facts *f, const Affine *e, const AffTerm *term, const IrExpr *x, int64_t d, Bound *out) {
  Affine rest = *e, self = {.terms = {{term->leaf, 1}}, .count = 1}, goal = {.base = d - 1}, form;
  int64_t coef = term->coef;
  if (!affine_of(f, x, &form) || !affine_add(&rest, &self, -coef) || !affine_add(&goal, &rest, d)) return;
  if (coef > 0) form.base -= d - 1;
  if (affine_add(&goal, &form, coef)) out->goal[out->count++] = goal;
}

static void cast_bound(const Affine *e, const AffTerm *term, const IrExpr *op, bool low, Bound *out) {
  const Type *t = op->args[0]->type;
  unsigned bits = type_is_bool(t) ? 1 : 8 * dtype_size(t->dtype);
  bool is_signed = !type_is_bool(t) && dtype_is_signed(t->dtype);
  int64_t top = (int64_t)(((uint64_t)1 << (is_signed ? bits - 1 : bits)) - 1), bottom = is_signed ? -top - 1 : 0;
  replace_const(e, term, low ? bottom : top, out);
}

bool bound_goal(const Facts *f, const Affine *e, const AffTerm *term, Bound *out) {
  const IrExpr *op = bound_op(f, term->leaf);
  bool low = term->coef > 0; /* the leaf is added: what is it at least? */
  int64_t known, d;
  *out = (Bound){0};
  if (!op) return false;
  switch ((int)op->op) {
  case IR_PYMIN:
  case IR_PYMAX:
  case IR_NPMIN:
  case IR_NPMAX:
    out->all = low == (op->op == IR_PYMIN || op->op == IR_NPMIN);
    for (uint32_t i = 0; i < 2; i++) replace(f, e, term, op->args[i], 0, out);
    return out->count == 2 || (out->count && !out->all);
  case IR_SELECT:
    out->all = true;
    out->cond = op->args[0];
    for (uint32_t i = 1; i < 3; i++) replace(f, e, term, op->args[i], 0, out);
    return out->count == 2;
  case IR_MOD:
  case IR_SAFE_MOD:
    out->positive = ir_is_int_const(op->args[1], &known) && known > 0 ? NULL : op->args[1];
    if (low)
      replace_const(e, term, 0, out);
    else
      replace(f, e, term, op->args[1], -1, out);
    return out->count > 0;
  case IR_AND:
    for (uint32_t i = 0; i < 2 && !out->count; i++) {
      if (!ir_is_int_const(op->args[i], &known) || known < 0 || known > AFF_LIMIT) continue;
      replace_const(e, term, low ? 0 : known, out);
    }
    return out->count > 0;
  case IR_SHR:
  case IR_FLOORDIV:
  case IR_SAFE_FLOORDIV:
    d = divisor(op);
    if (d) divide(f, e, term, op->args[0], d, out);
    return out->count > 0;
  case IR_CAST: cast_bound(e, term, op, low, out); return out->count > 0;
  default: return false;
  }
}
