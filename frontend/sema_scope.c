/* Scopes as Python has them: a name that a function assigns anywhere is its local; inner functions capture. Before any version is
 * made this room finds every binding of every function, the imports, and which variables travel into inner functions (with those
 * that the inner functions they call need). Must not look at reachability: that is the walk's. */
#include "frontend/sema.h"

Binding *scope_find(const Scope *scope, Sym name) { return map_get(&scope->names, map_key(name)); }

Local *new_local(Sema *sema, FuncDef *func, Sym name, Span span) {
  Local *local = arena_new(sema->arena, Local);
  local->name = name;
  local->func = func;
  local->span = span;
  local->index = func->locals.len;
  vec_push(sema->arena, &func->locals, local);
  return local;
}

static Binding *bind(Sema *sema, Scope *scope, Sym name, Span at) {
  Binding *b = scope_find(scope, name);
  if (b) return b;
  b = arena_new(sema->arena, Binding);
  b->name = name;
  b->first = at;
  map_put(sema->arena, &scope->names, map_key(name), b);
  return b;
}

typedef struct Collector {
  Sema *sema;
  Scope *scope;
} Collector;

static void bind_assigned(void *ctx, const Assigned *a) {
  Collector *c = ctx;
  Binding *b = bind(c->sema, c->scope, a->name, a->span);
  if (b->import.kind != REF_NONE) {
    diag_error(c->sema->diag, TYPE_ERROR, a->span, "'%s' is imported and also assigned", a->name->text);
    diag_note(c->sema->diag, b->first, "it is imported here; give one of the two another name");
    return;
  }
  if (!b->local) b->local = new_local(c->sema, c->scope->func, a->name, a->span);
  if (!b->local->annotation) b->local->annotation = a->annotation;
  if (a->stmt && a->stmt->kind == STMT_ANN_ASSIGN && !a->stmt->as.ann.value) return; /* declares, assigns nothing */
  if (b->assignments == 0) b->first = a->span;
  if (b->assignments == 1 || a->in_loop) b->second = a->span;
  b->only_func = b->assignments == 0 ? a->func : NULL; /* a def in a loop binds the same function each time */
  b->only_value = b->assignments == 0 && !a->in_loop ? a->value : NULL;
  b->assignments += a->in_loop && !a->func ? 2 : 1;
}

static bool same_import(const Ref *a, const Ref *b) { return a->kind == b->kind && a->builtin == b->builtin && a->module == b->module; }

static void bind_import(Sema *sema, Scope *scope, const ImportName *import, Ref ref) {
  Binding *b = bind(sema, scope, import->bound, import->span);
  if (b->local || (b->import.kind != REF_NONE && !same_import(&b->import, &ref))) {
    diag_error(sema->diag, TYPE_ERROR, import->span, "'%s' is %s and also imported", import->bound->text,
               b->local ? "assigned" : "imported as something else");
    diag_note(sema->diag, b->first, "it is bound here; give one of the two another name");
    return;
  }
  b->import = ref;
}

static Ref module_ref(Sema *sema, const char *canonical) {
  return (Ref){.kind = REF_MODULE, .module = sym_c(sema->module->names, canonical)};
}

/* `from module import name`. */
static bool import_name(Sema *sema, const ImportName *import, const char *canonical, Ref *ref) {
  Sym name = import->name;
  const char *full = arena_printf(sema->arena, "%s.%s", import->module->text, name->text);
  const char *submodule = builtin_module_canonical(full, strlen(full));
  const Builtin *builtin = find_member(sema, canonical, name);
  *ref = submodule ? module_ref(sema, submodule) : (Ref){.kind = REF_BUILTIN, .builtin = builtin};
  if (submodule || builtin) return true;
  report_no_member(sema, IMPORT_ERROR, import->module->text, name, import->span);
  return false;
}

static void collect_import(Sema *sema, Scope *scope, const ImportName *import) {
  Sym module = import->module;
  if (sym_is(module, "__future__") && import->name) return;
  const char *canonical = builtin_module_canonical(module->text, module->len);
  if (!canonical) {
    diag_error(sema->diag, IMPORT_ERROR, import->span, "there is no module '%s' here", module->text);
    diag_note(sema->diag, import->span, "a file may import %s", builtin_module_names());
  }
  Ref ref = {0};
  if (!canonical || (import->name && !import_name(sema, import, canonical, &ref))) {
    bind(sema, scope, import->bound, import->span)->missing = true;
    return;
  }
  if (!import->name) {
    const char *dot = memchr(module->text, '.', module->len); /* `import numpy.random` binds numpy */
    size_t head = dot ? (size_t)(dot - module->text) : module->len;
    bool binds_head = dot && import->bound->len == head && memcmp(import->bound->text, module->text, head) == 0;
    ref = module_ref(sema, binds_head ? builtin_module_canonical(module->text, head) : canonical);
  }
  bind_import(sema, scope, import, ref);
}

static void collect_imports(Sema *sema, Scope *scope, const StmtVec *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    Stmt *s = block->data[i];
    if (s->kind == STMT_IMPORT)
      for (uint32_t k = 0; k < s->as.imports.len; k++) collect_import(sema, scope, &s->as.imports.data[k]);
    StmtVec *blocks[2];
    stmt_blocks(s, blocks);
    for (int k = 0; k < 2; k++)
      if (blocks[k]) collect_imports(sema, scope, blocks[k]);
  }
}

