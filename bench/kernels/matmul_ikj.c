#include "kernel.h"

void k_matmul_ikj(I n, I p, I m, const double *restrict a, const double *restrict b, double *restrict c) {
  for (I i = 0; i < n; i++)
    for (I k = 0; k < p; k++)
      for (I j = 0; j < m; j++) c[i * m + j] += a[i * p + k] * b[k * m + j];
}
