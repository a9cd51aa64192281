/* Linear forms and proofs with them: see affine.h. A proof of e >= 0 subtracts a known form that shares a leaf with e, at most three times, until what
 * is left is a sum of things that are never negative. In: expressions, facts. Out: yes or "not known". Must not change the program. */
#include "ir/passes/affine.h"

void facts_init(Facts *f, IrUnit *unit, const IrFunc *func) {
  *f = (Facts){.unit = unit, .func = func};
  f->inside = arena_new(unit->arena, IrMarks);
}

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

bool affine_replace(Affine *a, const IrExpr *leaf, const Affine *by) {
  int64_t coef = affine_coef(a, leaf);
  Affine self = {.terms = {{leaf, 1}}, .count = 1};
  return coef == 0 || (affine_add(a, &self, -coef) && affine_add(a, by, coef));
}

int64_t affine_limit(const Facts *f) { return f->degree < 2 ? AFF_LIMIT : (int64_t)1 << (f->degree == 2 ? 24 : 15); }

static uint32_t leaf_degree(const IrExpr *leaf) { return leaf->op == IR_MUL ? leaf_degree(leaf->args[0]) + leaf_degree(leaf->args[1]) : 1; }

/* The leaves of a product in one order, so that equal products are the same tree. */
static uint32_t leaf_factors(const IrExpr *leaf, const IrExpr **out, uint32_t count) {
  if (leaf->op == IR_MUL) return leaf_factors(leaf->args[1], out, leaf_factors(leaf->args[0], out, count));
  uint32_t at = count;
  for (; at > 0 &&
         (out[at - 1]->op > leaf->op || (out[at - 1]->op == leaf->op && leaf->op == IR_VAR && out[at - 1]->as.var->id > leaf->as.var->id) ||
          (out[at - 1]->op == leaf->op && leaf->op == IR_SHAPE && out[at - 1]->as.i > leaf->as.i));
       at--)
    out[at] = out[at - 1];
  out[at] = leaf;
  return count + 1;
}

static const IrExpr *leaf_product(const Facts *f, const IrExpr *a, const IrExpr *b) {
  const IrExpr *factors[AFF_DEGREE];
  if (leaf_degree(a) + leaf_degree(b) > AFF_DEGREE) return NULL;
  uint32_t n = leaf_factors(b, factors, leaf_factors(a, factors, 0));
  const IrExpr *product = factors[0];
  for (uint32_t i = 1; i < n; i++) {
    IrExpr *next = arena_new(f->unit->arena, IrExpr);
    *next = (IrExpr){.op = IR_MUL, .type = a->type, .count = 2, .args = arena_array(f->unit->arena, IrExpr *, 2)};
    next->args[0] = (IrExpr *)(uintptr_t)product, next->args[1] = (IrExpr *)(uintptr_t)factors[i];
    product = next;
  }
  return product;
}

static bool is_small_form(const Affine *a) {
  bool small = a->count <= AFF_MUL_TERMS && a->base <= AFF_MUL_BASE && a->base >= -AFF_MUL_BASE;
  for (uint32_t i = 0; i < a->count; i++) small &= a->terms[i].coef <= AFF_MUL_COEF && a->terms[i].coef >= -AFF_MUL_COEF;
  return small;
}

bool affine_mul(const Facts *f, const Affine *a, const Affine *b, Affine *out) {
  Affine plain = *a;
  *out = (Affine){0};
  if (!is_small_form(a) || !is_small_form(b) || !affine_add(out, &plain, b->base)) return false;
  for (uint32_t k = 0; k < b->count; k++) {
    Affine scaled = {.terms = {{b->terms[k].leaf, 1}}, .count = 1};
    if (!affine_add(out, &scaled, b->terms[k].coef * a->base)) return false;
    for (uint32_t i = 0; i < a->count; i++) {
      const IrExpr *leaf = leaf_product(f, a->terms[i].leaf, b->terms[k].leaf);
      if (!leaf) return false;
      Affine term = {.terms = {{leaf, 1}}, .count = 1};
      if (!affine_add(out, &term, a->terms[i].coef * b->terms[k].coef)) return false;
      uint32_t degree = leaf_degree(leaf);
      if (degree > f->degree) ((Facts *)(uintptr_t)f)->degree = degree;
    }
  }
  return true;
}

bool affine_leaf_vars(const IrExpr *leaf, bool (*test)(const IrVar *var, const void *data), const void *data) {
  if (leaf->op == IR_VAR) return test(leaf->as.var, data);
  if (leaf->op == IR_LOAD || leaf->op == IR_RTCALL) return false;
  for (uint32_t i = 0; i < leaf->count; i++)
    if (!affine_leaf_vars(leaf->args[i], test, data)) return false;
  return true;
}

