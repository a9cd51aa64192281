/* Finding BLAS and LAPACK: see rt_blas.h. The library is opened once per process and stays open: others may hold its threads. */
#include "runtime/rt_blas.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

enum { PRECISIONS = 4 }; /* s d c z */

static struct {
  pthread_once_t once;
  void *blas, *lapack; /* handles; NULL: not there */
  void *routines[BLAS_COUNT][PRECISIONS];
} library = {.once = PTHREAD_ONCE_INIT};

static const char *const names[BLAS_COUNT][2] = {
#define X(id, name, complex_name) [BLAS_##id] = {name, complex_name},
    BLAS_ROUTINES(X)
#undef X
};

static void *open_first(const char *const *candidates) {
  for (; *candidates; candidates++) {
    /* LOOPJIT_BLAS names the library to load: trusting it is the point. */
    void *handle = dlopen(*candidates, RTLD_NOW | RTLD_LOCAL); // NOLINT(clang-analyzer-optin.taint.GenericTaint)
    if (handle) return handle;
  }
  return NULL;
}

/* OpenBLAS starts its threads when it is loaded; it should use as many as the program asks for. */
static void set_threads(void) {
  const char *text = getenv("LOOPJIT_NUM_THREADS");
  void (*set)(int) = (void (*)(int))dlsym(library.blas, "openblas_set_num_threads");
  int count = text ? atoi(text) : 0;
  if (set && count > 0) set(count);
}

static void load(void) {
  static const char *const blas[] = {"libopenblas.so.0", "libopenblas.so", "libblas.so.3", "libblas.so", NULL};
  static const char *const lapack[] = {"liblapack.so.3", "liblapack.so", NULL};
  static const char letters[PRECISIONS] = {'s', 'd', 'c', 'z'};
  const char *wanted = getenv("LOOPJIT_BLAS");
  const char *const only[] = {wanted, NULL};
  bool named = wanted && *wanted;
  library.blas = open_first(named ? only : blas);
  if (!library.blas) return;
  library.lapack = dlsym(library.blas, "dgesv_") || named ? library.blas : open_first(lapack);
  set_threads();
  for (int r = 0; r < BLAS_COUNT; r++)
    for (int p = 0; p < PRECISIONS; p++) {
      char symbol[16], *s = symbol;
      const char *name = p >= 2 && names[r][1] ? names[r][1] : names[r][0];
      *s++ = letters[p];
      while (*name) *s++ = *name++;
      *s++ = '_', *s = 0;
      void *address = dlsym(library.blas, symbol);
      if (!address && library.lapack) address = dlsym(library.lapack, symbol);
      library.routines[r][p] = address;
    }
}

void *blas_routine(BlasRoutine routine, DType dtype) {
  (void)pthread_once(&library.once, load);
  int p = dtype == DT_FLOAT32 ? 0 : dtype == DT_FLOAT64 ? 1 : dtype == DT_COMPLEX64 ? 2 : 3;
  return library.routines[routine][p];
}

int32_t blas_missing(lj_rt *rt, const lj_site *site, const char *what) {
  sb_clear(&rt->text);
  sb_puts(&rt->text, what);
  sb_puts(&rt->text,
          " needs LAPACK, and no library with it was found: install the Debian package libopenblas0, or name a library in LOOPJIT_BLAS");
  lj_rt_raise_text(rt, site, IMPORT_ERROR);
  return IMPORT_ERROR;
}
