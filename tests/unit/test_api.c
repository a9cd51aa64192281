/* The public interface as a host uses it: modules, calls, values, errors, dumps, threads. */
#include <check.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "base/base.h"
#include "include/loopjit.h"

static lj_engine *engine;
static lj_report *report;

static void set_up(void) {
  report = lj_report_new();
  ck_assert_int_eq(lj_engine_new(NULL, report, &engine), LJ_OK);
}
static void tear_down(void) {
  lj_engine_free(engine);
  lj_report_free(report);
}

static lj_module *load(const char *source) {
  lj_module *module;
  lj_status status = lj_module_load(engine, "test.lp", source, strlen(source), 0, report, &module);
  ck_assert_msg(status == LJ_OK, "%s", lj_report_text(report));
  return module;
}

/* Arguments as literals; the result as repr(), or the kind of the error. */
static const struct {
  const char *source, *function, *args[3], *want;
} calls[] = {
    {"def f(a, b):\n    return a + b\n", "f", {"2", "3"}, "5"},
    {"def f(a, b):\n    return a + b\n", "f", {"2", "0.5"}, "2.5"},
    {"def f(a, b=10):\n    return a * b\n", "f", {"4"}, "40"},
    {"def f(a, b=10):\n    return a * b\n", "f", {"4", "2"}, "8"},
    {"def f():\n    return 1, 2.5, True\n", "f", {0}, "(1, 2.5, True)"},
    {"def f(t):\n    return t[1], t[0]\n", "f", {"(1, 2.5)"}, "(2.5, 1)"},
    {"def f(z):\n    return z * z\n", "f", {"1+2j"}, "(-3+4j)"},
    {"def f(x):\n    return x\n", "f", {"-7"}, "-7"},
    {"def f(x):\n    return x\n", "f", {"18446744073709551615"}, "18446744073709551615"},
    {"def f(x):\n    return x\n", "f", {"uint8:300"}, "44"},
    {"def f(x):\n    return x\n", "f", {"float32:0.1"}, "0.10000000149011612"},
    {"def f(x):\n    return not x\n", "f", {"False"}, "True"},
    {"def f(x):\n    pass\n", "f", {"1"}, "None"},
    {"def f(a):\n    s = 0\n    for x in a:\n        s += x\n    return s\n", "f", {"[1, 2, 3]"}, "6"},
    {"def f(a):\n    return a.shape\n", "f", {"[[1, 2, 3], [4, 5, 6.5]]"}, "(2, 3)"},
    {"def f(a):\n    return a\n", "f", {"[1, 2, 3]"}, "array([1, 2, 3])"},
    {"def f(a):\n    return a[1:]\n", "f", {"[1.5, 2.5, 3.5]"}, "array([2.5, 3.5])"},
    {"def f(x):\n    return 1 // x\n", "f", {"0"}, "ZeroDivisionError"},
    {"def f(a):\n    return a[3]\n", "f", {"[1, 2, 3]"}, "IndexError"},
    {"def f(x):\n    if x < 0:\n        return 0\n    return f(x + 1) + 1\n", "f", {"0"}, "RecursionError"},
    {"def f(a, b):\n    return a + b\n", "f", {"1"}, "TypeError"},
    {"def f(a, b):\n    return a + b\n", "f", {"1", "'s'"}, "TypeError"},
    {"def f(x):\n    raise ValueError('no')\n", "f", {"1"}, "ValueError"},
};

START_TEST(api_calls) {
  lj_value args[3] = {lj_none(), lj_none(), lj_none()}, result;
  size_t count = 0;
  lj_module *module = load(calls[_i].source);
  for (; count < 3 && calls[_i].args[count]; count++)
    ck_assert_int_eq(lj_value_parse(calls[_i].args[count], strlen(calls[_i].args[count]), report, &args[count]), LJ_OK);
  lj_status status = lj_call(lj_module_find(module, calls[_i].function), args, count, &result, report);
  if (status == LJ_OK) {
    lj_text text;
    lj_value_format(&result, true, &text);
    ck_assert_str_eq(text.data, calls[_i].want);
    lj_text_free(&text);
  } else {
    ck_assert_int_eq(status, LJ_ERROR);
    ck_assert_msg(strcmp(lj_report_get(report, 0)->kind, calls[_i].want) == 0, "%s", lj_report_text(report));
  }
  lj_value_free(&result);
  for (size_t i = 0; i < count; i++) lj_value_free(&args[i]);
  lj_module_free(module);
}
END_TEST

