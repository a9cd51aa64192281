/* Lowering of arrays: which checks, allocations, maps and views a source makes. Each row can fail alone.
 * A row's function f is called from the top level, and only the text of f's own function is looked at. */
#include "tests/unit/ir_help.h"

#define F(args, body) "def f(" args "):\n" body
#define A1 "a = np.arange(6.0)\n"
#define A2 "a = np.zeros((2, 3))\n"

static const struct {
  const char *src, *part;
  int want; /* times; -1: at least once */
} rows[] = {
  /* elements: one check an index, the wrap only where the sign is not known */
    {F("a", "    return a[0]\n") A1 "f(a)\n", "check index", 1},
    {F("a", "    return a[0]\n") A1 "f(a)\n", "select", 0},
    {F("a", "    return a[-1]\n") A1 "f(a)\n", "select", 0},
    {F("a, i", "    return a[i]\n") A1 "f(a, 1)\n", "select((i < 0), (i + shape(a, 0)), i)", 1},
    {F("a, i", "    return a[i]\n") A1 "f(a, 1)\n", "is out of bounds for axis %d with size %d\", i, 0, shape(a, 0)", 1},
    {F("a, i", "    return a[np.uint8(i)]\n") A1 "f(a, 1)\n", "select", 0},
    {F("a, i, j", "    return a[i, j]\n") A2 "f(a, 1, 1)\n", "check index", 2},
    {F("a, i, j", "    return a[i][j]\n") A2 "f(a, 1, 1)\n", "check index", 2},
    {F("a, i, j", "    return a[i][j]\n") A2 "f(a, 1, 1)\n", "view", 0},
    {F("a, t", "    return a[t]\n") A2 "f(a, (1, 1))\n", "check index", 2},
    {"@njit(boundscheck=False)\n" F("a, i", "    return a[i]\n") A1 "f(a, 1)\n", "check", 0},
  /* views */
    {F("a, i", "    return a[i]\n") A2 "f(a, 1)\n", "view<array(float64, 1d, C)>", 1},
    {F("a", "    return a[1:3].sum()\n") A1 "f(a)\n", "alloc", 0},
    {F("a", "    return a[1:-1].sum()\n") A1 "f(a)\n", "drop", 0},
    {F("a", "    return a[:].sum()\n") A1 "f(a)\n", "view", 0},
    {F("a, k", "    return a[::k].sum()\n") A1 "f(a, 2)\n", "slice step cannot be zero", 1},
    {F("a", "    return a[::2].sum()\n") A1 "f(a)\n", "slice step", 0},
  /* stores */
    {F("a, i", "    a[i] = 1\n") A1 "f(a, 2)\n", "cast<float64>", -1},
    {F("a, i", "    a[i] += 1.5\n") A1 "f(a, 2)\n", "check index", 1},
    {F("a", "    a[:] = 1.5\n") A1 "f(a)\n", "a[i0] = 1.5", 1},
    {F("a", "    a[1:3] += 2.0\n") A1 "f(a)\n", "alloc", 0},
    {F("a", "    a[:] = a * 2\n") A1 "f(a)\n", "data", 0},
    {F("a", "    a[:] = a * 2\n") A1 "f(a)\n", "map", 1},
    {F("a, b", "    a[:] = b\n") A1 "f(a, a)\n", "of b into a", 1},
    {F("a", "    a[1:] = a[:-1]\n") A1 "f(a)\n", "into", 1},
    {F("a, b", "    a[:] = b\n") A2 "f(a, a[0])\n", "lj_rt_assign", 1},
  /* fusion */
    {F("a, b", "    return a * b + np.sqrt(a) - 2.0\n") A1 "f(a, a)\n", "alloc", 1},
    {F("a, b", "    return a * b + np.sqrt(a) - 2.0\n") A1 "f(a, a)\n", "map", 1},
    {F("a", "    return -a * 2.0\n") A1 "f(a)\n", "map", 1},
    {F("a, b", "    return a + b\n") A1 "f(a, a)\n", "operands could not be broadcast together with shapes\", shape(a), shape(b)", 1},
    {F("a", "    return np.sum((a - 1.0) ** 2)\n") A1 "f(a)\n", "alloc", 0},
    {F("a", "    return np.sum((a - 1.0) ** 2)\n") A1 "f(a)\n", "reduce", 1},
    {F("a", "    return a[:, None] - a[None, :]\n") A1 "f(a)\n", "map (i0, i1)", 1},
    {F("a", "    return np.where(a > 1.0, a, 0.0)\n") A1 "f(a)\n", "select", 1},
    {F("a", "    return a.min()\n") A1 "f(a)\n", "zero-size array to reduction operation minimum which has no identity", 1},
    {F("a", "    return a.argmax()\n") A1 "f(a)\n", "attempt to get argmax of an empty sequence", 1},
  /* reductions along axes: contiguous inner loops, no temporary for the operand */
    {F("a", "    return a.sum(axis=1)\n") A2 "f(a)\n", "pairwise reduce (i1)", 1},
    {F("a", "    return a.sum(axis=0)\n") A2 "f(a)\n", "reduce", 0},
    {F("a", "    return a.sum(axis=0)\n") A2 "f(a)\n", "a[i0, i1]", 1},
    {F("a", "    return a.T.sum(axis=0)\n") A2 "f(a)\n", "pairwise reduce (i0)", 1},
    {F("a", "    return (a * 2 - 1).max(axis=0)\n") A2 "f(a)\n", "alloc", 1},
    {F("a", "    return a.mean(axis=(0, 1), keepdims=True)\n") A2 "f(a)\n", "alloc(1, 1)", 1},
    {F("a", "    return a.sum()\n") A2 "f(a)\n", "pairwise reduce (i0, i1)", 1},
    {F("a", "    return sum(a)\n") A1 "f(a)\n", "pairwise", 0},
  /* masks and index arrays */
    {F("a", "    return a[a > 0]\n") A1 "f(a)\n", "alloc", 1},
    {F("a", "    a[a > 2] = 0\n") A1 "f(a)\n", "alloc", 0},
    {F("a", "    a[a > 2] = 0\n") A1 "f(a)\n", "map", 1},
    {F("a", "    a[a[::-1] > 2] = 0\n") A1 "f(a)\n", "alloc", 1},
    {F("a, m", "    return a[m]\n") A1 "f(a, a > 1)\n", "boolean index did not match indexed array along axis %d", 1},
    {F("a, i", "    return a[i]\n") A2 "f(a, np.arange(2))\n", "is out of bounds for axis %d with size %d", 1},
    {F("a, i", "    a[i] += 1\n") A1 "f(a, np.arange(2))\n", "for i0", 1},
  /* creation and shape */
    {F("n", "    return np.zeros((n, 3))\n") "f(2)\n", "alloc zero(n, 3)", 1},
    {F("n", "    return np.ones(n)\n") "f(2)\n", "map", 1},
    {F("a", "    return a.reshape(3, -1)\n") A1 "f(a)\n", "alloc", 0},
    {F("a", "    return a.reshape(4, 2)\n") A1 "f(a)\n", "cannot reshape array of size %d into shape (4,2)", 1},
    {F("a", "    return a.T\n") A2 "f(a)\n", "view<array(float64, 2d, F)>", 1},
    {F("n", "    return np.array([i * 2 for i in range(n)])\n") "f(3)\n", "alloc", 1},
    {F("n", "    return np.array([i for i in range(n) if i % 2])\n") "f(3)\n", "alloc", 2},
    {F("x", "    return np.array([[x, 1], [2, 3]])\n") "f(1.5)\n", "alloc(2, 2)", 1},
};

START_TEST(rows_hold) { ir_expect(rows[_i].src, "", rows[_i].part, rows[_i].want); }
END_TEST

Suite *suite_lower_arrays(void) {
  Suite *s = suite_create("lower_arrays");
  TCase *tc = tcase_create("rows");
  tcase_add_checked_fixture(tc, ir_begin, ir_end);
  tcase_add_loop_test(tc, rows_hold, 0, (int)LJ_COUNT(rows));
  suite_add_tcase(s, tc);
  return s;
}
