/* Pass "poll": where code that the host may stop asks whether it should: so often that milliseconds pass at most, so seldom that it costs nothing.
 *
 * Innermost loops ask after some thousand iterations (IrLoop.poll; generation of code splits them into parts, so that they become vectors as ever;
 * where an iteration reads what the last one stored, they stay whole, for LLVM to keep the element in a register, and so do the short sums of
 * sparse rows), loops around loops that may be long in each of their iterations, and so do `while` loops, unless a loop within surely asks anyway; functions
 * that recurse ask on entry. Loops whose few iterations are known while compiling do not: they count as straight code.
 * Costs are those of "parallel_cost", which know nothing of caches: a part of a loop that waits for memory in each iteration takes some hundred times
 * longer than its estimate, and must still be short.
 * In: a unit whose loops are final; nothing is done unless the program is interruptible. Out: IrLoop.poll, IrFunc.polls. Must not change any statement. */
#include "ir/passes/affine.h"
#include "ir/passes/parallel.h"

enum { PART_PS = 20 * 1000 * 1000, MOST_ITERATIONS = 1 << 14, QUICK_CALL_PS = 10000, MOST_ACCESSES = 24, NEAR = 8 };

/* A time that is not known, or longer than a part may take. */
static const int64_t LONG = INT64_MAX / 4;

typedef struct Poll {
  IrFunc *func;
  Facts facts; /* forms of indices; proofs that rest on them would be worth nothing: everything is taken to be bounded */
  int64_t *calls; /* by IrFunc.index: how long a call takes; 0: not known yet */
} Poll;

static int64_t capped(int64_t ps) { return ps > PART_PS ? LONG : ps; }
static int64_t times(int64_t ps, int64_t count) { return ps >= LONG || count > PART_PS ? LONG : capped(ps * count); }

static int64_t block_ps(Poll *p, const IrBlock *block);

static int64_t call_ps(const Poll *p, const IrFunc *callee) {
  int64_t *ps = &p->calls[callee->index];
  if (*ps) return *ps;
  *ps = LONG; /* for functions that reach themselves */
  Poll inner = {.func = (IrFunc *)(uintptr_t)callee, .calls = p->calls};
  facts_init(&inner.facts, callee->unit, callee);
  inner.facts.assume_bounded = true;
  int64_t found = block_ps(&inner, &callee->body);
  if (!callee->recursive) *ps = found + 1;
  return *ps;
}

/* Calls of the runtime that are given an array may work on all of it; the host's functions may do anything. */
static int64_t runtime_ps(const Poll *p, const IrStmt *s) {
  bool quick = !s->as.runtime.result || type_is_scalar(s->as.runtime.result->type);
  quick &= !ir_host(p->func->unit, s->as.runtime.symbol);
  for (uint32_t i = 0; i < s->as.runtime.count; i++) quick &= type_is_scalar(s->as.runtime.args[i]->type);
  return quick ? QUICK_CALL_PS : LONG;
}

typedef struct Asked {
  const IrUnit *unit;
  bool found;
} Asked;

static void find_host(IrExpr **slot, void *data) {
  Asked *asked = data;
  const IrExpr *e = *slot;
  if (!e) return;
  asked->found |= e->op == IR_RTCALL && ir_host(asked->unit, e->as.symbol);
  for (uint32_t i = 0; i < e->count; i++) find_host(&e->args[i], asked);
}

static bool has_host(const Poll *p, IrStmt *s) {
  Asked asked = {.unit = p->func->unit};
  if (asked.unit->hosts.len) ir_stmt_exprs(s, find_host, &asked);
  return asked.found;
}

/* Does each run of the block come to a WHILE that asks? */
static bool surely_polls(const IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    const IrStmt *s = block->data[i];
    if (s->kind == IRS_WHILE && s->as.while_.loop.poll) return true;
    if (s->kind == IRS_IF || s->kind == IRS_BREAK || s->kind == IRS_CONTINUE || s->kind == IRS_RETURN) return false; /* may jump */
  }
  return false;
}

static bool is_known(const IrStmt *s, int64_t *count) {
  int64_t lo, hi;
  *count = s->as.for_.loop.most;
  if (*count || !ir_is_int_const(s->as.for_.lo, &lo) || !ir_is_int_const(s->as.for_.hi, &hi)) return *count != 0;
  return !__builtin_sub_overflow(hi, lo, count);
}

/* The greatest power of two of iterations that take no longer than a part. */
static int64_t part_of(int64_t ps) {
  int64_t count = MOST_ITERATIONS;
  while (count > 1 && count * ps > PART_PS) count /= 2;
  return count;
}

static void set_poll(const Poll *p, IrStmt *s, IrLoop *loop, int64_t count) {
  Arena *arena = p->func->unit->arena;
  loop->poll = count;
  if (count > 1)
    ir_remark(arena, loop, "poll", true, s->span, "asks every %lld iterations whether to stop%s", (long long)count,
              loop->whole ? "; not in parts" : "");
  else
    ir_remark(arena, loop, "poll", true, s->span, "asks in each iteration whether to stop");
}

/* ---- loops in which an iteration reads what the last ones stored --------------------------------------------------------------------- */

typedef struct Access {
  const IrVar *array;
  IrExpr *const *indices;
  bool stores;
} Access;
typedef struct Accesses {
  Facts *f;
  Access list[MOST_ACCESSES];
  uint32_t count;
} Accesses;

static void add_access(Accesses *a, Access access) {
  if (a->count < MOST_ACCESSES) a->list[a->count++] = access;
}

