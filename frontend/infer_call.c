/* Inference of calls and attributes: whom a call reaches, which argument goes to which parameter, casts, methods.
 * The errors of a callee are reported at the callee's own line, with a note at each call that led there. */
#include "frontend/infer.h"

const Type *infer_error(Infer *in, ErrorKind kind, Span at, const char *fmt, ...) {
  if (in->diag->muted) return NULL;
  va_list args;
  va_start(args, fmt);
  char text[1024];
  lj_vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  diag_error(in->diag, kind, at, "%s", text);
  return NULL;
}

/* ---- functions of the module ---- */

static uint32_t required_count(const FuncDef *f) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < f->params.len; i++) n += !f->params.data[i].default_value && !f->params.data[i].keyword_only;
  return n;
}

static uint32_t positional_count(const FuncDef *f) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < f->params.len; i++) n += !f->params.data[i].keyword_only;
  return n;
}

/* Reports with a note at the definition. */
static bool bind_error(Infer *in, const FuncDef *f, Span at, const char *text) {
  infer_error(in, TYPE_ERROR, at, "%s() %s", f->name->text, text);
  diag_note(in->diag, f->name_span, "'%s' is defined here", f->name->text);
  return false;
}

static bool check_missing(Infer *in, const FuncDef *f, Expr *const *args, Span at, bool keyword_only) {
  const char *names = "";
  uint32_t missing = 0, seen = 0;
  for (uint32_t i = 0; i < f->params.len; i++)
    missing += f->params.data[i].keyword_only == keyword_only && !args[i] && !f->params.data[i].default_value;
  if (!missing) return true;
  for (uint32_t i = 0; i < f->params.len; i++) {
    const Param *p = &f->params.data[i];
    if (p->keyword_only != keyword_only || args[i] || p->default_value) continue;
    const char *separator = seen == 0 ? "" : seen + 1 < missing ? ", " : missing == 2 ? " and " : ", and ";
    names = arena_printf(in->arena, "%s%s'%s'", names, separator, p->name->text);
    seen++;
  }
  return bind_error(in, f, at,
                    arena_printf(in->arena, "missing %u required %s argument%s: %s", missing, keyword_only ? "keyword-only" : "positional",
                                 missing == 1 ? "" : "s", names));
}

static bool bind_keyword(Infer *in, const FuncDef *f, const Keyword *k, Expr **args) {
  for (uint32_t i = 0; i < f->params.len; i++) {
    const Param *p = &f->params.data[i];
    if (p->name != k->name || p->positional_only) continue;
    if (args[i]) return bind_error(in, f, k->span, arena_printf(in->arena, "got multiple values for argument '%s'", k->name->text));
    args[i] = k->value;
    return true;
  }
  return bind_error(in, f, k->span, arena_printf(in->arena, "got an unexpected keyword argument '%s'", k->name->text));
}

static bool bind_user(Infer *in, const FuncDef *f, const Expr *e, Expr **args) {
  uint32_t given = e->as.call.args.len, most = positional_count(f), least = required_count(f);
  if (given > most) {
    const char *range = least == most ? arena_printf(in->arena, "takes %u positional argument%s", most, most == 1 ? "" : "s")
                                      : arena_printf(in->arena, "takes from %u to %u positional arguments", least, most);
    return bind_error(in, f, e->as.call.args.data[most]->span,
                      arena_printf(in->arena, "%s but %u %s given", range, given, given == 1 ? "was" : "were"));
  }
  uint32_t at = 0;
  for (uint32_t i = 0; i < f->params.len && at < given; i++)
    if (!f->params.data[i].keyword_only) args[i] = e->as.call.args.data[at++];
  for (uint32_t i = 0; i < e->as.call.keywords.len; i++)
    if (!bind_keyword(in, f, &e->as.call.keywords.data[i], args)) return false;
  return check_missing(in, f, args, e->span, false) && check_missing(in, f, args, e->span, true);
}

