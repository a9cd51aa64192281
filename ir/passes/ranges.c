/* What is known of variables that are set more than once, for the walk of "bounds". Each such integer has a value now: a linear form over values that
 * do not change. Where paths meet it is a new unknown, of which those facts are known that hold on every path; at the head of a loop, those
 * that hold before it and that every iteration keeps: candidates are assumed, the body is walked without changing it, what does not hold at its ends
 * is dropped, until nothing is. Candidates are what the variable equals before, and what the index checks of the function ask of it.
 * In: a unit after "values": mutable variables are read by  let t = v  only. Out: facts. Must not change the program. */
#include "ir/passes/ranges.h"

#include <stdlib.h>

enum { MAX_GOALS = 8 };

struct RangeVar {
  IrVar *var;
  IrExpr *leaf; /* stands for the variable in candidates */
  Affine value; /* now */
  bool has_value;
  Affine goals[MAX_GOALS]; /* over leaf */
  uint32_t goal_count;
  uint32_t index, asked; /* in Ranges.all; the last ranges_changed that found it */
};

static IrExpr *leaf_of(const Facts *f, IrVar *var) {
  IrExpr *e = arena_new(f->unit->arena, IrExpr);
  *e = (IrExpr){.op = IR_VAR, .type = var->type, .as.var = var};
  return e;
}

static bool is_tracked(const IrVar *var) { return var && !var->once && !var->is_global && type_is(var->type, DT_INT64); }

static RangeVar *find(const Ranges *r, const IrVar *var) { return is_tracked(var) ? map_get(&r->vars, map_key(var)) : NULL; }

static void add_goal(RangeVar *v, const Affine *goal) {
  if (v->goal_count == MAX_GOALS) return;
  for (uint32_t i = 0; i < v->goal_count; i++)
    if (affine_same_terms(&v->goals[i], goal) && v->goals[i].base == goal->base) return;
  v->goals[v->goal_count++] = *goal;
}

static RangeVar *need(Ranges *r, IrVar *var) {
  RangeVar *v = find(r, var);
  if (v || !is_tracked(var)) return v;
  v = arena_new(r->f->unit->arena, RangeVar);
  v->var = var;
  v->leaf = leaf_of(r->f, var);
  v->index = r->all.len;
  map_put(r->f->unit->arena, &r->vars, map_key(var), v);
  vec_push(r->f->unit->arena, &r->all, v);
  add_goal(v, &(Affine){.terms = {{v->leaf, 1}}, .count = 1});
  return v;
}

/* ---- what the checks ask ---- */

/* The form over mutable variables instead of their copies; gives each of them the goal form >= 0. */
static void ask(Ranges *r, Affine form) {
  RangeVar *asked[AFF_TERMS];
  uint32_t count = 0;
  for (uint32_t i = 0; i < form.count; i++) {
    const IrExpr *leaf = form.terms[i].leaf, *def = leaf->op == IR_VAR ? facts_value(r->f, leaf->as.var) : NULL;
    RangeVar *v = def && def->op == IR_VAR ? find(r, def->as.var) : NULL;
    if (!v || (form.terms[i].coef != 1 && form.terms[i].coef != -1)) continue;
    form.terms[i].leaf = v->leaf;
    asked[count++] = v;
  }
  if (count == 1) add_goal(asked[0], &form); /* of two that change nothing is said */
}

static void see_all(Ranges *r, IrBlock *block, bool checks) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    Affine x, n;
    if (!checks) {
      facts_see(r->f, s);
      need(r, ir_stmt_result(s));
    } else if (s->kind == IRS_CHECK && s->as.check.check == CHECK_INDEX && s->as.check.args[0] && s->as.check.args[2] &&
               affine_of(r->f, s->as.check.args[0], &x) && affine_of(r->f, s->as.check.args[2], &n) && affine_add(&n, &x, -1)) {
      n.base -= 1;
      ask(r, x);
      ask(r, n);
    }
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) see_all(r, blocks[k], checks);
  }
}

/* ---- values ---- */

/* An unknown that stands for the variable's value from a place on: one a place. */
static Affine unknown(Ranges *r, const RangeVar *v, const void *place) {
  const void *pair[2] = {v->var, place};
  uint64_t key = hash_bytes(pair, sizeof pair, 0);
  IrExpr *leaf = map_get(&r->unknowns, key);
  if (!leaf) {
    IrVar *var = arena_new(r->f->unit->arena, IrVar);
    *var = *v->var;
    var->once = true;
    var->is_param = false;
    var->id = UINT32_MAX; /* not a variable of the program */
    leaf = leaf_of(r->f, var);
    map_put(r->f->unit->arena, &r->unknowns, key, leaf);
  }
  return (Affine){.terms = {{leaf, 1}}, .count = 1};
}

