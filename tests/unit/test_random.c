/* The MT19937 streams and the distributions against values of numpy.random.RandomState; Fourier transforms against the definition. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "runtime/rt_fft.h"
#include "runtime/rt_random.h"

/* RandomState(seed): the first three words; the 1001st; random_sample(), then two of randn(); and from the start again
 * standard_gamma(0.5), standard_gamma(2.5), beta(0.5, 0.5), beta(2, 3), poisson(3), poisson(50), binomial(20, 0.3), binomial(1000, 0.6). */
static const struct {
  uint32_t seed, words[3], far;
  double first, gauss[2], reals[4];
  int64_t ints[4];
} streams[] = {
    {0u,
     {2357136044u, 2546248239u, 3071714933u},
     1333075495u,
     0.5488135039273248,
     {0.7415917408091613, 1.5529137219128164},
     {0.3040018897607044, 3.9502299469245665, 0.6854039862007366, 0.7238196028584645},
     {3, 38, 8, 567}},
    {1u,
     {1791095845u, 4282876139u, 3093770124u},
     375733240u,
     0.417022004702574,
     {-0.8021728386486427, -0.4488778077207725},
     {0.17390735240615365, 1.4784999965782015, 0.6229482279764192, 0.16349126464991878},
     {3, 43, 10, 607}},
    {12345u,
     {3992670690u, 3823185381u, 1358822685u},
     984001283u,
     0.9296160928171479,
     {-0.9678381828411187, -0.5622566484317844},
     {2.1913524132696622, 1.4884859463618114, 0.43204018640873665, 0.18308580096690094},
     {6, 49, 11, 594}},
    {4294967295u,
     {419326371u, 479346978u, 3918654476u},
     1661208369u,
     0.0976320289940138,
     {0.0813036681172692, 0.4096851233481656},
     {0.00953201308548795, 3.2681024033096806, 0.025167853229729708, 0.5088261526302589},
     {5, 52, 6, 617}},
};

START_TEST(streams_are_numpys) {
  for (size_t k = 0; k < LJ_COUNT(streams); k++) {
    static Stream s;
    random_seed(&s, streams[k].seed);
    for (int i = 0; i < 3; i++) ck_assert_uint_eq(random_u32(&s), streams[k].words[i]);
    for (int i = 3; i < 1000; i++) random_u32(&s);
    ck_assert_uint_eq(random_u32(&s), streams[k].far);
    random_seed(&s, streams[k].seed);
    ck_assert_double_eq(random_double(&s), streams[k].first);
    ck_assert_double_eq(random_gauss(&s), streams[k].gauss[0]);
    ck_assert_double_eq(random_gauss(&s), streams[k].gauss[1]);
    random_gauss(&s);
    random_seed(&s, streams[k].seed); /* drops the kept value */
    const double reals[] = {random_gamma(&s, 0.5), random_gamma(&s, 2.5), random_beta(&s, 0.5, 0.5), random_beta(&s, 2, 3)};
    for (int i = 0; i < 4; i++) ck_assert_double_eq(reals[i], streams[k].reals[i]);
    const int64_t ints[] = {random_poisson(&s, 3), random_poisson(&s, 50), random_binomial(&s, 20, 0.3), random_binomial(&s, 1000, 0.6)};
    for (int i = 0; i < 4; i++) ck_assert_int_eq(ints[i], streams[k].ints[i]);
  }
}
END_TEST

START_TEST(streams_of_a_thread_are_apart) {
  random_seed(random_stream(STREAM_TOP), 1);
  random_seed(random_stream(STREAM_FUNCTIONS), 1);
  uint32_t first = random_u32(random_stream(STREAM_TOP));
  random_u32(random_stream(STREAM_TOP));
  ck_assert_uint_eq(random_u32(random_stream(STREAM_FUNCTIONS)), first);
}
END_TEST

/* Bounds are kept, every value comes, and a bound of 0 draws nothing. */
START_TEST(bounded_values_are_in_range) {
  static Stream s, same;
  random_seed(&s, 5);
  same = s;
  ck_assert_uint_eq(random_below(&s, 0), 0);
  ck_assert_uint_eq(random_u32(&s), random_u32(&same));
  unsigned seen = 0;
  for (int i = 0; i < 1000; i++) {
    uint64_t x = random_below(&s, 9);
    ck_assert_uint_le(x, 9);
    seen |= 1u << x;
  }
  ck_assert_uint_eq(seen, 0x3ff);
  ck_assert_uint_le(random_below(&s, 1ull << 40), 1ull << 40);
}
END_TEST

/* Against sums of the definition in long double; lengths for each radix, mixed ones, and large primes. */
START_TEST(transforms_are_exact) {
  static const int64_t lengths[] = {1,  2,  3,  4,  5,   6,   7,   8,   11,  13,  16,  20,   30,    47,   49,
                                    53, 64, 77, 94, 100, 106, 243, 257, 360, 512, 613, 1001, 65537, 98304};
  for (size_t t = 0; t < LJ_COUNT(lengths); t++) {
    int64_t n = lengths[t];
    Cx *x = malloc((size_t)n * 2 * sizeof *x), *y = x + n;
    lj_rt rt = {.stop = &rt.own_stop};
    FftPlan *plan = fft_plan(&rt, n);
    ck_assert(x && plan);
    for (int64_t k = 0; k < n; k++) y[k] = x[k] = (Cx){sin((double)(k * k)), cos(1.7 * (double)k)};
    fft_run(plan, y);
    for (int64_t j = 0; j < n; j += n > 2000 ? n - 1 : 1 + n / 50) {
      long double re = 0, im = 0;
      for (int64_t k = 0; k < n; k++) {
        long double angle = -2 * 3.14159265358979323846264338327950288L * (long double)(j * k % n) / (long double)n;
        re += x[k].re * cosl(angle) - x[k].im * sinl(angle);
        im += x[k].re * sinl(angle) + x[k].im * cosl(angle);
      }
      double error = hypot(y[j].re - (double)re, y[j].im - (double)im);
      ck_assert_msg(error <= 4e-15 * sqrt((double)n), "length %lld, point %lld: off by %g", (long long)n, (long long)j, error);
    }
    fft_plan_free(plan);
    free(x);
  }
}
END_TEST

Suite *suite_random(void);
Suite *suite_random(void) {
  Suite *s = suite_create("random");
  TCase *tc = tcase_create("random");
  tcase_add_test(tc, streams_are_numpys);
  tcase_add_test(tc, streams_of_a_thread_are_apart);
  tcase_add_test(tc, bounded_values_are_in_range);
  tcase_add_test(tc, transforms_are_exact);
  suite_add_tcase(s, tc);
  return s;
}
