/* Calls everything of kernels.lp that run_build.py exports, as C and as C++. Prints what failed; "n is 3 0.5" is the only other line. */
#include "libk.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;
#define CHECK(condition)                                                                                                                   \
  do {                                                                                                                                     \
    if (!(condition)) {                                                                                                                    \
      failures++;                                                                                                                          \
      printf("use.c:%d: %s\n%s", __LINE__, #condition, k_error());                                                                         \
    }                                                                                                                                      \
  } while (0)

static void scalars(void) {
  int64_t sum = 0;
  CHECK(add_all(-1, 255, -300, 65535, -70000, 4000000000u, (int64_t)1 << 40, true, &sum) == LOOPJIT_OK);
  CHECK(sum == -1 + 255 - 300 + 65535 - 70000 + 4000000000LL + ((int64_t)1 << 40) + 1);
  uint64_t big = 0;
  CHECK(twice(UINT64_MAX / 2, &big) == 0 && big == UINT64_MAX - 1);
  bool yes = false;
  CHECK(less(1.5f, 2.5, &yes) == 0 && yes);
  CHECK(less(2.5f, 2.5, &yes) == 0 && !yes);
  loopjit_complex128 a = {1, 2}, r = {0, 0};
  loopjit_complex64 b = {0, 1}, t = {0, 0};
  CHECK(scale(a, b, 3, &r) == 0 && r.re == -6 && r.im == 3);
  CHECK(turn(b, &t) == 0 && t.re == -1 && t.im == 0);
  loopjit_complex128 z = {1, 2}, w = {3, 4}, v = {5, 6};
  CHECK(spill(1, 1, z, 1, w, v, 7, &r) == 0 && r.re == 7531 && r.im == 642);
}

static void arrays(void) {
  double x[4] = {1, 2, 3, 4}, y[4] = {0, 0, 0, 1}, value = 0;
  loopjit_float64_1d ax = loopjit_float64_1d_of(x, 4), ay = loopjit_float64_1d_of(y, 4), view;
  CHECK(saxpy(2, &ax, &ay) == 0 && y[0] == 2 && y[3] == 9);
  CHECK(mean(&ax, &value) == 0 && value == 2.5);
  CHECK(every_second(&ax, &view) == 0 && view.data == x && view.owner == 0 && view.shape[0] == 2 && view.strides[0] == 16);
  CHECK(mean(&view, &value) == 0 && value == 2);
  loopjit_float64_2d c = loopjit_float64_2d_of(x, 2, 2), f = c, made;
  f.strides[0] = 8, f.strides[1] = 16;
  CHECK(corners(&c, &f, &c, &value) == 0 && value == 232);
  f.strides[0] = f.strides[1] = 0;
  CHECK(corners(&c, &f, &c, &value) == 0 && value == 232);
  CHECK(table(2, 3, &made) == 0 && made.owner != 0 && made.shape[1] == 3 && made.data[5] == 12);
  k_release(made.owner);
  k_release(NULL);
  CHECK(sorted_copy(&ay, &view) == 0 && view.data[0] == 2 && view.data[3] == 9 && view.data[1] == 4);
  k_release(view.owner);
  double square[4] = {0, 0, 0, 0};
  loopjit_float64_2d out = loopjit_float64_2d_of(square, 2, 2);
  CHECK(product(&c, &c, &out) == 0 && square[0] == 7 && square[3] == 22);
}

static void others(void) {
  double x[3] = {1, 5, 2}, value = 0;
  loopjit_float64_1d a = loopjit_float64_1d_of(x, 3);
  loopjit_tuple2_int64_float64 best;
  CHECK(argmax(&a, &best) == 0 && best.item0 == 1 && best.item1 == 5);
  loopjit_tuple2_float64_int64 pair = {2.0, 7};
  loopjit_tuple2_float64_1d_tuple2_int64_float64_1d all;
  CHECK(both(&a, &pair, &all) == 0 && all.item0.data[1] == 10 && all.item1.item0 == 7 && all.item1.item1.data[0] == 1.5);
  k_release(all.item0.owner);
  k_release(all.item1.item1.owner);
  loopjit_str name = loopjit_str_of("Ada"), text;
  CHECK(shout(&name, 2, &text) == 0 && text.length == 5 && memcmp(text.data, "Ada2!", 5) == 0 && text.owner != 0);
  k_release(text.owner);
  CHECK(constant_text(&text) == 0 && text.length == 8 && memcmp(text.data, "constant", 8) == 0);
  k_release(text.owner);
  loopjit_optional_float64 half;
  CHECK(maybe(3, &half) == 0 && half.present && half.value == 1.5);
  CHECK(maybe(-3, &half) == 0 && !half.present);
  CHECK(weighted(&a, &value) == 0 && value == 0.5 + 1.25 + 0.5);
  int64_t n = 0;
  CHECK(fibonacci(80, &n) == 0 && n == 23416728348467685);
  CHECK(tell(3) == 0);
}

static void fails(int32_t status, int32_t want, const char *part) {
  if (status == want && strstr(k_error(), part)) return;
  failures++;
  printf("status %d, not %d; no %s in: %s\n", (int)status, (int)want, part, k_error());
}

static void errors(void) {
  double x[3] = {1, 2, 3}, value = 4;
  loopjit_float64_1d a = loopjit_float64_1d_of(x, 3), bad = a;
  fails(outer(&a, 7, &value), LOOPJIT_INDEX_ERROR, "kernels.lp:108:14: error: IndexError: ");
  CHECK(value == 4 && strstr(k_error(), "108 |     return x[i]\n") &&
        strstr(k_error(), "kernels.lp:113:12: note: called from here, in 'outer'"));
  fails(divide(1, 0, &value), LOOPJIT_ZERO_DIVISION_ERROR, "error: ZeroDivisionError: ");
  int64_t n = 0;
  fails(deep(100000000, &n), LOOPJIT_RECURSION_ERROR, "maximum recursion depth exceeded");
  CHECK(deep(1000, &n) == 0 && n == 1000);
  loopjit_float64_2d made;
  fails(table(-1, 2, &made), LOOPJIT_VALUE_ERROR, "negative dimensions");
  fails(table((int64_t)1 << 31, (int64_t)1 << 20, &made), LOOPJIT_MEMORY_ERROR, "error: MemoryError: cannot allocate");
  fails(outer(NULL, 0, &value), LOOPJIT_TYPE_ERROR, "error: TypeError: outer(): 'x' is NULL");
  bad.strides[0] = 16;
  fails(outer(&bad, 0, &value), LOOPJIT_TYPE_ERROR, "'x' must be contiguous in C order");
  bad = a, bad.shape[0] = -3;
  fails(outer(&bad, 0, &value), LOOPJIT_TYPE_ERROR, "'x' has a negative extent");
  bad = a, bad.data = (double *)(void *)((char *)x + 1);
  fails(outer(&bad, 0, &value), LOOPJIT_TYPE_ERROR, "not aligned");
  bad = a, bad.strides[0] = 12;
  fails(mean(&bad, &value), LOOPJIT_TYPE_ERROR, "not aligned");
  bad = a, bad.data = NULL;
  fails(outer(&bad, 0, &value), LOOPJIT_TYPE_ERROR, "'x' has no data");
  bad.shape[0] = 0;
  fails(outer(&bad, 0, &value), LOOPJIT_INDEX_ERROR, "index 0 is out of bounds");
  fails(outer(&a, 0, NULL), LOOPJIT_TYPE_ERROR, "outer(): 'result' is NULL");
  loopjit_tuple2_int64_float64_1d inside = {7, a};
  CHECK(total(&inside, &value) == 0 && value == 13);
  inside.item1.strides[0] = 24;
  fails(total(&inside, &value), LOOPJIT_TYPE_ERROR, "total(): 'pair' must be contiguous");
  loopjit_optional_float64_1d perhaps = {false, bad};
  bad.shape[0] = -1, perhaps.value = bad;
  CHECK(length_or(&perhaps, &n) == 0 && n == -1);
  perhaps.present = true;
  fails(length_or(&perhaps, &n), LOOPJIT_TYPE_ERROR, "negative extent");
  perhaps.value = a;
  CHECK(length_or(&perhaps, &n) == 0 && n == 3);
  loopjit_str text = {NULL, NULL, 3}, given;
  fails(shout(&text, 2, &given), LOOPJIT_TYPE_ERROR, "without data");
  fails(pfail(&a, 100000), LOOPJIT_INDEX_ERROR, "index 3 is out of bounds");
  CHECK(outer(&a, 1, &value) == 0 && value == 2 && strstr(k_error(), "index 3")); /* stays until the next error */
}

enum { N = 200000, THREADS = 6 };

static void big(void) {
  double *x = (double *)malloc(N * sizeof *x), *y = (double *)malloc(N * sizeof *y), value = 0, want = 0;
  for (int i = 0; i < N; i++) x[i] = i % 7, want += x[i] * x[i];
  loopjit_float64_1d a = loopjit_float64_1d_of(x, N), out = loopjit_float64_1d_of(y, N);
  for (int32_t threads = 0; threads < 4; threads++) {
    k_set_threads(threads);
    CHECK(psum(&a, &value) == 0 && value == want);
  }
  k_set_threads(0);
  CHECK(vexp(&a, &out) == 0);
  for (int i = 0; i < N; i++)
    if (fabs(y[i] / exp(x[i]) - 1) > 1e-14) {
      CHECK(!"exp");
      break;
    }
  free(x);
  free(y);
}

static void *work(void *data) {
  int64_t me = (int64_t)(intptr_t)data;
  double x[3] = {1, 2, 3}, value;
  loopjit_float64_1d a = loopjit_float64_1d_of(x, 3);
  char want[64];
  snprintf(want, sizeof want, "index %d is out of bounds", (int)(10 + me));
  for (int i = 0; i < 200; i++) {
    if (outer(&a, 10 + me, &value) != LOOPJIT_INDEX_ERROR || !strstr(k_error(), want)) return data;
    if (outer(&a, i % 3, &value) != 0 || value != i % 3 + 2) return data;
    if (weighted(&a, &value) != 0 || value != 1.75) return data;
  }
  return NULL;
}

static void threads(void) {
  pthread_t all[THREADS];
  for (int64_t i = 0; i < THREADS; i++) pthread_create(&all[i], NULL, work, (void *)(intptr_t)(i + 1));
  for (int i = 0; i < THREADS; i++) {
    void *failed;
    pthread_join(all[i], &failed);
    CHECK(!failed);
  }
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(k_cpu(), argv[1]) != 0) {
    printf("the code for '%s' runs, not for '%s'\n", k_cpu(), argv[1]);
    return 1;
  }
  scalars();
  arrays();
  others();
  errors();
  big();
  threads();
  return failures != 0;
}
