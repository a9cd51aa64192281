/* A kernel that calls back: Newton's method in the loop language, over equations that the host has in C. The function that cannot be evaluated
 * somewhere says so, and its error is the program's error, at the call.
 * Build: cc callbacks.c $(pkg-config --cflags --libs loopjit) -lm
 *
 * expect: x^2 = 2      x = 1.41421356237
 * expect: log x = 1    x = 2.71828182846
 * expect: newton.lp:4:13: error: ValueError: log of -3.02585
 * expect:     4 |         d = value(which, x) / slope(which, x)
 * expect:       |             ^~~~~~~~~~~~~~~
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <loopjit.h>

static const char source[] = "from host import value, slope\n"
                             "def newton(which, x):\n"
                             "    for i in range(50):\n"
                             "        d = value(which, x) / slope(which, x)\n"
                             "        x -= d\n"
                             "        if abs(d) < 1e-12:\n"
                             "            return x\n"
                             "    return x\n";

typedef struct Equation {
  const char *name;
  double (*value)(double x), (*slope)(double x);
  double least; /* of x */
} Equation;

static double square(double x) { return x * x - 2; }
static double square_slope(double x) { return 2 * x; }
static double logarithm(double x) { return log(x) - 1; }
static double logarithm_slope(double x) { return 1 / x; }
static const Equation equations[] = {{"x^2 = 2  ", square, square_slope, -HUGE_VAL}, {"log x = 1", logarithm, logarithm_slope, 0}};

/* "float64(int64, float64)" with LJ_HOST_FAILS; `data` is what was registered with it. */
static int value(void *data, lj_failure *failure, int64_t which, double x, double *result) {
  const Equation *equation = (const Equation *)data + which;
  if (x <= equation->least) return lj_fail(failure, "ValueError", "log of %g", x);
  *result = equation->value(x);
  return 0;
}

/* The same without a way to fail: the result is the C result. */
static double slope(void *data, int64_t which, double x) { return ((const Equation *)data)[which].slope(x); }

static int solve(lj_module *module, int64_t which, double start, lj_report *report) {
  lj_value args[2] = {lj_int64(which), lj_float64(start)}, result;
  if (lj_call(lj_module_find(module, "newton"), args, 2, &result, report) != LJ_OK) return 1;
  printf("%s    x = %.12g\n", equations[which].name, result.as.f);
  return 0;
}

int main(void) {
  lj_report *report = lj_report_new();
  lj_engine *engine = NULL;
  lj_module *module = NULL;
  void *data = (void *)equations;
  int failed =
      lj_engine_new(NULL, report, &engine) != LJ_OK ||
      lj_engine_register(engine, "value", "float64(int64, float64)", (lj_host_function)value, data, LJ_HOST_FAILS, report) != LJ_OK ||
      lj_engine_register(engine, "slope", "float64(int64, float64)", (lj_host_function)slope, data, LJ_HOST_PURE, report) != LJ_OK ||
      lj_module_load(engine, "newton.lp", source, strlen(source), 0, report, &module) != LJ_OK || solve(module, 0, 1, report) ||
      solve(module, 1, 1, report);
  if (failed)
    fprintf(stderr, "%s", lj_report_text(report));
  else if (solve(module, 1, 10, report)) /* too far: the first step leaves the numbers that have a logarithm */
    printf("%s", lj_report_text(report));
  lj_module_free(module);
  lj_engine_free(engine);
  lj_report_free(report);
  return failed;
}
