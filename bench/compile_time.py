"""Compile time as a user meets it: a new process from its start to the end of the first call, nothing cached. loopjit: `loopjit run --no-cache FILE --call`;
numba: Python with the import of numba and NumPy; clang: compiling the kernel's C text to an object, which is then neither linked nor run."""
import array
import importlib.util
import math
import os
import subprocess
import sys
import time

from columns import COMMON, HERE, kernel_path
from data import CODES, NUMPY, Spec

PROGRAMS = ("fib", "sum_array", "matmul", "mandelbrot", "heat2d", "distance", "softmax", "blackscholes")
PYTHON = """import sys, numpy as np
scope = {}
exec(open(sys.argv[1]).read(), scope)
scope[sys.argv[2]](*[np.load(a[1:]) if a[0] == '@' else int(a) for a in sys.argv[3:]])
"""


def small_array(folder, spec):
    """A file of ones, 8 along each dimension (2 where the kernel wants pairs)."""
    shape = tuple(2 if name == "two" else 8 for name in spec.dims)
    path = os.path.join(folder, "small-%s-%s.npy" % (spec.dtype, "x".join(map(str, shape))))
    head = "{'descr': '%s', 'fortran_order': False, 'shape': %r, }" % (NUMPY[spec.dtype], shape)
    head += " " * (-(len(head) + 11) % 64) + "\n"
    with open(path, "wb") as out:
        out.write(b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode() + array.array(CODES[spec.dtype], [1] * math.prod(shape)).tobytes())
    return "@" + path


def cold(command, rounds):
    smallest = math.inf
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        smallest = min(smallest, time.perf_counter() - start)
    return smallest


def measure(context):
    """{program: {column: seconds}}"""
    out = {}
    with_numba = importlib.util.find_spec("numba") and not context.quick
    for case in context.cases:
        if case.name not in PROGRAMS or (context.quick and len(out) == 4):
            continue
        args = [small_array(context.folder, a) if isinstance(a, Spec) else str(min(a, 8)) for a in case.args]
        source = kernel_path(case.name, ".lp")
        rounds = 3 if context.quick else 7
        out[case.name] = times = {"loopjit": cold([os.path.join(context.build, "loopjit"), "run", "--no-cache", source, "--call", case.name, *args], rounds)}
        c = ["clang-22", *COMMON, "-I", os.path.join(HERE, "kernels"), "-c", kernel_path(case.name, ".c"), "-o", os.path.join(context.folder, "cold.o")]
        times["clang"] = cold(c, rounds)
        if with_numba:
            times["numba"] = cold([sys.executable, "-c", PYTHON, source, case.name, *args], 2)
    return out
