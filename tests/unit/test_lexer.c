/* The lexer: kinds and values of tokens, indentation, numbers, strings, f-strings, mistakes. */
#include <check.h>

#include "frontend/lexer.h"

static Arena arena;

static void set_up(void) { arena_init(&arena); }
static void tear_down(void) { arena_drop(&arena); }

/* The tokens of a text in one line, without places: `name x | op = | int 1 | newline | end of file` without the end. */
static void check_tokens(const char *text, size_t length, const char *want) {
  Source src;
  StrBuf dump = {0}, got = {0};
  source_init(&src, &arena, "t.lp", text, (uint32_t)length);
  lexer_dump(&src, &dump);
  for (const char *at = sb_text(&dump), *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
    at += strcspn(at, " ");
    at += strspn(at, " ");
    if (strncmp(at, "end of file", 11) == 0) break;
    if (got.len) sb_puts(&got, " | ");
    sb_add(&got, at, (size_t)(end - at));
  }
  ck_assert_str_eq(sb_text(&got), want);
  sb_drop(&dump);
  sb_drop(&got);
}

#define NL " | newline"
static const struct {
  const char *text, *want;
} rows[] = {
    {"", ""},
    {"\xef\xbb\xbfx", "name x" NL},
    {"x\r\ny\rz\n", "name x" NL " | name y" NL " | name z" NL},
    {"# c\n\n  # d\n\f\nx # e", "name x" NL},
    {"if x:\n\ty\nz", "keyword if | name x | op :" NL " | indent | name y" NL " | dedent | name z" NL},
    {"a:\n  b:\n    c\n", "name a | op :" NL " | indent | name b | op :" NL " | indent | name c" NL " | dedent | dedent"},
    {"(a\n  ,\n# c\nb)", "op ( | name a | op , | name b | op )" NL},
    {"a \\\n  + b", "name a | op + | name b" NL},
    {"  \\\nx\n  y", "indent | name x" NL " | name y" NL " | dedent"},
    {"\\\n  x", "indent | name x" NL " | dedent"},
    {"größe = ñ", "name größe | op = | name ñ" NL},
    {"a**=b//c->d:=e...f!=g",
     "name a | op **= | name b | op // | name c | op -> | name d | op := | name e | op ... | name f | op != | name g" NL},
    {"x.1", "name x | float 0.1" NL},
    {"None nonlocal Nones", "keyword None | keyword nonlocal | name Nones" NL},
    /* numbers */
    {"0 00 0_0 1_000 0x_fF 0o17 0B101", "int 0 | int 0 | int 0 | int 1000 | int 255 | int 15 | int 5" NL},
    {"18446744073709551615 18446744073709551616", "int 18446744073709551615 | int too large" NL},
    {"1. .5 1e3 1_0.0_1E-0_2 007.5", "float 1 | float 0.5 | float 1000 | float 0.1001 | float 7.5" NL},
    {"0.1 1e400 1e22 5e-324", "float 0.1 | float inf | float 1e+22 | float 4.94065645841247e-324" NL},
    {"2j 1.5J 1e2j 010j", "imag 2 | imag 1.5 | imag 100 | imag 10" NL},
    {"1if x else 1or 2", "int 1 | keyword if | name x | keyword else | int 1 | keyword or | int 2" NL},
    {"0xfor", "int 15 | keyword or" NL},
    {"012", "error SyntaxError: leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers" NL},
    {"1__0", "error SyntaxError: invalid decimal literal" NL},
    {"1_ 1abc 1._5 1e 1e_5",
     "error SyntaxError: invalid decimal literal | error SyntaxError: invalid decimal literal | error SyntaxError: invalid decimal "
     "literal | error SyntaxError: invalid decimal literal | error SyntaxError: invalid decimal literal" NL},
    {"0x 0b2 0o8 0xg", "error SyntaxError: invalid hexadecimal literal | error SyntaxError: invalid digit '2' in binary literal | error "
                       "SyntaxError: invalid digit "
                       "'8' in octal literal | error SyntaxError: invalid hexadecimal literal" NL},
    {"1jx", "error SyntaxError: invalid imaginary literal" NL},
    /* strings */
    {"'a' \"b\" '''c'd''' \"\"\"e\nf\"\"\" ''", "string \"a\" | string \"b\" | string \"c'd\" | string \"e\\nf\" | string \"\"" NL},
    {"'\\n\\t\\\\\\'\\x41\\101\\u00e9\\U0001F600\\q'", "string \"\\n\\x09\\\\'AAé😀\\\\q\"" NL},
    {"r'\\n\\'' R\"\\\" u'x'", "string \"\\\\n\\\\'\" | error SyntaxError: unterminated string literal (detected at line 1)" NL},
    {"'a\\\nb' '''a\r\nb'''", "string \"ab\" | string \"a\\nb\"" NL},
    {"'\\0'", "string \"\\x00\"" NL},
    {"b'x' rB'y'",
     "error SyntaxError: bytes literals are not supported; use a string, or np.array([...], dtype=np.uint8) | error SyntaxError: bytes "
     "literals are not supported; use a string, or np.array([...], dtype=np.uint8)" NL},
    {"'a", "error SyntaxError: unterminated string literal (detected at line 1)" NL},
    {"'a\nb", "error SyntaxError: unterminated string literal (detected at line 1)" NL " | name b" NL},
    {"'''a\nb", "error SyntaxError: unterminated triple-quoted string literal (detected at line 2)" NL},
    {"'\\x1'", "error SyntaxError: truncated \\xXX escape" NL},
    {"'\\N{DASH}'", "error SyntaxError: \\N{...} escapes are not supported; write the character itself, or \\uXXXX" NL},
    {"'\\ud800'", "error SyntaxError: a surrogate is no character by itself: write the character as \\UXXXXXXXX" NL},
    /* f-strings */
    {"f'a{x}b'", "fstring_start | fstring_middle \"a\" | op { | name x | op } | fstring_middle \"b\" | fstring_end" NL},
    {"f'{{{x!r:>{w}.2f}}}'",
     "fstring_start | fstring_middle \"{\" | op { | name x | op ! | name r | op : | fstring_middle \">\" | op { | name w | op } | "
     "fstring_middle \".2f\" | op } | fstring_middle \"}\" | fstring_end" NL},
    {"f'{a['x']}'", "fstring_start | op { | name a | op [ | string \"x\" | op ] | op } | fstring_end" NL},
    {"f'{f'{x}'}'", "fstring_start | op { | fstring_start | op { | name x | op } | fstring_end | op } | fstring_end" NL},
    {"rf'\\d{x}' fR'\\'",
     "fstring_start | fstring_middle \"\\\\d\" | op { | name x | op } | fstring_end | fstring_start | fstring_middle \"\\\\'\" | error "
     "SyntaxError: unterminated f-string literal (detected at line 1)" NL},
    {"f'{x:=5}{y!=z}{a[1:2]}'",
     "fstring_start | op { | name x | op : | fstring_middle \"=5\" | op } | op { | name y | op != | name z | op } | op { | name a | op "
     "[ | int 1 | op : | int 2 | op ] | op } | fstring_end" NL},
    {"f'''{\nx\n}\n'''", "fstring_start | op { | name x | op } | fstring_middle \"\\n\" | fstring_end" NL},
    {"f'{x", "fstring_start | op { | name x | error SyntaxError: '{' was never closed" NL},
    {"f'{x'", "fstring_start | op { | name x | error SyntaxError: f-string: expecting '}'" NL},
    {"f'}' y", "fstring_start | error SyntaxError: f-string: single '}' is not allowed | fstring_end | name y" NL},
    {"f'abc\nx",
     "fstring_start | fstring_middle \"abc\" | error SyntaxError: unterminated f-string literal (detected at line 1)" NL " | name x" NL},
    /* mistakes */
    {"if x:\n    a\n  b\nc",
     "keyword if | name x | op :" NL " | indent | name a" NL
     " | dedent | error IndentationError: unindent does not match any outer indentation level | name b" NL " | name c" NL},
    {"if x:\n        a\n\tb", "keyword if | name x | op :" NL " | indent | name a" NL
                              " | error IndentationError: inconsistent use of tabs and spaces in indentation | name b" NL " | dedent"},
    {"(a]", "op ( | name a | error SyntaxError: closing parenthesis ']' does not match opening parenthesis '('" NL},
    {"a)", "name a | error SyntaxError: unmatched ')'" NL},
    {"(a\nb", "op ( | name a | name b | error SyntaxError: '(' was never closed" NL},
    {"a \\ b", "name a | error SyntaxError: unexpected character after line continuation character | name b" NL},
    {"a $ ?",
     "name a | error SyntaxError: invalid syntax: '$' has no meaning here | error SyntaxError: invalid syntax: '?' has no meaning here" NL},
    {"“a”", "error SyntaxError: invalid character '“' (U+201C) | name a | error SyntaxError: invalid character '”' (U+201D)" NL},
    {"a\xc2\xa0+", "name a | error SyntaxError: invalid non-printable character U+00A0 | op +" NL},
    {"x = '\xff'", "error SyntaxError: the source is not valid UTF-8: byte 0xff at offset 5"},
    {"x\xed\xa0\x80", "error SyntaxError: the source is not valid UTF-8: byte 0xed at offset 1"},
    {"\\\n", "error SyntaxError: unexpected end of file after a line continuation"},
};

