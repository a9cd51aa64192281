#include "kernel.h"

void k_gather(I m, I n, const double *restrict x, const I *restrict index, double *restrict y) {
  (void)m;
  for (I i = 0; i < n; i++) y[i] = x[index[i]];
}
