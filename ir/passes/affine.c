/* Linear forms and proofs with them: see affine.h. A proof of e >= 0 subtracts a known form that shares a leaf with e, at most three times, until what
 * is left is a sum of things that are never negative. In: expressions, facts. Out: yes or "not known". Must not change the program. */
#include "ir/passes/affine.h"

void facts_init(Facts *f, IrUnit *unit, const IrFunc *func) { *f = (Facts){.unit = unit, .func = func}; }

static void record(Facts *f, const IrVar *var, const IrStmt *s) {
  if (!var || !var->once || var->is_global) return;
  if (var->id >= f->cap) { /* the old table stays as it is: copies of these facts read it */
    uint32_t cap = f->func->vars.len + f->func->vars.len / 2 + 16;
    const IrStmt **grown = arena_array(f->unit->arena, const IrStmt *, cap);
    if (f->cap) memcpy(grown, f->maker, f->cap * sizeof *grown);
    f->maker = grown;
    f->cap = cap;
  }
  f->maker[var->id] = s;
}

const IrStmt *facts_maker(const Facts *f, const IrVar *var, IrStmtKind kind) {
  if (!var->once || var->is_global || var->id >= f->cap || !f->maker[var->id]) return NULL;
  return f->maker[var->id]->kind == kind ? f->maker[var->id] : NULL;
}

const IrExpr *facts_value(const Facts *f, const IrVar *var) {
  const IrStmt *s = facts_maker(f, var, IRS_SET);
  return s ? s->as.set.value : NULL;
}

void facts_see(Facts *f, const IrStmt *s) {
  const IrVar *var = ir_stmt_result(s);
  if (s->kind == IRS_FOR) record(f, s->as.for_.index, s);
  if (s->kind == IRS_SET || s->kind == IRS_ALLOC) record(f, var, s);
  if (s->kind == IRS_SET && var->once && var->lo && var->hi) {
    IrExpr *leaf = arena_new(f->unit->arena, IrExpr);
    *leaf = (IrExpr){.op = IR_VAR, .type = var->type, .as.var = (IrVar *)(uintptr_t)var};
    facts_push_range(f, leaf, var->lo, var->hi);
  }
}

const IrExpr *facts_resolve(const Facts *f, const IrExpr *e) {
  for (int depth = 0; depth < 16 && e->op == IR_VAR; depth++) {
    const IrExpr *value = facts_value(f, e->as.var);
    if (!value) break;
    e = value;
  }
  return e;
}

/* ---- forms ---- */

bool affine_add(Affine *a, const Affine *b, int64_t times) {
  if (b->base > AFF_LIMIT || b->base < -AFF_LIMIT) return false;
  a->base += times * b->base;
  for (uint32_t i = 0; i < b->count; i++) {
    uint32_t k = 0;
    while (k < a->count && !ir_same(a->terms[k].leaf, b->terms[i].leaf)) k++;
    if (k == AFF_TERMS) return false;
    if (k == a->count) a->terms[a->count++] = (AffTerm){b->terms[i].leaf, 0};
    a->terms[k].coef += times * b->terms[i].coef;
    if (a->terms[k].coef > AFF_MAX_COEF || a->terms[k].coef < -AFF_MAX_COEF) return false;
    if (a->terms[k].coef == 0) a->terms[k] = a->terms[--a->count];
  }
  return a->base <= AFF_LIMIT && a->base >= -AFF_LIMIT;
}

int64_t affine_coef(const Affine *a, const IrExpr *leaf) {
  for (uint32_t i = 0; i < a->count; i++)
    if (ir_same(a->terms[i].leaf, leaf)) return a->terms[i].coef;
  return 0;
}

bool affine_same_terms(const Affine *a, const Affine *b) {
  if (a->count != b->count) return false;
  for (uint32_t i = 0; i < a->count; i++)
    if (affine_coef(b, a->terms[i].leaf) != a->terms[i].coef) return false;
  return true;
}

IrExpr *affine_expr(IrBuilder *b, const Affine *a) {
  IrExpr *sum = NULL;
  for (uint32_t i = 0; i < a->count; i++) {
    IrExpr *leaf = (IrExpr *)(uintptr_t)a->terms[i].leaf, *term = leaf;
    if (a->terms[i].coef != 1) term = ir_binary(b, IR_MUL, leaf->type, ir_int(b, a->terms[i].coef), leaf);
    sum = sum ? ir_binary(b, IR_ADD, leaf->type, sum, term) : term;
  }
  return sum ? sum : ir_int(b, 0);
}

static bool leaf_form(const IrExpr *e, Affine *out) {
  *out = (Affine){.terms = {{e, 1}}, .count = 1};
  return true;
}

typedef struct Form { /* of a tree under construction */
  Affine a;
  bool bounded; /* no leaf that may be anything */
} Form;

static bool form_of(const Facts *f, const IrExpr *e, int depth, Form *out);

