/* The parser: the trees it makes, the errors it reports (all of them, where, and no others), its limits. */
#include <check.h>

#include "frontend/ast.h"

static Arena arena;
static StrTab names;
static Source src;
static Diag diag;

static void set_up(void) {
  arena_init(&arena);
  strtab_init(&names, &arena);
  diag_init(&diag, &arena);
}
static void tear_down(void) { arena_drop(&arena); }

static Module *parse(const char *text, size_t length) {
  Module *module;
  source_init(&src, &arena, "t.lp", text, (uint32_t)length);
  bool ok = parse_module(&arena, &names, &src, sym_c(&names, "t"), &diag, &module);
  ck_assert(ok == (module != NULL) && ok == (diag.errors == 0));
  return module;
}

/* The dump as one line of nested parentheses, without places. */
static void flatten(const char *dump, StrBuf *out) {
  size_t open = 0;
  for (const char *at = dump, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
    size_t depth = strspn(at, " ") / 2;
    const char *stop = end;
    for (const char *p = at; p + 2 < end; p++)
      if (memcmp(p, "  @", 3) == 0) stop = p;
    for (; open > depth; open--) sb_putc(out, ')');
    sb_puts(out, out->len ? " (" : "(");
    sb_add(out, at + depth * 2, (size_t)(stop - at) - depth * 2);
    open = depth + 1;
  }
  sb_pad(out, ')', open);
}

