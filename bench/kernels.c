/* The kernels of bench/kernels/ as a careful C programmer writes them: sizes first, then the arguments of the Python function in their order,
 * arrays `restrict`. bench/run.py compiles this file with the rivals' flags and loads it. */
#include <stdbool.h>
#include <stdint.h>
typedef int64_t I;

double k_sum_array(I n, I m, const double *restrict a) {
  double s = 0.0;
  for (I i = 0; i < n; i++)
    for (I j = 0; j < m; j++) s += a[i * m + j];
  return s;
}

void k_sum_sequence(I n, I n2, I n3, const I *restrict a, const I *restrict b, I *restrict out) {
  (void)n2, (void)n3;
  for (I i = 0; i < n; i++) out[i] = a[i] - b[i];
}

void k_matmul(I n, I p, I p2, I m, I n2, I m2, const double *restrict a, const double *restrict b, double *restrict c) {
  (void)p2, (void)n2, (void)m2;
  for (I i = 0; i < n; i++)
    for (I j = 0; j < m; j++) {
      double s = 0.0;
      for (I k = 0; k < p; k++) s += a[i * p + k] * b[k * m + j];
      c[i * m + j] = s;
    }
}

void k_matmul_ikj(I n, I p, I p2, I m, I n2, I m2, const double *restrict a, const double *restrict b, double *restrict c) {
  (void)p2, (void)n2, (void)m2;
  for (I i = 0; i < n; i++)
    for (I k = 0; k < p; k++)
      for (I j = 0; j < m; j++) c[i * m + j] += a[i * p + k] * b[k * m + j];
}

void k_heat2d(I n, I m, I n2, I m2, double *restrict u, double *restrict v, I steps) {
  (void)n2, (void)m2;
  for (I t = 0; t < steps; t++) {
    for (I i = 1; i < n - 1; i++)
      for (I j = 1; j < m - 1; j++)
        v[i * m + j] = 0.2 * (u[i * m + j] + u[i * m + j - 1] + u[i * m + j + 1] + u[(i - 1) * m + j] + u[(i + 1) * m + j]);
    for (I i = 1; i < n - 1; i++)
      for (I j = 1; j < m - 1; j++) u[i * m + j] = v[i * m + j];
  }
}

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

I k_fib(I n) { return n < 2 ? n : k_fib(n - 1) + k_fib(n - 2); }

I k_sieve(I n, bool *restrict flags) {
  for (I i = 0; i < n; i++) flags[i] = true;
  I count = 0;
  for (I i = 2; i < n; i++) {
    if (!flags[i]) continue;
    count++;
    for (I j = i * i; j < n; j += i) flags[j] = false;
  }
  return count;
}
