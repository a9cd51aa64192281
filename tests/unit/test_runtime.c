/* The runtime's calls: errors and their rendering, memory, text, numbers, complex functions, symbols. */
#include <check.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "runtime/rt.h"

/* ---- errors ---- */

static void locate(const lj_place *place, const lj_site *site, lj_where *where) {
  (void)site;
  *where = *(const lj_where *)place->source;
}
static const lj_where lines[] = {{"k.lp", "    return a[i]", 15, 3, 12, 4}, {"k.lp", "    f(x)", 8, 9, 5, 4}};
static const lj_place places[] = {{.locate = locate, .source = &lines[0]}, {.locate = locate, .source = &lines[1]}};
static const lj_site inner = {.place = &places[0], .function = "f"}, outer = {.place = &places[1], .function = "main"};

START_TEST(errors_are_rendered) {
  lj_rt rt;
  lj_rt_init(&rt);
  StrBuf out = {0};
  lj_rt_render_error(&rt, &out);
  ck_assert_uint_eq(out.len, 0);
  lj_rt_raise(&rt, &inner, INDEX_ERROR, "index %d is out of bounds for axis %d with size %d, 100%%", -7, 0, INT64_MIN, 0);
  lj_rt_trace(&rt, &outer);
  lj_rt_trace(&rt, &outer);
  lj_rt_render_error(&rt, &out);
  ck_assert_str_eq(sb_text(&out),
                   "k.lp:3:12: error: IndexError: index -7 is out of bounds for axis 0 with size -9223372036854775808, 100%\n"
                   "    3 |     return a[i]\n"
                   "      |            ^~~~\n"
                   "k.lp:9:5: note: called from here, in 'main' (2 times)\n"
                   "    9 |     f(x)\n"
                   "      |     ^~~~\n");
  for (int i = 0; i < 30; i++) lj_rt_trace(&rt, i % 2 ? &inner : &outer);
  sb_clear(&out);
  lj_rt_render_error(&rt, &out);
  ck_assert_ptr_nonnull(strstr(out.data, "note: 8 more calls are not shown\n"));
  lj_rt_text_str(&rt, "", 0);
  lj_rt_raise_text(&rt, NULL, ASSERTION_ERROR);
  sb_clear(&out);
  lj_rt_render_error(&rt, &out);
  ck_assert_str_eq(sb_text(&out), "error: AssertionError\n");
  lj_rt_clear_error(&rt);
  ck_assert_int_eq(rt.error, 0);
  sb_drop(&out);
  lj_rt_drop(&rt);
}
END_TEST

START_TEST(shapes_are_shown) {
  lj_rt rt;
  lj_rt_init(&rt);
  int64_t a[] = {3}, b[] = {2, 4};
  lj_rt_raise_shapes(&rt, &inner, "operands could not be broadcast together with shapes", 1, a, 2, b);
  ck_assert_int_eq(rt.error, VALUE_ERROR);
  ck_assert_str_eq(sb_text(&rt.message), "operands could not be broadcast together with shapes (3,) (2, 4)");
  lj_rt_drop(&rt);
}
END_TEST

#if defined __has_attribute
#if __has_attribute(disable_sanitizer_instrumentation)
#define PLAIN __attribute__((disable_sanitizer_instrumentation)) /* ThreadSanitizer keeps 65536 calls; a stack holds more */
#endif
#endif
#ifndef PLAIN
#define PLAIN
#endif

/* Recurses until the limit; returns how many bytes of stack that took. */
PLAIN static size_t sink(char *limit, char *from) {
  volatile char frame[512];
  frame[0] = 1;
  char *here = __builtin_frame_address(0);
  if (here < limit) return (size_t)(from - here);
  return sink(limit, from) + (size_t)(frame[0] - 1);
}

static void *use_stack(void *result) {
  lj_rt rt;
  lj_rt_init(&rt);
  *(size_t *)result = sink(rt.stack_limit, __builtin_frame_address(0));
  lj_rt_drop(&rt);
  return NULL;
}

