"""Times one kernel in all columns, in turn, and compares what each computes with the first column's result.

All columns run in this process on the same memory: A B C … A B C …, so that a slow moment of the machine meets all of them. A figure is the
smallest of its rounds. Serial columns are timed by the processor time of the thread, which is the time on the wall of a quiet machine; parallel ones by
the wall. Arrays that a kernel overwrites and reads are restored before each timed call.
"""
import ctypes
import math
import os
import subprocess
import time

import data
from columns import COLUMNS, FASTMATH, PARALLEL

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = 4e-3  # seconds of one timed run: shorter kernels are called several times


class Wrong(Exception):
    """A column's result is not what the yardstick computed."""


def compare_library(folder):
    path = os.path.join(folder, "compare.so")
    source = os.path.join(HERE, "compare.c")
    if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(source):
        subprocess.run(["clang-22", "-O2", "-shared", "-fPIC", "-o", path, source, "-lm"], check=True)
    library = ctypes.CDLL(path)
    library.compare.restype = ctypes.c_double
    return library.compare


def error(compare, dtype, got, want):
    return 0.0 if got == want else compare(data.CODES[dtype].encode(), ctypes.c_int64(len(got)), got, want)


def outcome(case, args, call):
    """[(dtype, bytes)] of all arrays and of the result after one call on fresh arguments."""
    for a in args:
        if isinstance(a, data.Array):
            a.reset()
    value = call()
    out = [(a.spec.dtype, a.content()) for a in args if isinstance(a, data.Array)]
    if case.result:
        out.append((case.result, bytes((ctypes.c_double if case.result == "f64" else ctypes.c_int64)(value))))
    return out


def verify(context, case, name, got, want):
    tolerance = case.fast if COLUMNS[name][0] == FASTMATH else case.tolerance
    if tolerance == 0 and ("numba" in name or name == "NumPy") and case.result == "f64":
        tolerance = 1e-14
    for i, ((dtype, a), (_, b)) in enumerate(zip(got, want)):
        e = error(context.compare, dtype, a, b)
        if not e <= tolerance:
            raise Wrong("%s: %s differs from C's result in array %d by %.3g, more than %g" % (case.name, name, i, e, tolerance))


class Column:
    def __init__(self, name, call):
        self.name, self.call, self.best, self.inner = name, call, math.inf, 1
        self.clock = time.perf_counter if COLUMNS[name][0] == PARALLEL else time.thread_time

    def run(self, restore):
        for a in restore:
            a.reset()
        call, clock = self.call, self.clock
        start = clock()
        for _ in range(self.inner):
            call()
        self.best = min(self.best, (clock() - start) / self.inner)


def measure(context, case):
    """{column: seconds} of a case, over the columns that have it."""
    args = data.make(case)
    restore = [a for a in args if isinstance(a, data.Array) and a.spec.inout]
    columns, want = [], None
    for name, (section, column) in context.columns.items():
        if section == PARALLEL and not case.parallel:
            continue
        call = column.function(case, args)
        if not call:
            continue
        got = outcome(case, args, call)
        want = want or got
        verify(context, case, name, got, want)
        one = Column(name, call)
        one.run(restore)
        if not restore:
            one.inner = max(1, math.ceil(TARGET / one.best))
        columns.append(one)
    end, rounds = time.perf_counter() + context.budget, 0
    while rounds < 3 or time.perf_counter() < end:
        for one in columns:
            if context.columns[one.name][0] == PARALLEL and rounds == 0:
                time.sleep(0.25)  # the threads of the column before still spin
            one.run(restore)
            one.run(restore)
        rounds += 1
    return {one.name: one.best for one in columns}
