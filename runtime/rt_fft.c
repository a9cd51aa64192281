/* Fast Fourier transforms: mixed radix 4, 2, 3, 5 and small primes, Bluestein's algorithm for lengths with a large prime factor.
 * In C and not in the prelude: the passes gain nothing from being compiled for one program, and a program with one call of np.fft would
 * compile them for 60 ms; measured against NumPy (pocketfft) they take between 0.7 and 1.3 times as long. */
#include "runtime/rt_fft.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_FACTORS = 64, LARGE_PRIME = 50 };

struct FftPlan {
  int64_t n;
  int count;
  int64_t factor[MOST_FACTORS];
  Cx *twiddles[MOST_FACTORS]; /* of pass k: for each of its rows j > 0 the roots of all i */
  Cx *roots;                  /* all n; the twiddles are taken from them */
  FftPlan *inner;             /* Bluestein: of a length of at least 2n - 1 that is easy; NULL: plain passes */
  Cx *chirp, *filter;         /* exp(-pi i k^2 / n); the transform of its conjugate, scaled by the inner length */
};

static Cx add(Cx a, Cx b) { return (Cx){a.re + b.re, a.im + b.im}; }
static Cx sub(Cx a, Cx b) { return (Cx){a.re - b.re, a.im - b.im}; }
static Cx mul(Cx a, Cx b) { return (Cx){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }
static Cx scale(double f, Cx a) { return (Cx){f * a.re, f * a.im}; }
static Cx turn(Cx a) { return (Cx){a.im, -a.re}; } /* times -i */

/* ---- roots of unity ---- */

/* exp(-2 pi i k / n) for 0 <= k < n, by the octant: sine and cosine see an angle of at most pi / 4. */
static Cx root(int64_t k, int64_t n) {
  int64_t eighth = 8 * k;
  if (eighth < n) return (Cx){cos(2 * M_PI * (double)k / (double)n), -sin(2 * M_PI * (double)k / (double)n)};
  if (eighth < 3 * n) {
    double angle = M_PI * (double)(n - 4 * k) / (double)(2 * n); /* pi/2 - 2 pi k / n */
    return (Cx){sin(angle), -cos(angle)};
  }
  if (eighth < 5 * n) {
    double angle = M_PI * (double)(n - 2 * k) / (double)n; /* pi - 2 pi k / n */
    return (Cx){-cos(angle), -sin(angle)};
  }
  if (eighth < 7 * n) {
    double angle = M_PI * (double)(3 * n - 4 * k) / (double)(2 * n);
    return (Cx){-sin(angle), cos(angle)};
  }
  double angle = 2 * M_PI * (double)(n - k) / (double)n;
  return (Cx){cos(angle), sin(angle)};
}

void fft_roots(int64_t n, int64_t count, Cx *out) {
  enum { BITS = 6, FEW = 1 << BITS };
  if (count <= 8 * FEW) {
    for (int64_t k = 0; k < count; k++) out[k] = root(k, n);
    return;
  }
  /* w^(a + b) = w^a w^b with a small: two sines for each 64 values; the product is made as w^a + w^a (w^b - 1), which rounds once. */
  Cx less[FEW];
  for (int64_t k = 0; k < FEW; k++) {
    double half = M_PI * (double)k / (double)n, s = sin(half);
    less[k] = (Cx){-2 * s * s, -sin(2 * half)};
  }
  for (int64_t base = 0; base < count; base += FEW) {
    Cx w = root(base, n);
    for (int64_t k = 0; k < FEW && base + k < count; k++) out[base + k] = add(w, mul(w, less[k]));
  }
}

/* ---- passes. x is [l1][radix][ido], y is [radix][l1][ido]; row j of the result is turned by w[j - 1][i] ---- */

static void pass2(int64_t ido, int64_t l1, const Cx *x, Cx *y, const Cx *w) {
  int64_t row = l1 * ido;
  for (int64_t k = 0; k < l1; k++, x += 2 * ido, y += ido)
    for (int64_t i = 0; i < ido; i++) {
      Cx a = x[i], b = x[i + ido];
      y[i] = add(a, b);
      y[i + row] = mul(sub(a, b), w[i]);
    }
}

static void pass3(int64_t ido, int64_t l1, const Cx *x, Cx *y, const Cx *w) {
  static const double half_root3 = 0.86602540378443864676;
  int64_t row = l1 * ido;
  for (int64_t k = 0; k < l1; k++, x += 3 * ido, y += ido)
    for (int64_t i = 0; i < ido; i++) {
      Cx a = x[i], s = add(x[i + ido], x[i + 2 * ido]), d = scale(half_root3, turn(sub(x[i + ido], x[i + 2 * ido])));
      Cx m = {a.re - 0.5 * s.re, a.im - 0.5 * s.im};
      y[i] = add(a, s);
      y[i + row] = mul(add(m, d), w[i]);
      y[i + 2 * row] = mul(sub(m, d), w[i + ido]);
    }
}

static void pass4(int64_t ido, int64_t l1, const Cx *x, Cx *y, const Cx *w) {
  int64_t row = l1 * ido;
  for (int64_t k = 0; k < l1; k++, x += 4 * ido, y += ido)
    for (int64_t i = 0; i < ido; i++) {
      Cx a = add(x[i], x[i + 2 * ido]), b = sub(x[i], x[i + 2 * ido]);
      Cx c = add(x[i + ido], x[i + 3 * ido]), d = turn(sub(x[i + ido], x[i + 3 * ido]));
      y[i] = add(a, c);
      y[i + row] = mul(add(b, d), w[i]);
      y[i + 2 * row] = mul(sub(a, c), w[i + ido]);
      y[i + 3 * row] = mul(sub(b, d), w[i + 2 * ido]);
    }
}

static void pass5(int64_t ido, int64_t l1, const Cx *x, Cx *y, const Cx *w) {
  static const double c1 = 0.3090169943749474241, s1 = 0.95105651629515357212, c2 = -0.8090169943749474241, s2 = 0.58778525229247312917;
  int64_t row = l1 * ido;
  for (int64_t k = 0; k < l1; k++, x += 5 * ido, y += ido)
    for (int64_t i = 0; i < ido; i++) {
      Cx a = x[i], p = add(x[i + ido], x[i + 4 * ido]), q = add(x[i + 2 * ido], x[i + 3 * ido]);
      Cx r = sub(x[i + ido], x[i + 4 * ido]), s = sub(x[i + 2 * ido], x[i + 3 * ido]);
      Cx m = {a.re + c1 * p.re + c2 * q.re, a.im + c1 * p.im + c2 * q.im}, n = {a.re + c2 * p.re + c1 * q.re, a.im + c2 * p.im + c1 * q.im};
      Cx u = turn((Cx){s1 * r.re + s2 * s.re, s1 * r.im + s2 * s.im}), v = turn((Cx){s2 * r.re - s1 * s.re, s2 * r.im - s1 * s.im});
      y[i] = add(a, add(p, q));
      y[i + row] = mul(add(m, u), w[i]);
      y[i + 2 * row] = mul(add(n, v), w[i + ido]);
      y[i + 3 * row] = mul(sub(n, v), w[i + 2 * ido]);
      y[i + 4 * row] = mul(sub(m, u), w[i + 3 * ido]);
    }
}

/* Any radix, by the definition; `unit` holds its roots. */
static void pass_any(int64_t radix, int64_t ido, int64_t l1, const Cx *x, Cx *y, const Cx *w) {
  Cx unit[LARGE_PRIME + 1];
  int64_t row = l1 * ido;
  fft_roots(radix, radix, unit);
  for (int64_t k = 0; k < l1; k++, x += radix * ido, y += ido)
    for (int64_t i = 0; i < ido; i++)
      for (int64_t j = 0; j < radix; j++) {
        Cx sum = x[i];
        for (int64_t m = 1, at = j; m < radix; m++, at += j) {
          if (at >= radix) at -= radix;
          sum = add(sum, mul(x[i + m * ido], unit[at]));
        }
        y[i + j * row] = j ? mul(sum, w[i + (j - 1) * ido]) : sum;
      }
}

static void run_passes(const FftPlan *plan, Cx *x, Cx *room) {
  Cx *from = x, *to = room;
  int64_t l1 = 1;
  for (int f = 0; f < plan->count; f++) {
    int64_t radix = plan->factor[f], ido = plan->n / (l1 * radix);
    const Cx *w = plan->twiddles[f];
    if (radix == 4) pass4(ido, l1, from, to, w);
    else if (radix == 2) pass2(ido, l1, from, to, w);
    else if (radix == 3) pass3(ido, l1, from, to, w);
    else if (radix == 5) pass5(ido, l1, from, to, w);
    else pass_any(radix, ido, l1, from, to, w);
    Cx *swap = from;
    from = to, to = swap;
    l1 *= radix;
  }
  if (from != x) memcpy(x, from, (size_t)plan->n * sizeof *x);
}

/* ---- plans ---- */

static int64_t split(FftPlan *plan) { /* into factors; gives the largest */
  static const int64_t first[] = {4, 2, 3, 5};
  int64_t rest = plan->n, most = 1;
  for (int i = 0; i < 4; i++)
    for (; rest % first[i] == 0; rest /= first[i]) plan->factor[plan->count++] = first[i];
  for (int64_t p = 7; p <= LARGE_PRIME && rest > 1; p += 2)
    for (; rest % p == 0; rest /= p) plan->factor[plan->count++] = p;
  for (int i = 0; i < plan->count; i++)
    if (plan->factor[i] > most) most = plan->factor[i];
  return rest > most ? rest : most;
}

static bool make_twiddles(FftPlan *plan) {
  int64_t l1 = 1, n = plan->n;
  plan->roots = malloc((size_t)n * sizeof *plan->roots);
  if (!plan->roots) return false;
  fft_roots(n, n, plan->roots);
  for (int f = 0; f < plan->count; f++) {
    int64_t radix = plan->factor[f], ido = n / (l1 * radix);
    Cx *w = plan->twiddles[f] = malloc((size_t)(radix * ido) * sizeof *w);
    if (!w) return false;
    for (int64_t j = 1; j < radix; j++)
      for (int64_t i = 0; i < ido; i++) *w++ = plan->roots[j * l1 * i];
    l1 *= radix;
  }
  return true;
}

/* The smallest length from `least` on with factors 2, 3 and 5 only. */
static int64_t easy_length(int64_t least) {
  int64_t best = INT64_MAX;
  for (int64_t five = 1; five < best; five *= 5)
    for (int64_t three = five; three < best; three *= 3) {
      int64_t n = three;
      while (n < least) n *= 2;
      if (n < best) best = n;
    }
  return best;
}

static bool make_bluestein(FftPlan *plan) {
  int64_t n = plan->n, m = easy_length(2 * n - 1);
  plan->inner = fft_plan(m);
  plan->chirp = malloc((size_t)n * sizeof *plan->chirp);
  plan->filter = calloc((size_t)m, sizeof *plan->filter);
  Cx *roots = malloc((size_t)(2 * n) * sizeof *roots);
  bool ok = plan->inner && plan->chirp && plan->filter && roots;
  if (ok) {
    fft_roots(2 * n, 2 * n, roots);
    for (int64_t k = 0, square = 0; k < n; k++) { /* k^2 modulo 2n */
      plan->chirp[k] = roots[square];
      square += 2 * k + 1;
      if (square >= 2 * n) square -= 2 * n;
    }
    double f = 1.0 / (double)m;
    for (int64_t k = 0; k < n; k++) {
      Cx c = {f * plan->chirp[k].re, -f * plan->chirp[k].im};
      plan->filter[k] = c;
      if (k) plan->filter[m - k] = c;
    }
    ok = fft_run(plan->inner, plan->filter);
  }
  free(roots);
  return ok;
}

FftPlan *fft_plan(int64_t n) {
  FftPlan *plan = calloc(1, sizeof *plan);
  if (!plan) return NULL;
  plan->n = n;
  bool ok = split(plan) > LARGE_PRIME ? make_bluestein(plan) : make_twiddles(plan);
  if (ok) return plan;
  fft_plan_free(plan);
  return NULL;
}

void fft_plan_free(FftPlan *plan) {
  if (!plan) return;
  for (int f = 0; f < plan->count; f++) free(plan->twiddles[f]);
  fft_plan_free(plan->inner);
  free(plan->roots), free(plan->chirp), free(plan->filter);
  free(plan);
}

/* A convolution with the chirp: y = chirp * ifft(fft(x chirp) filter); the inverse by swapping the parts. */
static void run_bluestein(const FftPlan *plan, Cx *x, Cx *y, Cx *room) {
  int64_t n = plan->n, m = plan->inner->n;
  for (int64_t k = 0; k < n; k++) y[k] = mul(x[k], plan->chirp[k]);
  memset(y + n, 0, (size_t)(m - n) * sizeof *y);
  run_passes(plan->inner, y, room);
  for (int64_t k = 0; k < m; k++) {
    Cx z = mul(y[k], plan->filter[k]);
    y[k] = (Cx){z.im, z.re};
  }
  run_passes(plan->inner, y, room);
  for (int64_t k = 0; k < n; k++) x[k] = mul((Cx){y[k].im, y[k].re}, plan->chirp[k]);
}

bool fft_run(const FftPlan *plan, Cx *x) {
  int64_t m = plan->inner ? plan->inner->n : plan->n;
  Cx *room = malloc((size_t)m * (plan->inner ? 2 : 1) * sizeof *room);
  if (!room) return false;
  if (plan->inner)
    run_bluestein(plan, x, room, room + m);
  else
    run_passes(plan, x, room);
  free(room);
  return true;
}
