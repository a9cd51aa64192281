/* The lexer's core: lines, indentation, brackets, names, operators. Numbers and strings are in lexer_number.c and lexer_string.c.
 * In: a Source. Out: one token a call. Must not report or allocate beyond names, values and error texts. */
#include "frontend/lexer.h"

const char *const token_texts[TOK_COUNT] = {
#define X(id, text) [TOK_##id] = text,
    TOKEN_CLASSES(X) TOKEN_KEYWORDS(X) TOKEN_OPERATORS(X)
#undef X
};

Token lexer_token(const Lexer *lx, TokKind kind, uint32_t lo) {
  return (Token){.kind = kind, .depth = (uint16_t)lx->depth, .span = {lx->src, lo, lx->pos}};
}

static const LexError *make_error(Lexer *lx, ErrorKind kind, const char *message) {
  LexError *error = arena_new(lx->arena, LexError);
  *error = (LexError){.kind = kind, .message = message};
  return error;
}

Token lexer_error(Lexer *lx, uint32_t lo, uint32_t hi, const char *fmt, ...) {
  StrBuf text = {0};
  va_list args;
  va_start(args, fmt);
  sb_vprintf(&text, fmt, args);
  va_end(args);
  Token token = lexer_token(lx, TOK_ERROR, lo);
  token.span.hi = hi;
  token.as.error = make_error(lx, SYNTAX_ERROR, arena_copy(lx->arena, sb_text(&text), text.len));
  sb_drop(&text);
  return token;
}

Token lexer_stop(Lexer *lx, uint32_t lo, uint32_t hi, const char *message) {
  Token token = lexer_error(lx, lo, hi, "%s", message);
  lx->pos = lx->src->length;
  lx->depth = lx->context_count = lx->fstrings = 0;
  lx->stopped = true;
  lx->at_line_start = lx->indent = false;
  lx->error = NULL;
  return token;
}

/* Bytes of the well-formed UTF-8 sequence at text[i], or 0. */
static uint32_t utf8_length(const unsigned char *text, uint32_t i, uint32_t length) {
  unsigned char c = text[i];
  uint32_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
  if (n == 0 || n > length - i) return 0;
  for (uint32_t k = 1; k < n; k++)
    if ((text[i + k] & 0xc0) != 0x80) return 0;
  if ((c == 0xe0 && text[i + 1] < 0xa0) || (c == 0xed && text[i + 1] > 0x9f)) return 0; /* overlong; surrogates */
  if ((c == 0xf0 && text[i + 1] < 0x90) || (c == 0xf4 && text[i + 1] > 0x8f)) return 0; /* overlong; above U+10FFFF */
  return n;
}

static uint32_t find_bad_byte(const Source *src) {
  const unsigned char *text = (const unsigned char *)src->text;
  for (uint32_t i = 0; i < src->length;) {
    if (text[i] - 1u < 0x7f) {
      i++;
      continue;
    }
    uint32_t n = text[i] ? utf8_length(text, i, src->length) : 0;
    if (n == 0) return i;
    i += n;
  }
  return UINT32_MAX;
}

void lexer_init(Lexer *lx, Arena *arena, StrTab *names, const Source *src) {
  *lx = (Lexer){.arena = arena, .names = names, .src = src, .at_line_start = true, .fresh_line = true};
  lx->indent_count = 1; /* column 0 */
  lx->bad_byte = find_bad_byte(src);
  if (src->length >= 3 && memcmp(src->text, "\xef\xbb\xbf", 3) == 0) lx->pos = 3;
}

void lexer_restart_line(Lexer *lx, uint32_t offset) {
  while (offset > 0 && lexer_at(lx, offset - 1) != '\n' && lexer_at(lx, offset - 1) != '\r') offset--;
  lx->pos = offset;
  lx->depth = lx->context_count = lx->fstrings = 0;
  lx->at_line_start = lx->fresh_line = true;
  lx->any_on_line = lx->indent = false;
  lx->dedents = 0;
  lx->error = NULL;
}

/* ---- lines ---- */

static const char continued_end[] = "unexpected end of file after a line continuation";

static bool at_newline(const Lexer *lx) {
  return lx->pos < lx->src->length && (lexer_at(lx, lx->pos) == '\n' || lexer_at(lx, lx->pos) == '\r');
}

static void skip_newline(Lexer *lx) {
  lx->pos += lexer_at(lx, lx->pos) == '\r' && lexer_at(lx, lx->pos + 1) == '\n' ? 2 : 1;
  lx->fresh_line = true;
}

static void skip_comment(Lexer *lx) {
  while (lx->pos < lx->src->length && !at_newline(lx)) lx->pos++;
}