static void set_small(Ranges *r, const Affine *unknown_leaf, bool small) {
  map_put(r->f->unit->arena, &r->f->small, map_key(unknown_leaf->terms[0].leaf->as.var), small ? r : NULL);
}

/* Does the candidate (over the variable's leaf) hold for its value? */
static bool holds(Ranges *r, const RangeVar *v, const Affine *value, const Affine *candidate) {
  Affine goal = *candidate;
  return affine_replace(&goal, v->leaf, value) && affine_prove(r->f, &goal);
}

static void know(Ranges *r, const RangeVar *v, const Affine *candidate) {
  Affine fact = *candidate;
  if (affine_replace(&fact, v->leaf, &v->value)) vec_push(r->f->unit->arena, &r->f->known, fact);
}

static void forget(Ranges *r, RangeVar *v, const void *place) {
  v->value = unknown(r, v, place);
  v->has_value = true;
  set_small(r, &v->value, false);
}

void ranges_init(Ranges *r, Facts *f) {
  *r = (Ranges){.f = f};
  IrBlock *body = (IrBlock *)(uintptr_t)&f->func->body;
  Facts all = {.unit = f->unit, .func = f->func, .assume_bounded = true};
  r->f = &all; /* forms of indices, wherever they are */
  for (uint32_t i = 0; i < f->func->params.len; i++) need(r, f->func->params.data[i]);
  see_all(r, body, false);
  if (r->all.len) see_all(r, body, true);
  r->f = f;
  for (uint32_t i = 0; i < f->func->params.len; i++) {
    RangeVar *v = find(r, f->func->params.data[i]);
    if (v) forget(r, v, f->func);
  }
}

void ranges_set(Ranges *r, const IrStmt *s) {
  IrVar *var = ir_stmt_result(s);
  RangeVar *v = find(r, var);
  if (v && s->kind == IRS_SET && affine_of(r->f, s->as.set.value, &v->value)) {
    v->has_value = true;
  } else if (v) {
    forget(r, v, s);
  } else if (s->kind == IRS_SET && var->once && s->as.set.value->op == IR_VAR) {
    RangeVar *from = find(r, s->as.set.value->as.var);
    if (!from) return;
    if (!from->has_value) forget(r, from, s);
    Affine *exact = arena_new(r->f->unit->arena, Affine);
    *exact = from->value;
    map_put(r->f->unit->arena, &r->f->exact, map_key(var), exact);
  }
}

/* ---- where paths meet ---- */

static void find_changed(Ranges *r, const IrStmt *s, RangeVars *out) {
  IrBlock *blocks[2];
  RangeVar *v = find(r, ir_stmt_result(s));
  if (v && v->asked != r->asked) {
    v->asked = r->asked;
    vec_push(r->f->unit->arena, out, v);
  }
  unsigned count = ir_stmt_blocks((IrStmt *)(uintptr_t)s, blocks);
  for (unsigned k = 0; k < count; k++)
    for (uint32_t i = 0; i < blocks[k]->len; i++) find_changed(r, blocks[k]->data[i], out);
}

static int by_index(const void *a, const void *b) {
  uint32_t x = (*(RangeVar *const *)a)->index, y = (*(RangeVar *const *)b)->index;
  return x < y ? -1 : x > y;
}

void ranges_changed(Ranges *r, IrStmt *branch, RangeVars *out) {
  *out = (RangeVars){0};
  r->asked++;
  find_changed(r, branch, out);
  if (out->len) qsort(out->data, out->len, sizeof(RangeVar *), by_index);
}

void ranges_save(const Ranges *r, const RangeVars *vars, uint32_t mark, RangeState *out) {
  *out = (RangeState){.mark = mark};
  out->values = arena_array(r->f->unit->arena, Affine, vars->len + 1);
  out->has = arena_array(r->f->unit->arena, bool, vars->len + 1);
  for (uint32_t i = 0; i < vars->len; i++) out->values[i] = vars->data[i]->value, out->has[i] = vars->data[i]->has_value;
  for (uint32_t i = mark; i < r->f->known.len; i++) vec_push(r->f->unit->arena, &out->known, r->f->known.data[i]);
}

void ranges_restore(const RangeVars *vars, const RangeState *state) {
  for (uint32_t i = 0; i < vars->len; i++) vars->data[i]->value = state->values[i], vars->data[i]->has_value = state->has[i];
}

