/* What is known while compiling: integers, literals, truth values that follow from types; effective options of a function.
 * In: a specialisation whose expressions are typed as far as needed. Knows no statements. Must not report anything. */
#include "frontend/infer.h"

enum { CONST_DEPTH = 24 }; /* how many names a constant is followed through */

/* The expression and specialisation that a name's only definition comes from: a local, or a constant of the top level. */
static const Expr *follow_name(const Spec **spec, const Expr *e) {
  const Def *def = NULL;
  if (e->kind != EXPR_NAME) return NULL;
  if (e->ref.kind == REF_DEF) def = e->ref.def;
  if (e->ref.kind == REF_GLOBAL && e->ref.global && e->ref.global->def && (*spec)->program->main) {
    def = e->ref.global->def;
    *spec = (*spec)->program->main;
  }
  return def && def->kind == DEF_ASSIGN ? def->const_value : NULL;
}

static bool fold_int(BinOp op, int64_t a, int64_t b, int64_t *out) {
  uint64_t ua = (uint64_t)a, ub = (uint64_t)b;
  switch (op) {
  case BIN_ADD: *out = (int64_t)(ua + ub); return true;
  case BIN_SUB: *out = (int64_t)(ua - ub); return true;
  case BIN_MUL: *out = (int64_t)(ua * ub); return true;
  case BIN_AND: *out = a & b; return true;
  case BIN_OR: *out = a | b; return true;
  case BIN_XOR: *out = a ^ b; return true;
  case BIN_FLOORDIV:
  case BIN_MOD: {
    if (b == 0 || b == -1) return false;
    int64_t q = a / b, r = a % b;
    if (r && (r < 0) != (b < 0)) q--, r += b;
    *out = op == BIN_MOD ? r : q;
    return true;
  }
  case BIN_SHL:
    if (b < 0 || b > 62) return false;
    *out = (int64_t)(ua << b);
    return true;
  case BIN_SHR:
    if (b < 0 || b > 62) return false;
    *out = a >> b;
    return true;
  case BIN_POW: {
    if (b < 0 || b > 63) return false;
    uint64_t p = 1;
    for (int64_t i = 0; i < b; i++) p *= ua;
    *out = (int64_t)p;
    return true;
  }
  case BIN_MATMUL:
  case BIN_DIV:
  case BIN_OP_COUNT: return false;
  }
  return false;
}

static bool const_int(const Spec *spec, const Expr *e, int64_t *value, int depth);

static bool const_call(const Spec *spec, const Expr *e, int64_t *value) {
  const Callee *c = spec_callee(spec, e);
  if (c->kind != CALLEE_BUILTIN || !c->count || !c->args[0]) return false;
  const Type *t = spec_type(spec, c->args[0]);
  if (c->builtin->id == BI_LEN && type_is_tuple(t)) return *value = t->count, true;
  if ((c->builtin->id == BI_A_NDIM || c->builtin->id == BI_NP_NDIM) && type_is_array(t)) return *value = t->ndim, true;
  if (c->builtin->id == BI_NP_NDIM && (type_is_scalar(t) || type_is_tuple(t))) return *value = type_is_tuple(t), true;
  return false;
}

static bool const_int(const Spec *spec, const Expr *e, int64_t *value, int depth) {
  int64_t a, b;
  if (depth > CONST_DEPTH) return false;
  switch (e->kind) {
  case EXPR_INT:
    if (e->as.integer.value > INT64_MAX) return false;
    *value = (int64_t)e->as.integer.value;
    return true;
  case EXPR_UNARY:
    if (!const_int(spec, e->as.unary.operand, &a, depth + 1)) return false;
    switch (e->as.unary.op) {
    case UN_NEG: *value = (int64_t)(0 - (uint64_t)a); return true;
    case UN_POS: *value = a; return true;
    case UN_INVERT: *value = ~a; return true;
    case UN_NOT: return false;
    }
    return false;
  case EXPR_BINARY:
    return const_int(spec, e->as.binary.lhs, &a, depth + 1) && const_int(spec, e->as.binary.rhs, &b, depth + 1) &&
           fold_int(e->as.binary.op, a, b, value);
  case EXPR_NAME: {
    const Spec *in = spec;
    const Expr *from = follow_name(&in, e);
    return from && const_int(in, from, value, depth + 1);
  }
  case EXPR_ATTR:
  case EXPR_CALL: return const_call(spec, e, value);
  case EXPR_INDEX: { /* a.shape[i] is no constant, but (3, 4)[0] is */
    const Expr *base = e->as.index.base;
    const Spec *in = spec;
    if (base->kind == EXPR_NAME) base = follow_name(&in, base);
    if (!base || base->kind != EXPR_TUPLE || e->as.index.items.len != 1 || !const_int(spec, e->as.index.items.data[0], &a, depth + 1))
      return false;
    if (a < 0) a += base->as.list.items.len;
    return a >= 0 && a < base->as.list.items.len && const_int(in, base->as.list.items.data[a], value, depth + 1);
  }
  case EXPR_FLOAT:
  case EXPR_IMAG:
  case EXPR_BOOL:
  case EXPR_NONE:
  case EXPR_ELLIPSIS:
  case EXPR_STR:
  case EXPR_FSTRING:
  case EXPR_SLICE:
  case EXPR_COMPARE:
  case EXPR_BOOLOP:
  case EXPR_IFEXP:
  case EXPR_TUPLE:
  case EXPR_LIST:
  case EXPR_COMP:
  case EXPR_WALRUS:
  case EXPR_KIND_COUNT: return false;
  }
  return false;
}

