/* Arrays as text: str() and repr() of NumPy 2 with its default print options (precision 8, threshold 1000, 3 edge items, lines of 75).
 * Two walks over the elements that will be shown: the first measures columns, the second writes. Any strides, any dtype, 0 to 8 axes.
 * float32 goes over to exponents at 1e8 as in NumPy 1.x to 2.2 (later versions: at 1e6). */
#include <math.h>
#include <stdlib.h>

#include "runtime/rt_format.h"

enum { PRECISION = 8, THRESHOLD = 1000, EDGE = 3, LINE_WIDTH = 75 };
#define REPR_PREFIX "array("

/* ---- one column of floats (real or imaginary parts) ---- */

typedef struct FloatColumn {
  bool single, plus;                      /* float32; show '+' */
  bool any_finite, any_nonfinite, any_neginf;
  double most, least;                     /* of the finite values that are not 0; least is 0 while there is none */
  bool scientific;
  int left, right;                        /* characters before and after the point */
  int precision, exponent_digits;         /* scientific: of all values alike */
} FloatColumn;

static void column_see(FloatColumn *col, double x) {
  if (!isfinite(x)) {
    col->any_nonfinite = true;
    col->any_neginf |= isinf(x) && x < 0;
    return;
  }
  col->any_finite = true;
  double size = fabs(x);
  if (size == 0) return;
  if (size > col->most) col->most = size;
  if (col->least == 0 || size < col->least) col->least = size;
}

static void column_choose(FloatColumn *col) {
  if (col->least == 0) return;
  double ratio = col->single ? (double)((float)col->most / (float)col->least) : col->most / col->least;
  double small = col->single ? (double)1e-4f : 1e-4;
  col->scientific = col->most >= 1e8 || col->least < small || ratio > 1000;
}

/* Digits as NumPy's Dragon4 gives them: the shortest that read back; exact rounding where those are more than `most` or fewer than
 * `least`. So few digits as a type always keeps (15, 6) need no search: if they read back, they are the shortest. */
static void unique_digits(const FloatColumn *col, double x, int least, int most, Decimal *out) {
  bool is_normal = fabs(x) >= (col->single ? 0x1p-126 : 0x1p-1022);
  if (is_normal && most <= (col->single ? 6 : 15)) {
    decimal_rounded(x, most, out);
    return;
  }
  decimal_shortest(x, col->single, out);
  int digits = out->count > most ? most : out->count < least ? least : out->count;
  if (x != 0 && digits != out->count) decimal_rounded(x, digits, out);
}

