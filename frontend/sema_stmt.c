/* Versions in statements: an environment (which version of each local reaches this place) flows through the tree; where paths meet,
 * versions that differ become a phi. Loop heads get a phi for every local that the loop assigns; sema_finish.c drops what no reading
 * needs. Edges are numbered as ast.h documents at Join. */
#include "frontend/sema.h"

static void walk_block(Walk *w, const StmtVec *block);

static void walk_if(Walk *w, Stmt *s) {
  walk_expr(w, s->as.if_.cond);
  Env before = env_copy(w), edges[2];
  walk_block(w, &s->as.if_.body);
  edges[0] = w->env;
  w->env = before;
  walk_block(w, &s->as.if_.orelse);
  edges[1] = w->env;
  s->as.if_.join.edge_count = 2;
  walk_merge(w, edges, 2, &s->as.if_.join.phis, s, s->span);
}

static bool const_int(const Expr *e, int64_t *value) {
  bool negative = e->kind == EXPR_UNARY && e->as.unary.op == UN_NEG;
  if (negative) e = e->as.unary.operand;
  if (e->kind != EXPR_INT || e->as.integer.value > INT64_MAX) return false;
  *value = negative ? -(int64_t)e->as.integer.value : (int64_t)e->as.integer.value;
  return true;
}

static const Builtin *iter_builtin(const Stmt *s) {
  const Expr *iter = s->as.loop.iter;
  return s->kind == STMT_FOR && iter->kind == EXPR_CALL ? iter->as.call.callee->ref.builtin : NULL;
}

/* Is the body sure to be entered? Only for what the text itself shows: range(3), (1, 2, 3), while True. */
static bool surely_runs(const Stmt *s) {
  if (s->kind == STMT_WHILE) return false; /* its exit is never taken from the head when it does */
  const Expr *iter = s->as.loop.iter;
  if (iter->kind == EXPR_TUPLE) return iter->as.list.items.len > 0;
  const Builtin *b = iter_builtin(s);
  if (!b || (b->id != BI_RANGE && b->id != BI_PRANGE) || iter->as.call.keywords.len) return false;
  int64_t bounds[3] = {0, 0, 1}; /* start, stop, step */
  uint32_t count = iter->as.call.args.len;
  if (count < 1 || count > 3) return false;
  for (uint32_t i = 0; i < count; i++)
    if (!const_int(iter->as.call.args.data[i], &bounds[count == 1 ? 1 : i])) return false;
  return bounds[2] > 0 ? bounds[0] < bounds[1] : bounds[2] < 0 && bounds[0] > bounds[1];
}

static bool is_always_true(const Expr *cond) {
  return (cond->kind == EXPR_BOOL && cond->as.boolean) || (cond->kind == EXPR_INT && cond->as.integer.value != 0);
}
static bool is_always_false(const Expr *cond) {
  return (cond->kind == EXPR_BOOL && !cond->as.boolean) || (cond->kind == EXPR_INT && cond->as.integer.value == 0);
}

typedef struct HeadMaker {
  Walk *walk;
  LoopWalk *loop;
} HeadMaker;

static void make_head(void *ctx, const Assigned *a) {
  HeadMaker *m = ctx;
  Walk *w = m->walk;
  const Binding *b = scope_find(w->scope, a->name);
  if (!b || !b->local) return;
  Def *entry = w->env.defs[b->local->index];
  if (entry->kind == DEF_PHI && entry->at_head && entry->join == m->loop->stmt) return; /* assigned at several places */
  Def *phi = walk_new_def(w, DEF_PHI, b->local, m->loop->stmt->span);
  phi->join = m->loop->stmt;
  phi->at_head = true;
  vec_push(w->sema->arena, &phi->args, entry);
  vec_push(w->sema->arena, &phi->args, NULL); /* the end of the body, set when that is reached */
  w->states.data[phi->id].list = &m->loop->stmt->as.loop.head.phis;
  w->env.defs[b->local->index] = phi;
  vec_push(w->sema->arena, &m->loop->heads, phi);
}

/* After a loop that surely runs, the last iteration decides, so what was unset at its entry is not. */
static void mark_sure_exits(Walk *w, const LoopWalk *loop, Env *edges, uint32_t count) {
  for (uint32_t i = 0; i < loop->heads.len; i++) {
    Def *head = loop->heads.data[i], *entry = head->args.data[0];
    uint32_t index = head->local->index;
    if (edges[0].defs[index] != head || (entry->kind != DEF_UNSET && entry->kind != DEF_PHI)) continue;
    Def *exit = walk_new_def(w, DEF_PHI, head->local, loop->stmt->span);
    exit->join = loop->stmt;
    for (uint32_t k = 0; k < count; k++) vec_push(w->sema->arena, &exit->args, edges[k].dead ? NULL : edges[k].defs[index]);
    w->states.data[exit->id].list = &loop->stmt->as.loop.exit.phis;
    w->states.data[exit->id].loop_head = head;
    for (uint32_t k = 0; k < count; k++)
      if (!edges[k].dead) edges[k].defs[index] = exit; /* the edges agree now */
  }
}

