/* Functions made by @vectorize. On arrays a call is a node of the fused tree (lower_elem.c): the scalar function is called for every
 * element, inside whatever loop the surrounding expression becomes, and LLVM inlines it there. Here: that call, calls with `out`, and
 * f.reduce(). In: calls that inference resolved to a scalar specialisation. Out: CALLs inside MAPs and FORs. */
#include "ir/lower/lower_scalar.h"

IrExpr *lower_call_scalar(Lower *lo, const Spec *spec, IrExpr *const *values, uint32_t count, Span at) {
  Span saved = lo->b.span;
  IrExprVec args = {0};
  for (uint32_t i = 0; i < count; i++) {
    uint32_t start = lo->b.block->len;
    IrExpr *value = lower_convert(lo, values[i], spec->args[i], at);
    lower_guard(lo, start, args.data, args.len);
    vec_push(lo->arena, &args, value);
  }
  lo->b.span = at;
  IrStmt *s = ir_stmt(&lo->b, IRS_CALL);
  s->as.call.callee = lower_func_of(lo, spec);
  s->as.call.args = args.data;
  s->as.call.count = args.len;
  lo->b.span = saved;
  if (!lower_has_content(spec->result)) return ir_none(&lo->b, spec->result);
  IrVar *var = ir_new_var(&lo->b, NULL, spec->result);
  var->once = var->temp = true;
  s->as.call.result = var;
  return ir_var(&lo->b, var);
}

IrExpr *lower_ufunc_out(Lower *lo, const Expr *call, const Callee *callee) {
  Fusion f;
  fusion_init(&f, lo, call->span);
  f.root = fusion_call(&f, callee->spec, callee->args, callee->count - 1, call->span);
  IrVar *out = lower_array_of(lo, callee->args[callee->count - 1]);
  lower_assign_fusion(lo, out, &f, call->span);
  return ir_var(&lo->b, out);
}

/* ---- f.reduce(a, axis, keepdims, initial) ---- */

typedef struct Folding {
  const Callee *callee;
  const Type *type; /* of the result: a scalar or an array */
  uint32_t axes;    /* that go away, one bit each */
  IrExpr *start;    /* NULL: the first element */
  IrVar *result;    /* a mutable scalar or the new array */
} Folding;

/* acc = f(acc, element) along the axes that go away; those that stay are at `index`. */
static void fold_point(Fusion *f, const Folding *fold, IrVar *acc, IrExpr **index) {
  Lower *lo = f->lo;
  const Type *type = acc->type;
  IrExpr *extent[TYPE_MAX_NDIM];
  uint32_t n = 0;
  for (uint32_t d = 0; d < f->ndim; d++) {
    if (!(fold->axes >> d & 1)) continue;
    index[d] = ir_int(&lo->b, 0);
    extent[n++] = fold->start ? f->extent[d] : ix_sub(lo, f->extent[d], ir_int(&lo->b, 1)); /* without a start there is one axis */
  }
  ir_set(&lo->b, acc, fold->start ? fold->start : ir_cast(&lo->b, type, fusion_value(f, f->root, index)));
  Nest nest;
  nest_for(lo, &nest, n, extent);
  n = 0;
  for (uint32_t d = 0; d < f->ndim; d++)
    if (fold->axes >> d & 1) index[d] = fold->start ? nest.index[n++] : lower_stable(lo, ix_add(lo, nest.index[n++], ir_int(&lo->b, 1)));
  IrExpr *pair[2] = {ir_var(&lo->b, acc), fusion_value(f, f->root, index)};
  IrExpr *value = lower_call_scalar(lo, fold->callee->spec, pair, 2, f->span);
  ir_set(&lo->b, acc, ir_cast(&lo->b, type, value));
  nest_close(lo, &nest);
}

