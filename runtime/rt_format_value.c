/* Values in memory as text, by their type codes (see rt.h): str() or repr() as Python writes them.
 * Comes in: type codes made by our own compiler; a malformed one is a bug of ours. */
#include "runtime/rt_format.h"

/* ---- type codes ---- */

DType type_code_dtype(const char *code, const char **end) {
  size_t length = 1;
  while (code[length] >= '0' && code[length] <= '9') length++;
  DType type = DT_BOOL;
  bool known = dtype_find_npy(code, length, &type);
  LJ_ASSERT(known);
  *end = code + length;
  return type;
}

typedef struct Layout {
  size_t size, align;
} Layout;

static size_t round_up(size_t size, size_t align) { return (size + align - 1) / align * align; }

static const char *measure(const char *code, Layout *out) {
  *out = (Layout){0, 1};
  switch (*code) {
  case 'N':
  case 'F': return code + 1;
  case 'S': *out = (Layout){sizeof(lj_str), _Alignof(lj_str)}; return code + 1;
  case 'D': (void)type_code_dtype(code + 1, &code); return code;
  case 'A':
    *out = (Layout){sizeof(lj_array_head) + 2 * sizeof(int64_t) * (size_t)(code[1] - '0'), _Alignof(lj_array_head)};
    (void)type_code_dtype(code + 3, &code);
    return code;
  case '?': {
    Layout inner;
    code = measure(code + 1, &inner);
    *out = (Layout){round_up(round_up(1, inner.align) + inner.size, inner.align), inner.align};
    return code;
  }
  case '(':
    for (code++; *code != ')';) {
      Layout item;
      code = measure(code, &item);
      out->size = round_up(out->size, item.align) + item.size;
      out->align = lj_max_size(out->align, item.align);
    }
    out->size = round_up(out->size, out->align);
    return code + 1;
  }
  DType type = type_code_dtype(code, &code);
  unsigned size = dtype_size(type);
  *out = (Layout){size, dtype_is_complex(type) ? size / 2 : size};
  return code;
}

const char *type_code_skip(const char *code) {
  Layout layout;
  return measure(code, &layout);
}

size_t lj_type_code_size(const char *type_code, size_t *align) {
  Layout layout;
  measure(type_code, &layout);
  if (align) *align = layout.align;
  return layout.size;
}

/* ---- scalars ---- */

Scalar scalar_load(DType type, const void *at) {
  union {
    int8_t i1;
    int16_t i2;
    int32_t i4;
    int64_t i8;
    uint8_t u1;
    uint16_t u2;
    uint32_t u4;
    uint64_t u8;
    float f4[2];
    double f8[2];
  } raw = {0};
  memcpy(&raw, at, dtype_size(type)); /* a view may lie at any address */
  switch (type) {
  case DT_BOOL: return (Scalar){.i = raw.u1 != 0};
  case DT_INT8: return (Scalar){.i = raw.i1};
  case DT_INT16: return (Scalar){.i = raw.i2};
  case DT_INT32: return (Scalar){.i = raw.i4};
  case DT_INT64: return (Scalar){.i = raw.i8};
  case DT_UINT8: return (Scalar){.u = raw.u1};
  case DT_UINT16: return (Scalar){.u = raw.u2};
  case DT_UINT32: return (Scalar){.u = raw.u4};
  case DT_UINT64: return (Scalar){.u = raw.u8};
  case DT_FLOAT32: return (Scalar){.f = {(double)raw.f4[0], 0}};
  case DT_FLOAT64: return (Scalar){.f = {raw.f8[0], 0}};
  case DT_COMPLEX64: return (Scalar){.f = {(double)raw.f4[0], (double)raw.f4[1]}};
  case DT_COMPLEX128: return (Scalar){.f = {raw.f8[0], raw.f8[1]}};
  case DT_COUNT: break;
  }
  LJ_UNREACHABLE();
}

void format_scalar(StrBuf *out, DType type, Scalar value, bool kernel) {
  bool single = dtype_real_of(type) == DT_FLOAT32 && !kernel;
  switch (dtype_info[type].kind) {
  case 'b': sb_puts(out, value.i ? "True" : "False"); return;
  case 'i': format_int(out, value.i); return;
  case 'u': format_uint(out, value.u); return;
  case 'f': format_double(out, value.f.re, single); return;
  case 'c': format_complex(out, value.f.re, value.f.im, single); return;
  }
  LJ_UNREACHABLE();
}

/* ---- strings ---- */

/* One code point: its value and bytes; -1 with one byte for what is not UTF-8. */
static int32_t next_code_point(const char *text, size_t length, size_t *bytes) {
  unsigned char first = (unsigned char)text[0];
  size_t n = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  *bytes = 1;
  if (n == 0 || n > length) return -1;
  int32_t value = n == 1 ? first : first & (0x7f >> n);
  for (size_t i = 1; i < n; i++) {
    if (((unsigned char)text[i] & 0xc0) != 0x80) return -1;
    value = value << 6 | (text[i] & 0x3f);
  }
  *bytes = n;
  return value;
}

/* str.isprintable() without the code points that Unicode has not assigned. */
static bool is_printable(int32_t code) {
  static const struct {
    int32_t lo, hi;
  } hidden[] = {{0, 0x1f},          {0x7f, 0xa0},       {0xad, 0xad},       {0x600, 0x605},   {0x61c, 0x61c},   {0x6dd, 0x6dd},
                {0x70f, 0x70f},     {0x8e2, 0x8e2},     {0x1680, 0x1680},   {0x180e, 0x180e}, {0x2000, 0x200f}, {0x2028, 0x202f},
                {0x205f, 0x206f},   {0x3000, 0x3000},   {0xd800, 0xf8ff},   {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xfffe, 0xffff},
                {0x1d173, 0x1d17a}, {0xe0000, 0xe00ff}, {0xe01f0, 0x10ffff}};
  for (size_t i = 0; i < LJ_COUNT(hidden); i++)
    if (code >= hidden[i].lo && code <= hidden[i].hi) return false;
  return true;
}

