/* Inference of builtins: from a bound call to a type, one function per typing rule of builtins.h. Here also the conversions
 * (int, np.float32, …); elementwise functions are in infer_ufunc.c, rules of their own in infer_special.c, infer_math.c,
 * infer_arrays.c and infer_shape.c. */
#include "frontend/infer.h"

static bool is_array_name(const Builtin *b) { return strncmp(b->name, "math.", 5) != 0 && strncmp(b->name, "cmath.", 6) != 0; }

bool infer_numeric(Infer *in, const Args *a, uint32_t from) {
  for (uint32_t i = from; i < a->count; i++) {
    const Type *t = a->t[i];
    if (!t || t->kind == TYPE_SCALAR || (t->kind == TYPE_ARRAY && is_array_name(a->builtin))) continue;
    const char *name = strrchr(a->builtin->name, '.');
    name = name ? name + 1 : a->builtin->name;
    if (t->kind == TYPE_ARRAY)
      infer_error(in, TYPE_ERROR, a->v[i]->span, "%s takes numbers; use np.%s for arrays", a->builtin->name, name);
    else
      infer_error(in, TYPE_ERROR, a->v[i]->span, "%s() takes numbers%s, not %s", name, is_array_name(a->builtin) ? " or arrays" : "",
                  type_name(t));
    return false;
  }
  return true;
}

/* ---- conversions ---- */

static bool is_number_text(Sym text, DType dtype) {
  const char *s = text->text, *end = s + text->len;
  while (s < end && strchr(" \t\n", *s)) s++;
  while (s < end && strchr(" \t\n", end[-1])) end--;
  if (s < end && (*s == '+' || *s == '-')) s++;
  size_t n = (size_t)(end - s), digits = 0;
  static const char *const words[] = {"inf", "Inf", "INF", "infinity", "Infinity", "nan", "NaN", "NAN"};
  for (size_t i = 0; dtype != DT_INT64 && i < LJ_COUNT(words); i++)
    if (n == strlen(words[i]) && memcmp(s, words[i], n) == 0) return true;
  bool dot = dtype == DT_INT64, exponent = dtype == DT_INT64;
  for (; s < end; s++) {
    if (*s >= '0' && *s <= '9')
      digits++;
    else if (*s == '.' && !dot)
      dot = true;
    else if ((*s == 'e' || *s == 'E') && digits && !exponent) {
      exponent = dot = true;
      digits = 0;
      if (s + 1 < end && (s[1] == '+' || s[1] == '-')) s++;
    } else
      return false;
  }
  return digits > 0;
}

static const Type *convert_text(Infer *in, const Args *a, const Type *to) {
  const Expr *text = spec_const_expr(in->spec, a->v[0]);
  bool is_int = a->builtin->id == BI_PY_INT;
  if (a->builtin->id == BI_PY_BOOL) return to;
  if ((!is_int && a->builtin->id != BI_PY_FLOAT) || !text || text->kind != EXPR_STR)
    return infer_error(in, TYPE_ERROR, a->v[0]->span, "only constant text can become a number, by int(\"…\") or float(\"…\")");
  if (is_number_text(text->as.str, to->dtype)) return to;
  if (is_int) return infer_error(in, VALUE_ERROR, a->v[0]->span, "invalid literal for int() with base 10: '%s'", text->as.str->text);
  return infer_error(in, VALUE_ERROR, a->v[0]->span, "could not convert string to float: '%s'", text->as.str->text);
}

static const Type *convert_complex(Infer *in, const Args *a) {
  bool single = in->spec->func->kind != FUNC_MODULE && a->t[0] != NULL;
  for (uint32_t i = 0; i < a->count; i++) {
    const Type *t = a->t[i];
    if (!t) continue;
    if (!type_is_scalar(t)) return infer_error(in, TYPE_ERROR, a->v[i]->span, "complex() takes numbers, not %s", type_name(t));
    single &= t->dtype == DT_FLOAT32 || t->dtype == DT_COMPLEX64;
  }
  return infer_scalar(in, single ? DT_COMPLEX64 : DT_COMPLEX128);
}

