/* Functions of complex numbers for compiled code: C99's, whose branch cuts are those of cmath and NumPy; division and powers as CPython's.
 * Real and imaginary parts come in as doubles and go out as out[0], out[1]. Nothing here fails: poles give inf and nan. */
#include <complex.h>
#include <math.h>

#include "runtime/rt.h"

#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

static double complex make(double re, double im) {
  union {
    double parts[2];
    double complex z;
  } u = {{re, im}}; /* CMPLX is missing in some compilers; re + im * I loses signs of zeros and infinities */
  return u.z;
}

static void put(double *out, double re, double im) {
  out[0] = re;
  out[1] = im;
}

#define UNARY(name)                                                                                                                        \
  void lj_rt_c##name(double re, double im, double *out) {                                                                                  \
    double complex z = c##name(make(re, im));                                                                                              \
    put(out, creal(z), cimag(z));                                                                                                          \
  }
UNARY(sqrt)
UNARY(exp)
UNARY(log)
UNARY(sin)
UNARY(cos)
UNARY(tan)
UNARY(asin)
UNARY(acos)
UNARY(atan)
UNARY(sinh)
UNARY(cosh)
UNARY(tanh)
UNARY(asinh)
UNARY(acosh)
UNARY(atanh)
#undef UNARY

void lj_rt_clog10(double re, double im, double *out) {
  lj_rt_clog(re, im, out);
  put(out, out[0] / 2.302585092994045684, out[1] / 2.302585092994045684);
}

/* Smith's division. By zero as NumPy: each part divided by +0. */
void lj_rt_cdiv(double ar, double ai, double br, double bi, double *out) {
  double size_re = fabs(br), size_im = fabs(bi);
  if (size_re >= size_im) {
    if (size_re == 0) {
      put(out, ar / size_re, ai / size_re);
      return;
    }
    double ratio = bi / br, scale = br + bi * ratio;
    put(out, (ar + ai * ratio) / scale, (ai - ar * ratio) / scale);
  } else if (size_im >= size_re) {
    double ratio = br / bi, scale = br * ratio + bi;
    put(out, (ar * ratio + ai) / scale, (ai * ratio - ar) / scale);
  } else {
    put(out, NAN, NAN);
  }
}

static void multiply(double *a, const double *b) { put(a, a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]); }

/* Repeated squaring: exact for small whole parts, where the polar form is not. */
static void power_whole(double ar, double ai, int n, double *out) {
  double square[2] = {ar, ai}, result[2] = {1, 0};
  for (unsigned rest = (unsigned)(n < 0 ? -n : n); rest; rest >>= 1) {
    if (rest & 1) multiply(result, square);
    double copy[2] = {square[0], square[1]};
    multiply(square, copy);
  }
  if (n >= 0)
    put(out, result[0], result[1]);
  else
    lj_rt_cdiv(1, 0, result[0], result[1], out);
}

/* CPython's: whole exponents up to 100 by multiplication, others in polar form. 0 to a negative or complex power is nan, as in numba. */
void lj_rt_cpow(double ar, double ai, double br, double bi, double *out) {
  if (br == 0 && bi == 0) {
    put(out, 1, 0);
  } else if (ar == 0 && ai == 0) {
    bool is_pole = bi != 0 || br < 0;
    put(out, is_pole ? NAN : 0, is_pole ? NAN : 0);
  } else if (bi == 0 && br == floor(br) && fabs(br) <= 100) {
    power_whole(ar, ai, (int)br, out);
  } else {
    double size = hypot(ar, ai), length = pow(size, br), angle = atan2(ai, ar), phase = angle * br;
    if (bi != 0) {
      length *= exp(-angle * bi);
      phase += bi * log(size);
    }
    put(out, length * cos(phase), length * sin(phase));
  }
}
