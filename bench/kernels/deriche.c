#include "kernel.h"

void k_deriche(I w, I h, const double *restrict img, double *restrict y1, double *restrict y2, double *restrict out) {
  double a1 = 0.11, a2 = -0.05, a3 = 0.13, a4 = -0.07, b1 = 0.6, b2 = -0.2;
  for (I i = 0; i < w; i++) {
    double ym1 = 0, ym2 = 0, xm1 = 0;
    for (I j = 0; j < h; j++) {
      y1[i * h + j] = a1 * img[i * h + j] + a2 * xm1 + b1 * ym1 + b2 * ym2;
      xm1 = img[i * h + j];
      ym2 = ym1;
      ym1 = y1[i * h + j];
    }
  }
  for (I i = 0; i < w; i++) {
    double yp1 = 0, yp2 = 0, xp1 = 0, xp2 = 0;
    for (I j = h - 1; j >= 0; j--) {
      y2[i * h + j] = a3 * xp1 + a4 * xp2 + b1 * yp1 + b2 * yp2;
      xp2 = xp1;
      xp1 = img[i * h + j];
      yp2 = yp1;
      yp1 = y2[i * h + j];
    }
  }
  for (I i = 0; i < w; i++)
    for (I j = 0; j < h; j++) out[i * h + j] = y1[i * h + j] + y2[i * h + j];
}
