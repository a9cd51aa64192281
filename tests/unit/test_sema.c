/* Names, versions, joins, decorators: what sema finds in small programs, and what it refuses. */
#include "tests/unit/sema_help.h"

/* The lines that sema_dump must print, in this order; others may stand between. */
static const struct {
  const char *src;
  const char *lines[6];
} versions[] = {
    {"def f(c):\n  if c:\n    x = 1\n  else:\n    x = 2.5\n  return x\n", {"x.3 = value@3", "x.4 = value@5", "x.5 = if@2(3 4)\n"}},
    {"def f(c):\n  if c:\n    x = 1\n  return x\n", {"x.3 = value@3", "x.4 = if@2(3 unset)?\n"}},
    {"def f(c):\n  if c:\n    x = 1\n  else:\n    return 0\n  return x\n", {"f (no end)", "x.3 = value@3\n"}},
    {"def f(c):\n  if c:\n    x = 1\n  else:\n    raise ValueError\n  return x\n", {"x.3 = value@3\n"}},
    {"def f(c):\n  x = 0\n  if c:\n    x = 1\n  c = 2\n", {"x.3 = value@2 unused", "x.4 = value@4 unused"}},
    {"def f(n):\n  s = 0\n  for i in range(n):\n    s += i\n  return s\n",
     {"s.4 = value@2", "s.5 = head@3(4 7)", "i.6 = assign@3", "s.7 = assign@4"}},
    {"def f(n):\n  for i in range(n):\n    t = i\n  return t\n", {"t.4 = head@2(unset 6)?"}},
    {"def f():\n  for i in range(3):\n    t = i\n  return t\n", {"t.2 = head@2(unset 4)?", "t.5 = exit@2(2)\n"}},
    {"def f():\n  for i in range(10, 0, -1):\n    t = i\n  return t\n", {"t.5 = exit@2(2)\n"}},
    {"def f():\n  for i in (4, 5):\n    t = i\n  return t\n", {"t.5 = exit@2(2)\n"}},
    {"def f():\n  for i in range(3, 3):\n    t = i\n  return t\n", {"t.2 = head@2(unset 4)?\n"}},
    {"def f(n):\n  for i in range(n):\n    if i > 3:\n      r = 1\n      break\n  else:\n    r = 2\n  return r\n",
     {"r.5 = value@4", "r.6 = value@7", "r.7 = exit@2(6 5)\n"}},
    {"def f(n):\n  while True:\n    n -= 1\n    if n < 0:\n      r = n\n      break\n  return r\n",
     {"n.3 = head@2(1 4)", "r.5 = value@5\n"}},
    {"def f(n):\n  while True:\n    n += 1\n", {"f (no end)", "n.2 = head@2(1 3)"}},
    {"def f(n):\n  s = 0\n  while n:\n    if n == 3:\n      s = 1\n      continue\n    s = 2\n    n -= 1\n  return s\n",
     {"s.3 = value@2", "s.4 = head@3(3 7 6)", "s.6 = value@5"}},
    {"def f(a):\n  if a and (b := 2):\n    return b\n  return 0\n", {"b.3 = assign@2", "b.4 = expr@2(unset 3)?"}},
    {"def f(a):\n  x = (b := 1) if a else (b := 2)\n  return b + x\n", {"b.4 = assign@2", "b.5 = assign@2", "b.6 = expr@2(4 5)"}},
    {"def f(a, b):\n  a, b = b, a\n  a += 1\n  return a\n", {"a.4 = assign@2", "b.5 = assign@2 unused", "a.6 = assign@3"}},
    {"def f(n):\n  return 1 if n < 2 else f(n - 1)\n", {"f.1 = def@1", "n.1 = param"}},
    {"def o(a):\n  def g(x):\n    return x + a\n  return g(1)\n", {"g.3 = def@2", "a.3 = capture of o"}},
    {"def o(a):\n  def g(x):\n    return x + a\n  def h(x):\n    return g(x)\n  return h(1)\n", {"h (no end)", "a.3 = capture of o"}},
    {"def f(a):\n  x = 1\n  return sum(x * 2 for x in a) + x\n", {"x.3 = value@2\n", "x.5 = assign@3\n"}},
    {"def f():\n  x = 1\n  return x\n  x = 2\n", {"x.1 = value@2\n", "x.2 = value@4 unused"}},
    {"n = 3\ndef f():\n  return n\n", {"n.2 = value@1\n", "global n = 2"}},
};

