/* Format specifications, exactly CPython 3.12's: [[fill]align][sign][z][#][0][width][,|_][.precision][type].
 * Comes in: a scalar or a string, and the text behind the colon. Goes out: text, or the kind and message of Python's error.
 * parse -> one function per kind of value -> layout (padding, sign, prefix, grouping), which all numbers share. */
#include <ctype.h>
#include <math.h>

#include "runtime/rt_format.h"

enum { FIELD_MAX = 1 << 30 }; /* wider fields are refused with MemoryError */

typedef struct Spec {
  char fill[5]; /* one code point, NUL-terminated; "" while none was given */
  char align;   /* one of < > = ^ */
  char sign;    /* '-', '+' or ' ' */
  bool no_neg_0, alternate, has_sign, fill_is_zero;
  int64_t width, precision; /* -1: not given */
  char group;               /* ',' or '_' or 0 */
  int group_size;
  char type[5]; /* one code point; "" while none was given */
} Spec;

typedef struct Job {
  StrBuf *out, *message;
  const char *object; /* "float": for messages */
  bool is_str;
} Job;

static ErrorKind fail(const Job *job, ErrorKind kind, const char *text) {
  sb_puts(job->message, text);
  return kind;
}

/* ---- parsing ---- */

static size_t code_point_length(const char *p, const char *end) {
  size_t n = 1;
  while (p + n < end && n < 4 && ((unsigned char)p[n] & 0xc0) == 0x80) n++;
  return n;
}

static void copy_code_point(char out[5], const char *p, size_t n) {
  memcpy(out, p, n);
  out[n] = 0;
}

static bool is_align(const char *p, const char *end) { return p < end && (*p == '<' || *p == '>' || *p == '=' || *p == '^'); }

static bool accept(const char **p, const char *end, char c) {
  if (*p >= end || **p != c) return false;
  ++*p;
  return true;
}

/* 1: a number was read; 0: there is none; -1: too large. */
static int read_number(const char **p, const char *end, int64_t *out) {
  const char *start = *p;
  int64_t value = 0;
  for (; *p < end && **p >= '0' && **p <= '9'; ++*p)
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, **p - '0', &value)) return -1;
  if (*p == start) return 0;
  *out = value;
  return 1;
}

static ErrorKind check_group(const Job *job, Spec *spec) {
  char type = spec->type[0];
  if (!type || (strchr("defgEG%F", type) && !spec->type[1])) return ERROR_NONE;
  if (spec->group == '_' && strchr("boxX", type) && !spec->type[1]) {
    spec->group_size = 4;
    return ERROR_NONE;
  }
  sb_printf(job->message, "Cannot specify '%c' with '", spec->group);
  sb_puts(job->message, spec->type);
  sb_puts(job->message, "'.");
  return VALUE_ERROR;
}

static void parse_align(Spec *spec, const char **p, const char *end, char default_align, bool *has_align) {
  size_t first = *p < end ? code_point_length(*p, end) : 0;
  spec->align = default_align;
  if (first && is_align(*p + first, end)) {
    copy_code_point(spec->fill, *p, first);
    spec->align = (*p)[first];
    *has_align = true;
    *p += first + 1;
  } else if (is_align(*p, end)) {
    spec->align = *(*p)++;
    *has_align = true;
  }
}

static ErrorKind parse_group(const Job *job, Spec *spec, const char **p, const char *end) {
  spec->group_size = 3;
  if (accept(p, end, ',')) spec->group = ',';
  if (*p < end && **p == '_') {
    if (spec->group) return fail(job, VALUE_ERROR, "Cannot specify both ',' and '_'.");
    spec->group = '_';
    ++*p;
  }
  if (spec->group == '_' && *p < end && **p == ',') return fail(job, VALUE_ERROR, "Cannot specify both ',' and '_'.");
  return ERROR_NONE;
}