/* A scalar that a function returns to top-level code becomes a Python number there. */
const Type *infer_python_number(Infer *in, const Type *t) {
  if (type_is_tuple(t)) {
    const Type **elems = arena_array(in->arena, const Type *, t->count + 1);
    for (uint32_t i = 0; i < t->count; i++) elems[i] = infer_python_number(in, t->elems[i]);
    return type_tuple(in->tt, elems, t->count);
  }
  if (t->kind == TYPE_OPTIONAL) return type_optional(in->tt, infer_python_number(in, t->elems[0]));
  if (t->kind != TYPE_SCALAR || t->dtype == DT_UINT64 || t->dtype == DT_BOOL) return t;
  return infer_scalar(in, dtype_is_int(t->dtype) ? DT_INT64 : dtype_is_float(t->dtype) ? DT_FLOAT64 : DT_COMPLEX128);
}

static const Type *call_user(Infer *in, Expr *e, const Type *callee) {
  FuncDef *f = callee->func;
  uint32_t n = f->params.len;
  bool known = true;
  for (uint32_t i = 0; i < e->as.call.args.len; i++) known &= infer_expr(in, e->as.call.args.data[i]) != NULL;
  for (uint32_t i = 0; i < e->as.call.keywords.len; i++) known &= infer_expr(in, e->as.call.keywords.data[i].value) != NULL;
  Expr **args = arena_array(in->arena, Expr *, n + 1);
  if (f->kind == FUNC_STENCIL) return known ? infer_stencil_call(in, e, f) : NULL;
  if (f->kind == FUNC_GUVECTORIZE) return known ? infer_gufunc_call(in, e, f) : NULL;
  if (f->kind == FUNC_VECTORIZE) return known ? infer_ufunc_call(in, e, callee) : NULL;
  if (!bind_user(in, f, e, args) || !known) return NULL;
  const Type **types = arena_array(in->arena, const Type *, n + 1), *declared = NULL;
  for (uint32_t i = 0; i < n; i++) {
    types[i] = args[i] ? spec_type(in->spec, args[i]) : NULL;
    if (types[i] && !type_is_value(types[i]))
      return infer_error(in, TYPE_ERROR, args[i]->span, "%s cannot be an argument", type_name(types[i]));
  }
  if (!infer_choose(in, f, types, &declared, e->span, args)) return NULL;
  Spec *spec = infer_spec(in, f, types, callee->elems, declared, e->span);
  if (!spec) return NULL;
  if (spec->failed && spec->done && in->final) infer_report_callee(in, spec, e->span);
  infer_set_callee(
      in, e, (Callee){.kind = CALLEE_SPEC, .spec = spec, .closure = f->captures.len ? e->as.call.callee : NULL, .args = args, .count = n});
  if (spec->failed && spec->done) return NULL;
  if (f->options.lru && !infer_check_memo(in, spec, e->span)) return NULL;
  return spec->result && in->spec->func->kind == FUNC_MODULE ? infer_python_number(in, spec->result) : spec->result;
}

/* ---- builtins ---- */

/* [1, 2.5] or [[1, 2], [3, 4]]: an array, where a list of arrays is a tuple. */
static bool is_number_display(Infer *in, Expr *e) {
  bool ok = e->as.list.items.len > 0;
  for (uint32_t i = 0; ok && i < e->as.list.items.len; i++) {
    Expr *item = e->as.list.items.data[i];
    ok = item->kind == EXPR_LIST ? is_number_display(in, item)
                                 : item->kind != EXPR_COMP && type_is_scalar(infer_value(infer_sequence(in, item)));
  }
  return ok;
}

/* One argument: displays only where a row can take them. */
static const Type *infer_arg(Infer *in, const Builtin *b, Expr *e, uint32_t index) {
  if ((b->id == BI_ARRAY || b->id == BI_ASARRAY) && index == 0) return infer_display(in, e);
  if (b->typing == TR_PRELUDE && e->kind == EXPR_LIST && is_number_display(in, e)) return infer_display(in, e);
  if (b->typing == TR_SPECIAL || b->typing == TR_ITER || b->typing == TR_PRELUDE) return infer_sequence(in, e);
  return infer_expr(in, e);
}

typedef struct ParamList {
  struct {
    const char *name;
    uint32_t length;
    bool optional;
  } items[8];
  uint32_t count, required;
} ParamList;

static ParamList read_params(const char *text) {
  ParamList list = {0};
  while (*text) {
    size_t n = strcspn(text, ",");
    LJ_ASSERT(list.count < LJ_COUNT(list.items));
    bool optional = text[n - 1] == '?' || text[n - 1] == '!';
    list.items[list.count].name = text;
    list.items[list.count].length = (uint32_t)(n - optional);
    list.items[list.count++].optional = optional;
    list.required += !optional;
    text += n + (text[n] == ',');
  }
  return list;
}

