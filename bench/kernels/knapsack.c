#include "kernel.h"

I k_knapsack(I n, I room, const I *restrict weights, const I *restrict values, I *restrict best) {
  I limit = room - 1;
  for (I w = 0; w <= limit; w++) best[w] = 0;
  for (I i = 0; i < n; i++)
    for (I w = limit; w >= weights[i]; w--) {
      I with = best[w - weights[i]] + values[i];
      if (with > best[w]) best[w] = with;
    }
  return best[limit];
}
