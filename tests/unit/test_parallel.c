/* Parallel loops through the public interface: the race checker, schedules, the same bits whatever runs them. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/map.h"
#include "jit/engine.h"
#include "runtime/rt_schedule.h"
#include "tests/unit/api_help.h"

/* ---- races --------------------------------------------------------------------------------------------------------------------------- */

#define SCATTER                                                                                                                            \
  "from numba import njit, prange\n"                                                                                                       \
  "@njit\n"                                                                                                                                \
  "def f(a, at):\n"                                                                                                                        \
  "    for i in prange(len(at)):\n"                                                                                                        \
  "        a[at[i]] = i\n"

static lj_status scatter(const char *at) {
  double a[8] = {0};
  lj_value args[2] = {lj_array1d(LJ_FLOAT64, a, 8)};
  ck_assert_int_eq(lj_value_parse(at, strlen(at), report, &args[1]), LJ_OK);
  lj_status status = lj_call(lj_module_find(module, "f"), args, 2, NULL, report);
  lj_value_free(&args[1]);
  return status;
}

START_TEST(race_is_an_error_with_both_places) {
  lj_config config;
  lj_config_init(&config);
  ck_assert(!config.race_check);
  config.race_check = true;
  api_open(&config, SCATTER);
  for (int round = 0; round < 3; round++) { /* an error leaves nothing behind */
    ck_assert_msg(scatter("[3, 1, 2]") == LJ_OK, "%s", lj_report_text(report));
    ck_assert_int_eq(scatter("[3, 1, 5, 1]"), LJ_ERROR);
    ck_assert_uint_eq(lj_report_errors(report), 1);
    ck_assert_uint_eq(lj_report_count(report), 2);
    ck_assert_str_eq(lj_report_get(report, 0)->kind, "RuntimeError");
    ck_assert_str_eq(lj_report_get(report, 0)->message, "prange: a race: iterations 1 and 3 both use a[1]; this one stores into it");
    ck_assert_int_eq(lj_report_get(report, 1)->severity, LJ_SEVERITY_NOTE);
    ck_assert_uint_eq(lj_report_get(report, 1)->line, 5);
  }
}
END_TEST

START_TEST(race_is_not_looked_for_unasked) {
  api_open(NULL, SCATTER);
  ck_assert_int_eq(scatter("[3, 1, 5, 1]"), LJ_OK);
}
END_TEST

START_TEST(race_state_of_a_context_ends_with_its_error) {
  lj_config config;
  lj_config_init(&config);
  config.race_check = true;
  api_open(&config, SCATTER);
  lj_kernel *kernel;
  ck_assert_int_eq(lj_specialise(lj_module_find(module, "f"), "float64[::1], int64[::1]", report, &kernel), LJ_OK);
  lj_context *context = lj_context_new(engine);
  double a[8] = {0};
  int64_t at[2][2] = {{1, 1}, {1, 2}};
  for (int i = 0; i < 4; i++) {
    struct {
      void *data, *owner;
      int64_t shape, stride;
    } args[2] = {{a, NULL, 8, 8}, {at[i % 2], NULL, 2, 8}};
    ck_assert_int_eq(lj_kernel_entry(kernel)(context, args, NULL) != 0, i % 2 == 0);
    lj_context_report(context, report);
    ck_assert_uint_eq(lj_report_errors(report), i % 2 == 0);
  }
  lj_context_free(context);
}
END_TEST

/* ---- schedules ----------------------------------------------------------------------------------------------------------------------- */

static const struct {
  const char *text;
  int kind; /* -1: refused */
  int64_t chunk;
} schedules[] = {
    {"static", SCHEDULE_STATIC, 0},
    {"dynamic", SCHEDULE_DYNAMIC, 0},
    {"guided", SCHEDULE_GUIDED, 0},
    {"auto", SCHEDULE_DEFAULT, 0},
    {"dynamic,16", SCHEDULE_DYNAMIC, 16},
    {"monotonic:static,4", SCHEDULE_STATIC, 4},
    {"", -1, 0},
    {"dynamics", -1, 0},
    {"static,", -1, 0},
    {"static,0", -1, 0},
    {"static,4x", -1, 0},
    {"static,-3", -1, 0},
};

