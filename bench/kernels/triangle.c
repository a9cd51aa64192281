#include "kernel.h"

void k_triangle(I n, const double *restrict x, const double *restrict y, double *restrict near) {
#pragma omp parallel for schedule(dynamic, 16)
  for (I i = 0; i < n; i++) {
    I count = 0;
    for (I j = 0; j < i; j++) {
      double dx = x[i] - x[j], dy = y[i] - y[j];
      if (dx * dx + dy * dy < 0.01) count += 1;
    }
    near[i] = (double)count;
  }
}