START_TEST(stack_limits_hold) {
  static const size_t sizes[] = {64 << 10, 1 << 20, 8 << 20};
  for (size_t i = 0; i < LJ_COUNT(sizes); i++) {
    pthread_attr_t attr;
    pthread_t thread;
    size_t used = 0;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, sizes[i]);
    ck_assert_int_eq(pthread_create(&thread, &attr, use_stack, &used), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attr);
    ck_assert_uint_gt(used, sizes[i] / 2);
  }
  size_t used = 0;
  use_stack(&used);
  ck_assert_uint_gt(used, 1 << 20);
}
END_TEST

/* ---- memory ---- */

static const struct {
  int64_t ndim, shape[2], itemsize;
  int32_t want;
  const char *message;
} allocations[] = {
    {1, {3, 0}, 8, 0, NULL},
    {0, {0, 0}, 16, 0, NULL},
    {2, {0, 5}, 8, 0, NULL},
    {1, {8 << 20, 0}, 1, 0, NULL},
    {1, {-1, 0}, 8, VALUE_ERROR, "negative dimensions are not allowed"},
    {2, {INT64_MAX, 2}, 8, VALUE_ERROR, "array is too big: its size in bytes does not fit in 63 bits"},
    {1, {1LL << 50, 0}, 8, MEMORY_ERROR, "cannot allocate 8.00 PiB for an array of shape (1125899906842624,)"},
    {2, {1 << 20, 1 << 30}, 8, MEMORY_ERROR, "cannot allocate 8.00 PiB for an array of shape (1048576, 1073741824)"},
    {1, {INT64_MAX, 0}, 1, MEMORY_ERROR, "cannot allocate 8.00 EiB for an array of shape (9223372036854775807,)"},
};

START_TEST(memory_is_given_or_refused) {
  lj_rt rt;
  lj_rt_init(&rt);
  for (int zero = 0; zero < 2; zero++) {
    lj_array_head head = {0};
    int32_t got = lj_rt_alloc(&rt, &inner, allocations[_i].ndim, allocations[_i].shape, allocations[_i].itemsize, zero, &head);
    ck_assert_int_eq(got, allocations[_i].want);
    ck_assert_int_eq(rt.error, got);
    if (got) {
      ck_assert_str_eq(sb_text(&rt.message), allocations[_i].message);
      continue;
    }
    ck_assert_uint_eq((uintptr_t)head.data % 64, 0);
    ck_assert_int_eq(head.owner->refs, 1);
    int any = 0;
    for (int64_t i = 0; zero && i < head.owner->size; i++) any |= ((char *)head.data)[i];
    ck_assert_int_eq(any, 0);
    memset(head.data, 1, (size_t)head.owner->size);
    lj_rt_free(head.owner);
  }
  lj_rt_drop(&rt);
}
END_TEST

/* ---- text ---- */

static void collect(void *data, const char *text, size_t length) { sb_add(data, text, length); }

START_TEST(text_is_built) {
  lj_rt rt;
  StrBuf printed = {0};
  lj_rt_init(&rt);
  rt.print = collect;
  rt.print_data = &printed;
  int64_t n = 42;
  float f = 0.1f;
  lj_rt_text_value(&rt, "i8", &n, 0);
  lj_rt_text_str(&rt, " ", 1);
  lj_rt_text_value(&rt, "f4", &f, 2);
  ck_assert_int_eq(lj_rt_text_format(&rt, &inner, "i8", &n, ">5", 2, 0), 0);
  lj_rt_text_str(&rt, "\n", 1);
  lj_rt_print(&rt);
  ck_assert_str_eq(sb_text(&printed), "42 0.10000000149011612   42\n");
  ck_assert_int_eq(lj_rt_text_format(&rt, &inner, "i8", &n, ".5q", 3, 0), VALUE_ERROR);
  ck_assert_str_eq(sb_text(&rt.message), "Unknown format code 'q' for object of type 'int'");
  lj_rt_text_str(&rt, "caf\xc3\xa9", 5);
  lj_str str;
  ck_assert_int_eq(lj_rt_text_take(&rt, &inner, &str), 0);
  ck_assert_int_eq(str.length, 5);
  ck_assert_int_eq(lj_rt_str_length(str.data, str.length), 4);
  ck_assert(lj_rt_str_equal(str.data, str.length, "caf\xc3\xa9", 5) && !lj_rt_str_equal(str.data, str.length, "cafe", 4));
  lj_rt_free(str.owner);
  ck_assert_int_eq(lj_rt_text_take(&rt, &inner, &str), 0);
  ck_assert(str.length == 0 && str.owner == NULL);
  sb_drop(&printed);
  lj_rt_drop(&rt);
}
END_TEST

