/* Pass "fuse": neighbouring MAPs and REDUCEs over the same space become one nest, so that arrays pass through the caches once, and temporary
 * arrays that only this nest reads, at the index where it writes them, become scalars.
 * A region of a block runs from one nest to another. What stands between them goes in front of the nest when nobody can notice that, and behind
 * it when it needs a result; a check behind a store that others see becomes a part of the one test that chooses between the fused nest and
 * the statements as they were. The test also says that extents which are not known to be equal are, and that different arrays do not overlap, or are the
 * same elements. In: a unit before "expand". Out: fewer nests, remarks on those that stay alone. */
#include "ir/passes/fuse.h"

enum { MOST_NODES = 600, MOST_LOOSE = 2 };
_Static_assert(FUSE_MOST_PARTS <= 32, "sets of parts are 32 bits");

static const char NOTHING_IN_COMMON[] = "nothing in common";

/* ---- parts ---- */

typedef struct Scan {
  FusePart *part;
  uint32_t nodes;
  bool ok, library;
} Scan;

static bool is_own_index(const FusePart *p, uint32_t ndim, IrExpr *const *indices) {
  if (ndim != p->ndim) return false;
  for (uint32_t d = 0; d < ndim; d++)
    if (indices[d]->op != IR_VAR || indices[d]->as.var != p->index[d]) return false;
  return true;
}

static uint32_t ones_of(const FusePart *p, const IrVar *array) {
  for (uint32_t i = 0; i < p->fit->sources.len; i++)
    if (p->fit->sources.data[i].array == array) return p->fit->sources.data[i].ones;
  return 0;
}

static void see_array(Scan *x, IrVar *array, IrExpr *const *indices, bool stored) {
  FusePart *p = x->part;
  uint32_t i = 0;
  while (i < p->array_count && p->arrays[i].array != array) i++;
  x->ok &= i < FUSE_MOST_ARRAYS && array->once && !array->is_global;
  if (!x->ok) return;
  if (i == p->array_count) p->arrays[p->array_count++] = (FuseArray){.array = array, .ones = ones_of(p, array), .own = true};
  p->arrays[i].stored |= stored;
  p->arrays[i].own &= is_own_index(p, array->type->ndim, indices);
  x->ok &= !stored || p->arrays[i].own;
}

static bool is_library(MathId id) { return strncmp(math_info[id].f64 ? math_info[id].f64 : "", "llvm.", 5) != 0; }

static void see_expr(IrExpr **slot, void *data) {
  Scan *x = data;
  IrExpr *e = *slot;
  x->nodes++;
  x->library |= e->op == IR_RTCALL || (e->op == IR_MATH && is_library(e->as.math));
  if (e->op == IR_LOAD) see_array(x, e->args[0]->as.var, e->args + 1, false);
  for (uint32_t i = e->op == IR_LOAD; i < e->count; i++) see_expr(&e->args[i], data);
}

static void see_block(Scan *x, IrBlock *block, bool inner) {
  for (uint32_t i = 0; i < block->len && x->ok; i++) {
    IrStmt *s = block->data[i];
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    x->ok &= s->kind == IRS_SET || (s->kind == IRS_STORE && !inner) || s->kind == IRS_IF;
    if (!x->ok) return;
    ir_stmt_exprs(s, see_expr, x);
    if (s->kind == IRS_STORE) see_array(x, s->as.store.array, s->as.store.indices, true);
    for (unsigned k = 0; k < count; k++) see_block(x, blocks[k], true);
  }
}

static bool make_part(IrStmt *s, FusePart *p, Scan *x) {
  *p = (FusePart){.stmt = s};
  *x = (Scan){.part = p, .ok = true};
  if (s->kind == IRS_MAP) {
    p->ndim = s->as.map.ndim, p->index = s->as.map.index, p->extent = s->as.map.extent, p->body = &s->as.map.body;
    p->fit = &s->as.map.fit, p->loop = &s->as.map.loop;
  } else if (s->kind == IRS_REDUCE) {
    p->ndim = s->as.reduce.ndim, p->index = s->as.reduce.index, p->extent = s->as.reduce.extent, p->body = &s->as.reduce.body;
    p->fit = &s->as.reduce.fit, p->loop = &s->as.reduce.loop;
  } else {
    return false;
  }
  for (uint32_t d = 0; d < p->ndim; d++) x->ok &= ir_is_stable(p->extent[d]);
  see_block(x, p->body, false);
  if (s->kind == IRS_REDUCE && x->ok) see_expr(&s->as.reduce.element, x);
  return x->ok && p->ndim > 0;
}

