#include "kernel.h"

void k_gramschmidt(I m, I n, double *restrict a, double *restrict r, double *restrict q) {
  for (I k = 0; k < n; k++) {
    double nrm = 0;
    for (I i = 0; i < m; i++) nrm += a[i * n + k] * a[i * n + k];
    r[k * n + k] = sqrt(nrm);
    for (I i = 0; i < m; i++) q[i * n + k] = a[i * n + k] / r[k * n + k];
    for (I j = k + 1; j < n; j++) {
      r[k * n + j] = 0;
      for (I i = 0; i < m; i++) r[k * n + j] += q[i * n + k] * a[i * n + j];
      for (I i = 0; i < m; i++) a[i * n + j] = a[i * n + j] - q[i * n + k] * r[k * n + j];
    }
  }
}
