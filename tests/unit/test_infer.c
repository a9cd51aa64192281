/* Inference: types of variables and results, joins, recursion, pruning, layouts, signatures, and the errors it finds. */
#include <check.h>

#include "frontend/spec.h"

static const char prelude[] = "import math, cmath, time\nimport numpy as np\nimport numba as nb\nfrom numba import njit, prange, float64, "
                              "int64, float32, int32, uint8\n";
enum { PRELUDE_LINES = 4 };

typedef struct Unit {
  Arena arena;
  StrTab names;
  Source src;
  Diag diag;
  Program program;
  bool ok;
} Unit;

static void unit_init(Unit *u, const char *text) {
  arena_init(&u->arena);
  strtab_init(&u->names, &u->arena);
  const char *all = arena_printf(&u->arena, "%s%s", prelude, text);
  source_init(&u->src, &u->arena, "t.lp", all, (uint32_t)strlen(all));
  diag_init(&u->diag, &u->arena);
  Module *module = NULL;
  u->ok = parse_module(&u->arena, &u->names, &u->src, sym_c(&u->names, "__main__"), &u->diag, &module) && sema_module(module, &u->diag);
  if (!u->ok) return;
  program_init(&u->program, &u->arena, module, (ProgramOptions){0});
  u->ok = infer_module(&u->program, &u->diag);
}

/* "f()": the result of the last good specialisation of f; else the last version of a top-level variable. */
static const char *find(const Unit *u, const char *name) {
  const char *found = "nothing";
  size_t length = strlen(name);
  if (length > 2 && strcmp(name + length - 2, "()") == 0) {
    for (uint32_t i = 0; i < u->program.specs.len; i++) {
      const Spec *s = u->program.specs.data[i];
      Sym f = s->func->name;
      if (f && f->len == length - 2 && memcmp(f->text, name, f->len) == 0 && s->done && !s->failed) found = type_name(s->result);
    }
    return found;
  }
  const FuncDef *body = u->program.main->func;
  for (uint32_t i = 0; i < body->defs.len; i++)
    if (sym_is(body->defs.data[i]->local->name, name) && u->program.main->def_types[i]) found = type_name(u->program.main->def_types[i]);
  return found;
}

