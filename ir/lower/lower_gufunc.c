/* Functions made by @guvectorize. In: a call that inference resolved to a kernel on core arrays. Out: checks of the core dimensions, the
 * broadcast loop dimensions, new arrays for the outputs that are not given, and one MAP over the loop dimensions that calls the kernel
 * with views of the operands at each point. */
#include "ir/lower/lower_scalar.h"

typedef struct Operand {
  const Type *type; /* of the kernel's parameter */
  IrExpr *scalar;   /* a number that every point gets; else NULL */
  IrVar *array;     /* `once` */
  IrVar *given;     /* an output of another dtype: gets the values at the end */
  View view;        /* of all of `array`; strides of loop axes are 0 where it is broadcast */
  uint32_t loop;    /* loop dimensions */
} Operand;

typedef struct GuLower {
  Lower *lo;
  const Expr *call;
  const Callee *callee;
  const GuLayout *layout;
  Operand *ops;
  IrExpr *dims[GU_MAX_DIMS]; /* extents of the core dimensions; NULL: not met yet */
  uint32_t loop;
  IrExpr *extent[TYPE_MAX_NDIM]; /* of the loop dimensions */
} GuLower;

static const char *param_name(const GuLower *g, uint32_t i) { return g->callee->spec->func->params.data[i].name->text; }

/* The array in the kernel's dtype and, where the kernel counts on it, layout. */
static IrVar *fit(Lower *lo, IrVar *array, const Type *core) {
  bool in_order = type_is_scalar(core) || core->layout != LAYOUT_C || array->type->layout == LAYOUT_C;
  if (array->type->dtype == core->dtype && in_order) return lower_pin(lo, array);
  IrExpr *shape[TYPE_MAX_NDIM];
  lower_shape_of(lo, array, shape);
  IrVar *copy = lower_alloc(lo, type_array(lo->types, core->dtype, array->type->ndim, LAYOUT_C, false), shape, false);
  lower_copy_into(lo, copy, array);
  return copy;
}

static void read_input(GuLower *g, uint32_t i, IrExpr *value) {
  Lower *lo = g->lo;
  Operand *op = &g->ops[i];
  Span at = g->callee->args[i]->span;
  value = lower_open(lo, value, at);
  if (type_is_array(value->type)) {
    bool one = g->layout->operands[i].count == 0; /* its elements are seen one by one: any layout will do */
    IrVar *array = lower_bind_array(lo, value);
    op->array = one && array->type->dtype == op->type->dtype ? lower_pin(lo, array) : fit(lo, array, op->type);
    op->loop = op->array->type->ndim - g->layout->operands[i].count;
    return;
  }
  value = lower_convert(lo, value, type_scalar(lo->types, op->type->dtype), at);
  if (type_is_scalar(op->type)) {
    op->scalar = lower_stable(lo, value);
    return;
  }
  op->array = lower_alloc(lo, type_array(lo->types, op->type->dtype, 0, LAYOUT_C, false), NULL, false);
  ir_store(&lo->b, op->array, NULL, value);
}

static void read_output(GuLower *g, uint32_t i, IrExpr *value) {
  Lower *lo = g->lo;
  Operand *op = &g->ops[i];
  IrVar *array = lower_bind_array(lo, lower_open(lo, value, g->callee->args[i]->span));
  bool fits = array->type->dtype == op->type->dtype &&
              (g->layout->operands[i].count == 0 || op->type->layout != LAYOUT_C || array->type->layout == LAYOUT_C);
  op->loop = array->type->ndim - g->layout->operands[i].count;
  op->array = lower_pin(lo, array);
  if (fits) return;
  op->given = op->array;
  op->array = fit(lo, array, op->type); /* starts with what was there: the kernel need not store everywhere */
}

static IrExpr *is_equal(Lower *lo, IrExpr *a, IrExpr *b) { return ir_compare(&lo->b, IR_EQ, a, b); }