static const char *short_name(const Builtin *b) {
  const char *dot = strrchr(b->name, '.');
  return dot ? dot + 1 : b->name;
}

static bool bind_builtin_keyword(Infer *in, const Builtin *b, const ParamList *list, const Keyword *k, Expr **v) {
  for (uint32_t i = 0; i < list->count; i++) {
    if (k->name->len != list->items[i].length || memcmp(k->name->text, list->items[i].name, k->name->len) != 0) continue;
    if (!v[i]) return v[i] = k->value, true;
    infer_error(in, TYPE_ERROR, k->span, "%s() got multiple values for argument '%s'", short_name(b), k->name->text);
    return false;
  }
  infer_error(in, TYPE_ERROR, k->span, "%s() got an unexpected keyword argument '%s'", short_name(b), k->name->text);
  return false;
}

/* Fills v[0..count) by the row's parameters. */
static bool bind_builtin(Infer *in, const Builtin *b, const Expr *e, Expr **v, uint32_t *count) {
  ParamList list = read_params(b->params);
  uint32_t given = e->as.call.args.len;
  *count = list.count;
  if (given > list.count) {
    infer_error(in, TYPE_ERROR, e->as.call.args.data[list.count]->span, "%s() takes %s%u argument%s but %u %s given", short_name(b),
                list.required < list.count ? "at most " : "", list.count, list.count == 1 ? "" : "s", given, given == 1 ? "was" : "were");
    return false;
  }
  for (uint32_t i = 0; i < given; i++) v[i] = e->as.call.args.data[i];
  for (uint32_t i = 0; i < e->as.call.keywords.len; i++)
    if (!bind_builtin_keyword(in, b, &list, &e->as.call.keywords.data[i], v)) return false;
  for (uint32_t i = 0; i < list.count; i++)
    if (!v[i] && !list.items[i].optional) {
      infer_error(in, TYPE_ERROR, e->span, "%s() missing required argument '%.*s' (pos %u)", short_name(b), (int)list.items[i].length,
                  list.items[i].name, i + 1);
      return false;
    }
  return true;
}

static bool takes_keywords(BuiltinId id) { return id == BI_PRINT; }

static const Type *call_builtin(Infer *in, Expr *e, const Builtin *b, Expr *receiver) {
  bool any_number = strcmp(b->params, "*") == 0;
  uint32_t first = receiver ? 1 : 0, count = 0;
  Expr **v = arena_array(in->arena, Expr *, e->as.call.args.len + 10);
  if (any_number) {
    count = e->as.call.args.len;
    for (uint32_t i = 0; i < count; i++) v[first + i] = e->as.call.args.data[i];
    if (e->as.call.keywords.len && !takes_keywords(b->id))
      return infer_error(in, TYPE_ERROR, e->as.call.keywords.data[0].span, "%s() got an unexpected keyword argument '%s'", short_name(b),
                         e->as.call.keywords.data[0].name->text);
  } else if (!bind_builtin(in, b, e, v + first, &count)) {
    return NULL;
  }
  v[0] = receiver ? receiver : v[0];
  const Type **t = arena_array(in->arena, const Type *, first + count + 1);
  bool known = true;
  for (uint32_t i = 0; i < first + count; i++) {
    if (!v[i]) continue;
    t[i] = i < first ? spec_type(in->spec, v[i]) : infer_arg(in, b, v[i], i);
    if (b->id != BI_PRINT) t[i] = infer_value(t[i]);
    known &= t[i] != NULL;
  }
  if (!known) return NULL;
  Args args = {.call = e, .builtin = b, .v = v, .t = t, .count = first + count};
  infer_set_callee(in, e,
                   (Callee){.kind = b->typing == TR_DTYPE ? CALLEE_CAST : CALLEE_BUILTIN, .builtin = b, .args = v, .count = args.count});
  return infer_rule(in, &args);
}

/* ---- attributes and methods ---- */

static const char *attribute_module(const Type *t) {
  return t->kind == TYPE_ARRAY ? "array" : t->kind == TYPE_SCALAR ? "scalar" : t->kind == TYPE_DTYPE ? "dtype" : NULL;
}

