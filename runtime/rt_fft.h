/* Discrete Fourier transforms of float64: plans by length. Only runtime/ and its tests include this. */
#ifndef LJ_RT_FFT_H
#define LJ_RT_FFT_H

#include "base/numlib.h"
#include "runtime/rt.h"

typedef struct Cx {
  double re, im;
} Cx;

/* Everything that depends on the length alone. */
typedef struct FftPlan FftPlan;
FftPlan *fft_plan(int64_t n); /* n > 0; NULL when memory is short. Freed with fft_plan_free. */
void fft_plan_free(FftPlan *plan);
/* Forward transform in place, unscaled. False when memory is short. */
bool fft_run(const FftPlan *plan, Cx *x);
/* out[k] = exp(-2 pi i k / n), each correct to about an ulp. */
void fft_roots(int64_t n, int64_t count, Cx *out);

#endif
