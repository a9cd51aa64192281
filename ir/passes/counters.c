/* Pass "counters": a `while` whose counter goes up or down by a fixed step to a fixed bound becomes a counted loop, so that it gets all that
 * counted loops get. The counter itself stays a variable that is set as before: its value after the loop, after a break and at any reading is the same.
 * What counts: `while i < n` (or <=, >, >=, also as the first operand of `and`; what follows the `and` becomes a test that breaks), one `i += step` on
 * every path to the next test, no other set of i, n and step fixed inside. Where the counter could wrap around (a bound near the ends of int64, a
 * step that is not positive) a test before the loop chooses the `while` as it was.
 * In: a unit after "values", whose loops read their counter through a copy. Out: fewer WHILEs. */
#include "ir/clone.h"
#include "ir/passes/affine.h"

enum { COUNTER_STEP_MAX = 1 << 20 };
#define COUNTER_LIMIT ((int64_t)1 << 61)

typedef struct Counter {
  Facts *f;
  IrBuilder b;
  IrStmt *loop;
  IrVar *var, *at; /* the counter, its value at the test */
  const IrStmt *copy; /* let at = var, in the head */
  IrExpr *bound, *step; /* fixed; step NULL: `steps` */
  int64_t offset, steps;
  IrOp op; /* at + offset op bound */
  bool whole; /* the loop's condition is this comparison alone */
  bool down;
  const char *why; /* not NULL: why it does not count */
} Counter;

/* ---- what is fixed ---- */

static void mark_inside(const Facts *f, IrStmt *s) {
  const IrVar *var = s->kind == IRS_FOR ? s->as.for_.index : s->kind == IRS_DROP ? s->as.drop.var : ir_stmt_result(s);
  if (var && !var->is_global) ir_mark(f->unit->arena, f->inside, var);
  IrBlock *blocks[2];
  unsigned count = ir_stmt_blocks(s, blocks);
  for (unsigned k = 0; k < count; k++)
    for (uint32_t i = 0; i < blocks[k]->len; i++) mark_inside(f, blocks[k]->data[i]);
}

/* The value of a `once` variable that the loop's head sets. */
static IrExpr *head_value(const Counter *c, const IrVar *var) {
  const IrBlock *head = &c->loop->as.while_.head;
  for (uint32_t i = 0; i < head->len; i++)
    if (head->data[i]->kind == IRS_SET && head->data[i]->as.set.var == var && var->once) return head->data[i]->as.set.value;
  return NULL;
}

/* The expression as it can stand before the loop; NULL when it is not the same in every iteration. */
static IrExpr *fixed(const Counter *c, IrExpr *e, int depth) {
  if (e->op == IR_LOAD || e->op == IR_RTCALL || depth > 8) return NULL;
  if (e->op == IR_VAR) {
    const IrVar *var = e->as.var;
    if (var->once && !var->is_global && !ir_marked(c->f->inside, var)) return e;
    IrExpr *value = var->is_global ? NULL : head_value(c, var);
    return value ? fixed(c, value, depth + 1) : NULL;
  }
  IrExpr *copy = e;
  for (uint32_t i = 0; i < e->count; i++) {
    IrExpr *arg = fixed(c, e->args[i], depth + 1);
    if (!arg) return NULL;
    if (arg == e->args[i]) continue;
    if (copy == e) {
      copy = arena_new(c->b.arena, IrExpr);
      *copy = *e;
      copy->args = arena_array(c->b.arena, IrExpr *, e->count);
      memcpy(copy->args, e->args, e->count * sizeof *e->args);
    }
    copy->args[i] = arg;
  }
  return copy;
}

/* ---- the comparison ---- */

static bool is_int64(const IrExpr *e) { return type_is(e->type, DT_INT64); }

/* e is at + offset for a copy `at` of a mutable variable made in the head. */
static bool is_counter(Counter *c, const IrExpr *e) {
  int64_t offset = 0;
  if (e->op == IR_VAR && !e->as.var->is_global && ir_marked(c->f->inside, e->as.var) && head_value(c, e->as.var) &&
      head_value(c, e->as.var)->op != IR_VAR)
    e = head_value(c, e->as.var);
  if ((e->op == IR_ADD || e->op == IR_SUB) && ir_is_int_const(e->args[1], &offset)) {
    if (offset > COUNTER_STEP_MAX || offset < -COUNTER_STEP_MAX) return false;
    if (e->op == IR_SUB) offset = -offset;
    e = e->args[0];
  }
  if (e->op != IR_VAR || !is_int64(e) || e->as.var->is_global) return false;
  const IrBlock *head = &c->loop->as.while_.head;
  for (uint32_t i = 0; i < head->len; i++) {
    const IrStmt *s = head->data[i];
    if (s->kind != IRS_SET || s->as.set.var != e->as.var || s->as.set.value->op != IR_VAR) continue;
    IrVar *var = s->as.set.value->as.var;
    if (!e->as.var->once || var->once || var->is_global || var->is_param) return false;
    c->var = var, c->at = e->as.var, c->copy = s, c->offset = offset;
    return true;
  }
  return false;
}

