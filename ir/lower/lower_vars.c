/* Versions of locals to variables. Versions that a join brings together and that have one type share a variable; since versions come
 * from the source one by one, two versions of a local are never alive at once, so that a plain mutable variable holds them. A version
 * that meets no other is a `once` variable. Where types differ, the edge of the join converts. A name that a path may leave unset has a
 * flag beside it. In: the function's versions and their types. Out: Lower.def_vars, Lower.set_flags; reading, defining, edges. Must not
 * decide types: inference has. */
#include "ir/lower/lower_scalar.h"

bool lower_has_content(const Type *t) {
  switch (t->kind) {
  case TYPE_SCALAR:
  case TYPE_ARRAY:
  case TYPE_STR:
  case TYPE_OPTIONAL: return true;
  case TYPE_TUPLE:
  case TYPE_FUNC:
    for (uint32_t i = 0; i < t->count; i++)
      if (lower_has_content(t->elems[i])) return true;
    return false;
  case TYPE_NONE:
  case TYPE_DTYPE:
  case TYPE_BUILTIN:
  case TYPE_MODULE:
  case TYPE_ITER:
  case TYPE_SLICE:
  case TYPE_ELLIPSIS: return false;
  }
  LJ_UNREACHABLE();
}

/* ---- classes of versions ---- */

typedef struct Classes {
  Lower *lo;
  uint32_t *parent; /* union-find, by DefId */
  uint32_t *real;   /* by root: definitions that are no joins */
  bool *joined;     /* by root: has a join */
  bool *flagged;    /* by DefId: flows to a join that may be unset */
} Classes;

static uint32_t root(Classes *c, uint32_t id) {
  while (c->parent[id] != id) id = c->parent[id] = c->parent[c->parent[id]];
  return id;
}

static const Type *def_type(const Lower *lo, const Def *def) { return lo->spec->def_types[def->id]; }

static bool has_var(const Lower *lo, const Def *def) {
  const Type *t = def_type(lo, def);
  return def->kind != DEF_UNSET && def->used && t && lower_has_content(t);
}

static void flag_operands(Classes *c, const Def *def) {
  if (c->flagged[def->id]) return;
  c->flagged[def->id] = true;
  if (def->kind != DEF_PHI) return;
  for (uint32_t i = 0; i < def->args.len; i++)
    if (def->args.data[i]) flag_operands(c, def->args.data[i]);
}

static void unite(Classes *c, const Def *phi) {
  const Lower *lo = c->lo;
  if (phi->maybe_unset && def_type(lo, phi)) flag_operands(c, phi);
  if (!has_var(lo, phi)) return;
  for (uint32_t i = 0; i < phi->args.len; i++) {
    const Def *arg = phi->args.data[i];
    if (arg && arg != phi && has_var(lo, arg) && def_type(lo, arg) == def_type(lo, phi)) c->parent[root(c, arg->id)] = root(c, phi->id);
  }
}

static void make_var(Classes *c, const Def *def, uint32_t *taken) {
  Lower *lo = c->lo;
  uint32_t at = root(c, def->id);
  if (lo->def_vars[at]) {
    lo->def_vars[def->id] = lo->def_vars[at];
    return;
  }
  const Local *local = def->local;
  const Type *type = def_type(lo, def);
  uint32_t n = taken[local->index]++;
  const char *name = n ? arena_printf(lo->arena, "%s.%u", local->name->text, n) : local->name->text;
  IrVar *var = ir_new_var(&lo->b, name, type);
  var->once = c->real[at] == 1 && !c->joined[at];
  var->owns = type_owns(type);
  var->span = def->kind == DEF_PHI ? local->span : def->span;
  lo->def_vars[at] = lo->def_vars[def->id] = var;
}

static void make_flags(Classes *c, const FuncDef *func) {
  Lower *lo = c->lo;
  IrVar **flags = arena_array(lo->arena, IrVar *, func->locals.len + 1);
  for (uint32_t i = 0; i < func->defs.len; i++) {
    const Def *def = func->defs.data[i];
    if (!c->flagged[i] || def->kind == DEF_UNSET) continue;
    IrVar **flag = &flags[def->local->index];
    if (!*flag) {
      *flag = ir_new_var(&lo->b, arena_printf(lo->arena, "%s.is_set", def->local->name->text), type_scalar(lo->types, DT_BOOL));
      ir_set(&lo->b, *flag, ir_bool(&lo->b, false));
    }
    lo->set_flags[i] = *flag;
  }
}