START_TEST(schedules_as_the_environment_has_them) {
  Schedule got = {SCHEDULE_DEFAULT, 99};
  bool ok = lj_schedule_parse(schedules[_i].text, &got);
  ck_assert_int_eq(ok ? (int)got.kind : -1, schedules[_i].kind);
  if (ok) ck_assert_int_eq(got.chunk, schedules[_i].chunk);
}
END_TEST

/* Everything whose order could show: float sums and products, elements, extremes with an index, last values; triangular work; an error. */
static const char mixed[] = "from numba import njit, prange, set_parallel_chunksize, get_parallel_chunksize\n"
                            "import numpy as np\n"
                            "@njit(parallel=True, error_model='python')\n"
                            "def f(x, bad):\n"
                            "    n = len(x)\n"
                            "    s, p, hi, at, last = 0.1, 1.0, -1.0, -1, -1\n"
                            "    h = np.zeros(7)\n"
                            "    y = np.empty(n)\n"
                            "    for i in prange(n):\n"
                            "        s += x[i] * 0.1\n"
                            "        p *= 1.0 + x[i] * 1e-9\n"
                            "        h[i % 7] += x[i] / 3.0\n"
                            "        if x[i] > hi:\n"
                            "            hi = x[i]\n"
                            "            at = i\n"
                            "        if x[i] < 100.0:\n"
                            "            last = i\n"
                            "    for i in prange(n - 1, -1, -1):\n"
                            "        y[i] = np.sqrt(x[i]) + i\n"
                            "    t = np.zeros(600)\n"
                            "    for i in prange(600):\n"
                            "        for j in range(i):\n"
                            "            t[i] += x[j] * y[j]\n"
                            "        if i == bad or i == bad + 40:\n"
                            "            raise ValueError(f'{i}')\n"
                            "    return s + p, hi, at, last, h, t, np.sum(y), y\n";

enum { NEVER = -1000 };

static char *run_mixed(int bad) {
  enum { SIZE = 30000 };
  static double x[SIZE];
  for (int i = 0; i < SIZE; i++) x[i] = (double)((i * 7919L) % 10007) * 0.37;
  lj_value args[2] = {lj_array1d(LJ_FLOAT64, x, SIZE), lj_int64(bad)}, result = lj_none();
  lj_status status = lj_call(lj_module_find(module, "f"), args, 2, &result, report);
  ck_assert_msg(status == (bad == NEVER ? LJ_OK : LJ_ERROR), "%s", lj_report_text(report));
  lj_text text = {0};
  uint64_t bits[6] = {0};
  if (status == LJ_OK) {
    lj_value_format(&result, true, &text);
    for (size_t i = 0; i < 8; i++) { /* what printing rounds, in full */
      const lj_value *v = &result.as.tuple.items[i];
      const double *d = v->kind == LJ_KIND_ARRAY ? v->as.array.data : &v->as.f;
      int64_t count = v->kind == LJ_KIND_ARRAY ? v->as.array.shape[0] : 1;
      for (int64_t k = 0; k < count; k++) {
        uint64_t one;
        memcpy(&one, &d[k], sizeof one);
        bits[i % 6] = bits[i % 6] * 0x9E3779B97F4A7C15u + one;
      }
    }
  }
  char *all = malloc(text.length + 400);
  ck_assert_ptr_nonnull(all);
  snprintf(all, text.length + 400, "%s %s %llx %llx %llx %llx %llx %llx", status == LJ_OK ? text.data : "",
           status == LJ_OK ? "" : lj_report_get(report, 0)->message, (unsigned long long)bits[0], (unsigned long long)bits[1],
           (unsigned long long)bits[2], (unsigned long long)bits[3], (unsigned long long)bits[4], (unsigned long long)bits[5]);
  lj_text_free(&text);
  lj_value_free(&result);
  return all;
}

static const int thread_counts[] = {1, 2, 3, 7, 64};

