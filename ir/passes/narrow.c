/* Pass "narrow": arithmetic of 64 bits whose values provably fit in 32 is done in 32: twice as many fit in a vector.
 *
 * Scalar integers are 64 bits wide, but what is computed from elements of 8 or 16 bits and constants is often small:  2 * a[i] - b[i] + 1  of bytes lies between
 * -254 and 511. Each expression gets the interval of its values; where an operation's and its operands' fit in int32, it is made on int32, and the result is
 * widened where something needs it wide. Variables have the interval of all that is assigned to them.
 * Values of loop indices are no part of this (LLVM knows more about them when they are wide), nor are indices of elements.
 * In: a unit whose loops are settled. Out: the same values. */
#include "ir/passes/passes.h"

#define FAR INT64_MAX /* an end that is not known: -FAR .. FAR */
enum { MOST_DEPTH = 60 };

typedef struct Interval {
  int64_t lo, hi;
} Interval;

typedef struct Origin { /* of a variable's values */
  Vec(IrExpr *) values;
  bool open;    /* it has others */
  bool busy, done;
  Interval in;
  IrVar *small; /* int32: stands for a variable that is set more than once */
} Origin;

typedef struct Narrow {
  IrBuilder b;
  Origin *origins; /* by IrVar.id */
  uint32_t count;
  const Type *small; /* int32 */
  bool replaces;     /* some variable */
  int depth;
} Narrow;

typedef struct Value { /* of an expression that was visited */
  IrExpr *wide;   /* the expression; NULL: only the narrow one is made so far */
  IrExpr *narrow; /* int32 with the same value; NULL: it does not fit */
  bool gains;     /* `narrow` has operations that were 64 bits wide */
  Interval in;
} Value;

/* ---- intervals ----------------------------------------------------------------------------------------------------------------------- */

static const Interval anything = {-FAR, FAR};

#define SMALL_ENOUGH ((int64_t)1 << 40) /* sums and products with small constants do not overflow */

static bool is_bounded(Interval x) { return x.lo > -SMALL_ENOUGH && x.hi < SMALL_ENOUGH; }
static bool fits(Interval x) { return x.lo >= INT32_MIN && x.hi <= INT32_MAX; }
static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
static Interval both(Interval a, Interval b) { return (Interval){least(a.lo, b.lo), most(a.hi, b.hi)}; }

static bool is_wide(const Type *t) { return type_is(t, DT_INT64) || type_is(t, DT_UINT64); }

/* Of every value of the type; wide ones may be anything. */
static Interval of_type(const Type *t) {
  if (type_is_bool(t)) return (Interval){0, 1};
  if (!type_is_scalar(t) || !type_is_int(t) || dtype_size(t->dtype) == 8) return anything;
  unsigned bits = 8 * dtype_size(t->dtype);
  if (!dtype_is_signed(t->dtype)) return (Interval){0, ((int64_t)1 << bits) - 1};
  return (Interval){-((int64_t)1 << (bits - 1)), ((int64_t)1 << (bits - 1)) - 1};
}

static Interval product(Interval a, Interval b) {
  if (!fits(a) || !fits(b)) return anything;
  int64_t p[4] = {a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi};
  return (Interval){least(least(p[0], p[1]), least(p[2], p[3])), most(most(p[0], p[1]), most(p[2], p[3]))};
}

static Interval of_bits(IrOp op, Interval a, Interval b) {
  if (op == IR_AND && (a.lo >= 0 || b.lo >= 0)) return (Interval){0, a.lo < 0 ? b.hi : b.lo < 0 ? a.hi : least(a.hi, b.hi)};
  if (op == IR_AND || a.lo < 0 || b.lo < 0 || !fits(a) || !fits(b)) return anything;
  int64_t all = 1;
  while (all <= a.hi || all <= b.hi) all *= 2;
  return (Interval){0, all - 1};
}

static Interval negated(Interval a) { return (Interval){-a.hi, -a.lo}; }

