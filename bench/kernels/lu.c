#include "kernel.h"

void k_lu(I n, double *restrict a) {
  for (I k = 0; k < n; k++)
    for (I i = k + 1; i < n; i++) {
      a[i * n + k] /= a[k * n + k];
      for (I j = k + 1; j < n; j++) a[i * n + j] -= a[i * n + k] * a[k * n + j];
    }
}
