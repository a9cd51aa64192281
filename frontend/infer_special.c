/* Typing of Python's own builtins (len, abs, min, sum, round, …), of clocks and threads, and of attributes of scalars. */
#include "frontend/infer.h"

static const Type *not_number(Infer *in, const Args *a, uint32_t i) {
  return infer_error(in, TYPE_ERROR, a->v[i]->span, "%s() does not take %s", a->builtin->name, type_name(a->t[i]));
}

/* What counting with a scalar of this type gives: 64 bits wide. */
static const Type *widened(Infer *in, const Type *t) {
  if (!type_is_int(t) && !type_is_bool(t)) return t;
  return infer_scalar(in, dtype_is_unsigned(t->dtype) ? DT_UINT64 : DT_INT64);
}

static const Type *rule_abs(Infer *in, const Args *a) {
  const Type *t = a->t[0];
  if (type_is_array(t)) return infer_elementwise(in, a, dtype_real_of(t->dtype));
  if (!type_is_scalar(t)) return not_number(in, a, 0);
  return type_is_complex(t) ? infer_scalar(in, dtype_real_of(t->dtype)) : widened(in, t);
}

static const Type *rule_any_all(Infer *in, const Args *a) {
  const Type *t = infer_value(infer_element(in, a->v[0], a->t[0]));
  if (!t && type_is_tuple(a->t[0]) && !a->t[0]->count) return infer_scalar(in, DT_BOOL);
  if (!t) return NULL;
  if (t->kind != TYPE_SCALAR && t->kind != TYPE_STR && t->kind != TYPE_TUPLE)
    return infer_error(in, TYPE_ERROR, a->v[0]->span, "%s() needs elements with a truth value, not %s", a->builtin->name, type_name(t));
  return infer_scalar(in, DT_BOOL);
}

static const Type *rule_divmod(Infer *in, const Args *a) {
  const Type *elems[2];
  elems[0] = promote_scalars(in->tt, BIN_FLOORDIV, a->t[0], a->t[1]);
  elems[1] = promote_scalars(in->tt, BIN_MOD, a->t[0], a->t[1]);
  if (!elems[0] || !elems[1])
    return infer_error(in, TYPE_ERROR, a->call->span, "divmod() takes two real numbers, not %s and %s", type_name(a->t[0]),
                       type_name(a->t[1]));
  return type_tuple(in->tt, elems, 2);
}

static const Type *rule_len(Infer *in, const Args *a) {
  const Type *t = a->t[0];
  if (type_is_tuple(t) || t->kind == TYPE_STR || (type_is_array(t) && t->ndim > 0)) return infer_int(in);
  const Callee *c = a->v[0]->kind == EXPR_CALL ? spec_callee(in->spec, a->v[0]) : NULL;
  if (c && c->kind == CALLEE_BUILTIN && c->builtin->id == BI_RANGE) return infer_int(in);
  return infer_error(in, TYPE_ERROR, a->v[0]->span, "%s has no len()", type_name(t));
}

static bool check_ordered(Infer *in, const Args *a, const Expr *e, const Type *t) {
  if (t->kind == TYPE_SCALAR && !dtype_is_complex(t->dtype)) return true;
  if (type_is_array(t))
    infer_error(in, TYPE_ERROR, e->span, "%s() of arrays is ambiguous: use np.%simum or a.%s()", a->builtin->name, a->builtin->name,
                a->builtin->name);
  else
    infer_error(in, TYPE_ERROR, e->span, "%s() compares numbers, not %s", a->builtin->name, type_name(t));
  return false;
}

static const Type *rule_min_max(Infer *in, const Args *a) {
  if (!a->count) return infer_error(in, TYPE_ERROR, a->call->span, "%s expected at least 1 argument, got 0", a->builtin->name);
  if (a->count == 1) {
    if (type_is_tuple(a->t[0]) && !a->t[0]->count)
      return infer_error(in, VALUE_ERROR, a->v[0]->span, "%s() arg is an empty sequence", a->builtin->name);
    const Type *t = infer_value(infer_element(in, a->v[0], a->t[0]));
    return t && check_ordered(in, a, a->v[0], t) ? t : NULL;
  }
  const Type *type = NULL;
  for (uint32_t i = 0; i < a->count; i++) {
    if (!check_ordered(in, a, a->v[i], a->t[i])) return NULL;
    type = type ? type_unify(in->tt, type, a->t[i]) : a->t[i];
  }
  return type;
}

