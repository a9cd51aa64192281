/* Pass "defer": checks of float divisors leave the innermost loops, which LLVM can then make vectors of.
 *
 * A float division by zero does no harm by itself: it gives inf or nan. So a copy of the loop only notes whether any divisor was zero, and when one was, the
 * loop as it was runs over the same iterations again and raises the error where it belongs. Loops without stores are repeated as a whole; what they had set is
 * set back first. Loops with stores run in blocks of iterations: what a block is going to overwrite is kept in the frame, and put back before it is repeated.
 * So the error still comes at the right iteration, with the effects of all iterations before it and of none behind.
 * Only loops that may become faster: nothing but scalars, stores and such checks in the body, no array that is stored into and read elsewhere, no float sum
 * whose order is fixed.
 * In: a unit after "parallel". Out: more loops, checks only in loops that hardly ever run, remarks. */
#include "ir/passes/defer.h"
#include "ir/clone.h"

enum { BLOCK_SHIFT = 8, BLOCK = 1 << BLOCK_SHIFT, MAX_STORES = 6, MAX_LENGTH = 100 };

typedef struct Defer {
  IrBuilder b;
  IrStmt *loop;
  IrMove move;
  IrVarVec kept; /* variables that the body sets, but for those that are set once */
  const IrStmt *stores[MAX_STORES];
  uint32_t store_count, checks, length; /* length: statements of the body */
  Map slow; /* variables that a division, a function or a call makes */
  bool slow_divisor, reassoc;
  const char *why; /* the loop stays as it is */
} Defer;

static void refuse(Defer *d, const char *why) {
  if (!d->why) d->why = why;
}

/* ---- what is in the loop ---- */

static bool is_float_divisor(const IrStmt *s) {
  const IrExpr *ok = s->as.check.ok;
  return s->as.check.check == CHECK_DIVISOR && ok->op == IR_NE && type_is_float(ok->args[0]->type);
}

static bool is_pure_block(const IrBlock *block, int depth);

/* Without effects, errors and loops that might not end. */
static bool is_pure(const IrStmt *s, int depth) {
  IrBlock *blocks[2];
  if (s->kind == IRS_CALL) return depth < 4 && !s->as.call.callee->recursive && is_pure_block(&s->as.call.callee->body, depth + 1);
  if (s->kind != IRS_SET && s->kind != IRS_IF && s->kind != IRS_RETURN) return false;
  const IrVar *var = ir_stmt_result(s);
  if (var && (var->is_global || !type_is_scalar(var->type))) return false;
  unsigned count = ir_stmt_blocks((IrStmt *)(uintptr_t)s, blocks);
  for (unsigned k = 0; k < count; k++)
    if (!is_pure_block(blocks[k], depth)) return false;
  return true;
}

static bool is_pure_block(const IrBlock *block, int depth) {
  for (uint32_t i = 0; i < block->len; i++)
    if (!is_pure(block->data[i], depth)) return false;
  return true;
}

static bool is_slow(const Defer *d, const IrExpr *e) {
  if (e->op == IR_DIV || e->op == IR_FLOORDIV || e->op == IR_MOD || e->op == IR_MATH || e->op == IR_RTCALL) return true;
  if (e->op == IR_VAR) return map_get(&d->slow, map_key(e->as.var)) != NULL;
  for (uint32_t i = 0; i < e->count; i++)
    if (is_slow(d, e->args[i])) return true;
  return false;
}

static void see_result(Defer *d, IrVar *var, IrExpr *value) {
  if (!var) return;
  if (!value || is_slow(d, value)) map_put(d->b.arena, &d->slow, map_key(var), var);
  if (var->is_global || !type_is_scalar(var->type)) {
    refuse(d, "it makes arrays or other values that are no numbers");
  } else {
    if (!var->once && !map_get(&d->move.changed, map_key(var))) vec_push(d->b.arena, &d->kept, var);
    ir_move_see(&d->move, var, value);
  }
  if (value && !var->once && !d->reassoc && !type_is_int(var->type) && !type_is_bool(var->type) && ir_reads(value, var))
    refuse(d, "a float sum keeps its order");
}