START_TEST(schedules_change_no_bit) {
  static const int64_t chunks[] = {0, 1, 37, 5000, 1 << 20};
  int bad = _i % 2 ? 123 : NEVER;
  char *want = NULL;
  api_open(NULL, mixed);
  for (size_t t = 0; t < LJ_COUNT(thread_counts); t++)
    for (size_t c = 0; c < LJ_COUNT(chunks); c++) {
      engine->config.threads = thread_counts[t];
      engine->config.schedule = (lj_schedule)(_i / 2);
      engine->config.chunk = chunks[c];
      char *got = run_mixed(bad);
      if (!want) want = strdup(got);
      ck_assert_str_eq(got, want);
      free(got);
    }
  if (bad >= 0) ck_assert_ptr_nonnull(strstr(want, " 123 ")); /* the lowest iteration that fails */
  free(want);
}
END_TEST

START_TEST(schedules_that_are_none) {
  lj_config config;
  lj_config_init(&config);
  memset(&config.schedule, 1, sizeof config.schedule);
  ck_assert_int_eq(lj_engine_new(&config, report, &engine), LJ_MISUSE);
  lj_config_init(&config);
  config.chunk = -1;
  ck_assert_int_eq(lj_engine_new(&config, report, &engine), LJ_MISUSE);
}
END_TEST

/* ---- balance ------------------------------------------------------------------------------------------------------------------------- */

enum { MOST_RACERS = 7, RACE_CHUNKS = 128, RACE_ROWS = 1024 };

/* Threads with clocks of their own, which advance by the work that they did: whoever is behind goes on first, as if all ran at the same speed. */
typedef struct Racers {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int threads;
  int64_t clock[MOST_RACERS], left; /* chunks that nobody has taken */
  bool waits[MOST_RACERS], late;
} Racers;

static bool may_go(const Racers *r, int id) {
  for (int k = 0; k < r->threads && r->left > 0; k++)
    if (k != id && (!r->waits[k] || r->clock[k] < r->clock[id] || (r->clock[k] == r->clock[id] && k < id))) return false;
  return true;
}

/* Row i of a triangle takes i + 1. */
static int32_t race_rows(lj_rt *rt, const void *frame, int64_t chunk, int64_t lo, int64_t hi) {
  Racers *r = *(Racers *const *)frame;
  struct timespec until;
  (void)chunk;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 60;
  pthread_mutex_lock(&r->lock);
  r->left--;
  r->waits[rt->thread_id] = true;
  pthread_cond_broadcast(&r->changed);
  while (!may_go(r, rt->thread_id) && !r->late) r->late = pthread_cond_timedwait(&r->changed, &r->lock, &until) != 0;
  for (int64_t i = lo; i < hi; i++) r->clock[rt->thread_id] += i + 1;
  r->waits[rt->thread_id] = false;
  pthread_cond_broadcast(&r->changed);
  pthread_mutex_unlock(&r->lock);
  return 0;
}

static const struct {
  ScheduleKind schedule;
  int threads;
} triangles[] = {{SCHEDULE_DEFAULT, 2}, {SCHEDULE_DEFAULT, 3}, {SCHEDULE_DEFAULT, 7}, {SCHEDULE_DYNAMIC, 2}, {SCHEDULE_DYNAMIC, 7}};

START_TEST(triangles_are_balanced) {
  Racers racers = {
      .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .threads = triangles[_i].threads, .left = RACE_CHUNKS};
  Racers *frame = &racers;
  lj_rt rt;
  lj_rt_init(&rt);
  rt.threads = racers.threads;
  rt.schedule = (int32_t)triangles[_i].schedule;
  ck_assert_int_eq(lj_rt_parallel_for(&rt, NULL, race_rows, (const void *)&frame, 0, RACE_ROWS, RACE_CHUNKS, false), 0);
  lj_rt_drop(&rt);
  int64_t most = 0, all = 0;
  for (int k = 0; k < racers.threads; k++) {
    all += racers.clock[k];
    if (racers.clock[k] > most) most = racers.clock[k];
  }
  ck_assert(!racers.late);
  ck_assert_int_eq(racers.left, 0);
  ck_assert_int_eq(all, (int64_t)RACE_ROWS * (RACE_ROWS + 1) / 2);
  ck_assert_msg(most * racers.threads * 10 <= all * 11, "one thread did %lld of %lld", (long long)most, (long long)all);
}
END_TEST

