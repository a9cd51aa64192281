/* Attributes and methods of arrays that compute no elements: shape, strides, transpose, reshape, expand_dims, real and imag, item.
 * In: a call or attribute resolved to a row. Out: extents as scalars, or views; reshape copies only where the memory has another order. */
#include "ir/lower/lower_array.h"
#include <stdio.h>

static IrVar *receiver(Lower *lo, const Callee *callee) { return lower_array_of(lo, callee->args[0]); }

static const Type *receiver_type(const Lower *lo, const Callee *callee) { return lower_type(lo, callee->args[0]); }

/* ---- numbers ---- */

static IrExpr *extents(Lower *lo, const Expr *call, const Callee *callee, bool strides) {
  IrExpr *items[TYPE_MAX_NDIM];
  const Type *type = lower_type(lo, call);
  if (!type->count) return lower_expr(lo, callee->args[0]), ir_tuple(&lo->b, type, items, 0);
  IrVar *a = receiver(lo, callee);
  for (uint32_t d = 0; d < type->count; d++) items[d] = strides ? ir_stride(&lo->b, a, d) : ir_shape(&lo->b, a, d);
  return ir_tuple(&lo->b, type, items, type->count);
}

static IrExpr *rule_shape(Lower *lo, const Expr *call, const Callee *callee) { return extents(lo, call, callee, false); }
static IrExpr *rule_strides(Lower *lo, const Expr *call, const Callee *callee) { return extents(lo, call, callee, true); }

static IrExpr *rule_size(Lower *lo, const Expr *call, const Callee *callee) {
  (void)call;
  if (type_is_array(receiver_type(lo, callee))) return ir_size(&lo->b, receiver(lo, callee));
  (void)lower_expr(lo, callee->args[0]);
  return ir_int(&lo->b, 1);
}

static IrExpr *rule_nbytes(Lower *lo, const Expr *call, const Callee *callee) {
  return ix_mul(lo, rule_size(lo, call, callee), ir_int(&lo->b, dtype_size(receiver_type(lo, callee)->dtype)));
}

static IrExpr *rule_len(Lower *lo, const Expr *call, const Callee *callee) {
  (void)call;
  return ir_shape(&lo->b, receiver(lo, callee), 0);
}

static IrExpr *rule_ndim(Lower *lo, const Expr *call, const Callee *callee) {
  (void)call;
  const Type *t = receiver_type(lo, callee);
  (void)lower_expr(lo, callee->args[0]);
  return ir_int(&lo->b, type_is_array(t) ? t->ndim : type_is_tuple(t));
}

static IrExpr *rule_itemsize(Lower *lo, const Expr *call, const Callee *callee) {
  (void)call;
  (void)lower_expr(lo, callee->args[0]);
  return ir_int(&lo->b, dtype_size(receiver_type(lo, callee)->dtype));
}

static IrExpr *rule_dtype(Lower *lo, const Expr *call, const Callee *callee) {
  (void)lower_expr(lo, callee->args[0]);
  return ir_none(&lo->b, lower_type(lo, call));
}

static IrExpr *rule_kind(Lower *lo, const Expr *call, const Callee *callee) {
  (void)call;
  (void)lower_expr(lo, callee->args[0]);
  return ir_string(&lo->b, sym_c(lo->program->module->names, dtype_letter(receiver_type(lo, callee)->dtype)));
}

static IrExpr *rule_result_type(Lower *lo, const Expr *call, const Callee *callee) {
  IrExpr *values[3 * TYPE_MAX_NDIM];
  lower_exprs(lo, callee->args, callee->count < LJ_COUNT(values) ? callee->count : LJ_COUNT(values), values);
  return ir_none(&lo->b, lower_type(lo, call));
}

/* ---- parts of complex arrays ---- */

static IrExpr *part(Lower *lo, const Expr *call, const Callee *callee, bool imag) {
  const Type *type = lower_type(lo, call);
  IrVar *a = receiver(lo, callee);
  if (!dtype_is_complex(a->type->dtype) && !imag) return ir_var(&lo->b, a);
  View v;
  view_of(lo, &v, a);
  if (!dtype_is_complex(a->type->dtype)) return ir_var(&lo->b, lower_alloc(lo, type, v.shape, true));
  if (imag) v.offset = ir_int(&lo->b, dtype_size(type->dtype));
  return ir_var(&lo->b, view_var(lo, NULL, type, &v));
}

