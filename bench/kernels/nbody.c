#include "kernel.h"

void k_nbody(I n, const double *restrict x, const double *restrict y, const double *restrict z, const double *restrict mass,
             double *restrict ax, double *restrict ay, double *restrict az) {
#pragma omp parallel for
  for (I i = 0; i < n; i++) {
    double sx = 0.0, sy = 0.0, sz = 0.0;
    for (I j = 0; j < n; j++) {
      double dx = x[j] - x[i], dy = y[j] - y[i], dz = z[j] - z[i];
      double square = dx * dx + dy * dy + dz * dz + 0.01, w = mass[j] / (square * sqrt(square));
      sx += w * dx;
      sy += w * dy;
      sz += w * dz;
    }
    ax[i] = sx;
    ay[i] = sy;
    az[i] = sz;
  }
}
