#!/usr/bin/env python3
"""Random programs of scalars: the command and an oracle must print the same.

    scalars.py [--count N] [--seed S] [--oracle numba|model] [--write FOLDER] [-k] BINARY

numba   operators on int64, uint64, float64, float32, bool, complex128 and narrow integers, joins of types, math, loops, calls. Values are bounded,
        because overflow of signed integers is undefined in numba; the other departures of docs/LANGUAGE.md are generated around.
model   the wrapping side: int64, uint64, float64 and bool without bounds, shifts by any count, against oracle.py's interpreter. Needs no numba.

A mismatch is reduced (to one call, then statement by statement) and printed as a program. --write keeps each agreeing program as NAME.lp and NAME.out.
"""
import argparse
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import compare  # noqa: E402
import oracle  # noqa: E402

LIMIT = 1 << 61   # bound of intermediate signed integers where the oracle is numba
STORED = 1 << 30  # bound of what a variable keeps there
BINOPS = {"+": 4, "-": 4, "*": 5, "/": 5, "//": 5, "%": 5, "&": 2, "|": 0, "^": 1, "<<": 3, ">>": 3, "**": 7}
ATOM, UNARY, COMPARE, NOT, AND, OR, TERNARY = 9, 6, -1, -2, -3, -4, -5
PARAMS = {"numba": "iiiffbbcuhyw", "model": "iiffbuu"}


class E:
    """An expression: text, how tightly it binds, type letter, bound of its magnitude (integers)."""

    def __init__(self, text, level, kind, bound=0):
        self.text, self.level, self.kind, self.bound = text, level, kind, bound

    def at(self, level):
        return self.text if self.level >= level else "(" + self.text + ")"


class Function:
    def __init__(self, name, params, result):
        self.name, self.params, self.result = name, params, result


