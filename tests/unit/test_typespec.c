/* Types and signatures as programs write them. */
#include "tests/unit/sema_help.h"

static const struct {
  const char *text, *want; /* NULL: refused */
} types[] = {
    {"float64", "float64"},
    {"f8", "float64"},
    {"i4", "int32"},
    {"nb.float32", "float32"},
    {"numba.types.uint8", "uint8"},
    {"np.complex64", "complex64"},
    {"int", "int64"},
    {"float", "float64"},
    {"bool", "bool"},
    {"complex", "complex128"},
    {"boolean", "bool"},
    {"intp", "int64"},
    {"void", "none"},
    {"None", "none"},
    {"none", "none"},
    {"str", "str"},
    {"types.unicode_type", "str"},
    {"float_", "float32"},
    {"float64[:]", "array(float64, 1d, A)"},
    {"float64[::1]", "array(float64, 1d, C)"},
    {"f8[:, ::1]", "array(float64, 2d, C)"},
    {"float64[::1, :]", "array(float64, 2d, F)"},
    {"nb.int32[:, :, :]", "array(int32, 3d, A)"},
    {"types.Array(float64, 2, 'C')", "array(float64, 2d, C)"},
    {"Array(int8, 1, 'A', readonly=True)", "readonly array(int8, 1d, A)"},
    {"UniTuple(int64, 3)", "UniTuple(int64, 3)"},
    {"Tuple((int64, float64[:]))", "Tuple(int64, array(float64, 1d, A))"},
    {"Tuple(int64, int64)", "UniTuple(int64, 2)"},
    {"Tuple(())", "Tuple()"},
    {"tuple[int, float]", "Tuple(int64, float64)"},
    {"optional(float64)", "OptionalType(float64)"},
    {"'float64[:]'", "array(float64, 1d, A)"},
    {"flaot64", NULL},
    {"float64[1:]", NULL},
    {"float64[::1, ::1]", NULL},
    {"float64[:, ::1, :]", NULL},
    {"float64[::2]", NULL},
    {"float64[3]", NULL},
    {"np.ndarray", NULL},
    {"UniTuple(int64)", NULL},
    {"float64(int64)", NULL},
    {"(int64, int64)", NULL},
    {"1 + 2", NULL},
    {"'float64['", NULL},
    {"float64[:][:]", NULL},
    {"b1[:,:,:,:,:,:,:,:,:]", NULL},
    {"Array(float64, 2, 'X')", NULL},
    {"Tuple", NULL},
    {"f(1).x", NULL},
};

START_TEST(reads_types) {
  Program1 p;
  program1_load(&p, "pass\n");
  TypeTable tt;
  types_init(&tt, &p.arena);
  Source src;
  source_init(&src, &p.arena, "t", types[_i].text, (uint32_t)strlen(types[_i].text));
  Expr *e = parse_expression(&p.arena, &p.names, &src, &p.diag);
  ck_assert_msg(e, "%s", types[_i].text);
  const Type *got = typespec_parse(&tt, &p.names, e, &p.diag);
  if (types[_i].want)
    ck_assert_msg(got && strcmp(got->name, types[_i].want) == 0, "%s is %s", types[_i].text, type_name(got));
  else
    ck_assert_msg(!got && p.diag.errors == 1 && p.diag.first->next, "%s is %s", types[_i].text, type_name(got));
  program1_drop(&p);
}
END_TEST

static const struct {
  const char *text, *want; /* result(args) */
} signatures[] = {
    {"float64(float64[:], int64)", "float64(array(float64, 1d, A), int64)"},
    {"'float64(float64[:])'", "float64(array(float64, 1d, A))"},
    {"'float64[:], int64'", "?(array(float64, 1d, A), int64)"},
    {"'(float64[:], float64[:])'", "?(array(float64, 1d, A), array(float64, 1d, A))"},
    {"(float64, int64)", "?(float64, int64)"},
    {"'UniTuple(int64, 2)(int64, int64)'", "UniTuple(int64, 2)(int64, int64)"},
    {"void()", "none()"},
    {"'void(float64[:,:], f8)'", "none(array(float64, 2d, A), float64)"},
    {"'float64'", "?(float64)"},
    {"f8[:](f8)", "array(float64, 1d, A)(float64)"},
    {"UniTuple(int64, 2)", "?(UniTuple(int64, 2))"},
    {"()", "?()"},
    {"' float64 ( int8 ) '", "float64(int8)"},
    {"float64(flot)", NULL},
    {"'float64(float64'", NULL},
    {"3", NULL},
    {"float64(x=int8)", NULL},
};

START_TEST(reads_signatures) {
  Program1 p;
  program1_load(&p, "pass\n");
  TypeTable tt;
  types_init(&tt, &p.arena);
  Source src;
  source_init(&src, &p.arena, "t", signatures[_i].text, (uint32_t)strlen(signatures[_i].text));
  Expr *e = parse_expression(&p.arena, &p.names, &src, &p.diag);
  ck_assert_msg(e, "%s", signatures[_i].text);
  const Type *result = NULL, **args = NULL;
  uint32_t count = 0;
  bool ok = typespec_signature(&tt, &p.names, e, &p.diag, &result, &args, &count);
  ck_assert_int_eq(ok, signatures[_i].want != NULL);
  StrBuf got = {0};
  if (ok) {
    sb_printf(&got, "%s(", type_name(result));
    for (uint32_t i = 0; i < count; i++) sb_printf(&got, "%s%s", i ? ", " : "", type_name(args[i]));
    sb_putc(&got, ')');
    ck_assert_str_eq(got.data, signatures[_i].want);
  } else {
    ck_assert_uint_eq(p.diag.errors, 1);
  }
  sb_drop(&got);
  program1_drop(&p);
}
END_TEST

/* Names that the program gave itself. */
START_TEST(reads_renamed_types) {
  Program1 p;
  program1_load(&p, "from numba import float64 as real, int32\nimport numba as nb\nT = nb.float32\n"
                    "def f(a: real[:, ::1], b: T, c: 'int32[:]') -> real:\n  return b\n");
  ck_assert(p.ok);
  TypeTable tt;
  types_init(&tt, &p.arena);
  const FuncDef *f = p.module->funcs.data[1];
  static const char *const want[] = {"array(float64, 2d, C)", "float32", "array(int32, 1d, A)"};
  for (uint32_t i = 0; i < 3; i++)
    ck_assert_str_eq(type_name(typespec_parse(&tt, &p.names, f->params.data[i].annotation, &p.diag)), want[i]);
  ck_assert_str_eq(type_name(typespec_parse(&tt, &p.names, f->returns, &p.diag)), "float64");
  program1_drop(&p);
}
END_TEST

Suite *suite_typespec(void);
Suite *suite_typespec(void) {
  Suite *suite = suite_create("typespec");
  TCase *tc = tcase_create("typespec");
  tcase_add_loop_test(tc, reads_types, 0, (int)LJ_COUNT(types));
  tcase_add_loop_test(tc, reads_signatures, 0, (int)LJ_COUNT(signatures));
  tcase_add_test(tc, reads_renamed_types);
  suite_add_tcase(suite, tc);
  return suite;
}
