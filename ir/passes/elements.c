/* Pass "elements": array elements whose place stays the same throughout an innermost loop live in variables while it runs.
 *
 * a[i, j] -= a[i, k] * a[k, j] over j reads a[i, k] again and again, since for LLVM a store into `a` may change it. Here the ranges of indices prove, as they do
 * for index checks, that k < j: the loop never stores there. So the element is read once before the loop. An element that the loop stores into, and that no other
 * access touches, is also written once, behind the loop.
 * Only loops of assignments and stores, without checks, calls and branches: nothing in them can fail, and every element is used in the first iteration.
 * In: a unit after "version". Out: fewer loads and stores in loops, remarks. */
#include "ir/clone.h"
#include "ir/passes/affine.h"

enum { MAX_ACCESSES = 24 };

typedef struct Access {
  IrVar *array;
  IrExpr **index; /* as it stands in the body */
  IrExpr **outer; /* the same computed before the loop; NULL when it changes */
  bool store;
} Access;

typedef struct Elements {
  Facts *f;
  IrBuilder b;
  IrStmt *loop;
  IrMove move;
  Access accesses[MAX_ACCESSES];
  uint32_t count;
  const Access *place; /* being replaced */
  IrVar *var; /* by this */
  bool fits;
} Elements;

/* ---- what the loop accesses ---- */

static void add_access(Elements *m, IrVar *array, IrExpr **index, bool store) {
  unsigned ndim = array->type->ndim;
  if (m->count == MAX_ACCESSES || ndim == 0) {
    m->fits = false;
    return;
  }
  Access *a = &m->accesses[m->count++];
  *a = (Access){array, index, arena_array(m->b.arena, IrExpr *, ndim), store};
  for (unsigned k = 0; k < ndim && a->outer; k++)
    if (!(a->outer[k] = ir_moved(&m->move, index[k]))) a->outer = NULL;
}

static void see_loads(IrExpr **slot, void *data) {
  const IrExpr *e = *slot;
  if (e->op == IR_LOAD) add_access(data, e->args[0]->as.var, e->args + 1, false);
  for (uint32_t i = 0; i < e->count; i++) see_loads(&(*slot)->args[i], data);
}

static void see_body(Elements *m) {
  IrBlock *body = &m->loop->as.for_.body;
  for (uint32_t i = 0; i < body->len && m->fits; i++) {
    IrStmt *s = body->data[i];
    facts_see(m->f, s);
    if (s->kind == IRS_SET && !s->as.set.var->is_global && type_is_scalar(s->as.set.var->type))
      ir_move_see(&m->move, s->as.set.var, s->as.set.value);
    else if (s->kind != IRS_STORE)
      m->fits = false;
  }
  for (uint32_t i = 0; i < body->len && m->fits; i++) {
    IrStmt *s = body->data[i];
    ir_stmt_exprs(s, see_loads, m);
    if (s->kind == IRS_STORE) add_access(m, s->as.store.array, s->as.store.indices, true);
  }
}

/* ---- which places are apart ---- */

static bool same_place(const Access *a, const Access *b) {
  if (a->array != b->array || !a->outer || !b->outer) return false;
  for (unsigned k = 0; k < a->array->type->ndim; k++)
    if (!ir_same(a->outer[k], b->outer[k])) return false;
  return true;
}

static bool apart(const Elements *m, const Access *a, const Access *b) {
  if (a->array != b->array) return ir_alias_apart(m->loop->as.for_.loop.alias, a->array, b->array);
  if (a->array->type->layout == LAYOUT_A) return false; /* strides may be 0: other indices, same memory */
  for (unsigned k = 0; k < a->array->type->ndim; k++)
    if (affine_less(m->f, a->index[k], b->index[k]) == 1 || affine_less(m->f, b->index[k], a->index[k]) == 1) return true;
  return false;
}

/* May the element live in a variable? `stored`: some access stores into it. */
static bool may_move(const Elements *m, const Access *place, bool *stored) {
  *stored = false;
  for (uint32_t i = 0; i < m->count; i++) *stored |= m->accesses[i].store && same_place(place, &m->accesses[i]);
  bool others_store = false;
  for (uint32_t i = 0; i < m->count; i++) {
    const Access *a = &m->accesses[i];
    if (same_place(place, a)) continue;
    others_store |= a->store;
    if ((*stored || a->store) && !apart(m, place, a)) return false;
  }
  return *stored || others_store; /* else LLVM knows */
}

/* ---- the loop with variables ---- */

static IrExpr *replace_node(IrExpr *e, void *data) {
  Elements *m = data;
  if (e->op != IR_LOAD || e->args[0]->as.var != m->place->array) return e;
  for (uint32_t i = 1; i < e->count; i++) {
    const IrExpr *outer = ir_moved(&m->move, e->args[i]);
    if (!outer || !ir_same(outer, m->place->outer[i - 1])) return e;
  }
  return ir_var(&m->b, m->var);
}

