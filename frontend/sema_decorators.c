/* Decorators: which kind of function they make, and their options as FuncOptions (LANGUAGE.md section 7). One row per option says which
 * decorators take it and how its value is read. Signatures stay expressions: typespec.c reads them when types are known. */
#include "frontend/sema.h"

enum {
  ON_JIT = 1,
  ON_VECTORIZE = 2,
  ON_GUVECTORIZE = 4,
  ON_STENCIL = 8,
  ON_LRU = 16,
  ON_COMPILED = ON_JIT | ON_VECTORIZE | ON_GUVECTORIZE
};

static const struct {
  BuiltinId id;
  FuncKind kind;
  int on;
  const char *name;
} decorators[] = {
    {BI_NJIT, FUNC_JIT, ON_JIT, "njit"},
    {BI_JIT, FUNC_JIT, ON_JIT, "jit"},
    {BI_VECTORIZE, FUNC_VECTORIZE, ON_VECTORIZE, "vectorize"},
    {BI_GUVECTORIZE, FUNC_GUVECTORIZE, ON_GUVECTORIZE, "guvectorize"},
    {BI_STENCIL, FUNC_STENCIL, ON_STENCIL, "stencil"},
    {BI_LRU_CACHE, FUNC_PLAIN, ON_LRU, "lru_cache"},
    {BI_FUNC_CACHE, FUNC_PLAIN, ON_LRU, "cache"},
};

typedef bool SetFn(Sema *sema, FuncDef *func, const Keyword *k);

static bool wants(Sema *sema, const Keyword *k, const char *what) {
  return diag_error(sema->diag, TYPE_ERROR, k->value->span, "the option '%s' is %s", k->name->text, what);
}

static bool read_bool(Sema *sema, const Keyword *k, Tristate *out) {
  if (k->value->kind != EXPR_BOOL) return wants(sema, k, "True or False");
  *out = k->value->as.boolean ? TRI_YES : TRI_NO;
  return true;
}

static bool set_nopython(Sema *sema, FuncDef *func, const Keyword *k) {
  (void)func;
  Tristate value = TRI_YES;
  if (!read_bool(sema, k, &value)) return false;
  if (value == TRI_YES) return true;
  return diag_error(sema->diag, TYPE_ERROR, k->value->span, "there is no object mode: 'nopython' cannot be False");
}
static bool set_parallel(Sema *sema, FuncDef *func, const Keyword *k) { return read_bool(sema, k, &func->options.parallel); }
static bool set_cache(Sema *sema, FuncDef *func, const Keyword *k) { return read_bool(sema, k, &func->options.cache); }
static bool set_boundscheck(Sema *sema, FuncDef *func, const Keyword *k) {
  return k->value->kind == EXPR_NONE || read_bool(sema, k, &func->options.boundscheck);
}
static bool set_nogil(Sema *sema, FuncDef *func, const Keyword *k) { return read_bool(sema, k, &func->options.nogil); }

static const struct {
  const char *name;
  int flag;
} fast_flags[] = {
    {"nnan", FM_NNAN},         {"ninf", FM_NINF}, {"nsz", FM_NSZ},         {"arcp", FM_ARCP},
    {"contract", FM_CONTRACT}, {"afn", FM_AFN},   {"reassoc", FM_REASSOC}, {"fast", FM_FAST},
};

static bool add_fast_flag(Sema *sema, FuncDef *func, const Keyword *k, const Expr *e) {
  for (size_t i = 0; i < LJ_COUNT(fast_flags); i++)
    if (e->kind == EXPR_STR && sym_is(e->as.str, fast_flags[i].name)) return func->options.fastmath |= fast_flags[i].flag, true;
  diag_error(sema->diag, TYPE_ERROR, e->span, "'%s' has no such flag", k->name->text);
  diag_note(sema->diag, e->span, "the flags are nnan, ninf, nsz, arcp, contract, afn, reassoc and fast");
  return false;
}

/* The parser hands {"nnan", "contract"} over as the call set("nnan", "contract"). */
static const ExprVec *items_of(const Expr *e) {
  if (e->kind == EXPR_TUPLE || e->kind == EXPR_LIST) return &e->as.list.items;
  bool is_set = e->kind == EXPR_CALL && e->as.call.callee->kind == EXPR_NAME && sym_is(e->as.call.callee->as.name, "set");
  return is_set ? &e->as.call.args : NULL;
}

