/* Numbers: digits to values. In: the lexer at a digit, or at '.' before one.
 * Out: INT, FLOAT, IMAG, or an error token over the whole number.
 * Must not round: an integer above 2**64 - 1 is flagged, floats are read exactly as strtod does in the C locale. */
#include "frontend/lexer.h"

/* Where a number ends, a name may not begin, except for the keywords that Python lets follow directly: `1if x else 2`. */
static bool is_number_end(const Lexer *lx) {
  static const char *const followers[] = {"and", "else", "for", "if", "in", "is", "not", "or"};
  if (!lexer_is_name_byte(lexer_at(lx, lx->pos))) return true;
  for (size_t i = 0; i < LJ_COUNT(followers); i++) {
    uint32_t n = (uint32_t)strlen(followers[i]);
    if (n <= lx->src->length - lx->pos && memcmp(lx->src->text + lx->pos, followers[i], n) == 0) return true;
  }
  return false;
}

/* The number is wrong: takes what follows it too, so that one mistake is one token. */
static Token bad_number(Lexer *lx, uint32_t lo, const char *message) {
  while (lexer_is_name_byte(lexer_at(lx, lx->pos))) lx->pos++;
  return lexer_error(lx, lo, lx->pos, "%s", message);
}

static int digit_value(unsigned char c) {
  if (lexer_is_digit(c)) return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* digit ('_'? digit)*: false when an underscore is not followed by a digit. Accepts no digit at all. */
static bool skip_digits(Lexer *lx, int base) {
  for (;;) {
    while (digit_value(lexer_at(lx, lx->pos)) < base) lx->pos++;
    if (lexer_at(lx, lx->pos) != '_') return true;
    lx->pos++;
    if (digit_value(lexer_at(lx, lx->pos)) >= base) return false;
  }
}

static Token make_int(const Lexer *lx, uint32_t lo, uint32_t digits, unsigned base) {
  Token token = lexer_token(lx, TOK_INT, lo);
  uint64_t value = 0;
  for (uint32_t i = digits; i < lx->pos; i++) {
    unsigned char c = lexer_at(lx, i);
    if (c == '_') continue;
    uint64_t digit = (uint64_t)digit_value(c);
    if (value > (UINT64_MAX - digit) / base) {
      token.too_large = true;
      break;
    }
    value = value * base + digit;
  }
  token.as.integer = value;
  return token;
}

/* 0x1F, 0o17, 0b11 */
static Token take_radix(Lexer *lx, int base, const char *name) {
  uint32_t lo = lx->pos;
  lx->pos += 2;
  if (lexer_at(lx, lx->pos) == '_') lx->pos++;
  uint32_t digits = lx->pos;
  bool is_good = skip_digits(lx, base) && lx->pos > digits;
  unsigned char c = lexer_at(lx, lx->pos);
  if (lexer_is_digit(c)) {
    char message[48];
    uint32_t at = lx->pos;
    while (lexer_is_name_byte(lexer_at(lx, lx->pos))) lx->pos++;
    strcpy(message, "invalid digit '?' in ");
    message[15] = (char)c;
    return lexer_error(lx, at, at + 1, "%s%s literal", message, name);
  }
  if (!is_good || !is_number_end(lx)) return bad_number(lx, lo, arena_printf(lx->arena, "invalid %s literal", name));
  return make_int(lx, lo, digits, (unsigned)base);
}

static double read_float(Lexer *lx, uint32_t lo) {
  char small[128];
  uint32_t length = lx->pos - lo, n = 0;
  char *text = length < sizeof small ? small : arena_alloc(lx->arena, (size_t)length + 1, 1);
  for (uint32_t i = lo; i < lx->pos; i++)
    if (lx->src->text[i] != '_') text[n++] = lx->src->text[i];
  text[n] = 0;
  return lj_strtod(text);
}

/* [digits] ['.' [digits]] [('e'|'E') ['+'|'-'] digits] ['j'|'J'] */
Token lexer_number(Lexer *lx) {
  uint32_t lo = lx->pos;
  unsigned char second = lexer_at(lx, lo + 1) | 0x20;
  if (lexer_at(lx, lo) == '0') {
    if (second == 'x') return take_radix(lx, 16, "hexadecimal");
    if (second == 'o') return take_radix(lx, 8, "octal");
    if (second == 'b') return take_radix(lx, 2, "binary");
  }
  bool is_float = false;
  if (!skip_digits(lx, 10)) return bad_number(lx, lo, "invalid decimal literal");
  uint32_t int_end = lx->pos;
  if (lexer_at(lx, lx->pos) == '.') {
    is_float = true;
    lx->pos++;
    if (lexer_at(lx, lx->pos) == '_' || !skip_digits(lx, 10)) return bad_number(lx, lo, "invalid decimal literal");
  }
  if ((lexer_at(lx, lx->pos) | 0x20) == 'e') {
    unsigned char sign = lexer_at(lx, lx->pos + 1);
    uint32_t digits = lx->pos + (sign == '+' || sign == '-' ? 2 : 1);
    if (lexer_is_digit(lexer_at(lx, digits))) {
      is_float = true;
      lx->pos = digits;
      if (!skip_digits(lx, 10)) return bad_number(lx, lo, "invalid decimal literal");
    } else if (!is_number_end(lx)) {
      return bad_number(lx, lo, "invalid decimal literal");
    }
  }
  uint32_t hi = lx->pos;
  bool is_imag = (lexer_at(lx, hi) | 0x20) == 'j';
  double value = is_float || is_imag ? read_float(lx, lo) : 0;
  lx->pos += is_imag;
  if (!is_number_end(lx)) return bad_number(lx, lo, is_imag ? "invalid imaginary literal" : "invalid decimal literal");
  if (is_float || is_imag) {
    Token token = lexer_token(lx, is_imag ? TOK_IMAG : TOK_FLOAT, lo);
    token.as.number = value;
    return token;
  }
  Token token = make_int(lx, lo, lo, 10);
  if (lexer_at(lx, lo) == '0' && int_end - lo > 1 && (token.as.integer || token.too_large))
    return bad_number(lx, lo, "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers");
  return token;
}
