#include "kernel.h"

void k_integral(I n, I m, const uint8_t *restrict image, I *restrict out) {
  for (I i = 0; i < n; i++) {
    I row = 0;
    for (I j = 0; j < m; j++) {
      row += image[i * m + j];
      out[i * m + j] = i > 0 ? out[(i - 1) * m + j] + row : row;
    }
  }
}
