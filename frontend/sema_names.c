/* What a name or a dotted name refers to when no function binds it: the module's names, imports, Python's builtins. And what was
 * probably meant when it refers to nothing. Reads of a function's own variables are the walk's. */
#include "frontend/host.h"
#include "frontend/sema.h"

/* A name that the top level assigns, as functions see it. */
static Global *global_of(Sema *sema, Binding *b, Span first_read) {
  Local *local = b->local;
  if (local->global) return local->global;
  Global *global = arena_new(sema->arena, Global);
  *global =
      (Global){.name = b->name, .index = sema->module->globals.len, .local = local, .read_by_functions = true, .first_read = first_read};
  vec_push(sema->arena, &sema->module->globals, global);
  local->global = global;
  if (b->assignments < 2) return global;
  const char *name = b->name->text;
  if (b->first.lo == b->second.lo) {
    diag_error(sema->diag, TYPE_ERROR, b->second, "functions read '%s' as a constant, but it is assigned in a loop", name);
  } else {
    diag_error(sema->diag, TYPE_ERROR, b->second, "functions read '%s' as a constant, but it is assigned twice", name);
    diag_note(sema->diag, b->first, "the first assignment is here");
  }
  diag_note(sema->diag, first_read, "a function reads '%s' here; pass it as an argument instead", name);
  return global;
}

/* Python has these and the loop language has not. */
static const struct {
  const char *name, *instead;
} missing_builtins[] = {
    {"list", "use an array, or a tuple"},
    {"dict", "use arrays"},
    {"set", "use np.unique"},
    {"sorted", "use np.sort"},
    {"map", "write a loop or an array expression"},
    {"filter", "write a loop or a mask"},
    {"isinstance", "types are known when a function is compiled: no test is needed"},
    {"type", "`loopjit types` shows the type of every expression"},
    {"input", "pass the value as an argument"},
    {"open", "pass arrays as arguments"},
    {"iter", "write a for loop"},
    {"next", "write a for loop"},
    {"object", NULL},
    {"repr", "use str or an f-string"},
    {"getattr", NULL},
    {"setattr", NULL},
    {"hasattr", NULL},
    {"eval", NULL},
    {"exec", NULL},
    {"super", NULL},
    {"slice", "write a[lo:hi:step]"},
    {"bytes", "use an array of uint8"},
    {"bytearray", "use an array of uint8"},
    {"frozenset", NULL},
    {"chr", NULL},
    {"ord", NULL},
    {"hex", "use an f-string: f\"{x:#x}\""},
    {"bin", "use an f-string: f\"{x:#b}\""},
    {"oct", "use an f-string: f\"{x:#o}\""},
    {"format", "use an f-string"},
    {"hash", NULL},
    {"id", NULL},
    {"callable", NULL},
    {"vars", NULL},
    {"globals", NULL},
    {"locals", NULL},
    {"dir", NULL},
    {"exit", "raise an error"},
    {"quit", "raise an error"},
};

typedef struct Closest {
  Sym name;
  const char *found;
  uint32_t best;
} Closest;

static void consider(Closest *c, const char *text, size_t length) {
  uint32_t distance = edit_distance(c->name->text, c->name->len, text, length);
  if (distance < c->best) c->best = distance, c->found = text;
}

bool report_unknown_name(Sema *sema, Scope *scope, const CompName *comps, Sym name, Span at) {
  for (size_t i = 0; i < LJ_COUNT(missing_builtins); i++)
    if (sym_is(name, missing_builtins[i].name)) {
      diag_error(sema->diag, NAME_ERROR, at, "Python's '%s' is not part of the loop language", name->text);
      if (missing_builtins[i].instead) diag_note(sema->diag, at, "%s", missing_builtins[i].instead);
      return false;
    }
  Closest c = {.name = name, .best = edit_limit(name->len) + 1};
  for (; comps; comps = comps->outer) consider(&c, comps->name->text, comps->name->len);
  Scope *top = sema->scopes.data[0];
  for (Scope *s = scope; s; s = s->parent ? s->parent : s == top ? NULL : top)
    for (uint32_t i = 0; i < s->names.len; i++) {
      const Binding *b = s->names.entries[i].value;
      consider(&c, b->name->text, b->name->len);
    }
  const char *builtin = builtin_suggest("", name->text, name->len);
  if (builtin) consider(&c, builtin, strlen(builtin));
  diag_error(sema->diag, NAME_ERROR, at, "name '%s' is not defined", name->text);
  static const char *const import_from[][2] = {{"np", "import numpy as np"},       {"math", "import math"},
                                               {"njit", "from numba import njit"}, {"prange", "from numba import prange"},
                                               {"nb", "import numba as nb"},       {"numpy", "import numpy"}};
  for (size_t i = 0; i < LJ_COUNT(import_from); i++)
    if (sym_is(name, import_from[i][0])) {
      diag_note(sema->diag, at, "write `%s` at the top of the file", import_from[i][1]);
      return false;
    }
  if (c.found) diag_note(sema->diag, at, "did you mean '%s'?", c.found);
  return false;
}

