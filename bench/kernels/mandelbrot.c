#include "kernel.h"

void k_mandelbrot(I h, I w, int32_t *restrict out, I limit) {
  for (I y = 0; y < h; y++)
    for (I x = 0; x < w; x++) {
      double cr = 3.0 * (double)x / (double)w - 2.25, ci = 2.5 * (double)y / (double)h - 1.25, zr = 0.0, zi = 0.0;
      I n = 0;
      while (n < limit && zr * zr + zi * zi < 4.0) {
        double t = zr * zr - zi * zi + cr;
        zi = 2.0 * zr * zi + ci;
        zr = t;
        n++;
      }
      out[y * w + x] = (int32_t)n;
    }
}
