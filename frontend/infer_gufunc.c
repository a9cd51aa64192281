/* Calls of @guvectorize functions. In: a call with the inputs, and perhaps the outputs; the layout of the function. Out: the kernel's
 * specialisation on core arrays, and the type of the call: new arrays for outputs that were not given, a number for one without dimensions.
 * The signature is chosen by dtype as NumPy does. Core arrays keep a C layout where the operand has it, so that the kernel is as fast as
 * one on whole arrays. Whether the core dimensions agree is known at run time only. */
#include "frontend/infer.h"

typedef struct GuCall {
  Infer *in;
  Expr *call;
  FuncDef *func;
  const GuLayout *layout;
  const Signature *sig; /* NULL: the kernel's types are those of the arguments */
  Expr **args;
  const Type **types; /* of the arguments; NULL for outputs that are not given */
  const Type **inner; /* of the kernel's parameters */
  uint32_t given, loop_ndim;
} GuCall;

static bool bind(GuCall *g) {
  Infer *in = g->in;
  const Expr *e = g->call;
  uint32_t nin = g->layout->nin, all = nin + g->layout->nout, given = e->as.call.args.len;
  const char *name = g->func->name->text;
  for (uint32_t i = 0; i < given && i < all; i++) g->args[i] = e->as.call.args.data[i];
  for (uint32_t i = 0; i < e->as.call.keywords.len; i++) {
    const Keyword *k = &e->as.call.keywords.data[i];
    if (!sym_is(k->name, "out") || g->layout->nout != 1 || given != nin)
      return infer_error(in, TYPE_ERROR, k->span, "%s() got an unexpected keyword argument '%s': its operands are given by position", name,
                         k->name->text) != NULL;
    g->args[given++] = k->value;
  }
  g->given = given;
  if (given == all) return true;
  if (given != nin)
    return infer_error(in, TYPE_ERROR, e->span, "%s() takes its %u input%s, or these and its %u output%s, but %u argument%s given", name,
                       nin, nin == 1 ? "" : "s", g->layout->nout, g->layout->nout == 1 ? "" : "s", given,
                       given == 1 ? " was" : "s were") != NULL;
  if (infer_sigs(in, g->func)->list.len) return true;
  return infer_error(in, TYPE_ERROR, e->span, "%s() has no signatures, so that its outputs must be given", name) != NULL;
}

static bool read_types(GuCall *g) {
  Infer *in = g->in;
  const char *name = g->func->name->text;
  for (uint32_t i = 0; i < g->given; i++) {
    const Type *t = g->types[i] = infer_value(spec_type(in->spec, g->args[i]));
    uint32_t core = g->layout->operands[i].count, ndim = type_is_array(t) ? t->ndim : 0;
    bool is_output = i >= g->layout->nin;
    if (!type_is_array(t) && (!type_is_scalar(t) || is_output))
      return infer_error(in, TYPE_ERROR, g->args[i]->span, "%s() takes an array for '%s', not %s", name, g->func->params.data[i].name->text,
                         type_name(t)) != NULL;
    if (ndim < core)
      return infer_error(in, VALUE_ERROR, g->args[i]->span, "'%s' of %s() needs at least %u dimension%s, but has %u",
                         g->func->params.data[i].name->text, name, core, core == 1 ? "" : "s", ndim) != NULL;
    if (!is_output && ndim - core > g->loop_ndim) g->loop_ndim = ndim - core;
    if (is_output && ndim - core < g->loop_ndim)
      return infer_error(in, VALUE_ERROR, g->args[i]->span, "the output '%s' of %s() needs %u dimensions, but has %u",
                         g->func->params.data[i].name->text, name, g->loop_ndim + core, ndim) != NULL;
    if (is_output) g->loop_ndim = ndim - core;
  }
  return true;
}

