/* Reductions of parallel loops: private copies in the chunks, and their combination in the order of the chunks.
 * Minima, maxima, and, or start from the value before the loop in every chunk, which changes nothing and needs no neutral element; sums and
 * products start from it. A float sum starts from -0.0, which is exactly neutral. */
#include "ir/passes/parallel.h"

static const Type *int_type(IrBuilder *b) { return type_scalar(b->types, DT_INT64); }
static const Type *bool_type(IrBuilder *b) { return type_scalar(b->types, DT_BOOL); }
static bool is_array(const Shared *sh) { return sh->what.kind == REDUCTION_ARRAY; }
static bool has_neutral(const IrReduction *r) {
  return (r->kind == REDUCTION_OP || r->kind == REDUCTION_ARRAY) && !r->is_best && (r->op == IR_ADD || r->op == IR_MUL || r->op == IR_XOR);
}
static bool needs_flag(const IrReduction *r) { return r->kind == REDUCTION_LAST || r->kind == REDUCTION_BEST; }

static IrExpr *neutral(IrBuilder *b, IrOp op, const Type *type) {
  double value = op == IR_MUL ? 1.0 : type_is_int(type) || type_is_bool(type) ? 0.0 : -0.0;
  return type_is_complex(type) ? ir_complex_const(b, type, value, op == IR_MUL ? 0.0 : -0.0) : ir_const(b, type, value);
}

static const Type *elem_type(IrBuilder *b, const Type *array) { return type_scalar(b->types, array->dtype); }

/* `count` NULL: one element per chunk, in the frame. */
static IrVar *parts_array(Outline *o, const char *name, DType dtype, IrExpr *count) {
  IrBuilder *b = &o->out;
  IrVar *var = ir_new_var(b, arena_printf(b->arena, "%s.parts", name), type_array(b->types, dtype, 1, LAYOUT_C, false));
  IrStmt *s = ir_stmt(b, IRS_ALLOC);
  var->once = true;
  var->owns = count != NULL;
  if (!count) {
    s->as.alloc.local = true;
    count = ir_int(b, PARALLEL_MOST_CHUNKS);
  }
  s->as.alloc.var = var;
  s->as.alloc.shape = arena_array(b->arena, IrExpr *, 1);
  s->as.alloc.shape[0] = count;
  return var;
}

void shared_alloc(Outline *o, Shared *sh) {
  IrBuilder *b = &o->out;
  IrVar *var = sh->what.var;
  IrExpr *count = is_array(sh) ? ir_binary(b, IR_MUL, int_type(b), ir_var(b, o->chunks), ir_size(b, var)) : NULL;
  sh->parts = parts_array(o, var->name, var->type->dtype, count);
  sh->own_parts = outline_capture(o, sh->parts);
  if (!needs_flag(&sh->what)) return;
  sh->sets = parts_array(o, var->name, DT_BOOL, NULL);
  sh->own_sets = outline_capture(o, sh->sets);
}

/* The copy of an array: a part of one long array. */
static IrExpr *part_view(IrBuilder *b, IrVar *parts, IrVar *chunk, IrVar *like) {
  const Type *t = like->type;
  IrExpr *shape[TYPE_MAX_NDIM], *strides[TYPE_MAX_NDIM], *item = ir_int(b, dtype_size(t->dtype)), *step = item;
  for (unsigned d = t->ndim; d-- > 0;) {
    shape[d] = ir_shape(b, like, d);
    strides[d] = step;
    step = ir_var(b, ir_let(b, NULL, ir_binary(b, IR_MUL, int_type(b), step, shape[d])));
  }
  IrExpr *offset = ir_binary(b, IR_MUL, int_type(b), ir_var(b, chunk), step);
  return ir_view(b, t, parts, ir_var(b, ir_let(b, NULL, offset)), shape, strides);
}

/* Opens loops over the elements of an array; gives the innermost body. */
static IrBlock *each_element(IrBuilder *b, IrVar *array, IrExpr **index) {
  IrBlock *outer = b->block;
  for (unsigned d = 0; d < array->type->ndim; d++) {
    unsigned axis = array->type->layout == LAYOUT_F ? array->type->ndim - 1u - d : d;
    IrStmt *s = ir_for(b, NULL, ir_int(b, 0), ir_shape(b, array, axis));
    index[axis] = ir_var(b, s->as.for_.index);
    b->block = &s->as.for_.body;
  }
  return outer;
}

void shared_start(Outline *o, Shared *sh) {
  IrBuilder *b = &o->in;
  IrVar *var = sh->what.var;
  if (is_array(sh)) {
    sh->start = outline_capture(o, var);
    sh->own = ir_let(b, var->name, part_view(b, sh->own_parts, o->chunk, sh->start));
    IrExpr *index[TYPE_MAX_NDIM];
    IrBlock *outer = each_element(b, sh->start, index);
    const Type *elem = elem_type(b, var->type);
    ir_store(b, sh->own, index, has_neutral(&sh->what) ? neutral(b, sh->what.op, elem) : ir_load(b, sh->start, index));
    b->block = outer;
  } else {
    sh->own = ir_new_var(b, var->name, var->type);
    sh->own->span = var->span;
    if (!has_neutral(&sh->what)) sh->start = outline_capture(o, var);
    ir_set(b, sh->own, sh->start ? ir_var(b, sh->start) : neutral(b, sh->what.op, var->type));
  }
  if (!needs_flag(&sh->what)) return;
  sh->set = ir_new_var(b, arena_printf(b->arena, "%s.set", var->name), bool_type(b));
  ir_set(b, sh->set, ir_bool(b, false));
}

