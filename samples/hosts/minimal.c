/* The smallest host: compiles a kernel from memory, calls it on the host's own array without a copy, and shows what a mistake looks like.
 * Build: cc minimal.c $(pkg-config --cflags --libs loopjit)
 *
 * expect: total 25, x is now 2.5 5 7.5 10
 * expect: wrong.lp:2:12: error: NameError: name 'y' is not defined
 * expect:     2 |     return y
 * expect:       |            ^
 */
#include <stdio.h>
#include <string.h>

#include <loopjit.h>

static const char source[] = "from numba import njit\n"
                             "@njit\n"
                             "def scale(a, x):\n"
                             "    total = 0.0\n"
                             "    for i in range(len(x)):\n"
                             "        x[i] = a * x[i]\n"
                             "        total += x[i]\n"
                             "    return total\n";
static const char mistake[] = "def f(x):\n"
                              "    return y\n"
                              "f(1)\n";

/* 0 when all went well; else what went wrong is in the report. */
static int scale(lj_module *module, lj_report *report) {
  double x[4] = {1, 2, 3, 4};
  lj_value args[2] = {lj_float64(2.5), lj_array1d(LJ_FLOAT64, x, 4)}, result;
  if (lj_call(lj_module_find(module, "scale"), args, 2, &result, report) != LJ_OK) return 1;
  printf("total %g, x is now %g %g %g %g\n", result.as.f, x[0], x[1], x[2], x[3]);
  lj_value_free(&result); /* a number needs no freeing; an array would */
  return 0;
}

int main(void) {
  lj_report *report = lj_report_new();
  lj_engine *engine = NULL;
  lj_module *module = NULL, *wrong = NULL;
  int failed = lj_abi_version() != LJ_ABI_VERSION || lj_engine_new(NULL, report, &engine) != LJ_OK ||
               lj_module_load(engine, "scale.lp", source, strlen(source), 0, report, &module) != LJ_OK || scale(module, report);
  if (failed) fprintf(stderr, "%s", lj_report_text(report));

  /* A mistake is a status and a report; the module is NULL. */
  if (!failed && lj_module_load(engine, "wrong.lp", mistake, strlen(mistake), 0, report, &wrong) == LJ_ERROR)
    printf("%s", lj_report_text(report));

  lj_module_free(module); /* before its engine; NULL is allowed */
  lj_engine_free(engine);
  lj_report_free(report);
  return failed;
}
