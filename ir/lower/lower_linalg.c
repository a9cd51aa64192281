/* numpy.linalg and numpy.fft: calls of the runtime. In: a call of one of their rows. Out: new arrays, alone or in a tuple. LAPACK overwrites
 * its arguments, so each matrix is copied into Fortran order and into the dtype of the result first; shapes are checked before the call. */
#include "ir/lower/lower_array.h"

static IrExpr *extent_of(Lower *lo, IrVar *v, uint32_t axis) { return lower_stable(lo, ir_shape(&lo->b, v, axis)); }

static IrVar *new_matrix(Lower *lo, DType dtype, IrExpr *rows, IrExpr *cols, bool zero) {
  return lower_alloc(lo, type_array(lo->types, dtype, 2, LAYOUT_F, false), (IrExpr *[]){rows, cols}, zero);
}

static IrVar *new_vector(Lower *lo, DType dtype, IrExpr *n) {
  return lower_alloc(lo, type_array(lo->types, dtype, 1, LAYOUT_C, false), &n, false);
}

/* A copy that LAPACK may overwrite. */
static IrVar *working_copy(Lower *lo, IrVar *from, DType dtype) {
  IrExpr *shape[TYPE_MAX_NDIM];
  lower_shape_of(lo, from, shape);
  Layout layout = from->type->ndim > 1 ? LAYOUT_F : LAYOUT_C;
  IrVar *to = lower_alloc(lo, type_array(lo->types, dtype, from->type->ndim, layout, false), shape, false);
  lower_copy_into(lo, to, from);
  return to;
}

static void check_square(Lower *lo, IrVar *a) {
  IrExpr *ok = ir_compare(&lo->b, IR_EQ, extent_of(lo, a, 0), extent_of(lo, a, 1));
  ir_check(&lo->b, CHECK_VALUE, ok, LINALG_ERROR, "Last 2 dimensions of the array must be square", NULL, NULL, NULL, NULL);
}

static IrVar *array_arg(Lower *lo, IrExpr *value, Span at) { return lower_pin(lo, lower_bind_array(lo, lower_open(lo, value, at))); }

static void call(Lower *lo, const char *symbol, IrExpr *const *args, uint32_t count) {
  ir_runtime(&lo->b, symbol, args, count, NULL, true);
}

static IrExpr *call_value(Lower *lo, const char *symbol, IrExpr *const *args, uint32_t count, const Type *type) {
  IrVar *result = ir_new_var(&lo->b, NULL, type);
  result->once = true;
  ir_runtime(&lo->b, symbol, args, count, result, true);
  return ir_var(&lo->b, result);
}

/* ---- functions of one square matrix ---- */

static IrExpr *eigen(Lower *lo, const Type *type, BuiltinId id, IrVar *a, DType dtype) {
  IrBuilder *b = &lo->b;
  bool symmetric = id == BI_LA_EIGH || id == BI_LA_EIGVALSH, vectors = id == BI_LA_EIGH || id == BI_LA_EIG;
  IrExpr *n = extent_of(lo, a, 0);
  IrVar *values = new_vector(lo, symmetric ? dtype_real_of(dtype) : dtype, n), *v = a;
  if (symmetric) {
    IrExpr *args[] = {ir_int(b, dtype), ir_int(b, vectors), ir_var(b, a), ir_var(b, values)};
    call(lo, "lj_rt_linalg_eigh", args, 4);
  } else {
    if (vectors) v = new_matrix(lo, dtype, n, n, false);
    IrExpr *args[] = {ir_int(b, dtype), ir_int(b, vectors), ir_var(b, a), ir_var(b, values), ir_var(b, v)};
    call(lo, "lj_rt_linalg_eig", args, 5);
  }
  return vectors ? ir_tuple(b, type, (IrExpr *[]){ir_var(b, values), ir_var(b, v)}, 2) : ir_var(b, values);
}

/* Of the result, or of its first part. */
static DType dtype_of(const Type *result) { return type_is_tuple(result) ? result->elems[0]->dtype : result->dtype; }

static DType inexact(DType t) { return dtype_is_float(t) || dtype_is_complex(t) ? t : DT_FLOAT64; }

