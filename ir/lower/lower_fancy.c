/* Subscripts with arrays of integers, and with arrays of bools among other items: a[idx], a[1:, i, j], a[m, 0], stores and operators in place.
 * In: a subscript whose items are read. Out: a copy, or stores one after the other (the last one wins where places repeat, as in NumPy).
 * The index arrays are broadcast together; where their dimensions stand in the result is NumPy's rule: at the place of the first, or in
 * front when a slice, newaxis or ellipsis comes between them (integers beside arrays count as arrays). Stores check every index first. */
#include "ir/lower/lower_index.h"
#include "ir/lower/lower_scalar.h"

enum { DIM_NEW = -1 };

typedef struct Fancy {
  IrVar *view; /* slices and single integers applied; the axes of index arrays are whole */
  Fusion f; /* the index arrays over their common space */
  Elem *at[TYPE_MAX_NDIM]; /* by axis of the view: its index array, or NULL */
  uint32_t shown[TYPE_MAX_NDIM]; /* the axis of the base, for messages */
  int dims[3 * TYPE_MAX_NDIM]; /* of the result, without those of the arrays: an axis of the view or DIM_NEW */
  uint32_t dim_count, place; /* dims before `place` come first, then those of the arrays, then the rest */
  uint32_t ndim;
  IrExpr *shape[TYPE_MAX_NDIM]; /* of the result */
} Fancy;

/* ---- reading the items ---- */

/* An axis of the view that an index array goes along. */
static void add_places(Lower *lo, Fancy *x, View *v, const Subscript *s, IrVar *places, uint32_t axis) {
  x->at[v->ndim] = fusion_array(&x->f, places, 0, x->f.span);
  x->shown[v->ndim] = axis;
  v->shape[v->ndim] = lower_stable(lo, ir_shape(&lo->b, s->base, axis));
  v->stride[v->ndim++] = lower_stable(lo, ir_stride(&lo->b, s->base, axis));
}

static IrVar *copy_array(Lower *lo, IrVar *array) {
  IrExpr *shape[TYPE_MAX_NDIM];
  lower_shape_of(lo, array, shape);
  IrVar *copy = lower_alloc(lo, lower_layout(lo, array->type, LAYOUT_C), shape, false);
  lower_copy_into(lo, copy, array);
  return copy;
}

/* Gives how many axes of the base the item takes. */
static uint32_t add_array(Lower *lo, Fancy *x, View *v, const Subscript *s, const Item *item, uint32_t axis, bool writes) {
  IrVar *places[TYPE_MAX_NDIM];
  const Type *t = item->array->type;
  if (t->dtype == DT_BOOL) {
    lower_nonzero(lo, item->array, s->base, axis, places);
    for (uint32_t k = 0; k < t->ndim; k++) add_places(lo, x, v, s, places[k], axis + k);
    return t->ndim;
  }
  bool shared = writes && !item->fresh && t->dtype == s->base->type->dtype; /* stores may change the indices */
  add_places(lo, x, v, s, shared ? copy_array(lo, item->array) : item->array, axis);
  return 1;
}

static void read_items(Lower *lo, Fancy *x, View *v, const Subscript *s, bool writes, bool *is_base) {
  bool seen = false, apart = false;
  for (uint32_t i = 0, axis = 0; i < s->count; i++) {
    const Item *item = &s->items[i];
    bool advanced = (item->kind == ITEM_ARRAY || item->kind == ITEM_AT) && i >= s->level;
    if (advanced && !seen) x->place = x->dim_count;
    bool after_other = i > s->level && s->items[i - 1].kind != ITEM_ARRAY && s->items[i - 1].kind != ITEM_AT;
    if (advanced && seen && (after_other || s->gaps >> i & 1)) apart = true;
    seen |= advanced;
    if (item->kind == ITEM_NEW) x->dims[x->dim_count++] = DIM_NEW;
    if (item->kind == ITEM_ARRAY) axis += add_array(lo, x, v, s, item, axis, writes);
    if (item->kind != ITEM_AT && item->kind != ITEM_SLICE) continue;
    IrExpr *stride = lower_stable(lo, ir_stride(&lo->b, s->base, axis++));
    *is_base &= item->kind == ITEM_SLICE && item->range.whole;
    v->offset = ix_add(lo, v->offset, ix_mul(lo, item->kind == ITEM_AT ? item->at : item->range.start, stride));
    if (item->kind == ITEM_AT) continue;
    x->dims[x->dim_count++] = (int)v->ndim;
    v->shape[v->ndim] = item->range.count;
    v->stride[v->ndim++] = lower_stable(lo, ix_mul(lo, stride, item->range.step));
  }
  if (apart) x->place = 0;
}

