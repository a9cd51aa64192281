/* Checks that are tested once per block of iterations: the error comes at the right iteration, with the right effects before it, wherever in a block
 * it is. f(b, out) writes 0.5 into out from the start, where b holds 2; one element of b, the bad one, holds 0. */
#include <stdio.h>

#include "tests/unit/api_help.h"

enum { N = 1000 };
static const int places[] = {-1, 0, 1, 15, 16, 200, 255, 256, 257, 511, 512, 767, 768, 983, 984, 999}; /* of the bad element; -1: none */

static const char helpers[] = "def g(x, b, i):\n    return x / b[i]\n"
                              "def h(x, least):\n    if x < least: return least\n    if x > 2: return 2.0\n    return x\n"
                              "def h2(x):\n    return h(x, 1.0)\n";
#define LOOP "    for i in range(len(out)):\n"
static const struct {
  const char *body, *kind;
  int more; /* 1: the element at the place of the bad one is written before the error */
  double bad;
} rows[] = {
    {LOOP "        out[i] = 1.0 / b[i]\n", "ZeroDivisionError", 0, 0},
    {LOOP "        out[i] = 0.5\n        x = 1.0 / b[i]\n", "ZeroDivisionError", 1, 0},
    {LOOP "        if b[i] < 1.5:\n            out[i] = 1.0 / b[i]\n        else:\n            out[i] = 0.5\n", "ZeroDivisionError", 0, 0},
    {LOOP "        out[i] = 0.5\n        if b[i] > 1.5: continue\n        out[i] = 1.0 / b[i]\n", "ZeroDivisionError", 1, 0},
    {LOOP "        if b[i] < 1.5:\n            if out[i] == 0:\n                out[i] = 1.0 / b[i]\n        out[i] = 0.5\n",
     "ZeroDivisionError", 0, 0},
    {LOOP "        k = int(b[i])\n        out[i] = 4 // k * 0.25\n", "ZeroDivisionError", 0, 0},
    {LOOP "        k = int(b[i])\n        m = 4 // k\n        out[i] = 4 % (3 - m) + (2 << m) * 0.0625\n", "ZeroDivisionError", 0, 0},
    {LOOP "        out[i] = (1 << int(b[i])) * 0.125\n", "ValueError", 0, -1},
    {LOOP "        out[i] = 0.125 * len(b) / 500 * b[int(b[i])]\n", "IndexError", 0, 1000},
    {LOOP "        out[i] = 0.25 * b[int(b[i]) - 500]\n", "IndexError", 0, -501},
    {LOOP "        out[i] = 0.125 * b[int(b[int(b[i])])] + 0.25\n", "IndexError", 0, 1e9},
    {LOOP "        j = np.uint32(b[i])\n        if out[i] > 0.0:\n            continue\n        else:\n            v = b[j]\n"
          "        out[i] = b[int(b[j])] * 0.25\n",
     "IndexError", 0, 4e9}, /* the check in the branch guards what is read behind it */
    {"    for r in range(4):\n        for j in range(250):\n            i = 250 * r + j\n            out[i] = 1.0 / b[i]\n",
     "ZeroDivisionError", 0, 0},
    {"    for i in range(0, len(out), 2):\n        out[i] = 1.0 / b[i]\n        out[i + 1] = 1.0 / b[i + 1]\n", "ZeroDivisionError", 0, 0},
    {LOOP "        out[i] = b[i]\n        out[i] = 1.0 / out[i]\n", "ZeroDivisionError", 0, 0},
    {"    d = b.copy()\n" LOOP "        out[i] = 1.0 / d[i]\n        if i + 1 < len(d): d[i + 1] = b[i + 1]\n", "ZeroDivisionError", 0, 0},
    {"    d = np.full(len(b), 2.0)\n" LOOP "        d[i] = b[i]\n        out[i] = 1.0 / d[i]\n", "ZeroDivisionError", 0, 0},
    {"    d = np.full(len(b) + 1, 2.0)\n    d[0] = b[0]\n" LOOP "        out[i] = 1.0 / d[i]\n        d[i + 1] = b[(i + 1) % len(b)]\n",
     "ZeroDivisionError", 0, 0},
    {"    n = 0\n" LOOP "        n += 4 // int(b[i])\n        out[i] = 0.5\n    assert n == 2000\n", "ZeroDivisionError", 0, 0},
    {"    x = 2.0\n" LOOP "        x = b[i] * 0.5 + x * 0.5\n        out[i] = 1.0 / b[i] + (x - 2.0) * 0.0\n", "ZeroDivisionError", 0, 0},
    {LOOP "        out[i] = g(1.0, b, i)\n", "ZeroDivisionError", 0, 0},
    {LOOP "        out[i] = h2(b[i]) / h(b[i], 0.0) * 0.5\n", "ZeroDivisionError", 0, 0},
    {"    m = 9223372036854775807 - len(b)\n    for k in range(m, m + len(b)):\n        out[k - m] = 1.0 / b[k - m]\n", "ZeroDivisionError",
     0, 0},
    {"    m = -9223372036854775807 - 1\n    for k in range(m, m + len(b)):\n        out[k - m] = 1.0 / b[k - m]\n", "ZeroDivisionError", 0,
     0},
    {"    for k in range(-300, len(b) - 300):\n        out[k + 300] = 1.0 / b[k + 300]\n", "ZeroDivisionError", 0, 0},
    {LOOP "        assert b[i] > 1.0, 'low'\n        out[i] = 0.5\n", "AssertionError: low", 0, 1},
    {LOOP "        assert 0 <= int(b[i]) < 3\n        out[i] = b[int(b[i])] * 0.25\n", "AssertionError", 0, 3},
    {LOOP "        out[i] = 0.5 * 2.0 / (b[i] * (len(out) // 500)) * 2.0\n", "ZeroDivisionError", 0, 0},
    {LOOP "        s = 0\n        for k in range(i, i + 1): s += int(b[int(b[k])])\n        out[i] = s * 0.25\n", "IndexError", 0, 1000},
    {LOOP "        s = 0\n        for k in range(max(i - 299, 0), i + 1): s += int(b[int(b[k])]) - 1\n        out[i] = 0.5 * s / min(i + "
          "1, 300)\n",
     "IndexError", 0, 1000}, /* ranges of all lengths up to more than a block */
};

