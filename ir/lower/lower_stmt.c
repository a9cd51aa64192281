/* Statements: assignment in all its forms, if, return, and what the other rooms do for the rest. In: statements that inference reached.
 * Out: IR statements; each function says whether control goes on behind it, so that nothing follows a jump. Temporaries end with their
 * statement. */
#include "ir/lower/lower_scalar.h"

/* ---- assignment ---- */

/* Nothing happens when the expression is evaluated. */
static bool is_quiet(const Expr *e) {
  if (!e) return true;
  switch ((int)e->kind) {
  case EXPR_INT:
  case EXPR_NAME:
  case EXPR_NONE:
  case EXPR_ELLIPSIS:
  case EXPR_BOOL: return true;
  case EXPR_ATTR: return e->ref.kind != REF_NONE || is_quiet(e->as.attr.base);
  case EXPR_UNARY: return is_quiet(e->as.unary.operand);
  case EXPR_BINARY: return is_quiet(e->as.binary.lhs) && is_quiet(e->as.binary.rhs);
  case EXPR_SLICE: return is_quiet(e->as.slice.lo) && is_quiet(e->as.slice.hi) && is_quiet(e->as.slice.step);
  case EXPR_TUPLE:
    for (uint32_t i = 0; i < e->as.list.items.len; i++)
      if (!is_quiet(e->as.list.items.data[i])) return false;
    return true;
  case EXPR_INDEX:
    for (uint32_t i = 0; i < e->as.index.items.len; i++)
      if (!is_quiet(e->as.index.items.data[i])) return false;
    return is_quiet(e->as.index.base);
  default: return false;
  }
}

static void check_count(Lower *lo, IrExpr *n, uint32_t wanted, Span at) {
  IrBuilder *b = &lo->b;
  Span saved = b->span;
  b->span = at;
  IrExpr *want = ir_int(b, wanted);
  ir_check(b, CHECK_VALUE, ir_compare(b, IR_GE, n, want), VALUE_ERROR, "not enough values to unpack (expected %d, got %d)", want, n, NULL,
           NULL);
  ir_check(b, CHECK_VALUE, ir_compare(b, IR_LE, n, want), VALUE_ERROR, "too many values to unpack (expected %d)", want, NULL, NULL, NULL);
  b->span = saved;
}

static void unpack(Lower *lo, const Expr *target, IrExpr *value, Span at) {
  uint32_t count = target->as.list.items.len;
  IrExpr **items = arena_array(lo->arena, IrExpr *, count + 1);
  value = lower_open(lo, value, at);
  if (type_is_array(value->type)) {
    IrVar *array = lower_pin(lo, lower_bind_array(lo, value));
    const Type *t = array->type;
    const Type *row = t->ndim == 1
                          ? type_scalar(lo->types, t->dtype)
                          : type_array(lo->types, t->dtype, t->ndim - 1u, t->layout == LAYOUT_C ? LAYOUT_C : LAYOUT_A, t->readonly);
    check_count(lo, ir_shape(&lo->b, array, 0), count, at);
    for (uint32_t i = 0; i < count; i++) items[i] = lower_row(lo, array, ir_int(&lo->b, i), row);
  } else {
    if (value->op != IR_TUPLE) value = lower_bind(lo, NULL, value);
    for (uint32_t i = 0; i < count; i++) items[i] = lower_get(lo, value, i);
  }
  for (uint32_t i = 0; i < count; i++) {
    uint32_t start = lo->b.block->len;
    lower_assign(lo, target->as.list.items.data[i], items[i], target->as.list.items.data[i]->span);
    lower_guard(lo, start, items + i + 1, count - i - 1);
  }
}

void lower_assign(Lower *lo, const Expr *target, IrExpr *value, Span at) {
  if (target->kind == EXPR_NAME) {
    lower_define(lo, target->ref.def, value, at);
  } else if (target->kind == EXPR_TUPLE || target->kind == EXPR_LIST) {
    unpack(lo, target, value, at);
  } else if (target->kind == EXPR_INDEX) {
    if (!is_quiet(target)) value = lower_bind(lo, NULL, value);
    lower_store(lo, target, value, at);
  } else {
    lower_unsupported(lo, target->span, lo->types->none, "this cannot be assigned to");
  }
}

static void lower_targets(Lower *lo, Expr *const *targets, uint32_t count, const Expr *value, Span at) {
  if (count == 1 && targets[0]->kind == EXPR_INDEX && lower_store_expr(lo, targets[0], value, at)) return;
  IrExpr *v = lower_expr(lo, value);
  if (count > 1) v = lower_bind(lo, NULL, v);
  IrVar *temp = v->op == IR_VAR && v->as.var->temp ? v->as.var : NULL;
  for (uint32_t i = 0; i < count; i++) {
    if (temp) temp->temp = i + 1 == count; /* only the last may take it over */
    lower_assign(lo, targets[i], v, count == 1 ? at : targets[i]->span);
  }
  if (temp) temp->temp = true;
}

