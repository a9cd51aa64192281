#include "kernel.h"

void k_histogram(I n, I m, I bins, const uint8_t *restrict image, I *restrict counts) {
  for (I k = 0; k < bins; k++) counts[k] = 0;
  for (I i = 0; i < n; i++)
    for (I j = 0; j < m; j++) counts[image[i * m + j]]++;
}
