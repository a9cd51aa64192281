/* The unit: the entry's specialisation and, one after another, all that it calls. Here functions are declared, their bodies lowered, and
 * calls of them made. In: typed specialisations. Out: an IrUnit in which every call has its function. Statements and expressions are the
 * other rooms' work. */
#include "ir/lower/lower_scalar.h"

IrExpr *lower_unsupported(Lower *lo, Span at, const Type *type, const char *fmt, ...) {
  char text[400];
  va_list args;
  va_start(args, fmt);
  lj_vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  if (!lo->failed) diag_error(lo->diag, NOT_IMPLEMENTED_ERROR, at, "%s", text);
  lo->failed = true;
  return lower_convert(lo, ir_none(&lo->b, lo->types->none), type, at);
}

static IrFunc *new_func(Lower *lo, const Spec *spec) {
  IrFunc *func = arena_new(lo->arena, IrFunc);
  func->spec = spec;
  func->unit = lo->unit;
  func->index = lo->unit->funcs.len;
  bool is_module = spec->func->kind == FUNC_MODULE;
  func->name = is_module ? "main" : arena_printf(lo->arena, "%s.%u", spec->func->name->text, func->index);
  func->result = spec->result;
  func->fastmath = spec_fastmath(spec);
  func->recursive = spec->recursive;
  func->is_main = is_module;
  vec_push(lo->arena, &lo->unit->funcs, func);
  return func;
}

IrFunc *lower_func_of(Lower *lo, const Spec *spec) {
  IrFunc *func = map_get(&lo->unit->func_of_spec, map_key(spec));
  if (func) return func;
  func = new_func(lo, spec);
  map_put(lo->arena, &lo->unit->func_of_spec, map_key(spec), func);
  return func;
}

/* ---- bodies ---- */

static void end_function(Lower *lo) {
  const Type *result = lo->func->result;
  lo->b.span = lo->spec->func->span;
  if (!lower_has_content(result)) {
    ir_stmt(&lo->b, IRS_RETURN);
  } else if (result->kind == TYPE_OPTIONAL) {
    ir_stmt(&lo->b, IRS_RETURN)->as.ret.value = ir_none(&lo->b, result);
  } else { /* inference knows that control does not come here */
    ir_stmt(&lo->b, IRS_RAISE)->as.raise.error = RUNTIME_ERROR;
  }
}

/* The function that callers reach; the function as written becomes another one of the unit. */
static void lower_memo_pair(Lower *lo, IrFunc *func) {
  IrFunc *body = new_func(lo, func->spec);
  body->is_memo_body = true;
  lo->spec = func->spec;
  lo->func = lo->b.func = func;
  lower_memo(lo, func, body);
}

static void lower_body(Lower *lo, IrFunc *func) {
  const Spec *spec = func->spec;
  if (lower_is_memo(func)) {
    lower_memo_pair(lo, func);
    return;
  }
  FuncState state = {0};
  IrBlock body = {0};
  lo->spec = spec;
  lo->func = lo->b.func = func;
  lo->state = &state;
  lo->loop = NULL;
  lo->temps = (IrVarVec){0};
  lo->top_level = func->is_main;
  lo->python_errors = spec_python_errors(spec);
  lo->boundscheck = spec_boundscheck(spec);
  lo->b.span = spec->func->span;
  lo->b.block = &state.entry;
  lower_make_vars(lo);
  lo->b.block = &body;
  if (lower_block(lo, &spec->func->body)) end_function(lo);
  func->body = state.entry;
  for (uint32_t i = 0; i < body.len; i++) vec_push(lo->arena, &func->body, body.data[i]);
  lower_fix_scopes(lo);
  lo->state = NULL;
}

IrUnit *ir_lower(Arena *arena, const Program *program, const Spec *entry, Diag *diag) {
  IrUnit *unit = arena_new(arena, IrUnit);
  unit->arena = arena;
  unit->program = program;
  unit->diag = diag;
  Lower lo = {.arena = arena, .unit = unit, .program = program, .diag = diag};
  lo.types = &((Program *)program)->types; /* interning a type is no change of the program */
  lo.b = (IrBuilder){.arena = arena, .unit = unit, .types = lo.types};
  unit->entry = lower_func_of(&lo, entry);
  for (uint32_t i = 0; i < unit->funcs.len && !lo.failed; i++) {
    lower_body(&lo, unit->funcs.data[i]);
    if (unit->globals.len) lower_func_of(&lo, program->main); /* what fills them */
  }
  if (unit->hosts.len && !lo.failed) lower_check_hosts(&lo);
  return lo.failed ? NULL : unit;
}