static const struct {
  const char *text, *want; /* want: without "(module …)" */
} trees[] = {
    {"x = 1 + 2 * 3 ** -4 ** 5 - -a // b % c @ d\n",
     "(assign (target: name x) (value: binary - (binary + (int 1) (binary * (int 2) (binary ** (int 3) (unary - (binary ** (int 4) (int "
     "5)))))) (binary @ (binary % (binary // (unary - (name a)) (name b)) (name c)) (name d))))"},
    {"-a ** 2\n~+-x\n", "(expr (unary - (binary ** (name a) (int 2)))) (expr (unary ~ (unary + (unary - (name x)))))"},
    {"a << 1 | b & c ^ d >> 2\n",
     "(expr (binary | (binary << (name a) (int 1)) (binary ^ (binary & (name b) (name c)) (binary >> (name d) (int 2)))))"},
    {"not a == b and c or not d\n",
     "(expr (boolop or (boolop and (unary not (compare == (name a) (name b))) (name c)) (unary not (name d))))"},
    {"a < b <= c != d is not e not in f is g in h\n",
     "(expr (compare < <= != is not not in is in (name a) (name b) (name c) (name d) (name e) (name f) (name g) (name h)))"},
    {"x = a if b else c if d else e\n",
     "(assign (target: name x) (value: ifexp (cond: name b) (then: name a) (else: ifexp (cond: name d) (then: name c) (else: name e))))"},
    {"a[1], a[1:2, ::3, ..., None], a[i,], a[:], a[(1, 2)]\n",
     "(expr (tuple (index (name a) (item: int 1)) (index tuple (name a) (item: slice (lo: int 1) (hi: int 2)) (item: slice (step: int 3)) "
     "(item: ellipsis) (item: none)) (index tuple (name a) (item: name i)) (index (name a) (item: slice)) (index (name a) (item: tuple "
     "(int "
     "1) (int 2)))))"},
    {"a.b.c(1, x=2)(y)[0].d\n",
     "(expr (attr .d (index (call (call (attr .c (attr .b (name a))) (arg: int 1) (x: int 2)) (arg: name y)) (item: int 0))))"},
    {"x = y = 1, 2\n(a, b), [c, d] = t\na, = x\n() = x\n",
     "(assign (target: name x) (target: name y) (value: tuple (int 1) (int 2))) (assign (target: tuple (tuple (name a) (name b)) (list "
     "(name c) (name d))) (value: name t)) (assign (target: tuple (name a)) (value: name x)) (assign (target: tuple) (value: name x))"},
    {"x: float64[:, ::1] = 3\ny: int\na.b: int = 1,\n",
     "(ann_assign (target: name x) (annotation: index tuple (name float64) (item: slice) (item: slice (step: int 1))) (value: int 3)) "
     "(ann_assign (target: name y) (annotation: name int)) (ann_assign (target: attr .b (name a)) (annotation: name int) (value: tuple "
     "(int "
     "1)))"},
    {"a >>= 1\na |= b\na ^= c\na &= 3, 4\n",
     "(aug_assign >>= (target: name a) (value: int 1)) (aug_assign |= (target: name a) (value: name b)) (aug_assign ^= (target: name a) "
     "(value: name c)) (aug_assign &= (target: name a) (value: tuple (int 3) (int 4)))"},
    {"if a: b\nelif c: d\nelse: e\n",
     "(if (cond: name a) (body (expr (name b))) (else (if (cond: name c) (body (expr (name d))) (else (expr (name e))))))"},
    {"if (n := f(x)) > 3:\n  pass\nelif y := 2:\n  pass\n", "(if (cond: compare > (walrus n (call (name f) (arg: name x))) (int 3)) (body "
                                                            "(pass)) (else (if (cond: walrus y (int 2)) (body (pass)))))"},
    {"while a: break\nelse: pass\n", "(while (cond: name a) (body (break)) (else (pass)))"},
    {"for i, (j, k) in zip(a, b): continue\nelse:\n  x; y;\n",
     "(for (target: tuple (name i) (tuple (name j) (name k))) (iter: call (name zip) (arg: name a) (arg: name b)) (body (continue)) (else "
     "(expr (name x)) (expr (name y))))"},
    {"for i in 1, 2: pass\nfor a[0] in x: pass\n",
     "(for (target: name i) (iter: tuple (int 1) (int 2)) (body (pass))) (for (target: index (name a) (item: int 0)) (iter: name x) (body "
     "(pass)))"},
    {"def f(a, /, b: int = 1, *, c, d=2) -> float64:\n  \"\"\"doc\"\"\"\n  return a, b\n",
     "(def f (param a positional) (param b (annotation: name int) (default: int 1)) (param c keyword) (param d keyword (default: int 2)) "
     "(returns: name float64) (body (expr (str \"doc\")) (return (tuple (name a) (name b)))))"},
    {"@njit\n@vectorize([\"float64(float64)\"], target=\"parallel\")\ndef f(): return\n",
     "(def f (decorator: name njit) (decorator: call (name vectorize) (arg: list (str \"float64(float64)\")) (target: str \"parallel\")) "
     "(body (return)))"},
    {"@njit(locals={\"x\": float32}, fastmath={\"nnan\", \"contract\"})\ndef f(x): pass\n",
     "(def f (param x) (decorator: call (name njit) (locals: call (name dict) (x: name float32)) (fastmath: call (name set) (arg: str "
     "\"nnan\") (arg: str \"contract\"))) (body (pass)))"},
    {"import numpy as np, numba.core, math\nfrom numba import njit, prange as pr\nfrom a.b import (c,\n  d,)\n",
     "(import (module numpy as np) (module numba.core as numba) (module math as math)) (import (module numba name njit as njit) (module "
     "numba name prange as pr)) (import (module a.b name c as c) (module a.b name d as d))"},
    {"assert x, \"m\"\nassert y\nraise ValueError(\"bad\", 1)\nraise\nraise E\n",
     "(assert (cond: name x) (message: str \"m\")) (assert (cond: name y)) (raise (call (name ValueError) (arg: str \"bad\") (arg: int "
     "1))) "
     "(raise) (raise (name E))"},
    {"sum(x * y for x in a for y in b if x if y)\n[i for i, in a], f((x for x in y))\n",
     "(expr (call (name sum) (arg: comprehension generator (elt: binary * (name x) (name y)) (for: name x) (in: name a) (for: name y) (in: "
     "name b) (if: name x) (if: name y)))) (expr (tuple (comprehension (elt: name i) (for: tuple (name i)) (in: name a)) (call (name f) "
     "(arg: comprehension generator (elt: name x) (for: name x) (in: name y)))))"},
    {"\"a\" 'b' f\"c{x}d\" \"e\"\n", "(expr (fstring (text \"abc\") (value (name x)) (text \"de\")))"},
    {"f\"{x!r:>{w}.{p}f}{{}}{y = }{z=:3}{z!s}\"\n",
     "(expr (fstring (value !r (name x) (spec (text \">\") (value (name w)) (text \".\") (value (name p)) (text \"f\"))) (text \"{}y = \") "
     "(value !r (name y)) (text \"z=\") (value (name z) (spec (text \"3\"))) (value !s (name z))))"},
    {"f\"{a, b}{(lambda_, 1)}{d['k']}{f'{e}'}{x:%H:%M}\"\n",
     "(expr (fstring (value (tuple (name a) (name b))) (value (tuple (name lambda_) (int 1))) (value (index (name d) (item: str \"k\"))) "
     "(value (fstring (value (name e)))) (value (name x) (spec (text \"%H:%M\")))))"},
    {"\"\"\nf\"\"\nf\"\" \"a\"\nf\"{x}\" f\"{y}\"\n",
     "(expr (str \"\")) (expr (fstring)) (expr (fstring (text \"a\"))) (expr (fstring (value (name x)) (value (name y))))"},
    {"1, 1.5, 2j, True, None, ..., \"s\", 0xFFFFFFFFFFFFFFFF\n",
     "(expr (tuple (int 1) (float 1.5) (imag 2) (bool True) (none) (ellipsis) (str \"s\") (int 18446744073709551615)))"},
    {"def f():\n  def g():\n    return 1\n  return g\n", "(def f (body (def g (body (return (int 1)))) (return (name g))))"},
    {"x = (yes)\nprint(a, sep=\"\")\nmatch = 1; case, type = match, 2\n",
     "(assign (target: name x) (value: name yes)) (expr (call (name print) (arg: name a) (sep: str \"\"))) (assign (target: name match) "
     "(value: int 1)) (assign (target: tuple (name case) (name type)) (value: tuple (name match) (int 2)))"},
    {"f(a := 1, b[c := 2], [d := 3], (e := 4, 5))\n",
     "(expr (call (name f) (arg: walrus a (int 1)) (arg: index (name b) (item: walrus c (int 2))) (arg: list (walrus d (int 3))) (arg: "
     "tuple (walrus e (int 4)) (int 5))))"},
};

