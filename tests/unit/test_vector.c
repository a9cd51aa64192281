/* Vector forms of the math functions: under fastmath loops call them, in strict code never. Needs x86-64 and glibc's libmvec, as those functions do. */
#include <stdio.h>

#include "runtime/rt.h"
#include "tests/unit/api_help.h"

/* The expression of a loop over x (and y) of this type; the end of the name of the vector function that it must call. */
static const struct {
  const char *type, *expression, *want;
} rows[] = {
    {"float64", "np.exp(x[i])", "v_exp("},
    {"float64", "math.log(x[i])", "v_log("},
    {"float64", "np.log2(x[i])", "v_log2("},
    {"float64", "np.log10(x[i])", "v_log10("},
    {"float64", "np.log1p(x[i])", "v_log1p("},
    {"float64", "np.expm1(x[i])", "v_expm1("},
    {"float64", "math.sin(x[i])", "v_sin("},
    {"float64", "math.cos(x[i])", "v_cos("},
    {"float64", "math.tan(x[i])", "v_tan("},
    {"float64", "np.tanh(x[i])", "v_tanh("},
    {"float64", "math.erf(x[i])", "v_erf("},
    {"float64", "math.erfc(x[i])", "v_erfc("},
    {"float64", "x[i] ** y[i]", "vv_pow("},
    {"float64", "math.atan2(x[i], y[i])", "vv_atan2("},
    {"float64", "np.hypot(x[i], y[i])", "vv_hypot("},
    {"float64", "np.cbrt(x[i])", "v_cbrt("},
    {"float32", "np.exp(x[i])", "v_expf("},
    {"float32", "np.log(x[i])", "v_logf("},
    {"float32", "np.sin(x[i])", "v_sinf("},
    {"float32", "np.tanh(x[i])", "v_tanhf("},
    {"float32", "x[i] ** y[i]", "vv_powf("},
    {"float64", "1.0 / (1.0 + math.exp(-x[i]))", "v_exp("},
};

static int calls_for(const char *cpu, int row, bool fastmath, const char *part) {
  char source[512], signature[64];
  lj_config config;
  lj_text text;
  snprintf(source, sizeof source, "import math\nimport numpy as np\ndef f(x, y, out):\n    for i in range(len(x)):\n        out[i] = %s\n",
           rows[row].expression);
  snprintf(signature, sizeof signature, "%s[::1], %s[::1], %s[::1]", rows[row].type, rows[row].type, rows[row].type);
  lj_config_init(&config);
  config.fastmath = fastmath;
  config.cpu = cpu;
  api_close();
  api_open(&config, source);
  lj_status status = lj_module_emit(module, "llvm-opt", lj_module_find(module, "f"), signature, report, &text);
  ck_assert_msg(status == LJ_OK, "%s", lj_report_text(report));
  int found = 0;
  for (const char *at = text.data; (at = strstr(at, part)); at++) {
    const char *line = at;
    while (line > text.data && line[-1] != '\n') line--;
    found += strncmp(line, "declare", 7) != 0;
  }
  lj_text_free(&text);
  return found;
}

static int calls(int row, bool fastmath, const char *part) { return calls_for(NULL, row, fastmath, part); }

START_TEST(fastmath_calls_vector_forms) {
  ck_assert_msg(calls(_i, true, rows[_i].want) > 0, "%s: no call of %s", rows[_i].expression, rows[_i].want);
}
END_TEST
START_TEST(strict_does_not) { ck_assert_int_eq(calls(_i, false, "_ZGV"), 0); }
END_TEST

/* Vectors as long as the named processor has them, whatever this one has. */
static const struct {
  const char *cpu, *want, *never;
} processors[] = {
    {"x86-64", "_ZGVbN2v_exp(", "_ZGVdN4v_exp("},
    {"haswell", "_ZGVdN4v_exp(", "_ZGVeN8v_exp("},
    {"znver3", "_ZGVdN4v_exp(", "_ZGVeN8v_exp("},
    {"znver4", "_ZGVeN8v_exp(", "_ZGVcN4v_exp("},
};
START_TEST(vectors_of_named_processors) {
  ck_assert_int_gt(calls_for(processors[_i].cpu, 0, true, processors[_i].want), 0);
  ck_assert_int_eq(calls_for(processors[_i].cpu, 0, true, processors[_i].never), 0);
}
END_TEST

/* Vectors that live across a call lie in the frame; half of them would lie in two cache lines. */
START_TEST(frames_are_aligned_for_vectors) {
  ck_assert_int_gt(calls(0, true, "stackrealign"), 0);
  ck_assert_int_eq(calls(0, false, "stackrealign"), 0);
}
END_TEST

Suite *suite_vector(void);
Suite *suite_vector(void) {
  Suite *suite = suite_create("vector");
  TCase *tc = tcase_create("vector");
  int count = lj_rt_symbol("_ZGVdN4v_exp") ? (int)LJ_COUNT(rows) : 0;
  tcase_add_checked_fixture(tc, api_begin, api_end);
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, fastmath_calls_vector_forms, 0, count);
  tcase_add_loop_test(tc, strict_does_not, 0, (int)LJ_COUNT(rows));
  tcase_add_loop_test(tc, vectors_of_named_processors, 0, count ? (int)LJ_COUNT(processors) : 0);
  if (count) tcase_add_test(tc, frames_are_aligned_for_vectors);
  suite_add_tcase(suite, tc);
  return suite;
}
