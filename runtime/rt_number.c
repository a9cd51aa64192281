/* Numbers that neither LLVM nor the C library has: integer powers, rounding to digits, gcd, isqrt, ulp; and the clocks.
 * Pure functions of their arguments (clocks aside); none can fail. */
#include <math.h>
#include <time.h>

#include "runtime/rt.h"

int64_t lj_rt_ipow(int64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 1) return 1;
    if (base == -1) return exponent & 1 ? -1 : 1;
    return 0;
  }
  uint64_t result = 1;
  for (uint64_t square = (uint64_t)base; exponent; exponent >>= 1, square *= square)
    if (exponent & 1) result *= square;
  return (int64_t)result;
}

/* As numba: scale, round half to even, scale back. Not CPython's exact decimal rounding. */
double lj_rt_round_digits(double x, int64_t digits) {
  if (!isfinite(x)) return x;
  if (digits < 0) {
    double scale = digits < -400 ? INFINITY : pow(10.0, -(double)digits);
    return isinf(scale) ? copysign(0.0, x) : rint(x / scale) * scale;
  }
  if (digits > 400) return x;
  double first = pow(10.0, digits > 22 ? (double)(digits - 22) : (double)digits), second = digits > 22 ? 1e22 : 1.0;
  double scaled = x * first * second;
  return isfinite(scaled) ? rint(scaled) / second / first : x;
}

int64_t lj_rt_gcd(int64_t a, int64_t b) {
  uint64_t x = a < 0 ? -(uint64_t)a : (uint64_t)a, y = b < 0 ? -(uint64_t)b : (uint64_t)b;
  while (y) {
    uint64_t rest = x % y;
    x = y;
    y = rest;
  }
  return (int64_t)x;
}

/* The caller refuses negative numbers. */
int64_t lj_rt_isqrt(int64_t n) {
  if (n <= 0) return 0;
  uint64_t root = (uint64_t)sqrt((double)n), value = (uint64_t)n;
  while (root * root > value) root--;
  while ((root + 1) * (root + 1) <= value) root++;
  return (int64_t)root;
}

double lj_rt_gamma(double x) { return tgamma(x); }

double lj_rt_ulp(double x) {
  if (isnan(x)) return x;
  x = fabs(x);
  if (isinf(x)) return x;
  double above = nextafter(x, INFINITY);
  return isinf(above) ? x - nextafter(x, 0) : above - x;
}

static double read_clock(clockid_t id) {
  struct timespec now = {0};
  clock_gettime(id, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double lj_rt_perf_counter(void) { return read_clock(CLOCK_MONOTONIC); }
double lj_rt_time(void) { return read_clock(CLOCK_REALTIME); }