/* Parameters and captures arrive in borrowed `once` variables: the class itself when nothing else is in it. */
static void enter_param(Classes *c, const Local *local, DefKind kind, const Type *type, uint32_t *taken) {
  Lower *lo = c->lo;
  if (!type || !lower_has_content(type)) return;
  const Def *def = NULL;
  for (uint32_t i = 0; i < local->defs.len && !def; i++)
    if (local->defs.data[i]->kind == kind) def = local->defs.data[i];
  IrVar *param = ir_new_var(&lo->b, local->name->text, type);
  param->is_param = param->once = true;
  param->span = local->span;
  vec_push(lo->arena, &lo->func->params, param);
  taken[local->index]++;
  if (!def || !has_var(lo, def)) return;
  uint32_t at = root(c, def->id);
  if (c->real[at] == 1 && !c->joined[at] && def_type(lo, def) == type) lo->def_vars[at] = lo->def_vars[def->id] = param;
}

static const Def *entry_def(const Local *local, DefKind kind) {
  for (uint32_t i = 0; i < local->defs.len; i++)
    if (local->defs.data[i]->kind == kind) return local->defs.data[i];
  return NULL;
}

/* What is not in its parameter's own variable is set on entry; so are parameters left to their default. */
static void set_params(Lower *lo) {
  const FuncDef *func = lo->spec->func;
  uint32_t next = 0;
  for (uint32_t i = 0; i < func->params.len + func->captures.len; i++) {
    bool is_param = i < func->params.len;
    const Local *local = is_param ? func->params.data[i].local : func->captures.data[i - func->params.len];
    const Type *type = is_param ? lo->spec->args[i] : lo->spec->captures[i - func->params.len];
    const Def *def = entry_def(local, is_param ? DEF_PARAM : DEF_CAPTURE);
    IrVar *param = type && lower_has_content(type) ? lo->func->params.data[next++] : NULL;
    if (!def) continue;
    if (lo->set_flags[def->id]) lower_set_flag(lo, def);
    if (!is_param || type) {
      if (param && lo->def_vars[def->id] && lo->def_vars[def->id] != param) lower_define(lo, def, ir_var(&lo->b, param), local->span);
      continue;
    }
    uint32_t mark = lo->temps.len;
    lower_define(lo, def, lower_expr(lo, func->params.data[i].default_value), local->span);
    lower_drop_temps(lo, mark);
  }
}

void lower_make_vars(Lower *lo) {
  const FuncDef *func = lo->spec->func;
  uint32_t n = func->defs.len;
  Classes c = {.lo = lo,
               .parent = arena_array(lo->arena, uint32_t, n + 1),
               .real = arena_array(lo->arena, uint32_t, n + 1),
               .joined = arena_array(lo->arena, bool, n + 1),
               .flagged = arena_array(lo->arena, bool, n + 1)};
  uint32_t *taken = arena_array(lo->arena, uint32_t, func->locals.len + 1);
  lo->def_vars = arena_array(lo->arena, IrVar *, n + 1);
  lo->set_flags = arena_array(lo->arena, IrVar *, n + 1);
  for (uint32_t i = 0; i < n; i++) c.parent[i] = i;
  for (uint32_t i = 0; i < n; i++)
    if (func->defs.data[i]->kind == DEF_PHI && func->defs.data[i]->used) unite(&c, func->defs.data[i]);
  for (uint32_t i = 0; i < n; i++) {
    const Def *def = func->defs.data[i];
    if (!has_var(lo, def)) continue;
    if (def->kind == DEF_PHI)
      c.joined[root(&c, i)] = true;
    else
      c.real[root(&c, i)]++;
  }
  for (uint32_t i = 0; i < func->params.len; i++) enter_param(&c, func->params.data[i].local, DEF_PARAM, lo->spec->args[i], taken);
  for (uint32_t i = 0; i < func->captures.len; i++) enter_param(&c, func->captures.data[i], DEF_CAPTURE, lo->spec->captures[i], taken);
  lower_stencil_params(lo);
  for (uint32_t i = 0; i < n; i++)
    if (has_var(lo, func->defs.data[i])) make_var(&c, func->defs.data[i], taken);
  make_flags(&c, func);
  set_params(lo);
}

