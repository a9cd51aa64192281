#include "kernel.h"

void k_fft(I n, I h, double *restrict re, double *restrict im, const double *restrict wr, const double *restrict wi) {
  (void)h;
  for (I half = 1; half < n; half *= 2) {
    I step = n / (2 * half);
    for (I i = 0; i < n; i += 2 * half)
      for (I j = 0; j < half; j++) {
        I p = i + j, q = p + half;
        double tr = wr[j * step] * re[q] - wi[j * step] * im[q], ti = wr[j * step] * im[q] + wi[j * step] * re[q];
        re[q] = re[p] - tr;
        im[q] = im[p] - ti;
        re[p] += tr;
        im[p] += ti;
      }
  }
}
