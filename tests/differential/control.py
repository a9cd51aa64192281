#!/usr/bin/env python3
"""Random programs of control flow over arrays: the command and numba must print the same, and fail with the same kind of error at the right line.

    control.py [--count N] [--seed S] [--write FOLDER] BINARY

Arrays of 1 to 3 dimensions and several dtypes in C order, Fortran order and with other strides; element loops, negative indices, slices as views, stores,
iteration, new arrays, early returns. A function is always called with arrays of one shape, so that the generator knows which indices are inside.
Every third program ends in an error, whose line the generator knows: it carries the comment `# fails`. Options as for scalars.py.
"""
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import oracle  # noqa: E402
import scalars  # noqa: E402
from scalars import ATOM, E  # noqa: E402

DTYPES = {"float64": "f", "int64": "i", "int32": "i", "uint8": "u", "float32": "h", "complex128": "c", "bool_": "b", "int16": "i"}
BOUND = {"int64": scalars.STORED, "int32": 1 << 31, "uint8": 255, "int16": 1 << 15}


class Array:
    def __init__(self, dtype, shape, writable=True):
        self.dtype, self.shape, self.writable = dtype, tuple(shape), writable


class Generator(scalars.Generator):
    def __init__(self, rng):
        super().__init__(rng, "numba")
        self.arrays, self.indices = {}, {}

    # ---- indices
    def index(self, size):
        """An index expression that is inside 0 <= |i| < size."""
        r = self.rng
        inside = [(n, lo, hi) for n, (lo, hi) in self.indices.items() if -size <= lo and hi < size]
        if inside and r.random() < 0.75:
            n, lo, hi = r.choice(inside)
            pick = r.random()
            if pick < 0.15 and lo >= 0:
                return "-1 - " + n
            if pick < 0.25 and lo >= 0:
                return "%d - %s" % (size - 1, n)
            if pick < 0.35 and lo >= 1:
                return n + " - 1"
            if pick < 0.45 and hi + 1 < size:
                return n + " + 1"
            return n
        if r.random() < 0.25:
            return "(%s) %% %d" % (self.expr("i", 1).text, size)
        return str(r.randrange(-size, size))

    def element(self, kind=None, writable=False):
        names = [n for n, a in self.arrays.items() if kind in (None, DTYPES[a.dtype]) and min(a.shape, default=1) > 0 and (a.writable or not writable)]
        if not names:
            return None
        n = self.rng.choice(names)
        a = self.arrays[n]
        if len(a.shape) == 2 and self.rng.random() < 0.1:
            return n, "%s[%s][%s]" % (n, self.index(a.shape[0]), self.index(a.shape[1]))
        return n, "%s[%s]" % (n, ", ".join(self.index(s) for s in a.shape))

    def variable(self, kind):
        if kind in "ifuhcb" and self.busy < 2 and self.rng.random() < 0.6:
            self.busy += 1
            found = self.element(kind)
            self.busy -= 1
            if found:
                return E(found[1], ATOM, kind, BOUND.get(self.arrays[found[0]].dtype, 0))
        if kind == "i" and self.rng.random() < 0.3 and self.arrays:
            n = self.rng.choice(list(self.arrays))
            a = self.arrays[n]
            return E(self.rng.choice(["len(%s)" % n, "%s.size" % n, "%s.ndim" % n, "%s.shape[%d]" % (n, self.rng.randrange(-len(a.shape), len(a.shape)))]), ATOM, "i", 64)
        if kind == "i" and self.indices and self.rng.random() < 0.4:
            return E(self.rng.choice(list(self.indices)), ATOM, "i", 64)
        return super().variable(kind)

    # ---- statements
    def value_for(self, dtype, depth=2):
        kind = DTYPES[dtype]
        if dtype in ("int64", "int32") and self.rng.random() < 0.2:
            return "clip(%s)" % self.expr("f", depth).text
        if kind == "f" and self.rng.random() < 0.2:
            kind = "i"
        if kind == "u":
            kind = self.rng.choice("ui")
        return self.keep(kind, depth)

    def store(self):
        found = self.element(writable=True)
        if not found:
            return self.assign()
        a = self.arrays[found[0]]
        kind = DTYPES[a.dtype]
        if kind in "fhc" and self.rng.random() < 0.4:
            return self.put("%s %s= %s" % (found[1], self.rng.choice("+-*"), self.value_for(a.dtype, 1)))
        if kind in "iu" and a.dtype != "int64" and self.rng.random() < 0.4:
            return self.put("%s %s= %s" % (found[1], self.rng.choice("+-^&|"), self.keep("i", 1)))
        self.put("%s = %s" % (found[1], self.value_for(a.dtype)))

    def bounds_of(self, name, axis):
        """The text of a range over one axis, and the interval of its values."""
        size = self.arrays[name].shape[axis]
        n = "%s.shape[%d]" % (name, axis)
        if size == 0:
            return "range(%s)" % n, (0, -1)
        forms = [("range(%s)" % n, (0, size - 1)), ("range(%s - 1, -1, -1)" % n, (0, size - 1)), ("range(0, %s, 2)" % n, (0, size - 1)),
                 ("range(-%s, 0)" % n, (-size, -1)), ("range(%d)" % size, (0, size - 1))]
        if size > 1:
            forms += [("range(1, %s)" % n, (1, size - 1)), ("range(%s - 1)" % n, (0, size - 2))]
        if axis == 0:
            forms.append(("range(len(%s))" % name, (0, size - 1)))
        return self.rng.choice(forms)

    def nest(self, depth):
        name = self.rng.choice(list(self.arrays))
        used = []
        base = self.indent
        for axis in range(len(self.arrays[name].shape)):
            i = self.new_name()
            text, interval = self.bounds_of(name, axis)
            self.put("for %s in %s:" % (i, text))
            if interval[1] >= interval[0]:
                self.indices[i] = interval
            used.append(i)
            self.indent += 1
            if self.rng.random() < 0.25:
                break
        self.indent -= 1
        self.loops += 1
        self.block(depth - 1, self.rng.randint(1, 3))
        if self.rng.random() < 0.3:
            self.indent += 1
            self.put("if %s:" % self.expr("b", 2).text)
            self.put("    " + self.rng.choice(["break", "continue"]))
            self.indent += 1
            self.indent -= 2
        self.loops -= 1
        self.indent = base
        for i in used:
            self.indices.pop(i, None)
            self.env.pop(i, None)

    def sliced(self, shape):
        """The text of a view's index and its shape."""
        r, texts, out = self.rng, [], []
        for size in shape:
            pick = r.random()
            if pick < 0.25 and size and (out or len(texts) + 1 < len(shape)):
                texts.append(self.index(size))
                continue
            parts = [r.choice(["", str(r.randint(-size - 1, size + 1))]), r.choice(["", "", str(r.randint(-size - 1, size + 2))]), r.choice(["", "", "", "2", "-1", "-2", "1"])]
            numbers = [int(p) if p else None for p in parts]
            texts.append(":".join(parts) if parts[2] else parts[0] + ":" + parts[1])
            out.append(len(range(size)[slice(*numbers)]))
        return ", ".join(texts), out

    def view(self):
        name = self.rng.choice(list(self.arrays))
        a = self.arrays[name]
        v = self.new_name()
        if self.rng.random() < 0.2 and len(a.shape) > 1:
            self.put("%s = %s.T" % (v, name))
            self.arrays[v] = Array(a.dtype, a.shape[::-1])
            return
        if self.rng.random() < 0.15:
            self.put("%s = %s.copy()" % (v, name))
            self.arrays[v] = Array(a.dtype, a.shape)
            return
        text, shape = self.sliced(a.shape)
        if not shape:
            return
        self.put("%s = %s[%s]" % (v, name, text))
        self.arrays[v] = Array(a.dtype, shape)

    def create(self):
        r = self.rng
        v, dtype = self.new_name(), r.choice(list(DTYPES))
        shape = [r.randint(1, 4) for _ in range(r.randint(1, 3))]
        dims = [str(s) for s in shape]
        for k, s in enumerate(shape):
            same = ["%s.shape[%d]" % (n, i) for n, a in self.arrays.items() for i, q in enumerate(a.shape) if q == s]
            if same and r.random() < 0.6:
                dims[k] = r.choice(same)
        text = dims[0] if len(shape) == 1 else "(%s)" % ", ".join(dims)
        form = r.choice(["np.zeros(%s, dtype=np.%s)", "np.zeros(%s, np.%s)", "np.ones(%s, dtype=np.%s)"])
        self.put("%s = " % v + form % (text, dtype))
        self.arrays[v] = Array(dtype, shape)

    def assign_slice(self):
        names = [n for n, a in self.arrays.items() if min(a.shape) > 1]
        if not names:
            return self.store()
        n = self.rng.choice(names)
        a = self.arrays[n]
        pick = self.rng.random()
        if pick < 0.3:
            text, _ = self.sliced(a.shape)
            if ":" in text:
                return self.put("%s[%s] = %s" % (n, text, self.keep(DTYPES[a.dtype], 1)))
        if pick < 0.5:
            return self.put("%s[1:] = %s[:-1]" % (n, n))
        if pick < 0.65 and len(a.shape) > 1:
            return self.put("%s[%s] = %s[%s]" % (n, self.index(a.shape[0]), n, self.index(a.shape[0])))
        if pick < 0.8:
            return self.put("%s[::-1] = %s" % (n, n))
        self.put("%s[:] = %s" % (n, self.keep(DTYPES[a.dtype], 1)))

    def iterate(self, depth):
        r = self.rng
        ones = [n for n, a in self.arrays.items() if len(a.shape) == 1]
        more = [n for n, a in self.arrays.items() if len(a.shape) > 1]
        x, k = self.new_name(), self.new_name()
        if more and r.random() < 0.4:
            n = r.choice(more)
            a = self.arrays[n]
            self.put("for %s in %s:" % (x, n))
            self.arrays[x] = Array(a.dtype, a.shape[1:])
        elif ones:
            n = r.choice(ones)
            kind = DTYPES[self.arrays[n].dtype]
            if r.random() < 0.5:
                self.put("for %s in %s:" % (x, n))
            elif r.random() < 0.6 and self.arrays[n].shape[0]:
                self.put("for %s, %s in enumerate(%s):" % (k, x, n))
                self.indices[k] = (0, self.arrays[n].shape[0] - 1)
            else:
                other = r.choice(ones)
                self.put("for %s, %s in zip(%s, %s):" % (x, k, n, other))
                if DTYPES[self.arrays[other].dtype] not in "iu":
                    self.env[k] = DTYPES[self.arrays[other].dtype]
                    self.fixed.add(k)
            if kind not in "iu":
                self.env[x] = kind
                self.fixed.add(x)
        else:
            return self.store()
        self.loops += 1
        self.block(depth - 1, r.randint(1, 3))
        self.loops -= 1
        for n in (x, k):
            self.env.pop(n, None)
            self.arrays.pop(n, None)
            self.indices.pop(n, None)

    def block(self, depth, count):
        saved = set(self.arrays)
        super().block(depth, count)
        self.arrays = {n: a for n, a in self.arrays.items() if n in saved}

    def statement(self, depth):
        r = self.rng
        pick = r.random()
        if not self.arrays or pick < 0.35 or (depth <= 0 and pick < 0.6):
            return super().statement(depth) if pick > 0.2 or not self.arrays else self.store()
        if depth <= 0:
            return self.store()
        if pick < 0.6:
            self.nest(depth)
        elif pick < 0.72 and self.indent < 3:
            self.view()
        elif pick < 0.78 and self.indent < 3:
            self.create()
        elif pick < 0.88:
            self.assign_slice()
        else:
            self.iterate(depth)

    def function(self, number):
        r = self.rng
        self.result = r.choice("iiffb")
        self.env, self.arrays, self.indices = {}, {}, {}
        self.fixed, self.fresh, self.indent, self.loops, self.recursive, self.busy = set(), 0, 1, 0, set(), 0
        params = []
        for k in range(r.randint(1, 3)):
            n = "a%d" % k
            self.arrays[n] = Array(r.choice(list(DTYPES)), [r.randint(2, 5) for _ in range(r.choice([1, 1, 2, 2, 3]))])
            params.append((n, self.arrays[n], None))
        if r.random() < 0.5:
            self.env["p"] = r.choice("if")
            params.append(("p", self.env["p"], None))
        self.lines += ["@njit", "def f%d(%s):" % (number, ", ".join(p[0] for p in params))]
        for _ in range(r.randint(2, 5)):
            self.statement(2)
        self.put("return " + self.keep(self.result, 3))
        self.lines += ["", ""]
        f = scalars.Function("f%d" % number, params, self.result)
        return f

    def given(self, a):
        """The text of an argument: values of the dtype in one of three layouts."""
        r = self.rng
        total = 1
        for s in a.shape:
            total *= s
        shape = ", ".join(map(str, a.shape))
        text = {"bool_": "(np.arange(%d) %% 3 == 1)", "complex128": "(np.arange(%d) * (0.5 - 1j))", "uint8": "np.arange(%d).astype(np.uint8)"}.get(
            a.dtype, "(np.arange(%%d) %%%% 7 - 2).astype(np.%s)" % a.dtype)
        pick = r.random()
        if pick < 0.2 and len(a.shape) > 1:
            return "%s.reshape(%s).T" % (text % total, ", ".join(map(str, a.shape[::-1])))
        if pick < 0.4:
            return "%s.reshape(%s, 2)[..., 0]" % (text % (2 * total), shape) if r.random() < 0.5 else "%s.reshape(%s)[::-1]" % (text % total, shape)
        return "%s.reshape(%s)" % (text % total, shape)

    def failing(self):
        """A function that fails after some work, at the line marked so."""
        r = self.rng
        size, kind = r.randint(2, 6), r.choice(["read", "store", "2d", "int", "mod", "float", "raise", "assert", "tuple", "aug", "view", "while"])
        rows = r.randint(2, 4)
        body = {
            "read": ["for i in range(n + 1):", "    t += a[i]  # fails"],
            "store": ["for i in range(1, n + 2):", "    a[-i] = i  # fails"],
            "aug": ["for i in range(0, n + 4, 2):", "    a[i] += 1  # fails"],
            "2d": ["m = np.zeros((%d, n))" % rows, "for i in range(%d):" % rows, "    for j in range(n):", "        m[i, j + i] = t  # fails"],
            "int": ["for i in range(n):", "    t += 10 // (i - %d)  # fails" % r.randrange(size)],
            "mod": ["k = 3", "while True:", "    k -= 1", "    t += n % k  # fails"],
            "float": ["for x in a:", "    t += 1.0 / (x - %d)  # fails" % r.randrange(size)],
            "raise": ["for x in a:", "    if x > %d:" % r.randrange(size - 1), "        raise %s(\"too big\")  # fails" % r.choice(["ValueError", "IndexError", "RuntimeError", "OverflowError"])],
            "assert": ["for x in a:", "    print(x)", "    assert x < %d, \"small\"  # fails" % r.randrange(size)],
            "tuple": ["s = (1, 2, 3)", "for i in range(n + 3):", "    t += s[i]  # fails"],
            "view": ["v = a[1:]", "for i in range(n):", "    t += v[i]  # fails"],
            "while": ["i = n", "while i > -n - 2:", "    i -= 1", "    t += a[i]  # fails"],
        }[kind]
        real = kind in ("read", "store", "aug", "view", "while", "float")
        self.lines += ["@njit(boundscheck=True)", "def bad(a, n):", "    t = %s" % ("0.0" if kind == "float" else "0")]
        self.lines += ["    " + line for line in body] + ["    return t", "", "", "@njit(boundscheck=True)", "def outer(a):", "    print(\"before\", len(a))",
                                                       "    return bad(a, len(a)) + 1", "", ""]
        self.tail = ["print(outer(np.arange(%d%s)))" % (size, ".0" if kind == "float" or (real and r.random() < 0.3) else ""), "print(\"not reached\")"]

    def program(self, count, fails):
        r = self.rng
        self.lines = ["from numba import njit", "import numpy as np", "import math", "", "", "@njit", "def clip(x):",
                      "    return x if -1e6 < x < 1e6 else 0.5", "", ""]
        self.tail = []
        made = [self.function(n) for n in range(count)]
        if fails:
            self.failing()
        for f in made:
            args = []
            for n, a, _ in f.params:
                if isinstance(a, Array):
                    name = "%s_%s" % (f.name, n)
                    self.lines.append("%s = %s" % (name, self.given(a)))
                    args.append(name)
                else:
                    args.append(self.value(a))
            self.lines.append("print(%r, %s(%s))" % (f.name, f.name, ", ".join(args)))
            self.lines.append("print(%s)" % ", ".join(a for a in args if a.startswith("f")))
        return "\n".join(self.lines + self.tail) + "\n"