static bool leaf_form(const IrExpr *e, Affine *out) {
  *out = (Affine){.terms = {{e, 1}}, .count = 1};
  return true;
}

typedef struct Form { /* of a tree under construction */
  Affine a;
  bool bounded; /* no leaf that may be anything */
} Form;

enum { FORM_DEPTH = 24 };
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

enum { BOUND_DEPTH = 4, FORM_WORK = 200 };

static bool leaf_is_bounded(const Facts *f, const IrExpr *leaf, int depth);

/* Do facts bound the leaf from one side by things that are bounded on the side that matters? */
static bool is_bounded_by_facts(const Facts *f, const IrExpr *leaf, bool above, int depth, int chain) {
  if (chain == BOUND_DEPTH || --((Facts *)(uintptr_t)f)->work < 0) return false;
  for (uint32_t i = f->known.len; i-- > 0;) {
    const Affine *fact = &f->known.data[i];
    int64_t coef = affine_coef(fact, leaf);
    if (coef == 0 || (coef < 0) != above) continue;
    bool ok = true;
    for (uint32_t k = 0; k < fact->count && ok; k++) {
      const AffTerm *term = &fact->terms[k];
      if (ir_same(term->leaf, leaf)) continue;
      bool side = term->coef > 0; /* it says something with + c x: x matters from above when c > 0 */
      ok = leaf_is_bounded(f, term->leaf, depth + 1) || is_bounded_by_facts(f, term->leaf, side, depth + 1, chain + 1);
    }
    if (ok) return true;
  }
  return false;
}

/* Without facts, except for those of the leaf itself. */
static bool leaf_is_bounded(const Facts *f, const IrExpr *leaf, int depth) {
  Form lo, hi;
  if (leaf->op != IR_VAR) return leaf->op == IR_SHAPE || leaf->op == IR_SIZE || (bound_op(f, leaf) && bound_is_small(f, leaf, depth));
  if (depth > 20) return false;
  const IrVar *var = leaf->as.var;
  const IrStmt *loop = facts_maker(f, var, IRS_FOR);
  if (loop) return is_bounded_index(f, loop, depth);
  if (var->lo) return form_of(f, var->lo, depth + 1, &lo) && lo.bounded && form_of(f, var->hi, depth + 1, &hi) && hi.bounded;
  return map_get(&f->small, map_key(var)) || (bound_op(f, leaf) && bound_is_small(f, bound_op(f, leaf), depth + 1));
}

static bool is_bounded(const Facts *f, const IrExpr *leaf, int depth) {
  if (leaf_is_bounded(f, leaf, depth)) return true;
  return f->by_facts && leaf->op == IR_VAR && is_bounded_by_facts(f, leaf, true, depth, 0) && is_bounded_by_facts(f, leaf, false, depth, 0);
}

static bool var_form(const Facts *f, const IrExpr *e, int depth, Form *out) {
  const IrVar *var = e->as.var;
  if (!var->once || var->is_global || !type_is(e->type, DT_INT64)) return false;
  const Affine *exact = map_get(&f->exact, map_key(var));
  if (exact) {
    out->a = *exact;
    for (uint32_t i = 0; i < exact->count; i++) out->bounded &= is_bounded(f, exact->terms[i].leaf, depth + 1);
    return true;
  }
  const IrStmt *loop = facts_maker(f, var, IRS_FOR);
  const IrExpr *def = facts_value(f, var);
  if (def && def->op == IR_VAR && def->as.var->once && !def->as.var->is_global) return form_of(f, def, depth + 1, out); /* a copy */
  if (!loop && def && !(var->lo && var->hi) && form_of(f, def, depth + 1, out) && (out->bounded || f->assume_bounded)) return true;
  out->bounded = is_bounded(f, e, depth);
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
  if (x.a.count && f->assume_bounded) {
    out->bounded = false;
    return affine_mul(f, &x.a, &y.a, &out->a);
  }
  if (x.a.count || x.a.base > AFF_MAX_COEF || x.a.base < -AFF_MAX_COEF) return false;
  *out = (Form){.bounded = y.bounded};
  return (out->bounded || f->assume_bounded) && affine_add(&out->a, &y.a, x.a.base);
}

static bool form_of(const Facts *f, const IrExpr *e, int depth, Form *out) {
  int64_t value;
  if (depth > FORM_DEPTH || !type_is(e->type, DT_INT64)) return false;
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
  default: break;
  }
  if (!bound_op(f, e)) return false;
  out->bounded = bound_is_small(f, e, depth + 1);
  return leaf_form(e, &out->a);
}

/* A question from outside, not one that another form asks. */
static void start_work(const Facts *f) { ((Facts *)(uintptr_t)f)->work = FORM_WORK; }

bool affine_of(const Facts *f, const IrExpr *e, Affine *out) {
  Form form;
  start_work(f);
  if (!form_of(f, e, 0, &form)) return false;
  *out = form.a;
  return true;
}