/* What is no value: the report says so, and nothing leaks. */
static const char *const no_literals[] = {"x", "1 +", "f(1)", "[1, [2]]", "(1, x)", "[1, 'a']", "", "int8:'s'", "-True", "1 if 2 else 3"};
START_TEST(api_refuses_literals) {
  lj_value value;
  ck_assert_int_eq(lj_value_parse(no_literals[_i], strlen(no_literals[_i]), report, &value), LJ_ERROR);
  ck_assert_int_eq(value.kind, LJ_KIND_NONE);
  ck_assert_uint_ge(lj_report_errors(report), 1);
}
END_TEST

START_TEST(api_types_of_values) {
  static const char *const rows[][2] = {{"1", "int64"},
                                        {"(1, 2.5)", "Tuple((int64, float64))"},
                                        {"[[1, 2], [3, 4]]", "int64[:, ::1]"},
                                        {"'s'", "unicode_type"},
                                        {"float32:1", "float32"}};
  lj_value value;
  lj_text text;
  const char *literal = rows[_i][0];
  ck_assert_int_eq(lj_value_parse(literal, strlen(literal), report, &value), LJ_OK);
  lj_value_type(&value, &text);
  if (value.kind != LJ_KIND_STR) ck_assert_str_eq(text.data, rows[_i][1]);
  lj_text_free(&text);
  lj_value_free(&value);
}
END_TEST

START_TEST(api_arrays_are_not_copied) {
  lj_module *module = load("def f(a):\n    a[0] = 9\n    return a[::2]\n");
  int32_t data[5] = {0, 1, 2, 3, 4};
  lj_value arg = lj_array1d(LJ_INT32, data, 5), result;
  ck_assert_int_eq(lj_call(lj_module_find(module, "f"), &arg, 1, &result, report), LJ_OK);
  ck_assert_int_eq(data[0], 9);
  ck_assert_ptr_eq(result.as.array.data, data);
  ck_assert_int_eq(result.as.array.shape[0], 3);
  ck_assert_int_eq(result.as.array.strides[0], 8);
  lj_value_free(&result);
  lj_module_free(module);
}
END_TEST

START_TEST(api_results_outlive_module_and_argument) {
  lj_module *module = load("def f(a):\n    return a[1:], a.copy()\n");
  lj_value arg = lj_array_new(LJ_FLOAT64, 1, (int64_t[]){4}), result;
  ((double *)arg.as.array.data)[2] = 7;
  ck_assert_int_eq(lj_call(lj_module_find(module, "f"), &arg, 1, &result, report), LJ_OK);
  lj_value_free(&arg);
  lj_module_free(module);
  ck_assert(((double *)result.as.tuple.items[0].as.array.data)[1] == 7);
  ck_assert(((double *)result.as.tuple.items[1].as.array.data)[2] == 7);
  lj_value copy = lj_value_copy(&result);
  lj_value_free(&result);
  ck_assert(((double *)copy.as.tuple.items[0].as.array.data)[1] == 7);
  lj_value_free(&copy);
}
END_TEST

START_TEST(api_readonly_arrays) {
  lj_module *module = load("def f(a):\n    a[0] = 9\n");
  double data[2] = {0};
  lj_value arg = lj_array1d(LJ_FLOAT64, data, 2);
  arg.as.array.readonly = true;
  ck_assert_int_eq(lj_call(lj_module_find(module, "f"), &arg, 1, NULL, report), LJ_ERROR);
  ck_assert_str_eq(lj_report_get(report, 0)->kind, "TypeError");
  ck_assert(data[0] == 0);
  lj_module_free(module);
}
END_TEST

