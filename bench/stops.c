/* How soon calls end when they are stopped: a host program that runs programs, stops them from another thread and measures how late they end.
 *
 *   loopjit-stops ROUNDS FILE.lp…
 *
 * Prints one line a program, in milliseconds: the worst lateness, the middle one, the worst in processor time of the thread that ran the program (what
 * is left on a machine that is busy with other things), how many rounds were stopped, and the name. Stops come anywhere within the time that the
 * program takes (endless ones: within LONGEST). What programs print is dropped. */
#include <loopjit.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const double LONGEST = 0.25; /* seconds */

static void drop(void *data, const char *text, size_t length) { (void)data, (void)text, (void)length; }

static double read_clock(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

typedef struct Round {
  lj_context *context;
  clockid_t runner; /* processor time of the thread that runs the program */
  double after; /* seconds, when it is stopped */
  double at, at_processor; /* then */
} Round;

static void *stop(void *data) {
  Round *r = data;
  struct timespec pause = {.tv_sec = (time_t)r->after};
  pause.tv_nsec = (long)((r->after - (double)pause.tv_sec) * 1e9);
  nanosleep(&pause, NULL);
  r->at = read_clock(CLOCK_MONOTONIC), r->at_processor = read_clock(r->runner);
  lj_context_stop(r->context);
  return NULL;
}

/* False: the program ended by itself. */
static bool one_round(lj_module *module, lj_context *context, double after, lj_report *report, double *late, double *late_processor) {
  Round r = {.context = context, .after = after};
  pthread_t thread;
  lj_call_options options;
  lj_call_options_init(&options);
  options.context = context;
  if (pthread_getcpuclockid(pthread_self(), &r.runner) != 0 || pthread_create(&thread, NULL, stop, &r) != 0) return false;
  lj_status status = lj_module_run_with(module, &options, report);
  double end = read_clock(CLOCK_MONOTONIC), end_processor = read_clock(r.runner);
  pthread_join(thread, NULL);
  lj_context_resume(context);
  *late = end - r.at, *late_processor = end_processor - r.at_processor;
  return status == LJ_STOPPED;
}

static void measure(lj_engine *engine, const char *path, int rounds, lj_report *report) {
  lj_module *module;
  if (lj_module_load_file(engine, path, LJ_LOAD_MAIN, report, &module) != LJ_OK) return; /* programs with errors are none */
  lj_context *context = lj_context_new(engine);
  double *late = calloc(2 * (size_t)rounds + 2, sizeof *late), *processor = late + rounds + 1;
  if (!late) exit(1);
  one_round(module, context, LONGEST, report, late, processor); /* compiles */
  double start = read_clock(CLOCK_MONOTONIC);
  one_round(module, context, LONGEST, report, late, processor);
  double takes = read_clock(CLOCK_MONOTONIC) - start;
  if (takes > LONGEST) takes = LONGEST;
  int stopped = 0;
  for (int i = 0; i < rounds; i++)
    stopped += one_round(module, context, takes * (i + 1) / (rounds + 1), report, &late[stopped], &processor[stopped]);
  qsort(late, (size_t)stopped, sizeof *late, by_size);
  qsort(processor, (size_t)stopped, sizeof *processor, by_size);
  if (stopped)
    printf("%.3f\t%.3f\t%.3f\t%d\t%s\n", 1e3 * late[stopped - 1], 1e3 * late[stopped / 2], 1e3 * processor[stopped - 1], stopped, path);
  fflush(stdout);
  free(late);
  lj_context_free(context);
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