/* ---- numbers ---- */

static const struct {
  int64_t base, exponent, want;
} powers[] = {{2, 10, 1024}, {-3, 3, -27}, {0, 0, 1},  {7, 0, 1},    {2, 63, INT64_MIN}, {3, 41, -420491770248316829},
              {2, 64, 0},    {2, -1, 0},   {1, -5, 1}, {-1, -5, -1}, {-1, -4, 1},        {-1, INT64_MAX, -1}};

START_TEST(integer_powers) { ck_assert_int_eq(lj_rt_ipow(powers[_i].base, powers[_i].exponent), powers[_i].want); }
END_TEST

/* What numba's round(x, n) returns. */
static const struct {
  double x;
  int64_t digits;
  double want;
} rounds[] = {
    {2.675, 2, 2.68},
    {1.005, 2, 1.0},
    {0.5, 0, 0.0},
    {1.5, 0, 2.0},
    {2.5, 0, 2.0},
    {-2.5, 0, -2.0},
    {1234.5678, -2, 1200.0},
    {1250.0, -2, 1200.0},
    {1350.0, -2, 1400.0},
    {1e+300, 10, 1e+300},
    {1.2345678901234567, 15, 1.234567890123457},
    {5e-324, 330, 5e-324},
    {0.1, 25, 0.1},
    {-0.04, 1, -0.0},
    {3.14159, 3, 3.142},
    {1e+22, 5, 1e+22},
};

START_TEST(rounding_as_numba) {
  double got = lj_rt_round_digits(rounds[_i].x, rounds[_i].digits);
  ck_assert_msg(memcmp(&got, &rounds[_i].want, sizeof got) == 0, "round(%.17g, %d) gives %.17g", rounds[_i].x, (int)rounds[_i].digits, got);
}
END_TEST

START_TEST(small_number_functions) {
  ck_assert_int_eq(lj_rt_gcd(-12, 18), 6);
  ck_assert_int_eq(lj_rt_gcd(0, 0), 0);
  ck_assert_int_eq(lj_rt_gcd(INT64_MIN, 6), 2);
  static const int64_t squares[] = {
      0, 1, 2, 3, 4, 15, 16, 17, (1LL << 53) - 1, INT64_MAX, 3037000499LL * 3037000499LL, 3037000499LL * 3037000499LL - 1};
  for (size_t i = 0; i < LJ_COUNT(squares); i++) {
    int64_t root = lj_rt_isqrt(squares[i]);
    ck_assert(root * root <= squares[i] && (root == 3037000499LL || (root + 1) * (root + 1) > squares[i]));
  }
  ck_assert_double_eq(lj_rt_ulp(1.0), 0x1p-52);
  ck_assert_double_eq(lj_rt_ulp(-0.0), 0x1p-1074);
  ck_assert_double_eq(lj_rt_ulp(0x1.fffffffffffffp1023), 0x1p971);
  ck_assert(isinf(lj_rt_ulp(-INFINITY)) && isnan(lj_rt_ulp(NAN)));
  ck_assert_double_eq(lj_rt_gamma(5), 24);
  ck_assert(lj_rt_perf_counter() > 0 && lj_rt_time() > 1e9);
}
END_TEST

