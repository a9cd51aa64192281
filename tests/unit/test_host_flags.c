/* Functions of the host and the compiler's decisions: who may be called from parallel loops, what passes may assume, what is kept in the cache. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/cache_help.h"
#include "tests/unit/host_help.h"

static _Atomic(int64_t) count;
static double pure(void *data, double x) { return (void)data, x * x + 1; }
static int64_t pure_int(void *data, int64_t x) { return (void)data, x % 7; }
static double reads(void *data, const lj_native1d *a) { return (void)data, ((double *)a->data)[0] + (double)a->shape[0]; }
static void ticks(void *data) { (void)data, atomic_fetch_add(&count, 1); }
static double plain(void *data, double x) { return (void)data, atomic_fetch_add(&count, 1), x + 1; }
static void set(void *data, const lj_native1d *a, int64_t i, double v) {
  (void)data;
  ((double *)a->data)[i * a->strides[0] / 8] = v;
}
static int even(void *data, lj_failure *failure, int64_t i, int64_t *result) {
  (void)data;
  *result = i / 2;
  return i % 2 ? lj_fail(failure, "ValueError", "%lld is odd", (long long)i) : 0;
}

static const HostRow functions[] = {
    HOST(pure, "float64(float64)", NULL, LJ_HOST_PURE),
    HOST(pure_int, "int64(int64)", NULL, LJ_HOST_PURE),
    HOST(reads, "float64(float64[:])", NULL, LJ_HOST_PURE),
    HOST(ticks, "void()", NULL, LJ_HOST_THREADS),
    HOST(plain, "float64(float64)", NULL, 0),
    HOST(set, "void(float64[:], int64, float64)", NULL, LJ_HOST_THREADS),
    HOST(even, "int64(int64)", NULL, LJ_HOST_THREADS | LJ_HOST_FAILS),
};

static lj_config config;
static void set_up(void) {
  api_begin();
  count = 0;
  lj_config_init(&config);
  config.threads = 3;
}

static void open_engine(void) { host_engine(&config, functions, LJ_COUNT(functions)); }

/* ---- parallel loops ------------------------------------------------------------------------------------------------------------------ */

/* A program, the call, its result; "" or what explain says. */
static const struct {
  const char *text, *arg, *want, *remark;
} parallel[] = {
    {"from host import pure\nfrom numba import njit, prange\n@njit(parallel=True)\n"
     "def f(n):\n    s = 0.0\n    for i in prange(n):\n        s += pure(i)\n    return s\n",
     "1000", "332834500.0", ""},
    {"from host import ticks\nfrom numba import njit, prange\n@njit(parallel=True)\n"
     "def f(n):\n    for i in prange(n):\n        ticks()\n    return n\n",
     "1000", "1000", ""},
    {"from host import set\nimport numpy as np\nfrom numba import njit, prange\n@njit(parallel=True)\n"
     "def f(n):\n    a = np.zeros(n)\n    for i in prange(n):\n        set(a, i, i + 0.5)\n    return a.sum()\n",
     "1000", "500000.0", ""},
    {"from host import even\nfrom numba import njit, prange\n@njit(parallel=True)\n"
     "def f(n):\n    s = 0\n    for i in prange(n):\n        s += even(2 * i)\n    return s\n",
     "1000", "499500", ""},
    /* array statements whose function may be called by one thread are serial */
    {"from host import plain\nimport numpy as np\nfrom numba import njit, vectorize\n@vectorize\ndef v(x):\n    return plain(x)\n"
     "@njit(parallel=True)\ndef f(n):\n    return v(np.arange(n) * 1.0).sum()\n",
     "100000", "5000050000.0", "plain() is not registered for several threads"},
    /* plain loops that are proven independent */
    {"from host import pure\nimport numpy as np\nfrom numba import njit\n@njit(parallel=True)\n"
     "def f(n):\n    a = np.zeros(n)\n    for i in range(n):\n        a[i] = pure(i)\n    return a.sum()\n",
     "100000", "333328333450000.0", "auto: its iterations are independent"},
    {"from host import plain\nimport numpy as np\nfrom numba import njit\n@njit(parallel=True)\n"
     "def f(n):\n    a = np.zeros(n)\n    for i in range(n):\n        a[i] = plain(i)\n    return a.sum()\n",
     "1000", "500500.0", "it prints or calls the library"},
};

