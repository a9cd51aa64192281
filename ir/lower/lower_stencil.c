/* Functions made by @stencil. The kernel becomes a function of its parameters and of the point, in which a subscript of a relatively
 * indexed array is an offset from the point. A call is one MAP over the points whose whole neighborhood lies inside the first array, which
 * has the kernel's body (or a call of it, where it returns early), and fills of the border. In: calls and subscripts that inference resolved. Out: plain Loop IR.
 * Constant offsets need no check: the MAP's bounds come from them; others are checked against the array, without wrapping. */
#include "ir/lower/lower_scalar.h"

#include <math.h>

/* ---- inside the kernel ---- */

void lower_stencil_params(Lower *lo) {
  const Spec *spec = lo->spec;
  if (spec->func->kind != FUNC_STENCIL) return;
  for (uint32_t d = 0; d < spec->args[0]->ndim; d++) {
    IrVar *var = ir_new_var(&lo->b, arena_printf(lo->arena, "index%u", d), lower_int_type(lo));
    var->is_param = var->once = true;
    vec_push(lo->arena, &lo->func->params, var);
    lo->state->point[d] = var;
  }
}

/* Is a constant offset inside what the decorator declares? Without a declaration it made the neighborhood itself. */
static bool is_declared(const FuncDef *f, uint32_t axis, int64_t n) {
  double from, to;
  if (!f->options.neighborhood) return true;
  const ExprVec *pair = &f->options.neighborhood->as.list.items.data[axis]->as.list.items;
  return decorator_number(pair->data[0], &from) && decorator_number(pair->data[1], &to) && (double)n >= from && (double)n <= to;
}

IrExpr *lower_stencil_index(Lower *lo, const Expr *e) {
  IrBuilder *b = &lo->b;
  uint32_t n = e->as.index.items.len;
  IrExpr *offsets[TYPE_MAX_NDIM], *at[TYPE_MAX_NDIM];
  IrVar *array = lower_array_of(lo, e->as.index.base);
  lower_exprs(lo, e->as.index.items.data, n, offsets);
  for (uint32_t d = 0; d < n; d++) {
    const Expr *item = e->as.index.items.data[d];
    int64_t known;
    bool inside = spec_const_int(lo->spec, item, &known) && is_declared(lo->spec->func, d, known);
    IrExpr *offset = inside ? ir_int(b, known) : ir_cast(b, lower_int_type(lo), lower_open(lo, offsets[d], item->span));
    at[d] = lower_stable(lo, ix_add(lo, ir_var(b, lo->state->point[d]), offset));
    if (inside || !lo->boundscheck) continue;
    IrExpr *size = ir_shape(b, array, d);
    IrExpr *ok = ir_binary(b, IR_LAND, type_scalar(lo->types, DT_BOOL), ir_compare(b, IR_GE, at[d], ir_int(b, 0)),
                           ir_compare(b, IR_LT, at[d], size));
    ir_check(b, CHECK_INDEX, ok, INDEX_ERROR, "index %d is out of bounds for axis %d with size %d", at[d], ir_int(b, d), size, NULL);
  }
  return ir_load(b, array, at);
}

/* ---- the call ---- */

typedef struct Stencil {
  Lower *lo;
  const Expr *call;
  const Callee *callee;
  const StencilShape *shape;
  IrExpr **args;
  IrVar *first, *out;
  IrExpr *extent[TYPE_MAX_NDIM];
} Stencil;

static void check_sizes(Stencil *s) {
  Lower *lo = s->lo;
  const FuncDef *f = s->callee->spec->func;
  for (uint32_t i = 1; i < f->params.len; i++) {
    if (!type_is_array(s->callee->spec->args[i])) continue;
    bool standard = false;
    for (uint32_t k = 0; k < f->options.standard_indexing.len; k++)
      standard |= f->options.standard_indexing.data[k]->as.str == f->params.data[i].name;
    for (uint32_t d = 0; d < s->shape->ndim && !standard; d++) {
      IrExpr *n = ir_shape(&lo->b, lower_bind_array(lo, s->args[i]), d);
      const char *text =
          arena_printf(lo->arena, "%s(): '%s' has %%d elements along axis %%d, fewer than the first array of the stencil, which has %%d",
                       f->name->text, f->params.data[i].name->text);
      ir_check(&lo->b, CHECK_SHAPE, ir_compare(&lo->b, IR_GE, n, s->extent[d]), VALUE_ERROR, text, n, ir_int(&lo->b, d), s->extent[d],
               NULL);
    }
  }
}

static IrExpr *cval_of(Stencil *s) {
  Lower *lo = s->lo;
  const Expr *cval = s->callee->spec->func->options.cval;
  double value = 0;
  if (cval) (void)decorator_number(cval, &value);
  const Type *elem = lower_elem_type(lo, s->out->type);
  bool is_whole = fabs(value) < 0x1p53 && value == floor(value) && !signbit(value == 0 ? value : 0.0);
  IrExpr *e = is_whole ? ir_int(&lo->b, (int64_t)value) : ir_float(&lo->b, value);
  return lower_stable(lo, ir_cast(&lo->b, elem, e));
}

