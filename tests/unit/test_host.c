/* Functions of the host: what crosses in both directions, which signature a call takes, what is refused and how, errors that functions tell of. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/host_help.h"

/* ---- functions ----------------------------------------------------------------------------------------------------------------------- */

/* One of each type that goes by value: the sum of the argument and what the host's pointer points to. */
#define ECHOES(X)                                                                                                                          \
  X(b, bool, "bool")                                                                                                                       \
  X(i8, int8_t, "int8")                                                                                                                    \
  X(i16, int16_t, "int16")                                                                                                                 \
  X(i32, int32_t, "int32")                                                                                                                 \
  X(i64, int64_t, "int64")                                                                                                                 \
  X(u8, uint8_t, "uint8")                                                                                                                  \
  X(u16, uint16_t, "uint16") X(u32, uint32_t, "uint32") X(u64, uint64_t, "uint64") X(f32, float, "float32") X(f64, double, "float64")
#define X(id, T, name)                                                                                                                     \
  static T echo_##id(const T *data, T x) { return (T)(x + *data); }                                                                        \
  static T data_##id = (T)1;                                                                                                               \
  static void wide_##id(void *data, T x, lj_complex128 *out) {                                                                             \
    (void)data;                                                                                                                            \
    *out = (lj_complex128){(double)x, -1};                                                                                                 \
  }
ECHOES(X)
#undef X

static void conj128(void *data, const lj_complex128 *z, lj_complex128 *out) { (void)data, *out = (lj_complex128){z->re, -z->im}; }
static void conj64(void *data, const lj_complex64 *z, lj_complex64 *out) { (void)data, *out = (lj_complex64){z->re, -z->im}; }
static int64_t length(void *data, const lj_native_str *text) { return (void)data, text->length; }
static void shout(void *data, const lj_native_str *text, lj_native_str *out) {
  int64_t n = text->length + 1;
  lj_value array = lj_array_new(LJ_UINT8, 1, &n); /* memory that the library counts */
  (void)data;
  memcpy(array.as.array.data, text->data, (size_t)text->length);
  ((char *)array.as.array.data)[text->length] = '!';
  *out = (lj_native_str){array.as.array.data, array.owner, n};
}
static void name_of(void *data, int64_t which, lj_native_str *out) { *out = (lj_native_str){((const char **)data)[which], NULL, 3}; }
static const char *names[] = {"one", "two"};

static double strided(void *data, const lj_native1d *a) {
  double sum = 0;
  (void)data;
  for (int64_t i = 0; i < a->shape[0]; i++) sum = sum * 10 + *(double *)((char *)a->data + i * a->strides[0]);
  return sum;
}
static double contiguous(void *data, const lj_native1d *a) {
  return (void)data, (double)a->strides[0] + ((double *)a->data)[a->shape[0] - 1];
}
static int64_t layout(void *data, const lj_native2d *a) {
  return (void)data, a->shape[0] * 1000000 + a->shape[1] * 10000 + a->strides[0] * 100 + a->strides[1];
}
static void fill(void *data, const lj_native1d *a, double v) {
  (void)data;
  for (int64_t i = 0; i < a->shape[0]; i++) ((double *)a->data)[i] = v + (double)i;
}
static void make(void *data, int64_t n, lj_native1d *out) {
  lj_value array = lj_array_new(LJ_FLOAT64, 1, &n);
  (void)data;
  for (int64_t i = 0; i < n; i++) ((double *)array.as.array.data)[i] = 2 * (double)i;
  lj_value_to_native(&array, out, 1);
}
static double lent[] = {7, 8};
static void lend(void *data, lj_native1d *out) { *out = (lj_native1d){data, NULL, {2}, {8}}; }
static void nothing(void *data, lj_native1d *out) {
  lj_value none = lj_none();
  (void)data;
  lj_value_to_native(&none, out, 1);
}

