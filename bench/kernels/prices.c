#include "kernel.h"

static double by_erf(double d) { return 0.5 * (1.0 + erf(d * 0.7071067811865476)); }

void k_prices(I n, const double *restrict s, const double *restrict x, const double *restrict t, double *restrict call,
              double *restrict put) {
#pragma omp parallel for
  for (I i = 0; i < n; i++) {
    double root = sqrt(t[i]), d1 = (log(s[i] / x[i]) + (0.02 + 0.5 * 0.3 * 0.3) * t[i]) / (0.3 * root), d2 = d1 - 0.3 * root;
    double discount = x[i] * exp(-0.02 * t[i]);
    call[i] = s[i] * by_erf(d1) - discount * by_erf(d2);
    put[i] = discount * by_erf(-d2) - s[i] * by_erf(-d1);
  }
}
