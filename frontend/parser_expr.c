/* Expressions: operators by precedence, then what is appended to an atom, then atoms.
 * In: the parser at an expression. Out: its tree, no higher than PARSE_MAX_HEIGHT and little more. Must not look at names.
 * Until sema numbers the expressions, Expr.id holds the height of the tree. */
#include "frontend/parser.h"

Expr *parser_new_expr(Parser *p, ExprKind kind, uint32_t lo) {
  Expr *e = arena_new(p->arena, Expr);
  e->kind = kind;
  e->span = parser_span(p, lo);
  p->nodes++;
  return e;
}

void parser_child(Expr *parent, const Expr *child) {
  if (child && child->id >= parent->id) parent->id = child->id + 1;
}

/* Chains such as a + a + a grow a tree without any recursion of the parser, so they are measured. Those that make a flat node
 * (a < b < c, a and b and c) count as well: what they become is as deep. */
static Expr *check_height(Parser *p, Expr *e) {
  uint32_t operands = e->kind == EXPR_COMPARE ? e->as.compare.ops.len : e->kind == EXPR_BOOLOP ? e->as.boolop.operands.len : 0;
  if (e->id <= PARSE_MAX_HEIGHT && operands <= PARSE_MAX_HEIGHT) return e;
  parser_error(p, p->tok.span, "too deeply nested: a chain of more than %d operations; split the expression", PARSE_MAX_HEIGHT);
  return NULL;
}

bool parser_starts_expression(TokKind kind) {
  static const TokKind kinds[] = {TOK_NAME,   TOK_INT,    TOK_FLOAT,  TOK_IMAG, TOK_STRING, TOK_FSTRING_START, TOK_TRUE,
                                  TOK_FALSE,  TOK_NONE,   TOK_LPAREN, TOK_ADD,  TOK_SUB,    TOK_LBRACKET,      TOK_LBRACE,
                                  TOK_LAMBDA, TOK_KW_NOT, TOK_TILDE,  TOK_MUL,  TOK_AWAIT,  TOK_ELLIPSIS,      TOK_ERROR};
  for (size_t i = 0; i < LJ_COUNT(kinds); i++)
    if (kinds[i] == kind) return true;
  return false;
}

/* ---- atoms ---- */

/* A generator expression stands only as the only argument of a call, with or without its own parentheses. */
static Expr *parse_generator(Parser *p, Expr *elt, uint32_t lo, bool is_argument) {
  Expr *e = parser_comprehension(p, elt, false, lo);
  if (!e || !parser_expect(p, TOK_RPAREN, NULL)) return NULL;
  e->span = parser_span(p, lo);
  if (is_argument && (parser_is(p, TOK_RPAREN) || parser_is(p, TOK_COMMA))) return e;
  parser_refuse_text(p, e->span, "a generator expression is not supported here",
                     "use it as the only argument of a call, as in sum(x for x in a), or write a loop");
  return NULL;
}

/* group: '(' named_expression ')'    tuple: '(' [named_expression (',' named_expression)* [',']] ')' */
static Expr *parse_parentheses(Parser *p) {
  uint32_t lo = p->tok.span.lo;
  bool is_argument = p->generator_ok;
  p->generator_ok = false;
  parser_advance(p);
  if (parser_take(p, TOK_RPAREN)) return parser_new_expr(p, EXPR_TUPLE, lo);
  Expr *first = parser_named_expression(p);
  if (!first) return NULL;
  if (parser_is(p, TOK_FOR)) return parse_generator(p, first, lo, is_argument);
  if (!parser_is(p, TOK_COMMA)) return parser_expect(p, TOK_RPAREN, NULL) ? first : NULL;
  Expr *e = parser_new_expr(p, EXPR_TUPLE, lo);
  vec_push(p->arena, &e->as.list.items, first);
  parser_child(e, first);
  while (parser_take(p, TOK_COMMA) && !parser_is(p, TOK_RPAREN)) {
    Expr *item = parser_named_expression(p);
    if (!item) return NULL;
    vec_push(p->arena, &e->as.list.items, item);
    parser_child(e, item);
  }
  if (!parser_expect(p, TOK_RPAREN, NULL)) return NULL;
  e->span = parser_span(p, lo);
  return e;
}