static ErrorKind parse_spec(const Job *job, const char *text, size_t length, char default_align, Spec *spec) {
  const char *p = text, *end = text + length;
  bool has_align = false;
  *spec = (Spec){.sign = '-', .width = -1, .precision = -1};
  parse_align(spec, &p, end, default_align, &has_align);
  if (p < end && (*p == '+' || *p == '-' || *p == ' ')) {
    spec->sign = *p++;
    spec->has_sign = true;
  }
  spec->no_neg_0 = accept(&p, end, 'z');
  spec->alternate = accept(&p, end, '#');
  if (!spec->fill[0] && accept(&p, end, '0')) {
    copy_code_point(spec->fill, "0", 1);
    if (!has_align && default_align == '>') spec->align = '=';
  }
  if (read_number(&p, end, &spec->width) < 0) return fail(job, VALUE_ERROR, "Too many decimal digits in format string");
  ErrorKind kind = parse_group(job, spec, &p, end);
  if (kind) return kind;
  if (accept(&p, end, '.')) {
    int got = read_number(&p, end, &spec->precision);
    if (got < 0) return fail(job, VALUE_ERROR, "Too many decimal digits in format string");
    if (!got) return fail(job, VALUE_ERROR, "Format specifier missing precision");
  }
  if (p < end) {
    size_t n = code_point_length(p, end);
    if (p + n < end) {
      sb_puts(job->message, "Invalid format specifier '");
      sb_add(job->message, text, length);
      sb_printf(job->message, "' for object of type '%s'", job->object);
      return VALUE_ERROR;
    }
    copy_code_point(spec->type, p, n);
  }
  if (!spec->type[0] && job->is_str) copy_code_point(spec->type, "s", 1);
  if (spec->group && (kind = check_group(job, spec))) return kind;
  if (spec->width > FIELD_MAX) return fail(job, MEMORY_ERROR, "format field too large");
  if (!spec->fill[0]) copy_code_point(spec->fill, " ", 1);
  spec->fill_is_zero = spec->fill[0] == '0';
  return ERROR_NONE;
}

/* Python writes a type that is no printable ASCII as \xNN. */
static int32_t code_point_value(const char *p) {
  unsigned char c = (unsigned char)*p;
  int32_t value = c < 0x80 ? c : c < 0xe0 ? c & 0x1f : c < 0xf0 ? c & 0x0f : c & 0x07;
  for (p++; c >= 0x80 && *p; p++) value = value << 6 | (*p & 0x3f);
  return value;
}

static ErrorKind unknown_type(const Job *job, const Spec *spec) {
  int32_t code = code_point_value(spec->type);
  if (code > 32 && code < 128)
    sb_printf(job->message, "Unknown format code '%c' for object of type '%s'", (char)code, job->object);
  else
    sb_printf(job->message, "Unknown format code '\\x%x' for object of type '%s'", (unsigned)code, job->object);
  return VALUE_ERROR;
}

/* ---- layout ---- */

static void put_fill(StrBuf *out, const char *fill, int64_t count) {
  if (!fill[1]) {
    sb_pad(out, fill[0], count > 0 ? (size_t)count : 0);
    return;
  }
  for (; count > 0; count--) sb_puts(out, fill);
}

/* Digits in groups from the right, with zeros in front until `least` characters stand there; never less than one digit. */
static void put_grouped(StrBuf *out, const char *digits, int64_t count, const Spec *spec, int64_t least) {
  int64_t total = count > 1 ? count : 1;
  if (!spec->group) {
    total = least > total ? least : total;
  } else { /* a separator never comes first: the zero before it makes the text longer than `least` */
    while (total + (total - 1) / spec->group_size < least) total++;
  }
  for (int64_t i = total; i > 0; i--) { /* i: digits still to write */
    sb_putc(out, i > count ? '0' : digits[count - i]);
    if (spec->group && i > 1 && (i - 1) % spec->group_size == 0) sb_putc(out, spec->group);
  }
}

/* One number: `text` is its digits without sign, then anything (point, fraction, exponent, '%'); `prefix` is "0x" and the like. */
static void put_number(StrBuf *out, const Spec *spec, bool negative, const char *prefix, const char *text, size_t length) {
  int64_t digits = 0;
  if (spec->type[0] == 'x' || spec->type[0] == 'X')
    digits = (int64_t)length;
  else
    while ((size_t)digits < length && text[digits] >= '0' && text[digits] <= '9') digits++;
  int64_t rest = (int64_t)length - digits;
  char sign = negative ? '-' : spec->sign == '-' ? 0 : spec->sign;
  int64_t fixed = (sign != 0) + (int64_t)strlen(prefix) + rest;
  int64_t least = spec->fill_is_zero && spec->align == '=' ? spec->width - fixed : 0;
  StrBuf grouped = {0};
  if (digits) put_grouped(&grouped, text, digits, spec, least);
  int64_t padding = spec->width - fixed - (int64_t)grouped.len;
  int64_t left = padding <= 0 ? 0 : spec->align == '>' ? padding : spec->align == '^' ? padding / 2 : 0;
  put_fill(out, spec->fill, left);
  if (sign) sb_putc(out, sign);
  sb_puts(out, prefix);
  if (spec->align == '=') put_fill(out, spec->fill, padding);
  sb_add(out, sb_text(&grouped), grouped.len);
  sb_add(out, text + digits, (size_t)rest);
  if (spec->align == '<' || spec->align == '^') put_fill(out, spec->fill, padding - left);
  sb_drop(&grouped);
}

