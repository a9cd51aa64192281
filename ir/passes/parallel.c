/* Pass "parallel": the body of an outermost parallel FOR becomes a function over a part of the range, which the runtime calls for each chunk.
 * What the loop reads is captured: scalars by value, arrays borrowed. What it sets is private to the function, except for reductions and for
 * variables whose last value is read later: those have copies that are combined (parallel_reduce.c).
 * The number of chunks depends on the range and on estimated costs alone, never on the number of threads, so neither does any result.
 * In: a unit whose checks and versions are settled; loops that lowering allowed to run in parallel. Out: PARALLEL statements, functions. */
#include "ir/passes/parallel.h"

#include "ir/clone.h"

/* The least work that is worth a chunk. A launch of two threads that are awake takes 0.5 us (1 us with 128 chunks, 1.3 us in clang's OpenMP), of
 * threads that sleep ten times as much: a loop must be worth two chunks to run on threads at all. */
enum { CHUNK_PS = 4000000, COPY_PS = 1000 }; /* COPY_PS: an element of a private copy, made and combined */

/* ---- what a loop uses ---------------------------------------------------------------------------------------------------------------- */

static void mark_var(IrVar **slot, void *data) {
  if (*slot && !(*slot)->is_global) ((bool *)data)[(*slot)->id] = true;
}

static void mark_expr(const IrExpr *e, bool *marks) {
  if (e->op == IR_VAR && !e->as.var->is_global) marks[e->as.var->id] = true;
  for (uint32_t i = 0; i < e->count; i++) mark_expr(e->args[i], marks);
}

static void mark_slot(IrExpr **slot, void *data) {
  if (*slot) mark_expr(*slot, data); /* a statement that stands for several has no condition */
}

/* Everything that is mentioned in the block, except below `skip`. */
static void mark_outside(IrBlock *block, const IrStmt *skip, bool *marks) {
  const IrMentions m = {mark_var, mark_slot, marks};
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    if (s == skip) {
      ir_stmt_exprs(s, mark_slot, marks);
      continue;
    }
    ir_mentions(&m, s);
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) mark_outside(blocks[k], skip, marks);
  }
}

/* Marks what the block sets, or drops: of an array that never got into memory (pass "fuse") that is all there is. Loops inside run serially; false when it
 * sets what is not the function's own. */
static bool mark_inside(IrBlock *block, bool *marks) {
  bool ok = true;
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    IrVar *var = s->kind == IRS_FOR ? s->as.for_.index : s->kind == IRS_DROP ? s->as.drop.var : ir_stmt_result(s);
    if (s->kind == IRS_RETURN || s->kind == IRS_PARALLEL || (var && var->is_global))
      ok = false;
    else if (var)
      marks[var->id] = true;
    if (s->kind == IRS_FOR) s->as.for_.loop.parallel = false;
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) ok &= mark_inside(blocks[k], marks);
  }
  return ok;
}

/* ---- the chunk function -------------------------------------------------------------------------------------------------------------- */

static IrVar *add_param(Outline *o, const char *name, const Type *type) {
  IrVar *param = ir_new_var(&o->in, name, type);
  param->is_param = param->once = true;
  vec_push(o->in.arena, &o->body->params, param);
  return param;
}

IrVar *outline_capture(Outline *o, IrVar *var) {
  for (uint32_t i = 0; i < o->captures.len; i++)
    if (o->captures.data[i] == var) return o->body->params.data[i + 3];
  IrVar *param = add_param(o, var->name, var->type);
  param->span = var->span;
  vec_push(o->out.arena, &o->captures, var);
  return param;
}

static IrVar *translated(Outline *o, IrVar *var) {
  if (!var || var->is_global) return var;
  IrVar *own = map_get(&o->vars, map_key(var));
  if (own) return own;
  if (!o->inside[var->id]) {
    own = outline_capture(o, var);
  } else {
    own = arena_new(o->in.arena, IrVar);
    *own = *var;
    own->id = o->body->vars.len;
    vec_push(o->in.arena, &o->body->vars, own);
  }
  map_put(o->in.arena, &o->vars, map_key(var), own);
  return own;
}