static IrExpr *rule_real(Lower *lo, const Expr *call, const Callee *callee) { return part(lo, call, callee, false); }
static IrExpr *rule_imag(Lower *lo, const Expr *call, const Callee *callee) { return part(lo, call, callee, true); }

/* ---- order of axes ---- */

static IrExpr *reversed(Lower *lo, IrVar *a, const Type *type) {
  View from, v;
  if (a->type->ndim < 2) return ir_var(&lo->b, a);
  view_of(lo, &from, a);
  v = from;
  for (uint32_t d = 0; d < v.ndim; d++) {
    v.shape[d] = from.shape[v.ndim - 1 - d];
    v.stride[d] = from.stride[v.ndim - 1 - d];
  }
  return ir_var(&lo->b, view_var(lo, NULL, type, &v));
}

static IrExpr *rule_t(Lower *lo, const Expr *call, const Callee *callee) {
  return reversed(lo, receiver(lo, callee), lower_type(lo, call));
}

/* list[index], index in range or nothing is promised. */
static IrExpr *pick(Lower *lo, IrExpr *const *list, uint32_t n, IrExpr *index) {
  int64_t k;
  if (ir_is_int_const(index, &k) && k >= 0 && k < (int64_t)n) return list[k];
  IrExpr *out = list[n - 1];
  for (uint32_t i = n - 1; i-- > 0;) out = ir_select(&lo->b, ir_compare(&lo->b, IR_EQ, index, ir_int(&lo->b, i)), list[i], out);
  return lower_stable(lo, out);
}

/* An axis as written, negative ones from the end, checked. */
static IrExpr *axis_index(Lower *lo, IrExpr *axis, uint32_t ndim) {
  IrBuilder *b = &lo->b;
  int64_t k;
  IrExpr *zero = ir_int(b, 0), *n = ir_int(b, ndim), *index;
  if (ir_is_int_const(axis, &k))
    index = ir_int(b, k < 0 ? k + ndim : k);
  else
    index = lower_bind(lo, NULL, ir_select(b, ir_compare(b, IR_LT, axis, zero), ix_add(lo, axis, n), axis));
  if (ir_is_int_const(index, &k) && k >= 0 && k < (int64_t)ndim) return index;
  IrExpr *ok = ir_binary(b, IR_LAND, type_scalar(lo->types, DT_BOOL), ir_compare(b, IR_GE, index, zero), ir_compare(b, IR_LT, index, n));
  ir_check(b, CHECK_VALUE, ok, VALUE_ERROR, "axis %d is out of bounds for array of dimension %d", axis, n, NULL, NULL);
  return index;
}

static IrExpr *rule_transpose(Lower *lo, const Expr *call, const Callee *callee) {
  const Type *type = lower_type(lo, call);
  IrVar *a = receiver(lo, callee);
  const Type *first = callee->count > 1 && callee->args[1] ? lower_type(lo, callee->args[1]) : NULL;
  IrExpr *axes[3 * TYPE_MAX_NDIM], *ok = NULL;
  if (!first || first->kind == TYPE_NONE) return reversed(lo, a, type);
  uint32_t n = lower_dims(lo, callee->args + 1, callee->count - 1, axes);
  View from, v;
  view_of(lo, &from, a);
  v = from;
  for (uint32_t d = 0; d < n; d++) {
    axes[d] = axis_index(lo, axes[d], n);
    v.shape[d] = pick(lo, from.shape, n, axes[d]);
    v.stride[d] = pick(lo, from.stride, n, axes[d]);
    for (uint32_t k = 0; k < d; k++) {
      IrExpr *differ = ir_compare(&lo->b, IR_NE, axes[d], axes[k]);
      int64_t x, y;
      if (ir_is_int_const(axes[d], &x) && ir_is_int_const(axes[k], &y) && x != y) continue;
      ok = ok ? ir_binary(&lo->b, IR_LAND, ok->type, ok, differ) : differ;
    }
  }
  if (ok) ir_check(&lo->b, CHECK_VALUE, ok, VALUE_ERROR, "repeated axis in transpose", NULL, NULL, NULL, NULL);
  return ir_var(&lo->b, view_var(lo, NULL, type, &v));
}

