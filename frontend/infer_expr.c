/* Inference of expressions: literals, names, operators, comparisons, conditions, displays. Each gets its type recorded by ExprId.
 * A sub-expression without a type gives an expression without a type, in silence. Calls: infer_call.c; subscripts: infer_index.c. */
#include "frontend/infer.h"

const Type *infer_set(Infer *in, const Expr *e, const Type *type) {
  in->spec->expr_types[e->id] = type;
  if (!type && !in->run->unknown.src) in->run->unknown = e->span;
  return type;
}

const Type *infer_value(const Type *t) { return t && t->kind == TYPE_OPTIONAL ? t->elems[0] : t; }
const Type *infer_scalar(const Infer *in, DType dtype) { return type_scalar(in->tt, dtype); }
const Type *infer_int(const Infer *in) { return type_scalar(in->tt, DT_INT64); }

/* ---- names ---- */

/* Captures have the versions that sema found at the place where the function is named: they are seen when it is called. */
const Type *infer_func_type(Infer *in, FuncDef *func, Def *const *versions) {
  uint32_t n = func->captures.len;
  const Type **captures = arena_array(in->arena, const Type *, n + 1);
  for (uint32_t i = 0; i < n; i++) {
    captures[i] = versions && versions[i] ? in->spec->def_types[versions[i]->id] : NULL;
    if (!captures[i]) return NULL; /* a later pass knows */
  }
  return type_func(in->tt, func, captures, n);
}

static const Type *frozen(Infer *in, const Type *t) {
  if (type_is_array(t)) return type_array(in->tt, t->dtype, t->ndim, t->layout, true);
  if (!type_is_tuple(t) || !t->count) return t;
  const Type **elems = arena_array(in->arena, const Type *, t->count);
  for (uint32_t i = 0; i < t->count; i++) elems[i] = frozen(in, t->elems[i]);
  return type_tuple(in->tt, elems, t->count);
}

static const Type *global_type(Infer *in, const Expr *e) {
  const Global *g = e->ref.global;
  const Spec *main = in->program->main;
  if (!g || !g->def || !main) return NULL;
  const SpecRun *run = in->state->runs.data[main->index];
  const Type *t = main->def_types[g->def->id];
  if (run->def_pass[g->def->id] == run->pass) return t ? frozen(in, t) : NULL;
  infer_error(in, NAME_ERROR, e->span, "'%s' is read by %s() before the top level assigns it", g->name->text, in->spec->func->name->text);
  diag_note(in->diag, g->def->span, "'%s' is assigned here", g->name->text);
  return NULL;
}

static const Type *builtin_type(Infer *in, const Builtin *b) {
  if (b->typing == TR_CONST) return b->id == BI_NP_NEWAXIS ? in->tt->none : infer_scalar(in, DT_FLOAT64);
  if (b->typing == TR_DTYPE) return type_dtype(in->tt, (DType)b->typing_arg);
  return type_builtin(in->tt, b);
}

/* The type of a version that is read. When the last pass knows none and nothing else is wrong, only the reading itself could set it. */
const Type *infer_read(Infer *in, const Def *def, Span at) {
  const Type *t = def ? in->spec->def_types[def->id] : NULL;
  if (!t && def && def->kind == DEF_PHI && def->maybe_unset && in->final && !in->diag->errors)
    infer_error(in, NAME_ERROR, at, "'%s' is read before it is assigned", def->local->name->text);
  return t;
}

static const Type *infer_name(Infer *in, const Expr *e) {
  switch (e->ref.kind) {
  case REF_DEF:
  case REF_CAPTURE: return infer_read(in, e->ref.def, e->span);
  case REF_GLOBAL: return global_type(in, e);
  case REF_FUNC: return infer_func_type(in, e->ref.func, e->ref.captures);
  case REF_BUILTIN: return builtin_type(in, e->ref.builtin);
  case REF_MODULE: return type_module(in->tt, e->ref.module);
  case REF_NONE: break;
  }
  if (e->kind == EXPR_NAME) infer_error(in, NAME_ERROR, e->span, "name '%s' is not defined", e->as.name->text);
  return NULL;
}

/* ---- operators ---- */