/* ---- may a nest join? Each answer is a reason, or NULL. ---- */

/* All arrays have layout C and all dimensions: one dimension in memory. */
static bool is_flat(const FusePart *p) {
  for (uint32_t i = 0; i < p->array_count; i++) {
    const FuseArray *a = &p->arrays[i];
    if (!a->own || a->ones || a->array->type->layout != LAYOUT_C) return false;
  }
  return true;
}

static bool is_in_region(const Fuse *x, const IrVar *root) {
  const IrStmt *alloc = facts_maker(&x->f, root, IRS_ALLOC);
  for (uint32_t i = x->first; alloc && i < x->block->len; i++)
    if (x->block->data[i] == alloc) return true;
  return false;
}

/* Fresh memory of the region and an array that was there before: different. */
bool fuse_may_share(const Fuse *x, IrVar *a, IrVar *b) {
  IrVar *root_a = fit_root(&x->f, a), *root_b = fit_root(&x->f, b);
  if (root_a != root_b && (is_in_region(x, root_a) || is_in_region(x, root_b))) return false;
  return fit_may_share(&x->f, a, b);
}

static const char *conflict(const Fuse *x, const FuseArray *a, const FuseArray *b) {
  if ((!a->stored && !b->stored) || !fuse_may_share(x, a->array, b->array)) return NULL;
  if (fit_same_view(&x->f, a->array, b->array))
    return a->own && b->own && !a->ones && !b->ones ? NULL : "it reads what the one before stores at another index";
  if (fit_root(&x->f, a->array) == fit_root(&x->f, b->array))
    return "it reads or stores another part of an array that the one before stores or reads";
  return NULL; /* tested at run time */
}

typedef struct Reads {
  const Fuse *x;
  bool later, memory, changes; /* reads what has its value later, memory, variables that are set more than once */
} Reads;

static void see_reads(const IrExpr *e, Reads *r) {
  if (e->op == IR_VAR && !e->as.var->is_global && r->x->later[e->as.var->id]) r->later = true;
  if (e->op == IR_VAR && (e->as.var->is_global || !e->as.var->once)) r->changes = true;
  r->memory |= e->op == IR_LOAD || e->op == IR_RTCALL;
  for (uint32_t i = 0; i < e->count; i++) see_reads(e->args[i], r);
}

static void see_slot(IrExpr **slot, void *data) { see_reads(*slot, data); }

static void body_reads(Reads *r, IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrBlock *blocks[2];
    ir_stmt_exprs(block->data[i], see_slot, r);
    unsigned count = ir_stmt_blocks(block->data[i], blocks);
    for (unsigned k = 0; k < count; k++) body_reads(r, blocks[k]);
  }
}

static bool have_common_array(const Fuse *x, const FusePart *p, const FusePart *q) {
  for (uint32_t i = 0; i < p->array_count; i++)
    for (uint32_t j = 0; j < q->array_count; j++)
      if (fit_root(&x->f, p->arrays[i].array) == fit_root(&x->f, q->arrays[j].array)) return true;
  return false;
}

static bool has_common_array(const Fuse *x, const FusePart *p, uint32_t parts) {
  for (uint32_t k = 0; k < x->part_count; k++)
    if ((parts >> k & 1) && have_common_array(x, p, &x->parts[k])) return true;
  return false;
}

/* The parts that are reached from the first one by arrays that two of them have in common, as a set; all of them are, up to the newest, when that is so. */
static bool all_connected(const Fuse *x, uint32_t *reached) {
  for (bool more = true; more;) {
    more = false;
    for (uint32_t k = 0; k < x->part_count; k++) {
      if ((*reached >> k & 1) || !has_common_array(x, &x->parts[k], *reached)) continue;
      *reached |= (uint32_t)1 << k;
      more = true;
    }
  }
  return *reached == UINT32_MAX >> (32 - x->part_count);
}

/* A sum or product whose order of elements is part of its result. */
static bool is_ordered(const Fuse *x, const IrStmt *reduce) {
  bool sum = reduce->as.reduce.op == REDUCE_ADD || reduce->as.reduce.op == REDUCE_MUL;
  const Type *type = reduce->as.reduce.acc->type;
  return sum && (type_is_float(type) || type_is_complex(type)) && !(x->b.func->fastmath & FM_REASSOC);
}

