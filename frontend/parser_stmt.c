/* Statements except def. In: the parser at the first token of a statement. Out: the statements of one logical line, appended to `out`.
 * Each rule stands above its function. */
#include "frontend/parser.h"

/* ---- simple statements: each leaves the token behind it at hand ---- */

static bool parse_pass(Parser *p, StmtVec *out) {
  uint32_t lo = p->tok.span.lo;
  parser_advance(p);
  vec_push(p->arena, out, parser_new_stmt(p, STMT_PASS, lo));
  return true;
}

static bool parse_jump(Parser *p, StmtVec *out) {
  Token token = p->tok;
  parser_advance(p);
  Stmt *s = parser_new_stmt(p, token.kind == TOK_BREAK ? STMT_BREAK : STMT_CONTINUE, token.span.lo);
  s->as.jump.loop = p->loop;
  vec_push(p->arena, out, s);
  if (!p->loop && !p->lenient)
    parser_error(p, token.span, token.kind == TOK_BREAK ? "'break' outside loop" : "'continue' not properly in loop");
  return true;
}

/* return: 'return' [expressions] */
static bool parse_return(Parser *p, StmtVec *out) {
  Token token = p->tok;
  parser_advance(p);
  Expr *value = NULL;
  if (parser_starts_expression(p->tok.kind) && !(value = parser_expressions(p))) return false;
  Stmt *s = parser_new_stmt(p, STMT_RETURN, token.span.lo);
  s->as.value = value;
  vec_push(p->arena, out, s);
  if (!p->func && !p->lenient) parser_error(p, token.span, "'return' outside function");
  return true;
}

/* assert: 'assert' expression [',' expression] */
static bool parse_assert(Parser *p, StmtVec *out) {
  uint32_t lo = p->tok.span.lo;
  parser_advance(p);
  Expr *cond = parser_expression(p), *message = NULL;
  if (!cond) return false;
  if (parser_take(p, TOK_COMMA) && !(message = parser_expression(p))) return false;
  Stmt *s = parser_new_stmt(p, STMT_ASSERT, lo);
  s->as.assert_.cond = cond;
  s->as.assert_.message = message;
  vec_push(p->arena, out, s);
  return true;
}

/* raise: 'raise' [expression] */
static bool parse_raise(Parser *p, StmtVec *out) {
  uint32_t lo = p->tok.span.lo;
  parser_advance(p);
  Expr *exception = NULL;
  if (parser_starts_expression(p->tok.kind) && !(exception = parser_expression(p))) return false;
  if (parser_is(p, TOK_FROM)) return parser_refuse_text(p, p->tok.span, "'raise … from' is not supported", "raise the one error alone");
  Stmt *s = parser_new_stmt(p, STMT_RAISE, lo);
  s->as.raise.exception = exception;
  vec_push(p->arena, out, s);
  return true;
}

/* ---- imports ---- */

/* dotted_name: NAME ('.' NAME)* */
static bool parse_dotted(Parser *p, Sym *name, Sym *first) {
  StrBuf text = {0};
  Sym part;
  Span span;
  *first = NULL;
  do {
    if (!parser_name(p, &part, &span)) return sb_drop(&text), false;
    if (!*first) *first = part;
    if (text.len) sb_putc(&text, '.');
    sb_add(&text, part->text, part->len);
  } while (parser_take(p, TOK_DOT));
  *name = sym(p->names, sb_text(&text), text.len);
  sb_drop(&text);
  return true;
}

/* import: 'import' dotted_name ['as' NAME] (',' …)*    `import a.b` binds a */
static bool parse_import(Parser *p, StmtVec *out) {
  uint32_t lo = p->tok.span.lo;
  Stmt *s = parser_new_stmt(p, STMT_IMPORT, lo);
  do {
    parser_advance(p); /* 'import' or ',' */
    ImportName import = {0};
    Span as_span;
    uint32_t name_lo = p->tok.span.lo;
    if (!parse_dotted(p, &import.module, &import.bound)) return false;
    if (parser_take(p, TOK_AS) && !parser_name(p, &import.bound, &as_span)) return false;
    import.span = parser_span(p, name_lo);
    vec_push(p->arena, &s->as.imports, import);
  } while (parser_is(p, TOK_COMMA));
  s->span = parser_span(p, lo);
  vec_push(p->arena, out, s);
  return true;
}

