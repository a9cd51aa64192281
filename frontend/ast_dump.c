/* --emit=tokens and --emit=ast: one line a token, one line a node with its children indented under it, places as LINE:COL-LINE:COL.
 * In: a source, or a module fresh from the parser. Out: text that is the same on every machine. Must not need sema. */
#include "frontend/ast.h"
#include "frontend/lexer.h"

#include <math.h>

const char *const expr_kind_names[EXPR_KIND_COUNT] = {
#define X(id, name) [EXPR_##id] = name,
    EXPR_KINDS(X)
#undef X
};
const char *const stmt_kind_names[STMT_KIND_COUNT] = {
#define X(id, name) [STMT_##id] = name,
    STMT_KINDS(X)
#undef X
};
const char *const bin_op_names[BIN_OP_COUNT] = {
#define X(id, text) [BIN_##id] = text,
    BIN_OPS(X)
#undef X
};
const char *const cmp_op_names[CMP_OP_COUNT] = {
#define X(id, text) [CMP_##id] = text,
    CMP_OPS(X)
#undef X
};
const char *const un_op_names[4] = {[UN_NEG] = "-", [UN_POS] = "+", [UN_INVERT] = "~", [UN_NOT] = "not"};

/* ---- places and values ---- */

/* A place that moves with the dump: neighbours are near each other, so that one very long line costs no search from its start. */
typedef struct Dump {
  StrBuf *out;
  const Source *src;
  uint32_t offset;
  LineCol at;
  int depth;
} Dump;

static bool is_column(const Dump *d, uint32_t i) { return ((unsigned char)d->src->text[i] & 0xc0) != 0x80; }

static LineCol place(Dump *d, uint32_t offset) {
  enum { NEAR = 4096 };
  uint32_t lo = offset < d->offset ? offset : d->offset, hi = offset < d->offset ? d->offset : offset;
  bool is_near = d->at.line > 0 && hi <= d->src->length && d->src->lines[d->at.line - 1] <= lo &&
                 (d->at.line == d->src->line_count || d->src->lines[d->at.line] > hi) && hi - lo < NEAR;
  if (!is_near) {
    d->at = source_line_col(d->src, offset);
  } else {
    uint32_t columns = 0;
    for (uint32_t i = lo; i < hi; i++) columns += is_column(d, i);
    d->at.column = offset < d->offset ? d->at.column - columns : d->at.column + columns;
  }
  d->offset = offset;
  return d->at;
}

static void put_span(Dump *d, Span span) {
  LineCol lo = place(d, span.lo), hi = place(d, span.hi);
  sb_printf(d->out, "%u:%u-%u:%u", lo.line, lo.column, hi.line, hi.column);
}

static void put_quoted(StrBuf *out, Sym text) {
  sb_putc(out, '"');
  for (uint32_t i = 0; i < text->len; i++) {
    unsigned char c = (unsigned char)text->text[i];
    if (c == '"' || c == '\\')
      sb_printf(out, "\\%c", c);
    else if (c == '\n')
      sb_puts(out, "\\n");
    else if (c < 0x20 || c == 0x7f)
      sb_printf(out, "\\x%02x", c);
    else
      sb_putc(out, (char)c);
  }
  sb_putc(out, '"');
}

/* The shortest digits that read back as the same number. */
static void put_number(StrBuf *out, double value) {
  char text[40];
  for (int digits = 15; digits <= 17; digits++) {
    StrBuf sb = {0};
    sb_printf(&sb, "%.*g", digits, value);
    LJ_ASSERT(sb.len < sizeof text);
    memcpy(text, sb_text(&sb), sb.len + 1);
    sb_drop(&sb);
    if (isinf(value) || lj_strtod(text) == value) break;
  }
  sb_puts(out, text);
}

/* ---- tokens ---- */