START_TEST(makes_versions) {
  Program1 p;
  program1_load(&p, versions[_i].src);
  ck_assert_msg(p.ok, "%s\n%s", p.ok ? "" : p.diag.first->message, versions[_i].src);
  StrBuf out = {0};
  sema_dump(p.module, &out);
  const char *at = out.data;
  for (int k = 0; k < 6 && versions[_i].lines[k]; k++) {
    const char *found = strstr(at, versions[_i].lines[k]);
    ck_assert_msg(found, "no '%s' in\n%s\nof\n%s", versions[_i].lines[k], out.data, versions[_i].src);
    at = found + strlen(versions[_i].lines[k]) - (found[strlen(versions[_i].lines[k]) - 1] == '\n');
  }
  sb_drop(&out);
  program1_drop(&p);
}
END_TEST

/* Kind and line of the first error, a part of its message, a part of its first note. */
static const struct {
  const char *src;
  ErrorKind kind;
  uint32_t line;
  const char *message, *note;
} refused[] = {
    {"scale = 2\nx = scael\n", NAME_ERROR, 2, "name 'scael' is not defined", "did you mean 'scale'?"},
    {"def f(x):\n  return lenn(x)\n", NAME_ERROR, 2, "name 'lenn' is not defined", "'len'"},
    {"x = np.zeros(3)\n", NAME_ERROR, 1, "name 'np' is not defined", "import numpy as np"},
    {"x = sorted((1, 2))\n", NAME_ERROR, 1, "not part of the loop language", "np.sort"},
    {"import numpy as np\nx = np.sqr(2)\n", ATTRIBUTE_ERROR, 2, "module 'numpy' has no function 'sqr'", "'sqrt'"},
    {"import os\n", IMPORT_ERROR, 1, "there is no module 'os'", "numpy, math"},
    {"from numpy import zeroes\n", IMPORT_ERROR, 1, "cannot import name 'zeroes' from 'numpy'", "zeros"},
    {"from math import sqrt\nsqrt = 3\n", TYPE_ERROR, 2, "imported and also assigned", "imported here"},
    {"from math import sqrt\nfrom numpy import sqrt\n", TYPE_ERROR, 2, "imported as something else", NULL},
    {"def f():\n  y = x\n  x = 1\n  return y\n", NAME_ERROR, 2, "'x' is read before it is assigned", "assigned here"},
    {"x = 1\ndef f():\n  x += 1\n  return x\n", NAME_ERROR, 3, "'x' is read before it is assigned", "local of 'f'"},
    {"def f(c):\n  while c:\n    print(q)\n    if c:\n      break\n    q: int\n", NAME_ERROR, 3, "'q' is read", NULL},
    {"def o():\n  def g():\n    return k\n  x = g()\n  k = 1\n  return x\n", NAME_ERROR, 4, "'k' is read by 'g'", NULL},
    {"f()\ndef f():\n  pass\n", NAME_ERROR, 1, "'f' is read before", NULL},
    {"n = 1\nn = 2\ndef f():\n  return n\n", TYPE_ERROR, 2, "functions read 'n' as a constant, but it is assigned twice",
     "first assignment"},
    {"n = 1\nn += 2\ndef f():\n  return n\n", TYPE_ERROR, 2, "assigned twice", "first"},
    {"for n in range(3):\n  pass\ndef f():\n  return n\n", TYPE_ERROR, 1, "assigned in a loop", "reads 'n' here"},
    {"def f():\n  raise Foo('x')\n", NAME_ERROR, 2, "name 'Foo'", NULL},
    {"def f(x):\n  raise x\n", TYPE_ERROR, 2, "no kind of exception", NULL},
    {"def f(a):\n  return [y := x for x in a]\n", NOT_IMPLEMENTED_ERROR, 2, "walrus", NULL},
    {"@njti\ndef f():\n  pass\n", NAME_ERROR, 1, "name 'njti'", NULL},
    {"from numba import njit\n@njit(fastmat=True)\ndef f():\n  pass\n", TYPE_ERROR, 2, "'njit' has no option 'fastmat'", "fastmath"},
    {"from numba import njit\n@njit(parallel=1)\ndef f():\n  pass\n", TYPE_ERROR, 2, "'parallel' is True or False", NULL},
    {"from numba import jit\n@jit(nopython=False)\ndef f():\n  pass\n", TYPE_ERROR, 2, "no object mode", NULL},
    {"from numba import njit\n@njit(error_model='c')\ndef f():\n  pass\n", TYPE_ERROR, 2, "\"python\" or \"numpy\"", NULL},
    {"from numba import njit\n@njit(fastmath={'nan'})\ndef f():\n  pass\n", TYPE_ERROR, 2, "no such flag", "contract"},
    {"from numba import njit\n@njit\n@njit\ndef f():\n  pass\n", TYPE_ERROR, 3, "two decorators", NULL},
    {"import numpy as np\n@np.sqrt\ndef f():\n  pass\n", TYPE_ERROR, 2, "no decorator", "njit"},
    {"from numba import njit\n@njit(locals={'y': 1})\ndef f(x):\n  return x\n", NAME_ERROR, 2, "no variable 'y'", NULL},
};

