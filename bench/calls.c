/* What a call costs: a host program on the public header. Prints lines `NANOSECONDS TAB what`, each the smallest of many rounds:
 * a C function through a pointer, a kernel's native entry, lj_kernel_call() and lj_call(), of two numbers and of two small arrays, then the same
 * from several threads at once (the slowest thread's figure: locks would show there).
 *
 *   loopjit-calls [THREADS]     (8) */
#include <loopjit.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 2000, ROUNDS = 300, MAX_THREADS = 64, N = 4 };

static const char source[] = "def add(a, b):\n"
                             "    return a + b\n"
                             "def first(x, y):\n"
                             "    return x[0] + y[0]\n";

typedef struct Numbers {
  double a, b;
} Numbers;
typedef struct Array {
  void *data, *owner;
  int64_t shape[1], strides[1];
} Array;
typedef struct Arrays {
  Array x, y;
} Arrays;

/* What is measured calls through these, which no compiler looks behind. */
static double plain_add(double a, double b) { return a + b; }
static int32_t entry_add(lj_context *context, const void *args, void *result) {
  const Numbers *n = args;
  (void)context;
  *(double *)result = n->a + n->b;
  return 0;
}
static double (*volatile add_pointer)(double, double) = plain_add;

typedef struct Bench {
  lj_engine *engine;
  lj_function *add, *first;
  lj_kernel *add_kernel, *first_kernel;
} Bench;

/* One thread's own. */
typedef struct Caller {
  const Bench *bench;
  lj_context *context;
  lj_report *report;
  double x[N], y[N];
  lj_value numbers[2], arrays[2];
  Numbers packed_numbers;
  Arrays packed_arrays;
  volatile double sink;
} Caller;

static void die(const char *what, const lj_report *report) {
  fprintf(stderr, "loopjit-calls: %s\n%s", what, report ? lj_report_text(report) : "");
  exit(1);
}

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- one batch of each way --------------------------------------------------------------------------------------------------------------- */

static void run_pointer(Caller *c) {
  double sum = 0;
  for (int i = 0; i < BATCH; i++) sum += add_pointer(i, 0.5);
  c->sink = sum;
}

static void run_entry(Caller *c, lj_entry entry, const void *args) {
  double sum = 0, result = 0;
  for (int i = 0; i < BATCH; i++) {
    if (entry(c->context, args, &result)) die("a native call failed", NULL);
    sum += result;
  }
  c->sink = sum;
}
static lj_entry volatile entry_pointer = entry_add;
static void run_c_entry(Caller *c) { run_entry(c, entry_pointer, &c->packed_numbers); }
static void run_numbers_entry(Caller *c) { run_entry(c, lj_kernel_entry(c->bench->add_kernel), &c->packed_numbers); }
static void run_arrays_entry(Caller *c) { run_entry(c, lj_kernel_entry(c->bench->first_kernel), &c->packed_arrays); }

static void run_kernel(Caller *c, lj_kernel *kernel, const lj_value *args) {
  double sum = 0;
  lj_value result;
  for (int i = 0; i < BATCH; i++) {
    if (lj_kernel_call(kernel, args, 2, &result, c->report) != LJ_OK) die("a call failed", c->report);
    sum += result.as.f;
  }
  c->sink = sum;
}
static void run_numbers_kernel(Caller *c) { run_kernel(c, c->bench->add_kernel, c->numbers); }
static void run_arrays_kernel(Caller *c) { run_kernel(c, c->bench->first_kernel, c->arrays); }

static void run_call(Caller *c, lj_function *function, const lj_value *args) {
  double sum = 0;
  lj_value result;
  for (int i = 0; i < BATCH; i++) {
    if (lj_call(function, args, 2, &result, c->report) != LJ_OK) die("a call failed", c->report);
    sum += result.as.f;
  }
  c->sink = sum;
}
static void run_numbers_call(Caller *c) { run_call(c, c->bench->add, c->numbers); }
static void run_arrays_call(Caller *c) { run_call(c, c->bench->first, c->arrays); }