/* The row of an attribute or method; NULL after an error. `t` is not NULL. */
static const Builtin *find_attribute(Infer *in, const Expr *e, const Type *t) {
  Sym name = e->as.attr.name;
  const char *module = attribute_module(t), *what = t->kind == TYPE_ARRAY ? "array" : type_name(t);
  const Builtin *b = module ? builtin_find(module, strlen(module), name->text, name->len) : NULL;
  if (b) return b;
  const char *close = module ? builtin_suggest(module, name->text, name->len) : NULL;
  if (close)
    infer_error(in, ATTRIBUTE_ERROR, e->as.attr.name_span, "%s has no attribute '%s'; did you mean '%s'?", what, name->text, close);
  else
    infer_error(in, ATTRIBUTE_ERROR, e->as.attr.name_span, "%s has no attribute '%s'", what, name->text);
  return NULL;
}

static const Type *attribute_value(Infer *in, Expr *e, const Builtin *b) {
  Expr **v = arena_array(in->arena, Expr *, 1);
  const Type **t = arena_array(in->arena, const Type *, 1);
  v[0] = e->as.attr.base;
  t[0] = infer_value(spec_type(in->spec, v[0]));
  Args args = {.call = e, .builtin = b, .v = v, .t = t, .count = 1};
  infer_set_callee(in, e, (Callee){.kind = CALLEE_BUILTIN, .builtin = b, .args = v, .count = 1});
  return infer_rule(in, &args);
}

const Type *infer_attr(Infer *in, Expr *e) {
  const Type *t = infer_value(infer_expr(in, e->as.attr.base));
  if (!t) return NULL;
  int field = type_is_tuple(t) ? tuple_field(t, e->as.attr.name->text) : -1;
  if (field >= 0) {
    infer_set_callee(in, e, (Callee){.kind = CALLEE_FIELD, .count = (uint32_t)field});
    return t->elems[field];
  }
  const Builtin *b = find_attribute(in, e, t);
  if (!b) return NULL;
  if (!infer_is_attribute(b->id))
    return infer_error(in, TYPE_ERROR, e->span, "'%s' is a method: call it, %s()", e->as.attr.name->text, e->as.attr.name->text);
  return attribute_value(in, e, b);
}

static const Type *call_method(Infer *in, Expr *e) {
  Expr *callee = e->as.call.callee;
  const Type *t = infer_value(infer_expr(in, callee->as.attr.base));
  if (!t) return NULL;
  if (t->kind == TYPE_FUNC) return infer_func_method(in, e, t);
  const Builtin *b = find_attribute(in, callee, t);
  if (!b) return NULL;
  if (infer_is_attribute(b->id))
    return infer_error(in, TYPE_ERROR, e->span, "'%s' is not a method: write it without ()", callee->as.attr.name->text);
  return call_builtin(in, e, b, callee->as.attr.base);
}

/* dt(x) where dt is a dtype held by a variable. */
static const Type *call_dtype(Infer *in, Expr *e, DType dtype) {
  const Builtin *b = &builtins[BI_NP_FLOAT64];
  for (int i = 0; i < BI_COUNT; i++)
    if (builtins[i].typing == TR_DTYPE && builtins[i].typing_arg == (int)dtype && strncmp(builtins[i].name, "numpy.", 6) == 0) {
      b = &builtins[i];
      break;
    }
  return call_builtin(in, e, b, NULL);
}

const Type *infer_call(Infer *in, Expr *e) {
  Expr *callee = e->as.call.callee;
  if (callee->ref.kind == REF_BUILTIN) {
    infer_expr(in, callee);
    const Builtin *b = callee->ref.builtin;
    if (b->id == BI_NP_WHERE && e->as.call.args.len == 1 && !e->as.call.keywords.len) b = &builtins[BI_NONZERO];
    return call_builtin(in, e, b, NULL);
  }
  if (callee->kind == EXPR_ATTR && callee->ref.kind == REF_NONE) return call_method(in, e);
  const Type *t = infer_value(infer_expr(in, callee));
  if (!t) return NULL;
  if (t->kind == TYPE_FUNC) return call_user(in, e, t);
  if (t->kind == TYPE_BUILTIN) return call_builtin(in, e, t->builtin, NULL);
  if (t->kind == TYPE_DTYPE) return call_dtype(in, e, t->dtype);
  return infer_error(in, TYPE_ERROR, callee->span, "'%s' object is not callable", type_name(t));
}
