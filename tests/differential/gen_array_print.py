"""Cases of array printing with what NumPy 2 prints, for tests/unit/test_format.c.

    python3 tests/differential/gen_array_print.py [COUNT [SEED]] > tests/golden/array_print.txt

A case is a line `DTYPE SHAPE ORDER HEX`: ORDER is C, F or S (every second element of a larger buffer), HEX the values in
C order, little endian, or `=V` when all bytes come from repeating V. Then str(), each line behind a `>`, and repr(), behind a `|`.
Floats of 32 bits go over to exponents at 1e8, as in NumPy up to 2.2.
"""
import sys

import numpy as np
from numpy._core import arrayprint

DTYPES = ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "f8", "f8", "f4", "c8", "c16", "c16"]
SHAPES = [(), (0,), (1,), (2,), (3,), (5,), (7,), (12,), (30,), (2, 3), (3, 0), (4, 4), (1, 20), (5, 9), (2, 2, 2), (3, 1, 4),
          (1, 1, 1), (2, 3, 2, 2), (1, 2, 1, 2, 1), (1, 1, 2, 1, 1, 2, 1, 2), (20, 1), (7, 7)]
BIG_SHAPES = [(1001,), (2000,), (40, 40), (3, 400), (400, 3), (7, 7, 30), (2, 2, 300), (7, 8, 9, 3), (1200, 1)]

SINCE_2_3 = tuple(int(p) for p in np.__version__.split(".")[:2]) >= (2, 3)


def floats(rng, n):
    """Values of one of the styles that choose different forms."""
    style = rng.integers(0, 14)
    if style == 0:
        x = rng.integers(-5, 6, n).astype(float)
    elif style == 1:
        x = rng.integers(-50, 51, n) / 4
    elif style == 2:
        x = rng.normal(size=n)
    elif style == 3:
        x = rng.normal(size=n) * 10.0 ** rng.integers(-12, 12)
    elif style == 4:
        x = rng.normal(size=n) * 10.0 ** rng.integers(-3, 5, n)
    elif style == 5:
        x = 10.0 ** rng.uniform(-300, 300, n)
    elif style == 6:
        x = np.round(rng.uniform(-1000, 1000, n), int(rng.integers(0, 5)))
    elif style == 7:
        x = rng.choice([0.0, -0.0, 1.0, 1e-4, 9.9999e-5, 1e8, 99999999.0, 99999999.5, 1e-5, 0.1], n)
    elif style == 8:
        x = rng.uniform(1, 10, n) * 2.0 ** rng.integers(-3, 3)
    elif style == 9:
        x = 2.0 ** rng.integers(-60, 60, n)
    elif style == 10:
        x = np.linspace(0, 1, max(n, 1))[:n]
    elif style == 11:
        x = rng.choice([5e-324, 2.2e-308, 1.7976931348623157e308, 0.0, 3.0], n)
    elif style == 12:
        x = rng.integers(1, 10 ** 9, n) / 10.0 ** rng.integers(1, 12, n)
    else:
        x = rng.uniform(0, 1e7, n)
    if n and rng.integers(0, 4) == 0:
        special = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0], n)
        x = np.where(rng.uniform(size=n) < rng.choice([0.1, 0.5, 1.0]), special, x)
    return x


def values(rng, dtype, n):
    kind = dtype.kind
    if kind == "b":
        return rng.integers(0, 2, n).astype(dtype)
    if kind in "iu":
        bits = int(rng.integers(1, 64))
        raw = rng.integers(0, 2 ** 64, n, dtype=np.uint64) >> np.uint64(64 - bits)
        if kind == "i" and rng.integers(0, 2):
            return (raw.view(np.int64) * rng.choice([-1, 1], n)).astype(dtype)
        return raw.astype(dtype)
    with np.errstate(all="ignore"):
        if kind == "f":
            return floats(rng, n).astype(dtype)
        z = np.empty(n, complex)
        z.real, z.imag = floats(rng, n), floats(rng, n)
        return z.astype(dtype)


def case(rng, shape):
    dtype = np.dtype("<" + DTYPES[int(rng.integers(len(DTYPES)))])
    n = int(np.prod(shape, dtype=int))
    if n > 64 and rng.integers(0, 4):  # long arrays as short text
        flat = np.resize(values(rng, dtype, 4), n)
        data = "=" + flat[:4].tobytes().hex()
    else:
        flat = values(rng, dtype, n)
        data = flat.tobytes().hex() or "-"
    a = flat.reshape(shape)
    order = "CFS"[int(rng.integers(3))]
    name = ",".join(str(d) for d in shape) or "-"
    print(dtype.str[1:] if dtype.kind != "b" else "b1", name, order, data)
    for mark, text in (">", str_of(a)), ("|", repr(a)):
        for line in text.split("\n"):
            print(mark + line)


def str_of(a):
    with np.printoptions(legacy="2.2" if SINCE_2_3 else False):
        return str(a)


def repr_of_before_2_3():
    """What legacy="2.2" does to floats, alone: that mode also hides the shape= that NumPy 2.2 did print."""
    init = arrayprint.FloatingFormat.__init__
    arrayprint.FloatingFormat.__init__ = lambda self, *args, **named: init(self, *args, **{**named, "legacy": 202})


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    rng = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    if SINCE_2_3:
        repr_of_before_2_3()
    for i in range(count):
        shapes = BIG_SHAPES if i % 25 == 24 else SHAPES
        case(rng, shapes[int(rng.integers(len(shapes)))])


main()