/* ---- reading and defining ---- */

IrExpr *lower_read(Lower *lo, const Def *def, Span at) {
  const Type *type = def_type(lo, def);
  LJ_ASSERT(type != NULL);
  if (def->maybe_unset && lo->set_flags[def->id]) {
    Span saved = lo->b.span;
    lo->b.span = at;
    const char *name = def->local->name->text;
    const char *text = lo->top_level
                           ? arena_printf(lo->arena, "name '%s' is not defined", name)
                           : arena_printf(lo->arena, "cannot access local variable '%s' where it is not associated with a value", name);
    ir_check(&lo->b, CHECK_BOUND, ir_var(&lo->b, lo->set_flags[def->id]), lo->top_level ? NAME_ERROR : UNBOUND_LOCAL_ERROR, text, NULL,
             NULL, NULL, NULL);
    lo->b.span = saved;
  }
  IrVar *var = lo->def_vars[def->id];
  return var ? ir_var(&lo->b, var) : ir_none(&lo->b, type);
}

void lower_set_flag(Lower *lo, const Def *def) {
  if (lo->set_flags[def->id]) ir_set(&lo->b, lo->set_flags[def->id], ir_bool(&lo->b, true));
}

static void set_var(Lower *lo, IrVar *var, IrExpr *value) {
  if (value->op == IR_VAR && value->as.var == var) return;
  ir_set(&lo->b, var, value);
  IrVar *from = value->op == IR_VAR ? value->as.var : NULL;
  if (var->owns && from && from->owns && from->temp) { /* its last use: hands its reference over */
    vec_last(lo->b.block)->as.set.move = true;
    for (uint32_t i = lo->temps.len; i-- > 0;)
      if (lo->temps.data[i] == from) {
        memmove(&lo->temps.data[i], &lo->temps.data[i + 1], (lo->temps.len - i - 1) * sizeof *lo->temps.data);
        lo->temps.len--;
        break;
      }
  }
}

/* The top level's variable as functions see it. Made when either side meets it first. */
static IrVar *unit_global(Lower *lo, const Global *global, const Type *type) {
  for (uint32_t i = 0; i < lo->unit->globals.len; i++)
    if (lo->unit->globals.data[i]->span.lo == global->def->span.lo && strcmp(lo->unit->globals.data[i]->name, global->name->text) == 0)
      return lo->unit->globals.data[i];
  IrVar *var = arena_new(lo->arena, IrVar);
  *var = (IrVar){.id = lo->unit->globals.len, .name = global->name->text, .type = type, .is_global = true, .owns = type_owns(type)};
  var->span = global->def->span;
  vec_push(lo->arena, &lo->unit->globals, var);
  return var;
}

static void publish(Lower *lo, const Def *def, IrExpr *value) {
  const Global *global = lo->top_level ? def->local->global : NULL;
  if (!global || !global->read_by_functions || global->def != def || !lower_has_content(def_type(lo, def))) return;
  ir_set(&lo->b, unit_global(lo, global, def_type(lo, def)), value);
}

void lower_define(Lower *lo, const Def *def, IrExpr *value, Span at) {
  const Type *type = def ? def_type(lo, def) : NULL;
  if (!type) return;
  Span saved = lo->b.span;
  lo->b.span = at;
  IrVar *var = lo->def_vars[def->id];
  value = lower_convert(lo, value, type, at);
  if (var) {
    set_var(lo, var, value);
    publish(lo, def, ir_var(&lo->b, var));
  } else if (lower_has_content(type)) {
    publish(lo, def, value);
  }
  lower_set_flag(lo, def);
  lo->b.span = saved;
}

/* ---- joins ---- */

static const Def *converted_operand(const Lower *lo, const Def *phi, uint32_t edge) {
  if (edge >= phi->args.len || !lo->def_vars[phi->id]) return NULL;
  const Def *arg = phi->args.data[edge];
  if (!arg || arg == phi || arg->kind == DEF_UNSET || !def_type(lo, arg)) return NULL;
  return lo->def_vars[arg->id] == lo->def_vars[phi->id] ? NULL : arg;
}

