/* Calls that are stopped: by timeouts and by other threads, in code of every form. Bounds of time are generous, the machine may be loaded; how soon calls
 * really end is measured by bench/stops.c. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/api_help.h"

enum { SOON = 2 }; /* seconds */

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void drop(void *data, const char *text, size_t length) { (void)data, (void)text, (void)length; }

#define HEAD "import math\nimport numpy as np\nfrom numba import njit, prange\n"
/* f() would run for hours, with the error in this line (0: any). */
static const struct {
  const char *source;
  uint32_t line;
} endless[] = {
    {"def f():\n    while True:\n        pass\n", 2},
    {"def f():\n    n = 1\n    while n != 0:\n        n = n * 5 + 1 | 1\n    return n\n", 3},
    {"def f():\n    s = 0\n    while True:\n        s += 1\n        if s < 0: break\n        if s % 3: continue\n        s += 2\n    "
     "return s\n",
     3},
    {"def f():\n    s = 0.0\n    for i in range(10 ** 15):\n        s += math.sqrt(i)\n    return s\n", 3},
    {"def f():\n    s = 0\n    for i in range(10 ** 15):\n        s ^= i * i\n    return s\n", 3},
    {"def f():\n    s = 0\n    for i in range(-10 ** 15, 10 ** 18, 3):\n        s ^= i * i\n    return s\n", 3},
    {"def f():\n    s = 0.0\n    for i in range(10 ** 9):\n        for j in range(10 ** 9):\n            s += i / (j + 1)\n    return s\n",
     0},
    {"def f():\n    s = 0.0\n    for i in range(10 ** 12):\n        for j in range(3):\n            s += i / (j + 1)\n    return s\n", 3},
    {"def f():\n    a = np.ones(1000)\n    s = 0.0\n    while s >= 0.0:\n        s += a.sum()\n    return s\n", 0},
    {"def f():\n    a = np.ones(1000000)\n    while True:\n        a = a * 0.5 + 1.0\n    return a\n", 0},
    {"def f():\n    a = np.zeros((2000, 2000))\n    while True:\n        a[1:, :] = a[:-1, :] * 0.5\n    return a\n", 0},
    {"def f():\n    a = np.zeros(100)\n    for i in range(10 ** 12):\n        a[i % 100] += 1.0 / (a[i % 7] + 1.0)\n    return a\n", 3},
    {"def f():\n    a = np.zeros(100, np.int64)\n    i = 0\n    while a[i] == 0:\n        i = (i + 7) % 100\n    return i\n", 4},
    {"def f():\n    a = np.ones(1000000)\n    while a[0] > 0.0:\n        for i in range(1, len(a)):\n            a[i] = a[i - 1] * 0.5 + "
     "a[i]\n    return a\n",
     0},
    {"def f():\n    a = np.ones(2)\n    for k in range(10 ** 15):\n        a[1] = a[0] * 0.5 + k\n        a[0] = a[1]\n    return a\n", 0},
    {"def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\ndef f():\n    return fib(90)\n", 1},
    {"def g(n, a):\n    a[n % 8] += 1.0\n    if n > 1:\n        g(n - 1, a)\n        g(n - 1, a)\ndef f():\n    g(90, np.zeros(8))\n", 1},
    {"def tree(n):\n    s = 0\n    for k in range(n):\n        s += tree(k)\n    return s + 1\ndef f():\n    return tree(60)\n", 0},
    {"def g(n):\n    s = 0.0\n    while n > 1:\n        n //= 2\n        s += n\n    return s\ndef f():\n    s = 0.0\n    for i in "
     "range(10 ** 12):\n"
     "        s += g(i)\n    return s\n",
     0},
    {"def f():\n    while True:\n        print('again')\n", 2},
    {"def f():\n    for i in range(10 ** 12):\n        print(i, i / 2)\n", 2},
    {"def f():\n    a = np.random.rand(200000)\n    while True:\n        a.sort()\n        a = 1.0 - a\n", 0},
    {"def f():\n    s = 0.0\n    while s >= 0.0:\n        s += np.random.rand()\n    return s\n", 3},
    {"def f():\n    while True:\n        a = np.random.rand(1000000)\n    return a\n", 0},
    {"def f():\n    a = np.ones(65537, np.complex128)\n    while True:\n        a = np.fft.fft(a)\n    return a\n", 0},
    {"def f():\n    a = np.ones((150, 150))\n    while True:\n        a = a @ a * 0.001\n    return a\n", 0},
    {"def f():\n    a = np.arange(1000)\n    while True:\n        a = np.where(a % 2 == 0, a // 2, 3 * a + 1)\n    return a\n", 0},
    {"def f():\n    s = 0\n    while True:\n        s += sum([i * i for i in range(1000)])\n    return s\n", 0},
    {"@njit(parallel=True)\ndef f():\n    s = 0.0\n    for i in prange(10 ** 15):\n        s += math.sqrt(i)\n    return s\n", 0},
    {"@njit(parallel=True)\ndef f():\n    a = np.zeros(64)\n    for i in prange(64):\n        while a[i] >= 0.0:\n            a[i] += "
     "1.0\n    return a\n",
     5},
    {"@njit(parallel=True)\ndef f():\n    a = np.ones(1000000)\n    while True:\n        a = np.sin(a) + a\n    return a\n", 0},
    {"@njit(fastmath=True)\ndef f():\n    s = 0.0\n    for i in range(10 ** 15):\n        s += i * 0.5\n    return s\n", 0},
};

