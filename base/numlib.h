/* Distributions and Fourier transforms by number: rows of builtins.def name them, the runtime computes them. */
#ifndef LJ_NUMLIB_H
#define LJ_NUMLIB_H

typedef enum DrawKind {
  DRAW_RANDOM,      /* [0, 1) */
  DRAW_UNIFORM,     /* x: low, y: high */
  DRAW_NORMAL,      /* x: mean, y: standard deviation */
  DRAW_EXPONENTIAL, /* x: scale */
  DRAW_GAMMA,       /* x: shape, y: scale */
  DRAW_BETA,        /* x: a, y: b */
  DRAW_LOGNORMAL,   /* x: mean, y: sigma */
  DRAW_CHISQUARE,   /* x: degrees of freedom */
  DRAW_RANDINT,     /* i: low, j: high; int64 from here on */
  DRAW_POISSON,     /* x: mean */
  DRAW_BINOMIAL,    /* i: trials, x: chance */
  DRAW_ARANGE,      /* 0, 1, … in random order; fill only */
} DrawKind;

typedef enum FftOp {
  FFT_FORWARD,
  FFT_INVERSE,
  FFT_REAL, /* real to half of the spectrum */
  FFT_BACK, /* half of a spectrum to real */
} FftOp;

#endif