/* list: '[' [named_expression (',' named_expression)* [',']] ']'    comprehension: '[' named_expression comp_for+ ']' */
static Expr *parse_list(Parser *p) {
  uint32_t lo = p->tok.span.lo;
  parser_advance(p);
  Expr *e = parser_new_expr(p, EXPR_LIST, lo);
  while (!parser_is(p, TOK_RBRACKET)) {
    Expr *item = parser_named_expression(p);
    if (!item) return NULL;
    if (parser_is(p, TOK_FOR) && e->as.list.items.len == 0) {
      e = parser_comprehension(p, item, true, lo);
      if (!e) return NULL;
      break;
    }
    vec_push(p->arena, &e->as.list.items, item);
    parser_child(e, item);
    if (!parser_take(p, TOK_COMMA)) break;
  }
  if (!parser_expect(p, TOK_RBRACKET, NULL)) return NULL;
  e->span = parser_span(p, lo);
  return e;
}

static Expr *refuse_display(Parser *p) {
  parser_refuse_text(p, p->tok.span, "dict and set displays are not supported", "use a tuple, a list, or an array");
  return NULL;
}

static Expr *refuse_star(Parser *p) {
  parser_refuse_text(p, p->tok.span, "starred expressions are not supported", "name the items one by one, as in (t[0], t[1])");
  return NULL;
}

static Expr *parse_int(Parser *p) {
  Span at = p->tok.span;
  if (p->tok.too_large) {
    int shown = (int)lj_min_size(at.hi - at.lo, 40);
    parser_error(p, at, "integer literal is too large: %.*s%s does not fit in 64 bits", shown, p->src->text + at.lo,
                 (uint32_t)shown < at.hi - at.lo ? "..." : "");
    return NULL;
  }
  uint64_t value = p->tok.as.integer;
  parser_advance(p);
  Expr *e = parser_new_expr(p, EXPR_INT, at.lo);
  e->as.integer.value = value;
  return e;
}

static Expr *parse_number(Parser *p) {
  Token token = p->tok;
  parser_advance(p);
  Expr *e = parser_new_expr(p, token.kind == TOK_IMAG ? EXPR_IMAG : EXPR_FLOAT, token.span.lo);
  e->as.number = token.as.number;
  return e;
}

static Expr *parse_name(Parser *p) {
  Token token = p->tok;
  parser_advance(p);
  Expr *e = parser_new_expr(p, EXPR_NAME, token.span.lo);
  e->as.name = token.as.text;
  return e;
}

static Expr *parse_constant(Parser *p) {
  Token token = p->tok;
  parser_advance(p);
  bool is_bool = token.kind == TOK_TRUE || token.kind == TOK_FALSE;
  Expr *e = parser_new_expr(p, is_bool ? EXPR_BOOL : token.kind == TOK_NONE ? EXPR_NONE : EXPR_ELLIPSIS, token.span.lo);
  if (is_bool) e->as.boolean = token.kind == TOK_TRUE;
  return e;
}

/* atom: NAME | NUMBER | STRING+ | 'True' | 'False' | 'None' | '...' | group | tuple | list | comprehension */
static Expr *parse_atom(Parser *p) {
  static const struct {
    TokKind kind;
    Expr *(*parse)(Parser *p);
  } atoms[] = {
      {TOK_NAME, parse_name},          {TOK_INT, parse_int},         {TOK_FLOAT, parse_number},
      {TOK_IMAG, parse_number},        {TOK_STRING, parser_strings}, {TOK_FSTRING_START, parser_strings},
      {TOK_LPAREN, parse_parentheses}, {TOK_LBRACKET, parse_list},   {TOK_TRUE, parse_constant},
      {TOK_FALSE, parse_constant},     {TOK_NONE, parse_constant},   {TOK_ELLIPSIS, parse_constant},
      {TOK_LBRACE, refuse_display},    {TOK_MUL, refuse_star},
  };
  if (!parser_is(p, TOK_LPAREN)) p->generator_ok = false;
  for (size_t i = 0; i < LJ_COUNT(atoms); i++)
    if (parser_is(p, atoms[i].kind)) return atoms[i].parse(p);
  parser_unexpected(p);
  return NULL;
}

/* ---- what follows an atom ---- */

