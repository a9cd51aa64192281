/* base/: memory, maps, names, text, places, rendered diagnostics, scalar types. */
#include <check.h>
#include <locale.h>

#include "base/diag.h"
#include "base/dtype.h"
#include "base/map.h"
#include "base/strtab.h"

static Arena arena;

static void set_up(void) { arena_init(&arena); }
static void tear_down(void) { arena_drop(&arena); }

START_TEST(arena_is_aligned_and_zeroed) {
  for (size_t align = 1; align <= 64; align *= 2)
    for (size_t size = 0; size < 20000; size = size * 3 + 1) {
      unsigned char *memory = arena_alloc(&arena, size, align);
      ck_assert_uint_eq((uintptr_t)memory % align, 0);
      for (size_t i = 0; i < size; i++) ck_assert_int_eq(memory[i], 0);
      memset(memory, 0xff, size);
    }
  arena_drop(&arena);
  ck_assert_ptr_null(arena.head);
  ck_assert_str_eq(arena_printf(&arena, "%d-%s", 7, "x"), "7-x");
}
END_TEST

START_TEST(vec_grows) {
  Vec(int) v = {0};
  for (int i = 0; i < 1000; i++) vec_push(&arena, &v, i);
  ck_assert_uint_eq(v.len, 1000);
  for (int i = 0; i < 1000; i++) ck_assert_int_eq(v.data[i], i);
  ck_assert_int_eq(vec_last(&v), 999);
}
END_TEST

START_TEST(map_keeps_order) {
  Map map = {0};
  static int values[1000];
  ck_assert_ptr_null(map_get(&map, 0));
  for (uint64_t key = 0; key < 1000; key++) map_put(&arena, &map, key << 40, &values[key]);
  map_put(&arena, &map, 0, &values[5]);
  ck_assert_uint_eq(map.len, 1000);
  for (uint64_t key = 1; key < 1000; key++) {
    ck_assert_ptr_eq(map_get(&map, key << 40), &values[key]);
    ck_assert_uint_eq(map.entries[key].key, key << 40);
  }
  ck_assert_ptr_eq(map_get(&map, 0), &values[5]);
  ck_assert_ptr_null(map_get(&map, 12345));
}
END_TEST

START_TEST(hashes_differ) {
  char text[64] = {0};
  Map seen = {0};
  for (size_t length = 0; length <= 64; length++) {
    uint64_t plain = hash_bytes(text, length, 0);
    ck_assert_ptr_null(map_get(&seen, plain));
    map_put(&arena, &seen, plain, text);
    ck_assert(plain != hash_bytes(text, length, 1));
  }
  for (int bit = 0; bit < 64 * 8; bit++) {
    text[bit / 8] ^= (char)(1 << bit % 8);
    uint64_t hash = hash_bytes(text, 64, 0);
    ck_assert_ptr_null(map_get(&seen, hash));
    map_put(&arena, &seen, hash, text);
    text[bit / 8] ^= (char)(1 << bit % 8);
  }
}
END_TEST

START_TEST(names_are_interned) {
  StrTab tab;
  strtab_init(&tab, &arena);
  Sym first = sym_c(&tab, "n17");
  for (int i = 0; i < 5000; i++) {
    char *name = arena_printf(&arena, "n%d", i);
    Sym s = sym_c(&tab, name);
    ck_assert_str_eq(s->text, name);
    ck_assert_ptr_eq(s, sym(&tab, name, strlen(name)));
  }
  ck_assert_ptr_eq(first, sym_c(&tab, "n17"));
  ck_assert_uint_eq(tab.len, 5000);
  ck_assert_uint_eq(sym(&tab, "a\0b", 3)->len, 3);
  ck_assert(sym_is(first, "n17") && !sym_is(first, "n1") && !sym_is(NULL, ""));
}
END_TEST

START_TEST(text_ignores_the_locale) {
  StrBuf sb = {0};
  setlocale(LC_ALL, "de_DE.UTF-8"); /* where it is installed, its decimal point is a comma */
  ck_assert_str_eq(sb_text(&sb), "");
  sb_printf(&sb, "%.2f|", 1.5);
  sb_pad(&sb, '-', 100);
  sb_printf(&sb, "%0200d", 7);
  ck_assert_uint_eq(sb.len, 5 + 100 + 200);
  ck_assert(strncmp(sb_text(&sb), "1.50|---", 8) == 0);
  ck_assert(lj_strtod("2.5e3") == 2500.0);
  sb_clear(&sb);
  ck_assert_str_eq(sb_text(&sb), "");
  sb_drop(&sb);
  setlocale(LC_ALL, "C");
}
END_TEST