static IrExpr *rule_square(Lower *lo, const Expr *e, const Callee *callee) {
  IrBuilder *b = &lo->b;
  const Type *type = lower_type(lo, e);
  IrExpr *value = lower_expr(lo, callee->args[0]);
  IrVar *from = array_arg(lo, value, e->span);
  DType dtype = inexact(from->type->dtype);
  check_square(lo, from);
  IrVar *a = working_copy(lo, from, dtype);
  IrExpr *args[] = {ir_int(b, dtype), ir_var(b, a), NULL};
  switch ((int)callee->builtin->id) {
  case BI_LA_DET: return call_value(lo, "lj_rt_linalg_det", (IrExpr *[]){args[0], ir_int(b, lo->top_level), args[1]}, 3, type);
  case BI_LA_SLOGDET: return call_value(lo, "lj_rt_linalg_slogdet", args, 2, type);
  case BI_LA_CHOLESKY: call(lo, "lj_rt_linalg_cholesky", args, 2); return ir_var(b, a);
  case BI_LA_INV: {
    IrExpr *n = extent_of(lo, a, 0);
    IrVar *out = new_matrix(lo, dtype, n, n, true);
    args[2] = ir_var(b, out);
    call(lo, "lj_rt_linalg_inv", args, 3);
    return ir_var(b, out);
  }
  default: return eigen(lo, type, callee->builtin->id, a, dtype);
  }
}

/* ---- factorisations of any matrix ---- */

static IrExpr *rule_qr(Lower *lo, const Expr *e, const Callee *callee) {
  IrBuilder *b = &lo->b;
  const Type *type = lower_type(lo, e);
  DType dtype = dtype_of(type);
  IrVar *a = working_copy(lo, array_arg(lo, lower_expr(lo, callee->args[0]), e->span), dtype);
  IrExpr *m = extent_of(lo, a, 0), *n = extent_of(lo, a, 1), *k = lower_stable(lo, ix_min(lo, m, n));
  IrVar *q = new_matrix(lo, dtype, m, k, false), *r = new_matrix(lo, dtype, k, n, true);
  call(lo, "lj_rt_linalg_qr", (IrExpr *[]){ir_int(b, dtype), ir_var(b, a), ir_var(b, q), ir_var(b, r)}, 4);
  return ir_tuple(b, type, (IrExpr *[]){ir_var(b, q), ir_var(b, r)}, 2);
}

static IrExpr *rule_svd(Lower *lo, const Expr *e, const Callee *callee) {
  IrBuilder *b = &lo->b;
  const Type *type = lower_type(lo, e);
  bool vectors = type_is_tuple(type), has_flag = callee->count > 1 && callee->args[1];
  IrExpr *v[2];
  lower_exprs(lo, callee->args, has_flag ? 2 : 1, v);
  IrVar *from = array_arg(lo, v[0], e->span);
  DType dtype = inexact(from->type->dtype);
  IrExpr *full = has_flag ? lower_bind(lo, NULL, lower_truth(lo, v[1], e->span)) : ir_bool(b, true);
  IrVar *a = working_copy(lo, from, dtype);
  IrExpr *m = extent_of(lo, a, 0), *n = extent_of(lo, a, 1), *k = lower_stable(lo, ix_min(lo, m, n));
  IrVar *s = new_vector(lo, dtype_real_of(dtype), k), *u = a, *vt = a;
  IrExpr *mode = ir_int(b, 0);
  if (vectors) {
    u = new_matrix(lo, dtype, m, lower_stable(lo, ir_select(b, full, m, k)), false);
    vt = new_matrix(lo, dtype, lower_stable(lo, ir_select(b, full, n, k)), n, false);
    mode = ir_select(b, full, ir_int(b, 1), ir_int(b, 2));
  }
  call(lo, "lj_rt_linalg_svd", (IrExpr *[]){ir_int(b, dtype), mode, ir_var(b, a), ir_var(b, u), ir_var(b, s), ir_var(b, vt)}, 6);
  return vectors ? ir_tuple(b, type, (IrExpr *[]){ir_var(b, u), ir_var(b, s), ir_var(b, vt)}, 3) : ir_var(b, s);
}

/* ---- systems of equations ---- */

static void check_rows(Lower *lo, const char *message, IrVar *a, IrVar *b) {
  ir_check(&lo->b, CHECK_SHAPE, ir_compare(&lo->b, IR_EQ, extent_of(lo, a, 0), extent_of(lo, b, 0)), VALUE_ERROR, message, NULL, NULL, NULL,
           NULL);
  IrStmt *s = lo->b.block->data[lo->b.block->len - 1];
  s->as.check.shape_a = a;
  s->as.check.shape_b = b;
}

static IrExpr *rule_solve(Lower *lo, const Expr *e, const Callee *callee) {
  IrBuilder *b = &lo->b;
  IrExpr *v[2];
  DType dtype = lower_type(lo, e)->dtype;
  lower_exprs(lo, callee->args, 2, v);
  IrVar *from = array_arg(lo, v[0], e->span), *right = array_arg(lo, v[1], e->span);
  check_square(lo, from);
  check_rows(lo, "solve: shapes {a} and {b} do not match", from, right);
  IrVar *a = working_copy(lo, from, dtype), *x = working_copy(lo, right, dtype);
  call(lo, "lj_rt_linalg_solve", (IrExpr *[]){ir_int(b, dtype), ir_var(b, a), ir_int(b, x->type->ndim), ir_var(b, x)}, 4);
  return ir_var(b, x);
}