class Generator:
    """Types: i int64, u uint64, f float64, h float32, b bool, c complex128; y uint8 and w int32 parameters (they compute as u and i)."""

    def __init__(self, rng, mode):
        self.rng, self.mode, self.wraps = rng, mode, mode == "model"
        self.functions, self.lines = [], []

    # ---- expressions
    def join(self, a, b, op):
        text = "%s %s %s" % (a.at(BINOPS[op]), op, b.at(BINOPS[op] + 1))
        return text, BINOPS[op]

    def literal(self, kind):
        r = self.rng
        if kind == "i":
            v = r.choice([0, 1, 2, 3, 5, 7, 10, 16, 63, 100, 255, 256, 1000, 65535, r.randrange(1 << 20)])
            if self.wraps and r.random() < 0.3:
                v = r.choice([(1 << 63) - 1, 1 << 62, (1 << 32) - 1, 1 << 31, r.randrange(1 << 63)])
            form = r.choice(["%d", "%d", "%d", "0x%x", "0b%s"])
            text = bin(v) if form == "0b%s" else form % v
            return E(text, ATOM, "i", v)
        if kind == "u":
            v = r.choice([0, 1, 2, 3, 7, 255, r.randrange(1 << 16)] + ([(1 << 64) - 1, 1 << 63, r.randrange(1 << 64)] if self.wraps else []))
            return E("np.uint64(%d)" % v, ATOM, "u", v)
        if kind == "f":
            return E(r.choice(["0.0", "1.0", "0.5", "2.5", "1e3", "3.25", ".1", "1e-3", "7.", "1_0.5", "%r" % round(r.uniform(0, 50), 3)]), ATOM, "f")
        if kind == "h":
            return E("np.float32(%s)" % r.choice(["0.1", "1.5", "2.0", "0.7", "3.0"]), ATOM, "h")
        if kind == "c":
            return E(r.choice(["2j", "1.5j", "0j", "3.25j"]), ATOM, "c")
        return E(r.choice(["True", "False"]), ATOM, "b")

    def variable(self, kind):
        names = [n for n, k in self.env.items() if k == kind]
        if not names:
            return None
        return E(self.rng.choice(names), ATOM, kind, self.bounds(kind))

    def converted(self, kind):
        """A variable of another type, made one of this: constants alone would be folded."""
        v = self.variable(self.rng.choice("ifu" if kind != "b" else "if"))
        if not v or self.rng.random() < 0.3:
            return None
        if kind == "b":
            return E("(%s > %s)" % (v.text, self.literal(v.kind).at(0)), ATOM, "b")
        if v.kind == "b" and kind in "f":
            return None
        if kind == "i":
            return E("int(clip(%s))" % v.text, ATOM, "i", 1000001) if v.kind == "f" else None
        if kind == "u":
            return E("np.uint64(%s)" % v.text, ATOM, "u", 1 << 64) if v.kind == "i" else None
        return E("%s(%s)" % ({"f": "float", "h": "np.float32", "c": "complex"}[kind], v.text), ATOM, kind)

    def bounds(self, kind):
        return 0 if kind not in "iu" else STORED if not self.wraps else 1 << 64

    def expr(self, kind, depth):
        r = self.rng
        if depth <= 0 or r.random() < 0.12:
            v = self.variable(kind) or self.converted(kind)
            return v if v and r.random() < 0.85 else self.literal(kind)
        pick = r.random()
        if pick < 0.08:
            return self.ternary(kind, depth)
        if pick < 0.14:
            call = self.user_call(kind, depth)
            if call:
                return call
        return getattr(self, "expr_" + kind)(depth)

    def ternary(self, kind, depth):
        other = kind
        if not self.wraps and kind == "f" and self.rng.random() < 0.3:
            other = "i"
        a, b, c = self.expr(kind, depth - 1), self.expr("b", depth - 1), self.expr(other, depth - 1)
        return E("%s if %s else %s" % (a.at(OR), b.at(OR), c.at(TERNARY)), TERNARY, kind, max(a.bound, c.bound))

    def user_call(self, kind, depth):
        fs = [f for f in self.functions if f.result == kind and f.name not in self.recursive]
        if not fs or depth < 2:
            return None
        f = self.rng.choice(fs)
        args = []
        for n, k, default in f.params:
            if default is not None and self.rng.random() < 0.5:
                break
            a = self.argument(k, depth - 2)
            args.append("%s=%s" % (n, a) if default is not None and self.rng.random() < 0.5 else a)
        return E("%s(%s)" % (f.name, ", ".join(args)), ATOM, kind, self.bounds(kind))

    def argument(self, k, depth):
        base = {"y": "u", "w": "i"}.get(k, k)
        e = self.tame(self.expr(base, depth))
        if k == "y":
            return "np.uint8(%s)" % e.text
        return "np.int32(%s)" % e.text if k == "w" else e.text

    def tame(self, e):
        """Bounds an integer that is kept, where overflow would be undefined."""
        if self.wraps or e.kind not in "iu" or e.bound <= STORED:
            return e
        if e.kind == "u":
            return E("%s & np.uint64(%d)" % (e.at(2), STORED - 1), 2, "u", STORED)
        m = self.rng.choice([97, 1009, 65521, 1 << 20])
        return E("%s %% %d" % (e.at(5), m), 5, "i", m) if self.rng.random() < 0.6 else E("%s & %d" % (e.at(2), STORED - 1), 2, "i", STORED)

    def positive(self, depth):
        """A divisor: never 0."""
        e = self.expr("i", depth)
        pick = self.rng.random()
        if pick < 0.4:
            d = self.rng.choice([3, 7, 10, 64])
            return E("(%s %% %d + 1)" % (e.at(5), d), ATOM, "i", d)
        if pick < 0.8:
            return E("(%s | 1)" % e.at(0), ATOM, "i", max(e.bound, 1) * 2)
        v = self.rng.choice([-7, -2, 2, 3, 5, 10, -1])
        return E("(%d)" % v if v < 0 else str(v), ATOM, "i", abs(v))

    def expr_i(self, depth):
        r, d = self.rng, depth - 1
        op = r.choice(["+", "-", "*", "//", "%", "&", "|", "^", "<<", ">>", "**", "neg", "~", "+u", "min", "abs", "int", "and", "bool", "mixed", "narrow",
                       "round", "floor", "divmod", "sum", "cmp", "isum"])
        a = self.expr("i", d)
        if op in ("//", "%"):
            b = self.positive(d)
            if op == "%" and b.bound > LIMIT:
                b = self.literal("i") if False else E("9", ATOM, "i", 9)
            t, l = self.join(a, b, op)
            return self.fit(E(t, l, "i", a.bound + 1 if op == "//" else min(b.bound, LIMIT)))
        if op in "+-*" or op in "&|^":
            b = self.expr("i", d) if r.random() < 0.9 or self.wraps else self.expr("b", d)
            bb = b.bound if b.kind == "i" else 1
            t, l = self.join(a, b, op)
            bound = a.bound * bb if op == "*" else a.bound + bb if op in "+-" else 2 * max(a.bound, bb) + 1
            if bound > LIMIT and not self.wraps:
                a, b = self.tame(a), self.tame(b) if b.kind == "i" else b
                t, l = self.join(a, b, op)
                bound = a.bound * max(1, b.bound) if op == "*" else 2 * max(a.bound, b.bound, 1) + 1
            return self.fit(E(t, l, "i", bound))
        if op == "<<":
            a = self.tame(a)
            if self.wraps and r.random() < 0.5:
                b = E(str(r.choice([0, 31, 62, 63, 64, 65, 100, 1000])), ATOM, "i")
            else:
                n = self.expr("i", d)
                b = E("(%s & %d)" % (n.at(2), 127 if self.wraps else 7), ATOM, "i")
            t, l = self.join(a, b, op)
            return self.fit(E(t, l, "i", a.bound << 7))
        if op == ">>":
            n = self.expr("i", d)
            t, l = self.join(a, E("(%s & %d)" % (n.at(2), 127 if self.wraps else 31), ATOM, "i"), op)
            return E(t, l, "i", a.bound)
        if op == "**":
            k = r.choice([0, 1, 2, 3]) if not self.wraps else r.choice([0, 1, 2, 3, 5, 17, 64])
            if not self.wraps:
                a = E("(%s %% 1000)" % a.at(5), ATOM, "i", 1000)
            if r.random() < 0.5:
                n = self.expr("i", d)
                b = E("(%s %% %d)" % (n.at(5), max(k, 1) + 1), ATOM, "i")
            else:
                b = E(str(k), ATOM, "i")
            return E("%s ** %s" % (a.at(8), b.at(6)), 7, "i", 1000 ** 4 if not self.wraps else 1 << 64)
        if op == "neg":
            return E("-" + a.at(UNARY), UNARY, "i", a.bound)
        if op == "~":
            return E("~" + a.at(UNARY), UNARY, "i", a.bound + 1)
        if op == "+u":
            return E("+" + a.at(UNARY), UNARY, "i", a.bound)
        if op == "min":
            items = [a, self.expr("i", d)] + ([self.expr("i", d)] if r.random() < 0.3 else [])
            return E("%s(%s)" % (r.choice(["min", "max"]), ", ".join(x.text for x in items)), ATOM, "i", max(x.bound for x in items))
        if op == "abs":
            return E("abs(%s)" % a.text, ATOM, "i", a.bound)
        if op in ("int", "round", "floor"):
            x = self.expr("f", d)
            f = {"int": "int", "round": "round", "floor": r.choice(["math.floor", "math.ceil", "math.trunc"])}[op]
            return E("%s(clip(%s))" % (f, x.text), ATOM, "i", 1000002)
        if op == "and":
            b = self.expr("i", d)
            w, l = r.choice([("and", AND), ("or", OR)])
            return E("%s %s %s" % (a.at(l), w, b.at(l + 1)), l, "i", max(a.bound, b.bound))
        if op == "bool":
            return E("int(%s)" % self.expr("b", d).text, ATOM, "i", 1)
        if op == "cmp":
            if self.wraps:
                return a
            x, y = self.expr("b", d), self.expr("b", d)
            o = r.choice("+-*")
            t, l = self.join(x, y, o)
            return E(t, l, "i", 2)
        if op == "mixed":
            u = self.tame(self.expr("u", d))
            o = r.choice("+-^&|")
            t, l = self.join(*((a, u) if r.random() < 0.5 else (u, a)), o)
            return self.fit(E(t, l, "i", 2 * max(a.bound, u.bound) + 1))
        if op == "narrow":
            k = r.choice(["np.int8", "np.int16", "np.int32"])
            o = self.expr("i", d)
            o = self.tame(o)
            t, l = self.join(E("%s(%s)" % (k, self.tame(a).text), ATOM, "i", 1 << 31), o, r.choice("+-"))
            return self.fit(E(t, l, "i", (1 << 32) + o.bound))
        if op == "divmod":
            b = self.positive(d)
            return self.fit(E("divmod(%s, %s)[%d]" % (a.text, b.text, r.randrange(2)), ATOM, "i", max(a.bound + 1, b.bound)))
        if op == "sum" and not self.wraps:
            return E("len((%s, %s))" % (self.expr("f", d).text, a.text), ATOM, "i", 2)
        if op == "isum":
            b, c = self.tame(self.expr("i", d)), self.tame(a)
            return E("(%s, %s)[%d]" % (c.text, b.text, r.choice([0, 1, -1])), ATOM, "i", max(c.bound, b.bound))
        return a

    def fit(self, e):
        return self.tame(e) if e.bound > LIMIT else e

    def expr_u(self, depth):
        r, d = self.rng, depth - 1
        a = self.expr("u", d)
        op = r.choice(["+", "-", "*", "//", "%", "&", "|", "^", ">>", "<<", "~", "min", "cast", "narrow"])
        if op in ("//", "%"):
            b = E("(%s | np.uint64(1))" % self.expr("u", d).at(0), ATOM, "u", 1 << 64)
            t, l = self.join(a, b, op)
            return E(t, l, "u", a.bound if op == "//" else 1 << 64)
        if op in ("<<", ">>"):
            b = E("np.uint64(%d)" % r.choice([0, 1, 7, 31, 63] + ([64, 65, 200] if self.wraps else [])), ATOM, "u")
            t, l = self.join(a, b, op)
            return E(t, l, "u", 1 << 64)
        if op == "~":
            return E("~" + a.at(UNARY), UNARY, "u", 1 << 64)
        if op == "min":
            return E("%s(%s, %s)" % (r.choice(["min", "max"]), a.text, self.expr("u", d).text), ATOM, "u", 1 << 64)
        if op == "cast":
            i = self.expr("i", d)
            return E("np.uint64(%s)" % i.text, ATOM, "u", 1 << 64)
        if op == "narrow":
            i = self.expr("i", d)
            t, l = self.join(E("%s(%s)" % (r.choice(["np.uint8", "np.uint16", "np.uint32"]), i.text), ATOM, "u", 1 << 32), a, r.choice("+-*^"))
            return E(t, l, "u", 1 << 64)
        t, l = self.join(a, self.expr("u", d), op)
        return E(t, l, "u", 1 << 64)

    def expr_f(self, depth):
        r, d = self.rng, depth - 1
        a = self.expr("f", d)
        op = r.choice(["+", "-", "*", "+", "-", "*", "/", "//", "%", "**", "neg", "min", "abs", "idiv", "mix", "math", "math2", "float", "hmix", "real", "bmix",
                       "umix", "np"])
        if op in ("/", "//", "%"):
            b = E("(abs(%s) + %s)" % (self.expr("f", d).text, r.choice(["1.0", "0.5", "3"])), ATOM, "f")
            if r.random() < 0.3:
                b = E("-" + b.text, UNARY, "f")
            return E(*self.join(a, b, op), "f")
        if op in ("+", "-", "*"):
            return E(*self.join(a, self.expr("f", d), op), "f")
        if op == "**":
            b = r.choice([self.literal("f"), E(r.choice(["2", "3", "0.5", "-1", "-2.0", "10"]), ATOM, "f")])
            return E("%s ** %s" % (E("(abs(%s) + 0.5)" % a.text, ATOM, "f").text, b.text), 7, "f")
        if op == "neg":
            return E("-" + a.at(UNARY), UNARY, "f")
        if op == "min":
            b = self.expr("f", d) if self.wraps or r.random() < 0.7 else self.expr("i", d)
            return E("%s(%s, %s)" % (r.choice(["min", "max"]), a.text, b.text), ATOM, "f")
        if op == "abs":
            return E("abs(%s)" % a.text, ATOM, "f")
        if op == "idiv":
            return E(*self.join(self.expr("i", d), self.positive(d), "/"), "f")
        if op in ("mix", "bmix", "umix"):
            b = self.expr({"mix": "i", "bmix": "b", "umix": "u"}[op], d)
            x = (a, b) if r.random() < 0.5 else (b, a)
            return E(*self.join(*x, r.choice("+-*")), "f")
        if op == "math":
            f = r.choice(["sin", "cos", "tan", "exp", "sqrt", "log", "fabs", "atan", "log1p"])
            arg = a.text if f in ("sin", "cos", "fabs", "atan") else "clip(%s)" % a.text if f in ("tan",) else "abs(%s)" % a.text
            if f == "exp":
                arg = "-abs(%s)" % a.text
            if f in ("log", "log1p"):
                arg += " + 0.5"
            return E("math.%s(%s)" % (f, arg), ATOM, "f")
        if op == "math2":
            f = r.choice(["hypot", "atan2", "copysign"])
            return E("math.%s(%s, %s)" % (f, a.text, self.expr("f", d).text), ATOM, "f")
        if op == "float":
            return E("float(%s)" % self.expr(r.choice("ibf" if self.wraps else "if"), d).text, ATOM, "f")
        if op == "np":
            return E("np.%s(%s)" % (r.choice(["floor", "float64"]), a.text), ATOM, "f")
        if op == "hmix" and not self.wraps:
            h, b = self.expr("h", d), self.expr(r.choice("fi"), d)
            return E(*self.join(*((h, b) if r.random() < 0.5 else (b, h)), r.choice("+-*")), "f")
        if op == "real" and not self.wraps:
            c = self.expr("c", d)
            return E("%s.%s" % (c.at(ATOM) if c.level != ATOM or c.text[0].isdigit() is False else "(%s)" % c.text, r.choice(["real", "imag"])), ATOM, "f") \
                if r.random() < 0.8 else E("abs(%s)" % c.text, ATOM, "f")
        return a

    def expr_h(self, depth):
        r, d = self.rng, depth - 1
        a, b = self.expr("h", d), self.expr("h", d)
        op = r.choice(["+", "-", "*", "/", "neg", "abs", "cast", "min"])
        if op == "/":
            b = E("(abs(%s) + np.float32(1.0))" % b.text, ATOM, "h")
        if op == "neg":
            return E("-" + a.at(UNARY), UNARY, "h")
        if op == "abs":
            return E("abs(%s)" % a.text, ATOM, "h")
        if op == "cast":
            return E("np.float32(%s)" % self.expr(r.choice("fi"), d).text, ATOM, "h")
        if op == "min":
            return E("%s(%s, %s)" % (r.choice(["min", "max"]), a.text, b.text), ATOM, "h")
        return E(*self.join(a, b, op), "h")

    def expr_c(self, depth):
        r, d = self.rng, depth - 1
        a = self.expr("c", d)
        op = r.choice(["+", "-", "*", "/", "neg", "complex", "mix", "conj"])
        if op == "/":
            return E(*self.join(a, E("(%s + %s)" % (r.choice(["2", "1.5", "0.25"]), r.choice(["1j", "3j", "0.5j"])), ATOM, "c"), op), "c")
        if op == "neg":
            return E("-" + a.at(UNARY), UNARY, "c")
        if op == "complex":
            return E("complex(%s, %s)" % (self.expr("f", d).text, self.expr(r.choice("fi"), d).text), ATOM, "c")
        if op == "mix":
            b = self.expr(r.choice("fi"), d)
            return E(*self.join(*((a, b) if r.random() < 0.5 else (b, a)), r.choice("+-*")), "c")
        if op == "conj":
            return E("%s.conjugate()" % ("(%s)" % a.text), ATOM, "c")
        return E(*self.join(a, self.expr("c", d), op), "c")

    def expr_b(self, depth):
        r, d = self.rng, depth - 1
        op = r.choice(["cmp", "cmp", "cmp", "chain", "not", "and", "or", "&", "|", "^", "bool", "isnan", "~", "eq", "in"])
        if op == "cmp":
            k = r.choice("iiffub")
            other = k if k == "b" else r.choice("iffu" if not self.wraps else "ifu")
            return E("%s %s %s" % (self.expr(k, d).at(0), r.choice(["<", "<=", ">", ">=", "==", "!="]), self.expr(other, d).at(0)), COMPARE, "b")
        if op == "chain":
            k = r.choice("if")
            return E("%s %s %s %s %s" % (self.expr(k, d).at(0), r.choice(["<", "<="]), self.expr(k, d).at(0), r.choice(["<", "!=", ">"]), self.expr(k, d).at(0)),
                     COMPARE, "b")
        a = self.expr("b", d)
        if op == "not":
            return E("not " + a.at(NOT), NOT, "b")
        if op in ("and", "or"):
            l = AND if op == "and" else OR
            return E("%s %s %s" % (a.at(l), op, self.expr("b", d).at(l + 1)), l, "b")
        if op in "&|^":
            return E(*self.join(a, self.expr("b", d), op), "b")
        if op == "bool":
            return E("bool(%s)" % self.expr(r.choice("if"), d).text, ATOM, "b")
        if op == "isnan":
            return E("math.%s(%s)" % (r.choice(["isnan", "isinf"]), self.expr("f", d).text), ATOM, "b")
        if op == "eq" and not self.wraps:
            return E("%s %s %s" % (self.expr("c", d).at(0), r.choice(["==", "!="]), self.expr("c", d).at(0)), COMPARE, "b")
        if op == "in":
            return E("%s %s (%s, %s)" % (self.expr("i", d).at(0), r.choice(["in", "not in"]), self.literal("i").text, self.literal("i").text), COMPARE, "b")
        return a

    # ---- statements
    def put(self, text):
        self.lines.append("    " * self.indent + text)

    def new_name(self):
        self.fresh += 1
        return "v%d" % self.fresh

    def keep(self, kind, depth):
        return self.tame(self.expr(kind, depth)).text

    def assign(self):
        r = self.rng
        kind = r.choice("iiifffbu" + ("" if self.wraps else "ch"))
        old = [n for n, k in self.env.items() if k == kind and n not in self.fixed]
        if old and r.random() < 0.5:
            self.put("%s = %s" % (r.choice(old), self.keep(kind, 3)))
            return
        n = self.new_name()
        self.put("%s = %s" % (n, self.keep(kind, 3)))
        self.env[n] = kind

    def augment(self):
        r = self.rng
        old = [n for n, k in self.env.items() if k in "iufb" and n not in self.fixed]
        if not old:
            return self.assign()
        n = r.choice(old)
        k = self.env[n]
        if k == "f":
            self.put("%s %s= %s" % (n, r.choice("+-*"), self.expr(r.choice("ffi"), 2).text))
        elif k == "b":
            self.put("%s %s= %s" % (n, r.choice("&|^"), self.expr("b", 2).text))
        elif k == "u":
            self.put("%s %s= %s" % (n, r.choice("+-*^"), self.expr("u", 2).text))
            if not self.wraps:
                self.put("%s &= np.uint64(%d)" % (n, STORED - 1))
        else:
            op = r.choice(["+", "-", "*", "^", "|", "&", "//", "%", ">>"])
            e = self.tame(self.expr("i", 2))
            text = self.positive(2).text if op in ("//", "%") else "(%s) & 15" % e.text if op == ">>" else e.text
            self.put("%s %s= %s" % (n, op, text))
            if not self.wraps:
                self.put("%s %%= %d" % (n, r.choice([1009, 65521])))

    def block(self, depth, count):
        saved = dict(self.env)
        self.indent += 1
        at = len(self.lines)
        for _ in range(count):
            self.statement(depth)
        if len(self.lines) == at:
            self.put("pass")
        self.indent -= 1
        self.env = {n: k for n, k in self.env.items() if n in saved}

    def branch(self, depth):
        r = self.rng
        self.put("if %s:" % self.expr("b", 3).text)
        self.block(depth - 1, r.randint(1, 3))
        while r.random() < 0.3:
            self.put("elif %s:" % self.expr("b", 2).text)
            self.block(depth - 1, r.randint(1, 2))
        if r.random() < 0.5:
            self.put("else:")
            self.block(depth - 1, r.randint(1, 2))

    def both_sides(self):
        """A name that both paths set, to types that join."""
        n, kind = self.new_name(), self.rng.choice("ifb")
        other = "i" if kind == "f" and not self.wraps and self.rng.random() < 0.5 else kind
        self.put("if %s:" % self.expr("b", 2).text)
        self.put("    %s = %s" % (n, self.keep(kind, 2)))
        self.put("else:")
        self.put("    %s = %s" % (n, self.keep(other, 2)))
        self.env[n] = kind

    def widen(self):
        """An integer that becomes a float inside a loop: the loop's fixed point."""
        n, i = self.new_name(), self.new_name()
        self.put("%s = %s" % (n, self.keep("i", 1)))
        self.put("for %s in range(%d):" % (i, self.rng.randint(1, 4)))
        self.put("    %s = %s * 0.5 + %s" % (n, n, self.expr("f", 1).text))
        self.env[n] = "f"

    def loop(self, depth):
        r = self.rng
        i, open_end = self.new_name(), False
        if r.random() < 0.3:
            self.put("%s = %d" % (i, r.randint(0, 9)))
            self.env[i] = "i"
            self.fixed.add(i)
            self.put("while %s < %d%s:" % (i, r.randint(5, 15), " and " + self.expr("b", 2).at(AND + 1) if r.random() < 0.3 else ""))
            self.put("    %s += %d" % (i, r.randint(1, 3)))
        else:
            lo, hi, step = r.randint(-5, 5), r.randint(-5, 12), r.choice([1, 1, 2, 3, -1, -2, -3])
            form = r.choice(["%d" % abs(hi), "%d, %d" % (lo, hi), "%d, %d, %d" % (lo, hi, step)])
            open_end = r.random() < 0.3
            if open_end:
                form = "%s %% 7" % self.expr("i", 1).at(5)
            self.put("for %s in range(%s):" % (i, form))
            self.env[i] = "i"
            self.fixed.add(i)
        self.loops += 1
        self.block(depth - 1, r.randint(1, 3))
        if r.random() < 0.4:
            self.put("    if %s:" % self.expr("b", 2).text)
            self.put("        " + r.choice(["break", "continue", "break"]))
            saved = dict(self.env)
            self.indent += 1
            self.augment()
            self.indent -= 1
            self.env = saved
        self.loops -= 1
        if not self.wraps or not open_end or r.random() < 0.8:
            del self.env[i]  # else it may be read after a loop that never ran: UnboundLocalError
        if r.random() < 0.25:
            self.put("else:")
            self.block(depth - 1, 1)
        self.env.pop(i, None)

    def unpack(self):
        r = self.rng
        kinds = [r.choice("ifb") for _ in range(r.randint(2, 3))]
        values = [self.keep(k, 2) for k in kinds]
        names = []
        for k in kinds:
            old = [n for n, q in self.env.items() if q == k and n not in self.fixed and n not in names]
            names.append(r.choice(old) if old and r.random() < 0.5 else self.new_name())
        self.put("%s = %s" % (", ".join(names), ", ".join(values)))
        self.env.update(zip(names, kinds))

    def early(self):
        self.put("if %s:" % self.expr("b", 2).text)
        self.put("    return " + self.keep(self.result, 2))

    def show(self):
        if self.indent < 3 and not self.loops:
            self.put("print(%r, %s)" % ("at %d" % len(self.lines), self.keep(self.rng.choice("ifb"), 2)))

    def statement(self, depth):
        r = self.rng
        pick = r.random()
        if depth <= 0 or pick < 0.3:
            self.assign()
        elif pick < 0.5:
            self.augment()
        elif pick < 0.64:
            self.branch(depth)
        elif pick < 0.78:
            self.loop(depth)
        elif pick < 0.84:
            self.unpack()
        elif pick < 0.88:
            self.both_sides()
        elif pick < 0.92 and not self.wraps:
            self.widen()
        elif pick < 0.96:
            self.early()
        else:
            self.show()

    def function(self, number):
        r = self.rng
        kinds = [r.choice(PARAMS[self.mode]) for _ in range(r.randint(1, 4))]
        names = ["p%d" % i for i in range(len(kinds))]
        defaults = [None] * len(kinds)
        if r.random() < 0.3 and kinds[-1] in "if":
            defaults[-1] = self.literal(kinds[-1]).text
        self.result = r.choice("iiifffbu" + ("" if self.wraps else "ch"))
        self.env = {n: {"y": "u", "w": "i"}.get(k, k) for n, k in zip(names, kinds)}
        self.fixed, self.fresh, self.indent, self.loops, self.recursive = {n for n, k in zip(names, kinds) if k in "yw"}, 0, 1, 0, set()
        name = "f%d" % number
        self.lines.append("@njit")
        self.lines.append("def %s(%s):" % (name, ", ".join(n if d is None else "%s=%s" % (n, d) for n, d in zip(names, defaults))))
        for _ in range(r.randint(2, 6)):
            self.statement(2)
        self.put("return " + self.keep(self.result, 3))
        self.lines += ["", ""]
        f = Function(name, list(zip(names, kinds, defaults)), self.result)
        self.functions.append(f)
        return f

    def value(self, k):
        r = self.rng
        big = [(1 << 63) - 1, -(1 << 63) + 1, 1 << 40] if self.wraps else []
        if k == "i":
            return str(r.choice([0, 1, -1, 2, -7, 13, r.randrange(-1000, 1000), r.randrange(-STORED, STORED)] + big))
        if k == "w":
            return "np.int32(%d)" % r.choice([0, -1, 100, -2**31, 2**31 - 1, r.randrange(-99, 99)])
        if k == "y":
            return "np.uint8(%d)" % r.choice([0, 1, 200, 255])
        if k == "u":
            return "np.uint64(%d)" % r.choice([0, 1, 77, r.randrange(STORED)] + ([(1 << 64) - 1, 1 << 63] if self.wraps else []))
        if k == "h":
            return "np.float32(%s)" % r.choice(["0.1", "-2.5", "0.0", "100.25"])
        if k == "b":
            return r.choice(["True", "False"])
        if k == "c":
            return r.choice(["1j", "(2+3j)", "(-0.5-1.25j)", "complex(0.0, -0.0)"])
        return r.choice(["0.0", "-0.0", "1.5", "-2.75", "1e10", "0.1", "-3.0", "%r" % r.uniform(-100, 100)])

    def program(self, count):
        r = self.rng
        self.lines = ["from numba import njit", "import numpy as np", "import math", "", "", "@njit", "def clip(x):",
                      "    return x if -1e6 < x < 1e6 else 0.5", "", ""]
        for n in range(count):
            self.function(n)
        for f in self.functions:
            for _ in range(3):
                args = [self.value(k) for _, k, d in f.params if d is None or r.random() < 0.5]
                if f.result in "if" and r.random() < 0.25 and not self.wraps:
                    spec = r.choice(["d", "5d", "+,d", "x", "#o", "08b", "", "<9", "^+9"]) if f.result == "i" else r.choice([".3f", "10.2e", "g", "+.4g", "", "012.3f", ">20", ",.2f", ".0f", ".3%"])
                    self.lines.append("print(f\"%s: {%s(%s):%s}|\")" % (f.name, f.name, ", ".join(args), spec))
                else:
                    self.lines.append("print(%r, %s(%s))" % (f.name, f.name, ", ".join(args)))
        return "\n".join(self.lines) + "\n"