typedef struct Pair {
  int8_t a;
  double b;
} Pair;
static double of_pair(void *data, const Pair *p) { return (void)data, p->a + p->b; }
static void to_pair(void *data, int8_t a, double b, Pair *out) { (void)data, *out = (Pair){a, b}; }
typedef struct Row {
  int64_t n;
  lj_native1d x;
} Row;
static void to_row(void *data, int64_t n, Row *out) {
  out->n = -n;
  make(data, n, &out->x);
}

/* More than registers hold, of all widths. */
static double many(void *data, int8_t a, double b, uint16_t c, float d, bool e, int64_t f, double g, uint8_t h, int32_t i, double j,
                   int16_t k, double l, float m, double n, double o, double p) {
  (void)data;
  return a + 10 * b + 100 * c + 1000 * (double)d + 1e4 * e + 1e5 * (double)f + 1e6 * g + 1e7 * h + 1e8 * i + 1e9 * j + 1e10 * k + 1e11 * l +
         1e12 * (double)m + 1e13 * n + 1e14 * o + 1e15 * p;
}

static int calls;
static void tick(int *count) { ++*count; }
static int64_t which_int(void *data, int64_t x) { return (void)data, x; }
static double which_float(void *data, double x) { return (void)data, x + 0.5; }
static int64_t which_two(void *data, int64_t x, int64_t y) { return (void)data, x * 100 + y; }
static int64_t which_array(void *data, const lj_native1d *a) { return (void)data, -a->shape[0]; }

static int checked(void *data, lj_failure *failure, int64_t x, int64_t *result) {
  (void)data;
  *result = 2 * x;
  if (x == 1) return lj_fail(failure, "ValueError", "%s is %lld, 100%%", "x", (long long)x);
  if (x == 2) return lj_fail(failure, "NoSuchError", "two");
  if (x == 3) return 42;
  if (x == 4) return lj_fail(failure, NULL, "four");
  if (x == 5) return lj_fail(failure, "KeyError", "%s", "");
  return 0;
}
static int guard(void *data, lj_failure *failure, const lj_native1d *a) {
  (void)data;
  return a->shape[0] ? 0 : lj_fail(failure, "IndexError", "empty");
}

/* Without a parameter for data. */
static int8_t small(int8_t a, uint8_t b, int16_t c, bool d) { return (int8_t)(a + b / 2 + c / 4 + d); }
static int swapped(lj_failure *failure, const lj_complex128 *z, lj_complex128 *out) {
  *out = (lj_complex128){z->im, z->re};
  return z->re == 0 ? lj_fail(failure, "ValueError", "no real part") : 0;
}

static const HostRow functions[] = {
#define X(id, T, name) HOST(echo_##id, name "(" name ")", &data_##id, 0), HOST(wide_##id, "complex128(" name ")", NULL, LJ_HOST_PURE),
    ECHOES(X)
#undef X
        HOST(conj128, "complex128(complex128)", NULL, 0),
    HOST(conj64, "complex64(complex64)", NULL, LJ_HOST_PURE),
    HOST(length, "int64(str)", NULL, LJ_HOST_PURE),
    HOST(shout, "str(str)", NULL, 0),
    HOST(name_of, "str(int64)", names, 0),
    HOST(strided, "float64(float64[:])", NULL, 0),
    HOST(contiguous, "float64(float64[::1])", NULL, 0),
    HOST(layout, "int64(int32[:, :])", NULL, 0),
    HOST(fill, "void(float64[::1], float64)", NULL, 0),
    HOST(make, "float64[::1](int64)", NULL, 0),
    HOST(lend, "float64[:]()", lent, 0),
    HOST(nothing, "float64[::1]()", NULL, 0),
    HOST(of_pair, "float64(Tuple((int8, float64)))", NULL, 0),
    HOST(to_pair, "Tuple((int8, float64))(int8, float64)", NULL, 0),
    HOST(to_row, "Tuple((int64, float64[::1]))(int64)", NULL, 0),
    HOST(many,
         "float64(int8, float64, uint16, float32, bool, int64, float64, uint8, int32, float64, int16, float64, float32, float64, float64, "
         "float64)",
         NULL, LJ_HOST_PURE),
    HOST(tick, "void()", &calls, 0),
    {"which", "int64(int64)", (lj_host_function)which_int, NULL, 0},
    {"which", "float64(float64)", (lj_host_function)which_float, NULL, 0},
    {"which", "int64(int64, int64)", (lj_host_function)which_two, NULL, 0},
    {"which", "int64(Array(float64, 1, 'C', readonly=True))", (lj_host_function)which_array, NULL, 0},
    HOST(checked, "int64(int64)", NULL, LJ_HOST_FAILS),
    HOST(guard, "void(float64[:])", NULL, LJ_HOST_FAILS),
    {"root", "float64(float64)", (lj_host_function)sqrt, NULL, LJ_HOST_NO_DATA | LJ_HOST_PURE},
    {"scaled", "float32(float32, int32)", (lj_host_function)ldexpf, NULL, LJ_HOST_NO_DATA | LJ_HOST_PURE},
    HOST(small, "int8(int8, uint8, int16, bool)", NULL, LJ_HOST_NO_DATA),
    HOST(swapped, "Tuple((float64, float64))(complex128)", NULL, LJ_HOST_NO_DATA | LJ_HOST_FAILS),
};

