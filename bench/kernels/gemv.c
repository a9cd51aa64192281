#include "kernel.h"

void k_gemv(I n, I m, const double *restrict a, const double *restrict x, double *restrict y) {
#pragma omp parallel for
  for (I i = 0; i < n; i++) {
    double s = 0.0;
    for (I j = 0; j < m; j++) s += a[i * m + j] * x[j];
    y[i] = s;
  }
}
