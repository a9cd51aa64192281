#!/usr/bin/env python3
"""Random array programs, run by plain CPython with NumPy and by the command, compared.

    arrays.py [--count N] [--seed S] [--statements K] [--write FOLDER] [--show K] BINARY

A program makes a few arrays of random dtypes and up to four dimensions and hands them to a function of random statements: views, broadcasting
expressions, reductions along axes, masks, index arrays, stores through all of them (also overlapping ones), operators in place; each result is
printed. The generator runs every statement with NumPy while it writes it, so that only statements that NumPy accepts get in.
Text must be equal except for floats, which may differ by rounding (sums in another order). A mismatch is reduced to the statements it needs.
Without NumPy it says "skipped" and succeeds.
"""
import argparse
import concurrent.futures
import contextlib
import io
import os
import random
import re
import subprocess
import sys
import tempfile
import warnings

try:
    import numpy as np
except ImportError:
    np = None

DTYPES = ["bool_", "int8", "int32", "int64", "uint8", "uint16", "float32", "float64", "float64", "float64", "complex128"]
REDUCTIONS = ["sum", "prod", "mean", "min", "max", "any", "all", "argmin", "argmax"]
NUMBER = re.compile(r"-?(?:\d+\.?\d*(?:e[+-]?\d+)?|nan|inf)")
MOST = 400  # elements of a result