/* Skips the white space that starts a line. A backslash behind some of it joins the next line, whose own white space then does not count.
 * True when lines were joined. */
static bool measure_indent(Lexer *lx, uint32_t *columns, uint32_t *characters) {
  uint32_t column = 0, character = 0, joined_column = 0;
  bool is_joined = false;
  for (;; lx->pos++) {
    unsigned char c = lexer_at(lx, lx->pos);
    if (c == '\\' && (lexer_at(lx, lx->pos + 1) == '\n' || lexer_at(lx, lx->pos + 1) == '\r')) {
      lx->pos++;
      skip_newline(lx);
      lx->pos--;
      is_joined = true;
      if (joined_column == 0) joined_column = column;
    } else if (c == '\f') {
      column = character = 0;
    } else if (c == ' ' || c == '\t') {
      column = c == '\t' ? (column / 8 + 1) * 8 : column + 1;
      character++;
    } else {
      break;
    }
  }
  *columns = joined_column ? joined_column : column;
  *characters = joined_column ? joined_column : character;
  return is_joined;
}

/* Decides which INDENT and DEDENT tokens a line with this indentation gives. They come in the order: dedents, error, indent. */
static void set_indent(Lexer *lx, uint32_t columns, uint32_t characters) {
  uint32_t top = lx->indent_count - 1;
  bool is_consistent = true;
  if (columns > lx->indents[top].columns) {
    is_consistent = characters > lx->indents[top].characters;
    lx->indent_count++;
    lx->indents[top + 1].columns = columns;
    lx->indents[top + 1].characters = characters;
    lx->indent = true;
  } else {
    for (; columns < lx->indents[top].columns; top--) lx->dedents++;
    lx->indent_count = top + 1;
    if (columns != lx->indents[top].columns)
      lx->error = make_error(lx, INDENTATION_ERROR, "unindent does not match any outer indentation level");
    else
      is_consistent = characters == lx->indents[top].characters;
  }
  if (!is_consistent) lx->error = make_error(lx, INDENTATION_ERROR, "inconsistent use of tabs and spaces in indentation");
}

/* Skips blank and comment lines, then measures the indentation of the next line. True when a token came of it. */
static bool start_line(Lexer *lx, Token *token) {
  uint32_t columns = 0, characters = 0, lo;
  for (;;) {
    lo = lx->pos;
    bool is_joined = measure_indent(lx, &columns, &characters);
    if (is_joined && lx->pos >= lx->src->length) return *token = lexer_stop(lx, lx->pos - 1, lx->pos, continued_end), true;
    if (lexer_at(lx, lx->pos) == '#') skip_comment(lx);
    if (!at_newline(lx)) break;
    skip_newline(lx);
  }
  lx->at_line_start = false;
  if (lx->pos >= lx->src->length) return false;
  lx->fresh_line = true;
  lx->indent_span = (Span){lx->src, lo, lx->pos};
  if (lx->indent_count > LEX_MAX_INDENTS && columns > lx->indents[lx->indent_count - 1].columns) {
    *token = lexer_stop(lx, lo, lx->pos, "too many levels of indentation");
    token->as.error = make_error(lx, INDENTATION_ERROR, token->as.error->message);
    return true;
  }
  set_indent(lx, columns, characters);
  return false;
}

/* The INDENT, DEDENT and error tokens that the start of a line gave. */
static bool take_indentation(Lexer *lx, Token *token) {
  if (lx->dedents > 0) {
    lx->dedents--;
    *token = lexer_token(lx, TOK_DEDENT, lx->pos);
  } else if (lx->error) {
    *token = lexer_token(lx, TOK_ERROR, lx->pos);
    token->span = (Span){lx->src, lx->pos, lx->pos + 1};
    token->as.error = lx->error;
    lx->error = NULL;
  } else if (lx->indent) {
    lx->indent = false;
    *token = lexer_token(lx, TOK_INDENT, lx->indent_span.lo);
  } else {
    return false;
  }
  token->starts_line = true;
  return true;
}

static Token take_end(Lexer *lx) {
  if (lx->depth > 0) {
    Bracket open = lx->brackets[lx->depth - 1];
    Token token = lexer_error(lx, open.at, open.at + 1, "'%c' was never closed", open.open);
    lx->depth = lx->context_count = lx->fstrings = 0;
    return token;
  }
  if (lx->any_on_line) {
    lx->any_on_line = false;
    return lexer_token(lx, TOK_NEWLINE, lx->pos);
  }
  if (lx->indent_count > 1) {
    lx->indent_count--;
    return lexer_token(lx, TOK_DEDENT, lx->pos);
  }
  return lexer_token(lx, TOK_END, lx->pos);
}

