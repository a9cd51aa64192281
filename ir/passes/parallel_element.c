/* Elements that iterations of a parallel loop store where others store them, too (`if c: a[0] = e`): REDUCTION_ELEMENT. Each becomes a scalar that keeps
 * its last value, with a flag that says whether there is one; behind the loop the element is stored once, if any iteration did.
 * In: a loop that lowering has judged: it only stores into the array, at places that are fixed. Out: the loop with REDUCTION_LAST in the place of that;
 * false where other arrays may share the element, or two places may be one: the loop must run serially then. */
#include "ir/passes/parallel.h"

typedef struct Element {
  IrExpr **indices;
  IrVar *value, *stored;
} Element;

typedef struct Elements {
  IrBuilder b;
  const IrStmt *loop;
  const bool *inside; /* by IrVar.id: set in the loop */
  IrVar *array;
  Vec(Element) list;
  bool failed;
} Elements;

static bool is_inside(const Elements *x, const IrExpr *e) {
  bool found = e->op == IR_LOAD || (e->op == IR_VAR && !e->as.var->is_global && x->inside[e->as.var->id]);
  for (uint32_t i = 0; i < e->count && !found; i++) found = is_inside(x, e->args[i]);
  return found;
}

/* Different numbers on some axis. */
static bool is_elsewhere(const Elements *x, IrExpr *const *a, IrExpr *const *b) {
  int64_t m, n;
  for (unsigned d = 0; d < x->array->type->ndim; d++)
    if (ir_is_int_const(a[d], &m) && ir_is_int_const(b[d], &n) && m != n) return true;
  return false;
}

static bool is_same(const Elements *x, IrExpr *const *a, IrExpr *const *b) {
  for (unsigned d = 0; d < x->array->type->ndim; d++)
    if (!ir_same(a[d], b[d])) return false;
  return true;
}

static Element *element_of(Elements *x, const IrStmt *store) {
  IrExpr **indices = store->as.store.indices;
  for (unsigned d = 0; d < x->array->type->ndim; d++) x->failed |= is_inside(x, indices[d]);
  for (uint32_t i = 0; i < x->list.len; i++) {
    if (is_same(x, x->list.data[i].indices, indices)) return &x->list.data[i];
    x->failed |= !is_elsewhere(x, x->list.data[i].indices, indices);
  }
  vec_push(x->b.arena, &x->list, ((Element){.indices = indices}));
  return &x->list.data[x->list.len - 1];
}

/* Another array in the loop, or a use that is no store. */
static void see_array(Elements *x, const IrVar *array) {
  bool own = !array->is_global && x->inside[array->id] && array->owns;
  x->failed |= array == x->array || (!own && !ir_alias_apart(x->loop->as.for_.loop.alias, array, x->array));
}

static void see_expr(Elements *x, const IrExpr *e) {
  bool extent = e->op == IR_SHAPE || e->op == IR_SIZE || e->op == IR_STRIDE;
  if (e->op == IR_VAR && type_is_array(e->type)) see_array(x, e->as.var);
  for (uint32_t i = 0; i < e->count && !extent; i++) see_expr(x, e->args[i]);
}

static void see_slot(IrExpr **slot, void *data) {
  if (*slot) see_expr(data, *slot);
}

static void see_block(Elements *x, IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    ir_stmt_exprs(s, see_slot, x);
    if (s->kind == IRS_STORE && s->as.store.array == x->array)
      element_of(x, s);
    else if (s->kind == IRS_STORE)
      see_array(x, s->as.store.array);
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) see_block(x, blocks[k]);
  }
}

static void replace_stores(Elements *x, IrBlock *block) {
  IrBlock out = {0};
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) replace_stores(x, blocks[k]);
    if (s->kind != IRS_STORE || s->as.store.array != x->array) {
      vec_push(x->b.arena, &out, s);
      continue;
    }
    const Element *e = element_of(x, s);
    x->b.block = &out;
    x->b.span = s->span;
    ir_set(&x->b, e->value, s->as.store.value);
    ir_set(&x->b, e->stored, ir_bool(&x->b, true));
  }
  *block = out;
}

static void make_variables(Elements *x, IrBlock *before) {
  IrBuilder *b = &x->b;
  const Type *elem = type_scalar(b->types, x->array->type->dtype);
  b->block = before;
  for (uint32_t i = 0; i < x->list.len; i++) {
    Element *e = &x->list.data[i];
    e->value = ir_new_var(b, arena_printf(b->arena, "%s.last", x->array->name), elem);
    e->stored = ir_new_var(b, arena_printf(b->arena, "%s.stored", x->array->name), type_scalar(b->types, DT_BOOL));
    ir_set(b, e->value, type_is_complex(elem) ? ir_complex_const(b, elem, 0, 0) : ir_const(b, elem, 0));
    ir_set(b, e->stored, ir_bool(b, false));
  }
}

static void store_last(Elements *x, IrReductionVec *reductions, IrBlock *after) {
  for (uint32_t i = 0; i < x->list.len; i++) {
    const Element *e = &x->list.data[i];
    vec_push(x->b.arena, reductions, ((IrReduction){.kind = REDUCTION_LAST, .var = e->value, .at = x->loop->span}));
    vec_push(x->b.arena, reductions, ((IrReduction){.kind = REDUCTION_OP, .op = IR_LOR, .var = e->stored, .at = x->loop->span}));
    x->b.block = after;
    IrStmt *s = ir_stmt(&x->b, IRS_IF);
    s->as.if_.cond = ir_var(&x->b, e->stored);
    x->b.block = &s->as.if_.then;
    ir_store(&x->b, x->array, e->indices, ir_var(&x->b, e->value));
  }
}

bool elements_keep_last(const IrBuilder *b, IrStmt *loop, const bool *inside, IrBlock *before, IrBlock *after) {
  IrReductionVec *all = &loop->as.for_.loop.reductions, kept = {0};
  for (uint32_t i = 0; i < all->len; i++) {
    Elements x = {.b = *b, .loop = loop, .inside = inside, .array = all->data[i].var};
    if (all->data[i].kind != REDUCTION_ELEMENT) {
      vec_push(b->arena, &kept, all->data[i]);
      continue;
    }
    see_block(&x, &loop->as.for_.body);
    if (x.failed) return false;
    make_variables(&x, before);
    replace_stores(&x, &loop->as.for_.body);
    x.b.span = loop->span;
    store_last(&x, &kept, after);
  }
  *all = kept;
  return true;
}
