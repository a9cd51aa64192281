/* Reductions as users write them: s += e, s = s + e, s = max(s, e), s = s or c, s = e if e > s else s, if e > s: s = e; k = i, and the same for the
 * elements of an array. A variable is a reduction when all its uses in the loop have forms of one kind, and e does not depend on it.
 * In: the body of a parallel loop, and a variable. Out: the reduction, or the use that is none. */
#include "ir/lower/lower_parallel.h"

#include "frontend/sema.h"

typedef struct Match {
  ParLoop *p;
  const Local *local;
  const Expr *element; /* the element of the array that the statement is about; NULL: the variable itself */
  IrReduction *out;
  bool any, failed;
  Span bad;
} Match;

static bool refuse(Match *m, Span at) {
  if (!m->failed) m->bad = at;
  m->failed = true;
  return false;
}

static bool record(Match *m, IrReduction r, Span at) {
  if (!m->any) *m->out = r;
  m->any = true;
  const IrReduction *o = m->out;
  if (o->op != r.op || o->is_best != r.is_best || o->swapped != r.swapped || o->negated != r.negated) return refuse(m, at);
  return true;
}

static bool is_leaf(const Match *m, const Expr *e) { return m->element ? par_same(m->p, e, m->element) : par_local(e) == m->local; }
static bool mentions(const Match *m, const Expr *e) { return par_mentions(e, m->local); }

/* The op under which a statement `s op= e` is associative; false: it is not. */
static bool op_class(BinOp op, IrOp *out) {
  switch (op) {
  case BIN_ADD:
  case BIN_SUB: *out = IR_ADD; return true;
  case BIN_MUL:
  case BIN_DIV: *out = IR_MUL; return true;
  case BIN_AND: *out = IR_AND; return true;
  case BIN_OR: *out = IR_OR; return true;
  case BIN_XOR: *out = IR_XOR; return true;
  case BIN_MATMUL:
  case BIN_FLOORDIV:
  case BIN_MOD:
  case BIN_POW:
  case BIN_SHL:
  case BIN_SHR:
  case BIN_OP_COUNT: return false;
  }
  LJ_UNREACHABLE();
}

static bool match_value(Match *m, const Expr *e);

static bool match_binary(Match *m, const Expr *e) {
  IrReduction r = {.kind = REDUCTION_OP};
  const Expr *lhs = e->as.binary.lhs, *rhs = e->as.binary.rhs;
  bool left = mentions(m, lhs), right = mentions(m, rhs);
  if (!op_class(e->as.binary.op, &r.op) || left == right) return false;
  if (right && (e->as.binary.op == BIN_SUB || e->as.binary.op == BIN_DIV)) return false;
  const Expr *inner = left ? lhs : rhs;
  return (is_leaf(m, inner) || match_value(m, inner)) && record(m, r, e->span);
}

static bool minmax_op(BuiltinId id, IrOp *op) {
  static const struct {
    BuiltinId id;
    IrOp op;
  } rows[] = {{BI_MIN, IR_PYMIN},        {BI_MAX, IR_PYMAX},    {BI_NP_MINIMUM, IR_NPMIN},
              {BI_NP_MAXIMUM, IR_NPMAX}, {BI_NP_FMIN, IR_FMIN}, {BI_NP_FMAX, IR_FMAX}};
  for (size_t i = 0; i < LJ_COUNT(rows); i++)
    if (rows[i].id == id) return *op = rows[i].op, true;
  return false;
}

static bool match_call(Match *m, const Expr *e) {
  const Callee *callee = spec_callee(m->p->lo->spec, e);
  IrReduction r = {.kind = REDUCTION_OP};
  const ExprVec *args = &e->as.call.args;
  if (!callee || callee->kind != CALLEE_BUILTIN || !minmax_op(callee->builtin->id, &r.op) || args->len < 2 || e->as.call.keywords.len)
    return false;
  const Expr *inner = NULL;
  for (uint32_t i = 0; i < args->len; i++) {
    if (!mentions(m, args->data[i])) continue;
    if (inner) return false;
    inner = args->data[i];
    r.swapped = i > 0;
  }
  if (!inner || (r.swapped && args->len > 2)) return false;
  return (is_leaf(m, inner) || match_value(m, inner)) && record(m, r, e->span);
}

