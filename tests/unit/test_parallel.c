/* Parallel loops through the public interface: the race checker. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "include/loopjit.h"

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

Suite *suite_parallel(void);
Suite *suite_parallel(void) {
  Suite *s = suite_create("parallel");
  TCase *tc = tcase_create("parallel");
  tcase_add_checked_fixture(tc, set_up, tear_down);
  tcase_add_test(tc, race_is_an_error_with_both_places);
  tcase_add_test(tc, race_is_not_looked_for_unasked);
  tcase_add_test(tc, race_state_of_a_context_ends_with_its_error);
  suite_add_tcase(s, tc);
  return s;
}