static IrExpr *rule_expand_dims(Lower *lo, const Expr *call, const Callee *callee) {
  IrBuilder *b = &lo->b;
  IrExpr *values[2], *axis;
  int64_t known;
  lower_exprs(lo, callee->args, 2, values);
  IrVar *a = lower_bind_array(lo, values[0]);
  uint32_t ndim = a->type->ndim;
  axis = spec_const_int(lo->spec, callee->args[1], &known) ? ir_int(b, known) : lower_stable(lo, ir_cast(b, lower_int_type(lo), values[1]));
  axis = axis_index(lo, axis, ndim + 1);
  View from, v;
  view_of(lo, &from, a);
  v = from;
  v.ndim++;
  for (uint32_t d = 0; d <= ndim; d++) {
    if (ir_is_int_const(axis, &known) && known >= 0 && known <= (int64_t)ndim) {
      v.shape[d] = (int64_t)d < known ? from.shape[d] : (int64_t)d == known ? ir_int(b, 1) : from.shape[d - 1];
      v.stride[d] = (int64_t)d < known ? from.stride[d] : (int64_t)d == known ? ir_int(b, 0) : from.stride[d - 1];
      continue;
    }
    IrExpr *before = ir_compare(b, IR_GT, axis, ir_int(b, d)), *here = ir_compare(b, IR_EQ, axis, ir_int(b, d));
    IrExpr *shape = d < ndim ? from.shape[d] : ir_int(b, 1), *stride = d < ndim ? from.stride[d] : ir_int(b, 0);
    v.shape[d] = lower_stable(lo, ir_select(b, before, shape, ir_select(b, here, ir_int(b, 1), d ? from.shape[d - 1] : ir_int(b, 1))));
    v.stride[d] = lower_stable(lo, ir_select(b, before, stride, ir_select(b, here, ir_int(b, 0), d ? from.stride[d - 1] : ir_int(b, 0))));
  }
  return ir_var(b, view_var(lo, NULL, lower_type(lo, call), &v));
}

/* ---- split ---- */

/* Where part i begins: of equal parts, the first `extra` of them one longer; or at a written place, clamped like a slice. */
static IrExpr *part_start(Lower *lo, IrExpr *n, IrExpr *const *places, uint32_t parts, uint32_t i) {
  IrBuilder *b = &lo->b;
  const Type *type = lower_int_type(lo);
  if (i == 0) return ir_int(b, 0);
  if (i == parts) return n;
  if (places) {
    IrExpr *p = places[i - 1], *wrapped = ir_select(b, ir_compare(b, IR_LT, p, ir_int(b, 0)), ix_add(lo, p, n), p);
    return lower_stable(lo, ix_max(lo, ir_int(b, 0), ix_min(lo, n, lower_stable(lo, wrapped))));
  }
  IrExpr *count = ir_int(b, parts), *size = ir_binary(b, IR_FLOORDIV, type, n, count), *extra = ir_binary(b, IR_MOD, type, n, count);
  return lower_stable(lo, ix_add(lo, ix_mul(lo, ir_int(b, i), size), ix_min(lo, ir_int(b, i), lower_stable(lo, extra))));
}