/* Core dimensions: equal wherever a name stands. */
static void check_core(GuLower *g, uint32_t i) {
  Lower *lo = g->lo;
  const Operand *op = &g->ops[i];
  const GuOperand *layout = &g->layout->operands[i];
  for (uint32_t k = 0; op->array && k < layout->count; k++) {
    IrExpr *n = lower_stable(lo, ir_shape(&lo->b, op->array, op->loop + k)), **dim = &g->dims[layout->dims[k]];
    if (*dim) {
      const char *text = arena_printf(lo->arena, "%s(): the core dimension %s of '%s' has size %%d, but size %%d was seen before",
                                      g->callee->spec->func->name->text, g->layout->dims[layout->dims[k]]->text, param_name(g, i));
      ir_check(&lo->b, CHECK_SHAPE, is_equal(lo, n, *dim), VALUE_ERROR, text, n, *dim, NULL, NULL);
    } else {
      *dim = n;
    }
  }
}

/* Loop dimensions broadcast; given outputs must have them in full. */
static void loop_space(GuLower *g, uint32_t count) {
  Lower *lo = g->lo;
  IrBuilder *b = &lo->b;
  IrExpr *one = ir_int(b, 1);
  for (uint32_t i = 0; i < count; i++)
    if (g->ops[i].array && g->ops[i].loop > g->loop) g->loop = g->ops[i].loop;
  for (uint32_t d = 0; d < g->loop; d++) {
    IrExpr *extent = NULL;
    for (uint32_t i = 0; i < count; i++) {
      const Operand *op = &g->ops[i];
      if (!op->array || d + op->loop < g->loop) continue;
      IrExpr *n = lower_stable(lo, ir_shape(b, op->array, d + op->loop - g->loop));
      if (!extent) {
        extent = n;
        continue;
      }
      bool is_output = i >= g->layout->nin;
      IrExpr *ok = ir_binary(b, IR_LOR, type_scalar(lo->types, DT_BOOL), is_equal(lo, n, extent), is_equal(lo, extent, one));
      if (!is_output) ok = ir_binary(b, IR_LOR, ok->type, ok, is_equal(lo, n, one));
      const char *text = arena_printf(lo->arena, "%s(): the loop dimension %u of '%s' has size %%d, which does not broadcast with size %%d",
                                      g->callee->spec->func->name->text, d, param_name(g, i));
      ir_check(b, CHECK_SHAPE, ok, VALUE_ERROR, text, n, extent, NULL, NULL);
      extent = lower_stable(lo, ir_select(b, is_equal(lo, extent, one), n, extent));
    }
    g->extent[d] = extent;
  }
}

static void make_output(GuLower *g, uint32_t i) {
  const GuOperand *layout = &g->layout->operands[i];
  IrExpr *shape[2 * TYPE_MAX_NDIM];
  memcpy(shape, g->extent, sizeof g->extent);
  for (uint32_t k = 0; k < layout->count; k++) shape[g->loop + k] = g->dims[layout->dims[k]];
  Operand *op = &g->ops[i];
  op->loop = g->loop;
  const Type *type = type_array(g->lo->types, op->type->dtype, g->loop + layout->count, LAYOUT_C, false);
  op->array = lower_alloc(g->lo, type, shape, false);
}

static void prepare_view(GuLower *g, Operand *op) {
  Lower *lo = g->lo;
  if (!op->array) return;
  view_of(lo, &op->view, op->array);
  for (uint32_t d = 0; d < op->view.ndim; d++) op->view.stride[d] = lower_stable(lo, op->view.stride[d]);
  for (uint32_t d = 0; d < op->loop; d++) {
    IrExpr *extent = g->extent[d + g->loop - op->loop], *n = op->view.shape[d];
    op->view.stride[d] = lower_stable(lo, ir_select(&lo->b, is_equal(lo, n, extent), op->view.stride[d], ir_int(&lo->b, 0)));
  }
}