static const struct {
  const char *src, *name, *want;
} types[] = {
    /* literals and scalar operators */
    {"x = 1\n", "x", "int64"},
    {"x = 18446744073709551615\n", "x", "uint64"},
    {"x = 1 / 2\n", "x", "float64"},
    {"x = 2 ** -1\n", "x", "float64"},
    {"x = 7 // 2\n", "x", "int64"},
    {"x = True + True\n", "x", "int64"},
    {"x = True & False\n", "x", "bool"},
    {"x = ~True\n", "x", "bool"},
    {"x = -True\n", "x", "int64"},
    {"x = -np.int8(3)\n", "x", "int64"},
    {"x = np.uint8(3) + np.uint8(5)\n", "x", "uint64"},
    {"x = np.uint64(3) + 5\n", "x", "int64"},
    {"x = np.float32(1) * np.float32(2)\n", "x", "float32"},
    {"x = np.float32(1) * 2.0\n", "x", "float64"},
    {"x = 1 + 2j\n", "x", "complex128"},
    {"x = (1 + 2j).real\n", "x", "float64"},
    {"x = abs(3 - 4j)\n", "x", "float64"},
    {"x = 1 < 2 < 3\n", "x", "bool"},
    {"x = 1 and 2.5\n", "x", "float64"},
    {"c = 1.0\nx = 1 if c > 1 else 2.5\n", "x", "float64"},
    {"x = 1 if 2 > 1 else 2.5\n", "x", "int64"},
    {"x = (y := 3) + 0.5\n", "y", "int64"},
    {"x = divmod(7, 2)\n", "x", "UniTuple(int64, 2)"},
    {"x = round(2.5)\n", "x", "int64"},
    {"x = round(2.5, 1)\n", "x", "float64"},
    {"x = max(1, 2.5)\n", "x", "float64"},
    {"x = sum((1, 2, 0.5))\n", "x", "float64"},
    {"x = int(2.5) + int(True)\n", "x", "int64"},
    {"x = float('inf')\n", "x", "float64"},
    {"x = complex(1, 2)\n", "x", "complex128"},
    {"x = math.sqrt(4)\n", "x", "float64"},
    {"x = math.sqrt(np.float32(4))\n", "x", "float32"},
    {"x = math.floor(2.5)\n", "x", "int64"},
    {"x = math.frexp(2.5)\n", "x", "Tuple(float64, int64)"},
    {"x = cmath.sqrt(-1)\n", "x", "complex128"},
    {"x = time.perf_counter()\n", "x", "float64"},
    {"x = f'{1:>5d} {2.5!r}'\n", "x", "str"},
    {"x = 3 in (1, 2, 3)\n", "x", "bool"},
    {"x = None\n", "x", "none"},
    {"x = np.pi\n", "x", "float64"},
    {"x = np.float32\n", "x", "dtype(float32)"},
    /* joins and loops */
    {"c = 1\nx = 1\nif c:\n    x = 2.5\ny = x\n", "y", "float64"},
    {"x = 1\nx = 2.5\n", "x", "float64"},
    {"s = 0\nfor i in range(3):\n    s += 0.5\ny = s\n", "y", "float64"},
    {"s = 0\nfor v in np.zeros(3, dtype=np.float32):\n    s += v\ny = s\n", "y", "float64"},
    {"c = 1\nx = None\nif c:\n    x = 2\ny = x\n", "y", "OptionalType(int64)"},
    {"c = 1\nif c:\n    x = np.zeros((2, 2))\nelse:\n    x = np.zeros((2, 2)).T\ny = x\n", "y", "array(float64, 2d, A)"},
    {"a = 1\nb = 2.5\nfor i in range(3):\n    a, b = b, a\ny = a\n", "y", "float64"},
    {"while True:\n    x = 1\n    break\ny = x\n", "y", "int64"},
    {"for i, v in enumerate(np.zeros(3)):\n    y = (i, v)\nz = y\n", "z", "Tuple(int64, float64)"},
    {"for a, b in zip((1, 2), np.zeros(2)):\n    y = (a, b)\nz = y\n", "z", "Tuple(int64, float64)"},
    {"for i, (a, b) in enumerate(zip(range(3), np.zeros(2))):\n    y = (i, a, b)\nz = y\n", "z", "Tuple(int64, int64, float64)"},
    {"for r in np.zeros((2, 3)):\n    y = r\nz = y\n", "z", "array(float64, 1d, C)"},
    {"for r in np.zeros((2, 3)).T:\n    y = r\nz = y\n", "z", "array(float64, 1d, A)"},
    {"for i, v in np.ndenumerate(np.zeros((2, 3))):\n    y = i\nz = y\n", "z", "UniTuple(int64, 2)"},
    {"for v in np.zeros((2, 3)).flat:\n    y = v\nz = y\n", "z", "float64"},
    {"for x in (1, 2.5):\n    y = x\nz = y\n", "z", "float64"},
    {"for d, e in ((-1, 0), (1, 0)):\n    y = d\nz = y\n", "z", "int64"},
    {"for i in range(np.uint8(3)):\n    y = i\nz = y\n", "z", "uint64"},
    {"for i in prange(np.uint8(3)):\n    y = i\nz = y\n", "z", "int64"},
    /* types that settle late, specialisations made on the way from types that do not last */
    {"s = 0\nfor i in range(3):\n    s += 0.5\nG = s\ndef f():\n    return G\nr = f()\n", "r", "float64"},
    {"def f(a, x):\n    a[0] = x\n    return x\na = np.zeros(2, dtype=np.complex64)\nx = 1\nfor i in range(3):\n    x = f(a, x) * 1j\nr = "
     "x\n",
     "r", "complex128"},
    {"def f(x):\n    if x is None:\n        return 0\n    return x + 1\nx = None\nfor i in range(3):\n    x = f(x)\nr = x\n", "r",
     "OptionalType(int64)"},
    /* functions */
    {"def f(x):\n    return x * 2\nr = f(1.5)\n", "r", "float64"},
    {"def f(n):\n    if n < 2:\n        return 1\n    return n * f(n - 1)\nr = f(5)\n", "f()", "int64"},
    {"def e(n):\n    if n == 0:\n        return True\n    return o(n - 1)\ndef o(n):\n    if n == 0:\n        return False\n    return e(n "
     "- 1)\nr = e(4)\n",
     "o()", "bool"},
    {"def f(n):\n    if n == 0:\n        return 1\n    return n - m(f(n - 1))\ndef m(n):\n    if n == 0:\n        return 0.0\n    return n "
     "- f(m(n - 1))\nr = f(3)\n",
     "f()", "float64"},
    {"def f(x):\n    if x > 10:\n        return x\n    return x * 1.5\nr = f(1)\n", "f()", "float64"},
    {"def f(x):\n    y = x\nr = f(1)\n", "f()", "none"},
    {"def f(x):\n    if x > 0:\n        return x\nr = f(1)\n", "f()", "OptionalType(int64)"},
    {"def f():\n    return np.float32(1)\nr = f()\n", "f()", "float32"},
    {"def f():\n    return np.float32(1)\nr = f()\n", "r", "float64"},
    {"def f():\n    return np.uint8(1), np.uint64(2), True\nr = f()\n", "r", "Tuple(int64, uint64, bool)"},
    {"def f():\n    return np.zeros(2, dtype=np.float32)\nr = f()\n", "r", "array(float32, 1d, C)"},
    {"def f(a, b=2.5):\n    return a * b\nr = f(2)\n", "r", "float64"},
    {"def f(a, b=2.5):\n    return a * b\nr = f(b=2, a=3)\n", "r", "int64"},
    {"def f(x=None):\n    if x is None:\n        return 1\n    return x.shape[0]\nr = f()\n", "r", "int64"},
    {"def f(a):\n    if a.ndim == 1:\n        return a[0]\n    return a[0, 0]\nr = f(np.zeros((2, 2)))\n", "r", "float64"},
    {"def g(x):\n    return x + 1\ndef f(h, x):\n    return h(x)\nr = f(g, 2.5)\n", "r", "float64"},
    {"def f(x):\n    k = 2\n    def g(y):\n        return y * k\n    k = 2.5\n    return g(x)\nr = f(1)\n", "r", "float64"},
    {"def f(x):\n    def g(n):\n        if n < 1:\n            return x\n        return g(n - 1)\n    return g(3)\nr = f(1.5)\n", "r",
     "float64"},
    {"K = np.float32(2)\ndef f():\n    return K\nr = f()\n", "f()", "float32"},
    {"W = np.zeros(3)\ndef f():\n    return W\nr = f()\n", "f()", "readonly array(float64, 1d, C)"},
    {"@njit('float32(float64)')\ndef f(x):\n    return x\nr = f(1)\n", "f()", "float32"},
    {"@njit([int64(int64), float64(float64)])\ndef f(x):\n    return x + x\nr = f(2)\n", "r", "int64"},
    {"@njit([int64(int64), float64(float64)])\ndef f(x):\n    return x + x\nr = f(np.float32(2))\n", "r", "float64"},
    {"def f(x: float64) -> int64:\n    return x\nr = f(2)\n", "r", "int64"},
    {"@njit(locals={'s': float32})\ndef f(n):\n    s = 0\n    for i in range(n):\n        s += 1.5\n    return s\nr = f(3)\n", "f()",
     "float32"},
    {"def f():\n    raise ValueError('no')\ndef g(c):\n    if c:\n        f()\n    return 1\nr = g(0)\n", "r", "int64"},
    {"def f(dt):\n    return np.zeros(3, dtype=dt)\nr = f(np.int32)\n", "r", "array(int32, 1d, C)"},
    /* arrays */
    {"a = np.zeros((2, 3))\nr = a.shape\n", "r", "UniTuple(int64, 2)"},
    {"a = np.zeros((2, 3))\nr = a[0]\n", "r", "array(float64, 1d, C)"},
    {"a = np.zeros((2, 3))\nr = a[:, 0]\n", "r", "array(float64, 1d, A)"},
    {"a = np.zeros((2, 3))\nr = a[0, :]\n", "r", "array(float64, 1d, C)"},
    {"a = np.zeros((2, 3))\nr = a[0:1, :]\n", "r", "array(float64, 2d, C)"},
    {"a = np.zeros((2, 3))\nr = a[:, 0:1]\n", "r", "array(float64, 2d, A)"},
    {"a = np.zeros((2, 3))\nr = a[::2]\n", "r", "array(float64, 2d, A)"},
    {"a = np.zeros((2, 3))\nr = a[...]\n", "r", "array(float64, 2d, C)"},
    {"a = np.zeros((2, 3)).T\nr = a[:, 1]\n", "r", "array(float64, 1d, C)"},
    {"a = np.zeros((2, 3)).T\nr = a[:, 1:]\n", "r", "array(float64, 2d, F)"},
    {"a = np.zeros(3)\nr = a[:, None]\n", "r", "array(float64, 2d, C)"},
    {"a = np.zeros((2, 3))\nt = (1, 2)\nr = a[t]\n", "r", "float64"},
    {"r = np.zeros(3, dtype=np.float32) * 2.0\n", "r", "array(float32, 1d, C)"},
    {"r = np.zeros(3, dtype=np.int32) * 0.5\n", "r", "array(float64, 1d, C)"},
    {"r = np.zeros(3, dtype=np.uint8) + 1\n", "r", "array(uint8, 1d, C)"},
    {"r = np.zeros(3) + np.zeros((2, 3))\n", "r", "array(float64, 2d, C)"},
    {"r = np.zeros((3, 2)).T + np.ones((3, 2)).T\n", "r", "array(float64, 2d, F)"},
    {"r = np.zeros(3) > 1\n", "r", "array(bool, 1d, C)"},
    {"r = np.sqrt(np.arange(3))\n", "r", "array(float64, 1d, C)"},
    {"r = np.abs(np.zeros(3, dtype=np.complex64))\n", "r", "array(float32, 1d, C)"},
    {"r = np.where(np.zeros(3, dtype=np.float32) > 1, 1.0, 0.0)\n", "r", "array(float64, 1d, C)"},
    {"r = np.sum(np.zeros(3, dtype=np.uint8))\n", "r", "uint64"},
    {"r = np.arange(3).mean()\n", "r", "float64"},
    {"r = np.zeros(3, dtype=np.float32).mean()\n", "r", "float32"},
    {"r = np.arange(3).argmax()\n", "r", "int64"},
    {"r = np.array([[1, 2], [3, 4.5]])\n", "r", "array(float64, 2d, C)"},
    {"r = np.array([i * 2 for i in range(3)])\n", "r", "array(int64, 1d, C)"},
    {"r = np.array([[i * j for j in range(3)] for i in range(2)])\n", "r", "array(int64, 2d, C)"},
    {"r = np.array([1, 2], dtype='float32')\n", "r", "array(float32, 1d, C)"},
    {"r = np.full(3, 2.5)\n", "r", "array(float64, 1d, C)"},
    {"r = np.arange(0, 1, 0.5)\n", "r", "array(float64, 1d, C)"},
    {"r = np.zeros_like(np.zeros((2, 3), dtype=np.int8).T)\n", "r", "array(int8, 2d, F)"},
    {"r = np.arange(6).reshape(2, -1)\n", "r", "array(int64, 2d, C)"},
    {"r = np.zeros((2, 3, 4)).transpose(1, 2, 0)\n", "r", "array(float64, 3d, A)"},
    {"r = np.zeros(3, dtype=np.complex128).real\n", "r", "array(float64, 1d, A)"},
    {"r = sum(x * 0.5 for x in np.arange(3))\n", "r", "float64"},
    {"r = max(x for x in np.arange(3))\n", "r", "int64"},
    {"t = (1, 2.5, 3)\nr = t[1]\n", "r", "float64"},
    {"t = (1, 2.5, 3)\nr = t[-2:]\n", "r", "Tuple(float64, int64)"},
    {"t = (1, 2)\ni = 1 + 0\nr = t[i]\n", "r", "int64"},
    {"t = (1,) + (2.5,)\n", "t", "Tuple(int64, float64)"},
};

