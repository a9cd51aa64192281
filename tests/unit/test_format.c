/* Text of numbers, values, arrays and format specifications, against what CPython 3.12 and NumPy 2 print. */
#include <check.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/rt_format.h"

#ifndef LJ_SOURCE_DIR
#define LJ_SOURCE_DIR "."
#endif

/* ---- numbers ---- */

static const struct {
  double value;
  const char *want, *single;
} floats[] = {
    {0.0, "0.0", "0.0"},
    {-0.0, "-0.0", "-0.0"},
    {1.0, "1.0", "1.0"},
    {0.1, "0.1", "0.1"},
    {1.0 / 3, "0.3333333333333333", "0.33333334"},
    {2.0 / 3, "0.6666666666666666", "0.6666667"},
    {1e16, "1e+16", "1e+16"},
    {9999999999999998.0, "9999999999999998.0", "1e+16"},
    {1e15, "1000000000000000.0", "1000000000000000.0"},
    {123456789012345680.0, "1.2345678901234568e+17", "1.2345679e+17"},
    {1e-4, "0.0001", "1e-04"},
    {1e-5, "1e-05", "1e-05"},
    {1.5e-7, "1.5e-07", "1.5e-07"},
    {16777216.0, "16777216.0", "16777216.0"},
    {1e300, "1e+300", "inf"},
    {1e-300, "1e-300", "0.0"},
    {5e-324, "5e-324", "0.0"},
    {1.5e-323, "1.5e-323", "0.0"},
    {2.2250738585072014e-308, "2.2250738585072014e-308", "0.0"},
    {1.7976931348623157e308, "1.7976931348623157e+308", "inf"},
    {0x1p-44, "5.684341886080802e-14", "5.684342e-14"},
    {0x1p-1022, "2.2250738585072014e-308", "0.0"},
    {9007199254740993.0, "9007199254740992.0", "9007199000000000.0"},
    {-123.456, "-123.456", "-123.456"},
    {0.1 + 0.2, "0.30000000000000004", "0.3"},
    {5e-45, "5e-45", "6e-45"},
    {1e22, "1e+22", "1e+22"},
    {1e23, "1e+23", "1e+23"},
    {INFINITY, "inf", "inf"},
    {-INFINITY, "-inf", "-inf"},
    {NAN, "nan", "nan"},
    {-NAN, "nan", "nan"},
};

START_TEST(floats_are_shortest) {
  StrBuf out = {0};
  format_double(&out, floats[_i].value, false);
  ck_assert_str_eq(sb_text(&out), floats[_i].want);
  sb_clear(&out);
  format_double(&out, (double)(float)floats[_i].value, true);
  ck_assert_str_eq(sb_text(&out), floats[_i].single);
  sb_drop(&out);
}
END_TEST