static IrExpr *translate_node(IrExpr *e, void *data) {
  Outline *o = data;
  if (e->op != IR_VAR) return e;
  IrVar *own = translated(o, e->as.var);
  return own == e->as.var ? e : ir_var(&o->in, own);
}

static void translate_slot(IrExpr **slot, void *data) { *slot = ir_rewrite(((Outline *)data)->in.arena, *slot, translate_node, data); }
static void translate_var(IrVar **slot, void *data) { *slot = translated(data, *slot); }

static void translate_stmt(const IrMentions *m, IrStmt *s) {
  ir_mentions(m, s);
  IrBlock *blocks[2];
  unsigned count = ir_stmt_blocks(s, blocks);
  for (unsigned k = 0; k < count; k++)
    for (uint32_t i = 0; i < blocks[k]->len; i++) translate_stmt(m, blocks[k]->data[i]);
}

/* Loops that shared what is known go on sharing it: accesses of an outer and an inner loop are apart only under the same IrAlias. */
static IrAlias *own_alias(Outline *o, const IrAlias *from) {
  IrAlias *alias = map_get(&o->vars, map_key(from));
  if (alias) return alias;
  alias = arena_new(o->in.arena, IrAlias);
  alias->group_count = from->group_count;
  for (uint32_t k = 0; k < from->arrays.len; k++) {
    IrAliasGroup g = from->arrays.data[k];
    IrVar *own = map_get(&o->vars, map_key(g.array));
    if (own) vec_push(o->in.arena, &alias->arrays, ((IrAliasGroup){own, g.group}));
  }
  map_put(o->in.arena, &o->vars, map_key(from), alias);
  return alias;
}

static void translate_alias(Outline *o, IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    IrLoop *loop = s->kind == IRS_FOR ? &s->as.for_.loop : s->kind == IRS_WHILE ? &s->as.while_.loop : NULL;
    if (loop && loop->alias) loop->alias = own_alias(o, loop->alias);
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) translate_alias(o, blocks[k]);
  }
}

/* The ranges that variables are known to have. */
static void translate_ranges(Outline *o) {
  for (uint32_t i = 0; i < o->body->vars.len; i++) { /* grows by captures that the ranges mention */
    IrVar *var = o->body->vars.data[i];
    if (!var->lo || var->is_param) continue;
    translate_slot(&var->lo, o);
    translate_slot(&var->hi, o);
    var->last = NULL;
  }
}

static void make_body(Outline *o) {
  IrBuilder *b = &o->in;
  IrStmt *loop = o->loop;
  b->block = &o->body->body;
  for (uint32_t i = 0; i < o->shared.len; i++) {
    Shared *sh = &o->shared.data[i];
    shared_start(o, sh);
    map_put(b->arena, &o->vars, map_key(sh->what.var), sh->own);
  }
  Span span = loop->span;
  loop->as.for_.lo = ir_var(b, o->lo);
  loop->as.for_.hi = ir_var(b, o->hi);
  loop->as.for_.loop.parallel = false;
  const IrMentions m = {translate_var, translate_slot, o};
  translate_var(&loop->as.for_.index, o);
  for (uint32_t i = 0; i < loop->as.for_.body.len; i++) translate_stmt(&m, loop->as.for_.body.data[i]);
  vec_push(b->arena, &o->body->body, loop);
  translate_ranges(o);
  translate_alias(o, &o->body->body);
  shared_mark(o, &loop->as.for_.body);
  b->block = &o->body->body;
  b->span = span;
  for (uint32_t i = 0; i < o->shared.len; i++) shared_finish(o, &o->shared.data[i]);
  ir_stmt(b, IRS_RETURN);
}

/* ---- the caller ---------------------------------------------------------------------------------------------------------------------- */