/* Different arrays of all parts, the new one among them. */
static uint32_t count_arrays(const Fuse *x, const FusePart *p) {
  uint32_t count = p->array_count;
  for (uint32_t k = 0; k < x->part_count; k++)
    for (uint32_t i = 0; i < x->parts[k].array_count; i++) {
      bool seen = false;
      for (uint32_t j = 0; j < p->array_count; j++) seen |= p->arrays[j].array == x->parts[k].arrays[i].array;
      for (uint32_t m = 0; m < k; m++)
        for (uint32_t j = 0; j < x->parts[m].array_count; j++) seen |= x->parts[m].arrays[j].array == x->parts[k].arrays[i].array;
      count += !seen;
    }
  return count;
}

static const char *refuse_memory(const Fuse *x, const FusePart *p) {
  for (uint32_t k = 0; k < x->part_count; k++)
    for (uint32_t i = 0; i < p->array_count; i++)
      for (uint32_t j = 0; j < x->parts[k].array_count; j++) {
        const char *why = conflict(x, &x->parts[k].arrays[j], &p->arrays[i]);
        if (why) return why;
      }
  return NULL;
}

static const char *refuse_joint(const Fuse *x, const FusePart *p, const Scan *scan) {
  const FusePart *head = &x->parts[0];
  if (p->loop->parallel != head->loop->parallel) return "only one of the two is parallel";
  bool reduces = p->stmt->kind == IRS_REDUCE;
  if (reduces && x->reduce && (is_ordered(x, x->reduce) || is_ordered(x, p->stmt))) return "the order of a float sum or product is fixed";
  if (x->part_count == FUSE_MOST_PARTS) return "the nest is large enough";
  if (count_arrays(x, p) > FUSE_MOST_NAMES || scan->nodes > MOST_NODES) return "the nest is large enough";
  bool column_major = p->stmt->kind == IRS_MAP && p->stmt->as.map.column_major;
  bool head_column_major = head->stmt->kind == IRS_MAP && head->stmt->as.map.column_major;
  if (column_major != head_column_major) return "another order in memory";
  const char *why = refuse_memory(x, p);
  if (why) return why;
  bool ordered = (x->reduce && is_ordered(x, x->reduce)) || (reduces && is_ordered(x, p->stmt));
  for (uint32_t k = 0; ordered && p->ndim > 1 && k < x->part_count; k++)
    if (!is_flat(p) || !is_flat(&x->parts[k])) return "the order of the reduction would change";
  return NULL;
}

static const char *refuse(const Fuse *x, const FusePart *p, const Scan *scan) {
  Reads r = {.x = x};
  if (p->ndim != x->parts[0].ndim) return "another number of dimensions";
  body_reads(&r, p->body);
  ir_stmt_exprs(p->stmt, see_slot, &r);
  if (r.later) return "it needs the result of a reduction before";
  const char *why = refuse_joint(x, p, scan);
  return why && !has_common_array(x, p, UINT32_MAX) ? NOTHING_IN_COMMON : why;
}

/* ---- what stands between ---- */

static bool place_set(Fuse *x, const IrStmt *s, FusePlace *place) {
  IrVar *var = s->as.set.var;
  Reads r = {.x = x};
  see_reads(s->as.set.value, &r);
  if (var->is_global || r.memory) return false;
  bool scalar = !type_owns(var->type);
  *place = r.later || (!var->once && !ir_is_const(s->as.set.value)) ? PLACE_AFTER : PLACE_BEFORE;
  if (*place == PLACE_AFTER) {
    x->later[var->id] = true;
    return var->once || scalar;
  }
  return var->once || (scalar && !x->later[var->id]);
}

static bool place_check(Fuse *x, IrStmt *s, FusePlace *place) {
  Reads r = {.x = x};
  ir_stmt_exprs(s, see_slot, &r);
  *place = x->noticed ? PLACE_GUARD : PLACE_BEFORE;
  return !r.later && !r.memory && !r.changes;
}

