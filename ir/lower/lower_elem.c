/* Array expressions as trees over one index space: what is elementwise, its leaves, its extents, its value at one point.
 * In: a typed expression. Out: a Fusion, whose leaves (arrays, scalars, what is not elementwise) are evaluated and bound once, in
 * Python's order, and whose tree is evaluated per point by the maps and reductions of the other rooms: nothing inside the tree is ever an
 * array in memory.
 * Broadcasting along axes where an extent is 1 at run time is left to the passes (IrFit); nests that are no MAP or REDUCE come in two versions,
 * one of which reads through views with stride 0. */
#include "ir/lower/lower_array.h"
#include "ir/walk.h"

/* ---- what is elementwise ---- */

typedef enum Form {
  FORM_NONE,
  FORM_BINARY,
  FORM_UNARY,
  FORM_COMPARE,
  FORM_CAST,
  FORM_UFUNC,
  FORM_BINOP,
  FORM_CMPOP,
  FORM_WHERE,
  FORM_CLIP,
  FORM_CALL
} Form;

/* The row whose lowering applies: methods and Python's builtins stand for NumPy's functions. */
static const Builtin *ufunc_row(const Builtin *row) {
  if (row->id == BI_ABS) return &builtins[BI_NP_ABS];
  if (row->id == BI_POW) return &builtins[BI_NP_POWER];
  if (row->id == BI_ROUND) return &builtins[BI_NP_ROUND];
  if (strncmp(row->name, "array.", 6) != 0) return row;
  const Builtin *same = builtin_find("numpy", 5, row->name + 6, strlen(row->name + 6));
  return same && same->typing != TR_SPECIAL ? same : row;
}

static Form form_of(const Lower *lo, const Expr *e, const Builtin **row) {
  *row = NULL;
  if (!type_is_array(lower_type(lo, e))) return FORM_NONE;
  if (e->kind == EXPR_BINARY) return e->as.binary.op == BIN_MATMUL ? FORM_NONE : FORM_BINARY;
  if (e->kind == EXPR_UNARY) return e->as.unary.op == UN_NOT ? FORM_NONE : FORM_UNARY;
  if (e->kind == EXPR_COMPARE) return e->as.compare.ops.len == 1 && e->as.compare.ops.data[0] <= CMP_GE ? FORM_COMPARE : FORM_NONE;
  if (e->kind != EXPR_CALL) return FORM_NONE;
  const Callee *callee = spec_callee(lo->spec, e);
  if (callee->kind == CALLEE_CAST) return FORM_CAST;
  if (callee->kind == CALLEE_UFUNC) return callee->count == callee->spec->func->params.len ? FORM_CALL : FORM_NONE;
  if (callee->kind != CALLEE_BUILTIN) return FORM_NONE;
  *row = ufunc_row(callee->builtin);
  if ((*row)->id == BI_A_ASTYPE) return FORM_CAST;
  if ((*row)->id == BI_NP_WHERE) return callee->count >= 3 && callee->args[1] && callee->args[2] ? FORM_WHERE : FORM_NONE;
  if ((*row)->id == BI_NP_CLIP) return FORM_CLIP;
  switch ((*row)->typing) {
  case TR_FLOAT_UFUNC:
  case TR_SAME_UFUNC:
  case TR_BOOL_UFUNC: return FORM_UFUNC;
  case TR_BINOP: return FORM_BINOP;
  case TR_CMPOP: return FORM_CMPOP;
  case TR_DTYPE:
  case TR_CONST:
  case TR_DECORATOR:
  case TR_TYPE_NAME:
  case TR_ITER:
  case TR_MATH_INT:
  case TR_MATH_PRED:
  case TR_PRELUDE:
  case TR_HOST:
  case TR_SPECIAL:
  case TR_COUNT: break;
  }
  return FORM_NONE;
}

bool lower_is_elementwise(const Lower *lo, const Expr *e) {
  const Builtin *row;
  return form_of(lo, e, &row) != FORM_NONE;
}

/* ---- building ---- */

void fusion_init(Fusion *f, Lower *lo, Span at) { *f = (Fusion){.lo = lo, .span = at}; }

static Elem *new_elem(Fusion *f, ElemKind kind, const Type *type, Span at) {
  Elem *e = arena_new(f->lo->arena, Elem);
  e->kind = kind;
  e->type = type;
  e->span = at;
  return e;
}