bool spec_const_int(const Spec *spec, const Expr *e, int64_t *value) { return e && const_int(spec, e, value, 0); }

const Expr *spec_const_expr(const Spec *spec, const Expr *e) {
  for (int depth = 0; e && depth < CONST_DEPTH; depth++) {
    if (e->kind == EXPR_STR || e->kind == EXPR_NONE || e->kind == EXPR_BOOL) return e;
    e = follow_name(&spec, e);
  }
  return NULL;
}

int spec_const_bool(const Spec *spec, const Expr *e) {
  const Expr *c = spec_const_expr(spec, e);
  return c && c->kind == EXPR_BOOL ? c->as.boolean : -1;
}

static AxesKind add_axis(const Spec *spec, const Expr *e, uint32_t ndim, uint32_t *axes, int64_t *bad) {
  int64_t axis;
  if (!spec_const_int(spec, e, &axis)) return AXES_UNKNOWN;
  *bad = axis;
  if (axis < -(int64_t)ndim || axis >= (int64_t)ndim) return AXES_RANGE;
  uint32_t bit = 1u << (axis < 0 ? axis + ndim : axis);
  if (*axes & bit) return AXES_TWICE;
  *axes |= bit;
  return AXES_OK;
}

AxesKind spec_const_axes(const Spec *spec, const Expr *e, uint32_t ndim, uint32_t *axes, int64_t *bad) {
  const Type *t = e ? spec_type(spec, e) : NULL;
  *axes = (1u << ndim) - 1;
  if (!e || (t && t->kind == TYPE_NONE)) return AXES_OK;
  *axes = 0;
  for (int depth = 0; e && e->kind == EXPR_NAME && type_is_tuple(t) && depth < CONST_DEPTH; depth++) e = follow_name(&spec, e);
  if (!e) return AXES_UNKNOWN;
  if (e->kind != EXPR_TUPLE) return add_axis(spec, e, ndim, axes, bad);
  AxesKind kind = AXES_OK;
  for (uint32_t i = 0; i < e->as.list.items.len && kind == AXES_OK; i++) kind = add_axis(spec, e->as.list.items.data[i], ndim, axes, bad);
  return kind;
}

/* ---- truth values that follow from types and constants: -1 unknown ---- */

static int truth_of_none(const Spec *spec, const Expr *cmp) {
  const Expr *a = cmp->as.compare.operands.data[0], *b = cmp->as.compare.operands.data[1];
  const Type *ta = spec_type(spec, a), *tb = spec_type(spec, b);
  if (!ta || !tb || (ta->kind != TYPE_NONE && tb->kind != TYPE_NONE)) return -1;
  if (ta->kind == TYPE_OPTIONAL || tb->kind == TYPE_OPTIONAL) return -1;
  return (ta->kind == tb->kind) == (cmp->as.compare.ops.data[0] == CMP_IS);
}

static int compare_ints(CmpOp op, int64_t a, int64_t b) {
  switch (op) {
  case CMP_EQ: return a == b;
  case CMP_NE: return a != b;
  case CMP_LT: return a < b;
  case CMP_LE: return a <= b;
  case CMP_GT: return a > b;
  case CMP_GE: return a >= b;
  case CMP_IS:
  case CMP_IS_NOT:
  case CMP_IN:
  case CMP_NOT_IN:
  case CMP_OP_COUNT: return -1;
  }
  return -1;
}

/* The text of a string constant, or of a.dtype.kind; NULL when it is not known. */
static const char *const_text(const Spec *spec, const Expr *e) {
  const Expr *s = spec_const_expr(spec, e);
  if (s) return s->kind == EXPR_STR ? s->as.str->text : NULL;
  for (int depth = 0; e && e->kind == EXPR_NAME && depth < CONST_DEPTH; depth++) e = follow_name(&spec, e);
  if (!e || e->kind != EXPR_ATTR) return NULL;
  const Callee *c = spec_callee(spec, e);
  const Type *t = c->kind == CALLEE_BUILTIN && c->builtin->id == BI_D_KIND ? spec_type(spec, c->args[0]) : NULL;
  return t ? dtype_letter(t->dtype) : NULL;
}

