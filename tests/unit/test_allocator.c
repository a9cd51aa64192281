/* An allocator of the host: what comes from it goes back to it, whoever frees it and whenever; one that fails makes a MemoryError, at each place. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "tests/unit/api_help.h"

/* ---- an allocator that counts, and fails at one of its calls ------------------------------------------------------------------------- */

static struct {
  atomic_long blocks, bytes, asked;
  long fail_at; /* from 1; 0: never */
} memory;

static void *allocate(void *data, size_t size, size_t alignment) {
  ck_assert_ptr_eq(data, &memory);
  ck_assert(size > 0 && (alignment & (alignment - 1)) == 0);
  if (atomic_fetch_add(&memory.asked, 1) + 1 == memory.fail_at) return NULL;
  size_t *block = aligned_alloc(alignment, (size + 2 * alignment - 1) / alignment * alignment); /* the size stands in front */
  memset(block, 0xa5, size + alignment);
  *block = size;
  atomic_fetch_add(&memory.blocks, 1);
  atomic_fetch_add(&memory.bytes, (long)size);
  return (char *)block + alignment;
}

static void release(void *data, void *at, size_t size) {
  char *block = (char *)at - 64;
  ck_assert_ptr_eq(data, &memory);
  ck_assert_uint_eq(*(size_t *)(void *)block, size);
  atomic_fetch_sub(&memory.blocks, 1);
  atomic_fetch_sub(&memory.bytes, (long)size);
  memset(block, 0x5a, size + 64);
  free(block);
}

static lj_config config;
static void set_up(void) {
  memset(&memory, 0, sizeof memory);
  api_begin();
  lj_config_init(&config);
  config.allocate = allocate, config.release = release, config.allocator_data = &memory;
  config.threads = 3;
  config.opt_level = 1;
}

static void expect_nothing_left(void) {
  ck_assert_int_eq(memory.blocks, 0);
  ck_assert_int_eq(memory.bytes, 0);
}

/* ---- programs ------------------------------------------------------------------------------------------------------------------------ */

/* f(n): how many allocations at the least, and the result as repr(). */
static const struct {
  const char *body;
  long least;
  const char *want;
} programs[] = {
    {"def f(n):\n    return np.zeros(n)\n", 1, "array([0., 0., 0., 0.])"},
    {"def f(n):\n    return np.arange(n) * 2 + np.ones(n)\n", 1, "array([1., 3., 5., 7.])"},
    {"def f(n):\n    a = np.arange(n)\n    b = a[::-1].copy()\n    c = a + b\n    a = c\n    return a, b, f'{c}'\n", 3,
     "(array([3, 3, 3, 3]), array([3, 2, 1, 0]), '[3 3 3 3]')"},
    {"def f(n):\n    a = np.arange(2 * n)\n    a[1:] = a[:-1] + a[1:]\n    return a.sum()\n", 1, "49"},
    {"def f(n):\n    s = 0.0\n    for i in range(n):\n        a = np.full(i + 1, 2.0)\n        a[i // 2] = i\n        s += a.sum()\n    "
     "return s\n",
     4, "18.0"},
    {"def g(n):\n    return np.ones(n), np.zeros(n)\ndef f(n):\n    a, b = g(n)\n    c = a if n > 3 else b\n    return np.concatenate((a, "
     "c, b))\n",
     3, "array([1., 1., 1., 1., 1., 1., 1., 1., 0., 0., 0., 0.])"},
    {"def f(n):\n    a = np.array([3.0, 1.0, 2.0, 1.0])\n    return np.sort(a), np.unique(a), np.median(a)\n", 4,
     "(array([1., 1., 2., 3.]), array([1., 2., 3.]), 1.5)"},
    {"def f(n):\n    x = np.arange(n) * 1.0\n    return x[x > 1], x[np.array([0, 2])], np.nonzero(x)[0], np.where(x > 1, x, 0.0)\n", 5,
     "(array([2., 3.]), array([0., 2.]), array([1, 2, 3]), array([0., 0., 2., 3.]))"},
    {"def f(n):\n    a = np.arange(n * 1.0).reshape(2, 2)\n    return a @ a.T + a.T, np.dot(a, a[0])\n", 3,
     "(array([[ 1.,  5.],\n       [ 4., 16.]]), array([1., 3.]))"},
    {"def f(n):\n    return np.round(np.real(np.fft.ifft(np.fft.fft(np.arange(n * 1.0)))), 3)\n", 3, "array([0., 1., 2., 3.])"},
    {"def h(n):\n    a = np.ones(n + 1)\n    if n == 0:\n        return a.sum()\n    return h(n - 1) + a[0]\ndef f(n):\n    return h(n)\n",
     5, "5.0"},
    {"T = np.arange(3) * 10\ndef f(n):\n    return T[1:] + n\n", 2, "array([14, 24])"},
    {"@njit(parallel=True)\ndef f(n):\n    h = np.zeros(3)\n    for i in prange(20 * n):\n        w = np.ones(2) * i\n        h[i % 3] += "
     "w[1]\n    return h\n",
     40, "array([1053., 1080., 1027.])"},
    {"def f(n):\n    s = ''\n    for i in range(n):\n        s = f'{s}{i}'\n    return s\n", 4, "'0123'"},
    {"def f(n):\n    return np.array([np.zeros(i).sum() + i for i in range(n)])\n", 2, "array([0., 1., 2., 3.])"},
    {"@vectorize\ndef v(x):\n    return x + np.ones(2)[1]\ndef f(n):\n    return v(np.arange(n) * 0.5)\n", 5,
     "array([1. , 1.5, 2. , 2.5])"},
    {"def f(n):\n    np.random.seed(1)\n    return len(np.random.permutation(n)) + len(np.random.normal(0, 1, n))\n", 2, "8"},
};

