/* Loop IR as text, for `loopjit emit loops` and the golden tests: one statement a line, blocks by indentation, the source line behind what
 * opens a block, and below each loop what the passes said about it. In: a unit. Out: text. Must not change anything. */
#include "ir/ir.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct Dump {
  StrBuf *out;
  unsigned depth;
} Dump;

static const struct {
  const char *name;
  int args;
} op_info[IR_OP_COUNT] = {
#define X(id, name, args) {name, args},
    IR_OPS(X)
#undef X
};

static const char *const check_names[CHECK_COUNT] = {
#define X(id, name) name,
    IR_CHECKS(X)
#undef X
};

static const char *const reduce_names[] = {"+", "*", "min", "max", "and", "or"};

static void dump_string(StrBuf *out, const char *text, size_t length) {
  sb_putc(out, '"');
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c == '\n')
      sb_puts(out, "\\n");
    else if (c == '"' || c == '\\')
      sb_printf(out, "\\%c", c);
    else if (c < 32 || c == 127)
      sb_printf(out, "\\x%02x", c);
    else
      sb_putc(out, (char)c);
  }
  sb_putc(out, '"');
}

static void dump_float(StrBuf *out, double x) {
  size_t start = out->len;
  sb_printf(out, "%.17g", x);
  for (int digits = 1; digits < 17; digits++) { /* the shortest that reads back */
    char text[40];
    snprintf(text, sizeof text, "%.*g", digits, x);
    if (strtod(text, NULL) != x) continue;
    out->len = start;
    sb_puts(out, text);
    break;
  }
  if (!strpbrk(out->data + start, ".enai")) sb_puts(out, ".0");
}

static void dump_const(StrBuf *out, const IrExpr *e) {
  if (type_is_bool(e->type))
    sb_puts(out, e->as.i ? "true" : "false");
  else if (type_is_complex(e->type)) {
    sb_putc(out, '(');
    dump_float(out, e->as.c[0]);
    sb_puts(out, ", ");
    dump_float(out, e->as.c[1]);
    sb_puts(out, ")j");
  } else if (type_is_float(e->type))
    dump_float(out, e->as.f);
  else if (dtype_is_unsigned(e->type->dtype))
    sb_printf(out, "%" PRIu64, (uint64_t)e->as.i);
  else
    sb_printf(out, "%" PRId64, e->as.i);
  if (!type_is(e->type, DT_INT64) && !type_is(e->type, DT_FLOAT64) && !type_is_bool(e->type)) sb_printf(out, ":%s", e->type->name);
}

static void dump_args(StrBuf *out, const IrExpr *e, uint32_t from) {
  for (uint32_t i = from; i < e->count; i++) {
    if (i > from) sb_puts(out, ", ");
    ir_dump_expr(e->args[i], out);
  }
}

static bool is_infix(IrOp op) {
  return op_info[op].args == 2 && !((op_info[op].name[0] >= 'a' && op_info[op].name[0] <= 'z') && op != IR_LAND && op != IR_LOR);
}

/* A function of the host has its argument types behind its name. */
static void dump_symbol(StrBuf *out, const char *name) { sb_add(out, name, strcspn(name, "(")); }

/* name[field] of operations whose payload is a number, name(args) of the rest. */
static void dump_call(StrBuf *out, const IrExpr *e) {
  const char *name = e->op == IR_MATH ? math_info[e->as.math].name : e->op == IR_RTCALL ? e->as.symbol : op_info[e->op].name;
  dump_symbol(out, name);
  if (e->op == IR_CAST || e->op == IR_BITCAST || e->op == IR_VIEW || e->op == IR_SOME) sb_printf(out, "<%s>", e->type->name);
  sb_putc(out, '(');
  dump_args(out, e, 0);
  if (e->op == IR_SHAPE || e->op == IR_STRIDE || e->op == IR_GET) sb_printf(out, ", %" PRId64, e->as.i);
  sb_putc(out, ')');
}

