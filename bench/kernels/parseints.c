#include "kernel.h"

I k_parseints(I n, I k1, const uint8_t *restrict t, I *restrict out) {
  I i = 0, k = 0;
  (void)k1;
  while (i < n) {
    while (i < n && (t[i] < 48 || t[i] > 57)) i++;
    if (i >= n) break;
    I v = 0;
    while (i < n && t[i] >= 48 && t[i] <= 57) {
      v = v * 10 + (t[i] - 48);
      i++;
    }
    out[k++] = v;
  }
  return k;
}