/* How many chunks: every CHUNK_PS of work, at the most PARALLEL_MOST_CHUNKS; fewer when each of them copies arrays. */
static void count_chunks(Outline *o) {
  IrBuilder *b = &o->out;
  const Type *type = type_scalar(b->types, DT_INT64);
  IrExpr *cost = loop_cost(b, o->loop, o->inside);
  IrExpr *n = ir_binary(b, IR_SUB, type, o->loop->as.for_.hi, o->loop->as.for_.lo);
  n = ir_var(b, ir_let(b, NULL, ir_binary(b, IR_PYMAX, type, n, ir_int(b, 0))));
  int64_t known;
  bool is_known = ir_is_int_const(cost, &known);
  IrExpr *grain = is_known ? ir_int(b, known < CHUNK_PS ? CHUNK_PS / known : 1)
                           : ir_binary(b, IR_PYMAX, type, ir_binary(b, IR_FLOORDIV, type, ir_int(b, CHUNK_PS), cost), ir_int(b, 1));
  if (is_known) o->serial_below = 2 * (known < CHUNK_PS ? CHUNK_PS / known : 1);
  IrExpr *chunks = ir_binary(b, IR_FLOORDIV, type, n, grain);
  int64_t most = PARALLEL_MOST_CHUNKS;
  for (uint32_t i = 0; i < o->shared.len; i++) {
    if (o->shared.data[i].what.kind != REDUCTION_ARRAY) continue;
    most = PARALLEL_MOST_COPIES;
    IrExpr *size = ir_binary(b, IR_ADD, type, ir_size(b, o->shared.data[i].what.var), ir_int(b, 1));
    size = ir_binary(b, IR_MUL, type, size, ir_int(b, COPY_PS));
    IrExpr *work = ir_binary(b, IR_PYMIN, type, cost, ir_int(b, (int64_t)1 << 28)); /* the product fits in 63 bits */
    work = ir_binary(b, IR_MUL, type, ir_binary(b, IR_PYMIN, type, n, ir_int(b, (int64_t)1 << 34)), work);
    chunks = ir_binary(b, IR_PYMIN, type, chunks, ir_binary(b, IR_FLOORDIV, type, work, size));
    o->serial_below = 0;
  }
  chunks = ir_binary(b, IR_PYMAX, type, ir_binary(b, IR_PYMIN, type, chunks, ir_int(b, most)), ir_int(b, 1));
  o->chunks = ir_let(b, "chunks", chunks);
}

/* All that iterations share is known from lowering; the rest is private, even if another version of the loop uses the same variables. */
static void find_shared(Outline *o) {
  const IrLoop *loop = &o->loop->as.for_.loop;
  for (uint32_t i = 0; i < loop->reductions.len; i++) {
    vec_push(o->out.arena, &o->shared, ((Shared){.what = loop->reductions.data[i]}));
    o->outside[loop->reductions.data[i].var->id] = true;
  }
}

/* Variables that moved into the chunk function leave the caller: the first `known` ones may have. */
static void forget_private(Outline *o, uint32_t known) {
  IrVarVec kept = {0};
  for (uint32_t i = 0; i < o->caller->vars.len; i++) {
    IrVar *var = o->caller->vars.data[i];
    if (i < known && o->inside[i] && !o->outside[i]) continue;
    var->id = kept.len;
    vec_push(o->out.arena, &kept, var);
  }
  o->caller->vars = kept;
}

static IrFunc *make_function(IrUnit *unit, IrFunc *caller) {
  IrFunc *f = arena_new(unit->arena, IrFunc);
  f->spec = caller->spec;
  f->unit = unit;
  f->index = unit->funcs.len;
  f->name = arena_printf(unit->arena, "%s.loop%u", caller->name, f->index);
  f->result = ((TypeTable *)(uintptr_t)&unit->program->types)->none;
  f->fastmath = caller->fastmath;
  f->is_chunk = true;
  vec_push(unit->arena, &unit->funcs, f);
  return f;
}

