#include "kernel.h"

void k_powers(I n, const double *restrict x, const double *restrict p, double *restrict y) {
  for (I i = 0; i < n; i++) y[i] = pow(x[i], p[i]) + pow(x[i], 1.5) + pow(x[i], 3.0);
}