void shared_mark(Outline *o, IrBlock *block) {
  IrBlock out = {0};
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) shared_mark(o, blocks[k]);
    vec_push(o->in.arena, &out, s);
    const IrVar *result = ir_stmt_result(s);
    for (uint32_t k = 0; result && k < o->shared.len; k++) {
      if (o->shared.data[k].own != result || !o->shared.data[k].set) continue;
      o->in.block = &out;
      o->in.span = s->span;
      ir_set(&o->in, o->shared.data[k].set, ir_bool(&o->in, true));
    }
  }
  *block = out;
}

void shared_finish(Outline *o, Shared *sh) {
  IrBuilder *b = &o->in;
  if (is_array(sh)) return;
  IrExpr *index = ir_var(b, o->chunk);
  ir_store(b, sh->own_parts, &index, ir_var(b, sh->own));
  if (sh->set) ir_store(b, sh->own_sets, &index, ir_var(b, sh->set));
}

static IrExpr *truth(IrBuilder *b, IrExpr *e) { return ir_cast(b, bool_type(b), e); }

static IrExpr *combined(IrBuilder *b, const IrReduction *r, IrExpr *var, IrExpr *part) {
  if (r->op == IR_LAND) return ir_select(b, truth(b, var), part, var);
  if (r->op == IR_LOR) return ir_select(b, truth(b, var), var, part);
  return ir_binary(b, r->op, var->type, r->swapped ? part : var, r->swapped ? var : part);
}

static IrExpr *is_better(IrBuilder *b, const IrReduction *r, IrExpr *part, IrExpr *var) {
  IrExpr *better = ir_compare(b, r->op, part, var);
  return r->negated ? ir_unary(b, IR_LNOT, better->type, better) : better;
}

static IrStmt *open_if(IrBuilder *b, IrExpr *cond) {
  IrStmt *s = ir_stmt(b, IRS_IF);
  s->as.if_.cond = cond;
  b->block = &s->as.if_.then;
  return s;
}

static void combine_array(Outline *o, const Shared *sh, IrVar *chunk) {
  IrBuilder *b = &o->out;
  IrVar *var = sh->what.var;
  IrExpr *index[TYPE_MAX_NDIM];
  IrVar *part = ir_let(b, NULL, part_view(b, sh->parts, chunk, var));
  IrBlock *outer = each_element(b, var, index);
  IrExpr *value = ir_load(b, part, index), *old = ir_load(b, var, index);
  if (sh->what.is_best)
    value = ir_select(b, is_better(b, &sh->what, value, old), value, old);
  else
    value = combined(b, &sh->what, old, value);
  ir_store(b, var, index, value);
  b->block = outer;
}

static void combine_best(Outline *o, const Shared *sh, IrExpr *set, IrExpr *part, IrExpr *index) {
  IrBuilder *b = &o->out;
  IrVar *var = sh->what.var;
  IrExpr *better = is_better(b, &sh->what, part, ir_var(b, var));
  IrBlock *outer = b->block;
  open_if(b, ir_binary(b, IR_LAND, better->type, set, better));
  ir_set(b, var, part);
  for (uint32_t i = 0; i < o->shared.len; i++) {
    const Shared *other = &o->shared.data[i];
    if (other->what.kind == REDUCTION_FOLLOW && other->what.leader == var) ir_set(b, other->what.var, ir_load(b, other->parts, &index));
  }
  b->block = outer;
}

static void combine_scalar(Outline *o, const Shared *sh, IrVar *chunk) {
  IrBuilder *b = &o->out;
  IrVar *var = sh->what.var;
  IrExpr *index = ir_var(b, chunk), *part = ir_var(b, ir_let(b, NULL, ir_load(b, sh->parts, &index)));
  IrExpr *set = sh->sets ? ir_load(b, sh->sets, &index) : NULL;
  IrBlock *outer = b->block;
  switch (sh->what.kind) {
  case REDUCTION_OP: ir_set(b, var, combined(b, &sh->what, ir_var(b, var), part)); break;
  case REDUCTION_BEST: combine_best(o, sh, set, part, index); break;
  case REDUCTION_LAST:
    open_if(b, set);
    ir_set(b, var, part);
    b->block = outer;
    break;
  case REDUCTION_FOLLOW: /* with its leader */
  case REDUCTION_ELEMENT: /* has become LAST */
  case REDUCTION_ARRAY: break;
  }
}

void shared_combine(Outline *o) {
  IrBuilder *b = &o->out;
  if (!o->shared.len) return;
  IrBlock *outer = b->block;
  IrStmt *s = ir_for(b, NULL, ir_int(b, 0), ir_var(b, o->chunks));
  IrVar *chunk = s->as.for_.index;
  b->block = &s->as.for_.body;
  for (uint32_t i = 0; i < o->shared.len; i++) {
    const Shared *sh = &o->shared.data[i];
    if (is_array(sh))
      combine_array(o, sh, chunk);
    else if (sh->what.kind != REDUCTION_FOLLOW)
      combine_scalar(o, sh, chunk);
  }
  b->block = outer;
  for (uint32_t i = 0; i < o->shared.len; i++)
    if (is_array(&o->shared.data[i])) ir_stmt(b, IRS_DROP)->as.drop.var = o->shared.data[i].parts;
}