static Elem *node(Fusion *f, ElemKind kind, const Type *type, Span at, Elem *a, Elem *b, Elem *c) {
  Elem *e = new_elem(f, kind, type, at);
  Elem *args[3] = {a, b, c};
  e->args = arena_array(f->lo->arena, Elem *, 3);
  for (uint32_t i = 0; i < 3 && args[i]; i++) e->args[e->count++] = args[i];
  return e;
}

Elem *fusion_array(Fusion *f, IrVar *array, uint32_t ones, Span at) {
  Elem *e = new_elem(f, ELEM_ARRAY, lower_elem_type(f->lo, array->type), at);
  for (e->leaf = 0; e->leaf < f->leaves.len; e->leaf++)
    if (f->leaves.data[e->leaf].source == array && f->leaves.data[e->leaf].ones == ones) return e;
  vec_push(f->lo->arena, &f->leaves, ((Leaf){.source = array, .array = lower_pin(f->lo, array), .ones = ones}));
  return e;
}

Elem *fusion_scalar(Fusion *f, IrExpr *value, Span at) {
  value = lower_open(f->lo, value, at);
  Elem *e = new_elem(f, ELEM_SCALAR, value->type, at);
  e->value = lower_stable(f->lo, value);
  e->weak = true;
  return e;
}

Elem *fusion_binop(Fusion *f, BinOp op, Elem *a, Elem *b, Span at) {
  DType out = a->type->dtype;
  bool ok = promote_arrays(op, a->type->dtype, a->weak, b->type->dtype, b->weak, &out);
  LJ_ASSERT(ok);
  Elem *e = node(f, ELEM_BINOP, type_scalar(f->lo->types, out), at, a, b, NULL);
  e->op = op;
  return e;
}

/* Axes that a subscript makes with None: their extent is 1. */
static uint32_t new_axes(const Lower *lo, const Expr *e) {
  uint32_t ones = 0, axis = 0;
  if (e->kind != EXPR_INDEX || !type_is_array(lower_type(lo, e)) || !type_is_array(lower_type(lo, e->as.index.base))) return 0;
  uint32_t made = 0, ndim = lower_type(lo, e)->ndim;
  const ExprVec *items = &e->as.index.items;
  for (uint32_t i = 0; i < items->len; i++) {
    const Type *t = lower_type(lo, items->data[i]);
    if (!t || t->kind == TYPE_TUPLE || t->kind == TYPE_ARRAY) return 0; /* of index arrays the place is not known here */
    made += t->kind == TYPE_SLICE || t->kind == TYPE_NONE;
  }
  for (uint32_t i = 0; i < items->len; i++) {
    const Type *t = lower_type(lo, items->data[i]);
    if (t->kind == TYPE_NONE) ones |= 1u << axis;
    if (t->kind == TYPE_ELLIPSIS) axis += ndim - made;
    axis += t->kind == TYPE_SLICE || t->kind == TYPE_NONE;
  }
  return ones;
}

static Elem *build_leaf(Fusion *f, const Expr *e) {
  const Type *t = lower_type(f->lo, e);
  if (t && t->kind == TYPE_OPTIONAL) t = t->elems[0];
  if (!type_is_array(t)) return fusion_scalar(f, lower_expr(f->lo, e), e->span);
  return fusion_array(f, lower_array_of(f->lo, e), new_axes(f->lo, e), e->span);
}

/* ---- operands that a later operand may write into ---- */

/* The callee's own parameters are not there yet: its specialisation knows their types. */
static bool takes_arrays(const Spec *spec) {
  for (uint32_t i = 0; i < spec->func->params.len; i++)
    if (spec->args[i] && type_owns(spec->args[i])) return true;
  for (uint32_t i = 0; i < spec->func->captures.len; i++)
    if (type_owns(spec->captures[i])) return true;
  return false;
}

static bool calls_with_arrays(const IrBlock *block, uint32_t from) {
  for (uint32_t i = from; i < block->len; i++) {
    IrStmt *s = block->data[i];
    IrBlock *blocks[2];
    if (s->kind == IRS_CALL && takes_arrays(s->as.call.callee->spec)) return true;
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++)
      if (calls_with_arrays(blocks[k], 0)) return true;
  }
  return false;
}

