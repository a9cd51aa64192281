/* Inside the runtime: numbers, values and arrays as text, exactly as CPython and NumPy write them, in any locale.
 * Everything appends to a StrBuf; nothing here knows a context or an output. */
#ifndef LJ_RT_FORMAT_H
#define LJ_RT_FORMAT_H

#include "base/dtype.h"
#include "runtime/rt.h"

/* |x| = 0.DIGITS * 10^point, without trailing zeros (but at least one digit). Zero is "0" with point 1. */
typedef struct Decimal {
  char digits[24]; /* not NUL-terminated */
  int count, point;
  bool negative;
} Decimal;

/* The fewest digits that read back as x; `single`: as a float32. x must be finite. */
void decimal_shortest(double x, bool single, Decimal *out);
/* x rounded exactly (half to even) to `digits` significant digits, 1 to 20. */
void decimal_rounded(double x, int digits, Decimal *out);

void format_int(StrBuf *out, int64_t value);
void format_uint(StrBuf *out, uint64_t value);
void format_shape(StrBuf *out, int64_t ndim, const int64_t *shape);     /* "(3,)", "(2, 4)", "()" */
void format_double(StrBuf *out, double x, bool single);                 /* repr(): "0.1", "1e+16", "-0.0", "inf" */
void format_complex(StrBuf *out, double re, double im, bool single);    /* "(1+2j)", "1j" */
void format_str_repr(StrBuf *out, const char *text, size_t length);     /* quoted and escaped as Python does */

/* PyOS_double_to_string: type 'e', 'f', 'g' or 'r' (repr), lower case; precision is ignored for 'r'. Negative: '-' first. */
enum { DOUBLE_ALT = 1, DOUBLE_DOT_0 = 2, DOUBLE_NO_NEG_0 = 4 };
void format_double_as(StrBuf *out, double x, char type, int precision, unsigned flags);

typedef struct Strided {
  const char *data;
  const int64_t *shape, *strides; /* strides in bytes */
  int ndim;
  DType dtype;
} Strided;
void format_array(StrBuf *out, const Strided *array, bool repr); /* str() or repr() of NumPy, with its default print options */

typedef union Scalar {
  int64_t i; /* bool and signed integers */
  uint64_t u;
  struct {
    double re, im;
  } f; /* floats and complex */
} Scalar;
Scalar scalar_load(DType type, const void *at); /* `at` need not be aligned */
void format_scalar(StrBuf *out, DType type, Scalar value, bool kernel);

/* Type codes: the row a code starts with. Returns the code behind it. */
const char *type_code_skip(const char *code);
DType type_code_dtype(const char *code, const char **end); /* of "f8", "A2Cf8" is not one */

/* format(value, spec). ERROR_NONE, or the kind, with its text in `message` and nothing added to `out`. */
ErrorKind format_with_spec(StrBuf *out, const char *type_code, const void *value, const char *spec, size_t length, bool kernel,
                           StrBuf *message);
/* The same for one value that is already loaded. */
ErrorKind format_spec_scalar(StrBuf *out, DType type, Scalar value, const char *spec, size_t length, StrBuf *message);
ErrorKind format_spec_str(StrBuf *out, const char *text, size_t text_length, const char *spec, size_t length, StrBuf *message);

#endif