static Expr *parse_attribute(Parser *p, Expr *base, uint32_t lo) {
  Sym name;
  Span span;
  parser_advance(p);
  if (!parser_name(p, &name, &span)) return NULL;
  Expr *e = parser_new_expr(p, EXPR_ATTR, lo);
  e->as.attr.base = base;
  e->as.attr.name = name;
  e->as.attr.name_span = span;
  parser_child(e, base);
  return e;
}

/* slice: [expression] ':' [expression] [':' [expression]] | named_expression */
static Expr *parse_item(Parser *p) {
  uint32_t lo = p->tok.span.lo;
  Expr *parts[3] = {NULL, NULL, NULL};
  if (!parser_is(p, TOK_COLON) && !(parts[0] = parser_named_expression(p))) return NULL;
  if (!parser_is(p, TOK_COLON)) return parts[0];
  for (int i = 1; i < 3 && parser_take(p, TOK_COLON); i++) {
    bool is_empty = parser_is(p, TOK_COLON) || parser_is(p, TOK_COMMA) || parser_is(p, TOK_RBRACKET);
    if (!is_empty && !(parts[i] = parser_expression(p))) return NULL;
  }
  Expr *e = parser_new_expr(p, EXPR_SLICE, lo);
  e->as.slice.lo = parts[0];
  e->as.slice.hi = parts[1];
  e->as.slice.step = parts[2];
  for (int i = 0; i < 3; i++) parser_child(e, parts[i]);
  return e;
}

/* subscript: '[' slice (',' slice)* [','] ']' */
static Expr *parse_subscript(Parser *p, Expr *base, uint32_t lo) {
  parser_advance(p);
  if (parser_is(p, TOK_RBRACKET)) return parser_error(p, p->tok.span, "invalid syntax: an index is missing"), NULL;
  Expr *e = parser_new_expr(p, EXPR_INDEX, lo);
  e->as.index.base = base;
  parser_child(e, base);
  do {
    Expr *item = parse_item(p);
    if (!item) return NULL;
    vec_push(p->arena, &e->as.index.items, item);
    parser_child(e, item);
    if (!parser_take(p, TOK_COMMA)) break;
    e->as.index.is_tuple = true;
  } while (!parser_is(p, TOK_RBRACKET));
  if (!parser_expect(p, TOK_RBRACKET, NULL)) return NULL;
  e->span = parser_span(p, lo);
  return e;
}

/* primary: atom ('.' NAME | call | subscript)* */
static Expr *parse_primary(Parser *p) {
  uint32_t lo = p->tok.span.lo;
  Expr *e = parse_atom(p);
  while (e) {
    if (parser_is(p, TOK_DOT))
      e = parse_attribute(p, e, lo);
    else if (parser_is(p, TOK_LPAREN))
      e = parser_call(p, e, lo);
    else if (parser_is(p, TOK_LBRACKET))
      e = parse_subscript(p, e, lo);
    else
      break;
    if (e) e = check_height(p, e);
  }
  return e;
}

/* ---- operators ---- */

static const struct {
  TokKind token;
  BinOp op;
  int precedence;
} binary_ops[] = {
    {TOK_OR, BIN_OR, 1},   {TOK_XOR, BIN_XOR, 2}, {TOK_AND, BIN_AND, 3},           {TOK_SHL, BIN_SHL, 4},
    {TOK_SHR, BIN_SHR, 4}, {TOK_ADD, BIN_ADD, 5}, {TOK_SUB, BIN_SUB, 5},           {TOK_MUL, BIN_MUL, 6},
    {TOK_DIV, BIN_DIV, 6}, {TOK_MOD, BIN_MOD, 6}, {TOK_FLOORDIV, BIN_FLOORDIV, 6}, {TOK_AT, BIN_MATMUL, 6},
};

static Expr *make_binary(Parser *p, BinOp op, Span op_span, Expr *lhs, Expr *rhs, uint32_t lo) {
  Expr *e = parser_new_expr(p, EXPR_BINARY, lo);
  e->as.binary.op = op;
  e->as.binary.op_span = op_span;
  e->as.binary.lhs = lhs;
  e->as.binary.rhs = rhs;
  parser_child(e, lhs);
  parser_child(e, rhs);
  return check_height(p, e);
}

