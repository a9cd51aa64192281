#include "kernel.h"

void k_spmv(I rows1, I nnz, I rows, const I *restrict start, const int32_t *restrict column, const double *restrict value,
            const double *restrict x, double *restrict y) {
  (void)rows1, (void)nnz;
#pragma omp parallel for
  for (I i = 0; i < rows; i++) {
    double s = 0.0;
    for (I k = start[i]; k < start[i + 1]; k++) s += value[k] * x[column[k]];
    y[i] = s;
  }
}
