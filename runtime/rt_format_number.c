/* Numbers as text: decimal digits of floats (shortest or rounded), Python's repr, and the e, f and g forms.
 * The C library makes the digits of the hard cases; its decimal point is skipped, never trusted, so no locale matters.
 * Easy cases (most that people print) are found by arithmetic alone: m / 10^k with m below 2^53 and k <= 22 is correctly rounded. */
#include "runtime/rt_format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void format_uint(StrBuf *out, uint64_t value) {
  char text[20];
  size_t at = sizeof text;
  do text[--at] = (char)('0' + value % 10);
  while (value /= 10);
  sb_add(out, text + at, sizeof text - at);
}

void format_int(StrBuf *out, int64_t value) {
  if (value < 0) sb_putc(out, '-');
  format_uint(out, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void format_shape(StrBuf *out, int64_t ndim, const int64_t *shape) {
  sb_putc(out, '(');
  for (int64_t i = 0; i < ndim; i++) {
    if (i) sb_puts(out, ", ");
    format_int(out, shape[i]);
  }
  sb_puts(out, ndim == 1 ? ",)" : ")");
}

/* ---- decimal digits ---- */

static void trim_zeros(Decimal *d) {
  while (d->count > 1 && d->digits[d->count - 1] == '0') d->count--;
  if (d->count == 1 && d->digits[0] == '0') d->point = 1;
}

void decimal_rounded(double x, int digits, Decimal *out) {
  char text[48];
  LJ_ASSERT(digits >= 1 && digits <= 20);
  snprintf(text, sizeof text, "%.*e", digits - 1, fabs(x));
  out->negative = signbit(x);
  out->count = 0;
  const char *p = text;
  for (; *p != 'e'; p++)
    if (*p >= '0' && *p <= '9') out->digits[out->count++] = *p;
  out->point = atoi(p + 1) + 1;
  trim_zeros(out);
}

static bool reads_back(const Decimal *d, double x, bool single) {
  char text[48];
  snprintf(text, sizeof text, "%.*se%d", d->count, d->digits, d->point - d->count); /* no point: the same in every locale */
  return single ? (double)strtof(text, NULL) == x : strtod(text, NULL) == x;
}

static void add_one_in_last(Decimal *d) {
  int i = d->count - 1;
  for (; i >= 0 && d->digits[i] == '9'; i--) d->digits[i] = '0';
  if (i >= 0) {
    d->digits[i]++;
  } else {
    d->digits[0] = '1';
    d->point++;
  }
  trim_zeros(d);
}

/* m * 10^-k with at most `limit` / 10 digits; those few digits name one float only, so the first hit is the shortest. */
static bool quick_digits(double x, double limit, bool single, Decimal *out) {
  static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  for (int k = 0; k < (int)LJ_COUNT(powers); k++) {
    double m = rint(x * powers[k]);
    if (m >= limit) return false;
    double back = m / powers[k];
    if ((single ? (double)(float)back : back) != x) continue;
    char text[20];
    int at = sizeof text;
    for (uint64_t rest = (uint64_t)m; rest; rest /= 10) text[--at] = (char)('0' + rest % 10);
    out->count = (int)sizeof text - at;
    memcpy(out->digits, text + at, (size_t)out->count);
    out->point = out->count - k;
    trim_zeros(out);
    return true;
  }
  return false;
}

/* The neighbours of a power of two are not equally far, so the nearest decimal of n digits may not read back where the next one does. */
static bool is_power_of_two(double x) {
  int exponent;
  return frexp(x, &exponent) == 0.5;
}

void decimal_shortest(double x, bool single, Decimal *out) {
  double size = fabs(x);
  *out = (Decimal){.digits = "0", .count = 1, .point = 1, .negative = signbit(x)};
  if (size == 0) return;
  if (quick_digits(size, single ? 1e6 : 1e15, single, out)) return;
  bool is_subnormal = size < (single ? 0x1p-126 : 0x1p-1022);
  int most = single ? 9 : 17, digits = is_subnormal ? 1 : single ? 6 : 15;
  for (; digits < most; digits++) {
    decimal_rounded(size, digits, out);
    out->negative = signbit(x);
    if (reads_back(out, size, single)) return;
    if (!is_power_of_two(size)) continue;
    while (out->count < digits) out->digits[out->count++] = '0';
    add_one_in_last(out);
    if (reads_back(out, size, single)) return;
  }
  decimal_rounded(x, most, out);
}

/* ---- as text ---- */

static void put_exponent(StrBuf *out, int exponent) {
  sb_puts(out, exponent < 0 ? "e-" : "e+");
  if (abs(exponent) < 10) sb_putc(out, '0');
  format_int(out, abs(exponent));
}

/* digits[0..count) with the point behind digits[point-1]; zeros are filled in on both sides. */
static void put_positional(StrBuf *out, const char *digits, int count, int point, unsigned flags) {
  int before = point < count ? point : count;
  if (point <= 0) sb_putc(out, '0');
  if (before > 0) sb_add(out, digits, (size_t)before);
  if (point > count) sb_pad(out, '0', (size_t)(point - count));
  if (point < count) {
    sb_putc(out, '.');
    if (point < 0) sb_pad(out, '0', (size_t)-point);
    int from = point > 0 ? point : 0;
    sb_add(out, digits + from, (size_t)(count - from));
  } else if (flags & DOUBLE_DOT_0) {
    sb_puts(out, ".0");
  } else if (flags & DOUBLE_ALT) {
    sb_putc(out, '.');
  }
}

static void put_scientific(StrBuf *out, const char *digits, int count, int point, unsigned flags) {
  sb_putc(out, digits[0]);
  if (count > 1 || (flags & DOUBLE_ALT)) sb_putc(out, '.');
  sb_add(out, digits + 1, (size_t)count - 1);
  put_exponent(out, point - 1);
}

enum { EXACT_DIGITS = 1100 }; /* no double has more digits before or after its point: the rest is zeros */

static bool all_zero(const char *digits, int count) {
  for (int i = 0; i < count; i++)
    if (digits[i] >= '1' && digits[i] <= '9') return false;
  return true;
}

static void put_sign(StrBuf *out, double x, bool is_zero, unsigned flags) {
  if (signbit(x) && !(is_zero && (flags & DOUBLE_NO_NEG_0))) sb_putc(out, '-');
}

static void put_fixed(StrBuf *out, double x, int precision, unsigned flags) {
  char text[EXACT_DIGITS + 320];
  int shown = precision < EXACT_DIGITS ? precision : EXACT_DIGITS;
  int length = snprintf(text, sizeof text, "%.*f", shown, fabs(x));
  put_sign(out, x, all_zero(text, length), flags);
  int whole = (int)strspn(text, "0123456789");
  sb_add(out, text, (size_t)whole);
  if (precision || (flags & DOUBLE_ALT)) sb_putc(out, '.');
  if (shown) sb_add(out, text + length - shown, (size_t)shown);
  sb_pad(out, '0', (size_t)(precision - shown));
}

/* Digits of the e form into `digits` (EXACT_DIGITS + 1 bytes); returns the decimal point. */
static int scientific_digits(double x, int count, char *digits) {
  char text[EXACT_DIGITS + 32];
  snprintf(text, sizeof text, "%.*e", count - 1, fabs(x));
  const char *p = text;
  memset(digits, '0', (size_t)count);
  for (int n = 0; *p != 'e'; p++)
    if (*p >= '0' && *p <= '9') digits[n++] = *p;
  return atoi(p + 1) + 1;
}

static void put_e(StrBuf *out, double x, int precision, unsigned flags) {
  char digits[EXACT_DIGITS + 1];
  int count = precision < EXACT_DIGITS ? precision + 1 : EXACT_DIGITS;
  int point = scientific_digits(x, count, digits);
  put_sign(out, x, all_zero(digits, count), flags);
  sb_putc(out, digits[0]);
  if (precision || (flags & DOUBLE_ALT)) sb_putc(out, '.');
  sb_add(out, digits + 1, (size_t)count - 1);
  sb_pad(out, '0', (size_t)(precision + 1 - count));
  put_exponent(out, point - 1);
}

static void put_g(StrBuf *out, double x, int precision, unsigned flags) {
  char digits[EXACT_DIGITS + 1];
  int wanted = precision ? precision : 1, count = wanted < EXACT_DIGITS ? wanted : EXACT_DIGITS;
  int point = scientific_digits(x, count, digits);
  put_sign(out, x, all_zero(digits, count), flags);
  bool is_scientific = point <= -4 || point > wanted - (flags & DOUBLE_DOT_0 ? 1 : 0);
  StrBuf padded = {0};
  const char *shown = digits;
  if (!(flags & DOUBLE_ALT)) {
    while (count > 1 && digits[count - 1] == '0') count--;
  } else if (count < wanted) {
    sb_add(&padded, digits, (size_t)count);
    sb_pad(&padded, '0', (size_t)(wanted - count));
    shown = padded.data;
    count = wanted;
  }
  if (is_scientific)
    put_scientific(out, shown, count, point, flags);
  else
    put_positional(out, shown, count, point, flags);
  sb_drop(&padded);
}

static void put_repr(StrBuf *out, double x, bool single, unsigned flags) {
  Decimal d;
  decimal_shortest(x, single, &d);
  put_sign(out, x, x == 0, flags);
  /* NumPy looks at the value: float32(1e-4) is a little less than 1e-4 */
  bool is_scientific = single ? x != 0 && (fabs(x) < 1e-4 || fabs(x) >= 1e16) : d.point <= -4 || d.point > 16;
  if (is_scientific)
    put_scientific(out, d.digits, d.count, d.point, flags);
  else
    put_positional(out, d.digits, d.count, d.point, flags);
}

static bool put_nonfinite(StrBuf *out, double x) {
  if (isfinite(x)) return false;
  sb_puts(out, isnan(x) ? "nan" : x < 0 ? "-inf" : "inf");
  return true;
}

void format_double_as(StrBuf *out, double x, char type, int precision, unsigned flags) {
  if (put_nonfinite(out, x)) return;
  switch (type) {
  case 'e': put_e(out, x, precision, flags); return;
  case 'f': put_fixed(out, x, precision, flags); return;
  case 'g': put_g(out, x, precision, flags); return;
  case 'r': put_repr(out, x, false, flags); return;
  }
  LJ_UNREACHABLE();
}

void format_double(StrBuf *out, double x, bool single) {
  if (!put_nonfinite(out, x)) put_repr(out, x, single, DOUBLE_DOT_0);
}

static void put_part(StrBuf *out, double x, bool single) {
  if (!put_nonfinite(out, x)) put_repr(out, x, single, 0);
}

/* A real part of +0 is left out; -0 is not. */
void format_complex(StrBuf *out, double re, double im, bool single) {
  if (re == 0 && !signbit(re)) {
    put_part(out, im, single);
    sb_putc(out, 'j');
    return;
  }
  sb_putc(out, '(');
  put_part(out, re, single);
  if (isnan(im) || !signbit(im)) sb_putc(out, '+');
  put_part(out, im, single);
  sb_puts(out, "j)");
}