START_TEST(api_kernels) {
  lj_module *module = load("def f(a, x):\n    return a[0] * x\n");
  lj_function *f = lj_module_find(module, "f");
  lj_kernel *kernel, *again;
  ck_assert_msg(lj_specialise(f, "float64[::1], float64", report, &kernel) == LJ_OK, "%s", lj_report_text(report));
  ck_assert_str_eq(lj_kernel_signature(kernel), "float64(array(float64, 1d, C), float64)");
  ck_assert_int_eq(lj_specialise(f, "float64(float64[::1], float64)", report, &again), LJ_OK);
  ck_assert_ptr_eq(kernel, again);
  ck_assert_int_eq(lj_specialise(f, "int64(float64[::1], float64)", report, &again), LJ_ERROR);
  ck_assert_int_eq(lj_specialise(f, "float64[::1], nonsense", report, &again), LJ_ERROR);

  double data[3] = {4};
  lj_value args[2] = {lj_array1d(LJ_FLOAT64, data, 3), lj_int64(3)}, result; /* the integer is converted */
  ck_assert_int_eq(lj_kernel_call(kernel, args, 2, &result, report), LJ_OK);
  ck_assert(result.as.f == 12);
  args[0].as.array.strides[0] = 16; /* not contiguous */
  args[0].as.array.shape[0] = 1, args[0].as.array.shape[0] = 2;
  ck_assert_int_eq(lj_kernel_call(kernel, args, 2, &result, report), LJ_ERROR);
  ck_assert_int_eq(lj_kernel_call(kernel, args, 1, &result, report), LJ_MISUSE);

  struct {
    void *data, *owner;
    int64_t shape, stride;
    double x;
  } packed = {data, NULL, 3, 8, 0.5};
  double out;
  ck_assert_uint_eq(lj_kernel_args_size(kernel), sizeof packed);
  ck_assert_uint_eq(lj_kernel_result_size(kernel), sizeof out);
  lj_context *context = lj_context_new(engine);
  ck_assert_int_eq(lj_kernel_entry(kernel)(context, &packed, &out), 0);
  ck_assert(out == 2);
  packed.shape = 0;
  ck_assert_int_ne(lj_kernel_entry(kernel)(context, &packed, &out), 0);
  lj_context_report(context, report);
  ck_assert_str_eq(lj_report_get(report, 0)->kind, "IndexError");
  lj_context_free(context);
  lj_module_free(module);
}
END_TEST

START_TEST(api_functions_are_listed) {
  lj_module *module = load("def f(a, b=1):\n    'adds'\n    return a + b\ndef g():\n    return 1\ndef f(x):\n    return x\n");
  ck_assert_uint_eq(lj_module_function_count(module), 2);
  ck_assert_str_eq(lj_function_name(lj_module_function(module, 0)), "g");
  lj_function *f = lj_module_find(module, "f");
  ck_assert_uint_eq(lj_function_param_count(f), 1);
  ck_assert_str_eq(lj_function_param_name(f, 0), "x");
  ck_assert(!lj_function_param_has_default(f, 0));
  ck_assert_ptr_null(lj_function_param_name(f, 1));
  ck_assert_ptr_null(lj_module_find(module, "h"));
  ck_assert_ptr_null(lj_module_function(module, 2));
  lj_module_free(module);
}
END_TEST

static void collect(void *data, const char *text, size_t length) { strncat(data, text, length); }

START_TEST(api_runs_programs) {
  char printed[200] = "";
  lj_config config;
  lj_engine *own;
  lj_module *module;
  lj_config_init(&config);
  config.print = collect;
  config.print_data = printed;
  ck_assert_int_eq(lj_engine_new(&config, report, &own), LJ_OK);
  const char *source = "def f(x):\n    return 1 // x\nif __name__ == '__main__':\n    print('main', 2.5)\nprint(f(1))\nprint(f(0))\n";
  ck_assert_int_eq(lj_module_load(own, "p.lp", source, strlen(source), LJ_LOAD_MAIN, report, &module), LJ_OK);
  ck_assert_int_eq(lj_module_run(module, report), LJ_ERROR);
  ck_assert_str_eq(printed, "main 2.5\n1\n");
  ck_assert_uint_eq(lj_report_errors(report), 1);
  ck_assert_uint_ge(lj_report_count(report), 2); /* the call */
  ck_assert_uint_eq(lj_report_get(report, 0)->line, 2);
  ck_assert_uint_eq(lj_report_get(report, 1)->line, 6);
  ck_assert_ptr_nonnull(strstr(lj_report_text(report), "p.lp:2:"));
  lj_times times = {.size = sizeof times};
  lj_module_times(module, &times);
  ck_assert(times.parse > 0 && times.emit > 0 && times.run > 0);
  lj_module_free(module);
  lj_engine_free(own);
}
END_TEST

