/* Typing of numpy.linalg and numpy.fft. Matrices come back in Fortran order, as LAPACK makes them; integers count as float64. What is made
 * of these functions (norm, pinv, matrix_rank, …) is prelude code. */
#include "frontend/infer.h"

static DType inexact(DType t) { return dtype_is_float(t) || dtype_is_complex(t) ? t : DT_FLOAT64; }

static const Type *matrix(Infer *in, DType dtype) { return type_array(in->tt, dtype, 2, LAYOUT_F, false); }
static const Type *vector(Infer *in, DType dtype) { return type_array(in->tt, dtype, 1, LAYOUT_C, false); }

/* More than two dimensions: the function of the library that goes through the matrices, with as many of the arguments as it has. */
static const Type *of_stack(Infer *in, const Args *a, BuiltinId row, uint32_t count) {
  Args chosen = *a;
  chosen.builtin = &builtins[row];
  chosen.count = count;
  return infer_prelude(in, &chosen);
}

static bool is_stack(const Args *a) { return type_is_array(a->t[0]) && a->t[0]->ndim > 2; }

/* The dtype of argument i, a matrix; false after an error. */
static bool check_matrix(Infer *in, const Args *a, uint32_t i, DType *dtype) {
  const Type *t = a->t[i];
  if (type_is_array(t) && t->ndim == 2) return *dtype = inexact(t->dtype), true;
  infer_error(in, type_is_array(t) ? LINALG_ERROR : TYPE_ERROR, a->v[i]->span, "%s takes a 2-dimensional array, not %s", a->builtin->name,
              type_name(t));
  return false;
}

/* True: the constant True, or not given and `otherwise`. -1 after an error. */
static int constant_flag(Infer *in, const Args *a, uint32_t i, bool otherwise) {
  if (i >= a->count || !a->v[i]) return otherwise;
  const Expr *e = spec_const_expr(in->spec, a->v[i]);
  if (e && e->kind == EXPR_BOOL) return e->as.boolean;
  infer_error(in, TYPE_ERROR, a->v[i]->span, "this argument of %s must be a constant: the type of the result depends on it",
              a->builtin->name);
  return -1;
}

static const Type *pair(Infer *in, const Type *a, const Type *b) { return type_tuple(in->tt, (const Type *[]){a, b}, 2); }

static const Type *rule_square(Infer *in, const Args *a) {
  DType dtype;
  if (is_stack(a)) {
    static const BuiltinId rows[][2] = {
        {BI_LA_INV, BI_STACK_INV},   {BI_LA_CHOLESKY, BI_STACK_CHOLESKY}, {BI_LA_DET, BI_STACK_DET}, {BI_LA_SLOGDET, BI_STACK_SLOGDET},
        {BI_LA_EIGH, BI_STACK_EIGH}, {BI_LA_EIGVALSH, BI_STACK_EIGVALSH}, {BI_LA_EIG, BI_STACK_EIG}, {BI_LA_EIGVALS, BI_STACK_EIGVALS},
    };
    for (size_t i = 0; i < LJ_COUNT(rows); i++)
      if (rows[i][0] == a->builtin->id) return of_stack(in, a, rows[i][1], 1);
  }
  if (!check_matrix(in, a, 0, &dtype)) return NULL;
  DType real = dtype_real_of(dtype);
  switch ((int)a->builtin->id) {
  case BI_LA_DET: return infer_scalar(in, dtype);
  case BI_LA_SLOGDET: return pair(in, infer_scalar(in, dtype), infer_scalar(in, real));
  case BI_LA_EIG: return pair(in, vector(in, dtype), matrix(in, dtype));
  case BI_LA_EIGH: return pair(in, vector(in, real), matrix(in, dtype));
  case BI_LA_EIGVALS: return vector(in, dtype);
  case BI_LA_EIGVALSH: return vector(in, real);
  default: return matrix(in, dtype); /* inv, cholesky */
  }
}

static const Type *rule_qr(Infer *in, const Args *a) {
  DType dtype;
  if (is_stack(a)) return of_stack(in, a, BI_STACK_QR, 1);
  return check_matrix(in, a, 0, &dtype) ? pair(in, matrix(in, dtype), matrix(in, dtype)) : NULL;
}

static const Type *rule_svd(Infer *in, const Args *a) {
  DType dtype = DT_FLOAT64;
  if (!is_stack(a) && !check_matrix(in, a, 0, &dtype)) return NULL;
  int vectors = constant_flag(in, a, 2, true);
  if (vectors < 0) return NULL;
  if (is_stack(a)) return vectors ? of_stack(in, a, BI_STACK_SVD, 2) : of_stack(in, a, BI_STACK_SVDVALS, 1);
  const Type *s = vector(in, dtype_real_of(dtype));
  return vectors ? type_tuple(in->tt, (const Type *[]){matrix(in, dtype), s, matrix(in, dtype)}, 3) : s;
}