/* A top-level name, an import, `__name__` or a builtin. False when it is none of them. */
static bool resolve_top(Sema *sema, Expr *e, bool from_function) {
  Binding *b = scope_find(sema->scopes.data[0], e->as.name);
  if (b && (b->import.kind != REF_NONE || (b->missing && !b->local))) return e->ref = b->import, true;
  if (b && b->local && from_function) {
    if (b->only_func)
      e->ref = (Ref){.kind = REF_FUNC, .func = b->only_func};
    else
      e->ref = (Ref){.kind = REF_GLOBAL, .global = global_of(sema, b, e->span)};
    return true;
  }
  if (e->as.name == sema->main_name) {
    e->kind = EXPR_STR;
    e->as.str = sema->module->name;
    return true;
  }
  const Builtin *builtin = builtin_find("", 0, e->as.name->text, e->as.name->len);
  if (builtin) e->ref = (Ref){.kind = REF_BUILTIN, .builtin = builtin};
  return builtin != NULL;
}

void resolve_free_name(Walk *w, Expr *e) {
  if (!resolve_top(w->sema, e, w->scope != w->sema->scopes.data[0])) report_unknown_name(w->sema, w->scope, w->comps, e->as.name, e->span);
}

const Builtin *find_member(const Sema *sema, const char *module, Sym name) {
  const Source *src = sema->module->source;
  if (strcmp(module, host_module) == 0) {
    const HostEntry *host = host_find(sema->module->hosts, name->text, name->len);
    return host ? &host->builtin : NULL;
  }
  const Builtin *b = builtin_find(module, strlen(module), name->text, name->len);
  return b && builtin_is_own(b) && !(src && src->is_library) ? NULL : b;
}

/* numpy.random and numpy.sqrt alike; false when the module has no such name. */
static bool resolve_member(Sema *sema, Expr *e) {
  Sym module = e->as.attr.base->ref.module, name = e->as.attr.name;
  const Builtin *builtin = find_member(sema, module->text, name);
  if (builtin) return e->ref = (Ref){.kind = REF_BUILTIN, .builtin = builtin}, true;
  const char *full = arena_printf(sema->arena, "%s.%s", module->text, name->text);
  const char *submodule = builtin_module_canonical(full, strlen(full));
  if (submodule) e->ref = (Ref){.kind = REF_MODULE, .module = sym_c(sema->module->names, submodule)};
  return submodule != NULL;
}

static void report_no_host(Sema *sema, ErrorKind kind, Sym name, Span at) {
  const HostTable *hosts = sema->module->hosts;
  const char *close = host_suggest(hosts, name->text, name->len);
  diag_error(sema->diag, kind, at, "the host has no function '%s'", name->text);
  if (close)
    diag_note(sema->diag, at, "did you mean '%s'?", close);
  else if (!hosts || !hosts->count)
    diag_note(sema->diag, at, "it has none: a program that embeds loopjit registers functions with lj_engine_register()");
  else
    diag_note(sema->diag, at, "functions are registered before the module is loaded, with lj_engine_register()");
}

void report_no_member(Sema *sema, ErrorKind kind, const char *module, Sym name, Span at) {
  if (strcmp(module, host_module) == 0) {
    report_no_host(sema, kind, name, at);
    return;
  }
  if (kind == IMPORT_ERROR)
    diag_error(sema->diag, kind, at, "cannot import name '%s' from '%s'", name->text, module);
  else
    diag_error(sema->diag, kind, at, "module '%s' has no function '%s'", module, name->text);
  const char *close = builtin_suggest(module, name->text, name->len);
  if (close) diag_note(sema->diag, at, "did you mean '%s'?", close);
}

void resolve_attr(Sema *sema, Expr *e) {
  if (e->as.attr.base->ref.kind != REF_MODULE || resolve_member(sema, e)) return;
  report_no_member(sema, ATTRIBUTE_ERROR, e->as.attr.base->ref.module->text, e->as.attr.name, e->as.attr.name_span);
}

typedef struct Quiet {
  Sema *sema;
  Scope *scope;
  uint32_t depth; /* of top-level aliases: F = np.float64 */
} Quiet;

static void resolve_quiet_expr(void *ctx, Expr *e) {
  Quiet *q = ctx;
  expr_each_child(e, resolve_quiet_expr, ctx);
  if (e->kind == EXPR_ATTR && e->as.attr.base->ref.kind == REF_MODULE) resolve_member(q->sema, e);
  if (e->kind != EXPR_NAME) return;
  Scope *owner = scope_of(q->scope, e->as.name);
  Binding *b = scope_find(owner ? owner : q->sema->scopes.data[0], e->as.name);
  if (b && b->import.kind != REF_NONE)
    e->ref = b->import;
  else if (b && b->only_func)
    e->ref = (Ref){.kind = REF_FUNC, .func = b->only_func};
  else if (!b) {
    const Builtin *builtin = builtin_find("", 0, e->as.name->text, e->as.name->len);
    if (builtin) e->ref = (Ref){.kind = REF_BUILTIN, .builtin = builtin};
  } else if (b->only_value && q->depth < 8 && (b->only_value->kind == EXPR_NAME || b->only_value->kind == EXPR_ATTR)) {
    resolve_quiet_expr(&(Quiet){q->sema, q->scope, q->depth + 1}, b->only_value); /* the walk comes later and decides again */
    e->ref = b->only_value->ref;
  } else if (b->only_value) { /* a constant in a decorator */
    Def *def = arena_new(q->sema->arena, Def);
    *def = (Def){.kind = DEF_ASSIGN, .local = b->local, .const_value = b->only_value};
    e->ref = (Ref){.kind = REF_DEF, .def = def};
  }
}

void resolve_quietly(Sema *sema, Scope *scope, Expr *e) { resolve_quiet_expr(&(Quiet){sema, scope, 0}, e); }