static void put_escaped(StrBuf *out, int32_t code) {
  if (code == '\n')
    sb_puts(out, "\\n");
  else if (code == '\r')
    sb_puts(out, "\\r");
  else if (code == '\t')
    sb_puts(out, "\\t");
  else if (code < 0x100)
    sb_printf(out, "\\x%02x", (unsigned)code);
  else if (code < 0x10000)
    sb_printf(out, "\\u%04x", (unsigned)code);
  else
    sb_printf(out, "\\U%08x", (unsigned)code);
}

void format_str_repr(StrBuf *out, const char *text, size_t length) {
  bool has_single = length && memchr(text, '\'', length), has_double = length && memchr(text, '"', length);
  char quote = has_single && !has_double ? '"' : '\'';
  sb_putc(out, quote);
  for (size_t i = 0, bytes; i < length; i += bytes) {
    int32_t code = next_code_point(text + i, length - i, &bytes);
    if (code == quote || code == '\\') {
      sb_putc(out, '\\');
      sb_putc(out, (char)code);
    } else if (code < 0) {
      sb_printf(out, "\\x%02x", (unsigned)(unsigned char)text[i]);
    } else if (is_printable(code)) {
      sb_add(out, text + i, bytes);
    } else {
      put_escaped(out, code);
    }
  }
  sb_putc(out, quote);
}

/* ---- values ---- */

typedef struct Style {
  bool repr, kernel;
} Style;

static const char *put_value(StrBuf *out, const char *code, const char *value, Style style);

static const char *put_array(StrBuf *out, const char *code, const char *value, Style style) {
  const lj_array_head *head = (const lj_array_head *)(const void *)value;
  Strided array = {.data = head->data, .ndim = code[1] - '0'};
  array.shape = head->dims;
  array.strides = head->dims + array.ndim;
  array.dtype = type_code_dtype(code + 3, &code);
  format_array(out, &array, style.repr);
  return code;
}

static const char *put_tuple(StrBuf *out, const char *code, const char *value, Style style) {
  size_t at = 0, count = 0;
  sb_putc(out, '(');
  for (code++; *code != ')'; count++) {
    Layout item;
    measure(code, &item);
    at = round_up(at, item.align);
    if (count) sb_puts(out, ", ");
    code = put_value(out, code, value + at, (Style){true, style.kernel});
    at += item.size;
  }
  sb_puts(out, count == 1 ? ",)" : ")");
  return code + 1;
}

static const char *put_optional(StrBuf *out, const char *code, const char *value, Style style) {
  Layout inner;
  const char *end = measure(code + 1, &inner);
  if (*value)
    put_value(out, code + 1, value + round_up(1, inner.align), style);
  else
    sb_puts(out, "None");
  return end;
}

static const char *put_dtype(StrBuf *out, const char *code, Style style) {
  DType type = type_code_dtype(code + 1, &code);
  sb_printf(out, style.repr ? "dtype('%s')" : "%s", dtype_name(type));
  return code;
}

static const char *put_str(StrBuf *out, const char *code, const char *value, Style style) {
  const lj_str *str = (const lj_str *)(const void *)value;
  if (style.repr)
    format_str_repr(out, str->data, (size_t)str->length);
  else
    sb_add(out, str->data, (size_t)str->length);
  return code + 1;
}

static const char *put_value(StrBuf *out, const char *code, const char *value, Style style) {
  switch (*code) {
  case 'N': sb_puts(out, "None"); return code + 1;
  case 'F': sb_puts(out, "<function>"); return code + 1;
  case 'S': return put_str(out, code, value, style);
  case 'D': return put_dtype(out, code, style);
  case 'A': return put_array(out, code, value, style);
  case '?': return put_optional(out, code, value, style);
  case '(': return put_tuple(out, code, value, style);
  }
  DType type = type_code_dtype(code, &code);
  format_scalar(out, type, scalar_load(type, value), style.kernel);
  return code;
}

void lj_format_value(StrBuf *out, const char *type_code, const void *value, bool repr, bool kernel) {
  put_value(out, type_code, value, (Style){repr, kernel});
}

/* ---- with a specification ---- */

ErrorKind format_with_spec(StrBuf *out, const char *code, const void *value, const char *spec, size_t length, bool kernel,
                           StrBuf *message) {
  const char *at = value;
  while (*code == '?') {
    Layout inner;
    measure(code + 1, &inner);
    bool present = *at;
    code = present ? code + 1 : "N";
    at += present ? round_up(1, inner.align) : 0;
  }
  if (length == 0) {
    lj_format_value(out, code, at, false, kernel);
    return ERROR_NONE;
  }
  static const struct {
    char code;
    const char *object;
  } plain[] = {{'N', "NoneType"}, {'F', "function"}, {'D', "numpy.dtype"}, {'A', "numpy.ndarray"}, {'(', "tuple"}};
  for (size_t i = 0; i < LJ_COUNT(plain); i++) {
    if (*code != plain[i].code) continue;
    sb_printf(message, "unsupported format string passed to %s.__format__", plain[i].object);
    return TYPE_ERROR;
  }
  if (*code == 'S') {
    const lj_str *str = (const lj_str *)(const void *)at;
    return format_spec_str(out, str->data, (size_t)str->length, spec, length, message);
  }
  DType type = type_code_dtype(code, &code);
  return format_spec_scalar(out, type, scalar_load(type, at), spec, length, message);
}