static double b[N], out[N];

/* One call with the bad element at `place`: what is written is a prefix of the right length. */
static void run_at(int row, int place) {
  for (int i = 0; i < N; i++) b[i] = 2, out[i] = 0;
  if (place >= 0) b[place] = rows[row].bad;
  lj_value args[2] = {lj_array1d(LJ_FLOAT64, b, N), lj_array1d(LJ_FLOAT64, out, N)};
  lj_status status = lj_call(lj_module_find(module, "f"), args, 2, NULL, report);
  bool right = place < 0 ? status == LJ_OK : status != LJ_OK && strstr(lj_report_text(report), rows[row].kind);
  if (!right) ck_abort_msg("at %d: %s\n%s", place, lj_report_text(report), rows[row].body);
  int good = place < 0 ? N : place + rows[row].more;
  for (int i = 0; i < N; i++)
    if (out[i] != (i < good ? 0.5 : 0)) ck_abort_msg("at %d: element %d is %g\n%s", place, i, out[i], rows[row].body);
}

START_TEST(effects) {
  char source[1024];
  snprintf(source, sizeof source, "import numpy as np\n%s\ndef f(b, out):\n%s", helpers, rows[_i].body);
  api_open(NULL, source);
  for (size_t k = 0; k < LJ_COUNT(places); k++) run_at(_i, places[k]);
}
END_TEST

Suite *suite_blocks(void);
Suite *suite_blocks(void) {
  Suite *suite = suite_create("blocks");
  TCase *tc = tcase_create("effects");
  tcase_add_checked_fixture(tc, api_begin, api_end);
  tcase_add_loop_test(tc, effects, 0, (int)LJ_COUNT(rows));
  suite_add_tcase(suite, tc);
  return suite;
}
