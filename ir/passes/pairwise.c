/* Float sums in NumPy's order, for pass "expand": blocks of at most 128 elements summed by 8 accumulators (64 and 4 for complex numbers),
 * blocks combined as a binary tree that halves the range at multiples of 8. The result of np.sum over contiguous floats is NumPy's bit for
 * bit, its error grows with log n only, and it does not depend on the vector width; the accumulators are independent, so that LLVM makes
 * vectors of them without `reassoc`. The tree is walked with two short stacks in the frame. In a parallel function the 32 subtrees of a long sum
 * are summed on threads.
 * In: a REDUCE that adds floats. Out: statements that add its innermost dimension to the accumulator. */
#include "ir/clone.h"
#include "ir/passes/passes.h"

enum {
  STACK = 64,     /* depth of the tree: below 58 for any range of int64 */
  MOST_STEPS = 64 /* of every loop but that over the blocks */
};

typedef struct Pairwise {
  IrBuilder *b;
  const IrStmt *reduce;
  IrVar *index;      /* of the innermost dimension */
  const Type *type;  /* of an element */
  int64_t lanes;     /* accumulators: 8 or 4 */
  IrVar *sums, *sizes, *lane; /* arrays in the frame */
  IrVar *depth, *at, *left, *block;
} Pairwise;

static const Type *int_type(Pairwise *p) { return type_scalar(p->b->types, DT_INT64); }
static IrExpr *num(Pairwise *p, int64_t v) { return ir_int(p->b, v); }
static IrExpr *op(Pairwise *p, IrOp o, IrExpr *a, IrExpr *c) { return ir_binary(p->b, o, a->type, a, c); }
static IrExpr *add(Pairwise *p, IrExpr *a, IrExpr *c) { return op(p, IR_ADD, a, c); }
static IrExpr *get(Pairwise *p, IrVar *v) { return ir_var(p->b, v); }

static IrVar *counter(Pairwise *p, const char *name, IrExpr *start) {
  IrVar *v = ir_new_var(p->b, name, start->type);
  ir_set(p->b, v, start);
  return v;
}

static IrVar *frame_array(Pairwise *p, const char *name, const Type *item, int64_t count) {
  IrStmt *s = ir_stmt(p->b, IRS_ALLOC);
  IrVar *v = ir_new_var(p->b, name, type_array(p->b->types, item->dtype, 1, LAYOUT_C, false));
  v->once = true;
  s->as.alloc.var = v;
  s->as.alloc.shape = arena_array(p->b->arena, IrExpr *, 1);
  s->as.alloc.shape[0] = num(p, count);
  s->as.alloc.local = true;
  return v;
}

static IrExpr *load(Pairwise *p, IrVar *array, IrExpr *at) { return ir_load(p->b, array, &at); }
static void store(Pairwise *p, IrVar *array, IrExpr *at, IrExpr *value) { ir_store(p->b, array, &at, value); }

/* Statements go into the body until `leave`. */
static IrBlock *enter(Pairwise *p, IrBlock *inner) {
  IrBlock *outer = p->b->block;
  p->b->block = inner;
  return outer;
}
static void leave(Pairwise *p, IrBlock *outer) { p->b->block = outer; }

static IrBlock *open_for(Pairwise *p, IrVar **index, const char *name, IrExpr *lo, IrExpr *hi) {
  IrStmt *s = ir_for(p->b, name, lo, hi);
  s->as.for_.loop.most = MOST_STEPS;
  *index = s->as.for_.index;
  return enter(p, &s->as.for_.body);
}

static IrBlock *open_while(Pairwise *p, IrExpr *cond, int64_t most) {
  IrStmt *s = ir_stmt(p->b, IRS_WHILE);
  s->as.while_.cond = cond;
  s->as.while_.loop.made = true;
  s->as.while_.loop.most = most;
  return enter(p, &s->as.while_.body);
}

/* The element at an index: a copy of the node's body. */
static IrExpr *element(Pairwise *p, IrExpr *index) {
  IrVar *at = ir_let(p->b, p->index->name, index);
  IrExpr *value = p->reduce->as.reduce.element;
  IrClone c = {.unit = p->b->unit, .func = p->b->func};
  map_put(p->b->arena, &c.vars, map_key(p->index), at);
  ir_clone_block(&c, &p->reduce->as.reduce.body, p->b->block);
  return ir_clone_expr(&c, value);
}

/* ---- one block: elements at … at + left ---- */

