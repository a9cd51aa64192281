/* Tokens: what the lexer gives and the parser takes. Data only.
 * One row per kind: enum suffix, its text (operators, keywords) or its name. */
#ifndef LJ_TOKEN_H
#define LJ_TOKEN_H

#include "base/diag.h"
#include "base/source.h"
#include "base/strtab.h"

/* FSTRING_MIDDLE holds literal text; the braces, '!' and ':' around the values of an f-string are ordinary operator tokens. */
#define TOKEN_CLASSES(X)                                                                                                                   \
  X(END, "end of file")                                                                                                                    \
  X(ERROR, "error")                                                                                                                        \
  X(NEWLINE, "newline")                                                                                                                    \
  X(INDENT, "indent")                                                                                                                      \
  X(DEDENT, "dedent")                                                                                                                      \
  X(NAME, "name")                                                                                                                          \
  X(INT, "int")                                                                                                                            \
  X(FLOAT, "float")                                                                                                                        \
  X(IMAG, "imag")                                                                                                                          \
  X(STRING, "string")                                                                                                                      \
  X(FSTRING_START, "fstring_start")                                                                                                        \
  X(FSTRING_MIDDLE, "fstring_middle")                                                                                                      \
  X(FSTRING_END, "fstring_end")

/* clang-format off */
#define TOKEN_KEYWORDS(X)                                                                                                                  \
  X(FALSE, "False") X(NONE, "None") X(TRUE, "True") X(KW_AND, "and") X(AS, "as") X(ASSERT, "assert") X(ASYNC, "async")                     \
  X(AWAIT, "await") X(BREAK, "break") X(CLASS, "class") X(CONTINUE, "continue") X(DEF, "def") X(DEL, "del") X(ELIF, "elif")                \
  X(ELSE, "else") X(EXCEPT, "except") X(FINALLY, "finally") X(FOR, "for") X(FROM, "from") X(GLOBAL, "global") X(IF, "if")                  \
  X(IMPORT, "import") X(IN, "in") X(IS, "is") X(LAMBDA, "lambda") X(NONLOCAL, "nonlocal") X(KW_NOT, "not") X(KW_OR, "or")                  \
  X(PASS, "pass") X(RAISE, "raise") X(RETURN, "return") X(TRY, "try") X(WHILE, "while") X(WITH, "with") X(YIELD, "yield")

/* Longest first: the first row that fits is the token. */
#define TOKEN_OPERATORS(X)                                                                                                                 \
  X(POW_EQ, "**=") X(FLOORDIV_EQ, "//=") X(SHR_EQ, ">>=") X(SHL_EQ, "<<=") X(ELLIPSIS, "...") X(NE, "!=") X(EQ, "==") X(LE, "<=")          \
  X(GE, ">=") X(ARROW, "->") X(WALRUS, ":=") X(ADD_EQ, "+=") X(SUB_EQ, "-=") X(MUL_EQ, "*=") X(DIV_EQ, "/=") X(MOD_EQ, "%=")               \
  X(MATMUL_EQ, "@=") X(AND_EQ, "&=") X(OR_EQ, "|=") X(XOR_EQ, "^=") X(POW, "**") X(FLOORDIV, "//") X(SHL, "<<") X(SHR, ">>")               \
  X(LPAREN, "(") X(RPAREN, ")") X(LBRACKET, "[") X(RBRACKET, "]") X(LBRACE, "{") X(RBRACE, "}") X(COMMA, ",") X(COLON, ":")                \
  X(DOT, ".") X(SEMICOLON, ";") X(ASSIGN, "=") X(ADD, "+") X(SUB, "-") X(MUL, "*") X(DIV, "/") X(MOD, "%") X(AT, "@") X(AND, "&")          \
  X(OR, "|") X(XOR, "^") X(TILDE, "~") X(LT, "<") X(GT, ">") X(EXCLAIM, "!")
/* clang-format on */

typedef enum TokKind {
#define X(id, text) TOK_##id,
  TOKEN_CLASSES(X) TOKEN_KEYWORDS(X) TOKEN_OPERATORS(X)
#undef X
      TOK_COUNT
} TokKind;
extern const char *const token_texts[TOK_COUNT];

/* What TOK_ERROR says. The lexer reports nothing itself: the parser does, unless it is skipping a line that already has an error. */
typedef struct LexError {
  ErrorKind kind; /* INDENTATION_ERROR: only the indentation is wrong, the line itself follows */
  const char *message;
  Span note_at; /* src NULL: no note */
  const char *note;
} LexError;

typedef struct Token {
  TokKind kind;
  bool starts_line; /* first on its line, also inside brackets */
  bool too_large; /* INT: above 2**64 - 1 */
  uint16_t depth; /* brackets open before it */
  Span span; /* NEWLINE: its line end (empty at the end of the text); INDENT: the white space; DEDENT, END: empty */
  union {
    Sym text; /* NAME, STRING, FSTRING_MIDDLE: the value */
    uint64_t integer;
    double number; /* FLOAT, IMAG */
    const LexError *error;
  } as;
} Token;

static inline bool token_is_keyword(TokKind kind) { return kind >= TOK_FALSE && kind <= TOK_YIELD; }

#endif
