/* Types as a program writes them: annotations and signatures, as expressions or as strings. In: an expression that sema resolved as far
 * as it could (names in strings are not). Out: a Type. Names that sema did not bind count by their text, as numba's own do. */
#include "frontend/builtins.h"
#include "frontend/types.h"

typedef struct Reader {
  TypeTable *tt;
  StrTab *names;
  Diag *diag;
  Span string; /* the string that is read, which is what the user sees; src NULL outside of one */
} Reader;

static const Type *read_type(Reader *r, const Expr *e);

static Span place(const Reader *r, const Expr *e) { return r->string.src ? r->string : e->span; }

/* The source text of an expression, shortened. */
static const char *text_of(const Reader *r, const Expr *e) {
  uint32_t length = e->span.hi - e->span.lo;
  return arena_printf(r->tt->arena, "%.*s%s", (int)(length > 60 ? 60 : length), e->span.src->text + e->span.lo, length > 60 ? "…" : "");
}

static const Type *no_type(Reader *r, const Expr *e, const char *hint) {
  diag_error(r->diag, TYPE_ERROR, place(r, e), "'%s' is not a type", text_of(r, e));
  diag_note(r->diag, place(r, e), "%s", hint);
  return NULL;
}

static const char examples[] =
    "types are written as in float64, int32, float64[:], float64[:, ::1], UniTuple(int64, 3), Tuple((int64, float64))";

typedef enum Maker { MAKE_NONE, MAKE_VOID, MAKE_STR, MAKE_TUPLE, MAKE_UNITUPLE, MAKE_OPTIONAL, MAKE_ARRAY } Maker;

static const struct {
  const char *name;
  Maker maker;
} makers[] = {
    {"void", MAKE_VOID},         {"none", MAKE_VOID},         {"None", MAKE_VOID},         {"NoneType", MAKE_VOID},   {"str", MAKE_STR},
    {"string", MAKE_STR},        {"unicode_type", MAKE_STR},  {"Tuple", MAKE_TUPLE},       {"BaseTuple", MAKE_TUPLE}, {"tuple", MAKE_TUPLE},
    {"UniTuple", MAKE_UNITUPLE}, {"optional", MAKE_OPTIONAL}, {"Optional", MAKE_OPTIONAL}, {"Array", MAKE_ARRAY},
};

/* The last part of a name, without the modules before it; what sema bound it to decides when it did. */
static bool last_name(const Expr *e, const char **text, size_t *length) {
  if (e->kind != EXPR_NAME && e->kind != EXPR_ATTR) return false;
  for (const Expr *base = e; base->kind == EXPR_ATTR;) {
    base = base->as.attr.base;
    if (base->kind != EXPR_NAME && base->kind != EXPR_ATTR) return false;
  }
  Sym name = e->kind == EXPR_NAME ? e->as.name : e->as.attr.name;
  *text = name->text, *length = name->len;
  if (e->ref.kind == REF_BUILTIN) {
    const char *dot = strrchr(e->ref.builtin->name, '.');
    *text = dot ? dot + 1 : e->ref.builtin->name;
    *length = strlen(*text);
  }
  return true;
}

static Maker find_maker(const Expr *e) {
  const char *text;
  size_t length;
  if (!last_name(e, &text, &length)) return MAKE_NONE;
  for (size_t i = 0; i < LJ_COUNT(makers); i++)
    if (strlen(makers[i].name) == length && memcmp(makers[i].name, text, length) == 0) return makers[i].maker;
  return MAKE_NONE;
}

static bool is_word(const char *text, size_t length, const char *word) { return strlen(word) == length && memcmp(text, word, length) == 0; }

static bool find_dtype(const Expr *e, DType *out) {
  const char *text;
  size_t length;
  if (e->ref.kind == REF_BUILTIN && e->ref.builtin->typing == TR_DTYPE) return *out = (DType)e->ref.builtin->typing_arg, true;
  if (!last_name(e, &text, &length)) return false;
  if (is_word(text, length, "float_")) return *out = DT_FLOAT32, true; /* numba's, not NumPy's */
  return dtype_find(text, length, out);
}

