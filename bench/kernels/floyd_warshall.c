#include "kernel.h"

void k_floyd_warshall(I n, double *restrict d) {
  for (I k = 0; k < n; k++)
    for (I i = 0; i < n; i++)
      for (I j = 0; j < n; j++) {
        double t = d[i * n + k] + d[k * n + j];
        if (t < d[i * n + j]) d[i * n + j] = t;
      }
}
