#include "kernel.h"

double k_sum_array(I n, I m, const double *restrict a) {
  double s = 0.0;
  for (I i = 0; i < n; i++)
    for (I j = 0; j < m; j++) s += a[i * m + j];
  return s;
}