static void replace_loads(IrExpr **slot, void *data) {
  Elements *m = data;
  *slot = ir_rewrite(m->b.arena, *slot, replace_node, m);
}

static bool stores_there(Elements *m, const IrStmt *s) {
  if (s->kind != IRS_STORE || s->as.store.array != m->place->array) return false;
  for (unsigned k = 0; k < s->as.store.array->type->ndim; k++) {
    const IrExpr *outer = ir_moved(&m->move, s->as.store.indices[k]);
    if (!outer || !ir_same(outer, m->place->outer[k])) return false;
  }
  return true;
}

static void replace(Elements *m, const Access *place) {
  IrBlock *body = &m->loop->as.for_.body;
  m->place = place;
  m->var = ir_new_var(&m->b, NULL, type_scalar(m->b.types, place->array->type->dtype));
  ir_set(&m->b, m->var, ir_load(&m->b, place->array, place->outer));
  for (uint32_t i = 0; i < body->len; i++) {
    IrStmt *s = body->data[i];
    ir_stmt_exprs(s, replace_loads, m);
    if (!stores_there(m, s)) continue;
    IrExpr *value = s->as.store.value;
    s->kind = IRS_SET;
    s->as.set.var = m->var;
    s->as.set.value = value;
    s->as.set.move = false;
  }
}

/* `if lo < hi:` reads, loop, writes */
static void move_elements(Elements *m, IrBlock *out) {
  IrVar *back[MAX_ACCESSES] = {NULL};
  IrStmt *branch = NULL;
  uint32_t moved = 0;
  for (uint32_t i = 0; i < m->count; i++) {
    const Access *place = &m->accesses[i];
    bool stored, again = !place->outer;
    for (uint32_t k = 0; k < i && !again; k++) again = same_place(place, &m->accesses[k]);
    if (again || !may_move(m, place, &stored)) continue;
    if (!branch) {
      m->b.block = out;
      IrVar *lo = ir_let(&m->b, NULL, m->loop->as.for_.lo), *hi = ir_let(&m->b, NULL, m->loop->as.for_.hi);
      branch = ir_stmt(&m->b, IRS_IF);
      branch->as.if_.cond = ir_compare(&m->b, IR_LT, ir_var(&m->b, lo), ir_var(&m->b, hi));
      m->loop->as.for_.lo = ir_var(&m->b, lo);
      m->loop->as.for_.hi = ir_var(&m->b, hi);
      m->b.block = &branch->as.if_.then;
    }
    replace(m, place);
    if (stored) back[i] = m->var;
    moved++;
  }
  vec_push(m->b.arena, branch ? m->b.block : out, m->loop);
  for (uint32_t i = 0; i < m->count; i++)
    if (back[i]) ir_store(&m->b, m->accesses[i].array, m->accesses[i].outer, ir_var(&m->b, back[i]));
  if (moved) ir_remark(m->b.arena, &m->loop->as.for_.loop, "elements", true, m->loop->span, "%u array elements live in variables", moved);
}

static void elements_block(Facts *f, IrBlock *block);

static void elements_for(Facts *f, IrStmt *s, IrBlock *out) {
  uint32_t mark = f->known.len;
  IrFunc *func = (IrFunc *)(uintptr_t)f->func;
  Elements m = {.f = f, .loop = s, .fits = !s->as.for_.loop.parallel};
  m.b = (IrBuilder){
      .arena = f->unit->arena, .unit = f->unit, .func = func, .span = s->span, .types = (TypeTable *)(uintptr_t)&f->unit->program->types};
  m.move = (IrMove){.arena = f->unit->arena, .index = s->as.for_.index};
  facts_push_range(f, ir_var(&m.b, s->as.for_.index), s->as.for_.lo, s->as.for_.hi);
  see_body(&m);
  if (m.fits && m.count) {
    move_elements(&m, out);
  } else {
    elements_block(f, &s->as.for_.body);
    vec_push(f->unit->arena, out, s);
  }
  f->known.len = mark;
}

static void elements_block(Facts *f, IrBlock *block) {
  IrBlock out = {0};
  uint32_t mark = f->known.len;
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    facts_see(f, s);
    if (s->kind == IRS_FOR && !s->as.for_.loop.cold) {
      elements_for(f, s, &out);
      continue;
    }
    IrBlock *blocks[2];
    unsigned count = s->kind == IRS_FOR ? 0 : ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) elements_block(f, blocks[k]);
    vec_push(f->unit->arena, &out, s);
  }
  f->known.len = mark;
  *block = out;
}

void pass_elements(IrUnit *unit) {
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    Facts f;
    if (unit->funcs.data[i]->is_main) continue;
    facts_init(&f, unit, unit->funcs.data[i]);
    elements_block(&f, &unit->funcs.data[i]->body);
  }
}
