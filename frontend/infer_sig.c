/* Explicit signatures and annotations: parsed once for every function, then applied to the argument types of a call as numba does:
 * an exact match, else the signature with the fewest doubtful conversions. In: FuncOptions, annotations. Out: the types inside. */
#include "frontend/infer.h"

static bool parse_annotations(Program *p, FuncDef *f, FuncSigs *sigs, Diag *diag) {
  bool ok = true;
  StrTab *names = p->module->names;
  for (uint32_t i = 0; i < f->params.len; i++)
    if (f->params.data[i].annotation && !(sigs->annotated[i] = typespec_parse(&p->types, names, f->params.data[i].annotation, diag)))
      ok = false;
  if (f->returns && !(sigs->returns = typespec_parse(&p->types, names, f->returns, diag))) ok = false;
  return ok;
}

static bool only_scalars(const Signature *s) {
  bool ok = !s->result || type_is_scalar(s->result);
  for (uint32_t i = 0; i < s->count; i++) ok &= type_is_scalar(s->args[i]);
  return ok;
}

static bool parse_list(Program *p, FuncDef *f, FuncSigs *sigs, Diag *diag) {
  if (f->kind == FUNC_GUVECTORIZE) return gufunc_signatures(p, f, sigs, diag);
  if (f->kind == FUNC_STENCIL) return true;
  bool ok = true;
  for (uint32_t i = 0; i < f->options.signatures.len; i++) {
    const Expr *e = f->options.signatures.data[i];
    Signature s = {0};
    if (!typespec_signature(&p->types, p->module->names, e, diag, &s.result, &s.args, &s.count)) {
      ok = false;
    } else if (s.count != f->params.len) {
      diag_error(diag, TYPE_ERROR, e->span, "the signature has %u arguments, %s() has %u", s.count, f->name->text, f->params.len);
      ok = false;
    } else if (f->kind == FUNC_VECTORIZE && !only_scalars(&s)) {
      diag_error(diag, TYPE_ERROR, e->span, "a signature of @vectorize is about single elements: float64(float64), not arrays");
      ok = false;
    } else {
      vec_push(p->arena, &sigs->list, s);
    }
  }
  return ok;
}

static bool parse_locals(Program *p, FuncDef *f, FuncSigs *sigs, Diag *diag) {
  bool ok = true;
  for (uint32_t i = 0; i < f->options.locals.len; i++) {
    const Keyword *k = &f->options.locals.data[i];
    const Type *t = typespec_parse(&p->types, p->module->names, k->value, diag);
    if (!t) ok = false;
    for (uint32_t l = 0; t && l < f->locals.len; l++)
      if (f->locals.data[l]->name == k->name) sigs->locals[f->locals.data[l]->index] = t;
  }
  return ok;
}

bool infer_signatures(Program *p, Module *module, Diag *diag) {
  bool ok = true;
  for (uint32_t i = 0; i < module->funcs.len; i++) {
    FuncDef *f = module->funcs.data[i];
    FuncSigs *sigs = arena_new(p->arena, FuncSigs);
    sigs->annotated = arena_array(p->arena, const Type *, f->params.len + 1);
    ok &= parse_annotations(p, f, sigs, diag);
    ok &= parse_list(p, f, sigs, diag);
    if (f->options.locals.len) sigs->locals = arena_array(p->arena, const Type *, f->locals.len + 1);
    ok &= parse_locals(p, f, sigs, diag);
    map_put(p->arena, &p->infer->sigs, map_key(f), sigs);
  }
  return ok;
}

const FuncSigs *infer_sigs(const Infer *in, const FuncDef *func) { return map_get(&in->state->sigs, map_key(func)); }

/* 0 the same, 1 widening within a kind, 2 safe, 3 may lose something, -1 impossible. */
static int conversion_cost(const Type *from, const Type *to) {
  if (!from || from == to) return 0;
  if (!type_can_convert(from, to)) return -1;
  if (from->kind != TYPE_SCALAR || to->kind != TYPE_SCALAR) return 1;
  if (dtype_promote(from->dtype, to->dtype) != to->dtype) return 3;
  return dtype_info[from->dtype].kind == dtype_info[to->dtype].kind ? 1 : 2;
}

int64_t infer_conversions(const Type *const *from, const Type *const *to, uint32_t count) {
  int64_t cost = 0;
  for (uint32_t i = 0; i < count; i++) {
    int one = conversion_cost(from[i], to[i]);
    if (one < 0) return -1;
    if (one > 0) cost += (int64_t)1 << (20 * (one - 1));
  }
  return cost;
}

static const Signature *choose(const FuncSigs *sigs, const Type *const *args) {
  const Signature *best = NULL;
  int64_t best_cost = INT64_MAX;
  for (uint32_t i = 0; i < sigs->list.len; i++) {
    const Signature *s = &sigs->list.data[i];
    int64_t cost = infer_conversions(args, s->args, s->count);
    if (cost >= 0 && cost < best_cost) best = s, best_cost = cost;
  }
  return best;
}

const char *infer_list_types(Infer *in, const Type *const *types, uint32_t n) {
  const char *text = "";
  for (uint32_t i = 0; i < n; i++) text = arena_printf(in->arena, "%s%s%s", text, i ? ", " : "", type_name(types[i]));
  return text;
}

bool infer_no_signature(Infer *in, FuncDef *f, const Type *const *args, Span call) {
  const FuncSigs *sigs = infer_sigs(in, f);
  infer_error(in, TYPE_ERROR, call, "no signature of %s() takes (%s)", f->name->text, infer_list_types(in, args, f->params.len));
  for (uint32_t i = 0; i < sigs->list.len; i++)
    diag_note(in->diag, f->options.signatures.data[i < f->options.signatures.len ? i : 0]->span, "it takes (%s)",
              infer_list_types(in, sigs->list.data[i].args, sigs->list.data[i].count));
  return false;
}

bool infer_choose(Infer *in, FuncDef *f, const Type **args, const Type **declared_result, Span call, Expr *const *exprs) {
  const FuncSigs *sigs = infer_sigs(in, f);
  *declared_result = sigs->returns;
  if (sigs->list.len) {
    const Signature *s = choose(sigs, args);
    if (!s) return infer_no_signature(in, f, args, call);
    for (uint32_t i = 0; i < s->count; i++)
      if (args[i]) args[i] = s->args[i];
    *declared_result = s->result;
    return true;
  }
  for (uint32_t i = 0; i < f->params.len; i++) {
    const Type *to = sigs->annotated[i];
    if (!to || !args[i] || args[i] == to) continue;
    if (!type_can_convert(args[i], to)) {
      infer_error(in, TYPE_ERROR, exprs && exprs[i] ? exprs[i]->span : call, "%s() takes %s for '%s', not %s", f->name->text, type_name(to),
                  f->params.data[i].name->text, type_name(args[i]));
      diag_note(in->diag, f->params.data[i].span, "'%s' is declared here", f->params.data[i].name->text);
      return false;
    }
    args[i] = to;
  }
  return true;
}
