/* for and while, their else parts, break and continue, and the versions that meet at their heads and exits. A flag says whether a break
 * left the loop: where an else part or a conversion at the loop's normal end depends on it, or where several loops of the IR stand for
 * one of the source. In: statements. Out: FOR and WHILE. */
#include "ir/lower/lower_parallel.h"

struct LoopCtx {
  LoopCtx *outer;
  const Stmt *stmt;
  IrVar *broke;   /* NULL when nothing depends on it */
  bool any_break; /* one was lowered */
  bool is_parallel;
};

static bool has_reached(const Lower *lo, const StmtVec *body) { return body->len && lo->spec->stmt_reached[body->data[0]->id]; }

/* Does anything at the normal end of the loop happen only when no break left it? */
static bool needs_flag(const Lower *lo, const Stmt *s, bool several_loops) {
  if (s->as.loop.exit.edge_count <= 1) return false;
  return several_loops || s->as.loop.orelse.len || lower_edge_converts(lo, &s->as.loop.exit.phis, 0);
}

static IrVar *make_flag(Lower *lo, uint32_t at) {
  IrVar *flag = ir_new_var(&lo->b, NULL, type_scalar(lo->types, DT_BOOL));
  flag->name = arena_printf(lo->arena, "broke%u", flag->id);
  IrBlock set = {0}, *outer = lower_enter(lo, &set);
  ir_set(&lo->b, flag, ir_bool(&lo->b, false));
  lower_leave(lo, outer);
  vec_push(lo->arena, outer, NULL); /* before the loop */
  memmove(&outer->data[at + 1], &outer->data[at], (outer->len - at - 1) * sizeof *outer->data);
  outer->data[at] = set.data[0];
  return flag;
}

/* What follows the loop: else part and edge 0 of the exit. True when control gets through it. */
static bool lower_exit(Lower *lo, const Stmt *s, const LoopCtx *ctx) {
  IrBlock *outer = lo->b.block;
  lo->b.span = s->span;
  bool has_else = has_reached(lo, &s->as.loop.orelse), converts = lower_edge_converts(lo, &s->as.loop.exit.phis, 0);
  if (!has_else && !converts) return true;
  if (ctx->broke && ctx->any_break) {
    IrStmt *branch = ir_stmt(&lo->b, IRS_IF);
    branch->as.if_.cond = lower_not(lo, ir_var(&lo->b, ctx->broke));
    lower_enter(lo, &branch->as.if_.then);
  }
  bool falls = !has_else || lower_block(lo, &s->as.loop.orelse);
  if (falls) lower_edge(lo, &s->as.loop.exit.phis, 0);
  lower_leave(lo, outer);
  return falls;
}

static void lower_loop_body(Lower *lo, const Stmt *s, LoopCtx *ctx) {
  lo->loop = ctx;
  if (lower_block(lo, &s->as.loop.body)) lower_edge(lo, &s->as.loop.head.phis, 1);
  lo->loop = ctx->outer;
  lo->b.span = s->span;
}

static bool lower_while(Lower *lo, const Stmt *s) {
  LoopCtx ctx = {.outer = lo->loop, .stmt = s};
  if (needs_flag(lo, s, false)) ctx.broke = make_flag(lo, lo->b.block->len);
  lower_edge(lo, &s->as.loop.head.phis, 0);
  IrStmt *loop = ir_stmt(&lo->b, IRS_WHILE);
  IrBlock *outer = lower_enter(lo, &loop->as.while_.head);
  uint32_t mark = lo->temps.len;
  IrExpr *cond = lower_cond(lo, s->as.loop.cond);
  if (lo->temps.len > mark) cond = lower_bind(lo, NULL, cond);
  lower_drop_temps(lo, mark);
  loop->as.while_.cond = cond;
  int64_t known = 0;
  bool always = ir_is_int_const(cond, &known) && known;
  lower_enter(lo, &loop->as.while_.body);
  if (has_reached(lo, &s->as.loop.body)) lower_loop_body(lo, s, &ctx);
  lower_leave(lo, outer);
  bool falls = !always && lower_exit(lo, s, &ctx);
  return falls || ctx.any_break;
}

static bool in_parallel(const LoopCtx *ctx) {
  while (ctx && !ctx->is_parallel) ctx = ctx->outer;
  return ctx != NULL;
}

/* The clauses of a generator are loops of their own. */
static bool is_several(const Lower *lo, const Expr *iter) {
  if (iter->kind == EXPR_COMP) return true;
  const Callee *callee = iter->kind == EXPR_CALL || iter->kind == EXPR_ATTR ? spec_callee(lo->spec, iter) : NULL;
  if (!callee || callee->kind != CALLEE_BUILTIN) return false;
  BuiltinId id = callee->builtin->id;
  return id == BI_NDINDEX || id == BI_NDENUMERATE || id == BI_A_FLAT;
}

static bool lower_for(Lower *lo, const Stmt *s) {
  LoopCtx ctx = {.outer = lo->loop, .stmt = s};
  ctx.is_parallel = s->as.loop.is_parallel && spec_parallel(lo->spec) && !in_parallel(lo->loop);
  if (!has_reached(lo, &s->as.loop.body)) { /* an empty tuple */
    lower_expr(lo, s->as.loop.iter);
    return lower_exit(lo, s, &ctx);
  }
  lower_edge(lo, &s->as.loop.head.phis, 0);
  uint32_t at = lo->b.block->len;
  LoopNest nest = {0};
  IrBlock *outer = lo->b.block;
  IrExpr *element = nest_open(lo, &nest, s->as.loop.iter, s->as.loop.target, ctx.is_parallel);
  if (ctx.is_parallel) {
    const IrExpr *shown = element;
    while (shown->op == IR_CAST) shown = shown->args[0];
    IrStmt *loop = nest.levels.data[0].loop;
    loop->as.for_.loop.iteration = shown->op == IR_VAR ? shown->as.var : loop->as.for_.index;
    lower_parallel_loop(lo, s, &loop->as.for_.loop);
  }
  if (needs_flag(lo, s, is_several(lo, s->as.loop.iter))) {
    IrBlock *inner = lower_enter(lo, outer);
    ctx.broke = make_flag(lo, at);
    lower_leave(lo, inner);
  }
  nest_break(&nest, ctx.broke);
  uint32_t mark = lo->temps.len;
  lower_assign(lo, s->as.loop.target, element, s->as.loop.target->span);
  lower_drop_temps(lo, mark);
  lower_loop_body(lo, s, &ctx);
  nest_end(lo, &nest);
  lower_drop_temps(lo, nest.header);
  bool falls = lower_exit(lo, s, &ctx);
  return falls || ctx.any_break;
}

bool lower_loop(Lower *lo, const Stmt *s) { return s->kind == STMT_FOR ? lower_for(lo, s) : lower_while(lo, s); }

void lower_jump(Lower *lo, const Stmt *s) {
  LoopCtx *ctx = lo->loop;
  LJ_ASSERT(ctx && ctx->stmt == s->as.jump.loop);
  bool is_break = s->kind == STMT_BREAK;
  lower_edge(lo, is_break ? &ctx->stmt->as.loop.exit.phis : &ctx->stmt->as.loop.head.phis, s->as.jump.edge);
  if (is_break && ctx->broke) ir_set(&lo->b, ctx->broke, ir_bool(&lo->b, true));
  if (is_break) ctx->any_break = true;
  ir_stmt(&lo->b, is_break ? IRS_BREAK : IRS_CONTINUE);
}
