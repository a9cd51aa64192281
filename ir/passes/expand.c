/* Pass "expand": MAP and REDUCE nodes become FOR nests, the same loops that users write, so that every later pass is written once.
 * In: any unit. Out: no MAP, no REDUCE; what their IrFit asks for is seen to (fit_code.c), arrays that lie in memory alike and without gaps are
 * one long dimension (flatten.c). The first index is the outermost loop, or the innermost one of a column-major map. */
#include "ir/passes/fit_code.h"

typedef struct Expand {
  IrBuilder b;
  Facts f;
} Expand;

IrExpr *expand_combine(IrBuilder *b, ReduceOp op, IrExpr *acc, IrExpr *element) {
  static const IrOp ops[] = {[REDUCE_ADD] = IR_ADD,   [REDUCE_MUL] = IR_MUL,  [REDUCE_MIN] = IR_NPMIN,
                             [REDUCE_MAX] = IR_NPMAX, [REDUCE_AND] = IR_LAND, [REDUCE_OR] = IR_LOR};
  return ir_binary(b, ops[op], acc->type, acc, element);
}

/* A nest over the index space around `body`; the statement it replaces gives the remarks and the place. */
static IrStmt *nest(IrBuilder *b, uint32_t ndim, IrVar **index, IrExpr **extent, bool column_major, IrBlock body, const IrLoop *loop) {
  IrStmt *inner = NULL;
  for (uint32_t k = 0; k < ndim; k++) {
    uint32_t axis = column_major ? k : ndim - 1 - k;
    IrBlock none = {0};
    b->block = &none;
    IrStmt *s = ir_stmt(b, IRS_FOR);
    s->as.for_.index = index[axis];
    s->as.for_.lo = ir_int(b, 0);
    s->as.for_.hi = extent[axis];
    s->as.for_.loop.independent = loop->independent;
    s->as.for_.loop.alias = loop->alias;
    s->as.for_.loop.cold = loop->cold;
    if (inner)
      vec_push(b->arena, &s->as.for_.body, inner);
    else
      s->as.for_.body = body;
    if (k == ndim - 1) s->as.for_.loop = *loop;
    inner = s;
  }
  return inner;
}

/* The nest, or the body alone where there is no dimension. */
static void put(IrBuilder *b, IrBlock *out, uint32_t ndim, IrVar **index, IrExpr **extent, bool column_major, IrBlock body,
                const IrLoop *loop) {
  if (ndim)
    vec_push(b->arena, out, nest(b, ndim, index, extent, column_major, body, loop));
  else
    for (uint32_t i = 0; i < body.len; i++) vec_push(b->arena, out, body.data[i]);
  b->block = out;
}

static void map_nest(Expand *x, IrBlock *out, IrStmt *s) {
  IrLoop *loop = &s->as.map.loop;
  loop->independent = true;
  x->b.block = out;
  flatten_map(&x->b, &x->f, s);
  put(&x->b, out, s->as.map.ndim, s->as.map.index, s->as.map.extent, s->as.map.column_major, s->as.map.body, loop);
}

static void set_alias(IrBlock *block, IrAlias *alias) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    IrBlock *blocks[2];
    if (s->kind == IRS_FOR) s->as.for_.loop.alias = alias;
    if (s->kind == IRS_WHILE) s->as.while_.loop.alias = alias;
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) set_alias(blocks[k], alias);
  }
}

/* What was said about the sum goes to the loop that walks its tree. */
static void keep_remarks(Arena *arena, IrBlock *body, const IrRemarkVec *remarks) {
  for (uint32_t i = 0; i < body->len; i++) {
    IrStmt *s = body->data[i];
    IrLoop *loop = s->kind == IRS_WHILE ? &s->as.while_.loop : s->kind == IRS_FOR ? &s->as.for_.loop : NULL;
    if (!loop || loop->remarks.len) continue;
    for (uint32_t k = 0; k < remarks->len; k++) vec_push(arena, &loop->remarks, remarks->data[k]);
    return;
  }
}