START_TEST(trees_are_right) {
  StrBuf dump = {0}, got = {0}, want = {0};
  Module *module = parse(trees[_i].text, strlen(trees[_i].text));
  ck_assert_ptr_nonnull(module);
  ast_dump(module, &dump);
  flatten(sb_text(&dump), &got);
  sb_printf(&want, "(module %s)", trees[_i].want);
  ck_assert_str_eq(sb_text(&got), sb_text(&want));
  sb_drop(&dump);
  sb_drop(&got);
  sb_drop(&want);
}
END_TEST

START_TEST(places_are_exact) {
  static const char text[] = "if (a +\n  b):\n  x = f(c)[é].d\n";
  static const char want[] =
      "module\n  if  @1:1-2:5\n    cond: binary +  @1:5-2:4\n      name a  @1:5-1:6\n      name b  @2:3-2:4\n    body\n"
      "      assign  @3:3-3:16\n        target: name x  @3:3-3:4\n        value: attr .d  @3:7-3:16\n          index  @3:7-3:14\n"
      "            call  @3:7-3:11\n              name f  @3:7-3:8\n              arg: name c  @3:9-3:10\n            item: name é  "
      "@3:12-3:13\n";
  StrBuf dump = {0};
  ast_dump(parse(text, sizeof text - 1), &dump);
  ck_assert_str_eq(sb_text(&dump), want);
  sb_drop(&dump);
}
END_TEST

START_TEST(functions_are_listed) {
  static const char text[] = "def f(a):\n  'doc'\n  def g(): pass\ndef h():\n  while a:\n    if b: break\n    continue\n";
  Module *m = parse(text, sizeof text - 1);
  ck_assert_uint_eq(m->funcs.len, 4);
  for (uint32_t i = 0; i < 4; i++) ck_assert_uint_eq(m->funcs.data[i]->index, i);
  FuncDef *f = m->funcs.data[1], *g = m->funcs.data[2], *h = m->funcs.data[3];
  ck_assert_ptr_eq(m->funcs.data[0], m->body);
  ck_assert(f->parent == NULL && g->parent == f && h->parent == NULL);
  ck_assert(sym_is(f->doc, "doc") && !g->doc && f->kind == FUNC_PLAIN && m->body->kind == FUNC_MODULE);
  const Stmt *loop = h->body.data[0];
  ck_assert_ptr_eq(loop->as.loop.body.data[0]->as.if_.body.data[0]->as.jump.loop, loop);
  ck_assert_ptr_eq(loop->as.loop.body.data[1]->as.jump.loop, loop);
}
END_TEST