static bool set_fastmath(Sema *sema, FuncDef *func, const Keyword *k) {
  if (k->value->kind == EXPR_BOOL) return func->options.fastmath = k->value->as.boolean ? FM_FAST : 0, true;
  const ExprVec *items = items_of(k->value);
  bool is_empty = k->value->kind == EXPR_CALL && k->value->as.call.args.len + k->value->as.call.keywords.len == 0;
  func->options.fastmath = 0;
  if (!items && is_empty) return true; /* {} */
  if (!items && k->value->kind == EXPR_STR) return add_fast_flag(sema, func, k, k->value);
  if (!items) return wants(sema, k, "True, False or a set of flags such as {\"nnan\", \"contract\"}");
  for (uint32_t i = 0; i < items->len; i++)
    if (!add_fast_flag(sema, func, k, items->data[i])) return false;
  return true;
}

static bool set_error_model(Sema *sema, FuncDef *func, const Keyword *k) {
  const Expr *e = k->value;
  bool is_python = e->kind == EXPR_STR && sym_is(e->as.str, "python"), is_numpy = e->kind == EXPR_STR && sym_is(e->as.str, "numpy");
  if (!is_python && !is_numpy) return wants(sema, k, "\"python\" or \"numpy\"");
  func->options.error_model = is_python ? ERROR_MODEL_PYTHON : ERROR_MODEL_NUMPY;
  return true;
}

static bool set_inline(Sema *sema, FuncDef *func, const Keyword *k) {
  const Expr *e = k->value;
  bool is_always = e->kind == EXPR_STR && sym_is(e->as.str, "always"), is_never = e->kind == EXPR_STR && sym_is(e->as.str, "never");
  if (!is_always && !is_never) return wants(sema, k, "\"always\" or \"never\"");
  func->options.inline_ = is_always ? TRI_YES : TRI_NO;
  return true;
}

static bool set_locals(Sema *sema, FuncDef *func, const Keyword *k) {
  const Expr *e = k->value;
  bool is_dict =
      e->kind == EXPR_CALL && e->as.call.callee->kind == EXPR_NAME && sym_is(e->as.call.callee->as.name, "dict") && !e->as.call.args.len;
  if (!is_dict) return wants(sema, k, "a dict of names and types, as in {\"x\": float32}");
  Scope *scope = sema->scopes.data[func->index];
  for (uint32_t i = 0; i < e->as.call.keywords.len; i++) {
    const Keyword *item = &e->as.call.keywords.data[i];
    const Binding *b = scope_find(scope, item->name);
    if (!b || !b->local)
      return diag_error(sema->diag, NAME_ERROR, item->span, "'%s' has no variable '%s'", func->name->text, item->name->text);
    vec_push(sema->arena, &func->options.locals, *item);
  }
  return true;
}

static bool set_target(Sema *sema, FuncDef *func, const Keyword *k) {
  const Expr *e = k->value;
  bool is_parallel = e->kind == EXPR_STR && sym_is(e->as.str, "parallel"), is_cpu = e->kind == EXPR_STR && sym_is(e->as.str, "cpu");
  if (!is_parallel && !is_cpu) return wants(sema, k, "\"cpu\" or \"parallel\"");
  func->options.target_parallel = is_parallel ? TRI_YES : TRI_NO;
  return true;
}

static bool set_identity(Sema *sema, FuncDef *func, const Keyword *k) {
  const Expr *e = k->value;
  bool fits = e->kind == EXPR_INT || e->kind == EXPR_FLOAT || e->kind == EXPR_NONE || e->kind == EXPR_BOOL || e->kind == EXPR_STR;
  if (!fits) return wants(sema, k, "a number, None or \"reorderable\"");
  func->options.identity = k->value;
  return true;
}
static bool set_cval(Sema *sema, FuncDef *func, const Keyword *k) {
  (void)sema;
  func->options.cval = k->value;
  return true;
}
static bool set_neighborhood(Sema *sema, FuncDef *func, const Keyword *k) {
  if (k->value->kind != EXPR_TUPLE) return wants(sema, k, "a tuple of (lowest, highest) relative indices, one pair per axis");
  func->options.neighborhood = k->value;
  return true;
}