START_TEST(refuses) {
  Program1 p;
  program1_load(&p, refused[_i].src);
  ck_assert_msg(!p.ok, "no error in\n%s", refused[_i].src);
  const Diagnostic *d = p.diag.first;
  ck_assert_msg(d->kind == refused[_i].kind, "%s: %s", error_kind_name(d->kind), d->message);
  ck_assert_msg(strstr(d->message, refused[_i].message), "'%s' in\n%s", d->message, refused[_i].src);
  ck_assert_uint_eq(source_line_col(d->at.src, d->at.lo).line, refused[_i].line);
  if (refused[_i].note)
    ck_assert_msg(d->next && strstr(d->next->message, refused[_i].note), "note '%s' in\n%s", d->next ? d->next->message : "",
                  refused[_i].src);
  program1_drop(&p);
}
END_TEST

static const char *const accepted[] = {
    "import numpy as np, math\nfrom numba import njit, prange, float64 as f8\nx = f8(1) + np.sqrt(2)\n",
    "import numba as nb\nimport math\nx = nb.types.float64(math.pi)\n",
    "if __name__ == '__main__':\n  x = 1\n",
    "import numpy.linalg\nimport loopjit as lj\nfrom __future__ import annotations\nx = numpy.sqrt(2)\n@lj.njit\ndef f():\n  pass\n",
    "max = max(1, 2)\nx = max\n", /* Python's builtin until the name is assigned */
    "def f(x):\n  np = 3\n  len = x\n  return np + len\n",
    "k = 2\ndef f(x, n=k):\n  return x + n\n",
    "def o(a):\n  def g(x, n=a):\n    return x + n\n  return g(1)\n",
    "def f():\n  return g()\ndef g():\n  return f()\n",
    "n = 1\nn = 2\ndef f(n):\n  return n\n", /* no function reads the top level's n */
    "import numpy as np\ndef f():\n  raise np.linalg.LinAlgError('x')\n",
    "def f(a, b):\n  return [x * y for x in a for y in b if x < y]\n",
    "def f():\n  while True:\n    pass\n  print(x)\n  x = 1\n", /* cannot be reached */
};

START_TEST(accepts) {
  Program1 p;
  program1_load(&p, accepted[_i]);
  ck_assert_msg(p.ok, "%s\n%s", p.ok ? "" : p.diag.first->message, accepted[_i]);
  program1_drop(&p);
}
END_TEST

