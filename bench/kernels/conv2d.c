#include "kernel.h"

void k_conv2d(I n, I m, I three, const double *restrict image, const double *restrict w, double *restrict out) {
  (void)three;
#pragma omp parallel for
  for (I i = 1; i < n - 1; i++)
    for (I j = 1; j < m - 1; j++) {
      double s = 0.0;
      for (I k = 0; k < 3; k++)
        for (I l = 0; l < 3; l++) s += w[k * 3 + l] * image[(i + k - 1) * m + j + l - 1];
      out[i * m + j] = s;
    }
}