START_TEST(tokens_are_right) { check_tokens(rows[_i].text, strlen(rows[_i].text), rows[_i].want); }
END_TEST

START_TEST(null_bytes_are_refused) { check_tokens("x\0y", 3, "error SyntaxError: source code cannot contain null bytes (byte offset 1)"); }
END_TEST

START_TEST(places_are_exact) {
  Source src;
  StrBuf dump = {0};
  source_init(&src, &arena, "t.lp", "é = 1\n", 7);
  lexer_dump(&src, &dump);
  ck_assert_str_eq(sb_text(&dump),
                   "1:1-1:2       name é\n1:3-1:4       op =\n1:5-1:6       int 1\n1:6-2:1       newline\n2:1-2:1       end of file\n");
  sb_drop(&dump);
}
END_TEST

/* One character many times: what matters is that it ends, soon. */
static const char floods[] = "([{}])'\"\\\t \n\r\f#:.e_1f!=\xc3";

START_TEST(floods_end) {
  enum { LENGTH = 1 << 17 };
  char *text = arena_alloc(&arena, LENGTH + 1, 1);
  memset(text, floods[_i], LENGTH);
  Source src;
  StrTab names;
  Lexer lexer;
  source_init(&src, &arena, "t.lp", text, LENGTH);
  strtab_init(&names, &arena);
  lexer_init(&lexer, &arena, &names, &src);
  uint32_t count = 0;
  while (lexer_next(&lexer).kind != TOK_END) ck_assert_uint_le(++count, 2 * LENGTH + 2);
  ck_assert_int_eq(lexer_next(&lexer).kind, TOK_END);
}
END_TEST