/* The upper left corner of one matrix becomes that of another. */
static void store_rows(Lower *lo, IrVar *to, IrVar *from, IrExpr *rows, IrExpr *cols) {
  Nest nest;
  nest_map(lo, &nest, 2, (IrExpr *[]){rows, cols}, true);
  ir_store(&lo->b, to, nest.index, ir_cast(&lo->b, lower_elem_type(lo, to->type), ir_load(&lo->b, from, nest.index)));
  nest_close(lo, &nest);
}

/* Sums of squares of the rows of x below the solution: |b - a x|^2 of each column. Only when a has full rank and more rows than columns. */
static IrVar *residuals(Lower *lo, IrVar *x, IrExpr *m, IrExpr *n, IrExpr *cols, IrExpr *rank, DType dtype) {
  IrBuilder *b = &lo->b;
  DType real = dtype_real_of(dtype);
  const Type *boolean = type_scalar(lo->types, DT_BOOL), *item = type_scalar(lo->types, real);
  IrExpr *has = ir_binary(b, IR_LAND, boolean, ir_compare(b, IR_EQ, rank, n), ir_compare(b, IR_GT, m, n));
  IrExpr *count = lower_stable(lo, ir_select(b, has, cols, ir_int(b, 0))), *below = lower_stable(lo, ix_sub(lo, m, n)), *at[2];
  IrVar *out = new_vector(lo, real, count), *sum = ir_new_var(b, NULL, item);
  Nest outer, inner;
  nest_for(lo, &outer, 1, &count);
  ir_set(b, sum, ir_const(b, item, 0));
  nest_for(lo, &inner, 1, &below);
  at[0] = ix_add(lo, inner.index[0], n), at[1] = outer.index[0];
  IrExpr *z = lower_bind(lo, NULL, ir_load(b, x, at)), *re = z, *term;
  if (dtype_is_complex(dtype)) re = ir_unary(b, IR_REAL, item, z);
  term = ir_binary(b, IR_MUL, item, re, re);
  if (dtype_is_complex(dtype)) {
    IrExpr *im = ir_unary(b, IR_IMAG, item, z);
    term = ir_binary(b, IR_ADD, item, term, ir_binary(b, IR_MUL, item, im, im));
  }
  ir_set(b, sum, ir_binary(b, IR_ADD, item, ir_var(b, sum), term));
  nest_close(lo, &inner);
  ir_store(b, out, outer.index, ir_var(b, sum));
  nest_close(lo, &outer);
  return out;
}

/* A vector as a matrix of one column. */
static IrVar *as_columns(Lower *lo, IrVar *v) {
  View view;
  if (v->type->ndim == 2) return v;
  view_of(lo, &view, v);
  view.ndim = 2;
  view.shape[1] = ir_int(&lo->b, 1), view.stride[1] = ir_int(&lo->b, dtype_size(v->type->dtype));
  Layout layout = v->type->layout == LAYOUT_A ? LAYOUT_A : LAYOUT_C;
  return view_var(lo, NULL, type_array(lo->types, v->type->dtype, 2, layout, v->type->readonly), &view);
}

static IrExpr *rule_lstsq(Lower *lo, const Expr *e, const Callee *callee) {
  IrBuilder *b = &lo->b;
  IrExpr *v[3];
  const Type *type = lower_type(lo, e), *real_type = type_scalar(lo->types, DT_FLOAT64);
  DType dtype = dtype_of(type);
  bool has_rcond = callee->count > 2 && callee->args[2] && lower_type(lo, callee->args[2])->kind != TYPE_NONE;
  lower_exprs(lo, callee->args, has_rcond ? 3 : 2, v);
  IrVar *from = array_arg(lo, v[0], e->span), *right = array_arg(lo, v[1], e->span);
  check_rows(lo, "lstsq: shapes {a} and {b} do not match", from, right);
  IrVar *b_from = as_columns(lo, right), *a = working_copy(lo, from, dtype);
  IrExpr *m = extent_of(lo, a, 0), *n = extent_of(lo, a, 1), *cols = extent_of(lo, b_from, 1);
  IrExpr *most = lower_stable(lo, ix_max(lo, m, n)), *few = lower_stable(lo, ix_min(lo, m, n));
  IrVar *x = new_matrix(lo, dtype, most, cols, true), *s = new_vector(lo, dtype_real_of(dtype), few);
  store_rows(lo, x, b_from, m, cols);
  double eps = dtype_size(dtype_real_of(dtype)) == 4 ? 1.1920928955078125e-07 : 2.220446049250313e-16;
  IrExpr *rcond = has_rcond ? ir_cast(b, real_type, lower_open(lo, v[2], e->span))
                            : ir_binary(b, IR_MUL, real_type, ir_float(b, eps), ir_cast(b, real_type, most));
  IrExpr *args[] = {ir_int(b, dtype), rcond, ir_var(b, a), ir_var(b, x), ir_var(b, s)};
  IrExpr *rank = call_value(lo, "lj_rt_linalg_lstsq", args, 5, lower_int_type(lo));
  IrVar *rest = residuals(lo, x, m, n, cols, rank, dtype);
  bool vector = right->type->ndim == 1;
  IrVar *out = vector ? new_vector(lo, dtype, n) : new_matrix(lo, dtype, n, cols, false);
  store_rows(lo, as_columns(lo, out), x, n, cols);
  return ir_tuple(b, type, (IrExpr *[]){ir_var(b, out), ir_var(b, rest), rank, ir_var(b, s)}, 4);
}

