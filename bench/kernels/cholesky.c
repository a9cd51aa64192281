#include "kernel.h"

void k_cholesky(I n, double *restrict a) {
  for (I i = 0; i < n; i++) {
    for (I j = 0; j < i; j++) {
      for (I k = 0; k < j; k++) a[i * n + j] -= a[i * n + k] * a[j * n + k];
      a[i * n + j] /= a[j * n + j];
    }
    for (I k = 0; k < i; k++) a[i * n + i] -= a[i * n + k] * a[i * n + k];
    a[i * n + i] = sqrt(a[i * n + i]);
  }
}