START_TEST(finds_type) {
  Unit u;
  unit_init(&u, types[_i].src);
  StrBuf text = {0};
  diag_render(&u.diag, &text);
  ck_assert_msg(u.ok, "%s\n%s", types[_i].src, sb_text(&text));
  const char *got = find(&u, types[_i].name);
  ck_assert_msg(strcmp(got, types[_i].want) == 0, "%s: %s is %s, wanted %s", types[_i].src, types[_i].name, got, types[_i].want);
  sb_drop(&text);
  arena_drop(&u.arena);
}
END_TEST

static const struct {
  const char *src;
  ErrorKind kind;
  uint32_t line; /* after the imports */
  const char *text;
} errors[] = {
    {"x = 'a' * 2.5\n", TYPE_ERROR, 1, "unsupported operand types for *"},
    {"x = 1 < 2j\n", TYPE_ERROR, 1, "not supported between 'int64' and 'complex128'"},
    {"c = 1\nif c:\n    x = 1.5\nelse:\n    x = np.zeros(3)\ny = x\n", TYPE_ERROR, 5, "no type holds both"},
    {"def f(c):\n    if c:\n        return 1\n    return np.zeros(3)\nr = f(1)\n", TYPE_ERROR, 4, "f() returns array(float64, 1d, C) here"},
    {"for i in range(2.0):\n    pass\n", TYPE_ERROR, 1, "cannot be interpreted as an integer"},
    {"for c in 'abc':\n    pass\n", TYPE_ERROR, 1, "str is not iterable"},
    {"for x in (1, 'a'):\n    pass\n", TYPE_ERROR, 1, "no type in common"},
    {"def line(x, a, b):\n    return a * x + b\nr = line(1, 2)\n", TYPE_ERROR, 3, "line() missing 1 required positional argument: 'b'"},
    {"def line(x, a, b):\n    return a * x + b\nr = line(1)\n", TYPE_ERROR, 3,
     "line() missing 2 required positional arguments: 'a' and 'b'"},
    {"def f(x):\n    return x\nr = f(1, 2)\n", TYPE_ERROR, 3, "f() takes 1 positional argument but 2 were given"},
    {"def f(x, y=1):\n    return x\nr = f(1, 2, 3)\n", TYPE_ERROR, 3, "f() takes from 1 to 2 positional arguments but 3 were given"},
    {"def f(x):\n    return x\nr = f(1, x=2)\n", TYPE_ERROR, 3, "multiple values for argument 'x'"},
    {"def f(x):\n    return x\nr = f(y=2)\n", TYPE_ERROR, 3, "unexpected keyword argument 'y'"},
    {"def g(x):\n    return x + 'a'\ndef f(x):\n    return g(x)\nr = f(1)\n", TYPE_ERROR, 2, "unsupported operand types"},
    {"a = np.zeros(3)\na[0] = 1j\n", TYPE_ERROR, 2, "cannot store complex128 into 'a', an array of float64"},
    {"a = np.zeros(3)\na[0] = 'x'\n", TYPE_ERROR, 2, "cannot store str"},
    {"W = np.zeros(3)\ndef f():\n    W[0] = 1\nf()\n", TYPE_ERROR, 3, "'W' is a top-level array"},
    {"W = np.zeros(3)\ndef g(a):\n    a[0] = 1\ndef f():\n    g(W)\nf()\n", TYPE_ERROR, 3, "read-only"},
    {"def f():\n    return W[0]\nr = f()\nW = np.zeros(3)\n", NAME_ERROR, 2, "before the top level assigns it"},
    {"t = (1, 2)\nt[0] = 5\n", TYPE_ERROR, 2, "tuples cannot be changed"},
    {"t = (1, 2)\nr = t[2]\n", INDEX_ERROR, 2, "tuple index out of range"},
    {"t = (1, 2.5)\nfor i in range(2):\n    r = t[i]\n", TYPE_ERROR, 3, "needs a constant index"},
    {"a = np.zeros(3)\nr = a[0, 1]\n", TYPE_ERROR, 2, "too many indices: 2 for a 1-d array"},
    {"a = np.zeros(3)\nr = a[0.5]\n", TYPE_ERROR, 2, "not float64"},
    {"a = np.zeros(3)\nr = a[::0]\n", VALUE_ERROR, 2, "slice step cannot be zero"},
    {"a = np.zeros(3)\nm = np.zeros((3, 3)) > 0\nr = a[m]\n", TYPE_ERROR, 3, "too many indices: 2 for a 1-d array"},
    {"a = np.zeros(3)\nr = a.sun()\n", ATTRIBUTE_ERROR, 2, "did you mean 'sum'?"},
    {"a = np.zeros((3, 3))\nr = a.sum(axis=2)\n", VALUE_ERROR, 2, "axis 2 is out of bounds for array of dimension 2"},
    {"a = np.zeros((3, 3))\nr = a.sum(axis=(0, -2))\n", VALUE_ERROR, 2, "duplicate value in 'axis'"},
    {"a = np.zeros((3, 3))\nr = a.argmax(axis=(0, 1))\n", TYPE_ERROR, 2, "takes one axis"},
    {"a = np.zeros(3)\nif a:\n    pass\n", TYPE_ERROR, 2, "truth value of an array is ambiguous"},
    {"r = math.sqrt(np.zeros(3))\n", TYPE_ERROR, 1, "math.sqrt takes numbers; use np.sqrt for arrays"},
    {"r = np.array([[1, 2], [3]])\n", VALUE_ERROR, 1, "different lengths or depths"},
    {"r = np.array([1, [3]])\n", VALUE_ERROR, 1, "different lengths or depths"},
    {"r = np.array([[1], 3])\n", VALUE_ERROR, 1, "different lengths or depths"},
    {"r = np.zeros(2.5)\n", TYPE_ERROR, 1, "a shape is an integer"},
    {"r = np.zeros(2, dtype='float65')\n", TYPE_ERROR, 1, "data type 'float65' not understood"},
    {"r = np.sqrt(1, 2, 3)\n", TYPE_ERROR, 1, "sqrt() takes 1 argument but 3 were given"},
    {"r = math.sqrt()\n", TYPE_ERROR, 1, "missing required argument 'x'"},
    {"r = f'{2.5:d}'\n", VALUE_ERROR, 1, "Unknown format code 'd' for object of type 'float'"},
    {"r = f'{(1, 2):d}'\n", TYPE_ERROR, 1, "tuple.__format__"},
    {"r = int('x')\n", VALUE_ERROR, 1, "invalid literal for int()"},
    {"r = float(1j)\n", TYPE_ERROR, 1, "cannot convert complex128 to float64"},
    {"a, b = 1, 2, 3\n", VALUE_ERROR, 1, "too many values to unpack (expected 2, got 3)"},
    {"a, b, c = 1, 2\n", VALUE_ERROR, 1, "not enough values to unpack (expected 3, got 2)"},
    {"a, b = 5\n", TYPE_ERROR, 1, "cannot unpack int64"},
    {"def f(n):\n    for i in range(n):\n        c += i\n    return c\nr = f(3)\n", NAME_ERROR, 3, "'c' is read before it is assigned"},
    {"x = 5\nr = x(1)\n", TYPE_ERROR, 2, "'int64' object is not callable"},
    {"x = [1, 2]\n", NOT_IMPLEMENTED_ERROR, 1, "np.array"},
    {"x = range(3)\n", TYPE_ERROR, 1, "only good where it is used directly"},
    {"def f(n):\n    return f(n - 1)\nr = f(3)\n", TYPE_ERROR, 1, "every path needs it"},
    {"def f(n):\n    if len(n) > 5:\n        return 1\n    return f((n, n))\nr = f((1,))\n", RECURSION_ERROR, 4, "without end"},
    {"def f(n, x):\n    if n == 0:\n        return 1\n    return f(n - 1, (x, x))\nr = f(3, 1)\n", RECURSION_ERROR, 4, "without end"},
    {"a = np.zeros(3, dtype=np.int64)\na += 0.5\n", TYPE_ERROR, 2, "in place"},
    {"@njit('float64(float64)')\ndef f(x):\n    return x\nr = f(1j)\n", TYPE_ERROR, 4, "no signature of f() takes (complex128)"},
    {"def f(x: float64):\n    return x\nr = f(1j)\n", TYPE_ERROR, 3, "f() takes float64 for 'x'"},
    {"print(1, sep=2)\n", TYPE_ERROR, 1, "sep must be None or a string"},
    {"print(math.sqrt)\n", TYPE_ERROR, 1, "cannot be printed"},
};

