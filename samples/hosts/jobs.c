/* Formulas that somebody else wrote, computed by the library's own threads: each job has three seconds, and one mistake stops nobody but itself.
 * Jobs are submitted at once and taken in order. The engine is interruptible, so that a loop without end ends with a TimeoutError that names its line.
 * Build: cc jobs.c $(pkg-config --cflags --libs loopjit)
 *
 * expect: mean       2.5
 * expect: root       1.41421356237
 * expect: zero       ZeroDivisionError in line 2: float division by zero
 * expect: endless    TimeoutError in line 3: the call ran longer than 3 s
 * expect: typo       NameError in line 2: name 'xs' is not defined
 * expect: product    24
 * expect: 6 jobs, 3 results
 */
#include <stdio.h>
#include <string.h>

#include <loopjit.h>

static const struct {
  const char *name, *source; /* of a function `job` of an array */
} jobs[] = {
    {"mean", "def job(x):\n    return x.sum() / len(x)\n"},
    {"root", "def job(x):\n    r = x[0]\n    while abs(r * r - x[1]) > 1e-12:\n        r = (r + x[1] / r) / 2\n    return r\n"},
    {"zero", "def job(x):\n    return x[1] / (x[0] - 1.0)\n"},
    {"endless", "def job(x):\n    n = 1\n    while n > 0:\n        n = n * 3 % 7 + 1\n    return x[n]\n"},
    {"typo", "def job(x):\n    return xs[0]\n"},
    {"product", "def job(x):\n    p = 1.0\n    for v in x:\n        p *= v\n    return p\n"},
};
enum { JOBS = sizeof jobs / sizeof *jobs };

static double data[4] = {1, 2, 3, 4}; /* read by all jobs: it lives longer than they */

/* Compiles and calls on a thread of the engine. NULL: the text is wrong, the report says why. */
static lj_future *submit(lj_engine *engine, int i, lj_report *report, lj_module **module) {
  lj_value x = lj_array1d(LJ_FLOAT64, data, 4);
  lj_future *future = NULL;
  lj_call_options options;
  lj_call_options_init(&options);
  options.timeout = 3;
  if (lj_module_load(engine, jobs[i].name, jobs[i].source, strlen(jobs[i].source), 0, report, module) == LJ_OK)
    lj_submit(lj_module_find(*module, "job"), &x, 1, &options, report, &future);
  return future;
}

static int show(const char *name, lj_future *future, lj_report *report) {
  lj_value result = lj_none();
  if (future && lj_future_take(future, &result, report) == LJ_OK) {
    printf("%-10s %.12g\n", name, result.as.f);
    lj_value_free(&result);
    return 1;
  }
  const lj_diagnostic *why = lj_report_get(report, 0);
  if (why) printf("%-10s %s in line %u: %s\n", name, why->kind, (unsigned)why->line, why->message);
  return 0;
}

int main(void) {
  lj_report *reports[JOBS] = {0};
  lj_module *modules[JOBS] = {0};
  lj_future *futures[JOBS] = {0};
  lj_engine *engine = NULL;
  lj_config config;
  lj_config_init(&config);
  config.interruptible = true;
  config.workers = 4; /* one that hangs holds up nobody */
  if (lj_engine_new(&config, NULL, &engine) != LJ_OK) return 1;
  int results = 0;
  for (int i = 0; i < JOBS; i++) {
    reports[i] = lj_report_new();
    futures[i] = submit(engine, i, reports[i], &modules[i]);
  }
  for (int i = 0; i < JOBS; i++) results += show(jobs[i].name, futures[i], reports[i]);
  printf("%d jobs, %d results\n", JOBS, results);
  for (int i = 0; i < JOBS; i++) {
    lj_future_free(futures[i]);
    lj_module_free(modules[i]);
    lj_report_free(reports[i]);
  }
  lj_engine_free(engine);
  return results == 3 ? 0 : 1;
}