static void set_up(void) {
  api_begin();
  calls = 0;
  host_engine(NULL, functions, LJ_COUNT(functions));
}

/* ---- what crosses -------------------------------------------------------------------------------------------------------------------- */

/* Body of f(x, y), its arguments, the result. */
static const struct {
  const char *body, *args[2], *want;
} rows[] = {
    {"return h.echo_b(x)", {"False"}, "True"},
    {"return h.echo_i8(x)", {"-128"}, "-127"},
    {"return h.echo_i8(x)", {"127"}, "-128"},
    {"return h.echo_i16(x) + 0", {"-32768"}, "-32767"},
    {"return h.echo_i32(x)", {"-2147483648"}, "-2147483647"},
    {"return h.echo_i64(x)", {"-9223372036854775808"}, "-9223372036854775807"},
    {"return h.echo_u8(x) + 1000", {"255"}, "1000"},
    {"return h.echo_u8(x) + 1000", {"254"}, "1255"},
    {"return h.echo_u16(x)", {"65534"}, "65535"},
    {"return h.echo_u32(x)", {"4294967294"}, "4294967295"},
    {"return h.echo_u64(x)", {"18446744073709551614"}, "18446744073709551615"},
    {"return h.echo_f32(x)", {"0.1"}, "1.100000023841858"},
    {"return h.echo_f64(x)", {"0.1"}, "1.1"},
    {"return h.echo_f64(x)", {"3"}, "4.0"},
    {"return h.echo_f64(x)", {"True"}, "2.0"},
    {"return h.wide_b(x)", {"True"}, "(1-1j)"},
    {"return h.wide_i8(x)", {"-128"}, "(-128-1j)"},
    {"return h.wide_i16(x)", {"-300"}, "(-300-1j)"},
    {"return h.wide_i32(x)", {"-70000"}, "(-70000-1j)"},
    {"return h.wide_i64(x)", {"-70000"}, "(-70000-1j)"},
    {"return h.wide_u8(x)", {"200"}, "(200-1j)"},
    {"return h.wide_u16(x)", {"60000"}, "(60000-1j)"},
    {"return h.wide_u32(x)", {"4000000000"}, "(4000000000-1j)"},
    {"return h.wide_u64(x)", {"9007199254740992"}, "(9007199254740992-1j)"},
    {"return h.wide_f32(x)", {"0.5"}, "(0.5-1j)"},
    {"return h.wide_f64(x)", {"0.1"}, "(0.1-1j)"},
    {"return h.conj128(x)", {"1+2j"}, "(1-2j)"},
    {"return h.conj128(x)", {"5"}, "(5-0j)"},
    {"return h.conj64(x)", {"1+2j"}, "(1-2j)"},
    {"return h.length(x), h.length('')", {"'äb'"}, "(3, 0)"},
    {"return h.shout(h.shout(x))", {"'hey'"}, "'hey!!'"},
    {"return h.shout(f'{x}')", {"12"}, "'12!'"},
    {"return h.name_of(0) + 0 if False else h.name_of(1)", {"0"}, "'two'"},
    {"return h.strided(x), h.strided(x[::-1]), h.strided(x[::2])", {"[1., 2., 3.]"}, "(123.0, 321.0, 13.0)"},
    {"return h.contiguous(x)", {"[1., 2., 3.]"}, "11.0"},
    {"return h.layout(np.zeros((2, 3), np.int32)), h.layout(np.zeros((2, 3), np.int32).T)", {"0"}, "(2031204, 3020412)"},
    {"h.fill(x, 5)\nreturn x", {"[1., 2., 3.]"}, "array([5., 6., 7.])"},
    {"h.fill(x[1:], 5)\nreturn x", {"[1., 2., 3.]"}, "array([1., 5., 6.])"},
    {"return h.make(3)", {"0"}, "array([0., 2., 4.])"},
    {"return h.make(x) + h.make(x)", {"3"}, "array([0., 4., 8.])"},
    {"a = h.make(x)\na = h.make(x + 1)\na[0] = -1\nreturn a[::2]", {"3"}, "array([-1.,  4.])"},
    {"h.make(3)\nreturn len(h.make(0)), len(h.nothing())", {"0"}, "(0, 0)"},
    {"return h.lend()[1]", {"0"}, "8.0"},
    {"return h.of_pair((x, 0.5))", {"-3"}, "-2.5"},
    {"return h.to_pair(x, x)", {"-3"}, "(-3, -3.0)"},
    {"n, a = h.to_row(x)\nreturn a, n", {"2"}, "(array([0., 2.]), -2)"},
    {"return h.many(1, 2, 3, 4, True, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6)", {"0"}, "6543219876514321.0"},
    {"h.tick()\nfor i in range(x):\n    h.tick()\nreturn None", {"3"}, "None"},
    {"return h.which(x)", {"3"}, "3"},
    {"return h.which(x)", {"3.0"}, "3.5"},
    {"return h.which(np.int8(x))", {"3"}, "3"},
    {"return h.which(np.float32(x))", {"3"}, "3.5"},
    {"return h.which(x, y)", {"3", "4"}, "304"},
    {"return h.which(x)", {"[1., 2.]"}, "-2"},
    {"return h.which(T)", {"0"}, "-3"},
    {"g = h.which\nreturn g(x)", {"3"}, "3"},
    {"return twice(h.which, x)", {"3"}, "6"},
    {"return h.checked(x)", {"10"}, "20"},
    {"h.guard(np.ones(x))\nreturn x", {"1"}, "1"},
    {"return h.length(f'{x}{x}') + h.length(h.shout(f'{x}'))", {"12"}, "7"},
    {"return h.root(x), h.scaled(0.75, x)", {"16"}, "(4.0, 49152.0)"},
    {"return h.small(x, 250, -400, True), h.small(-x, 0, 0, False)", {"3"}, "(29, -3)"},
    {"return h.swapped(x)", {"1+2j"}, "(2.0, 1.0)"},
    {"return elementwise(np.array([1.0, 2.0]))", {"0"}, "array([2., 3.])"},
    {"return np.array([h.echo_i64(i) for i in range(3)])", {"0"}, "array([1, 2, 3])"},
    {"return sum(h.echo_i64(i) for i in range(x))", {"4"}, "10"},
};