/* Numbers that divisions spoil must not choose what is read: no conversions to integers. */
static void see_expr(IrExpr **slot, void *data) {
  Defer *d = data;
  IrExpr *e = *slot;
  if (e->op == IR_CAST && type_is_float(e->args[0]->type) && !type_is_float(e->type)) refuse(d, "it makes integers of floats");
  for (uint32_t i = 0; i < e->count; i++) see_expr(&e->args[i], data);
}

static void see_block(Defer *d, const IrBlock *block, bool guarded);

static void see_stmt(Defer *d, IrStmt *s, bool guarded) {
  ir_stmt_exprs(s, see_expr, d);
  if (++d->length > MAX_LENGTH) refuse(d, "it is long");
  if (s->kind == IRS_SET) {
    see_result(d, s->as.set.var, s->as.set.value);
  } else if (s->kind == IRS_CALL && is_pure(s, 0)) {
    see_result(d, s->as.call.result, NULL);
  } else if (s->kind == IRS_CHECK && is_float_divisor(s)) {
    d->checks++;
    d->slow_divisor |= is_slow(d, s->as.check.ok->args[0]);
  } else if (s->kind == IRS_STORE && !guarded && d->store_count < MAX_STORES) {
    d->stores[d->store_count++] = s;
  } else if (s->kind == IRS_IF) {
    see_block(d, &s->as.if_.then, true);
    see_block(d, &s->as.if_.orelse, true);
  } else {
    refuse(d, s->kind == IRS_CHECK ? "it has other checks" : s->kind == IRS_STORE ? "it stores under a condition" : "it has other effects");
  }
}

static void see_block(Defer *d, const IrBlock *block, bool guarded) {
  for (uint32_t i = 0; i < block->len; i++) see_stmt(d, block->data[i], guarded);
}

/* ---- indices of stores, for another index of the loop ---- */

static IrExpr **moved_indices(Defer *d, const IrStmt *store, IrVar *at) {
  unsigned ndim = store->as.store.array->type->ndim;
  IrExpr **out = arena_array(d->b.arena, IrExpr *, ndim + 1);
  d->move.at = at;
  for (unsigned k = 0; k < ndim; k++)
    if (!(out[k] = ir_moved(&d->move, store->as.store.indices[k]))) return NULL;
  return out;
}

/* An array that is stored into may be read where it is stored, not elsewhere: then one iteration needs the other. */
static void see_loads(IrExpr **slot, void *data) {
  Defer *d = data;
  const IrExpr *e = *slot;
  for (uint32_t i = 0; i < e->count; i++) see_loads(&(*slot)->args[i], data);
  if (e->op != IR_LOAD) return;
  for (uint32_t k = 0; k < d->store_count; k++) {
    const IrStmt *s = d->stores[k];
    if (s->as.store.array != e->args[0]->as.var) continue;
    IrExpr **indices = moved_indices(d, s, d->loop->as.for_.index);
    for (uint32_t i = 1; i < e->count && !d->why; i++) {
      const IrExpr *index = ir_moved(&d->move, e->args[i]);
      if (!index || !indices || !ir_same(index, indices[i - 1])) refuse(d, "an array is stored into and read elsewhere");
    }
  }
}

static void check_stores(Defer *d, IrBlock *block) {
  for (uint32_t k = 0; k < d->store_count; k++)
    if (!moved_indices(d, d->stores[k], d->loop->as.for_.index)) refuse(d, "where it stores depends on more than the loop's index");
  for (uint32_t i = 0; i < block->len; i++) {
    IrBlock *blocks[2];
    ir_stmt_exprs(block->data[i], see_loads, d);
    unsigned count = ir_stmt_blocks(block->data[i], blocks);
    for (unsigned k = 0; k < count; k++) check_stores(d, blocks[k]);
  }
}

/* ---- the new loops ---- */

static IrExpr *op(Defer *d, IrOp o, IrExpr *a, int64_t n) { return ir_binary(&d->b, o, a->type, a, ir_int(&d->b, n)); }

