#include "kernel.h"

void k_insertion(I n, double *restrict a) {
  for (I i = 1; i < n; i++) {
    double key = a[i];
    I j = i - 1;
    while (j >= 0 && a[j] > key) {
      a[j + 1] = a[j];
      j--;
    }
    a[j + 1] = key;
  }
}