/* ---- Fourier transforms ---- */

static IrVar *transform(Lower *lo, FftOp op, IrVar *a, const Type *type, IrExpr *n, uint32_t axis) {
  IrBuilder *b = &lo->b;
  IrExpr *shape[TYPE_MAX_NDIM], *two = ir_int(b, 2);
  lower_shape_of(lo, a, shape);
  const Type *int_type = lower_int_type(lo);
  if (!n) n = op == FFT_BACK ? lower_stable(lo, ix_mul(lo, two, ix_sub(lo, shape[axis], ir_int(b, 1)))) : shape[axis];
  ir_check(b, CHECK_VALUE, ir_compare(b, IR_GE, n, ir_int(b, 1)), VALUE_ERROR, "Invalid number of FFT data points (%d) specified.", n, NULL,
           NULL, NULL);
  bool half = op == FFT_REAL;
  shape[axis] = half ? lower_stable(lo, ix_add(lo, ir_binary(b, IR_SAFE_FLOORDIV, int_type, n, two), ir_int(b, 1))) : n;
  IrVar *out = lower_alloc(lo, type, shape, false);
  IrExpr *all[] = {
      ir_int(b, op), n, ir_int(b, axis), ir_int(b, a->type->dtype), ir_int(b, type->dtype), ir_int(b, a->type->ndim), ir_var(b, a),
      ir_var(b, out)};
  call(lo, "lj_rt_fft", all, LJ_COUNT(all));
  return out;
}

static IrExpr *rule_fft(Lower *lo, const Expr *e, const Callee *callee) {
  BuiltinId id = callee->builtin->id;
  const Type *type = lower_type(lo, e);
  bool has_n = callee->count > 1 && callee->args[1] && lower_type(lo, callee->args[1])->kind != TYPE_NONE;
  int64_t axis = -1;
  IrExpr *v[2], *n = NULL;
  lower_exprs(lo, callee->args, has_n ? 2 : 1, v);
  IrVar *a = array_arg(lo, v[0], e->span);
  if (has_n) n = lower_stable(lo, ir_cast(&lo->b, lower_int_type(lo), lower_open(lo, v[1], e->span)));
  if (!dtype_is_float(a->type->dtype) && !dtype_is_complex(a->type->dtype)) a = working_copy(lo, a, DT_FLOAT64);
  if (callee->count > 2 && callee->args[2]) (void)spec_const_int(lo->spec, callee->args[2], &axis);
  if (axis < 0) axis += type->ndim;
  FftOp op = id == BI_IFFT || id == BI_IFFT2 ? FFT_INVERSE : id == BI_RFFT ? FFT_REAL : id == BI_IRFFT ? FFT_BACK : FFT_FORWARD;
  IrVar *out = transform(lo, op, a, type, n, (uint32_t)axis);
  if (id == BI_FFT2 || id == BI_IFFT2) out = transform(lo, op, out, type, NULL, type->ndim - 2u);
  return ir_var(&lo->b, out);
}

ArrayRule lower_linalg_rule(BuiltinId id) {
  static const ArrayRule table[BI_COUNT] = {
      [BI_LA_DET] = rule_square, [BI_LA_SLOGDET] = rule_square, [BI_LA_INV] = rule_square,  [BI_LA_CHOLESKY] = rule_square,
      [BI_LA_EIG] = rule_square, [BI_LA_EIGVALS] = rule_square, [BI_LA_EIGH] = rule_square, [BI_LA_EIGVALSH] = rule_square,
      [BI_LA_QR] = rule_qr,      [BI_LA_SVD] = rule_svd,        [BI_LA_SOLVE] = rule_solve, [BI_LA_LSTSQ] = rule_lstsq,
      [BI_FFT] = rule_fft,       [BI_IFFT] = rule_fft,          [BI_RFFT] = rule_fft,       [BI_IRFFT] = rule_fft,
      [BI_FFT2] = rule_fft,      [BI_IFFT2] = rule_fft,
  };
  return table[id];
}
