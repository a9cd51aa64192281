/* Calls of @stencil functions. In: a call with the arrays and numbers of the kernel. Out: the kernel's specialisation at one point (its
 * array parameters stand for whole arrays; the subscripts of those that are indexed relatively are offsets), the offsets it reads, and
 * the type of the result: an array like the first argument, of what the kernel returns. */
#include "frontend/sema.h"

#include "frontend/infer.h"

/* ---- numbers in decorators: they belong to no specialisation ---- */

enum { FOLLOW_DEPTH = 16 };

static bool read_number(const Expr *e, double *value, int depth) {
  double a, b;
  if (!e || depth > FOLLOW_DEPTH) return false;
  if (e->kind == EXPR_INT) return *value = (double)e->as.integer.value, true;
  if (e->kind == EXPR_FLOAT) return *value = e->as.number, true;
  if (e->kind == EXPR_BOOL) return *value = e->as.boolean, true;
  if (e->ref.kind == REF_BUILTIN && e->ref.builtin->typing == TR_CONST) return *value = builtin_const(e->ref.builtin->id), true;
  if (e->kind == EXPR_UNARY && e->as.unary.op <= UN_POS) {
    if (!read_number(e->as.unary.operand, value, depth + 1)) return false;
    if (e->as.unary.op == UN_NEG) *value = -*value;
    return true;
  }
  if (e->kind == EXPR_BINARY && e->as.binary.op <= BIN_MUL) {
    if (!read_number(e->as.binary.lhs, &a, depth + 1) || !read_number(e->as.binary.rhs, &b, depth + 1)) return false;
    *value = e->as.binary.op == BIN_ADD ? a + b : e->as.binary.op == BIN_SUB ? a - b : a * b;
    return true;
  }
  const Def *def = e->kind != EXPR_NAME                         ? NULL
                   : e->ref.kind == REF_DEF                     ? e->ref.def
                   : e->ref.kind == REF_GLOBAL && e->ref.global ? e->ref.global->def
                                                                : NULL;
  return def && def->kind == DEF_ASSIGN && read_number(def->const_value, value, depth + 1);
}

bool decorator_number(const Expr *e, double *value) { return read_number(e, value, 0); }

static bool whole_number(const Expr *e, int64_t *value) {
  double x;
  if (!decorator_number(e, &x) || !(x > -0x1p53 && x < 0x1p53) || x != (double)(int64_t)x) return false;
  *value = (int64_t)x;
  return true;
}

/* ---- what the kernel reads ---- */

static bool is_standard(const FuncDef *f, Sym name) {
  for (uint32_t i = 0; i < f->options.standard_indexing.len; i++)
    if (f->options.standard_indexing.data[i]->as.str == name) return true;
  return false;
}

int stencil_param(const Spec *spec, const Expr *e) {
  const FuncDef *f = spec->func;
  const Expr *base = e->kind == EXPR_INDEX ? e->as.index.base : NULL;
  if (f->kind != FUNC_STENCIL || !base || base->kind != EXPR_NAME || base->ref.kind != REF_DEF) return -1;
  if (!base->ref.def || base->ref.def->kind != DEF_PARAM) return -1;
  for (uint32_t i = 0; i < f->params.len; i++)
    if (f->params.data[i].local == base->ref.def->local && type_is_array(spec->args[i]) && !is_standard(f, f->params.data[i].name))
      return (int)i;
  return -1;
}

typedef struct Offsets {
  Infer *in;
  const Spec *spec;
  StencilShape *shape;
  bool ok, stored;
  uint32_t reads;
} Offsets;

static void refuse(Offsets *o, Span at, const char *text) {
  if (o->ok) infer_error(o->in, TYPE_ERROR, at, "%s", text);
  o->ok = false;
}

static void read_offset(Offsets *o, const Expr *item, uint32_t axis) {
  int64_t n;
  if (!type_is_int(infer_value(spec_type(o->spec, item)))) {
    refuse(o, item->span, "a stencil reads single elements: each offset is an integer");
  } else if (!o->spec->func->options.neighborhood) {
    if (!spec_const_int(o->spec, item, &n)) {
      refuse(o, item->span, "this offset is not constant: the decorator needs neighborhood=((lowest, highest), …), one pair per axis");
      return;
    }
    if (n < o->shape->lo[axis]) o->shape->lo[axis] = n;
    if (n > o->shape->hi[axis]) o->shape->hi[axis] = n;
  }
}

