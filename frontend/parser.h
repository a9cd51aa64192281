/* What the parts of the parser share: the token at hand, where it stands (function, loop, depth), how it fails.
 * A parse function returns NULL (or false) after it reported what is wrong; the statement loop then recovers at the next line. */
#ifndef LJ_PARSER_H
#define LJ_PARSER_H

#include "frontend/ast.h"
#include "frontend/lexer.h"

enum {
  PARSE_MAX_NESTING = 220,    /* expressions inside expressions, by recursion of the parser */
  PARSE_MAX_HEIGHT = 1000,    /* of an expression's tree: a + a + a … is a tree as high as it has operators */
  PARSE_MAX_ELIFS = 500,      /* an elif is an if in the else of the one before */
  PARSE_MAX_CLAUSES = 20,     /* `for`s of one comprehension: loops inside loops */
  PARSE_MAX_PARAMS = 255,
  PARSE_MAX_NODES = 2000000,  /* expressions and statements of one module */
};

typedef struct Parser {
  Arena *arena;
  StrTab *names;
  const Source *src;
  Diag *diag;
  Module *module;     /* NULL when one expression is parsed alone */
  Lexer lexer;
  Token tok, next;    /* the token at hand; the one after it, when has_next */
  bool has_next;
  bool failed;        /* something was reported */
  bool is_unclosed;   /* the statement that failed left a bracket open: the token at hand starts a new statement */
  bool skips_block;   /* the block under the line that failed is no sequence of statements: the cases of a match */
  bool generator_ok;  /* the '(' at hand may enclose the only argument of a call: a generator expression */
  uint32_t prev_hi;   /* end of the token before the one at hand */
  uint32_t depth;     /* of the parser's own recursion */
  uint32_t nodes;
  uint32_t lenient;   /* inside blocks whose header failed: what depends on the header is not reported */
  FuncDef *func;      /* the function whose body this is; NULL at the top level */
  Stmt *loop;         /* the loop that break and continue belong to */
} Parser;

/* parser.c */
void parser_advance(Parser *p);
TokKind parser_peek(Parser *p);                              /* the kind of the token after the one at hand */
bool parser_take(Parser *p, TokKind kind);                   /* if it is at hand, goes past it */
bool parser_error(Parser *p, Span at, const char *fmt, ...) LJ_PRINTF(3, 4); /* SyntaxError; returns false */
bool parser_unexpected(Parser *p);                           /* the token at hand fits nowhere: says so as well as it can */
bool parser_expect(Parser *p, TokKind kind, const char *message); /* NULL: the general message */
bool parser_enter(Parser *p);                                /* one level deeper; false when that is too deep. Pair with p->depth-- */
bool parser_name(Parser *p, Sym *name, Span *span);          /* an identifier */
static inline bool parser_is(const Parser *p, TokKind kind) { return p->tok.kind == kind; }
static inline Span parser_span(const Parser *p, uint32_t lo) { return (Span){p->src, lo, p->prev_hi > lo ? p->prev_hi : lo + 1}; }

/* parser_expr.c */
Expr *parser_expression(Parser *p);       /* one expression, no comma */
Expr *parser_named_expression(Parser *p); /* the same or a walrus */
Expr *parser_expressions(Parser *p);      /* with commas: a tuple */
Expr *parser_disjunction(Parser *p);      /* an expression without `if … else` */
Expr *parser_targets(Parser *p);          /* what stands between `for` and `in` */
bool parser_starts_expression(TokKind kind);
Expr *parser_new_expr(Parser *p, ExprKind kind, uint32_t lo); /* from lo to the end of the last token */
void parser_child(Expr *parent, const Expr *child);           /* keeps the height; child may be NULL */
/* parser_call.c */
Expr *parser_call(Parser *p, Expr *callee, uint32_t lo);
Expr *parser_comprehension(Parser *p, Expr *elt, bool is_list, uint32_t lo); /* at `for` */
/* parser_string.c */
Expr *parser_strings(Parser *p);
/* parser_target.c: an expression as the left side of an assignment. `hint`: a single '=' may have been meant as '=='. */
bool parser_check_target(Parser *p, const Expr *target, bool hint);
bool parser_check_aug_target(Parser *p, const Expr *target);
const char *parser_describe(const Expr *e);
/* parser_refuse.c: what Python has and the language has not. Each reports and returns false. */
bool parser_refuse(Parser *p, Span at, TokKind kind);
bool parser_is_refused(TokKind kind);
bool parser_refuse_text(Parser *p, Span at, const char *what, const char *instead);
bool parser_is_match(Parser *p); /* the name `match`, `type` or `print` at hand begins a statement of its own: reported */
/* parser_stmt.c */
bool parser_statement(Parser *p, StmtVec *out);
bool parser_simple_line(Parser *p, StmtVec *out); /* what may stand behind the ':' of a block on the same line */
/* parser_def.c */
bool parser_def(Parser *p, StmtVec *out); /* with its decorators */
/* parser.c */
bool parser_block(Parser *p, const char *after, Span header, StmtVec *out); /* behind the ':' */
void parser_recover(Parser *p);
Stmt *parser_new_stmt(Parser *p, StmtKind kind, uint32_t lo);

#endif