static void dump_token(Dump *d, const Token *token) {
  size_t start = d->out->len;
  put_span(d, token->span);
  size_t width = d->out->len - start;
  sb_pad(d->out, ' ', width < 14 ? 14 - width : 1);
  bool is_named = token->kind <= TOK_FSTRING_END;
  sb_puts(d->out, is_named ? token_texts[token->kind] : token_is_keyword(token->kind) ? "keyword" : "op");
  if (!is_named) sb_printf(d->out, " %s", token_texts[token->kind]);
  if (token->kind == TOK_NAME) sb_printf(d->out, " %s", token->as.text->text);
  if (token->kind == TOK_INT && token->too_large)
    sb_puts(d->out, " too large");
  else if (token->kind == TOK_INT)
    sb_printf(d->out, " %" PRIu64, token->as.integer);
  if (token->kind == TOK_FLOAT || token->kind == TOK_IMAG) sb_putc(d->out, ' '), put_number(d->out, token->as.number);
  if (token->kind == TOK_STRING || token->kind == TOK_FSTRING_MIDDLE) sb_putc(d->out, ' '), put_quoted(d->out, token->as.text);
  if (token->kind == TOK_ERROR)
    sb_printf(d->out, " %s: ", error_kind_name(token->as.error->kind)), sb_puts(d->out, token->as.error->message);
  sb_putc(d->out, '\n');
}

void lexer_dump(const Source *src, StrBuf *out) {
  Arena arena;
  StrTab names;
  Lexer lexer;
  Dump dump = {.out = out, .src = src};
  arena_init(&arena);
  strtab_init(&names, &arena);
  lexer_init(&lexer, &arena, &names, src);
  Token token;
  do {
    token = lexer_next(&lexer);
    dump_token(&dump, &token);
  } while (token.kind != TOK_END);
  arena_drop(&arena);
}

/* ---- expressions ---- */

static void begin(Dump *d, const char *label, const char *kind) {
  sb_pad(d->out, ' ', (size_t)d->depth * 2);
  if (label) sb_printf(d->out, "%s: ", label);
  sb_puts(d->out, kind);
}

static void end(Dump *d, Span span) {
  sb_puts(d->out, "  @");
  put_span(d, span);
  sb_putc(d->out, '\n');
}

static void dump_expr(Dump *d, const char *label, const Expr *e);

static void dump_exprs(Dump *d, const char *label, ExprVec items) {
  for (uint32_t i = 0; i < items.len; i++) dump_expr(d, label, items.data[i]);
}

static void dump_parts(Dump *d, const FPart *parts, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    const FPart *part = &parts[i];
    begin(d, NULL, part->value ? "value" : "text");
    if (part->text) sb_putc(d->out, ' '), put_quoted(d->out, part->text);
    if (part->conversion) sb_printf(d->out, " !%c", part->conversion);
    sb_putc(d->out, '\n');
    if (!part->value) continue;
    d->depth++;
    dump_expr(d, NULL, part->value);
    if (part->spec.len) {
      begin(d, NULL, "spec\n");
      d->depth++;
      dump_parts(d, part->spec.data, part->spec.len);
      d->depth--;
    }
    d->depth--;
  }
}

static void dump_comp(Dump *d, const Expr *e) {
  dump_expr(d, "elt", e->as.comp.elt);
  for (uint32_t i = 0; i < e->as.comp.clauses.len; i++) {
    const CompFor *clause = &e->as.comp.clauses.data[i];
    dump_expr(d, "for", clause->target);
    dump_expr(d, "in", clause->iter);
    dump_exprs(d, "if", clause->conds);
  }
}

static void dump_call(Dump *d, const Expr *e) {
  dump_expr(d, NULL, e->as.call.callee);
  dump_exprs(d, "arg", e->as.call.args);
  for (uint32_t i = 0; i < e->as.call.keywords.len; i++)
    dump_expr(d, e->as.call.keywords.data[i].name->text, e->as.call.keywords.data[i].value);
}

