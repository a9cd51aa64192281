#include "kernel.h"

void k_sobel(I h, I w, const uint8_t *restrict img, int32_t *restrict out) {
  for (I i = 1; i < h - 1; i++)
    for (I j = 1; j < w - 1; j++) {
      const uint8_t *p = img + (i - 1) * w + j, *q = img + i * w + j, *r = img + (i + 1) * w + j;
      int gx = -p[-1] + p[1] - 2 * q[-1] + 2 * q[1] - r[-1] + r[1];
      int gy = -p[-1] - 2 * p[0] - p[1] + r[-1] + 2 * r[0] + r[1];
      out[i * w + j] = abs(gx) + abs(gy);
    }
}
