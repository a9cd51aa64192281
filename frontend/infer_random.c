/* Typing of np.random: numbers or arrays of float64 and int64. Parameters are numbers; `size` an integer or a tuple of integers. */
#include "frontend/infer.h"

/* Is it an integer or a tuple of integers? Gives the number of dimensions; -1 after an error. */
static int size_ndim(Infer *in, const Expr *e, const Type *t) {
  bool ok = type_is_int(t) || type_is_tuple(t);
  for (uint32_t i = 0; ok && type_is_tuple(t) && i < t->count; i++) ok = type_is_int(t->elems[i]);
  if (ok) return type_is_tuple(t) ? (int)t->count : 1;
  infer_error(in, TYPE_ERROR, e->span, "size is an integer or a tuple of integers, not %s", type_name(t));
  return -1;
}

static const Type *sized(Infer *in, DType dtype, int ndim, Span at) {
  if (ndim < 0) return NULL;
  if (ndim > TYPE_MAX_NDIM) return infer_error(in, VALUE_ERROR, at, "arrays have at most %d dimensions, not %d", TYPE_MAX_NDIM, ndim);
  return type_array(in->tt, dtype, (unsigned)ndim, LAYOUT_C, false);
}

static bool is_none(const Type *t) { return !t || t->kind == TYPE_NONE; }

/* The parameters before `size`. */
static bool are_numbers(Infer *in, const Args *a, uint32_t count, bool integers) {
  for (uint32_t i = 0; i < count; i++) {
    const Type *t = a->t[i];
    if (is_none(t) || (type_is_scalar(t) && !type_is_complex(t) && (!integers || !type_is_float(t)))) continue;
    if (type_is_array(t))
      infer_error(in, NOT_IMPLEMENTED_ERROR, a->v[i]->span, "%s takes numbers; call it in a loop for arrays of parameters",
                  a->builtin->name);
    else
      infer_error(in, TYPE_ERROR, a->v[i]->span, "%s takes %s, not %s", a->builtin->name, integers ? "integers" : "real numbers",
                  type_name(t));
    return false;
  }
  return true;
}

/* A distribution: its parameters, then size. */
static const Type *rule_draw(Infer *in, const Args *a) {
  DType dtype = a->builtin->typing_arg >= DRAW_RANDINT ? DT_INT64 : DT_FLOAT64;
  uint32_t last = a->count - 1;
  if (!are_numbers(in, a, last, a->builtin->typing_arg == DRAW_RANDINT)) return NULL;
  if (a->builtin->typing_arg == DRAW_BINOMIAL && type_is_float(a->t[0]))
    return infer_error(in, TYPE_ERROR, a->v[0]->span, "the number of trials is an integer, not %s", type_name(a->t[0]));
  if (is_none(a->t[last])) return infer_scalar(in, dtype);
  return sized(in, dtype, size_ndim(in, a->v[last], a->t[last]), a->call->span);
}

/* rand(2, 3) */
static const Type *rule_rand(Infer *in, const Args *a) {
  for (uint32_t i = 0; i < a->count; i++)
    if (!type_is_int(a->t[i]))
      return infer_error(in, TYPE_ERROR, a->v[i]->span, "%s takes integers, not %s", a->builtin->name, type_name(a->t[i]));
  return a->count ? sized(in, DT_FLOAT64, (int)a->count, a->call->span) : infer_scalar(in, DT_FLOAT64);
}

static const Type *rule_seed(Infer *in, const Args *a) {
  if (type_is_int(a->t[0])) return in->tt->none;
  return infer_error(in, TYPE_ERROR, a->v[0]->span, "a seed is an integer, not %s", type_name(a->t[0]));
}

static const Type *rule_shuffle(Infer *in, const Args *a) {
  const Type *t = a->t[0];
  if (!type_is_array(t) || !t->ndim)
    return infer_error(in, TYPE_ERROR, a->v[0]->span, "np.random.shuffle takes an array, not %s", type_name(t));
  if (t->readonly)
    return infer_error(in, TYPE_ERROR, a->call->span,
                       "this array is read-only here: it belongs to the top level or to the host, or is a view like broadcast_to's");
  return in->tt->none;
}

static const Type *rule_permutation(Infer *in, const Args *a) {
  const Type *t = a->t[0];
  if (type_is_int(t)) return type_array(in->tt, DT_INT64, 1, LAYOUT_C, false);
  if (type_is_array(t) && t->ndim) return type_array(in->tt, t->dtype, t->ndim, LAYOUT_C, false);
  return infer_error(in, TYPE_ERROR, a->v[0]->span, "np.random.permutation takes an integer or an array, not %s", type_name(t));
}

static const Type *rule_choice(Infer *in, const Args *a) {
  const Type *t = a->t[0], *p = a->t[3];
  if (!type_is_int(t) && !(type_is_array(t) && t->ndim == 1)) {
    if (type_is_array(t)) return infer_error(in, VALUE_ERROR, a->v[0]->span, "a must be 1-dimensional");
    return infer_error(in, TYPE_ERROR, a->v[0]->span, "np.random.choice takes an integer or an array, not %s", type_name(t));
  }
  if (!is_none(a->t[2]) && !type_is_bool(a->t[2]) && !type_is_int(a->t[2]))
    return infer_error(in, TYPE_ERROR, a->v[2]->span, "replace is True or False, not %s", type_name(a->t[2]));
  if (!is_none(p) && (!type_is_array(p) || p->ndim != 1 || dtype_is_complex(p->dtype)))
    return infer_error(in, TYPE_ERROR, a->v[3]->span, "p is an array of probabilities, not %s", type_name(p));
  DType dtype = type_is_array(t) ? t->dtype : DT_INT64;
  if (is_none(a->t[1])) return infer_scalar(in, dtype);
  return sized(in, dtype, size_ndim(in, a->v[1], a->t[1]), a->call->span);
}

TypingFn infer_special_random(BuiltinId id) {
  static const TypingFn table[BI_COUNT] = {
      [BI_R_SEED] = rule_seed,
      [BI_R_RAND] = rule_rand,
      [BI_R_RANDN] = rule_rand,
      [BI_R_SHUFFLE] = rule_shuffle,
      [BI_R_PERMUTATION] = rule_permutation,
      [BI_R_CHOICE] = rule_choice,
  };
  if (table[id]) return table[id];
  return strncmp(builtins[id].name, "numpy.random.", 13) == 0 ? rule_draw : NULL;
}