/* What stands on the node's own line behind its kind. */
static void put_payload(Dump *d, const Expr *e) {
  if (e->kind == EXPR_INT) sb_printf(d->out, " %" PRIu64, e->as.integer.value);
  if (e->kind == EXPR_FLOAT || e->kind == EXPR_IMAG) sb_putc(d->out, ' '), put_number(d->out, e->as.number);
  if (e->kind == EXPR_BOOL) sb_puts(d->out, e->as.boolean ? " True" : " False");
  if (e->kind == EXPR_STR) sb_putc(d->out, ' '), put_quoted(d->out, e->as.str);
  if (e->kind == EXPR_NAME) sb_printf(d->out, " %s", e->as.name->text);
  if (e->kind == EXPR_ATTR) sb_printf(d->out, " .%s", e->as.attr.name->text);
  if (e->kind == EXPR_WALRUS) sb_printf(d->out, " %s", e->as.walrus.name->text);
  if (e->kind == EXPR_UNARY) sb_printf(d->out, " %s", un_op_names[e->as.unary.op]);
  if (e->kind == EXPR_BINARY) sb_printf(d->out, " %s", bin_op_names[e->as.binary.op]);
  if (e->kind == EXPR_BOOLOP) sb_puts(d->out, e->as.boolop.is_or ? " or" : " and");
  if (e->kind == EXPR_COMP && !e->as.comp.is_list) sb_puts(d->out, " generator");
  if (e->kind == EXPR_INDEX && e->as.index.is_tuple) sb_puts(d->out, " tuple");
  if (e->kind == EXPR_COMPARE)
    for (uint32_t i = 0; i < e->as.compare.ops.len; i++) sb_printf(d->out, " %s", cmp_op_names[e->as.compare.ops.data[i]]);
}

static void dump_children(Dump *d, const Expr *e) {
  switch (e->kind) {
  case EXPR_INT:
  case EXPR_FLOAT:
  case EXPR_IMAG:
  case EXPR_BOOL:
  case EXPR_NONE:
  case EXPR_ELLIPSIS:
  case EXPR_STR:
  case EXPR_NAME: break;
  case EXPR_FSTRING: dump_parts(d, e->as.parts.data, e->as.parts.len); break;
  case EXPR_ATTR: dump_expr(d, NULL, e->as.attr.base); break;
  case EXPR_INDEX:
    dump_expr(d, NULL, e->as.index.base);
    dump_exprs(d, "item", e->as.index.items);
    break;
  case EXPR_SLICE:
    if (e->as.slice.lo) dump_expr(d, "lo", e->as.slice.lo);
    if (e->as.slice.hi) dump_expr(d, "hi", e->as.slice.hi);
    if (e->as.slice.step) dump_expr(d, "step", e->as.slice.step);
    break;
  case EXPR_CALL: dump_call(d, e); break;
  case EXPR_UNARY: dump_expr(d, NULL, e->as.unary.operand); break;
  case EXPR_BINARY:
    dump_expr(d, NULL, e->as.binary.lhs);
    dump_expr(d, NULL, e->as.binary.rhs);
    break;
  case EXPR_COMPARE: dump_exprs(d, NULL, e->as.compare.operands); break;
  case EXPR_BOOLOP: dump_exprs(d, NULL, e->as.boolop.operands); break;
  case EXPR_IFEXP:
    dump_expr(d, "cond", e->as.ifexp.cond);
    dump_expr(d, "then", e->as.ifexp.then);
    dump_expr(d, "else", e->as.ifexp.orelse);
    break;
  case EXPR_TUPLE:
  case EXPR_LIST: dump_exprs(d, NULL, e->as.list.items); break;
  case EXPR_COMP: dump_comp(d, e); break;
  case EXPR_WALRUS: dump_expr(d, NULL, e->as.walrus.value); break;
  case EXPR_KIND_COUNT: LJ_UNREACHABLE();
  }
}

static void dump_expr(Dump *d, const char *label, const Expr *e) {
  begin(d, label, expr_kind_names[e->kind]);
  put_payload(d, e);
  end(d, e->span);
  d->depth++;
  dump_children(d, e);
  d->depth--;
}

/* ---- statements ---- */

static void dump_stmts(Dump *d, const char *label, StmtVec body);