static bool match_boolop(Match *m, const Expr *e) {
  const ExprVec *items = &e->as.boolop.operands;
  IrReduction r = {.kind = REDUCTION_OP, .op = e->as.boolop.is_or ? IR_LOR : IR_LAND};
  uint32_t found = 0;
  const Expr *inner = NULL;
  for (uint32_t i = 0; i < items->len; i++) {
    if (!mentions(m, items->data[i])) continue;
    inner = items->data[i];
    found++;
    if (i > 0 && !type_is_bool(lower_type(m->p->lo, e))) return false;
  }
  return found == 1 && (is_leaf(m, inner) || match_value(m, inner)) && record(m, r, e->span);
}

/* `e cmp s` or `s cmp e`: gives e, and the comparison with e on the left. */
static const Expr *match_compare(Match *m, const Expr *cond, IrOp *op) {
  if (cond->kind != EXPR_COMPARE || cond->as.compare.ops.len != 1) return NULL;
  const Expr *a = cond->as.compare.operands.data[0], *b = cond->as.compare.operands.data[1];
  bool flip = is_leaf(m, a);
  switch ((int)cond->as.compare.ops.data[0]) {
  case CMP_LT: *op = flip ? IR_GT : IR_LT; break;
  case CMP_LE: *op = flip ? IR_GE : IR_LE; break;
  case CMP_GT: *op = flip ? IR_LT : IR_GT; break;
  case CMP_GE: *op = flip ? IR_LE : IR_GE; break;
  default: return NULL;
  }
  const Expr *e = flip ? b : a, *leaf = flip ? a : b;
  return is_leaf(m, leaf) && !mentions(m, e) ? e : NULL;
}

static bool match_ifexp(Match *m, const Expr *e) {
  IrReduction r = {.kind = REDUCTION_BEST, .is_best = true};
  const Expr *value = match_compare(m, e->as.ifexp.cond, &r.op), *then = e->as.ifexp.then, *orelse = e->as.ifexp.orelse;
  if (!value) return false;
  r.negated = is_leaf(m, then);
  if (!is_leaf(m, r.negated ? then : orelse) || !par_same(m->p, value, r.negated ? orelse : then)) return false;
  return record(m, r, e->span);
}

static bool match_value(Match *m, const Expr *e) {
  switch ((int)e->kind) {
  case EXPR_BINARY: return match_binary(m, e);
  case EXPR_CALL: return match_call(m, e);
  case EXPR_BOOLOP: return match_boolop(m, e);
  case EXPR_IFEXP: return match_ifexp(m, e);
  default: return false;
  }
}

/* ---- statements ---------------------------------------------------------------------------------------------------------------------- */

static bool is_element(const Match *m, const Expr *e) { return e->kind == EXPR_INDEX && par_local(e->as.index.base) == m->local; }

static bool no_mention(Match *m, const Expr *e) { return !mentions(m, e) || refuse(m, e->span); }

static void refuse_mention(void *ctx, Expr *e) { no_mention(ctx, e); }

/* A float that goes into an array of integers is truncated each time: only the serial order is right. */
static bool truncates(const Match *m, const Expr *target, const Expr *value, bool divides) {
  const Type *array = lower_type(m->p->lo, target->kind == EXPR_INDEX ? target->as.index.base : target), *t = lower_type(m->p->lo, value);
  if (!array || !type_is_array(array) || !t) return false;
  DType to = array->dtype;
  if (dtype_is_complex(to) || to == DT_FLOAT32 || to == DT_FLOAT64) return false;
  return divides ||
         ((type_is_scalar(t) || type_is_array(t)) && (dtype_is_complex(t->dtype) || t->dtype == DT_FLOAT32 || t->dtype == DT_FLOAT64));
}

static bool index_is_free(Match *m, const Expr *target) {
  for (uint32_t i = 0; i < target->as.index.items.len; i++)
    if (!no_mention(m, target->as.index.items.data[i])) return false;
  return true;
}

static void match_pair(Match *m, const Expr *target, const Expr *value) {
  bool element = is_element(m, target);
  if (element && !index_is_free(m, target)) return;
  if (!element && par_local(target) != m->local) {
    if (no_mention(m, target)) no_mention(m, value);
    return;
  }
  m->element = element ? target : NULL;
  bool rebinds = !element && type_is_array(lower_type(m->p->lo, target)); /* y = np.maximum(y, v) makes a new array each time */
  if (rebinds || truncates(m, target, value, false) || !match_value(m, value)) refuse(m, mentions(m, value) ? value->span : target->span);
}

