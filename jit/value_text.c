/* Values from Python literals, and values as text.
 * In: the text of one argument, as on a command line. Out: a value whose memory the library owns. The parser of the language reads the literal,
 * so numbers and strings are written exactly as in a program; what is no literal is refused. */
#include "jit/engine.h"

#include <stdlib.h>

static bool eval(const Expr *e, Diag *dx, lj_value *out);

static bool refuse(const Expr *e, Diag *dx) {
  return diag_error(dx, VALUE_ERROR, e->span, "this is no literal: write a number, True, None, a string, a tuple or a list of numbers");
}

/* A scalar in another dtype, as np.float32(x) would convert it. */
static bool convert(const lj_value *v, DType to, lj_value *out) {
  if (v->kind != LJ_KIND_SCALAR) return false;
  DType from = (DType)v->dtype;
  if (from == to || (dtype_is_complex(from) && to == DT_COMPLEX64))
    *out = *v, out->dtype = (lj_dtype)to;
  else if (dtype_is_complex(from))
    return false;
  else if (dtype_is_float(from))
    *out = lj_scalar((lj_dtype)to, v->as.f);
  else if (dtype_is_int(to)) {
    unsigned shift = 64 - 8 * dtype_size(to);
    *out = (lj_value){.kind = LJ_KIND_SCALAR, .dtype = (lj_dtype)to};
    if (dtype_is_signed(to))
      out->as.i = (int64_t)(v->as.u << shift) >> shift;
    else
      out->as.u = v->as.u << shift >> shift;
  } else
    *out = lj_scalar((lj_dtype)to, dtype_is_unsigned(from) ? (double)v->as.u : (double)v->as.i);
  if (to == DT_COMPLEX64) out->as.c = (lj_complex128){(double)(float)out->as.c.re, (double)(float)out->as.c.im};
  return true;
}

static bool eval_sign(const Expr *e, Diag *dx, lj_value *out) {
  if ((e->as.unary.op != UN_NEG && e->as.unary.op != UN_POS) || !eval(e->as.unary.operand, dx, out)) return refuse(e, dx);
  if (out->kind != LJ_KIND_SCALAR || out->dtype == LJ_BOOL) return refuse(e, dx);
  if (e->as.unary.op == UN_POS) return true;
  if (out->dtype == LJ_COMPLEX128)
    out->as.c = (lj_complex128){-out->as.c.re, -out->as.c.im};
  else if (out->dtype == LJ_FLOAT64)
    out->as.f = -out->as.f;
  else if (out->dtype == LJ_UINT64 && out->as.u != UINT64_C(1) << 63)
    return diag_error(dx, OVERFLOW_ERROR, e->span, "too small for int64");
  else
    out->as.u = -out->as.u, out->dtype = LJ_INT64;
  return true;
}

/* 1+2j, 1-2j */
static bool eval_complex(const Expr *e, Diag *dx, lj_value *out) {
  lj_value a, b, re;
  BinOp op = e->as.binary.op;
  if ((op != BIN_ADD && op != BIN_SUB) || e->as.binary.rhs->kind != EXPR_IMAG) return refuse(e, dx);
  if (!eval(e->as.binary.lhs, dx, &a) || !eval(e->as.binary.rhs, dx, &b)) return false;
  if (!convert(&a, DT_FLOAT64, &re)) {
    lj_value_free(&a);
    return refuse(e, dx);
  }
  *out = lj_complex(re.as.f, op == BIN_ADD ? b.as.c.im : -b.as.c.im);
  return true;
}

static bool eval_str(const Expr *e, lj_value *out) {
  *out = (lj_value){.kind = LJ_KIND_STR};
  out->as.str.data = memcpy(value_new_memory(e->as.str->len, &out->owner), e->as.str->text, e->as.str->len);
  out->as.str.length = e->as.str->len;
  return true;
}

