#include "kernel.h"

double k_variance(I n, const double *restrict x) {
  double mean = 0.0, s = 0.0;
  for (I i = 0; i < n; i++) mean += x[i];
  mean /= (double)n;
  for (I i = 0; i < n; i++) s += (x[i] - mean) * (x[i] - mean);
  return s / (double)n;
}