static IrExpr *rule_split(Lower *lo, const Expr *call, const Callee *callee) {
  IrBuilder *b = &lo->b;
  const Type *type = lower_type(lo, call);
  uint32_t parts = type->count;
  bool by_places = type_is_tuple(lower_type(lo, callee->args[1]));
  IrExpr *values[2], *places[64], **items = arena_array(lo->arena, IrExpr *, parts);
  lower_exprs(lo, callee->args, 2, values);
  IrVar *a = lower_bind_array(lo, values[0]);
  for (uint32_t i = 0; by_places && i + 1 < parts; i++)
    places[i] = lower_stable(lo, ir_cast(b, lower_int_type(lo), ir_get(b, values[1], i)));
  int64_t axis = 0;
  if (callee->count > 2 && callee->args[2]) (void)spec_const_int(lo->spec, callee->args[2], &axis);
  if (axis < 0) axis += a->type->ndim;
  IrExpr *n = lower_stable(lo, ir_shape(b, a, (uint32_t)axis));
  if (!by_places && callee->builtin->id == BI_SPLIT) {
    IrExpr *rest = ir_binary(b, IR_MOD, lower_int_type(lo), n, ir_int(b, parts));
    ir_check(b, CHECK_VALUE, ir_compare(b, IR_EQ, rest, ir_int(b, 0)), VALUE_ERROR, "array split does not result in an equal division",
             NULL, NULL, NULL, NULL);
  }
  for (uint32_t i = 0; i < parts; i++) {
    View v;
    view_of(lo, &v, a);
    IrExpr *from = part_start(lo, n, by_places ? places : NULL, parts, i), *to = part_start(lo, n, by_places ? places : NULL, parts, i + 1);
    v.shape[axis] = lower_stable(lo, ix_max(lo, ir_int(b, 0), ix_sub(lo, to, from)));
    v.offset = lower_stable(lo, ix_mul(lo, from, v.stride[axis]));
    items[i] = ir_var(b, view_var(lo, NULL, type->elems[i], &v));
  }
  return ir_tuple(b, type, items, parts);
}

/* ---- reshape ---- */

uint32_t lower_dims(Lower *lo, Expr *const *args, uint32_t count, IrExpr **out) {
  IrExpr *values[3 * TYPE_MAX_NDIM];
  LJ_ASSERT(count <= LJ_COUNT(values));
  lower_exprs(lo, args, count, values);
  for (uint32_t i = 0; i < count; i++) values[i] = lower_open(lo, values[i], args[i]->span);
  bool is_tuple = count == 1 && type_is_tuple(values[0]->type);
  bool shown = is_tuple && (args[0]->kind == EXPR_TUPLE || args[0]->kind == EXPR_LIST);
  uint32_t n = is_tuple ? values[0]->type->count : count;
  for (uint32_t i = 0; i < n; i++) {
    int64_t known;
    const Expr *item = !is_tuple ? args[i] : shown ? args[0]->as.list.items.data[i] : NULL;
    IrExpr *value = is_tuple ? ir_get(&lo->b, values[0], i) : values[i];
    if (item && spec_const_int(lo->spec, item, &known))
      out[i] = ir_int(&lo->b, known);
    else
      out[i] = lower_stable(lo, ir_cast(&lo->b, lower_int_type(lo), value));
  }
  return n;
}

/* "cannot reshape array of size 12 into shape (5,3)"; more than three dimensions that are not constant are shown as "...". */
static void check_reshape(Lower *lo, IrExpr *ok, IrExpr *size, IrExpr *const *dims, uint32_t n) {
  char text[128], part_text[32];
  IrExpr *args[4] = {size};
  uint32_t used = 1;
  size_t len = 0;
  for (uint32_t d = 0; d < n; d++) {
    int64_t k;
    const char *end = n == 1 ? "," : d + 1 < n ? "," : "";
    if (ir_is_int_const(dims[d], &k))
      len += (size_t)snprintf(part_text, sizeof part_text, "%" PRId64 "%s", k, end);
    else if (used < 4)
      args[used++] = dims[d], len += (size_t)snprintf(part_text, sizeof part_text, "%%d%s", end);
    else
      len += (size_t)snprintf(part_text, sizeof part_text, "...%s", end);
    if (len < sizeof text) strcpy(text + len - strlen(part_text), part_text);
  }
  text[len < sizeof text ? len : sizeof text - 1] = 0;
  const char *message = arena_printf(lo->arena, "cannot reshape array of size %%d into shape (%s)", text);
  ir_check(&lo->b, CHECK_VALUE, ok, VALUE_ERROR, message, args[0], args[1], args[2], args[3]);
}