/* What cmath and NumPy give, at branch cuts too. */
static const struct {
  void (*function)(double re, double im, double *out);
  double re, im, want_re, want_im;
} complex_rows[] = {
    {lj_rt_csqrt, -2.5, -0.5, 0.1573368310288351, -1.5889477267670564},
    {lj_rt_csqrt, 0.0, 2.0, 1.0, 1.0},
    {lj_rt_csqrt, 0.5, -0.001, 0.7071071347394962, -0.0007071064276337757},
    {lj_rt_csqrt, -1.0, -0.0, 0.0, -1.0},
    {lj_rt_csqrt, 2.0, -0.0, 1.4142135623730951, -0.0},
    {lj_rt_csqrt, 0.0, 0.25, 0.3535533905932738, 0.35355339059327373},
    {lj_rt_cexp, 2.0, -0.0, 7.38905609893065, -0.0},
    {lj_rt_cexp, 0.0, 2.0, -0.4161468365471424, 0.9092974268256817},
    {lj_rt_cexp, -1.0, 0.0, 0.36787944117144233, 0.0},
    {lj_rt_cexp, 1.0, 2.0, -1.1312043837568135, 2.4717266720048188},
    {lj_rt_cexp, 2.0, 0.0, 7.38905609893065, 0.0},
    {lj_rt_cexp, -2.5, -0.5, 0.07203636338512884, -0.039353644676587946},
    {lj_rt_clog, 0.0, 0.25, -1.3862943611198906, 1.5707963267948966},
    {lj_rt_clog, 0.5, -0.001, -0.6931451805639453, -0.0019999973333397333},
    {lj_rt_clog, -2.5, -0.5, 0.9359010884507957, -2.9441970937399127},
    {lj_rt_clog, 0.0, 2.0, 0.6931471805599453, 1.5707963267948966},
    {lj_rt_clog, 3.0, -4.0, 1.6094379124341003, -0.9272952180016122},
    {lj_rt_clog, 2.0, -0.0, 0.6931471805599453, -0.0},
    {lj_rt_clog10, 0.5, -0.001, -0.3010291270767545, -0.0008685878056906647},
    {lj_rt_clog10, -0.0, 2.0, 0.30102999566398114, 0.6821881769209206},
    {lj_rt_clog10, 2.0, -0.0, 0.30102999566398114, -0.0},
    {lj_rt_clog10, 2.0, 0.0, 0.30102999566398114, 0.0},
    {lj_rt_clog10, 3.0, -4.0, 0.6989700043360187, -0.4027191962733731},
    {lj_rt_clog10, -1.0, 0.0, 0.0, 1.3643763538418412},
    {lj_rt_csin, -2.5, -0.5, -0.6748527291443561, 0.4174721770877947},
    {lj_rt_csin, -1.0, -0.0, -0.8414709848078965, -0.0},
    {lj_rt_csin, 0.5, -0.001, 0.47942577831699223, -0.0008775827081541405},
    {lj_rt_csin, 2.0, 0.0, 0.9092974268256817, -0.0},
    {lj_rt_csin, 3.0, -4.0, 3.853738037919377, 27.016813258003932},
    {lj_rt_csin, 1.0, 2.0, 3.165778513216168, 1.9596010414216063},
    {lj_rt_ccos, -0.0, 2.0, 3.7621956910836314, 0.0},
    {lj_rt_ccos, -1.0, 0.0, 0.5403023058681398, 0.0},
    {lj_rt_ccos, -1.0, -0.0, 0.5403023058681398, -0.0},
    {lj_rt_ccos, 1.0, 2.0, 2.0327230070196656, -3.0518977991518},
    {lj_rt_ccos, 0.5, -0.001, 0.8775830006816902, 0.0004794256185084635},
    {lj_rt_ccos, 2.0, -0.0, -0.4161468365471424, 0.0},
    {lj_rt_ctan, 0.0, 0.25, 0.0, 0.24491866240370913},
    {lj_rt_ctan, 2.0, -0.0, -2.185039863261519, -0.0},
    {lj_rt_ctan, 2.0, 0.0, -2.185039863261519, 0.0},
    {lj_rt_ctan, 0.5, -0.001, 0.5463017804999681, -0.0012984455900780607},
    {lj_rt_ctan, -2.5, -0.5, 0.5249366599491874, -0.6433314972408939},
    {lj_rt_ctan, 3.0, -4.0, -0.0001873462046294784, -0.999355987381473},
    {lj_rt_casin, 0.0, 2.0, 0.0, 1.4436354751788103},
    {lj_rt_casin, 2.0, -0.0, 1.5707963267948966, -1.3169578969248166},
    {lj_rt_casin, -1.0, -0.0, -1.5707963267948966, -0.0},
    {lj_rt_casin, 3.0, -4.0, 0.6339838656391766, -2.305509031243477},
    {lj_rt_casin, 1.0, 2.0, 0.4270785863924761, 1.5285709194809982},
    {lj_rt_casin, 2.0, 0.0, 1.5707963267948966, 1.3169578969248166},
    {lj_rt_cacos, -1.0, -0.0, 3.141592653589793, 0.0},
    {lj_rt_cacos, 2.0, -0.0, 0.0, 1.3169578969248166},
    {lj_rt_cacos, -2.5, -0.5, 2.927631668248469, 1.5919125928575537},
    {lj_rt_cacos, 0.0, 0.25, 1.5707963267948966, -0.24746646154726346},
    {lj_rt_cacos, 3.0, -4.0, 0.9368124611557198, 2.305509031243477},
    {lj_rt_cacos, 0.5, -0.001, 1.0471979360961785, 0.001154700025179879},
    {lj_rt_catan, -0.0, 2.0, -1.5707963267948966, 0.5493061443340549},
    {lj_rt_catan, 0.0, 0.25, 0.0, 0.25541281188299536},
    {lj_rt_catan, 2.0, 0.0, 1.1071487177940904, 0.0},
    {lj_rt_catan, 0.5, -0.001, 0.46364792900095975, -0.0008000000426665889},
    {lj_rt_catan, 0.0, 2.0, 1.5707963267948966, 0.5493061443340549},
    {lj_rt_catan, -1.0, -0.0, -0.7853981633974483, -0.0},
    {lj_rt_csinh, 0.5, -0.001, 0.5210950449461164, -0.0011276257772687294},
    {lj_rt_csinh, 0.0, 2.0, -0.0, 0.9092974268256817},
    {lj_rt_csinh, 2.0, 0.0, 3.626860407847019, 0.0},
    {lj_rt_csinh, -2.5, -0.5, -5.3095539484315095, -2.9399761866646505},
    {lj_rt_csinh, -1.0, -0.0, -1.1752011936438014, -0.0},
    {lj_rt_csinh, 3.0, -4.0, -6.5481200409110025, 7.61923172032141},
    {lj_rt_ccosh, 1.0, 2.0, -0.64214812471552, 1.0686074213827783},
    {lj_rt_ccosh, 0.0, 0.25, 0.9689124217106447, 0.0},
    {lj_rt_ccosh, -1.0, -0.0, 1.5430806348152437, 0.0},
    {lj_rt_ccosh, 3.0, -4.0, -6.580663040551157, 7.581552742746545},
    {lj_rt_ccosh, 0.0, 2.0, -0.4161468365471424, 0.0},
    {lj_rt_ccosh, 2.0, 0.0, 3.7621956910836314, 0.0},
    {lj_rt_ctanh, 0.0, 2.0, 0.0, -2.185039863261519},
    {lj_rt_ctanh, -1.0, 0.0, -0.7615941559557649, 0.0},
    {lj_rt_ctanh, -2.5, -0.5, -0.9926817603046374, -0.011257099146251948},
    {lj_rt_ctanh, 0.0, 0.25, 0.0, 0.25534192122103627},
    {lj_rt_ctanh, -1.0, -0.0, -0.7615941559557649, -0.0},
    {lj_rt_ctanh, 1.0, 2.0, 1.16673625724092, -0.24345820118572534},
    {lj_rt_casinh, -1.0, 0.0, -0.881373587019543, 0.0},
    {lj_rt_casinh, 2.0, -0.0, 1.4436354751788103, -0.0},
    {lj_rt_casinh, 0.0, 2.0, 1.3169578969248166, 1.5707963267948966},
    {lj_rt_casinh, -0.0, 2.0, -1.3169578969248166, 1.5707963267948966},
    {lj_rt_casinh, -1.0, -0.0, -0.881373587019543, -0.0},
    {lj_rt_casinh, 1.0, 2.0, 1.4693517443681852, 1.063440023577752},
    {lj_rt_cacosh, 2.0, 0.0, 1.3169578969248166, 0.0},
    {lj_rt_cacosh, -1.0, -0.0, 0.0, -3.141592653589793},
    {lj_rt_cacosh, 1.0, 2.0, 1.5285709194809982, 1.1437177404024204},
    {lj_rt_cacosh, 0.0, 0.25, 0.24746646154726346, 1.5707963267948966},
    {lj_rt_cacosh, -2.5, -0.5, 1.5919125928575537, -2.927631668248469},
    {lj_rt_cacosh, -0.0, 2.0, 1.4436354751788103, 1.5707963267948966},
    {lj_rt_catanh, 1.0, 2.0, 0.17328679513998632, 1.1780972450961724},
    {lj_rt_catanh, 0.0, 2.0, 0.0, 1.1071487177940904},
    {lj_rt_catanh, 2.0, 0.0, 0.5493061443340549, 1.5707963267948966},
    {lj_rt_catanh, 3.0, -4.0, 0.1175009073114339, -1.4099210495965755},
    {lj_rt_catanh, 0.0, 0.25, 0.0, 0.24497866312686414},
};

