#include "kernel.h"

I k_popcount(I n, const I *restrict x) {
  I total = 0;
  for (I i = 0; i < n; i++) {
    uint64_t v = (uint64_t)x[i];
    v = v - ((v >> 1) & 0x5555555555555555);
    v = (v & 0x3333333333333333) + ((v >> 2) & 0x3333333333333333);
    v = (v + (v >> 4)) & 0x0F0F0F0F0F0F0F0F;
    total += (I)((v * 0x0101010101010101) >> 56);
  }
  return total;
}