static const struct {
  const char *text, *want; /* want: one line an error, LINE:COLUMN KIND: message */
} mistakes[] = {
    {"x = (1, 2\ny = 3\ndef f():\n    return 1\n", "1:5 SyntaxError: '(' was never closed"},
    {"x = [1, 2\n     3, 4]\n", "2:6 SyntaxError: invalid syntax. Perhaps you forgot a comma?"},
    {"x = a[1:4) + 2\nprint(b)\n", "1:10 SyntaxError: closing parenthesis ')' does not match opening parenthesis '['"},
    {"x = foo(1\nreturn\n", "1:8 SyntaxError: '(' was never closed\n2:1 SyntaxError: 'return' outside function"},
    {"def f(\ndef g():\n  pass\n", "1:6 SyntaxError: '(' was never closed"},
    {"def f(a, b):\n    if a = b:\n        return 1\n    else if a:\n        return 2\n    else:\n        return 3\n",
     "2:10 SyntaxError: invalid syntax. Maybe you meant '==' or ':=' instead of '='?"},
    {"while x = 1: pass\n", "1:9 SyntaxError: invalid syntax. Maybe you meant '==' or ':=' instead of '='?"},
    {"print \"hello\"\n", "1:1 SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)?"},
    {"class A:\n    def f(self):\n        return 1\nx = = 1\n",
     "1:1 SyntaxError: 'class' is not supported; keep the data in arrays or tuples and write functions that take them\n4:5 SyntaxError: "
     "invalid syntax: unexpected '='"},
    {"try:\n    x = 1\nexcept ValueError:\n    y = 2\nelse:\n    z = 1\nfinally:\n    z = 3\nx = = 1\n",
     "1:1 SyntaxError: 'try' is not supported; test for the condition before, or let the error end the program\n9:5 SyntaxError: invalid "
     "syntax: unexpected '='"},
    {"with open(\"x\") as f:\n    pass\n", "1:1 SyntaxError: 'with' is not supported; call the functions directly"},
    {"g = lambda x: x\n", "1:5 SyntaxError: 'lambda' is not supported; define a function with 'def', also inside another function"},
    {"def h():\n    global x\n    nonlocal y\n    yield 1\n    del x\n    x = yield\n",
     "2:5 SyntaxError: 'global' is not supported; pass the value as an argument and return the new one\n3:5 SyntaxError: 'nonlocal' is not "
     "supported; pass the value as an argument and return the new one\n4:5 SyntaxError: 'yield' is not supported; fill an array and return "
     "it\n5:5 SyntaxError: 'del' is not supported; a value is freed when nothing uses it any more\n6:9 SyntaxError: 'yield' is not "
     "supported; fill an array and return it"},
    {"async def q():\n    await z\n",
     "1:1 SyntaxError: 'async' is not supported; use 'prange' in a parallel function\n2:5 SyntaxError: 'await' is not supported; use "
     "'prange' in a parallel function"},
    {"match x:\n    case 1:\n        pass\n    case _:\n        x = = 1\n", "1:1 SyntaxError: 'match' is not supported; use if and elif"},
    {"match(x):\n    case 1: pass\n", "1:1 SyntaxError: 'match' is not supported; use if and elif"},
    {"match = 1\nmatch(x)\nmatch[1] = type(x)\ntype = case = match\n", ""},
    {"type X = int\n", "1:1 SyntaxError: 'type' aliases are not supported; assign the type to a name: x = float64"},
    {"d = {1: 2}\ns = {1, 2}\n",
     "1:5 SyntaxError: dict and set displays are not supported; use a tuple, a list, or an array\n2:5 SyntaxError: dict and set displays "
     "are not supported; use a tuple, a list, or an array"},
    {"a, *b = 1, 2\nf(*x)\nf(**x)\n",
     "1:4 SyntaxError: starred expressions are not supported; name the items one by one, as in (t[0], t[1])\n2:3 SyntaxError: starred "
     "arguments are not supported; pass the arguments one by one\n3:3 SyntaxError: starred arguments are not supported; pass the arguments "
     "one by one"},
    {"b\"abc\"\n", "1:1 SyntaxError: bytes literals are not supported; use a string, or np.array([...], dtype=np.uint8)"},
    {"def f(*args): pass\ndef f(**kw):\n    return 1\n",
     "1:7 SyntaxError: '*' parameters are not supported; list the parameters, or take one tuple or array\n2:7 SyntaxError: '**' parameters "
     "are not supported; list the parameters and give them defaults"},
    {"@dec\nclass B: pass\n",
     "2:1 SyntaxError: 'class' is not supported; keep the data in arrays or tuples and write functions that take them"},
    {"@njit\nx = 1\n", "2:1 SyntaxError: expected a function definition after the decorator"},
    {"x = (i for i in a)\nf((i for i in a), 2)\nf(i for i in a)\nf((i for i in a))\nf((i for i in a)+1)\n",
     "1:5 SyntaxError: a generator expression is not supported here; use it as the only argument of a call, as in sum(x for x in a), or "
     "write a loop\n2:3 SyntaxError: a generator expression must be the only argument of its call; pass an array, or write a loop\n5:3 "
     "SyntaxError: a generator expression is not supported here; use it as the only argument of a call, as in sum(x for x in a), or write "
     "a "
     "loop"},
    {"f(1, i for i in a)\n",
     "1:6 SyntaxError: a generator expression must be the only argument of its call; pass an array, or write a loop"},
    {"if x\n    y = 1\nfor i in range(3)\n    pass\ndef f()\n    return 1\n",
     "1:5 SyntaxError: expected ':'\n3:18 SyntaxError: expected ':'\n5:8 SyntaxError: expected ':'"},
    {"while x:\ny = 1\n", "2:1 IndentationError: expected an indented block after 'while' statement on line 1"},
    {"for i in x:\n# only a comment\n", "3:1 IndentationError: expected an indented block after 'for' statement on line 1"},
    {"if x: pass\nelif y:\nelse:\nx\n",
     "3:1 IndentationError: expected an indented block after 'elif' statement on line 2\n4:1 IndentationError: expected an indented block "
     "after 'else' statement on line 3"},
    {"x = 1\n    y = 2\n      z = 3\nz = = 3\n",
     "2:5 IndentationError: unexpected indent\n3:7 IndentationError: unexpected indent\n4:5 SyntaxError: invalid syntax: unexpected '='"},
    {"f() = 1\n1 = x\na + b = 2\n(a, 1) = 2\nNone = 1\nTrue = 2\na if b else c = 1\n[a, f()] = x\na < b = c\n",
     "1:1 SyntaxError: cannot assign to function call here. Maybe you meant '==' instead of '='?\n2:1 SyntaxError: cannot assign to "
     "literal "
     "here. Maybe you meant '==' instead of '='?\n3:1 SyntaxError: cannot assign to expression here. Maybe you meant '==' instead of "
     "'='?\n4:5 SyntaxError: cannot assign to literal\n5:1 SyntaxError: cannot assign to None\n6:1 SyntaxError: cannot assign to True\n7:1 "
     "SyntaxError: cannot assign to conditional expression here. Maybe you meant '==' instead of '='?\n8:5 SyntaxError: cannot assign to "
     "function call\n9:1 SyntaxError: cannot assign to comparison here. Maybe you meant '==' instead of '='?"},
    {"x + 1 += 2\n(a, b) += 1\n(a, b): int = 3\n1: int\n",
     "1:1 SyntaxError: 'expression' is an illegal expression for augmented assignment\n2:1 SyntaxError: 'tuple' is an illegal expression "
     "for augmented assignment\n3:1 SyntaxError: only single target (not tuple) can be annotated\n4:1 SyntaxError: illegal target for "
     "annotation"},
    {"f(a=1, 2)\nf(a=1, a=2)\nf(a.b=1)\n",
     "1:8 SyntaxError: positional argument follows keyword argument\n2:8 SyntaxError: keyword argument repeated: a\n3:3 SyntaxError: "
     "expression cannot contain assignment, perhaps you meant \"==\"?"},
    {"for f() in x: pass\n", "1:5 SyntaxError: cannot assign to function call"},
    {"x := 3\n(a.b := 3)\n",
     "1:3 SyntaxError: invalid syntax: put the assignment expression in parentheses, or write '='\n2:2 SyntaxError: cannot use assignment "
     "expressions with attribute"},
    {"for x y in z: pass\nfor x: pass\n",
     "1:7 SyntaxError: expected 'in' after the targets of 'for'\n2:6 SyntaxError: expected 'in' after the targets of 'for'"},
    {"x = 99999999999999999999\n", "1:5 SyntaxError: integer literal is too large: 99999999999999999999 does not fit in 64 bits"},
    {"v = a && b\nu = a || b\nt = !a\ni++\ni--\na <> b\na === b\na => b\na =< b\n",
     "1:8 SyntaxError: invalid syntax: write 'and' instead of '&&'\n2:8 SyntaxError: invalid syntax: write 'or' instead of '||'\n3:5 "
     "SyntaxError: invalid syntax: write 'not' instead of '!'\n4:4 SyntaxError: invalid syntax: write 'x += 1' instead of 'x++'\n5:4 "
     "SyntaxError: invalid syntax: write 'x -= 1' instead of 'x--'\n6:4 SyntaxError: invalid syntax: write '!=' instead of '<>'\n7:5 "
     "SyntaxError: invalid syntax: write '==' instead of '==='\n8:4 SyntaxError: invalid syntax: write '>=' instead of '=>'\n9:4 "
     "SyntaxError: invalid syntax: write '<=' instead of '=<'"},
    {"y = f\"{a!x}\"\nz = f\"{}\"\nu = f\"{a b}\"\n",
     "1:10 SyntaxError: f-string: invalid conversion character 'x': expected 's', 'r', or 'a'\n2:8 SyntaxError: f-string: valid expression "
     "required before '}'\n3:10 SyntaxError: f-string: expecting '=', or '!', or ':', or '}'"},
    {"f\"{a:{b}\"\n", "1:9 SyntaxError: f-string: expecting '}'"},
    {"f\"{*a}\"\nf\"{lambda x: 1}\"\n",
     "1:4 SyntaxError: starred expressions are not supported; name the items one by one, as in (t[0], t[1])\n2:4 SyntaxError: 'lambda' is "
     "not supported; define a function with 'def', also inside another function"},
    {"break\nreturn 1\ncontinue\n",
     "1:1 SyntaxError: 'break' outside loop\n2:1 SyntaxError: 'return' outside function\n3:1 SyntaxError: 'continue' not properly in loop"},
    {"for i in x:\n    def f():\n        break\n    break\nelse:\n    continue\n",
     "3:9 SyntaxError: 'break' outside loop\n6:5 SyntaxError: 'continue' not properly in loop"},
    {"from x import *\nfrom . import y\nfrom ..a import y\nimport a as b.c\n",
     "1:15 SyntaxError: 'import *' is not supported; name what the file uses\n2:6 SyntaxError: relative imports are not supported; a "
     "program is one file; name a module, as in 'import numpy as np'\n3:6 SyntaxError: relative imports are not supported; a program is "
     "one "
     "file; name a module, as in 'import numpy as np'\n4:14 SyntaxError: invalid syntax: unexpected '.'"},
    {"def f(a, b=1, c): pass\ndef f(a, a): pass\ndef f(/, a): pass\ndef f(*): pass\ndef f(a, *, /): pass\ndef f(a, /, b, /): pass\n",
     "1:15 SyntaxError: parameter without a default follows parameter with a default\n2:10 SyntaxError: duplicate argument 'a' in function "
     "definition\n3:7 SyntaxError: at least one parameter must precede /\n4:7 SyntaxError: named parameters must follow bare *\n5:13 "
     "SyntaxError: / must be ahead of *\n6:16 SyntaxError: / may appear only once"},
    {"def f[T](x): pass\ndef for(x): pass\ndef f((a, b)): pass\n",
     "1:6 SyntaxError: type parameters are not supported; leave them out: a function is compiled for the types it is called with\n2:5 "
     "SyntaxError: invalid syntax: 'for' is a keyword and cannot be a name\n3:7 SyntaxError: a parameter cannot be in parentheses; unpack "
     "the tuple in the body"},
    {"x = a[]\nz = a b\nw = (a b)\nt = x if y\ns = not\nr = 3 +\n",
     "1:7 SyntaxError: invalid syntax: an index is missing\n2:7 SyntaxError: invalid syntax: unexpected name 'b'\n3:8 SyntaxError: invalid "
     "syntax. Perhaps you forgot a comma?\n4:11 SyntaxError: expected 'else' after 'if' expression\n5:8 SyntaxError: invalid syntax: the "
     "line ends where more is expected\n6:8 SyntaxError: invalid syntax: the line ends where more is expected"},
    {"else:\n    x = 1\nelif y:\n    x = 2\n", "1:1 SyntaxError: invalid syntax: 'else' belongs to no 'if', 'for' or 'while' above it"},
    {"except:\n    pass\n", "1:1 SyntaxError: 'except' is not supported; test for the condition before, or let the error end the program"},
    {"if x: if y: z\nx = 1; for i in y: pass\n",
     "1:7 SyntaxError: invalid syntax: 'if' must begin its own line\n2:8 SyntaxError: invalid syntax: 'for' must begin its own line"},
    {"if x:\n    a\n  b\nc = = 1\n",
     "3:3 IndentationError: unindent does not match any outer indentation level\n4:5 SyntaxError: invalid syntax: unexpected '='"},
    {"\tx = 1\n        y = 2\n",
     "1:2 IndentationError: unexpected indent\n2:9 IndentationError: inconsistent use of tabs and spaces in indentation"},
    {"raise ValueError(\"x\") from e\n", "1:23 SyntaxError: 'raise … from' is not supported; raise the one error alone"},
    {"x.for\nclass = 1\nx = class\n", "1:3 SyntaxError: invalid syntax: 'for' is a keyword and cannot be a name\n2:1 SyntaxError: 'class' "
                                      "is not supported; keep the data in "
                                      "arrays or tuples and write functions that take them\n3:5 SyntaxError: 'class' is not supported; "
                                      "keep the data in arrays or tuples and "
                                      "write functions that take them"},
    {"pass x\n", "1:6 SyntaxError: invalid syntax: unexpected name 'x'"},
    {"a b c\nx = 1 2\n", "1:3 SyntaxError: invalid syntax: unexpected name 'b'\n2:7 SyntaxError: invalid syntax"},
};

