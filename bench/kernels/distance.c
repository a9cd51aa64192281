#include "kernel.h"

void k_distance(I n, I two, I m, const double *restrict p, const double *restrict q, double *restrict out) {
  for (I i = 0; i < n; i++)
    for (I j = 0; j < m; j++) {
      double x = p[two * i] - q[two * j], y = p[two * i + 1] - q[two * j + 1];
      out[i * m + j] = sqrt(x * x + y * y);
    }
}