static void load_body(const char *body, const char *params) {
  char text[2000] = "import numpy as np\nfrom numba import vectorize\nimport host as h\nfrom host import echo_f64\n"
                    "T = np.array([1.0, 2.0, 3.0])\n"
                    "def twice(g, x):\n    return g(x) + g(x)\n"
                    "@vectorize\ndef elementwise(x):\n    return echo_f64(x)\n";
  sprintf(text + strlen(text), "def f(%s):\n", params);
  for (const char *line = body; *line;) {
    size_t n = strcspn(line, "\n");
    sprintf(text + strlen(text), "    %.*s\n", (int)n, line);
    line += n + (line[n] == '\n');
  }
  host_load(text);
}

START_TEST(host_crosses) {
  load_body(rows[_i].body, rows[_i].args[1] ? "x, y" : "x");
  host_expect("f", rows[_i].args, 2, rows[_i].want);
}
END_TEST

START_TEST(host_is_called_as_often_as_the_program_says) {
  host_load("from host import tick\ndef f(n):\n    for i in range(n):\n        tick()\n        if i > 2:\n            tick()\n");
  host_expect("f", (const char *[]){"10"}, 1, "None");
  ck_assert_int_eq(calls, 17);
}
END_TEST

/* A number that a function gives to the top level is Python's. */
START_TEST(host_at_the_top_level) {
  lj_text out;
  host_load("from host import echo_f32, tick, make\ntick()\nx = echo_f32(0.1), make(2)\n");
  ck_assert_msg(lj_module_run(module, report) == LJ_OK, "%s", lj_report_text(report));
  ck_assert_int_eq(calls, 1);
  ck_assert_int_eq(lj_module_emit(module, "types", NULL, NULL, report, &out), LJ_OK);
  ck_assert_msg(strstr(out.data, "echo_f32(0.1): float64"), "%s", out.data);
  lj_text_free(&out);
}
END_TEST