static void emit_fold(Fusion *f, bool general, void *data) {
  (void)general;
  Lower *lo = f->lo;
  const Folding *fold = data;
  IrExpr *index[TYPE_MAX_NDIM], *extent[TYPE_MAX_NDIM], *at[TYPE_MAX_NDIM];
  if (type_is_scalar(fold->type)) {
    fold_point(f, fold, fold->result, index);
    return;
  }
  uint32_t kept = 0, ndim = 0;
  for (uint32_t d = 0; d < f->ndim; d++)
    if (!(fold->axes >> d & 1)) extent[kept++] = f->extent[d];
  Nest nest;
  nest_map(lo, &nest, kept, extent, false);
  kept = 0;
  for (uint32_t d = 0; d < f->ndim; d++) {
    bool gone = fold->axes >> d & 1;
    if (!gone) index[d] = nest.index[kept++];
    if (!gone || fold->type->ndim == f->ndim) at[ndim++] = gone ? ir_int(&lo->b, 0) : index[d];
  }
  IrVar *acc = ir_new_var(&lo->b, NULL, lower_elem_type(lo, fold->type));
  fold_point(f, fold, acc, index);
  ir_store(&lo->b, fold->result, at, ir_var(&lo->b, acc));
  nest_close(lo, &nest);
}

/* Without a start, what is reduced must have an element wherever there is a result. */
static void check_elements(Fusion *f, const Folding *fold) {
  Lower *lo = f->lo;
  IrBuilder *b = &lo->b;
  IrExpr *ok = NULL;
  for (uint32_t d = 0; d < f->ndim; d++) {
    IrExpr *here = ir_compare(b, fold->axes >> d & 1 ? IR_GT : IR_EQ, f->extent[d], ir_int(b, 0));
    ok = ok ? ir_binary(b, IR_LOR, here->type, ok, here) : here;
  }
  const char *name = fold->callee->spec->func->name->text;
  ir_check(b, CHECK_VALUE, ok, VALUE_ERROR,
           arena_printf(lo->arena, "zero-size array to reduction operation %s which has no identity", name), NULL, NULL, NULL, NULL);
}

static IrExpr *start_of(Lower *lo, const Callee *callee, const Type *element) {
  const Expr *identity = callee->spec->func->options.identity;
  if (callee->args[3] && lower_type(lo, callee->args[3])->kind != TYPE_NONE)
    return lower_stable(lo, lower_convert(lo, lower_expr(lo, callee->args[3]), element, callee->args[3]->span));
  if (!identity) return NULL;
  if (identity->kind == EXPR_INT) return lower_convert(lo, ir_int(&lo->b, (int64_t)identity->as.integer.value), element, identity->span);
  if (identity->kind == EXPR_FLOAT) return lower_convert(lo, ir_float(&lo->b, identity->as.number), element, identity->span);
  if (identity->kind == EXPR_BOOL) return lower_convert(lo, ir_bool(&lo->b, identity->as.boolean), element, identity->span);
  return NULL;
}

IrExpr *lower_ufunc_reduce(Lower *lo, const Expr *call, const Callee *callee) {
  Folding fold = {.callee = callee, .type = lower_type(lo, call), .axes = 1};
  const Type *element = type_is_scalar(fold.type) ? fold.type : lower_elem_type(lo, fold.type);
  int64_t bad;
  Fusion f;
  fusion_init(&f, lo, call->span);
  f.root = fusion_build(&f, callee->args[0]);
  fold.start = start_of(lo, callee, element);
  Span saved = lo->b.span;
  lo->b.span = call->span;
  fusion_space(&f);
  if (callee->args[1]) spec_const_axes(lo->spec, callee->args[1], f.ndim, &fold.axes, &bad);
  if (!fold.start) check_elements(&f, &fold);
  IrExpr *extent[TYPE_MAX_NDIM];
  uint32_t n = 0;
  for (uint32_t d = 0; d < f.ndim; d++) {
    bool gone = fold.axes >> d & 1;
    if (!gone || (type_is_array(fold.type) && fold.type->ndim == f.ndim)) extent[n++] = gone ? ir_int(&lo->b, 1) : f.extent[d];
  }
  fold.result = type_is_scalar(fold.type) ? ir_new_var(&lo->b, NULL, element) : lower_alloc(lo, fold.type, extent, false);
  fusion_versions(&f, f.extent, emit_fold, &fold);
  lo->b.span = saved;
  return ir_var(&lo->b, fold.result);
}