/* ---- plain loops that are proven independent ------------------------------------------------------------------------------------------- */

/* The body of f(x, k, y, n): x, y float64, k int64, of 60000 elements; `want`: what explain says of a loop in it. */
static const struct {
  const char *body, *want;
} plain[] = {
#define SERIAL "- auto: stays serial: "
#define LOOP "    for i in range(n):\n"
    {LOOP "        y[i] = x[i] * 2.0\n    return y", "+ auto: its"},
    {LOOP "        y[i] += x[i] * k[i]\n    return y", "+ auto: its"},
    {"    for i in range(1, n - 1):\n        y[i] = x[i - 1] + x[i + 1]\n    return y", "+ auto: its"},
    {"    for i in range(n - 1, 0, -3):\n        y[i] = x[i] + i\n    return y", "+ auto: its"},
    {"    for i in range(n // 2):\n        y[2 * i] = y[2 * i + 1]\n    return y", "+ auto: its"},
    {"    for i in range(1, n):\n        y[i] = y[i - 1] + x[i]\n    return y", SERIAL "whether iterations use different elements of 'y'"},
    {"    for i in range(n):\n        y[k[i]] = i\n    return y", SERIAL "an iteration may fail"},
    {"    s = 3\n" LOOP "        s += k[i]\n    return s", "+ auto: its"},
    {"    s = 3\n" LOOP "        s = s - k[i] * 2\n    return s", "+ auto: its"},
    {"    s = 3\n" LOOP "        if x[i] > 0.0:\n            s = s + 1\n    return s", "+ auto: its"},
    {"    s = 1\n" LOOP "        s = s * (2 * k[i] + 1)\n    return s", "+ auto: its"},
    {"    s = 0.5\n" LOOP "        s += x[i]\n    return s", SERIAL "'s' is a float"},
    {"    s = 0.5\n" LOOP "        s = max(s, x[i])\n    return s", "+ auto: its"},
    {"    s = 0.5\n" LOOP "        s = min(x[i], s)\n    return s", SERIAL "'s' is a float"},
    {"    s = 7\n" LOOP "        s = min(k[i], s)\n    return s", "+ auto: its"},
    {"    s = x[0]\n    w = -1\n" LOOP "        if x[i] > s:\n            s = x[i]\n            w = i\n    return s, w", "+ auto: its"},
    {"    s = x[0]\n    w = -1\n" LOOP "        if s >= x[i]:\n            s, w = x[i], i\n    return s, w", "+ auto: its"},
    {"    s = x[0]\n    w = 0\n" LOOP "        if x[i] > s:\n            s = x[i]\n            w += 1\n    return s, w",
     SERIAL "'w' is carried"},
    {"    s = x[0]\n    w = 0\n" LOOP "        if x[i] > s:\n            s = x[i]\n        else:\n            w = i\n    return s, w",
     SERIAL "'s' is carried"},
    {"    s = x[0]\n" LOOP "        if x[i] > s:\n            s = x[i] * 0.5\n    return s", SERIAL "'s' is carried"},
    {"    s = 0\n    t = 0\n" LOOP "        t = s\n        s = s + k[i]\n        s = t + 1\n    return s, t", SERIAL "'s' is carried"},
    {"    s = 0\n" LOOP "        s = s + k[i]\n        y[i] = s\n    return y", SERIAL "'s' is carried"},
    {"    s = 0\n    t = 5\n" LOOP "        s += t\n        t = k[i]\n    return s, t", SERIAL "'t' is carried"},
    {"    last = -1.0\n" LOOP "        if x[i] > 3.0:\n            last = x[i]\n    return last", "+ auto: its"},
    {"    t = 0.0\n" LOOP "        if x[i] > 0.0:\n            t = x[i]\n        y[i] = t\n    return y", SERIAL "'t' is carried"},
    {LOOP "        t = 0.0\n        for j in range(3):\n            t += x[i] * j\n        y[i] = t\n    return y", "+ auto: its"},
    {LOOP "        if x[i] > 2000.0:\n            break\n        y[i] = 1.0\n    return y", SERIAL "it may break off"},
    {LOOP "        if x[i] > 2000.0:\n            continue\n        y[i] = 1.0\n    return y", "+ auto: its"},
    {LOOP "        if x[i] > 9e9:\n            return y\n        y[i] = 1.0\n    return y", SERIAL "it may return"},
    {LOOP "        y[i] = 1 // (k[i] + 1)\n    return y", SERIAL "an iteration may fail"},
    {"    z = y[1:]\n    for i in range(n - 1):\n        z[i] = y[i]\n    return y", SERIAL "whether"},
    {LOOP "        y[i] = square(x[i]) + square(k[i])\n    return y", "+ auto: its"},
    {"    m = 3 if x[0] < 1e9 else 1\n    for i in range(n // 4):\n        y[i * m + 1] = y[i * m] + 1.0\n    return y", SERIAL "whether"},
    {LOOP "        y[i] = fib(i % 4)\n    return y", SERIAL "it calls a function"},
    {"    m = y.reshape((200, n // 200))\n    for i in range(200):\n        for j in range(1, m.shape[1]):\n            m[i, j] = m[i, j - "
     "1] + 1\n    return y",
     "+ auto: its"},
    {"    m = y.reshape((200, n // 200))\n    for i in range(1, 200):\n        for j in range(m.shape[1]):\n            m[i, j] += m[i - "
     "1, "
     "j]\n    return y",
     "+ auto: its"},
    /* flags */
    {"    s = x[7] > 9e9\n" LOOP "        s = s or x[i] > 2600.0\n    return s", "+ auto: its"},
    {"    s = x[7] < 9e9\n" LOOP "        s = s and (x[i] > -900.0 or k[i] > 0)\n    return s", "+ auto: its"},
    {"    s = x[7] < 9e9\n" LOOP "        s = x[i] < 2700.0 and s\n    return s", "+ auto: its"},
    {"    s = x[7] > 9e9\n" LOOP "        s = s or x[i] > 2600.0 or k[i] == 59999\n    return s", "+ auto: its"},
    {"    s = x[7] > 9e9\n" LOOP "        s = (s or x[i] > 2600.0) and k[i] < 50000\n    return s", SERIAL "'s' is carried"},
    {"    s = x[7] > 9e9\n    t = 0.0\n" LOOP "        s = s or (t := x[i]) > 2600.0\n    return s, t", SERIAL "'s' is carried"},
    {"    s = x[7] > 9e9\n" LOOP
     "        t = s\n        if not t:\n            t = x[i] > 2600.0\n            y[i] = 1.0\n        s = t\n    return s",
     SERIAL "'s' is carried"},
/* elements of arrays */
#define BINS "    h = np.full(5, 3)\n"
    {BINS LOOP "        h[k[i] % 5] += 1\n    return h", "+ auto: its"},
    {BINS LOOP "        h[k[i] % 5] += k[i] * i\n        if x[i] > 3.0:\n            h[0] -= i\n    return h", "+ auto: its"},
    {"    h = np.full(5, 3, dtype=np.uint8)\n" LOOP "        h[k[i] % 5] *= 2 * k[i] + 3\n    return h", "+ auto: its"},
    {"    h = np.zeros((3, 2), dtype=np.int16)\n" LOOP "        for j in range(2):\n            h[k[i] % 3, j] -= i\n    return h",
     "+ auto: its"},
    {BINS LOOP "        h[k[i] % 5] = max(h[k[i] % 5], k[i])\n    return h", SERIAL "whether iterations use different elements of 'h'"},
    {BINS LOOP "        j = k[i] % 5\n        h[j] = max(h[j], k[i])\n    return h", "+ auto: its"},
    {BINS LOOP "        h[k[i] % 5] += 1\n        h[0] ^= 2\n    return h", SERIAL "whether iterations use different elements of 'h'"},
    {BINS LOOP "        h[k[i] % 5] += 1\n        y[i] = h[0]\n    return h", SERIAL "whether iterations use different elements of 'h'"},
    {BINS LOOP "        j = k[i] % 5\n        h[j] = k[i] - h[j]\n    return h", SERIAL "whether iterations use different elements of 'h'"},
    {BINS LOOP "        h[k[i] % 5] += h[i % 5]\n    return h", SERIAL "whether iterations use different elements of 'h'"},
    {"    h = np.zeros(5)\n" LOOP "        h[k[i] % 5] += x[i]\n    return h", SERIAL "whether iterations use different elements of 'h'"},
    {"    while n > 59990:\n        for i in range(n):\n            y[i] += x[i]\n        n -= 1\n    return y", "+ auto: its"},
};

