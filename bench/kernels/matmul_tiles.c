#include "kernel.h"

#define MN(a, b) ((a) < (b) ? (a) : (b))
void k_matmul_tiles(I n, const double *restrict a, const double *restrict b, double *restrict c, I bs) {
  for (I ii = 0; ii < n; ii += bs)
    for (I kk = 0; kk < n; kk += bs)
      for (I jj = 0; jj < n; jj += bs)
        for (I i = ii; i < MN(ii + bs, n); i++)
          for (I k = kk; k < MN(kk + bs, n); k++) {
            double x = a[i * n + k];
            for (I j = jj; j < MN(jj + bs, n); j++) c[i * n + j] += x * b[k * n + j];
          }
}
#undef MN