/* The facts at the end of a path instead of those behind its mark. */
static void take_facts(Facts *f, const RangeState *state) {
  f->known.len = state->mark;
  for (uint32_t i = 0; i < state->known.len; i++) vec_push(f->unit->arena, &f->known, state->known.data[i]);
}

static bool same_form(const Affine *a, const Affine *b) { return a->base == b->base && affine_same_terms(a, b); }

/* v - form >= 0, or form - v >= 0. */
static bool difference(const RangeVar *v, const Affine *form, bool below, Affine *out) {
  Affine self = {.terms = {{v->leaf, 1}}, .count = 1};
  *out = (Affine){0};
  return affine_add(out, &self, below ? 1 : -1) && affine_add(out, form, below ? -1 : 1);
}

static bool value_is_bounded(const Ranges *r, const Affine *value) {
  for (uint32_t i = 0; i < value->count; i++)
    if (!affine_is_bounded(r->f, value->terms[i].leaf)) return false;
  return true;
}

typedef Vec(Affine) Forms;

static void join_one(Ranges *r, RangeVar *v, uint32_t at, const RangeState *a, const RangeState *b, const void *place, Forms *learned) {
  bool ok = v->has_value = a->has[at] && b->has[at];
  if (ok && same_form(&a->values[at], &b->values[at])) {
    v->value = a->values[at];
    return;
  }
  if (!ok) return;
  v->value = unknown(r, v, place);
  set_small(r, &v->value, false);
  Affine candidates[4 + MAX_GOALS];
  uint32_t count = 0;
  const Affine *values[2] = {&a->values[at], &b->values[at]};
  for (int k = 0; k < 4; k++) count += difference(v, values[k / 2], k % 2, &candidates[count]);
  for (uint32_t k = 0; k < v->goal_count; k++) candidates[count++] = v->goals[k];
  bool small = true;
  bool holds_here[4 + MAX_GOALS];
  memset(holds_here, true, sizeof holds_here);
  for (int side = 0; side < 2; side++) {
    take_facts(r->f, side ? b : a);
    small = small && value_is_bounded(r, values[side]);
    for (uint32_t k = 0; k < count; k++) holds_here[k] = holds_here[k] && holds(r, v, values[side], &candidates[k]);
  }
  set_small(r, &v->value, small);
  r->f->known.len = a->mark;
  for (uint32_t k = 0; k < count; k++)
    if (holds_here[k]) know(r, v, &candidates[k]);
  for (uint32_t k = a->mark; k < r->f->known.len; k++) vec_push(r->f->unit->arena, learned, r->f->known.data[k]);
}

void ranges_join(Ranges *r, const RangeVars *vars, const RangeState *a, const RangeState *b, const void *place) {
  Forms learned = {0};
  for (uint32_t i = 0; i < vars->len; i++) join_one(r, vars->data[i], i, a, b, place, &learned);
  r->f->known.len = a->mark;
  for (uint32_t i = 0; i < learned.len; i++) vec_push(r->f->unit->arena, &r->f->known, learned.data[i]);
}

/* ---- loops ---- */

static void mark_set(const Ranges *r, IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    const IrVar *var = s->kind == IRS_FOR ? s->as.for_.index : ir_stmt_result(s);
    if (var && !var->is_global) ir_mark(r->f->unit->arena, r->f->inside, var);
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) mark_set(r, blocks[k]);
  }
}

static bool is_fixed(const Facts *f, const RangeVar *v, const Affine *form) {
  for (uint32_t i = 0; i < form->count; i++) {
    const IrExpr *leaf = form->terms[i].leaf;
    if (ir_same(leaf, v->leaf)) continue;
    const IrExpr *var = leaf->op == IR_SHAPE || leaf->op == IR_SIZE ? leaf->args[0] : leaf;
    if (var->op != IR_VAR || !var->as.var->once || (var->as.var->id != UINT32_MAX && ir_marked(f->inside, var->as.var))) return false;
  }
  return true;
}