bool lower_edge_converts(const Lower *lo, const DefVec *phis, uint32_t edge) {
  for (uint32_t i = 0; i < phis->len; i++)
    if (converted_operand(lo, phis->data[i], edge)) return true;
  return false;
}

void lower_edge(Lower *lo, const DefVec *phis, uint32_t edge) {
  uint32_t mark = lo->temps.len;
  for (uint32_t i = 0; i < phis->len; i++) {
    const Def *phi = phis->data[i], *arg = converted_operand(lo, phi, edge);
    if (!arg) continue;
    IrVar *from = lo->def_vars[arg->id];
    IrExpr *value = from ? ir_var(&lo->b, from) : ir_none(&lo->b, def_type(lo, arg));
    set_var(lo, lo->def_vars[phi->id], lower_convert(lo, value, def_type(lo, phi), phi->span));
  }
  lower_drop_temps(lo, mark);
}

/* ---- top-level variables in functions ---- */

enum { CONST_DEPTH = 16 };

/* Literals, and arithmetic on them that cannot fail: the same value wherever it is computed. */
static bool is_constant(const Spec *main, const Expr *e, int depth) {
  if (depth > CONST_DEPTH || !spec_type(main, e)) return false;
  int64_t n;
  switch ((int)e->kind) {
  case EXPR_INT:
  case EXPR_FLOAT:
  case EXPR_IMAG:
  case EXPR_BOOL:
  case EXPR_STR: return true;
  case EXPR_ATTR: return e->ref.kind == REF_BUILTIN && e->ref.builtin->typing == TR_CONST;
  case EXPR_UNARY: return is_constant(main, e->as.unary.operand, depth + 1);
  case EXPR_NAME: {
    const Def *def = e->ref.kind == REF_DEF ? e->ref.def : NULL;
    return def && def->kind == DEF_ASSIGN && def->const_value && is_constant(main, def->const_value, depth + 1);
  }
  case EXPR_BINARY:
    if (!is_constant(main, e->as.binary.lhs, depth + 1) || !is_constant(main, e->as.binary.rhs, depth + 1)) return false;
    if (e->as.binary.op <= BIN_MUL || e->as.binary.op >= BIN_AND) return true;
    return e->as.binary.op == BIN_DIV && spec_const_int(main, e->as.binary.rhs, &n) && n != 0;
  case EXPR_TUPLE:
    for (uint32_t i = 0; i < e->as.list.items.len; i++)
      if (!is_constant(main, e->as.list.items.data[i], depth + 1)) return false;
    return true;
  default: return false;
  }
}

/* The same expression, as the top level types it, with names followed to what they stand for. */
static IrExpr *constant_value(Lower *lo, const Expr *e) {
  const Spec *spec = lo->spec;
  bool top_level = lo->top_level;
  lo->spec = lo->program->main;
  lo->top_level = true;
  while (e->kind == EXPR_NAME) e = e->ref.def->const_value;
  IrExpr *value = lower_expr(lo, e);
  lo->spec = spec;
  lo->top_level = top_level;
  return value;
}

IrExpr *lower_global(Lower *lo, const Global *global, Span at) {
  const Spec *main = lo->program->main;
  LJ_ASSERT(global && global->def && main);
  const Type *type = main->def_types[global->def->id];
  if (!lower_has_content(type)) return ir_none(&lo->b, type);
  if (global->def->kind == DEF_ASSIGN && global->def->const_value && is_constant(main, global->def->const_value, 0))
    return lower_convert(lo, constant_value(lo, global->def->const_value), type, at);
  IrVar *var = map_get(&lo->state->globals, map_key(global));
  if (!var) {
    IrBlock *outer = lower_enter(lo, &lo->state->entry);
    var = ir_let(&lo->b, global->name->text, ir_var(&lo->b, unit_global(lo, global, type)));
    lower_leave(lo, outer);
    map_put(lo->arena, &lo->state->globals, map_key(global), var);
  }
  return ir_var(&lo->b, var);
}
