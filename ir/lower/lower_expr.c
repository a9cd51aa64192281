/* Expressions: names, literals, operators, short circuits, displays, calls. In: an expression with its type in the Spec. Out: a pure tree;
 * what can fail or has an effect was emitted as statements before it, in Python's order.
 * Operators on scalars are lower_num.c's, arrays belong to the array rooms. */
#include "ir/lower/lower_scalar.h"

static const Type *bool_type(const Lower *lo) { return type_scalar(lo->types, DT_BOOL); }

/* ---- names and literals ---- */

static IrExpr *literal_int(Lower *lo, const Expr *e) {
  const Type *type = lower_type(lo, e);
  return type_is_int(type) ? ir_uint(&lo->b, type, e->as.integer.value) : ir_const(&lo->b, type, (double)e->as.integer.value);
}

static IrExpr *lower_name(Lower *lo, const Expr *e) {
  const Type *type = lower_type(lo, e);
  switch (e->ref.kind) {
  case REF_DEF:
  case REF_CAPTURE:
    if (lo->spec != lo->func->spec) return lower_expr(lo, e->ref.def->const_value); /* inside a constant of the top level */
    return lower_read(lo, e->ref.def, e->span);
  case REF_GLOBAL: return lower_global(lo, e->ref.global, e->span);
  case REF_FUNC:
    if (e->ref.captures) return lower_func_value(lo, e->ref.captures, type, e->span);
    return e->ref.def && lower_has_content(type) ? lower_read(lo, e->ref.def, e->span) : ir_none(&lo->b, type);
  case REF_BUILTIN:
    if (e->ref.builtin->typing == TR_CONST && type_is_scalar(type)) return ir_const(&lo->b, type, builtin_const(e->ref.builtin->id));
    return ir_none(&lo->b, type);
  case REF_MODULE:
  case REF_NONE: return ir_none(&lo->b, type);
  }
  LJ_UNREACHABLE();
}

/* ---- operators ---- */

static IrExpr *lower_unary(Lower *lo, const Expr *e) {
  const Type *type = lower_type(lo, e);
  const Expr *operand = e->as.unary.operand;
  UnOp op = e->as.unary.op;
  if (op == UN_NOT) {
    IrExpr *cond = lower_cond(lo, operand);
    if (cond->op == IR_LNOT) return cond->args[0];
    return lower_not(lo, cond);
  }
  if (type_is_array(type)) return lower_array_expr(lo, e);
  IrExpr *value = lower_open(lo, lower_expr(lo, operand), operand->span);
  if (op == UN_NEG && value->op == IR_CONST) { /* -1 is a literal, too */
    if (type_is_int(type)) return ir_uint(&lo->b, type, 0 - (uint64_t)value->as.i);
    if (type_is_float(type) && value->type == type) return ir_const(&lo->b, type, -value->as.f);
  }
  return lower_unop(lo, op, value, type);
}

static IrExpr *join_tuples(Lower *lo, IrExpr *const *sides, const Type *type) {
  IrExpr **items = arena_array(lo->arena, IrExpr *, type->count + 1);
  uint32_t n = 0;
  for (int s = 0; s < 2; s++) {
    IrExpr *side = lower_bind(lo, NULL, sides[s]);
    for (uint32_t i = 0; i < side->type->count; i++) items[n++] = lower_get(lo, side, i);
  }
  return ir_tuple(&lo->b, type, items, type->count);
}

static IrExpr *lower_binary(Lower *lo, const Expr *e) {
  const Type *type = lower_type(lo, e);
  if (e->as.binary.op == BIN_MATMUL) return lower_matmul(lo, e);
  if (type_is_array(type)) return lower_array_expr(lo, e);
  Expr *operands[] = {e->as.binary.lhs, e->as.binary.rhs};
  IrExpr *values[2];
  lower_exprs(lo, operands, 2, values);
  for (int i = 0; i < 2; i++) values[i] = lower_open(lo, values[i], operands[i]->span);
  if (type_is_tuple(type)) return join_tuples(lo, values, type);
  return lower_binop(lo, e->as.binary.op, values[0], values[1], type, e->span);
}