static void walk_loop_body(Walk *w, LoopWalk *loop) {
  Stmt *s = loop->stmt;
  if (s->kind == STMT_FOR) walk_target(w, s->as.loop.target, NULL);
  loop->outer = w->loop;
  w->loop = loop;
  walk_block(w, &s->as.loop.body);
  w->loop = loop->outer;
  for (uint32_t i = 0; i < loop->heads.len; i++) {
    Def *head = loop->heads.data[i];
    head->args.data[1] = w->env.dead ? NULL : w->env.defs[head->local->index];
  }
}

static void walk_loop(Walk *w, Stmt *s) {
  LoopWalk loop = {.stmt = s};
  if (s->kind == STMT_FOR) walk_expr(w, s->as.loop.iter);
  const Builtin *iter = iter_builtin(s);
  s->as.loop.is_parallel = iter && iter->id == BI_PRANGE;
  if (!w->env.dead) loop_each_assigned(s, make_head, &(HeadMaker){w, &loop});
  if (s->kind == STMT_WHILE) walk_expr(w, s->as.loop.cond);
  Env ran_out = env_copy(w);
  ran_out.dead |= s->kind == STMT_WHILE && is_always_true(s->as.loop.cond);
  walk_loop_body(w, &loop);
  w->env = ran_out;
  walk_block(w, &s->as.loop.orelse);
  uint32_t count = 1 + loop.breaks.len;
  Env *edges = arena_array(w->sema->arena, Env, count);
  edges[0] = w->env;
  for (uint32_t i = 0; i < loop.breaks.len; i++) edges[i + 1] = loop.breaks.data[i];
  s->as.loop.head.edge_count = 2 + loop.continues;
  s->as.loop.exit.edge_count = count;
  if (!edges[0].dead && surely_runs(s)) mark_sure_exits(w, &loop, edges, count);
  walk_merge(w, edges, count, &s->as.loop.exit.phis, s, s->span);
}

static void walk_break(Walk *w, Stmt *s) {
  LJ_ASSERT(w->loop); /* the parser refuses it elsewhere */
  s->as.jump.loop = w->loop->stmt;
  vec_push(w->sema->arena, &w->loop->breaks, env_copy(w));
  s->as.jump.edge = w->loop->breaks.len; /* 0 is the normal exit */
  w->env.dead = true;
}

static void walk_continue(Walk *w, Stmt *s) {
  LJ_ASSERT(w->loop); /* the parser refuses it elsewhere */
  s->as.jump.loop = w->loop->stmt;
  s->as.jump.edge = 2 + w->loop->continues++;
  for (uint32_t i = 0; i < w->loop->heads.len; i++) {
    Def *head = w->loop->heads.data[i];
    vec_push(w->sema->arena, &head->args, w->env.dead ? NULL : w->env.defs[head->local->index]);
  }
  w->env.dead = true;
}

static void walk_assign_stmt(Walk *w, Stmt *s) {
  walk_expr(w, s->as.assign.value);
  ExprVec *targets = &s->as.assign.targets;
  for (uint32_t i = 0; i < targets->len; i++) walk_target(w, targets->data[i], targets->len == 1 ? s->as.assign.value : NULL);
}

static void walk_ann_assign(Walk *w, Stmt *s) {
  resolve_quietly(w->sema, w->scope, s->as.ann.annotation);
  if (!s->as.ann.value) {
    if (s->as.ann.target->kind != EXPR_NAME)
      walk_target(w, s->as.ann.target, NULL);
    else
      s->as.ann.target->id = w->func->expr_count++;
    return;
  }
  walk_expr(w, s->as.ann.value);
  walk_target(w, s->as.ann.target, NULL);
}

static void walk_aug_assign(Walk *w, Stmt *s) {
  Expr *target = s->as.aug.target;
  if (target->kind != EXPR_NAME) {
    walk_expr(w, target);
    walk_expr(w, s->as.aug.value);
    return;
  }
  const Binding *b = scope_find(w->scope, target->as.name);
  LJ_ASSERT(b);
  if (!b->local) return; /* imported as well: reported */
  s->as.aug.read = walk_read(w, b->local);
  walk_use(w, &s->as.aug.read, NULL, target->span, NULL);
  walk_expr(w, s->as.aug.value);
  walk_target(w, target, NULL);
}

static void walk_return(Walk *w, Stmt *s) {
  walk_expr(w, s->as.value);
  w->env.dead = true;
}

static void walk_assert(Walk *w, Stmt *s) {
  walk_expr(w, s->as.assert_.cond);
  Env holds = env_copy(w);
  walk_expr(w, s->as.assert_.message);
  w->env = holds;
  w->env.dead |= is_always_false(s->as.assert_.cond);
}

