"""Random array programs: what arrays.py runs. The generator runs every statement with NumPy while it writes it, so that only statements that NumPy
accepts get in; a program makes a few arrays of random dtypes and up to five dimensions and hands them to a function of random statements, each of which
prints its result with dtype and shape.

A theme says how often each kind of statement comes: expression, reduction, selection (masks, index arrays), change (stores and operators in place
through views, masks and index arrays, overlapping ones too), view (chains of views, also written through), library (the rest of NumPy's functions).
"""
import random
import re
import warnings

import numpy as np

THEMES = {
    "elementwise": {"expression": 8, "change": 1, "reduction": 1},
    "reductions": {"reduction": 8, "view": 1, "change": 1},
    "indexing": {"selection": 8, "change": 2},
    "stores": {"change": 9, "view": 1},
    "views": {"view": 8, "change": 1, "reduction": 1},
    "library": {"library": 9, "view": 1},
    "mixed": {"expression": 3, "reduction": 2, "selection": 2, "change": 3, "view": 2, "library": 2},
}
DTYPES = ["bool_", "int8", "int16", "int32", "int64", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64", "float64", "float64",
          "complex64", "complex128"]
REDUCTIONS = ["sum", "prod", "mean", "min", "max", "any", "all", "argmin", "argmax", "var", "std", "ptp", "count_nonzero", "cumsum", "cumprod"]
FUNCTIONS_ONLY = ("ptp", "count_nonzero")
MOST = 160  # elements of a result
DEEPEST = 5