/* ---- short circuits ---- */

IrExpr *lower_short_circuit(Lower *lo, bool is_or, IrExpr *first, LowerNext next, void *data) {
  IrBuilder *b = &lo->b;
  IrBlock branch = {0};
  uint32_t mark = lo->temps.len;
  IrBlock *outer = lower_enter(lo, &branch);
  IrExpr *second = next(lo, data);
  lower_leave(lo, outer);
  if (!branch.len && lower_is_cheap(second)) return ir_binary(b, is_or ? IR_LOR : IR_LAND, first->type, first, second);
  IrVar *result = ir_new_var(b, NULL, first->type);
  ir_set(b, result, first);
  IrStmt *s = ir_stmt(b, IRS_IF);
  s->as.if_.cond = is_or ? lower_not(lo, ir_var(b, result)) : ir_var(b, result);
  s->as.if_.then = branch;
  lower_enter(lo, &s->as.if_.then);
  lower_branch_value(lo, result, second, mark, b->span);
  lower_leave(lo, outer);
  return ir_var(b, result);
}

/* Operands from `at` on, as inference reached them. */
typedef struct BoolChain {
  const Expr *e;
  uint32_t at;
} BoolChain;

static uint32_t reached_operands(const Lower *lo, const Expr *e) {
  uint32_t n = 1;
  while (n < e->as.boolop.operands.len && lower_type(lo, e->as.boolop.operands.data[n])) n++;
  return n;
}

static IrExpr *bool_operand(Lower *lo, void *data) {
  const BoolChain *chain = data;
  return lower_cond(lo, chain->e->as.boolop.operands.data[chain->at]);
}

static IrExpr *boolop_plain(Lower *lo, const Expr *e) {
  IrExpr *value = lower_cond(lo, e->as.boolop.operands.data[0]);
  uint32_t count = reached_operands(lo, e);
  for (uint32_t i = 1; i < count; i++) value = lower_short_circuit(lo, e->as.boolop.is_or, value, bool_operand, &(BoolChain){e, i});
  return value;
}

/* With values that are not bools, or names that operands assign: result = a; if result: result = b; … */
static void boolop_step(Lower *lo, const Expr *e, IrVar *result, uint32_t i, uint32_t count, bool as_cond) {
  IrBuilder *b = &lo->b;
  const Expr *operand = e->as.boolop.operands.data[i];
  uint32_t mark = lo->temps.len;
  IrExpr *value = as_cond ? lower_cond(lo, operand) : lower_expr(lo, operand);
  lower_branch_value(lo, result, value, mark, operand->span);
  if (i + 1 == count) {
    lower_edge(lo, &e->as.boolop.phis, i);
    return;
  }
  IrExpr *cond = lower_truth(lo, ir_var(b, result), operand->span);
  IrStmt *s = ir_stmt(b, IRS_IF);
  s->as.if_.cond = e->as.boolop.is_or ? lower_not(lo, cond) : cond;
  IrBlock *outer = lower_enter(lo, &s->as.if_.then);
  boolop_step(lo, e, result, i + 1, count, as_cond);
  lower_enter(lo, &s->as.if_.orelse);
  lower_edge(lo, &e->as.boolop.phis, i);
  lower_leave(lo, outer);
}

static IrExpr *lower_boolop(Lower *lo, const Expr *e, bool as_cond) {
  const Type *type = as_cond ? bool_type(lo) : lower_type(lo, e);
  bool all_bools = true;
  uint32_t count = reached_operands(lo, e);
  for (uint32_t i = 0; i < count; i++) all_bools &= as_cond || type_is_bool(lower_type(lo, e->as.boolop.operands.data[i]));
  if (all_bools && !e->as.boolop.phis.len) return boolop_plain(lo, e);
  IrVar *result = lower_result_var(lo, type);
  boolop_step(lo, e, result, 0, count, as_cond);
  return lower_has_content(type) ? ir_var(&lo->b, result) : ir_none(&lo->b, type);
}

