/* Products of vectors and matrices: @, dot, matmul, vdot, inner, outer. In: arrays of any dtype, strides and number of dimensions. Out: a
 * new array (or the one given as `out`), or a scalar. Floats and complex numbers are multiplied by the runtime, which knows BLAS; integers
 * and bools by loops made here, so that they are compiled for this machine. Shapes are checked before either. */
#include "ir/lower/lower_array.h"

typedef struct Product {
  Lower *lo;
  IrVar *a, *b;
  const Type *item;
  bool outer_batches; /* np.dot of b with more than two dimensions: every matrix of a meets every matrix of b */
  uint32_t ndim;      /* of the result */
  IrExpr *extent[TYPE_MAX_NDIM]; /* of the result */
  IrExpr *inner;                 /* of the axis that is summed */
} Product;

static uint32_t batches(const IrVar *v) { return v->type->ndim > 2 ? v->type->ndim - 2u : 0; }
static bool is_matrix(const IrVar *v) { return v->type->ndim > 1; }

static void check_shapes(Lower *lo, IrExpr *ok, IrVar *a, IrVar *b, const char *message) {
  ir_check(&lo->b, CHECK_SHAPE, ok, VALUE_ERROR, message, NULL, NULL, NULL, NULL);
  IrStmt *s = lo->b.block->data[lo->b.block->len - 1];
  s->as.check.shape_a = a;
  s->as.check.shape_b = b;
}

/* An array of the dtype that both operands meet in. */
static IrVar *converted(Lower *lo, IrVar *a, DType dtype) {
  if (a->type->dtype == dtype) return a;
  IrExpr *shape[TYPE_MAX_NDIM];
  lower_shape_of(lo, a, shape);
  Layout layout = a->type->layout == LAYOUT_F ? LAYOUT_F : LAYOUT_C;
  IrVar *to = lower_alloc(lo, type_array(lo->types, dtype, a->type->ndim, layout, false), shape, false);
  lower_copy_into(lo, to, a);
  return to;
}

static IrExpr *extent_of(Lower *lo, IrVar *v, uint32_t axis) { return lower_stable(lo, ir_shape(&lo->b, v, axis)); }

/* Batch axes of the two are aligned at their ends and broadcast. */
static void broadcast_batches(Product *p) {
  Lower *lo = p->lo;
  uint32_t na = batches(p->a), nb = batches(p->b), n = na > nb ? na : nb;
  IrExpr *one = ir_int(&lo->b, 1), *ok = NULL;
  for (uint32_t d = 0; d < n; d++) {
    IrExpr *x = d + na >= n ? extent_of(lo, p->a, d + na - n) : NULL, *y = d + nb >= n ? extent_of(lo, p->b, d + nb - n) : NULL;
    p->extent[p->ndim++] = !x ? y : !y ? x : lower_stable(lo, ir_select(&lo->b, ir_compare(&lo->b, IR_EQ, x, one), y, x));
    if (!x || !y) continue;
    const Type *boolean = type_scalar(lo->types, DT_BOOL);
    IrExpr *fits = ir_binary(&lo->b, IR_LOR, boolean, ir_compare(&lo->b, IR_EQ, x, one), ir_compare(&lo->b, IR_EQ, y, one));
    fits = ir_binary(&lo->b, IR_LOR, boolean, ir_compare(&lo->b, IR_EQ, x, y), fits);
    ok = ok ? ir_binary(&lo->b, IR_LAND, boolean, ok, fits) : fits;
  }
  if (ok) check_shapes(lo, ok, p->a, p->b, "matmul: the batch axes of shapes {a} and {b} do not broadcast");
}

static void product_init(Product *p, Lower *lo, IrVar *a, IrVar *b, DType dtype, bool is_dot) {
  *p = (Product){.lo = lo, .a = converted(lo, a, dtype), .b = converted(lo, b, dtype), .item = type_scalar(lo->types, dtype)};
  uint32_t na = a->type->ndim, nb = b->type->ndim;
  p->outer_batches = is_dot && na > 1 && nb > 2;
  p->inner = extent_of(lo, p->a, na - 1);
  const char *message =
      is_dot ? "dot: shapes {a} and {b} do not match: {m} and {n}" : "matmul: shapes {a} and {b} do not match: {m} and {n}";
  check_shapes(lo, ir_compare(&lo->b, IR_EQ, p->inner, extent_of(lo, p->b, nb > 1 ? nb - 2 : 0)), p->a, p->b, message);
  if (p->outer_batches) {
    for (uint32_t d = 0; d + 1 < na; d++) p->extent[p->ndim++] = extent_of(lo, p->a, d);
    for (uint32_t d = 0; d + 2 < nb; d++) p->extent[p->ndim++] = extent_of(lo, p->b, d);
  } else {
    broadcast_batches(p);
    if (is_matrix(a)) p->extent[p->ndim++] = extent_of(lo, p->a, na - 2);
  }
  if (is_matrix(b)) p->extent[p->ndim++] = extent_of(lo, p->b, nb - 1);
}

