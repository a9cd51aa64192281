/* Walks over the tree that know nothing but its shape: the children of a node, and the names that a block assigns.
 * Bodies of inner functions are not entered: they are scopes of their own. */
#include "frontend/sema.h"

static void each(const ExprVec *list, ExprFn *fn, void *ctx) {
  for (uint32_t i = 0; i < list->len; i++) fn(ctx, list->data[i]);
}
static void one(Expr *e, ExprFn *fn, void *ctx) {
  if (e) fn(ctx, e);
}

static void each_part(const FPart *parts, uint32_t count, ExprFn *fn, void *ctx) {
  for (uint32_t i = 0; i < count; i++) {
    one(parts[i].value, fn, ctx);
    each_part(parts[i].spec.data, parts[i].spec.len, fn, ctx);
  }
}

static void each_comp_child(const Expr *e, ExprFn *fn, void *ctx) {
  for (uint32_t i = 0; i < e->as.comp.clauses.len; i++) {
    const CompFor *clause = &e->as.comp.clauses.data[i];
    one(clause->iter, fn, ctx);
    one(clause->target, fn, ctx);
    each(&clause->conds, fn, ctx);
  }
  one(e->as.comp.elt, fn, ctx);
}

void expr_each_child(const Expr *e, ExprFn *fn, void *ctx) {
  switch (e->kind) {
  case EXPR_INT:
  case EXPR_FLOAT:
  case EXPR_IMAG:
  case EXPR_BOOL:
  case EXPR_NONE:
  case EXPR_ELLIPSIS:
  case EXPR_STR:
  case EXPR_NAME: return;
  case EXPR_FSTRING: each_part(e->as.parts.data, e->as.parts.len, fn, ctx); return;
  case EXPR_ATTR: one(e->as.attr.base, fn, ctx); return;
  case EXPR_INDEX: one(e->as.index.base, fn, ctx), each(&e->as.index.items, fn, ctx); return;
  case EXPR_SLICE: one(e->as.slice.lo, fn, ctx), one(e->as.slice.hi, fn, ctx), one(e->as.slice.step, fn, ctx); return;
  case EXPR_CALL:
    one(e->as.call.callee, fn, ctx), each(&e->as.call.args, fn, ctx);
    for (uint32_t i = 0; i < e->as.call.keywords.len; i++) one(e->as.call.keywords.data[i].value, fn, ctx);
    return;
  case EXPR_UNARY: one(e->as.unary.operand, fn, ctx); return;
  case EXPR_BINARY: one(e->as.binary.lhs, fn, ctx), one(e->as.binary.rhs, fn, ctx); return;
  case EXPR_COMPARE: each(&e->as.compare.operands, fn, ctx); return;
  case EXPR_BOOLOP: each(&e->as.boolop.operands, fn, ctx); return;
  case EXPR_IFEXP: one(e->as.ifexp.cond, fn, ctx), one(e->as.ifexp.then, fn, ctx), one(e->as.ifexp.orelse, fn, ctx); return;
  case EXPR_TUPLE:
  case EXPR_LIST: each(&e->as.list.items, fn, ctx); return;
  case EXPR_COMP: each_comp_child(e, fn, ctx); return;
  case EXPR_WALRUS: one(e->as.walrus.value, fn, ctx); return;
  case EXPR_KIND_COUNT: break;
  }
  LJ_UNREACHABLE();
}

void stmt_each_expr(const Stmt *s, ExprFn *fn, void *ctx) {
  switch (s->kind) {
  case STMT_EXPR: fn(ctx, s->as.expr); return;
  case STMT_ASSIGN: fn(ctx, s->as.assign.value), each(&s->as.assign.targets, fn, ctx); return;
  case STMT_ANN_ASSIGN: one(s->as.ann.value, fn, ctx), fn(ctx, s->as.ann.target); return;
  case STMT_AUG_ASSIGN: fn(ctx, s->as.aug.target), fn(ctx, s->as.aug.value); return;
  case STMT_IF: fn(ctx, s->as.if_.cond); return;
  case STMT_WHILE: fn(ctx, s->as.loop.cond); return;
  case STMT_FOR: fn(ctx, s->as.loop.iter), fn(ctx, s->as.loop.target); return;
  case STMT_RETURN: one(s->as.value, fn, ctx); return;
  case STMT_ASSERT: fn(ctx, s->as.assert_.cond), one(s->as.assert_.message, fn, ctx); return;
  case STMT_RAISE: one(s->as.raise.exception, fn, ctx); return;
  case STMT_BREAK:
  case STMT_CONTINUE:
  case STMT_PASS:
  case STMT_DEF:
  case STMT_IMPORT: return;
  case STMT_KIND_COUNT: break;
  }
  LJ_UNREACHABLE();
}

