/* How far libmvec's and libm's functions are from the true value, and how long an element takes: for bench/accuracy.py. The reference is the C library's long
 * double function, whose error is below 1/1000 ulp of a double. Compiled twice: with -DVECTORS and -ffast-math for the loops that call libmvec, and without for
 * the rest, since fast math would take the processor's own sine as the reference. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* clang-format off */
#define ONE(X) \
  X(exp, -300, 300) X(exp2, -300, 300) X(expm1, -2, 2) X(log, 1e-3, 1e3) X(log2, 1e-3, 1e3) X(log10, 1e-3, 1e3) X(log1p, -0.9, 9) \
  X(sin, -100, 100) X(cos, -100, 100) X(tan, -100, 100) X(asin, -1, 1) X(acos, -1, 1) X(atan, -10, 10) X(sinh, -9, 9) X(cosh, -9, 9) \
  X(tanh, -9, 9) X(erf, -3, 3) X(erfc, -3, 9) X(cbrt, -99, 99)
#define TWO(X) X(pow, 0.01, 50) X(atan2, -10, 10) X(hypot, -10, 10)
/* clang-format on */

enum { N = 1 << 18, ROUNDS = 7 };

#ifdef VECTORS
#define LOOP(f, args)                                                                                                                      \
  void vector_##f(const double *restrict x, const double *restrict y, double *restrict out) {                                              \
    (void)y;                                                                                                                               \
    for (int i = 0; i < N; i++) out[i] = f args;                                                                                           \
  }
#define X(f, lo, hi) LOOP(f, (x[i]))
ONE(X)
#undef X
#define X(f, lo, hi) LOOP(f, (x[i], y[i]))
TWO(X)
#else
static double x[N], y[N], vector[N], scalar[N];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double uniform(double lo, double hi) {
  static uint64_t s = 42;
  s = s * 6364136223846793005u + 1442695040888963407u;
  return lo + (hi - lo) * (double)(s >> 11) * 0x1p-53;
}

static double ulps(double got, long double want) {
  double near = fabs((double)want), unit = nextafter(near, INFINITY) - near;
  return (double)(fabsl((long double)got - want) / (long double)unit);
}

/* Prints: name, largest errors of vector and scalar function, share of results that differ, nanoseconds an element of both. */
#define MEASURE(f, args, reference, lo, hi)                                                                                                \
  void vector_##f(const double *restrict, const double *restrict, double *restrict);                                                       \
  static void measure_##f(void) {                                                                                                          \
    double worst[2] = {0, 0}, seconds[2] = {1e9, 1e9}, differ = 0;                                                                         \
    for (int i = 0; i < N; i++) x[i] = uniform(lo, hi), y[i] = uniform(-3, 3);                                                             \
    for (int round = 0; round < ROUNDS; round++) {                                                                                         \
      double start = now();                                                                                                                \
      vector_##f(x, y, vector);                                                                                                            \
      double middle = now();                                                                                                               \
      for (int i = 0; i < N; i++) scalar[i] = f args;                                                                                      \
      double end = now();                                                                                                                  \
      if (middle - start < seconds[0]) seconds[0] = middle - start;                                                                        \
      if (end - middle < seconds[1]) seconds[1] = end - middle;                                                                            \
    }                                                                                                                                      \
    for (int i = 0; i < N; i++) {                                                                                                          \
      long double want = reference;                                                                                                        \
      worst[0] = fmax(worst[0], ulps(vector[i], want));                                                                                    \
      worst[1] = fmax(worst[1], ulps(scalar[i], want));                                                                                    \
      differ += vector[i] != scalar[i];                                                                                                    \
    }                                                                                                                                      \
    printf("%s %.3f %.3f %.4f %.3f %.3f\n", #f, worst[0], worst[1], differ / N, seconds[0] / N * 1e9, seconds[1] / N * 1e9);               \
  }
#define X(f, lo, hi) MEASURE(f, (x[i]), f##l((long double)x[i]), lo, hi)
ONE(X)
#undef X
#define X(f, lo, hi) MEASURE(f, (x[i], y[i]), f##l((long double)x[i], (long double)y[i]), lo, hi)
TWO(X)
#undef X

int main(void) {
#define X(f, lo, hi) measure_##f();
  ONE(X)
  TWO(X)
#undef X
  return 0;
}
#endif