/* ---- what is refused ----------------------------------------------------------------------------------------------------------------- */

/* A program, and what its loading or the call f(1) says. */
static const struct {
  const char *text, *want;
} wrong[] = {
    {"from host import eco_f64\n", "test.lp:1:18: error: ImportError: the host has no function 'eco_f64'"},
    {"from host import eco_f64\n", "did you mean 'echo_f64'?"},
    {"from host import something\n", "functions are registered before the module is loaded, with lj_engine_register()"},
    {"import host\ndef f(x):\n    return host.whic(x)\n", "3:17: error: AttributeError: the host has no function 'whic'"},
    {"import host\ndef f(x):\n    return host.whic(x)\n", "did you mean 'which'?"},
    {"from host import _function\n", "the host has no function '_function'"},
    {"import hots\n", "there is no module 'hots' here"},
    {"from host import echo_f64\ndef f(x):\n    return echo_f64('s')\n",
     "3:12: error: TypeError: the host's function echo_f64() does not take (str)"},
    {"from host import echo_f64\ndef f(x):\n    return echo_f64(x, x)\n", "echo_f64() does not take (int64, int64)"},
    {"from host import echo_f64\ndef f(x):\n    return echo_f64()\n", "echo_f64() does not take ()"},
    {"from host import which\ndef f(x):\n    return which('s')\n", "note: it is registered as float64(float64)"},
    {"from host import which\ndef f(x):\n    return which('s')\n", "note: it is registered as int64(int64, int64)"},
    {"from host import echo_f64\ndef f(x):\n    return echo_f64(x=1)\n", "got an unexpected keyword argument 'x'"},
    {"from host import contiguous\nimport numpy as np\ndef f(x):\n    return contiguous(np.ones(4)[::2])\n",
     "contiguous() does not take (array(float64, 1d, A))"},
    {"from host import fill\nimport numpy as np\nT = np.ones(3)\ndef f(x):\n    fill(T, 1)\n",
     "fill() does not take (readonly array(float64, 1d, C), int64)"},
    {"from host import layout\nimport numpy as np\ndef f(x):\n    return layout(np.ones((2, 2)))\n",
     "does not take (array(float64, 2d, C))"},
    {"from host import echo_f64\ndef f(x):\n    return echo_f64(1j)\n", "echo_f64() does not take (complex128)"},
    {"from host import tick\ndef f(x):\n    return tick() + 1\n", "unsupported operand types"},
    {"from host import tick\ntick = 3\n", "'tick' is imported and also assigned"},
    {"from host import tick\nfrom math import sqrt as tick\n", "imported as something else"},
};

