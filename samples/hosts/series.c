/* A program that calls a native library of kernels: no compiler and no libloopjit when it runs.
 * Build: loopjit build series.lp -o libseries.so
 *        cc series.c -L. -lseries -Wl,-rpath,'$ORIGIN'
 *
 * expect: smooth 2 3 5
 * expect: y = 2 x + 1
 * expect: scaled 3 6 9 12 24, the range is 21
 * expect: status 6: series.lp:34:14: error: IndexError: index 9 is out of bounds for axis 0 with size 5
 * expect: the range of nothing: series.lp:34:14: error: IndexError: index -1 is out of bounds for axis 0 with size 0
 * expect: called from here, in 'range_of'
 */
#include <stdio.h>
#include <string.h>

#include "libseries.h"

/* The first line of the last error. */
static void show_error(const char *what) { printf("%s: %.*s\n", what, (int)strcspn(series_error(), "\n"), series_error()); }

int main(void) {
  double x[5] = {1, 2, 3, 4, 8}, y[5] = {3, 5, 7, 9, 17}, range = 0;
  loopjit_float64_1d ax = loopjit_float64_1d_of(x, 5), ay = loopjit_float64_1d_of(y, 5), none = loopjit_float64_1d_of(x, 0), means;
  loopjit_tuple2x_float64 fit;
  if (smooth(&ax, 3, &means) || line(&ax, &ay, &fit)) { /* 0: all is well */
    fputs(series_error(), stderr);
    return 1;
  }
  printf("smooth %g %g %g\n", means.data[0], means.data[1], means.data[2]);
  series_release(means.owner); /* the result has memory of its own */
  printf("y = %g x + %g\n", fit.item0, fit.item1);

  if (scale(&ax, 3.0) || range_of(&ax, &range)) return 1;
  printf("scaled %g %g %g %g %g, the range is %g\n", x[0], x[1], x[2], x[3], x[4], range);

  char status[32];
  snprintf(status, sizeof status, "status %d", (int)nth(&ax, 9, &range));
  show_error(status);
  if (range_of(&none, &range) == LOOPJIT_INDEX_ERROR) show_error("the range of nothing");
  const char *chain = strstr(series_error(), "called from here"); /* which calls the error passed */
  if (chain) printf("%.*s\n", (int)strcspn(chain, "\n"), chain);
  return 0;
}
