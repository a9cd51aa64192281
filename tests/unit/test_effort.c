/* Large functions are made in pieces, which mean what the whole meant. */
#include <stdio.h>

#include "base/strbuf.h"
#include "tests/unit/api_help.h"

enum { N = 40, LOOPS = 300 };

static void open_large(bool interruptible) {
  StrBuf source = {0};
  sb_puts(&source, "import numpy as np\ndef f(a, b, n):\n    s = 0.0\n    k = 0\n    t = (0, 1.0)\n");
  for (int i = 0; i < LOOPS; i++)
    sb_printf(&source,
              "    for i in range(n):\n        s = 0.5 * s + 0.25 * a[i] + %d.0\n        b[i] = s\n        k = i\n        t = (i, s)\n",
              i % 7);
  sb_puts(&source, "    return s + k + t[0] + t[1]\n");
  lj_config config;
  lj_config_init(&config);
  config.interruptible = interruptible;
  api_open(&config, sb_text(&source));
  sb_drop(&source);
}

START_TEST(is_made_in_pieces) {
  lj_text text;
  open_large(false);
  const char *signature = "float64[::1], float64[::1], int64";
  ck_assert_int_eq(lj_module_emit(module, "explain", lj_module_find(module, "f"), signature, report, &text), LJ_OK);
  ck_assert_ptr_nonnull(strstr(text.data, "a function of its own"));
  lj_text_free(&text);
}
END_TEST

static lj_status call_large(double *a, double *b, int64_t n, double *out) {
  lj_value args[] = {lj_array1d(LJ_FLOAT64, a, N), lj_array1d(LJ_FLOAT64, b, N), lj_int64(n)}, result = {0};
  lj_status status = lj_call(lj_module_find(module, "f"), args, 3, &result, report);
  if (status == LJ_OK) *out = result.as.f;
  return status;
}

/* What the pieces set comes back, also from code that asks whether to stop; with one array for both the loops run that have checks. */
START_TEST(values_come_back) {
  double a[N], b[N], want[N], s = 0, got;
  bool same = _i % 2;
  open_large(_i / 2);
  for (int i = 0; i < N; i++) a[i] = want[i] = i + 1;
  for (int k = 0; k < LOOPS; k++)
    for (int i = 0; i < N; i++) {
      s = 0.5 * s + 0.25 * want[i] + k % 7;
      if (same) want[i] = s;
    }
  ck_assert_int_eq(call_large(a, same ? a : b, N, &got), LJ_OK);
  ck_assert_double_eq(got, s + (N - 1) + (N - 1) + s);
  for (int i = 0; i < N; i++) ck_assert_double_eq(a[i], want[i]);
  ck_assert_double_eq(same ? s : b[N - 1], s);
}
END_TEST

START_TEST(errors_come_through) {
  static double a[N], b[N];
  double got;
  open_large(false);
  ck_assert_int_eq(call_large(a, b, N + 1, &got), LJ_ERROR);
  ck_assert_ptr_nonnull(strstr(lj_report_text(report), "IndexError: index 40 is out of bounds"));
  ck_assert_ptr_nonnull(strstr(lj_report_text(report), ":7:")); /* in the first loop */
}
END_TEST

Suite *suite_effort(void);
Suite *suite_effort(void) {
  Suite *suite = suite_create("effort");
  TCase *tc = tcase_create("pieces");
  tcase_set_timeout(tc, 60);
  tcase_add_checked_fixture(tc, api_begin, api_end);
  tcase_add_test(tc, is_made_in_pieces);
  tcase_add_loop_test(tc, values_come_back, 0, 4);
  tcase_add_test(tc, errors_come_through);
  suite_add_tcase(suite, tc);
  return suite;
}