static const char after[] = "def good(n):\n    s = 0\n    for i in range(n):\n        s += i\n    return s\n";

static void open_with(bool interruptible, const char *source) {
  char text[4096];
  lj_config config;
  lj_config_init(&config);
  config.interruptible = interruptible;
  config.print = drop;
  config.threads = 2;
  snprintf(text, sizeof text, HEAD "%s%s", source, after);
  api_open(&config, text);
}

static void good_call(void) {
  lj_value n = lj_int64(100001), result;
  ck_assert_msg(lj_call(lj_module_find(module, "good"), &n, 1, &result, report) == LJ_OK, "%s", lj_report_text(report));
  ck_assert_int_eq(result.as.i, 5000050000);
}

START_TEST(stop_timeout) {
  lj_kernel *kernel;
  lj_call_options options;
  open_with(true, endless[_i].source);
  ck_assert_msg(lj_specialise(lj_module_find(module, "f"), "", report, &kernel) == LJ_OK, "%s", lj_report_text(report));
  lj_call_options_init(&options);
  options.timeout = 0.05;
  double start = now();
  lj_value result;
  lj_status status = lj_kernel_call_with(kernel, NULL, 0, &options, &result, report);
  double took = now() - start;
  ck_assert_int_eq(status, LJ_STOPPED);
  const lj_diagnostic *d = lj_report_get(report, 0);
  ck_assert_str_eq(d->kind, "TimeoutError");
  ck_assert_str_eq(d->message, "the call ran longer than 0.05 s");
  ck_assert_msg(!endless[_i].line || d->line == endless[_i].line + 3, "line %u, wanted %u", d->line, endless[_i].line + 3);
  ck_assert_msg(d->line > 3, "%s", lj_report_text(report));
  ck_assert_msg(took >= 0.05 && took < SOON, "%g s", took);
  good_call();
}
END_TEST

/* The chain of calls that the stop passed. */
START_TEST(stop_chain) {
  lj_call_options options;
  open_with(true, "def g(n):\n    while n > 0:\n        n = n * 3 % 7 + 1\ndef f(n):\n    g(n)\n    g(n)\n");
  lj_value n = lj_int64(1);
  lj_kernel *kernel;
  ck_assert_int_eq(lj_specialise(lj_module_find(module, "f"), "int64", report, &kernel), LJ_OK);
  lj_call_options_init(&options);
  options.timeout = 0.02;
  ck_assert_int_eq(lj_kernel_call_with(kernel, &n, 1, &options, NULL, report), LJ_STOPPED);
  ck_assert_str_eq(lj_report_text(report), "test.lp:5:5: error: TimeoutError: the call ran longer than 0.02 s\n"
                                           "    5 |     while n > 0:\n      |     ^~~~~~~~~~~\n"
                                           "test.lp:8:5: note: called from here, in 'f'\n    8 |     g(n)\n      |     ^~~~\n");
  ck_assert_str_eq(lj_status_text(LJ_STOPPED), "the call was stopped");
}
END_TEST

/* A call that ends in time is not touched, and no stop of an old timeout reaches the next one. */
START_TEST(stop_not_late) {
  lj_call_options options;
  open_with(true, "");
  lj_call_options_init(&options);
  for (int i = 0; i < 200; i++) {
    lj_value n = lj_int64(100001), result;
    options.timeout = i % 2 ? 100 : 0.0001;
    lj_status status = lj_call_with(lj_module_find(module, "good"), &n, 1, &options, &result, report);
    ck_assert(status == LJ_OK || (status == LJ_STOPPED && i % 2 == 0));
    if (status == LJ_OK) ck_assert_int_eq(result.as.i, 5000050000);
    good_call();
  }
}
END_TEST

