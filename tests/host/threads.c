/* Many threads compile, call and unload on one engine at once, and call one function of a module they share with types that come up as they go; meanwhile
 * other engines of the same process are made, used and freed.
 *
 *   host_threads [THREADS [ROUNDS]]     (8, 25)
 *
 * Fails when a result is wrong. Meant to be run under ThreadSanitizer (`./dev test tsan`). */
#include <loopjit.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8, ROUNDS = 25, MAX_THREADS = 256, ENGINE_EVERY = 10 };

static const char shared_source[] = "def total(x, y):\n    return x + y\n";

typedef struct Worker {
  lj_engine *engine;
  lj_module *shared;
  int number;
  long rounds;
  bool failed;
  pthread_t thread;
} Worker;

static bool say(const Worker *w, long round, const char *what, const lj_report *report) {
  fprintf(stderr, "thread %d, round %ld: %s\n%s", w->number, round, what, lj_report_text(report));
  return false;
}

/* A text that no other round has: compiled, called with two types of arguments, unloaded. */
static bool own_module(const Worker *w, lj_engine *engine, long round, lj_report *report) {
  char text[200];
  lj_module *module;
  long key = round * MAX_THREADS + w->number;
  snprintf(text, sizeof text, "def f(x):\n    s = x * 0\n    for i in range(%ld):\n        s += x\n    return s\n", key);
  if (lj_module_load(engine, "own.lp", text, strlen(text), 0, report, &module) != LJ_OK) return say(w, round, "cannot load", report);
  lj_value two = lj_int64(2), half = lj_float64(0.5), a, b;
  lj_function *f = lj_module_find(module, "f");
  bool ok = lj_call(f, &two, 1, &a, report) == LJ_OK && a.as.i == 2 * key;
  if (ok && round % 4 == 0) ok = lj_call(f, &half, 1, &b, report) == LJ_OK && b.as.f == 0.5 * (double)key;
  lj_module_free(module);
  return ok || say(w, round, "a wrong result of its own function", report);
}

/* All threads meet here: whoever comes first with a combination of types compiles it. */
static bool shared_function(const Worker *w, long round, lj_report *report) {
  lj_dtype types[2] = {(lj_dtype)(LJ_INT8 + round % 10), (lj_dtype)(LJ_INT8 + round / 10 % 10)};
  lj_value args[2] = {lj_scalar(types[0], 3), lj_scalar(types[1], 4)}, result;
  if (lj_call(lj_module_find(w->shared, "total"), args, 2, &result, report) != LJ_OK)
    return say(w, round, "the shared function fails", report);
  double got = result.dtype == LJ_FLOAT32 || result.dtype == LJ_FLOAT64 ? result.as.f : (double)result.as.i;
  lj_kernel *kernel, *again;
  if (lj_specialise_for(lj_module_find(w->shared, "total"), args, 2, report, &kernel) != LJ_OK ||
      lj_specialise_for(lj_module_find(w->shared, "total"), args, 2, report, &again) != LJ_OK || kernel != again)
    return say(w, round, "a kernel is not found again", report);
  return got == 7 || say(w, round, "a wrong result of the shared function", report);
}

static bool other_engine(const Worker *w, long round, lj_report *report) {
  lj_engine *engine;
  lj_config config;
  lj_config_init(&config);
  config.cache_dir = "";
  config.opt_level = (int)(round / ENGINE_EVERY % 4);
  if (lj_engine_new(&config, report, &engine) != LJ_OK) return say(w, round, "no engine", report);
  bool ok = own_module(w, engine, round, report);
  lj_engine_free(engine);
  return ok;
}

static void *work(void *data) {
  Worker *w = data;
  lj_report *report = lj_report_new();
  for (long i = 0; i < w->rounds && !w->failed; i++) {
    bool ok = own_module(w, w->engine, i, report) && shared_function(w, i, report);
    if (ok && w->number % 4 == 0 && i % ENGINE_EVERY == 0) ok = other_engine(w, i, report);
    w->failed = !ok;
  }
  lj_report_free(report);
  return NULL;
}

int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : THREADS, failed = 0, started = 0;
  long rounds = argc > 2 ? atol(argv[2]) : ROUNDS;
  if (threads < 1 || threads > MAX_THREADS || rounds < 1) return fprintf(stderr, "usage: host_threads [THREADS [ROUNDS]]\n"), 2;
  static Worker workers[MAX_THREADS];
  lj_report *report = lj_report_new();
  lj_engine *engine;
  lj_module *shared;
  lj_config config;
  lj_config_init(&config);
  config.cache_dir = "";
  if (lj_engine_new(&config, report, &engine) != LJ_OK ||
      lj_module_load(engine, "shared.lp", shared_source, strlen(shared_source), 0, report, &shared) != LJ_OK)
    return fprintf(stderr, "%s", lj_report_text(report)), 1;
  for (; started < threads; started++) {
    workers[started] = (Worker){.engine = engine, .shared = shared, .number = started, .rounds = rounds};
    if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0) break;
  }
  for (int i = 0; i < started; i++) {
    pthread_join(workers[i].thread, NULL);
    failed += workers[i].failed;
  }
  lj_module_free(shared);
  lj_engine_free(engine);
  lj_report_free(report);
  printf("%d threads, %ld rounds each, %d failed\n", started, rounds, failed);
  return failed || started < threads;
}
