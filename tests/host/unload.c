/* Compile, call, unload, over and over on one engine: memory must not grow. Each round has a text of its own, so nothing is shared between them.
 *
 *   host_unload [ROUNDS [CACHE_FOLDER]]     (300, no cache; the folder's bound is 1 MB, so that old entries are thrown out, too)
 *
 * `./dev soak` runs it for long. Fails when the resident memory at the end is more than 2 MB above that after the first tenth (the first 1,000 rounds at most), or when a result is
 * wrong. Prints the memory at ten places on the way. */
#include <loopjit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 300, WARM_UP = 1000, BOUND_KB = 2048 };

static double data[4] = {1, 2, 3, 4};

/* One way to use the library. %ld in the text is the number of the round. */
typedef struct Use {
  const char *text;
  double want; /* the result less the number of the round */
  bool array; /* pass the array, else 2.0 */
  lj_status status;
} Use;
static const Use uses[] = {
    {"def f%ld(x):\n    return x + %ld.0\n", 2, false, LJ_OK},
    {"def f%ld(x):\n    s = %ld.0\n    for v in x:\n        s += v\n    return s\n", 10, true, LJ_OK},
    {"def g%ld(x):\n    return x * 2 + %ld\ndef f%ld(x):\n    return g%ld(x)\n", 4, false, LJ_OK},
    {"def f%ld(x):\n    return x[%ld + 9]\n", 0, true, LJ_ERROR}, /* fails when it runs */
    {"def f%ld(x):\n    return x + 'text' + %ld\n", 0, true, LJ_ERROR}, /* fails while it is compiled */
};
/* Dearer to compile: every RARE rounds. */
static const Use rare_uses[] = {
    {"import numpy as np\ndef f%ld(x):\n    return np.diff(x).sum() + %ld\n", 3, true, LJ_OK}, /* a file of the standard library */
    {"from functools import lru_cache\n@lru_cache\ndef g%ld(n):\n    return n + %ld\ndef f%ld(x):\n    return g%ld(x) * 1.0\n", 2, false,
     LJ_OK},
    {"def f%ld(x):\n    y = x * 2 + %ld\n    return y[0], y, f'{y[1]} {y[2]}'\n", 2, true, LJ_OK}, /* a tuple of memory that is owned */
};
enum { USES = sizeof uses / sizeof *uses, RARE_USES = sizeof rare_uses / sizeof *rare_uses, RARE = 16 };

static long resident_kb(void) {
  long pages = 0, all;
  FILE *f = fopen("/proc/self/statm", "r");
  if (!f || fscanf(f, "%ld %ld", &all, &pages) != 2) pages = 0;
  if (f) fclose(f);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int use(lj_engine *engine, lj_report *report, long round) {
  const Use *u = round % RARE ? &uses[round % USES] : &rare_uses[round / RARE % RARE_USES];
  char text[256], name[32];
  lj_module *module;
  snprintf(name, sizeof name, "f%ld", round);
  snprintf(text, sizeof text, u->text, round, round, round, round);
  lj_value arg = u->array ? lj_array1d(LJ_FLOAT64, data, 4) : lj_float64(2), result = lj_none();
  lj_status status = lj_module_load(engine, name, text, strlen(text), 0, report, &module);
  if (status == LJ_OK) status = lj_call(lj_module_find(module, name), &arg, 1, &result, report);
  double got = result.kind == LJ_KIND_TUPLE ? result.as.tuple.items[0].as.f : result.as.f;
  bool wrong = status != u->status || (status == LJ_OK && got != u->want + (double)round);
  if (wrong) fprintf(stderr, "round %ld: status %d, result %g\n%s%s", round, (int)status, got, text, lj_report_text(report));
  lj_value_free(&result);
  lj_module_free(module);
  return wrong;
}

static int soak(lj_engine *engine, lj_report *report, long rounds) {
  long warm = rounds / 10 < WARM_UP ? rounds / 10 : WARM_UP, first = 0, last = 0;
  double start = seconds();
  for (long i = 0; i < rounds; i++) {
    if (i == warm) {
      first = resident_kb();
      printf("%8ld rounds %8ld kB\n", i, first);
    }
    if (i && i != warm && i % (rounds / 10) == 0) printf("%8ld rounds %8ld kB\n", i, resident_kb());
    if (use(engine, report, i)) return 1;
    fflush(stdout);
  }
  last = resident_kb();
  printf("%8ld rounds %8ld kB, %.0f rounds/s\n", rounds, last, (double)rounds / (seconds() - start));
  if (last - first <= BOUND_KB) return 0;
  fprintf(stderr, "memory grew by %ld kB\n", last - first);
  return 1;
}

int main(int argc, char **argv) {
  long rounds = argc > 1 ? atol(argv[1]) : ROUNDS;
  if (rounds < 10) return fprintf(stderr, "usage: host_unload [ROUNDS [CACHE_FOLDER]], at least 10 rounds\n"), 2;
  lj_report *report = lj_report_new();
  lj_engine *engine;
  lj_config config;
  lj_config_init(&config);
  config.cache_dir = argc > 2 ? argv[2] : "";
  config.cache_bytes = 1 << 20;
  if (lj_engine_new(&config, report, &engine) != LJ_OK) return fprintf(stderr, "%s", lj_report_text(report)), 1;
  int failed = soak(engine, report, rounds);
  lj_engine_free(engine);
  lj_report_free(report);
  return failed;
}