/* from: 'from' dotted_name 'import' (names | '(' names [','] ')')    names: NAME ['as' NAME] (',' NAME ['as' NAME])* */
static bool parse_from(Parser *p, StmtVec *out) {
  uint32_t lo = p->tok.span.lo;
  Sym module, first;
  parser_advance(p);
  if (parser_is(p, TOK_DOT) || parser_is(p, TOK_ELLIPSIS))
    return parser_refuse_text(p, p->tok.span, "relative imports are not supported",
                              "a program is one file; name a module, as in 'import numpy as np'");
  if (!parse_dotted(p, &module, &first) || !parser_expect(p, TOK_IMPORT, "expected 'import'")) return false;
  if (parser_is(p, TOK_MUL)) return parser_refuse_text(p, p->tok.span, "'import *' is not supported", "name what the file uses");
  bool has_parens = parser_take(p, TOK_LPAREN);
  Stmt *s = parser_new_stmt(p, STMT_IMPORT, lo);
  do {
    ImportName import = {.module = module};
    Span name_span;
    uint32_t name_lo = p->tok.span.lo;
    if (has_parens && parser_is(p, TOK_RPAREN) && s->as.imports.len > 0) break;
    if (!parser_name(p, &import.name, &name_span)) return false;
    import.bound = import.name;
    if (parser_take(p, TOK_AS) && !parser_name(p, &import.bound, &name_span)) return false;
    import.span = parser_span(p, name_lo);
    vec_push(p->arena, &s->as.imports, import);
  } while (parser_take(p, TOK_COMMA));
  if (has_parens && !parser_expect(p, TOK_RPAREN, NULL)) return false;
  s->span = parser_span(p, lo);
  vec_push(p->arena, out, s);
  return true;
}

/* ---- assignments and expressions ---- */

static const struct {
  TokKind token;
  BinOp op;
} aug_ops[] = {
    {TOK_ADD_EQ, BIN_ADD}, {TOK_SUB_EQ, BIN_SUB}, {TOK_MUL_EQ, BIN_MUL}, {TOK_DIV_EQ, BIN_DIV}, {TOK_FLOORDIV_EQ, BIN_FLOORDIV},
    {TOK_MOD_EQ, BIN_MOD}, {TOK_POW_EQ, BIN_POW}, {TOK_SHL_EQ, BIN_SHL}, {TOK_SHR_EQ, BIN_SHR}, {TOK_MATMUL_EQ, BIN_MATMUL},
    {TOK_AND_EQ, BIN_AND}, {TOK_OR_EQ, BIN_OR},   {TOK_XOR_EQ, BIN_XOR},
};

/* assignment: (targets '=')+ expressions */
static bool parse_assignment(Parser *p, Expr *first, uint32_t lo, StmtVec *out) {
  ExprVec targets = {0};
  Expr *value = first;
  while (parser_is(p, TOK_ASSIGN)) {
    if (!parser_check_target(p, value, true)) return false;
    vec_push(p->arena, &targets, value);
    parser_advance(p);
    if (!(value = parser_expressions(p))) return false;
  }
  Stmt *s = parser_new_stmt(p, STMT_ASSIGN, lo);
  s->as.assign.targets = targets;
  s->as.assign.value = value;
  vec_push(p->arena, out, s);
  return true;
}

