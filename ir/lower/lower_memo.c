/* Functions under functools.lru_cache. Such a specialisation becomes two functions: the one that callers reach looks its arguments up
 * in the function's table (runtime/rt_memo.c) and calls the other one, the function as written, when they are not there; what that
 * returns is stored, an error is not. In: a specialisation of scalars, calls of f.cache_info() and f.cache_clear(). Out: runtime calls.
 * The key: what tells specialisations apart, then every argument as whole int64s, so that it has no padding. */
#include "frontend/content.h"
#include "ir/lower/lower_scalar.h"

bool lower_is_memo(const IrFunc *func) { return func->spec->func->options.lru && !func->is_memo_body; }

/* The same for functions that mean the same, whatever was compiled before: tables may outlive a module, and code outlives the file. */
static IrExpr *table_id(Lower *lo, const FuncDef *f) { return ir_uint(&lo->b, lower_int_type(lo), content_hash(f)); }

static void push_key(Lower *lo, IrExprVec *key, IrExpr *value) {
  IrBuilder *b = &lo->b;
  const Type *t = value->type, *int_type = lower_int_type(lo);
  if (type_is_tuple(t)) {
    for (uint32_t i = 0; i < t->count; i++) push_key(lo, key, lower_get(lo, value, i));
  } else if (type_is_complex(t)) {
    const Type *real = type_scalar(lo->types, dtype_real_of(t->dtype));
    push_key(lo, key, ir_unary(b, IR_REAL, real, value));
    push_key(lo, key, ir_unary(b, IR_IMAG, real, value));
  } else if (type_is_float(t)) {
    value = ir_cast(b, type_scalar(lo->types, DT_FLOAT64), value);
    vec_push(lo->arena, key, ir_unary(b, IR_BITCAST, int_type, value));
  } else if (lower_has_content(t)) {
    vec_push(lo->arena, key, ir_cast(b, int_type, value));
  }
}

static IrExpr *make_key(Lower *lo, const IrFunc *func) {
  IrExprVec key = {0};
  uint64_t hash = 0;
  for (uint32_t i = 0; i < func->spec->func->params.len; i++) {
    const char *name = type_name(func->spec->args[i]);
    hash = hash_bytes(name, strlen(name) + 1, hash);
  }
  vec_push(lo->arena, &key, ir_uint(&lo->b, lower_int_type(lo), hash));
  for (uint32_t i = 0; i < func->params.len; i++) push_key(lo, &key, ir_var(&lo->b, func->params.data[i]));
  const Type **elems = arena_array(lo->arena, const Type *, key.len);
  for (uint32_t i = 0; i < key.len; i++) elems[i] = lower_int_type(lo);
  return lower_bind(lo, NULL, ir_tuple(&lo->b, type_tuple(lo->types, elems, key.len), key.data, key.len));
}

/* Bytes of scalars and tuples of them, laid out as C does. */
static int64_t size_of(const Type *t, int64_t *align) {
  if (type_is_scalar(t)) {
    *align = dtype_is_complex(t->dtype) ? dtype_size(t->dtype) / 2 : dtype_size(t->dtype);
    return dtype_size(t->dtype);
  }
  int64_t size = 0, one;
  *align = 1;
  for (uint32_t i = 0; i < t->count; i++) {
    if (!lower_has_content(t->elems[i])) continue;
    int64_t n = size_of(t->elems[i], &one);
    size = (size + one - 1) / one * one + n;
    if (one > *align) *align = one;
  }
  return (size + *align - 1) / *align * *align;
}

static void make_params(Lower *lo, IrFunc *func) {
  const FuncDef *f = func->spec->func;
  for (uint32_t i = 0; i < f->params.len; i++) {
    const Type *type = func->spec->args[i];
    if (!type || !lower_has_content(type)) continue;
    IrVar *param = ir_new_var(&lo->b, f->params.data[i].name->text, type);
    param->is_param = param->once = true;
    param->span = f->params.data[i].span;
    vec_push(lo->arena, &func->params, param);
  }
}

static void return_found(Lower *lo, IrVar *found, bool has_content) {
  IrStmt *s = ir_stmt(&lo->b, IRS_IF);
  s->as.if_.cond = ir_unary(&lo->b, IR_IS_SOME, type_scalar(lo->types, DT_BOOL), ir_var(&lo->b, found));
  IrBlock *outer = lower_enter(lo, &s->as.if_.then);
  IrStmt *ret = ir_stmt(&lo->b, IRS_RETURN);
  if (has_content) ret->as.ret.value = ir_unary(&lo->b, IR_UNWRAP, found->type->elems[0], ir_var(&lo->b, found));
  lower_leave(lo, outer);
}

void lower_memo(Lower *lo, IrFunc *func, IrFunc *body) {
  IrBuilder *b = &lo->b;
  const Spec *spec = func->spec;
  bool has_content = lower_has_content(spec->result);
  const Type *value_type = has_content ? spec->result : lower_int_type(lo);
  int64_t align, size = size_of(value_type, &align);
  b->span = spec->func->span;
  b->block = &func->body;
  make_params(lo, func);
  IrExpr *id = table_id(lo, spec->func), *key = make_key(lo, func), *key_size = ir_int(b, 8 * (int64_t)key->type->count);
  IrVar *found = ir_new_var(b, NULL, type_optional(lo->types, value_type));
  found->once = true;
  IrExpr *look[] = {id, key, key_size, ir_int(b, align), ir_int(b, size)};
  ir_runtime(b, "lj_rt_memo_find", look, LJ_COUNT(look), found, true);
  return_found(lo, found, has_content);
  IrStmt *call = ir_stmt(b, IRS_CALL);
  call->as.call.callee = body;
  call->as.call.args = arena_array(lo->arena, IrExpr *, func->params.len + 1);
  for (uint32_t i = 0; i < func->params.len; i++) call->as.call.args[i] = ir_var(b, func->params.data[i]);
  call->as.call.count = func->params.len;
  IrExpr *value = ir_int(b, 0);
  if (has_content) {
    IrVar *var = call->as.call.result = ir_new_var(b, NULL, spec->result);
    var->once = true;
    value = ir_var(b, var);
  }
  IrExpr *keep[] = {id, key, key_size, value, ir_int(b, size), ir_int(b, spec->func->options.lru_maxsize)};
  ir_runtime(b, "lj_rt_memo_store", keep, LJ_COUNT(keep), NULL, false);
  IrStmt *ret = ir_stmt(b, IRS_RETURN);
  if (has_content) ret->as.ret.value = value;
}

/* ---- f.cache_info(), f.cache_clear() ---- */

IrExpr *lower_memo_method(Lower *lo, const Expr *call, const Callee *callee) {
  IrBuilder *b = &lo->b;
  const Type *type = lower_type(lo, call);
  IrExpr *id = table_id(lo, callee->func), *items[4];
  if (!type_is_tuple(type)) {
    ir_runtime(b, "lj_rt_memo_clear", &id, 1, NULL, false);
    return ir_none(b, type);
  }
  for (uint32_t i = 0, which = 0; i < 4; i++) {
    if (i == 2) {
      items[i] = type->elems[i]->kind == TYPE_NONE ? ir_none(b, type->elems[i]) : ir_int(b, callee->func->options.lru_maxsize);
      continue;
    }
    IrVar *var = ir_new_var(b, NULL, lower_int_type(lo));
    IrExpr *args[] = {id, ir_int(b, which++)};
    var->once = true;
    ir_runtime(b, "lj_rt_memo_count", args, 2, var, false);
    items[i] = ir_var(b, var);
  }
  return ir_tuple(b, type, items, 4);
}
