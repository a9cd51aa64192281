/* Parallel loops through the public interface: the race checker, schedules, the same bits whatever runs them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "include/loopjit.h"
#include "jit/engine.h"
#include "runtime/rt_schedule.h"

static lj_report *report;
static lj_engine *engine;
static lj_module *module;

static void set_up(void) { report = lj_report_new(); }
static void tear_down(void) {
  lj_module_free(module);
  lj_engine_free(engine);
  lj_report_free(report);
  module = NULL, engine = NULL;
}

static void open(const lj_config *config, const char *source) {
  ck_assert_msg(lj_engine_new(config, report, &engine) == LJ_OK, "%s", lj_report_text(report));
  lj_status status = lj_module_load(engine, "test.lp", source, strlen(source), 0, report, &module);
  ck_assert_msg(status == LJ_OK, "%s", lj_report_text(report));
}

/* ---- races --------------------------------------------------------------------------------------------------------------------------- */

#define SCATTER                                                                                                                            \
  "from numba import njit, prange\n"                                                                                                       \
  "@njit\n"                                                                                                                                \
  "def f(a, at):\n"                                                                                                                        \
  "    for i in prange(len(at)):\n"                                                                                                        \
  "        a[at[i]] = i\n"

static lj_status scatter(const char *at) {
  double a[8] = {0};
  lj_value args[2] = {lj_array1d(LJ_FLOAT64, a, 8)};
  ck_assert_int_eq(lj_value_parse(at, strlen(at), report, &args[1]), LJ_OK);
  lj_status status = lj_call(lj_module_find(module, "f"), args, 2, NULL, report);
  lj_value_free(&args[1]);
  return status;
}

START_TEST(race_is_an_error_with_both_places) {
  lj_config config;
  lj_config_init(&config);
  ck_assert(!config.race_check);
  config.race_check = true;
  open(&config, SCATTER);
  for (int round = 0; round < 3; round++) { /* an error leaves nothing behind */
    ck_assert_msg(scatter("[3, 1, 2]") == LJ_OK, "%s", lj_report_text(report));
    ck_assert_int_eq(scatter("[3, 1, 5, 1]"), LJ_ERROR);
    ck_assert_uint_eq(lj_report_errors(report), 1);
    ck_assert_uint_eq(lj_report_count(report), 2);
    ck_assert_str_eq(lj_report_get(report, 0)->kind, "RuntimeError");
    ck_assert_str_eq(lj_report_get(report, 0)->message, "prange: a race: iterations 1 and 3 both use a[1]; this one stores into it");
    ck_assert_int_eq(lj_report_get(report, 1)->severity, LJ_SEVERITY_NOTE);
    ck_assert_uint_eq(lj_report_get(report, 1)->line, 5);
  }
}
END_TEST

START_TEST(race_is_not_looked_for_unasked) {
  open(NULL, SCATTER);
  ck_assert_int_eq(scatter("[3, 1, 5, 1]"), LJ_OK);
}
END_TEST

START_TEST(race_state_of_a_context_ends_with_its_error) {
  lj_config config;
  lj_config_init(&config);
  config.race_check = true;
  open(&config, SCATTER);
  lj_kernel *kernel;
  ck_assert_int_eq(lj_specialise(lj_module_find(module, "f"), "float64[::1], int64[::1]", report, &kernel), LJ_OK);
  lj_context *context = lj_context_new(engine);
  double a[8] = {0};
  int64_t at[2][2] = {{1, 1}, {1, 2}};
  for (int i = 0; i < 4; i++) {
    struct {
      void *data, *owner;
      int64_t shape, stride;
    } args[2] = {{a, NULL, 8, 8}, {at[i % 2], NULL, 2, 8}};
    ck_assert_int_eq(lj_kernel_entry(kernel)(context, args, NULL) != 0, i % 2 == 0);
    lj_context_report(context, report);
    ck_assert_uint_eq(lj_report_errors(report), i % 2 == 0);
  }
  lj_context_free(context);
}
END_TEST

/* ---- schedules ----------------------------------------------------------------------------------------------------------------------- */

static const struct {
  const char *text;
  int kind; /* -1: refused */
  int64_t chunk;
} schedules[] = {
    {"static", SCHEDULE_STATIC, 0},
    {"dynamic", SCHEDULE_DYNAMIC, 0},
    {"guided", SCHEDULE_GUIDED, 0},
    {"auto", SCHEDULE_DEFAULT, 0},
    {"dynamic,16", SCHEDULE_DYNAMIC, 16},
    {"monotonic:static,4", SCHEDULE_STATIC, 4},
    {"", -1, 0},
    {"dynamics", -1, 0},
    {"static,", -1, 0},
    {"static,0", -1, 0},
    {"static,4x", -1, 0},
    {"static,-3", -1, 0},
};

START_TEST(schedules_as_the_environment_has_them) {
  Schedule got = {SCHEDULE_DEFAULT, 99};
  bool ok = lj_schedule_parse(schedules[_i].text, &got);
  ck_assert_int_eq(ok ? (int)got.kind : -1, schedules[_i].kind);
  if (ok) ck_assert_int_eq(got.chunk, schedules[_i].chunk);
}
END_TEST