static void collect_params(Sema *sema, Scope *scope) {
  FuncDef *func = scope->func;
  bool has_default = false;
  for (uint32_t i = 0; i < func->params.len; i++) {
    Param *p = &func->params.data[i];
    Binding *b = scope_find(scope, p->name);
    if (b) {
      diag_error(sema->diag, SYNTAX_ERROR, p->span, "duplicate argument '%s' in function definition", p->name->text);
      p->local = b->local;
      continue;
    }
    if (has_default && !p->default_value && !p->keyword_only)
      diag_error(sema->diag, SYNTAX_ERROR, p->span, "parameter without a default follows parameter with a default");
    has_default |= p->default_value != NULL;
    b = bind(sema, scope, p->name, p->span);
    b->local = p->local = new_local(sema, func, p->name, p->span);
    b->local->is_param = true;
    b->local->annotation = p->annotation;
    b->assignments = 1;
  }
}

void scope_collect(Sema *sema, Scope *scope) {
  collect_params(sema, scope);
  collect_imports(sema, scope, &scope->func->body);
  block_each_assigned(&scope->func->body, false, bind_assigned, &(Collector){sema, scope});
}

Scope *scope_of(Scope *from, Sym name) {
  for (Scope *s = from; s; s = s->parent)
    if (scope_find(s, name)) return s;
  return NULL;
}

Local *scope_capture(Sema *sema, Scope *scope, Local *outer) {
  while (outer->captured) outer = outer->captured; /* one local for one variable */
  if (scope->func == outer->func) return outer;
  Local *local = map_get(&scope->captured, map_key(outer));
  if (local) return local;
  LJ_ASSERT(scope->parent);
  Local *around = scope_capture(sema, scope->parent, outer); /* what lies between has to hand it on */
  local = new_local(sema, scope->func, outer->name, outer->span);
  local->captured = around;
  map_put(sema->arena, &scope->captured, map_key(outer), local);
  vec_push(sema->arena, &scope->func->captures, local);
  return local;
}

typedef struct Reader {
  Sema *sema;
  Scope *scope;    /* whose captures are found */
  Scope *from;     /* where names are looked up first: the scope, or the one around it for default values */
  CompName *comps; /* comprehension targets hide names */
} Reader;

static void read_expr(void *ctx, Expr *e);

static void hide_target(Reader *r, const Expr *target) {
  if (target->kind == EXPR_NAME) {
    CompName *hidden = arena_new(r->sema->arena, CompName);
    *hidden = (CompName){.name = target->as.name, .outer = r->comps};
    r->comps = hidden;
  }
  if (target->kind == EXPR_TUPLE || target->kind == EXPR_LIST)
    for (uint32_t i = 0; i < target->as.list.items.len; i++) hide_target(r, target->as.list.items.data[i]);
}

static void read_comprehension(Reader *r, const Expr *e) {
  CompName *outer = r->comps;
  if (e->as.comp.clauses.len) read_expr(r, e->as.comp.clauses.data[0].iter);
  for (uint32_t i = 0; i < e->as.comp.clauses.len; i++) hide_target(r, e->as.comp.clauses.data[i].target);
  expr_each_child(e, read_expr, r);
  r->comps = outer;
}

static void read_name(Reader *r, Sym name) {
  for (const CompName *c = r->comps; c; c = c->outer)
    if (c->name == name) return;
  Scope *owner = scope_of(r->from, name);
  Binding *b = owner ? scope_find(owner, name) : NULL;
  if (!b || !b->local) return;
  if (b->only_func)
    vec_push(r->sema->arena, &r->scope->inner_calls, b->only_func);
  else if (owner != r->scope)
    scope_capture(r->sema, r->scope, b->local);
}

static void read_expr(void *ctx, Expr *e) {
  Reader *r = ctx;
  if (e->kind == EXPR_COMP) {
    read_comprehension(r, e);
    return;
  }
  if (e->kind == EXPR_NAME) read_name(r, e->as.name);
  expr_each_child(e, read_expr, ctx);
}

static void read_block(Reader *r, const StmtVec *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    stmt_each_expr(block->data[i], read_expr, r);
    StmtVec *blocks[2];
    stmt_blocks(block->data[i], blocks);
    for (int k = 0; k < 2; k++)
      if (blocks[k]) read_block(r, blocks[k]);
  }
}

/* What a function captures its callers must have as well, when they are inside the owner too. */
static bool pass_on(Sema *sema, Scope *scope) {
  uint32_t before = scope->func->captures.len;
  for (uint32_t i = 0; i < scope->inner_calls.len; i++) {
    FuncDef *callee = scope->inner_calls.data[i];
    if (callee->parent == scope->func) continue; /* its captures are variables of this function */
    for (uint32_t k = 0; k < callee->captures.len; k++) scope_capture(sema, scope, callee->captures.data[k]);
  }
  return scope->func->captures.len != before;
}

void scopes_capture(Sema *sema) {
  for (uint32_t i = 1; i < sema->scopes.len; i++) {
    Scope *scope = sema->scopes.data[i];
    Reader defaults = {.sema = sema, .scope = scope, .from = scope->parent};
    for (uint32_t k = 0; k < scope->func->params.len; k++)
      if (scope->parent && scope->func->params.data[k].default_value) read_expr(&defaults, scope->func->params.data[k].default_value);
    if (scope->parent) read_block(&(Reader){.sema = sema, .scope = scope, .from = scope}, &scope->func->body);
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (uint32_t i = 1; i < sema->scopes.len; i++)
      if (sema->scopes.data[i]->parent) changed |= pass_on(sema, sema->scopes.data[i]);
  }
}
