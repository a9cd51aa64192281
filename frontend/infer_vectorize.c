/* Calls of @vectorize functions, and their methods. On scalars such a call is a plain one; on arrays it is a ufunc: NumPy's choice of the
 * signature (the first to which every input converts safely), elementwise with broadcasting, an optional `out`.
 * Beside arrays scalars are weak, as in every array expression: they count only with their kind. Without signatures the element types
 * are the argument types; a weak float then takes the precision of the arrays. */
#include "frontend/infer.h"

static int kind_rank(DType t) { return t == DT_BOOL ? 0 : dtype_is_int(t) ? 1 : dtype_is_float(t) ? 2 : 3; }

bool infer_casts_safely(const Type *from, bool weak, DType to) {
  if (weak) return kind_rank(from->dtype) <= kind_rank(to);
  return dtype_promote(from->dtype, to) == to;
}

/* NumPy's "same_kind". */
bool infer_casts_kind(DType from, DType to) {
  if (dtype_is_signed(from) && dtype_is_int(from) && dtype_is_unsigned(to)) return false;
  return kind_rank(from) <= kind_rank(to);
}

bool infer_any_array(const Type *const *types, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (type_is_array(types[i])) return true;
  return false;
}

const Signature *infer_ufunc_signature(Infer *in, const FuncDef *f, const Type *const *types, uint32_t count) {
  const FuncSigs *sigs = infer_sigs(in, f);
  bool any_array = infer_any_array(types, count);
  for (uint32_t i = 0; i < sigs->list.len; i++) {
    const Signature *s = &sigs->list.data[i];
    bool fits = true;
    for (uint32_t k = 0; k < count && fits; k++)
      fits = infer_casts_safely(types[k], any_array && type_is_scalar(types[k]), s->args[k]->dtype);
    if (fits) return s;
  }
  return NULL;
}

/* The argument types of the scalar function. False after an error. */
static bool choose_types(Infer *in, FuncDef *f, const Type **types, const Type **declared, Span at) {
  uint32_t n = f->params.len;
  const FuncSigs *sigs = infer_sigs(in, f);
  *declared = sigs->returns;
  if (sigs->list.len) {
    const Signature *s = infer_ufunc_signature(in, f, types, n);
    if (!s) return infer_no_signature(in, f, types, at);
    for (uint32_t i = 0; i < n; i++) types[i] = s->args[i];
    *declared = s->result;
    return true;
  }
  bool single = infer_any_array(types, n); /* all arrays of floats hold float32 */
  for (uint32_t i = 0; i < n; i++)
    if (type_is_array(types[i])) single &= types[i]->dtype == DT_FLOAT32 || types[i]->dtype == DT_COMPLEX64;
  for (uint32_t i = 0; i < n; i++) {
    DType t = types[i]->dtype;
    if (single && type_is_scalar(types[i])) t = t == DT_FLOAT64 ? DT_FLOAT32 : t == DT_COMPLEX128 ? DT_COMPLEX64 : t;
    types[i] = sigs->annotated[i] ? sigs->annotated[i] : infer_scalar(in, t);
  }
  return true;
}

/* The scalar specialisation; NULL while it is unknown and after errors. */
static Spec *scalar_spec(Infer *in, const Type *callee, const Type *const *types, const Type *declared, Span at) {
  FuncDef *f = callee->func;
  Spec *spec = infer_spec(in, f, types, callee->elems, declared, at);
  if (!spec) return NULL;
  if (spec->failed && spec->done && in->final) infer_report_callee(in, spec, at);
  if ((spec->failed && spec->done) || !spec->result) return NULL;
  if (type_is_scalar(spec->result)) return spec;
  infer_error(in, TYPE_ERROR, at, "%s() is a ufunc: it must return a number, not %s", f->name->text, type_name(spec->result));
  diag_note(in->diag, f->name_span, "'%s' is defined here", f->name->text);
  return NULL;
}

/* args[0..n): the inputs; args[n]: out, or NULL. */
static bool bind(Infer *in, const FuncDef *f, const Expr *e, Expr **args) {
  uint32_t n = f->params.len, given = e->as.call.args.len;
  if (given < n || given > n + 1)
    return infer_error(in, TYPE_ERROR, e->span, "%s() takes from %u to %u positional arguments but %u %s given", f->name->text, n, n + 1,
                       given, given == 1 ? "was" : "were") != NULL;
  for (uint32_t i = 0; i < given; i++) args[i] = e->as.call.args.data[i];
  for (uint32_t i = 0; i < e->as.call.keywords.len; i++) {
    const Keyword *k = &e->as.call.keywords.data[i];
    if (!sym_is(k->name, "out"))
      return infer_error(in, TYPE_ERROR, k->span, "%s() got an unexpected keyword argument '%s': a ufunc takes its inputs by position",
                         f->name->text, k->name->text) != NULL;
    if (args[n]) return infer_error(in, TYPE_ERROR, k->span, "%s() got multiple values for argument 'out'", f->name->text) != NULL;
    args[n] = k->value;
  }
  return true;
}