START_TEST(stop_refused) {
  lj_call_options options;
  lj_value n = lj_int64(1);
  open_with(false, "");
  lj_function *good = lj_module_find(module, "good");
  lj_context *context = lj_context_new(engine);
  lj_call_options_init(&options);
  options.timeout = 1;
  ck_assert_int_eq(lj_call_with(good, &n, 1, &options, NULL, report), LJ_MISUSE);
  ck_assert_ptr_nonnull(strstr(lj_report_text(report), "interruptible"));
  ck_assert_int_eq(lj_context_timeout(context, 1, report), LJ_MISUSE);
  ck_assert_int_eq(lj_module_run_with(module, &options, report), LJ_MISUSE);
  options.timeout = -1;
  ck_assert_int_eq(lj_call_with(good, &n, 1, &options, NULL, report), LJ_MISUSE);
  options.timeout = NAN;
  ck_assert_int_eq(lj_call_with(good, &n, 1, &options, NULL, report), LJ_MISUSE);
  options.timeout = 0;
  ck_assert_int_eq(lj_call_with(good, &n, 1, &options, NULL, report), LJ_OK);
  options.size = 0;
  ck_assert_int_eq(lj_call_with(good, &n, 1, &options, NULL, report), LJ_MISUSE);
  ck_assert_int_eq(lj_call_with(NULL, &n, 1, NULL, NULL, report), LJ_MISUSE);
  lj_context_free(context);
  lj_engine *other;
  ck_assert_int_eq(lj_engine_new(NULL, report, &other), LJ_OK);
  lj_call_options_init(&options);
  options.context = lj_context_new(other);
  ck_assert_int_eq(lj_call_with(good, &n, 1, &options, NULL, report), LJ_MISUSE);
  ck_assert_ptr_nonnull(strstr(lj_report_text(report), "another engine"));
  lj_context_free(options.context);
  lj_engine_free(other);
}
END_TEST

START_TEST(stop_module_run) {
  lj_call_options options;
  open_with(true, "n = 1\nwhile n > 0:\n    n = n % 5 + 1\n");
  lj_call_options_init(&options);
  options.timeout = 1; /* compiling counts */
  ck_assert_int_eq(lj_module_run_with(module, &options, report), LJ_STOPPED);
  ck_assert_uint_eq(lj_report_get(report, 0)->line, 5);
}
END_TEST

/* ---- contexts ------------------------------------------------------------------------------------------------------------------------ */

static void *stop_later(void *context) {
  usleep(30000);
  lj_context_stop(context);
  return NULL;
}

static const char spin[] = "def f(n):\n    while n > 0:\n        n = n % 5 + 1\n    return n\n";

START_TEST(stop_native) {
  lj_kernel *kernel;
  pthread_t thread;
  int64_t n = 1, result = 0;
  open_with(true, spin);
  lj_context *context = lj_context_new(engine);
  ck_assert_int_eq(lj_specialise(lj_module_find(module, "f"), "int64", report, &kernel), LJ_OK);
  lj_entry entry = lj_kernel_entry(kernel);
  for (int i = 0; i < 3; i++) {
    ck_assert_int_eq(pthread_create(&thread, NULL, stop_later, context), 0);
    ck_assert_int_ne(entry(context, &n, &result), 0);
    pthread_join(thread, NULL);
    lj_context_report(context, report);
    ck_assert_str_eq(lj_report_get(report, 0)->kind, "KeyboardInterrupt");
    ck_assert_str_eq(lj_report_get(report, 0)->message, "the call was stopped");
    ck_assert_uint_eq(lj_report_get(report, 0)->line, 5);
  }
  lj_context_stop(context); /* waits for the next call, unless it is taken back */
  ck_assert_int_ne(entry(context, &n, &result), 0);
  lj_context_report(context, report);
  lj_context_stop(context);
  lj_context_resume(context);
  n = 0;
  ck_assert_int_eq(entry(context, &n, &result), 0);
  n = 1;
  ck_assert_int_eq(lj_context_timeout(context, 0.02, report), LJ_OK);
  ck_assert_int_ne(entry(context, &n, &result), 0);
  lj_context_report(context, report);
  ck_assert_str_eq(lj_report_get(report, 0)->kind, "TimeoutError");
  ck_assert_int_eq(lj_context_timeout(context, 0.01, report), LJ_OK);
  usleep(30000);
  ck_assert_int_eq(lj_context_timeout(context, 0, report), LJ_OK); /* took that back */
  n = 0;
  ck_assert_int_eq(entry(context, &n, &result), 0);
  ck_assert_int_eq(lj_context_timeout(context, 100, report), LJ_OK);
  lj_context_free(context);
}
END_TEST

