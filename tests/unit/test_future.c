/* Calls on the engine's own threads: results, reports, the queue, cancelling, timeouts, callbacks, freeing in any order, forks. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/api_help.h"

static const char source[] = "import numpy as np\n"
                             "def add(a, b):\n    return a + b\n"
                             "def spin(n):\n    print('spin')\n    while n > 0:\n        n = n % 5 + 1\n    return n\n"
                             "def say(n):\n    print(n)\n    return n\n"
                             "def double(a):\n    for i in range(len(a)):\n        a[i] *= 2\n    return a\n"
                             "def bad(n):\n    return 1 // n\n"
                             "def text(s):\n    return f'{s}!'\n";

static atomic_int printed, spins; /* calls of say(), and of spin() */
static void count_prints(void *data, const char *text, size_t length) {
  (void)data;
  atomic_fetch_add(length >= 4 && memcmp(text, "spin", 4) == 0 ? &spins : &printed, 1);
}

static void open_workers(int32_t workers) {
  lj_config config;
  lj_config_init(&config);
  config.interruptible = true;
  config.workers = workers;
  config.print = count_prints;
  printed = 0;
  api_open(&config, source);
}

static lj_future *submit(const char *name, int64_t n, const lj_call_options *options) {
  lj_future *future;
  lj_value arg = lj_int64(n);
  ck_assert_msg(lj_submit(lj_module_find(module, name), &arg, 1, options, report, &future) == LJ_OK, "%s", lj_report_text(report));
  return future;
}

/* A call that runs, on a thread of its own. */
static lj_future *spinning(void) {
  int before = spins;
  lj_future *future = submit("spin", 1, NULL);
  while (spins == before) ck_assert(!lj_future_wait(future, 0.001));
  return future;
}

static void expect_stopped(lj_future *future, const char *kind) {
  lj_value result;
  ck_assert_int_eq(lj_future_take(future, &result, report), LJ_STOPPED);
  ck_assert_int_eq(result.kind, LJ_KIND_NONE);
  ck_assert_uint_eq(lj_report_errors(report), 1);
  ck_assert_str_eq(lj_report_get(report, 0)->kind, kind);
}

START_TEST(future_results) {
  enum { N = 100 };
  lj_future *futures[N];
  open_workers(_i);
  lj_function *add = lj_module_find(module, "add");
  for (int i = 0; i < N; i++) {
    lj_value args[2] = {lj_int64(i), i % 2 ? lj_int64(1000) : lj_float64(0.5)};
    ck_assert_int_eq(lj_submit(add, args, 2, NULL, report, &futures[i]), LJ_OK);
  }
  for (int i = 0; i < N; i++) {
    lj_value result;
    ck_assert_int_eq(lj_future_take(futures[i], &result, report), LJ_OK);
    ck_assert(lj_future_poll(futures[i]));
    if (i % 2)
      ck_assert_int_eq(result.as.i, i + 1000);
    else
      ck_assert_double_eq(result.as.f, i + 0.5);
    ck_assert_int_eq(lj_future_take(futures[i], &result, NULL), LJ_OK);
    ck_assert_int_eq(result.kind, LJ_KIND_NONE); /* it was taken */
    lj_future_free(futures[i]);
  }
}
END_TEST

START_TEST(future_memory) { /* the host frees its own hold while the call has one; results stay when all else is gone */
  open_workers(1);
  int64_t shape = 1000;
  lj_value a = lj_array_new(LJ_INT64, 1, &shape), result, texts[1] = {lj_string("hello")};
  lj_future *first, *second, *third;
  for (int i = 0; i < 1000; i++) ((int64_t *)a.as.array.data)[i] = i;
  ck_assert_int_eq(lj_submit(lj_module_find(module, "double"), &a, 1, NULL, report, &first), LJ_OK);
  ck_assert_int_eq(lj_submit(lj_module_find(module, "text"), texts, 1, NULL, report, &second), LJ_OK);
  ck_assert_int_eq(lj_submit(lj_module_find(module, "double"), &a, 1, NULL, report, &third), LJ_OK);
  lj_value_free(&a);
  ck_assert(lj_future_wait(third, -1));
  api_close();
  ck_assert_int_eq(lj_future_take(first, &result, report), LJ_OK);
  lj_future_free(first);
  ck_assert_int_eq(((int64_t *)result.as.array.data)[999], 4 * 999);
  lj_value_free(&result);
  ck_assert_int_eq(lj_future_take(second, &result, report), LJ_OK);
  ck_assert_int_eq(result.as.str.length, 6);
  lj_value_free(&result);
  lj_future_free(second);
  lj_future_free(third); /* with its result */
}
END_TEST