/* The dimensions with -1 resolved; checked against the size. */
static void resolve_dims(Lower *lo, IrExpr *size, IrExpr *const *dims, uint32_t n, IrExpr **out) {
  IrBuilder *b = &lo->b;
  const Type *int_type = lower_int_type(lo);
  IrExpr *zero = ir_int(b, 0), *one = ir_int(b, 1), *known = one, *open = zero, *total = one;
  bool maybe_open = false;
  for (uint32_t d = 0; d < n; d++) {
    int64_t k;
    bool is_const = ir_is_int_const(dims[d], &k);
    IrExpr *negative = is_const ? NULL : ir_compare(b, IR_LT, dims[d], zero);
    known = ix_mul(lo, known, is_const ? (k < 0 ? one : dims[d]) : ir_select(b, negative, one, dims[d]));
    open = ix_add(lo, open, is_const ? ir_int(b, k < 0) : ir_select(b, negative, one, zero));
    maybe_open |= !is_const || k < 0;
  }
  known = lower_stable(lo, known);
  IrExpr *rest = zero;
  if (maybe_open) {
    if (!ix_is(open, 1) && !ix_is(open, 0))
      ir_check(b, CHECK_VALUE, ir_compare(b, IR_LE, open, one), VALUE_ERROR, "can only specify one unknown dimension", NULL, NULL, NULL,
               NULL);
    rest = lower_stable(lo, ir_binary(b, IR_SAFE_FLOORDIV, int_type, size, known));
  }
  for (uint32_t d = 0; d < n; d++) {
    int64_t k;
    bool is_const = ir_is_int_const(dims[d], &k);
    out[d] = is_const ? (k < 0 ? rest : dims[d]) : lower_stable(lo, ir_select(b, ir_compare(b, IR_LT, dims[d], zero), rest, dims[d]));
    total = ix_mul(lo, total, out[d]);
  }
  IrExpr *ok = ir_compare(b, IR_EQ, total, size);
  IrExpr *divides = ir_binary(b, IR_LOR, ok->type, ir_compare(b, IR_EQ, open, zero), ir_compare(b, IR_NE, known, zero));
  if (maybe_open) ok = ir_binary(b, IR_LAND, ok->type, ok, divides);
  check_reshape(lo, ok, size, dims, n);
}

/* bool: do the elements lie one after the other in C order? Axes of extent 1 do not count. */
static IrExpr *is_contiguous(Lower *lo, IrVar *a) {
  IrBuilder *b = &lo->b;
  const Type *boolean = type_scalar(lo->types, DT_BOOL);
  IrExpr *expected = ir_int(b, dtype_size(a->type->dtype)), *ok = ir_bool(b, true);
  for (uint32_t d = a->type->ndim; d-- > 0;) {
    IrExpr *n = lower_stable(lo, ir_shape(b, a, d));
    IrExpr *fits = ir_binary(b, IR_LOR, boolean, ir_compare(b, IR_EQ, ir_stride(b, a, d), expected), ir_compare(b, IR_LE, n, ir_int(b, 1)));
    ok = ir_binary(b, IR_LAND, boolean, ok, fits);
    expected = lower_stable(lo, ix_mul(lo, expected, n));
  }
  return ok;
}

/* All of `a`, C-contiguous memory, with another shape. */
static IrExpr *reshaped(Lower *lo, IrVar *a, const Type *type, IrExpr *const *dims) {
  IrExpr *strides[TYPE_MAX_NDIM];
  for (uint32_t d = 0; d < type->ndim; d++) strides[d] = ir_int(&lo->b, 0); /* not asked for: the layout is C */
  return ir_view(&lo->b, type, a, ir_int(&lo->b, 0), dims, strides);
}

static IrVar *copied(Lower *lo, IrVar *a, IrVar *into) {
  IrExpr *shape[TYPE_MAX_NDIM];
  lower_shape_of(lo, a, shape);
  lower_alloc_into(lo, into, shape, false);
  lower_copy_into(lo, into, a);
  return into;
}

