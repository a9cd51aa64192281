#include "kernel.h"

void k_axpy(I n, double alpha, const double *restrict x, double *restrict y) {
#pragma omp parallel for
  for (I i = 0; i < n; i++) y[i] += alpha * x[i];
}
