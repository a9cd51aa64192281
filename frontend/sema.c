/* Binds names and makes versions: what a tree needs before types can be inferred. In: the module as parsed. Out: the same tree with
 * every name bound (Ref), every assignment a version (Def), every place where paths meet a join, decorators read into FuncOptions.
 * Finds what is wrong without types: unknown names and imports, reads of unset names, top-level names that change, wrong options. */
#include "frontend/sema.h"

static void make_scopes(Sema *sema) {
  Module *module = sema->module;
  LJ_ASSERT(module->funcs.len && module->funcs.data[0] == module->body);
  for (uint32_t i = 0; i < module->funcs.len; i++) {
    Scope *scope = arena_new(sema->arena, Scope);
    scope->func = module->funcs.data[i];
    LJ_ASSERT(scope->func->index == i);
    FuncDef *parent = scope->func->parent;
    LJ_ASSERT(!parent || parent->index < sema->scopes.len); /* enclosing functions come first */
    if (parent && parent != module->body) scope->parent = sema->scopes.data[parent->index];
    vec_push(sema->arena, &sema->scopes, scope);
  }
  for (uint32_t i = 0; i < sema->scopes.len; i++) scope_collect(sema, sema->scopes.data[i]);
}

static void resolve_annotations(Sema *sema, Scope *scope) {
  FuncDef *func = scope->func;
  for (uint32_t i = 0; i < func->params.len; i++)
    if (func->params.data[i].annotation) resolve_quietly(sema, scope->parent, func->params.data[i].annotation);
  if (func->returns) resolve_quietly(sema, scope->parent, func->returns);
}

static void finish_globals(Sema *sema) {
  for (uint32_t i = 0; i < sema->module->globals.len; i++) {
    Global *global = sema->module->globals.data[i];
    const Binding *b = scope_find(sema->scopes.data[0], global->name);
    const DefVec *defs = &global->local->defs;
    for (uint32_t k = 0; k < defs->len && b->assignments == 1; k++)
      if (defs->data[k]->kind == DEF_ASSIGN || defs->data[k]->kind == DEF_FUNC) global->def = defs->data[k];
  }
}

bool sema_module(Module *module, Diag *diag) {
  uint32_t errors = diag->errors;
  Sema sema = {.module = module, .arena = module->arena, .diag = diag, .main_name = sym_c(module->names, "__name__")};
  make_scopes(&sema);
  scopes_capture(&sema);
  for (uint32_t i = 0; i < sema.scopes.len; i++) {
    resolve_annotations(&sema, sema.scopes.data[i]);
    sema_decorators(&sema, sema.scopes.data[i]);
  }
  for (uint32_t i = 1; i < sema.scopes.len; i++) walk_function(&sema, sema.scopes.data[i]);
  walk_function(&sema, sema.scopes.data[0]); /* last: it has to know what functions read */
  finish_globals(&sema);
  return diag->errors == errors;
}