/* ---- brackets and operators ---- */

static Token open_bracket(Lexer *lx, TokKind kind, uint32_t lo) {
  if (lx->depth == LEX_MAX_BRACKETS) return lexer_stop(lx, lo, lo + 1, "too many nested parentheses");
  Token token = lexer_token(lx, kind, lo);
  lx->brackets[lx->depth++] = (Bracket){lx->src->text[lo], lo};
  return token;
}

static LexContext *top_context(Lexer *lx) { return lx->context_count ? &lx->contexts[lx->context_count - 1] : NULL; }

static char opener_of(char close) { return close == ')' ? '(' : close == ']' ? '[' : '{'; }

/* The wrong closing bracket: it closes the innermost opener that it fits, else the innermost one. */
static Token close_wrong(Lexer *lx, uint32_t lo, uint32_t floor) {
  char close = lx->src->text[lo];
  Bracket open = lx->brackets[lx->depth - 1];
  uint32_t depth = lx->depth;
  while (depth > floor && lx->brackets[depth - 1].open != opener_of(close)) depth--;
  lx->depth = depth > floor ? depth - 1 : lx->depth - 1;
  const char *where = top_context(lx) ? "f-string: " : "";
  Token token = lexer_error(lx, lo, lo + 1, "%sclosing parenthesis '%c' does not match opening parenthesis '%c'", where, close, open.open);
  LexError *error = arena_new(lx->arena, LexError);
  *error = *token.as.error;
  error->note_at = (Span){lx->src, open.at, open.at + 1};
  error->note = arena_printf(lx->arena, "'%c' was opened here", open.open);
  token.as.error = error;
  return token;
}

static Token close_bracket(Lexer *lx, TokKind kind, uint32_t lo) {
  LexContext *context = top_context(lx);
  uint32_t floor = context ? context->depth : 0; /* brackets outside the value of an f-string stay open */
  char close = lx->src->text[lo];
  bool is_inner = lx->depth > floor && lx->brackets[lx->depth - 1].open == '{';
  if (context && close == '}' && !is_inner) { /* ends the value, whatever is open in it */
    bool is_right = lx->depth == floor;
    Bracket open = lx->brackets[lx->depth - 1];
    lx->context_count--;
    lx->depth = floor - 1;
    if (is_right) return lexer_token(lx, kind, lo);
    return lexer_error(lx, lo, lo + 1, "f-string: closing parenthesis '}' does not match opening parenthesis '%c'", open.open);
  }
  if (lx->depth == floor) return lexer_error(lx, lo, lo + 1, "%sunmatched '%c'", context ? "f-string: " : "", close);
  if (lx->brackets[lx->depth - 1].open != opener_of(close)) return close_wrong(lx, lo, floor);
  lx->depth--;
  return lexer_token(lx, kind, lo);
}

static TokKind find_operator(const Lexer *lx, uint32_t *length) {
  const char *at = lx->src->text + lx->pos;
  for (int kind = TOK_POW_EQ; kind < TOK_COUNT; kind++) {
    const char *text = token_texts[kind];
    if (text[0] != at[0]) continue;
    uint32_t n = (uint32_t)strlen(text);
    if (n <= lx->src->length - lx->pos && memcmp(text, at, n) == 0) return *length = n, (TokKind)kind;
  }
  return TOK_ERROR;
}

/* Directly between the braces of an f-string ':' starts the format specification and '!' the conversion, whatever follows. */
static bool take_fstring_operator(Lexer *lx, uint32_t lo, Token *token) {
  LexContext *context = top_context(lx);
  if (!context || context->kind != LEX_EXPR || context->depth != lx->depth) return false;
  unsigned char c = lexer_at(lx, lo);
  if (c != ':' && !(c == '!' && lexer_at(lx, lo + 1) != '=')) return false;
  lx->pos++;
  *token = lexer_token(lx, c == ':' ? TOK_COLON : TOK_EXCLAIM, lo);
  if (c == ':') {
    LexContext *outer = context;
    while (outer->kind != LEX_FSTR) outer--;
    LexContext spec = *outer;
    spec.kind = LEX_SPEC;
    lx->contexts[lx->context_count++] = spec;
  }
  return true;
}

