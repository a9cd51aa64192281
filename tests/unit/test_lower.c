/* Lowering of scalars and control flow: which statements, checks and variables a source makes. Each row can fail alone.
 * A row's function f is called from the top level, and only the text of f's own function is looked at; rows without f look at main. */
#include "tests/unit/ir_help.h"

#define F(args, body) "def f(" args "):\n" body

static const struct {
  const char *src, *part;
  int want; /* times; -1: at least once */
} rows[] = {
  /* versions: one variable a class, lets where nothing joins, conversions on the edges where types differ */
    {F("n", "    x = n\n    x = x + 1\n    return x\n") "f(1)\n", "let x", 2},
    {F("n", "    s = 0\n    for i in range(n): s += i\n    return s\n") "f(1)\n", "  s: int64 = (s + i)", 1},
    {F("n", "    s = 0\n    for i in range(n): s += i\n    return s\n") "f(1)\n", "for i in 0 .. n", 1},
    {F("c", "    x = 1\n    if c: x = 2.5\n    return x\n") "f(True)\n", "cast<float64>(x", 1},
    {F("n", "    x = 0\n    for i in range(n): x = x + 0.5\n    return x\n") "f(3)\n", "x.1: float64 = cast<float64>(x)", 1},
    {F("a, b", "    a, b = b, a\n    return a - b\n") "f(1, 2)\n", "let ", 2},
    {F("a", "    a += 1\n    return a\n") "f(1)\n", "let a.1: int64 = (a + 1)", 1},
  /* names that a path leaves unset */
    {F("n", "    for i in range(n): pass\n    return i\n") "f(1)\n", "check bound i.is_set", 1},
    {F("n", "    for i in range(n): pass\n    return i\n") "f(1)\n", "i.is_set: bool = true", 1},
    {F("n", "    i = 0\n    for i in range(n): pass\n    return i\n") "f(1)\n", "check bound", 0},
  /* set once, but read outside of the block: no let, and the loop counts with its own variable */
    {F("n", "    for i in range(n):\n        if i * i > n: break\n    else:\n        return -1\n    return i\n") "f(9)\n", "for i in", 0},
    {F("n", "    if n > 1: x = 2\n    else: return 0\n    return x\n") "f(9)\n", "let x", 0},
  /* ranges count by one */
    {F("n", "    for i in range(n, 0, -1): print(i)\n") "f(3)\n", "let i: int64 = t", 1},
    {F("n", "    for i in range(0, n, 3): print(i)\n") "f(3)\n", "* 3)", 2}, /* its value, and the last one */
    {F("n, s", "    for i in range(0, n, s): print(i)\n") "f(3, 1)\n", "range() arg 3 must not be zero", 1},
    {F("n", "    for i in range(0, n, 2): print(i)\n") "f(3)\n", "check", 0},
    {F("n", "    for i in reversed(range(n)): print(i)\n") "f(3)\n", " - 1) - ", 1},
  /* else parts: a flag only where a break can go past */
    {F("n", "    for i in range(n): pass\n    else: print(1)\n") "f(3)\n", "broke", 0},
    {F("n", "    for i in range(n):\n        if i == 2: break\n    else: print(1)\n") "f(3)\n", "if not(broke", 1},
    {F("n", "    for i in range(n):\n        if i == 2: break\n    return n\n") "f(3)\n", "broke", 0},
    {F("n", "    for i, j in np.ndindex(n, n):\n        if j == 2: break\n") "f(3)\n", "break\n", 2},
    {F("n", "    while True:\n        n -= 1\n        if n < 0: return n\n") "f(3)\n", "raise", 0},
  /* order of evaluation */
    {"@njit\ndef g(a):\n    a[0] = 5\n    return 1\n" F("a", "    return a[0] + g(a)\n") "f(np.arange(3))\n", "let ", 1},
    {F("a", "    return a[0] + a[1]\n") "f(np.arange(3))\n", "let ", 0},
  /* short circuits */
    {F("a, b", "    return a > 1 and b > 2\n") "f(1, 2)\n", "return ((a > 1) and (b > 2))", 1},
    {F("a, b", "    return a > 1 and a // b > 2\n") "f(1, 2)\n", "  if ", 1},
    {F("a, i", "    return i < 3 and a[i] > 2\n") "f(np.arange(3), 1)\n", "  if ", 1},
    {F("a, b, c", "    return a < b < c\n") "f(1, 2, 3)\n", "return ((a < b) and (b < c))", 1},
    {F("a, b", "    return a if a > b else b\n") "f(1, 2)\n", "select", 1},
    {F("a, b", "    return a or b\n") "f(1, 2)\n", "  if not(", 1},
  /* division */
    {F("a, b", "    return a / b\n") "f(1, 2)\n", "check divisor", 1},
    {F("a, b", "    return a // 3 + a % 4 + a / 5\n") "f(1, 2)\n", "check", 0},
    {F("a, b", "    return a % b\n") "f(1, 2)\n", "integer modulo by zero", 1},
    {F("a, b", "    return a // b\n") "f(1.5, 2)\n", "float floor division by zero", 1},
    {F("a, b", "    return divmod(a, b)\n") "f(1, 2)\n", "check divisor", 1},
    {"@njit(error_model='numpy')\n" F("a, b", "    return a // b, a / b\n") "f(1, 2)\n", "check", 0},
    {"@njit(error_model='numpy')\n" F("a, b", "    return a // b\n") "f(1, 2)\n", "safe//", 1},
    {F("a", "    a[:] = a / 0\n") "f(np.ones(3))\n", "check divisor", 0},
  /* shifts and powers */
    {F("a, b", "    return a << b\n") "f(1, 2)\n", "check shift", 1},
    {F("a, b", "    return a << 3\n") "f(1, 2)\n", "check", 0},
    {F("x", "    return x ** 2\n") "f(1.5)\n", "(x * x)", 1},
    {F("x", "    return x ** 0.5\n") "f(1.5)\n", "pow(", 1},
    {F("x", "    return x ** -1\n") "f(2)\n", "check value", 1},
    {F("x, n", "    return x ** n\n") "f(2, 3)\n", "lj_rt_ipow", 1},
    {F("x, n", "    return x ** n\n") "f(2.0, 3)\n", "while", 1},
  /* comparisons meet in one type; signed with unsigned by value */
    {F("a, b", "    return a < b\n") "f(np.uint64(1), 2)\n", "cast", 0},
    {F("a, b", "    return a < b\n") "f(1, 2.0)\n", "cast<float64>(a)", 1},
    {F("a, b", "    return (a, b) < (b, a)\n") "f(1, 2)\n", "==", 1},
  /* top-level names */
    {"N = 10\nH = 1.0 / N\n" F("x", "    return x * H + N\n") "f(1.5)\n", "let ", 0},
    {"A = np.arange(3)\n" F("i", "    return A[i] + A[0]\n") "f(1)\n", "let A", 1},
  /* calls */
    {F("a", "    k = 3\n    def g(x): return x + k\n    k = 5\n    return g(a)\n") "f(1)\n", "call g.2(a, k)", 1},
    {F("a, b=3", "    return a + b\n") "f(1)\n", "let b: int64 = 3", 1},
    {"@njit('float64(float64)')\n" F("a", "    return a\n") "f(1)\n", "a: float64", -1},
  /* ownership */
    {F("n", "    a = np.zeros(n)\n    return a\n") "f(1)\n", "return move a", 1},
    {F("n", "    a = np.zeros(n)\n    b = a\n    return b[0]\n") "f(1)\n", "move", 1},
    {F("a", "    return a\n") "f(np.ones(1))\n", "move", 0},
    {F("n", "    return np.zeros(n)[0]\n") "f(1)\n", "return ", -1},
  /* iteration */
    {F("a", "    s = 0\n    for x in a: s += x\n    return s\n") "f(np.arange(3))\n", "check", 0},
    {F("a", "    s = 0\n    for i, x in enumerate(a): s += i * x\n    return s\n") "f(np.arange(3))\n", "for i in 0 .. shape(a, 0)", 1},
    {F("a", "    s = 0\n    for x, y in zip(a, (1, 2)): s += y * x\n    return s\n") "f(np.arange(3))\n", "pymin(", -1},
    {F("n", "    return sum(i * i for i in range(n) if i % 2)\n") "f(3)\n", "for i in 0 .. n", 1},
    {"@njit(parallel=True)\n" F("a", "    for i in prange(a.size): a[i] = 1\n") "f(np.ones(3))\n", "parallel for i", 1},
    {"@njit\n" F("a", "    for i in prange(a.size): a[i] = 1\n") "f(np.ones(3))\n", "parallel", 0},
  /* text and errors */
    {"print(1, 2.5, sep='-', end='')\n", "text \"-\"", 1},
    {"x = 3\nprint(f'{x:{x}}', f'a{x!r}b')\n", "text_take", 1},
    {F("x", "    assert x > 0, 'no'\n") "f(1)\n", "check value (x > 0) else AssertionError \"no\"", 1},
    {F("x", "    assert x > 0, f'{x}'\n") "f(1)\n", "raise AssertionError", 1},
    {F("x", "    raise ValueError('a', x)\n") "f(1)\n", "text repr", 2},
    {F("x", "    if x > 1: return x\n") "f(1)\n", "some<", 1},
    {F("t, i", "    return t[i]\n") "f((1, 2), 1)\n", "tuple index out of range", 1},
};

START_TEST(lowered) { ir_expect(rows[_i].src, "", rows[_i].part, rows[_i].want); }
END_TEST

Suite *suite_lower(void);
Suite *suite_lower(void) {
  Suite *suite = suite_create("lower");
  TCase *tc = tcase_create("rows");
  tcase_add_checked_fixture(tc, ir_begin, ir_end);
  tcase_add_loop_test(tc, lowered, 0, (int)LJ_COUNT(rows));
  suite_add_tcase(suite, tc);
  return suite;
}