static void move_leaves(Fusion *to, const Fusion *from, Elem *e) {
  for (uint32_t i = 0; i < e->count; i++) move_leaves(to, from, e->args[i]);
  if (e->kind != ELEM_ARRAY) return;
  vec_push(to->lo->arena, &to->leaves, from->leaves.data[e->leaf]);
  e->leaf = to->leaves.len - 1;
}

/* a * 2 + g(a): Python has a * 2 before g runs, and g may store into a. Computes the operand in front of the statements from `start` on. */
static Elem *settle(Fusion *f, Elem *e, uint32_t start) {
  Lower *lo = f->lo;
  IrBlock *block = lo->b.block, made = {0};
  if (e->kind == ELEM_SCALAR || e->kind == ELEM_ARRAY || !calls_with_arrays(block, start)) return e;
  Fusion own;
  fusion_init(&own, lo, e->span);
  move_leaves(&own, f, e);
  own.root = e;
  lo->b.block = &made;
  fusion_space(&own);
  IrVar *array = fusion_result(&own, type_array(lo->types, e->type->dtype, own.ndim, LAYOUT_C, false));
  lo->b.block = block;
  for (uint32_t i = 0; i < made.len; i++) vec_push(lo->arena, block, NULL);
  memmove(&block->data[start + made.len], &block->data[start], (block->len - start - made.len) * sizeof *block->data);
  if (made.data) memcpy(&block->data[start], made.data, made.len * sizeof *made.data);
  return fusion_array(f, array, 0, e->span);
}

static bool is_assigned(const IrBlock *block, uint32_t from, const IrVar *var) {
  for (uint32_t i = from; i < block->len; i++) {
    IrBlock *blocks[2];
    if (ir_stmt_result(block->data[i]) == var) return true;
    unsigned count = ir_stmt_blocks(block->data[i], blocks);
    for (unsigned k = 0; k < count; k++)
      if (is_assigned(blocks[k], 0, var)) return true;
  }
  return false;
}

/* a + (a := b): the first operand must keep its array alive. */
static void keep_leaves(Fusion *f, uint32_t count, uint32_t start) {
  for (uint32_t i = 0; i < count; i++) {
    Leaf *leaf = &f->leaves.data[i];
    if (leaf->source == leaf->array || !is_assigned(f->lo->b.block, start, leaf->source)) continue;
    leaf->array->owns = true;
    vec_push(f->lo->arena, &f->lo->temps, leaf->array);
    leaf->source = leaf->array; /* the name means another array now */
  }
}

static void build_all(Fusion *f, Expr *const *list, uint32_t count, Elem **out) {
  for (uint32_t i = 0; i < count; i++) {
    uint32_t start = f->lo->b.block->len, leaves = f->leaves.len;
    out[i] = fusion_build(f, list[i]);
    keep_leaves(f, leaves, start);
    for (uint32_t k = 0; k < i; k++) out[k] = settle(f, out[k], start);
  }
}

/* min(max(x, low), high), either of which may be None. */
static Elem *build_clip(Fusion *f, const Type *type, const Callee *callee, Span at) {
  static const BuiltinId rows[] = {BI_NP_MAXIMUM, BI_NP_MINIMUM};
  Elem *out = fusion_build(f, callee->args[0]);
  for (uint32_t i = 0; i < 2; i++) {
    const Expr *bound = 1 + i < callee->count ? callee->args[1 + i] : NULL;
    if (!bound || lower_type(f->lo, bound)->kind == TYPE_NONE) continue;
    Elem *limit = fusion_build(f, bound);
    if (limit->kind == ELEM_SCALAR) limit = fusion_scalar(f, lower_stable(f->lo, lower_saturated(f->lo, limit->value, type, at)), at);
    out = node(f, ELEM_UFUNC, type, at, out, limit, NULL);
    out->row = &builtins[rows[i]];
  }
  return out->type == type ? out : node(f, ELEM_CAST, type, at, out, NULL, NULL);
}

Elem *fusion_call(Fusion *f, const Spec *spec, Expr *const *args, uint32_t count, Span at) {
  Elem *e = new_elem(f, ELEM_CALL, spec->result, at);
  e->spec = spec;
  e->count = count;
  e->args = arena_array(f->lo->arena, Elem *, count + 1);
  build_all(f, args, count, e->args);
  return e;
}