static const Type *rule_solve(Infer *in, const Args *a) {
  DType dtype;
  const Type *b = a->t[1];
  bool solves = a->builtin->id == BI_LA_SOLVE, stacked = is_stack(a) || (type_is_array(b) && b->ndim > 2);
  if (solves && stacked && type_is_array(a->t[0]) && a->t[0]->ndim > 1 && type_is_array(b) && b->ndim > 0)
    return of_stack(in, a, BI_STACK_SOLVE, 2);
  if (!check_matrix(in, a, 0, &dtype)) return NULL;
  if (!type_is_array(b) || b->ndim < 1 || b->ndim > 2)
    return infer_error(in, TYPE_ERROR, a->v[1]->span, "%s takes a vector or a matrix here, not %s", a->builtin->name, type_name(b));
  dtype = dtype_promote(dtype, inexact(b->dtype));
  const Type *x = b->ndim == 1 ? vector(in, dtype) : matrix(in, dtype);
  if (a->builtin->id == BI_LA_SOLVE) return x;
  const Type *real = vector(in, dtype_real_of(dtype));
  if (a->t[2] && a->t[2]->kind != TYPE_NONE && !type_is_float(a->t[2]) && !type_is_int(a->t[2]))
    return infer_error(in, TYPE_ERROR, a->v[2]->span, "rcond is a number, not %s", type_name(a->t[2]));
  return type_tuple(in->tt, (const Type *[]){x, real, infer_int(in), real}, 4);
}

/* Words and keepdims choose a function of the prelude while compiling: their values do not get into it. */
static const Type *rule_norm(Infer *in, const Args *a) {
  Args chosen = *a;
  bool named = a->t[1] && a->t[1]->kind == TYPE_STR;
  int keep = constant_flag(in, a, 3, false);
  if (keep < 0) return NULL;
  chosen.builtin = &builtins[keep ? BI_LA_NORM_KEPT : BI_LA_NORM_PLAIN];
  chosen.count = 3;
  chosen.v = arena_array(in->arena, Expr *, 3);
  chosen.t = arena_array(in->arena, const Type *, 3);
  memcpy(chosen.v, a->v, 3 * sizeof *a->v);
  memcpy(chosen.t, a->t, 3 * sizeof *a->t);
  if (named) {
    const Expr *e = spec_const_expr(in->spec, a->v[1]);
    bool is_fro = e && e->kind == EXPR_STR && sym_is(e->as.str, "fro"), is_nuc = e && e->kind == EXPR_STR && sym_is(e->as.str, "nuc");
    bool axes = type_is_tuple(a->t[2]) && a->t[2]->count == 2, no_axis = !a->t[2] || a->t[2]->kind == TYPE_NONE;
    bool is_matrix = type_is_array(a->t[0]) && (axes || (no_axis && a->t[0]->ndim == 2));
    if ((!is_fro && !is_nuc) || !is_matrix)
      return infer_error(in, VALUE_ERROR, a->v[1]->span, "Invalid norm order for %s.", is_matrix ? "matrices" : "vectors");
    if (is_nuc) chosen.builtin = &builtins[BI_LA_NORM_NUC];
    chosen.v[1] = NULL, chosen.t[1] = NULL;
  }
  return infer_prelude(in, &chosen);
}

/* ---- numpy.fft: float32 and complex64 give complex64, all others complex128; irfft the real ones ---- */

static const Type *rule_fft(Infer *in, const Args *a) {
  const Type *t = a->t[0];
  bool is_2d = a->builtin->id == BI_FFT2 || a->builtin->id == BI_IFFT2;
  if (!type_is_array(t) || t->ndim < (is_2d ? 2 : 1))
    return infer_error(in, TYPE_ERROR, a->v[0]->span, "%s takes an array%s, not %s", a->builtin->name, is_2d ? " with two axes" : "",
                       type_name(t));
  if (a->builtin->id == BI_RFFT && dtype_is_complex(t->dtype))
    return infer_error(in, TYPE_ERROR, a->v[0]->span, "np.fft.rfft takes real arrays, not %s", type_name(t));
  for (uint32_t i = 1; i < a->count; i++)
    if (a->t[i] && a->t[i]->kind != TYPE_NONE && !type_is_int(a->t[i]))
      return infer_error(in, TYPE_ERROR, a->v[i]->span, "%s takes integers here, not %s", a->builtin->name, type_name(a->t[i]));
  int64_t axis = -1;
  if (a->count > 2 && a->v[2] && (!spec_const_int(in->spec, a->v[2], &axis) || axis < -(int64_t)t->ndim || axis >= t->ndim))
    return infer_error(in, VALUE_ERROR, a->v[2]->span, "the axis of %s is a constant from %d to %d here", a->builtin->name, -t->ndim,
                       t->ndim - 1);
  bool single = t->dtype == DT_FLOAT32 || t->dtype == DT_COMPLEX64;
  DType dtype = a->builtin->id == BI_IRFFT ? (single ? DT_FLOAT32 : DT_FLOAT64) : single ? DT_COMPLEX64 : DT_COMPLEX128;
  return type_array(in->tt, dtype, t->ndim, LAYOUT_C, false);
}

TypingFn infer_special_linalg(BuiltinId id) {
  static const TypingFn table[BI_COUNT] = {
      [BI_LA_DET] = rule_square, [BI_LA_SLOGDET] = rule_square, [BI_LA_INV] = rule_square,  [BI_LA_CHOLESKY] = rule_square,
      [BI_LA_EIG] = rule_square, [BI_LA_EIGVALS] = rule_square, [BI_LA_EIGH] = rule_square, [BI_LA_EIGVALSH] = rule_square,
      [BI_LA_QR] = rule_qr,      [BI_LA_SVD] = rule_svd,        [BI_LA_SOLVE] = rule_solve, [BI_LA_LSTSQ] = rule_solve,
      [BI_LA_NORM] = rule_norm,  [BI_FFT] = rule_fft,           [BI_IFFT] = rule_fft,       [BI_RFFT] = rule_fft,
      [BI_IRFFT] = rule_fft,     [BI_FFT2] = rule_fft,          [BI_IFFT2] = rule_fft,
  };
  return table[id];
}