static void sum_lanes(Pairwise *p, IrExpr *full) {
  IrVar *k, *j;
  IrBlock *outer = open_for(p, &j, "j", num(p, 0), num(p, p->lanes));
  store(p, p->lane, get(p, j), ir_const(p->b, p->type, -0.0)); /* neutral, unlike 0.0 */
  leave(p, outer);
  outer = open_for(p, &k, "k", num(p, 0), full);
  IrBlock *middle = open_for(p, &j, "j", num(p, 0), num(p, p->lanes));
  IrExpr *index = add(p, add(p, get(p, p->at), op(p, IR_MUL, get(p, k), num(p, p->lanes))), get(p, j));
  IrExpr *value = element(p, index);
  store(p, p->lane, get(p, j), add(p, load(p, p->lane, get(p, j)), value));
  leave(p, middle);
  leave(p, outer);
  IrExpr *v[8];
  for (int64_t i = 0; i < p->lanes; i++) v[i] = ir_var(p->b, ir_let(p->b, NULL, load(p, p->lane, num(p, i))));
  for (int64_t step = 1; step < p->lanes; step *= 2)
    for (int64_t i = 0; i < p->lanes; i += 2 * step) v[i] = add(p, v[i], v[i + step]);
  ir_set(p->b, p->block, v[0]);
}

static void sum_block(Pairwise *p) {
  IrExpr *shift = num(p, p->lanes == 8 ? 3 : 2);
  IrVar *i;
  IrExpr *full = get(p, ir_let(p->b, "full", op(p, IR_SHR, get(p, p->left), shift)));
  ir_set(p->b, p->block, ir_const(p->b, p->type, 0));
  IrStmt *s = ir_stmt(p->b, IRS_IF);
  s->as.if_.cond = ir_compare(p->b, IR_GT, full, num(p, 0));
  IrBlock *outer = enter(p, &s->as.if_.then);
  sum_lanes(p, full);
  leave(p, outer);
  IrExpr *done = op(p, IR_MUL, full, num(p, p->lanes));
  outer = open_for(p, &i, "i", done, get(p, p->left));
  IrExpr *value = element(p, add(p, get(p, p->at), get(p, i)));
  ir_set(p->b, p->block, add(p, get(p, p->block), value));
  leave(p, outer);
  ir_set(p->b, p->at, add(p, get(p, p->at), get(p, p->left)));
}

/* ---- the tree ---- */

static IrExpr *top(Pairwise *p) { return op(p, IR_SUB, get(p, p->depth), num(p, 1)); }

/* Halves the range until it is one block; the right halves wait on the stack. */
static void descend(Pairwise *p) {
  IrExpr *size = num(p, 16 * p->lanes);
  IrBlock *outer = open_while(p, ir_compare(p->b, IR_GT, get(p, p->left), size), MOST_STEPS);
  IrExpr *half = op(p, IR_AND, op(p, IR_SHR, get(p, p->left), num(p, 1)), num(p, -p->lanes));
  half = get(p, ir_let(p->b, "half", half));
  store(p, p->sizes, get(p, p->depth), op(p, IR_SUB, get(p, p->left), half));
  ir_set(p->b, p->depth, add(p, get(p, p->depth), num(p, 1)));
  ir_set(p->b, p->left, half);
  leave(p, outer);
}

/* Where the right half is done, too (its size was taken), both make one sum. Entry 0 is never negative. */
static void ascend(Pairwise *p) {
  IrBlock *outer = open_while(p, ir_compare(p->b, IR_LT, load(p, p->sizes, top(p)), num(p, 0)), MOST_STEPS);
  ir_set(p->b, p->depth, top(p));
  ir_set(p->b, p->block, add(p, load(p, p->sums, get(p, p->depth)), get(p, p->block)));
  leave(p, outer);
}

/* The sum of elements at … at + left, into `block`. */
static void sum_range(Pairwise *p) {
  IrBuilder *b = p->b;
  p->sums = frame_array(p, "sums", p->type, STACK);
  p->sizes = frame_array(p, "sizes", int_type(p), STACK);
  p->lane = frame_array(p, "lane", p->type, p->lanes);
  p->depth = counter(p, "depth", num(p, 1));
  p->block = counter(p, "block", ir_const(b, p->type, 0));
  store(p, p->sizes, num(p, 0), num(p, 0));
  IrBlock *outer = open_while(p, ir_bool(b, true), 0);
  descend(p);
  sum_block(p);
  ascend(p);
  IrStmt *s = ir_stmt(b, IRS_IF);
  s->as.if_.cond = ir_compare(b, IR_EQ, get(p, p->depth), num(p, 1));
  IrBlock *loop = enter(p, &s->as.if_.then);
  ir_stmt(b, IRS_BREAK);
  leave(p, loop);
  store(p, p->sums, top(p), get(p, p->block));
  ir_set(b, p->left, load(p, p->sizes, top(p)));
  store(p, p->sizes, top(p), num(p, -1));
  leave(p, outer);
}

/* ---- subtrees on threads: the same tree, so the same bits ---- */

enum {
  LEVELS = 5,
  SUBTREES = 1 << LEVELS,
  CHEAP_FROM = 32768,
  COSTLY_FROM = 8192
}; /* all that is above a subtree holds more than one block */

