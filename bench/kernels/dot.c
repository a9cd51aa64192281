#include "kernel.h"

double k_dot(I n, const double *restrict x, const double *restrict y) {
  double s = 0.0;
  for (I i = 0; i < n; i++) s += x[i] * y[i];
  return s;
}
