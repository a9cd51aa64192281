#include "kernel.h"

static void sift(double *restrict a, I root, I end) {
  double x = a[root];
  for (I child = 2 * root + 1; child < end; child = 2 * root + 1) {
    if (child + 1 < end && a[child] < a[child + 1]) child++;
    if (x >= a[child]) break;
    a[root] = a[child];
    root = child;
  }
  a[root] = x;
}

void k_heapsort(I n, double *restrict a) {
  for (I root = n / 2 - 1; root >= 0; root--) sift(a, root, n);
  for (I end = n - 1; end > 0; end--) {
    double t = a[0];
    a[0] = a[end];
    a[end] = t;
    sift(a, 0, end);
  }
}