START_TEST(lines_restart) {
  Source src;
  StrTab names;
  Lexer lexer;
  source_init(&src, &arena, "t.lp", "x = (1,\ny = 2\n", 14);
  strtab_init(&names, &arena);
  lexer_init(&lexer, &arena, &names, &src);
  Token token;
  do token = lexer_next(&lexer);
  while (token.kind != TOK_NAME || !sym_is(token.as.text, "y"));
  ck_assert(token.starts_line && token.depth == 1);
  lexer_restart_line(&lexer, token.span.lo);
  token = lexer_next(&lexer);
  ck_assert(token.starts_line && token.depth == 0 && sym_is(token.as.text, "y"));
}
END_TEST

Suite *suite_lexer(void);
Suite *suite_lexer(void) {
  Suite *suite = suite_create("lexer");
  TCase *tc = tcase_create("lexer");
  tcase_add_checked_fixture(tc, set_up, tear_down);
  tcase_add_loop_test(tc, tokens_are_right, 0, (int)LJ_COUNT(rows));
  tcase_add_test(tc, null_bytes_are_refused);
  tcase_add_test(tc, places_are_exact);
  tcase_add_loop_test(tc, floods_end, 0, (int)sizeof floods - 1);
  tcase_add_test(tc, lines_restart);
  suite_add_tcase(suite, tc);
  return suite;
}
