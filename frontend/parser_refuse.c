/* What Python has and the language has not: recognised by name, refused with what to write instead.
 * Data, and the functions that report it. */
#include "frontend/parser.h"

static const struct {
  TokKind kind;
  const char *what, *instead;
} refused[] = {
    {TOK_CLASS, "'class' is not supported", "keep the data in arrays or tuples and write functions that take them"},
    {TOK_TRY, "'try' is not supported", "test for the condition before, or let the error end the program"},
    {TOK_EXCEPT, "'except' is not supported", "test for the condition before, or let the error end the program"},
    {TOK_FINALLY, "'finally' is not supported", "arrays are freed on every path without it"},
    {TOK_WITH, "'with' is not supported", "call the functions directly"},
    {TOK_LAMBDA, "'lambda' is not supported", "define a function with 'def', also inside another function"},
    {TOK_YIELD, "'yield' is not supported", "fill an array and return it"},
    {TOK_ASYNC, "'async' is not supported", "use 'prange' in a parallel function"},
    {TOK_AWAIT, "'await' is not supported", "use 'prange' in a parallel function"},
    {TOK_GLOBAL, "'global' is not supported", "pass the value as an argument and return the new one"},
    {TOK_NONLOCAL, "'nonlocal' is not supported", "pass the value as an argument and return the new one"},
    {TOK_DEL, "'del' is not supported", "a value is freed when nothing uses it any more"},
};

bool parser_refuse_text(Parser *p, Span at, const char *what, const char *instead) { return parser_error(p, at, "%s; %s", what, instead); }

static size_t find_row(TokKind kind) {
  size_t i = 0;
  while (i < LJ_COUNT(refused) && refused[i].kind != kind) i++;
  return i;
}

bool parser_is_refused(TokKind kind) { return find_row(kind) < LJ_COUNT(refused); }

bool parser_refuse(Parser *p, Span at, TokKind kind) {
  size_t i = find_row(kind);
  LJ_ASSERT(i < LJ_COUNT(refused));
  return parser_refuse_text(p, at, refused[i].what, refused[i].instead);
}

/* Names that begin a statement when an expression follows directly. */
static const struct {
  const char *name, *message;
} soft[] = {
    {"match", "'match' is not supported; use if and elif"},
    {"case", "'case' is not supported; use if and elif"},
    {"type", "'type' aliases are not supported; assign the type to a name: x = float64"},
    {"print", "Missing parentheses in call to 'print'. Did you mean print(...)?"},
    {"exec", "Missing parentheses in call to 'exec'. Did you mean exec(...)?"},
};

bool parser_is_match(Parser *p) {
  static const TokKind follow[] = {TOK_NAME, TOK_INT, TOK_FLOAT, TOK_IMAG, TOK_STRING, TOK_FSTRING_START, TOK_TRUE, TOK_FALSE, TOK_NONE};
  if (!parser_is(p, TOK_NAME)) return false;
  size_t i = 0;
  while (i < LJ_COUNT(soft) && !sym_is(p->tok.as.text, soft[i].name)) i++;
  if (i == LJ_COUNT(soft)) return false;
  TokKind next = parser_peek(p);
  for (size_t k = 0; k < LJ_COUNT(follow); k++)
    if (next == follow[k]) {
      p->skips_block = sym_is(p->tok.as.text, "match");
      return parser_error(p, p->tok.span, "%s", soft[i].message), true;
    }
  return false;
}