START_TEST(api_reads_globals) {
  lj_module *module = load("import numpy as np\ntable = np.arange(5)\ndef f(i):\n    return table[i] * 2\n");
  lj_value arg = lj_int64(3), result;
  ck_assert_msg(lj_call(lj_module_find(module, "f"), &arg, 1, &result, report) == LJ_OK, "%s", lj_report_text(report));
  ck_assert_int_eq(result.as.i, 6);
  lj_module_free(module);
}
END_TEST

START_TEST(api_emits_every_stage) {
  lj_module *module = load("def f(x):\n    s = 0\n    for i in range(x):\n        s += i\n    return s\nf(3)\n");
  lj_text text;
  ck_assert_int_eq(lj_module_emit(module, lj_stage_name((size_t)_i), NULL, NULL, report, &text), LJ_OK);
  ck_assert_uint_gt(text.length, 0);
  lj_text_free(&text);
  ck_assert_int_eq(lj_module_emit(module, lj_stage_name((size_t)_i), lj_module_find(module, "f"), "int32", report, &text), LJ_OK);
  ck_assert_uint_gt(text.length, 0);
  lj_text_free(&text);
  lj_module_free(module);
}
END_TEST

START_TEST(api_refuses_misuse) {
  lj_module *module = load("def f(x):\n    return x\n");
  lj_text text;
  lj_value bad = lj_array1d(LJ_FLOAT64, NULL, -1), result;
  lj_config config;
  lj_engine *none;
  ck_assert_int_eq(lj_module_emit(module, "nonsense", NULL, NULL, report, &text), LJ_MISUSE);
  ck_assert_int_eq(lj_module_emit(module, "loops:after=nonsense", NULL, NULL, report, &text), LJ_MISUSE);
  for (size_t i = 0; lj_pass_name(i); i++) ck_assert_ptr_nonnull(strstr(lj_report_text(report), lj_pass_name(i)));
  ck_assert_int_eq(lj_call(lj_module_find(module, "f"), &bad, 1, &result, report), LJ_MISUSE);
  ck_assert_int_eq(lj_call(NULL, NULL, 0, NULL, NULL), LJ_MISUSE);
  lj_config_init(&config);
  config.cpu = "no-such-cpu";
  ck_assert_int_eq(lj_engine_new(&config, report, &none), LJ_MISUSE);
  ck_assert_ptr_null(none);
  lj_module *missing;
  ck_assert_int_eq(lj_module_load_file(engine, "/nonexistent/x.lp", 0, report, &missing), LJ_IO);
  ck_assert_ptr_null(missing);
  lj_module_free(module);
}
END_TEST

/* The types of many things are a long key: found again all the same. */
START_TEST(api_many_items) {
  enum { MANY = 300 };
  lj_module *module = load("def f(t):\n    return t[0] + t[299]\n");
  lj_value items[MANY];
  for (int i = 0; i < MANY; i++) items[i] = i % 2 ? lj_float64(i) : lj_int64(i);
  lj_value arg = lj_tuple(items, MANY), result;
  lj_kernel *first, *second;
  ck_assert_msg(lj_specialise_for(lj_module_find(module, "f"), &arg, 1, report, &first) == LJ_OK, "%s", lj_report_text(report));
  ck_assert_int_eq(lj_specialise_for(lj_module_find(module, "f"), &arg, 1, report, &second), LJ_OK);
  ck_assert_ptr_eq(first, second);
  ck_assert_int_eq(lj_call(lj_module_find(module, "f"), &arg, 1, &result, report), LJ_OK);
  ck_assert_double_eq(result.as.f, 299);
  items[299] = lj_int64(1);
  ck_assert_int_eq(lj_call(lj_module_find(module, "f"), &arg, 1, &result, report), LJ_OK);
  ck_assert_int_eq(result.as.i, 1);
  lj_module_free(module);
}
END_TEST

