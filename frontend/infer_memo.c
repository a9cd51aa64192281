/* Functions under functools.lru_cache: what they may take and give, and their methods cache_info() and cache_clear(). */
#include "frontend/infer.h"

/* The fields of named tuples: of cache_info(), np.iinfo and np.finfo. */
static const struct {
  const char *name, *fields[7];
} named[] = {
    {"CacheInfo", {"hits", "misses", "maxsize", "currsize"}},
    {"iinfo", {"min", "max", "bits"}},
    {"finfo", {"min", "max", "bits", "eps", "tiny", "smallest_normal", "resolution"}},
};

/* Numbers, and tuples of them. */
static bool is_plain(const Type *t) {
  if (!t || type_is_scalar(t)) return true;
  if (!type_is_tuple(t)) return false;
  for (uint32_t i = 0; i < t->count; i++)
    if (!is_plain(t->elems[i])) return false;
  return true;
}

bool infer_check_memo(Infer *in, const Spec *spec, Span at) {
  const FuncDef *f = spec->func;
  if (f->captures.len)
    return infer_error(in, NOT_IMPLEMENTED_ERROR, at, "%s() under lru_cache uses variables of the function around it", f->name->text) !=
           NULL;
  for (uint32_t i = 0; i < f->params.len; i++)
    if (!is_plain(spec->args[i]))
      return infer_error(in, TYPE_ERROR, at, "lru_cache remembers numbers: '%s' of %s() cannot be %s", f->params.data[i].name->text,
                         f->name->text, type_name(spec->args[i])) != NULL;
  if (!spec->result || spec->result->kind == TYPE_NONE || is_plain(spec->result)) return true;
  return infer_error(in, TYPE_ERROR, at, "lru_cache remembers numbers: %s() cannot return %s", f->name->text, type_name(spec->result)) !=
         NULL;
}

const Type *infer_memo_method(Infer *in, Expr *e, const FuncDef *f) {
  Sym name = e->as.call.callee->as.attr.name;
  bool is_info = sym_is(name, "cache_info");
  if (!is_info && !sym_is(name, "cache_clear")) return NULL;
  if (e->as.call.args.len + e->as.call.keywords.len) return infer_error(in, TYPE_ERROR, e->span, "%s() takes no arguments", name->text);
  infer_set_callee(in, e, (Callee){.kind = CALLEE_MEMO, .func = f});
  if (!is_info) return in->tt->none;
  const Type *elems[4] = {infer_int(in), infer_int(in), f->options.lru_maxsize < 0 ? in->tt->none : infer_int(in), infer_int(in)};
  return type_named_tuple(in->tt, sym_c(in->names, "CacheInfo"), elems, 4);
}

const char *tuple_field_name(const Type *t, uint32_t index) {
  for (size_t i = 0; i < LJ_COUNT(named); i++)
    if (sym_is(t->module, named[i].name)) return named[i].fields[index];
  LJ_UNREACHABLE();
}

int tuple_field(const Type *t, const char *name) {
  for (int i = 0; t->module && i < (int)t->count; i++)
    if (strcmp(tuple_field_name(t, (uint32_t)i), name) == 0) return i;
  return -1;
}
