/* Versions in expressions: one walk in the order of evaluation gives every expression its number, binds every name to the version
 * that reaches it, and makes the versions of walruses, with their joins where a part may be skipped. */
#include "frontend/sema.h"

Def *walk_new_def(Walk *w, DefKind kind, Local *local, Span span) {
  Def *def = arena_new(w->sema->arena, Def);
  *def = (Def){.id = w->states.len, .kind = kind, .local = local, .span = span};
  vec_push(w->sema->arena, &w->states, ((DefState){.def = def}));
  return def;
}

Def *walk_assign(Walk *w, Local *local, Span span) {
  Def *def = walk_new_def(w, DEF_ASSIGN, local, span);
  w->env.defs[local->index] = def;
  return def;
}

void walk_use(Walk *w, Def **slot, Expr *e, Span at, Sym by) {
  if (w->env.dead) return; /* what cannot run reads nothing */
  vec_push(w->sema->arena, &w->uses, ((Use){slot, e, at, by}));
}

Env env_copy(Walk *w) {
  Env copy = {arena_array(w->sema->arena, Def *, w->local_count), w->env.dead};
  if (w->local_count) memcpy(copy.defs, w->env.defs, w->local_count * sizeof *copy.defs);
  return copy;
}

static Def *merge_local(Walk *w, const Env *edges, uint32_t count, uint32_t index, DefVec *list, Stmt *join, Span at) {
  Def *only = NULL;
  bool differ = false;
  for (uint32_t k = 0; k < count; k++) {
    if (edges[k].dead) continue;
    differ |= only && only != edges[k].defs[index];
    only = edges[k].defs[index];
  }
  if (!differ) return only;
  Def *phi = walk_new_def(w, DEF_PHI, only->local, at);
  phi->join = join;
  for (uint32_t k = 0; k < count; k++) vec_push(w->sema->arena, &phi->args, edges[k].dead ? NULL : edges[k].defs[index]);
  w->states.data[phi->id].list = list;
  return phi;
}

void walk_merge(Walk *w, Env *edges, uint32_t count, DefVec *list, Stmt *join, Span at) {
  bool all_dead = true;
  for (uint32_t k = 0; k < count; k++) all_dead &= edges[k].dead;
  w->env.dead = all_dead;
  if (all_dead) return;
  Def **merged = arena_array(w->sema->arena, Def *, w->local_count);
  for (uint32_t i = 0; i < w->local_count; i++) merged[i] = merge_local(w, edges, count, i, list, join, at);
  w->env.defs = merged;
}

Def **walk_captures(Walk *w, FuncDef *inner, Span at) {
  uint32_t count = inner->captures.len;
  if (count == 0) return NULL;
  Def **captures = arena_array(w->sema->arena, Def *, count);
  for (uint32_t i = 0; i < count; i++) {
    Local *local = scope_capture(w->sema, w->scope, inner->captures.data[i]);
    LJ_ASSERT(local->index < w->local_count);
    captures[i] = walk_read(w, local);
    walk_use(w, &captures[i], NULL, at, inner->name);
  }
  return captures;
}

static void refer_to_func(Walk *w, Expr *e, FuncDef *func) {
  e->ref.kind = REF_FUNC;
  e->ref.func = func;
  if (func->parent) e->ref.captures = walk_captures(w, func, e->span);
}

static void read_own(Walk *w, Expr *e, const Binding *b) {
  Def *def = walk_read(w, b->local);
  e->ref = (Ref){.kind = REF_DEF, .def = def};
  walk_use(w, &e->ref.def, e, e->span, NULL);
  if (b->only_func && (def->kind == DEF_FUNC || w->env.dead)) refer_to_func(w, e, b->only_func);
}

