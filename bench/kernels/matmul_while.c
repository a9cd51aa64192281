#include "kernel.h"

void k_matmul_while(I n, const double *restrict a, const double *restrict b, double *restrict c) {
  for (I i = 0; i < n; i++) {
    for (I j = 0; j < n; j++) c[i * n + j] = 0;
    for (I k = 0; k < n; k++)
      for (I j = 0; j < n; j++) c[i * n + j] += a[i * n + k] * b[k * n + j];
  }
}