/* ---- integers ---- */

static void put_code_point(StrBuf *out, uint32_t c) {
  if (c < 0x80) {
    sb_putc(out, (char)c);
    return;
  }
  int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
  sb_putc(out, (char)(lead[more] | c >> (6 * more)));
  while (more--) sb_putc(out, (char)(0x80 | ((c >> (6 * more)) & 0x3f)));
}

static void put_padded_text(StrBuf *out, const Spec *spec, const char *text, size_t bytes, int64_t width) {
  int64_t padding = spec->width > width ? spec->width - width : 0;
  int64_t left = spec->align == '>' ? padding : spec->align == '^' ? padding / 2 : 0;
  put_fill(out, spec->fill, left);
  sb_add(out, text, bytes);
  put_fill(out, spec->fill, padding - left);
}

static ErrorKind format_character(const Job *job, Spec *spec, bool negative, uint64_t magnitude) {
  if (spec->has_sign) return fail(job, VALUE_ERROR, "Sign not allowed with integer format specifier 'c'");
  if (spec->alternate) return fail(job, VALUE_ERROR, "Alternate form (#) not allowed with integer format specifier 'c'");
  if ((negative && magnitude) || magnitude > 0x10ffff) return fail(job, OVERFLOW_ERROR, "%c arg not in range(0x110000)");
  StrBuf text = {0};
  put_code_point(&text, (uint32_t)magnitude);
  if (spec->align == '=') spec->align = '>';
  put_padded_text(job->out, spec, text.data, text.len, 1);
  sb_drop(&text);
  return ERROR_NONE;
}

static ErrorKind format_integer(const Job *job, Spec *spec, bool negative, uint64_t magnitude) {
  if (spec->precision >= 0) return fail(job, VALUE_ERROR, "Precision not allowed in integer format specifier");
  if (spec->no_neg_0) return fail(job, VALUE_ERROR, "Negative zero coercion (z) not allowed in integer format specifier");
  if (spec->type[0] == 'c') return format_character(job, spec, negative, magnitude);
  static const struct {
    char type;
    unsigned base;
    const char *prefix, *digits;
  } bases[] = {{'b', 2, "0b", "01"}, {'o', 8, "0o", "01234567"}, {'x', 16, "0x", "0123456789abcdef"}, {'X', 16, "0X", "0123456789ABCDEF"}};
  unsigned base = 10;
  const char *prefix = "", *names = "0123456789";
  for (size_t i = 0; i < LJ_COUNT(bases); i++) {
    if (bases[i].type != spec->type[0]) continue;
    base = bases[i].base;
    names = bases[i].digits;
    if (spec->alternate) prefix = bases[i].prefix;
  }
  char text[64];
  size_t at = sizeof text;
  do text[--at] = names[magnitude % base];
  while (magnitude /= base);
  put_number(job->out, spec, negative, prefix, text + at, sizeof text - at);
  return ERROR_NONE;
}

/* ---- floats and complex ---- */

typedef struct FloatStyle {
  char form; /* for format_double_as */
  int precision;
  unsigned flags;
  bool upper, percent;
} FloatStyle;

static FloatStyle float_style(const Spec *spec, bool is_complex) {
  char type = spec->type[0];
  FloatStyle style = {.form = (char)tolower(type), .precision = (int)spec->precision};
  style.upper = type == 'E' || type == 'F' || type == 'G';
  style.percent = type == '%';
  style.flags = (spec->alternate ? DOUBLE_ALT : 0) | (spec->no_neg_0 ? DOUBLE_NO_NEG_0 : 0);
  if (type == '%') style.form = 'f';
  if (type == 'n') style.form = 'g';
  if (!type) {
    style.form = spec->precision < 0 ? 'r' : 'g';
    if (!is_complex) style.flags |= DOUBLE_DOT_0;
  }
  if (style.precision < 0) style.precision = 6;
  return style;
}

/* Text without sign into `text`; returns whether there was one. */
static bool float_text(StrBuf *text, double x, const FloatStyle *style) {
  sb_clear(text);
  format_double_as(text, style->percent ? x * 100 : x, style->form, style->precision, style->flags);
  if (style->percent) sb_putc(text, '%');
  bool negative = text->data[0] == '-';
  if (negative) memmove(text->data, text->data + 1, text->len--); /* with its NUL */
  for (size_t i = 0; style->upper && i < text->len; i++) text->data[i] = (char)toupper((unsigned char)text->data[i]);
  return negative;
}

