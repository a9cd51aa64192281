/* Walking Loop IR: see walk.h. One place knows which fields of a statement hold expressions and blocks. */
#include "ir/walk.h"

#include <stdio.h>

static void slots(IrExpr **items, uint32_t count, IrSlotFn fn, void *data) {
  for (uint32_t i = 0; i < count; i++)
    if (items[i]) fn(&items[i], data);
}

void ir_stmt_exprs(IrStmt *s, IrSlotFn fn, void *data) {
  switch (s->kind) {
  case IRS_SET: fn(&s->as.set.value, data); break;
  case IRS_STORE:
    slots(s->as.store.indices, s->as.store.array->type->ndim, fn, data);
    fn(&s->as.store.value, data);
    break;
  case IRS_ALLOC: slots(s->as.alloc.shape, s->as.alloc.var->type->ndim, fn, data); break;
  case IRS_CALL: slots(s->as.call.args, s->as.call.count, fn, data); break;
  case IRS_CHECK:
    fn(&s->as.check.ok, data);
    slots(s->as.check.args, 4, fn, data);
    break;
  case IRS_TEXT:
    fn(&s->as.text.value, data);
    slots(&s->as.text.spec, 1, fn, data);
    break;
  case IRS_IF: fn(&s->as.if_.cond, data); break;
  case IRS_FOR:
    fn(&s->as.for_.lo, data);
    fn(&s->as.for_.hi, data);
    break;
  case IRS_WHILE: fn(&s->as.while_.cond, data); break;
  case IRS_RETURN: slots(&s->as.ret.value, 1, fn, data); break;
  case IRS_MAP: slots(s->as.map.extent, s->as.map.ndim, fn, data); break;
  case IRS_REDUCE:
    slots(s->as.reduce.extent, s->as.reduce.ndim, fn, data);
    fn(&s->as.reduce.element, data);
    break;
  case IRS_RUNTIME: slots(s->as.runtime.args, s->as.runtime.count, fn, data); break;
  case IRS_PARALLEL:
    slots(&s->as.parallel.lo, 1, fn, data);
    slots(&s->as.parallel.hi, 1, fn, data);
    slots(&s->as.parallel.chunks, 1, fn, data);
    slots(s->as.parallel.args, s->as.parallel.count, fn, data);
    break;
  case IRS_DROP:
  case IRS_RAISE:
  case IRS_TEXT_TAKE:
  case IRS_PRINT:
  case IRS_BREAK:
  case IRS_CONTINUE:
  case IRS_COUNT: break;
  }
}

void ir_mentions(const IrMentions *m, IrStmt *s) {
  switch ((int)s->kind) {
  case IRS_SET: m->var(&s->as.set.var, m->data); break;
  case IRS_STORE: m->var(&s->as.store.array, m->data); break;
  case IRS_ALLOC: m->var(&s->as.alloc.var, m->data); break;
  case IRS_DROP: m->var(&s->as.drop.var, m->data); break;
  case IRS_CALL: m->var(&s->as.call.result, m->data); break;
  case IRS_TEXT_TAKE: m->var(&s->as.take.var, m->data); break;
  case IRS_RUNTIME: m->var(&s->as.runtime.result, m->data); break;
  case IRS_FOR: m->var(&s->as.for_.index, m->data); break;
  case IRS_CHECK:
    m->var(&s->as.check.shape_a, m->data);
    m->var(&s->as.check.shape_b, m->data);
    break;
  }
  ir_stmt_exprs(s, m->expr, m->data);
}

unsigned ir_stmt_blocks(IrStmt *s, IrBlock *out[2]) {
  if (s->kind == IRS_IF) {
    out[0] = &s->as.if_.then, out[1] = &s->as.if_.orelse;
    return 2;
  }
  if (s->kind == IRS_WHILE) {
    out[0] = &s->as.while_.head, out[1] = &s->as.while_.body;
    return 2;
  }
  out[0] = s->kind == IRS_FOR ? &s->as.for_.body : s->kind == IRS_MAP ? &s->as.map.body : s->kind == IRS_REDUCE ? &s->as.reduce.body : NULL;
  return out[0] ? 1 : 0;
}

bool ir_any(const IrBlock *block, bool (*fn)(const IrStmt *s, const void *data), const void *data) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(block->data[i], blocks);
    if (fn(block->data[i], data)) return true;
    for (unsigned k = 0; k < count; k++)
      if (ir_any(blocks[k], fn, data)) return true;
  }
  return false;
}

bool ir_is_loop(const IrStmt *s, const void *unused) {
  (void)unused;
  return s->kind == IRS_FOR || s->kind == IRS_WHILE;
}

