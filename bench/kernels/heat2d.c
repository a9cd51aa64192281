#include "kernel.h"

void k_heat2d(I n, I m, double *restrict u, double *restrict v, I steps) {
  for (I t = 0; t < steps; t++) {
    for (I i = 1; i < n - 1; i++)
      for (I j = 1; j < m - 1; j++)
        v[i * m + j] = 0.2 * (u[i * m + j] + u[i * m + j - 1] + u[i * m + j + 1] + u[(i - 1) * m + j] + u[(i + 1) * m + j]);
    for (I i = 1; i < n - 1; i++)
      for (I j = 1; j < m - 1; j++) u[i * m + j] = v[i * m + j];
  }
}
