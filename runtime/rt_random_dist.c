/* Distributions that need more than a line: gamma, beta, Poisson, binomial, by the methods of NumPy's legacy generator. The order of the
 * floating-point operations is part of the contract: it decides which draws are rejected, hence all that follows in the stream. */
#include "runtime/rt_random.h"

#include <math.h>

/* ---- gamma: Ahrens and Dieter below 1, Marsaglia and Tsang above ---- */

static double gamma_below_one(Stream *s, double shape) {
  for (;;) {
    double u = random_double(s), v = random_exponential(s);
    if (u <= 1.0 - shape) {
      double x = pow(u, 1.0 / shape);
      if (x <= v) return x;
    } else {
      double y = -log((1 - u) / shape), x = pow(1.0 - shape + shape * y, 1.0 / shape);
      if (x <= v + y) return x;
    }
  }
}

double random_gamma(Stream *s, double shape) {
  if (shape == 1.0) return random_exponential(s);
  if (shape == 0.0) return 0.0;
  if (shape < 1.0) return gamma_below_one(s, shape);
  double b = shape - 1.0 / 3.0, c = 1.0 / sqrt(9 * b);
  for (;;) {
    double x, v;
    do {
      x = random_gauss(s);
      v = 1.0 + c * x;
    } while (v <= 0.0);
    v = v * v * v;
    double u = random_double(s);
    if (u < 1.0 - 0.0331 * (x * x) * (x * x)) return b * v;
    if (log(u) < 0.5 * x * x + b * (1.0 - v + log(v))) return b * v;
  }
}

/* ---- beta: Jöhnk for small parameters, else from two gammas ---- */

double random_beta(Stream *s, double a, double b) {
  if (a > 1.0 || b > 1.0) {
    double x = random_gamma(s, a), y = random_gamma(s, b);
    return x / (x + y);
  }
  for (;;) {
    double u = random_double(s), v = random_double(s);
    double x = pow(u, 1.0 / a), y = pow(v, 1.0 / b), sum = x + y;
    if (sum > 1.0) continue;
    if (sum > 0) return x / sum;
    double log_x = log(u) / a, log_y = log(v) / b, most = log_x > log_y ? log_x : log_y;
    log_x -= most;
    log_y -= most;
    return exp(log_x - log(exp(log_x) + exp(log_y)));
  }
}

/* ---- Poisson: multiplication below 10, Hörmann's transformed rejection (PTRS) above ---- */

/* log of the gamma function by Stirling's series, shifted to x >= 7. */
static double log_gamma(double x) {
  static const double series[] = {8.333333333333333e-02, -2.777777777777778e-03, 7.936507936507937e-04, -5.952380952380952e-04,
                                  8.417508417508418e-04, -1.917526917526918e-03, 6.410256410256410e-03, -2.955065359477124e-02,
                                  1.796443723688307e-01, -1.39243221690590e+00};
  if (x == 1.0 || x == 2.0) return 0.0;
  int64_t shift = x <= 7.0 ? (int64_t)(7 - x) : 0;
  double at = x + (double)shift, inverse = 1.0 / (at * at), tail = series[9];
  for (int k = 8; k >= 0; k--) {
    tail *= inverse;
    tail += series[k];
  }
  double result = tail / at + 0.5 * log(2 * M_PI) + (at - 0.5) * log(at) - at;
  for (int64_t k = 1; x <= 7.0 && k <= shift; k++) {
    result -= log(at - 1.0);
    at -= 1.0;
  }
  return result;
}

static int64_t poisson_small(Stream *s, double lam) {
  double limit = exp(-lam), product = 1.0;
  for (int64_t n = 0;; n++) {
    product *= random_double(s);
    if (product <= limit) return n;
  }
}

int64_t random_poisson(Stream *s, double lam) {
  if (lam == 0) return 0;
  if (lam < 10) return poisson_small(s, lam);
  double root = sqrt(lam), log_lam = log(lam), b = 0.931 + 2.53 * root, a = -0.059 + 0.02483 * b;
  double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), vr = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    double u = random_double(s) - 0.5, v = random_double(s), us = 0.5 - fabs(u);
    int64_t k = (int64_t)floor((2 * a / us + b) * u + lam + 0.43);
    if (us >= 0.07 && v <= vr) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (log(v) + log(inverse_alpha) - log(a / (us * us) + b) <= -lam + (double)k * log_lam - log_gamma((double)(k + 1))) return k;
  }
}

/* ---- binomial: inversion for small n p, Kachitvichyanukul and Schmeiser's BTPE for large ---- */