START_TEST(future_kernel) {
  lj_kernel *kernel;
  lj_future *future;
  lj_value args[2] = {lj_int64(2), lj_float64(0.25)}, result;
  open_workers(1);
  ck_assert_int_eq(lj_specialise(lj_module_find(module, "add"), "float64, float64", report, &kernel), LJ_OK);
  ck_assert_int_eq(lj_kernel_submit(kernel, args, 2, NULL, report, &future), LJ_OK);
  ck_assert_int_eq(lj_future_take(future, &result, report), LJ_OK);
  ck_assert_double_eq(result.as.f, 2.25);
  lj_future_free(future);
  ck_assert_int_eq(lj_kernel_submit(kernel, args, 1, NULL, report, &future), LJ_OK); /* the kernel says it */
  ck_assert_int_eq(lj_future_take(future, &result, report), LJ_MISUSE);
  lj_future_free(future);
}
END_TEST

START_TEST(future_errors) {
  open_workers(2);
  lj_future *future = submit("bad", 0, NULL);
  ck_assert_int_eq(lj_future_take(future, NULL, report), LJ_ERROR);
  ck_assert_str_eq(lj_report_get(report, 0)->kind, "ZeroDivisionError");
  ck_assert_uint_eq(lj_report_get(report, 0)->line, 17);
  ck_assert_int_eq(lj_future_take(future, NULL, report), LJ_ERROR);
  ck_assert_uint_eq(lj_report_count(report), 0);
  lj_future_free(future);
  lj_value text = lj_string("x"), broken = {.kind = LJ_KIND_ARRAY, .dtype = LJ_INT64};
  broken.as.array.ndim = 99;
  ck_assert_int_eq(lj_submit(lj_module_find(module, "bad"), &text, 1, NULL, report, &future), LJ_OK);
  ck_assert_int_eq(lj_future_take(future, NULL, report), LJ_ERROR); /* found while compiling */
  ck_assert_str_eq(lj_report_get(report, 0)->kind, "TypeError");
  lj_future_free(future);
  ck_assert_int_eq(lj_submit(lj_module_find(module, "bad"), &broken, 1, NULL, report, &future), LJ_MISUSE);
  ck_assert_ptr_null(future);
  ck_assert_int_eq(lj_submit(NULL, NULL, 0, NULL, report, &future), LJ_MISUSE);
  lj_call_options options;
  lj_call_options_init(&options);
  options.context = lj_context_new(engine);
  ck_assert_int_eq(lj_submit(lj_module_find(module, "bad"), &text, 1, &options, report, &future), LJ_MISUSE);
  lj_context_free(options.context);
  lj_future_free(NULL);
}
END_TEST

START_TEST(future_cancel) {
  open_workers(1);
  lj_future *running = spinning(), *waiting = submit("say", 1, NULL);
  ck_assert(!lj_future_poll(running) && !lj_future_poll(waiting));
  lj_future_cancel(waiting);
  ck_assert(lj_future_poll(waiting));
  expect_stopped(waiting, "KeyboardInterrupt");
  ck_assert_ptr_null(lj_report_get(report, 0)->file); /* it never began */
  lj_future_cancel(running);
  ck_assert(lj_future_wait(running, 20));
  expect_stopped(running, "KeyboardInterrupt");
  ck_assert_uint_eq(lj_report_get(report, 0)->line, 6);
  lj_future_cancel(running); /* of one that has ended: nothing */
  lj_future *good = submit("say", 5, NULL);
  ck_assert_int_eq(lj_future_take(good, NULL, report), LJ_OK);
  lj_future_cancel(good);
  ck_assert_int_eq(lj_future_take(good, NULL, report), LJ_OK);
  ck_assert_int_eq(printed, 1);
  lj_future_free(running);
  lj_future_free(waiting);
  lj_future_free(good);
}
END_TEST

