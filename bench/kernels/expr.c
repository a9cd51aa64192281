#include "kernel.h"

void k_expr(I n, const double *restrict a, const double *restrict b, const double *restrict c, const double *restrict d,
            double *restrict out) {
  for (I i = 0; i < n; i++) out[i] = a[i] * b[i] + c[i] * d[i] - 0.5 * a[i];
}