static const Type *bad_operands(Infer *in, BinOp op, const Type *a, const Type *b, Span at) {
  if (op == BIN_ADD && a->kind == TYPE_STR && b->kind == TYPE_STR)
    return infer_error(in, NOT_IMPLEMENTED_ERROR, at, "strings cannot be joined with +: use an f-string");
  return infer_error(in, TYPE_ERROR, at, "unsupported operand types for %s: '%s' and '%s'", bin_op_names[op], type_name(a), type_name(b));
}

static bool is_number(const Type *t) { return t->kind == TYPE_SCALAR || t->kind == TYPE_ARRAY; }

static const Type *binary_arrays(Infer *in, BinOp op, const Type *a, const Type *b, Span at) {
  DType out;
  if (op == BIN_MATMUL) return infer_matmul(in, "matmul", a, b, false, at);
  if (!is_number(a) || !is_number(b) || !promote_arrays(op, a->dtype, a->kind == TYPE_SCALAR, b->dtype, b->kind == TYPE_SCALAR, &out))
    return bad_operands(in, op, a, b, at);
  unsigned na = type_is_array(a) ? a->ndim : 0, nb = type_is_array(b) ? b->ndim : 0;
  bool f = (!type_is_array(a) || a->layout == LAYOUT_F) && (!type_is_array(b) || b->layout == LAYOUT_F);
  return type_array(in->tt, out, na > nb ? na : nb, f ? LAYOUT_F : LAYOUT_C, false);
}

enum { MAX_TUPLE_VALUES = 16384 }; /* nested tuples counted through: tuples of tuples double quickly */

static uint32_t count_values(const Type *t) {
  if (!type_is_tuple(t)) return 1;
  uint32_t n = 1;
  for (uint32_t i = 0; i < t->count && n <= MAX_TUPLE_VALUES; i++) n += count_values(t->elems[i]);
  return n;
}

static const Type *sized_tuple(Infer *in, const Type *tuple, Span at) {
  if (count_values(tuple) <= MAX_TUPLE_VALUES) return tuple;
  return infer_error(in, TYPE_ERROR, at, "a tuple of more than %d values: use an array", MAX_TUPLE_VALUES);
}

static const Type *join_tuples(Infer *in, const Type *a, const Type *b, Span at) {
  const Type **elems = arena_array(in->arena, const Type *, a->count + b->count + 1);
  for (uint32_t i = 0; i < a->count; i++) elems[i] = a->elems[i];
  for (uint32_t i = 0; i < b->count; i++) elems[a->count + i] = b->elems[i];
  return sized_tuple(in, type_tuple(in->tt, elems, a->count + b->count), at);
}

static bool is_negative_literal(const Expr *e) {
  return e && e->kind == EXPR_UNARY && e->as.unary.op == UN_NEG && e->as.unary.operand->kind == EXPR_INT &&
         e->as.unary.operand->as.integer.value;
}

const Type *infer_binary(Infer *in, BinOp op, const Type *lt, const Expr *rhs, const Type *rt, Span at) {
  lt = infer_value(lt), rt = infer_value(rt);
  if (!lt || !rt) return NULL;
  if (type_is_array(lt) || type_is_array(rt)) return binary_arrays(in, op, lt, rt, at);
  if (op == BIN_ADD && type_is_tuple(lt) && type_is_tuple(rt)) return join_tuples(in, lt, rt, at);
  const Type *t = promote_scalars(in->tt, op, lt, rt);
  if (!t) return bad_operands(in, op, lt, rt, at);
  if (op == BIN_POW && is_negative_literal(rhs) && (type_is_int(t) || type_is_bool(t))) return infer_scalar(in, DT_FLOAT64);
  return t;
}