class Generator:
    def __init__(self, rng):
        self.rng = rng
        self.arrays = {}   # name -> value while the function runs
        self.setup, self.lines = [], []
        self.args = []
        self.scope = {"np": np}

    def pick(self, *choices):
        return self.rng.choice(choices)

    # ---- arrays that a function gets ----

    def make_arrays(self):
        rank = self.rng.randint(1, 4)
        shape = [self.rng.choice((1, 2, 3, 4, 5)) for _ in range(rank)]
        for k in range(self.rng.randint(3, 5)):
            sub = shape[self.rng.randint(0, rank - 1):] if self.rng.random() < 0.4 else shape
            sub = [1 if self.rng.random() < 0.12 else n for n in sub]
            self.make_array("abcde"[k], tuple(sub))

    def make_array(self, name, shape):
        dtype, size = self.rng.choice(DTYPES), int(np.prod(shape))
        a, b, p = self.rng.randint(1, 9), self.rng.randint(0, 6), self.rng.choice((3, 5, 7, 11))
        text = "((np.arange(%d) * %d + %d) %% %d - %d)" % (size, a, b, p, 0 if dtype[0] == "u" else p // 2)
        if dtype == "bool_":
            text = "(%s > 0)" % text
        elif dtype[0] in "fc":
            text = "(%s * %s).astype(np.%s)" % (text, self.pick("0.5", "1.25", "0.1"), dtype)
        else:
            text = "%s.astype(np.%s)" % (text, dtype)
        if dtype[0] == "c":
            text = "(%s * (1 - 0.5j))" % text
        text += ".reshape(%s)" % (shape,)
        if len(shape) > 1 and self.rng.random() < 0.25:
            text = "np.asfortranarray(%s)" % text
        elif self.rng.random() < 0.15:
            text += ".T"
        self.setup.append("%s = %s" % (name, text))
        self.args.append(name)
        self.arrays[name] = self.scope[name] = eval(text, {"np": np})

    # ---- pieces ----

    def name(self):
        return self.rng.choice(sorted(self.arrays))

    def slice_of(self, n):
        def bound():
            return self.rng.choice(["", "", str(self.rng.randint(-n - 1, n + 1))])
        step = self.rng.choice(["", "", "", ":2", ":-1", ":-2", ":3"])
        return bound() + ":" + bound() + step

    def subscript(self, value):
        items = []
        for n in value.shape[:self.rng.randint(0, value.ndim)]:
            r = self.rng.random()
            items.append(str(self.rng.randint(-n, n - 1)) if r < 0.25 and n else ":" if r < 0.4 else self.slice_of(n))
        if self.rng.random() < 0.15:
            items.insert(self.rng.randint(0, len(items)), "None")
        if self.rng.random() < 0.15:
            items.insert(self.rng.randint(0, len(items)), "...")
        return ", ".join(items) or "..."

    def fancy(self, value):
        """With one or several index arrays, written as expressions of np.arange."""
        items, arrays = [], 0
        rank = self.pick(1, 1, 2)
        for n in value.shape[:self.rng.randint(1, max(1, value.ndim))]:
            r = self.rng.random()
            if r < 0.5 and n:
                arrays += 1
                k = self.rng.randint(1, 4)
                text = "(np.arange(%d) * %d + %d) %% %d" % (k if rank == 1 else 2 * k, self.rng.randint(1, 3), self.rng.randint(0, 3), n)
                if self.rng.random() < 0.4:
                    text = "%s - %d" % (text, n)
                if rank == 2:
                    text = "(%s).reshape(%s)" % (text, self.pick("2, %d" % k, "%d, 2" % k, "%d, 1" % (2 * k)))
                if self.rng.random() < 0.2:
                    text = "(%s).astype(np.%s)" % (text, self.pick("int32", "int8"))
                items.append(text)
            elif r < 0.62 and n:
                arrays += 1
                items.append("np.arange(%d) %% %d == 0" % (n, self.rng.randint(1, 3)))
            elif r < 0.72 and n:
                items.append(str(self.rng.randint(-n, n - 1)))
            else:
                items.append(self.slice_of(n))
        if self.rng.random() < 0.1:
            items.insert(self.rng.randint(0, len(items)), self.pick("None", "..."))
        return ", ".join(items) if arrays else None

    def scalar(self):
        return self.pick("2", "3", "-1", "0.5", "1.5", "7", "True")

    def operand(self, depth=0):
        r = self.rng.random()
        name = self.name()
        if r < 0.5:
            return name
        if r < 0.65:
            return self.scalar()
        if r < 0.85:
            return "%s[%s]" % (name, self.subscript(self.arrays[name]))
        if r < 0.9:
            return name + ".T"
        return "(%s)" % self.expression(depth + 1) if depth < 3 else name

    def expression(self, depth=0):
        a, b = self.operand(depth), self.operand(depth)
        r = self.rng.random()
        if r < 0.5:
            op = self.pick("+", "-", "*", "*", "+", "/", "//", "%")
            if op in "//%" and not any(np.ndim(self.evaluate(x)) for x in (a, b)):
                raise ValueError  # numbers: a zero divisor is an error here
            return "%s %s %s" % (a, op, b)
        if r < 0.6:
            self.ordered(a, b)
            return "%s %s %s" % (a, self.pick("<", ">", "==", "!=", "<=", ">="), b)
        if r < 0.7:
            self.ordered(a, b)
            return "np.%s(%s, %s)" % (self.pick("maximum", "minimum"), a, b)
        if r < 0.77:
            return "np.%s(%s)" % (self.pick("abs", "square"), a)
        if r < 0.82:
            if self.evaluate("np.sqrt(np.abs(%s))" % a).dtype == np.float16:
                raise ValueError
            return "np.sqrt(np.abs(%s))" % a
        if r < 0.9:
            return "np.where(%s > 0, %s, %s)" % (self.ordered(self.name())[0], a, b)
        if r < 0.95:
            return "-%s" % a if a[0] != "-" else a
        return "%s.astype(np.%s)" % (self.name(), self.pick("float64", "float32", "complex128"))

    def reduction(self):
        kind = self.rng.choice(REDUCTIONS)
        operand = self.operand() if self.rng.random() < 0.6 else "(%s)" % self.expression()
        value = self.evaluate(operand)
        ndim = getattr(value, "ndim", 0)
        if kind[-3:] in ("min", "max"):
            self.ordered(operand)
        args = []
        if ndim and self.rng.random() < 0.75:
            axes = self.rng.sample(range(ndim), self.rng.randint(1, ndim))
            axes = [x - ndim if self.rng.random() < 0.3 else x for x in axes]
            if len(axes) == 1 or kind.startswith("arg"):
                args.append("axis=%d" % axes[0])
            else:
                args.append("axis=(%s)" % ", ".join(map(str, axes)))
        if self.rng.random() < 0.3:
            args.append("keepdims=True")
        if ndim and self.rng.random() < 0.4 and operand[0] not in "-0123456789T":
            return "%s.%s(%s)" % (operand, kind, ", ".join(args))
        return "np.%s(%s)" % (kind, ", ".join([operand] + args))

    def selection(self):
        name = self.name()
        value = self.arrays[name]
        if self.rng.random() < 0.5:
            other = self.name() if self.rng.random() < 0.3 else name
            return "%s[%s %s %s]" % (name, self.ordered(other)[0], self.pick("<", ">", "==", ">="), self.pick("0", "1", "0.5", "2"))
        index = self.fancy(value)
        return "%s[%s]" % (name, index) if index else "%s[%s]" % (name, self.subscript(value))

    # ---- statements ----

    def evaluate(self, text):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            warnings.simplefilter("error", DeprecationWarning)
            return eval(text, self.scope)

    def ordered(self, *texts):
        """Complex numbers have no order here."""
        if any(np.asarray(self.evaluate(text)).dtype.kind == "c" for text in texts):
            raise ValueError
        return texts

    def statement(self):
        r = self.rng.random()
        if r < 0.3:
            return self.new(self.expression())
        if r < 0.55:
            return self.new(self.reduction())
        if r < 0.7:
            return self.new(self.selection())
        return self.change()

    def new(self, text):
        value = self.evaluate(text)
        if not isinstance(value, (np.ndarray, np.generic)):
            return None
        if value.size > MOST or value.ndim > 5 or not is_plain(value):
            return None
        name = "t%d" % len(self.lines)
        lines = ["%s = %s" % (name, text)]
        if isinstance(value, np.ndarray) and value.ndim:
            self.arrays[name] = value
            lines.append("print(\"%s\", %s.shape, %s)" % (value.dtype, name, name))
        else:
            lines.append("print(%s)" % scalar_text(value, name))
        self.scope[name] = value
        return lines

    def change(self):
        """A store into a copy of an array, or into a view of the copy."""
        source = self.name()
        name = "t%d" % len(self.lines)
        copy = self.arrays[source].copy()
        self.scope[name] = self.arrays[name] = copy
        target = name
        r = self.rng.random()
        if r < 0.45:
            target = "%s[%s]" % (name, self.subscript(copy))
        elif r < 0.65:
            target = "%s[%s %s %s]" % (name, self.ordered(name)[0], self.pick("<", ">", "=="), self.pick("0", "1", "2"))
        else:
            index = self.fancy(copy)
            if not index:
                raise ValueError
            target = "%s[%s]" % (name, index)
        r = self.rng.random()
        if r < 0.3:
            value = self.scalar()
        elif r < 0.5:
            value = "%s[%s]" % (name, self.subscript(copy))
        elif r < 0.7:
            value = target + self.pick("", " * 2", " + 1", "[::-1]")
        else:
            value = self.operand()
        text = "%s %s %s" % (target, self.pick("=", "=", "=", "+=", "-=", "*="), value)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            warnings.simplefilter("error", DeprecationWarning)
            stored = eval(value, self.scope)
            if not is_safe(stored, copy.dtype) or (np.ndim(stored) and not np.ndim(eval(target, self.scope))):
                raise ValueError
            exec(text, self.scope)
        return ["%s = %s.copy()" % (name, source), text, "print(\"%s\", %s)" % (copy.dtype, name)]

    def generate(self, statements):
        self.make_arrays()
        tries = 0
        while len(self.lines) < statements and tries < 40 * statements:
            tries += 1
            try:
                lines = self.statement()
            except Exception:  # NumPy refuses it: not a program
                self.arrays.pop("t%d" % len(self.lines), None)
                self.scope.pop("t%d" % len(self.lines), None)
                continue
            if lines:
                self.lines.append(lines)
        return self.text(range(len(self.lines)))

    def text(self, keep):
        body = "".join("    %s\n" % line for k in keep for line in self.lines[k]) or "    pass\n"
        args = ", ".join(self.args)
        return "import numpy as np\n\n\ndef f(%s):\n%s\n\n%s\nf(%s)\n" % (args, body, "\n".join(self.setup), args)


def is_plain(value):
    """Not what only one side prints in the same way: huge magnitudes, half precision, parts of infinite complex numbers."""
    if value.dtype == np.float16:
        return False
    if value.dtype.kind == "c" and not np.all(np.isfinite(value)):
        return False
    with np.errstate(all="ignore"):
        return not value.size or not np.any(np.abs(value.astype(np.complex128)) > 1e9)


def is_safe(value, dtype):
    """Does a store convert in a defined way?"""
    value = np.asarray(value)
    if value.dtype.kind == "c" and dtype.kind != "c":
        return False
    if dtype.kind in "iu" and value.dtype.kind == "f":
        with np.errstate(all="ignore"):
            return bool(np.all(np.abs(value) < 100)) and (dtype.kind == "i" or bool(np.all(value >= 0)))
    return True


def scalar_text(value, name):
    if value.dtype.kind in "iu":
        return "int(%s)" % name
    return "float(%s)" % name if value.dtype.kind == "f" else name


# ---- running and comparing ----

def expected(text):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(text, "program.py", "exec"), {"__name__": "__main__"})
    return out.getvalue()


