#include "kernel.h"

void k_syr2k(I n, I m, double *restrict c, const double *restrict a, const double *restrict b) {
  for (I i = 0; i < n; i++) {
    for (I j = 0; j <= i; j++) c[i * n + j] *= 1.2;
    for (I k = 0; k < m; k++)
      for (I j = 0; j <= i; j++) c[i * n + j] += a[j * m + k] * 1.5 * b[i * m + k] + b[j * m + k] * 1.5 * a[i * m + k];
  }
}
