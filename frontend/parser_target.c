/* Which expressions may stand on the left of an assignment, in Python's words.
 * In: an expression. Out: yes, or one error at the part to blame. */
#include "frontend/parser.h"

static const char *const descriptions[EXPR_KIND_COUNT] = {
    [EXPR_INT] = "literal",
    [EXPR_FLOAT] = "literal",
    [EXPR_IMAG] = "literal",
    [EXPR_BOOL] = "literal",
    [EXPR_NONE] = "None",
    [EXPR_ELLIPSIS] = "ellipsis",
    [EXPR_STR] = "literal",
    [EXPR_NAME] = "name",
    [EXPR_FSTRING] = "f-string expression",
    [EXPR_ATTR] = "attribute",
    [EXPR_INDEX] = "subscript",
    [EXPR_SLICE] = "slice",
    [EXPR_CALL] = "function call",
    [EXPR_UNARY] = "expression",
    [EXPR_BINARY] = "expression",
    [EXPR_COMPARE] = "comparison",
    [EXPR_BOOLOP] = "expression",
    [EXPR_IFEXP] = "conditional expression",
    [EXPR_TUPLE] = "tuple",
    [EXPR_LIST] = "list",
    [EXPR_COMP] = "list comprehension",
    [EXPR_WALRUS] = "named expression",
};

const char *parser_describe(const Expr *e) {
  if (e->kind == EXPR_BOOL) return e->as.boolean ? "True" : "False";
  if (e->kind == EXPR_COMP && !e->as.comp.is_list) return "generator expression";
  return descriptions[e->kind];
}

bool parser_check_target(Parser *p, const Expr *e, bool hint) {
  if (e->kind == EXPR_NAME || e->kind == EXPR_ATTR || e->kind == EXPR_INDEX) return true;
  if (e->kind == EXPR_TUPLE || e->kind == EXPR_LIST) {
    for (uint32_t i = 0; i < e->as.list.items.len; i++)
      if (!parser_check_target(p, e->as.list.items.data[i], false)) return false;
    return true;
  }
  bool is_constant = e->kind == EXPR_BOOL || e->kind == EXPR_NONE || e->kind == EXPR_ELLIPSIS;
  return parser_error(p, e->span, "cannot assign to %s%s", parser_describe(e),
                      hint && !is_constant ? " here. Maybe you meant '==' instead of '='?" : "");
}

bool parser_check_aug_target(Parser *p, const Expr *e) {
  if (e->kind == EXPR_NAME || e->kind == EXPR_ATTR || e->kind == EXPR_INDEX) return true;
  return parser_error(p, e->span, "'%s' is an illegal expression for augmented assignment", parser_describe(e));
}