def actual(binary, text):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "program.lp")
        with open(path, "w") as f:
            f.write(text)
        try:
            done = subprocess.run([binary, "run", path], capture_output=True, text=True, timeout=120)
        except subprocess.TimeoutExpired:
            return "", "timeout"
    return done.stdout, "" if done.returncode == 0 else "exit status %d: %s" % (done.returncode, done.stderr[:600])


def same_number(a, b, loose):
    try:
        x, y = float(a), float(b)
    except ValueError:
        return False
    return x == y or (x != x and y != y) or abs(x - y) <= loose * max(1.0, abs(x), abs(y))


def same(want, got):
    if want == got:
        return True
    loose = 3e-5 if "float32" in want else 1e-7  # arrays are printed with eight digits
    a, b = NUMBER.findall(want), NUMBER.findall(got)
    kinds = [re.sub(r"[\s.]+", "", NUMBER.sub("#", text)) for text in (want, got)]
    return len(a) == len(b) and kinds[0] == kinds[1] and all(same_number(x, y, loose) for x, y in zip(a, b))


def check(binary, text):
    """None when both agree, else what is wrong."""
    got, problem = actual(binary, text)
    if problem:
        return problem
    want = expected(text)
    return None if same(want, got) else "output differs\n--- NumPy\n%s--- loopjit\n%s" % (want, got)


