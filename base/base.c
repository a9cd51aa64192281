/* The end of the process for our own bugs, and number formatting that no locale of the host can change. */
#include "base/base.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

void lj_panic(const char *file, int line, const char *what) {
  fprintf(stderr, "loopjit: internal error at %s:%d: %s\n", file, line, what);
  fflush(stderr);
  abort();
}

/* The C locale is a constant of the C library: making it and switching to it are cheap, and the switch is this thread's alone. */
int lj_vsnprintf(char *out, size_t size, const char *fmt, va_list args) {
  locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  locale_t old = c ? uselocale(c) : (locale_t)0;
  int length = vsnprintf(out, size, fmt, args);
  if (c) {
    uselocale(old);
    freelocale(c);
  }
  return length;
}

double lj_strtod(const char *text) {
  locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  locale_t old = c ? uselocale(c) : (locale_t)0;
  double value = strtod(text, NULL);
  if (c) {
    uselocale(old);
    freelocale(c);
  }
  return value;
}
