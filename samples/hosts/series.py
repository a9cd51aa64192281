#!/usr/bin/env python3
"""Calls a native library of kernels through ctypes, with arrays of NumPy or, where there is none, of ctypes.

    loopjit build series.lp -o libseries.so
    python3 series.py [--plain]

expect: smooth 2 3 5
expect: y = 2 x + 1
expect: every second: 3 9 24
expect: scaled 3 6 9 12 24
expect: IndexError: series.lp:34:14: error: IndexError: index 9 is out of bounds for axis 0 with size 5
expect: ValueError: series.lp:10:9: error: ValueError: k must be between 1 and the number of values
"""
import builtins
import ctypes
import os
import sys

try:
    import numpy as np
except ImportError:
    np = None
if "--plain" in sys.argv:
    np = None


class Array(ctypes.Structure):
    """loopjit_float64_1d of the header."""
    _fields_ = [("data", ctypes.POINTER(ctypes.c_double)), ("owner", ctypes.c_void_p), ("shape", ctypes.c_int64 * 1), ("strides", ctypes.c_int64 * 1)]


class Pair(ctypes.Structure):
    """loopjit_tuple2x_float64"""
    _fields_ = [("item0", ctypes.c_double), ("item1", ctypes.c_double)]


library = ctypes.CDLL(os.path.join(os.path.dirname(os.path.abspath(__file__)), "libseries.so"))
library.series_error.restype = ctypes.c_char_p
library.series_release.argtypes = [ctypes.c_void_p]
SIGNATURES = {
    "smooth": [ctypes.POINTER(Array), ctypes.c_int64, ctypes.POINTER(Array)],
    "line": [ctypes.POINTER(Array), ctypes.POINTER(Array), ctypes.POINTER(Pair)],
    "scale": [ctypes.POINTER(Array), ctypes.c_double],
    "nth": [ctypes.POINTER(Array), ctypes.c_int64, ctypes.POINTER(ctypes.c_double)],
}
for name, types in SIGNATURES.items():
    getattr(library, name).argtypes = types
    getattr(library, name).restype = ctypes.c_int32


def call(name, *args):
    """Calls a function; an error of the kernel becomes Python's exception of that name."""
    if getattr(library, name)(*args):
        text = library.series_error().decode()
        kind = text.split("error: ", 1)[1].split(":", 1)[0].strip()
        raise getattr(builtins, kind, RuntimeError)(text.splitlines()[0])


def array(values):
    """The memory of an array as the library takes it: it must live as long as the struct is used."""
    if np is not None and isinstance(values, np.ndarray):
        data = values.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
        return Array(data, None, (values.shape[0],), (values.strides[0],))
    return Array(ctypes.cast(values, ctypes.POINTER(ctypes.c_double)), None, (len(values),), (8,))


def numbers(*values):
    return np.array(values, dtype=np.float64) if np is not None else (ctypes.c_double * len(values))(*values)


def taken(result):
    """A copy of an array that the library made, whose memory goes back."""
    values = result.data[:result.shape[0]]
    library.series_release(result.owner)
    return values


def show(*words):
    print(*(w if isinstance(w, str) else "%g" % w for w in words))


x, y = numbers(1, 2, 3, 4, 8), numbers(3, 5, 7, 9, 17)
means, fit, number = Array(), Pair(), ctypes.c_double()
call("smooth", array(x), 3, means)
show("smooth", *taken(means))
call("line", array(x), array(y), fit)
show("y =", fit.item0, "x +", fit.item1)
call("scale", array(x), 3.0)
if np is not None:
    half = array(x[::2])  # a view: its strides are twice as long
else:
    half = Array(ctypes.cast(x, ctypes.POINTER(ctypes.c_double)), None, (3,), (16,))
call("smooth", half, 1, means)
show("every second:", *taken(means))
show("scaled", *x)
for name, args in (("nth", (array(x), 9, number)), ("smooth", (array(x), 6, means))):
    try:
        call(name, *args)
    except Exception as e:
        print("%s: %s" % (type(e).__name__, e))