/* ---- loops for integers and bools ---- */

/* Indices of an operand's batch axes among those of the result: an axis of extent 1 stays at 0. */
static uint32_t batch_index(Product *p, bool left, IrExpr *const *at, IrExpr **out) {
  Lower *lo = p->lo;
  IrVar *v = left ? p->a : p->b;
  uint32_t n = batches(v), other = batches(left ? p->b : p->a), all = n > other ? n : other;
  for (uint32_t d = 0; d < n; d++) {
    if (p->outer_batches) {
      out[d] = at[left ? d : p->a->type->ndim - 1u + d];
      continue;
    }
    IrExpr *is_one = ir_compare(&lo->b, IR_EQ, extent_of(lo, v, d), ir_int(&lo->b, 1));
    out[d] = lower_stable(lo, ir_select(&lo->b, is_one, ir_int(&lo->b, 0), at[all - n + d]));
  }
  return n;
}

/* Of a (left) or b; both may be the same array. */
static IrExpr *element(Product *p, bool left, IrExpr *const *at, IrExpr *k, IrExpr *j) {
  IrExpr *index[TYPE_MAX_NDIM];
  IrVar *v = left ? p->a : p->b;
  uint32_t n = batch_index(p, left, at, index), row = p->outer_batches ? p->a->type->ndim - 2u : p->ndim - 1u - is_matrix(p->b);
  if (left && is_matrix(v)) index[n++] = at[row];
  index[n++] = k;
  if (!left && is_matrix(v)) index[n++] = j;
  return ir_load(&p->lo->b, v, index);
}

static IrExpr *added(Product *p, IrExpr *sum, IrExpr *x, IrExpr *y) {
  bool is_bool = type_is_bool(p->item);
  IrExpr *term = ir_binary(&p->lo->b, is_bool ? IR_LAND : IR_MUL, p->item, x, y);
  return ir_binary(&p->lo->b, is_bool ? IR_LOR : IR_ADD, p->item, sum, term);
}

/* The innermost loop runs along rows of b and of the result: both are read in the order of memory. */
static void by_rows(Product *p, IrVar *out) {
  Lower *lo = p->lo;
  Nest outer, middle, row;
  IrExpr *at[TYPE_MAX_NDIM];
  nest_for(lo, &outer, p->ndim - 1, p->extent);
  memcpy(at, outer.index, sizeof at);
  nest_for(lo, &middle, 1, &p->inner);
  IrExpr *x = lower_bind(lo, NULL, element(p, true, at, middle.index[0], NULL));
  nest_for(lo, &row, 1, &p->extent[p->ndim - 1]);
  at[p->ndim - 1] = row.index[0];
  IrExpr *y = element(p, false, at, middle.index[0], row.index[0]);
  ir_store(&lo->b, out, at, added(p, ir_load(&lo->b, out, at), x, y));
  nest_close(lo, &row);
  nest_close(lo, &middle);
  nest_close(lo, &outer);
}

/* b is a vector: one sum per element; `out` is NULL for the product of two vectors. */
static IrExpr *by_sums(Product *p, IrVar *out) {
  Lower *lo = p->lo;
  Nest outer, inner;
  nest_for(lo, &outer, p->ndim, p->extent);
  IrVar *sum = ir_new_var(&lo->b, NULL, p->item);
  ir_set(&lo->b, sum, ir_const(&lo->b, p->item, 0));
  nest_for(lo, &inner, 1, &p->inner);
  IrExpr *x = element(p, true, outer.index, inner.index[0], NULL), *y = element(p, false, outer.index, inner.index[0], NULL);
  ir_set(&lo->b, sum, added(p, ir_var(&lo->b, sum), x, y));
  nest_close(lo, &inner);
  if (out) ir_store(&lo->b, out, outer.index, ir_var(&lo->b, sum));
  nest_close(lo, &outer);
  return ir_var(&lo->b, sum);
}

