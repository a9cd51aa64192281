/* Types: interning, names, unification, conversion, ownership. */
#include <check.h>

#include "frontend/builtins.h"
#include "frontend/types.h"
#include "tests/unit/promote_table.h"

static Arena arena;
static TypeTable tt;

static void set_up(void) {
  arena_init(&arena);
  types_init(&tt, &arena);
}
static void tear_down(void) { arena_drop(&arena); }

/* A type in a few letters: scalars as in PROMOTE_LETTERS; "C2d" an array of float64 (F, A; r before it: readonly); "N" none; "s" str;
 * "o" + type: optional; "(" types ")": a tuple. */
static const Type *read_type(const char **at) {
  char c = *(*at)++;
  bool readonly = c == 'r';
  if (readonly) c = *(*at)++;
  if (c == 'C' || c == 'F' || c == 'A') {
    unsigned ndim = (unsigned)(*(*at)++ - '0');
    const Type *elem = read_type(at);
    return type_array(&tt, elem->dtype, ndim, c == 'C' ? LAYOUT_C : c == 'F' ? LAYOUT_F : LAYOUT_A, readonly);
  }
  if (c == 'N') return tt.none;
  if (c == 's') return tt.str;
  if (c == 'o') return type_optional(&tt, read_type(at));
  if (c == '(') {
    const Type *elems[8];
    uint32_t count = 0;
    while (**at != ')') elems[count++] = read_type(at);
    ++*at;
    return type_tuple(&tt, elems, count);
  }
  const char *found = strchr(PROMOTE_LETTERS, c);
  ck_assert_ptr_nonnull(found);
  return tt.scalars[found - PROMOTE_LETTERS];
}
static const Type *read(const char *text) { return read_type(&text); }

static const struct {
  const char *type, *name;
} names[] = {
    {"d", "float64"},
    {"?", "bool"},
    {"C2d", "array(float64, 2d, C)"},
    {"rA1b", "readonly array(int8, 1d, A)"},
    {"(qqq)", "UniTuple(int64, 3)"},
    {"(qd)", "Tuple(int64, float64)"},
    {"()", "Tuple()"},
    {"od", "OptionalType(float64)"},
    {"F1d", "array(float64, 1d, C)"},
    {"ood", "OptionalType(float64)"},
    {"oN", "none"},
    {"((qq)C1d)", "Tuple(UniTuple(int64, 2), array(float64, 1d, C))"},
    {"A0d", "array(float64, 0d, C)"},
    {"s", "str"},
    {"N", "none"},
};

START_TEST(type_names) {
  const Type *t = read(names[_i].type);
  ck_assert_str_eq(t->name, names[_i].name);
  ck_assert_ptr_eq(t, read(names[_i].type)); /* interned */
}
END_TEST

/* NULL: they do not unify. */
static const struct {
  const char *a, *b, *want;
} joins[] = {
    {"q", "d", "d"},
    {"q", "Q", "q"},
    {"i", "I", "q"},
    {"q", "D", "D"},
    {"C1d", "C1d", "C1d"},
    {"C2d", "F2d", "A2d"},
    {"C2d", "rF2d", "rA2d"},
    {"C1d", "C2d", NULL},
    {"C1d", "C1f", NULL},
    {"d", "C1d", NULL},
    {"N", "d", "od"},
    {"od", "q", "od"},
    {"od", "N", "od"},
    {"oq", "d", "od"},
    {"(qd)", "(dd)", "(dd)"},
    {"(qd)", "(qdd)", NULL},
    {"(qC1d)", "(qA1d)", "(qA1d)"},
    {"(q)", "(s)", NULL},
    {"s", "q", NULL},
    {"N", "C1d", "oC1d"},
    {"(NC1d)", "(qC1d)", "(oqC1d)"},
    {"od", "C1d", NULL},
};

START_TEST(types_unify) {
  const Type *a = read(joins[_i].a), *b = read(joins[_i].b), *want = joins[_i].want ? read(joins[_i].want) : NULL;
  ck_assert_str_eq(type_name(type_unify(&tt, a, b)), type_name(want));
  ck_assert_ptr_eq(type_unify(&tt, b, a), want);
}
END_TEST

START_TEST(scalars_unify_as_numba) {
  for (int b = 0; b < DT_COUNT; b++)
    ck_assert_int_eq(PROMOTE_LETTERS[type_unify(&tt, tt.scalars[_i], tt.scalars[b])->dtype], unify_rows[_i][b]);
}
END_TEST

static const struct {
  const char *from, *to;
  bool want;
} conversions[] = {
    {"d", "q", true},        {"D", "d", false},      {"d", "D", true},       {"C2d", "A2d", true},  {"A2d", "C2d", false},
    {"F2d", "C2d", false},   {"rC1d", "C1d", false}, {"C1d", "rC1d", true},  {"C1f", "C1d", false}, {"(qq)", "(dd)", true},
    {"(Dq)", "(dq)", false}, {"q", "od", true},      {"N", "od", true},      {"N", "d", false},     {"od", "d", true},
    {"s", "q", false},       {"q", "C1q", false},    {"(q)", "(qq)", false},
};

START_TEST(types_convert) {
  ck_assert_int_eq(type_can_convert(read(conversions[_i].from), read(conversions[_i].to)), conversions[_i].want);
}
END_TEST

static const struct {
  const char *type;
  bool owns, uniform;
} owners[] = {
    {"q", false, false},     {"C1d", true, false}, {"s", true, false},    {"(qq)", false, true},
    {"(qC1d)", true, false}, {"()", false, true},  {"oC1d", true, false},
};

START_TEST(types_own) {
  const Type *t = read(owners[_i].type);
  ck_assert_int_eq(type_owns(t), owners[_i].owns);
  ck_assert_int_eq(type_is_uniform(t), owners[_i].uniform);
  ck_assert(type_is_value(t));
  ck_assert(!type_is_value(type_iter(&tt, t)));
  ck_assert(!type_is_value(tt.slice));
}
END_TEST

Suite *suite_types(void);
Suite *suite_types(void) {
  Suite *suite = suite_create("types");
  TCase *tc = tcase_create("types");
  tcase_add_checked_fixture(tc, set_up, tear_down);
  tcase_add_loop_test(tc, type_names, 0, (int)LJ_COUNT(names));
  tcase_add_loop_test(tc, types_unify, 0, (int)LJ_COUNT(joins));
  tcase_add_loop_test(tc, scalars_unify_as_numba, 0, DT_COUNT);
  tcase_add_loop_test(tc, types_convert, 0, (int)LJ_COUNT(conversions));
  tcase_add_loop_test(tc, types_own, 0, (int)LJ_COUNT(owners));
  suite_add_tcase(suite, tc);
  return suite;
}