static bool compares(Counter *c, IrExpr *e) {
  static const IrOp mirror[] = {[IR_LT] = IR_GT, [IR_LE] = IR_GE, [IR_GT] = IR_LT, [IR_GE] = IR_LE};
  if (e->op == IR_LAND) return compares(c, e->args[0]) || compares(c, e->args[1]);
  if (e->op < IR_LT || e->op > IR_GE || !is_int64(e->args[0]) || !is_int64(e->args[1])) return false;
  for (int k = 0; k < 2; k++) {
    c->bound = fixed(c, e->args[1 - k], 0);
    c->op = k ? mirror[e->op] : e->op;
    if (c->bound && is_counter(c, e->args[k])) return true;
  }
  return false;
}

/* The condition, or the first operand of an `and` whose second one needs statements: head ends in  c = e; if c { …; c = second },  cond is c. */
static bool finds_test(Counter *c) {
  IrBlock *head = &c->loop->as.while_.head;
  IrExpr *cond = c->loop->as.while_.cond;
  uint32_t lets = 0;
  while (lets < head->len && head->data[lets]->kind == IRS_SET && head->data[lets]->as.set.var->once) lets++;
  if (lets == head->len) {
    c->whole = cond->op != IR_LAND;
    return compares(c, cond);
  }
  if (lets + 2 != head->len || cond->op != IR_VAR) return false;
  const IrStmt *set = head->data[lets], *branch = head->data[lets + 1];
  if (set->kind != IRS_SET || set->as.set.var != cond->as.var || branch->kind != IRS_IF || branch->as.if_.orelse.len) return false;
  if (branch->as.if_.cond->op != IR_VAR || branch->as.if_.cond->as.var != cond->as.var) return false;
  return compares(c, set->as.set.value);
}

/* ---- the step ---- */

static void find_sets(const IrVar *var, IrBlock *block, const IrStmt **set, uint32_t *count) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    if (ir_stmt_result(s) == var) *set = s, ++*count;
    IrBlock *blocks[2];
    unsigned n = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < n; k++) find_sets(var, blocks[k], set, count);
  }
}

/* Does a `continue` of this loop stand in the statement? */
static bool continues(IrStmt *s) {
  if (s->kind == IRS_CONTINUE) return true;
  if (s->kind != IRS_IF) return false;
  IrBlock *blocks[2];
  unsigned count = ir_stmt_blocks(s, blocks);
  for (unsigned k = 0; k < count; k++)
    for (uint32_t i = 0; i < blocks[k]->len; i++)
      if (continues(blocks[k]->data[i])) return true;
  return false;
}

static const IrExpr *set_value(const IrBlock *body, const IrExpr *e) {
  for (uint32_t i = 0; e->op == IR_VAR && i < body->len; i++)
    if (body->data[i]->kind == IRS_SET && body->data[i]->as.set.var == e->as.var && e->as.var->once) return body->data[i]->as.set.value;
  return e;
}

static bool is_at(const Counter *c, const IrExpr *e) { return e->op == IR_VAR && e->as.var == c->at; }