void stmt_blocks(Stmt *s, StmtVec *blocks[2]) {
  bool is_loop = s->kind == STMT_WHILE || s->kind == STMT_FOR;
  blocks[0] = s->kind == STMT_IF ? &s->as.if_.body : is_loop ? &s->as.loop.body : NULL;
  blocks[1] = s->kind == STMT_IF ? &s->as.if_.orelse : is_loop ? &s->as.loop.orelse : NULL;
}

typedef struct Collect {
  AssignedFn *fn;
  void *ctx;
  Stmt *stmt;
  bool in_loop;
} Collect;

static void collect_walrus(void *ctx, Expr *e) {
  Collect *c = ctx;
  if (e->kind == EXPR_WALRUS) c->fn(c->ctx, &(Assigned){.name = e->as.walrus.name, .span = e->as.walrus.name_span, .in_loop = c->in_loop});
  expr_each_child(e, collect_walrus, ctx);
}

static void collect_target(Collect *c, const Expr *target, Expr *value, Expr *annotation) {
  if (target->kind == EXPR_NAME) c->fn(c->ctx, &(Assigned){target->as.name, target->span, c->stmt, value, annotation, NULL, c->in_loop});
  if (target->kind == EXPR_TUPLE || target->kind == EXPR_LIST)
    for (uint32_t i = 0; i < target->as.list.items.len; i++) collect_target(c, target->as.list.items.data[i], NULL, NULL);
}

static void collect_block(Collect *c, const StmtVec *block);

/* What the statement itself binds, its expressions included. */
static void collect_own(Collect *c, Stmt *s) {
  stmt_each_expr(s, collect_walrus, c);
  c->stmt = s;
  if (s->kind == STMT_ASSIGN) {
    const ExprVec *targets = &s->as.assign.targets;
    for (uint32_t i = 0; i < targets->len; i++) collect_target(c, targets->data[i], targets->len == 1 ? s->as.assign.value : NULL, NULL);
  } else if (s->kind == STMT_ANN_ASSIGN) {
    collect_target(c, s->as.ann.target, NULL, s->as.ann.annotation);
  } else if (s->kind == STMT_AUG_ASSIGN) {
    collect_target(c, s->as.aug.target, NULL, NULL);
  } else if (s->kind == STMT_FOR) {
    collect_target(c, s->as.loop.target, NULL, NULL);
  } else if (s->kind == STMT_DEF) {
    c->fn(c->ctx, &(Assigned){s->as.def.func->name, s->as.def.func->name_span, s, NULL, NULL, s->as.def.func, c->in_loop});
  }
}

static void collect_stmt(Collect *c, Stmt *s) {
  bool was_in_loop = c->in_loop, is_loop = s->kind == STMT_FOR || s->kind == STMT_WHILE;
  c->in_loop |= is_loop;
  collect_own(c, s);
  StmtVec *blocks[2];
  stmt_blocks(s, blocks);
  if (blocks[0]) collect_block(c, blocks[0]);
  c->in_loop = was_in_loop; /* the orelse of a loop runs once */
  if (blocks[1]) collect_block(c, blocks[1]);
}

static void collect_block(Collect *c, const StmtVec *block) {
  for (uint32_t i = 0; i < block->len; i++) collect_stmt(c, block->data[i]);
}

void block_each_assigned(const StmtVec *block, bool in_loop, AssignedFn *fn, void *ctx) {
  collect_block(&(Collect){.fn = fn, .ctx = ctx, .in_loop = in_loop}, block);
}

void loop_each_assigned(Stmt *loop, AssignedFn *fn, void *ctx) {
  Collect c = {.fn = fn, .ctx = ctx, .in_loop = true};
  collect_own(&c, loop);
  collect_block(&c, &loop->as.loop.body);
}