static int truth_of_compare(const Spec *spec, const Expr *e) {
  if (e->as.compare.ops.len != 1) return -1;
  CmpOp op = e->as.compare.ops.data[0];
  const Expr *a = e->as.compare.operands.data[0], *b = e->as.compare.operands.data[1];
  if (op == CMP_IS || op == CMP_IS_NOT) return truth_of_none(spec, e);
  int64_t x, y;
  if (spec_const_int(spec, a, &x) && spec_const_int(spec, b, &y)) return compare_ints(op, x, y);
  if (op != CMP_EQ && op != CMP_NE) return -1;
  const char *s = const_text(spec, a), *t = const_text(spec, b);
  if (s && t) return (strcmp(s, t) == 0) == (op == CMP_EQ);
  const Type *ta = spec_type(spec, a), *tb = spec_type(spec, b);
  if (ta && tb && ta->kind == TYPE_DTYPE && tb->kind == TYPE_DTYPE) return (ta->dtype == tb->dtype) == (op == CMP_EQ);
  return -1;
}

int infer_truth(Infer *in, const Expr *e) {
  const Spec *spec = in->spec;
  switch (e->kind) {
  case EXPR_BOOL: return e->as.boolean;
  case EXPR_NONE: return 0;
  case EXPR_INT: return e->as.integer.value != 0;
  case EXPR_UNARY: {
    int t = e->as.unary.op == UN_NOT ? infer_truth(in, e->as.unary.operand) : -1;
    return t < 0 ? -1 : !t;
  }
  case EXPR_COMPARE: return truth_of_compare(spec, e);
  case EXPR_BOOLOP:
    for (uint32_t i = 0; i < e->as.boolop.operands.len; i++) {
      int t = infer_truth(in, e->as.boolop.operands.data[i]);
      if (t < 0 || t == e->as.boolop.is_or) return t;
    }
    return !e->as.boolop.is_or;
  case EXPR_NAME: {
    const Expr *c = spec_const_expr(spec, e);
    const Type *t = spec_type(spec, e);
    if (t && t->kind == TYPE_NONE) return 0;
    return c && c->kind == EXPR_BOOL && e->ref.kind == REF_GLOBAL ? c->as.boolean : -1;
  }
  case EXPR_FLOAT:
  case EXPR_IMAG:
  case EXPR_ELLIPSIS:
  case EXPR_STR:
  case EXPR_FSTRING:
  case EXPR_ATTR:
  case EXPR_INDEX:
  case EXPR_SLICE:
  case EXPR_CALL:
  case EXPR_BINARY:
  case EXPR_IFEXP:
  case EXPR_TUPLE:
  case EXPR_LIST:
  case EXPR_COMP:
  case EXPR_WALRUS:
  case EXPR_KIND_COUNT: return -1;
  }
  return -1;
}

/* ---- effective options ----
 * The library's functions are strict and quiet whatever the program asks for, unless their own decorator says something else. */

/* Inner functions without a decorator follow the function they stand in. */
static const FuncOptions *options_of(const FuncDef *func) {
  while (func->kind == FUNC_PLAIN && func->parent && func->parent->kind != FUNC_MODULE) func = func->parent;
  return &func->options;
}

bool spec_python_errors(const Spec *spec) {
  ErrorModel model = options_of(spec->func)->error_model;
  return model == ERROR_MODEL_DEFAULT ? !spec->program->options.numpy_errors && !infer_is_prelude(spec->func) : model == ERROR_MODEL_PYTHON;
}

bool spec_boundscheck(const Spec *spec) {
  Tristate t = options_of(spec->func)->boundscheck;
  return t == TRI_DEFAULT ? !spec->program->options.no_boundscheck && !infer_is_prelude(spec->func) : t == TRI_YES;
}

bool spec_parallel(const Spec *spec) {
  Tristate t = options_of(spec->func)->parallel;
  return t == TRI_DEFAULT ? (spec->program->options.parallel || spec->program->options.race_check) && !infer_is_prelude(spec->func)
                          : t == TRI_YES;
}

bool spec_auto_parallel(const Spec *spec) {
  Tristate t = options_of(spec->func)->parallel;
  return t == TRI_DEFAULT ? spec->program->options.auto_parallel && !infer_is_prelude(spec->func) : t == TRI_YES;
}

int spec_fastmath(const Spec *spec) {
  int flags = options_of(spec->func)->fastmath;
  return flags != FM_DEFAULT ? flags : infer_is_prelude(spec->func) ? 0 : spec->program->options.fastmath;
}
