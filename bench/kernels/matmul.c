#include "kernel.h"

void k_matmul(I n, I p, I m, const double *restrict a, const double *restrict b, double *restrict c) {
  for (I i = 0; i < n; i++)
    for (I j = 0; j < m; j++) {
      double s = 0.0;
      for (I k = 0; k < p; k++) s += a[i * p + k] * b[k * m + j];
      c[i * m + j] = s;
    }
}
