#include "kernel.h"

void k_sum_sequence(I n, const I *restrict a, const I *restrict b, I *restrict out) {
  for (I i = 0; i < n; i++) out[i] = a[i] - b[i];
}