/* ---- the runtime for floats and complex numbers ---- */

static IrExpr *runtime_dot(Product *p, bool conjugate) {
  Lower *lo = p->lo;
  IrExpr *a = ir_var(&lo->b, p->a), *b = ir_var(&lo->b, p->b);
  IrVar *result = ir_new_var(&lo->b, NULL, p->item);
  result->once = true;
  if (type_is_complex(p->item)) {
    IrExpr *args[] = {ir_int(&lo->b, p->item->dtype), ir_int(&lo->b, conjugate), a, b};
    ir_runtime(&lo->b, "lj_rt_dot_complex", args, 4, result, true);
  } else {
    ir_runtime(&lo->b, p->item->dtype == DT_FLOAT64 ? "lj_rt_dot_f64" : "lj_rt_dot_f32", (IrExpr *[]){a, b}, 2, result, false);
  }
  return ir_var(&lo->b, result);
}

static void runtime_matmul(Product *p, IrVar *out) {
  IrBuilder *b = &p->lo->b;
  IrExpr *args[] = {ir_int(b, p->item->dtype),   ir_int(b, p->outer_batches),
                    ir_int(b, p->a->type->ndim), ir_var(b, p->a),
                    ir_int(b, p->b->type->ndim), ir_var(b, p->b),
                    ir_int(b, out->type->ndim),  ir_var(b, out)};
  ir_runtime(b, "lj_rt_matmul", args, LJ_COUNT(args), NULL, true);
}

static IrExpr *product_value(Product *p, const Type *type, IrVar *out) {
  Lower *lo = p->lo;
  bool in_runtime = type_is_float(p->item) || type_is_complex(p->item);
  if (!p->ndim) return in_runtime ? runtime_dot(p, false) : by_sums(p, NULL);
  if (out) {
    IrExpr *ok = NULL;
    for (uint32_t d = 0; d < p->ndim; d++) {
      IrExpr *same = ir_compare(&lo->b, IR_EQ, extent_of(lo, out, d), p->extent[d]);
      ok = ok ? ir_binary(&lo->b, IR_LAND, same->type, ok, same) : same;
    }
    check_shapes(lo, ok, out, NULL, "the array for the result has another shape than the product: {a}");
  }
  const Type *fresh = type_array(lo->types, p->item->dtype, p->ndim, LAYOUT_C, false);
  IrVar *to = out && in_runtime ? out : lower_alloc(lo, fresh, p->extent, !in_runtime && is_matrix(p->b));
  if (in_runtime)
    runtime_matmul(p, to);
  else if (is_matrix(p->b))
    by_rows(p, to);
  else
    by_sums(p, to);
  if (!out) return lower_convert(lo, ir_var(&lo->b, to), type, lo->b.span);
  if (out != to) lower_copy_into(lo, out, to); /* it may be one of the operands */
  return ir_var(&lo->b, out);
}

/* ---- the rules ---- */

IrExpr *lower_matmul(Lower *lo, const Expr *e) {
  Product p;
  Expr *operands[] = {e->as.binary.lhs, e->as.binary.rhs};
  IrExpr *v[2];
  const Type *type = lower_type(lo, e);
  lower_exprs(lo, operands, 2, v);
  lo->b.span = e->span;
  IrVar *a = lower_pin(lo, lower_bind_array(lo, lower_open(lo, v[0], e->span))),
        *b = lower_pin(lo, lower_bind_array(lo, lower_open(lo, v[1], e->span)));
  product_init(&p, lo, a, b, type->dtype, false);
  return product_value(&p, type, NULL);
}

IrExpr *lower_matmul_values(Lower *lo, IrVar *left, IrVar *right, const Type *type) {
  Product p;
  product_init(&p, lo, lower_pin(lo, left), lower_pin(lo, right), type->dtype, false);
  return product_value(&p, type, NULL);
}

static IrExpr *rule_product(Lower *lo, const Expr *call, const Callee *callee) {
  Product p;
  IrExpr *v[3];
  const Type *type = lower_type(lo, call);
  bool has_out = callee->count > 2 && callee->args[2] && lower_type(lo, callee->args[2])->kind != TYPE_NONE;
  lower_exprs(lo, callee->args, has_out ? 3 : 2, v);
  for (int i = 0; i < 2 + has_out; i++) v[i] = lower_open(lo, v[i], call->span);
  IrVar *a = lower_pin(lo, lower_bind_array(lo, v[0])), *b = lower_pin(lo, lower_bind_array(lo, v[1]));
  product_init(&p, lo, a, b, type->dtype, callee->builtin->id != BI_MATMUL);
  return product_value(&p, type, has_out ? lower_bind_array(lo, v[2]) : NULL);
}