/* Code points that no name can hold, so that quotes, spaces and dashes pasted from a text processor are named. Coarse on purpose. */
static bool is_name_code(uint32_t code) {
  static const struct {
    uint32_t lo, hi;
  } ranges[] = {{0x80, 0xa9},     {0xab, 0xb4},     {0xb6, 0xb6},     {0xb8, 0xb9},     {0xbb, 0xbf},      {0xd7, 0xd7},
                {0xf7, 0xf7},     {0x2000, 0x203e}, {0x2041, 0x2053}, {0x2055, 0x206f}, {0x207a, 0x207e},  {0x208a, 0x208e},
                {0x20a0, 0x20cf}, {0x2190, 0x2bff}, {0x2e00, 0x2e7f}, {0x3000, 0x3004}, {0x3008, 0x3020},  {0xe000, 0xf8ff},
                {0xfeff, 0xfeff}, {0xff01, 0xff0f}, {0xff1a, 0xff20}, {0xfff0, 0xffff}, {0x1f000, 0x1faff}};
  for (size_t i = 0; i < LJ_COUNT(ranges); i++)
    if (code >= ranges[i].lo && code <= ranges[i].hi) return false;
  return true;
}

static uint32_t decode(const Lexer *lx, uint32_t at, uint32_t *length) {
  const unsigned char *text = (const unsigned char *)lx->src->text;
  uint32_t n = utf8_length(text, at, lx->src->length);
  LJ_ASSERT(n > 0);
  uint32_t code = n == 1 ? text[at] : text[at] & (0x7fu >> n);
  for (uint32_t i = 1; i < n; i++) code = (code << 6) | (text[at + i] & 0x3fu);
  return *length = n, code;
}

static Token bad_character(Lexer *lx, uint32_t at) {
  uint32_t n;
  uint32_t code = decode(lx, at, &n);
  lx->pos = at + n;
  bool is_hidden = code < 0x20 || code == 0x7f || (code >= 0x80 && code <= 0xa0) || code == 0xad || (code >= 0x2000 && code <= 0x200f) ||
                   (code >= 0x2028 && code <= 0x202f) || (code >= 0x205f && code <= 0x206f) || code == 0x3000 || code == 0xfeff;
  if (is_hidden) return lexer_error(lx, at, at + n, "invalid non-printable character U+%04X", code);
  if (code < 0x80) return lexer_error(lx, at, at + n, "invalid syntax: '%c' has no meaning here", (int)code);
  return lexer_error(lx, at, at + n, "invalid character '%.*s' (U+%04X)", (int)n, lx->src->text + at, code);
}

static Token take_operator(Lexer *lx) {
  uint32_t lo = lx->pos, length;
  Token token;
  if (take_fstring_operator(lx, lo, &token)) return token;
  TokKind kind = find_operator(lx, &length);
  if (kind == TOK_ERROR) return bad_character(lx, lo);
  lx->pos += length;
  if (kind == TOK_LPAREN || kind == TOK_LBRACKET || kind == TOK_LBRACE) return open_bracket(lx, kind, lo);
  if (kind == TOK_RPAREN || kind == TOK_RBRACKET || kind == TOK_RBRACE) return close_bracket(lx, kind, lo);
  return lexer_token(lx, kind, lo);
}

/* ---- names ---- */

static TokKind find_keyword(const char *text, uint32_t length) {
  if (length < 2 || length > 8) return TOK_NAME;
  for (int kind = TOK_FALSE; kind <= TOK_YIELD; kind++)
    if (token_texts[kind][0] == text[0] && strlen(token_texts[kind]) == length && memcmp(token_texts[kind], text, length) == 0)
      return (TokKind)kind;
  return TOK_NAME;
}

/* True for a string prefix; says which letters it has. */
static bool is_prefix(const char *text, uint32_t length, bool *is_raw, bool *is_f, bool *is_bytes) {
  static const char *const prefixes[] = {"r", "u", "b", "f", "br", "rb", "fr", "rf"};
  char lower[2] = {0};
  if (length > 2) return false;
  for (uint32_t i = 0; i < length; i++) lower[i] = (char)(text[i] | 0x20);
  for (size_t i = 0; i < LJ_COUNT(prefixes); i++) {
    if (strlen(prefixes[i]) != length || memcmp(prefixes[i], lower, length) != 0) continue;
    *is_raw = memchr(lower, 'r', 2) != NULL;
    *is_f = memchr(lower, 'f', 2) != NULL;
    *is_bytes = memchr(lower, 'b', 2) != NULL;
    return true;
  }
  return false;
}

