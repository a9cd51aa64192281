#include "kernel.h"

I k_argmin(I n, const double *restrict x) {
  double best = x[0];
  I at = 0;
  for (I i = 1; i < n; i++)
    if (x[i] < best) {
      best = x[i];
      at = i;
    }
  return at;
}
