#!/usr/bin/env python3
"""Measure loopjit against C (and numba, NumPy when installed) in one run, interleaved; every result is compared with the C result.

    bench/run.py [--build DIR] [-k NAME,…] [--rounds N] [--json FILE]

Needs DIR/loopjit-bench and clang-22 (gcc is measured too when there). Only the standard library is needed; numba columns appear when
numba can be imported. Ratios are time / time of clang-22 -O3 -march=native -ffp-contract=off on the same loops with `restrict`: below 1 is faster.
"""
import argparse
import array
import ctypes
import json
import math
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
NPY = {"d": "<f8", "f": "<f4", "q": "<i8", "i": "<i4", "B": "|b1"}
C_COLUMNS = {  # name: compiler and flags
    "clang": ["clang-22", "-O3", "-march=native", "-ffp-contract=off"],
    "gcc": ["gcc", "-O3", "-march=native", "-ffp-contract=off"],
}


class Array:
    def __init__(self, code, shape, fill):
        self.code, self.shape = code, shape
        size = math.prod(shape)
        period = [fill(i) for i in range(min(size, 1009))]  # a prime period: cheap to make, no accidental symmetry
        self.start = array.array(code, (period * (size // len(period) + 1))[:size])
        self.now = array.array(code, self.start)

    def reset(self):
        self.now[:] = self.start

    def save(self, path):
        head = "{'descr': '%s', 'fortran_order': False, 'shape': %r, }" % (NPY[self.code], tuple(self.shape))
        head += " " * (-(len(head) + 11) % 64) + "\n"
        with open(path, "wb") as f:
            f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + self.start.tobytes())

    def pointer(self):
        return ctypes.c_void_p(self.now.buffer_info()[0])


def load_npy(path, code):
    with open(path, "rb") as f:
        data = f.read()
    skip = 10 + struct.unpack("<H", data[8:10])[0]
    out = array.array(code)
    out.frombytes(data[skip:])
    return out


def frac(i):
    return ((i * 7919) % 1009) / 1009.0 - 0.3


def cases():
    """name: (arguments, result type of the C function or None, calls per timed run)"""
    d = lambda *shape: Array("d", shape, frac)
    positive = lambda *shape: Array("d", shape, lambda i: 1.0 + (i * 7919 % 1009) / 100.0)
    return {
        "sum_array": ([d(500, 500)], ctypes.c_double, 20),
        "sum_sequence": ([Array("q", (10**7,), lambda i: i * 37), Array("q", (10**7,), lambda i: i * 11), Array("q", (10**7,), lambda i: 0)], None, 1),
        "matmul": ([d(300, 300), d(300, 300), d(300, 300)], None, 1),
        "matmul_ikj": ([d(300, 300), d(300, 300), d(300, 300)], None, 1),
        "heat2d": ([d(512, 512), d(512, 512), 20], None, 1),
        "mandelbrot": ([Array("i", (200, 300), lambda i: 0), 200], None, 1),
        "fib": ([32], ctypes.c_int64, 1),
        "sieve": ([Array("B", (10**6,), lambda i: 0)], ctypes.c_int64, 1),
        "expr": ([d(10**7), d(10**7), d(10**7), d(10**7), d(10**7)], None, 1),
        "expr32": ([Array("f", (10**7,), frac) for _ in range(5)], None, 1),
        "stencil_slices": ([d(1000, 1000), d(1000, 1000)], None, 1),
        "distance": ([d(1000, 2), d(1200, 2), d(1000, 1200)], None, 1),
        "softmax": ([d(1000, 300), d(1000, 300)], None, 1),
        "blackscholes": ([positive(10**6), positive(10**6), positive(10**6), d(10**6)], None, 1),
    }


ARRAY_LANGUAGE = ("expr", "expr32", "stencil_slices", "distance", "softmax", "blackscholes")  # also run by plain NumPy
ROUNDED = ("softmax", "blackscholes")  # sums in another order, or another exp: equal to 1e-12


def c_function(library, name, args, result):
    fn = getattr(library, "k_" + name)
    fn.restype = result
    sizes = [ctypes.c_int64(n) for a in args if isinstance(a, Array) for n in a.shape]
    rest = [a.pointer() if isinstance(a, Array) else ctypes.c_double(a) if isinstance(a, float) else ctypes.c_int64(a) for a in args]
    return lambda: fn(*sizes, *rest)


def timed(call, inner):
    start = time.perf_counter()
    for _ in range(inner):
        call()
    return (time.perf_counter() - start) / inner * 1e3


def reset(args):
    for a in args:
        if isinstance(a, Array):
            a.reset()


def build_c(column, folder):
    flags = C_COLUMNS[column]
    if not shutil.which(flags[0]):
        return None
    path = os.path.join(folder, column + ".so")
    subprocess.run(flags + ["-shared", "-fPIC", "-o", path, os.path.join(HERE, "kernels.c"), "-lm"], check=True)
    return ctypes.CDLL(path)


def python_function(name, args, compiled):
    """The kernel as numba compiles it, or as plain Python and NumPy run it; None when they are not installed."""
    try:
        import numpy as np
        if compiled:
            import numba  # noqa: F401
    except ImportError:
        return None
    scope = {}
    with open(os.path.join(HERE, "kernels", name + ".lp")) as f:
        text = f.read()
    if not compiled:
        text = text.replace("from numba import njit", "njit = lambda f: f")
    exec(compile(text, name, "exec"), scope)
    dtypes = {"B": np.bool_}
    values = [np.frombuffer(a.now, dtypes.get(a.code, a.code)).reshape(a.shape) if isinstance(a, Array) else a for a in args]
    return lambda: scope[name](*values)


def loopjit_round(bench, name, folder, inner):
    """One process: (result, milliseconds a call, compile milliseconds)."""
    p = subprocess.run([bench, os.path.join(HERE, "kernels", name + ".lp"), name, folder, "5", str(inner)], capture_output=True, text=True)
    if p.returncode:
        sys.exit("loopjit-bench failed on %s: %s" % (name, p.stderr.strip()))
    words = [line.split() for line in p.stdout.splitlines()]
    result = next(w[1] for w in words if w[0] == "verify")
    return result, min(float(w[1]) for w in words if w[0] == "ms"), next((float(w[1]) for w in words if w[0] == "compile_ms"), math.nan)


def agree(a, b):
    return a == b or (isinstance(a, float) and abs(a - b) <= 1e-12 * max(abs(a), abs(b)))


def same_arrays(name, got, want):
    if got == want or name not in ROUNDED:
        return got == want
    return all(abs(a - b) <= 1e-12 * max(1.0, abs(b)) for x, y in zip(got, want) for a, b in zip(x, y))


def measure(name, case, libraries, bench, rounds):
    args, result, inner = case
    folder = tempfile.mkdtemp(prefix="bench-")
    with open(os.path.join(folder, "args.txt"), "w") as f:
        for i, a in enumerate(args):
            if isinstance(a, Array):
                a.save(os.path.join(folder, "%d.npy" % i))
                f.write("array %d.npy reset\n" % i)
            else:
                f.write("%s %r\n" % ("f64" if isinstance(a, float) else "i64", a))
    calls = {c: c_function(lib, name, args, result) for c, lib in libraries.items()}
    for column, compiled in (("numba", True), ("numpy", False)):
        python = python_function(name, args, compiled) if compiled or name in ARRAY_LANGUAGE else None
        if python:
            calls[column] = python
            python()  # compiles
    best = {c: math.inf for c in list(calls) + ["loopjit"]}
    compile_ms = math.inf
    for round_no in range(rounds):
        for column, call in calls.items():
            reset(args)
            value = call()
            if column == "clang" and round_no == 0:
                want = [value] + [array.array(a.code, a.now) for a in args if isinstance(a, Array)]
            for _ in range(3):
                reset(args)
                best[column] = min(best[column], timed(call, inner))
        got, ms, compiled = loopjit_round(bench, name, folder, inner)
        best["loopjit"], compile_ms = min(best["loopjit"], ms), min(compile_ms, compiled)
        values = [load_npy(os.path.join(folder, "%d.out.npy" % i), a.code) for i, a in enumerate(args) if isinstance(a, Array)]
        if got != "none" and not agree(float(got), float(want[0])):
            sys.exit("%s: loopjit gives %s, C gives %s" % (name, got, want[0]))
        if not same_arrays(name, values, want[1:]):
            sys.exit("%s: the arrays differ from C's" % name)
    shutil.rmtree(folder)
    return dict(ms=best, compile_ms=compile_ms)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--build", default=os.path.join(HERE, "..", "build"))
    ap.add_argument("-k", default="", help="only these kernels, separated by commas")
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--json", help="also write the figures to this file")
    a = ap.parse_args()
    bench = os.path.join(a.build, "loopjit-bench")
    folder = tempfile.mkdtemp(prefix="bench-c-")
    libraries = {c: lib for c in C_COLUMNS for lib in [build_c(c, folder)] if lib}
    if "clang" not in libraries:
        sys.exit("clang-22 is needed as the yardstick")
    results = {}
    print("%-14s %10s %10s %8s   %s" % ("kernel", "clang ms", "loopjit", "ratio", "others / clang; compile"))
    for name, case in cases().items():
        if a.k and name not in a.k.split(","):
            continue
        r = results[name] = measure(name, case, libraries, bench, a.rounds)
        ms = r["ms"]
        others = "  ".join("%s %.2f" % (c, t / ms["clang"]) for c, t in ms.items() if c not in ("clang", "loopjit"))
        print("%-14s %10.3f %10.3f %8.3f   %s; %.1f ms" % (name, ms["clang"], ms["loopjit"], ms["loopjit"] / ms["clang"], others, r["compile_ms"]),
              flush=True)
    ratios = [r["ms"]["loopjit"] / r["ms"]["clang"] for r in results.values()]
    print("geometric mean of loopjit / clang: %.3f over %d kernels" % (math.exp(sum(map(math.log, ratios)) / len(ratios)), len(ratios)))
    if a.json:
        with open(a.json, "w") as f:
            json.dump(results, f, indent=1)


if __name__ == "__main__":
    main()
