/* The parser's core: the token at hand, mistakes and recovery, blocks, and the two entries parse_module and parse_expression.
 * In: a source text. Out: a Module or an expression in the arena, or diagnostics. Must not look at what names mean: that is sema's.
 * A statement that fails is skipped to the end of its line; a block under it is read for further mistakes, then dropped. */
#include "frontend/parser.h"

static void fill(Parser *p) {
  if (p->nodes > PARSE_MAX_NODES && !p->lexer.stopped) {
    p->tok = lexer_stop(&p->lexer, p->prev_hi, p->prev_hi + 1, "the program is too large");
    p->has_next = false;
    return;
  }
  p->tok = p->has_next ? p->next : lexer_next(&p->lexer);
  p->has_next = false;
}

void parser_advance(Parser *p) {
  p->prev_hi = p->tok.span.hi;
  fill(p);
}

TokKind parser_peek(Parser *p) {
  if (!p->has_next) {
    p->next = lexer_next(&p->lexer);
    p->has_next = true;
  }
  return p->next.kind;
}

bool parser_take(Parser *p, TokKind kind) {
  if (p->tok.kind != kind) return false;
  parser_advance(p);
  return true;
}

bool parser_enter(Parser *p) {
  if (p->depth++ < PARSE_MAX_NESTING) return true;
  return parser_error(p, p->tok.span, "too deeply nested: more than %d expressions inside each other", PARSE_MAX_NESTING);
}

/* ---- mistakes ---- */

bool parser_error(Parser *p, Span at, const char *fmt, ...) {
  StrBuf text = {0};
  va_list args;
  va_start(args, fmt);
  sb_vprintf(&text, fmt, args);
  va_end(args);
  diag_error(p->diag, SYNTAX_ERROR, at, "%s", sb_text(&text));
  sb_drop(&text);
  p->failed = true;
  return false;
}

static bool indent_error(Parser *p, Span at, const char *message) {
  p->failed = true;
  return diag_error(p->diag, INDENTATION_ERROR, at, "%s", message);
}

static bool report_lexer(Parser *p) {
  const LexError *error = p->tok.as.error;
  p->failed = true;
  diag_error(p->diag, error->kind, p->tok.span, "%s", error->message);
  if (error->note) diag_note(p->diag, error->note_at, "%s", error->note);
  return false;
}

/* True when no bracket that is open before the token at hand is closed in the rest of the text.
 * Only errors that will be shown pay for it. */
static bool is_never_closed(const Parser *p) {
  if (p->diag->errors >= DIAG_MAX || p->diag->muted) return false;
  Lexer probe = p->lexer;
  while (probe.depth >= p->tok.depth) {
    TokKind kind = lexer_next(&probe).kind;
    if (probe.pos >= probe.src->length && (kind == TOK_ERROR || kind == TOK_END)) return true;
  }
  return false;
}

/* The token at hand begins a line inside brackets and fits nowhere: most likely a bracket above was not closed. */
static bool report_unclosed(Parser *p) {
  if (!p->tok.starts_line || p->tok.depth == 0 || p->lexer.context_count > 0) return false;
  if (p->tok.kind == TOK_RPAREN || p->tok.kind == TOK_RBRACKET || p->tok.kind == TOK_RBRACE || !is_never_closed(p)) return false;
  Bracket open = p->lexer.brackets[p->tok.depth - 1];
  parser_error(p, (Span){p->src, open.at, open.at + 1}, "'%c' was never closed", open.open);
  return p->is_unclosed = true;
}

/* Operators of other languages, told from the bytes around the token at hand. */
static const char *foreign_operator(const Parser *p) {
  static const struct {
    TokKind at_hand;
    const char *before, *advice;
  } rows[] = {
      {TOK_AND, "&", "write 'and' instead of '&&'"},
      {TOK_OR, "|", "write 'or' instead of '||'"},
      {TOK_NEWLINE, "++", "write 'x += 1' instead of 'x++'"},
      {TOK_NEWLINE, "--", "write 'x -= 1' instead of 'x--'"},
      {TOK_EXCLAIM, "", "write 'not' instead of '!'"},
      {TOK_GT, "=", "write '>=' instead of '=>'"},
      {TOK_LT, "=", "write '<=' instead of '=<'"},
      {TOK_GT, "<", "write '!=' instead of '<>'"},
      {TOK_ASSIGN, "==", "write '==' instead of '==='"},
      {TOK_WALRUS, "", "put the assignment expression in parentheses, or write '='"},
  };
  for (size_t i = 0; i < LJ_COUNT(rows); i++) {
    uint32_t n = (uint32_t)strlen(rows[i].before);
    if (p->tok.kind == rows[i].at_hand && n <= p->tok.span.lo && memcmp(p->src->text + p->tok.span.lo - n, rows[i].before, n) == 0)
      return rows[i].advice;
  }
  return NULL;
}