static void reduce_nest(Expand *x, IrBlock *out, IrStmt *s) {
  IrBuilder *b = &x->b;
  IrLoop *loop = &s->as.reduce.loop;
  b->block = out;
  flatten_reduce(b, &x->f, s);
  uint32_t ndim = s->as.reduce.ndim;
  IrBlock body = s->as.reduce.body;
  if (s->as.reduce.pairwise && ndim && !(b->func->fastmath & FM_REASSOC)) {
    body = (IrBlock){0};
    expand_pairwise(b, s, &body);
    set_alias(&body, loop->alias);
    if (--ndim == 0) keep_remarks(b->arena, &body, &loop->remarks);
    loop->parallel = false; /* its order is fixed */
  } else {
    loop->independent = true; /* but for the accumulator, which is no memory */
    b->block = &body;
    IrExpr *value = expand_combine(b, s->as.reduce.op, ir_var(b, s->as.reduce.acc), s->as.reduce.element);
    ir_set(b, s->as.reduce.acc, value);
    IrReduction r = {.kind = REDUCTION_OP, .var = s->as.reduce.acc, .op = value->op, .at = s->span};
    if (loop->parallel) vec_push(b->arena, &loop->reductions, r);
  }
  put(b, out, ndim, s->as.reduce.index, s->as.reduce.extent, false, body, loop);
}

static void one_nest(Expand *x, IrBlock *out, IrStmt *s) {
  if (s->kind == IRS_MAP)
    map_nest(x, out, s);
  else
    reduce_nest(x, out, s);
}

/* The same nest for sources that are broadcast at run time: elements of views, in a branch of its own. */
static void general_nest(Expand *x, IrBlock *out, const IrStmt *s, FitCode *fit) {
  IrClone c = {.unit = x->b.unit, .func = x->b.func};
  IrStmt *copy = ir_clone_stmt(&c, s);
  bool is_map = s->kind == IRS_MAP;
  IrLoop *loop = is_map ? &copy->as.map.loop : &copy->as.reduce.loop;
  uint32_t ndim = is_map ? s->as.map.ndim : s->as.reduce.ndim;
  x->b.block = out;
  if (is_map) {
    fit_widen(fit, &copy->as.map.fit, ndim, copy->as.map.extent, &copy->as.map.body);
  } else {
    fit_widen(fit, &copy->as.reduce.fit, ndim, copy->as.reduce.extent, &copy->as.reduce.body);
    copy->as.reduce.element = ir_clone_expr(&fit->names, copy->as.reduce.element);
  }
  loop->remarks = (IrRemarkVec){0};
  loop->cold |= ndim == 1; /* one-element arrays among longer ones */
  one_nest(x, out, copy);
}

static void expand_nest(Expand *x, IrBlock *out, IrStmt *s) {
  bool is_map = s->kind == IRS_MAP;
  FitCode fit = {.b = &x->b, .f = &x->f};
  x->b.block = out;
  if (is_map)
    fit_open(&fit, &s->as.map.fit, s->as.map.ndim, s->as.map.extent, &s->as.map.body);
  else
    fit_open(&fit, &s->as.reduce.fit, s->as.reduce.ndim, s->as.reduce.extent, &s->as.reduce.body);
  IrLoop *loop = is_map ? &s->as.map.loop : &s->as.reduce.loop;
  if (fit.alias) loop->alias = fit.alias;
  if (fit.plain && loop->cold) { /* not worth two nests */
    general_nest(x, out, s, &fit);
  } else if (fit.plain) {
    IrStmt *branch = ir_stmt(&x->b, IRS_IF);
    branch->as.if_.cond = ir_var(&x->b, fit.plain);
    general_nest(x, &branch->as.if_.orelse, s, &fit);
    one_nest(x, &branch->as.if_.then, s);
  } else {
    one_nest(x, out, s);
  }
  x->b.block = out;
  fit_close(&fit);
}

static void expand_block(Expand *x, IrBlock *block) {
  IrBlock out = {0};
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) expand_block(x, blocks[k]);
    x->b.span = s->span;
    x->b.frame = s->frame;
    if (s->kind == IRS_MAP || s->kind == IRS_REDUCE)
      expand_nest(x, &out, s);
    else
      vec_push(x->b.arena, &out, s);
  }
  *block = out;
}

void pass_expand(IrUnit *unit) {
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    Expand x = {.b = {.arena = unit->arena, .unit = unit, .func = unit->funcs.data[i], .types = (TypeTable *)&unit->program->types}};
    fit_facts(&x.f, unit, unit->funcs.data[i]);
    expand_block(&x, &unit->funcs.data[i]->body);
  }
}