IrExpr *lower_cond(Lower *lo, const Expr *e) {
  Span saved = lo->b.span;
  lo->b.span = e->span;
  IrExpr *value;
  if (e->kind == EXPR_BOOLOP)
    value = lower_boolop(lo, e, true);
  else
    value = lower_truth(lo, lower_expr(lo, e), e->span);
  lo->b.span = saved;
  return value;
}

/* ---- comparisons ---- */

typedef struct Chain {
  const Expr *e;
  uint32_t at;  /* operator */
  IrExpr *left; /* evaluated */
} Chain;

static IrExpr *compare_chain(Lower *lo, Chain chain);

static IrExpr *chain_rest(Lower *lo, void *data) { return compare_chain(lo, *(const Chain *)data); }

static void found_element(Lower *lo, LoopNest *nest, IrExpr *element, void *data) {
  IrExpr *value = data;
  IrExpr *same = lower_compare_values(lo, CMP_EQ, value, element, lo->b.span);
  IrStmt *s = ir_stmt(&lo->b, IRS_IF);
  s->as.if_.cond = same;
  IrBlock *outer = lower_enter(lo, &s->as.if_.then);
  lower_leave_nest(lo, nest);
  lower_leave(lo, outer);
}

/* value in container. */
static IrExpr *lower_in(Lower *lo, IrExpr *value, const Expr *container) {
  IrBuilder *b = &lo->b;
  const Type *type = lower_type(lo, container);
  value = lower_open(lo, lower_bind(lo, NULL, value), container->span);
  if (!type_is_tuple(type)) {
    IrVar *found = ir_new_var(b, NULL, bool_type(lo));
    ir_set(b, found, ir_bool(b, false));
    LoopNest nest = {0};
    IrExpr *element = nest_open(lo, &nest, container, NULL, false);
    nest_break(&nest, found);
    found_element(lo, &nest, element, value);
    nest_end(lo, &nest);
    return ir_var(b, found);
  }
  IrExpr *tuple = lower_bind(lo, NULL, lower_expr(lo, container)), *result = NULL;
  for (uint32_t i = 0; i < type->count; i++) {
    IrExpr *same = lower_compare_values(lo, CMP_EQ, value, lower_get(lo, tuple, i), container->span);
    result = result ? ir_binary(b, IR_LOR, same->type, result, same) : same;
  }
  return result ? result : ir_bool(b, false);
}

static IrExpr *compare_chain(Lower *lo, Chain chain) {
  const Expr *e = chain.e;
  CmpOp op = e->as.compare.ops.data[chain.at];
  const Expr *operand = e->as.compare.operands.data[chain.at + 1];
  bool is_last = chain.at + 1 == e->as.compare.ops.len;
  IrExpr *here;
  Chain next = {.e = e, .at = chain.at + 1};
  if (op == CMP_IN || op == CMP_NOT_IN) {
    here = lower_in(lo, chain.left, operand);
    if (op == CMP_NOT_IN) here = lower_not(lo, here);
    if (!is_last) next.left = lower_bind(lo, NULL, lower_expr(lo, operand));
  } else {
    uint32_t start = lo->b.block->len;
    IrExpr *right = lower_expr(lo, operand);
    lower_guard(lo, start, &chain.left, 1);
    if (!is_last) right = lower_bind(lo, NULL, right);
    next.left = right;
    here = lower_compare_values(lo, op, chain.left, right, e->span);
  }
  return is_last ? here : lower_short_circuit(lo, false, here, chain_rest, &next);
}

static IrExpr *lower_compare(Lower *lo, const Expr *e) {
  if (type_is_array(lower_type(lo, e))) return lower_array_expr(lo, e);
  return compare_chain(lo, (Chain){.e = e, .left = lower_expr(lo, e->as.compare.operands.data[0])});
}

