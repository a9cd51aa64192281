#include "kernel.h"

void k_sigmoid(I n, const double *restrict x, double *restrict y) {
  for (I i = 0; i < n; i++) y[i] = 1.0 / (1.0 + exp(-x[i]));
}
