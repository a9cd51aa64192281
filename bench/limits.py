"""What the machine can do: the bandwidth of STREAM's triad, and OpenBLAS' matrix product and dot product. The lines that kernels are held against."""
import ctypes
import ctypes.util
import math
import os
import subprocess
import time

import data

HERE = os.path.dirname(os.path.abspath(__file__))


def best(call, seconds):
    smallest, end, rounds = math.inf, time.perf_counter() + seconds, 0
    while rounds < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        smallest = min(smallest, time.perf_counter() - start)
        rounds += 1
    return smallest


def arrays(*dims):
    return [data.Array(data.d(" ".join("xy"[: len(d)])), dict(zip("xy", d)), i) for i, d in enumerate(dims)]


def triad(context, threads):
    stem = os.path.join(context.folder, "limits-%d" % threads)
    flags = ["-O3", "-march=native", "-shared", "-fPIC"] + (["-fopenmp"] if threads > 1 else ["-Wno-unknown-pragmas"])
    subprocess.run(["clang-22", *flags, "-o", stem + ".so", os.path.join(HERE, "limits.c")], check=True)
    library = ctypes.CDLL(stem + ".so")
    n = 10**7
    a, b, c = arrays((n,), (n,), (n,))
    call = lambda: library.triad(ctypes.c_size_t(n), *(ctypes.c_void_p(x.address) for x in (a, b, c)), ctypes.c_double(3.0))
    call()
    return 24 * n / best(call, context.budget) / 1e9


def blas(context):
    name = ctypes.util.find_library("openblas")
    if not name:
        return {}
    library = ctypes.CDLL(name)
    n, m = 600, 10**5
    a, b, c = arrays((n, n), (n, n), (n, n))
    x, y = arrays((m,), (m,))
    one, zero, size, pointer = ctypes.c_double(1.0), ctypes.c_double(0.0), ctypes.c_int(n), lambda array: ctypes.c_void_p(array.address)
    library.cblas_ddot.restype = ctypes.c_double
    row_major, plain, out = 101, 111, {}
    gemm = lambda: library.cblas_dgemm(row_major, plain, plain, size, size, size, one, pointer(a), size, pointer(b), size, zero, pointer(c), size)
    dot = lambda: library.cblas_ddot(ctypes.c_int(m), pointer(x), 1, pointer(y), 1)
    for threads in sorted({1, context.threads}):
        library.openblas_set_num_threads(threads)
        gemm()
        out["OpenBLAS dgemm, %d thread%s, GFLOP/s" % (threads, "s" * (threads > 1))] = 2 * n**3 / best(gemm, context.budget) / 1e9
    library.openblas_set_num_threads(1)
    out["OpenBLAS ddot in cache, GFLOP/s"] = 2 * m / best(dot, context.budget) / 1e9
    return out


def measure(context):
    out = {"STREAM triad, 1 thread, GB/s": triad(context, 1)}
    if context.threads > 1:
        out["STREAM triad, %d threads, GB/s" % context.threads] = triad(context, context.threads)
    out.update(blas(context))
    return out