static void open_program(const char *body) {
  char text[2000] = "import numpy as np\nfrom numba import njit, prange, vectorize\n";
  strcat(text, body);
  api_open(&config, text);
}

/* NULL: a MemoryError. */
static char *call_f(void) {
  lj_value n = lj_int64(4), result;
  lj_text text = {0};
  lj_status status = lj_call(lj_module_find(module, "f"), &n, 1, &result, report);
  if (status == LJ_OK)
    lj_value_format(&result, true, &text);
  else
    ck_assert_msg(status == LJ_ERROR && strcmp(lj_report_get(report, 0)->kind, "MemoryError") == 0, "%s", lj_report_text(report));
  lj_value_free(&result);
  return text.data;
}

START_TEST(allocator_gets_all_back) {
  open_program(programs[_i].body);
  char *text = call_f();
  ck_assert_str_eq(text, programs[_i].want);
  free(text);
  ck_assert_msg(memory.asked >= programs[_i].least, "%ld", (long)memory.asked);
  expect_nothing_left();
}
END_TEST

/* The n-th allocation fails, for every n: an error with a place, nothing is kept, and the next call is as if nothing had been. */
START_TEST(allocator_fails_at_each) {
  open_program(programs[_i].body);
  free(call_f());
  long all = memory.asked, failed = 0;
  for (long n = 1; n <= all; n++) {
    memory.asked = 0, memory.fail_at = n;
    char *text = call_f();
    failed += text == NULL;
    if (!text) ck_assert_msg(lj_report_get(report, 0)->line > 0, "%s", lj_report_text(report));
    free(text);
    expect_nothing_left();
  }
  ck_assert_int_eq(failed, all);
  memory.asked = 0, memory.fail_at = 0;
  char *text = call_f();
  ck_assert_str_eq(text, programs[_i].want);
  free(text);
  expect_nothing_left();
}
END_TEST

START_TEST(allocator_error_text) {
  open_program("def f(n):\n    return np.zeros((n, 3))\n");
  memory.fail_at = 1;
  ck_assert_ptr_null(call_f());
  ck_assert_str_eq(lj_report_text(report), "test.lp:4:12: error: MemoryError: cannot allocate 96 bytes for an array of shape (4, 3)\n"
                                           "    4 |     return np.zeros((n, 3))\n"
                                           "      |            ^~~~~~~~~~~~~~~~\n");
}
END_TEST

/* ---- who frees it, and when ---------------------------------------------------------------------------------------------------------- */

static void *free_value(void *value) {
  lj_value_free(value);
  return NULL;
}

START_TEST(allocator_outlives_its_engine) {
  lj_value n = lj_int64(100000), made[2], second;
  pthread_t thread;
  open_program("def f(n):\n    a = np.zeros(n)\n    return a[1:]\n");
  for (int i = 0; i < 2; i++) ck_assert_int_eq(lj_call(lj_module_find(module, "f"), &n, 1, &made[i], report), LJ_OK);
  second = lj_value_copy(&made[0]);
  api_close();
  ck_assert_int_eq(memory.blocks, 2);
  ck_assert_double_eq(((double *)made[1].as.array.data)[99998], 0);
  ck_assert_int_eq(pthread_create(&thread, NULL, free_value, &made[0]), 0);
  pthread_join(thread, NULL);
  ck_assert_int_eq(memory.blocks, 2);
  lj_value_free(&second);
  ck_assert_int_eq(memory.blocks, 1);
  lj_value_free(&made[1]);
  expect_nothing_left();
}
END_TEST