/* `by` of shifts and divisions: a constant; 0 where it is none or too large. */
static Interval of_op(const IrExpr *e, const Interval *a, int64_t by) {
  switch ((int)e->op) {
  case IR_ADD: return is_bounded(a[0]) && is_bounded(a[1]) ? (Interval){a[0].lo + a[1].lo, a[0].hi + a[1].hi} : anything;
  case IR_SUB: return is_bounded(a[0]) && is_bounded(a[1]) ? (Interval){a[0].lo - a[1].hi, a[0].hi - a[1].lo} : anything;
  case IR_MUL: return product(a[0], a[1]);
  case IR_NEG: return is_bounded(a[0]) ? negated(a[0]) : anything; /* the least integer stays */
  case IR_INVERT: return is_bounded(a[0]) ? (Interval){-a[0].hi - 1, -a[0].lo - 1} : anything;
  case IR_ABS:
    return !is_bounded(a[0]) ? anything : (Interval){a[0].lo > 0 ? a[0].lo : a[0].hi < 0 ? -a[0].hi : 0, most(a[0].hi, -a[0].lo)};
  case IR_AND:
  case IR_OR:
  case IR_XOR: return of_bits(e->op, a[0], a[1]);
  case IR_PYMIN:
  case IR_NPMIN: return (Interval){least(a[0].lo, a[1].lo), least(a[0].hi, a[1].hi)};
  case IR_PYMAX:
  case IR_NPMAX: return (Interval){most(a[0].lo, a[1].lo), most(a[0].hi, a[1].hi)};
  case IR_SELECT: return both(a[1], a[2]);
  case IR_SHL: return by ? product(a[0], (Interval){by, by}) : anything;
  case IR_SHR:
  case IR_FLOORDIV: return by && fits(a[0]) ? (Interval){a[0].lo / by - 1, a[0].hi / by} : anything;
  case IR_MOD: return by ? (Interval){0, by - 1} : anything;
  default: return anything;
  }
}

/* The factor or divisor that a constant operand stands for, where it is positive and below 2^31. */
static int64_t constant_of(const IrExpr *e) {
  int64_t n;
  bool shifts = e->op == IR_SHL || e->op == IR_SHR;
  if (e->count != 2 || !ir_is_int_const(e->args[1], &n)) return 0;
  if (shifts) return n >= 0 && n < 31 ? (int64_t)1 << n : 0;
  return n > 0 && n <= INT32_MAX ? n : 0;
}

/* ---- expressions --------------------------------------------------------------------------------------------------------------------- */

static Value visit(Narrow *n, IrExpr *e);

static Interval of_var(Narrow *n, const IrVar *var) {
  Interval type = of_type(var->type);
  if (!type_is_scalar(var->type) || !type_is_int(var->type) || var->is_global || var->id >= n->count) return type;
  Origin *o = &n->origins[var->id];
  if (o->done) return o->in;
  if (o->open || o->busy || !o->values.len || n->depth == MOST_DEPTH) return type;
  o->busy = true;
  n->depth++;
  Interval all = visit(n, o->values.data[0]).in;
  for (uint32_t i = 1; i < o->values.len; i++) all = both(all, visit(n, o->values.data[i]).in);
  n->depth--;
  o->busy = false;
  o->done = true;
  return o->in = all;
}

/* What LLVM finds again under the cast; loop indices are not among these: they have no interval. */
static IrExpr *narrow_leaf(Narrow *n, IrExpr *e) {
  int64_t value;
  if (ir_is_int_const(e, &value)) return ir_const(&n->b, n->small, (double)value);
  return ir_cast(&n->b, n->small, e->op == IR_CAST && type_is_int(e->args[0]->type) ? e->args[0] : e);
}

static Value leaf(Narrow *n, IrExpr *e, Interval in) {
  if (type_is(e->type, DT_UINT64) && in.lo < 0) in = anything;
  return (Value){e, is_wide(e->type) && fits(in) ? narrow_leaf(n, e) : NULL, false, in};
}

static IrExpr *wide_of(Narrow *n, const IrExpr *e, Value *v) {
  if (v->gains) v->wide = ir_cast(&n->b, e->type, v->narrow);
  return v->wide;
}

/* The node with other arguments. */
static IrExpr *rebuilt(Narrow *n, IrExpr *e, IrExpr *const *args) {
  bool same = true;
  for (uint32_t i = 0; i < e->count; i++) same &= args[i] == e->args[i];
  if (same) return e;
  IrExpr *copy = ir_expr(&n->b, e->op, e->type, args, e->count);
  copy->as = e->as;
  return copy;
}

static bool is_int_op(IrOp op) {
  switch ((int)op) {
  case IR_ADD:
  case IR_SUB:
  case IR_MUL:
  case IR_NEG:
  case IR_INVERT:
  case IR_ABS:
  case IR_AND:
  case IR_OR:
  case IR_XOR:
  case IR_PYMIN:
  case IR_PYMAX:
  case IR_NPMIN:
  case IR_NPMAX:
  case IR_SELECT:
  case IR_SHL:
  case IR_SHR:
  case IR_FLOORDIV:
  case IR_MOD: return true;
  default: return false;
  }
}