/* out[…, from:to along the axis, …] = value */
static void fill_slab(Stencil *s, uint32_t axis, IrExpr *from, IrExpr *count, IrExpr *value) {
  Lower *lo = s->lo;
  IrExpr *extent[TYPE_MAX_NDIM], *at[TYPE_MAX_NDIM];
  memcpy(extent, s->extent, sizeof extent);
  extent[axis] = lower_stable(lo, count);
  from = lower_stable(lo, from);
  Nest nest;
  nest_map(lo, &nest, s->shape->ndim, extent, false);
  memcpy(at, nest.index, sizeof at);
  at[axis] = lower_stable(lo, ix_add(lo, at[axis], from));
  ir_store(&lo->b, s->out, at, value);
  nest_close(lo, &nest);
}

static void fill_border(Stencil *s) {
  Lower *lo = s->lo;
  IrExpr *value = cval_of(s);
  for (uint32_t d = 0; d < s->shape->ndim; d++) {
    IrExpr *n = s->extent[d], *low = ir_int(&lo->b, -s->shape->lo[d]), *high = ir_int(&lo->b, s->shape->hi[d]);
    if (s->shape->lo[d]) fill_slab(s, d, ir_int(&lo->b, 0), ix_min(lo, low, n), value);
    if (!s->shape->hi[d]) continue;
    IrExpr *count = lower_stable(lo, ix_min(lo, high, n));
    fill_slab(s, d, ix_sub(lo, n, count), count, value);
  }
}

static IrExpr *call_kernel(Stencil *s, IrExpr *const *point) {
  Lower *lo = s->lo;
  const Spec *spec = s->callee->spec;
  IrExprVec args = {0};
  for (uint32_t i = 0; i < spec->func->params.len; i++)
    if (lower_has_content(spec->args[i])) vec_push(lo->arena, &args, s->args[i]);
  for (uint32_t d = 0; d < s->shape->ndim; d++) vec_push(lo->arena, &args, point[d]);
  IrStmt *call = ir_stmt(&lo->b, IRS_CALL);
  call->as.call.callee = lower_func_of(lo, spec);
  call->as.call.args = args.data;
  call->as.call.count = args.len;
  IrVar *value = call->as.call.result = ir_new_var(&lo->b, NULL, spec->result);
  value->once = value->temp = true;
  return ir_var(&lo->b, value);
}

static void fill_inside(Stencil *s) {
  Lower *lo = s->lo;
  const Spec *spec = s->callee->spec;
  IrExpr *extent[TYPE_MAX_NDIM];
  for (uint32_t d = 0; d < s->shape->ndim; d++) {
    IrExpr *lost = ir_int(&lo->b, s->shape->hi[d] - s->shape->lo[d]);
    extent[d] = ix_is(lost, 0) ? s->extent[d] : lower_stable(lo, ix_max(lo, ir_int(&lo->b, 0), ix_sub(lo, s->extent[d], lost)));
  }
  Nest nest;
  nest_map(lo, &nest, s->shape->ndim, extent, false);
  for (uint32_t d = 0; d < s->shape->ndim; d++)
    nest.index[d] = lower_stable(lo, ix_add(lo, nest.index[d], ir_int(&lo->b, -s->shape->lo[d])));
  IrExpr *value =
      lower_can_inline(lo, spec) ? lower_inline(lo, spec, s->args, spec->func->params.len, nest.index) : call_kernel(s, nest.index);
  ir_store(&lo->b, s->out, nest.index, ir_cast(&lo->b, lower_elem_type(lo, s->out->type), value));
  nest_close(lo, &nest);
}

/* Arrays and numbers are read once, before the loop. */
static void read_args(Stencil *s) {
  Lower *lo = s->lo;
  const Callee *callee = s->callee;
  s->args = arena_array(lo->arena, IrExpr *, callee->count + 1);
  lower_exprs(lo, callee->args, callee->count, s->args);
  for (uint32_t i = 0; i < callee->spec->func->params.len; i++) {
    IrExpr *value = lower_convert(lo, s->args[i], callee->spec->args[i], callee->args[i]->span);
    s->args[i] = type_is_array(value->type) ? ir_var(&lo->b, lower_pin(lo, lower_bind_array(lo, value))) : lower_bind(lo, NULL, value);
  }
}

IrExpr *lower_stencil(Lower *lo, const Expr *call, const Callee *callee) {
  Stencil s = {.lo = lo, .call = call, .callee = callee, .shape = callee->stencil};
  uint32_t n = callee->spec->func->params.len;
  Span saved = lo->b.span;
  read_args(&s);
  lo->b.span = call->span;
  s.first = s.args[0]->as.var;
  lower_shape_of(lo, s.first, s.extent);
  check_sizes(&s);
  if (callee->count == n) {
    s.out = lower_alloc(lo, lower_type(lo, call), s.extent, false);
    fill_border(&s);
  } else {
    s.out = lower_pin(lo, lower_bind_array(lo, lower_open(lo, s.args[n], callee->args[n]->span)));
    for (uint32_t d = 0; d < s.shape->ndim; d++) {
      IrExpr *have = ir_shape(&lo->b, s.out, d);
      ir_check(&lo->b, CHECK_SHAPE, ir_compare(&lo->b, IR_EQ, have, s.extent[d]), VALUE_ERROR,
               "the output of the stencil has %d elements along axis %d, the first array %d", have, ir_int(&lo->b, d), s.extent[d], NULL);
    }
    if (callee->spec->func->options.cval) lower_fill(lo, s.out, cval_of(&s));
  }
  fill_inside(&s);
  lo->b.span = saved;
  return ir_var(&lo->b, s.out);
}