START_TEST(host_in_parallel) {
  open_engine();
  host_load(parallel[_i].text);
  host_expect("f", &parallel[_i].arg, 1, parallel[_i].want);
  if (!*parallel[_i].remark) return;
  lj_text out;
  ck_assert_int_eq(lj_module_emit(module, "explain", lj_module_find(module, "f"), "int64", report, &out), LJ_OK);
  ck_assert_msg(strstr(out.data, parallel[_i].remark), "%s", out.data);
  lj_text_free(&out);
}
END_TEST

START_TEST(host_counts_in_parallel) {
  open_engine();
  host_load(parallel[1].text);
  host_expect("f", &parallel[1].arg, 1, parallel[1].want);
  ck_assert_int_eq(count, 1000);
}
END_TEST

/* The error that serial execution would have met, from whichever thread. */
START_TEST(host_fails_in_parallel) {
  lj_value n = lj_int64(10000);
  open_engine();
  host_load("from host import even\nfrom numba import njit, prange\n@njit(parallel=True)\n"
            "def f(n):\n    s = 0\n    for i in prange(n):\n        s += even(i if i > 5000 else 0)\n    return s\n");
  for (int again = 0; again < 20; again++) {
    ck_assert_int_eq(lj_call(lj_module_find(module, "f"), &n, 1, NULL, report), LJ_ERROR);
    ck_assert_str_eq(lj_report_get(report, 0)->message, "5001 is odd");
    ck_assert_uint_eq(lj_report_get(report, 0)->line, 7);
  }
}
END_TEST

/* One thread may call it: in a prange that is an error, also when a function in between calls it. */
static const struct {
  const char *text;
  unsigned line;
} serial[] = {
    {"from host import plain\nfrom numba import njit, prange\n@njit(parallel=True)\n"
     "def f(n):\n    s = 0.0\n    for i in prange(n):\n        s += plain(i)\n    return s\n",
     7},
    {"from host import plain\nfrom numba import njit, prange\ndef g(x):\n    return h(x) * 2\ndef h(x):\n    if x > 3:\n        return "
     "plain(x)\n"
     "    return 0.0\n@njit(parallel=True)\ndef f(n):\n    s = 0.0\n    for i in prange(n):\n        for j in range(3):\n            s += "
     "g(i)\n"
     "    return s\n",
     7},
};

START_TEST(host_refused_in_parallel) {
  lj_value n = lj_int64(10);
  open_engine();
  host_load(serial[_i].text);
  ck_assert_int_eq(lj_call(lj_module_find(module, "f"), &n, 1, NULL, report), LJ_ERROR);
  const lj_diagnostic *d = lj_report_get(report, 0);
  ck_assert_str_eq(d->message, "prange: the host's function plain() is not registered for several threads");
  ck_assert_uint_eq(d->line, serial[_i].line);
  ck_assert(strstr(lj_report_get(report, 1)->message, "LJ_HOST_THREADS"));
  ck_assert_int_eq(count, 0);
}
END_TEST

/* Without parallel=True a prange is a range. */
START_TEST(host_in_serial_prange) {
  open_engine();
  host_load("from host import plain\nfrom numba import prange\n"
            "def f(n):\n    s = 0.0\n    for i in prange(n):\n        s += plain(i)\n    return s\n");
  host_expect("f", (const char *[]){"10"}, 1, "55.0");
}
END_TEST

/* The race checker takes it that arrays are written, unless they are read-only there. */
static const struct {
  const char *body, *want;
} races[] = {
    {"set(a, i, 1.0)", "iterations"},
    {"b[i] = reads(a)", ""},
};

START_TEST(host_race_check) {
  char text[400];
  config.race_check = true;
  open_engine();
  sprintf(text,
          "from host import set, reads\nimport numpy as np\nfrom numba import njit, prange\n@njit(parallel=True)\n"
          "def f(n):\n    a = np.zeros(n)\n    b = np.zeros(n)\n    for i in prange(n):\n        %s\n    return a.sum()\n",
          races[_i].body);
  host_load(text);
  lj_text out = host_call("f", (const char *[]){"10"}, 1);
  if (*races[_i].want)
    ck_assert_msg(strstr(out.data, "RuntimeError") && strstr(out.data, races[_i].want), "%s", out.data);
  else
    ck_assert_str_eq(out.data, "0.0");
  lj_text_free(&out);
}
END_TEST