static void walk_name(Walk *w, Expr *e) {
  e->ref = (Ref){0};
  for (const CompName *c = w->comps; c; c = c->outer)
    if (c->name == e->as.name) {
      e->ref = (Ref){.kind = REF_DEF, .def = c->def};
      walk_use(w, &e->ref.def, e, e->span, NULL);
      return;
    }
  Scope *owner = scope_of(w->from, e->as.name);
  Binding *b = owner ? scope_find(owner, e->as.name) : NULL;
  if (!b)
    resolve_free_name(w, e);
  else if (b->import.kind != REF_NONE || (b->missing && !b->local))
    e->ref = b->import;
  else if (owner == w->scope)
    read_own(w, e, b);
  else if (b->only_func)
    refer_to_func(w, e, b->only_func);
  else {
    Local *local = scope_capture(w->sema, w->scope, b->local);
    e->ref = (Ref){.kind = REF_CAPTURE, .def = walk_read(w, local)};
    walk_use(w, &e->ref.def, e, e->span, NULL);
  }
}

void walk_exprs(Walk *w, ExprVec *list) {
  for (uint32_t i = 0; i < list->len; i++) walk_expr(w, list->data[i]);
}

static void walk_parts(Walk *w, FPart *parts, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    walk_expr(w, parts[i].value);
    walk_parts(w, parts[i].spec.data, parts[i].spec.len);
  }
}

/* The versions at the entry of a part that may be skipped, only copied where the part has a walrus. */
static void find_walrus(void *ctx, Expr *e) {
  if (e->kind == EXPR_WALRUS) *(bool *)ctx = true;
  expr_each_child(e, find_walrus, ctx);
}
static bool has_walrus(Expr *e) {
  bool found = false;
  find_walrus(&found, e);
  return found;
}

/* Left after operand k (k+1 of them evaluated), or after the last one. */
static void walk_boolop(Walk *w, Expr *e) {
  ExprVec *operands = &e->as.boolop.operands;
  bool joins = false;
  for (uint32_t i = 1; i < operands->len; i++) joins |= has_walrus(operands->data[i]);
  Env *edges = joins ? arena_array(w->sema->arena, Env, operands->len) : NULL;
  for (uint32_t i = 0; i < operands->len; i++) {
    walk_expr(w, operands->data[i]);
    if (joins) edges[i] = env_copy(w);
  }
  if (joins) walk_merge(w, edges, operands->len, &e->as.boolop.phis, NULL, e->span);
}

static void walk_ifexp(Walk *w, Expr *e) {
  walk_expr(w, e->as.ifexp.cond);
  if (!has_walrus(e->as.ifexp.then) && !has_walrus(e->as.ifexp.orelse)) {
    walk_expr(w, e->as.ifexp.then);
    walk_expr(w, e->as.ifexp.orelse);
    return;
  }
  Env before = env_copy(w), edges[2];
  walk_expr(w, e->as.ifexp.then);
  edges[0] = w->env;
  w->env = before;
  walk_expr(w, e->as.ifexp.orelse);
  edges[1] = w->env;
  walk_merge(w, edges, 2, &e->as.ifexp.phis, NULL, e->span);
}

static void walk_compare(Walk *w, Expr *e) {
  for (uint32_t i = 0; i < e->as.compare.operands.len; i++) {
    Expr *operand = e->as.compare.operands.data[i];
    if (i >= 2 && has_walrus(operand))
      diag_error(w->sema->diag, NOT_IMPLEMENTED_ERROR, operand->span,
                 "a walrus that a chained comparison may skip; assign the name before");
    walk_expr(w, operand);
  }
}

static void bind_comp_target(Walk *w, Expr *target) {
  target->id = w->func->expr_count++;
  target->ref = (Ref){0};
  if (target->kind == EXPR_NAME) {
    Local *local = new_local(w->sema, w->func, target->as.name, target->span);
    Def *unset = walk_new_def(w, DEF_UNSET, local, target->span), *def = walk_new_def(w, DEF_ASSIGN, local, target->span);
    (void)unset;
    target->ref = (Ref){.kind = REF_DEF, .def = def};
    CompName *name = arena_new(w->sema->arena, CompName);
    *name = (CompName){local->name, def, w->comps};
    w->comps = name;
  } else if (target->kind == EXPR_TUPLE || target->kind == EXPR_LIST) {
    for (uint32_t i = 0; i < target->as.list.items.len; i++) bind_comp_target(w, target->as.list.items.data[i]);
  } else {
    diag_error(w->sema->diag, SYNTAX_ERROR, target->span, "the target of a comprehension is a name or a tuple of names");
  }
}