static const Type *rule_dtype(Infer *in, const Args *a) {
  BuiltinId id = a->builtin->id;
  DType dtype = (DType)a->builtin->typing_arg;
  const Type *to = infer_scalar(in, dtype), *from = a->t[0];
  if (id == BI_PY_COMPLEX) return convert_complex(in, a);
  if (!from) return to;
  if (from->kind == TYPE_STR) return convert_text(in, a, to);
  if (from->kind == TYPE_ARRAY && from->ndim > 0)
    return infer_error(in, TYPE_ERROR, a->v[0]->span, "%s() takes a number; use a.astype(…) to convert an array", a->builtin->name);
  if (id == BI_PY_BOOL && from->kind != TYPE_ITER) return to;
  if (from->kind != TYPE_SCALAR && from->kind != TYPE_ARRAY)
    return infer_error(in, TYPE_ERROR, a->v[0]->span, "%s() takes a number, not %s", a->builtin->name, type_name(from));
  if (dtype_is_complex(from->dtype) && !dtype_is_complex(dtype) && dtype != DT_BOOL)
    return infer_error(in, TYPE_ERROR, a->v[0]->span, "cannot convert %s to %s; use z.real or abs(z)", type_name(from), dtype_name(dtype));
  if (id == BI_PY_INT && dtype_is_unsigned(from->dtype)) return infer_scalar(in, DT_UINT64);
  if (id == BI_PY_FLOAT && from->dtype == DT_FLOAT32 && in->spec->func->kind != FUNC_MODULE) return infer_scalar(in, DT_FLOAT32);
  return to;
}

/* ---- the small rules ---- */

static const Type *rule_const(Infer *in, const Args *a) {
  return infer_error(in, TYPE_ERROR, a->call->span, "%s is a number, not a function", a->builtin->name);
}

static const Type *rule_decorator(Infer *in, const Args *a) {
  return infer_error(in, TYPE_ERROR, a->call->span, "%s is only good as a decorator above a function", a->builtin->name);
}

static const Type *rule_type_name(Infer *in, const Args *a) {
  return infer_error(in, TYPE_ERROR, a->call->span, "%s is only good in signatures", a->builtin->name);
}

static bool check_real(Infer *in, const Args *a) {
  for (uint32_t i = 0; i < a->count; i++)
    if (a->t[i] && dtype_is_complex(a->t[i]->dtype)) {
      infer_error(in, TYPE_ERROR, a->v[i]->span, "%s takes real numbers, not %s", a->builtin->name, type_name(a->t[i]));
      return false;
    }
  return true;
}

static const Type *rule_math_int(Infer *in, const Args *a) { return infer_numeric(in, a, 0) && check_real(in, a) ? infer_int(in) : NULL; }

static const Type *rule_math_pred(Infer *in, const Args *a) {
  return infer_numeric(in, a, 0) && check_real(in, a) ? infer_scalar(in, DT_BOOL) : NULL;
}

static const Type *rule_special(Infer *in, const Args *a) {
  BuiltinId id = a->builtin->id;
  TypingFn fn = infer_special_python(id);
  if (!fn) fn = infer_special_math(id);
  if (!fn) fn = infer_special_create(id);
  if (!fn) fn = infer_special_reduce(id);
  if (!fn) fn = infer_special_shape(id);
  if (!fn) fn = infer_special_views(id);
  if (!fn) fn = infer_special_matmul(id);
  if (!fn) fn = infer_special_random(id);
  if (!fn) fn = infer_special_linalg(id);
  if (!fn) return infer_error(in, NOT_IMPLEMENTED_ERROR, a->call->span, "%s is not there yet", a->builtin->name);
  return fn(in, a);
}

static const TypingFn typing_rules[] = {
    [TR_DTYPE] = rule_dtype,
    [TR_CONST] = rule_const,
    [TR_DECORATOR] = rule_decorator,
    [TR_TYPE_NAME] = rule_type_name,
    [TR_ITER] = infer_iter_call,
    [TR_FLOAT_UFUNC] = infer_ufunc_float,
    [TR_SAME_UFUNC] = infer_ufunc_same,
    [TR_BOOL_UFUNC] = infer_ufunc_bool,
    [TR_BINOP] = infer_ufunc_binop,
    [TR_CMPOP] = infer_ufunc_cmpop,
    [TR_MATH_INT] = rule_math_int,
    [TR_MATH_PRED] = rule_math_pred,
    [TR_PRELUDE] = infer_prelude,
    [TR_HOST] = infer_host,
    [TR_SPECIAL] = rule_special,
};
_Static_assert(sizeof typing_rules / sizeof *typing_rules == TR_COUNT, "a typing rule has no function");

const Type *infer_rule(Infer *in, const Args *a) {
  LJ_ASSERT(typing_rules[a->builtin->typing]);
  return typing_rules[a->builtin->typing](in, a);
}
