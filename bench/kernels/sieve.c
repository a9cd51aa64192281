#include "kernel.h"

I k_sieve(I n, bool *restrict flags) {
  for (I i = 0; i < n; i++) flags[i] = true;
  I count = 0;
  for (I i = 2; i < n; i++) {
    if (!flags[i]) continue;
    count++;
    for (I j = i * i; j < n; j += i) flags[j] = false;
  }
  return count;
}