static bool finds_step(Counter *c) {
  IrBlock *body = &c->loop->as.while_.body;
  const IrStmt *set = NULL;
  uint32_t sets = 0, at = 0;
  find_sets(c->var, body, &set, &sets);
  find_sets(c->var, &c->loop->as.while_.head, &set, &sets);
  c->why = "its counter is set in several places";
  if (sets != 1 || set->kind != IRS_SET) return false;
  c->why = "its counter is not advanced on every path to the next test";
  while (at < body->len && body->data[at] != set && !continues(body->data[at])) at++;
  if (at == body->len || body->data[at] != set) return false;
  c->why = "its counter is not advanced by a fixed step";
  const IrExpr *e = set_value(body, set->as.set.value);
  if (e->op != IR_ADD && e->op != IR_SUB) return false;
  bool swap = e->op == IR_ADD && !is_at(c, e->args[0]);
  if (!is_at(c, e->args[swap])) return false;
  c->step = fixed(c, e->args[!swap], 0);
  if (!c->step) return false;
  bool minus = e->op == IR_SUB;
  if (ir_is_int_const(c->step, &c->steps)) {
    if (c->steps == 0 || c->steps > COUNTER_STEP_MAX || c->steps < -COUNTER_STEP_MAX) return false;
    if (minus) c->steps = -c->steps;
    c->step = NULL;
  }
  c->down = c->step ? minus : c->steps < 0;
  c->why = "its counter moves away from its bound";
  return (c->op == IR_GT || c->op == IR_GE) == c->down;
}

/* ---- the counted loop ---- */

static IrExpr *plus(Counter *c, IrOp op, IrExpr *a, IrExpr *e) { return ir_binary(&c->b, op, a->type, a, e); }

static IrExpr *let(Counter *c, IrExpr *e) {
  IrVar *var = ir_let(&c->b, NULL, e);
  facts_see(c->f, vec_last(c->b.block));
  return ir_var(&c->b, var);
}

static IrExpr *named(Counter *c, IrExpr *e) { return ir_is_stable(e) ? e : let(c, e); }

/* The counter's value before the loop: the one that it was set to, if that is in sight. */
static IrExpr *start_value(Counter *c, const IrBlock *before) {
  for (uint32_t i = before->len; i-- > 0;) {
    IrStmt *s = before->data[i];
    const IrStmt *set = NULL;
    uint32_t sets = 0;
    IrBlock one = {&s, 1, 1};
    find_sets(c->var, &one, &set, &sets);
    if (!sets) continue;
    if (set == s && s->kind == IRS_SET && ir_is_stable(s->as.set.value)) return s->as.set.value;
    break;
  }
  return let(c, ir_var(&c->b, c->var));
}

static void need_small(Counter *c, IrExpr **test, IrExpr *e) {
  int64_t known;
  if (ir_is_int_const(e, &known) ? known < COUNTER_LIMIT && known > -COUNTER_LIMIT : affine_is_bounded(c->f, e)) return;
  IrExpr *low = ir_compare(&c->b, IR_GT, e, ir_int(&c->b, -COUNTER_LIMIT)),
         *high = ir_compare(&c->b, IR_LT, e, ir_int(&c->b, COUNTER_LIMIT));
  IrExpr *both = ir_binary(&c->b, IR_LAND, low->type, low, high);
  *test = *test ? ir_binary(&c->b, IR_LAND, low->type, *test, both) : both;
}

static void make_for(Counter *c, IrBlock *to, IrStmt *loop, IrExpr *start, IrExpr *end) {
  IrBuilder *b = &c->b;
  IrBlock *outer = b->block, body = {0};
  int64_t size = c->steps < 0 ? -c->steps : c->steps;
  IrExpr *step = c->step ? c->step : ir_int(b, size), *zero = ir_int(b, 0), *one = ir_int(b, 1), *count;
  bool plain = !c->step && c->steps == 1;
  b->block = to;
  if (c->down) /* the last value that passes is `end`, the first one `start` */
    count = size == 1 && !c->step ? plus(c, IR_ADD, plus(c, IR_SUB, start, end), one)
                                  : ir_select(b, ir_compare(b, IR_GE, start, end),
                                              plus(c, IR_ADD, plus(c, IR_FLOORDIV, plus(c, IR_SUB, start, end), step), one), zero);
  else
    count = ir_select(b, ir_compare(b, IR_LT, start, end),
                      plus(c, IR_ADD, plus(c, IR_FLOORDIV, plus(c, IR_SUB, plus(c, IR_SUB, end, start), one), step), one), zero);
  IrStmt *s;
  if (plain) {
    s = ir_stmt(b, IRS_FOR);
    s->as.for_.index = c->at;
    s->as.for_.lo = start, s->as.for_.hi = end;
    b->block = &body;
  } else {
    IrExpr *limit = named(c, plus(c, IR_ADD, start, one));
    count = named(c, count);
    IrExpr *reach = plus(c, IR_MUL, plus(c, IR_SUB, count, one), step);
    if (size != 1 || c->step) c->at->last = named(c, plus(c, c->down ? IR_SUB : IR_ADD, start, reach));
    c->at->down = c->down;
    s = ir_for(b, NULL, zero, count);
    b->block = &body;
    ir_set(b, c->at, plus(c, c->down ? IR_SUB : IR_ADD, start, plus(c, IR_MUL, ir_var(b, s->as.for_.index), step)));
    c->at->lo = c->down ? end : start, c->at->hi = c->down ? limit : end;
  }
  s->as.for_.loop = loop->as.while_.loop;
  for (uint32_t i = 0; i < loop->as.while_.head.len; i++)
    if (loop->as.while_.head.data[i] != c->copy) vec_push(b->arena, &body, loop->as.while_.head.data[i]);
  if (!c->whole) {
    IrStmt *leave = ir_stmt(b, IRS_IF);
    leave->as.if_.cond = ir_unary(b, IR_LNOT, loop->as.while_.cond->type, loop->as.while_.cond);
    b->block = &leave->as.if_.then;
    ir_stmt(b, IRS_BREAK);
    b->block = &body;
  }
  for (uint32_t i = 0; i < loop->as.while_.body.len; i++) vec_push(b->arena, &body, loop->as.while_.body.data[i]);
  s->as.for_.body = body;
  ir_remark(b->arena, &s->as.for_.loop, "counters", true, loop->span, "counts from a start to a bound, like a range");
  b->block = outer;
}

