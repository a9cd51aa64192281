#include "kernel.h"

void k_jac3d(I n, double *a, double *b, I steps) {
  for (I t = 0; t < steps; t++) {
    {
      const double *restrict x = a;
      double *restrict y = b;
      for (I i = 1; i < n - 1; i++)
        for (I j = 1; j < n - 1; j++)
          for (I k = 1; k < n - 1; k++)
            y[(i * n + j) * n + k] = 0.125 * (x[((i + 1) * n + j) * n + k] + x[((i - 1) * n + j) * n + k] + x[(i * n + j + 1) * n + k] +
                                              x[(i * n + j - 1) * n + k] + x[(i * n + j) * n + k + 1] + x[(i * n + j) * n + k - 1]);
    }
    double *t2 = a;
    a = b;
    b = t2;
  }
}
