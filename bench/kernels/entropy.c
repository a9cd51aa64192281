#include "kernel.h"

double k_entropy(I n, const double *restrict x) {
  double s = 0.0;
  for (I i = 0; i < n; i++) s -= x[i] * log(x[i]);
  return s;
}