static IrStmt *new_for(Defer *d, IrExpr *lo, IrExpr *hi) {
  IrStmt *s = ir_for(&d->b, NULL, lo, hi);
  s->as.for_.loop.alias = d->loop->as.for_.loop.alias;
  return s;
}

/* Checks become notes in `zero`. */
static void note_checks(Defer *d, IrBlock *block, IrVar *zero) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    if (s->kind == IRS_CHECK) {
      IrExpr *hit = ir_compare(&d->b, IR_EQ, s->as.check.ok->args[0], s->as.check.ok->args[1]);
      s->kind = IRS_SET;
      s->as.set.var = zero;
      s->as.set.value = ir_binary(&d->b, IR_LOR, hit->type, ir_var(&d->b, zero), hit);
      s->as.set.move = false;
    }
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) note_checks(d, blocks[k], zero);
  }
}

static IrVar *frame_array(Defer *d, const IrStmt *store) {
  IrStmt *s = ir_stmt(&d->b, IRS_ALLOC);
  s->as.alloc.var = ir_new_var(&d->b, NULL, type_array(d->b.types, store->as.store.array->type->dtype, 1, LAYOUT_C, false));
  s->as.alloc.var->once = true;
  s->as.alloc.shape = arena_array(d->b.arena, IrExpr *, 1);
  s->as.alloc.shape[0] = ir_int(&d->b, BLOCK);
  s->as.alloc.local = true;
  return s->as.alloc.var;
}

/* Copies what the store overwrites in these iterations to the frame, or back. */
static void copy_kept(Defer *d, const IrStmt *store, IrVar *frame, IrVar *start, IrVar *stop, bool back) {
  IrBlock *outer = d->b.block;
  IrStmt *s = new_for(d, ir_var(&d->b, start), ir_var(&d->b, stop));
  IrVar *at = s->as.for_.index;
  IrExpr **indices = moved_indices(d, store, at);
  IrExpr *place = ir_binary(&d->b, IR_SUB, at->type, ir_var(&d->b, at), ir_var(&d->b, start));
  s->as.for_.loop.cold = back;
  s->as.for_.loop.most = BLOCK;
  d->b.block = &s->as.for_.body;
  if (back)
    ir_store(&d->b, store->as.store.array, indices, ir_load(&d->b, frame, &place));
  else
    ir_store(&d->b, frame, &place, ir_load(&d->b, store->as.store.array, indices));
  d->b.block = outer;
}

/* The loop over `start` to `stop` without checks, then, if any divisor was zero, once more with them. */
static void noted_loop(Defer *d, IrVar *start, IrVar *stop, IrVar *const *frames) {
  IrBuilder *b = &d->b;
  IrVarVec saved = {0};
  for (uint32_t i = 0; i < d->kept.len; i++) vec_push(b->arena, &saved, ir_let(b, NULL, ir_var(b, d->kept.data[i])));
  IrVar *zero = ir_new_var(b, "zero", type_scalar(b->types, DT_BOOL));
  ir_set(b, zero, ir_bool(b, false));
  d->loop->as.for_.lo = ir_var(b, start);
  d->loop->as.for_.hi = ir_var(b, stop);
  d->loop->as.for_.loop.most = d->store_count ? BLOCK : 0;
  IrClone c = {.unit = b->unit, .func = b->func};
  IrStmt *fast = ir_clone_stmt(&c, d->loop);
  note_checks(d, &fast->as.for_.body, zero);
  vec_push(b->arena, b->block, fast);
  IrStmt *branch = ir_stmt(b, IRS_IF);
  branch->as.if_.cond = ir_var(b, zero);
  IrBlock *outer = b->block;
  b->block = &branch->as.if_.then;
  for (uint32_t k = 0; k < d->store_count; k++) copy_kept(d, d->stores[k], frames[k], start, stop, true);
  for (uint32_t i = 0; i < d->kept.len; i++) ir_set(b, d->kept.data[i], ir_var(b, saved.data[i]));
  vec_push(b->arena, b->block, d->loop);
  b->block = outer;
  d->loop->as.for_.loop.remarks = (IrRemarkVec){0};
  d->loop->as.for_.loop.cold = true;
  ir_remark(b->arena, &fast->as.for_.loop, "defer", true, fast->span, "%u divisor check%s made at the end of %s", d->checks,
            d->checks == 1 ? "" : "s", d->store_count ? "blocks of iterations" : "the loop");
}

