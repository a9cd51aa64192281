/* What the passes need grows about as the program does: counted in bytes, which follow from the work and are the same in every run. */
#include <stdio.h>

#include "base/strbuf.h"
#include "tests/unit/ir_help.h"

static const struct {
  const char *name, *head, *each; /* each: %d is the number of the statement */
} growing[] = {
    {"array statements that read each other", "def f(a, b):\n    c = a + b\n", "    c = c * b + a * %d.0\n"},
    {"new names for them", "def f(a, b):\n    c = a + b\n", "    c%d = c + b\n"},
    {"sums", "def f(a, b):\n    s = 0.0\n", "    s += np.sum(a * %d.0 + b)\n"},
    {"loops", "def f(a, b):\n    n = 0\n", "    for i in range(len(a)):\n        a[i] = b[i] * %d.0\n        n += i\n"},
    {"loops that count down", "def f(a, b):\n    n = 0\n", "    n = %d\n    while n > 0:\n        n -= 1\n        a[n] = b[n]\n"},
    {"branches", "def f(a, b):\n    n = len(a)\n", "    if n > %d:\n        n = n * 2\n"},
    {"elements", "def f(a, b):\n    a[0] = 1.0\n", "    a[%d] = b[1] * 2.0\n"},
    {"scalars", "def f(a, b):\n    n = len(a)\n", "    n = (n * 3 + %d) & 1023\n"},
};

/* Bytes that a compile of so many statements takes up to code generation. */
static double bytes_of(int row, int count) {
  StrBuf source = {0};
  sb_puts(&source, growing[row].head);
  for (int i = 0; i < count; i++) sb_printf(&source, growing[row].each, i + 2); // NOLINT(clang-diagnostic-format-nonliteral)
  sb_puts(&source, "f(np.ones(5000), np.ones(5000))\n");
  ir_begin();
  (void)ir_text(sb_text(&source), NULL);
  double bytes = (double)arena.total;
  ir_end();
  sb_drop(&source);
  return bytes;
}

START_TEST(growth) {
  enum { COUNT = 100, TIMES = 8 };
  double once = bytes_of(_i, COUNT), more = bytes_of(_i, COUNT * TIMES);
  if (more > once * TIMES * 2) ck_abort_msg("%s: %.0f bytes, but %.0f for %d times as many", growing[_i].name, once, more, TIMES);
}
END_TEST

Suite *suite_growth(void);
Suite *suite_growth(void) {
  Suite *suite = suite_create("growth");
  TCase *tc = tcase_create("bytes");
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, growth, 0, (int)LJ_COUNT(growing));
  suite_add_tcase(suite, tc);
  return suite;
}