void ir_dump_expr(const IrExpr *e, StrBuf *out) {
  if (e->op == IR_CONST)
    dump_const(out, e);
  else if (e->op == IR_STRING)
    dump_string(out, e->as.str->text, e->as.str->len);
  else if (e->op == IR_NONE)
    sb_puts(out, "none");
  else if (e->op == IR_VAR)
    sb_puts(out, e->as.var->name);
  else if (e->op == IR_LOAD) {
    sb_printf(out, "%s[", e->args[0]->as.var->name);
    dump_args(out, e, 1);
    sb_putc(out, ']');
  } else if (is_infix(e->op)) {
    sb_putc(out, '(');
    ir_dump_expr(e->args[0], out);
    sb_printf(out, " %s ", op_info[e->op].name);
    ir_dump_expr(e->args[1], out);
    sb_putc(out, ')');
  } else
    dump_call(out, e);
}

static void dump_block(Dump *d, const IrBlock *block);

static void begin(Dump *d) { sb_pad(d->out, ' ', 2 * (size_t)d->depth); }

static void dump_place(StrBuf *out, Span span) {
  if (span.src) sb_printf(out, "  # line %u", source_line_col(span.src, span.lo).line);
}

static void dump_remarks(Dump *d, const IrLoop *loop) {
  for (uint32_t i = 0; i < loop->remarks.len; i++) {
    begin(d);
    sb_printf(d->out, "# %s: %s%s\n", loop->remarks.data[i].pass,
              loop->remarks.data[i].done ? "" : "not done: ", loop->remarks.data[i].text);
  }
}

static void dump_space(Dump *d, const char *word, uint32_t ndim, IrVar *const *index, IrExpr *const *extent) {
  sb_printf(d->out, "%s (", word);
  for (uint32_t i = 0; i < ndim; i++) sb_printf(d->out, "%s%s", i ? ", " : "", index[i]->name);
  sb_puts(d->out, ") in (");
  for (uint32_t i = 0; i < ndim; i++) {
    if (i) sb_puts(d->out, ", ");
    ir_dump_expr(extent[i], d->out);
  }
  sb_putc(d->out, ')');
}

static void dump_fit(StrBuf *out, const IrFit *fit) {
  for (uint32_t i = 0; i < fit->sources.len; i++) sb_printf(out, "%s%s", i ? ", " : " of ", fit->sources.data[i].array->name);
  if (fit->into) sb_printf(out, " into %s", fit->into->name);
}

static void open_block(Dump *d, Span span) {
  sb_putc(d->out, ':');
  dump_place(d->out, span);
  sb_putc(d->out, '\n');
  d->depth++;
}

static void dump_loop(Dump *d, const IrStmt *s) {
  const IrLoop *loop;
  const IrBlock *body;
  if (s->kind == IRS_FOR) {
    loop = &s->as.for_.loop, body = &s->as.for_.body;
    sb_printf(d->out, "%s %s in ", loop->parallel ? "parallel for" : "for", s->as.for_.index->name);
    ir_dump_expr(s->as.for_.lo, d->out);
    sb_puts(d->out, " .. ");
    ir_dump_expr(s->as.for_.hi, d->out);
  } else if (s->kind == IRS_MAP) {
    loop = &s->as.map.loop, body = &s->as.map.body;
    dump_space(d, loop->parallel ? "parallel map" : "map", s->as.map.ndim, s->as.map.index, s->as.map.extent);
    if (s->as.map.column_major) sb_puts(d->out, " column-major");
    dump_fit(d->out, &s->as.map.fit);
  } else {
    loop = &s->as.reduce.loop, body = &s->as.reduce.body;
    dump_space(d, s->as.reduce.pairwise ? "pairwise reduce" : "reduce", s->as.reduce.ndim, s->as.reduce.index, s->as.reduce.extent);
    dump_fit(d->out, &s->as.reduce.fit);
  }
  open_block(d, s->span);
  dump_remarks(d, loop);
  dump_block(d, body);
  if (s->kind == IRS_REDUCE) {
    begin(d);
    sb_printf(d->out, "%s %s= ", s->as.reduce.acc->name, reduce_names[s->as.reduce.op]);
    ir_dump_expr(s->as.reduce.element, d->out);
    sb_putc(d->out, '\n');
  }
  d->depth--;
}