static const struct {
  const char *name;
  void (*run)(Caller *);
} ways[] = {
    {"C function pointer (a, b)", run_pointer},        {"C function pointer (context, args, result)", run_c_entry},
    {"native entry, 2 numbers", run_numbers_entry},    {"native entry, 2 arrays", run_arrays_entry},
    {"lj_kernel_call, 2 numbers", run_numbers_kernel}, {"lj_kernel_call, 2 arrays", run_arrays_kernel},
    {"lj_call, 2 numbers", run_numbers_call},          {"lj_call, 2 arrays", run_arrays_call},
};
enum { WAYS = sizeof ways / sizeof *ways };

/* ---- rounds ------------------------------------------------------------------------------------------------------------------------------ */

typedef struct Thread {
  const Bench *bench;
  pthread_t id;
  pthread_barrier_t *start;
  double ns[WAYS];
} Thread;

static void *measure(void *data) {
  Thread *t = data;
  Caller c = {.bench = t->bench, .context = lj_context_new(t->bench->engine), .report = lj_report_new(), .packed_numbers = {2, 0.5}};
  c.numbers[0] = lj_float64(2), c.numbers[1] = lj_float64(0.5);
  c.arrays[0] = lj_array1d(LJ_FLOAT64, c.x, N), c.arrays[1] = lj_array1d(LJ_FLOAT64, c.y, N);
  c.packed_arrays = (Arrays){{c.x, NULL, {N}, {sizeof(double)}}, {c.y, NULL, {N}, {sizeof(double)}}};
  for (int w = 0; w < WAYS; w++) {
    pthread_barrier_wait(t->start); /* all threads do the same at the same time */
    for (int round = 0; round < ROUNDS; round++) {
      double start = now_ns();
      ways[w].run(&c);
      double ns = (now_ns() - start) / BATCH;
      if (!round || ns < t->ns[w]) t->ns[w] = ns;
    }
  }
  lj_context_free(c.context);
  lj_report_free(c.report);
  return NULL;
}

static void measure_threads(const Bench *bench, int count) {
  static Thread threads[MAX_THREADS];
  pthread_barrier_t start;
  pthread_barrier_init(&start, NULL, (unsigned)count);
  for (int i = 0; i < count; i++) {
    threads[i] = (Thread){.bench = bench, .start = &start};
    if (pthread_create(&threads[i].id, NULL, measure, &threads[i]) != 0) die("no thread", NULL);
  }
  for (int i = 0; i < count; i++) pthread_join(threads[i].id, NULL);
  pthread_barrier_destroy(&start);
  for (int w = 0; w < WAYS; w++) {
    double slowest = 0;
    for (int i = 0; i < count; i++)
      if (threads[i].ns[w] > slowest) slowest = threads[i].ns[w];
    printf("%.1f\t%s, %d thread%s\n", slowest, ways[w].name, count, count == 1 ? "" : "s");
  }
}

int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : 8;
  if (argc > 2 || threads < 1 || threads > MAX_THREADS) die("usage: loopjit-calls [THREADS]", NULL);
  lj_report *report = lj_report_new();
  Bench bench = {0};
  lj_module *module = NULL;
  if (lj_engine_new(NULL, report, &bench.engine) != LJ_OK ||
      lj_module_load(bench.engine, "calls.lp", source, strlen(source), 0, report, &module) != LJ_OK)
    die("cannot compile", report);
  bench.add = lj_module_find(module, "add");
  bench.first = lj_module_find(module, "first");
  if (lj_specialise(bench.add, "float64, float64", report, &bench.add_kernel) != LJ_OK ||
      lj_specialise(bench.first, "float64[::1], float64[::1]", report, &bench.first_kernel) != LJ_OK)
    die("cannot compile", report);
  measure_threads(&bench, 1);
  if (threads > 1) measure_threads(&bench, threads);
  lj_module_free(module);
  lj_engine_free(bench.engine);
  lj_report_free(report);
  return 0;
}
