#include "kernel.h"

I k_lcs(I n, I m, I n1, I m1, const I *restrict a, const I *restrict b, I *restrict t) {
  I w = m1;
  (void)n1;
  for (I i = 1; i <= n; i++)
    for (I j = 1; j <= m; j++) {
      if (a[i - 1] == b[j - 1])
        t[i * w + j] = t[(i - 1) * w + j - 1] + 1;
      else if (t[(i - 1) * w + j] >= t[i * w + j - 1])
        t[i * w + j] = t[(i - 1) * w + j];
      else
        t[i * w + j] = t[i * w + j - 1];
    }
  return t[n * w + m];
}