static Token take_name(Lexer *lx) {
  uint32_t lo = lx->pos;
  bool is_ascii = true;
  for (; lexer_is_name_byte(lexer_at(lx, lx->pos)); lx->pos++) is_ascii &= lexer_at(lx, lx->pos) < 0x80;
  const char *text = lx->src->text + lo;
  uint32_t length = lx->pos - lo;
  unsigned char next = lexer_at(lx, lx->pos);
  bool is_raw, is_f, is_bytes;
  if ((next == '"' || next == '\'') && is_prefix(text, length, &is_raw, &is_f, &is_bytes)) {
    Token token = lexer_string(lx, lo, is_raw, is_f);
    if (!is_bytes || token.kind == TOK_ERROR) return token;
    return lexer_error(lx, lo, lx->pos, "bytes literals are not supported; use a string, or np.array([...], dtype=np.uint8)");
  }
  if (!is_ascii) {
    for (uint32_t at = lo, n; at < lx->pos; at += n)
      if (!is_name_code(decode(lx, at, &n))) {
        if (at == lo) return bad_character(lx, at);
        lx->pos = at; /* the name before it, then the character */
        length = at - lo;
        break;
      }
  }
  if (length > LEX_MAX_NAME) return lexer_error(lx, lo, lx->pos, "the name is too long (%u bytes, at most %d)", length, LEX_MAX_NAME);
  Token token = lexer_token(lx, find_keyword(text, length), lo);
  if (token.kind == TOK_NAME) token.as.text = sym(lx->names, text, length);
  return token;
}

/* ---- the next token ---- */

/* Skips white space, comments and joined lines inside a logical line. True when it met a mistake. */
static bool skip_space(Lexer *lx, Token *error) {
  for (;;) {
    unsigned char c = lexer_at(lx, lx->pos);
    if (c == ' ' || c == '\t' || c == '\f') {
      lx->pos++;
    } else if (c == '#') {
      skip_comment(lx);
    } else if (c == '\\') {
      uint32_t lo = lx->pos++;
      bool is_end = lx->pos >= lx->src->length;
      if (!is_end && !at_newline(lx)) {
        *error = lexer_error(lx, lo, lo + 1, "unexpected character after line continuation character");
        return true;
      }
      if (!is_end) skip_newline(lx);
      if (lx->pos >= lx->src->length) return *error = lexer_error(lx, lo, lo + 1, "%s", continued_end), true;
    } else if (lx->depth > 0 && at_newline(lx)) {
      skip_newline(lx);
    } else {
      return false;
    }
  }
}

static Token take_bad_byte(Lexer *lx) {
  uint32_t at = lx->bad_byte;
  unsigned char byte = lexer_at(lx, at);
  lx->bad_byte = UINT32_MAX;
  Token token = lexer_stop(lx, at, at + 1, "");
  LexError *error = arena_new(lx->arena, LexError);
  *error = *token.as.error;
  error->message = byte == 0 ? arena_printf(lx->arena, "source code cannot contain null bytes (byte offset %u)", at)
                             : arena_printf(lx->arena, "the source is not valid UTF-8: byte 0x%02x at offset %u", byte, at);
  token.as.error = error;
  return token;
}

static Token take_token(Lexer *lx) {
  Token token;
  LexContext *context = top_context(lx);
  if (context && context->kind != LEX_EXPR) return lexer_fstring_text(lx);
  if (skip_space(lx, &token)) return token;
  uint32_t lo = lx->pos;
  if (lo >= lx->src->length) return take_end(lx);
  unsigned char c = lexer_at(lx, lo);
  if (at_newline(lx)) {
    skip_newline(lx);
    lx->any_on_line = false;
    lx->at_line_start = true;
    return lexer_token(lx, TOK_NEWLINE, lo);
  }
  if (lexer_is_digit(c) || (c == '.' && lexer_is_digit(lexer_at(lx, lo + 1)))) return lexer_number(lx);
  if (lexer_is_name_byte(c)) return take_name(lx);
  if (c == '"' || c == '\'') return lexer_string(lx, lo, false, false);
  return take_operator(lx);
}

Token lexer_next(Lexer *lx) {
  Token token;
  if (lx->bad_byte != UINT32_MAX) return take_bad_byte(lx);
  if (lx->at_line_start && start_line(lx, &token)) return token;
  if (take_indentation(lx, &token)) return token;
  if (lx->stopped) return take_end(lx);
  bool had_any = lx->any_on_line;
  lx->any_on_line = true;
  /* what is at hand decides: only an end of the text without anything before it is no line */
  bool is_fresh = lx->fresh_line;
  if (!had_any && lx->pos >= lx->src->length) lx->any_on_line = false;
  token = take_token(lx);
  token.starts_line = token.kind == TOK_NEWLINE ? false : is_fresh || lx->fresh_line;
  if (token.kind != TOK_NEWLINE) lx->fresh_line = false;
  return token;
}