/* A view with strides where one can be made, which the runtime finds out; else a copy. */
static IrVar *reshaped_any(Lower *lo, IrVar *a, const Type *type, IrExpr *const *dims) {
  IrBuilder *b = &lo->b;
  const Type *ints[TYPE_MAX_NDIM + 1];
  IrExpr *items[TYPE_MAX_NDIM + 1] = {ir_int(b, 0)}, *strides[TYPE_MAX_NDIM];
  for (uint32_t d = 0; d <= type->ndim; d++) ints[d] = lower_int_type(lo);
  for (uint32_t d = 0; d < type->ndim; d++) items[d + 1] = dims[d];
  const Type *tuple = type_tuple(lo->types, ints, type->ndim + 1u);
  IrVar *found = ir_new_var(b, NULL, tuple), *whole = lower_slot(lo, lower_layout(lo, a->type, LAYOUT_C)), *either = lower_slot(lo, type);
  found->once = true;
  IrExpr *args[] = {ir_int(b, a->type->ndim), ir_int(b, type->ndim), ir_var(b, a), ir_tuple(b, tuple, items, type->ndim + 1u)};
  ir_runtime(b, "lj_rt_reshape", args, 4, found, true);
  for (uint32_t d = 0; d < type->ndim; d++) strides[d] = lower_stable(lo, ir_get(b, ir_var(b, found), d + 1));
  IrStmt *s = ir_stmt(b, IRS_IF);
  s->as.if_.cond = ir_compare(b, IR_NE, ir_get(b, ir_var(b, found), 0), ir_int(b, 0));
  IrBlock *outer = lower_enter(lo, &s->as.if_.then);
  ir_set(b, either, ir_view(b, type, a, ir_int(b, 0), dims, strides));
  b->block = &s->as.if_.orelse;
  IrExpr *step = ir_int(b, dtype_size(type->dtype));
  for (uint32_t d = type->ndim; d-- > 0;) strides[d] = step, step = lower_stable(lo, ix_mul(lo, step, dims[d]));
  (void)copied(lo, a, whole);
  ir_set(b, either, ir_view(b, type, whole, ir_int(b, 0), dims, strides));
  lower_leave(lo, outer);
  return lower_pin(lo, either);
}

IrExpr *lower_reshape(Lower *lo, IrVar *a, const Type *type, IrExpr *const *dims, bool copy, Span at) {
  IrBuilder *b = &lo->b;
  IrExpr *out[TYPE_MAX_NDIM], *size = lower_stable(lo, ir_size(b, a));
  Span saved = b->span;
  b->span = at;
  if (dims)
    resolve_dims(lo, size, dims, type->ndim, out);
  else
    out[0] = size;
  bool is_c = a->type->layout == LAYOUT_C || a->type->ndim == 0;
  IrVar *result;
  if (is_c && !copy) {
    result = lower_view_var(lo, NULL, a, reshaped(lo, a, type, out));
  } else if (type->layout == LAYOUT_A) {
    result = reshaped_any(lo, a, type, out);
  } else if (copy) {
    IrVar *whole = copied(lo, a, lower_temp(lo, lower_layout(lo, a->type, LAYOUT_C)));
    result = lower_view_var(lo, NULL, whole, reshaped(lo, whole, type, out));
  } else { /* strides decide at run time */
    IrVar *whole = lower_slot(lo, lower_layout(lo, a->type, LAYOUT_C)), *either = lower_slot(lo, type);
    IrExpr *test = is_contiguous(lo, a);
    IrStmt *s = ir_stmt(b, IRS_IF);
    s->as.if_.cond = test;
    IrBlock *outer = lower_enter(lo, &s->as.if_.then);
    ir_set(b, either, reshaped(lo, a, type, out));
    b->block = &s->as.if_.orelse;
    copied(lo, a, whole);
    ir_set(b, either, reshaped(lo, whole, type, out));
    lower_leave(lo, outer);
    result = lower_pin(lo, either);
  }
  b->span = saved;
  return ir_var(b, result);
}