bool infer_check_out(Infer *in, const Expr *out, DType result, const char *name) {
  const Type *t = infer_value(spec_type(in->spec, out));
  if (!type_is_array(t))
    return infer_error(in, TYPE_ERROR, out->span, "the output of %s() is an array, not %s", name, type_name(t)) != NULL;
  if (t->readonly)
    return infer_error(in, TYPE_ERROR, out->span, "the output of %s() is a read-only array: pass it as an argument to store into it",
                       name) != NULL;
  if (!infer_casts_kind(result, t->dtype))
    return infer_error(in, TYPE_ERROR, out->span, "cannot store the output of %s(), %s, into an array of %s", name, dtype_name(result),
                       dtype_name(t->dtype)) != NULL;
  return true;
}

const Type *infer_ufunc_call(Infer *in, Expr *e, const Type *callee) {
  FuncDef *f = callee->func;
  uint32_t n = f->params.len;
  Expr **args = arena_array(in->arena, Expr *, n + 2);
  if (!bind(in, f, e, args)) return NULL;
  const Type **types = arena_array(in->arena, const Type *, n + 1), **inner = arena_array(in->arena, const Type *, n + 1), *declared;
  for (uint32_t i = 0; i < n; i++) {
    types[i] = inner[i] = infer_value(spec_type(in->spec, args[i]));
    if (!type_is_scalar(types[i]) && !type_is_array(types[i]))
      return infer_error(in, TYPE_ERROR, args[i]->span, "%s() takes numbers and arrays, not %s", f->name->text, type_name(types[i]));
  }
  if (!choose_types(in, f, inner, &declared, e->span)) return NULL;
  Spec *spec = scalar_spec(in, callee, inner, declared, e->span);
  if (!spec) return NULL;
  bool any_array = infer_any_array(types, n);
  if (f->captures.len && (any_array || args[n]))
    return infer_error(in, NOT_IMPLEMENTED_ERROR, e->span, "%s() uses variables of the function around it: it takes numbers only",
                       f->name->text);
  infer_set_callee(in, e,
                   (Callee){.kind = any_array || args[n] ? CALLEE_UFUNC : CALLEE_SPEC,
                            .spec = spec,
                            .closure = f->captures.len ? e->as.call.callee : NULL,
                            .args = args,
                            .count = n + (args[n] != NULL)});
  if (!any_array && !args[n]) return spec->result;
  Args a = {.call = e, .v = args, .t = types, .count = n};
  const Type *result = infer_elementwise(in, &a, spec->result->dtype);
  if (!args[n]) return result;
  if (!infer_check_out(in, args[n], spec->result->dtype, f->name->text)) return NULL;
  const Type *out = infer_value(spec_type(in->spec, args[n]));
  if (type_is_array(result) && result->ndim > out->ndim)
    return infer_error(in, VALUE_ERROR, args[n]->span, "the output of %s() has %u dimension%s; the inputs need %u", f->name->text,
                       out->ndim, out->ndim == 1 ? "" : "s", result->ndim);
  return out;
}

/* ---- f.reduce(a, axis=0, keepdims=False, initial=...) ---- */

/* The function on two elements whose result is an element again. */
static Spec *reduce_spec(Infer *in, const Type *callee, DType dtype, Span at) {
  const FuncDef *f = callee->func;
  const FuncSigs *sigs = infer_sigs(in, f);
  for (uint32_t i = 0; i < sigs->list.len; i++) {
    const Signature *s = &sigs->list.data[i];
    bool fits =
        s->args[0] == s->args[1] && (!s->result || s->result == s->args[0]) && dtype_promote(dtype, s->args[0]->dtype) == s->args[0]->dtype;
    if (!fits) continue;
    Spec *spec = scalar_spec(in, callee, s->args, s->result, at);
    if (!spec || spec->result == s->args[0]) return spec;
  }
  for (int round = 0; !sigs->list.len && round < 3; round++) { /* int32 + int32 is int64: then elements are int64 */
    const Type *pair[2] = {infer_scalar(in, dtype), infer_scalar(in, dtype)};
    Spec *spec = scalar_spec(in, callee, pair, NULL, at);
    if (!spec || spec->result == pair[0]) return spec;
    dtype = spec->result->dtype;
  }
  infer_error(in, TYPE_ERROR, at, "%s.reduce() finds no form of %s() that takes two elements of %s and gives another one", f->name->text,
              f->name->text, dtype_name(dtype));
  return NULL;
}