static Elem *build_call(Fusion *f, const Expr *e, Form form, const Builtin *row, const Type *type) {
  static const ElemKind kinds[] = {
      [FORM_CAST] = ELEM_CAST, [FORM_UFUNC] = ELEM_UFUNC, [FORM_BINOP] = ELEM_BINOP, [FORM_CMPOP] = ELEM_CMPOP, [FORM_WHERE] = ELEM_WHERE};
  const Callee *callee = spec_callee(f->lo->spec, e);
  if (form == FORM_CLIP) return build_clip(f, type, callee, e->span);
  if (form == FORM_CALL) return fusion_call(f, callee->spec, callee->args, callee->count, e->span);
  Elem *args[3] = {NULL};
  uint32_t limit = form == FORM_CAST ? 1 : 3;
  uint32_t count = 0;
  while (count < callee->count && count < limit && callee->args[count]) count++;
  build_all(f, callee->args, count, args);
  Elem *out = node(f, kinds[form], type, e->span, args[0], args[1], args[2]);
  out->row = row;
  if (form == FORM_BINOP || form == FORM_CMPOP) out->op = row->typing_arg;
  return out;
}

Elem *fusion_build(Fusion *f, const Expr *e) {
  const Builtin *row;
  Form form = form_of(f->lo, e, &row);
  if (form == FORM_NONE) return build_leaf(f, e);
  const Type *type = lower_elem_type(f->lo, lower_type(f->lo, e));
  if (form > FORM_COMPARE) return build_call(f, e, form, row, type);
  Expr *operands[2] = {NULL};
  Elem *args[2] = {NULL};
  if (form == FORM_BINARY)
    operands[0] = e->as.binary.lhs, operands[1] = e->as.binary.rhs;
  else if (form == FORM_UNARY)
    operands[0] = e->as.unary.operand;
  else
    operands[0] = e->as.compare.operands.data[0], operands[1] = e->as.compare.operands.data[1];
  static const ElemKind kinds[] = {[FORM_BINARY] = ELEM_BINOP, [FORM_UNARY] = ELEM_UNOP, [FORM_COMPARE] = ELEM_CMPOP};
  build_all(f, operands, operands[1] ? 2 : 1, args);
  Elem *out = node(f, kinds[form], type, e->span, args[0], args[1], NULL);
  out->op = form == FORM_BINARY ? (int)e->as.binary.op : form == FORM_UNARY ? (int)e->as.unary.op : (int)e->as.compare.ops.data[0];
  return out;
}

/* ---- the index space ---- */

static IrExpr *both_true(Lower *lo, IrExpr *a, IrExpr *b) { return a ? ir_binary(&lo->b, IR_LAND, b->type, a, b) : b; }

/* The leaf's axis at axis `d` of the space; -1 when it is broadcast there for certain. */
static int leaf_axis(const Fusion *f, const Leaf *leaf, uint32_t d) {
  int axis = (int)d - (int)(f->ndim - leaf->array->type->ndim);
  return axis < 0 || (leaf->ones >> axis & 1) ? -1 : axis;
}

/* Extent of axis d, from all leaves that have it; adds to f->plain when several do. */
static IrExpr *space_extent(Fusion *f, uint32_t d) {
  Lower *lo = f->lo;
  IrBuilder *b = &lo->b;
  IrExpr *extent = NULL, *first = NULL;
  for (uint32_t i = 0; i < f->leaves.len; i++) {
    int axis = leaf_axis(f, &f->leaves.data[i], d);
    if (axis < 0) continue;
    IrExpr *n = ir_shape(b, f->leaves.data[i].array, (uint32_t)axis);
    if (!extent) {
      extent = first = n;
      continue;
    }
    f->plain = both_true(lo, f->plain, ir_compare(b, IR_EQ, first, n));
    extent = lower_stable(lo, ir_select(b, ir_compare(b, IR_EQ, extent, ir_int(b, 1)), n, extent));
  }
  return extent ? extent : ir_int(b, 1);
}