/* Any array or number as a vector. */
static IrVar *as_vector(Lower *lo, IrExpr *value) {
  if (type_is_scalar(value->type)) {
    IrExpr *one = ir_int(&lo->b, 1), *at = ir_int(&lo->b, 0);
    IrVar *v = lower_alloc(lo, type_array(lo->types, value->type->dtype, 1, LAYOUT_C, false), &one, false);
    ir_store(&lo->b, v, &at, value);
    return v;
  }
  IrVar *a = lower_pin(lo, lower_bind_array(lo, value));
  if (a->type->ndim == 1) return a;
  IrExpr *size = lower_stable(lo, ir_size(&lo->b, a));
  const Type *type = type_array(lo->types, a->type->dtype, 1, LAYOUT_C, a->type->readonly);
  return lower_bind_array(lo, lower_reshape(lo, a, type, &size, false, lo->b.span));
}

static IrExpr *rule_vdot(Lower *lo, const Expr *call, const Callee *callee) {
  Product p;
  IrExpr *v[2];
  const Type *type = lower_type(lo, call);
  lower_exprs(lo, callee->args, 2, v);
  IrVar *a = as_vector(lo, v[0]), *b = as_vector(lo, v[1]);
  product_init(&p, lo, a, b, type->dtype, true);
  return type_is_complex(type) ? runtime_dot(&p, true) : product_value(&p, type, NULL);
}

/* The last axes are summed: a @ b.T */
static IrExpr *rule_inner(Lower *lo, const Expr *call, const Callee *callee) {
  Product p;
  View view;
  IrExpr *v[2];
  const Type *type = lower_type(lo, call);
  lower_exprs(lo, callee->args, 2, v);
  IrVar *a = lower_pin(lo, lower_bind_array(lo, v[0])), *b = lower_pin(lo, lower_bind_array(lo, v[1]));
  if (is_matrix(b)) {
    static const Layout turned[] = {[LAYOUT_C] = LAYOUT_F, [LAYOUT_F] = LAYOUT_C, [LAYOUT_A] = LAYOUT_A};
    view_of(lo, &view, b);
    IrExpr *n = view.shape[0], *step = view.stride[0];
    view.shape[0] = view.shape[1], view.stride[0] = view.stride[1];
    view.shape[1] = n, view.stride[1] = step;
    b = view_var(lo, NULL, type_array(lo->types, b->type->dtype, 2, turned[b->type->layout], b->type->readonly), &view);
  }
  product_init(&p, lo, a, b, type->dtype, true);
  return product_value(&p, type, NULL);
}

static IrExpr *rule_outer(Lower *lo, const Expr *call, const Callee *callee) {
  IrExpr *v[2], *extent[2];
  const Type *type = lower_type(lo, call), *item = lower_elem_type(lo, type);
  lower_exprs(lo, callee->args, 2, v);
  IrVar *a = as_vector(lo, v[0]), *b = as_vector(lo, v[1]);
  extent[0] = extent_of(lo, a, 0), extent[1] = extent_of(lo, b, 0);
  IrVar *out = lower_alloc(lo, type, extent, false);
  Nest nest;
  nest_map(lo, &nest, 2, extent, false);
  IrExpr *x = ir_cast(&lo->b, item, ir_load(&lo->b, a, &nest.index[0])), *y = ir_cast(&lo->b, item, ir_load(&lo->b, b, &nest.index[1]));
  ir_store(&lo->b, out, nest.index, type_is_bool(item) ? ir_binary(&lo->b, IR_LAND, item, x, y) : ir_binary(&lo->b, IR_MUL, item, x, y));
  nest_close(lo, &nest);
  return ir_var(&lo->b, out);
}

ArrayRule lower_matmul_rule(BuiltinId id) {
  static const ArrayRule table[BI_COUNT] = {
      [BI_DOT] = rule_product, [BI_A_DOT] = rule_product, [BI_MATMUL] = rule_product,
      [BI_VDOT] = rule_vdot,   [BI_INNER] = rule_inner,   [BI_OUTER] = rule_outer,
  };
  return table[id];
}