/* ---- a if c else b ---- */

static IrExpr *lower_ifexp(Lower *lo, const Expr *e) {
  IrBuilder *b = &lo->b;
  const Type *type = lower_type(lo, e);
  const Expr *sides[] = {e->as.ifexp.then, e->as.ifexp.orelse};
  for (uint32_t i = 0; i < 2; i++)
    if (!lower_type(lo, sides[!i])) { /* the condition follows from the types */
      IrExpr *only = lower_convert(lo, lower_expr(lo, sides[i]), type, e->span);
      lower_edge(lo, &e->as.ifexp.phis, i);
      return only;
    }
  IrExpr *cond = lower_cond(lo, e->as.ifexp.cond), *values[2];
  IrBlock blocks[2] = {{0}}, *outer = b->block;
  uint32_t marks[3] = {lo->temps.len};
  IrVarVec temps[2];
  for (int i = 0; i < 2; i++) {
    lower_enter(lo, &blocks[i]);
    values[i] = lower_convert(lo, lower_expr(lo, sides[i]), type, sides[i]->span);
    marks[i + 1] = lo->temps.len;
    temps[i] = (IrVarVec){0};
    while (lo->temps.len > marks[0]) vec_push(lo->arena, &temps[i], lo->temps.data[--lo->temps.len]);
  }
  lower_leave(lo, outer);
  bool cheap = !blocks[0].len && !blocks[1].len && type_is_scalar(type) && !e->as.ifexp.phis.len;
  if (cheap && lower_is_cheap(values[0]) && lower_is_cheap(values[1])) return ir_select(b, cond, values[0], values[1]);
  IrVar *result = lower_result_var(lo, type);
  IrStmt *s = ir_stmt(b, IRS_IF);
  s->as.if_.cond = cond;
  s->as.if_.then = blocks[0];
  s->as.if_.orelse = blocks[1];
  for (uint32_t i = 0; i < 2; i++) {
    lower_enter(lo, i ? &s->as.if_.orelse : &s->as.if_.then);
    uint32_t mark = lo->temps.len;
    for (uint32_t k = temps[i].len; k-- > 0;) vec_push(lo->arena, &lo->temps, temps[i].data[k]);
    lower_branch_value(lo, result, values[i], mark, sides[i]->span);
    lower_edge(lo, &e->as.ifexp.phis, i);
  }
  lower_leave(lo, outer);
  return lower_has_content(type) ? ir_var(b, result) : ir_none(b, type);
}

/* ---- the rest ---- */

static IrExpr *lower_tuple(Lower *lo, const Expr *e) {
  const Type *type = lower_type(lo, e);
  uint32_t count = e->as.list.items.len;
  if (!type_is_tuple(type)) return lower_unsupported(lo, e->span, type, "this display is not supported here yet");
  IrExpr **items = arena_array(lo->arena, IrExpr *, count + 1);
  lower_exprs(lo, e->as.list.items.data, count, items);
  for (uint32_t i = 0; i < count; i++) items[i] = lower_convert(lo, items[i], type->elems[i], e->as.list.items.data[i]->span);
  return ir_tuple(&lo->b, type, items, count);
}

static IrExpr *lower_walrus(Lower *lo, const Expr *e) {
  IrExpr *value = lower_bind(lo, NULL, lower_expr_as(lo, e->as.walrus.value, lower_type(lo, e)));
  lower_define(lo, e->ref.def, value, e->span);
  IrVar *var = e->ref.def && type_owns(value->type) ? lo->def_vars[e->ref.def->id] : NULL; /* it may have taken the value over */
  return var ? ir_var(&lo->b, var) : value;
}

