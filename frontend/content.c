/* What the parts of a program mean to each other. A part uses another when a name in it may stand for something of the top level: every
 * name token counts except those that sema bound to a variable of a function, parameters, keywords and attributes. What is not proven
 * to be local is a use, so that a change is never missed; at worst a part depends on more than it needs.
 * In: a module after sema. Out: the parts with their uses; closures; hashes. */
#include "frontend/content.h"
#include "frontend/sema.h"

typedef struct Linker {
  Module *module;
  Content *content;
  Map local;     /* offset of a name that is no name of the top level */
  Map functions; /* Sym -> Named */
} Linker;

typedef struct Named { /* the parts that define a function of this name */
  Vec(uint32_t) parts;
} Named;

/* ---- names that are proven to be local ---- */

static void mark(Linker *k, Span span) { map_put(k->module->arena, &k->local, span.lo, k); }

static bool is_local(const Linker *k, const Ref *ref) {
  const Local *local = (ref->kind == REF_DEF || ref->kind == REF_CAPTURE) && ref->def ? ref->def->local : NULL;
  return local && local->func != k->module->body;
}

static void visit(void *ctx, Expr *e) {
  Linker *k = ctx;
  if (e->kind == EXPR_NAME && is_local(k, &e->ref)) mark(k, e->span);
  if (e->kind == EXPR_WALRUS && is_local(k, &e->ref)) mark(k, e->as.walrus.name_span);
  if (e->kind == EXPR_CALL)
    for (uint32_t i = 0; i < e->as.call.keywords.len; i++) mark(k, e->as.call.keywords.data[i].span);
  expr_each_child(e, visit, ctx);
}

static void visit_block(Linker *k, const StmtVec *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    stmt_each_expr(block->data[i], visit, k);
    StmtVec *blocks[2];
    stmt_blocks(block->data[i], blocks);
    for (int b = 0; b < 2; b++)
      if (blocks[b]) visit_block(k, blocks[b]);
  }
}

static void visit_function(Linker *k, const FuncDef *f) {
  for (uint32_t i = 0; i < f->decorators.len; i++) visit(k, f->decorators.data[i]);
  for (uint32_t i = 0; i < f->params.len; i++) {
    mark(k, f->params.data[i].span);
    if (f->params.data[i].default_value) visit(k, f->params.data[i].default_value);
  }
  visit_block(k, &f->body);
}

/* ---- names of the top level ---- */

static void find_functions(Linker *k) {
  Arena *arena = k->module->arena;
  for (uint32_t i = 0; i < k->content->count; i++) {
    Sym name = k->content->parts[i].name;
    if (!name) continue;
    Named *named = map_get(&k->functions, map_key(name));
    if (!named) {
      named = arena_new(arena, Named);
      map_put(arena, &k->functions, map_key(name), named);
    }
    vec_push(arena, &named->parts, i);
  }
}

/* Names that are bound by anything else than one part each; a version of a def that is no part stands in a statement. */
static void find_variables(Linker *k) {
  const FuncDef *body = k->module->body;
  for (uint32_t i = 0; i < body->locals.len; i++) {
    Local *local = body->locals.data[i];
    const Named *named = map_get(&k->functions, map_key(local->name));
    uint32_t defs = 0;
    bool other = !named;
    for (uint32_t d = 0; d < local->defs.len; d++) {
      DefKind kind = local->defs.data[d]->kind;
      defs += kind == DEF_FUNC;
      other |= kind != DEF_FUNC && kind != DEF_UNSET;
    }
    if (other || defs != named->parts.len) map_put(k->module->arena, &k->content->variables, map_key(local->name), local);
  }
}

static void add_use(Linker *k, ContentPart *part, uint32_t target) {
  for (uint32_t i = 0; i < part->uses.len; i++)
    if (part->uses.data[i] == target) return;
  vec_push(k->module->arena, &part->uses, target);
}

static void link_part(Linker *k, ContentPart *part) {
  for (uint32_t i = 0; i < part->names.len; i++) {
    const Token *t = &part->names.data[i];
    if (sym_is(t->as.text, "__name__")) part->uses_name = true;
    if (map_get(&k->local, t->span.lo)) continue;
    const Named *named = map_get(&k->functions, map_key(t->as.text));
    for (uint32_t n = 0; named && n < named->parts.len; n++) add_use(k, part, named->parts.data[n]);
    if (map_get(&k->content->variables, map_key(t->as.text))) part->uses_top = true;
  }
}

void content_make(Module *module) {
  if (module->content) return;
  Content *content = arena_new(module->arena, Content);
  Linker k = {.module = module, .content = content};
  module->source->parts = parts_make(module->arena, module->source, module->names, content);
  for (uint32_t i = 1; i < module->funcs.len; i++) visit_function(&k, module->funcs.data[i]);
  find_functions(&k);
  find_variables(&k);
  for (uint32_t i = 0; i < content->count; i++) link_part(&k, &content->parts[i]);
  module->content = content;
}

/* ---- closures ---- */

static void reach(ContentClosure *out, Arena *arena, bool *seen, uint32_t part) {
  if (seen[part]) return;
  seen[part] = true;
  vec_push(arena, &out->parts, part);
}

static void reach_top(const Content *c, ContentClosure *out, Arena *arena, bool *seen) {
  if (out->has_top) return;
  out->has_top = true;
  for (uint32_t i = 0; i < c->count; i++)
    if (!c->parts[i].name) reach(out, arena, seen, i);
}

void content_closure(const Content *c, Arena *arena, Sym function, ContentClosure *out) {
  bool *seen = arena_array(arena, bool, c->count + 1);
  *out = (ContentClosure){0};
  for (uint32_t i = 0; i < c->count; i++)
    if (c->parts[i].imports) reach(out, arena, seen, i);
  bool found = false;
  for (uint32_t i = 0; function && i < c->count; i++)
    if (c->parts[i].name == function) reach(out, arena, seen, i), found = true;
  if (!found || map_get(&c->variables, map_key(function))) reach_top(c, out, arena, seen);
  for (uint32_t i = 0; i < out->parts.len; i++) {
    const ContentPart *part = &c->parts[out->parts.data[i]];
    out->has_name |= part->uses_name;
    for (uint32_t u = 0; u < part->uses.len; u++) reach(out, arena, seen, part->uses.data[u]);
    if (part->uses_top) reach_top(c, out, arena, seen);
  }
}

void content_order(const Content *c, const ContentClosure *closure, StrBuf *out) {
  for (uint32_t k = 0; k < closure->parts.len && closure->has_top; k++) {
    uint32_t part = closure->parts.data[k], before = 0;
    if (!c->parts[part].name) continue;
    for (uint32_t i = 0; i < part; i++) before += !c->parts[i].name;
    sb_printf(out, "%u;", before);
  }
}

uint64_t content_hash(const FuncDef *func) {
  const Content *c = func->module->content;
  const Source *src = func->module->source;
  if (!c) return hash_bytes(src->text, src->length, func->index);
  SourceAnchor at = source_anchor(src, func->name_span.lo, func->name_span.hi);
  Arena arena;
  arena_init(&arena);
  ContentClosure closure;
  content_closure(c, &arena, c->parts[at.part].name, &closure);
  uint64_t hash = at.lo_token;
  for (uint32_t i = 0; i < closure.parts.len; i++) {
    const ContentPart *part = &c->parts[closure.parts.data[i]];
    hash = hash_bytes(part->text, part->length, hash * 2 + (closure.parts.data[i] == at.part));
  }
  arena_drop(&arena);
  return hash;
}
