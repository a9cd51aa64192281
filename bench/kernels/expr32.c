#include "kernel.h"

void k_expr32(I n, const float *restrict a, const float *restrict b, const float *restrict c, const float *restrict d,
              float *restrict out) {
  for (I i = 0; i < n; i++) out[i] = a[i] * b[i] + c[i] * d[i] - 0.5f * a[i];
}
