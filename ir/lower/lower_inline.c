/* A function's body in the place of its call, where passes gain from seeing it: a stencil's loads, inside the loop over the points.
 * In: a specialisation whose only return is its last statement, and its arguments. Out: statements in the current block, and the value.
 * The body's variables become variables of the function at hand; options that belong to the function (checks, error model) stay its own. */
#include "ir/lower/lower_scalar.h"

static bool returns_inside(const StmtVec *block, bool outermost) {
  for (uint32_t i = 0; i < block->len; i++) {
    const Stmt *s = block->data[i];
    bool is_last = outermost && i + 1 == block->len;
    if (s->kind == STMT_DEF || (s->kind == STMT_RETURN && !is_last)) return true;
    if (s->kind == STMT_IF && (returns_inside(&s->as.if_.body, false) || returns_inside(&s->as.if_.orelse, false))) return true;
    bool is_loop = s->kind == STMT_FOR || s->kind == STMT_WHILE;
    if (is_loop && (returns_inside(&s->as.loop.body, false) || returns_inside(&s->as.loop.orelse, false))) return true;
  }
  return false;
}

bool lower_can_inline(const Lower *lo, const Spec *spec) {
  const StmtVec *body = &spec->func->body;
  const Stmt *last = body->len ? body->data[body->len - 1] : NULL;
  if (!last || last->kind != STMT_RETURN || !last->as.value || !spec->stmt_reached[last->id]) return false;
  return !spec->recursive && !spec->func->captures.len && spec_fastmath(spec) == lo->func->fastmath && !returns_inside(body, true);
}

/* A variable that nothing changes stands for the parameter itself, so that passes see one array, not two. */
static void enter_param(Lower *lo, IrVar *param, IrExpr *value, bool is_read) {
  bool same = value->op == IR_VAR && value->as.var->once && !value->as.var->is_global;
  param->is_param = false;
  if (!same || is_read) ir_set(&lo->b, param, value);
  if (!same) return;
  for (uint32_t i = 0; i < lo->spec->func->defs.len; i++)
    if (lo->def_vars[i] == param) lo->def_vars[i] = value->as.var;
  for (uint32_t d = 0; d < TYPE_MAX_NDIM; d++)
    if (lo->state->point[d] == param) lo->state->point[d] = value->as.var;
}

IrExpr *lower_inline(Lower *lo, const Spec *spec, IrExpr *const *args, uint32_t count, IrExpr *const *point) {
  Lower saved = *lo;
  IrBlock made = {0}, *block = lo->b.block;
  IrVar *around[TYPE_MAX_NDIM];
  IrFunc fake = {.spec = spec, .unit = lo->unit, .result = spec->result, .fastmath = lo->func->fastmath};
  memcpy(around, lo->state->point, sizeof around);
  lo->spec = spec;
  lo->func = &fake; /* its parameters are plain variables of the real one, which lo->b.func still is */
  lo->loop = NULL;
  lo->temps = (IrVarVec){0};
  lo->top_level = false;
  lo->python_errors = spec_python_errors(spec);
  lo->boundscheck = spec_boundscheck(spec);
  lo->b.block = &made;
  lower_make_vars(lo);
  lo->b.block = block;
  for (uint32_t i = 0, next = 0; i < fake.params.len; i++) {
    while (next < count && !lower_has_content(args[next]->type)) next++;
    enter_param(lo, fake.params.data[i], next < count ? args[next++] : *point++, made.len > 0);
  }
  for (uint32_t i = 0; i < made.len; i++) vec_push(lo->arena, block, made.data[i]);
  StmtVec body = spec->func->body;
  const Stmt *last = body.data[--body.len];
  (void)lower_block(lo, &body);
  IrExpr *value = lower_bind(lo, NULL, lower_expr_as(lo, last->as.value, spec->result));
  lower_drop_temps(lo, 0);
  memcpy(lo->state->point, around, sizeof around);
  IrBuilder b = lo->b;
  bool failed = lo->failed;
  *lo = saved;
  lo->b.block = b.block;
  lo->failed = failed;
  return value;
}