/* False: the region ends here. */
static bool is_place(Fuse *x, const IrStmt *s, FusePlace *place) {
  *place = PLACE_BEFORE;
  if (s->kind == IRS_SET) return place_set(x, s, place);
  if (s->kind == IRS_CHECK) return place_check(x, (IrStmt *)(uintptr_t)s, place);
  if (s->kind == IRS_ALLOC) {
    Reads r = {.x = x};
    ir_stmt_exprs((IrStmt *)(uintptr_t)s, see_slot, &r);
    return s->as.alloc.var->once && !r.later && !r.memory && !r.changes;
  }
  *place = PLACE_AFTER;
  return s->kind == IRS_DROP;
}

typedef struct Mentioned {
  const IrVar *var;
  bool found;
} Mentioned;

static void find_in_slot(IrExpr **slot, void *data) {
  Mentioned *m = data;
  m->found |= ir_reads(*slot, m->var);
}

static void find_in_stmt(IrStmt *s, Mentioned *m) {
  IrBlock *blocks[2];
  ir_stmt_exprs(s, find_in_slot, m);
  m->found |= ir_stmt_result(s) == m->var || (s->kind == IRS_REDUCE && s->as.reduce.acc == m->var);
  unsigned count = ir_stmt_blocks(s, blocks);
  for (unsigned k = 0; k < count; k++)
    for (uint32_t i = 0; i < blocks[k]->len; i++) find_in_stmt(blocks[k]->data[i], m);
}

/* Sets a variable that an earlier statement of the region mentions: it would not be in front of it any more. */
static bool sets_mentioned(const Fuse *x, const IrStmt *s, uint32_t at) {
  if (s->kind != IRS_SET || s->as.set.var->once) return false;
  Mentioned m = {.var = s->as.set.var};
  for (uint32_t i = x->first; i < at; i++) find_in_stmt(x->block->data[i], &m);
  return m.found;
}

/* Memory that others see: not fresh in this region. */
static bool is_noticed(const Fuse *x, const FusePart *p) {
  for (uint32_t i = 0; i < p->array_count; i++)
    if (p->arrays[i].stored && !is_in_region(x, fit_root(&x->f, p->arrays[i].array))) return true;
  return false;
}

static void add_part(Fuse *x, const FusePart *p, uint32_t at) {
  x->parts[x->part_count++] = *p;
  x->last = at;
  x->noticed |= is_noticed(x, p);
  if (p->stmt->kind != IRS_REDUCE) return;
  x->reduce = p->stmt;
  x->later[p->stmt->as.reduce.acc->id] = true;
}

/* ---- temporaries ---- */

typedef struct Mentions {
  const Fuse *x;
  const IrVar *array;
  uint32_t all, extents; /* how often it is mentioned; how often only for its extents */
  uint32_t copies; /* into variables that are set once */
} Mentions;

static bool is_it(const Mentions *m, const IrVar *var) {
  return var && !var->is_global && var->once && fit_origin(&m->x->f, var) == m->array;
}

static void count_expr(const IrExpr *e, Mentions *m) {
  m->all += e->op == IR_VAR && is_it(m, e->as.var);
  m->extents += e->op == IR_SHAPE && is_it(m, e->args[0]->as.var);
  for (uint32_t i = 0; i < e->count; i++) count_expr(e->args[i], m);
}

static void count_slot(IrExpr **slot, void *data) { count_expr(*slot, data); }

/* All but DROPs and copies into variables that are set once. */
static void count_stmt(Mentions *m, IrStmt *s) {
  IrBlock *blocks[2];
  ir_stmt_exprs(s, count_slot, m);
  if (s->kind == IRS_STORE) m->all += is_it(m, s->as.store.array);
  if (s->kind == IRS_CHECK) {
    uint32_t shown = (uint32_t)is_it(m, s->as.check.shape_a) + is_it(m, s->as.check.shape_b);
    m->all += shown, m->extents += shown;
  }
  bool copies = s->kind == IRS_SET && s->as.set.value->op == IR_VAR && is_it(m, s->as.set.value->as.var) && is_it(m, s->as.set.var);
  m->all -= copies;
  m->copies += copies;
  unsigned count = ir_stmt_blocks(s, blocks);
  for (unsigned k = 0; k < count; k++)
    for (uint32_t i = 0; i < blocks[k]->len; i++) count_stmt(m, blocks[k]->data[i]);
}

/* Stored, and then read at the nests' own indices and nowhere else in the function? Between the nests its extents may be asked for. Behind them nothing
 * may copy what has no memory, also where nobody reads the copy. */
