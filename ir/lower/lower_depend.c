/* Do iterations of a parallel loop use each other's elements? Subscripts are read as linear forms  coef * i + base + invariant values.
 * Two accesses of one array, at least one of them a store: some axis on which equal subscripts mean the same iteration proves independence; equal
 * subscripts on all axes for different iterations, in statements that every iteration runs, prove a conflict. What is below a condition that may
 * hold in one iteration alone (`if x[i] == key: out[0] = i`) proves none; such an element keeps the value of the last iteration that stores it. All else is unknown, and is said on the loop; the race checker
 * (passes/race.c) tells at run time. In: the body of a parallel loop. Out: an error that shows both accesses, or remarks. */
#include "ir/lower/lower_parallel.h"

#include "frontend/sema.h"
#include "ir/walk.h"

enum { SYMS = 4, DEPTH = 8, ACCESSES = 256 };

typedef struct Lin { /* coef * i + base + sum of syms; ok false: no such form */
  bool ok;
  int64_t coef, base;
  uint32_t count;
  const Expr *sym[SYMS];
  int64_t times[SYMS];
} Lin;

typedef struct Access {
  const Expr *at; /* EXPR_INDEX */
  const Local *array;
  bool is_store, sure; /* sure: every iteration does it, or none */
} Access;

typedef struct Depend {
  const ParLoop *p;
  Access list[ACCESSES];
  uint32_t count;
  bool store, sure;
} Depend;

/* ---- linear forms -------------------------------------------------------------------------------------------------------------------- */

static void check_fixed(void *ctx, Expr *e);
typedef struct Fixed {
  const ParLoop *p;
  bool ok;
} Fixed;

static void check_fixed(void *ctx, Expr *e) {
  Fixed *f = ctx;
  if (e->ref.kind == REF_DEF && e->ref.def && f->p->inner[e->ref.def->id]) f->ok = false;
  if (e->kind == EXPR_WALRUS || e->kind == EXPR_COMP || e->kind == EXPR_SLICE) f->ok = false;
  if (e->kind == EXPR_CALL) {
    const Callee *callee = spec_callee(f->p->lo->spec, e);
    if (!callee || callee->kind != CALLEE_BUILTIN || callee->builtin->id != BI_LEN) f->ok = false;
  }
  if (f->ok) expr_each_child(e, check_fixed, f);
}

/* Elements of arrays may change. */
bool par_is_fixed(const ParLoop *p, const Expr *e) {
  Fixed f = {p, true};
  if (e->kind == EXPR_INDEX && e->as.index.base->kind == EXPR_NAME) return false;
  check_fixed(&f, (Expr *)(uintptr_t)e);
  return f.ok;
}

static Lin lin_sum(const ParLoop *p, Lin a, Lin b, int64_t sign) {
  a.ok = a.ok && b.ok;
  a.coef += sign * b.coef;
  a.base += sign * b.base;
  for (uint32_t i = 0; i < b.count && a.ok; i++) {
    uint32_t k = 0;
    while (k < a.count && !par_same(p, a.sym[k], b.sym[i])) k++;
    if (k == SYMS) {
      a.ok = false;
    } else if (k == a.count) {
      a.sym[k] = b.sym[i], a.times[k] = sign * b.times[i];
      a.count++;
    } else if ((a.times[k] += sign * b.times[i]) == 0) {
      a.count--;
      a.sym[k] = a.sym[a.count], a.times[k] = a.times[a.count];
    }
  }
  return a;
}

static Lin lin_times(Lin a, int64_t n) {
  if (n > INT32_MAX || n < INT32_MIN || a.coef > INT32_MAX || a.coef < INT32_MIN || a.base > INT32_MAX || a.base < INT32_MIN) a.ok = false;
  if (!a.ok) return a;
  if (n == 0) return (Lin){.ok = true};
  a.coef *= n;
  a.base *= n;
  for (uint32_t i = 0; i < a.count; i++) a.ok &= !__builtin_mul_overflow(a.times[i], n, &a.times[i]);
  return a;
}