/* Kind, Kind(args…), np.linalg.LinAlgError: the kind is no value, only its arguments are. */
static void walk_raise(Walk *w, Stmt *s) {
  Expr *e = s->as.raise.exception;
  if (!e) {
    diag_error(w->sema->diag, SYNTAX_ERROR, s->span, "'raise' without an exception: there is none to raise again");
    return;
  }
  Expr *kind = e->kind == EXPR_CALL ? e->as.call.callee : e;
  Sym name = kind->kind == EXPR_NAME ? kind->as.name : kind->kind == EXPR_ATTR ? kind->as.attr.name : NULL;
  if (!name) {
    diag_error(w->sema->diag, TYPE_ERROR, kind->span, "exceptions are raised by their kind, as in `raise ValueError(\"message\")`");
  } else if (error_kind_find(name->text, name->len) == ERROR_NONE) {
    if (scope_find(w->scope, name) || kind->kind == EXPR_ATTR)
      diag_error(w->sema->diag, TYPE_ERROR, kind->span, "'%s' is no kind of exception", name->text);
    else
      report_unknown_name(w->sema, w->scope, w->comps, name, kind->span);
  }
  if (e != kind) {
    e->id = w->func->expr_count++;
    walk_exprs(w, &e->as.call.args);
    for (uint32_t i = 0; i < e->as.call.keywords.len; i++) walk_expr(w, e->as.call.keywords.data[i].value);
  }
  kind->id = w->func->expr_count++;
  w->env.dead = true;
}

static void walk_def(Walk *w, Stmt *s) {
  FuncDef *func = s->as.def.func;
  const Binding *b = scope_find(w->scope, func->name);
  LJ_ASSERT(b);
  if (!b->local) return; /* imported as well: reported */
  Def *def = walk_new_def(w, DEF_FUNC, b->local, func->name_span);
  w->env.defs[b->local->index] = def;
  if (func->parent && !b->only_func) { /* else its captures stand where it is named */
    Def **captures = walk_captures(w, func, func->name_span);
    for (uint32_t i = 0; i < func->captures.len; i++) vec_push(w->sema->arena, &def->args, captures[i]);
  }
  s->as.def.def = def;
}

static void walk_stmt(Walk *w, Stmt *s) {
  s->id = w->func->stmt_count++;
  switch (s->kind) {
  case STMT_EXPR: walk_expr(w, s->as.expr); return;
  case STMT_ASSIGN: walk_assign_stmt(w, s); return;
  case STMT_ANN_ASSIGN: walk_ann_assign(w, s); return;
  case STMT_AUG_ASSIGN: walk_aug_assign(w, s); return;
  case STMT_IF: walk_if(w, s); return;
  case STMT_WHILE:
  case STMT_FOR: walk_loop(w, s); return;
  case STMT_BREAK: walk_break(w, s); return;
  case STMT_CONTINUE: walk_continue(w, s); return;
  case STMT_RETURN: walk_return(w, s); return;
  case STMT_ASSERT: walk_assert(w, s); return;
  case STMT_RAISE: walk_raise(w, s); return;
  case STMT_DEF: walk_def(w, s); return;
  case STMT_PASS:
  case STMT_IMPORT: return;
  case STMT_KIND_COUNT: break;
  }
  LJ_UNREACHABLE();
}

static void walk_block(Walk *w, const StmtVec *block) {
  for (uint32_t i = 0; i < block->len; i++) walk_stmt(w, block->data[i]);
}

/* Default values count to the function, but see the names around it. */
static void walk_defaults(Walk *w) {
  w->from = w->scope->parent;
  w->comp_depth++;
  for (uint32_t i = 0; i < w->func->params.len; i++) walk_expr(w, w->func->params.data[i].default_value);
  w->comp_depth--;
  w->from = w->scope;
}

void walk_function(Sema *sema, Scope *scope) {
  FuncDef *func = scope->func;
  Walk w = {.sema = sema, .scope = scope, .from = scope, .func = func, .local_count = func->locals.len};
  w.env.defs = arena_array(sema->arena, Def *, w.local_count);
  w.unset = arena_array(sema->arena, Def *, w.local_count);
  for (uint32_t i = 0; i < w.local_count; i++) {
    Local *local = func->locals.data[i];
    w.env.defs[i] = w.unset[i] = walk_new_def(&w, DEF_UNSET, local, local->span);
    if (local->is_param) w.env.defs[i] = walk_new_def(&w, DEF_PARAM, local, local->span);
    if (local->captured) w.env.defs[i] = walk_new_def(&w, DEF_CAPTURE, local, local->span);
  }
  walk_defaults(&w);
  walk_block(&w, &func->body);
  func->falls_off = !w.env.dead;
  walk_finish(&w);
}
