/* How soon calls end when they are stopped: a host program that runs programs under timeouts and measures how late they end.
 *
 *   loopjit-stops ROUNDS FILE.lp…
 *
 * Prints one line a program: the worst and the middle lateness in milliseconds, how many rounds ended by the timeout, and the name. Timeouts lie anywhere
 * within the time that the program takes (endless ones: within LONGEST). What programs print is dropped. */
#include <loopjit.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const double LONGEST = 0.25; /* seconds */

static void drop(void *data, const char *text, size_t length) { (void)data, (void)text, (void)length; }

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Lateness of a round in seconds; negative: the program ended by itself. */
static double one_round(lj_module *module, double timeout, lj_report *report) {
  lj_call_options options;
  lj_call_options_init(&options);
  options.timeout = timeout;
  double start = now();
  lj_status status = lj_module_run_with(module, &options, report);
  double late = now() - start - timeout;
  return status == LJ_STOPPED ? late : -1;
}

static void measure(lj_engine *engine, const char *path, int rounds, lj_report *report) {
  lj_module *module;
  if (lj_module_load_file(engine, path, LJ_LOAD_MAIN, report, &module) != LJ_OK) return; /* programs with errors are none */
  one_round(module, LONGEST, report); /* compiles */
  double start = now(), *late = malloc(sizeof *late * (size_t)rounds);
  one_round(module, LONGEST, report);
  double takes = now() - start;
  if (takes > LONGEST) takes = LONGEST;
  int stopped = 0;
  for (int i = 0; i < rounds && late; i++) {
    double round = one_round(module, takes * (i + 1) / (rounds + 1), report);
    if (round >= 0) late[stopped++] = round;
  }
  if (stopped) {
    qsort(late, (size_t)stopped, sizeof *late, by_size);
    printf("%.3f\t%.3f\t%d\t%s\n", 1e3 * late[stopped - 1], 1e3 * late[stopped / 2], stopped, path);
  } else {
    printf("0\t0\t0\t%s\n", path);
  }
  fflush(stdout);
  free(late);
  lj_module_free(module);
}

int main(int argc, char **argv) {
  lj_report *report = lj_report_new();
  lj_engine *engine;
  lj_config config;
  lj_config_init(&config);
  config.interruptible = true;
  config.print = drop;
  config.cache_dir = "";
  if (argc < 3 || lj_engine_new(&config, report, &engine) != LJ_OK) {
    fprintf(stderr, "usage: loopjit-stops ROUNDS FILE.lp...\n%s", lj_report_text(report));
    return 1;
  }
  for (int i = 2; i < argc; i++) measure(engine, argv[i], atoi(argv[1]), report);
  lj_engine_free(engine);
  lj_report_free(report);
  return 0;
}