static const struct {
  const char *text;
  uint32_t offset, line, column;
} places[] = {
    {"", 0, 1, 1},       {"abc", 2, 1, 3}, {"a\nb", 2, 2, 1},     {"a\nb", 1, 1, 2},     {"a\r\nb", 3, 2, 1},
    {"a\rb", 2, 2, 1},   {"a\n", 2, 2, 1}, {"äöb", 4, 1, 3},      {"a\n\n\nb", 4, 4, 1}, {"\xef\xbb\xbfx", 3, 1, 1},
    {"a\rb\n", 3, 2, 2}, {"x", 99, 1, 2},  {"\r\n\r\n", 2, 2, 1},
};

START_TEST(places_are_found) {
  Source src;
  source_init(&src, &arena, "t", places[_i].text, (uint32_t)strlen(places[_i].text));
  LineCol at = source_line_col(&src, places[_i].offset);
  ck_assert_uint_eq(at.line, places[_i].line);
  ck_assert_uint_eq(at.column, places[_i].column);
}
END_TEST

START_TEST(lines_have_no_end) {
  Source src;
  uint32_t length;
  source_init(&src, &arena, "t", "ab\r\n\ncd", 7);
  ck_assert_uint_eq(src.line_count, 3);
  source_line(&src, 1, &length);
  ck_assert_uint_eq(length, 2);
  source_line(&src, 2, &length);
  ck_assert_uint_eq(length, 0);
  ck_assert_str_eq(source_line(&src, 3, &length), "cd");
  source_line(&src, 4, &length);
  ck_assert_uint_eq(length, 0);
}
END_TEST

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
static const struct {
  const char *text;
  uint32_t lo, hi;
  const char *want;
} renderings[] = {
    {"x = y\n", 4, 5, "t.lp:1:5: error: NameError: no\n    1 | x = y\n      |     ^\n"},
    {"\tx = yy\n", 5, 7, "t.lp:1:6: error: NameError: no\n    1 | \tx = yy\n      | \t    ^~\n"},
    {"é = yy", 5, 7, "t.lp:1:5: error: NameError: no\n    1 | é = yy\n      |     ^~\n"},
    {"f(a,\n  b)", 0, 9, "t.lp:1:1: error: NameError: no\n    1 | f(a,\n      | ^~~~\n"},
    {"ab", 2, 2, "t.lp:1:3: error: NameError: no\n    1 | ab\n      |   ^\n"},
    {"", 0, 0, "t.lp:1:1: error: NameError: no\n    1 | \n      | ^\n"},
    {"a\x1b[1m\xff", 0, 1, "t.lp:1:1: error: NameError: no\n    1 | a?[1m?\n      | ^\n"},
    {"漢字 b", 0, 6, "t.lp:1:1: error: NameError: no\n    1 | 漢字 b\n      | ^~~~\n"},
    {HUNDRED HUNDRED HUNDRED, 150, 152,
     "t.lp:1:151: error: NameError: no\n    1 | ..." HUNDRED TEN TEN "...\n      |    "
     "                                                            ^~\n"},
};

START_TEST(diagnostics_render) {
  Source src;
  Diag dx;
  StrBuf out = {0};
  source_init(&src, &arena, "t.lp", renderings[_i].text, (uint32_t)strlen(renderings[_i].text));
  diag_init(&dx, &arena);
  ck_assert(!diag_error(&dx, NAME_ERROR, (Span){&src, renderings[_i].lo, renderings[_i].hi}, "no"));
  diag_render(&dx, &out);
  ck_assert_str_eq(sb_text(&out), renderings[_i].want);
  sb_drop(&out);
}
END_TEST

