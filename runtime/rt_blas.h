/* BLAS and LAPACK, loaded when a program first needs them: LOOPJIT_BLAS (a path or a name for the dynamic loader) or OpenBLAS, else the
 * reference libraries. Fortran interface with 32-bit integers. Only runtime/ includes this. */
#ifndef LJ_RT_BLAS_H
#define LJ_RT_BLAS_H

#include "base/dtype.h"
#include "runtime/rt.h"

/* Each exists in four precisions: s, d, c, z stands before the name; _ behind it. The second name, if any, is the complex one. */
#define BLAS_ROUTINES(X)                                                                                                                   \
  X(GEMM, "gemm", NULL)                                                                                                                    \
  X(GEMV, "gemv", NULL)                                                                                                                    \
  X(GESV, "gesv", NULL)                                                                                                                    \
  X(GETRF, "getrf", NULL)                                                                                                                  \
  X(POTRF, "potrf", NULL)                                                                                                                  \
  X(GEQRF, "geqrf", NULL) X(ORGQR, "orgqr", "ungqr") X(GESDD, "gesdd", NULL) X(GEEV, "geev", NULL) X(SYEVD, "syevd", "heevd")              \
      X(GELSD, "gelsd", NULL)
typedef enum BlasRoutine {
#define X(id, name, complex_name) BLAS_##id,
  BLAS_ROUTINES(X)
#undef X
      BLAS_COUNT
} BlasRoutine;

/* Address of a routine for float32, float64, complex64 or complex128; NULL when there is no library that has it. Thread-safe. */
void *blas_routine(BlasRoutine routine, DType dtype);
/* Puts an ImportError that names the package into rt; gives its kind. */
int32_t blas_missing(lj_rt *rt, const lj_site *site, const char *what);

/* A matrix in memory; strides in bytes, any sign. */
typedef struct Mat {
  char *data;
  int64_t rows, cols, row_step, col_step;
} Mat;
/* rt_gemm.c: c = a b by BLAS. False when BLAS is missing or cannot express it. c is row-major (unit steps along columns). */
bool blas_gemm(DType dtype, const Mat *a, const Mat *b, const Mat *c);
/* Does the matrix lie so that BLAS takes it without a copy? *ld: its leading dimension, *transposed: it is column-major. */
bool blas_expresses(const Mat *m, int64_t item, int *ld, bool *transposed);
/* rt_matmul_loops.c: c = a b by loops; ends early when the call is to stop. */
void loops_matmul(const lj_rt *rt, DType dtype, const Mat *a, const Mat *b, const Mat *c);

#endif