static const Type *rule_pow(Infer *in, const Args *a) { return infer_binary(in, BIN_POW, a->t[0], a->v[1], a->t[1], a->call->span); }

static const Type *rule_round(Infer *in, const Args *a) {
  const Type *t = a->t[0];
  if (a->t[1] && a->t[1]->kind != TYPE_NONE && !type_is_int(a->t[1])) return not_number(in, a, 1);
  if (type_is_array(t)) return infer_elementwise(in, &(Args){.t = a->t, .v = a->v, .count = 1}, t->dtype);
  if (!type_is_scalar(t) || type_is_complex(t)) return not_number(in, a, 0);
  if (!type_is_float(t)) return widened(in, t);
  return a->t[1] && a->t[1]->kind != TYPE_NONE ? t : infer_int(in);
}

static const Type *rule_str(Infer *in, const Args *a) {
  return type_is_value(a->t[0]) && a->t[0]->kind != TYPE_FUNC ? in->tt->str : not_number(in, a, 0);
}

/* start + element, until adding another element changes nothing. */
static const Type *rule_sum(Infer *in, const Args *a) {
  const Type *total = a->t[1] ? a->t[1] : infer_int(in), *tuple = type_is_tuple(a->t[0]) ? a->t[0] : NULL;
  if (tuple) {
    for (uint32_t i = 0; total && i < tuple->count; i++)
      total = infer_binary(in, BIN_ADD, total, NULL, infer_value(tuple->elems[i]), a->v[0]->span);
    return total;
  }
  const Type *element = infer_value(infer_element(in, a->v[0], a->t[0]));
  for (int i = 0; i < 2 && total && element; i++) total = infer_binary(in, BIN_ADD, total, NULL, element, a->v[0]->span);
  return element ? total : NULL;
}

static const Type *rule_tuple(Infer *in, const Args *a) {
  if (type_is_tuple(a->t[0])) return a->t[0];
  return infer_error(in, TYPE_ERROR, a->v[0]->span, "tuple() of %s has no length that is known while compiling", type_name(a->t[0]));
}

static const Type *rule_time(Infer *in, const Args *a) {
  (void)a;
  return infer_scalar(in, DT_FLOAT64);
}

static const Type *rule_get_threads(Infer *in, const Args *a) {
  (void)a;
  return infer_int(in);
}

static const Type *rule_set_chunk(Infer *in, const Args *a) { return type_is_int(a->t[0]) ? infer_int(in) : not_number(in, a, 0); }
static const Type *rule_set_threads(Infer *in, const Args *a) { return type_is_int(a->t[0]) ? in->tt->none : not_number(in, a, 0); }

/* ---- scalars ---- */

static const Type *rule_part(Infer *in, const Args *a) { return infer_scalar(in, dtype_real_of(a->t[0]->dtype)); }
static const Type *rule_same(Infer *in, const Args *a) {
  (void)in;
  return a->t[0];
}

TypingFn infer_special_python(BuiltinId id) {
  static const TypingFn table[BI_COUNT] = {
      [BI_ABS] = rule_abs,
      [BI_ALL] = rule_any_all,
      [BI_ANY] = rule_any_all,
      [BI_DIVMOD] = rule_divmod,
      [BI_LEN] = rule_len,
      [BI_MAX] = rule_min_max,
      [BI_MIN] = rule_min_max,
      [BI_POW] = rule_pow,
      [BI_PRINT] = infer_print,
      [BI_ROUND] = rule_round,
      [BI_STR] = rule_str,
      [BI_SUM] = rule_sum,
      [BI_TUPLE] = rule_tuple,
      [BI_PERF_COUNTER] = rule_time,
      [BI_TIME_TIME] = rule_time,
      [BI_SET_NUM_THREADS] = rule_set_threads,
      [BI_GET_NUM_THREADS] = rule_get_threads,
      [BI_SET_CHUNKSIZE] = rule_set_chunk,
      [BI_GET_CHUNKSIZE] = rule_get_threads,
      [BI_GET_THREAD_ID] = rule_get_threads,
      [BI_S_REAL] = rule_part,
      [BI_S_IMAG] = rule_part,
      [BI_S_CONJUGATE] = rule_same,
      [BI_S_CONJ] = rule_same,
      [BI_S_ITEM] = rule_same,
  };
  return table[id];
}