static void read_fancy(Lower *lo, Fancy *x, Subscript *s, bool writes) {
  IrBuilder *b = &lo->b;
  View v = {.base = s->base, .offset = ir_int(b, 0)};
  bool is_base = true;
  *x = (Fancy){0};
  s->base = v.base = lower_pin(lo, s->base);
  fusion_init(&x->f, lo, b->span);
  for (uint32_t axis = s->axis; axis < s->base->type->ndim; axis++) {
    SliceBound none = {0};
    IrExpr *n = lower_stable(lo, ir_shape(b, s->base, axis));
    s->items[s->count++] = (Item){.kind = ITEM_SLICE, .range = slice_range(lo, n, none, none, none)};
  }
  read_items(lo, x, &v, s, writes, &is_base);
  v.offset = lower_stable(lo, v.offset);
  const Type *type = type_array(lo->types, s->base->type->dtype, v.ndim, LAYOUT_A, s->base->type->readonly);
  x->view = is_base ? s->base : view_var(lo, NULL, type, &v);
  uint32_t start = b->block->len;
  fusion_space(&x->f);
  for (uint32_t i = start; i < b->block->len; i++)
    if (b->block->data[i]->kind == IRS_CHECK) {
      b->block->data[i]->as.check.error = INDEX_ERROR;
      b->block->data[i]->as.check.message = "shape mismatch: indexing arrays could not be broadcast together with shapes";
    }
  if (x->f.plain) fusion_widen(&x->f, x->f.extent);
  for (uint32_t k = 0; k <= x->dim_count; k++) {
    for (uint32_t d = 0; k == x->place && d < x->f.ndim; d++) x->shape[x->ndim++] = x->f.extent[d];
    if (k < x->dim_count) x->shape[x->ndim++] = x->dims[k] == DIM_NEW ? ir_int(b, 1) : v.shape[x->dims[k]];
  }
}

/* ---- loops ---- */

/* Index arrays at one point: wrapped and, if wanted, checked. */
static void read_places(Lower *lo, Fancy *x, IrExpr *const *point, bool check, IrExpr **index) {
  IrBuilder *b = &lo->b;
  const Type *int_type = lower_int_type(lo);
  for (uint32_t d = 0; d < x->view->type->ndim; d++) {
    if (!x->at[d]) continue;
    IrExpr *raw = lower_bind(lo, NULL, ir_cast(b, int_type, fusion_value(&x->f, x->at[d], point)));
    IrExpr *n = lower_stable(lo, ir_shape(b, x->view, d)), *zero = ir_int(b, 0);
    index[d] = raw;
    if (!dtype_is_unsigned(x->at[d]->type->dtype))
      index[d] = lower_bind(lo, NULL, ir_select(b, ir_compare(b, IR_LT, raw, zero), ix_add(lo, raw, n), raw));
    if (!check || !lo->boundscheck) continue;
    IrExpr *ok = ir_compare(b, IR_GE, index[d], zero);
    ok = ir_binary(b, IR_LAND, ok->type, ok, ir_compare(b, IR_LT, index[d], n));
    ir_check(b, CHECK_INDEX, ok, INDEX_ERROR, "index %d is out of bounds for axis %d with size %d", raw, ir_int(b, x->shown[d]), n, NULL);
  }
}

typedef struct Loops {
  Nest before, arrays, after;
  IrExpr *index[TYPE_MAX_NDIM], *out[TYPE_MAX_NDIM]; /* of the view, of the result */
} Loops;

typedef void (*NestFn)(Lower *lo, Nest *nest, uint32_t ndim, IrExpr *const *extent);

static void any_order(Lower *lo, Nest *nest, uint32_t ndim, IrExpr *const *extent) { nest_map(lo, nest, ndim, extent, false); }

static void open_dims(Lower *lo, Fancy *x, Loops *l, Nest *nest, uint32_t from, uint32_t to, NestFn open) {
  uint32_t shift = from < x->place ? 0 : x->f.ndim;
  open(lo, nest, to - from, x->shape + from + shift);
  for (uint32_t k = from; k < to; k++) {
    l->out[k + shift] = nest->index[k - from];
    if (x->dims[k] != DIM_NEW) l->index[x->dims[k]] = nest->index[k - from];
  }
}

static void loops_open(Lower *lo, Fancy *x, Loops *l, NestFn open, bool check) {
  open_dims(lo, x, l, &l->before, 0, x->place, open);
  open(lo, &l->arrays, x->f.ndim, x->f.extent);
  for (uint32_t d = 0; d < x->f.ndim; d++) l->out[x->place + d] = l->arrays.index[d];
  read_places(lo, x, l->arrays.index, check, l->index);
  open_dims(lo, x, l, &l->after, x->place, x->dim_count, open);
}

static void loops_close(Lower *lo, Loops *l) {
  nest_close(lo, &l->after);
  nest_close(lo, &l->arrays);
  nest_close(lo, &l->before);
}

static IrVar *get(Lower *lo, Fancy *x, const Type *type) {
  Loops l;
  IrVar *out = lower_alloc(lo, type, x->shape, false);
  loops_open(lo, x, &l, any_order, true);
  ir_store(&lo->b, out, l.out, ir_load(&lo->b, x->view, l.index));
  loops_close(lo, &l);
  return out;
}