static void dump_while(Dump *d, const IrStmt *s) {
  sb_puts(d->out, "while");
  open_block(d, s->span);
  dump_remarks(d, &s->as.while_.loop);
  dump_block(d, &s->as.while_.head);
  begin(d);
  sb_puts(d->out, "test ");
  ir_dump_expr(s->as.while_.cond, d->out);
  sb_putc(d->out, '\n');
  dump_block(d, &s->as.while_.body);
  d->depth--;
}

static void dump_if(Dump *d, const IrStmt *s) {
  sb_puts(d->out, s->as.if_.unlikely ? "if unlikely " : "if ");
  ir_dump_expr(s->as.if_.cond, d->out);
  open_block(d, s->span);
  dump_block(d, &s->as.if_.then);
  d->depth--;
  if (s->as.if_.orelse.len) {
    begin(d);
    sb_puts(d->out, "else:\n");
    d->depth++;
    dump_block(d, &s->as.if_.orelse);
    d->depth--;
  }
}

static void dump_set(StrBuf *out, const IrStmt *s) {
  const IrVar *var = s->as.set.var;
  sb_printf(out, "%s%s: %s = %s", var->once ? "let " : "", var->name, var->type->name, s->as.set.move ? "move " : "");
  ir_dump_expr(s->as.set.value, out);
}

static void dump_check(StrBuf *out, const IrStmt *s) {
  sb_printf(out, "check %s ", check_names[s->as.check.check]);
  ir_dump_expr(s->as.check.ok, out);
  sb_printf(out, " else %s ", error_kind_name(s->as.check.error));
  dump_string(out, s->as.check.message, strlen(s->as.check.message));
  for (int i = 0; i < 4 && s->as.check.args[i]; i++) {
    sb_puts(out, ", ");
    ir_dump_expr(s->as.check.args[i], out);
  }
  if (s->as.check.shape_a) sb_printf(out, ", shape(%s)", s->as.check.shape_a->name);
  if (s->as.check.shape_b) sb_printf(out, ", shape(%s)", s->as.check.shape_b->name);
}

static void dump_call_stmt(StrBuf *out, const IrStmt *s) {
  if (s->as.call.result) sb_printf(out, "%s: %s = ", s->as.call.result->name, s->as.call.result->type->name);
  sb_printf(out, "call %s(", s->as.call.callee->name);
  for (uint32_t i = 0; i < s->as.call.count; i++) {
    if (i) sb_puts(out, ", ");
    ir_dump_expr(s->as.call.args[i], out);
  }
  sb_putc(out, ')');
}

static void dump_list(StrBuf *out, IrExpr *const *items, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    if (i) sb_puts(out, ", ");
    ir_dump_expr(items[i], out);
  }
}

static void dump_text(StrBuf *out, const IrStmt *s) {
  sb_printf(out, "text%s%s ", s->as.text.repr ? " repr" : "", s->as.text.kernel ? " kernel" : "");
  ir_dump_expr(s->as.text.value, out);
  if (!s->as.text.spec) return;
  sb_puts(out, " : ");
  ir_dump_expr(s->as.text.spec, out);
}

static void dump_raise(StrBuf *out, const IrStmt *s) {
  sb_printf(out, "raise %s", error_kind_name(s->as.raise.error));
  if (!s->as.raise.message) return;
  sb_putc(out, ' ');
  dump_string(out, s->as.raise.message->text, s->as.raise.message->len);
}

static void dump_store(StrBuf *out, const IrStmt *s) {
  sb_printf(out, "%s[", s->as.store.array->name);
  dump_list(out, s->as.store.indices, s->as.store.array->type->ndim);
  sb_puts(out, "] = ");
  ir_dump_expr(s->as.store.value, out);
}

static void dump_runtime(StrBuf *out, const IrStmt *s) {
  const IrVar *result = s->as.runtime.result;
  if (result) sb_printf(out, "%s: %s = ", result->name, result->type->name);
  sb_printf(out, "runtime%s ", s->as.runtime.fails ? "?" : "");
  dump_symbol(out, s->as.runtime.symbol);
  sb_putc(out, '(');
  dump_list(out, s->as.runtime.args, s->as.runtime.count);
  sb_putc(out, ')');
}

