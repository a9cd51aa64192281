/* Text to tokens, by the rules of Python 3.12: indentation, brackets, numbers, strings, f-strings (PEP 701). One token a call, linear time.
 * In: a source text of any bytes. Out: tokens; mistakes are tokens too (TOK_ERROR), after which lexing goes on.
 * Must not report: what is worth reporting is the parser's to decide. */
#ifndef LJ_LEXER_H
#define LJ_LEXER_H

#include "frontend/token.h"

enum { LEX_MAX_BRACKETS = 200, LEX_MAX_INDENTS = 100, LEX_MAX_FSTRINGS = 150, LEX_MAX_NAME = 4096 };

typedef struct Bracket {
  char open;
  uint32_t at;
} Bracket;

/* Where the lexer stands inside f-strings. FSTR: in literal text; EXPR: between braces; SPEC: after the ':' of a value. */
typedef enum LexContextKind { LEX_FSTR, LEX_EXPR, LEX_SPEC } LexContextKind;
typedef struct LexContext {
  LexContextKind kind;
  char quote; /* FSTR, SPEC: the quote that ends the string */
  bool triple, raw; /* FSTR, SPEC */
  uint16_t depth; /* FSTR: brackets open outside; EXPR: brackets open with its own '{' */
  uint32_t at; /* FSTR: where the string starts */
} LexContext;

typedef struct Lexer {
  Arena *arena; /* borrowed */
  StrTab *names; /* borrowed */
  const Source *src; /* borrowed */
  uint32_t pos;
  bool at_line_start; /* indentation comes next */
  bool any_on_line; /* a token of the current logical line was given */
  bool fresh_line; /* the next token is the first on its physical line */
  bool stopped; /* after a mistake that makes the rest meaningless: only NEWLINE, DEDENTs and END follow */
  uint32_t bad_byte; /* offset of the first NUL or byte that is not UTF-8; UINT32_MAX when there is none */
  int32_t dedents; /* still to be given */
  bool indent; /* still to be given, after `error` */
  const LexError *error; /* of the indentation, still to be given, after the dedents */
  Span indent_span;
  uint32_t indent_count;
  struct {
    uint32_t columns, characters; /* tabs to the next multiple of 8; tabs as one */
  } indents[LEX_MAX_INDENTS + 1];
  uint32_t depth;
  Bracket brackets[LEX_MAX_BRACKETS];
  uint32_t fstrings, context_count;
  LexContext contexts[LEX_MAX_FSTRINGS + 2 * LEX_MAX_BRACKETS];
} Lexer;

void lexer_init(Lexer *lx, Arena *arena, StrTab *names, const Source *src);
Token lexer_next(Lexer *lx); /* after the end: END again and again */
/* Forgets open brackets and f-strings and goes on with the line that holds `offset`, as the start of a statement. */
void lexer_restart_line(Lexer *lx, uint32_t offset);
/* Gives up: `message` as one more error token, then the end. */
Token lexer_stop(Lexer *lx, uint32_t lo, uint32_t hi, const char *message);
/* One line a token: place, kind, value. */
void lexer_dump(const Source *src, StrBuf *out);

/* Between lexer.c and its parts. */
Token lexer_token(const Lexer *lx, TokKind kind, uint32_t lo); /* ends at pos */
Token lexer_error(Lexer *lx, uint32_t lo, uint32_t hi, const char *fmt, ...) LJ_PRINTF(4, 5);
Token lexer_number(Lexer *lx); /* lexer_number.c: at a digit, or at '.' and a digit */
Token lexer_string(Lexer *lx, uint32_t lo, bool is_raw, bool is_f); /* lexer_string.c: pos at the quote, lo at the prefix */
Token lexer_fstring_text(Lexer *lx); /* lexer_string.c: in context FSTR or SPEC */
Token lexer_close_fstrings(Lexer *lx, uint32_t at); /* lexer_string.c: the end of text inside an f-string */

static inline unsigned char lexer_at(const Lexer *lx, uint32_t i) { return i < lx->src->length ? (unsigned char)lx->src->text[i] : 0; }
static inline bool lexer_is_digit(unsigned char c) { return c >= '0' && c <= '9'; }
static inline bool lexer_is_name_byte(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || lexer_is_digit(c) || c >= 0x80;
}

#endif