static Lin lin_of(const ParLoop *p, const Expr *e, int depth) {
  int64_t n;
  const Type *t = lower_type(p->lo, e);
  if (depth > DEPTH || !t || !type_is_int(t)) return (Lin){.ok = false};
  if (spec_const_int(p->lo->spec, e, &n) && n <= INT32_MAX && n >= INT32_MIN) return (Lin){.ok = true, .base = n};
  const Expr *target = p->stmt->as.loop.target;
  if (e->kind == EXPR_NAME && target->kind == EXPR_NAME && e->ref.kind == REF_DEF && e->ref.def == target->ref.def)
    return (Lin){.ok = true, .coef = 1};
  if (par_is_fixed(p, e)) return (Lin){.ok = true, .count = 1, .sym = {e}, .times = {1}};
  if (e->kind == EXPR_NAME && e->ref.kind == REF_DEF && e->ref.def->kind == DEF_ASSIGN && e->ref.def->const_value)
    return lin_of(p, e->ref.def->const_value, depth + 1);
  if (e->kind == EXPR_UNARY && e->as.unary.op == UN_NEG) return lin_times(lin_of(p, e->as.unary.operand, depth + 1), -1);
  if (e->kind != EXPR_BINARY) return (Lin){.ok = false};
  Lin a = lin_of(p, e->as.binary.lhs, depth + 1), b = lin_of(p, e->as.binary.rhs, depth + 1);
  if (e->as.binary.op == BIN_ADD || e->as.binary.op == BIN_SUB) return lin_sum(p, a, b, e->as.binary.op == BIN_ADD ? 1 : -1);
  if (e->as.binary.op != BIN_MUL || !a.ok || !b.ok) return (Lin){.ok = false};
  if (!b.coef && !b.count) return lin_times(a, b.base);
  if (!a.coef && !a.count) return lin_times(b, a.base);
  return (Lin){.ok = false};
}

/* ---- pairs of accesses --------------------------------------------------------------------------------------------------------------- */

typedef enum Verdict { SEPARATE, CONFLICT, UNKNOWN } Verdict;

/* The step of the loop's index; 0: not known. */
static int64_t step_of(const ParLoop *p) {
  const Expr *iter = p->stmt->as.loop.iter;
  int64_t step = 1;
  if (iter->kind != EXPR_CALL || iter->as.call.keywords.len) return 0;
  if (iter->as.call.args.len < 3) return 1;
  return spec_const_int(p->lo->spec, iter->as.call.args.data[2], &step) ? step : 0;
}

static bool is_below(const ParLoop *p, const Expr *e, int64_t limit) {
  int64_t n;
  return spec_const_int(p->lo->spec, e, &n) ? n < limit : e->kind == EXPR_UNARY && e->as.unary.op == UN_NEG;
}

/* The index is written as negative first and not negative later, or the other way round: two of its values may name one element. */
static bool changes_sign(const ParLoop *p, int64_t step) {
  const ExprVec *args = &p->stmt->as.loop.iter->as.call.args;
  if (!step || args->len < 2) return false;
  const Expr *least = args->data[step < 0], *most = args->data[step > 0];
  return is_below(p, least, step < 0 ? -1 : 0) && !is_below(p, most, step < 0 ? 0 : 1);
}

/* One axis: SEPARATE: equal subscripts mean the same iteration, or never. CONFLICT: subscripts of different iterations are equal; *distance says
 * how many iterations apart (0: any two). */
static Verdict axis_verdict(const ParLoop *p, const Expr *x, const Expr *y, int64_t *distance) {
  Lin a = lin_of(p, x, 0), b = lin_of(p, y, 0), d = lin_sum(p, a, b, -1);
  int64_t step = step_of(p);
  if (!d.ok || d.count || d.coef) return UNKNOWN;
  *distance = 0;
  if (!a.coef) return d.base ? SEPARATE : CONFLICT;
  if (!d.base) return changes_sign(p, step) ? UNKNOWN : SEPARATE;
  if (!step) return UNKNOWN;
  if (d.base % (a.coef * step)) return SEPARATE;
  *distance = d.base / (a.coef * step);
  return CONFLICT;
}

static bool has_slices(const Expr *index) {
  for (uint32_t i = 0; i < index->as.index.items.len; i++) {
    ExprKind kind = index->as.index.items.data[i]->kind;
    if (kind == EXPR_SLICE || kind == EXPR_NONE || kind == EXPR_ELLIPSIS) return true;
  }
  return false;
}

/* The subscript takes the same values in all iterations: made of constants, invariant values, and indices of inner loops over such ranges. */
static bool is_repeated(const ParLoop *p, const Expr *e, int depth);

typedef struct Repeated {
  const ParLoop *p;
  bool ok;
  int depth;
} Repeated;