static void remark(Outline *o) {
  static const char *const names[] = {[IR_ADD] = "+", [IR_MUL] = "*",    [IR_AND] = "&", [IR_OR] = "|",
                                      [IR_XOR] = "^", [IR_LAND] = "and", [IR_LOR] = "or"};
  StrBuf text = {0};
  if (o->serial_below > 2) sb_printf(&text, " from %lld iterations on", (long long)o->serial_below);
  for (uint32_t i = 0; i < o->shared.len; i++) {
    const IrReduction *r = &o->shared.data[i].what;
    const char *how = r->op < LJ_COUNT(names) && names[r->op] ? names[r->op] : r->kind == REDUCTION_LAST ? "last value" : "extreme";
    if (r->kind == REDUCTION_FOLLOW) how = arena_printf(o->out.arena, "with %s", r->leader->name);
    sb_printf(&text, "%s%s (%s)", i ? ", " : "; combined: ", r->var->name, how);
  }
  ir_remark(o->out.arena, &o->loop->as.for_.loop, "parallel", true, o->loop->span, "runs in chunks on the threads%s", sb_text(&text));
  sb_drop(&text);
}

static void forget_remarks(IrStmt *s) {
  if (s->kind == IRS_FOR) s->as.for_.loop.remarks = (IrRemarkVec){0};
  if (s->kind == IRS_WHILE) s->as.while_.loop.remarks = (IrRemarkVec){0};
  IrBlock *blocks[2];
  unsigned count = ir_stmt_blocks(s, blocks);
  for (unsigned k = 0; k < count; k++)
    for (uint32_t i = 0; i < blocks[k]->len; i++) forget_remarks(blocks[k]->data[i]);
}

/* What runs when there is no work for two: plain loops, which may stand in others and be short, must not pay for threads then. */
static IrStmt *serial_copy(IrUnit *unit, IrFunc *func, const IrStmt *loop) {
  IrClone c = {.unit = unit, .func = func};
  IrStmt *copy = ir_clone_stmt(&c, loop);
  forget_remarks(copy);
  return copy;
}

/* Appends what replaces the loop. */
static void outline(IrUnit *unit, IrFunc *func, IrStmt *loop, IrBlock *to) {
  loop->as.for_.loop.parallel = false;
  IrStmt *serial = loop->as.for_.loop.automatic ? serial_copy(unit, func, loop) : NULL;
  uint32_t known = func->vars.len;
  Outline o = {.caller = func, .loop = loop};
  o.inside = arena_array(unit->arena, bool, known + 1);
  o.outside = arena_array(unit->arena, bool, known + 1);
  o.out = (IrBuilder){.arena = unit->arena,
                      .unit = unit,
                      .func = func,
                      .block = to,
                      .span = loop->span,
                      .types = (TypeTable *)(uintptr_t)&unit->program->types};
  bool ok = mark_inside(&loop->as.for_.body, o.inside);
  o.inside[loop->as.for_.index->id] = true;
  mark_outside(&func->body, loop, o.outside);
  if (serial) mark_outside(&(IrBlock){&serial, 1, 1}, NULL, o.outside);
  find_shared(&o);
  for (uint32_t i = 0; i < o.shared.len; i++)
    ok &= type_is_scalar(o.shared.data[i].what.var->type) || o.shared.data[i].what.kind == REDUCTION_ARRAY;
  if (!ok) {
    ir_remark(unit->arena, &loop->as.for_.loop, "parallel", false, loop->span,
              "it sets what lives outside of the loop and cannot be combined");
    vec_push(unit->arena, to, loop);
    return;
  }
  o.body = make_function(unit, func);
  o.in = o.out;
  o.in.func = o.body;
  const Type *int_type = type_scalar(o.in.types, DT_INT64);
  o.chunk = add_param(&o, "chunk", int_type);
  o.lo = add_param(&o, "lo", int_type);
  o.hi = add_param(&o, "hi", int_type);
  count_chunks(&o);
  if (serial) {
    IrStmt *branch = ir_stmt(&o.out, IRS_IF);
    branch->as.if_.cond = ir_compare(&o.out, IR_GT, ir_var(&o.out, o.chunks), ir_int(&o.out, 1));
    vec_push(unit->arena, &branch->as.if_.orelse, serial);
    o.out.block = &branch->as.if_.then;
  }
  for (uint32_t i = 0; i < o.shared.len; i++) shared_alloc(&o, &o.shared.data[i]);
  IrExpr *lo = loop->as.for_.lo, *hi = loop->as.for_.hi;
  make_body(&o);
  IrStmt *s = ir_stmt(&o.out, IRS_PARALLEL);
  s->as.parallel.body = o.body;
  s->as.parallel.lo = lo, s->as.parallel.hi = hi, s->as.parallel.chunks = ir_var(&o.out, o.chunks);
  s->as.parallel.count = o.captures.len;
  s->as.parallel.fixed = o.shared.len > 0;
  s->as.parallel.args = arena_array(unit->arena, IrExpr *, o.captures.len + 1);
  for (uint32_t i = 0; i < o.captures.len; i++) s->as.parallel.args[i] = ir_var(&o.out, o.captures.data[i]);
  shared_combine(&o);
  remark(&o);
  forget_private(&o, known);
}

