#include "kernel.h"

void k_torus(I n, I m, const double *restrict u, double *restrict v) {
  for (I i = 0; i < n; i++)
    for (I j = 0; j < m; j++)
      v[i * m + j] = u[((i + 1) % n) * m + j] + u[((i - 1 + n) % n) * m + j] + u[i * m + (j + 1) % m] + u[i * m + (j - 1 + m) % m] -
                     4.0 * u[i * m + j];
}