static const Type *infer_unary(Infer *in, const Expr *e) {
  static const char *const signs[] = {"-", "+", "~", "not"};
  UnOp op = e->as.unary.op;
  if (op == UN_NOT) {
    infer_cond(in, e->as.unary.operand);
    return spec_type(in->spec, e->as.unary.operand) ? infer_scalar(in, DT_BOOL) : NULL;
  }
  const Type *t = infer_value(infer_expr(in, e->as.unary.operand));
  if (!t) return NULL;
  bool integral = is_number(t) && (t->dtype == DT_BOOL || dtype_is_int(t->dtype));
  bool applies = is_number(t) && (op != UN_INVERT || integral) && !(type_is_array(t) && t->dtype == DT_BOOL && op != UN_INVERT);
  if (!applies) return infer_error(in, TYPE_ERROR, e->span, "bad operand type for unary %s: '%s'", signs[op], type_name(t));
  if (type_is_array(t)) return type_array(in->tt, t->dtype, t->ndim, t->layout == LAYOUT_F ? LAYOUT_F : LAYOUT_C, false);
  if (type_is_bool(t)) return op == UN_INVERT ? t : infer_int(in);
  if (type_is_int(t)) return infer_scalar(in, dtype_is_unsigned(t->dtype) ? DT_UINT64 : DT_INT64);
  return t;
}

/* ---- comparisons ---- */

static bool is_order(CmpOp op) { return op == CMP_LT || op == CMP_LE || op == CMP_GT || op == CMP_GE; }

static bool can_compare(CmpOp op, const Type *a, const Type *b) {
  if (a->kind == TYPE_OPTIONAL) a = a->elems[0];
  if (b->kind == TYPE_OPTIONAL) b = b->elems[0];
  if (a->kind == TYPE_NONE || b->kind == TYPE_NONE) return !is_order(op);
  if (a->kind == TYPE_STR && b->kind == TYPE_DTYPE) return !is_order(op);
  if (a->kind != b->kind) return false;
  switch (a->kind) {
  case TYPE_SCALAR: return !is_order(op) || (!dtype_is_complex(a->dtype) && !dtype_is_complex(b->dtype));
  case TYPE_STR:
  case TYPE_DTYPE: return !is_order(op);
  case TYPE_TUPLE:
    for (uint32_t i = 0; i < a->count && i < b->count; i++)
      if (!can_compare(op, a->elems[i], b->elems[i])) return false;
    return true;
  case TYPE_FUNC:
  case TYPE_BUILTIN: return !is_order(op);
  case TYPE_ARRAY:
  case TYPE_NONE:
  case TYPE_OPTIONAL:
  case TYPE_MODULE:
  case TYPE_ITER:
  case TYPE_SLICE:
  case TYPE_ELLIPSIS: return false;
  }
  return false;
}

static const Type *compare_in(Infer *in, const Type *a, const Type *b, Span at) {
  bool ok = false;
  if (type_is_tuple(b)) {
    ok = true;
    for (uint32_t i = 0; i < b->count; i++) ok &= can_compare(CMP_EQ, a, b->elems[i]);
  } else if (type_is_array(b)) {
    ok = type_is_scalar(a);
  } else if (b->kind == TYPE_ITER) {
    ok = can_compare(CMP_EQ, a, b->elems[0]);
  }
  if (!ok) return infer_error(in, TYPE_ERROR, at, "cannot look for %s in %s", type_name(a), type_name(b));
  return infer_scalar(in, DT_BOOL);
}

const Type *infer_compare(Infer *in, CmpOp op, const Type *lt, const Type *rt, Span at) {
  if (!lt || !rt) return NULL;
  const Type *boolean = infer_scalar(in, DT_BOOL);
  if (op == CMP_IN || op == CMP_NOT_IN) return compare_in(in, infer_value(lt), infer_value(rt), at);
  if (op == CMP_IS || op == CMP_IS_NOT) {
    if (lt->kind == TYPE_NONE || rt->kind == TYPE_NONE || can_compare(CMP_EQ, lt, rt)) return boolean;
    return infer_error(in, TYPE_ERROR, at, "'%s' compares with None here, not %s with %s", cmp_op_names[op], type_name(lt), type_name(rt));
  }
  const Type *a = infer_value(lt), *b = infer_value(rt);
  if ((type_is_array(a) && is_number(b)) || (type_is_array(b) && is_number(a))) {
    unsigned na = type_is_array(a) ? a->ndim : 0, nb = type_is_array(b) ? b->ndim : 0;
    bool f = (!type_is_array(a) || a->layout == LAYOUT_F) && (!type_is_array(b) || b->layout == LAYOUT_F);
    if (is_order(op) && (dtype_is_complex(a->dtype) || dtype_is_complex(b->dtype)))
      return infer_error(in, TYPE_ERROR, at, "complex numbers have no order: '%s' is not defined for them", cmp_op_names[op]);
    return type_array(in->tt, DT_BOOL, na > nb ? na : nb, f ? LAYOUT_F : LAYOUT_C, false);
  }
  if (!can_compare(op, lt, rt))
    return infer_error(in, TYPE_ERROR, at, "'%s' not supported between '%s' and '%s'", cmp_op_names[op], type_name(lt), type_name(rt));
  return boolean;
}