START_TEST(host_refuses) {
  lj_status status = lj_module_load(engine, "test.lp", wrong[_i].text, strlen(wrong[_i].text), 0, report, &module);
  lj_value one = lj_int64(1);
  if (status == LJ_OK) status = lj_call(lj_module_find(module, "f"), &one, 1, NULL, report);
  ck_assert_int_eq(status, LJ_ERROR);
  ck_assert_msg(strstr(lj_report_text(report), wrong[_i].want), "%s", lj_report_text(report));
}
END_TEST

/* What cannot be registered; the reason. */
static const struct {
  const char *name, *signature;
  unsigned flags;
  const char *want;
} misuses[] = {
    {"g h", "int64()", 0, "'g h' is no name for a function"},
    {"", "int64()", 0, "'' is no name"},
    {"1g", "int64()", 0, "no name"},
    {"lambda", "int64()", 0, "'lambda' is no name for a function"},
    {"None", "int64()", 0, "no name"},
    {"g", "flaot64(int64)", 0, "the signature \"flaot64(int64)\" of g(): 'flaot64' is not a type; did you mean 'float64'?"},
    {"g", "int64(", 0, "the signature \"int64(\" of g(): "},
    {"g", "", 0, "of g(): "},
    {"g", "int64, int64", 0, "names no result"},
    {"g", "int64", 0, "names no result"},
    {"g", "optional(int64)(int64)", 0, "cannot give"},
    {"g", "int64(optional(int64))", 0, "cannot take"},
    {"g", "int64(void)", 0, "g() cannot take none"},
    {"g", "void()", 16, "there are no flags 0x10"},
    {"g", "int64()", LJ_HOST_PURE | LJ_HOST_FAILS, "cannot be pure and fail"},
    {"g", "void()", LJ_HOST_PURE, "is pure and must give a number, not none"},
    {"g", "str()", LJ_HOST_PURE, "is pure and must give a number, not str"},
    {"echo_f64", "int64(float64)", 0, "echo_f64() is registered with these arguments already"},
};

START_TEST(host_misuse) {
  lj_status status =
      lj_engine_register(engine, misuses[_i].name, misuses[_i].signature, (lj_host_function)tick, NULL, misuses[_i].flags, report);
  ck_assert_int_eq(status, LJ_MISUSE);
  ck_assert_msg(strstr(lj_report_text(report), misuses[_i].want), "%s", lj_report_text(report));
}
END_TEST

START_TEST(host_misuse_of_null) {
  ck_assert_int_eq(lj_engine_register(NULL, "g", "void()", (lj_host_function)tick, NULL, 0, report), LJ_MISUSE);
  ck_assert_int_eq(lj_engine_register(engine, NULL, "void()", (lj_host_function)tick, NULL, 0, NULL), LJ_MISUSE);
  ck_assert_int_eq(lj_engine_register(engine, "g", NULL, (lj_host_function)tick, NULL, 0, NULL), LJ_MISUSE);
  ck_assert_int_eq(lj_engine_register(engine, "g", "void()", NULL, NULL, 0, NULL), LJ_MISUSE);
  ck_assert_int_eq(lj_engine_register(engine, "g", "void()", (lj_host_function)tick, &calls, LJ_HOST_NO_DATA, report), LJ_MISUSE);
  ck_assert_str_eq(lj_report_get(report, 0)->message, "g() has no parameter for the data that comes with it");
}
END_TEST

/* Modules see what was there when they were loaded. */
START_TEST(host_registered_later) {
  static const char text[] = "from host import late\ndef f(x):\n    return late(x)\n";
  ck_assert_int_eq(lj_module_load(engine, "test.lp", text, strlen(text), 0, report, &module), LJ_ERROR);
  ck_assert_int_eq(lj_engine_register(engine, "late", "float64(float64)", (lj_host_function)which_float, NULL, 0, report), LJ_OK);
  host_load(text);
  ck_assert_int_eq(lj_engine_register(engine, "late", "int64(int64)", (lj_host_function)which_int, NULL, 0, report), LJ_OK);
  host_expect("f", (const char *[]){"1"}, 1, "1.5");
}
END_TEST