static char *run_plain(const char *source, int threads, bool automatic) {
  enum { SIZE = 60000 };
  lj_value args[4] = {lj_none(), lj_none(), lj_none(), lj_int64(SIZE)}, result;
  static double x[SIZE], y[SIZE];
  static int64_t k[SIZE];
  for (int i = 0; i < SIZE; i++) {
    x[i] = (double)((i * 7919L) % 10007) * 0.37 - 1000.0;
    y[i] = i * 0.5;
    k[i] = (i * 7919L) % SIZE;
  }
  x[777] = x[50001] = 0.0 / (double)(threads == 0); /* a NaN */
  args[0] = lj_array1d(LJ_FLOAT64, x, SIZE), args[1] = lj_array1d(LJ_INT64, k, SIZE), args[2] = lj_array1d(LJ_FLOAT64, y, SIZE);
  lj_config config;
  lj_config_init(&config);
  config.threads = threads;
  config.auto_parallel = automatic;
  config.opt_level = 1;
  api_open(&config, source);
  ck_assert_msg(lj_call(lj_module_find(module, "f"), args, 4, &result, report) == LJ_OK, "%s", lj_report_text(report));
  uint64_t hash = hash_bytes(y, sizeof y, 1);
  lj_text text;
  lj_value_format(&result, true, &text);
  char *all = malloc(text.length + 40);
  snprintf(all, text.length + 40, "%s %llx", text.data, (unsigned long long)hash);
  lj_text_free(&text);
  lj_value_free(&result);
  return all;
}