static bool add_standard(Sema *sema, FuncDef *func, const Keyword *k, Expr *e) {
  if (e->kind != EXPR_STR) return wants(sema, k, "a tuple of parameter names such as (\"w\",)");
  for (uint32_t i = 0; i < func->params.len; i++)
    if (func->params.data[i].name == e->as.str) {
      if (i == 0) return diag_error(sema->diag, VALUE_ERROR, e->span, "the first argument of a stencil is always indexed relatively");
      vec_push(sema->arena, &func->options.standard_indexing, e);
      return true;
    }
  return diag_error(sema->diag, VALUE_ERROR, e->span, "'%s' has no parameter '%s'", func->name->text, e->as.str->text);
}

static bool set_standard_indexing(Sema *sema, FuncDef *func, const Keyword *k) {
  if (k->value->kind != EXPR_TUPLE && k->value->kind != EXPR_LIST) return add_standard(sema, func, k, k->value);
  for (uint32_t i = 0; i < k->value->as.list.items.len; i++)
    if (!add_standard(sema, func, k, k->value->as.list.items.data[i])) return false;
  return true;
}

static bool set_maxsize(Sema *sema, FuncDef *func, const Keyword *k) {
  if (k->value->kind == EXPR_NONE) return func->options.lru_maxsize = -1, true;
  if (k->value->kind != EXPR_INT || k->value->as.integer.value > INT32_MAX) return wants(sema, k, "a number or None");
  func->options.lru_maxsize = (int64_t)k->value->as.integer.value;
  return true;
}
static bool set_typed(Sema *sema, FuncDef *func, const Keyword *k) {
  (void)func; /* each specialisation has a cache of its own anyway */
  Tristate ignored;
  return read_bool(sema, k, &ignored);
}

static const struct {
  const char *name;
  int on;
  SetFn *set;
} options[] = {
    {"nopython", ON_COMPILED, set_nopython},
    {"parallel", ON_JIT, set_parallel},
    {"fastmath", ON_COMPILED, set_fastmath},
    {"cache", ON_COMPILED, set_cache},
    {"error_model", ON_COMPILED, set_error_model},
    {"boundscheck", ON_COMPILED, set_boundscheck},
    {"nogil", ON_COMPILED, set_nogil},
    {"inline", ON_JIT, set_inline},
    {"locals", ON_COMPILED, set_locals},
    {"target", ON_VECTORIZE | ON_GUVECTORIZE, set_target},
    {"identity", ON_VECTORIZE | ON_GUVECTORIZE, set_identity},
    {"cval", ON_STENCIL, set_cval},
    {"neighborhood", ON_STENCIL, set_neighborhood},
    {"standard_indexing", ON_STENCIL, set_standard_indexing},
    {"maxsize", ON_LRU, set_maxsize},
    {"typed", ON_LRU, set_typed},
};

static const char *option_names(Sema *sema, int on) {
  const char *all = "";
  for (size_t i = 0; i < LJ_COUNT(options); i++)
    if (options[i].on & on) all = arena_printf(sema->arena, "%s%s%s", all, *all ? ", " : "", options[i].name);
  return all;
}

static void read_option(Sema *sema, FuncDef *func, const Keyword *k, size_t row) {
  for (size_t i = 0; i < LJ_COUNT(options); i++)
    if ((options[i].on & decorators[row].on) && sym_is(k->name, options[i].name)) {
      options[i].set(sema, func, k);
      return;
    }
  diag_error(sema->diag, TYPE_ERROR, k->span, "'%s' has no option '%s'", decorators[row].name, k->name->text);
  diag_note(sema->diag, k->span, "its options are %s", option_names(sema, decorators[row].on));
}

/* A list holds several signatures; everything else is one (a tuple is its arguments). */
static void add_signatures(Sema *sema, FuncDef *func, Expr *e) {
  if (e->kind != EXPR_LIST) {
    vec_push(sema->arena, &func->options.signatures, e);
    return;
  }
  for (uint32_t i = 0; i < e->as.list.items.len; i++) vec_push(sema->arena, &func->options.signatures, e->as.list.items.data[i]);
}