/* Nobody knows how long a function of the host takes: loops ask before each call whether to stop. */
static double slow(void *data, double x) { return (void)data, usleep(1000), x; }

START_TEST(host_loops_can_be_stopped) {
  lj_call_options options;
  lj_value n = lj_int64(1000000);
  config.interruptible = true;
  open_engine();
  ck_assert_int_eq(lj_engine_register(engine, "slow", "float64(float64)", (lj_host_function)slow, NULL, _i ? LJ_HOST_PURE : 0, report),
                   LJ_OK);
  host_load("from host import slow\ndef f(n):\n    s = 0.0\n    for i in range(n):\n        s += slow(i)\n    return s\n");
  lj_call_options_init(&options);
  options.timeout = 0.5;
  ck_assert_int_eq(lj_call_with(lj_module_find(module, "f"), &n, 1, &options, NULL, report), LJ_STOPPED);
  ck_assert_str_eq(lj_report_get(report, 0)->kind, "TimeoutError");
}
END_TEST

/* ---- passes -------------------------------------------------------------------------------------------------------------------------- */

/* What a host function stores is seen by what comes after it, whatever passes make of loops around. */
static const struct {
  const char *body, *want;
} effects[] = {
    {"s = 0.0\nfor i in range(5):\n    set(a, 2, i)\n    s += a[2]\nreturn s", "10.0"},
    {"s = 0.0\nfor i in range(5):\n    a[2] = 100\n    set(a, i, i)\n    s += a[2]\nreturn s", "402.0"},
    {"for i in range(5):\n    a[0] += 1\n    set(a, 0, a[0] * 2)\nreturn a[0]", "62.0"},
    {"b = a + 1\nset(a, 0, 9)\nc = a + b\nreturn c[0] + b[0]", "11.0"},
    {"x = a[0]\nset(a, 0, 9)\nreturn x + a[0]", "9.0"},
    {"return a[0] + first(a) + a[0]", "14.0"},
    {"v = a[1:]\nset(v, 0, 4)\nset(v[::-1], 0, 5)\nreturn a[1] * 10 + a[-1]", "45.0"},
    {"a[:] = 1\nset(a, 1, 5)\na[:] = a * 2\nreturn a.sum()", "18.0"},
    {"n = 5\nfor i in range(n):\n    set(a, i, pure_int(i))\n    a[i] = a[i] + 1\nreturn a.sum()", "15.0"},
    {"s = 0.0\nfor i in range(5):\n    s = s + reads(a)\n    a[0] = i\nreturn s", "31.0"},
    {"return reads(T) + reads(T[1:]) + reads(a)", "11.0"},
    {"s = 0\nfor i in range(10):\n    if i % 2 == 0:\n        s += even(i)\nreturn s", "10"},
    {"s = 0\nfor i in range(len(a)):\n    s += pure_int(10 + i) * i\nreturn s", "32"},
};

START_TEST(host_effects_are_kept) {
  char text[1000] = "from host import set, pure, pure_int, reads, even\nimport numpy as np\n"
                    "T = np.array([2.0, 1.0])\n"
                    "def first(a):\n    set(a, 0, 7)\n    return a[0]\n"
                    "def f(a):\n";
  lj_value zeros = lj_array_new(LJ_FLOAT64, 1, (int64_t[]){5}), result;
  lj_text out;
  for (const char *line = effects[_i].body; *line;) {
    size_t n = strcspn(line, "\n");
    sprintf(text + strlen(text), "    %.*s\n", (int)n, line);
    line += n + (line[n] == '\n');
  }
  open_engine();
  host_load(text);
  lj_status status = lj_call(lj_module_find(module, "f"), &zeros, 1, &result, report);
  ck_assert_msg(status == LJ_OK, "%s", lj_report_text(report));
  lj_value_format(&result, true, &out);
  ck_assert_str_eq(out.data, effects[_i].want);
  lj_text_free(&out);
  lj_value_free(&zeros);
}
END_TEST