static bool is_costly(const IrExpr *e) {
  if (e->op == IR_MATH || e->op == IR_RTCALL) return true;
  for (uint32_t i = 0; i < e->count; i++)
    if (is_costly(e->args[i])) return true;
  return false;
}

static void find_costly(IrExpr **slot, void *data) { *(bool *)data |= is_costly(*slot); }

/* From the root to subtree number t: one bit a level, the highest first. */
static void descend_to(Pairwise *p, IrVar *t, IrExpr *levels) {
  IrBuilder *b = p->b;
  IrVar *level;
  IrBlock *outer = open_for(p, &level, "level", num(p, 0), levels);
  IrExpr *half = get(p, ir_let(b, "half", op(p, IR_AND, op(p, IR_SHR, get(p, p->left), num(p, 1)), num(p, -p->lanes))));
  IrExpr *shift = op(p, IR_SUB, op(p, IR_SUB, levels, num(p, 1)), get(p, level));
  IrStmt *s = ir_stmt(b, IRS_IF);
  s->as.if_.cond = ir_compare(b, IR_NE, op(p, IR_AND, op(p, IR_SHR, get(p, t), shift), num(p, 1)), num(p, 0));
  IrBlock *loop = enter(p, &s->as.if_.then);
  ir_set(b, p->at, add(p, get(p, p->at), half));
  ir_set(b, p->left, op(p, IR_SUB, get(p, p->left), half));
  enter(p, &s->as.if_.orelse);
  ir_set(b, p->left, half);
  leave(p, loop);
  leave(p, outer);
}

/* Pairs of neighbours, level by level. */
static IrExpr *combine_subtrees(Pairwise *p, IrVar *parts, IrExpr *count) {
  IrBuilder *b = p->b;
  IrVar *width = counter(p, "width", count), *i;
  IrBlock *outer = open_while(p, ir_compare(b, IR_GT, get(p, width), num(p, 1)), MOST_STEPS);
  ir_set(b, width, op(p, IR_SHR, get(p, width), num(p, 1)));
  IrBlock *loop = open_for(p, &i, "i", num(p, 0), get(p, width));
  IrExpr *twice = op(p, IR_MUL, get(p, i), num(p, 2));
  store(p, parts, get(p, i), add(p, load(p, parts, twice), load(p, parts, add(p, twice, num(p, 1)))));
  leave(p, loop);
  leave(p, outer);
  return load(p, parts, num(p, 0));
}

static IrExpr *sum_subtrees(Pairwise *p, IrExpr *extent) {
  IrBuilder *b = p->b;
  IrStmt *reduce = (IrStmt *)(uintptr_t)p->reduce;
  bool costly = is_costly(reduce->as.reduce.element);
  for (uint32_t i = 0; i < reduce->as.reduce.body.len; i++) ir_stmt_exprs(reduce->as.reduce.body.data[i], find_costly, &costly);
  IrExpr *big = ir_compare(b, IR_GE, extent, num(p, costly ? COSTLY_FROM : CHEAP_FROM));
  IrExpr *levels = get(p, ir_let(b, "levels", ir_select(b, big, num(p, LEVELS), num(p, 0))));
  IrExpr *count = get(p, ir_let(b, "subtrees", op(p, IR_SHL, num(p, 1), levels)));
  IrVar *parts = frame_array(p, "parts", p->type, SUBTREES), *t;
  IrBlock *outer = open_for(p, &t, "t", num(p, 0), count);
  outer->data[outer->len - 1]->as.for_.loop = reduce->as.reduce.loop;
  p->at = counter(p, "at", num(p, 0));
  p->left = counter(p, "left", extent);
  descend_to(p, t, levels);
  sum_range(p);
  store(p, parts, get(p, t), get(p, p->block));
  leave(p, outer);
  return combine_subtrees(p, parts, count);
}

void expand_pairwise(IrBuilder *b, const IrStmt *reduce, IrBlock *out) {
  uint32_t inner = reduce->as.reduce.ndim - 1;
  Pairwise p = {.b = b, .reduce = reduce, .index = reduce->as.reduce.index[inner], .type = reduce->as.reduce.acc->type};
  IrBlock *saved = enter(&p, out);
  IrExpr *extent = reduce->as.reduce.extent[inner], *sum;
  p.lanes = type_is_complex(p.type) ? 4 : 8;
  if (reduce->as.reduce.loop.parallel && inner == 0) {
    sum = sum_subtrees(&p, extent);
  } else {
    p.at = counter(&p, "at", num(&p, 0));
    p.left = counter(&p, "left", extent);
    sum_range(&p);
    sum = get(&p, p.block);
  }
  ir_set(b, reduce->as.reduce.acc, add(&p, get(&p, reduce->as.reduce.acc), sum));
  leave(&p, saved);
}