static ErrorKind check_precision(const Job *job, const Spec *spec) {
  if (spec->precision > INT32_MAX) return fail(job, VALUE_ERROR, "precision too big");
  return spec->precision > FIELD_MAX ? fail(job, MEMORY_ERROR, "format field too large") : ERROR_NONE;
}

static ErrorKind format_float(const Job *job, const Spec *spec, double x) {
  ErrorKind error = check_precision(job, spec);
  if (error) return error;
  FloatStyle style = float_style(spec, false);
  StrBuf text = {0};
  bool negative = float_text(&text, x, &style);
  put_number(job->out, spec, negative, "", text.data, text.len);
  sb_drop(&text);
  return ERROR_NONE;
}

static ErrorKind format_complex_spec(const Job *job, const Spec *spec, double re, double im) {
  if (spec->fill_is_zero) return fail(job, VALUE_ERROR, "Zero padding is not allowed in complex format specifier");
  if (spec->align == '=') return fail(job, VALUE_ERROR, "'=' alignment flag is not allowed in complex format specifier");
  ErrorKind error = check_precision(job, spec);
  if (error) return error;
  FloatStyle style = float_style(spec, true);
  bool is_plain = !spec->type[0], has_real = !is_plain || re != 0 || signbit(re);
  Spec part = *spec; /* the field pads the whole, not the parts */
  part.width = -1;
  part.align = '<';
  StrBuf text = {0}, whole = {0};
  if (is_plain && has_real) sb_putc(&whole, '(');
  if (has_real) {
    bool negative = float_text(&text, re, &style);
    put_number(&whole, &part, negative, "", text.data, text.len);
    part.sign = '+';
  }
  bool negative = float_text(&text, im, &style);
  put_number(&whole, &part, negative, "", text.data, text.len);
  sb_puts(&whole, is_plain && has_real ? "j)" : "j");
  put_padded_text(job->out, spec, whole.data, whole.len, (int64_t)whole.len);
  sb_drop(&text);
  sb_drop(&whole);
  return ERROR_NONE;
}

/* ---- entry ---- */

static bool is_type_in(const Spec *spec, const char *types) { return !spec->type[0] || (!spec->type[1] && strchr(types, spec->type[0])); }

ErrorKind format_spec_scalar(StrBuf *out, DType type, Scalar value, const char *text, size_t length, StrBuf *message) {
  static const char *const objects[] = {['b'] = "bool", ['i'] = "int", ['u'] = "int", ['f'] = "float", ['c'] = "complex"};
  char kind = dtype_info[type].kind;
  Job job = {out, message, objects[(unsigned char)kind], false};
  Spec spec;
  ErrorKind error = parse_spec(&job, text, length, '>', &spec);
  if (error) return error;
  if (kind == 'c') {
    if (!is_type_in(&spec, "eEfFgGn")) return unknown_type(&job, &spec);
    return format_complex_spec(&job, &spec, value.f.re, value.f.im);
  }
  if (kind == 'f') {
    if (!is_type_in(&spec, "eEfFgGn%")) return unknown_type(&job, &spec);
    return format_float(&job, &spec, value.f.re);
  }
  bool negative = kind != 'u' && value.i < 0;
  if (is_type_in(&spec, "bcdoxXn")) return format_integer(&job, &spec, negative, negative ? -value.u : value.u);
  if (!is_type_in(&spec, "eEfFgG%")) return unknown_type(&job, &spec);
  return format_float(&job, &spec, kind == 'u' ? (double)value.u : (double)value.i);
}

ErrorKind format_spec_str(StrBuf *out, const char *text, size_t text_length, const char *spec_text, size_t length, StrBuf *message) {
  Job job = {out, message, "str", true};
  Spec spec;
  ErrorKind error = parse_spec(&job, spec_text, length, '<', &spec);
  if (error) return error;
  if (!is_type_in(&spec, "s")) return unknown_type(&job, &spec);
  if (spec.has_sign)
    return fail(&job, VALUE_ERROR,
                spec.sign == ' ' ? "Space not allowed in string format specifier" : "Sign not allowed in string format specifier");
  if (spec.no_neg_0) return fail(&job, VALUE_ERROR, "Negative zero coercion (z) not allowed in string format specifier");
  if (spec.alternate) return fail(&job, VALUE_ERROR, "Alternate form (#) not allowed in string format specifier");
  if (spec.align == '=') return fail(&job, VALUE_ERROR, "'=' alignment not allowed in string format specifier");
  size_t bytes = 0;
  int64_t points = 0;
  for (; bytes < text_length; bytes++) {
    if (((unsigned char)text[bytes] & 0xc0) == 0x80) continue;
    if (points == spec.precision) break;
    points++;
  }
  put_padded_text(out, &spec, text, bytes, points);
  return ERROR_NONE;
}
