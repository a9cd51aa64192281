#include "kernel.h"

void k_seidel2d(I n, I m, double *restrict a) {
  for (I i = 1; i < n - 1; i++)
    for (I j = 1; j < m - 1; j++)
      a[i * m + j] = 0.2 * (a[(i - 1) * m + j] + a[i * m + j - 1] + a[i * m + j] + a[i * m + j + 1] + a[(i + 1) * m + j]);
}