static IrExpr *rule_reshape(Lower *lo, const Expr *call, const Callee *callee) {
  IrExpr *dims[3 * TYPE_MAX_NDIM];
  IrVar *a = receiver(lo, callee);
  (void)lower_dims(lo, callee->args + 1, callee->count - 1, dims);
  return lower_reshape(lo, a, lower_type(lo, call), dims, false, call->span);
}

static IrExpr *rule_ravel(Lower *lo, const Expr *call, const Callee *callee) {
  bool copy = callee->builtin->id == BI_A_FLATTEN;
  return lower_reshape(lo, receiver(lo, callee), lower_type(lo, call), NULL, copy, call->span);
}

/* ---- item ---- */

static IrExpr *rule_item(Lower *lo, const Expr *call, const Callee *callee) {
  IrBuilder *b = &lo->b;
  IrExpr *at[3 * TYPE_MAX_NDIM], *zero = ir_int(b, 0);
  IrVar *a = receiver(lo, callee);
  uint32_t ndim = a->type->ndim, given = callee->count > 1 ? lower_dims(lo, callee->args + 1, callee->count - 1, at) : 0;
  if (given == 0) {
    ir_check(b, CHECK_VALUE, ir_compare(b, IR_EQ, ir_size(b, a), ir_int(b, 1)), VALUE_ERROR,
             "can only convert an array of size 1 to a Python scalar", NULL, NULL, NULL, NULL);
    for (uint32_t d = 0; d < ndim; d++) at[d] = zero;
    return ir_load(b, a, at);
  }
  if (given == ndim) {
    for (uint32_t d = 0; d < ndim; d++) at[d] = lower_checked_index(lo, a, d, at[d], call->span);
    return ir_load(b, a, at);
  }
  IrExpr *n = lower_stable(lo, ir_size(b, a)), *raw = at[0];
  IrExpr *index = lower_bind(lo, NULL, ir_select(b, ir_compare(b, IR_LT, raw, zero), ix_add(lo, raw, n), raw));
  if (lo->boundscheck) {
    IrExpr *ok = ir_binary(b, IR_LAND, type_scalar(lo->types, DT_BOOL), ir_compare(b, IR_GE, index, zero), ir_compare(b, IR_LT, index, n));
    ir_check(b, CHECK_INDEX, ok, INDEX_ERROR, "index %d is out of bounds for size %d", raw, n, NULL, NULL);
  }
  return lower_flat_load(lo, a, index, NULL);
}

ArrayRule lower_shape_rule(BuiltinId id) {
  static const ArrayRule table[BI_COUNT] = {
      [BI_A_SHAPE] = rule_shape,
      [BI_NP_SHAPE] = rule_shape,
      [BI_A_STRIDES] = rule_strides,
      [BI_A_NDIM] = rule_ndim,
      [BI_NP_NDIM] = rule_ndim,
      [BI_A_SIZE] = rule_size,
      [BI_NP_SIZE] = rule_size,
      [BI_A_NBYTES] = rule_nbytes,
      [BI_A_ITEMSIZE] = rule_itemsize,
      [BI_A_DTYPE] = rule_dtype,
      [BI_S_DTYPE] = rule_dtype,
      [BI_D_KIND] = rule_kind,
      [BI_D_ITEMSIZE] = rule_itemsize,
      [BI_RESULT_TYPE] = rule_result_type,
      [BI_LEN] = rule_len,
      [BI_A_T] = rule_t,
      [BI_A_REAL] = rule_real,
      [BI_A_IMAG] = rule_imag,
      [BI_A_TRANSPOSE] = rule_transpose,
      [BI_TRANSPOSE] = rule_transpose,
      [BI_EXPAND_DIMS] = rule_expand_dims,
      [BI_SPLIT] = rule_split,
      [BI_ARRAY_SPLIT] = rule_split,
      [BI_A_RESHAPE] = rule_reshape,
      [BI_RESHAPE] = rule_reshape,
      [BI_A_RAVEL] = rule_ravel,
      [BI_RAVEL] = rule_ravel,
      [BI_A_FLATTEN] = rule_ravel,
      [BI_A_ITEM] = rule_item,
  };
  return table[id];
}