def reduce_program(binary, made):
    keep, k = list(range(len(made.lines))), 0
    while k < len(keep):
        less = keep[:k] + keep[k + 1:]
        try:
            expected(made.text(less))
            still = check(binary, made.text(less))
        except Exception:
            still = None
        keep, k = (less, k) if still else (keep, k + 1)
    text = made.text(keep)
    return text, check(binary, text)


def make(seed, k, statements):
    made = Generator(random.Random("%s %d" % (seed, k)))
    return made, made.generate(statements)


def one(binary, seed, k, statements):
    return check(binary, make(seed, k, statements)[1])


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("binary")
    ap.add_argument("--count", type=int, default=50)
    ap.add_argument("--seed", default="1")
    ap.add_argument("--statements", type=int, default=10)
    ap.add_argument("--most", type=int, default=5, help="stop after so many mismatches")
    ap.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    ap.add_argument("--write", metavar="FOLDER", help="keep reduced mismatches there")
    ap.add_argument("--show", type=int, metavar="K", help="print program K and stop")
    options = ap.parse_args()
    if np is None or int(np.__version__.split(".")[0]) < 2:
        print("arrays: %d programs skipped: NumPy 2 is not there" % options.count)
        return 0
    if options.show is not None:
        print(make(options.seed, options.show, options.statements)[1])
        return 0
    binary, failed = os.path.abspath(options.binary), 0
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        for start in range(0, options.count, 64):
            ks = range(start, min(start + 64, options.count))
            jobs = [pool.submit(one, binary, options.seed, k, options.statements) for k in ks]
            for k, job in zip(ks, jobs):
                if not job.result():
                    continue
                failed += 1
                if failed > options.most:
                    break
                text, wrong = reduce_program(binary, make(options.seed, k, options.statements)[0])
                print("program %d (--seed %s --show %d): %s\n%s" % (k, options.seed, k, wrong, text))
                if options.write:
                    with open(os.path.join(options.write, "arrays_%s_%d.lp" % (options.seed, k)), "w") as f:
                        f.write(text)
            if failed >= options.most:
                break
    print("arrays: %d programs, %d mismatches" % (options.count, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