/* factor: ('+' | '-' | '~') factor | power    power: primary ['**' factor] */
static Expr *parse_factor(Parser *p) {
  uint32_t lo = p->tok.span.lo;
  bool is_unary = parser_is(p, TOK_SUB) || parser_is(p, TOK_ADD) || parser_is(p, TOK_TILDE);
  if (is_unary) {
    UnOp op = parser_is(p, TOK_SUB) ? UN_NEG : parser_is(p, TOK_ADD) ? UN_POS : UN_INVERT;
    p->generator_ok = false;
    parser_advance(p);
    if (!parser_enter(p)) return NULL;
    Expr *operand = parse_factor(p);
    p->depth--;
    if (!operand) return NULL;
    Expr *e = parser_new_expr(p, EXPR_UNARY, lo);
    e->as.unary.op = op;
    e->as.unary.operand = operand;
    parser_child(e, operand);
    return e;
  }
  Expr *base = parse_primary(p);
  if (!base || !parser_is(p, TOK_POW)) return base;
  Span op_span = p->tok.span;
  parser_advance(p);
  if (!parser_enter(p)) return NULL;
  Expr *exponent = parse_factor(p);
  p->depth--;
  return exponent ? make_binary(p, BIN_POW, op_span, base, exponent, lo) : NULL;
}

/* The levels from bitwise-or to term, all left-associative: level[n]: level[n] op level[n+1] | level[n+1], the last one being factor. */
static Expr *parse_binary(Parser *p, int least) {
  uint32_t lo = p->tok.span.lo;
  Expr *lhs = parse_factor(p);
  while (lhs) {
    size_t i = 0;
    while (i < LJ_COUNT(binary_ops) && binary_ops[i].token != p->tok.kind) i++;
    if (i == LJ_COUNT(binary_ops) || binary_ops[i].precedence < least) break;
    Span op_span = p->tok.span;
    parser_advance(p);
    Expr *rhs = parse_binary(p, binary_ops[i].precedence + 1);
    if (!rhs) return NULL;
    lhs = make_binary(p, binary_ops[i].op, op_span, lhs, rhs, lo);
  }
  return lhs;
}

/* comp_op: '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not' 'in' | 'is' | 'is' 'not' */
static bool take_comparison(Parser *p, CmpOp *op) {
  static const struct {
    TokKind token;
    CmpOp op;
  } ops[] = {{TOK_EQ, CMP_EQ}, {TOK_NE, CMP_NE}, {TOK_LT, CMP_LT}, {TOK_LE, CMP_LE},
             {TOK_GT, CMP_GT}, {TOK_GE, CMP_GE}, {TOK_IN, CMP_IN}, {TOK_IS, CMP_IS}};
  if (parser_is(p, TOK_KW_NOT) && parser_peek(p) == TOK_IN) {
    parser_advance(p);
    parser_advance(p);
    *op = CMP_NOT_IN;
    return true;
  }
  for (size_t i = 0; i < LJ_COUNT(ops); i++) {
    if (!parser_take(p, ops[i].token)) continue;
    *op = ops[i].op == CMP_IS && parser_take(p, TOK_KW_NOT) ? CMP_IS_NOT : ops[i].op;
    return true;
  }
  return false;
}

/* comparison: bitwise_or (comp_op bitwise_or)* */
static Expr *parse_comparison(Parser *p) {
  uint32_t lo = p->tok.span.lo;
  CmpOp op;
  Expr *first = parse_binary(p, 1);
  if (!first || !take_comparison(p, &op)) return first;
  ExprVec operands = {0};
  Expr *e = parser_new_expr(p, EXPR_COMPARE, lo);
  vec_push(p->arena, &operands, first);
  parser_child(e, first);
  do {
    Expr *operand = parse_binary(p, 1);
    if (!operand) return NULL;
    vec_push(p->arena, &operands, operand);
    vec_push(p->arena, &e->as.compare.ops, op);
    parser_child(e, operand);
  } while (take_comparison(p, &op));
  e->as.compare.operands = operands;
  e->span = parser_span(p, lo);
  return check_height(p, e);
}

/* inversion: 'not' inversion | comparison */
static Expr *parse_inversion(Parser *p) {
  uint32_t lo = p->tok.span.lo;
  if (!parser_is(p, TOK_KW_NOT)) return parse_comparison(p);
  p->generator_ok = false;
  parser_advance(p);
  if (!parser_enter(p)) return NULL;
  Expr *operand = parse_inversion(p);
  p->depth--;
  if (!operand) return NULL;
  Expr *e = parser_new_expr(p, EXPR_UNARY, lo);
  e->as.unary.op = UN_NOT;
  e->as.unary.operand = operand;
  parser_child(e, operand);
  return e;
}