static bool eval_tuple(const Expr *e, Diag *dx, lj_value *out) {
  uint32_t n = e->as.list.items.len;
  lj_value tuple = {.kind = LJ_KIND_TUPLE};
  tuple.as.tuple.items = value_new_memory(sizeof(lj_value) * n, &tuple.owner);
  for (; tuple.as.tuple.count < n; tuple.as.tuple.count++)
    if (!eval(e->as.list.items.data[tuple.as.tuple.count], dx, &tuple.as.tuple.items[tuple.as.tuple.count])) {
      lj_value_free(&tuple);
      return false;
    }
  *out = tuple;
  return true;
}

/* ---- lists become arrays ------------------------------------------------------------------------------------------------------------- */

typedef struct ListShape {
  int ndim;
  int64_t shape[LJ_MAX_NDIM];
  DType dtype;
  bool any;
} ListShape;

static bool measure(const Expr *e, Diag *dx, int depth, ListShape *s) {
  if (e->kind == EXPR_LIST) {
    if (depth == LJ_MAX_NDIM) return diag_error(dx, VALUE_ERROR, e->span, "an array has at most %d dimensions", LJ_MAX_NDIM);
    int64_t n = e->as.list.items.len;
    if (s->ndim == depth && !s->any)
      s->shape[s->ndim++] = n;
    else if (depth >= s->ndim || s->shape[depth] != n)
      return diag_error(dx, VALUE_ERROR, e->span, "the rows have different lengths");
    for (int64_t i = 0; i < n; i++)
      if (!measure(e->as.list.items.data[i], dx, depth + 1, s)) return false;
    return true;
  }
  lj_value v;
  if (!eval(e, dx, &v)) return false;
  if (v.kind != LJ_KIND_SCALAR || depth != s->ndim) {
    lj_value_free(&v);
    return refuse(e, dx);
  }
  s->dtype = s->any ? dtype_promote(s->dtype, (DType)v.dtype) : (DType)v.dtype;
  s->any = true;
  return true;
}

static void fill(const Expr *e, Diag *dx, const Type *type, char **at) {
  lj_value v;
  if (e->kind == EXPR_LIST)
    for (uint32_t i = 0; i < e->as.list.items.len; i++) fill(e->as.list.items.data[i], dx, type, at);
  else if (eval(e, dx, &v) && value_pack(&v, type, *at))
    *at += dtype_size(type->dtype);
}

static bool eval_list(const Expr *e, Diag *dx, lj_value *out) {
  ListShape s = {.dtype = DT_FLOAT64};
  if (!measure(e, dx, 0, &s)) return false;
  *out = lj_array_new((lj_dtype)s.dtype, s.ndim, s.shape);
  if (out->kind == LJ_KIND_NONE) return refuse(e, dx);
  char *at = out->as.array.data;
  fill(e, dx, &(Type){.kind = TYPE_SCALAR, .dtype = s.dtype}, &at);
  return true;
}

/* float32(2.5) */
static bool eval_call(const Expr *e, Diag *dx, lj_value *out) {
  const Expr *callee = e->as.call.callee;
  DType dtype;
  lj_value v;
  if (callee->kind != EXPR_NAME || !dtype_find(callee->as.name->text, callee->as.name->len, &dtype) || e->as.call.args.len != 1 ||
      e->as.call.keywords.len)
    return refuse(e, dx);
  if (!eval(e->as.call.args.data[0], dx, &v)) return false;
  if (convert(&v, dtype, out)) return true;
  lj_value_free(&v);
  return diag_error(dx, TYPE_ERROR, e->span, "this cannot be converted to %s", dtype_name(dtype));
}