static bool is_scaled(IrOp op) { return op == IR_SHL || op == IR_SHR || op == IR_FLOORDIV || op == IR_MOD; }

enum { MOST_ARGS = 3 };

static Value visit_cast(Narrow *n, IrExpr *e) {
  Value v = visit(n, e->args[0]);
  bool from_int = type_is_int(e->args[0]->type) || type_is_bool(e->args[0]->type), to_int = type_is_int(e->type);
  Interval in = of_type(e->type);
  bool keeps = !is_wide(e->type) || !is_wide(e->args[0]->type) || is_bounded(v.in); /* the sign, between int64 and uint64 */
  if (from_int && to_int && keeps && v.in.lo >= in.lo && v.in.hi <= in.hi) in = v.in;
  if (v.gains && (type_is_int(e->type) || type_is_float(e->type))) { /* the same value from the narrow one */
    IrExpr *wide = ir_cast(&n->b, e->type, v.narrow);
    if (!is_wide(e->type) || v.in.lo < 0) return leaf(n, wide, in);
    return (Value){wide, v.narrow, true, in};
  }
  return leaf(n, rebuilt(n, e, (IrExpr *[]){wide_of(n, e->args[0], &v)}), in);
}

static Value visit_op(Narrow *n, IrExpr *e) {
  Value v[MOST_ARGS];
  Interval in[MOST_ARGS] = {anything, anything, anything};
  IrExpr *args[MOST_ARGS] = {NULL};
  int64_t by = is_scaled(e->op) ? constant_of(e) : 0;
  bool narrow = !is_scaled(e->op) || by;
  for (uint32_t i = 0; i < e->count; i++) {
    v[i] = visit(n, e->args[i]);
    in[i] = v[i].in;
    if (i > 0 || e->op != IR_SELECT) narrow &= v[i].narrow != NULL;
  }
  Interval all = of_op(e, in, by);
  Interval type = of_type(e->type);
  if (type_is(e->type, DT_UINT64) ? all.lo < 0 : all.lo < type.lo || all.hi > type.hi) all = type; /* it wraps */
  narrow &= is_wide(e->type);
  for (uint32_t i = 0; narrow && fits(all) && i < e->count; i++)
    args[i] = i == 0 && e->op == IR_SELECT ? wide_of(n, e->args[i], &v[i]) : v[i].narrow;
  if (narrow && fits(all)) return (Value){NULL, ir_expr(&n->b, e->op, n->small, args, e->count), true, all};
  for (uint32_t i = 0; i < e->count; i++) args[i] = wide_of(n, e->args[i], &v[i]);
  return leaf(n, rebuilt(n, e, args), all);
}

static Value visit_compare(Narrow *n, IrExpr *e) {
  Value v[2] = {visit(n, e->args[0]), visit(n, e->args[1])};
  IrExpr *args[2];
  bool narrow = v[0].narrow && v[1].narrow && (v[0].gains || v[1].gains);
  for (int i = 0; i < 2; i++) args[i] = narrow ? v[i].narrow : wide_of(n, e->args[i], &v[i]);
  return (Value){rebuilt(n, e, args), NULL, false, {0, 1}};
}

static Value visit(Narrow *n, IrExpr *e) {
  int64_t value;
  if (ir_is_int_const(e, &value)) return leaf(n, e, type_is(e->type, DT_UINT64) && value < 0 ? anything : (Interval){value, value});
  if (e->op == IR_VAR) return leaf(n, e, of_var(n, e->as.var));
  if (!e->count || e->op == IR_LOAD || e->op == IR_SHAPE || e->op == IR_STRIDE || e->op == IR_SIZE || e->op == IR_DATA ||
      n->depth == MOST_DEPTH)
    return leaf(n, e, of_type(e->type));
  n->depth++;
  Value out;
  if (e->op == IR_CAST) {
    out = visit_cast(n, e);
  } else if (type_is_scalar(e->type) && type_is_int(e->type) && !type_is_bool(e->type) && is_int_op(e->op)) {
    out = visit_op(n, e);
  } else if (e->op >= IR_EQ && e->op <= IR_GE && is_wide(e->args[0]->type) && is_wide(e->args[1]->type)) {
    out = visit_compare(n, e);
  } else {
    IrExpr **args = arena_array(n->b.arena, IrExpr *, e->count);
    for (uint32_t i = 0; i < e->count; i++) {
      Value v = visit(n, e->args[i]);
      args[i] = wide_of(n, e->args[i], &v);
    }
    out = leaf(n, rebuilt(n, e, args), of_type(e->type));
  }
  n->depth--;
  return out;
}