IrExpr *lower_fancy_get(Lower *lo, Subscript *s, const Type *type) {
  Fancy x;
  read_fancy(lo, &x, s, false);
  LJ_ASSERT(x.ndim == type->ndim);
  return ir_var(&lo->b, get(lo, &x, type));
}

/* ---- stores ---- */

/* "shape mismatch: value array of shape (3,) could not be broadcast to indexing result of shape (2,)" */
static void check_stretch(Lower *lo, IrExpr *ok, IrVar *value, uint32_t ndim, IrExpr *const *extent) {
  const char *text = "shape mismatch: value array could not be broadcast to indexing result";
  bool both_1d = value->type->ndim == 1 && ndim == 1;
  if (both_1d) text = "shape mismatch: value array of shape (%d,) could not be broadcast to indexing result of shape (%d,)";
  ir_check(&lo->b, CHECK_SHAPE, ok, VALUE_ERROR, text, both_1d ? ir_shape(&lo->b, value, 0) : NULL, both_1d ? extent[0] : NULL, NULL, NULL);
}

IrVar *lower_stretch(Lower *lo, IrVar *value, uint32_t ndim, IrExpr *const *extent) {
  IrBuilder *b = &lo->b;
  uint32_t have = value->type->ndim, drop = have > ndim ? have - ndim : 0, lead = have < ndim ? ndim - have : 0;
  View v, whole;
  IrExpr *ok = ir_bool(b, true);
  view_of(lo, &whole, value);
  v = (View){.base = value, .offset = whole.offset, .ndim = ndim};
  for (uint32_t d = 0; d < drop; d++) ok = ir_binary(b, IR_LAND, ok->type, ok, ir_compare(b, IR_EQ, whole.shape[d], ir_int(b, 1)));
  for (uint32_t d = 0; d < ndim; d++) {
    v.shape[d] = extent[d];
    v.stride[d] = ir_int(b, 0);
    if (d < lead) continue;
    IrExpr *n = whole.shape[d - lead + drop], *same = ir_compare(b, IR_EQ, n, extent[d]), *one = ir_compare(b, IR_EQ, n, ir_int(b, 1));
    ok = ir_binary(b, IR_LAND, ok->type, ok, ir_binary(b, IR_LOR, ok->type, same, one));
    v.stride[d] = lower_stable(lo, ir_select(b, one, ir_int(b, 0), whole.stride[d - lead + drop]));
  }
  check_stretch(lo, ok, value, ndim, extent);
  return view_var(lo, NULL, type_array(lo->types, value->type->dtype, ndim, LAYOUT_A, value->type->readonly), &v);
}

/* Before anything is changed. */
static void check_places(Lower *lo, Fancy *x) {
  Nest nest;
  IrExpr *index[TYPE_MAX_NDIM];
  if (!lo->boundscheck) return;
  nest_map(lo, &nest, x->f.ndim, x->f.extent, false);
  read_places(lo, x, nest.index, true, index);
  nest_close(lo, &nest);
}

/* `value`: a scalar, or an array that shares no memory with the base. */
static void put(Lower *lo, Fancy *x, IrExpr *value) {
  IrBuilder *b = &lo->b;
  const Type *item = lower_elem_type(lo, x->view->type);
  IrVar *wide = type_is_array(value->type) ? lower_stretch(lo, lower_bind_array(lo, value), x->ndim, x->shape) : NULL;
  Loops l;
  loops_open(lo, x, &l, nest_for, false);
  ir_store(b, x->view, l.index, ir_cast(b, item, wide ? ir_load(b, wide, l.out) : value));
  loops_close(lo, &l);
}

void lower_fancy_set(Lower *lo, Subscript *s, IrExpr *value, bool fresh, Span at) {
  Fancy x;
  Span saved = lo->b.span;
  lo->b.span = at;
  value = lower_open(lo, value, at);
  if (type_is_tuple(value->type)) value = ir_var(&lo->b, lower_tuple_array(lo, value)), fresh = true;
  if (!type_is_array(value->type))
    value = lower_stable(lo, value);
  else if (!fresh)
    value = ir_var(&lo->b, copy_array(lo, lower_pin(lo, lower_bind_array(lo, value))));
  read_fancy(lo, &x, s, true);
  check_places(lo, &x);
  put(lo, &x, value);
  lo->b.span = saved;
}

/* What is selected, computed with, put back: places that repeat count once, as in NumPy. */
void lower_fancy_aug(Lower *lo, Subscript *s, BinOp op, const Expr *value, const Type *type, Span at) {
  Fancy x;
  Span saved = lo->b.span;
  lo->b.span = at;
  read_fancy(lo, &x, s, true);
  IrVar *part = get(lo, &x, type);
  lower_aug_array(lo, part, op, value, at);
  lo->b.span = at;
  put(lo, &x, ir_var(&lo->b, part));
  lo->b.span = saved;
}