/* Elements that iterations store in turn; false: nothing but the serial order is right. */
static bool keep_last(IrUnit *unit, IrFunc *func, IrStmt *loop, IrBlock *before, IrBlock *after) {
  IrLoop *l = &loop->as.for_.loop;
  const IrVar *array = NULL;
  for (uint32_t i = 0; i < l->reductions.len && !array; i++)
    if (l->reductions.data[i].kind == REDUCTION_ELEMENT) array = l->reductions.data[i].var;
  if (!array) return true;
  bool *inside = arena_array(unit->arena, bool, func->vars.len + 1);
  const IrBuilder b = {
      .arena = unit->arena, .unit = unit, .func = func, .span = loop->span, .types = (TypeTable *)(uintptr_t)&unit->program->types};
  mark_inside(&loop->as.for_.body, inside);
  inside[loop->as.for_.index->id] = true;
  if (elements_keep_last(&b, loop, inside, before, after)) return true;
  ir_remark(unit->arena, l, "parallel", false, loop->span, "stays serial: iterations store the same elements of '%s' in turn", array->name);
  return false;
}

static void parallel_block(IrUnit *unit, IrFunc *func, IrBlock *block);

static void parallel_stmt(IrUnit *unit, IrFunc *func, IrBlock *block, uint32_t at) {
  IrStmt *s = block->data[at];
  if (s->kind == IRS_FOR && s->as.for_.loop.parallel && s->as.for_.loop.cold) {
    s->as.for_.loop.parallel = false; /* arrays overlap or an error will come: the serial order is right */
    return;
  }
  if (s->kind == IRS_FOR && s->as.for_.loop.parallel) {
    IrBlock made = {0}, behind = {0};
    if (keep_last(unit, func, s, &made, &behind)) {
      outline(unit, func, s, &made);
    } else {
      s->as.for_.loop.parallel = false;
      vec_push(unit->arena, &made, s);
    }
    for (uint32_t i = 0; i < behind.len; i++) vec_push(unit->arena, &made, behind.data[i]);
    IrStmt *all = arena_new(unit->arena, IrStmt); /* one statement for several: a branch that is always taken, unfolded by the caller */
    all->kind = IRS_IF;
    all->as.if_.then = made;
    block->data[at] = all;
    return;
  }
  IrBlock *blocks[2];
  unsigned count = ir_stmt_blocks(s, blocks);
  for (unsigned k = 0; k < count; k++) parallel_block(unit, func, blocks[k]);
}

/* Loops are replaced in place, so that the function is whole while each of them is looked at; then the blocks are spliced. */
static void parallel_block(IrUnit *unit, IrFunc *func, IrBlock *block) {
  IrBlock out = {0};
  for (uint32_t i = 0; i < block->len; i++) parallel_stmt(unit, func, block, i);
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    bool is_splice = s->kind == IRS_IF && !s->as.if_.cond;
    if (!is_splice) vec_push(unit->arena, &out, s);
    for (uint32_t k = 0; is_splice && k < s->as.if_.then.len; k++) vec_push(unit->arena, &out, s->as.if_.then.data[k]);
  }
  *block = out;
}

void pass_parallel(IrUnit *unit) {
  uint32_t count = unit->funcs.len;
  for (uint32_t i = 0; i < count; i++) parallel_block(unit, unit->funcs.data[i], &unit->funcs.data[i]->body);
}