static bool near(double got, double want) {
  return fabs(got - want) <= 4e-15 * (1 + fabs(want)) && (want != 0 || got != 0 || signbit(got) == signbit(want));
}

START_TEST(complex_functions) {
  double out[2];
  complex_rows[_i].function(complex_rows[_i].re, complex_rows[_i].im, out);
  bool ok = near(out[0], complex_rows[_i].want_re) && near(out[1], complex_rows[_i].want_im);
  ck_assert_msg(ok, "row %d: (%g, %g) gives (%.17g, %.17g), not (%.17g, %.17g)", _i, complex_rows[_i].re, complex_rows[_i].im, out[0],
                out[1], complex_rows[_i].want_re, complex_rows[_i].want_im);
}
END_TEST

START_TEST(complex_division_and_power) {
  double out[2];
  lj_rt_cdiv(3, 1, 2, -2, out);
  ck_assert(out[0] == 0.5 && out[1] == 1);
  lj_rt_cdiv(1e300, 1e300, 1e300, 1e300, out);
  ck_assert(out[0] == 1 && out[1] == 0);
  lj_rt_cdiv(1, 0, 0, 0, out);
  ck_assert(isinf(out[0]) && isnan(out[1]));
  lj_rt_cpow(1, 2, 3, 0, out);
  ck_assert(out[0] == -11 && out[1] == -2);
  lj_rt_cpow(1, 2, -1, 0, out);
  ck_assert(out[0] == 0.2 && out[1] == -0.4);
  lj_rt_cpow(5, 7, 0, 0, out);
  ck_assert(out[0] == 1 && out[1] == 0);
  lj_rt_cpow(0, 0, 2, 0, out);
  ck_assert(out[0] == 0 && out[1] == 0);
  lj_rt_cpow(0, 0, -1, 0, out);
  ck_assert(isnan(out[0]));
  lj_rt_cpow(0, 1, 0, 1, out); /* i**i = exp(-pi/2) */
  ck_assert(near(out[0], 0.20787957635076193) && out[1] == 0);
}
END_TEST