START_TEST(mistakes_are_reported) {
  StrBuf got = {0};
  parse(mistakes[_i].text, strlen(mistakes[_i].text));
  for (const Diagnostic *d = diag.first; d; d = d->next) {
    if (d->severity != SEV_ERROR) continue;
    LineCol at = source_line_col(&src, d->at.lo);
    sb_printf(&got, "%s%u:%u %s: %s", got.len ? "\n" : "", at.line, at.column, error_kind_name(d->kind), d->message);
  }
  ck_assert_str_eq(sb_text(&got), mistakes[_i].want);
  sb_drop(&got);
}
END_TEST

/* before, `count` times middle, inside, `count` times close, after */
static const struct {
  const char *before, *middle, *inside, *close, *after;
  int count;
  const char *error; /* NULL: it parses */
} limits[] = {
    {"x = ", "(", "1", ")", "\n", 200, NULL},
    {"x = ", "(", "1", ")", "\n", 201, "too many nested parentheses"},
    {"x = ", "[", "1", "]", "\n", 100000, "too many nested parentheses"},
    {"x = ", "(", "", "", "", 1000000, "too many nested parentheses"},
    {"x = ", "a + ", "a", "", "\n", 999, NULL},
    {"x = ", "a + ", "a", "", "\n", 100000, "too deeply nested: a chain of more than 1000 operations; split the expression"},
    {"x = a", ".b", "", "", "\n", 100000, "too deeply nested: a chain of more than 1000 operations; split the expression"},
    {"x = a", "()", "", "", "\n", 100000, "too deeply nested: a chain of more than 1000 operations; split the expression"},
    {"x = ", "a < ", "a", "", "\n", 100000, "too deeply nested: a chain of more than 1000 operations; split the expression"},
    {"x = ", "a and ", "a", "", "\n", 100000, "too deeply nested: a chain of more than 1000 operations; split the expression"},
    {"x = ", "-", "a", "", "\n", 100000, "too deeply nested: more than 220 expressions inside each other"},
    {"x = ", "not ", "a", "", "\n", 100000, "too deeply nested: more than 220 expressions inside each other"},
    {"x = ", "a ** ", "a", "", "\n", 100000, "too deeply nested: more than 220 expressions inside each other"},
    {"x = ", "a if b else ", "a", "", "\n", 100000, "too deeply nested: more than 220 expressions inside each other"},
    {"x = ", "f'{", "a", "}'", "\n", 140, NULL},
    {"x = ", "f'{", "a", "}'", "\n", 10000, "too many nested f-strings"},
    {"if a: b\n", "elif c: d\n", "else: e\n", "", "", 500, NULL},
    {"if a: b\n", "elif c: d\n", "else: e\n", "", "", 100000, "too deeply nested: more than 500 'elif' branches"},
    {"x = [a ", "for b in c ", "]", "", "\n", 21, "too deeply nested: more than 20 'for' in a comprehension"},
    {"x = [", "1, ", "]", "", "\n", 100000, NULL},
    {"", "x = 1\n", "", "", "", 100000, NULL},
    {"", "x = (1\n", "", "", "", 100000, "'(' was never closed"},
    {"", "x = = 1\n", "", "", "", 100000, "invalid syntax: unexpected '='"},
    {"x = '", "a", "'", "", "\n", 5000000, NULL},
    {"x = ", "1", "", "", "\n", 5000000,
     "integer literal is too large: 1111111111111111111111111111111111111111... does not fit in 64 bits"},
};

