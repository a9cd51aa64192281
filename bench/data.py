"""Arguments of the kernels: how a row of cases.py writes them, and the memory in which every column finds them.

An argument is an array (d, f, i64, i32, u8, b: made by the functions here) or a number. An array names its dimensions ("n m"); the row gives
each name its size. All columns work on the same memory, in huge pages where the system has them, so that no column wins by a lucky address.
"""
import array
import ctypes
import math
import mmap
import random

CODES = {"f64": "d", "f32": "f", "i64": "q", "i32": "i", "u8": "B", "bool": "B"}  # of the module array
NUMPY = {"f64": "<f8", "f32": "<f4", "i64": "<i8", "i32": "<i4", "u8": "|u1", "bool": "|b1"}
PERIOD = 65521  # contents repeat after a prime number of elements: cheap to make, no accidental symmetry


class Spec:
    """An array as a row of cases.py writes it: nothing is allocated."""

    def __init__(self, dtype, dims, fill, inout):
        self.dtype, self.dims, self.fill, self.inout = dtype, dims.split(), fill, inout


def uniform(lo, hi):
    return lambda size, dims, rng: [rng.uniform(lo, hi) for _ in range(min(size, PERIOD))]


def integers(lo, hi):
    return lambda size, dims, rng: [rng.randrange(lo, hi) for _ in range(min(size, PERIOD))]


def each(function):
    """Element i is function(i, dims): for contents that have a structure."""
    return lambda size, dims, rng: [function(i, dims) for i in range(size)]


def zeros(size, dims, rng):
    return [0]


def kind(dtype, default):
    return lambda dims, fill=default, inout=False: Spec(dtype, dims, fill, inout)


# `inout`: the kernel reads what it overwrites, so the array is restored before each timed call.
d = kind("f64", uniform(-0.3, 0.7))
f = kind("f32", uniform(-0.3, 0.7))
i64 = kind("i64", integers(0, 1000))
i32 = kind("i32", integers(0, 1000))
u8 = kind("u8", integers(0, 256))
b = kind("bool", zeros)


class Array:
    """A Spec in memory."""

    def __init__(self, spec, dims, position):
        self.spec, self.shape = spec, tuple(dims[name] for name in spec.dims)
        self.size = math.prod(self.shape)
        code = CODES[spec.dtype]
        self.bytes = self.size * array.array(code).itemsize
        lead = 64 * (17 * position + 1)  # different places within a page: stores of one array do not look like loads of the next
        self.memory = mmap.mmap(-1, self.bytes + lead)
        if self.bytes >= 1 << 20 and hasattr(mmap, "MADV_HUGEPAGE"):
            self.memory.madvise(mmap.MADV_HUGEPAGE)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.memory, lead))
        part = array.array(code, spec.fill(self.size, dims, random.Random(position + 1))).tobytes()
        self.start = (part * (self.bytes // len(part) + 1))[: self.bytes]
        self.reset()

    def reset(self):
        ctypes.memmove(self.address, self.start, self.bytes)

    def content(self):
        return ctypes.string_at(self.address, self.bytes)


def make(case):
    """The arguments of a case: Arrays and numbers."""
    return [Array(a, case.dims, i) if isinstance(a, Spec) else a for i, a in enumerate(case.args)]