static void match_assign(Match *m, const Stmt *s) {
  const Expr *target = s->as.assign.targets.data[0], *value = s->as.assign.value;
  bool both = target->kind == EXPR_TUPLE && value->kind == EXPR_TUPLE && target->as.list.items.len == value->as.list.items.len;
  if (s->as.assign.targets.len == 1 && both) {
    for (uint32_t i = 0; i < value->as.list.items.len; i++) match_pair(m, target->as.list.items.data[i], value->as.list.items.data[i]);
  } else if (s->as.assign.targets.len == 1) {
    match_pair(m, target, value);
  } else {
    stmt_each_expr(s, refuse_mention, m);
  }
}

static void match_aug(Match *m, const Stmt *s) {
  const Expr *target = s->as.aug.target;
  bool element = is_element(m, target);
  if (!element && par_local(target) != m->local) {
    stmt_each_expr(s, refuse_mention, m);
    return;
  }
  IrReduction r = {.kind = REDUCTION_OP};
  if ((element && !index_is_free(m, target)) || !no_mention(m, s->as.aug.value)) return;
  if (truncates(m, target, s->as.aug.value, s->as.aug.op == BIN_DIV) || !op_class(s->as.aug.op, &r.op))
    refuse(m, target->span);
  else
    record(m, r, s->span);
}

typedef struct Reads {
  const Local *local;
  bool any;
} Reads;

static void see_read(void *ctx, Expr *e) {
  Reads *r = ctx;
  r->any |= par_mentions(e, r->local);
}

static void reads_target(Reads *r, const Expr *target) {
  if (target->kind == EXPR_TUPLE || target->kind == EXPR_LIST)
    for (uint32_t i = 0; i < target->as.list.items.len; i++) reads_target(r, target->as.list.items.data[i]);
  else if (target->kind != EXPR_NAME)
    see_read(r, (Expr *)(uintptr_t)target);
}

static bool is_read(const StmtVec *block, const Local *local) {
  Reads r = {local, false};
  for (uint32_t i = 0; i < block->len; i++) {
    Stmt *s = block->data[i];
    if (s->kind == STMT_ASSIGN) {
      see_read(&r, s->as.assign.value);
      for (uint32_t k = 0; k < s->as.assign.targets.len; k++) reads_target(&r, s->as.assign.targets.data[k]);
    } else if (s->kind == STMT_FOR) {
      see_read(&r, s->as.loop.iter);
    } else {
      stmt_each_expr(s, see_read, &r);
    }
    StmtVec *blocks[2];
    stmt_blocks(s, blocks);
    for (unsigned k = 0; k < 2; k++) r.any |= blocks[k] && is_read(blocks[k], local);
  }
  return r.any;
}

static bool is_plain_set(const Match *m, const Expr *target, const Expr *value, const Expr *best, bool *found) {
  if (is_leaf(m, target)) {
    *found = true;
    return par_same(m->p, value, best);
  }
  const Local *other = par_local(target);
  return other && !m->element && !mentions(m, value) && !is_read(&m->p->stmt->as.loop.body, other);
}

/* The body of `if e > s:` may set s to e, and other variables, which the loop does not read: what they are depends on all iterations before. */
static bool match_guard_body(Match *m, const Stmt *s, const Expr *best) {
  bool found = false;
  for (uint32_t i = 0; i < s->as.if_.body.len; i++) {
    const Stmt *one = s->as.if_.body.data[i];
    if (one->kind == STMT_PASS) continue;
    if (one->kind != STMT_ASSIGN || one->as.assign.targets.len != 1) return false;
    const Expr *target = one->as.assign.targets.data[0], *value = one->as.assign.value;
    bool both = target->kind == EXPR_TUPLE && value->kind == EXPR_TUPLE && target->as.list.items.len == value->as.list.items.len;
    if (!both && !is_plain_set(m, target, value, best, &found)) return false;
    for (uint32_t k = 0; both && k < value->as.list.items.len; k++)
      if (!is_plain_set(m, target->as.list.items.data[k], value->as.list.items.data[k], best, &found)) return false;
  }
  return found;
}

