/* Strings: quotes, escapes, and the literal text of f-strings (PEP 701). In: the lexer at a quote, or inside an f-string's text.
 * Out: STRING with its value; FSTRING_START, FSTRING_MIDDLE, FSTRING_END; errors name the escape or say where the string began. */
#include "frontend/lexer.h"

static uint32_t line_of(const Lexer *lx, uint32_t at) { return source_line_col(lx->src, at).line; }

static bool is_quote(const Lexer *lx, uint32_t at, char quote, bool is_triple) {
  if (lexer_at(lx, at) != (unsigned char)quote) return false;
  return !is_triple || (lexer_at(lx, at + 1) == (unsigned char)quote && lexer_at(lx, at + 2) == (unsigned char)quote);
}

/* ---- escapes ---- */

typedef struct Decoder {
  char *out; /* never longer than the text it is made from */
  uint32_t n;
  const char *error; /* what is wrong with the escape at error_lo..error_hi */
  uint32_t error_lo, error_hi;
} Decoder;

static void put_code(Decoder *d, uint32_t code) {
  if (code < 0x80) {
    d->out[d->n++] = (char)code;
  } else if (code < 0x800) {
    d->out[d->n++] = (char)(0xc0 | code >> 6);
    d->out[d->n++] = (char)(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    d->out[d->n++] = (char)(0xe0 | code >> 12);
    d->out[d->n++] = (char)(0x80 | (code >> 6 & 0x3f));
    d->out[d->n++] = (char)(0x80 | (code & 0x3f));
  } else {
    d->out[d->n++] = (char)(0xf0 | code >> 18);
    d->out[d->n++] = (char)(0x80 | (code >> 12 & 0x3f));
    d->out[d->n++] = (char)(0x80 | (code >> 6 & 0x3f));
    d->out[d->n++] = (char)(0x80 | (code & 0x3f));
  }
}

static int hex_value(unsigned char c) {
  if (lexer_is_digit(c)) return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \xhh, \uhhhh, \Uhhhhhhhh; `at` behind the letter. Returns the offset behind the digits. */
static uint32_t put_hex(const Lexer *lx, Decoder *d, uint32_t at, uint32_t digits) {
  uint32_t code = 0, i = 0, lo = at - 2;
  for (int value; i < digits && (value = hex_value(lexer_at(lx, at + i))) >= 0; i++) code = code << 4 | (uint32_t)value;
  const char *error = NULL;
  if (i < digits)
    error = digits == 2 ? "truncated \\xXX escape" : digits == 4 ? "truncated \\uXXXX escape" : "truncated \\UXXXXXXXX escape";
  else if (code > 0x10ffff)
    error = "illegal Unicode character: the largest is \\U0010ffff";
  else if (code >= 0xd800 && code < 0xe000)
    error = "a surrogate is no character by itself: write the character as \\UXXXXXXXX";
  if (error) {
    if (!d->error) *d = (Decoder){d->out, d->n, error, lo, at + i};
    return at + i;
  }
  put_code(d, code);
  return at + i;
}

/* The escape whose backslash is at `at`; returns the offset behind it. What Python does not know stays as it is written. */
static uint32_t put_escape(const Lexer *lx, Decoder *d, uint32_t at) {
  static const char letters[] = "\\'\"abfnrtv", values[] = "\\'\"\a\b\f\n\r\t\v";
  unsigned char c = lexer_at(lx, at + 1);
  const char *letter = c ? strchr(letters, c) : NULL;
  if (letter) return d->out[d->n++] = values[letter - letters], at + 2;
  if (c == '\n') return at + 2;
  if (c == '\r') return at + (lexer_at(lx, at + 2) == '\n' ? 3 : 2);
  if (c == 'x') return put_hex(lx, d, at + 2, 2);
  if (c == 'u') return put_hex(lx, d, at + 2, 4);
  if (c == 'U') return put_hex(lx, d, at + 2, 8);
  if (c == 'N') {
    if (!d->error) *d = (Decoder){d->out, d->n, "\\N{...} escapes are not supported; write the character itself, or \\uXXXX", at, at + 2};
    return at + 2;
  }
  if (c >= '0' && c <= '7') {
    uint32_t code = 0, i = at + 1;
    for (; i < at + 4 && lexer_at(lx, i) >= '0' && lexer_at(lx, i) <= '7'; i++) code = code << 3 | (lexer_at(lx, i) - '0');
    put_code(d, code);
    return i;
  }
  d->out[d->n++] = '\\';
  return at + 1;
}

/* Decodes lo..hi into a token of `kind`. In an f-string's text doubled braces are single ones. */
static Token make_text(Lexer *lx, TokKind kind, uint32_t token_lo, uint32_t lo, uint32_t hi, bool is_raw, bool has_braces, bool is_plain) {
  Token token = lexer_token(lx, kind, token_lo);
  if (is_plain) {
    token.as.text = sym(lx->names, lx->src->text + lo, hi - lo);
    return token;
  }
  Decoder d = {.out = arena_alloc(lx->arena, (size_t)(hi - lo) + 1, 1)};
  for (uint32_t at = lo; at < hi;) {
    char c = lx->src->text[at];
    if (c == '\\' && !is_raw) {
      at = put_escape(lx, &d, at);
    } else if (c == '\r') { /* line ends are LF in the value */
      d.out[d.n++] = '\n';
      at += lexer_at(lx, at + 1) == '\n' ? 2 : 1;
    } else {
      d.out[d.n++] = c;
      at += has_braces && (c == '{' || c == '}') ? 2 : 1;
    }
  }
  if (d.error) return lexer_error(lx, d.error_lo, d.error_hi, "%s", d.error);
  token.as.text = sym(lx->names, d.out, d.n);
  return token;
}

/* ---- strings ---- */

static Token unterminated(Lexer *lx, uint32_t lo, uint32_t quote_at, bool is_triple) {
  for (uint32_t i = 0; i < lx->context_count; i++) { /* f"{x": the quote was meant to end the f-string */
    const LexContext *outer = &lx->contexts[i];
    if (outer->kind != LEX_FSTR || lexer_at(lx, quote_at) != (unsigned char)outer->quote || outer->triple != is_triple) continue;
    lx->depth = outer->depth;
    lx->context_count = i;
    lx->fstrings = 0;
    for (uint32_t k = 0; k < i; k++) lx->fstrings += lx->contexts[k].kind == LEX_FSTR;
    return lexer_error(lx, quote_at, quote_at + 1, "f-string: expecting '}'");
  }
  return lexer_error(lx, lo, quote_at + (is_triple ? 3 : 1), "unterminated %sstring literal (detected at line %u)",
                     is_triple ? "triple-quoted " : "", line_of(lx, lx->pos));
}

Token lexer_string(Lexer *lx, uint32_t lo, bool is_raw, bool is_f) {
  uint32_t quote_at = lx->pos;
  char quote = lx->src->text[quote_at];
  bool is_triple = is_quote(lx, quote_at, quote, true);
  lx->pos += is_triple ? 3 : 1;
  if (is_f) {
    if (lx->fstrings == LEX_MAX_FSTRINGS) return lexer_stop(lx, lo, lx->pos, "too many nested f-strings");
    lx->fstrings++;
    lx->contexts[lx->context_count++] =
        (LexContext){.kind = LEX_FSTR, .quote = quote, .triple = is_triple, .raw = is_raw, .depth = (uint16_t)lx->depth, .at = lo};
    return lexer_token(lx, TOK_FSTRING_START, lo);
  }
  uint32_t text_lo = lx->pos;
  bool is_plain = true;
  while (!is_quote(lx, lx->pos, quote, is_triple)) {
    unsigned char c = lexer_at(lx, lx->pos);
    bool is_line_end = c == '\n' || c == '\r';
    if (lx->pos >= lx->src->length || (is_line_end && !is_triple)) return unterminated(lx, lo, quote_at, is_triple);
    is_plain &= (c != '\\' || is_raw) && c != '\r';
    lx->pos++;
    if (c == '\\' && lx->pos < lx->src->length) { /* also in raw strings a backslash keeps the quote in */
      is_plain &= lexer_at(lx, lx->pos) != '\r';
      lx->pos += lexer_at(lx, lx->pos) == '\r' && lexer_at(lx, lx->pos + 1) == '\n' ? 2 : 1;
    }
  }
  uint32_t text_hi = lx->pos;
  lx->pos += is_triple ? 3 : 1;
  return make_text(lx, TOK_STRING, lo, text_lo, text_hi, is_raw, false, is_plain);
}

/* ---- f-strings ---- */

/* Leaves the innermost f-string, its values and brackets included. */
static void leave_fstring(Lexer *lx) {
  while (lx->contexts[lx->context_count - 1].kind != LEX_FSTR) lx->context_count--;
  lx->context_count--;
  lx->depth = lx->contexts[lx->context_count].depth;
  lx->fstrings--;
}

static Token unterminated_fstring(Lexer *lx) {
  const LexContext *outer = &lx->contexts[lx->context_count - 1];
  bool is_spec = outer->kind == LEX_SPEC;
  LexContext context = *outer;
  uint32_t at = lx->pos;
  leave_fstring(lx);
  if (is_spec && at < lx->src->length) return lexer_error(lx, at, at + 1, "f-string: expecting '}'");
  uint32_t quote_at = context.at;
  while (lexer_at(lx, quote_at) != (unsigned char)context.quote) quote_at++;
  return lexer_error(lx, context.at, quote_at + (context.triple ? 3 : 1), "unterminated %sf-string literal (detected at line %u)",
                     context.triple ? "triple-quoted " : "", line_of(lx, at));
}

/* Where the text that starts at pos ends: at a quote, a brace, a line end or the end. */
static bool scan_text(Lexer *lx, const LexContext *context, bool *has_braces) {
  bool is_plain = true, is_spec = context->kind == LEX_SPEC;
  while (lx->pos < lx->src->length && !is_quote(lx, lx->pos, context->quote, context->triple)) {
    unsigned char c = lexer_at(lx, lx->pos), next = lexer_at(lx, lx->pos + 1);
    if ((c == '\n' || c == '\r') && !context->triple) break;
    if (c == '{' || c == '}') {
      if (is_spec || next != c) break;
      *has_braces = true;
      is_plain = false;
      lx->pos += 2;
      continue;
    }
    is_plain &= (c != '\\' || context->raw) && c != '\r';
    lx->pos++;
    if (c != '\\' || lx->pos >= lx->src->length) continue;
    if (!context->raw && next == 'N' && lexer_at(lx, lx->pos + 1) == '{') { /* \N{...}: refused by make_text, but its braces are no value */
      while (lx->pos < lx->src->length && lexer_at(lx, lx->pos) != '}' && lexer_at(lx, lx->pos) != '\n' &&
             !is_quote(lx, lx->pos, context->quote, context->triple))
        lx->pos++;
      lx->pos += lexer_at(lx, lx->pos) == '}';
    } else if (next == '\r' && lexer_at(lx, lx->pos + 1) == '\n') {
      is_plain = false;
      lx->pos += 2;
    } else if (next != '{' && next != '}') { /* a brace behind a backslash still starts a value */
      is_plain &= next != '\r';
      lx->pos++;
    }
  }
  return is_plain;
}

Token lexer_fstring_text(Lexer *lx) {
  LexContext *context = &lx->contexts[lx->context_count - 1];
  uint32_t lo = lx->pos;
  bool has_braces = false;
  bool is_plain = scan_text(lx, context, &has_braces);
  if (lx->pos > lo) return make_text(lx, TOK_FSTRING_MIDDLE, lo, lo, lx->pos, context->raw, has_braces, is_plain);
  unsigned char c = lexer_at(lx, lo);
  if (lo >= lx->src->length || c == '\n' || c == '\r') return unterminated_fstring(lx);
  if (c == '{') {
    if (lx->depth == LEX_MAX_BRACKETS) return lexer_stop(lx, lo, lo + 1, "f-string: expressions nested too deeply");
    lx->pos++;
    Token token = lexer_token(lx, TOK_LBRACE, lo);
    lx->brackets[lx->depth++] = (Bracket){'{', lo};
    lx->contexts[lx->context_count++] = (LexContext){.kind = LEX_EXPR, .depth = (uint16_t)lx->depth, .at = lo};
    return token;
  }
  if (c == '}' && context->kind == LEX_SPEC) { /* ends the specification and the value that it belongs to */
    lx->pos++;
    lx->context_count -= 2;
    lx->depth--;
    return lexer_token(lx, TOK_RBRACE, lo);
  }
  if (c == '}') {
    lx->pos++;
    return lexer_error(lx, lo, lo + 1, "f-string: single '}' is not allowed");
  }
  if (context->kind == LEX_SPEC) return unterminated_fstring(lx);
  lx->pos += context->triple ? 3 : 1;
  leave_fstring(lx);
  return lexer_token(lx, TOK_FSTRING_END, lo);
}