static bool can_stand_apart(const IrBlock *block, bool in_loop) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    IrBlock *blocks[2];
    const IrVar *result = ir_stmt_result(s);
    if (s->kind == IRS_RETURN || s->kind == IRS_DROP || (result && result->owns)) return false;
    if (s->kind == IRS_ALLOC && !s->as.alloc.local) return false;
    if (!in_loop && (s->kind == IRS_BREAK || s->kind == IRS_CONTINUE)) return false;
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++)
      if (!can_stand_apart(blocks[k], in_loop || ir_is_loop(s, NULL))) return false;
  }
  return true;
}

bool ir_stands_apart(const IrBlock *block) { return can_stand_apart(block, false); }

void ir_mark(Arena *arena, IrMarks *marks, const IrVar *var) {
  while (var->id >= marks->cap) marks->of = vec_grow(arena, marks->of, &marks->cap, sizeof *marks->of);
  marks->of[var->id] = marks->now;
}

bool ir_ends(const IrBlock *block) {
  if (!block->len) return false;
  IrStmtKind kind = vec_last(block)->kind;
  return kind == IRS_RETURN || kind == IRS_RAISE || kind == IRS_BREAK || kind == IRS_CONTINUE;
}

IrVar *ir_stmt_result(const IrStmt *s) {
  if (s->kind == IRS_SET) return s->as.set.var;
  if (s->kind == IRS_ALLOC) return s->as.alloc.var;
  if (s->kind == IRS_CALL) return s->as.call.result;
  if (s->kind == IRS_TEXT_TAKE) return s->as.take.var;
  if (s->kind == IRS_RUNTIME) return s->as.runtime.result;
  return NULL;
}

IrExpr *ir_rewrite(Arena *arena, IrExpr *e, IrRewriteFn fn, void *data) {
  IrExpr **args = NULL;
  for (uint32_t i = 0; i < e->count; i++) {
    IrExpr *arg = ir_rewrite(arena, e->args[i], fn, data);
    if (arg == e->args[i]) continue;
    if (!args) {
      args = arena_array(arena, IrExpr *, e->count);
      memcpy(args, e->args, e->count * sizeof *args);
    }
    args[i] = arg;
  }
  if (args) {
    IrExpr *copy = arena_new(arena, IrExpr);
    *copy = *e;
    copy->args = args;
    e = copy;
  }
  return fn(e, data);
}

bool ir_same(const IrExpr *a, const IrExpr *b) {
  if (a == b) return true;
  if (a->op != b->op || a->type != b->type || a->count != b->count) return false;
  bool payload = true;
  if (a->op == IR_VAR)
    payload = a->as.var == b->as.var;
  else if (a->op == IR_STRING)
    payload = a->as.str == b->as.str;
  else if (a->op == IR_CONST)
    payload = memcmp(&a->as, &b->as, type_is_complex(a->type) ? 16 : 8) == 0;
  else if (a->op == IR_GET || a->op == IR_SHAPE || a->op == IR_STRIDE)
    payload = a->as.i == b->as.i;
  else if (a->op == IR_MATH)
    payload = a->as.math == b->as.math;
  else if (a->op == IR_RTCALL)
    payload = strcmp(a->as.symbol, b->as.symbol) == 0;
  for (uint32_t i = 0; payload && i < a->count; i++) payload = ir_same(a->args[i], b->args[i]);
  return payload;
}

bool ir_reads(const IrExpr *e, const IrVar *var) {
  bool found = e->op == IR_VAR && e->as.var == var;
  for (uint32_t i = 0; i < e->count && !found; i++) found = ir_reads(e->args[i], var);
  return found;
}

int64_t ir_alias_group(const IrAlias *alias, const IrVar *array) {
  for (uint32_t i = 0; alias && i < alias->arrays.len; i++)
    if (alias->arrays.data[i].array == array) return alias->arrays.data[i].group;
  return -1;
}

bool ir_alias_apart(const IrAlias *alias, const IrVar *a, const IrVar *b) {
  int64_t x = ir_alias_group(alias, a), y = ir_alias_group(alias, b);
  return x >= 0 && y >= 0 && x != y && alias->group_count > 1;
}

void ir_remark(Arena *arena, IrLoop *loop, const char *pass, bool done, Span at, const char *fmt, ...) {
  if (loop->made && !done) return;
  char text[256];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  IrRemark remark = {pass, done, arena_copy(arena, text, strlen(text)), at};
  vec_push(arena, &loop->remarks, remark);
}