/* The operand at one point of the loop. */
static IrExpr *at_point(GuLower *g, const Operand *op, IrExpr *const *index) {
  Lower *lo = g->lo;
  if (op->scalar) return op->scalar;
  View v = {.base = op->array, .offset = ir_int(&lo->b, 0)};
  for (uint32_t d = 0; d < op->loop; d++) v.offset = ix_add(lo, v.offset, ix_mul(lo, index[d + g->loop - op->loop], op->view.stride[d]));
  v.offset = lower_stable(lo, v.offset);
  for (uint32_t d = op->loop; d < op->view.ndim; d++) v.shape[v.ndim] = op->view.shape[d], v.stride[v.ndim++] = op->view.stride[d];
  bool is_number = type_is_scalar(op->type);
  if (!v.ndim && !is_number) v.shape[0] = ir_int(&lo->b, 1), v.stride[0] = ir_int(&lo->b, dtype_size(op->type->dtype)), v.ndim = 1;
  const Type *type = is_number ? type_array(lo->types, op->type->dtype, 0, LAYOUT_C, op->array->type->readonly) : op->type;
  IrVar *view = view_var(lo, NULL, type, &v);
  return is_number ? ir_load(&lo->b, view, NULL) : ir_var(&lo->b, view);
}

static void run_points(GuLower *g) {
  Lower *lo = g->lo;
  uint32_t n = g->layout->nin + g->layout->nout;
  for (uint32_t i = 0; i < n; i++) prepare_view(g, &g->ops[i]);
  Nest nest;
  nest_map(lo, &nest, g->loop, g->extent, false);
  if (nest.stmt && g->callee->spec->func->options.target_parallel == TRI_YES) nest.stmt->as.map.loop.parallel = true;
  IrExpr **args = arena_array(lo->arena, IrExpr *, n);
  for (uint32_t i = 0; i < n; i++) {
    args[i] = at_point(g, &g->ops[i], nest.index);
    if (type_is_scalar(args[i]->type)) args[i] = lower_bind(lo, NULL, args[i]);
  }
  (void)lower_call_scalar(lo, g->callee->spec, args, n, g->call->span);
  nest_close(lo, &nest);
}

static IrExpr *output_value(GuLower *g, uint32_t i, const Type *type) {
  Lower *lo = g->lo;
  Operand *op = &g->ops[i];
  if (op->given) lower_copy_into(lo, op->given, op->array);
  if (type_is_scalar(type)) return lower_bind(lo, NULL, ir_load(&lo->b, op->array, NULL));
  return ir_var(&lo->b, op->given ? op->given : op->array);
}

IrExpr *lower_gufunc(Lower *lo, const Expr *call, const Callee *callee) {
  const GuLayout *layout = callee->layout;
  uint32_t nin = layout->nin, n = nin + layout->nout;
  GuLower g = {.lo = lo, .call = call, .callee = callee, .layout = layout, .ops = arena_array(lo->arena, Operand, n)};
  IrExpr **values = arena_array(lo->arena, IrExpr *, n + 1);
  Span saved = lo->b.span;
  for (uint32_t i = 0; i < n; i++) g.ops[i].type = callee->spec->args[i];
  lower_exprs(lo, callee->args, callee->count, values);
  lo->b.span = call->span;
  for (uint32_t i = 0; i < callee->count; i++) i < nin ? read_input(&g, i, values[i]) : read_output(&g, i, values[i]);
  for (uint32_t i = 0; i < callee->count; i++) check_core(&g, i);
  loop_space(&g, callee->count);
  for (uint32_t i = callee->count; i < n; i++) make_output(&g, i);
  run_points(&g);
  const Type *type = lower_type(lo, call);
  IrExpr *result;
  if (layout->nout == 1) {
    result = output_value(&g, nin, type);
  } else {
    IrExpr **items = arena_array(lo->arena, IrExpr *, layout->nout);
    for (uint32_t i = 0; i < layout->nout; i++) items[i] = output_value(&g, nin + i, type->elems[i]);
    result = ir_tuple(&lo->b, type, items, layout->nout);
  }
  lo->b.span = saved;
  return result;
}
