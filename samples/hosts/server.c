/* A server's way of work: eight threads compile and call functions on one engine at the same time.
 * Each has a module of its own, so that none waits for another's compiler, and all call one function of a module they share: its first caller compiles
 * it, the others wait for that and find it. A report belongs to one thread. Results are compared with the same sums in C.
 * Build: cc server.c $(pkg-config --cflags --libs loopjit) -pthread
 *
 * expect: squares    200 calls right
 * expect: cubes      200 calls right
 * expect: triangle   200 calls right
 * expect: odd        200 calls right
 * expect: digits     200 calls right
 * expect: collatz    200 calls right
 * expect: fib        200 calls right
 * expect: gcd        200 calls right
 * expect: 8 threads, 1600 calls of their own functions, 1600 of the shared one, 0 wrong
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <loopjit.h>

enum { THREADS = 8, CALLS = 200 };

/* ---- what the kernels compute, in C ---- */
static int64_t squares(int64_t n) { return n * (n + 1) * (2 * n + 1) / 6; }
static int64_t cubes(int64_t n) { return n * n * (n + 1) * (n + 1) / 4; }
static int64_t triangle(int64_t n) { return n * (n + 1) / 2; }
static int64_t odd(int64_t n) { return n * n; }
static int64_t digits(int64_t n) { return n < 10 ? n : n % 10 + digits(n / 10); }
static int64_t collatz(int64_t n) { return n <= 1 ? 0 : 1 + collatz(n % 2 ? 3 * n + 1 : n / 2); }
static int64_t fib(int64_t n) {
  uint64_t a = 0, b = 1; /* wraps around, as the kernel's integers do */
  for (int64_t i = 0; i < n; i++) {
    uint64_t sum = a + b;
    a = b, b = sum;
  }
  return (int64_t)a;
}
static int64_t gcd(int64_t n) {
  int64_t b = 360;
  while (b) {
    int64_t rest = n % b;
    n = b, b = rest;
  }
  return n;
}

static const struct {
  const char *name, *source;
  int64_t (*expected)(int64_t n);
} jobs[THREADS] = {
    {"squares", "def squares(n):\n    return sum([i * i for i in range(n + 1)])\n", squares},
    {"cubes", "def cubes(n):\n    s = 0\n    for i in range(n + 1):\n        s += i ** 3\n    return s\n", cubes},
    {"triangle", "def triangle(n):\n    s = 0\n    for i in range(n):\n        s += i + 1\n    return s\n", triangle},
    {"odd", "def odd(n):\n    s = 0\n    for i in range(1, 2 * n, 2):\n        s += i\n    return s\n", odd},
    {"digits", "def digits(n):\n    s = 0\n    while n > 0:\n        s += n % 10\n        n //= 10\n    return s\n", digits},
    {"collatz", "def collatz(n):\n    k = 0\n    while n > 1:\n        n = 3 * n + 1 if n % 2 else n // 2\n        k += 1\n    return k\n",
     collatz},
    {"fib", "def fib(n):\n    a, b = 0, 1\n    for i in range(n):\n        a, b = b, a + b\n    return a\n", fib},
    {"gcd", "def gcd(n):\n    a, b = n, 360\n    while b:\n        a, b = b, a % b\n    return a\n", gcd},
};
static const char shared_source[] = "def mean(x):\n    return x.sum() / len(x)\n";

typedef struct Worker {
  lj_engine *engine;
  lj_function *shared; /* of a module that outlives the threads */
  int job, right, shared_right;
  pthread_t thread;
} Worker;

static void call_own(Worker *w, lj_module *module, lj_report *report) {
  lj_function *function = lj_module_find(module, jobs[w->job].name);
  for (int64_t n = 1; n <= CALLS; n++) {
    lj_value arg = lj_int64(n), result;
    if (lj_call(function, &arg, 1, &result, report) != LJ_OK) {
      fprintf(stderr, "%s", lj_report_text(report));
      return;
    }
    w->right += result.as.i == jobs[w->job].expected(n);
    lj_value_free(&result);
  }
}

/* Each thread's array is its own: the library does not lock what the host passes. */
static void call_shared(Worker *w, lj_report *report) {
  double x[64];
  for (int i = 0; i < 64; i++) x[i] = w->job + i;
  for (int k = 0; k < CALLS; k++) {
    lj_value arg = lj_array1d(LJ_FLOAT64, x, 64), result;
    if (lj_call(w->shared, &arg, 1, &result, report) != LJ_OK) {
      fprintf(stderr, "%s", lj_report_text(report));
      return;
    }
    w->shared_right += result.as.f == w->job + 31.5;
    lj_value_free(&result);
  }
}

static void *work(void *data) {
  Worker *w = data;
  lj_report *report = lj_report_new();
  lj_module *module;
  const char *source = jobs[w->job].source;
  if (lj_module_load(w->engine, jobs[w->job].name, source, strlen(source), 0, report, &module) == LJ_OK) {
    call_own(w, module, report);
    call_shared(w, report);
  } else {
    fprintf(stderr, "%s", lj_report_text(report));
  }
  lj_module_free(module);
  lj_report_free(report);
  return NULL;
}

/* Waits for the threads that were started and says what they did; the number of wrong or missing results. */
static int summary(Worker *workers, int started) {
  int right = 0, shared_right = 0;
  for (int i = 0; i < started; i++) {
    pthread_join(workers[i].thread, NULL);
    printf("%-10s %d calls right\n", jobs[i].name, workers[i].right);
    right += workers[i].right, shared_right += workers[i].shared_right;
  }
  int wrong = 2 * THREADS * CALLS - right - shared_right;
  printf("%d threads, %d calls of their own functions, %d of the shared one, %d wrong\n", started, right, shared_right, wrong);
  return wrong;
}

int main(void) {
  lj_report *report = lj_report_new();
  lj_engine *engine = NULL;
  lj_module *shared = NULL;
  if (lj_engine_new(NULL, report, &engine) != LJ_OK ||
      lj_module_load(engine, "shared.lp", shared_source, strlen(shared_source), 0, report, &shared) != LJ_OK) {
    fprintf(stderr, "%s", lj_report_text(report));
    return 1;
  }
  Worker workers[THREADS];
  int started = 0;
  for (; started < THREADS; started++) {
    workers[started] = (Worker){.engine = engine, .shared = lj_module_find(shared, "mean"), .job = started};
    if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0) break;
  }
  int wrong = summary(workers, started);
  lj_module_free(shared);
  lj_engine_free(engine);
  lj_report_free(report);
  return wrong != 0;
}