static const Type *infer_comparison(Infer *in, const Expr *e) {
  const ExprVec *v = &e->as.compare.operands;
  const Type *left = infer_expr(in, v->data[0]), *result = NULL;
  bool known = true;
  for (uint32_t i = 0; i < e->as.compare.ops.len; i++) {
    CmpOp op = e->as.compare.ops.data[i];
    bool member = op == CMP_IN || op == CMP_NOT_IN;
    const Type *right = member ? infer_sequence(in, v->data[i + 1]) : infer_expr(in, v->data[i + 1]);
    result = infer_compare(in, op, left, right, e->span);
    known &= result != NULL;
    left = right;
    if (result && type_is_array(result) && e->as.compare.ops.len > 1)
      return infer_error(in, TYPE_ERROR, e->span, "a chain of comparisons needs scalars; write (a < b) & (b < c) for arrays");
  }
  return known ? result : NULL;
}

/* ---- conditions ---- */

/* False after an error. */
static bool check_truth(Infer *in, const Expr *e, const Type *t) {
  t = infer_value(t);
  if (!t) return false;
  switch (t->kind) {
  case TYPE_SCALAR:
  case TYPE_STR:
  case TYPE_NONE:
  case TYPE_TUPLE:
  case TYPE_OPTIONAL: return true;
  case TYPE_ARRAY: infer_error(in, TYPE_ERROR, e->span, "the truth value of an array is ambiguous: use a.any() or a.all()"); return false;
  case TYPE_DTYPE:
  case TYPE_FUNC:
  case TYPE_BUILTIN:
  case TYPE_MODULE:
  case TYPE_ITER:
  case TYPE_SLICE:
  case TYPE_ELLIPSIS: break;
  }
  infer_error(in, TYPE_ERROR, e->span, "%s has no truth value", type_name(t));
  return false;
}

/* As a condition the operands need no common type; what cannot be reached by the types of those before is not typed. */
static const Type *infer_boolop(Infer *in, const Expr *e, bool is_condition) {
  const Type *type = NULL;
  bool known = true, conflict = false;
  const ExprVec *v = &e->as.boolop.operands;
  for (uint32_t i = 0; i < v->len; i++) {
    Expr *operand = v->data[i];
    if (is_condition)
      infer_cond(in, operand);
    else
      infer_expr(in, operand);
    const Type *t = spec_type(in->spec, operand);
    if (t) known &= check_truth(in, operand, t); /* unknown is a recursive call: the others give its type */
    const Type *both = type && t ? type_unify(in->tt, type, t) : t;
    if (type && t && !both) conflict = true;
    if (both) type = both;
    if (infer_truth(in, operand) == e->as.boolop.is_or) break;
  }
  infer_phis(in, &e->as.boolop.phis, NULL, 0);
  if (!known) return NULL;
  if (conflict && is_condition) return infer_scalar(in, DT_BOOL);
  if (conflict)
    return infer_error(in, TYPE_ERROR, e->span, "the operands of '%s' have types that do not go together: %s and %s",
                       e->as.boolop.is_or ? "or" : "and", type_name(spec_type(in->spec, v->data[0])),
                       type_name(spec_type(in->spec, v->data[v->len - 1])));
  return type;
}

void infer_cond(Infer *in, Expr *e) {
  if (e->kind == EXPR_BOOLOP) {
    infer_set(in, e, infer_boolop(in, e, true));
    return;
  }
  const Type *t = infer_expr(in, e);
  if (t) check_truth(in, e, t);
}