/* if e > s: …  or  if c and e > s: … */
static void match_guard(Match *m, const Stmt *s) {
  const Expr *cond = s->as.if_.cond, *best = NULL;
  IrReduction r = {.kind = REDUCTION_BEST, .is_best = true};
  bool is_and = cond->kind == EXPR_BOOLOP && !cond->as.boolop.is_or;
  uint32_t count = is_and ? cond->as.boolop.operands.len : 1;
  for (uint32_t i = 0; i < count; i++) {
    const Expr *one = is_and ? cond->as.boolop.operands.data[i] : cond;
    if (!mentions(m, one)) continue;
    m->element = NULL;
    for (uint32_t k = 0; one->kind == EXPR_COMPARE && k < one->as.compare.operands.len; k++)
      if (is_element(m, one->as.compare.operands.data[k])) m->element = one->as.compare.operands.data[k];
    best = best ? NULL : match_compare(m, one, &r.op);
    if (!best) break;
  }
  if (m->element && !index_is_free(m, m->element)) return;
  if (!best || s->as.if_.orelse.len || !match_guard_body(m, s, best)) {
    refuse(m, cond->span);
    return;
  }
  if (record(m, r, cond->span)) vec_push(m->p->lo->arena, &m->p->guards, ((Guard){s, m->local}));
}

static void match_block(Match *m, const StmtVec *block) {
  for (uint32_t i = 0; i < block->len && !m->failed; i++) {
    Stmt *s = block->data[i];
    m->element = NULL;
    if (s->kind == STMT_ASSIGN)
      match_assign(m, s);
    else if (s->kind == STMT_AUG_ASSIGN)
      match_aug(m, s);
    else if (s->kind == STMT_IF && mentions(m, s->as.if_.cond)) {
      match_guard(m, s);
      continue;
    } else
      stmt_each_expr(s, refuse_mention, m);
    StmtVec *blocks[2];
    stmt_blocks(s, blocks);
    for (unsigned k = 0; k < 2; k++)
      if (blocks[k]) match_block(m, blocks[k]);
  }
}

bool par_reduction(ParLoop *p, const Local *local, IrReduction *out, Span *bad) {
  Match m = {.p = p, .local = local, .out = out};
  *out = (IrReduction){0};
  uint32_t guards = p->guards.len;
  match_block(&m, &p->stmt->as.loop.body);
  *bad = m.bad;
  if (m.failed) p->guards.len = guards;
  return m.any && !m.failed;
}

/* ---- elements that keep the last value ---- */

static void store_target(Match *m, const Expr *target) {
  const ExprVec *items = &target->as.list.items;
  bool many = target->kind == EXPR_TUPLE || target->kind == EXPR_LIST;
  for (uint32_t i = 0; many && i < items->len; i++) store_target(m, items->data[i]);
  if (many || (!is_element(m, target) && no_mention(m, target)) || m->failed) return;
  const ExprVec *index = &target->as.index.items;
  const Type *array = lower_type(m->p->lo, target->as.index.base);
  bool ok = type_is_array(array) && index->len == array->ndim;
  for (uint32_t i = 0; i < index->len && ok; i++) {
    const Type *t = lower_type(m->p->lo, index->data[i]);
    ok = t && type_is_int(t) && par_is_fixed(m->p, index->data[i]) && !mentions(m, index->data[i]);
  }
  if (!ok) refuse(m, target->span);
  m->any |= ok;
}

static void store_block(Match *m, const StmtVec *block) {
  for (uint32_t i = 0; i < block->len && !m->failed; i++) {
    Stmt *s = block->data[i];
    if (s->kind == STMT_ASSIGN) {
      no_mention(m, s->as.assign.value);
      for (uint32_t k = 0; k < s->as.assign.targets.len; k++) store_target(m, s->as.assign.targets.data[k]);
    } else {
      stmt_each_expr(s, refuse_mention, m);
    }
    StmtVec *blocks[2];
    stmt_blocks(s, blocks);
    for (unsigned k = 0; k < 2; k++)
      if (blocks[k]) store_block(m, blocks[k]);
  }
}

bool par_stores_elements(ParLoop *p, const Local *array) {
  Match m = {.p = p, .local = array};
  store_block(&m, &p->stmt->as.loop.body);
  return m.any && !m.failed;
}

bool par_sets_in_guard(const Stmt *guard, const Local *local) {
  for (uint32_t i = 0; i < guard->as.if_.body.len; i++) {
    const Stmt *one = guard->as.if_.body.data[i];
    if (one->kind == STMT_ASSIGN && par_mentions(one->as.assign.targets.data[0], local)) return true;
  }
  return false;
}