bool affine_is_bounded_at(const Facts *f, const IrExpr *e, int depth) {
  Form form;
  return form_of(f, e, depth, &form) && form.bounded;
}

bool affine_is_bounded(const Facts *f, const IrExpr *e) {
  start_work(f);
  return affine_is_bounded_at(f, e, 0);
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

void facts_push_order(Facts *f, const IrExpr *a, const IrExpr *b) { push_order(f, a, b, 1); }

void facts_push_range(Facts *f, const IrExpr *index, const IrExpr *lo, const IrExpr *hi) {
  push_order(f, lo, index, 0);
  push_order(f, index, hi, 1);
}

/* a != 0 and a >= 0: a divisor that is an extent. */
static void push_not_zero(Facts *f, const IrExpr *a, const IrExpr *b) {
  Affine x;
  int64_t zero;
  if (f->proving || !ir_is_int_const(b, &zero) || zero != 0 || !affine_of(f, a, &x) || !affine_prove(f, &x)) return;
  x.base -= 1;
  push(f, &x);
}

/* `now`: evaluated where the walk stands; what was evaluated before may have read other values of mutable variables than they have now. */
static void push_cond(Facts *f, const IrExpr *cond, bool holds, bool now) {
  for (int depth = 0; depth < 16 && cond->op == IR_VAR; depth++) {
    const IrVar *var = cond->as.var;
    for (uint32_t i = f->chains.len; (now || var->once) && i-- > 0;) {
      BoolChain chain = f->chains.data[i];
      if (chain.var != var || chain.is_and != holds) continue;
      push_cond(f, chain.first, holds, true);
      push_cond(f, chain.second, holds, true);
      return;
    }
    const IrExpr *value = facts_value(f, var);
    if (!value) return;
    cond = value;
    now = false;
  }
  if (cond->op == (holds ? IR_LAND : IR_LOR)) {
    push_cond(f, cond->args[0], holds, now);
    push_cond(f, cond->args[1], holds, now);
    return;
  }
  if (cond->op == IR_LNOT) {
    push_cond(f, cond->args[0], !holds, now);
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
    if (holds != (cond->op == IR_EQ)) {
      push_not_zero(f, a, b);
      break;
    }
    push_order(f, a, b, 0);
    push_order(f, b, a, 0);
    break;
  default: break;
  }
}

void facts_push_cond(Facts *f, const IrExpr *cond, bool holds) { push_cond(f, cond, holds, true); }

/* ---- proofs ---- */

static bool never_negative(const IrExpr *leaf) {
  return leaf->op == IR_SHAPE || leaf->op == IR_SIZE ||
         (leaf->op == IR_MUL && never_negative(leaf->args[0]) && never_negative(leaf->args[1]));
}

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

enum { PROOF_STEPS = 5, PROOF_WORK = 400 };

static bool prove(Facts *f, const Affine *e, int steps, int *work);

/* By the bounds of the operation that the term stands for. */
static bool prove_bound(Facts *f, const Affine *e, const AffTerm *term, int steps, int *work) {
  Bound b;
  if (!bound_goal(f, e, term, &b)) return false;
  Affine positive;
  if (b.positive) {
    if (!affine_of(f, b.positive, &positive)) return false;
    positive.base -= 1;
    if (!prove(f, &positive, steps - 1, work)) return false;
  }
  bool done = b.all;
  for (uint32_t i = 0; i < b.count && done == b.all; i++) {
    uint32_t mark = f->known.len;
    if (b.cond) push_cond(f, b.cond, i == 0, false);
    done = prove(f, &b.goal[i], steps - 1, work);
    f->known.len = mark;
  }
  return done;
}

static bool prove(Facts *f, const Affine *e, int steps, int *work) {
  if (plainly(e)) return true;
  const AffTerm *term = open_term(e);
  if (!term || steps == 0 || --*work < 0) return false;
  for (uint32_t i = f->known.len; i-- > 0;) {
    int64_t coef = affine_coef(&f->known.data[i], term->leaf);
    if (coef == 0 || (coef > 0) != (term->coef > 0) || term->coef % coef != 0) continue;
    Affine rest = *e;
    if (affine_add(&rest, &f->known.data[i], -(term->coef / coef)) && prove(f, &rest, steps - 1, work)) return true;
  }
  for (uint32_t i = 0; i < e->count; i++)
    if (prove_bound(f, e, &e->terms[i], steps, work)) return true;
  return false;
}

bool affine_prove(const Facts *f, const Affine *e) {
  int work = PROOF_WORK;
  Facts *own = (Facts *)(uintptr_t)f; /* facts are pushed and popped again */
  bool proving = own->proving;
  own->proving = true;
  bool done = prove(own, e, PROOF_STEPS, &work);
  own->proving = proving;
  return done;
}

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