def main(program=None, name="scalars", modes=("numba", "model"), verdict=compare.verdict):
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("binary")
    ap.add_argument("--count", type=int, default=20, help="programs with each oracle")
    ap.add_argument("--seed", default="1")
    ap.add_argument("--oracle", choices=("numba", "model"), help="only this one")
    ap.add_argument("--functions", type=int, default=8, help="functions in each program")
    ap.add_argument("--budget", type=int, default=150, help="programs tried while reducing a mismatch")
    ap.add_argument("--most", type=int, default=5, help="stop after so many mismatches")
    ap.add_argument("--write", metavar="FOLDER")
    ap.add_argument("--show", type=int, metavar="K", help="print program K and stop")
    options = ap.parse_args()
    binary = os.path.abspath(options.binary)
    program = program or (lambda rng, mode: Generator(rng, mode).program(options.functions))
    failed = 0
    for mode in modes:
        if options.oracle not in (None, mode):
            continue
        if options.show is not None:
            print(program(random.Random("%s %d" % (options.seed, options.show)), mode))
            continue
        judge = oracle.Numba() if mode == "numba" else oracle.Model()
        if not judge.available:
            print("%s: %d programs skipped: %s" % (mode, options.count, judge.why))
            continue
        agreed, skipped, bad = compare.check_all(lambda rng: program(rng, mode), judge, binary, options.count, options.seed, options.budget, options.write,
                                         name if mode == "numba" else name + "_wrap", options.most, verdict)
        print("%s (%s): %d agree, %d skipped, %d differ" % (mode, judge.why, agreed, skipped, len(bad)))
        failed += len(bad)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