static uint64_t next_random(uint64_t *state) {
  *state += 0x9e3779b97f4a7c15u;
  uint64_t z = *state;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

START_TEST(floats_read_back) {
  uint64_t state = 42;
  StrBuf out = {0};
  for (int i = 0; i < 20000; i++) {
    uint64_t bits = next_random(&state);
    double x;
    memcpy(&x, &bits, sizeof x);
    if (!isfinite(x)) continue;
    if (i % 2) x = fmod(x, 1000.0);
    sb_clear(&out);
    format_double(&out, x, false);
    ck_assert_msg(strtod(out.data, NULL) == x, "%a gives %s", x, out.data);
    float f = (float)(i % 2 ? x : x * 0x1p-1000 * 0x1p960);
    if (!isfinite(f)) continue;
    sb_clear(&out);
    format_double(&out, (double)f, true);
    ck_assert_msg(strtof(out.data, NULL) == f, "%a gives %s", (double)f, out.data);
  }
  sb_drop(&out);
}
END_TEST

static const struct {
  double re, im;
  const char *want;
} complexes[] = {
    {1, 2, "(1+2j)"},
    {0, 1, "1j"},
    {-0.0, -0.0, "(-0-0j)"},
    {0, 0, "0j"},
    {0, -0.0, "-0j"},
    {-1, 1e20, "(-1+1e+20j)"},
    {0.5, -0.25, "(0.5-0.25j)"},
    {NAN, NAN, "(nan+nanj)"},
    {0, NAN, "nanj"},
    {INFINITY, -INFINITY, "(inf-infj)"},
    {1, -0.0, "(1-0j)"},
    {-0.0, 1, "(-0+1j)"},
};

START_TEST(complex_as_python) {
  StrBuf out = {0};
  format_complex(&out, complexes[_i].re, complexes[_i].im, false);
  ck_assert_str_eq(sb_text(&out), complexes[_i].want);
  sb_drop(&out);
}
END_TEST

/* ---- values ---- */

START_TEST(values_by_type_code) {
  StrBuf out = {0};
  struct {
    int64_t a;
    double b;
    bool c;
    lj_str s;
    float f;
    struct {
      uint8_t present;
      int32_t value;
    } some, none;
    double z[2];
  } value = {.a = -1, .b = 2.5, .c = true, .s = {"it's", NULL, 4}, .f = 0.1f, .some = {1, 7}, .none = {0, 7}, .z = {1, -2}};
  const char *code = "(i8f8b1Sf4?i4?i4c16NDf8())";
  size_t align;
  ck_assert_uint_eq(lj_type_code_size(code, &align), sizeof value);
  ck_assert_uint_eq(align, 8);
  lj_format_value(&out, code, &value, false, false);
  ck_assert_str_eq(sb_text(&out), "(-1, 2.5, True, \"it's\", 0.1, 7, None, (1-2j), None, dtype('float64'), ())");
  sb_clear(&out);
  lj_format_value(&out, "(f4)", &value.f, false, true);
  ck_assert_str_eq(sb_text(&out), "(0.10000000149011612,)");
  sb_clear(&out);
  lj_format_value(&out, "S", &value.s, false, false);
  lj_format_value(&out, "S", &value.s, true, false);
  ck_assert_str_eq(sb_text(&out), "it's\"it's\"");
  sb_drop(&out);
}
END_TEST

static const struct {
  const char *text, *want;
} reprs[] = {
    {"", "''"},
    {"a'b\"c", "'a\\'b\"c'"},
    {"\\\n\r\t\x01\x7f", "'\\\\\\n\\r\\t\\x01\\x7f'"},
    {"caf\xc3\xa9 \xe2\x82\xac", "'caf\xc3\xa9 \xe2\x82\xac'"},
    {"\xc2\xa0\xe2\x80\x8b", "'\\xa0\\u200b'"},
    {"\xff", "'\\xff'"},
};

START_TEST(strings_are_quoted) {
  StrBuf out = {0};
  format_str_repr(&out, reprs[_i].text, strlen(reprs[_i].text));
  ck_assert_str_eq(sb_text(&out), reprs[_i].want);
  sb_drop(&out);
}
END_TEST

/* ---- format specifications ---- */

#include "tests/unit/format_spec_table.h"

START_TEST(specs_as_python) {
  const SpecRow *row = &spec_rows[_i];
  StrBuf out = {0}, message = {0};
  ErrorKind kind;
  Scalar value = {0};
  if (row->type == 's') {
    kind = format_spec_str(&out, row->text, strlen(row->text), row->spec, strlen(row->spec), &message);
  } else {
    DType type = row->type == 'i' ? DT_INT64 : row->type == 'b' ? DT_BOOL : row->type == 'f' ? DT_FLOAT64 : DT_COMPLEX128;
    if (row->type == 'i' || row->type == 'b')
      value.i = row->i;
    else
      value.f.re = row->re, value.f.im = row->im;
    kind = format_spec_scalar(&out, type, value, row->spec, strlen(row->spec), &message);
  }
  if (kind == ERROR_NONE) {
    ck_assert_msg(strcmp(sb_text(&out), row->want) == 0, "'%s' of %c: got [%s], want [%s]", row->spec, row->type, sb_text(&out), row->want);
  } else {
    StrBuf got = {0};
    sb_printf(&got, "!%s: %s", error_kind_name(kind), sb_text(&message));
    ck_assert_msg(strcmp(sb_text(&got), row->want) == 0, "'%s' of %c: got [%s], want [%s]", row->spec, row->type, sb_text(&got), row->want);
    ck_assert_uint_eq(out.len, 0);
    sb_drop(&got);
  }
  sb_drop(&out);
  sb_drop(&message);
}
END_TEST

START_TEST(specs_by_type_code) {
  StrBuf out = {0}, message = {0};
  int64_t pair[2] = {1, 2};
  ck_assert_int_eq(format_with_spec(&out, "(i8i8)", pair, "5", 1, false, &message), TYPE_ERROR);
  ck_assert_str_eq(sb_text(&message), "unsupported format string passed to tuple.__format__");
  ck_assert_int_eq(format_with_spec(&out, "(i8i8)", pair, "", 0, false, &message), ERROR_NONE);
  ck_assert_str_eq(sb_text(&out), "(1, 2)");
  sb_clear(&out);
  bool yes = true;
  format_with_spec(&out, "b1", &yes, "", 0, false, &message);
  format_with_spec(&out, "b1", &yes, "5", 1, false, &message);
  ck_assert_str_eq(sb_text(&out), "True    1");
  sb_clear(&out);
  uint64_t big = UINT64_MAX;
  format_with_spec(&out, "u8", &big, ",x", 2, false, &message);
  format_with_spec(&out, "u8", &big, "#_x", 3, false, &message);
  ck_assert_str_eq(sb_text(&out), "0xffff_ffff_ffff_ffff");
  sb_drop(&out);
  sb_drop(&message);
}
END_TEST

/* ---- arrays ---- */

typedef struct ArrayCase {
  DType dtype;
  int ndim;
  int64_t shape[8], strides[8];
  char order;
  char *data; /* the whole buffer */
} ArrayCase;

static unsigned hex_byte(const char *hex) {
  char text[3] = {hex[0], hex[1], 0};
  return (unsigned)strtoul(text, NULL, 16);
}

/* Lays the C-ordered values out with the strides of the case. */
static void place_values(ArrayCase *c, const char *hex) {
  ck_assert(c->ndim >= 0 && c->ndim <= (int)LJ_COUNT(c->shape));
  int64_t size = dtype_size(c->dtype), count = 1, step = c->order == 'S' ? 2 * size : size;
  for (int i = 0; i < c->ndim; i++) {
    int axis = c->order == 'F' ? i : c->ndim - 1 - i;
    c->strides[axis] = step;
    step *= c->shape[axis];
    count *= c->shape[axis];
  }
  c->data = calloc(1, (size_t)(count * size * 2 + 1));
  size_t period = hex[0] == '=' ? strlen(hex + 1) / 2 : SIZE_MAX;
  const char *from = hex[0] == '=' ? hex + 1 : hex;
  for (int64_t n = 0; n < count; n++) {
    int64_t rest = n, at = 0;
    for (int axis = c->ndim - 1; axis >= 0; axis--) {
      at += rest % c->shape[axis] * c->strides[axis];
      rest /= c->shape[axis];
    }
    for (int64_t b = 0; b < size; b++) c->data[at + b] = (char)hex_byte(from + (size_t)(n * size + b) % period * 2);
  }
}

static void read_case(char *line, ArrayCase *c) {
  char *dtype = strtok(line, " "), *shape = strtok(NULL, " "), *order = strtok(NULL, " "), *hex = strtok(NULL, " \n");
  *c = (ArrayCase){.order = order[0]};
  ck_assert(dtype_find_npy(dtype, strlen(dtype), &c->dtype));
  for (char *p = shape; *p && *p != '-'; p += *p == ',') c->shape[c->ndim++] = strtoll(p, &p, 10);
  place_values(c, hex);
}

START_TEST(arrays_as_numpy) {
  const char *path = getenv("LJ_ARRAY_PRINT"); /* a longer list, made by gen_array_print.py */
  FILE *file = fopen(path ? path : LJ_SOURCE_DIR "/tests/golden/array_print.txt", "r");
  ck_assert_msg(file != NULL, "no golden file; run from the root of the source tree");
  char *line = NULL;
  size_t room = 0;
  StrBuf got = {0}, want = {0};
  int cases = 0;
  bool more = getline(&line, &room, file) > 0;
  while (more) {
    ArrayCase c;
    read_case(line, &c);
    sb_clear(&want);
    while ((more = getline(&line, &room, file) > 0) && (line[0] == '>' || line[0] == '|')) sb_puts(&want, line + 1);
    sb_clear(&got);
    for (int repr = 0; repr < 2; repr++) {
      format_array(&got, &(Strided){c.data, c.shape, c.strides, c.ndim, c.dtype}, repr);
      sb_putc(&got, '\n');
    }
    ck_assert_msg(strcmp(sb_text(&got), sb_text(&want)) == 0, "case %d, %s:\n%s\nNumPy prints:\n%s", cases, dtype_name(c.dtype),
                  sb_text(&got), sb_text(&want));
    free(c.data);
    cases++;
  }
  ck_assert_int_gt(cases, 300);
  free(line);
  fclose(file);
  sb_drop(&got);
  sb_drop(&want);
}
END_TEST

Suite *suite_format(void);
Suite *suite_format(void) {
  Suite *suite = suite_create("format");
  TCase *tc = tcase_create("all");
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, floats_are_shortest, 0, (int)LJ_COUNT(floats));
  tcase_add_test(tc, floats_read_back);
  tcase_add_loop_test(tc, complex_as_python, 0, (int)LJ_COUNT(complexes));
  tcase_add_test(tc, values_by_type_code);
  tcase_add_loop_test(tc, strings_are_quoted, 0, (int)LJ_COUNT(reprs));
  tcase_add_loop_test(tc, specs_as_python, 0, (int)LJ_COUNT(spec_rows));
  tcase_add_test(tc, specs_by_type_code);
  tcase_add_test(tc, arrays_as_numpy);
  suite_add_tcase(suite, tc);
  return suite;
}