START_TEST(stop_context) {
  pthread_t thread;
  lj_call_options options;
  lj_value n = lj_int64(1), result;
  open_with(true, spin);
  lj_context *context = lj_context_new(engine);
  lj_call_options_init(&options);
  options.context = context;
  lj_function *f = lj_module_find(module, "f");
  for (int i = 0; i < 3; i++) {
    ck_assert_int_eq(pthread_create(&thread, NULL, stop_later, context), 0);
    ck_assert_int_eq(lj_call_with(f, &n, 1, &options, &result, report), LJ_STOPPED);
    pthread_join(thread, NULL);
    ck_assert_str_eq(lj_report_get(report, 0)->kind, "KeyboardInterrupt");
  }
  lj_value zero = lj_int64(0);
  ck_assert_int_eq(lj_call_with(f, &zero, 1, &options, &result, report), LJ_OK);
  lj_context_stop(context);
  ck_assert_int_eq(lj_call_with(f, &zero, 1, &options, &result, report), LJ_STOPPED); /* before it began */
  ck_assert_str_eq(lj_report_text(report), "error: KeyboardInterrupt: the call was stopped\n");
  options.timeout = 0.02;
  ck_assert_int_eq(lj_call_with(f, &n, 1, &options, &result, report), LJ_STOPPED);
  ck_assert_str_eq(lj_report_get(report, 0)->kind, "TimeoutError");
  options.timeout = 0;
  ck_assert_int_eq(lj_call_with(f, &zero, 1, &options, &result, report), LJ_OK);
  lj_context_free(context);
}
END_TEST

/* An error of the program stays what it is. */
START_TEST(stop_is_no_error) {
  lj_call_options options;
  open_with(true, "def f(n):\n    if n > 0:\n        raise TimeoutError('mine')\n    return n\n");
  lj_value n = lj_int64(1);
  lj_call_options_init(&options);
  options.timeout = 100;
  ck_assert_int_eq(lj_call_with(lj_module_find(module, "f"), &n, 1, &options, NULL, report), LJ_ERROR);
  ck_assert_str_eq(lj_report_get(report, 0)->message, "mine");
}
END_TEST

/* Polled code computes what other code computes, over the ends of parts of loops too. */
START_TEST(stop_same_results) {
  static const char source[] =
      "def f(n, step):\n    s = 0\n    a = np.zeros(n)\n    for i in range(n):\n        s ^= i * 7\n        a[i] = i % 5 + s % 3\n"
      "    for i in range(n, 0, -step):\n        s += i ^ n\n    for k in range(-n, n * step, step):\n        s ^= k\n"
      "    for k in range(1, n):\n        a[k] = a[k - 1] * 0.5 + a[k]\n"
      "    for k in range(9223372036854775807 - n, 9223372036854775807):\n        s ^= k\n"
      "    for k in range(n):\n        if k * k > 2 * n * n // 3: break\n        if k % 3: continue\n        s += k\n"
      "    return s, a.sum(), (a * 2.0 + 1.0).max()\n";
  static const int64_t sizes[] = {0, 1, 7, 8191, 8192, 16383, 16384, 16385, 32768, 70001, 300000};
  lj_text want[LJ_COUNT(sizes)], got;
  for (int polled = 0; polled < 2; polled++) {
    open_with(polled, source);
    for (size_t i = 0; i < LJ_COUNT(sizes); i++) {
      lj_value args[2] = {lj_int64(sizes[i]), lj_int64(3)}, result;
      ck_assert_msg(lj_call(lj_module_find(module, "f"), args, 2, &result, report) == (sizes[i] ? LJ_OK : LJ_ERROR), "%s",
                    lj_report_text(report));
      lj_value_format(&result, true, polled ? &got : &want[i]);
      if (polled) {
        ck_assert_str_eq(got.data, want[i].data);
        lj_text_free(&got);
        lj_text_free(&want[i]);
      }
      lj_value_free(&result);
    }
    api_close();
  }
}
END_TEST

Suite *suite_stop(void);
Suite *suite_stop(void) {
  Suite *suite = suite_create("stop");
  TCase *tc = tcase_create("stop");
  tcase_set_timeout(tc, 60);
  tcase_add_checked_fixture(tc, api_begin, api_end);
  tcase_add_loop_test(tc, stop_timeout, 0, LJ_COUNT(endless));
  tcase_add_test(tc, stop_chain);
  tcase_add_test(tc, stop_not_late);
  tcase_add_test(tc, stop_refused);
  tcase_add_test(tc, stop_module_run);
  tcase_add_test(tc, stop_native);
  tcase_add_test(tc, stop_context);
  tcase_add_test(tc, stop_is_no_error);
  tcase_add_test(tc, stop_same_results);
  suite_add_tcase(suite, tc);
  return suite;
}