static void check_leaf(Fusion *f, uint32_t k) {
  IrBuilder *b = &f->lo->b;
  const Leaf *leaf = &f->leaves.data[k];
  IrExpr *ok = NULL;
  uint32_t other = k;
  for (uint32_t d = 0; d < f->ndim; d++) {
    int axis = leaf_axis(f, leaf, d);
    if (axis < 0) continue;
    bool shared = false;
    for (uint32_t i = 0; i < k; i++)
      if (leaf_axis(f, &f->leaves.data[i], d) >= 0) shared = true, other = other == k ? i : other;
    if (!shared) continue;
    IrExpr *n = ir_shape(b, leaf->array, (uint32_t)axis);
    IrExpr *same = ir_compare(b, IR_EQ, n, f->extent[d]), *one = ir_compare(b, IR_EQ, n, ir_int(b, 1));
    ok = both_true(f->lo, ok, ir_binary(b, IR_LOR, same->type, same, one));
  }
  if (!ok) return;
  ir_check(b, CHECK_SHAPE, ok, VALUE_ERROR, "operands could not be broadcast together with shapes", NULL, NULL, NULL, NULL);
  vec_last(b->block)->as.check.shape_a = f->leaves.data[other].array;
  vec_last(b->block)->as.check.shape_b = leaf->array;
}

static void mark_leaves(const Elem *e, bool *used) {
  if (e->kind == ELEM_ARRAY) used[e->leaf] = true;
  for (uint32_t i = 0; i < e->count; i++) mark_leaves(e->args[i], used);
}

static void renumber_leaves(Elem *e, const uint32_t *number) {
  if (e->kind == ELEM_ARRAY) e->leaf = number[e->leaf];
  for (uint32_t i = 0; i < e->count; i++) renumber_leaves(e->args[i], number);
}

/* Leaves of operands that were computed beforehand are not read any more. */
static void drop_leaves(Fusion *f) {
  bool *used = arena_array(f->lo->arena, bool, f->leaves.len + 1);
  uint32_t *number = arena_array(f->lo->arena, uint32_t, f->leaves.len + 1), kept = 0;
  mark_leaves(f->root, used);
  for (uint32_t i = 0; i < f->leaves.len; i++) {
    number[i] = kept;
    if (used[i]) f->leaves.data[kept++] = f->leaves.data[i];
  }
  if (kept == f->leaves.len) return;
  renumber_leaves(f->root, number);
  f->leaves.len = kept;
}

void fusion_space(Fusion *f) {
  Span saved = f->lo->b.span;
  f->lo->b.span = f->span;
  f->ndim = 0;
  f->plain = NULL;
  if (f->root) drop_leaves(f);
  for (uint32_t i = 0; i < f->leaves.len; i++)
    if (f->leaves.data[i].array->type->ndim > f->ndim) f->ndim = f->leaves.data[i].array->type->ndim;
  for (uint32_t d = 0; d < f->ndim; d++) f->extent[d] = space_extent(f, d);
  for (uint32_t k = 1; k < f->leaves.len; k++) check_leaf(f, k);
  f->lo->b.span = saved;
}

void fusion_fit(Fusion *f, IrFit *fit) {
  for (uint32_t i = 0; i < f->leaves.len; i++)
    vec_push(f->lo->arena, &fit->sources, ((IrSource){f->leaves.data[i].array, f->leaves.data[i].ones}));
}

IrExpr *fusion_total(Fusion *f) {
  if (f->leaves.len == 1 && f->leaves.data[0].array->type->ndim == f->ndim) return ir_size(&f->lo->b, f->leaves.data[0].array);
  IrExpr *total = ir_int(&f->lo->b, 1);
  for (uint32_t d = 0; d < f->ndim; d++) total = ix_mul(f->lo, total, f->extent[d]);
  return lower_stable(f->lo, total);
}

void fusion_widen(Fusion *f, IrExpr *const *extent) {
  Lower *lo = f->lo;
  IrBuilder *b = &lo->b;
  for (uint32_t i = 0; i < f->leaves.len; i++) {
    Leaf *leaf = &f->leaves.data[i];
    uint32_t ndim = leaf->array->type->ndim;
    View v;
    view_of(lo, &v, leaf->array);
    for (uint32_t j = 0; j < ndim; j++) {
      if (leaf->ones >> j & 1) continue;
      IrExpr *one = ir_compare(b, IR_EQ, v.shape[j], ir_int(b, 1));
      v.stride[j] = lower_stable(lo, ir_select(b, one, ir_int(b, 0), v.stride[j]));
      v.shape[j] = extent[j + f->ndim - ndim];
    }
    const Type *type = type_array(lo->types, leaf->array->type->dtype, ndim, LAYOUT_A, leaf->array->type->readonly);
    leaf->wide = view_var(lo, NULL, type, &v);
  }
}