START_TEST(host_without_functions) {
  static const char text[] = "from host import tick\n";
  api_close();
  ck_assert_int_eq(lj_engine_new(NULL, report, &engine), LJ_OK);
  ck_assert_int_eq(lj_module_load(engine, "test.lp", text, strlen(text), 0, report, &module), LJ_ERROR);
  ck_assert_str_eq(lj_report_text(report), "test.lp:1:18: error: ImportError: the host has no function 'tick'\n"
                                           "    1 | from host import tick\n"
                                           "      |                  ^~~~\n"
                                           "test.lp:1:18: note: it has none: a program that embeds loopjit registers functions with "
                                           "lj_engine_register()\n"
                                           "    1 | from host import tick\n"
                                           "      |                  ^~~~\n");
}
END_TEST

/* ---- failures ------------------------------------------------------------------------------------------------------------------------ */

static const struct {
  const char *arg, *kind, *message;
} failures[] = {
    {"1", "ValueError", "x is 1, 100%"},
    {"2", "RuntimeError", "NoSuchError: two"},
    {"3", "RuntimeError", "the host's function checked() failed with status 42"},
    {"4", "RuntimeError", "four"},
    {"5", "KeyError", ""},
};

/* Small functions are spliced into their callers; the chain of calls stays the same. */
START_TEST(host_fails) {
  lj_value arg;
  host_load("from host import checked\n"
            "def inner(x):\n    return checked(x) + checked(0)\n"
            "def loops(x):\n    s = 0\n    for i in range(3):\n        s += inner(x if i == 2 else 0)\n    return s\n"
            "def f(x):\n    return loops(x)\n");
  ck_assert_int_eq(lj_value_parse(failures[_i].arg, 1, report, &arg), LJ_OK);
  for (int again = 0; again < 2; again++) {
    ck_assert_int_eq(lj_call(lj_module_find(module, "f"), &arg, 1, NULL, report), LJ_ERROR);
    const lj_diagnostic *d = lj_report_get(report, 0);
    ck_assert_str_eq(d->kind, failures[_i].kind);
    ck_assert_str_eq(d->message, failures[_i].message);
    ck_assert_uint_eq(d->line, 3);
    ck_assert_uint_eq(d->column, 12);
    ck_assert_uint_eq(lj_report_count(report), 3);
    ck_assert_uint_eq(lj_report_get(report, 1)->line, 7);
    ck_assert_uint_eq(lj_report_get(report, 2)->line, 10);
    host_expect("f", (const char *[]){"0"}, 1, "0");
  }
}
END_TEST

/* What came before the failure stays, and what the function owned is given back. */
START_TEST(host_fails_with_arrays) {
  double x[3] = {1, 2, 3};
  lj_value arg = lj_array1d(LJ_FLOAT64, x, 3);
  host_load("from host import guard, make\nimport numpy as np\n"
            "def f(x):\n    a = make(10)\n    for i in range(3):\n        x[i] = -x[i]\n        guard(a[: 1 - i] + 0)\n    return a\n");
  ck_assert_int_eq(lj_call(lj_module_find(module, "f"), &arg, 1, NULL, report), LJ_ERROR);
  ck_assert_str_eq(lj_report_get(report, 0)->message, "empty");
  ck_assert(x[0] == -1 && x[1] == -2 && x[2] == 3);
}
END_TEST

