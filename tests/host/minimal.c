/* The smallest host: compiles a kernel from memory, calls it on the host's own array without a copy, and shows what a mistake looks like.
 * Build: cc minimal.c -lloopjit */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "loopjit.h"

static const char source[] = "from numba import njit\n"
                             "@njit\n"
                             "def scale(a, x):\n"
                             "    total = 0.0\n"
                             "    for i in range(len(x)):\n"
                             "        x[i] = a * x[i]\n"
                             "        total += x[i]\n"
                             "    return total\n";

#define CHECK(condition)                                                                                                                   \
  if (!(condition)) {                                                                                                                      \
    fprintf(stderr, "line %d: %s\n%s", __LINE__, #condition, lj_report_text(report));                                                      \
    return 1;                                                                                                                              \
  }

int main(void) {
  lj_report *report = lj_report_new();
  lj_engine *engine;
  lj_module *module;
  CHECK(lj_abi_version() == LJ_ABI_VERSION);
  CHECK(lj_engine_new(NULL, report, &engine) == LJ_OK);
  CHECK(lj_module_load(engine, "scale.lp", source, strlen(source), 0, report, &module) == LJ_OK);

  double x[4] = {1, 2, 3, 4};
  lj_value args[2] = {lj_float64(2.5), lj_array1d(LJ_FLOAT64, x, 4)}, result;
  CHECK(lj_call(lj_module_find(module, "scale"), args, 2, &result, report) == LJ_OK);
  CHECK(result.kind == LJ_KIND_SCALAR && result.dtype == LJ_FLOAT64 && result.as.f == 25.0);
  CHECK(x[0] == 2.5 && x[3] == 10.0);
  lj_value_free(&result);

  lj_module *wrong;
  const char *mistake = "def f(x):\n    return y\nf(1)\n";
  CHECK(lj_module_load(engine, "wrong.lp", mistake, strlen(mistake), 0, report, &wrong) == LJ_ERROR);
  CHECK(wrong == NULL && lj_report_errors(report) == 1);
  const lj_diagnostic *d = lj_report_get(report, 0);
  CHECK(strcmp(d->kind, "NameError") == 0 && d->line == 2 && d->column == 12);

  lj_module_free(module);
  lj_engine_free(engine);
  lj_report_free(report);
  printf("ok\n");
  return 0;
}