/* A pure call of the same number is made once before the loop; others are made each time. */
START_TEST(host_pure_leaves_loops) {
  static const char text[] = "from host import %s\ndef f(n, x):\n    s = 0.0\n    for i in range(n):\n        s += %s(x)\n    return s\n";
  static const char *const names[] = {"pure", "plain"};
  open_engine();
  for (int i = 0; i < 2; i++) {
    char source[200];
    lj_text out;
    snprintf(source, sizeof source, text, names[i], names[i]);
    host_load(source);
    ck_assert_int_eq(lj_module_emit(module, "llvm-opt", lj_module_find(module, "f"), "int64, float64", report, &out), LJ_OK);
    const char *call = strstr(out.data, "call double @\"host."), *loop = strstr(out.data, "phi double");
    ck_assert_msg(call && loop, "%s", out.data);
    ck_assert_int_eq(call < loop, i == 0);
    lj_text_free(&out);
    lj_module_free(module);
    module = NULL;
  }
}
END_TEST

/* ---- the cache ----------------------------------------------------------------------------------------------------------------------- */

static double other(void *data, double x) { return *(double *)data + x; }

typedef struct Found {
  double result;
  uint64_t hits, misses;
} Found;

static Found run_cached(const HostRow *rows, size_t n, const char *text) {
  Found found = {0};
  lj_value x = lj_float64(3), result;
  lj_cache_counts counts = {.size = sizeof counts};
  config.cache_dir = folder;
  host_engine(&config, rows, n);
  host_load(text);
  ck_assert_msg(lj_call(lj_module_find(module, "f"), &x, 1, &result, report) == LJ_OK, "%s", lj_report_text(report));
  found.result = result.as.f;
  lj_engine_cache_counts(engine, &counts);
  found.hits = counts.hits, found.misses = counts.misses;
  api_close();
  return found;
}

static const char uses_g[] = "from host import g\ndef f(x):\n    return g(x) * 10\n";

/* The address and the pointer are not part of what is kept. */
START_TEST(host_cache_takes_other_addresses) {
  double data[2] = {100, 1000};
  HostRow first = {"g", "float64(float64)", (lj_host_function)plain, NULL, 0}, second = first;
  second.function = (lj_host_function)other, second.data = &data[0];
  make_folder();
  ck_assert_double_eq(run_cached(&first, 1, uses_g).result, 40);
  Found found = run_cached(&second, 1, uses_g);
  ck_assert_double_eq(found.result, 1030);
  ck_assert_uint_eq(found.hits, 2); /* the program and the kernel */
  ck_assert_uint_eq(found.misses, 0);
  second.data = &data[1];
  ck_assert_double_eq(run_cached(&second, 1, uses_g).result, 10030);
  drop_folder();
}
END_TEST

/* What the code depends on is: a miss. What the text does not name is not. */
static const struct {
  const char *name, *signature;
  unsigned flags;
  bool hit;
} changes[] = {
    {"g", "float64(float64)", 0, true},
    {"g", "float64(float64)", LJ_HOST_THREADS, false},
    {"g", "float64(float64)", LJ_HOST_PURE, false},
    {"g", "float64( double )", 0, true},
    {"unnamed", "int64()", 0, true},
    {"g", "float32(float32)", 0, false},
};

static float narrow(void *data, float x) { return (void)data, x; }

START_TEST(host_cache_key) {
  HostRow first = {"g", "float64(float64)", (lj_host_function)plain, NULL, 0}, rows[2] = {first};
  bool is_g = strcmp(changes[_i].name, "g") == 0, is_narrow = strstr(changes[_i].signature, "float32") != NULL;
  rows[!is_g] = (HostRow){changes[_i].name, changes[_i].signature, is_narrow ? (lj_host_function)narrow : (lj_host_function)plain, NULL,
                          changes[_i].flags};
  make_folder();
  run_cached(&first, 1, uses_g);
  Found found = run_cached(rows, is_g ? 1 : 2, uses_g);
  ck_assert_double_eq(found.result, is_narrow ? 30 : 40);
  ck_assert_int_eq(found.hits == 2 && found.misses == 0, changes[_i].hit);
  drop_folder();
}
END_TEST

/* A program that was kept with its functions is wrong without them, not a crash. */
START_TEST(host_cache_without_functions) {
  HostRow row = {"g", "float64(float64)", (lj_host_function)plain, NULL, 0};
  make_folder();
  run_cached(&row, 1, uses_g);
  host_engine(&config, NULL, 0);
  ck_assert_int_eq(lj_module_load(engine, "test.lp", uses_g, strlen(uses_g), 0, report, &module), LJ_ERROR);
  ck_assert(strstr(lj_report_text(report), "the host has no function 'g'"));
  drop_folder();
}
END_TEST

