#include "kernel.h"

/* The sum as NumPy and loopjit add it would need blocks; the plain loop is what C programmers write. */
void k_softmax(I n, I m, const double *restrict x, double *restrict out) {
  for (I i = 0; i < n; i++) {
    double top = x[i * m], sum = 0.0;
    for (I j = 1; j < m; j++) top = x[i * m + j] > top ? x[i * m + j] : top;
    for (I j = 0; j < m; j++) out[i * m + j] = exp(x[i * m + j] - top);
    for (I j = 0; j < m; j++) sum += out[i * m + j];
    for (I j = 0; j < m; j++) out[i * m + j] /= sum;
  }
}