/* An array that one engine made goes back there, when another one's program drops it last. */
START_TEST(allocator_of_another_engine) {
  static const char text[] = "import numpy as np\ndef keep(a):\n    b = a\n    a = np.zeros(3)\n    return b\n";
  lj_value n = lj_int64(4), made, kept;
  lj_engine *other;
  lj_module *keeper;
  open_program("def f(n):\n    return np.ones(n)\n");
  ck_assert_int_eq(lj_engine_new(NULL, report, &other), LJ_OK);
  ck_assert_int_eq(lj_module_load(other, "keep.lp", text, strlen(text), 0, report, &keeper), LJ_OK);
  ck_assert_int_eq(lj_call(lj_module_find(module, "f"), &n, 1, &made, report), LJ_OK);
  ck_assert_int_eq(lj_call(lj_module_find(keeper, "keep"), &made, 1, &kept, report), LJ_OK);
  ck_assert_int_eq(memory.asked, 1); /* the zeros are the other engine's */
  lj_value_free(&made);
  ck_assert_int_eq(memory.blocks, 1);
  ck_assert_double_eq(((double *)kept.as.array.data)[3], 1);
  lj_value_free(&kept);
  expect_nothing_left();
  lj_module_free(keeper);
  lj_engine_free(other);
}
END_TEST

START_TEST(allocator_of_values) {
  int64_t shape[2] = {3, 5}, bad[1] = {-1};
  ck_assert_int_eq(lj_engine_new(&config, report, &engine), LJ_OK);
  lj_value a = lj_engine_array_new(engine, LJ_INT16, 2, shape);
  ck_assert_int_eq(memory.blocks, 1);
  ck_assert_uint_eq((uintptr_t)a.as.array.data % 64, 0);
  for (int i = 0; i < 15; i++) ck_assert_int_eq(((int16_t *)a.as.array.data)[i], 0);
  ck_assert_int_eq(lj_engine_array_new(engine, LJ_INT16, 1, bad).kind, LJ_KIND_NONE);
  memory.fail_at = memory.asked + 1;
  ck_assert_int_eq(lj_engine_array_new(engine, LJ_INT16, 2, shape).kind, LJ_KIND_NONE);
  lj_value plain = lj_array_new(LJ_INT16, 2, shape);
  ck_assert_int_eq(memory.blocks, 1);
  lj_value_free(&plain);
  lj_value_free(&a);
  expect_nothing_left();
}
END_TEST

/* Memory at another address than was asked for is given back and counts as none. */
static void *misaligned(void *data, size_t size, size_t alignment) {
  memory.asked++;
  (void)data, (void)alignment;
  return (char *)malloc(size + 24) + 24;
}
static void release_misaligned(void *data, void *at, size_t size) {
  (void)data, (void)size;
  memory.asked--;
  free((char *)at - 24);
}

START_TEST(allocator_must_align) {
  config.allocate = misaligned, config.release = release_misaligned;
  open_program(programs[0].body);
  ck_assert_ptr_null(call_f());
  ck_assert_int_eq(memory.asked, 0);
}
END_TEST

START_TEST(allocator_misuse) {
  config.release = NULL;
  ck_assert_int_eq(lj_engine_new(&config, report, &engine), LJ_MISUSE);
  ck_assert_ptr_null(engine);
  config.release = release, config.allocate = NULL;
  ck_assert_int_eq(lj_engine_new(&config, report, &engine), LJ_MISUSE);
}
END_TEST

Suite *suite_allocator(void);
Suite *suite_allocator(void) {
  Suite *suite = suite_create("allocator");
  TCase *tc = tcase_create("allocator");
  tcase_set_timeout(tc, 120);
  tcase_add_checked_fixture(tc, set_up, api_end);
  tcase_add_loop_test(tc, allocator_gets_all_back, 0, LJ_COUNT(programs));
  tcase_add_loop_test(tc, allocator_fails_at_each, 0, LJ_COUNT(programs));
  tcase_add_test(tc, allocator_error_text);
  tcase_add_test(tc, allocator_outlives_its_engine);
  tcase_add_test(tc, allocator_of_another_engine);
  tcase_add_test(tc, allocator_of_values);
  tcase_add_test(tc, allocator_must_align);
  tcase_add_test(tc, allocator_misuse);
  suite_add_tcase(suite, tc);
  return suite;
}