/* ---- symbols ---- */

static const char *const names[] = {"lj_rt_raise", "lj_rt_csqrt", "lj_rt_cdiv", "sin",      "sinf",     "exp10f",
                                    "sincos",      "memset",      "ldexp",      "__divti3", "__powidf2"};

START_TEST(symbols_are_found) {
  for (size_t i = 0; i < LJ_COUNT(names); i++) ck_assert_msg(lj_rt_symbol(names[i]) != NULL, "%s", names[i]);
  ck_assert_ptr_eq(lj_rt_symbol("lj_rt_print"), (void *)lj_rt_print);
  ck_assert_ptr_null(lj_rt_symbol("system"));
  ck_assert_ptr_null(lj_rt_symbol(""));
}
END_TEST

Suite *suite_runtime(void);
Suite *suite_runtime(void) {
  Suite *suite = suite_create("runtime");
  TCase *tc = tcase_create("all");
  tcase_add_test(tc, errors_are_rendered);
  tcase_add_test(tc, shapes_are_shown);
  tcase_add_test(tc, stack_limits_hold);
  tcase_add_loop_test(tc, memory_is_given_or_refused, 0, (int)LJ_COUNT(allocations));
  tcase_add_test(tc, text_is_built);
  tcase_add_loop_test(tc, integer_powers, 0, (int)LJ_COUNT(powers));
  tcase_add_loop_test(tc, rounding_as_numba, 0, (int)LJ_COUNT(rounds));
  tcase_add_test(tc, small_number_functions);
  tcase_add_loop_test(tc, complex_functions, 0, (int)LJ_COUNT(complex_rows));
  tcase_add_test(tc, complex_division_and_power);
  tcase_add_test(tc, symbols_are_found);
  suite_add_tcase(suite, tc);
  return suite;
}