class Generator:
    def __init__(self, rng, theme):
        self.rng = rng
        self.kinds = THEMES[theme]
        self.arrays = {}   # name -> value while the function runs
        self.setup, self.lines = [], []
        self.args = []
        self.scope = {"np": np}

    def pick(self, *choices):
        return self.rng.choice(choices)

    def chance(self, p):
        return self.rng.random() < p

    # ---- arrays that a function gets ----

    def make_arrays(self):
        rank = self.pick(1, 2, 2, 3, 3, 4, DEEPEST)
        sizes = (1, 2, 3, 4, 5) if rank < 3 else (1, 2, 3, 4) if rank == 3 else (1, 2, 3) if rank == 4 else (1, 2)
        shape = [self.rng.choice(sizes) for _ in range(rank)]
        if self.chance(0.04):
            shape[self.rng.randrange(rank)] = 0
        for k in range(self.rng.randint(3, 5)):
            sub = shape[self.rng.randint(0, rank - 1):] if self.chance(0.4) else shape
            sub = [1 if self.chance(0.12) else n for n in sub]
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
        if len(shape) > 1 and self.chance(0.25):
            text = "np.asfortranarray(%s)" % text
        elif self.chance(0.15):
            text += ".T"
        self.setup.append("%s = %s" % (name, text))
        if dtype[0] == "f" and size and self.chance(0.12):
            self.setup.append("%s[%s] = %s" % (name, ", ".join(["-1"] * len(shape)), self.pick("np.nan", "np.inf", "-np.inf", "-0.0")))
        self.args.append(name)
        for line in self.setup[-2:]:
            if line.startswith(name):
                exec(line, self.scope)
        self.arrays[name] = self.scope[name]

    # ---- pieces ----

    def name(self, *kinds):
        """An array; of one of the dtype kinds if there is one."""
        names = [n for n in sorted(self.arrays) if not kinds or self.arrays[n].dtype.kind in kinds]
        return self.rng.choice(names or sorted(self.arrays))

    def slice_of(self, n):
        def bound():
            return self.rng.choice(["", "", str(self.rng.randint(-n - 1, n + 1))])
        step = self.rng.choice(["", "", "", ":2", ":-1", ":-2", ":3"])
        return bound() + ":" + bound() + step

    def subscript(self, value, ints=0.25):
        items = []
        for n in value.shape[:self.rng.randint(0, value.ndim)]:
            r = self.rng.random()
            items.append(str(self.rng.randint(-n, n - 1)) if r < ints and n else ":" if r < ints + 0.15 else self.slice_of(n))
        if self.chance(0.15):
            items.insert(self.rng.randint(0, len(items)), self.pick("None", "np.newaxis"))
        if self.chance(0.15):
            items.insert(self.rng.randint(0, len(items)), "...")
        return ", ".join(items) or "..."

    def places(self, n, rank):
        """An index array for an axis of n."""
        k = self.rng.randint(1, 4)
        if rank == 1 and self.chance(0.25):
            return "[%s]" % ", ".join(str(self.rng.randint(-n, n - 1)) for _ in range(k))
        text = "(np.arange(%d) * %d + %d) %% %d" % (k if rank == 1 else 2 * k, self.rng.randint(1, 3), self.rng.randint(0, 3), n)
        if self.chance(0.4):
            text = "%s - %d" % (text, n)
        if rank == 2:
            text = "(%s).reshape(%s)" % (text, self.pick("2, %d" % k, "%d, 2" % k, "%d, 1" % (2 * k)))
        if self.chance(0.2):
            text = "(%s).astype(np.%s)" % (text, self.pick("int32", "int8"))
        return text

    def fancy(self, value):
        """With one or several index arrays, written as expressions of np.arange or as lists, and masks of single axes."""
        items, arrays = [], 0
        rank = self.pick(1, 1, 2)
        for n in value.shape[:self.rng.randint(1, max(1, value.ndim))]:
            r = self.rng.random()
            if r < 0.5 and n:
                arrays += 1
                items.append(self.places(n, rank))
            elif r < 0.62 and n:
                arrays += 1
                items.append("np.arange(%d) %% %d == 0" % (n, self.rng.randint(1, 3)))
            elif r < 0.72 and n:
                items.append(str(self.rng.randint(-n, n - 1)))
            else:
                items.append(self.slice_of(n))
        if self.chance(0.1):
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
            text = "%s[%s]" % (name, self.subscript(self.arrays[name]))
        elif r < 0.9 or depth >= 3:
            text = name + ".T"
        else:
            text = "(%s)" % self.expression(depth + 1)
        value = np.asarray(self.evaluate(text))
        if value.ndim == 0 or value.dtype == np.float16:
            raise ValueError  # an element is a number here and does not widen arrays; there is no half precision
        return text

    # ---- expressions ----

    def expression(self, depth=0):
        a, b = self.operand(depth), self.operand(depth)
        r = self.rng.random()
        if r < 0.36:
            op = self.pick("+", "-", "*", "*", "+", "/", "//", "%")
            if op in "//%" and not any(np.ndim(self.evaluate(x)) for x in (a, b)):
                raise ValueError  # numbers: a zero divisor is an error here
            return "%s %s %s" % (a, op, b)
        if r < 0.42:
            a = self.name("i", "u", "b")
            return "%s %s %s" % (a, self.pick("&", "|", "^", "<<", ">>"), self.pick("2", "3", "1", self.name("i", "u", "b"), "(%s & 3)" % self.name("u")))
        if r < 0.47:
            a, b = self.name(), self.pick("2", "3", "2.0", "0.5", "np.abs(%s)" % self.name("f"))
            if self.arrays[a].dtype.kind == "b" or not np.all(np.isfinite(self.evaluate(b))):
                raise ValueError
            return "%s ** %s" % (a, b)
        if r < 0.56:
            return "%s %s %s" % (a, self.pick("<", ">", "==", "!=", "<=", ">="), self.ordered(a, b)[1])
        if r < 0.68:
            return "np.%s(%s, %s)" % (self.pick("maximum", "minimum", "fmax", "fmin", "add", "multiply", "logical_and", "logical_or", "logical_xor", "copysign",
                                                "hypot", "arctan2", "logaddexp", "less", "equal", "bitwise_and", "gcd", "fmod"), *self.real(a, b))
        if r < 0.82:
            return self.unary(a)
        if r < 0.9:
            return "np.where(%s > 0, %s, %s)" % (self.ordered(self.name())[0], a, b)
        if r < 0.95:
            return self.pick("-%s", "+%s", "~%s") % (a if a[0] not in "-T" else self.name())
        return "%s.astype(np.%s)" % (self.name(), self.pick("float64", "float32", "complex128", "int64", "bool_"))

    def unary(self, a):
        kind = self.pick("abs", "square", "sign", "floor", "ceil", "trunc", "rint", "exp", "sin", "cos", "tanh", "arctan", "isnan", "isfinite", "isinf",
                         "negative", "logical_not", "conj", "real", "imag", "sqrt", "log", "log1p", "cbrt", "round", "clip", "deg2rad", "signbit", "reciprocal",
                         "exp2", "expm1", "sinh", "arcsinh", "positive", "fabs", "angle")
        if np.asarray(self.evaluate(a)).dtype.itemsize == 1:
            a = "(%s * 1.0)" % a  # else NumPy's result may be a float16
        if kind in ("sqrt", "log", "log1p", "cbrt"):
            text = "np.%s(np.abs(%s))" % (kind, a)
            self.ordered(a)
        elif kind == "clip":
            text = "np.clip(%s, %s)" % (self.real(a)[0], self.pick("-1, 2", "0, 1", "1, 3"))
        elif kind == "round":
            text = "np.round(%s, %s)" % (a, self.pick("0", "1", "2"))
        elif kind == "reciprocal":
            text = "np.reciprocal(%s)" % self.name("f")
        else:
            if np.asarray(self.evaluate(a)).ndim == 0 or (kind in ("exp2", "expm1", "log1p", "rint") and self.evaluate(a).dtype.kind == "c"):
                raise ValueError  # numbers follow numba; of complex numbers the language has none of these
            text = "np.%s(%s)" % (kind, a)
        return text

    def real(self, *texts):
        return texts if texts[0] == "" else self.ordered(*texts)

    # ---- reductions ----

    def axis_of(self, ndim):
        axis = self.rng.randrange(ndim)
        return axis - ndim if self.chance(0.4) else axis

    def reduction(self):
        kind = self.rng.choice(REDUCTIONS)
        operand = self.operand() if self.chance(0.6) else "(%s)" % self.expression()
        if kind in FUNCTIONS_ONLY + ("cumsum", "cumprod", "var", "std"):
            operand = self.name()
        value = self.evaluate(operand)
        ndim = getattr(value, "ndim", 0)
        if kind[-3:] in ("min", "max") or kind == "ptp":
            self.ordered(operand)
        args = []
        if ndim and self.chance(0.75):
            axes = self.rng.sample(range(ndim), self.rng.randint(1, ndim))
            axes = [x - ndim if self.chance(0.3) else x for x in axes]
            if len(axes) == 1 or kind.startswith(("arg", "cum")):
                args.append("axis=%d" % axes[0])
            else:
                args.append("axis=(%s)" % ", ".join(map(str, axes)))
        if self.chance(0.3) and not kind.startswith("cum"):
            args.append("keepdims=True")
        if kind in ("var", "std") and self.chance(0.3):
            args.append("ddof=1")
        if kind in ("sum", "prod", "cumsum") and self.chance(0.15):
            args.append("dtype=np.%s" % self.pick("float64", "int64", "complex128"))
        if ndim and kind not in FUNCTIONS_ONLY and self.chance(0.4) and operand[0] not in "-~+0123456789T":
            return "%s.%s(%s)" % (operand, kind, ", ".join(args))
        return "np.%s(%s)" % (kind, ", ".join([operand] + args))

    # ---- selections ----

    def selection(self):
        name = self.name()
        value = self.arrays[name]
        if self.chance(0.4):
            other = self.name() if self.chance(0.3) else name
            mask = "%s %s %s" % (self.ordered(other)[0], self.pick("<", ">", "==", ">="), self.pick("0", "1", "0.5", "2"))
            if self.chance(0.2):
                mask = "(%s) %s (%s %% 2 == 0)" % (mask, self.pick("&", "|"), self.ordered(other)[0])
            return "%s[%s]" % (name, mask)
        if self.chance(0.25):
            return self.take(name, value)
        index = self.fancy(value)
        return "%s[%s]" % (name, index) if index else "%s[%s]" % (name, self.subscript(value))

    def take(self, name, value):
        axis = self.rng.randrange(value.ndim)
        if self.chance(0.2):
            return "np.take(%s, %s)" % (name, self.places(value.size, self.pick(1, 2)))
        places = self.places(value.shape[axis], self.pick(1, 2))
        return self.pick("np.take(%s, %s, axis=%d)", "%s.take(%s, axis=%d)") % (name, places, axis - self.pick(0, value.ndim))

    # ---- views ----

    def view_of(self, text):
        """One step more of a chain of views."""
        value = self.evaluate(text)
        n, kind = value.ndim, self.pick("index", "index", "T", "transpose", "swapaxes", "moveaxis", "reshape", "reshape", "ravel", "flip", "expand_dims",
                                        "squeeze", "part", "roll", "flatten", "broadcast")
        if kind == "index":
            return "%s[%s]" % (text, self.subscript(value, 0.15))
        if kind == "T":
            return text + self.pick(".T", ".transpose()")
        if kind == "transpose":
            axes = self.rng.sample(range(n), n)
            return self.pick("%s.transpose(%s)", "%s.transpose((%s,))", "np.transpose(%s, (%s,))") % (text, ", ".join(map(str, axes)))
        if kind in ("swapaxes", "moveaxis"):
            args = text, self.axis_of(n), self.axis_of(n)
            return "np.%s(%s, %d, %d)" % ((kind,) + args) if kind == "moveaxis" or self.chance(0.5) else "%s.swapaxes(%d, %d)" % args
        if kind == "reshape":
            shape = self.factors(value.size)
            if shape and value.size and self.chance(0.4):
                shape[self.rng.randrange(len(shape))] = -1
            return self.pick("%s.reshape(%s)", "np.reshape(%s, (%s,))", "%s.reshape((%s,))") % (text, ", ".join(map(str, shape)))
        if kind in ("ravel", "flatten"):
            return text + ".%s()" % kind
        if kind == "flip":
            return self.pick("np.flip(%s)" % text, "np.flip(%s, %d)" % (text, self.axis_of(n)), "np.flipud(%s)" % text, "np.fliplr(%s)" % text, text + "[::-1]")
        if kind == "expand_dims":
            return "np.expand_dims(%s, %d)" % (text, self.rng.randint(-n - 1, n))
        if kind == "squeeze":
            return "np.squeeze(%s, %d)" % (text, value.shape.index(1) - self.pick(0, n))
        if kind == "part":
            return text + self.pick(".real", ".imag") if value.dtype.kind == "c" else text
        if kind == "roll":
            return self.pick("np.roll(%s, %d)" % (text, self.rng.randint(-3, 3)), "np.roll(%s, %d, axis=%d)" % (text, self.rng.randint(-3, 3), self.axis_of(n)),
                             "np.rot90(%s)" % text, "np.rot90(%s, %d)" % (text, self.rng.randint(-2, 3)))
        shape = (self.pick(1, 2, 3),) + value.shape if self.chance(0.7) and n < 4 else value.shape
        return "np.broadcast_to(%s, %s)" % (text, shape)

    def factors(self, size):
        shape = []
        for p in (2, 3, 5, 7):
            while size and size % p == 0:
                size //= p
                shape.append(p)
        if size != 1:
            shape.append(size)
        self.rng.shuffle(shape)
        while len(shape) > DEEPEST or (len(shape) > 1 and self.chance(0.4)):
            k = self.rng.randrange(len(shape) - 1)
            shape[k:k + 2] = [shape[k] * shape[k + 1]]
        if self.chance(0.2) and len(shape) < DEEPEST:
            shape.insert(self.rng.randint(0, len(shape)), 1)
        return shape or [1]

    def view(self):
        """A chain of views; half of them are written through, and the array behind is printed."""
        text = self.name()
        writes = self.chance(0.5)
        base = "t%d" % len(self.lines)
        if writes:
            self.scope[base] = self.arrays[base] = self.arrays[text].copy()
            source, text = text, base
        for _ in range(self.rng.randint(1, 4)):
            text = self.view_of(text)
            value = self.evaluate(text)
            if value.size > MOST or not 1 <= value.ndim <= DEEPEST:
                raise ValueError
        if not writes:
            return self.new(text)
        self.scope["v"] = self.evaluate(text)
        if "broadcast_to" in text:
            raise ValueError  # a copy of a read-only view can be written, but the language does not know where NumPy copies
        change = "v[%s] %s %s" % (self.subscript(self.scope["v"]), self.pick("=", "+=", "*="), self.pick("3", "2", "v[%s]" % self.subscript(self.scope["v"])))
        target, value = re.split(" [+*]?= ", change)
        if np.ndim(self.evaluate(value)) and not np.ndim(self.evaluate(target)):
            raise ValueError
        self.store(change)
        if not is_plain(self.arrays[base]):
            raise ValueError
        return ["%s = %s.copy()" % (base, source), "v = %s" % text, change, "print(v.dtype, v.shape, v)", "print(%s)" % base]

    # ---- the rest of the library ----

    def library(self):
        a, b = self.name(), self.name()
        x, y = self.arrays[a], self.arrays[b]
        n = x.ndim
        axis = self.axis_of(n)
        along = self.pick("", ", axis=%d" % axis, ", axis=%d" % axis, ", axis=None")
        row = self.pick(
            "np.sort({a}%s)" % along, "np.argsort({a}, axis=%d, kind='stable')" % axis, "np.median({a}%s)" % along, "np.percentile({a}, 30%s)" % along,
            "np.quantile({a}, [0.25, 0.5]%s)" % along, "np.unique({a})", "np.diff({a}, axis=%d)" % axis, "np.diff({a}, 2)",
            "np.repeat({a}, 2%s)" % along, "np.repeat({a}, %d, axis=%d)" % (self.rng.randint(0, 3), axis), "np.tile({a}, %s)" % self.pick("2", "(2, 1)", "(1, 2)"),
            "np.concatenate(({a}, {b})%s)" % along, "np.concatenate(({a}, {a})%s)" % along, "np.stack(({a}, {a}), axis=%d)" % axis, "np.hstack(({a}, {b}))",
            "np.vstack(({a}, {b}))", "np.dstack(({a}, {a}))", "np.column_stack(({a}, {b}))", "np.append({a}, {b})", "np.argwhere({a})", "np.flatnonzero({a})",
            "np.searchsorted(np.sort({a}.ravel()), {b})", "np.bincount(np.abs({a}.ravel()).astype(np.int64))", "np.cumsum({a}%s)" % along,
            "np.nansum({a}%s)" % along, "np.nanmax({a}%s)" % along, "np.nanmean({a}%s)" % along, "np.trace({a})", "np.diagonal({a})", "np.diag({a})",
            "np.triu({a}, %d)" % self.rng.randint(-2, 2), "np.tril({a}, %d)" % self.rng.randint(-2, 2), "np.outer({a}, {b})", "np.kron({a}, {b})",
            "np.dot({a}, {b})", "{a} @ {b}", "{a} @ {b}.T", "np.matmul({a}, {b})", "np.inner({a}, {b})", "np.vdot({a}, {a})", "np.interp({a}, [-1.0, 0.0, 2.0], [3.0, 1.0, 2.0])",
            "np.array_equal({a}, {b})", "np.allclose({a}, {a})", "np.isclose({a}, {b})", "np.convolve({a}, {b})", "np.delete({a}, 0)", "np.insert({a}, 1, 2)",
            "np.atleast_2d({a})", "np.atleast_3d({a})", "np.full_like({a}, 3)", "np.zeros_like({a})", "np.trapezoid({a}%s)" % self.pick("", ", axis=%d" % axis),
            "np.digitize({a}, np.array([-1, 0, 1]))", "np.array_split({a}, 2)[0]", "np.array_split({a}, 3)[1]", "np.ascontiguousarray({a})",
            "np.cov({a})" if n == 2 and x.shape[0] > 1 else "np.copy({a})", "np.asfortranarray({a})", "np.cross({a}, {b})", "np.linspace(%s, 3, 5)" % self.pick("0", "1.5", "-2"), "np.arange(%s)" % self.pick("5", "1, 9, 2", "0.5, 2.5, 0.5"),
            "np.meshgrid({a}, {b})[%d]" % self.pick(0, 1), "np.nonzero({a})[0]", "np.ravel({a})", "np.copy({a})", "np.count_nonzero({a}%s)" % along)
        text = row.format(a=a, b=b)
        if "{b}" in row and y.dtype.kind == "c" or x.dtype.kind == "c":
            if any(word in row for word in ("sort", "median", "percentile", "quantile", "unique", "nanmax", "interp", "digitize", "bincount", "cov", "array_split")):
                raise ValueError  # complex numbers have no order here
        return self.new(text)

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
        kind = self.rng.choices(list(self.kinds), list(self.kinds.values()))[0]
        if kind in ("expression", "reduction", "selection"):
            return self.new(getattr(self, kind)())
        return getattr(self, kind)()

    def new(self, text):
        value = self.evaluate(text)
        if not isinstance(value, (np.ndarray, np.generic, bool)):
            return None
        if isinstance(value, bool):
            value = np.bool_(value)
        if value.size > MOST or value.ndim > DEEPEST or not is_plain(value):
            return None
        name = "t%d" % len(self.lines)
        lines = ["%s = %s" % (name, text)]
        if isinstance(value, np.ndarray) and value.ndim:
            self.arrays[name] = value
            lines.append("print(%s.dtype, %s.shape, %s)" % (name, name, name))
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
        r = self.rng.random()
        if r < 0.1:
            target = name
        elif r < 0.45:
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
        op = self.pick("=", "=", "=", "+=", "-=", "*=", "/=", "//=", "%=", "**=", "&=", "|=", "^=", "<<=", ">>=")
        if op in ("/=", "//=", "%=") and not np.ndim(self.evaluate(target)):
            raise ValueError  # numbers: a zero divisor is an error here
        if target == name and op == "=":
            raise ValueError
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stored = self.evaluate(value)
            if " < " in target or " > " in target or " == " in target:
                if np.ndim(stored) and np.shares_memory(stored, copy):
                    raise ValueError  # NumPy itself does not look for overlaps here
            if np.asarray(stored).dtype == np.float16 or not is_safe(stored, copy.dtype) or (np.ndim(stored) and not np.ndim(self.evaluate(target))):
                raise ValueError
        if op in ("**=", "<<=", ">>="):
            value = self.pick("2", "3", "1")
        text = "%s %s %s" % (target, op, value)
        self.store(text)
        if not is_plain(copy):
            raise ValueError
        return ["%s = %s.copy()" % (name, source), text, "print(%s.dtype, %s)" % (name, name)]

    def store(self, text):
        """Runs an assignment, unless it is one of two that NumPy gets wrong: it does not look for overlaps of two 1-D views whose strides have one sign, and
        not at the value's shape when nothing is stored."""
        target, value = (self.evaluate(part) for part in re.fullmatch(r"(.*) [-+*/%&|^<>]{0,2}= (.*)", text).groups())
        if np.ndim(value) and (np.ndim(value) > np.ndim(target) or
                               (np.ndim(target) == 1 and np.shares_memory(target, value) and target.strides != value.strides)):
            raise ValueError
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            warnings.simplefilter("error", DeprecationWarning)
            exec(text, self.scope)

    def generate(self, statements):
        self.make_arrays()
        tries = 0
        while len(self.lines) < statements and tries < 40 * statements:
            tries += 1
            name = "t%d" % len(self.lines)
            try:
                lines = self.statement()
            except Exception:  # NumPy refuses it: not a program
                lines = None
            if lines:
                self.lines.append(lines)
            else:
                self.arrays.pop(name, None)
                self.scope.pop(name, None)
        return self.text(range(len(self.lines)))

    def text(self, keep):
        body = "".join("    %s\n" % line for k in keep for line in self.lines[k]) or "    pass\n"
        args = ", ".join(self.args)
        return "import numpy as np\n\n\ndef f(%s):\n%s\n\n%s\nf(%s)\n" % (args, body, "\n".join(self.setup), args)


def is_plain(value):
    """Not what only one side prints in the same way: huge magnitudes, half precision, parts of infinite complex numbers."""
    if value.dtype == np.float16 or value.dtype.kind not in "biufc":
        return False
    if value.dtype.kind == "c" and not np.all(np.isfinite(value)):
        return False
    with np.errstate(all="ignore"):
        finite = np.abs(value.astype(np.complex128))
        return not np.any(finite[np.isfinite(finite)] > 1e9)


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
    if value.dtype.kind == "c":
        return "'complex64', %s.real, %s.imag" % (name, name)
    return "'%s', float(%s)" % (value.dtype, name) if value.dtype.kind == "f" else name


def make(seed, k, statements, theme):
    made = Generator(random.Random("%s %d %s" % (seed, k, theme)), theme)
    return made, made.generate(statements)
