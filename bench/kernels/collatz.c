#include "kernel.h"

I k_collatz(I limit) {
  I best = 0;
  for (I start = 1; start < limit; start++) {
    I n = start, steps = 0;
    while (n != 1) {
      n = n % 2 == 0 ? n >> 1 : 3 * n + 1;
      steps++;
    }
    if (steps > best) best = steps;
  }
  return best;
}
