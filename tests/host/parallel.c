/* Parallel loops from a host: the same bits for any number of threads, calls from several threads at once, and after fork(). */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loopjit.h"

static const char source[] = "from numba import njit, prange\n"
                             "import numpy as np\n"
                             "@njit(parallel=True)\n"
                             "def total(x, bins):\n"
                             "    s, hi, k = 0.0, -1.0, -1\n"
                             "    h = np.zeros(bins)\n"
                             "    for i in prange(len(x)):\n"
                             "        s += x[i] * 0.1\n"
                             "        h[i % bins] += x[i] / 3.0\n"
                             "        if x[i] > hi:\n"
                             "            hi = x[i]\n"
                             "            k = i\n"
                             "    t = 0.0\n"
                             "    for j in range(bins):\n"
                             "        t = t * 0.5 + h[j]\n"
                             "    return s + t + hi * k\n";
enum { SIZE = 200000, CALLERS = 4 };
static double data[SIZE];

typedef struct Caller {
  lj_engine *engine;
  lj_function *function;
  double value;
  int failed;
} Caller;

static void call(Caller *c) {
  lj_report *report = lj_report_new();
  lj_value args[2] = {lj_array1d(LJ_FLOAT64, data, SIZE), lj_int64(13)}, result;
  c->failed = lj_call(c->function, args, 2, &result, report) != LJ_OK;
  if (c->failed) fprintf(stderr, "%s", lj_report_text(report));
  c->value = c->failed ? 0 : result.as.f;
  lj_value_free(&result);
  lj_report_free(report);
}

static void *call_often(void *context) {
  Caller *c = context;
  for (int i = 0; i < 20 && !c->failed; i++) call(c);
  return NULL;
}

static int differ(double a, double b) { /* in any bit */
  uint64_t x, y;
  memcpy(&x, &a, sizeof x);
  memcpy(&y, &b, sizeof y);
  return x != y;
}

static int at_once(const Caller *first) {
  Caller callers[CALLERS];
  pthread_t threads[CALLERS];
  int bad = 0;
  for (int i = 0; i < CALLERS; i++) {
    callers[i] = *first;
    if (pthread_create(&threads[i], NULL, call_often, &callers[i])) return 1;
  }
  for (int i = 0; i < CALLERS; i++) {
    pthread_join(threads[i], NULL);
    bad |= callers[i].failed || differ(callers[i].value, first->value);
  }
  return bad;
}

static int after_fork(const Caller *first) {
  pid_t child = fork();
  if (child == 0) {
    Caller mine = *first;
    call(&mine);
    _exit(mine.failed || differ(mine.value, first->value));
  }
  int status = 1;
  return child < 0 || waitpid(child, &status, 0) != child || status != 0;
}

int main(void) {
  static const int threads[] = {1, 2, 3, 7, 64};
  double want = 0;
  for (int i = 0; i < SIZE; i++) data[i] = (double)((i * 7919L) % 10007) * 0.37;
  for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
    lj_report *report = lj_report_new();
    lj_config config;
    lj_module *module;
    Caller c = {0};
    lj_config_init(&config);
    config.threads = threads[i];
    if (lj_engine_new(&config, report, &c.engine) != LJ_OK ||
        lj_module_load(c.engine, "total.lp", source, strlen(source), 0, report, &module) != LJ_OK)
      return fprintf(stderr, "%s", lj_report_text(report)), 1;
    c.function = lj_module_find(module, "total");
    call(&c);
    if (i == 0) want = c.value;
    if (c.failed || differ(want, c.value)) return fprintf(stderr, "%d threads: %.17g, not %.17g\n", threads[i], c.value, want), 1;
    if (at_once(&c)) return fprintf(stderr, "%d threads, several callers: wrong\n", threads[i]), 1;
    if (after_fork(&c)) return fprintf(stderr, "%d threads, after fork: wrong\n", threads[i]), 1;
    lj_module_free(module);
    lj_engine_free(c.engine);
    lj_report_free(report);
  }
  printf("ok\n");
  return 0;
}
