/* Function definitions: decorators, parameters, annotations, body. In: the parser at '@' or `def`.
 * Out: a STMT_DEF, its FuncDef added to the module.
 * What decorators mean is sema's. */
#include "base/map.h"
#include "frontend/parser.h"

typedef struct Params {
  FuncDef *func;
  Map seen;
  bool had_default, had_star, had_slash;
} Params;

/* '*' alone: what follows is passed by keyword only */
static bool parse_star(Parser *p, Params *ps) {
  Span at = p->tok.span;
  parser_advance(p);
  if (parser_is(p, TOK_NAME))
    return parser_refuse_text(p, (Span){p->src, at.lo, p->tok.span.hi}, "'*' parameters are not supported",
                              "list the parameters, or take one tuple or array");
  if (ps->had_star) return parser_error(p, at, "* may appear only once");
  if (parser_is(p, TOK_RPAREN)) return parser_error(p, at, "named parameters must follow bare *");
  ps->had_star = true;
  return true;
}

/* '/': what stands before it is passed by position only */
static bool parse_slash(Parser *p, Params *ps) {
  if (ps->func->params.len == 0) return parser_error(p, p->tok.span, "at least one parameter must precede /");
  if (ps->had_slash) return parser_error(p, p->tok.span, "/ may appear only once");
  if (ps->had_star) return parser_error(p, p->tok.span, "/ must be ahead of *");
  for (uint32_t i = 0; i < ps->func->params.len; i++) ps->func->params.data[i].positional_only = true;
  parser_advance(p);
  return ps->had_slash = true;
}

/* parameter: '*' | '/' | NAME [':' expression] ['=' expression] */
static bool parse_param(Parser *p, Params *ps) {
  if (parser_is(p, TOK_MUL)) return parse_star(p, ps);
  if (parser_is(p, TOK_DIV)) return parse_slash(p, ps);
  if (parser_is(p, TOK_POW))
    return parser_refuse_text(p, p->tok.span, "'**' parameters are not supported", "list the parameters and give them defaults");
  if (parser_is(p, TOK_LPAREN)) return parser_error(p, p->tok.span, "a parameter cannot be in parentheses; unpack the tuple in the body");
  Param param = {.keyword_only = ps->had_star};
  if (!parser_name(p, &param.name, &param.span)) return false;
  if (ps->func->params.len == PARSE_MAX_PARAMS) return parser_error(p, param.span, "more than %d parameters", PARSE_MAX_PARAMS);
  if (map_get(&ps->seen, map_key(param.name)))
    return parser_error(p, param.span, "duplicate argument '%s' in function definition", param.name->text);
  map_put(p->arena, &ps->seen, map_key(param.name), ps->func);
  if (parser_take(p, TOK_COLON) && !(param.annotation = parser_expression(p))) return false;
  if (parser_take(p, TOK_ASSIGN) && !(param.default_value = parser_expression(p))) return false;
  if (!param.default_value && ps->had_default && !ps->had_star)
    return parser_error(p, param.span, "parameter without a default follows parameter with a default");
  ps->had_default |= param.default_value != NULL;
  vec_push(p->arena, &ps->func->params, param);
  return true;
}

/* parameters: '(' [parameter (',' parameter)* [',']] ')' */
static bool parse_params(Parser *p, FuncDef *func) {
  Params ps = {.func = func};
  if (!parser_expect(p, TOK_LPAREN, "expected '(' after the function's name")) return false;
  while (!parser_is(p, TOK_RPAREN)) {
    if (!parse_param(p, &ps)) return false;
    if (!parser_take(p, TOK_COMMA)) break;
  }
  return parser_expect(p, TOK_RPAREN, NULL);
}

/* decorators: ('@' named_expression NEWLINE)* */
static bool parse_decorators(Parser *p, ExprVec *out) {
  while (parser_take(p, TOK_AT)) {
    Expr *decorator = parser_named_expression(p);
    if (!decorator || !parser_expect(p, TOK_NEWLINE, NULL)) return false;
    vec_push(p->arena, out, decorator);
  }
  if (parser_is(p, TOK_DEF)) return true;
  if (parser_is_refused(p->tok.kind)) return parser_refuse(p, p->tok.span, p->tok.kind);
  if (parser_is(p, TOK_INDENT) || parser_is(p, TOK_ERROR)) return parser_unexpected(p);
  return parser_error(p, p->tok.span, "expected a function definition after the decorator");
}

static void parse_body(Parser *p, FuncDef *func, bool *is_good) {
  FuncDef *outer = p->func;
  Stmt *loop = p->loop;
  p->func = func;
  p->loop = NULL;
  *is_good = parser_block(p, "function definition", func->span, &func->body);
  p->func = outer;
  p->loop = loop;
}

/* def: decorators 'def' NAME parameters ['->' expression] block */
bool parser_def(Parser *p, StmtVec *out) {
  FuncDef *func = arena_new(p->arena, FuncDef);
  if (!parse_decorators(p, &func->decorators)) return false;
  uint32_t lo = p->tok.span.lo;
  parser_advance(p);
  if (!parser_name(p, &func->name, &func->name_span)) return false;
  if (parser_is(p, TOK_LBRACKET))
    return parser_refuse_text(p, p->tok.span, "type parameters are not supported",
                              "leave them out: a function is compiled for the types it is called with");
  if (!parse_params(p, func)) return false;
  if (parser_take(p, TOK_ARROW) && !(func->returns = parser_expression(p))) return false;
  func->module = p->module;
  func->parent = p->func;
  func->index = p->module->funcs.len;
  func->kind = FUNC_PLAIN;
  vec_push(p->arena, &p->module->funcs, func);
  Stmt *s = parser_new_stmt(p, STMT_DEF, lo);
  s->as.def.func = func;
  func->span = s->span;
  vec_push(p->arena, out, s);
  bool is_good;
  parse_body(p, func, &is_good);
  const Stmt *first = func->body.len ? func->body.data[0] : NULL;
  if (first && first->kind == STMT_EXPR && first->as.expr->kind == EXPR_STR) func->doc = first->as.expr->as.str;
  return is_good;
}
