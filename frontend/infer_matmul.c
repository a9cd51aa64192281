/* Typing of products of vectors and matrices: @, dot, matmul, vdot, inner, outer. Shapes are looked at when the program runs; here only the
 * numbers of dimensions and the dtypes count. Results are new C-ordered arrays, or a scalar where two vectors meet. */
#include "frontend/infer.h"

static const Type *not_vectors(Infer *in, const char *what, const Type *t, Span at) {
  return infer_error(in, type_is_scalar(t) || (type_is_array(t) && !t->ndim) ? VALUE_ERROR : TYPE_ERROR, at,
                     "%s takes arrays with at least one dimension, not %s", what, type_name(t));
}

static const Type *product(Infer *in, DType dtype, unsigned ndim, Span at) {
  if (ndim > TYPE_MAX_NDIM) return infer_error(in, VALUE_ERROR, at, "arrays have at most %d dimensions, not %u", TYPE_MAX_NDIM, ndim);
  return ndim ? type_array(in->tt, dtype, ndim, LAYOUT_C, false) : infer_scalar(in, dtype);
}

const Type *infer_matmul(Infer *in, const char *what, const Type *a, const Type *b, bool is_dot, Span at) {
  if (!type_is_array(a) || !a->ndim) return not_vectors(in, what, a, at);
  if (!type_is_array(b) || !b->ndim) return not_vectors(in, what, b, at);
  unsigned na = a->ndim, nb = b->ndim, batch_a = na > 2 ? na - 2u : 0, batch_b = nb > 2 ? nb - 2u : 0;
  unsigned batch = is_dot && na > 1 ? batch_a + batch_b : batch_a > batch_b ? batch_a : batch_b;
  return product(in, dtype_promote(a->dtype, b->dtype), batch + (na > 1) + (nb > 1), at);
}

/* np.dot, a.dot, np.matmul: a third argument takes the result. */
static const Type *rule_product(Infer *in, const Args *a) {
  const char *name = strrchr(a->builtin->name, '.') + 1;
  const Type *t = infer_matmul(in, name, a->t[0], a->t[1], a->builtin->id != BI_MATMUL, a->call->span);
  if (!t || a->count < 3 || !a->t[2] || a->t[2]->kind == TYPE_NONE) return t;
  const Type *out = a->t[2];
  if (!type_is_array(t) || !type_is_array(out) || out->ndim != t->ndim || out->dtype != t->dtype)
    return infer_error(in, TYPE_ERROR, a->v[2]->span, "the result of %s is %s; it cannot go into %s", name, type_name(t), type_name(out));
  if (out->readonly)
    return infer_error(in, TYPE_ERROR, a->v[2]->span,
                       "this array is read-only here: it belongs to the top level or to the host, or is a view like broadcast_to's");
  return out;
}

static bool are_numeric_arrays(Infer *in, const Args *a) {
  for (uint32_t i = 0; i < 2; i++)
    if (!type_is_array(a->t[i]) && !type_is_scalar(a->t[i])) {
      infer_error(in, TYPE_ERROR, a->v[i]->span, "%s takes arrays, not %s", a->builtin->name, type_name(a->t[i]));
      return false;
    }
  return true;
}

static const Type *rule_vdot(Infer *in, const Args *a) {
  for (uint32_t i = 0; i < 2; i++)
    if (!type_is_array(a->t[i])) return not_vectors(in, "vdot", a->t[i], a->v[i]->span);
  return infer_scalar(in, dtype_promote(a->t[0]->dtype, a->t[1]->dtype));
}

static const Type *rule_inner(Infer *in, const Args *a) {
  for (uint32_t i = 0; i < 2; i++)
    if (!type_is_array(a->t[i]) || !a->t[i]->ndim)
      return infer_error(in, TYPE_ERROR, a->v[i]->span, "np.inner takes arrays, not %s", type_name(a->t[i]));
  if (a->t[0]->ndim > 2 || a->t[1]->ndim > 2) {
    Args all = *a;
    all.builtin = &builtins[BI_INNER_ALL];
    return infer_prelude(in, &all);
  }
  return product(in, dtype_promote(a->t[0]->dtype, a->t[1]->dtype), a->t[0]->ndim + a->t[1]->ndim - 2u, a->call->span);
}

static const Type *rule_outer(Infer *in, const Args *a) {
  if (!are_numeric_arrays(in, a)) return NULL;
  bool weak_a = type_is_scalar(a->t[0]), weak_b = type_is_scalar(a->t[1]);
  return product(in, promote_common(a->t[0]->dtype, weak_a, a->t[1]->dtype, weak_b), 2, a->call->span);
}

TypingFn infer_special_matmul(BuiltinId id) {
  static const TypingFn table[BI_COUNT] = {
      [BI_DOT] = rule_product, [BI_A_DOT] = rule_product, [BI_MATMUL] = rule_product,
      [BI_VDOT] = rule_vdot,   [BI_INNER] = rule_inner,   [BI_OUTER] = rule_outer,
  };
  return table[id];
}
