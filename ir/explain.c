/* What the passes decided about each loop, as text for `loopjit explain`: one line a loop, below it one line a remark.
 * In: a unit after its passes. Out: text, in the order of the source within each function; loops without remarks are left out. */
#include "ir/walk.h"

static const IrLoop *loop_of(const IrStmt *s) {
  return s->kind == IRS_FOR ? &s->as.for_.loop : s->kind == IRS_WHILE ? &s->as.while_.loop : NULL;
}

static void explain_loop(const IrFunc *func, const IrStmt *s, const IrLoop *loop, StrBuf *out) {
  uint32_t length = 0;
  LineCol at = {0, 0};
  const char *text = "";
  if (s->span.src) {
    at = source_line_col(s->span.src, s->span.lo);
    text = source_line(s->span.src, at.line, &length);
  }
  while (length && (*text == ' ' || *text == '\t')) text++, length--;
  if (s->frame) func = s->frame->callee;
  const char *name = func->spec && func->spec->func->name ? func->spec->func->name->text : func->name;
  sb_printf(out, "%s:%u: in %s: %.*s%s\n", s->span.src ? s->span.src->name : "?", at.line, func->is_main ? "the top level" : name,
            (int)length, text, loop->cold ? "  (when the test before it fails)" : "");
  for (uint32_t i = 0; i < loop->remarks.len; i++) {
    const IrRemark *r = &loop->remarks.data[i];
    sb_printf(out, "  %s %s: %s\n", r->done ? "+" : "-", r->pass, r->text);
  }
}

static void explain_block(const IrFunc *func, IrBlock *block, StrBuf *out) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    const IrLoop *loop = loop_of(s);
    if (loop && loop->remarks.len) explain_loop(func, s, loop, out);
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) explain_block(func, blocks[k], out);
  }
}

void ir_explain(const IrUnit *unit, StrBuf *out) {
  size_t start = out->len;
  for (uint32_t f = 0; f < unit->funcs.len; f++) explain_block(unit->funcs.data[f], &unit->funcs.data[f]->body, out);
  if (out->len == start) sb_puts(out, "nothing to say: no pass changed a loop or wanted to\n");
}
