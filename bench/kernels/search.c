#include "kernel.h"

void k_search(I n, I m, const double *restrict sorted, const double *restrict keys, I *restrict found) {
  for (I k = 0; k < m; k++) {
    I lo = 0, hi = n;
    while (lo < hi) {
      I middle = (lo + hi) / 2;
      if (sorted[middle] < keys[k])
        lo = middle + 1;
      else
        hi = middle;
    }
    found[k] = lo;
  }
}
