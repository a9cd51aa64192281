/* The kernels of bench/kernels/ as a careful C programmer writes them: sizes first, then the arguments of the Python function in their order,
 * arrays `restrict`. bench/run.py compiles this file with the rivals' flags and loads it. */
#include <math.h>
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

void k_expr(I n, I n2, I n3, I n4, I n5, const double *restrict a, const double *restrict b, const double *restrict c,
            const double *restrict d, double *restrict out) {
  (void)n2, (void)n3, (void)n4, (void)n5;
  for (I i = 0; i < n; i++) out[i] = a[i] * b[i] + c[i] * d[i] - 0.5 * a[i];
}

void k_expr32(I n, I n2, I n3, I n4, I n5, const float *restrict a, const float *restrict b, const float *restrict c,
              const float *restrict d, float *restrict out) {
  (void)n2, (void)n3, (void)n4, (void)n5;
  for (I i = 0; i < n; i++) out[i] = a[i] * b[i] + c[i] * d[i] - 0.5f * a[i];
}

void k_stencil_slices(I n, I m, I n2, I m2, const double *restrict u, double *restrict v) {
  (void)n2, (void)m2;
  for (I i = 1; i < n - 1; i++)
    for (I j = 1; j < m - 1; j++)
      v[i * m + j] = 0.2 * (u[i * m + j] + u[i * m + j - 1] + u[i * m + j + 1] + u[(i - 1) * m + j] + u[(i + 1) * m + j]);
}

void k_distance(I n, I two, I m, I two2, I n2, I m2, const double *restrict p, const double *restrict q, double *restrict out) {
  (void)n2, (void)m2;
  for (I i = 0; i < n; i++)
    for (I j = 0; j < m; j++) {
      double x = p[two * i] - q[two2 * j], y = p[two * i + 1] - q[two2 * j + 1];
      out[i * m + j] = sqrt(x * x + y * y);
    }
}

/* The sum as NumPy and loopjit add it would need blocks; the plain loop is what C programmers write. */
void k_softmax(I n, I m, I n2, I m2, const double *restrict x, double *restrict out) {
  (void)n2, (void)m2;
  for (I i = 0; i < n; i++) {
    double top = x[i * m], sum = 0.0;
    for (I j = 1; j < m; j++) top = x[i * m + j] > top ? x[i * m + j] : top;
    for (I j = 0; j < m; j++) out[i * m + j] = exp(x[i * m + j] - top);
    for (I j = 0; j < m; j++) sum += out[i * m + j];
    for (I j = 0; j < m; j++) out[i * m + j] /= sum;
  }
}

static double cnd(double d) {
  double k = 1.0 / (1.0 + 0.2316419 * fabs(d));
  double t = exp(-0.5 * d * d) * (k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429)))));
  double r = 0.39894228040143267794 * t;
  return d > 0 ? 1.0 - r : r;
}

void k_blackscholes(I n, I n2, I n3, I n4, const double *restrict s, const double *restrict x, const double *restrict t,
                    double *restrict call) {
  (void)n2, (void)n3, (void)n4;
  for (I i = 0; i < n; i++) {
    double root = sqrt(t[i]), d1 = (log(s[i] / x[i]) + (0.02 + 0.5 * 0.3 * 0.3) * t[i]) / (0.3 * root), d2 = d1 - 0.3 * root;
    call[i] = s[i] * cnd(d1) - x[i] * exp(-0.02 * t[i]) * cnd(d2);
  }
}