static int64_t binomial_inversion(Stream *s, int64_t n, double p) {
  double q = 1.0 - p, none = exp((double)n * log(q)), mean = (double)n * p, spread = mean + 10.0 * sqrt(mean * q + 1);
  int64_t bound = (int64_t)((double)n < spread ? (double)n : spread);
  for (;;) {
    int64_t x = 0;
    double chance = none, u = random_double(s);
    while (u > chance && ++x <= bound) {
      u -= chance;
      chance = ((double)(n - x + 1) * p * chance) / ((double)x * q);
    }
    if (x <= bound) return x;
  }
}

typedef struct Btpe { /* the hat: a triangle, a parallelogram and two exponential tails */
  int64_t n, m;
  double r, q, p1, p2, p3, p4, middle, left, right, c, left_rate, right_rate;
} Btpe;

static Btpe btpe_setup(int64_t n, double p) {
  Btpe t = {.n = n, .r = p < 1.0 - p ? p : 1.0 - p};
  double count = (double)n;
  t.q = 1.0 - t.r;
  double mode = count * t.r + t.r, a;
  t.m = (int64_t)floor(mode);
  t.p1 = floor(2.195 * sqrt(count * t.r * t.q) - 4.6 * t.q) + 0.5;
  t.middle = (double)t.m + 0.5;
  t.left = t.middle - t.p1;
  t.right = t.middle + t.p1;
  t.c = 0.134 + 20.5 / (15.3 + (double)t.m);
  a = (mode - t.left) / (mode - t.left * t.r);
  t.left_rate = a * (1.0 + a / 2.0);
  a = (t.right - mode) / (t.right * t.q);
  t.right_rate = a * (1.0 + a / 2.0);
  t.p2 = t.p1 * (1.0 + 2.0 * t.c);
  t.p3 = t.p2 + t.c / t.left_rate;
  t.p4 = t.p3 + t.c / t.right_rate;
  return t;
}

static double stirling(double x) {
  double square = x * x;
  return (13680. - (462. - (132. - (99. - 140. / square) / square) / square) / square) / x / 166320.;
}

/* Does v lie under the density at y? */
static bool btpe_accepts(const Btpe *t, int64_t y, double v) {
  double spread = (double)t->n * t->r * t->q;
  int64_t k = y > t->m ? y - t->m : t->m - y;
  if (k <= 20 || (double)k >= spread / 2.0 - 1) {
    double odds = t->r / t->q, a = odds * (double)(t->n + 1), density = 1.0;
    for (int64_t i = t->m + 1; i <= y; i++) density *= a / (double)i - odds;
    for (int64_t i = y + 1; i <= t->m; i++) density /= a / (double)i - odds;
    return v <= density;
  }
  double kd = (double)k, rho = (kd / spread) * ((kd * (kd / 3.0 + 0.625) + 0.16666666666666666) / spread + 0.5);
  double shift = (double)(-k * k) / (2 * spread), log_v = log(v);
  if (log_v < shift - rho) return true;
  if (log_v > shift + rho) return false;
  double x1 = (double)(y + 1), f1 = (double)(t->m + 1), z = (double)(t->n + 1 - t->m), w = (double)(t->n - y + 1);
  double limit = t->middle * log(f1 / x1) + ((double)(t->n - t->m) + 0.5) * log(z / w) + (double)(y - t->m) * log(w * t->r / (x1 * t->q)) +
                 stirling(f1) + stirling(z) + stirling(x1) + stirling(w);
  return log_v <= limit;
}

static int64_t binomial_btpe(Stream *s, int64_t n, double p) {
  Btpe t = btpe_setup(n, p);
  int64_t y;
  for (;;) {
    double u = random_double(s) * t.p4, v = random_double(s);
    if (u <= t.p1) {
      y = (int64_t)floor(t.middle - t.p1 * v + u);
      break;
    }
    if (u <= t.p2) {
      double x = t.left + (u - t.p1) / t.c;
      v = v * t.c + 1.0 - fabs((double)t.m - x + 0.5) / t.p1;
      if (v > 1.0) continue;
      y = (int64_t)floor(x);
    } else if (v == 0.0) {
      continue;
    } else if (u <= t.p3) {
      y = (int64_t)floor(t.left + log(v) / t.left_rate);
      if (y < 0) continue;
      v = v * (u - t.p2) * t.left_rate;
    } else {
      y = (int64_t)floor(t.right - log(v) / t.right_rate);
      if (y > n) continue;
      v = v * (u - t.p3) * t.right_rate;
    }
    if (btpe_accepts(&t, y, v)) break;
  }
  return p > 0.5 ? n - y : y;
}

int64_t random_binomial(Stream *s, int64_t n, double p) {
  bool flipped = p > 0.5;
  double less = flipped ? 1.0 - p : p;
  int64_t x = less * (double)n <= 30.0 ? binomial_inversion(s, n, less) : binomial_btpe(s, n, less);
  return flipped ? n - x : x;
}
