#include "kernel.h"

void k_selection(I n, double *restrict a) {
  for (I i = 0; i < n - 1; i++) {
    I m = i;
    for (I j = i + 1; j < n; j++)
      if (a[j] < a[m]) m = j;
    double t = a[i];
    a[i] = a[m];
    a[m] = t;
  }
}