START_TEST(diagnostics_are_limited) {
  Source src;
  Diag dx, copy;
  StrBuf out = {0};
  source_init(&src, &arena, "t.lp", "x", 1);
  diag_init(&dx, &arena);
  diag_init(&copy, &arena);
  diag_error(&dx, TYPE_ERROR, (Span){0}, "no place");
  diag_note(&dx, (Span){&src, 0, 1}, "here");
  diag_append(&copy, &dx);
  diag_render(&copy, &out);
  ck_assert_str_eq(sb_text(&out), "error: TypeError: no place\nt.lp:1:1: note: here\n    1 | x\n      | ^\n");
  for (int i = 0; i < 30; i++) {
    diag_error(&dx, TYPE_ERROR, (Span){0}, "%d", i);
    diag_note(&dx, (Span){0}, "n");
  }
  ck_assert_uint_eq(dx.errors, 31);
  ck_assert_uint_eq(dx.dropped, 11);
  diag_append(&copy, &dx);
  ck_assert_uint_eq(copy.errors, 32);
  ck_assert_uint_eq(copy.dropped, 12);
  sb_clear(&out);
  diag_render(&copy, &out);
  ck_assert_ptr_nonnull(strstr(sb_text(&out), "12 more errors are not shown"));
  dx.muted = true;
  diag_error(&dx, TYPE_ERROR, (Span){0}, "unheard");
  ck_assert_uint_eq(dx.errors, 31);
  sb_drop(&out);
}
END_TEST

START_TEST(error_kinds_have_names) {
  for (int kind = 1; kind < ERROR_KIND_COUNT; kind++) {
    const char *name = error_kind_name((ErrorKind)kind);
    ck_assert_int_eq(error_kind_find(name, strlen(name)), kind);
  }
  ck_assert_int_eq(error_kind_find("Error", 5), ERROR_NONE);
}
END_TEST

/* "a b c": the promotion of a and b is c */
static const char *const promotions[][3] = {
    {"bool", "bool", "bool"},
    {"bool", "int8", "int8"},
    {"int8", "uint8", "int16"},
    {"int32", "uint32", "int64"},
    {"int64", "uint64", "float64"},
    {"uint8", "uint64", "uint64"},
    {"int16", "uint8", "int16"},
    {"int8", "uint64", "float64"},
    {"int16", "float32", "float32"},
    {"int32", "float32", "float64"},
    {"bool", "float32", "float32"},
    {"float32", "float64", "float64"},
    {"int64", "complex64", "complex128"},
    {"uint8", "complex64", "complex64"},
    {"float64", "complex64", "complex128"},
    {"bool", "complex64", "complex64"},
    {"complex64", "complex128", "complex128"},
};

static DType find(const char *name) {
  DType t = DT_COUNT;
  ck_assert(dtype_find(name, strlen(name), &t));
  return t;
}

START_TEST(dtypes_promote) {
  DType a = find(promotions[_i][0]), b = find(promotions[_i][1]);
  ck_assert_str_eq(dtype_name(dtype_promote(a, b)), promotions[_i][2]);
  ck_assert_str_eq(dtype_name(dtype_promote(b, a)), promotions[_i][2]);
}
END_TEST

static const char *const dtype_names[][2] = {
    {"int", "int64"}, {"float", "float64"},  {"bool_", "bool"}, {"intp", "int64"},     {"complex", "complex128"}, {"f4", "float32"},
    {"i8", "int64"},  {"c16", "complex128"}, {"b1", "bool"},    {"double", "float64"}, {"uint", "uint64"},        {"single", "float32"}};

START_TEST(dtypes_are_found) {
  DType t;
  ck_assert_str_eq(dtype_name(find(dtype_names[_i][0])), dtype_names[_i][1]);
  ck_assert(!dtype_find("float16", 7, &t) && !dtype_find("", 0, &t) && !dtype_find_npy("float64", 7, &t));
}
END_TEST

Suite *suite_base(void);
Suite *suite_base(void) {
  Suite *suite = suite_create("base");
  TCase *tc = tcase_create("base");
  tcase_add_checked_fixture(tc, set_up, tear_down);
  tcase_add_test(tc, arena_is_aligned_and_zeroed);
  tcase_add_test(tc, vec_grows);
  tcase_add_test(tc, map_keeps_order);
  tcase_add_test(tc, hashes_differ);
  tcase_add_test(tc, names_are_interned);
  tcase_add_test(tc, text_ignores_the_locale);
  tcase_add_loop_test(tc, places_are_found, 0, (int)LJ_COUNT(places));
  tcase_add_test(tc, lines_have_no_end);
  tcase_add_loop_test(tc, diagnostics_render, 0, (int)LJ_COUNT(renderings));
  tcase_add_test(tc, diagnostics_are_limited);
  tcase_add_test(tc, error_kinds_have_names);
  tcase_add_loop_test(tc, dtypes_promote, 0, (int)LJ_COUNT(promotions));
  tcase_add_loop_test(tc, dtypes_are_found, 0, (int)LJ_COUNT(dtype_names));
  suite_add_tcase(suite, tc);
  return suite;
}
