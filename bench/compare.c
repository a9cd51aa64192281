/* Compares two arrays for bench/measure.py: 0 when equal. Floats: the largest |a - b| relative to the larger of |b| and the mean of all |b|; infinite when
 * only one is NaN. Integers: the share of elements that differ. */
#include <math.h>
#include <stdint.h>
#include <string.h>

static double value(const char *code, const void *p, int64_t i) {
  return *code == 'd' ? ((const double *)p)[i] : (double)((const float *)p)[i];
}

static double floats(const char *code, int64_t n, const void *a, const void *b) {
  double sum = 0, worst = 0;
  for (int64_t i = 0; i < n; i++) sum += isfinite(value(code, b, i)) ? fabs(value(code, b, i)) : 0;
  double mean = sum / (double)n;
  for (int64_t i = 0; i < n; i++) {
    double x = value(code, a, i), y = value(code, b, i);
    if (x == y || (isnan(x) && isnan(y))) continue;
    double error = fabs(x - y) / fmax(fabs(y), mean);
    if (isnan(error)) return INFINITY;
    if (error > worst) worst = error;
  }
  return worst;
}

double compare(const char *code, int64_t bytes, const void *a, const void *b) {
  int64_t size = strchr("dq", *code) ? 8 : strchr("fi", *code) ? 4 : 1;
  int64_t n = bytes / size, differ = 0;
  if (*code == 'd' || *code == 'f') return floats(code, n, a, b);
  for (int64_t i = 0; i < n; i++) differ += memcmp((const char *)a + i * size, (const char *)b + i * size, (size_t)size) != 0;
  return (double)differ / (double)n;
}