static IrExpr *lower_call(Lower *lo, const Expr *e) {
  const Callee *callee = spec_callee(lo->spec, e);
  switch (callee->kind) {
  case CALLEE_SPEC: return lower_call_spec(lo, e, callee);
  case CALLEE_BUILTIN:
  case CALLEE_CAST: return lower_builtin(lo, e, callee);
  case CALLEE_UFUNC: return callee->count == callee->spec->func->params.len ? lower_array_expr(lo, e) : lower_ufunc_out(lo, e, callee);
  case CALLEE_UFUNC_REDUCE: return lower_ufunc_reduce(lo, e, callee);
  case CALLEE_GUFUNC: return lower_gufunc(lo, e, callee);
  case CALLEE_STENCIL: return lower_stencil(lo, e, callee);
  case CALLEE_MEMO: return lower_memo_method(lo, e, callee);
  case CALLEE_HOST: return lower_host(lo, e, callee);
  case CALLEE_FIELD:
  case CALLEE_NONE: break;
  }
  return lower_unsupported(lo, e->span, lower_type(lo, e), "this call is not supported yet");
}

static IrExpr *lower_subscript(Lower *lo, const Expr *e) {
  const Type *base = lower_type(lo, e->as.index.base);
  if (base->kind == TYPE_OPTIONAL) base = base->elems[0];
  return type_is_tuple(base) ? lower_tuple_item(lo, e) : lower_index(lo, e);
}

static IrExpr *lower_attr(Lower *lo, const Expr *e) {
  const Callee *callee = spec_callee(lo->spec, e);
  if (e->ref.kind != REF_NONE) return lower_name(lo, e);
  if (callee->kind != CALLEE_FIELD) return lower_builtin(lo, e, callee);
  return lower_get(lo, lower_bind(lo, NULL, lower_open(lo, lower_expr(lo, e->as.attr.base), e->span)), callee->count);
}

static IrExpr *dispatch(Lower *lo, const Expr *e) {
  IrBuilder *b = &lo->b;
  switch (e->kind) {
  case EXPR_INT: return literal_int(lo, e);
  case EXPR_FLOAT: return ir_const(b, lower_type(lo, e), e->as.number);
  case EXPR_IMAG: return ir_complex_const(b, lower_type(lo, e), 0.0, e->as.number);
  case EXPR_BOOL: return ir_bool(b, e->as.boolean);
  case EXPR_NONE:
  case EXPR_ELLIPSIS:
  case EXPR_SLICE: return ir_none(b, lower_type(lo, e));
  case EXPR_STR: return ir_string(b, e->as.str);
  case EXPR_FSTRING: return lower_fstring(lo, e);
  case EXPR_NAME: return lower_name(lo, e);
  case EXPR_ATTR: return lower_attr(lo, e);
  case EXPR_INDEX: return lower_subscript(lo, e);
  case EXPR_CALL: return lower_call(lo, e);
  case EXPR_UNARY: return lower_unary(lo, e);
  case EXPR_BINARY: return lower_binary(lo, e);
  case EXPR_COMPARE: return lower_compare(lo, e);
  case EXPR_BOOLOP: return lower_boolop(lo, e, false);
  case EXPR_IFEXP: return lower_ifexp(lo, e);
  case EXPR_TUPLE:
  case EXPR_LIST: return type_is_array(lower_type(lo, e)) ? lower_display(lo, e, lower_type(lo, e), e->span) : lower_tuple(lo, e);
  case EXPR_COMP: return lower_unsupported(lo, e->span, lower_type(lo, e), "a comprehension is not supported here yet");
  case EXPR_WALRUS: return lower_walrus(lo, e);
  case EXPR_KIND_COUNT: break;
  }
  LJ_UNREACHABLE();
}

IrExpr *lower_expr(Lower *lo, const Expr *e) {
  Span saved = lo->b.span;
  lo->b.span = e->span;
  IrExpr *value = dispatch(lo, e);
  lo->b.span = saved;
  return value;
}

IrExpr *lower_expr_as(Lower *lo, const Expr *e, const Type *to) { return lower_convert(lo, lower_expr(lo, e), to, e->span); }