static const Stmt *inner_loop_of(const StmtVec *block, const Def *index) {
  for (uint32_t i = 0; i < block->len; i++) {
    Stmt *s = block->data[i];
    if (s->kind == STMT_FOR && s->as.loop.target->kind == EXPR_NAME && s->as.loop.target->ref.def == index) return s;
    StmtVec *blocks[2];
    stmt_blocks(s, blocks);
    for (unsigned k = 0; k < 2; k++) {
      const Stmt *found = blocks[k] ? inner_loop_of(blocks[k], index) : NULL;
      if (found) return found;
    }
  }
  return NULL;
}

static void check_repeated(void *ctx, Expr *e) {
  Repeated *r = ctx;
  if (!is_repeated(r->p, e, r->depth)) r->ok = false;
}

static bool is_repeated(const ParLoop *p, const Expr *e, int depth) {
  if (depth > DEPTH || e->kind == EXPR_COMP || e->kind == EXPR_WALRUS || e->kind == EXPR_INDEX)
    return e->kind == EXPR_INDEX && par_is_fixed(p, e);
  const Def *def = e->ref.kind == REF_DEF ? e->ref.def : NULL;
  if (def && p->inner[def->id]) {
    const Stmt *loop = inner_loop_of(&p->stmt->as.loop.body, def);
    if (def->kind == DEF_ASSIGN && def->const_value) return is_repeated(p, def->const_value, depth + 1);
    return loop && is_repeated(p, loop->as.loop.iter, depth + 1);
  }
  if (e->kind == EXPR_CALL) {
    const Callee *callee = spec_callee(p->lo->spec, e);
    BuiltinId id = callee && callee->kind == CALLEE_BUILTIN ? callee->builtin->id : BI_COUNT;
    if (id != BI_LEN && id != BI_RANGE && id != BI_PRANGE) return false;
  }
  Repeated r = {p, true, depth + 1};
  expr_each_child(e, check_repeated, &r);
  return r.ok;
}

static bool all_repeated(const ParLoop *p, const Expr *index) {
  for (uint32_t i = 0; i < index->as.index.items.len; i++)
    if (!is_repeated(p, index->as.index.items.data[i], 0)) return false;
  return true;
}

static Verdict pair_verdict(const ParLoop *p, const Access *a, const Access *b) {
  const ExprVec *x = &a->at->as.index.items, *y = &b->at->as.index.items;
  int64_t distance = 0, one;
  bool conflict = x->len == y->len && !has_slices(a->at) && !has_slices(b->at);
  for (uint32_t i = 0; i < x->len && i < y->len; i++) {
    const Expr *s = x->data[i], *t = y->data[i];
    if (s->kind == EXPR_NONE || t->kind == EXPR_NONE || s->kind == EXPR_ELLIPSIS || t->kind == EXPR_ELLIPSIS) break;
    Verdict v = axis_verdict(p, s, t, &one);
    if (v == SEPARATE) return SEPARATE;
    if (v == UNKNOWN && par_same(p, s, t) && is_repeated(p, s, 0)) v = CONFLICT, one = 0;
    if (v == UNKNOWN || (one && distance && one != distance)) conflict = false;
    if (v == CONFLICT && one) distance = one;
  }
  if (conflict) return CONFLICT;
  return par_same(p, a->at, b->at) && all_repeated(p, a->at) ? CONFLICT : UNKNOWN;
}

/* ---- what the loop accesses ---------------------------------------------------------------------------------------------------------- */

static void see_access(void *ctx, Expr *e) {
  Depend *d = ctx;
  const Expr *base = e->kind == EXPR_INDEX ? e->as.index.base : NULL;
  const Local *array = base ? par_local(base) : NULL;
  const Type *t = base ? lower_type(d->p->lo, base) : NULL;
  bool outer = array && !d->p->inner[base->ref.def->id];
  for (uint32_t i = 0; i < d->p->reduced.len; i++) outer &= d->p->reduced.data[i] != array;
  if (outer && t && type_is_array(t) && d->count < ACCESSES) d->list[d->count++] = (Access){e, array, d->store, d->sure};
  bool store = d->store;
  d->store = false; /* subscripts are read */
  expr_each_child(e, see_access, d);
  d->store = store;
}

static void see_target(Depend *d, Expr *target) {
  if (target->kind == EXPR_TUPLE || target->kind == EXPR_LIST)
    for (uint32_t i = 0; i < target->as.list.items.len; i++) see_target(d, target->as.list.items.data[i]);
  d->store = true;
  if (target->kind == EXPR_INDEX) see_access(d, target);
  d->store = false;
}