START_TEST(plain_loops_keep_their_results) {
  char source[1200];
  snprintf(source, sizeof source,
           "from numba import njit\nimport numpy as np\n@njit\ndef square(v):\n    return v * v\n@njit\ndef fib(n):\n    return n if n < 2 "
           "else fib(n - 1) + fib(n - 2)\n@njit\n"
           "def f(x, k, y, n):\n%s\n",
           plain[_i].body);
  char *want = run_plain(source, 1, false);
  api_close();
  for (size_t t = 0; t < LJ_COUNT(thread_counts); t++) {
    char *got = run_plain(source, thread_counts[t], true);
    ck_assert_str_eq(got, want);
    free(got);
    lj_text text;
    const char *types = "float64[::1], int64[::1], float64[::1], int64";
    ck_assert_int_eq(lj_module_emit(module, "explain", lj_module_find(module, "f"), types, report, &text), LJ_OK);
    ck_assert_msg(strstr(text.data, plain[_i].want) != NULL, "%s", text.data);
    lj_text_free(&text);
    api_close();
  }
  free(want);
}
END_TEST

/* ---- what is neither proven nor refuted ---------------------------------------------------------------------------------------------- */

static const struct {
  const char *body, *want;
} unknown[] = {
    {"        y[k[i]] = i", "- depend: whether iterations use different elements of 'y' is not known (--race-check tells)"},
    {"        if x[i] > 0.5:\n            y[0] = i", "y.last (last value), y.stored (or)"},
    {"        if x[i] > 0.5:\n            y[1], y[0] = i, 1.0", "y.last (last value), y.stored (or), y.last (last value), y.stored (or)"},
    {"        if x[i] > 0.5:\n            y[k[0]] = i", "- depend: whether iterations use different elements of 'y' is not known"},
    {"        if x[i] > 0.5:\n            y[n - 1] = i\n            y[0] = i",
     "- parallel: stays serial: iterations store the same elements of 'y' in turn"},
    {"        if x[i] > 0.5:\n            y[0] = y[1] + i",
     "- depend: all iterations that get there use the same element of 'y': only one may (--race-check tells)"},
    {"        y[i] = y[k[i]]", "- depend: whether iterations use different elements of 'y' is not known (--race-check tells)"},
    {"        y[i] = x[i]", "+ parallel: runs in chunks on the threads from "},
};

