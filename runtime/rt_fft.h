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
/* n > 0; NULL when memory is short, or the call of rt is to stop: then transforms end early, too. Freed with fft_plan_free. */
FftPlan *fft_plan(const lj_rt *rt, int64_t n);
void fft_plan_free(FftPlan *plan);
Cx *fft_take(int64_t count); /* memory for so many; freed with free(); NULL when memory is short */
/* Forward transform in place, unscaled. Uses the plan's room: one thread at a time. */
void fft_run(FftPlan *plan, Cx *x);
/* out[k] = exp(-2 pi i k step / n), each correct to about an ulp; step * count < 2^63. Ends early when the call is to stop; rt: NULL for few. */
void fft_roots(const lj_rt *rt, int64_t n, int64_t step, int64_t count, Cx *out);

#endif