/* Digits before the point (0 or less: zeros after it), for 9e-5 < size < 1e8. The constants below 1 all lie above what they stand for. */
static int point_of(double size) {
  static const double powers[] = {1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
  int count = 0;
  while (count < (int)LJ_COUNT(powers) && size >= powers[count]) count++;
  return count - 4;
}

/* At most PRECISION digits after the point, and all before it: float32 does not keep eight. */
static void positional_digits(const FloatColumn *col, double x, Decimal *out) {
  int point = point_of(fabs(x));
  unique_digits(col, x, point, point + PRECISION, out);
}

static int sign_width(const FloatColumn *col, const Decimal *d) { return d->negative || col->plus; }

static int exponent_of(const Decimal *d) { return d->count == 1 && d->digits[0] == '0' ? 0 : d->point - 1; }

static int most_of(int a, int b) { return a > b ? a : b; }

static void column_measure(FloatColumn *col, double x) {
  Decimal d;
  if (!isfinite(x)) return;
  if (col->scientific) {
    unique_digits(col, x, 1, PRECISION + 1, &d);
    col->left = most_of(col->left, sign_width(col, &d) + 1);
    col->precision = most_of(col->precision, d.count - 1);
    col->exponent_digits = most_of(col->exponent_digits, abs(exponent_of(&d)) >= 100 ? 3 : 2);
  } else {
    positional_digits(col, x, &d);
    bool is_zero = d.count == 1 && d.digits[0] == '0';
    col->left = most_of(col->left, sign_width(col, &d) + (d.point > 1 ? d.point : 1));
    col->right = most_of(col->right, is_zero ? 0 : d.count - d.point);
  }
}

static void column_finish(FloatColumn *col) {
  if (col->scientific) col->right = col->precision + 2 + col->exponent_digits;
  if (!col->any_nonfinite) return;
  int offset = col->right + 1;
  int wide = 3 + (col->any_neginf || col->plus ? 1 : 0);
  col->left = most_of(col->left, wide - offset);
}

static void put_nonfinite(StrBuf *out, const FloatColumn *col, double x) {
  const char *text = isnan(x) ? (col->plus ? "+nan" : "nan") : x < 0 ? "-inf" : col->plus ? "+inf" : "inf";
  int padding = col->left + col->right + 1 - (int)strlen(text);
  sb_pad(out, ' ', padding > 0 ? (size_t)padding : 0);
  sb_puts(out, text);
}

static void put_sign_padded(StrBuf *out, const FloatColumn *col, const Decimal *d, int digits) {
  int padding = col->left - digits - sign_width(col, d);
  sb_pad(out, ' ', padding > 0 ? (size_t)padding : 0);
  if (sign_width(col, d)) sb_putc(out, d->negative ? '-' : '+');
}

static void put_scientific(StrBuf *out, const FloatColumn *col, double x) {
  Decimal d;
  unique_digits(col, x, col->precision + 1, col->precision + 1, &d);
  put_sign_padded(out, col, &d, 1);
  sb_putc(out, d.digits[0]);
  sb_putc(out, '.');
  sb_add(out, d.digits + 1, (size_t)d.count - 1);
  sb_pad(out, '0', (size_t)(col->precision - (d.count - 1)));
  int exponent = exponent_of(&d);
  sb_printf(out, "e%c%0*d", exponent < 0 ? '-' : '+', col->exponent_digits, abs(exponent));
}

static void put_positional(StrBuf *out, const FloatColumn *col, double x) {
  Decimal d;
  positional_digits(col, x, &d);
  bool is_zero = d.count == 1 && d.digits[0] == '0';
  int whole = d.point > 1 ? d.point : 1, fraction = is_zero || d.count <= d.point ? 0 : d.count - d.point;
  put_sign_padded(out, col, &d, whole);
  if (d.point <= 0) sb_putc(out, '0');
  for (int i = 0; i < d.point; i++) sb_putc(out, i < d.count ? d.digits[i] : '0');
  sb_putc(out, '.');
  for (int i = 0; i < fraction; i++) sb_putc(out, d.point + i < 0 ? '0' : d.digits[d.point + i]);
  sb_pad(out, ' ', (size_t)(col->right - fraction));
}

static void column_put(StrBuf *out, const FloatColumn *col, double x) {
  if (!isfinite(x))
    put_nonfinite(out, col, x);
  else if (col->scientific)
    put_scientific(out, col, x);
  else
    put_positional(out, col, x);
}

/* ---- the elements that are shown ---- */

typedef struct Printer {
  const Strided *array;
  StrBuf *out;
  bool summarise, repr;
  int width; /* of integers */
  FloatColumn re, im;
  void (*visit)(struct Printer *printer, const char *at);
  size_t column; /* where the next character of the line goes */
} Printer;

static int64_t leading(const Printer *p, int axis) {
  int64_t length = p->array->shape[axis];
  return p->summarise && length > 2 * EDGE ? EDGE : length;
}

static int64_t trailing(const Printer *p, int axis) { return p->summarise && p->array->shape[axis] > 2 * EDGE ? EDGE : 0; }

static void walk(Printer *p, const char *at, int axis) {
  if (axis == p->array->ndim) {
    p->visit(p, at);
    return;
  }
  int64_t length = p->array->shape[axis], stride = p->array->strides[axis];
  for (int64_t i = 0; i < leading(p, axis); i++) walk(p, at + i * stride, axis + 1);
  for (int64_t i = length - trailing(p, axis); i < length; i++) walk(p, at + i * stride, axis + 1);
}

static void see_element(Printer *p, const char *at) {
  Scalar value = scalar_load(p->array->dtype, at);
  char kind = dtype_info[p->array->dtype].kind;
  if (kind == 'f' || kind == 'c') column_see(&p->re, value.f.re);
  if (kind == 'c') column_see(&p->im, value.f.im);
  if (kind == 'i' || kind == 'u') {
    bool negative = kind == 'i' && value.i < 0;
    int width = 1 + negative;
    for (uint64_t rest = (negative ? -value.u : value.u) / 10; rest; rest /= 10) width++;
    p->width = most_of(p->width, width);
  }
}

static void measure_element(Printer *p, const char *at) {
  Scalar value = scalar_load(p->array->dtype, at);
  column_measure(&p->re, value.f.re);
  if (dtype_is_complex(p->array->dtype)) column_measure(&p->im, value.f.im);
}

static void measure_all(Printer *p) {
  char kind = dtype_info[p->array->dtype].kind;
  p->re.single = p->im.single = dtype_real_of(p->array->dtype) == DT_FLOAT32;
  p->im.plus = true;
  p->visit = see_element;
  if (kind != 'b') walk(p, p->array->data, 0);
  if (kind != 'f' && kind != 'c') return;
  column_choose(&p->re);
  column_choose(&p->im);
  p->visit = measure_element;
  walk(p, p->array->data, 0);
  column_finish(&p->re);
  column_finish(&p->im);
}

/* ---- writing ---- */

static void put_complex(StrBuf *out, const Printer *p, Scalar value) {
  column_put(out, &p->re, value.f.re);
  column_put(out, &p->im, value.f.im);
  size_t spaces = 0; /* the 'j' comes before the padding */
  while (out->len && out->data[out->len - 1] == ' ') out->data[--out->len] = 0, spaces++;
  sb_putc(out, 'j');
  sb_pad(out, ' ', spaces);
}

static void put_element(StrBuf *out, const Printer *p, const char *at) {
  Scalar value = scalar_load(p->array->dtype, at);
  switch (dtype_info[p->array->dtype].kind) {
  case 'b': sb_puts(out, !value.i ? "False" : p->array->ndim ? " True" : "True"); return;
  case 'f': column_put(out, &p->re, value.f.re); return;
  case 'c': put_complex(out, p, value); return;
  }
  size_t from = out->len;
  format_scalar(out, p->array->dtype, value, false);
  size_t length = out->len - from, padding = (size_t)p->width - length;
  sb_pad(out, ' ', padding);
  memmove(out->data + from + padding, out->data + from, length);
  memset(out->data + from, ' ', padding);
}

/* Between the words of a row. */
static void put_separator(Printer *p) {
  sb_puts(p->out, p->repr ? ", " : " ");
  p->column += p->repr ? 2 : 1;
}

/* Behind a block of `rest` - 1 axes that is not the last of its axis. */
static void put_block_end(Printer *p, int rest) {
  if (p->repr) sb_putc(p->out, ',');
  sb_pad(p->out, '\n', (size_t)rest - 1);
}

/* A word of a row: on this line or, where it does not fit, on the next. `indent` is where rows begin. */
static void put_word(Printer *p, const char *word, size_t length, size_t indent, size_t width) {
  if (p->column + length > width && p->column > indent) {
    while (p->out->data[p->out->len - 1] == ' ') p->out->len--;
    sb_putc(p->out, '\n');
    sb_pad(p->out, ' ', indent);
    p->column = indent;
  }
  sb_add(p->out, word, length);
  p->column += length;
}

static void put_row(Printer *p, const char *at, size_t indent, size_t width) {
  int axis = p->array->ndim - 1;
  int64_t length = p->array->shape[axis], stride = p->array->strides[axis], head = leading(p, axis), tail = trailing(p, axis);
  StrBuf word = {0};
  p->column = indent;
  for (int64_t i = 0; i < length; i++) {
    if (i == head) {
      put_word(p, "...", 3, indent, width);
      put_separator(p);
      i = length - tail;
    }
    sb_clear(&word);
    put_element(&word, p, at + i * stride);
    put_word(p, word.data, word.len, indent, width);
    if (i + 1 < length) put_separator(p);
  }
  sb_drop(&word);
}

/* `indent`: spaces before a line of this block: one per open bracket, and those of the prefix. */
static void put_block(Printer *p, const char *at, int axis, size_t indent, size_t width) {
  int rest = p->array->ndim - axis;
  sb_putc(p->out, '[');
  if (rest == 1) {
    put_row(p, at, indent, width - 1);
  } else {
    int64_t length = p->array->shape[axis], head = leading(p, axis), tail = trailing(p, axis);
    for (int64_t i = 0; i < length; i++) {
      if (i == head) {
        sb_pad(p->out, ' ', indent);
        sb_puts(p->out, "...");
        put_block_end(p, rest);
        i = length - tail;
      }
      if (i) sb_pad(p->out, ' ', indent);
      put_block(p, at + i * p->array->strides[axis], axis + 1, indent + 1, width - 1);
      if (i + 1 < length) put_block_end(p, rest);
    }
  }
  sb_putc(p->out, ']');
}

static bool exceeds_threshold(const Strided *array) {
  int64_t size = 1;
  for (int i = 0; i < array->ndim; i++)
    if (__builtin_mul_overflow(size, array->shape[i], &size)) return true; /* broadcast views may count more than memory holds */
  return size > THRESHOLD;
}

static bool is_empty(const Strided *array) {
  for (int i = 0; i < array->ndim; i++)
    if (array->shape[i] == 0) return true;
  return false;
}

/* The elements with their brackets. */
static void put_elements(StrBuf *out, const Strided *array, bool repr) {
  Printer printer = {.array = array, .out = out, .summarise = exceeds_threshold(array), .repr = repr};
  measure_all(&printer);
  if (array->ndim == 0)
    put_element(out, &printer, array->data);
  else
    put_block(&printer, array->data, 0, 1 + (repr ? strlen(REPR_PREFIX) : 0), LINE_WIDTH - repr); /* the ')' counts */
}

/* What the elements do not tell: "shape=(0, 3), dtype=int8". */
static void put_extras(StrBuf *out, const Strided *array) {
  DType type = array->dtype;
  bool empty = is_empty(array), implied = type == DT_BOOL || type == DT_INT64 || type == DT_FLOAT64 || type == DT_COMPLEX128;
  if (empty ? array->ndim > 1 : exceeds_threshold(array)) {
    sb_puts(out, "shape=");
    format_shape(out, array->ndim, array->shape);
    if (empty || !implied) sb_puts(out, ", ");
  }
  if (empty || !implied) sb_printf(out, "dtype=%s", dtype_name(type));
}

static void put_repr(StrBuf *out, const Strided *array) {
  size_t line = out->len; /* where the last line of the array begins; what stands before the array does not count */
  sb_puts(out, REPR_PREFIX);
  if (is_empty(array))
    sb_puts(out, "[]");
  else
    put_elements(out, array, true);
  StrBuf extras = {0};
  put_extras(&extras, array);
  if (extras.len) {
    sb_putc(out, ',');
    for (size_t i = line; i < out->len; i++)
      if (out->data[i] == '\n') line = i + 1;
    bool fits = out->len - line + 1 + extras.len + 1 <= LINE_WIDTH;
    sb_putc(out, fits ? ' ' : '\n');
    if (!fits) sb_pad(out, ' ', strlen(REPR_PREFIX));
    sb_add(out, extras.data, extras.len);
  }
  sb_putc(out, ')');
  sb_drop(&extras);
}

void format_array(StrBuf *out, const Strided *array, bool repr) {
  if (repr)
    put_repr(out, array);
  else if (is_empty(array))
    sb_puts(out, "[]");
  else if (array->ndim == 0)
    format_scalar(out, array->dtype, scalar_load(array->dtype, array->data), false);
  else
    put_elements(out, array, false);
}
