/* Calls and comprehensions. In: the parser at '(' or at `for`. Out: EXPR_CALL, EXPR_COMP.
 * The options `locals` and `fastmath` of decorators may be written as dict and set displays;
 * they become the calls dict(x=T) and set(a, b). */
#include "frontend/parser.h"

enum { MAX_KEYWORDS = 255 };

static Expr *call_of(Parser *p, const char *name, uint32_t lo) {
  Expr *callee = parser_new_expr(p, EXPR_NAME, lo);
  callee->span.hi = lo + 1;
  callee->as.name = sym_c(p->names, name);
  Expr *call = parser_new_expr(p, EXPR_CALL, lo);
  call->as.call.callee = callee;
  parser_child(call, callee);
  return call;
}

/* display: '{' [item (',' item)* [',']] '}'    item: STRING ':' expression | expression */
static Expr *parse_display(Parser *p) {
  uint32_t lo = p->tok.span.lo;
  parser_advance(p);
  bool is_set = !parser_is(p, TOK_RBRACE) && !(parser_is(p, TOK_STRING) && parser_peek(p) == TOK_COLON);
  Expr *call = call_of(p, is_set ? "set" : "dict", lo);
  while (!parser_is(p, TOK_RBRACE)) {
    Keyword keyword = {.name = parser_is(p, TOK_STRING) ? p->tok.as.text : NULL, .span = p->tok.span};
    if (!is_set) {
      if (!keyword.name) return parser_error(p, p->tok.span, "the keys here are names in quotes, as in {\"x\": float32}"), NULL;
      parser_advance(p);
      if (!parser_expect(p, TOK_COLON, "expected ':' after the key")) return NULL;
    }
    keyword.value = parser_expression(p);
    if (!keyword.value) return NULL;
    parser_child(call, keyword.value);
    if (is_set)
      vec_push(p->arena, &call->as.call.args, keyword.value);
    else
      vec_push(p->arena, &call->as.call.keywords, keyword);
    if (!parser_take(p, TOK_COMMA)) break;
  }
  if (!parser_expect(p, TOK_RBRACE, "expected ',' or '}'")) return NULL;
  call->span = parser_span(p, lo);
  return call;
}

/* keyword: NAME '=' expression */
static bool parse_keyword(Parser *p, Expr *call) {
  Keyword keyword = {.name = p->tok.as.text, .span = p->tok.span};
  for (uint32_t i = 0; i < call->as.call.keywords.len; i++)
    if (call->as.call.keywords.data[i].name == keyword.name)
      return parser_error(p, keyword.span, "keyword argument repeated: %s", keyword.name->text);
  if (call->as.call.keywords.len == MAX_KEYWORDS) return parser_error(p, keyword.span, "more than %d keyword arguments", MAX_KEYWORDS);
  parser_advance(p);
  parser_advance(p);
  bool takes_display = sym_is(keyword.name, "locals") || sym_is(keyword.name, "fastmath");
  keyword.value = takes_display && parser_is(p, TOK_LBRACE) ? parse_display(p) : parser_expression(p);
  if (!keyword.value) return false;
  vec_push(p->arena, &call->as.call.keywords, keyword);
  parser_child(call, keyword.value);
  return true;
}

static bool check_positional(Parser *p, const Expr *call, const Expr *arg) {
  if (parser_is(p, TOK_ASSIGN)) {
    Span at = {p->src, arg->span.lo, p->tok.span.hi};
    return parser_error(p, at, "expression cannot contain assignment, perhaps you meant \"==\"?");
  }
  if (call->as.call.keywords.len > 0) return parser_error(p, arg->span, "positional argument follows keyword argument");
  bool is_generator = arg->kind == EXPR_COMP && !arg->as.comp.is_list;
  bool is_only = call->as.call.args.len == 0 && parser_is(p, TOK_RPAREN);
  const Expr *first = call->as.call.args.len ? call->as.call.args.data[0] : arg;
  if ((is_generator && !is_only) || (call->as.call.args.len && first->kind == EXPR_COMP && !first->as.comp.is_list))
    return parser_refuse_text(p, is_generator ? arg->span : first->span, "a generator expression must be the only argument of its call",
                              "pass an array, or write a loop");
  return true;
}

/* argument: keyword | named_expression | named_expression comp_for+ */
static bool parse_argument(Parser *p, Expr *call) {
  if (parser_is(p, TOK_MUL) || parser_is(p, TOK_POW))
    return parser_refuse_text(p, p->tok.span, "starred arguments are not supported", "pass the arguments one by one");
  if (parser_is(p, TOK_NAME) && parser_peek(p) == TOK_ASSIGN) return parse_keyword(p, call);
  uint32_t lo = p->tok.span.lo;
  p->generator_ok = parser_is(p, TOK_LPAREN);
  Expr *arg = parser_named_expression(p);
  p->generator_ok = false;
  if (arg && parser_is(p, TOK_FOR)) arg = parser_comprehension(p, arg, false, lo);
  if (!arg || !check_positional(p, call, arg)) return false;
  vec_push(p->arena, &call->as.call.args, arg);
  parser_child(call, arg);
  return true;
}

/* call: '(' [argument (',' argument)* [',']] ')' */
Expr *parser_call(Parser *p, Expr *callee, uint32_t lo) {
  parser_advance(p);
  Expr *call = parser_new_expr(p, EXPR_CALL, lo);
  call->as.call.callee = callee;
  parser_child(call, callee);
  while (!parser_is(p, TOK_RPAREN)) {
    if (!parse_argument(p, call)) return NULL;
    if (!parser_take(p, TOK_COMMA)) break;
  }
  if (!parser_expect(p, TOK_RPAREN, NULL)) return NULL;
  call->span = parser_span(p, lo);
  return call;
}

/* comp_for: 'for' targets 'in' disjunction ('if' disjunction)* */
static bool parse_clause(Parser *p, Expr *comp) {
  CompFor clause = {0};
  parser_advance(p);
  clause.target = parser_targets(p);
  if (!clause.target) return false;
  if (!parser_expect(p, TOK_IN, "expected 'in' after the targets of 'for'")) return false;
  clause.iter = parser_disjunction(p);
  if (!clause.iter) return false;
  parser_child(comp, clause.target);
  parser_child(comp, clause.iter);
  while (parser_take(p, TOK_IF)) {
    Expr *cond = parser_disjunction(p);
    if (!cond) return false;
    vec_push(p->arena, &clause.conds, cond);
    parser_child(comp, cond);
  }
  vec_push(p->arena, &comp->as.comp.clauses, clause);
  return true;
}

Expr *parser_comprehension(Parser *p, Expr *elt, bool is_list, uint32_t lo) {
  Expr *e = parser_new_expr(p, EXPR_COMP, lo);
  e->as.comp.is_list = is_list;
  e->as.comp.elt = elt;
  parser_child(e, elt);
  while (parser_is(p, TOK_FOR)) {
    if (e->as.comp.clauses.len == PARSE_MAX_CLAUSES)
      return parser_error(p, p->tok.span, "too deeply nested: more than %d 'for' in a comprehension", PARSE_MAX_CLAUSES), NULL;
    if (!parse_clause(p, e)) return NULL;
  }
  e->span = parser_span(p, lo);
  return e;
}