/* Where the stack of the thread ends is remembered; a coroutine's stack is another one. */
static lj_function *deep;
static lj_status coroutine_status;
static void run_deep(void) {
  lj_value arg = lj_int64(0);
  coroutine_status = lj_call(deep, &arg, 1, NULL, report);
}

START_TEST(api_calls_on_other_stacks) {
  enum { STACK = 1 << 20 };
  lj_module *module = load("def f(x):\n    if x < 0:\n        return 0\n    return f(x + 1) + 1\n");
  deep = lj_module_find(module, "f");
  for (int i = 0; i < 4; i++) {
    if (i % 2) {
      static ucontext_t here, there;
      char *stack = malloc(STACK);
      ck_assert_ptr_nonnull(stack);
      getcontext(&there);
      there.uc_stack.ss_sp = stack;
      there.uc_stack.ss_size = STACK;
      there.uc_link = &here;
      makecontext(&there, run_deep, 0);
      swapcontext(&here, &there);
      free(stack);
    } else {
      run_deep();
    }
    ck_assert_int_eq(coroutine_status, LJ_ERROR);
    ck_assert_str_eq(lj_report_get(report, 0)->kind, "RecursionError");
  }
  lj_module_free(module);
}
END_TEST

enum { THREADS = 4, ROUNDS = 20 };
static void *work(void *module) {
  for (int i = 0; i < ROUNDS; i++) {
    lj_value args[2] = {i % 2 ? lj_int64(i) : lj_float64(i), lj_int64(2)}, result;
    if (lj_call(lj_module_find(module, "f"), args, 2, &result, NULL) != LJ_OK) return "a call failed";
    if ((i % 2 ? (double)result.as.i : result.as.f) != 2.0 * i) return "a wrong result";
    lj_module *own;
    const char *source = "def g(x):\n    return x + 1\n";
    if (lj_module_load(engine, "g.lp", source, strlen(source), 0, NULL, &own) != LJ_OK) return "a load failed";
    if (lj_call(lj_module_find(own, "g"), args + 1, 1, &result, NULL) != LJ_OK || result.as.i != 3) return "a call of an own module failed";
    lj_module_free(own);
  }
  return NULL;
}

START_TEST(api_many_threads) {
  lj_module *module = load("def f(a, b):\n    return a * b\n");
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) ck_assert_int_eq(pthread_create(&threads[i], NULL, work, module), 0);
  for (int i = 0; i < THREADS; i++) {
    void *problem;
    pthread_join(threads[i], &problem);
    ck_assert_msg(!problem, "%s", (const char *)problem);
  }
  lj_module_free(module);
}
END_TEST

Suite *suite_api(void);
Suite *suite_api(void) {
  Suite *suite = suite_create("api");
  TCase *tc = tcase_create("api");
  tcase_set_timeout(tc, 60);
  tcase_add_checked_fixture(tc, set_up, tear_down);
  tcase_add_loop_test(tc, api_calls, 0, (int)LJ_COUNT(calls));
  tcase_add_loop_test(tc, api_refuses_literals, 0, (int)LJ_COUNT(no_literals));
  tcase_add_loop_test(tc, api_types_of_values, 0, 5);
  tcase_add_loop_test(tc, api_emits_every_stage, 0, 8);
  tcase_add_test(tc, api_arrays_are_not_copied);
  tcase_add_test(tc, api_results_outlive_module_and_argument);
  tcase_add_test(tc, api_readonly_arrays);
  tcase_add_test(tc, api_kernels);
  tcase_add_test(tc, api_functions_are_listed);
  tcase_add_test(tc, api_runs_programs);
  tcase_add_test(tc, api_reads_globals);
  tcase_add_test(tc, api_refuses_misuse);
  tcase_add_test(tc, api_many_items);
  tcase_add_test(tc, api_calls_on_other_stacks);
  tcase_add_test(tc, api_many_threads);
  suite_add_tcase(suite, tc);
  return suite;
}