START_TEST(reads_options) {
  Program1 p;
  program1_load(&p, "from numba import njit, vectorize, guvectorize, stencil, float64, float32\nfrom functools import lru_cache\n"
                    "@njit(float64(float64), parallel=True, fastmath={'nnan', 'contract'}, error_model='numpy', boundscheck=False, "
                    "locals={'x': float32})\n"
                    "def f(x): return x\n"
                    "@vectorize(['float64(float64)', 'float32(float32)'], target='parallel', identity=0)\ndef g(x): return x\n"
                    "@guvectorize(['(float64[:], float64[:])'], '(n)->(n)')\ndef h(x, y): pass\n"
                    "@stencil(cval=1.0)\ndef s(a): return a[0]\n"
                    "@lru_cache(maxsize=None)\ndef c(a): return a\n"
                    "@njit\ndef plain(a): return a\n");
  ck_assert_msg(p.ok, "%s", p.ok ? "" : p.diag.first->message);
  FuncDef **fs = p.module->funcs.data;
  ck_assert_int_eq(fs[1]->kind, FUNC_JIT);
  ck_assert_int_eq(fs[1]->options.fastmath, FM_NNAN | FM_CONTRACT);
  ck_assert_int_eq(fs[1]->options.parallel, TRI_YES);
  ck_assert_int_eq(fs[1]->options.boundscheck, TRI_NO);
  ck_assert_int_eq(fs[1]->options.error_model, ERROR_MODEL_NUMPY);
  ck_assert_uint_eq(fs[1]->options.signatures.len, 1);
  ck_assert_uint_eq(fs[1]->options.locals.len, 1);
  ck_assert_int_eq(fs[2]->kind, FUNC_VECTORIZE);
  ck_assert_uint_eq(fs[2]->options.signatures.len, 2);
  ck_assert_int_eq(fs[2]->options.target_parallel, TRI_YES);
  ck_assert_ptr_nonnull(fs[2]->options.identity);
  ck_assert_int_eq(fs[3]->kind, FUNC_GUVECTORIZE);
  ck_assert_ptr_nonnull(fs[3]->options.layout);
  ck_assert_int_eq(fs[4]->kind, FUNC_STENCIL);
  ck_assert_ptr_nonnull(fs[4]->options.cval);
  ck_assert(fs[5]->options.lru && fs[5]->options.lru_maxsize == -1 && fs[5]->kind == FUNC_PLAIN);
  ck_assert_int_eq(fs[6]->options.fastmath, FM_DEFAULT);
  ck_assert_int_eq(fs[0]->options.fastmath, FM_DEFAULT);
  program1_drop(&p);
}
END_TEST

START_TEST(captures_stand_at_the_call) {
  Program1 p;
  program1_load(&p, "def o():\n  k = 1\n  def g():\n    return k\n  k = 2\n  return g()\n");
  ck_assert(p.ok);
  const FuncDef *outer = p.module->funcs.data[1], *inner = p.module->funcs.data[2];
  ck_assert_uint_eq(inner->captures.len, 1);
  ck_assert_ptr_eq(inner->captures.data[0]->captured, outer->locals.data[0]);
  const Expr *call = outer->body.data[3]->as.value;
  ck_assert_int_eq(call->as.call.callee->ref.kind, REF_FUNC);
  ck_assert_uint_eq(source_line_col(&p.source, call->as.call.callee->ref.captures[0]->span.lo).line, 5);
  program1_drop(&p);
}
END_TEST

START_TEST(finds_builtins) {
  for (int id = 0; id < BI_COUNT; id++) { /* each row is found by its own name, or by one before it */
    const char *name = builtins[id].name, *dot = strrchr(name, '.');
    size_t prefix = dot ? (size_t)(dot - name) : 0;
    const Builtin *found = builtin_find(name, prefix, dot ? dot + 1 : name, strlen(dot ? dot + 1 : name));
    ck_assert_msg(found == &builtins[id], "%s is found as another row", name);
  }
  ck_assert_ptr_null(builtin_find("numpy", 5, "random.rand", 11));
  ck_assert_ptr_eq(builtin_find("loopjit", 7, "f8", 2), &builtins[BI_NB_FLOAT64]);
  ck_assert_str_eq(builtin_suggest("numpy", "zeroes", 6), "zeros");
  ck_assert_ptr_null(builtin_suggest("numpy", "qqqqqqq", 7));
  ck_assert(builtin_module_exists("numpy.random", 12) && !builtin_module_exists("scipy", 5));
  ck_assert_uint_eq(edit_distance("scael", 5, "scale", 5), 1);
  ck_assert(builtin_const(BI_NP_PI) > 3.14 && builtin_const(BI_MATH_NAN) != builtin_const(BI_MATH_NAN));
  for (int id = 0; id < BI_COUNT; id++)
    if (builtins[id].typing == TR_CONST && id != BI_NP_NEWAXIS) builtin_const((BuiltinId)id); /* each has a value */
}
END_TEST

Suite *suite_sema(void);
Suite *suite_sema(void) {
  Suite *suite = suite_create("sema");
  TCase *tc = tcase_create("sema");
  tcase_add_loop_test(tc, makes_versions, 0, (int)LJ_COUNT(versions));
  tcase_add_loop_test(tc, refuses, 0, (int)LJ_COUNT(refused));
  tcase_add_loop_test(tc, accepts, 0, (int)LJ_COUNT(accepted));
  tcase_add_test(tc, reads_options);
  tcase_add_test(tc, captures_stand_at_the_call);
  tcase_add_test(tc, finds_builtins);
  suite_add_tcase(suite, tc);
  return suite;
}