static void walk_comprehension(Walk *w, Expr *e) {
  CompName *outer = w->comps;
  w->comp_depth++;
  for (uint32_t i = 0; i < e->as.comp.clauses.len; i++) {
    CompFor *clause = &e->as.comp.clauses.data[i];
    walk_expr(w, clause->iter); /* before its target is bound */
    bind_comp_target(w, clause->target);
    walk_exprs(w, &clause->conds);
  }
  walk_expr(w, e->as.comp.elt);
  w->comp_depth--;
  w->comps = outer;
}

static void walk_walrus(Walk *w, Expr *e) {
  walk_expr(w, e->as.walrus.value);
  if (w->comp_depth) {
    diag_error(w->sema->diag, NOT_IMPLEMENTED_ERROR, e->span, "a walrus inside a comprehension or a default value; assign the name before");
    return;
  }
  Binding *b = scope_find(w->scope, e->as.walrus.name);
  LJ_ASSERT(b);
  if (!b->local) return; /* imported as well: reported */
  e->ref = (Ref){.kind = REF_DEF, .def = walk_assign(w, b->local, e->as.walrus.name_span)};
}

static void walk_call(Walk *w, Expr *e) {
  walk_expr(w, e->as.call.callee);
  walk_exprs(w, &e->as.call.args);
  for (uint32_t i = 0; i < e->as.call.keywords.len; i++) walk_expr(w, e->as.call.keywords.data[i].value);
}

void walk_expr(Walk *w, Expr *e) {
  if (!e) return;
  e->id = w->func->expr_count++;
  switch (e->kind) {
  case EXPR_INT:
  case EXPR_FLOAT:
  case EXPR_IMAG:
  case EXPR_BOOL:
  case EXPR_NONE:
  case EXPR_ELLIPSIS:
  case EXPR_STR: return;
  case EXPR_FSTRING: walk_parts(w, e->as.parts.data, e->as.parts.len); return;
  case EXPR_NAME: walk_name(w, e); return;
  case EXPR_ATTR:
    walk_expr(w, e->as.attr.base);
    e->ref = (Ref){0};
    resolve_attr(w->sema, e);
    return;
  case EXPR_INDEX: walk_expr(w, e->as.index.base), walk_exprs(w, &e->as.index.items); return;
  case EXPR_SLICE: walk_expr(w, e->as.slice.lo), walk_expr(w, e->as.slice.hi), walk_expr(w, e->as.slice.step); return;
  case EXPR_CALL: walk_call(w, e); return;
  case EXPR_UNARY: walk_expr(w, e->as.unary.operand); return;
  case EXPR_BINARY: walk_expr(w, e->as.binary.lhs), walk_expr(w, e->as.binary.rhs); return;
  case EXPR_COMPARE: walk_compare(w, e); return;
  case EXPR_BOOLOP: walk_boolop(w, e); return;
  case EXPR_IFEXP: walk_ifexp(w, e); return;
  case EXPR_TUPLE:
  case EXPR_LIST: walk_exprs(w, &e->as.list.items); return;
  case EXPR_COMP: walk_comprehension(w, e); return;
  case EXPR_WALRUS: walk_walrus(w, e); return;
  case EXPR_KIND_COUNT: break;
  }
  LJ_UNREACHABLE();
}

/* The left side of an assignment, after the value. */
void walk_target(Walk *w, Expr *target, Expr *const_value) {
  if (target->kind == EXPR_NAME) {
    target->id = w->func->expr_count++;
    Binding *b = scope_find(w->scope, target->as.name);
    LJ_ASSERT(b);
    if (!b->local) return; /* imported as well: reported */
    target->ref = (Ref){.kind = REF_DEF, .def = walk_assign(w, b->local, target->span)};
    target->ref.def->const_value = const_value;
  } else if (target->kind == EXPR_TUPLE || target->kind == EXPR_LIST) {
    target->id = w->func->expr_count++;
    for (uint32_t i = 0; i < target->as.list.items.len; i++) walk_target(w, target->as.list.items.data[i], NULL);
  } else {
    walk_expr(w, target); /* an item or an attribute: its parts are read */
  }
}