START_TEST(future_timeout) {
  lj_call_options options;
  open_workers(1);
  lj_call_options_init(&options);
  lj_value arg = lj_int64(0), result;
  ck_assert_int_eq(lj_call(lj_module_find(module, "spin"), &arg, 1, &result, report), LJ_OK); /* compiles it */
  options.timeout = 0.05;
  lj_future *running = submit("spin", 1, &options);
  options.timeout = 0.02; /* over before the thread is free */
  lj_future *waiting = submit("say", 1, &options);
  ck_assert(lj_future_wait(running, 20) && lj_future_wait(waiting, 20));
  expect_stopped(running, "TimeoutError");
  expect_stopped(waiting, "TimeoutError");
  ck_assert_int_eq(printed, 0);
  lj_future_free(running);
  lj_future_free(waiting);
  running = spinning();
  waiting = submit("say", 1, &options); /* its time is over while the only thread is busy */
  ck_assert(lj_future_wait(waiting, 20));
  expect_stopped(waiting, "TimeoutError");
  ck_assert(!lj_future_poll(running));
  lj_future_free(waiting);
  enum { MANY = 200 };
  lj_future *futures[MANY];
  for (int i = 0; i < MANY; i++) { /* deadlines in any order */
    options.timeout = 0.01 + i * 37 % MANY * 0.0005;
    futures[i] = submit("say", i, &options);
  }
  for (int i = 0; i < MANY; i += 3) lj_future_cancel(futures[i]);
  for (int i = 0; i < MANY; i++) {
    ck_assert(lj_future_wait(futures[i], 20));
    ck_assert_int_eq(lj_future_take(futures[i], NULL, report), LJ_STOPPED);
    const char *kind = lj_report_get(report, 0)->kind;
    ck_assert(strcmp(kind, "TimeoutError") == 0 || (i % 3 == 0 && strcmp(kind, "KeyboardInterrupt") == 0));
    lj_future_free(futures[i]);
  }
  ck_assert_int_eq(printed, 0);
  lj_future_free(running);
}
END_TEST

START_TEST(future_frees) { /* of futures that run or wait: each order */
  open_workers(1);
  lj_future *running = spinning(), *waiting = submit("say", 1, NULL);
  if (_i == 0) lj_future_free(running);
  if (_i == 1) {
    lj_future_free(waiting);
    lj_future_free(running);
  }
  if (_i >= 2) { /* the module, or with it the engine, goes first */
    lj_module_free(module);
    module = NULL;
    if (_i == 3) api_close();
    expect_stopped(running, "KeyboardInterrupt");
    expect_stopped(waiting, "KeyboardInterrupt");
    ck_assert_int_eq(printed, 0);
    lj_future_free(running);
    lj_future_free(waiting);
  }
  if (_i == 0) {
    lj_future_take(waiting, NULL, report);
    ck_assert_int_eq(printed, 1);
    lj_future_free(waiting);
  }
}
END_TEST

/* ---- callbacks ----------------------------------------------------------------------------------------------------------------------- */

typedef struct Seen {
  pthread_mutex_t lock;
  pthread_cond_t more;
  int ok, stopped;
  bool frees;
} Seen;

static void seen(void *data, lj_future *future) {
  Seen *s = data;
  lj_value result;
  lj_status status = lj_future_take(future, &result, NULL);
  lj_value_free(&result);
  bool frees = s->frees; /* behind the signal the test may be over */
  if (frees) lj_future_free(future);
  pthread_mutex_lock(&s->lock);
  s->ok += status == LJ_OK;
  s->stopped += status == LJ_STOPPED;
  pthread_cond_signal(&s->more);
  pthread_mutex_unlock(&s->lock);
}

static void wait_for(Seen *s, int count) {
  pthread_mutex_lock(&s->lock);
  while (s->ok + s->stopped < count) pthread_cond_wait(&s->more, &s->lock);
  pthread_mutex_unlock(&s->lock);
}

START_TEST(future_callback) {
  enum { N = 50 };
  static Seen s = {.lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};
  lj_future *futures[N];
  lj_call_options options;
  open_workers(2);
  lj_call_options_init(&options);
  options.done = seen, options.done_data = &s;
  s.ok = s.stopped = 0;
  s.frees = _i > 0;
  for (int i = 0; i < N; i++) futures[i] = submit("say", i, &options);
  if (_i == 0) lj_future_cancel(futures[N - 1]); /* once, however it ends */
  wait_for(&s, N);
  ck_assert_int_eq(s.ok + s.stopped, N);
  for (int i = 0; i < N && !s.frees; i++) lj_future_free(futures[i]);
  lj_value arg = lj_int64(1);
  for (int i = 0; i < N; i++) ck_assert_int_eq(lj_submit(lj_module_find(module, "say"), &arg, 1, NULL, report, NULL), LJ_OK);
  options.timeout = 0.02; /* the watch's thread tells of those that wait */
  s.ok = s.stopped = 0;
  for (int i = 0; i < 4; i++) futures[i] = submit("spin", 1, &options);
  wait_for(&s, 4);
  ck_assert_int_eq(s.stopped, 4);
  for (int i = 0; i < 4 && !s.frees; i++) lj_future_free(futures[i]);
}
END_TEST

/* A callback may make calls with timeouts, whoever it was that ended its own call: the clock is watched meanwhile. */
static void call_spin(void *data, lj_future *future) {
  lj_call_options options;
  lj_value arg = lj_int64(1);
  (void)future;
  lj_call_options_init(&options);
  options.timeout = 0.02;
  atomic_store((atomic_int *)data, 1 + (int)lj_call_with(lj_module_find(module, "spin"), &arg, 1, &options, NULL, NULL));
}