/* disjunction: conjunction ('or' conjunction)*    conjunction: inversion ('and' inversion)* */
static Expr *parse_bool(Parser *p, bool is_or) {
  uint32_t lo = p->tok.span.lo;
  TokKind token = is_or ? TOK_KW_OR : TOK_KW_AND;
  Expr *first = is_or ? parse_bool(p, false) : parse_inversion(p);
  if (!first || !parser_is(p, token)) return first;
  Expr *e = parser_new_expr(p, EXPR_BOOLOP, lo);
  e->as.boolop.is_or = is_or;
  vec_push(p->arena, &e->as.boolop.operands, first);
  parser_child(e, first);
  while (parser_take(p, token)) {
    Expr *operand = is_or ? parse_bool(p, false) : parse_inversion(p);
    if (!operand) return NULL;
    vec_push(p->arena, &e->as.boolop.operands, operand);
    parser_child(e, operand);
  }
  e->span = parser_span(p, lo);
  return check_height(p, e);
}

Expr *parser_disjunction(Parser *p) { return parse_bool(p, true); }

/* expression: disjunction ['if' disjunction 'else' expression] */
Expr *parser_expression(Parser *p) {
  uint32_t lo = p->tok.span.lo;
  if (!parser_enter(p)) return NULL;
  Expr *then = parser_disjunction(p);
  if (!then) return NULL;
  Expr *e = then;
  if (parser_take(p, TOK_IF)) {
    Expr *cond = parser_disjunction(p);
    if (!cond) return NULL;
    if (!parser_expect(p, TOK_ELSE, "expected 'else' after 'if' expression")) return NULL;
    Expr *orelse = parser_expression(p);
    if (!orelse) return NULL;
    e = parser_new_expr(p, EXPR_IFEXP, lo);
    e->as.ifexp.cond = cond;
    e->as.ifexp.then = then;
    e->as.ifexp.orelse = orelse;
    parser_child(e, cond);
    parser_child(e, then);
    parser_child(e, orelse);
  }
  p->depth--;
  return e;
}

/* named_expression: NAME ':=' expression | expression */
Expr *parser_named_expression(Parser *p) {
  if (parser_is(p, TOK_NAME) && parser_peek(p) == TOK_WALRUS) {
    Token name = p->tok;
    parser_advance(p);
    parser_advance(p);
    Expr *value = parser_expression(p);
    if (!value) return NULL;
    Expr *e = parser_new_expr(p, EXPR_WALRUS, name.span.lo);
    e->as.walrus.name = name.as.text;
    e->as.walrus.name_span = name.span;
    e->as.walrus.value = value;
    parser_child(e, value);
    return e;
  }
  Expr *e = parser_expression(p);
  if (e && parser_is(p, TOK_WALRUS)) {
    parser_error(p, e->span, "cannot use assignment expressions with %s", parser_describe(e));
    return NULL;
  }
  return e;
}

/* item (',' item)* [',']   where each item is one that `parse` reads; a comma makes it a tuple */
static Expr *parse_commas(Parser *p, Expr *(*parse)(Parser *p)) {
  uint32_t lo = p->tok.span.lo;
  Expr *first = parse(p);
  if (!first || !parser_is(p, TOK_COMMA)) return first;
  Expr *e = parser_new_expr(p, EXPR_TUPLE, lo);
  vec_push(p->arena, &e->as.list.items, first);
  parser_child(e, first);
  while (parser_take(p, TOK_COMMA) && parser_starts_expression(p->tok.kind)) {
    Expr *item = parse(p);
    if (!item) return NULL;
    vec_push(p->arena, &e->as.list.items, item);
    parser_child(e, item);
  }
  e->span = parser_span(p, lo);
  return e;
}

/* expressions: expression (',' expression)* [','] */
Expr *parser_expressions(Parser *p) { return parse_commas(p, parser_expression); }

static Expr *parse_target(Parser *p) {
  Expr *e = parse_binary(p, 1); /* not a comparison: `in` ends it */
  return e && parser_check_target(p, e, false) ? e : NULL;
}

/* targets: target (',' target)* [','] */
Expr *parser_targets(Parser *p) { return parse_commas(p, parse_target); }