/* ---- calls ---- */

/* The captured variables, as the callee's parameters hold them. */
static void push_captures(Lower *lo, const Expr *closure, const Spec *spec, IrExprVec *args) {
  uint32_t count = spec->func->captures.len;
  Def **captures = closure->ref.kind == REF_FUNC ? closure->ref.captures : NULL;
  IrExpr *value = captures ? NULL : lower_bind(lo, NULL, lower_expr(lo, closure));
  for (uint32_t i = 0; i < count; i++) {
    if (!lower_has_content(spec->captures[i])) continue;
    IrExpr *item = captures ? lower_read(lo, captures[i], closure->span) : lower_get(lo, value, i);
    vec_push(lo->arena, args, lower_convert(lo, item, spec->captures[i], closure->span));
  }
}

IrExpr *lower_func_value(Lower *lo, Def *const *captures, const Type *type, Span at) {
  if (!lower_has_content(type)) return ir_none(&lo->b, type);
  IrExpr **items = arena_array(lo->arena, IrExpr *, type->count);
  for (uint32_t i = 0; i < type->count; i++) items[i] = lower_convert(lo, lower_read(lo, captures[i], at), type->elems[i], at);
  return ir_expr(&lo->b, IR_TUPLE, type, items, type->count);
}

static IrExpr *call_result(Lower *lo, IrStmt *call, const Type *type, Span at) {
  const Type *result = call->as.call.callee->result;
  if (!lower_has_content(result)) return lower_convert(lo, ir_none(&lo->b, result), type, at);
  IrVar *var = type_owns(result) ? lower_temp(lo, result) : ir_new_var(&lo->b, NULL, result);
  var->once = var->temp = true;
  call->as.call.result = var;
  return lower_convert(lo, ir_var(&lo->b, var), type, at);
}

/* Arguments from left to right as written (of a method the receiver first), then passed in the order of the parameters. */
static IrExpr **written_args(Lower *lo, const Expr *call, const Callee *callee) {
  uint32_t given = call->as.call.args.len, keywords = call->as.call.keywords.len, n = 0;
  Expr **list = arena_array(lo->arena, Expr *, given + keywords + 2), *target = call->as.call.callee;
  IrExpr **values = arena_array(lo->arena, IrExpr *, given + keywords + 2), **args = arena_array(lo->arena, IrExpr *, callee->count + 1);
  if (callee->count && target->kind == EXPR_ATTR && callee->args[0] == target->as.attr.base) list[n++] = target->as.attr.base;
  for (uint32_t i = 0; i < given; i++) list[n++] = call->as.call.args.data[i];
  for (uint32_t i = 0; i < keywords; i++) list[n++] = call->as.call.keywords.data[i].value;
  lower_exprs(lo, list, n, values);
  for (uint32_t i = 0; i < callee->count; i++)
    for (uint32_t k = 0; k < n; k++)
      if (callee->args[i] == list[k]) args[i] = values[k];
  return args;
}

IrExpr *lower_call_spec(Lower *lo, const Expr *call, const Callee *callee) {
  const Spec *spec = callee->spec;
  IrFunc *func = lower_func_of(lo, spec);
  IrExprVec args = {0};
  IrExpr **values = written_args(lo, call, callee);
  for (uint32_t i = 0; i < callee->count; i++) {
    const Type *type = spec->args[i];
    if (!callee->args[i] || !type) continue;
    uint32_t start = lo->b.block->len;
    IrExpr *value = lower_convert(lo, values[i], type, callee->args[i]->span);
    lower_guard(lo, start, args.data, args.len);
    if (lower_has_content(type)) vec_push(lo->arena, &args, value);
  }
  if (callee->closure) push_captures(lo, callee->closure, spec, &args);
  lo->b.span = call->span;
  IrStmt *s = ir_stmt(&lo->b, IRS_CALL);
  s->as.call.callee = func;
  s->as.call.args = args.data;
  s->as.call.count = args.len;
  return call_result(lo, s, lower_type(lo, call), call->span);
}