static void read_positional(Sema *sema, FuncDef *func, const Expr *call, size_t row) {
  const ExprVec *args = &call->as.call.args;
  uint32_t most = decorators[row].id == BI_GUVECTORIZE ? 2 : decorators[row].id == BI_FUNC_CACHE ? 0 : 1;
  if (args->len > most) {
    diag_error(sema->diag, TYPE_ERROR, args->data[most]->span, "'%s' takes at most %u positional argument%s; options are given by name",
               decorators[row].name, most, most == 1 ? "" : "s");
    return;
  }
  for (uint32_t i = 0; i < args->len; i++) {
    Expr *e = args->data[i];
    if (decorators[row].on == ON_LRU) {
      set_maxsize(sema, func, &(Keyword){.name = sym_c(sema->module->names, "maxsize"), .value = e, .span = e->span});
    } else if (decorators[row].on == ON_STENCIL) {
      if (e->kind != EXPR_STR || !sym_is(e->as.str, "constant"))
        diag_error(sema->diag, TYPE_ERROR, e->span, "the mode of a stencil is \"constant\"");
    } else if (decorators[row].id == BI_GUVECTORIZE && (i == 1 || (e->kind == EXPR_STR && strstr(e->as.str->text, "->")))) {
      func->options.layout = e;
      if (e->kind != EXPR_STR) diag_error(sema->diag, TYPE_ERROR, e->span, "the layout is a string such as \"(m,n),(n)->(m)\"");
    } else {
      add_signatures(sema, func, e);
    }
  }
}

static void unknown_decorator(Sema *sema, Scope *scope, const Expr *callee) {
  if (callee->kind == EXPR_NAME && callee->ref.kind == REF_NONE && !scope_find(sema->scopes.data[0], callee->as.name)) {
    report_unknown_name(sema, scope->parent, NULL, callee->as.name, callee->span);
    return;
  }
  diag_error(sema->diag, TYPE_ERROR, callee->span, "this is no decorator");
  diag_note(sema->diag, callee->span,
            "the decorators are njit, jit, vectorize, guvectorize and stencil of numba, lru_cache and cache of functools");
}

static void read_decorator(Sema *sema, Scope *scope, Expr *decorator) {
  FuncDef *func = scope->func;
  resolve_quietly(sema, scope->parent, decorator);
  bool is_call = decorator->kind == EXPR_CALL;
  const Expr *callee = is_call ? decorator->as.call.callee : decorator;
  size_t row = 0;
  while (row < LJ_COUNT(decorators) && !(callee->ref.kind == REF_BUILTIN && callee->ref.builtin->id == decorators[row].id)) row++;
  if (row == LJ_COUNT(decorators)) {
    unknown_decorator(sema, scope, callee);
    return;
  }
  if (decorators[row].on == ON_LRU) {
    func->options.lru = true;
    func->options.lru_maxsize = decorators[row].id == BI_LRU_CACHE ? 128 : -1;
  } else if (func->kind != FUNC_PLAIN) {
    diag_error(sema->diag, TYPE_ERROR, decorator->span, "'%s' has two decorators that compile it", func->name->text);
  } else {
    func->kind = decorators[row].kind;
  }
  if (!is_call) return;
  read_positional(sema, func, decorator, row);
  for (uint32_t i = 0; i < decorator->as.call.keywords.len; i++) read_option(sema, func, &decorator->as.call.keywords.data[i], row);
}

void sema_decorators(Sema *sema, Scope *scope) {
  FuncDef *func = scope->func;
  func->options.fastmath = FM_DEFAULT;
  for (uint32_t i = 0; i < func->decorators.len; i++) read_decorator(sema, scope, func->decorators.data[i]);
  if (func->options.lru && func->kind != FUNC_PLAIN && func->kind != FUNC_JIT)
    diag_error(sema->diag, TYPE_ERROR, func->decorators.data[0]->span, "lru_cache is for plain functions and those under njit");
  if (func->kind == FUNC_GUVECTORIZE && !func->options.layout)
    diag_error(sema->diag, TYPE_ERROR, func->decorators.data[0]->span,
               "'guvectorize' needs signatures and a layout, as in @guvectorize([\"(float64[:], float64[:])\"], \"(n)->(n)\")");
}
