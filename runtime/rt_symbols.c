/* Addresses for the linker of compiled code: the functions of rt_symbols.def, the libm functions that the language calls, and what LLVM
 * makes of its own accord (memset, sincos, ...). A name that is not here does not exist for compiled code.
 * Looked up once per symbol and link: a scan over some hundred names takes less than a microsecond. */
#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>

#include "runtime/rt.h"

/* Of the compiler's own library; no header declares them. */
extern double __powidf2(double x, int n);
extern float __powisf2(float x, int n);
extern _Complex double __muldc3(double a, double b, double c, double d);
extern _Complex double __divdc3(double a, double b, double c, double d);
extern _Complex float __mulsc3(float a, float b, float c, float d);
extern _Complex float __divsc3(float a, float b, float c, float d);
extern __int128 __divti3(__int128 a, __int128 b);
extern __int128 __modti3(__int128 a, __int128 b);
extern unsigned __int128 __udivti3(unsigned __int128 a, unsigned __int128 b);
extern unsigned __int128 __umodti3(unsigned __int128 a, unsigned __int128 b);
extern __int128 __multi3(__int128 a, __int128 b);
extern double __floattidf(__int128 a);
extern float __floattisf(__int128 a);
extern double __floatuntidf(unsigned __int128 a);
extern float __floatuntisf(unsigned __int128 a);
extern __int128 __fixdfti(double a);
extern unsigned __int128 __fixunsdfti(double a);
extern int bcmp(const void *a, const void *b, size_t n);

/* Each in double and in float (with an f behind). */
#define LIBM(X)                                                                                                                            \
  X(sqrt)                                                                                                                                  \
  X(fabs)                                                                                                                                  \
  X(floor)                                                                                                                                 \
  X(ceil)                                                                                                                                  \
  X(trunc) X(rint) X(nearbyint) X(round) X(roundeven) X(copysign) X(fma) X(fmin) X(fmax) X(fdim) X(exp) X(exp2) X(exp10) X(expm1) X(log)   \
      X(log2) X(log10) X(log1p) X(logb) X(cbrt) X(pow) X(hypot) X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) X(atan2) X(sinh) X(cosh)      \
          X(tanh) X(asinh) X(acosh) X(atanh) X(sincos) X(erf) X(erfc) X(tgamma) X(lgamma) X(fmod) X(remainder) X(modf) X(nextafter)        \
              X(ldexp) X(frexp) X(scalbn) X(scalbln) X(ilogb) X(lrint) X(llrint) X(lround) X(llround)

#define OTHERS(X)                                                                                                                          \
  X(memcpy)                                                                                                                                \
  X(memmove)                                                                                                                               \
  X(memset)                                                                                                                                \
  X(memcmp)                                                                                                                                \
  X(memchr) X(bcmp) X(strlen) X(malloc) X(calloc) X(free) X(abort) X(__powidf2) X(__powisf2) X(__muldc3) X(__divdc3) X(__mulsc3)           \
      X(__divsc3) X(__divti3) X(__modti3) X(__udivti3) X(__umodti3) X(__multi3) X(__floattidf) X(__floattisf) X(__floatuntidf)             \
          X(__floatuntisf) X(__fixdfti) X(__fixunsdfti)

static const struct {
  const char *name;
  void *address;
} symbols[] = {
#define RT(result, name, params, signature) {#name, (void *)name},
#include "runtime/rt_symbols.def"
#undef RT
#define X(name) {#name, (void *)name}, {#name "f", (void *)name##f},
    LIBM(X)
#undef X
#define X(name) {#name, (void *)name},
        OTHERS(X)
#undef X
};

/* Vector math functions (names of the vector function ABI) come from glibc's libmvec, which is loaded when a kernel first needs one; it stays loaded. */
static void *vector_symbol(const char *name) {
  void *library = dlopen("libmvec.so.1", RTLD_NOW | RTLD_LOCAL);
  return library ? dlsym(library, name) : NULL;
}

void *lj_rt_symbol(const char *name) {
  if (strncmp(name, "_ZGV", 4) == 0) return vector_symbol(name);
  if (strncmp(name, LJ_OTHER_NAME, sizeof LJ_OTHER_NAME - 1) == 0) name += sizeof LJ_OTHER_NAME - 1;
  for (size_t i = 0; i < LJ_COUNT(symbols); i++)
    if (strcmp(symbols[i].name, name) == 0) return symbols[i].address;
  return NULL;
}