static const Type *infer_ifexp(Infer *in, const Expr *e) {
  infer_cond(in, e->as.ifexp.cond);
  int truth = infer_truth(in, e->as.ifexp.cond);
  bool edges[2] = {truth != 0, truth != 1};
  const Type *a = edges[0] ? infer_expr(in, e->as.ifexp.then) : NULL, *b = edges[1] ? infer_expr(in, e->as.ifexp.orelse) : NULL;
  infer_phis(in, &e->as.ifexp.phis, edges, 2);
  if (!edges[0]) return b;
  if (!edges[1]) return a;
  if (!a || !b) return a ? a : b; /* a recursive call is unknown at first: the other value gives its type */
  const Type *both = type_unify(in->tt, a, b);
  if (both) return both;
  infer_error(in, TYPE_ERROR, e->span, "the two values of this expression have types that do not go together");
  diag_note(in->diag, e->as.ifexp.then->span, "this is %s", type_name(a));
  diag_note(in->diag, e->as.ifexp.orelse->span, "this is %s", type_name(b));
  return NULL;
}

/* ---- the rest ---- */

static const Type *infer_tuple(Infer *in, const Expr *e) {
  const ExprVec *v = &e->as.list.items;
  const Type **elems = arena_array(in->arena, const Type *, v->len + 1);
  bool known = true;
  for (uint32_t i = 0; i < v->len; i++) {
    elems[i] = infer_expr(in, v->data[i]);
    known &= elems[i] != NULL;
  }
  return known ? sized_tuple(in, type_tuple(in->tt, elems, v->len), e->span) : NULL;
}

static const Type *infer_walrus(Infer *in, const Expr *e) {
  const Type *t = infer_expr(in, e->as.walrus.value);
  infer_set_def(in, e->ref.def, t, e->span);
  return t && e->ref.def ? in->spec->def_types[e->ref.def->id] : t;
}

static const Type *expr_type(Infer *in, Expr *e) {
  switch (e->kind) {
  case EXPR_INT: return infer_scalar(in, e->as.integer.value > INT64_MAX ? DT_UINT64 : DT_INT64);
  case EXPR_FLOAT: return infer_scalar(in, DT_FLOAT64);
  case EXPR_IMAG: return infer_scalar(in, DT_COMPLEX128);
  case EXPR_BOOL: return infer_scalar(in, DT_BOOL);
  case EXPR_NONE: return in->tt->none;
  case EXPR_ELLIPSIS: return in->tt->ellipsis;
  case EXPR_STR: return in->tt->str;
  case EXPR_FSTRING: return infer_fstring(in, e);
  case EXPR_NAME: return infer_name(in, e);
  case EXPR_ATTR: return e->ref.kind == REF_NONE ? infer_attr(in, e) : infer_name(in, e);
  case EXPR_INDEX: return infer_index(in, e);
  case EXPR_SLICE: return in->tt->slice;
  case EXPR_CALL: return infer_call(in, e);
  case EXPR_UNARY: return infer_unary(in, e);
  case EXPR_BINARY: {
    const Type *lt = infer_expr(in, e->as.binary.lhs), *rt = infer_expr(in, e->as.binary.rhs);
    return infer_binary(in, e->as.binary.op, lt, e->as.binary.rhs, rt, e->span);
  }
  case EXPR_COMPARE: return infer_comparison(in, e);
  case EXPR_BOOLOP: return infer_boolop(in, e, false);
  case EXPR_IFEXP: return infer_ifexp(in, e);
  case EXPR_TUPLE: return infer_tuple(in, e);
  case EXPR_LIST:
    return infer_error(in, NOT_IMPLEMENTED_ERROR, e->span, "lists are not part of the language: use np.array([…]) or a tuple");
  case EXPR_COMP:
    return infer_error(in, NOT_IMPLEMENTED_ERROR, e->span,
                       "a comprehension is only good inside np.array(…), sum(…), min(…), max(…), any(…), all(…)");
  case EXPR_WALRUS: return infer_walrus(in, e);
  case EXPR_KIND_COUNT: break;
  }
  LJ_UNREACHABLE();
}

const Type *infer_expr(Infer *in, Expr *e) { return infer_set(in, e, expr_type(in, e)); }
