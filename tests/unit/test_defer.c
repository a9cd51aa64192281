/* Divisor checks that wait for the end of a loop or block: what memory holds and what is returned is what a loop that stops at the first zero leaves. */
#include "tests/unit/api_help.h"

enum { SIZE = 700 };

typedef struct Arrays {
  double x[SIZE + 1], d[SIZE], out[SIZE], result;
} Arrays;

static bool quotients(Arrays *a, int n) {
  for (int i = 0; i < n; i++) {
    if (a->d[i] == 0) return false;
    a->out[i] = a->x[i] / a->d[i];
  }
  return true;
}
static bool in_place(Arrays *a, int n) {
  for (int i = 0; i < n; i++) {
    if (a->d[i] == 0) return false;
    a->x[i] = a->x[i] / a->d[i] + 1;
    a->out[n - 1 - i] = 2 * a->x[i];
  }
  return true;
}
static bool store_first(Arrays *a, int n) {
  for (int i = 0; i < n; i++) {
    a->out[i] = i;
    if (a->d[i] == 0) return false;
    a->out[i] = a->x[i] / a->d[i];
  }
  return true;
}
static bool one_place(Arrays *a, int n) {
  for (int i = 0; i < n; i++) {
    if (a->d[i] == 0) return false;
    a->out[0] = a->x[i] / a->d[i];
  }
  return true;
}
static bool guarded(Arrays *a, int n) {
  for (int i = 0; i < n; i++) {
    double t = a->x[i];
    if (t > 100) {
      if (a->d[i] == 0) return false;
      t /= a->d[i];
    }
    a->out[i] = t;
  }
  return true;
}
static bool neighbour(Arrays *a, int n) {
  for (int i = 0; i < n; i++) {
    if (a->d[i] == 0) return false;
    a->x[i + 1] = a->x[i] / a->d[i];
  }
  return true;
}
static bool sum(Arrays *a, int n) {
  double s = 0;
  for (int i = 0; i < n; i++) {
    if (a->d[i] == 0) return false;
    s += a->x[i] / a->d[i];
  }
  a->result = s;
  return true;
}
static bool count_and_store(Arrays *a, int n) {
  int64_t k = 0;
  for (int i = 0; i < n; i++) {
    k += i;
    if (a->d[i] == 0) return false;
    a->out[i] = a->x[i] / a->d[i] + (double)k;
  }
  a->result = (double)k;
  return true;
}

#define LOOP "def f(x, d, out, n):\n    for i in range(n):\n"
static const struct {
  const char *source;
  bool (*want)(Arrays *a, int n); /* false: it stops at a zero */
} rows[] = {
    {LOOP "        out[i] = x[i] / d[i]\n", quotients},
    {LOOP "        x[i] = x[i] / d[i] + 1\n        out[n - 1 - i] = 2 * x[i]\n", in_place},
    {LOOP "        out[i] = i\n        out[i] = x[i] / d[i]\n", store_first},
    {LOOP "        out[0] = x[i] / d[i]\n", one_place},
    {LOOP "        t = x[i]\n        if t > 100:\n            t /= d[i]\n        out[i] = t\n", guarded},
    {LOOP "        x[i + 1] = x[i] / d[i]\n", neighbour},
    {"def f(x, d, out, n):\n    s = 0.0\n    for i in range(n):\n        s += x[i] / d[i]\n    return s\n", sum},
    {"def f(x, d, out, n):\n    k = 0\n    for i in range(n):\n        k += i\n        out[i] = x[i] / d[i] + k\n    return k\n",
     count_and_store},
    {"def part(a, b):\n    return a / b\n" LOOP "        out[i] = part(x[i], d[i])\n", quotients},
};
static const int sizes[] = {0, 1, 5, 256, SIZE}, zeros[] = {-1, 0, 3, 100, 255, 256, 300, 699};

static void fill(Arrays *a, int zero) {
  memset(a, 0, sizeof *a);
  for (int i = 0; i < SIZE; i++) {
    a->x[i] = 8 * (i % 50) + 64;
    a->d[i] = i == zero ? 0 : i % 3 ? 2 : 0.5; /* exact quotients and sums: also under fastmath */
    a->out[i] = -i;
  }
}

static void run(int n, int zero, bool (*reference)(Arrays *, int)) {
  static Arrays want, got;
  fill(&want, zero);
  fill(&got, zero);
  bool fine = reference(&want, n);
  lj_value args[] = {lj_array1d(LJ_FLOAT64, got.x, SIZE + 1), lj_array1d(LJ_FLOAT64, got.d, SIZE), lj_array1d(LJ_FLOAT64, got.out, SIZE),
                     lj_int64(n)};
  lj_value result;
  lj_status status = lj_call(lj_module_find(module, "f"), args, 4, &result, report);
  ck_assert_msg(status == (fine ? LJ_OK : LJ_ERROR), "n %d, zero at %d: status %d, %s", n, zero, (int)status, lj_report_text(report));
  if (!fine) ck_assert_str_eq(lj_report_get(report, 0)->kind, "ZeroDivisionError");
  if (fine && result.kind == LJ_KIND_SCALAR) got.result = result.dtype == LJ_INT64 ? (double)result.as.i : result.as.f;
  const void *expected = &want, *found = &got; /* bit by bit */
  ck_assert_msg(memcmp(expected, found, sizeof want) == 0, "n %d, zero at %d: memory or result differs", n, zero);
}

static void check_row(int row, bool fastmath, bool no_boundscheck) {
  lj_config config;
  lj_config_init(&config);
  config.fastmath = fastmath;
  config.no_boundscheck = no_boundscheck;
  api_open(&config, rows[row].source);
  for (size_t i = 0; i < LJ_COUNT(sizes); i++)
    for (size_t k = 0; k < LJ_COUNT(zeros); k++) run(sizes[i], zeros[k], rows[row].want);
}

START_TEST(strict) { check_row(_i, false, false); }
END_TEST
START_TEST(fast) { check_row(_i, true, false); }
END_TEST
START_TEST(unchecked) { check_row(_i, true, true); }
END_TEST

Suite *suite_defer(void);
Suite *suite_defer(void) {
  Suite *suite = suite_create("defer");
  TCase *tc = tcase_create("defer");
  tcase_add_checked_fixture(tc, api_begin, api_end);
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, strict, 0, (int)LJ_COUNT(rows));
  tcase_add_loop_test(tc, fast, 0, (int)LJ_COUNT(rows));
  tcase_add_loop_test(tc, unchecked, 0, (int)LJ_COUNT(rows));
  suite_add_tcase(suite, tc);
  return suite;
}