static bool ends_early(const StmtVec *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    Stmt *s = block->data[i];
    if (s->kind == STMT_CONTINUE || s->kind == STMT_BREAK) return true;
    StmtVec *blocks[2];
    stmt_blocks(s, blocks);
    for (unsigned k = 0; k < 2; k++)
      if (blocks[k] && ends_early(blocks[k])) return true;
  }
  return false;
}

static void see_block(Depend *d, const StmtVec *block) {
  bool sure = d->sure;
  for (uint32_t i = 0; i < block->len; i++) {
    Stmt *s = block->data[i];
    if (s->kind == STMT_ASSIGN) {
      see_access(d, s->as.assign.value);
      for (uint32_t k = 0; k < s->as.assign.targets.len; k++) see_target(d, s->as.assign.targets.data[k]);
    } else if (s->kind == STMT_AUG_ASSIGN) {
      see_access(d, s->as.aug.value);
      see_target(d, s->as.aug.target);
    } else {
      stmt_each_expr(s, see_access, d);
    }
    if (s->kind == STMT_IF || s->kind == STMT_WHILE) d->sure = sure && s->kind == STMT_IF && par_is_fixed(d->p, s->as.if_.cond);
    StmtVec *blocks[2];
    stmt_blocks(s, blocks);
    for (unsigned k = 0; k < 2; k++)
      if (blocks[k]) see_block(d, blocks[k]);
    d->sure = sure;
  }
}

static Depend *accesses(const ParLoop *p) {
  Depend *d = arena_new(p->lo->arena, Depend);
  d->p = p;
  d->sure = !ends_early(&p->stmt->as.loop.body);
  see_block(d, &p->stmt->as.loop.body);
  return d;
}

bool par_independent(const ParLoop *p, const Local *array) {
  const Depend *d = accesses(p);
  if (d->count == ACCESSES) return false;
  for (uint32_t i = 0; i < d->count; i++)
    for (uint32_t k = i; k < d->count; k++)
      if (d->list[i].array == array && d->list[k].array == array && pair_verdict(p, &d->list[i], &d->list[k]) != SEPARATE) return false;
  return true;
}

static void fail_conflict(ParLoop *p, const Access *a, const Access *b) {
  LJ_ASSERT(a->array);
  const char *name = a->array->name->text;
  Diag *dx = p->lo->diag;
  if (!a->is_store) {
    const Access *t = a;
    a = b, b = t;
  }
  diag_error(dx, TYPE_ERROR, a->at->span, "prange: iterations depend on each other: one stores an element of '%s' that another %s", name,
             b->is_store ? "stores, too" : "reads");
  diag_note(dx, b->at->span, "'%s' is %s here", name, b->is_store ? "stored into" : "read");
  diag_note(dx, p->stmt->span, "the loop; 'range' makes it serial");
  p->lo->failed = true;
}

/* `if c: a[0] = e`: the last iteration that gets there says what it is, as in the serial order. Where all get there, they were not meant to. */
static bool keeps_last(ParLoop *p, const Depend *d, const Local *array) {
  IrVar *var = NULL;
  Span at = p->stmt->span;
  for (uint32_t i = 0; i < d->count; i++) {
    const Access *a = &d->list[i];
    if (a->array != array) continue;
    if (a->sure) return false;
    if (!var) var = p->lo->def_vars[a->at->as.index.base->ref.def->id], at = a->at->span;
  }
  if (!var || !par_stores_elements(p, array)) return false;
  vec_push(p->lo->arena, &p->reduced, array);
  par_add(p, (IrReduction){.kind = REDUCTION_ELEMENT}, var, at);
  return true;
}

void par_depend(ParLoop *p) {
  const Depend *d = accesses(p);
  const Local *done = NULL; /* nothing more is to say */
  for (uint32_t i = 0; i < d->count; i++)
    for (uint32_t k = i; k < d->count; k++) {
      const Access *a = &d->list[i], *b = &d->list[k];
      if (a->array != b->array || !(a->is_store || b->is_store)) continue;
      Verdict v = pair_verdict(p, a, b);
      if (v == CONFLICT && a->sure && b->sure) {
        fail_conflict(p, a, b);
        return;
      }
      if (v == SEPARATE || done == a->array) continue;
      done = a->array;
      if (keeps_last(p, d, a->array)) continue;
      const char *what = v == CONFLICT ? "all iterations that get there use the same element of '%s': only one may (--race-check tells)"
                                       : "whether iterations use different elements of '%s' is not known (--race-check tells)";
      ir_remark(p->lo->arena, p->loop, "depend", false, b->at->span, what, a->array->name->text);
    }
}