START_TEST(finds_error) {
  Unit u;
  unit_init(&u, errors[_i].src);
  StrBuf text = {0};
  diag_render(&u.diag, &text);
  ck_assert_msg(!u.ok && u.diag.first, "no error: %s", errors[_i].src);
  const Diagnostic *d = u.diag.first;
  ck_assert_msg(d->kind == errors[_i].kind, "%s\n%s", errors[_i].src, sb_text(&text));
  uint32_t line = d->at.src ? source_line_col(d->at.src, d->at.lo).line - PRELUDE_LINES : 0;
  ck_assert_msg(line == errors[_i].line, "line %u, wanted %u: %s", line, errors[_i].line, sb_text(&text));
  ck_assert_msg(strstr(d->message, errors[_i].text) != NULL, "wanted '%s': %s", errors[_i].text, sb_text(&text));
  ck_assert_msg(u.diag.errors == 1, "%u errors: %s", u.diag.errors, sb_text(&text));
  sb_drop(&text);
  arena_drop(&u.arena);
}
END_TEST

/* The chain of calls that led to an error in a callee is in its notes. */
START_TEST(notes_calls) {
  Unit u;
  unit_init(&u, "def g(x):\n    return x + 'a'\ndef f(x):\n    return g(x)\nr = f(1)\n");
  StrBuf text = {0};
  diag_render(&u.diag, &text);
  const char *first = strstr(sb_text(&text), "t.lp:8:12: note: in this call of g()");
  ck_assert_msg(first && strstr(first, "t.lp:9:5: note: in this call of f()"), "%s", sb_text(&text));
  sb_drop(&text);
  arena_drop(&u.arena);
}
END_TEST