static bool is_private(const Fuse *x, const IrVar *array) {
  Mentions all = {.x = x, .array = array};
  uint32_t inside = 0, copies = 0;
  bool stored = false;
  for (uint32_t i = 0; i < x->b.func->body.len; i++) count_stmt(&all, x->b.func->body.data[i]);
  for (uint32_t k = 0; k < x->part_count; k++)
    for (uint32_t i = 0; i < x->parts[k].array_count; i++) {
      const FuseArray *a = &x->parts[k].arrays[i];
      if (!is_it(&all, a->array)) continue;
      if (!a->own || a->ones || (!stored && !a->stored)) return false;
      stored |= a->stored;
    }
  for (uint32_t i = x->first; i <= x->last; i++) {
    Mentions m = {.x = x, .array = array};
    IrStmt *s = x->block->data[i];
    count_stmt(&m, s);
    inside += s->kind == IRS_MAP || s->kind == IRS_REDUCE ? m.all : m.extents;
    copies += m.copies;
  }
  return stored && all.all == inside && all.copies == copies;
}

static void find_temps(Fuse *x) {
  x->temps.len = 0;
  for (uint32_t i = x->first; i < x->last; i++) {
    IrStmt *s = x->block->data[i];
    if (s->kind == IRS_ALLOC && !s->as.alloc.zero && is_private(x, s->as.alloc.var))
      vec_push(x->b.arena, &x->temps, ((FuseTemp){s->as.alloc.var, s}));
  }
}

bool fuse_is_temp(const Fuse *x, const IrVar *array) {
  if (array->is_global || !array->once) return false;
  const IrVar *origin = fit_origin(&x->f, array);
  for (uint32_t i = 0; i < x->temps.len; i++)
    if (x->temps.data[i].array == origin) return true;
  return false;
}

/* ---- regions ---- */

static void cut(Fuse *x, uint32_t parts) {
  x->part_count = parts;
  x->reduce = NULL;
  for (uint32_t k = 0; k < parts; k++)
    if (x->parts[k].stmt->kind == IRS_REDUCE) x->reduce = x->parts[k].stmt;
  for (uint32_t i = x->last; i > x->first; i--)
    if (x->block->data[i] == x->parts[parts - 1].stmt) x->last = i;
}

/* How many parts can stay: an allocation that is left may fail, and must not do so before a store that others see. */
static uint32_t parts_to_keep(Fuse *x) {
  uint32_t seen = 0;
  bool noticed = false;
  for (uint32_t i = x->first; i <= x->last; i++) {
    IrStmt *s = x->block->data[i];
    if (s->kind == IRS_MAP || s->kind == IRS_REDUCE) noticed |= is_noticed(x, &x->parts[seen++]);
    if (s->kind == IRS_ALLOC && noticed && !fuse_is_temp(x, s->as.alloc.var)) return seen;
  }
  bool in_order = x->reduce && x->reduce->as.reduce.pairwise && !(x->b.func->fastmath & FM_REASSOC);
  if (in_order && x->library && !x->temps.len) return seen - 1; /* calls between the sum's accumulators, and nothing to gain */
  return seen;
}

/* Surely no ValueError for its shape. */
static bool is_sure(const Fuse *x, const IrStmt *alloc) {
  IrExpr zero = {.op = IR_CONST, .type = type_scalar(x->b.types, DT_INT64)};
  for (unsigned d = 0; d < alloc->as.alloc.var->type->ndim; d++)
    if (affine_less(&x->f, alloc->as.alloc.shape[d], &zero) != 0) return false;
  return true;
}

/* Checks in order: behind one that waits for the test, or an allocation that may fail in the cold way alone, all wait. */
static void place_temps(Fuse *x) {
  bool waits = false;
  for (uint32_t i = x->first; i <= x->last; i++) {
    IrStmt *s = x->block->data[i];
    FusePlace *place = &x->place[i - x->first];
    bool copies = s->kind == IRS_SET && s->as.set.value->op == IR_VAR && type_is_array(s->as.set.value->type);
    if (s->kind == IRS_ALLOC && fuse_is_temp(x, s->as.alloc.var)) {
      *place = PLACE_COLD;
      waits |= !is_sure(x, s);
    }
    if (copies && fuse_is_temp(x, s->as.set.value->as.var)) *place = PLACE_COLD;
    if (s->kind != IRS_CHECK) continue;
    const IrVar *a = s->as.check.shape_a, *b = s->as.check.shape_b;
    waits |= *place == PLACE_GUARD || (a && fuse_is_temp(x, a)) || (b && fuse_is_temp(x, b));
    if (waits) *place = PLACE_GUARD;
  }
}