START_TEST(future_callback_calls) {
  static atomic_int seen_status;
  lj_call_options options;
  open_workers(1);
  lj_call_options_init(&options);
  options.done = call_spin, options.done_data = &seen_status;
  lj_future *running = spinning(); /* the others wait */
  seen_status = 0;
  options.timeout = _i == 0 ? 0.02 : 0;
  lj_future *waiting = submit("spin", 1, &options);
  if (_i == 1) lj_future_cancel(waiting);
  if (_i == 2) lj_future_cancel(running); /* the worker tells, after it has run a call that is cancelled, too */
  if (_i == 2) lj_future_cancel(waiting);
  for (int i = 0; i < 1000 && !seen_status; i++) lj_future_wait(running, 0.02), usleep(1000);
  ck_assert_int_eq(seen_status, 1 + LJ_STOPPED);
  lj_future_free(waiting);
  lj_future_free(running);
}
END_TEST

/* ---- threads and forks --------------------------------------------------------------------------------------------------------------- */

static void *submit_many(void *data) {
  lj_report *own = lj_report_new();
  lj_function *add = data;
  for (int i = 0; i < 100; i++) {
    lj_value args[2] = {lj_int64(i), lj_int64(i)}, result;
    lj_future *future;
    ck_assert_int_eq(lj_submit(add, args, 2, NULL, own, &future), LJ_OK);
    if (i % 4 == 0) lj_future_cancel(future);
    lj_status status = lj_future_take(future, &result, own);
    ck_assert(status == LJ_OK ? result.as.i == 2 * i : status == LJ_STOPPED && i % 4 == 0);
    lj_future_free(future);
  }
  lj_report_free(own);
  return NULL;
}

START_TEST(future_threads) {
  pthread_t threads[8];
  open_workers(3);
  for (int i = 0; i < 8; i++) ck_assert_int_eq(pthread_create(&threads[i], NULL, submit_many, lj_module_find(module, "add")), 0);
  for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
}
END_TEST

/* The child has none of the threads: what had not ended is stopped there, new calls work, and everything can be freed. */
static int in_child(lj_future *running, lj_future *waiting, lj_future *ended) {
  lj_value result;
  if (lj_future_take(running, NULL, report) != LJ_STOPPED || lj_future_take(waiting, NULL, report) != LJ_STOPPED) return 1;
  if (lj_future_take(ended, &result, report) != LJ_OK || result.as.i != 3) return 2;
  lj_future *own = submit("say", 7, NULL);
  if (lj_future_take(own, &result, report) != LJ_OK || result.as.i != 7) return 3;
  lj_future_free(own);
  lj_future_free(running);
  lj_future_free(waiting);
  lj_future_free(ended);
  api_end();
  return 0;
}

START_TEST(future_fork) {
  int status;
  open_workers(1);
  lj_future *ended = submit("say", 3, NULL);
  ck_assert(lj_future_wait(ended, -1));
  lj_future *running = spinning(), *waiting = submit("say", 1, NULL);
  pid_t child = fork();
  if (child == 0) _exit(in_child(running, waiting, ended));
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert_int_eq(status, 0);
  ck_assert(!lj_future_poll(running));
  lj_future_free(running);
  ck_assert_int_eq(lj_future_take(waiting, NULL, report), LJ_OK);
  lj_future_free(waiting);
  lj_future_free(ended);
}
END_TEST

START_TEST(future_config) {
  lj_config config;
  lj_config_init(&config);
  config.workers = -1;
  ck_assert_int_eq(lj_engine_new(&config, report, &engine), LJ_MISUSE);
}
END_TEST

Suite *suite_future(void);
Suite *suite_future(void) {
  Suite *suite = suite_create("future");
  TCase *tc = tcase_create("future");
  tcase_set_timeout(tc, 60);
  tcase_add_checked_fixture(tc, api_begin, api_end);
  tcase_add_loop_test(tc, future_results, 0, 4);
  tcase_add_test(tc, future_memory);
  tcase_add_test(tc, future_kernel);
  tcase_add_test(tc, future_errors);
  tcase_add_test(tc, future_cancel);
  tcase_add_test(tc, future_timeout);
  tcase_add_loop_test(tc, future_frees, 0, 4);
  tcase_add_loop_test(tc, future_callback_calls, 0, 3);
  tcase_add_loop_test(tc, future_callback, 0, 2);
  tcase_add_test(tc, future_threads);
  tcase_add_test(tc, future_fork);
  tcase_add_test(tc, future_config);
  suite_add_tcase(suite, tc);
  return suite;
}