/* A native entry says the same. */
START_TEST(host_fails_in_entry) {
  lj_kernel *kernel;
  host_load("from host import checked\ndef f(x):\n    return checked(x)\n");
  ck_assert_int_eq(lj_specialise(lj_module_find(module, "f"), "int64", report, &kernel), LJ_OK);
  lj_context *context = lj_context_new(engine);
  int64_t arg = 1, result = 0;
  ck_assert_int_ne(lj_kernel_entry(kernel)(context, &arg, &result), 0);
  lj_context_report(context, report);
  ck_assert_str_eq(lj_report_get(report, 0)->message, "x is 1, 100%");
  arg = 6;
  ck_assert_int_eq(lj_kernel_entry(kernel)(context, &arg, &result), 0);
  ck_assert_int_eq(result, 12);
  lj_context_free(context);
}
END_TEST

/* A host function may call kernels of other modules. */
static lj_module *other;
static double again(void *data, double x) {
  lj_value arg = lj_float64(x), result;
  (void)data;
  return lj_call(lj_module_find(other, "g"), &arg, 1, &result, NULL) == LJ_OK ? result.as.f : -1;
}

START_TEST(host_calls_the_library) {
  static const char text[] = "def g(x):\n    return x * 2\n";
  ck_assert_int_eq(lj_engine_register(engine, "again", "float64(float64)", (lj_host_function)again, NULL, 0, report), LJ_OK);
  ck_assert_int_eq(lj_module_load(engine, "other.lp", text, strlen(text), 0, report, &other), LJ_OK);
  host_load("from host import again\ndef f(x):\n    return again(x) + 1\n");
  host_expect("f", (const char *[]){"2.5"}, 1, "6.0");
  lj_module_free(other);
}
END_TEST

/* A host function that calls what calls it, without end. */
static int deeper(void *data, lj_failure *failure, int64_t n, int64_t *result) {
  lj_value arg = lj_int64(n + 1), value;
  lj_report *inner = lj_report_new();
  lj_status status = lj_call(lj_module_find(module, "f"), &arg, 1, &value, inner);
  (void)data;
  if (status == LJ_OK) *result = value.as.i;
  if (status != LJ_OK) status = (lj_status)lj_fail(failure, lj_report_get(inner, 0)->kind, "%s", lj_report_get(inner, 0)->message);
  lj_report_free(inner);
  return (int)status;
}

START_TEST(host_recurses) {
  ck_assert_int_eq(lj_engine_register(engine, "deeper", "int64(int64)", (lj_host_function)deeper, NULL, LJ_HOST_FAILS, report), LJ_OK);
  host_load("from host import deeper\ndef f(x):\n    return deeper(x)\n");
  lj_value arg = lj_int64(1);
  ck_assert_int_eq(lj_call(lj_module_find(module, "f"), &arg, 1, NULL, report), LJ_ERROR);
  ck_assert_str_eq(lj_report_get(report, 0)->kind, "RecursionError");
  ck_assert_str_eq(lj_report_get(report, 0)->message, "maximum recursion depth exceeded");
}
END_TEST

Suite *suite_host(void);
Suite *suite_host(void) {
  Suite *suite = suite_create("host");
  TCase *tc = tcase_create("host");
  tcase_add_checked_fixture(tc, set_up, api_end);
  tcase_add_loop_test(tc, host_crosses, 0, LJ_COUNT(rows));
  tcase_add_test(tc, host_is_called_as_often_as_the_program_says);
  tcase_add_test(tc, host_at_the_top_level);
  tcase_add_loop_test(tc, host_refuses, 0, LJ_COUNT(wrong));
  tcase_add_loop_test(tc, host_misuse, 0, LJ_COUNT(misuses));
  tcase_add_test(tc, host_misuse_of_null);
  tcase_add_test(tc, host_registered_later);
  tcase_add_test(tc, host_without_functions);
  tcase_add_loop_test(tc, host_fails, 0, LJ_COUNT(failures));
  tcase_add_test(tc, host_fails_with_arrays);
  tcase_add_test(tc, host_fails_in_entry);
  tcase_add_test(tc, host_calls_the_library);
  tcase_add_test(tc, host_recurses);
  suite_add_tcase(suite, tc);
  return suite;
}