/* Appends what the loop becomes. */
static void convert(Counter *c, IrBlock *out) {
  IrBuilder *b = &c->b;
  IrExpr *test = NULL, *zero = ir_int(b, 0);
  b->block = out;
  IrExpr *start = start_value(c, out), *bound = named(c, c->bound);
  bool exact = !c->step && c->steps == 1 && c->op == IR_LT && c->offset == 0;
  if (!exact) {
    need_small(c, &test, start);
    need_small(c, &test, bound);
  }
  if (c->step) {
    c->step = named(c, c->step);
    need_small(c, &test, c->step);
    IrExpr *positive = ir_compare(b, IR_GT, c->step, zero);
    test = test ? ir_binary(b, IR_LAND, positive->type, test, positive) : positive;
  }
  IrBlock *to = out;
  IrStmt *loop = c->loop;
  if (test) {
    IrStmt *branch = ir_stmt(b, IRS_IF);
    IrClone clone = {.unit = b->unit, .func = b->func};
    IrStmt *slow = ir_clone_stmt(&clone, loop);
    slow->as.while_.loop.cold = true;
    branch->as.if_.cond = test;
    vec_push(b->arena, &branch->as.if_.orelse, slow);
    to = &branch->as.if_.then;
    b->block = to;
  }
  int64_t shift = (c->op == IR_LE || c->op == IR_GT) - c->offset; /* first value that fails going up, last that passes going down */
  IrExpr *end = shift ? named(c, plus(c, IR_ADD, bound, ir_int(b, shift))) : bound;
  make_for(c, to, loop, start, end);
}

static void counters_block(Facts *f, IrBlock *block);

static bool counters_while(Facts *f, IrStmt *s, IrBlock *out) {
  IrUnit *unit = f->unit;
  IrFunc *func = (IrFunc *)(uintptr_t)f->func;
  Counter c = {.f = f, .loop = s};
  c.b = (IrBuilder){
      .arena = unit->arena, .unit = unit, .func = func, .span = s->span, .types = (TypeTable *)(uintptr_t)&unit->program->types};
  ir_marks_clear(f->inside);
  mark_inside(f, s);
  if (!finds_test(&c)) return false;
  if (!finds_step(&c)) {
    ir_remark(unit->arena, &s->as.while_.loop, "counters", false, s->span, "%s", c.why);
    return false;
  }
  convert(&c, out);
  return true;
}

static void counters_block(Facts *f, IrBlock *block) {
  IrBlock out = {0};
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    uint32_t from = out.len;
    if (s->kind != IRS_WHILE || s->as.while_.loop.cold || !counters_while(f, s, &out)) vec_push(f->unit->arena, &out, s);
    for (; from < out.len; from++) {
      facts_see(f, out.data[from]);
      IrBlock *blocks[2];
      unsigned count = ir_stmt_blocks(out.data[from], blocks);
      for (unsigned k = 0; k < count; k++) counters_block(f, blocks[k]);
    }
  }
  *block = out;
}

void pass_counters(IrUnit *unit) {
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    IrFunc *func = unit->funcs.data[i];
    Facts f;
    facts_init(&f, unit, func);
    counters_block(&f, &func->body);
    fold_block(unit, &func->body);
  }
}