static bool eval(const Expr *e, Diag *dx, lj_value *out) {
  DType dtype;
  *out = lj_none();
  switch (e->kind) {
  case EXPR_INT:
    *out = lj_int64((int64_t)e->as.integer.value);
    if (e->as.integer.value > INT64_MAX) out->dtype = LJ_UINT64;
    return true;
  case EXPR_FLOAT: *out = lj_float64(e->as.number); return true;
  case EXPR_IMAG: *out = lj_complex(0, e->as.number); return true;
  case EXPR_BOOL: *out = lj_bool(e->as.boolean); return true;
  case EXPR_NONE: return true;
  case EXPR_STR: return eval_str(e, out);
  case EXPR_TUPLE: return eval_tuple(e, dx, out);
  case EXPR_LIST: return eval_list(e, dx, out);
  case EXPR_UNARY: return eval_sign(e, dx, out);
  case EXPR_BINARY: return eval_complex(e, dx, out);
  case EXPR_CALL: return eval_call(e, dx, out);
  case EXPR_NAME:
    if (!dtype_find(e->as.name->text, e->as.name->len, &dtype)) return refuse(e, dx);
    *out = (lj_value){.kind = LJ_KIND_DTYPE, .dtype = (lj_dtype)dtype};
    return true;
  case EXPR_ELLIPSIS:
  case EXPR_FSTRING:
  case EXPR_ATTR:
  case EXPR_INDEX:
  case EXPR_SLICE:
  case EXPR_COMPARE:
  case EXPR_BOOLOP:
  case EXPR_IFEXP:
  case EXPR_COMP:
  case EXPR_WALRUS:
  case EXPR_KIND_COUNT: return refuse(e, dx);
  }
  return refuse(e, dx);
}

/* The DTYPE of `DTYPE:literal`; its length with the colon, 0 when the text has none. */
static size_t dtype_prefix(const char *text, size_t length, DType *dtype) {
  const char *colon = memchr(text, ':', length);
  return colon && dtype_find(text, (size_t)(colon - text), dtype) ? (size_t)(colon - text) + 1 : 0;
}

lj_status lj_value_parse(const char *text, size_t length, lj_report *report, lj_value *value) {
  *value = lj_none();
  lj_report_clear(report);
  if (!text && length) return report_message(report, LJ_MISUSE, "the text is NULL; its length is %zu", length);
  if (length >= UINT32_MAX / 2) return report_message(report, LJ_MISUSE, "the text is too large");
  Arena arena;
  StrTab names;
  Source src;
  Diag dx;
  DType dtype = DT_BOOL;
  size_t prefix = dtype_prefix(text, length, &dtype);
  arena_init(&arena);
  strtab_init(&names, &arena);
  diag_init(&dx, &arena);
  source_init(&src, &arena, "<argument>", arena_copy(&arena, text + prefix, length - prefix), (uint32_t)(length - prefix));
  const Expr *e = parse_expression(&arena, &names, &src, &dx);
  lj_value plain;
  bool ok = e && eval(e, &dx, &plain);
  if (ok && prefix && !convert(&plain, dtype, value)) {
    lj_value_free(&plain);
    ok = diag_error(&dx, TYPE_ERROR, e->span, "this cannot be converted to %s", dtype_name(dtype));
  } else if (ok && !prefix)
    *value = plain;
  if (dx.first) report_diag(report, &dx);
  arena_drop(&arena);
  return ok ? LJ_OK : LJ_ERROR;
}

void lj_value_format(const lj_value *value, bool repr, lj_text *out) {
  Arena arena;
  TypeTable types;
  StrBuf code = {0}, text = {0};
  *out = (lj_text){0};
  if (!value_is_sound(value)) return;
  arena_init(&arena);
  types_init(&types, &arena);
  const Type *type = value_type(&types, value);
  size_t align, size = layout_size(type, &align);
  void *memory = arena_alloc(&arena, size + 1, align);
  value_code(value, &code);
  if (value_pack(value, type, memory)) lj_format_value(&text, sb_text(&code), memory, repr, true);
  sb_drop(&code);
  arena_drop(&arena);
  *out = (lj_text){text.data, text.len};
}