/* annotated: target ':' expression ['=' expressions] */
static bool parse_annotated(Parser *p, Expr *target, uint32_t lo, StmtVec *out) {
  const Expr *callee = target->kind == EXPR_CALL ? target->as.call.callee : target->kind == EXPR_INDEX ? target->as.index.base : NULL;
  bool is_match = callee && callee->kind == EXPR_NAME && sym_is(callee->as.name, "match") && parser_peek(p) == TOK_NEWLINE;
  if (is_match) {
    p->skips_block = true;
    return parser_refuse_text(p, callee->span, "'match' is not supported", "use if and elif");
  }
  if (target->kind == EXPR_TUPLE || target->kind == EXPR_LIST)
    return parser_error(p, target->span, "only single target (not %s) can be annotated", parser_describe(target));
  if (target->kind != EXPR_NAME && target->kind != EXPR_ATTR && target->kind != EXPR_INDEX)
    return parser_error(p, target->span, "illegal target for annotation");
  parser_advance(p);
  Expr *annotation = parser_expression(p), *value = NULL;
  if (!annotation) return false;
  if (parser_take(p, TOK_ASSIGN) && !(value = parser_expressions(p))) return false;
  Stmt *s = parser_new_stmt(p, STMT_ANN_ASSIGN, lo);
  s->as.ann.target = target;
  s->as.ann.annotation = annotation;
  s->as.ann.value = value;
  vec_push(p->arena, out, s);
  return true;
}

/* augmented: target augop expressions */
static bool parse_augmented(Parser *p, Expr *target, BinOp op, uint32_t lo, StmtVec *out) {
  Span op_span = p->tok.span;
  if (!parser_check_aug_target(p, target)) return false;
  parser_advance(p);
  Expr *value = parser_expressions(p);
  if (!value) return false;
  Stmt *s = parser_new_stmt(p, STMT_AUG_ASSIGN, lo);
  s->as.aug.op = op;
  s->as.aug.op_span = op_span;
  s->as.aug.target = target;
  s->as.aug.value = value;
  vec_push(p->arena, out, s);
  return true;
}

/* expression_statement: assignment | annotated | augmented | expressions */
static bool parse_expression_statement(Parser *p, StmtVec *out) {
  uint32_t lo = p->tok.span.lo;
  if (parser_is_match(p)) return false;
  Expr *e = parser_expressions(p);
  if (!e) return false;
  if (parser_is(p, TOK_ASSIGN)) return parse_assignment(p, e, lo, out);
  if (parser_is(p, TOK_COLON)) return parse_annotated(p, e, lo, out);
  for (size_t i = 0; i < LJ_COUNT(aug_ops); i++)
    if (parser_is(p, aug_ops[i].token)) return parse_augmented(p, e, aug_ops[i].op, lo, out);
  Stmt *s = parser_new_stmt(p, STMT_EXPR, lo);
  s->as.expr = e;
  vec_push(p->arena, out, s);
  return true;
}

/* ---- compound statements ---- */

/* else_block: ['else' block] */
static bool parse_else(Parser *p, StmtVec *out) {
  Span at = p->tok.span;
  if (!parser_take(p, TOK_ELSE)) return true;
  if (parser_is(p, TOK_IF)) return parser_error(p, p->tok.span, "expected ':' after 'else'; write 'elif' instead of 'else if'");
  return parser_block(p, "'else' statement", at, out);
}

/* if: 'if' named_expression block ('elif' named_expression block)* else_block */
static bool parse_if(Parser *p, StmtVec *out) {
  for (int branches = 0;; branches++) {
    Token token = p->tok;
    if (branches > PARSE_MAX_ELIFS) return parser_error(p, token.span, "too deeply nested: more than %d 'elif' branches", PARSE_MAX_ELIFS);
    parser_advance(p);
    Expr *cond = parser_named_expression(p);
    if (!cond) return false;
    Stmt *s = parser_new_stmt(p, STMT_IF, token.span.lo);
    s->as.if_.cond = cond;
    if (!parser_block(p, token.kind == TOK_IF ? "'if' statement" : "'elif' statement", token.span, &s->as.if_.body)) return false;
    vec_push(p->arena, out, s);
    if (!parser_is(p, TOK_ELIF)) return parse_else(p, &s->as.if_.orelse);
    out = &s->as.if_.orelse;
  }
}