START_TEST(limits_hold) {
  StrBuf text = {0};
  sb_puts(&text, limits[_i].before);
  for (int i = 0; i < limits[_i].count; i++) sb_puts(&text, limits[_i].middle);
  sb_puts(&text, limits[_i].inside);
  for (int i = 0; i < limits[_i].count; i++) sb_puts(&text, limits[_i].close);
  sb_puts(&text, limits[_i].after);
  parse(sb_text(&text), text.len);
  ck_assert(diag.errors == 0 ? limits[_i].error == NULL : limits[_i].error != NULL);
  if (diag.errors) ck_assert_str_eq(diag.first->message, limits[_i].error);
  sb_drop(&text);
}
END_TEST

START_TEST(indentation_is_limited) {
  StrBuf text = {0};
  for (size_t i = 0; i < 10000; i++) {
    sb_pad(&text, ' ', i);
    sb_puts(&text, "if x:\n");
  }
  parse(sb_text(&text), text.len);
  ck_assert_uint_eq(diag.errors, 1);
  ck_assert_str_eq(diag.first->message, "too many levels of indentation");
  ck_assert_int_eq(diag.first->kind, INDENTATION_ERROR);
  sb_drop(&text);
}
END_TEST

static const struct {
  const char *text;
  int kind; /* -1: an error */
} expressions[] = {
    {"float64[:, ::1]", EXPR_INDEX},
    {" f(1)", EXPR_CALL},
    {"1, 2\n", EXPR_TUPLE},
    {"-1", EXPR_UNARY},
    {"", -1},
    {"x = 1", -1},
    {"1 2", -1},
    {"1\n2", -1},
    {"(1", -1},
    {"pass", -1},
};

