#include "kernel.h"

void k_trisolv(I n, const double *restrict a, const double *restrict b, double *restrict x) {
  for (I i = 0; i < n; i++) {
    double s = b[i];
    for (I j = 0; j < i; j++) s -= a[i * n + j] * x[j];
    x[i] = s / a[i * n + i];
  }
}