bool parser_unexpected(Parser *p) {
  if (parser_is(p, TOK_ERROR)) return report_lexer(p);
  if (report_unclosed(p)) return false;
  if (parser_is_refused(p->tok.kind)) return parser_refuse(p, p->tok.span, p->tok.kind);
  const char *advice = foreign_operator(p);
  if (advice) return parser_error(p, p->tok.span, "invalid syntax: %s", advice);
  if (parser_is(p, TOK_NEWLINE) || parser_is(p, TOK_END))
    return parser_error(p, p->tok.span, "invalid syntax: the line ends where more is expected");
  if (parser_is(p, TOK_INDENT)) return indent_error(p, p->tok.span, "unexpected indent");
  if (token_is_keyword(p->tok.kind))
    return parser_error(p, p->tok.span, "invalid syntax: unexpected keyword '%s'", token_texts[p->tok.kind]);
  if (p->tok.kind > TOK_YIELD) return parser_error(p, p->tok.span, "invalid syntax: unexpected '%s'", token_texts[p->tok.kind]);
  if (parser_is(p, TOK_NAME)) return parser_error(p, p->tok.span, "invalid syntax: unexpected name '%.60s'", p->tok.as.text->text);
  return parser_error(p, p->tok.span, "invalid syntax");
}

bool parser_expect(Parser *p, TokKind kind, const char *message) {
  if (parser_take(p, kind)) return true;
  bool is_closer = kind == TOK_RPAREN || kind == TOK_RBRACKET;
  if (parser_is(p, TOK_ERROR) || foreign_operator(p) || (is_closer && report_unclosed(p)))
    return p->is_unclosed ? false : parser_unexpected(p);
  if (is_closer && parser_starts_expression(p->tok.kind) && !parser_is_refused(p->tok.kind))
    return parser_error(p, p->tok.span, "invalid syntax. Perhaps you forgot a comma?");
  if (is_closer && parser_is(p, TOK_ASSIGN))
    return parser_error(p, p->tok.span, "invalid syntax. Maybe you meant '==' or ':=' instead of '='?");
  return message ? parser_error(p, p->tok.span, "%s", message) : parser_unexpected(p);
}

bool parser_name(Parser *p, Sym *name, Span *span) {
  if (report_unclosed(p)) return false;
  if (token_is_keyword(p->tok.kind))
    return parser_error(p, p->tok.span, "invalid syntax: '%s' is a keyword and cannot be a name", token_texts[p->tok.kind]);
  if (!parser_is(p, TOK_NAME)) return parser_unexpected(p);
  *name = p->tok.as.text;
  *span = p->tok.span;
  parser_advance(p);
  return true;
}

/* ---- recovery ---- */

static bool starts_statement(TokKind kind) {
  static const TokKind kinds[] = {TOK_DEF,   TOK_RETURN, TOK_WHILE, TOK_IMPORT, TOK_PASS,     TOK_BREAK, TOK_CONTINUE, TOK_ASSERT,
                                  TOK_RAISE, TOK_CLASS,  TOK_TRY,   TOK_WITH,   TOK_NONLOCAL, TOK_DEL,   TOK_GLOBAL};
  for (size_t i = 0; i < LJ_COUNT(kinds); i++)
    if (kinds[i] == kind) return true;
  return false;
}

static void restart_line(Parser *p) {
  lexer_restart_line(&p->lexer, p->tok.span.lo);
  p->has_next = p->is_unclosed = false;
  fill(p);
}

/* To the start of the next logical line; out of brackets, too, when a line in them can only be a statement. */
static void skip_line(Parser *p) {
  for (; !parser_is(p, TOK_NEWLINE) && !parser_is(p, TOK_END) && !parser_is(p, TOK_INDENT) && !parser_is(p, TOK_DEDENT);
       parser_advance(p)) {
    if (parser_is(p, TOK_ERROR) && p->tok.as.error->kind == INDENTATION_ERROR) return;
    if (p->tok.starts_line && p->tok.depth > 0 && starts_statement(p->tok.kind)) return restart_line(p);
  }
  parser_take(p, TOK_NEWLINE);
}

static void parse_statements(Parser *p, StmtVec *out);

static void read_dropped_block(Parser *p) {
  if (!parser_take(p, TOK_INDENT)) return;
  for (int depth = 1; p->skips_block && depth > 0 && !parser_is(p, TOK_END); parser_advance(p))
    depth += parser_is(p, TOK_INDENT) ? 1 : parser_is(p, TOK_DEDENT) ? -1 : 0;
  if (p->skips_block) return;
  StmtVec dropped = {0};
  p->lenient++;
  parse_statements(p, &dropped);
  p->lenient--;
  parser_take(p, TOK_DEDENT);
}