static void visit_expr(void *ctx, Expr *e) {
  Offsets *o = ctx;
  bool stored = o->stored;
  o->stored = false;
  expr_each_child(e, visit_expr, ctx);
  if (stencil_param(o->spec, e) < 0 || !spec_type(o->spec, e->as.index.base)) return;
  o->reads++;
  if (stored)
    refuse(o, e->span, "a stencil cannot store into its arrays");
  else if (e->as.index.items.len != o->shape->ndim)
    refuse(o, e->span, arena_printf(o->in->arena, "a stencil on %u dimensions needs as many offsets here", o->shape->ndim));
  else
    for (uint32_t i = 0; i < o->shape->ndim; i++) read_offset(o, e->as.index.items.data[i], i);
}

static void visit_target(Offsets *o, Expr *target) {
  o->stored = true;
  visit_expr(o, target);
  o->stored = false;
}

static void visit_block(Offsets *o, const StmtVec *block);

static void visit_stmt(Offsets *o, const Stmt *s) {
  if (!o->spec->stmt_reached[s->id]) return;
  if (s->kind == STMT_ASSIGN)
    for (uint32_t i = 0; i < s->as.assign.targets.len; i++) visit_target(o, s->as.assign.targets.data[i]);
  if (s->kind == STMT_AUG_ASSIGN) visit_target(o, s->as.aug.target);
  if (s->kind == STMT_ASSIGN)
    visit_expr(o, s->as.assign.value);
  else if (s->kind == STMT_AUG_ASSIGN)
    visit_expr(o, s->as.aug.value);
  else
    stmt_each_expr(s, visit_expr, o);
  if (s->kind == STMT_IF) visit_block(o, &s->as.if_.body), visit_block(o, &s->as.if_.orelse);
  if (s->kind == STMT_FOR || s->kind == STMT_WHILE) visit_block(o, &s->as.loop.body), visit_block(o, &s->as.loop.orelse);
}

static void visit_block(Offsets *o, const StmtVec *block) {
  for (uint32_t i = 0; i < block->len; i++) visit_stmt(o, block->data[i]);
}

/* neighborhood=((-1, 1), (0, 2)) */
static bool read_neighborhood(Infer *in, const FuncDef *f, StencilShape *shape) {
  const Expr *all = f->options.neighborhood;
  const ExprVec *pairs = &all->as.list.items;
  if (pairs->len != shape->ndim)
    return infer_error(in, VALUE_ERROR, all->span, "the neighborhood has %u pair%s, the array %u dimension%s", pairs->len,
                       pairs->len == 1 ? "" : "s", shape->ndim, shape->ndim == 1 ? "" : "s") != NULL;
  for (uint32_t d = 0; d < shape->ndim; d++) {
    const Expr *pair = pairs->data[d];
    bool is_pair = (pair->kind == EXPR_TUPLE || pair->kind == EXPR_LIST) && pair->as.list.items.len == 2;
    if (!is_pair || !whole_number(pair->as.list.items.data[0], &shape->lo[d]) || !whole_number(pair->as.list.items.data[1], &shape->hi[d]))
      return infer_error(in, TYPE_ERROR, pair->span, "a neighborhood has a pair of constant integers per axis, as in ((-1, 1), (0, 2))") !=
             NULL;
    if (shape->lo[d] > 0) shape->lo[d] = 0;
    if (shape->hi[d] < 0) shape->hi[d] = 0;
  }
  return true;
}

static bool read_shape(Infer *in, const Spec *spec, StencilShape *shape, Span call) {
  if (spec->func->options.neighborhood && !read_neighborhood(in, spec->func, shape)) return false;
  Offsets o = {.in = in, .spec = spec, .shape = shape, .ok = true};
  visit_block(&o, &spec->func->body);
  if (o.ok && !o.reads) refuse(&o, call, arena_printf(in->arena, "the stencil '%s' reads no array at an offset", spec->func->name->text));
  return o.ok;
}

/* ---- the call ---- */