static void find_loads(IrExpr **slot, void *data) {
  IrExpr *e = *slot;
  if (e->op == IR_LOAD) add_access(data, (Access){e->args[0]->as.var, e->args + 1, false});
  for (uint32_t i = 0; i < e->count; i++) find_loads(&e->args[i], data);
}

static void find_accesses(Accesses *a, const IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    facts_see(a->f, s);
    ir_stmt_exprs(s, find_loads, a);
    if (s->kind == IRS_STORE) add_access(a, (Access){s->as.store.array, s->as.store.indices, true});
    for (unsigned k = 0; k < count; k++) find_accesses(a, blocks[k]);
  }
}

/* Is the element that is read the one that was stored 1 to NEAR iterations before? Not asked of ranges with steps, whose targets are leaves of forms: parts of
 * such loops begin where nothing is constant anyway, and were measured to be as fast as the whole. */
static bool reads_near(const Facts *f, const IrVar *index, const Access *load, const Access *store) {
  const IrExpr leaf = {.op = IR_VAR, .type = index->type, .as.var = (IrVar *)(uintptr_t)index};
  int64_t distance = 0;
  for (uint32_t k = 0; k < load->array->type->ndim; k++) {
    Affine from, to;
    if (!affine_of(f, load->indices[k], &from) || !affine_of(f, store->indices[k], &to)) return false;
    int64_t coef = affine_coef(&to, &leaf);
    if (!affine_add(&from, &to, -1) || from.count || (coef ? from.base % coef : from.base)) return false;
    if (!coef) continue;
    if (distance && distance != -from.base / coef) return false;
    distance = -from.base / coef;
    if (distance < 1 || distance > NEAR) return false;
  }
  return distance > 0;
}

static bool is_ordered_sum(const IrStmt *s, const void *unused) {
  (void)unused;
  return s->kind == IRS_SET && type_is_float(s->as.set.var->type) && ir_reads(s->as.set.value, s->as.set.var);
}

/* Float sums in the order of their elements, over ranges that begin anywhere: rows of sparse matrices, which are short. */
static bool is_short_sum(const Poll *p, const IrStmt *loop) {
  int64_t lo;
  bool ordered = !(p->func->fastmath & FM_REASSOC) && ir_any(&loop->as.for_.body, is_ordered_sum, NULL);
  return ordered && !ir_is_int_const(loop->as.for_.lo, &lo);
}

static bool is_chain(Poll *p, const IrStmt *loop) {
  Accesses a = {.f = &p->facts};
  facts_see(a.f, loop);
  find_accesses(&a, &loop->as.for_.body);
  for (uint32_t i = 0; i < a.count; i++)
    for (uint32_t k = 0; a.list[i].stores && k < a.count; k++)
      if (!a.list[k].stores && a.list[k].array == a.list[i].array && reads_near(a.f, loop->as.for_.index, &a.list[k], &a.list[i]))
        return true;
  return false;
}

/* ---- the walk ------------------------------------------------------------------------------------------------------------------------ */

static int64_t for_ps(Poll *p, IrStmt *s) {
  int64_t ps = block_ps(p, &s->as.for_.body), count;
  bool known = is_known(s, &count);
  int64_t all = !known ? LONG : count <= 0 ? 1 : times(ps, count);
  if (all >= LONG && !(ps >= LONG && surely_polls(&s->as.for_.body))) {
    int64_t part = ps >= LONG ? 1 : part_of(ps);
    s->as.for_.loop.whole = part > 1 && (is_chain(p, s) || is_short_sum(p, s));
    set_poll(p, s, &s->as.for_.loop, part);
  }
  return all;
}

static int64_t while_ps(Poll *p, IrStmt *s) {
  int64_t head = block_ps(p, &s->as.while_.head), body = block_ps(p, &s->as.while_.body);
  int64_t all = s->as.while_.loop.most ? times(head + body, s->as.while_.loop.most) : LONG;
  if (all >= LONG && !surely_polls(&s->as.while_.head) && !surely_polls(&s->as.while_.body)) set_poll(p, s, &s->as.while_.loop, 1);
  return all;
}

static int64_t stmt_ps(Poll *p, IrStmt *s) {
  int64_t ps = s->kind == IRS_RUNTIME ? runtime_ps(p, s) : stmt_cost(p->func, s), then, orelse;
  if (has_host(p, s)) ps = LONG;
  switch ((int)s->kind) {
  case IRS_FOR: return ps + for_ps(p, s);
  case IRS_WHILE: return ps + while_ps(p, s);
  case IRS_CALL: return ps + call_ps(p, s->as.call.callee);
  case IRS_PARALLEL: return LONG;
  case IRS_IF: then = block_ps(p, &s->as.if_.then), orelse = block_ps(p, &s->as.if_.orelse); return ps + (then > orelse ? then : orelse);
  default: return ps;
  }
}

static int64_t block_ps(Poll *p, const IrBlock *block) {
  int64_t sum = 1;
  for (uint32_t i = 0; i < block->len; i++) sum = capped(sum + stmt_ps(p, block->data[i]));
  return sum;
}

void pass_poll(IrUnit *unit) {
  if (!unit->program->options.interruptible) return;
  int64_t *calls = arena_array(unit->arena, int64_t, unit->funcs.len + 1);
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    IrFunc *func = unit->funcs.data[i];
    Poll p = {.func = func, .calls = calls};
    func->polls = func->recursive;
    if (!calls[i]) call_ps(&p, func);
  }
}
