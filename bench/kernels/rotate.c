#include "kernel.h"

void k_rotate(I n, const double *restrict x, const double *restrict y, const double *restrict angle, double *restrict u,
              double *restrict v) {
  for (I i = 0; i < n; i++) {
    double s = sin(angle[i]), c = cos(angle[i]);
    u[i] = c * x[i] - s * y[i];
    v[i] = s * x[i] + c * y[i];
  }
}