/* args[n] is `out`, or NULL. */
static bool bind(Infer *in, const FuncDef *f, const Expr *e, Expr **args) {
  uint32_t n = f->params.len, given = e->as.call.args.len;
  if (given != n)
    return infer_error(in, TYPE_ERROR, e->span, "%s() takes %u positional argument%s but %u %s given", f->name->text, n, n == 1 ? "" : "s",
                       given, given == 1 ? "was" : "were") != NULL;
  for (uint32_t i = 0; i < n; i++) args[i] = e->as.call.args.data[i];
  for (uint32_t i = 0; i < e->as.call.keywords.len; i++) {
    const Keyword *k = &e->as.call.keywords.data[i];
    if (!sym_is(k->name, "out") || args[n])
      return infer_error(in, TYPE_ERROR, k->span, "%s() got an unexpected keyword argument '%s'", f->name->text, k->name->text) != NULL;
    args[n] = k->value;
  }
  return true;
}

static bool check_args(Infer *in, const FuncDef *f, Expr *const *args, const Type **types) {
  for (uint32_t i = 0; i < f->params.len; i++) {
    const Type *t = types[i] = infer_value(spec_type(in->spec, args[i]));
    const char *name = f->params.data[i].name->text;
    if (!type_is_value(t)) return infer_error(in, TYPE_ERROR, args[i]->span, "%s cannot be an argument", type_name(t)) != NULL;
    if (i == 0 && (!type_is_array(t) || !t->ndim))
      return infer_error(in, TYPE_ERROR, args[0]->span, "the first argument of a stencil is the array that it runs over, not %s",
                         type_name(t)) != NULL;
    if (type_is_array(t) && !is_standard(f, f->params.data[i].name) && t->ndim != types[0]->ndim)
      return infer_error(in, TYPE_ERROR, args[i]->span, "'%s' has %u dimension%s, the first array of the stencil %u", name, t->ndim,
                         t->ndim == 1 ? "" : "s", types[0]->ndim) != NULL;
  }
  return true;
}

static bool check_cval(Infer *in, const FuncDef *f) {
  double value;
  if (!f->options.cval || decorator_number(f->options.cval, &value)) return true;
  return infer_error(in, TYPE_ERROR, f->options.cval->span, "the cval of a stencil is a constant real number") != NULL;
}

const Type *infer_stencil_call(Infer *in, Expr *e, FuncDef *f) {
  uint32_t n = f->params.len;
  Expr **args = arena_array(in->arena, Expr *, n + 2);
  const Type **types = arena_array(in->arena, const Type *, n + 1);
  if (f->captures.len)
    return infer_error(in, NOT_IMPLEMENTED_ERROR, e->span, "%s() uses variables of the function around it", f->name->text);
  if (!bind(in, f, e, args) || !check_args(in, f, args, types) || !check_cval(in, f)) return NULL;
  Spec *spec = infer_spec(in, f, types, NULL, NULL, e->span);
  if (!spec) return NULL;
  if (spec->failed && spec->done && in->final) infer_report_callee(in, spec, e->span);
  if ((spec->failed && spec->done) || !spec->result) return NULL;
  if (!type_is_scalar(spec->result))
    return infer_error(in, TYPE_ERROR, e->span, "the stencil '%s' must return a number for each point, not %s", f->name->text,
                       type_name(spec->result));
  StencilShape *shape = arena_new(in->arena, StencilShape);
  shape->ndim = types[0]->ndim;
  if (!read_shape(in, spec, shape, e->span)) return NULL;
  infer_set_callee(in, e, (Callee){.kind = CALLEE_STENCIL, .spec = spec, .args = args, .count = n + (args[n] != NULL), .stencil = shape});
  if (!args[n]) return type_array(in->tt, spec->result->dtype, shape->ndim, LAYOUT_C, false);
  if (!infer_check_out(in, args[n], spec->result->dtype, f->name->text)) return NULL;
  const Type *out = infer_value(spec_type(in->spec, args[n]));
  if (out->ndim != shape->ndim)
    return infer_error(in, TYPE_ERROR, args[n]->span, "the output of %s() has %u dimension%s, the first array %u", f->name->text, out->ndim,
                       out->ndim == 1 ? "" : "s", shape->ndim);
  return out;
}
