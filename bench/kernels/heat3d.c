#include "kernel.h"

void k_heat3d(I n, I m, I p, const double *restrict u, double *restrict v) {
#pragma omp parallel for
  for (I i = 1; i < n - 1; i++)
    for (I j = 1; j < m - 1; j++)
      for (I k = 1; k < p - 1; k++) {
        I x = (i * m + j) * p + k;
        v[x] = u[x] + 0.125 * (u[x + m * p] - 2.0 * u[x] + u[x - m * p]) + 0.125 * (u[x + p] - 2.0 * u[x] + u[x - p]) +
               0.125 * (u[x + 1] - 2.0 * u[x] + u[x - 1]);
      }
}