/* ---- threads ------------------------------------------------------------------------------------------------------------------------- */

/* Each registers a function of its own, loads a program that calls it and a common one, from several threads of its own. */
static void *work(void *data) {
  char name[8], text[400];
  const char *result;
  lj_report *own = lj_report_new();
  lj_module *mine;
  lj_value n = lj_int64(2000), value;
  snprintf(name, sizeof name, "g%d", *(int *)data);
  bool ok = lj_engine_register(engine, name, "int64(int64)", (lj_host_function)pure_int, NULL, LJ_HOST_THREADS, own) == LJ_OK;
  snprintf(text, sizeof text,
           "from host import ticks, %s\nfrom numba import njit, prange\n@njit(parallel=True)\n"
           "def f(n):\n    s = 0\n    for i in prange(n):\n        ticks()\n        s += %s(i)\n    return s\n",
           name, name);
  ok = ok && lj_module_load(engine, "own.lp", text, strlen(text), 0, own, &mine) == LJ_OK;
  for (int i = 0; i < 5 && ok; i++) ok = lj_call(lj_module_find(mine, "f"), &n, 1, &value, own) == LJ_OK && value.as.i == 5995;
  result = ok ? NULL : strdup(lj_report_text(own));
  if (ok) lj_module_free(mine);
  lj_report_free(own);
  return (void *)(uintptr_t)result;
}

START_TEST(host_threads) {
  enum { THREADS = 4 };
  pthread_t threads[THREADS];
  int numbers[THREADS];
  void *failed;
  open_engine();
  for (int i = 0; i < THREADS; i++) {
    numbers[i] = i;
    ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &numbers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], &failed);
    ck_assert_msg(!failed, "%s", (const char *)failed);
  }
  ck_assert_int_eq(count, THREADS * 5 * 2000);
}
END_TEST

/* ---- libraries ----------------------------------------------------------------------------------------------------------------------- */

/* A library that is built ahead of time runs without this program. */
START_TEST(host_in_built_library) {
  static const char *const exports[] = {"f(float64)"};
  lj_build_options options;
  lj_text output, header;
  open_engine();
  host_load("from host import pure\ndef g(x):\n    return pure(x)\ndef f(x):\n    return g(x) + 1\n");
  lj_build_options_init(&options);
  options.file = "k.o", options.exports = exports, options.export_count = 1;
  ck_assert_int_eq(lj_module_build(module, &options, report, &output, &header), LJ_ERROR);
  ck_assert_str_eq(lj_report_get(report, 0)->message,
                   "'f' cannot be built: it calls the host's function pure(), which is there only where a program registers it: "
                   "give its results to the exported function as arguments");
  lj_text_free(&output);
  lj_text_free(&header);
}
END_TEST

Suite *suite_host_flags(void);
Suite *suite_host_flags(void) {
  Suite *suite = suite_create("host_flags");
  TCase *tc = tcase_create("host_flags");
  tcase_set_timeout(tc, 60);
  tcase_add_checked_fixture(tc, set_up, api_end);
  tcase_add_loop_test(tc, host_in_parallel, 0, LJ_COUNT(parallel));
  tcase_add_test(tc, host_counts_in_parallel);
  tcase_add_test(tc, host_fails_in_parallel);
  tcase_add_loop_test(tc, host_refused_in_parallel, 0, LJ_COUNT(serial));
  tcase_add_test(tc, host_in_serial_prange);
  tcase_add_loop_test(tc, host_race_check, 0, LJ_COUNT(races));
  tcase_add_loop_test(tc, host_loops_can_be_stopped, 0, 2);
  tcase_add_loop_test(tc, host_effects_are_kept, 0, LJ_COUNT(effects));
  tcase_add_test(tc, host_pure_leaves_loops);
  tcase_add_test(tc, host_cache_takes_other_addresses);
  tcase_add_loop_test(tc, host_cache_key, 0, LJ_COUNT(changes));
  tcase_add_test(tc, host_cache_without_functions);
  tcase_add_test(tc, host_threads);
  tcase_add_test(tc, host_in_built_library);
  suite_add_tcase(suite, tc);
  return suite;
}