START_TEST(expressions_stand_alone) {
  source_init(&src, &arena, "t.lp", expressions[_i].text, (uint32_t)strlen(expressions[_i].text));
  const Expr *e = parse_expression(&arena, &names, &src, &diag);
  ck_assert_int_eq(e ? (int)e->kind : -1, expressions[_i].kind);
  ck_assert(e ? diag.errors == 0 : diag.errors == 1);
}
END_TEST

Suite *suite_parser(void);
Suite *suite_parser(void) {
  Suite *suite = suite_create("parser");
  TCase *tc = tcase_create("parser");
  tcase_add_checked_fixture(tc, set_up, tear_down);
  tcase_add_loop_test(tc, trees_are_right, 0, (int)LJ_COUNT(trees));
  tcase_add_test(tc, places_are_exact);
  tcase_add_test(tc, functions_are_listed);
  tcase_add_loop_test(tc, mistakes_are_reported, 0, (int)LJ_COUNT(mistakes));
  tcase_add_loop_test(tc, limits_hold, 0, (int)LJ_COUNT(limits));
  tcase_add_test(tc, indentation_is_limited);
  tcase_add_loop_test(tc, expressions_stand_alone, 0, (int)LJ_COUNT(expressions));
  suite_add_tcase(suite, tc);
  return suite;
}