static bool bind_reduce(Infer *in, const FuncDef *f, const Expr *e, Expr **args) {
  static const char *const names[] = {"array", "axis", "keepdims", "initial"};
  uint32_t given = e->as.call.args.len;
  if (given < 1 || given > 2)
    return infer_error(in, TYPE_ERROR, e->span, "%s.reduce() takes an array and an axis; keepdims and initial are given by name",
                       f->name->text) != NULL;
  for (uint32_t i = 0; i < given; i++) args[i] = e->as.call.args.data[i];
  for (uint32_t i = 0; i < e->as.call.keywords.len; i++) {
    const Keyword *k = &e->as.call.keywords.data[i];
    uint32_t at = 1;
    while (at < 4 && !sym_is(k->name, names[at])) at++;
    if (at == 4 || args[at])
      return infer_error(in, TYPE_ERROR, k->span, "%s.reduce() got %s argument '%s'", f->name->text,
                         at == 4 ? "an unexpected keyword" : "multiple values for", k->name->text) != NULL;
    args[at] = k->value;
  }
  return true;
}

static bool reduce_axes(Infer *in, FuncDef *f, Expr *const *args, uint32_t ndim, uint32_t *axes) {
  int64_t bad = 0;
  *axes = 1;
  AxesKind kind = args[1] ? spec_const_axes(in->spec, args[1], ndim, axes, &bad) : AXES_OK;
  Span at = args[1] ? args[1]->span : args[0]->span;
  if (kind == AXES_UNKNOWN) return infer_error(in, TYPE_ERROR, at, "the axis of %s.reduce() must be a constant", f->name->text) != NULL;
  if (kind == AXES_TWICE) return infer_error(in, VALUE_ERROR, at, "duplicate value in 'axis'") != NULL;
  if (kind == AXES_RANGE)
    return infer_error(in, VALUE_ERROR, at, "axis %lld is out of bounds for array of dimension %u", (long long)bad, ndim) != NULL;
  const Expr *identity = f->options.identity;
  if (!(*axes & (*axes - 1)) || (identity && identity->kind != EXPR_NONE && identity->kind != EXPR_STR)) return true;
  return infer_error(in, VALUE_ERROR, at, "reduction operation '%s' has no identity, so at most one axis may be specified",
                     f->name->text) != NULL;
}

static const Type *reduce_call(Infer *in, Expr *e, const Type *callee) {
  FuncDef *f = callee->func;
  Expr **args = arena_array(in->arena, Expr *, 4);
  bool known = true;
  for (uint32_t i = 0; i < e->as.call.args.len; i++) known &= infer_expr(in, e->as.call.args.data[i]) != NULL;
  for (uint32_t i = 0; i < e->as.call.keywords.len; i++) known &= infer_expr(in, e->as.call.keywords.data[i].value) != NULL;
  if (!bind_reduce(in, f, e, args) || !known) return NULL;
  if (f->captures.len)
    return infer_error(in, NOT_IMPLEMENTED_ERROR, e->span, "%s() uses variables of the function around it", f->name->text);
  if (f->params.len != 2) return infer_error(in, VALUE_ERROR, e->span, "reduce() is only for functions of two arguments");
  const Type *t = infer_value(spec_type(in->spec, args[0]));
  if (!type_is_array(t) || !t->ndim)
    return infer_error(in, TYPE_ERROR, args[0]->span, "%s.reduce() takes an array, not %s", f->name->text, type_name(t));
  uint32_t axes, count = 0;
  if (!reduce_axes(in, f, args, t->ndim, &axes)) return NULL;
  int keep = args[2] ? spec_const_bool(in->spec, args[2]) : 0;
  if (keep < 0) return infer_error(in, TYPE_ERROR, args[2]->span, "'keepdims' must be True or False");
  if (args[3] && !type_is_scalar(infer_value(spec_type(in->spec, args[3]))) && spec_type(in->spec, args[3])->kind != TYPE_NONE)
    return infer_error(in, TYPE_ERROR, args[3]->span, "'initial' is a number, not %s", type_name(spec_type(in->spec, args[3])));
  Spec *spec = reduce_spec(in, callee, t->dtype, e->span);
  if (!spec) return NULL;
  infer_set_callee(in, e, (Callee){.kind = CALLEE_UFUNC_REDUCE, .spec = spec, .args = args, .count = 4});
  for (uint32_t d = 0; d < t->ndim; d++) count += axes >> d & 1;
  uint32_t ndim = keep ? t->ndim : t->ndim - count;
  return ndim ? type_array(in->tt, spec->result->dtype, ndim, LAYOUT_C, false) : spec->result;
}

const Type *infer_func_method(Infer *in, Expr *e, const Type *type) {
  const FuncDef *f = type->func;
  const Expr *callee = e->as.call.callee;
  Sym name = callee->as.attr.name;
  if (f->kind == FUNC_VECTORIZE && sym_is(name, "reduce")) return reduce_call(in, e, type);
  if (f->options.lru && (sym_is(name, "cache_info") || sym_is(name, "cache_clear"))) return infer_memo_method(in, e, f);
  infer_error(in, ATTRIBUTE_ERROR, callee->as.attr.name_span, "the function '%s' has no method '%s'", f->name->text, name->text);
  if (f->kind == FUNC_VECTORIZE) diag_note(in->diag, callee->as.attr.name_span, "functions made by @vectorize have reduce(a, axis)");
  return NULL;
}
