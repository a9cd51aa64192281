/* Text: print, f-strings, str(), assert, raise. All values are evaluated first, in order; then the pieces are appended to the text that
 * the runtime builds, because evaluating one value may itself build text. In: calls and statements. Out: TEXT, TEXT_TAKE, PRINT, RAISE. */
#include "ir/lower/lower_scalar.h"

typedef struct Piece {
  IrExpr *spec; /* NULL: none */
  bool repr;
} Piece;

/* Pieces of one text. Values stand in an array of their own, for lower_guard. */
typedef struct Plan {
  IrExprVec values;
  Vec(Piece) pieces;
} Plan;

/* Constant text that no source holds. */
static IrExpr *text(Lower *lo, const char *chars) {
  size_t length = strlen(chars);
  SymData *s = arena_alloc(lo->arena, sizeof(SymData) + length + 1, _Alignof(SymData));
  s->len = (uint32_t)length;
  s->hash = (uint32_t)hash_bytes(chars, length, 0);
  memcpy(s->text, chars, length + 1);
  return ir_string(&lo->b, s);
}

static void push(Lower *lo, Plan *plan, IrExpr *value, IrExpr *spec, bool repr) {
  vec_push(lo->arena, &plan->values, value);
  vec_push(lo->arena, &plan->pieces, ((Piece){spec, repr}));
}

static void push_text(Lower *lo, Plan *plan, const char *chars) {
  if (*chars) push(lo, plan, text(lo, chars), NULL, false);
}

/* CacheInfo(hits=1, …) */
static void push_named(Lower *lo, Plan *plan, IrExpr *tuple) {
  tuple = lower_bind(lo, NULL, tuple);
  for (uint32_t i = 0; i < tuple->type->count; i++) {
    push_text(lo, plan,
              arena_printf(lo->arena, "%s%s=", i ? ", " : arena_printf(lo->arena, "%s(", type_name(tuple->type)),
                           tuple_field_name(tuple->type, i)));
    push(lo, plan, lower_get(lo, tuple, i), NULL, true);
  }
  push_text(lo, plan, ")");
}

static void emit(Lower *lo, const Plan *plan) {
  for (uint32_t i = 0; i < plan->values.len; i++) {
    IrStmt *s = ir_stmt(&lo->b, IRS_TEXT);
    s->as.text.value = plan->values.data[i];
    s->as.text.spec = plan->pieces.data[i].spec;
    s->as.text.repr = plan->pieces.data[i].repr;
    s->as.text.kernel = !lo->top_level;
  }
}

static IrExpr *take(Lower *lo) {
  IrVar *var = lower_temp(lo, lo->types->str);
  ir_stmt(&lo->b, IRS_TEXT_TAKE)->as.take.var = var;
  return ir_var(&lo->b, var);
}

static void add_parts(Lower *lo, Plan *plan, const FPart *parts, uint32_t count);

/* A format specification: constant, or a text of its own. */
static IrExpr *lower_spec(Lower *lo, const FPart *part) {
  const FPart *parts = part->spec.data;
  if (!part->spec.len) return NULL;
  if (part->spec.len == 1 && !parts[0].value) return ir_string(&lo->b, parts[0].text);
  Plan plan = {0};
  add_parts(lo, &plan, parts, part->spec.len);
  emit(lo, &plan);
  return take(lo);
}

static void add_value(Lower *lo, Plan *plan, const Expr *e, bool repr);

static void add_part(Lower *lo, Plan *plan, const FPart *part) {
  bool repr = part->conversion == 'r' || part->conversion == 'a';
  if (!part->value) {
    push(lo, plan, ir_string(&lo->b, part->text), NULL, false);
    return;
  }
  if (!part->spec.len) {
    add_value(lo, plan, part->value, repr);
    return;
  }
  uint32_t start = lo->b.block->len;
  IrExpr *value = lower_expr(lo, part->value);
  if (part->conversion) { /* the text of the value is what gets formatted */
    Plan inner = {0};
    push(lo, &inner, value, NULL, repr);
    emit(lo, &inner);
    value = take(lo);
  }
  uint32_t before = lo->b.block->len;
  IrExpr *spec = lower_spec(lo, part);
  lower_guard(lo, before, &value, 1);
  lower_guard(lo, start, plan->values.data, plan->values.len);
  push(lo, plan, value, spec, false);
}

static void add_parts(Lower *lo, Plan *plan, const FPart *parts, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) add_part(lo, plan, &parts[i]);
}

static void add_value(Lower *lo, Plan *plan, const Expr *e, bool repr) {
  if (e->kind == EXPR_FSTRING && !repr) {
    add_parts(lo, plan, e->as.parts.data, e->as.parts.len);
    return;
  }
  uint32_t start = lo->b.block->len;
  IrExpr *value = lower_expr(lo, e);
  lower_guard(lo, start, plan->values.data, plan->values.len);
  if (type_is_tuple(value->type) && value->type->module)
    push_named(lo, plan, value);
  else
    push(lo, plan, value, NULL, repr);
}

/* ---- strings ---- */