static void lower_aug(Lower *lo, const Stmt *s) {
  const Expr *target = s->as.aug.target;
  if (target->kind != EXPR_NAME) {
    lower_aug_store(lo, s);
    return;
  }
  Span at = s->span;
  IrExpr *old = lower_open(lo, lower_read(lo, s->as.aug.read, target->span), target->span);
  if (type_is_array(old->type)) {
    lower_aug_array(lo, lower_bind_array(lo, old), s->as.aug.op, s->as.aug.value, at);
    lower_define(lo, target->ref.def, old, at);
    return;
  }
  uint32_t start = lo->b.block->len;
  IrExpr *value = lower_open(lo, lower_expr(lo, s->as.aug.value), s->as.aug.value->span);
  lower_guard(lo, start, &old, 1);
  const Type *type = lower_type(lo, target), *result = promote_scalars(lo->types, s->as.aug.op, old->type, value->type);
  int64_t exponent;
  if (result && s->as.aug.op == BIN_POW && type_is_int(result) && ir_is_int_const(value, &exponent) && exponent < 0)
    result = NULL; /* a float */
  if (type_is_tuple(old->type) && type_is_tuple(value->type)) {
    uint32_t n = old->type->count, m = value->type->count;
    IrExpr **items = arena_array(lo->arena, IrExpr *, n + m + 1);
    old = lower_bind(lo, NULL, old);
    value = lower_bind(lo, NULL, value);
    for (uint32_t i = 0; i < n + m; i++) items[i] = i < n ? lower_get(lo, old, i) : lower_get(lo, value, i - n);
    lower_define(lo, target->ref.def, ir_tuple(&lo->b, type, items, n + m), at);
    return;
  }
  lower_define(lo, target->ref.def, lower_binop(lo, s->as.aug.op, old, value, result ? result : type, at), at);
}

/* ---- if ---- */

static bool lower_if(Lower *lo, const Stmt *s) {
  const Join *join = &s->as.if_.join;
  int8_t pruned = lo->spec->if_pruned[s->id];
  if (pruned) {
    bool falls = lower_block(lo, pruned == 1 ? &s->as.if_.body : &s->as.if_.orelse);
    if (falls) lower_edge(lo, &join->phis, pruned == 1 ? 0 : 1);
    return falls;
  }
  uint32_t mark = lo->temps.len;
  IrExpr *cond = lower_cond(lo, s->as.if_.cond);
  if (lo->temps.len > mark) cond = lower_bind(lo, NULL, cond);
  lower_drop_temps(lo, mark);
  lo->b.span = s->span;
  IrStmt *branch = ir_stmt(&lo->b, IRS_IF);
  branch->as.if_.cond = cond;
  IrBlock *outer = lower_enter(lo, &branch->as.if_.then);
  bool then_falls = lower_block(lo, &s->as.if_.body);
  if (then_falls) lower_edge(lo, &join->phis, 0);
  lower_enter(lo, &branch->as.if_.orelse);
  bool else_falls = lower_block(lo, &s->as.if_.orelse);
  if (else_falls) lower_edge(lo, &join->phis, 1);
  lower_leave(lo, outer);
  return then_falls || else_falls;
}

/* ---- return ---- */

static void lower_return(Lower *lo, const Stmt *s) {
  const Type *result = lo->func->result;
  IrExpr *value = s->as.value ? lower_expr(lo, s->as.value) : ir_none(&lo->b, lo->types->none);
  value = lower_convert(lo, value, result, s->span);
  lo->b.span = s->span;
  IrStmt *ret = ir_stmt(&lo->b, IRS_RETURN);
  if (!lower_has_content(result)) return;
  ret->as.ret.value = value;
  IrVar *var = value->op == IR_VAR ? value->as.var : NULL;
  ret->as.ret.move = var && var->owns && !var->is_global && !var->is_param;
}

/* ---- all of them ---- */

static bool lower_stmt(Lower *lo, const Stmt *s) {
  switch (s->kind) {
  case STMT_EXPR: lower_expr(lo, s->as.expr); return true;
  case STMT_ASSIGN: lower_targets(lo, s->as.assign.targets.data, s->as.assign.targets.len, s->as.assign.value, s->span); return true;
  case STMT_ANN_ASSIGN:
    if (s->as.ann.value) lower_targets(lo, &s->as.ann.target, 1, s->as.ann.value, s->span);
    return true;
  case STMT_AUG_ASSIGN: lower_aug(lo, s); return true;
  case STMT_IF: return lower_if(lo, s);
  case STMT_WHILE:
  case STMT_FOR: return lower_loop(lo, s);
  case STMT_BREAK:
  case STMT_CONTINUE: lower_jump(lo, s); return false;
  case STMT_RETURN: lower_return(lo, s); return false;
  case STMT_ASSERT: return lower_assert(lo, s);
  case STMT_RAISE: lower_raise(lo, s); return false;
  case STMT_DEF: {
    const Def *def = s->as.def.def;
    if (def && lo->spec->def_types[def->id] && lo->def_vars[def->id])
      lower_define(lo, def, lower_func_value(lo, def->args.data, lo->spec->def_types[def->id], s->span), s->span);
    else if (def)
      lower_set_flag(lo, def);
    return true;
  }
  case STMT_PASS:
  case STMT_IMPORT: return true;
  case STMT_KIND_COUNT: break;
  }
  LJ_UNREACHABLE();
}

bool lower_block(Lower *lo, const StmtVec *body) {
  for (uint32_t i = 0; i < body->len; i++) {
    const Stmt *s = body->data[i];
    if (!lo->spec->stmt_reached[s->id]) return false;
    uint32_t mark = lo->temps.len;
    lo->b.span = s->span;
    bool falls = lower_stmt(lo, s);
    lower_drop_temps(lo, mark);
    if (!falls) return false;
  }
  return true;
}