/* ---- statements ---------------------------------------------------------------------------------------------------------------------- */

static void note_origin(Narrow *n, const IrVar *var, IrExpr *value) {
  if (!var || var->is_global || !type_is_scalar(var->type)) return;
  Origin *o = &n->origins[var->id];
  if (value)
    vec_push(n->b.arena, &o->values, value);
  else
    o->open = true;
}

static void note_origins(Narrow *n, const IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    note_origin(n, ir_stmt_result(s), s->kind == IRS_SET ? s->as.set.value : NULL);
    if (s->kind == IRS_FOR) note_origin(n, s->as.for_.index, NULL);
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) note_origins(n, blocks[k]);
  }
}

/* Is everything that the variable is set to a constant or computed in 32 bits? */
static bool is_made_small(Narrow *n, const Origin *o) {
  bool gains = false;
  for (uint32_t i = 0; i < o->values.len; i++) {
    IrExpr *e = o->values.data[i];
    while (e->op == IR_VAR && e->as.var->once && !e->as.var->is_global && n->origins[e->as.var->id].values.len)
      e = n->origins[e->as.var->id].values.data[0];
    bool known = ir_is_const(e), made = !known && visit(n, e).gains;
    if (!known && !made) return false;
    gains |= made;
  }
  return gains;
}

/* Variables that are set once need no other type: what is read from them is the narrow value again. */
static void choose_vars(Narrow *n) {
  for (uint32_t id = 0; id < n->count; id++) {
    IrVar *var = n->b.func->vars.data[id];
    if (var->once || !is_wide(var->type) || !fits(of_var(n, var)) || !is_made_small(n, &n->origins[id])) continue;
    n->origins[id].small = ir_new_var(&n->b, var->name, n->small);
    n->replaces = true;
  }
}

static IrExpr *read_small(IrExpr *e, void *data) {
  Narrow *n = data;
  if (e->op != IR_VAR || e->as.var->is_global || e->as.var->id >= n->count || !n->origins[e->as.var->id].small) return e;
  return ir_cast(&n->b, e->type, ir_var(&n->b, n->origins[e->as.var->id].small));
}

static void read_slot(IrExpr **slot, void *data) { *slot = ir_rewrite(((Narrow *)data)->b.arena, *slot, read_small, data); }

static void replace_vars(Narrow *n, IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    ir_stmt_exprs(s, read_slot, n);
    if (s->kind == IRS_SET && !s->as.set.var->is_global && s->as.set.var->id < n->count && n->origins[s->as.set.var->id].small) {
      s->as.set.var = n->origins[s->as.set.var->id].small;
      s->as.set.value = ir_cast(&n->b, n->small, s->as.set.value);
    }
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) replace_vars(n, blocks[k]);
  }
}

static void narrow_slot(Narrow *n, IrExpr **slot) {
  IrExpr *e = *slot;
  Value v = visit(n, e);
  *slot = wide_of(n, e, &v);
}

static void narrow_block(Narrow *n, IrBlock *block, bool in_loop) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    IrLoop *loop = s->kind == IRS_FOR ? &s->as.for_.loop : s->kind == IRS_WHILE ? &s->as.while_.loop : NULL;
    n->b.span = s->span;
    if (loop && loop->cold) continue;
    if (in_loop && s->kind == IRS_SET && type_is_scalar(s->as.set.var->type)) narrow_slot(n, &s->as.set.value);
    if (in_loop && s->kind == IRS_STORE) narrow_slot(n, &s->as.store.value);
    if (in_loop && s->kind == IRS_IF) narrow_slot(n, &s->as.if_.cond);
    if (in_loop && s->kind == IRS_WHILE) narrow_slot(n, &s->as.while_.cond);
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) narrow_block(n, blocks[k], in_loop || loop);
  }
}

void pass_narrow(IrUnit *unit) {
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    IrFunc *func = unit->funcs.data[i];
    Narrow n = {.count = func->vars.len};
    if (!ir_any(&func->body, ir_is_loop, NULL)) continue;
    n.b = (IrBuilder){.arena = unit->arena, .unit = unit, .func = func, .types = (TypeTable *)(uintptr_t)&unit->program->types};
    n.small = type_scalar(n.b.types, DT_INT32);
    n.origins = arena_array(unit->arena, Origin, n.count + 1);
    for (uint32_t k = 0; k < func->params.len; k++) note_origin(&n, func->params.data[k], NULL);
    note_origins(&n, &func->body);
    choose_vars(&n);
    narrow_block(&n, &func->body, false);
    if (n.replaces) replace_vars(&n, &func->body);
  }
}