START_TEST(dumps_types) {
  Unit u;
  unit_init(&u, "def f(a, n):\n    s = 0\n    for i in range(n):\n        s += a[i]\n    return s\nr = f(np.zeros(3), 2)\n");
  ck_assert(u.ok);
  StrBuf text = {0};
  types_dump(&u.program, u.program.main, &text);
  const char *want = "t.lp:5: def f(a: array(float64, 1d, C), n: int64) -> float64:\n"
                     "    6 |     s = 0\n"
                     "        s: int64\n"
                     "    7 |     for i in range(n):\n"
                     "        s: float64 = join(int64, float64)\n"
                     "        i: int64\n"
                     "         14: range(n): iterator(int64)\n"
                     "         20: n: int64\n"
                     "    8 |         s += a[i]\n"
                     "        s: float64\n"
                     "         14: a[i]: float64\n"
                     "         14: a: array(float64, 1d, C)\n"
                     "         16: i: int64\n"
                     "    9 |     return s\n"
                     "         12: s: float64\n";
  ck_assert_msg(strstr(sb_text(&text), want) != NULL, "%s", sb_text(&text));
  sb_drop(&text);
  arena_drop(&u.arena);
}
END_TEST

Suite *suite_infer(void);
Suite *suite_infer(void) {
  Suite *s = suite_create("infer");
  TCase *t = tcase_create("infer");
  tcase_add_loop_test(t, finds_type, 0, LJ_COUNT(types));
  tcase_add_loop_test(t, finds_error, 0, LJ_COUNT(errors));
  tcase_add_test(t, notes_calls);
  tcase_add_test(t, dumps_types);
  suite_add_tcase(s, t);
  return s;
}