static void dump_func(Dump *d, const FuncDef *func) {
  for (uint32_t i = 0; i < func->params.len; i++) {
    const Param *param = &func->params.data[i];
    begin(d, NULL, "param");
    sb_printf(d->out, " %s%s%s", param->name->text, param->positional_only ? " positional" : "", param->keyword_only ? " keyword" : "");
    end(d, param->span);
    d->depth++;
    if (param->annotation) dump_expr(d, "annotation", param->annotation);
    if (param->default_value) dump_expr(d, "default", param->default_value);
    d->depth--;
  }
  dump_exprs(d, "decorator", func->decorators);
  if (func->returns) dump_expr(d, "returns", func->returns);
  dump_stmts(d, "body", func->body);
}

static void dump_imports(Dump *d, const Stmt *s) {
  for (uint32_t i = 0; i < s->as.imports.len; i++) {
    const ImportName *import = &s->as.imports.data[i];
    begin(d, NULL, "module");
    sb_printf(d->out, " %s", import->module->text);
    if (import->name) sb_printf(d->out, " name %s", import->name->text);
    sb_printf(d->out, " as %s", import->bound->text);
    end(d, import->span);
  }
}

static void dump_parts_of_stmt(Dump *d, const Stmt *s) {
  switch (s->kind) {
  case STMT_EXPR: dump_expr(d, NULL, s->as.expr); break;
  case STMT_ASSIGN:
    dump_exprs(d, "target", s->as.assign.targets);
    dump_expr(d, "value", s->as.assign.value);
    break;
  case STMT_ANN_ASSIGN:
    dump_expr(d, "target", s->as.ann.target);
    dump_expr(d, "annotation", s->as.ann.annotation);
    if (s->as.ann.value) dump_expr(d, "value", s->as.ann.value);
    break;
  case STMT_AUG_ASSIGN:
    dump_expr(d, "target", s->as.aug.target);
    dump_expr(d, "value", s->as.aug.value);
    break;
  case STMT_IF:
    dump_expr(d, "cond", s->as.if_.cond);
    dump_stmts(d, "body", s->as.if_.body);
    dump_stmts(d, "else", s->as.if_.orelse);
    break;
  case STMT_WHILE:
  case STMT_FOR:
    if (s->as.loop.cond) dump_expr(d, "cond", s->as.loop.cond);
    if (s->as.loop.target) dump_expr(d, "target", s->as.loop.target);
    if (s->as.loop.iter) dump_expr(d, "iter", s->as.loop.iter);
    dump_stmts(d, "body", s->as.loop.body);
    dump_stmts(d, "else", s->as.loop.orelse);
    break;
  case STMT_BREAK:
  case STMT_CONTINUE:
  case STMT_PASS: break;
  case STMT_RETURN:
    if (s->as.value) dump_expr(d, NULL, s->as.value);
    break;
  case STMT_ASSERT:
    dump_expr(d, "cond", s->as.assert_.cond);
    if (s->as.assert_.message) dump_expr(d, "message", s->as.assert_.message);
    break;
  case STMT_RAISE:
    if (s->as.raise.exception) dump_expr(d, NULL, s->as.raise.exception);
    break;
  case STMT_DEF: dump_func(d, s->as.def.func); break;
  case STMT_IMPORT: dump_imports(d, s); break;
  case STMT_KIND_COUNT: LJ_UNREACHABLE();
  }
}

static void dump_stmts(Dump *d, const char *label, StmtVec body) {
  if (body.len == 0) return;
  begin(d, NULL, label);
  sb_putc(d->out, '\n');
  d->depth++;
  for (uint32_t i = 0; i < body.len; i++) {
    const Stmt *s = body.data[i];
    begin(d, NULL, stmt_kind_names[s->kind]);
    if (s->kind == STMT_DEF) sb_printf(d->out, " %s", s->as.def.func->name->text);
    if (s->kind == STMT_AUG_ASSIGN) sb_printf(d->out, " %s=", bin_op_names[s->as.aug.op]);
    end(d, s->span);
    d->depth++;
    dump_parts_of_stmt(d, s);
    d->depth--;
  }
  d->depth--;
}

void ast_dump(const Module *module, StrBuf *out) {
  Dump dump = {.out = out, .src = module->source};
  dump_stmts(&dump, "module", module->body->body);
}