static const Type *read_name(Reader *r, const Expr *e) {
  DType dtype;
  if (find_dtype(e, &dtype)) return type_scalar(r->tt, dtype);
  switch (find_maker(e)) {
  case MAKE_VOID: return r->tt->none;
  case MAKE_STR: return r->tt->str;
  case MAKE_ARRAY: return no_type(r, e, "an array type names its elements, axes and layout: float64[:], float64[:, ::1]");
  case MAKE_TUPLE:
  case MAKE_UNITUPLE: return no_type(r, e, "a tuple type names its elements: UniTuple(int64, 3), Tuple((int64, float64))");
  case MAKE_OPTIONAL: return no_type(r, e, "write optional(float64)");
  case MAKE_NONE: break;
  }
  const char *text = "";
  size_t length = 0, best = 3;
  const char *close = NULL;
  if (last_name(e, &text, &length)) {
    if (is_word(text, length, "ndarray"))
      return no_type(r, e, "an array type names its elements, axes and layout: float64[:], float64[:, ::1]");
    for (int t = 0; t < DT_COUNT; t++) {
      uint32_t distance = edit_distance(text, length, dtype_name((DType)t), strlen(dtype_name((DType)t)));
      if (distance < best) best = distance, close = dtype_name((DType)t);
    }
  }
  return no_type(r, e, close ? arena_printf(r->tt->arena, "did you mean '%s'?", close) : examples);
}

/* One axis of float64[:, ::1]: `:` or `::1`. */
static bool read_axis(const Expr *item, bool *is_unit) {
  if (item->kind != EXPR_SLICE || item->as.slice.lo || item->as.slice.hi) return false;
  const Expr *step = item->as.slice.step;
  *is_unit = step != NULL;
  return !step || (step->kind == EXPR_INT && step->as.integer.value == 1);
}

static const Type *read_tuple_items(Reader *r, const ExprVec *items) {
  const Type **elems = arena_array(r->tt->arena, const Type *, items->len + 1);
  for (uint32_t i = 0; i < items->len; i++)
    if (!(elems[i] = read_type(r, items->data[i]))) return NULL;
  return type_tuple(r->tt, elems, items->len);
}

static const Type *read_index(Reader *r, const Expr *e) {
  if (find_maker(e->as.index.base) == MAKE_TUPLE) return read_tuple_items(r, &e->as.index.items); /* tuple[int, float] */
  const Type *elem = read_type(r, e->as.index.base);
  if (!elem) return NULL;
  if (elem->kind != TYPE_SCALAR) return no_type(r, e, "the elements of an array are scalars, as in float64[:]");
  uint32_t ndim = e->as.index.items.len;
  if (ndim > TYPE_MAX_NDIM) return no_type(r, e, "an array has at most 8 axes");
  Layout layout = LAYOUT_A;
  for (uint32_t i = 0; i < ndim; i++) {
    bool is_unit = false;
    if (!read_axis(e->as.index.items.data[i], &is_unit))
      return no_type(r, e, "each axis is ':', and the contiguous one '::1': float64[:, :], float64[:, ::1] (C), float64[::1, :] (F)");
    if (!is_unit) continue;
    if (layout != LAYOUT_A || (i != 0 && i != ndim - 1))
      return no_type(r, e, "'::1' stands once, at the last axis (C) or the first one (F)");
    layout = i == ndim - 1 ? LAYOUT_C : LAYOUT_F;
  }
  return type_array(r->tt, elem->dtype, ndim, layout, false);
}

/* Array(float64, 2, "C", readonly=True) */
static const Type *read_array_call(Reader *r, const Expr *e) {
  static const char hint[] = "write Array(float64, 2, \"C\"), or float64[:, ::1]";
  const ExprVec *args = &e->as.call.args;
  if (args->len < 3) return no_type(r, e, hint);
  const Type *elem = read_type(r, args->data[0]);
  if (!elem) return NULL;
  const Expr *ndim = args->data[1], *layout = args->data[2];
  bool fits = elem->kind == TYPE_SCALAR && ndim->kind == EXPR_INT && ndim->as.integer.value <= TYPE_MAX_NDIM && layout->kind == EXPR_STR;
  const char *at = fits && layout->as.str->len == 1 ? strchr("CFA", layout->as.str->text[0]) : NULL;
  if (!at || !*at) return no_type(r, e, hint);
  bool readonly = args->len > 3 && args->data[3]->kind == EXPR_BOOL && args->data[3]->as.boolean;
  for (uint32_t i = 0; i < e->as.call.keywords.len; i++) {
    const Keyword *k = &e->as.call.keywords.data[i];
    if (sym_is(k->name, "readonly") && k->value->kind == EXPR_BOOL)
      readonly = k->value->as.boolean;
    else if (!sym_is(k->name, "aligned"))
      return no_type(r, e, hint);
  }
  static const Layout layouts[] = {['C' - 'A'] = LAYOUT_C, ['F' - 'A'] = LAYOUT_F, [0] = LAYOUT_A};
  return type_array(r->tt, elem->dtype, (unsigned)ndim->as.integer.value, layouts[*at - 'A'], readonly);
}

