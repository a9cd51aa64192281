/* Pass "expand": MAP and REDUCE nodes become FOR nests, the same loops that users write, so that every later pass is written once.
 * In: any unit. Out: no MAP, no REDUCE. The first index is the outermost loop, or the innermost one of a column-major map. */
#include "ir/passes/passes.h"

static IrExpr *combine(IrBuilder *b, ReduceOp op, IrExpr *acc, IrExpr *element) {
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
    if (inner)
      vec_push(b->arena, &s->as.for_.body, inner);
    else
      s->as.for_.body = body;
    if (k == ndim - 1) s->as.for_.loop = *loop;
    inner = s;
  }
  return inner;
}

static void expand_block(IrBuilder *b, IrBlock *block);

static void expand_stmt(IrBuilder *b, IrBlock *out, IrStmt *s) {
  IrBlock *blocks[2];
  unsigned count = ir_stmt_blocks(s, blocks);
  for (unsigned i = 0; i < count; i++) expand_block(b, blocks[i]);
  b->span = s->span;
  IrBlock body;
  IrStmt *loops = s;
  if (s->kind == IRS_MAP) {
    body = s->as.map.body;
    if (s->as.map.ndim) loops = nest(b, s->as.map.ndim, s->as.map.index, s->as.map.extent, s->as.map.column_major, body, &s->as.map.loop);
  } else if (s->kind == IRS_REDUCE) {
    uint32_t ndim = s->as.reduce.ndim;
    body = s->as.reduce.body;
    if (s->as.reduce.pairwise && ndim && !(b->func->fastmath & FM_REASSOC)) {
      body = (IrBlock){0};
      expand_pairwise(b, s, &body);
      ndim--;
      s->as.reduce.loop.parallel = false; /* its order is fixed */
    } else {
      b->block = &body;
      IrExpr *value = combine(b, s->as.reduce.op, ir_var(b, s->as.reduce.acc), s->as.reduce.element);
      ir_set(b, s->as.reduce.acc, value);
      IrReduction r = {.kind = REDUCTION_OP, .var = s->as.reduce.acc, .op = value->op, .at = s->span};
      if (s->as.reduce.loop.parallel) vec_push(b->arena, &s->as.reduce.loop.reductions, r);
    }
    if (ndim) loops = nest(b, ndim, s->as.reduce.index, s->as.reduce.extent, false, body, &s->as.reduce.loop);
  }
  if (loops == s && (s->kind == IRS_MAP || s->kind == IRS_REDUCE)) /* no loop: the body alone */
    for (uint32_t i = 0; i < body.len; i++) vec_push(b->arena, out, body.data[i]);
  else
    vec_push(b->arena, out, loops);
}

static void expand_block(IrBuilder *b, IrBlock *block) {
  IrBlock out = {0};
  for (uint32_t i = 0; i < block->len; i++) expand_stmt(b, &out, block->data[i]);
  *block = out;
}

void pass_expand(IrUnit *unit) {
  for (uint32_t f = 0; f < unit->funcs.len; f++) {
    IrBuilder b = {.arena = unit->arena, .unit = unit, .func = unit->funcs.data[f], .types = (TypeTable *)&unit->program->types};
    expand_block(&b, &unit->funcs.data[f]->body);
  }
}
