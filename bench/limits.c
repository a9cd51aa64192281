/* STREAM's triad: what the memory can move. */
#include <stddef.h>

void triad(size_t n, double *restrict a, const double *restrict b, const double *restrict c, double s) {
#pragma omp parallel for
  for (size_t i = 0; i < n; i++) a[i] = b[i] + s * c[i];
}