IrExpr *lower_fstring(Lower *lo, const Expr *e) {
  Plan plan = {0};
  add_parts(lo, &plan, e->as.parts.data, e->as.parts.len);
  if (plan.values.len == 1 && plan.values.data[0]->op == IR_STRING && !plan.pieces.data[0].spec) return plan.values.data[0];
  emit(lo, &plan);
  return take(lo);
}

IrExpr *lower_str(Lower *lo, const Expr *value) {
  if (value && type_is_value(lower_type(lo, value)) && lower_type(lo, value)->kind == TYPE_STR) return lower_expr(lo, value);
  if (!value) return text(lo, "");
  Plan plan = {0};
  add_value(lo, &plan, value, false);
  emit(lo, &plan);
  return take(lo);
}

/* ---- print ---- */

/* The value of a keyword of print; NULL when it is not given or None. */
static const Expr *keyword(const Lower *lo, const Expr *call, const char *name) {
  for (uint32_t i = 0; i < call->as.call.keywords.len; i++) {
    const Keyword *k = &call->as.call.keywords.data[i];
    if (sym_is(k->name, name) && lower_type(lo, k->value) && lower_type(lo, k->value)->kind == TYPE_STR) return k->value;
  }
  return NULL;
}

void lower_print(Lower *lo, const Expr *call) {
  const Expr *sep = keyword(lo, call, "sep"), *end = keyword(lo, call, "end");
  Plan plan = {0};
  uint32_t count = call->as.call.args.len, separators = 0;
  uint32_t *at = arena_array(lo->arena, uint32_t, count + 1); /* where the separators stand: they are evaluated last */
  for (uint32_t i = 0; i < count; i++) {
    if (i && sep) at[separators++] = plan.values.len;
    if (i) push_text(lo, &plan, " ");
    add_value(lo, &plan, call->as.call.args.data[i], false);
  }
  if (sep) {
    uint32_t start = lo->b.block->len;
    IrExpr *value = lower_expr(lo, sep);
    if (separators > 1) value = lower_bind(lo, NULL, value);
    lower_guard(lo, start, plan.values.data, plan.values.len);
    for (uint32_t i = 0; i < separators; i++) plan.values.data[at[i]] = value;
  }
  if (end)
    add_value(lo, &plan, end, false);
  else
    push_text(lo, &plan, "\n");
  emit(lo, &plan);
  ir_stmt(&lo->b, IRS_PRINT);
}

/* ---- raise and assert ---- */

static void raise_plan(Lower *lo, ErrorKind kind, const Plan *plan) {
  bool is_constant = plan->values.len == 1 && plan->values.data[0]->op == IR_STRING && !plan->pieces.data[0].repr;
  if (!is_constant) emit(lo, plan);
  IrStmt *s = ir_stmt(&lo->b, IRS_RAISE);
  s->as.raise.error = kind;
  s->as.raise.message = is_constant ? plan->values.data[0]->as.str : NULL;
}

void lower_raise(Lower *lo, const Stmt *s) {
  const Expr *e = s->as.raise.exception, *name = e->kind == EXPR_CALL ? e->as.call.callee : e;
  Sym kind_name = name->kind == EXPR_NAME ? name->as.name : name->as.attr.name;
  ErrorKind kind = error_kind_find(kind_name->text, kind_name->len);
  Plan plan = {0};
  uint32_t count = e->kind == EXPR_CALL ? e->as.call.args.len : 0;
  if (count > 1) push_text(lo, &plan, "(");
  for (uint32_t i = 0; i < count; i++) {
    if (i) push_text(lo, &plan, ", ");
    add_value(lo, &plan, e->as.call.args.data[i], count > 1 || kind == KEY_ERROR);
  }
  if (count > 1) push_text(lo, &plan, ")");
  lo->b.span = s->span;
  raise_plan(lo, kind, &plan);
}

bool lower_assert(Lower *lo, const Stmt *s) {
  const Expr *message = s->as.assert_.message;
  IrExpr *ok = lower_cond(lo, s->as.assert_.cond);
  int64_t known;
  if (ir_is_int_const(ok, &known) && known) return true;
  lo->b.span = s->span;
  bool is_plain = !message || (message->kind == EXPR_STR && !memchr(message->as.str->text, '%', message->as.str->len));
  if (is_plain && !ir_is_const(ok)) {
    ir_check(&lo->b, CHECK_VALUE, ok, ASSERTION_ERROR, message ? message->as.str->text : "", NULL, NULL, NULL, NULL);
    return true;
  }
  IrBlock *outer = lo->b.block;
  if (!ir_is_const(ok)) {
    IrStmt *branch = ir_stmt(&lo->b, IRS_IF);
    branch->as.if_.cond = lower_not(lo, ok);
    lower_enter(lo, &branch->as.if_.then);
  }
  uint32_t mark = lo->temps.len;
  Plan plan = {0};
  if (message) add_value(lo, &plan, message, false);
  lo->b.span = s->span;
  raise_plan(lo, ASSERTION_ERROR, &plan);
  lower_drop_temps(lo, mark);
  lower_leave(lo, outer);
  return !ir_is_const(ok);
}
