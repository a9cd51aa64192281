#include "kernel.h"

static void sort_part(double *restrict a, I lo, I hi) {
  while (hi - lo > 16) {
    double pivot = a[(lo + hi) / 2];
    I i = lo, j = hi;
    while (i <= j) {
      while (a[i] < pivot) i++;
      while (a[j] > pivot) j--;
      if (i <= j) {
        double t = a[i];
        a[i++] = a[j];
        a[j--] = t;
      }
    }
    sort_part(a, lo, j);
    lo = i;
  }
  for (I i = lo + 1; i <= hi; i++) {
    double x = a[i];
    I j = i - 1;
    for (; j >= lo && a[j] > x; j--) a[j + 1] = a[j];
    a[j + 1] = x;
  }
}

void k_quicksort(I n, double *restrict a, I lo, I hi) {
  (void)n;
  sort_part(a, lo, hi);
}
