#include "kernel.h"

void k_triad(I n, double *restrict a, const double *restrict b, const double *restrict c, double s) {
#pragma omp parallel for
  for (I i = 0; i < n; i++) a[i] = b[i] + s * c[i];
}