static bool is_bounded_index(const Facts *f, const IrStmt *loop, int depth) {
  Form lo;
  return form_of(f, loop->as.for_.lo, depth + 1, &lo) && lo.bounded;
}

/* Extents of views and fresh arrays are those they were made with. */
static bool extent_form(const Facts *f, const IrExpr *e, int depth, Form *out) {
  const IrVar *array = e->args[0]->as.var;
  if (e->op == IR_SHAPE) {
    const IrExpr *def = facts_value(f, array);
    const IrStmt *alloc = facts_maker(f, array, IRS_ALLOC);
    const IrExpr *size = alloc ? alloc->as.alloc.shape[e->as.i] : def && def->op == IR_VIEW ? def->args[2 + e->as.i] : NULL;
    if (size && form_of(f, size, depth + 1, out) && out->bounded) return true;
    if (def && def->op == IR_VAR && def->as.var->once) {
      IrExpr *same = arena_new(f->unit->arena, IrExpr);
      *same = *e;
      same->args = arena_array(f->unit->arena, IrExpr *, 1);
      same->args[0] = (IrExpr *)(uintptr_t)def;
      return form_of(f, same, depth + 1, out);
    }
  }
  out->bounded = true;
  return ir_is_stable(e) && leaf_form(e, &out->a);
}

static bool var_form(const Facts *f, const IrExpr *e, int depth, Form *out) {
  const IrVar *var = e->as.var;
  if (!var->once || var->is_global || !type_is(e->type, DT_INT64)) return false;
  const IrStmt *loop = facts_maker(f, var, IRS_FOR);
  const IrExpr *def = facts_value(f, var);
  if (def && def->op == IR_VAR && def->as.var->once && !def->as.var->is_global) return form_of(f, def, depth + 1, out); /* a copy */
  if (!loop && def && !(var->lo && var->hi) && form_of(f, def, depth + 1, out) && (out->bounded || f->assume_bounded)) return true;
  Form lo, hi;
  out->bounded = loop ? is_bounded_index(f, loop, depth)
                      : var->lo && form_of(f, var->lo, depth + 1, &lo) && lo.bounded && form_of(f, var->hi, depth + 1, &hi) && hi.bounded;
  return leaf_form(e, &out->a);
}

static bool sum_form(const Facts *f, const IrExpr *e, int depth, Form *out) {
  Form b;
  if (!form_of(f, e->args[0], depth + 1, out) || !form_of(f, e->args[1], depth + 1, &b)) return false;
  out->bounded &= b.bounded;
  return (out->bounded || f->assume_bounded) && affine_add(&out->a, &b.a, e->op == IR_ADD ? 1 : -1);
}

static bool product_form(const Facts *f, const IrExpr *e, int depth, Form *out) {
  Form x, y;
  if (!form_of(f, e->args[0], depth + 1, &x) || !form_of(f, e->args[1], depth + 1, &y)) return false;
  if (x.a.count) {
    Form t = x;
    x = y;
    y = t;
  }
  if (x.a.count || x.a.base > AFF_MAX_COEF || x.a.base < -AFF_MAX_COEF) return false;
  *out = (Form){.bounded = y.bounded};
  return (out->bounded || f->assume_bounded) && affine_add(&out->a, &y.a, x.a.base);
}

static bool form_of(const Facts *f, const IrExpr *e, int depth, Form *out) {
  int64_t value;
  if (depth > 24 || !type_is(e->type, DT_INT64)) return false;
  *out = (Form){.bounded = true};
  if (ir_is_int_const(e, &value)) {
    out->a.base = value;
    return value <= AFF_LIMIT && value >= -AFF_LIMIT;
  }
  switch ((int)e->op) {
  case IR_VAR: return var_form(f, e, depth, out);
  case IR_SHAPE:
  case IR_SIZE: return extent_form(f, e, depth, out);
  case IR_ADD:
  case IR_SUB: return sum_form(f, e, depth, out);
  case IR_MUL: return product_form(f, e, depth, out);
  default: return false;
  }
}

bool affine_of(const Facts *f, const IrExpr *e, Affine *out) {
  Form form;
  if (!form_of(f, e, 0, &form)) return false;
  *out = form.a;
  return true;
}

/* ---- facts ---- */

static void push(Facts *f, const Affine *a) { vec_push(f->unit->arena, &f->known, *a); }

/* b - a - strict >= 0 */
static void push_order(Facts *f, const IrExpr *a, const IrExpr *b, int strict) {
  Affine x, y;
  if (!affine_of(f, a, &x) || !affine_of(f, b, &y) || !affine_add(&y, &x, -1)) return;
  y.base -= strict;
  push(f, &y);
}

void facts_push_range(Facts *f, const IrExpr *index, const IrExpr *lo, const IrExpr *hi) {
  push_order(f, lo, index, 0);
  push_order(f, index, hi, 1);
}

