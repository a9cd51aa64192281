#include "kernel.h"

I k_edit_distance(I n, I m, I m1, const uint8_t *restrict a, const uint8_t *restrict b, I *restrict old, I *restrict new) {
  (void)m1;
  for (I j = 0; j <= m; j++) old[j] = j;
  for (I i = 0; i < n; i++) {
    new[0] = i + 1;
    for (I j = 0; j < m; j++) {
      I least = (old[j + 1] < new[j] ? old[j + 1] : new[j]) + 1, other = old[j] + (a[i] != b[j]);
      new[j + 1] = least < other ? least : other;
    }
    for (I j = 0; j <= m; j++) old[j] = new[j];
  }
  return old[m];
}