/* A parameter of the kernel, seen for one point of the loop. */
static const Type *core_type(GuCall *g, uint32_t i) {
  Infer *in = g->in;
  const Type *t = g->types[i], *declared = g->sig ? g->sig->args[i] : NULL;
  uint32_t core = g->layout->operands[i].count;
  DType dtype = declared ? declared->dtype : t->dtype;
  bool is_output = i >= g->layout->nin;
  if (!core && !is_output && (!declared || type_is_scalar(declared))) return infer_scalar(in, dtype);
  bool is_copy = !type_is_array(t) || t->dtype != dtype; /* a new array */
  if (!core) return type_array(in->tt, dtype, 1, LAYOUT_C, !is_copy && t->readonly);
  Layout layout = is_copy || t->layout == LAYOUT_C || (declared && declared->layout == LAYOUT_C) ? LAYOUT_C : LAYOUT_A;
  return type_array(in->tt, dtype, core, layout, !is_copy && t->readonly);
}

static const Type *output_type(GuCall *g, uint32_t i) {
  if (g->given > g->layout->nin) return g->types[i];
  LJ_ASSERT(g->sig); /* bind() asks for the outputs where there are no signatures */
  uint32_t ndim = g->loop_ndim + g->layout->operands[i].count;
  DType dtype = g->sig->args[i]->dtype;
  return ndim ? type_array(g->in->tt, dtype, ndim, LAYOUT_C, false) : infer_scalar(g->in, dtype);
}

static bool choose(GuCall *g) {
  Infer *in = g->in;
  const FuncSigs *sigs = infer_sigs(in, g->func);
  if (!sigs->list.len) return true;
  g->sig = infer_ufunc_signature(in, g->func, g->types, g->layout->nin);
  if (g->sig) return true;
  for (uint32_t i = g->layout->nin; i < g->func->params.len; i++)
    if (!g->types[i]) g->types[i] = sigs->list.data[0].args[i];
  return infer_no_signature(in, g->func, g->types, g->call->span);
}

const Type *infer_gufunc_call(Infer *in, Expr *e, FuncDef *f) {
  const FuncSigs *sigs = infer_sigs(in, f);
  uint32_t n = f->params.len, nin;
  if (!sigs->layout) return NULL;
  nin = sigs->layout->nin;
  GuCall g = {.in = in, .call = e, .func = f, .layout = sigs->layout};
  g.args = arena_array(in->arena, Expr *, n + e->as.call.args.len + 2);
  g.types = arena_array(in->arena, const Type *, n + 1);
  g.inner = arena_array(in->arena, const Type *, n + 1);
  if (f->captures.len)
    return infer_error(in, NOT_IMPLEMENTED_ERROR, e->span, "%s() uses variables of the function around it", f->name->text);
  if (!bind(&g) || !read_types(&g) || !choose(&g)) return NULL;
  for (uint32_t i = 0; i < n; i++)
    if (g.loop_ndim + g.layout->operands[i].count > TYPE_MAX_NDIM)
      return infer_error(in, VALUE_ERROR, e->span, "'%s' of %s() would have more than %d dimensions", f->params.data[i].name->text,
                         f->name->text, TYPE_MAX_NDIM);
  for (uint32_t i = 0; i < n; i++) g.inner[i] = core_type(&g, i);
  for (uint32_t i = nin; i < g.given; i++)
    if (!infer_check_out(in, g.args[i], g.inner[i]->dtype, f->name->text)) return NULL;
  Spec *spec = infer_spec(in, f, g.inner, NULL, in->tt->none, e->span);
  if (!spec) return NULL;
  if (spec->failed && spec->done && in->final) infer_report_callee(in, spec, e->span);
  if (spec->failed && spec->done) return NULL;
  infer_set_callee(in, e, (Callee){.kind = CALLEE_GUFUNC, .spec = spec, .args = g.args, .count = g.given, .layout = g.layout});
  if (g.layout->nout == 1) return output_type(&g, nin);
  const Type **outs = arena_array(in->arena, const Type *, g.layout->nout);
  for (uint32_t i = 0; i < g.layout->nout; i++) outs[i] = output_type(&g, nin + i);
  return type_tuple(in->tt, outs, g.layout->nout);
}