void parser_recover(Parser *p) {
  if (p->is_unclosed) return restart_line(p);
  do { /* clauses of a statement whose header failed have no 'if' to belong to */
    skip_line(p);
    read_dropped_block(p);
    p->skips_block = false;
  } while (parser_is(p, TOK_ELIF) || parser_is(p, TOK_ELSE) || parser_is(p, TOK_EXCEPT) || parser_is(p, TOK_FINALLY));
}

/* ---- statements in a row ---- */

Stmt *parser_new_stmt(Parser *p, StmtKind kind, uint32_t lo) {
  Stmt *s = arena_new(p->arena, Stmt);
  s->kind = kind;
  s->span = parser_span(p, lo);
  p->nodes++;
  return s;
}

/* A line that is indented for no reason is read as if it were not, so that its own mistakes are found. */
static void parse_indented(Parser *p, StmtVec *out, bool is_reported) {
  if (!is_reported) {
    Span at = p->tok.span;
    at.lo = at.hi;
    at.hi++;
    indent_error(p, at, "unexpected indent");
  }
  parser_advance(p);
  parse_statements(p, out);
  parser_take(p, TOK_DEDENT);
}

/* statements: statement*   up to a DEDENT or the end */
static void parse_statements(Parser *p, StmtVec *out) {
  bool was_indentation = false; /* the mistake just reported was in the indentation of this line */
  for (; !parser_is(p, TOK_END) && !parser_is(p, TOK_DEDENT); was_indentation = false) {
    if (parser_is(p, TOK_ERROR) && p->tok.as.error->kind == INDENTATION_ERROR) {
      report_lexer(p);
      parser_advance(p);
      was_indentation = true;
      if (!parser_is(p, TOK_INDENT)) continue;
    }
    if (parser_is(p, TOK_INDENT)) {
      parse_indented(p, out, was_indentation);
    } else if (!parser_take(p, TOK_NEWLINE)) {
      uint32_t depth = p->depth;
      if (parser_statement(p, out)) continue;
      p->depth = depth;
      p->generator_ok = false;
      parser_recover(p);
    }
  }
}

/* block: NEWLINE INDENT statements DEDENT | simple_statements */
bool parser_block(Parser *p, const char *after, Span header, StmtVec *out) {
  if (parser_is(p, TOK_ASSIGN)) return parser_error(p, p->tok.span, "invalid syntax. Maybe you meant '==' or ':=' instead of '='?");
  if (!parser_expect(p, TOK_COLON, "expected ':'")) return false;
  if (!parser_is(p, TOK_NEWLINE)) return parser_simple_line(p, out);
  parser_advance(p);
  if (parser_is(p, TOK_ERROR) && p->tok.as.error->kind == INDENTATION_ERROR) {
    report_lexer(p);
    parser_advance(p);
  }
  if (!parser_is(p, TOK_INDENT)) { /* the header is whole and the next line is a statement: nothing to skip */
    uint32_t line = source_line_col(p->src, header.lo).line;
    if (!p->lexer.stopped)
      indent_error(p, p->tok.span, arena_printf(p->arena, "expected an indented block after %s on line %u", after, line));
    return true;
  }
  parser_advance(p);
  uint32_t depth = p->depth;
  parse_statements(p, out);
  p->depth = depth;
  parser_take(p, TOK_DEDENT);
  return true;
}

/* ---- entries ---- */

static void init(Parser *p, Arena *arena, StrTab *names, const Source *src, Diag *diag) {
  *p = (Parser){.arena = arena, .names = names, .src = src, .diag = diag};
  lexer_init(&p->lexer, arena, names, src);
  fill(p);
}

bool parse_module(Arena *arena, StrTab *names, Source *src, Sym name, Diag *diag, Module **out) {
  Parser parser, *p = &parser;
  *out = NULL;
  init(p, arena, names, src, diag);
  Module *module = arena_new(arena, Module);
  *module = (Module){.arena = arena, .names = names, .source = src, .name = name};
  FuncDef *body = arena_new(arena, FuncDef);
  Span all = {src, 0, src->length ? src->length : 1};
  *body = (FuncDef){.name = sym_c(names, "<module>"), .span = all, .name_span = all, .kind = FUNC_MODULE, .module = module};
  module->body = body;
  vec_push(arena, &module->funcs, body);
  p->module = module;
  while (!parser_is(p, TOK_END)) {
    parse_statements(p, &body->body);
    parser_take(p, TOK_DEDENT);
  }
  if (p->failed) return false;
  *out = module;
  return true;
}

Expr *parse_expression(Arena *arena, StrTab *names, Source *src, Diag *diag) {
  Parser parser, *p = &parser;
  init(p, arena, names, src, diag);
  parser_take(p, TOK_INDENT);
  Expr *e = parser_expressions(p);
  if (!e) return NULL;
  parser_take(p, TOK_NEWLINE);
  parser_take(p, TOK_DEDENT);
  if (!parser_is(p, TOK_END)) return parser_unexpected(p), NULL;
  return e;
}