static void dump_parallel(StrBuf *out, const IrStmt *s) {
  sb_printf(out, "parallel %s in ", s->as.parallel.body->name);
  ir_dump_expr(s->as.parallel.lo, out);
  sb_puts(out, " .. ");
  ir_dump_expr(s->as.parallel.hi, out);
  sb_puts(out, ", chunks ");
  ir_dump_expr(s->as.parallel.chunks, out);
  sb_puts(out, " (");
  dump_list(out, s->as.parallel.args, s->as.parallel.count);
  sb_putc(out, ')');
}

static void dump_stmt(Dump *d, const IrStmt *s) {
  StrBuf *out = d->out;
  begin(d);
  switch (s->kind) {
  case IRS_SET: dump_set(out, s); break;
  case IRS_STORE: dump_store(out, s); break;
  case IRS_ALLOC:
    sb_printf(out, "%s: %s = alloc%s(", s->as.alloc.var->name, s->as.alloc.var->type->name,
              s->as.alloc.zero    ? " zero"
              : s->as.alloc.local ? " local"
                                  : "");
    dump_list(out, s->as.alloc.shape, s->as.alloc.var->type->ndim);
    sb_putc(out, ')');
    break;
  case IRS_DROP: sb_printf(out, "drop %s", s->as.drop.var->name); break;
  case IRS_CALL: dump_call_stmt(out, s); break;
  case IRS_CHECK: dump_check(out, s); break;
  case IRS_RAISE: dump_raise(out, s); break;
  case IRS_TEXT: dump_text(out, s); break;
  case IRS_TEXT_TAKE: sb_printf(out, "%s: str = text_take", s->as.take.var->name); break;
  case IRS_PRINT: sb_puts(out, "print"); break;
  case IRS_IF: dump_if(d, s); return;
  case IRS_FOR:
  case IRS_MAP:
  case IRS_REDUCE: dump_loop(d, s); return;
  case IRS_WHILE: dump_while(d, s); return;
  case IRS_BREAK: sb_puts(out, "break"); break;
  case IRS_CONTINUE: sb_puts(out, "continue"); break;
  case IRS_RETURN:
    sb_puts(out, s->as.ret.move ? "return move " : "return ");
    if (s->as.ret.value) ir_dump_expr(s->as.ret.value, out);
    break;
  case IRS_RUNTIME: dump_runtime(out, s); break;
  case IRS_PARALLEL: dump_parallel(out, s); break;
  case IRS_COUNT: LJ_UNREACHABLE();
  }
  sb_putc(out, '\n');
}

static void dump_block(Dump *d, const IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) dump_stmt(d, block->data[i]);
}

static void dump_func(Dump *d, const IrFunc *func) {
  StrBuf *out = d->out;
  sb_printf(out, "func %s(", func->name);
  for (uint32_t i = 0; i < func->params.len; i++)
    sb_printf(out, "%s%s: %s", i ? ", " : "", func->params.data[i]->name, func->params.data[i]->type->name);
  sb_printf(out, ") -> %s%s%s", func->result->name, func->can_fail ? " fails" : "", func->recursive ? " recursive" : "");
  if (func->polls) sb_puts(out, " polls");
  if (func->trial) sb_printf(out, " trial %u%s", func->trial, func->wary ? " wary" : "");
  sb_putc(out, ':');
  if (func->spec) dump_place(out, func->spec->func->name_span);
  sb_putc(out, '\n');
  d->depth = 1;
  dump_block(d, &func->body);
}

void ir_dump(const IrUnit *unit, StrBuf *out) {
  Dump d = {out, 0};
  for (uint32_t i = 0; i < unit->globals.len; i++)
    sb_printf(out, "global %s: %s\n", unit->globals.data[i]->name, unit->globals.data[i]->type->name);
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    if (i || unit->globals.len) sb_putc(out, '\n');
    dump_func(&d, unit->funcs.data[i]);
  }
}