/* Everything whose order could show: float sums and products, elements, extremes with an index, last values; triangular work; an error. */
static const char mixed[] = "from numba import njit, prange, set_parallel_chunksize, get_parallel_chunksize\n"
                            "import numpy as np\n"
                            "@njit(parallel=True, error_model='python')\n"
                            "def f(x, bad):\n"
                            "    n = len(x)\n"
                            "    s, p, hi, at, last = 0.1, 1.0, -1.0, -1, -1\n"
                            "    h = np.zeros(7)\n"
                            "    y = np.empty(n)\n"
                            "    for i in prange(n):\n"
                            "        s += x[i] * 0.1\n"
                            "        p *= 1.0 + x[i] * 1e-9\n"
                            "        h[i % 7] += x[i] / 3.0\n"
                            "        if x[i] > hi:\n"
                            "            hi = x[i]\n"
                            "            at = i\n"
                            "        if x[i] < 100.0:\n"
                            "            last = i\n"
                            "    for i in prange(n - 1, -1, -1):\n"
                            "        y[i] = np.sqrt(x[i]) + i\n"
                            "    t = np.zeros(600)\n"
                            "    for i in prange(600):\n"
                            "        for j in range(i):\n"
                            "            t[i] += x[j] * y[j]\n"
                            "        if i == bad or i == bad + 40:\n"
                            "            raise ValueError(f'{i}')\n"
                            "    return s + p, hi, at, last, h, t, np.sum(y), y\n";

enum { NEVER = -1000 };

static char *run_mixed(int bad) {
  enum { SIZE = 30000 };
  static double x[SIZE];
  for (int i = 0; i < SIZE; i++) x[i] = (double)((i * 7919L) % 10007) * 0.37;
  lj_value args[2] = {lj_array1d(LJ_FLOAT64, x, SIZE), lj_int64(bad)}, result = lj_none();
  lj_status status = lj_call(lj_module_find(module, "f"), args, 2, &result, report);
  ck_assert_msg(status == (bad == NEVER ? LJ_OK : LJ_ERROR), "%s", lj_report_text(report));
  lj_text text = {0};
  uint64_t bits[6] = {0};
  if (status == LJ_OK) {
    lj_value_format(&result, true, &text);
    for (size_t i = 0; i < 8; i++) { /* what printing rounds, in full */
      const lj_value *v = &result.as.tuple.items[i];
      const double *d = v->kind == LJ_KIND_ARRAY ? v->as.array.data : &v->as.f;
      int64_t count = v->kind == LJ_KIND_ARRAY ? v->as.array.shape[0] : 1;
      for (int64_t k = 0; k < count; k++) {
        uint64_t one;
        memcpy(&one, &d[k], sizeof one);
        bits[i % 6] = bits[i % 6] * 0x9E3779B97F4A7C15u + one;
      }
    }
  }
  char *all = malloc(text.length + 400);
  ck_assert_ptr_nonnull(all);
  snprintf(all, text.length + 400, "%s %s %llx %llx %llx %llx %llx %llx", status == LJ_OK ? text.data : "",
           status == LJ_OK ? "" : lj_report_get(report, 0)->message, (unsigned long long)bits[0], (unsigned long long)bits[1],
           (unsigned long long)bits[2], (unsigned long long)bits[3], (unsigned long long)bits[4], (unsigned long long)bits[5]);
  lj_text_free(&text);
  lj_value_free(&result);
  return all;
}

static const int thread_counts[] = {1, 2, 3, 7, 64};

START_TEST(schedules_change_no_bit) {
  static const int64_t chunks[] = {0, 1, 37, 5000, 1 << 20};
  int bad = _i % 2 ? 123 : NEVER;
  char *want = NULL;
  open(NULL, mixed);
  for (size_t t = 0; t < LJ_COUNT(thread_counts); t++)
    for (size_t c = 0; c < LJ_COUNT(chunks); c++) {
      engine->config.threads = thread_counts[t];
      engine->config.schedule = (lj_schedule)(_i / 2);
      engine->config.chunk = chunks[c];
      char *got = run_mixed(bad);
      if (!want) want = strdup(got);
      ck_assert_str_eq(got, want);
      free(got);
    }
  if (bad >= 0) ck_assert_ptr_nonnull(strstr(want, " 123 ")); /* the lowest iteration that fails */
  free(want);
}
END_TEST

START_TEST(schedules_that_are_none) {
  lj_config config;
  lj_config_init(&config);
  config.schedule = (lj_schedule)4;
  ck_assert_int_eq(lj_engine_new(&config, report, &engine), LJ_MISUSE);
  lj_config_init(&config);
  config.chunk = -1;
  ck_assert_int_eq(lj_engine_new(&config, report, &engine), LJ_MISUSE);
}
END_TEST

Suite *suite_parallel(void);
Suite *suite_parallel(void) {
  Suite *s = suite_create("parallel");
  TCase *tc = tcase_create("parallel");
  tcase_add_checked_fixture(tc, set_up, tear_down);
  tcase_add_test(tc, race_is_an_error_with_both_places);
  tcase_add_test(tc, race_is_not_looked_for_unasked);
  tcase_add_test(tc, race_state_of_a_context_ends_with_its_error);
  tcase_add_loop_test(tc, schedules_as_the_environment_has_them, 0, (int)LJ_COUNT(schedules));
  tcase_add_loop_test(tc, schedules_change_no_bit, 0, 8);
  tcase_add_test(tc, schedules_that_are_none);
  tcase_set_timeout(tc, 120);
  suite_add_tcase(s, tc);
  return s;
}
