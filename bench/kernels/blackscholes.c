#include "kernel.h"

static double cnd(double d) {
  double k = 1.0 / (1.0 + 0.2316419 * fabs(d));
  double t = exp(-0.5 * d * d) * (k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429)))));
  double r = 0.39894228040143267794 * t;
  return d > 0 ? 1.0 - r : r;
}

void k_blackscholes(I n, const double *restrict s, const double *restrict x, const double *restrict t, double *restrict call) {
  for (I i = 0; i < n; i++) {
    double root = sqrt(t[i]), d1 = (log(s[i] / x[i]) + (0.02 + 0.5 * 0.3 * 0.3) * t[i]) / (0.3 * root), d2 = d1 - 0.3 * root;
    call[i] = s[i] * cnd(d1) - x[i] * exp(-0.02 * t[i]) * cnd(d2);
  }
}