void ranges_enter(Ranges *r, RangeLoop *loop, IrStmt *s) {
  *loop = (RangeLoop){.outer = r->loop, .stmt = s};
  ir_marks_clear(r->f->inside);
  IrBlock one = {&s, 1, 1};
  mark_set(r, &one);
  RangeVars changed;
  ranges_changed(r, s, &changed);
  for (uint32_t i = 0; i < changed.len; i++) {
    RangeVar *v = changed.data[i];
    RangeHead head = {.v = v, .small = v->has_value && value_is_bounded(r, &v->value), .exit_small = true};
    Affine c;
    if (v->has_value) {
      for (int k = 0; k < 2; k++)
        if (difference(v, &v->value, k, &c)) {
          head.candidates[head.count] = c;
          head.at_entry[head.count++] = true;
        }
      for (uint32_t k = 0; k < v->goal_count; k++) {
        if (!is_fixed(r->f, v, &v->goals[k])) continue;
        bool entry = holds(r, v, &v->value, &v->goals[k]), first = entry;
        if (!entry && s->kind == IRS_FOR) {
          uint32_t mark = r->f->known.len;
          facts_push_order(r->f, s->as.for_.lo, s->as.for_.hi);
          first = holds(r, v, &v->value, &v->goals[k]);
          r->f->known.len = mark;
        }
        if (!first) continue;
        head.candidates[head.count] = v->goals[k];
        head.at_entry[head.count++] = entry;
      }
    }
    for (uint32_t k = 0; k < head.count; k++) head.kept[k] = true;
    vec_push(r->f->unit->arena, &loop->heads, head);
  }
}

void ranges_head(Ranges *r, RangeLoop *loop) {
  loop->changed = false;
  r->loop = loop;
  for (uint32_t i = 0; i < loop->heads.len; i++) {
    RangeHead *h = &loop->heads.data[i];
    h->v->value = unknown(r, h->v, loop->stmt);
    h->v->has_value = true;
    set_small(r, &h->v->value, h->small);
  }
  for (uint32_t i = 0; i < loop->heads.len; i++) {
    RangeHead *h = &loop->heads.data[i];
    for (uint32_t k = 0; k < h->count; k++)
      if (h->kept[k]) know(r, h->v, &h->candidates[k]);
  }
}

enum { SMALL_STEP = 16 };

/* Counted in small steps from a small value (nobody counts to 2^62), or between bounds. */
static bool stays_small(Ranges *r, const RangeHead *h, const void *place) {
  Affine head = unknown(r, h->v, place), up = head, down = h->v->value;
  if (value_is_bounded(r, &h->v->value)) {
    if (!affine_add(&up, &h->v->value, -1) || !affine_add(&down, &head, -1)) return false;
    up.base += SMALL_STEP, down.base += SMALL_STEP;
    if (affine_prove(r->f, &up) && affine_prove(r->f, &down)) return true;
  }
  map_put(r->f->unit->arena, &r->f->small, map_key(head.terms[0].leaf->as.var), NULL); /* not by itself */
  bool bounded = value_is_bounded(r, &h->v->value);
  set_small(r, &head, h->small);
  return bounded;
}

void ranges_back(Ranges *r) {
  RangeLoop *loop = r->loop;
  for (uint32_t i = 0; i < loop->heads.len; i++) {
    RangeHead *h = &loop->heads.data[i];
    for (uint32_t k = 0; k < h->count; k++) {
      if (!h->kept[k] || holds(r, h->v, &h->v->value, &h->candidates[k])) continue;
      h->kept[k] = false;
      loop->changed = true;
    }
    if (h->small && !stays_small(r, h, loop->stmt)) {
      h->small = false;
      loop->changed = true;
    }
  }
}

void ranges_break(Ranges *r) {
  RangeLoop *loop = r->loop;
  for (uint32_t i = 0; i < loop->heads.len; i++) {
    RangeHead *h = &loop->heads.data[i];
    for (uint32_t k = 0; k < h->count; k++) h->at_exit[k] = h->at_exit[k] && holds(r, h->v, &h->v->value, &h->candidates[k]);
    h->exit_small = h->exit_small && value_is_bounded(r, &h->v->value);
  }
}

void ranges_give_up(RangeLoop *loop) {
  for (uint32_t i = 0; i < loop->heads.len; i++) {
    memset(loop->heads.data[i].kept, 0, sizeof loop->heads.data[i].kept);
    loop->heads.data[i].small = false;
  }
}

void ranges_start_exits(RangeLoop *loop) {
  for (uint32_t i = 0; i < loop->heads.len; i++) {
    memcpy(loop->heads.data[i].at_exit, loop->heads.data[i].at_entry, sizeof loop->heads.data[i].at_exit);
    loop->heads.data[i].exit_small = true;
  }
}

void ranges_leave(Ranges *r, RangeLoop *loop) {
  r->loop = loop->outer;
  for (uint32_t i = 0; i < loop->heads.len; i++) {
    RangeHead *h = &loop->heads.data[i];
    h->v->value = unknown(r, h->v, &loop->stmt->span); /* another place: behind the loop */
    set_small(r, &h->v->value, h->exit_small);
    for (uint32_t k = 0; k < h->count; k++)
      if (h->at_exit[k]) know(r, h->v, &h->candidates[k]);
  }
}