static bool parse_loop_body(Parser *p, Stmt *s, const char *what) {
  Stmt *outer = p->loop;
  p->loop = s;
  bool is_good = parser_block(p, what, s->span, &s->as.loop.body);
  p->loop = outer;
  return is_good && parse_else(p, &s->as.loop.orelse);
}

/* while: 'while' named_expression block else_block */
static bool parse_while(Parser *p, StmtVec *out) {
  uint32_t lo = p->tok.span.lo;
  parser_advance(p);
  Expr *cond = parser_named_expression(p);
  if (!cond) return false;
  Stmt *s = parser_new_stmt(p, STMT_WHILE, lo);
  s->as.loop.cond = cond;
  vec_push(p->arena, out, s);
  return parse_loop_body(p, s, "'while' statement");
}

/* for: 'for' targets 'in' expressions block else_block */
static bool parse_for(Parser *p, StmtVec *out) {
  uint32_t lo = p->tok.span.lo;
  parser_advance(p);
  Expr *target = parser_targets(p);
  if (!target || !parser_expect(p, TOK_IN, "expected 'in' after the targets of 'for'")) return false;
  Expr *iter = parser_expressions(p);
  if (!iter) return false;
  Stmt *s = parser_new_stmt(p, STMT_FOR, lo);
  s->as.loop.target = target;
  s->as.loop.iter = iter;
  vec_push(p->arena, out, s);
  return parse_loop_body(p, s, "'for' statement");
}

/* ---- one statement, one line ---- */

typedef struct Row {
  TokKind kind;
  bool (*parse)(Parser *p, StmtVec *out);
} Row;

static const Row compound_rows[] = {
    {TOK_IF, parse_if}, {TOK_WHILE, parse_while}, {TOK_FOR, parse_for}, {TOK_DEF, parser_def}, {TOK_AT, parser_def}};
static const Row simple_rows[] = {{TOK_PASS, parse_pass},     {TOK_BREAK, parse_jump},    {TOK_CONTINUE, parse_jump},
                                  {TOK_RETURN, parse_return}, {TOK_ASSERT, parse_assert}, {TOK_RAISE, parse_raise},
                                  {TOK_IMPORT, parse_import}, {TOK_FROM, parse_from}};

static const Row *find_row(const Row *rows, size_t count, TokKind kind) {
  for (size_t i = 0; i < count; i++)
    if (rows[i].kind == kind) return &rows[i];
  return NULL;
}

static bool refuse_clause(Parser *p) {
  return parser_error(p, p->tok.span, "invalid syntax: '%s' belongs to no 'if', 'for' or 'while' above it", token_texts[p->tok.kind]);
}

/* simple_statements: simple (';' simple)* [';'] NEWLINE */
bool parser_simple_line(Parser *p, StmtVec *out) {
  do {
    if (parser_is(p, TOK_NEWLINE)) break;
    const Row *row = find_row(simple_rows, LJ_COUNT(simple_rows), p->tok.kind);
    if (!row && find_row(compound_rows, LJ_COUNT(compound_rows), p->tok.kind))
      return parser_error(p, p->tok.span, "invalid syntax: '%s' must begin its own line", token_texts[p->tok.kind]);
    if (row ? !row->parse(p, out) : !parse_expression_statement(p, out)) return false;
  } while (parser_take(p, TOK_SEMICOLON));
  return parser_take(p, TOK_NEWLINE) || parser_unexpected(p);
}

/* statement: compound | simple_statements */
bool parser_statement(Parser *p, StmtVec *out) {
  const Row *row = find_row(compound_rows, LJ_COUNT(compound_rows), p->tok.kind);
  if (row) return row->parse(p, out);
  if (parser_is(p, TOK_ELSE) || parser_is(p, TOK_ELIF)) return refuse_clause(p);
  return parser_simple_line(p, out);
}
