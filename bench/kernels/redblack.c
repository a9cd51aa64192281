#include "kernel.h"

void k_redblack(I n, I m, double *restrict u, const double *restrict f, I steps) {
  for (I s = 0; s < steps; s++)
    for (I color = 0; color < 2; color++)
      for (I i = 1; i < n - 1; i++)
        for (I j = 1 + (i + color) % 2; j < m - 1; j += 2)
          u[i * m + j] = 0.25 * (u[(i - 1) * m + j] + u[(i + 1) * m + j] + u[i * m + j - 1] + u[i * m + j + 1] - f[i * m + j]);
}