static void remark_refusal(Fuse *x, const FusePart *p, const char *why) {
  for (uint32_t i = 0; i < p->loop->remarks.len; i++) /* a region that began later found the same */
    if (strstr(p->loop->remarks.data[i].text, why)) return;
  ir_remark(x->b.arena, p->loop, "fuse", false, p->stmt->span, "stays apart from the array statement before: %s", why);
}

static bool is_nest(const IrStmt *s) { return s->kind == IRS_MAP || s->kind == IRS_REDUCE; }

/* The region that begins at `first`, with a nest or with the array for one; false when there is only one nest. */
static bool find_region(Fuse *x, uint32_t first) {
  FusePart part;
  Scan scan;
  IrBlock *block = x->block;
  x->first = x->last = first;
  x->part_count = 0;
  x->reduce = NULL;
  x->noticed = x->library = false;
  memset(x->later, 0, x->b.func->vars.len * sizeof *x->later);
  uint32_t at = first + (block->data[first]->kind == IRS_ALLOC);
  if (!make_part(block->data[at], &part, &scan)) return false;
  x->place[0] = PLACE_BEFORE;
  if (at > first && !is_place(x, block->data[first], &x->place[0])) return false;
  add_part(x, &part, at);
  x->library = scan.library;
  x->place[at - first] = PLACE_NEST;
  uint32_t connected = 1, reached = 1; /* so many parts have something to do with each other */
  for (uint32_t i = at + 1; i < block->len; i++) {
    IrStmt *s = block->data[i];
    if (is_nest(s)) {
      bool ok = make_part(s, &part, &scan);
      const char *why = ok ? refuse(x, &part, &scan) : "it does more than read and store elements";
      if (why && why != NOTHING_IN_COMMON && part.loop) remark_refusal(x, &part, why);
      if (why || x->part_count - connected == MOST_LOOSE) break;
      add_part(x, &part, i);
      if (all_connected(x, &reached)) connected = x->part_count;
      x->library |= scan.library;
      x->place[i - first] = PLACE_NEST;
    } else if (sets_mentioned(x, s, i) || !is_place(x, s, &x->place[i - first])) {
      break;
    }
  }
  cut(x, connected);
  find_temps(x);
  for (uint32_t keep; x->part_count > 1 && (keep = parts_to_keep(x)) < x->part_count; find_temps(x)) cut(x, keep);
  if (x->part_count < 2) return false;
  place_temps(x);
  return true;
}

static void fuse_block(Fuse *x, IrBlock *block) {
  IrBlock out = {0};
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) fuse_block(x, blocks[k]);
  }
  for (uint32_t i = 0; i < block->len; i++) {
    x->block = block;
    bool begins = is_nest(block->data[i]) || (block->data[i]->kind == IRS_ALLOC && i + 1 < block->len && is_nest(block->data[i + 1]));
    if (begins) x->place = arena_array(x->b.arena, FusePlace, block->len - i);
    if (begins) x->later = arena_array(x->b.arena, bool, x->b.func->vars.len + 1);
    if (begins && find_region(x, i)) {
      fuse_build(x, &out);
      i = x->last;
    } else {
      vec_push(x->b.arena, &out, block->data[i]);
    }
  }
  *block = out;
}

static void settle_block(const Facts *f, IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrBlock *blocks[2];
    fit_settle(f, block->data[i]);
    unsigned count = ir_stmt_blocks(block->data[i], blocks);
    for (unsigned k = 0; k < count; k++) settle_block(f, blocks[k]);
  }
}

void pass_fuse(IrUnit *unit) {
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    Fuse *x = arena_new(unit->arena, Fuse);
    x->b = (IrBuilder){.arena = unit->arena, .unit = unit, .func = unit->funcs.data[i], .types = (TypeTable *)&unit->program->types};
    fit_facts(&x->f, unit, x->b.func);
    settle_block(&x->f, &x->b.func->body);
    fold_block(unit, &x->b.func->body);
    fuse_block(x, &x->b.func->body);
  }
}