void facts_push_cond(Facts *f, const IrExpr *cond, bool holds) {
  cond = facts_resolve(f, cond);
  if (cond->op == (holds ? IR_LAND : IR_LOR)) {
    facts_push_cond(f, cond->args[0], holds);
    facts_push_cond(f, cond->args[1], holds);
    return;
  }
  if (cond->op == IR_LNOT) {
    facts_push_cond(f, cond->args[0], !holds);
    return;
  }
  if (cond->op < IR_EQ || cond->op > IR_GE || !type_is(cond->args[0]->type, DT_INT64) || !type_is(cond->args[1]->type, DT_INT64)) return;
  const IrExpr *a = cond->args[0], *b = cond->args[1];
  switch ((int)cond->op) {
  case IR_LT: holds ? push_order(f, a, b, 1) : push_order(f, b, a, 0); break;
  case IR_LE: holds ? push_order(f, a, b, 0) : push_order(f, b, a, 1); break;
  case IR_GT: holds ? push_order(f, b, a, 1) : push_order(f, a, b, 0); break;
  case IR_GE: holds ? push_order(f, b, a, 0) : push_order(f, a, b, 1); break;
  case IR_EQ:
  case IR_NE:
    if (holds != (cond->op == IR_EQ)) break;
    push_order(f, a, b, 0);
    push_order(f, b, a, 0);
    break;
  default: break;
  }
}

/* ---- proofs ---- */

static bool never_negative(const IrExpr *leaf) { return leaf->op == IR_SHAPE || leaf->op == IR_SIZE; }

static bool plainly(const Affine *e) {
  if (e->base < 0) return false;
  for (uint32_t i = 0; i < e->count; i++)
    if (e->terms[i].coef < 0 || !never_negative(e->terms[i].leaf)) return false;
  return true;
}

/* A term that some fact must cancel: an index, something that is subtracted, else any. */
static const AffTerm *open_term(const Affine *e) {
  for (uint32_t i = 0; i < e->count; i++)
    if (!never_negative(e->terms[i].leaf)) return &e->terms[i];
  for (uint32_t i = 0; i < e->count; i++)
    if (e->terms[i].coef < 0) return &e->terms[i];
  return e->count ? &e->terms[0] : NULL;
}

static bool prove(const Facts *f, const Affine *e, int steps) {
  if (plainly(e)) return true;
  const AffTerm *term = open_term(e);
  if (!term || steps == 0) return false;
  for (uint32_t i = f->known.len; i-- > 0;) {
    int64_t coef = affine_coef(&f->known.data[i], term->leaf);
    if (coef == 0 || (coef > 0) != (term->coef > 0) || term->coef % coef != 0) continue;
    Affine rest = *e;
    if (affine_add(&rest, &f->known.data[i], -(term->coef / coef)) && prove(f, &rest, steps - 1)) return true;
  }
  return false;
}

bool affine_prove(const Facts *f, const Affine *e) { return prove(f, e, 4); }

const IrExpr *unwrapped_index(const Facts *f, const IrExpr *e, const IrExpr **extent) {
  int64_t zero;
  e = facts_resolve(f, e);
  if (e->op != IR_SELECT || e->args[0]->op != IR_LT || e->args[1]->op != IR_ADD) return NULL;
  const IrExpr *x = e->args[2];
  if (!ir_same(e->args[0]->args[0], x) || !ir_is_int_const(e->args[0]->args[1], &zero) || zero != 0 || !ir_same(e->args[1]->args[0], x))
    return NULL;
  if (extent) *extent = e->args[1]->args[1];
  return x;
}

static int order(const Facts *f, const IrExpr *a, const IrExpr *b) {
  Affine x, y, less, not_less;
  if (!affine_of(f, a, &x) || !affine_of(f, b, &y)) return -1;
  less = y, not_less = x;
  if (!affine_add(&less, &x, -1) || !affine_add(&not_less, &y, -1)) return -1;
  less.base -= 1;
  return affine_prove(f, &less) ? 1 : affine_prove(f, &not_less) ? 0 : -1;
}

int affine_less(const Facts *f, const IrExpr *a, const IrExpr *b) {
  int known = order(f, a, b);
  const IrExpr *n, *x = unwrapped_index(f, a, &n);
  int64_t zero;
  if (known >= 0 || !x) return known;
  /* a = x wrapped at n: a < n follows from x < n; a >= 0 from x + n >= 0 */
  if (ir_same(n, b)) return order(f, x, b) == 1 ? 1 : -1;
  if (!ir_is_int_const(b, &zero) || zero != 0) return -1;
  Affine sum, extent;
  if (!affine_of(f, x, &sum) || !affine_of(f, n, &extent) || !affine_add(&sum, &extent, 1)) return -1;
  return affine_prove(f, &sum) ? 0 : -1;
}