static const Type *read_unituple(Reader *r, const Expr *e) {
  const ExprVec *args = &e->as.call.args;
  enum { MOST = 1000 };
  if (args->len != 2 || args->data[1]->kind != EXPR_INT || args->data[1]->as.integer.value > MOST)
    return no_type(r, e, "UniTuple takes a type and a number: UniTuple(int64, 3)");
  const Type *elem = read_type(r, args->data[0]);
  if (!elem) return NULL;
  uint32_t count = (uint32_t)args->data[1]->as.integer.value;
  const Type **elems = arena_array(r->tt->arena, const Type *, count + 1);
  for (uint32_t i = 0; i < count; i++) elems[i] = elem;
  return type_tuple(r->tt, elems, count);
}

static const Type *read_call(Reader *r, const Expr *e) {
  const ExprVec *args = &e->as.call.args;
  switch (find_maker(e->as.call.callee)) {
  case MAKE_TUPLE: {
    bool is_listed = args->len == 1 && (args->data[0]->kind == EXPR_TUPLE || args->data[0]->kind == EXPR_LIST);
    return read_tuple_items(r, is_listed ? &args->data[0]->as.list.items : args);
  }
  case MAKE_UNITUPLE: return read_unituple(r, e);
  case MAKE_ARRAY: return read_array_call(r, e);
  case MAKE_OPTIONAL: {
    const Type *of = args->len == 1 ? read_type(r, args->data[0]) : no_type(r, e, "write optional(float64)");
    return of ? type_optional(r->tt, of) : NULL;
  }
  case MAKE_NONE:
  case MAKE_VOID:
  case MAKE_STR: break;
  }
  return no_type(r, e, "a type stands here, not a signature; for example float64 or float64[:]");
}

static const Type *read_type(Reader *r, const Expr *e) {
  if (e->kind == EXPR_NAME || e->kind == EXPR_ATTR) return read_name(r, e);
  if (e->kind == EXPR_INDEX) return read_index(r, e);
  if (e->kind == EXPR_CALL) return read_call(r, e);
  if (e->kind == EXPR_NONE) return r->tt->none;
  if (e->kind == EXPR_STR && !r->string.src) return typespec_parse(r->tt, r->names, e, r->diag);
  if (e->kind == EXPR_TUPLE) return no_type(r, e, "a tuple type is written Tuple((int64, float64)) or UniTuple(int64, 2)");
  return no_type(r, e, examples);
}

/* The expression inside a string; NULL after an error, which points at the string. */
static Expr *parse_string(Reader *r, const Expr *e) {
  Arena *arena = r->tt->arena;
  Source *src = arena_new(arena, Source);
  source_init(src, arena, "<type>", e->as.str->text, e->as.str->len);
  Diag inner;
  diag_init(&inner, arena);
  Expr *found = parse_expression(arena, r->names, src, &inner);
  r->string = e->span;
  if (found) return found;
  diag_error(r->diag, TYPE_ERROR, e->span, "this is not a type: %s", inner.first ? inner.first->message : "it cannot be read");
  diag_note(r->diag, e->span, "%s", examples);
  return NULL;
}

const Type *typespec_parse(TypeTable *tt, StrTab *names, const Expr *expr, Diag *diag) {
  Reader r = {.tt = tt, .names = names, .diag = diag};
  if (expr->kind == EXPR_STR && !(expr = parse_string(&r, expr))) return NULL;
  return read_type(&r, expr);
}

bool typespec_signature(TypeTable *tt, StrTab *names, const Expr *expr, Diag *diag, const Type **result, const Type ***args,
                        uint32_t *count) {
  Reader r = {.tt = tt, .names = names, .diag = diag};
  if (expr->kind == EXPR_STR && !(expr = parse_string(&r, expr))) return false;
  Maker maker = expr->kind == EXPR_CALL ? find_maker(expr->as.call.callee) : MAKE_NONE;
  bool has_result = expr->kind == EXPR_CALL && (maker == MAKE_NONE || maker == MAKE_VOID || maker == MAKE_STR);
  *result = NULL;
  if (has_result && !(*result = read_type(&r, expr->as.call.callee))) return false;
  if (has_result && expr->as.call.keywords.len)
    return diag_error(diag, TYPE_ERROR, place(&r, expr), "a signature lists its types by position, as in float64(float64[:], int64)");
  ExprVec one = {.data = (Expr *[]){(Expr *)expr}, .len = 1, .cap = 1}; /* a type alone is the only argument */
  const ExprVec *list = has_result ? &expr->as.call.args : expr->kind == EXPR_TUPLE ? &expr->as.list.items : &one;
  *count = list->len;
  *args = arena_array(tt->arena, const Type *, list->len + 1);
  for (uint32_t i = 0; i < list->len; i++)
    if (!((*args)[i] = read_type(&r, list->data[i]))) return false;
  return true;
}