OTHER = ("--opt", "0", "--parallel=auto", "--threads", "3")


def verdict(judge, binary, text):
    """scalars.verdict, the line of the error, and the same without LLVM's optimiser and with plain loops on threads."""
    want, kind, message = judge.run(text)
    fails = "# fails" in text
    if kind and not (fails and kind in ("IndexError", "ZeroDivisionError", "ValueError", "AssertionError", "RuntimeError", "OverflowError")):
        return "skip", kind + ": " + message
    got, got_kind, err = oracle.run_binary(binary, text)
    if kind != got_kind:
        return "status", "expected %s, got %s: %s" % (kind or "success", got_kind or "success", err.strip()[:400])
    if kind:
        line = 1 + next((i for i, l in enumerate(text.split("\n")) if "# fails" in l), -1)
        if "program.lp:%d:" % line not in err.split("\n")[0]:
            return "line", "expected line %d: %s" % (line, err.split("\n")[0])
    d = oracle.difference(want, got)
    if d:
        return "output", "line %d: expected %r, got %r" % d
    if oracle.run_binary(binary, text, OTHER) != (got, got_kind, err):
        return "options", "another result with " + " ".join(OTHER)
    return None


if __name__ == "__main__":
    seen = [0]

    def program(rng, mode):
        seen[0] += 1
        return Generator(rng).program(6, seen[0] % 3 == 0)

    sys.exit(scalars.main(program, "control", ("numba",), verdict))