void fusion_narrow(Fusion *f) {
  for (uint32_t i = 0; i < f->leaves.len; i++) f->leaves.data[i].wide = NULL;
}

void fusion_versions(Fusion *f, IrExpr *const *extent, FusionEmit emit, void *data) {
  if (!f->plain) {
    emit(f, false, data);
    return;
  }
  IrStmt *s = ir_stmt(&f->lo->b, IRS_IF);
  s->as.if_.cond = f->plain;
  IrBlock *outer = lower_enter(f->lo, &s->as.if_.then);
  emit(f, false, data);
  f->lo->b.block = &s->as.if_.orelse;
  fusion_widen(f, extent);
  emit(f, true, data);
  fusion_narrow(f);
  lower_leave(f->lo, outer);
}

/* ---- the value at one point ---- */

static IrExpr *leaf_value(Fusion *f, const Elem *e, IrExpr *const *index) {
  const Leaf *leaf = &f->leaves.data[e->leaf];
  IrExpr *at[TYPE_MAX_NDIM];
  IrVar *array = leaf->wide ? leaf->wide : leaf->array;
  uint32_t ndim = array->type->ndim, first = f->ndim - ndim;
  for (uint32_t j = 0; j < ndim; j++) at[j] = leaf->ones >> j & 1 ? ir_int(&f->lo->b, 0) : index[first + j];
  return ir_load(&f->lo->b, array, at);
}

/* Integers of any width compare by value; else both operands meet in NumPy's common dtype. */
static IrExpr *compare_value(Fusion *f, const Elem *e, IrExpr *a, IrExpr *b) {
  const Elem *x = e->args[0], *y = e->args[1];
  bool integral = (type_is_int(a->type) || type_is_bool(a->type)) && (type_is_int(b->type) || type_is_bool(b->type));
  if (!integral) {
    const Type *common = type_scalar(f->lo->types, promote_common(x->type->dtype, x->weak, y->type->dtype, y->weak));
    a = ir_cast(&f->lo->b, common, a);
    b = ir_cast(&f->lo->b, common, b);
  }
  return lower_cmpop(f->lo, (CmpOp)e->op, a, b, e->span);
}

/* Operators whose lowering reads an operand more than once. */
static bool reads_twice(const Elem *e) {
  static const bool twice[BIN_OP_COUNT] = {[BIN_FLOORDIV] = true, [BIN_MOD] = true, [BIN_POW] = true, [BIN_SHL] = true, [BIN_SHR] = true};
  return e->kind == ELEM_UFUNC || (e->kind == ELEM_BINOP && twice[e->op]);
}

static bool has_call(const Elem *e) {
  bool found = e->kind == ELEM_CALL;
  for (uint32_t i = 0; i < e->count && !found; i++) found = has_call(e->args[i]);
  return found;
}

IrExpr *fusion_value(Fusion *f, const Elem *e, IrExpr *const *index) {
  Lower *lo = f->lo;
  IrExpr **v = arena_array(lo->arena, IrExpr *, e->count + 3);
  for (uint32_t i = 0; i < e->count; i++) {
    v[i] = fusion_value(f, e->args[i], index);
    bool call_follows = false;
    for (uint32_t k = i + 1; k < e->count; k++) call_follows |= has_call(e->args[k]);
    if ((reads_twice(e) || call_follows) && !ir_is_stable(v[i])) v[i] = lower_bind(lo, NULL, v[i]);
  }
  switch (e->kind) {
  case ELEM_SCALAR: return e->value;
  case ELEM_ARRAY: return leaf_value(f, e, index);
  case ELEM_CAST: return ir_cast(&lo->b, e->type, v[0]);
  case ELEM_BINOP: return lower_binop_elem(lo, (BinOp)e->op, v[0], v[1], e->type);
  case ELEM_CMPOP: return compare_value(f, e, v[0], v[1]);
  case ELEM_CALL: return lower_call_scalar(lo, e->spec, v, e->count, e->span);
  case ELEM_UNOP: return lower_unop(lo, (UnOp)e->op, v[0], e->type);
  case ELEM_UFUNC: return lower_ufunc(lo, e->row, v, e->count, e->type, e->span);
  case ELEM_WHERE: return ir_select(&lo->b, lower_truth(lo, v[0], e->span), ir_cast(&lo->b, e->type, v[1]), ir_cast(&lo->b, e->type, v[2]));
  }
  LJ_UNREACHABLE();
}