START_TEST(explain_says_what_is_not_known) {
  char source[400];
  snprintf(source, sizeof source, "from numba import njit, prange\n@njit(parallel=True)\ndef f(x, k, y, n):\n    for i in prange(n):\n%s\n",
           unknown[_i].body);
  api_open(NULL, source);
  lj_text text;
  const char *types = "float64[::1], int64[::1], float64[::1], int64";
  ck_assert_int_eq(lj_module_emit(module, "explain", lj_module_find(module, "f"), types, report, &text), LJ_OK);
  ck_assert_msg(strstr(text.data, unknown[_i].want) != NULL, "%s", text.data);
  ck_assert_msg(!strstr(text.data, "- depend: whether iterations use different elements of 'x'"), "%s", text.data);
  lj_text_free(&text);
}
END_TEST

/* ---- code of chunks ------------------------------------------------------------------------------------------------------------------ */

/* Bodies of f(x, w, y): LLVM must find what the test before the loop has shown, also between accesses in loops of different depth. */
static const char *const apart[] = {
    "    for i in prange(x.shape[0]):\n        for j in range(x.shape[1]):\n            y[i, j] = x[i, j] * w[0, 0] + w[0, 1]\n",
    "    for i in prange(1, x.shape[0] - 1):\n        for j in range(1, x.shape[1] - 1):\n            s = 0.0\n            for k in "
    "range(3):\n"
    "                for l in range(3):\n                    s += w[k, l] * x[i + k - 1, j + l - 1]\n            y[i, j] = s\n",
};

START_TEST(chunks_know_what_is_apart) {
  char source[500];
  snprintf(source, sizeof source, "from numba import njit, prange\n@njit(parallel=True)\ndef f(x, w, y):\n%s", apart[_i]);
  api_open(NULL, source);
  lj_text text;
  const char *types = "float64[:, ::1], float64[:, ::1], float64[:, ::1]";
  ck_assert_int_eq(lj_module_emit(module, "llvm-opt", lj_module_find(module, "f"), types, report, &text), LJ_OK);
  const char *chunk = strstr(text.data, "loop1.chunk(ptr");
  ck_assert_ptr_nonnull(chunk);
  ck_assert_ptr_nonnull(strstr(chunk, "vector.body"));
  ck_assert_ptr_null(strstr(chunk, "found.conflict"));
  ck_assert_ptr_null(strstr(chunk, "vector.memcheck"));
  lj_text_free(&text);
}
END_TEST

Suite *suite_parallel(void);
Suite *suite_parallel(void) {
  Suite *s = suite_create("parallel");
  TCase *tc = tcase_create("parallel");
  tcase_add_checked_fixture(tc, api_begin, api_end);
  tcase_add_test(tc, race_is_an_error_with_both_places);
  tcase_add_test(tc, race_is_not_looked_for_unasked);
  tcase_add_test(tc, race_state_of_a_context_ends_with_its_error);
  tcase_add_loop_test(tc, schedules_as_the_environment_has_them, 0, (int)LJ_COUNT(schedules));
  tcase_add_loop_test(tc, schedules_change_no_bit, 0, 8);
  tcase_add_test(tc, schedules_that_are_none);
  tcase_add_loop_test(tc, triangles_are_balanced, 0, (int)LJ_COUNT(triangles));
  tcase_add_loop_test(tc, plain_loops_keep_their_results, 0, (int)LJ_COUNT(plain));
  tcase_add_loop_test(tc, explain_says_what_is_not_known, 0, (int)LJ_COUNT(unknown));
  tcase_add_loop_test(tc, chunks_know_what_is_apart, 0, (int)LJ_COUNT(apart));
  tcase_set_timeout(tc, 120);
  suite_add_tcase(s, tc);
  return s;
}