/* Blocks begin at multiples of their size, so that no sum of an index and a size can wrap. */
static void blocked_loop(Defer *d, IrVar *lo, IrVar *hi) {
  IrBuilder *b = &d->b;
  IrBlock *outer = b->block;
  IrVar *frames[MAX_STORES];
  for (uint32_t k = 0; k < d->store_count; k++) frames[k] = frame_array(d, d->stores[k]);
  IrExpr *first = op(d, IR_SHR, ir_var(b, lo), BLOCK_SHIFT), *last = op(d, IR_SHR, ir_var(b, hi), BLOCK_SHIFT);
  IrStmt *blocks = new_for(d, first, op(d, IR_ADD, last, 1));
  b->block = &blocks->as.for_.body;
  IrVar *begin = ir_let(b, NULL, op(d, IR_SHL, ir_var(b, blocks->as.for_.index), BLOCK_SHIFT));
  IrVar *start = ir_let(b, NULL, ir_binary(b, IR_PYMAX, lo->type, ir_var(b, begin), ir_var(b, lo)));
  IrVar *stop = ir_let(b, NULL, ir_binary(b, IR_PYMIN, lo->type, op(d, IR_ADD, ir_var(b, begin), BLOCK), ir_var(b, hi)));
  for (uint32_t k = 0; k < d->store_count; k++) copy_kept(d, d->stores[k], frames[k], start, stop, false);
  noted_loop(d, start, stop, frames);
  b->block = outer;
}

static Defer look_at(IrUnit *unit, IrFunc *func, IrStmt *s, IrBlock *out) {
  Defer d = {.b = {.arena = unit->arena,
                   .unit = unit,
                   .func = func,
                   .block = out,
                   .span = s->span,
                   .types = (TypeTable *)(uintptr_t)&unit->program->types},
             .loop = s,
             .move = {.arena = unit->arena, .index = s->as.for_.index, .at = s->as.for_.index},
             .reassoc = func->fastmath > 0 && (func->fastmath & FM_REASSOC)};
  see_block(&d, &s->as.for_.body, false);
  if (d.checks && !d.why) check_stores(&d, &s->as.for_.body);
  return d;
}

bool defer_is_best(IrUnit *unit, IrFunc *func, IrStmt *s) {
  Defer d = look_at(unit, func, s, NULL);
  return d.checks && !d.why && !s->as.for_.loop.parallel && (!d.store_count || d.slow_divisor);
}

/* Puts the loop, as it is or made new, into `out`. */
static void defer_for(IrUnit *unit, IrFunc *func, IrStmt *s, IrBlock *out) {
  Defer d = look_at(unit, func, s, out);
  if (d.checks && d.why) ir_remark(unit->arena, &s->as.for_.loop, "defer", false, s->span, "divisor checks stay in the loop: %s", d.why);
  if (!d.checks || d.why) {
    vec_push(unit->arena, out, s);
    return;
  }
  IrVar *lo = ir_let(&d.b, NULL, s->as.for_.lo), *hi = ir_let(&d.b, NULL, s->as.for_.hi);
  if (d.store_count)
    blocked_loop(&d, lo, hi);
  else
    noted_loop(&d, lo, hi, NULL);
}

static void defer_block(IrUnit *unit, IrFunc *func, IrBlock *block) {
  IrBlock out = {0};
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    if (s->kind == IRS_FOR && !s->as.for_.loop.cold && !s->as.for_.loop.parallel && !ir_any(&s->as.for_.body, ir_is_loop, NULL)) {
      defer_for(unit, func, s, &out);
      continue;
    }
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) defer_block(unit, func, blocks[k]);
    vec_push(unit->arena, &out, s);
  }
  *block = out;
}

void pass_defer(IrUnit *unit) {
  for (uint32_t i = 0; i < unit->funcs.len; i++)
    if (!unit->funcs.data[i]->is_main) defer_block(unit, unit->funcs.data[i], &unit->funcs.data[i]->body);
}
