"""The columns: C compilers, numba and NumPy, loopjit. Each gives, for a case and its arguments, a function without parameters that runs the
kernel on the memory of data.py and returns its scalar result or None; or None when it cannot (not installed, or not for this kernel).
"""
import ctypes
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import types

import loopjit
from data import NUMPY, Array

HERE = os.path.dirname(os.path.abspath(__file__))
RESULTS = {"f64": ctypes.c_double, "i64": ctypes.c_int64, None: None}
COMMON = ["-O3", "-march=native", "-ffp-contract=off", "-fPIC"]
FAST = ["-O3", "-march=native", "-ffast-math", "-fPIC"]


def kernel_path(name, ending):
    return os.path.join(HERE, "kernels", name + ending)


class C:
    """All chosen kernels in one text, one library per column, kept while text and flags stay the same."""

    def __init__(self, compiler, flags, libraries=("-lm",)):
        self.compiler, self.flags, self.libraries, self.library = compiler, flags, libraries, None

    def prepare(self, context):
        if not shutil.which(self.compiler):
            return False
        text = ""
        for case in context.cases:
            with open(kernel_path(case.name, ".c")) as source:
                text += '#line 1 "%s"\n' % kernel_path(case.name, ".c") + source.read()
        key = hashlib.sha256(repr((self.compiler, self.flags, text)).encode()).hexdigest()[:20]
        stem = os.path.join(context.folder, key)
        if not os.path.exists(stem + ".so"):
            with open(stem + ".c", "w") as out:
                out.write(text)
            subprocess.run([self.compiler, *self.flags, "-I", os.path.join(HERE, "kernels"), "-c", stem + ".c", "-o", stem + ".o"], check=True)
            # Linked apart: linking with -ffast-math would make the whole process flush denormals to zero.
            openmp = [flag for flag in self.flags if flag == "-fopenmp"]
            subprocess.run([self.compiler, "-shared", stem + ".o", "-o", stem + ".tmp", *openmp, *self.libraries], check=True)
            os.replace(stem + ".tmp", stem + ".so")
        self.library = ctypes.CDLL(stem + ".so")
        return True

    def function(self, case, args):
        fn = getattr(self.library, "k_" + case.name)
        fn.restype = RESULTS[case.result]
        numbers = [ctypes.c_int64(case.dims[name]) for name in case.dim_names()]
        for a in args:
            numbers.append(ctypes.c_void_p(a.address) if isinstance(a, Array) else (ctypes.c_double if isinstance(a, float) else ctypes.c_int64)(a))
        return lambda: fn(*numbers)


class LoopJit:
    def __init__(self, **config):
        self.config, self.engine = config, None

    def prepare(self, context):
        config = dict(self.config)
        if config.get("parallel"):
            config["threads"] = context.threads
        self.engine = loopjit.Engine(context.build, **config)
        return True

    def function(self, case, args):
        return self.engine.function(kernel_path(case.name, ".lp"), case.name, args, case.result)


def python_function(case, args, path, scope, numpy):
    with open(kernel_path(case.name, ".lp")) as source:
        text = re.sub(r"^from numba import .*$", "", source.read(), flags=re.M)
    if not os.path.exists(path) or open(path).read() != text:  # numba's cache goes by the file's time
        with open(path, "w") as out:
            out.write(text)
    module = types.ModuleType("bench" + re.sub(r"\W", "_", path))
    sys.modules[module.__name__] = module  # where numba's cache looks for the globals
    vars(module).update(scope)
    exec(compile(text, path, "exec"), vars(module))
    function = getattr(module, case.name)
    values = []
    for a in args:
        if isinstance(a, Array):
            buffer = (ctypes.c_char * a.bytes).from_address(a.address)
            a = numpy.frombuffer(buffer, NUMPY[a.spec.dtype]).reshape(a.shape)
        values.append(a)
    return lambda: function(*values)


class Numba:
    """The kernel's text with the column's options in place of its decorator's."""

    def __init__(self, **options):
        self.options, self.folder = options, None

    def prepare(self, context):
        if not importlib.util.find_spec("numba"):
            return False
        os.environ["NUMBA_CACHE_DIR"] = os.path.join(context.folder, "numba")
        import numba
        if self.options.get("parallel"):
            numba.set_num_threads(min(context.threads, numba.config.NUMBA_NUM_THREADS))
        self.folder = os.path.join(context.folder, "numba-" + "-".join(self.options) + "-")
        os.makedirs(self.folder, exist_ok=True)
        return True

    def function(self, case, args):
        import numba
        import numpy
        cache = case.group != "calls"  # numba cannot load recursive functions from its cache
        scope = {"njit": numba.njit(cache=cache, **self.options), "prange": numba.prange}
        return python_function(case, args, os.path.join(self.folder, case.name + ".py"), scope, numpy)


class NumPy:
    """The same text run by Python: only kernels that are array expressions."""

    def prepare(self, context):
        self.folder = context.folder
        return importlib.util.find_spec("numpy") is not None

    def function(self, case, args):
        if case.group != "arrays":
            return None
        import numpy
        scope = {"njit": lambda function: function, "prange": range}
        return python_function(case, args, os.path.join(self.folder, case.name + ".py"), scope, numpy)


# name: (section, column). Within a section ratios are to the first column that is listed; the strict section's first is the yardstick of results.
STRICT, FASTMATH, PARALLEL = "strict", "fastmath", "parallel"
COLUMNS = {
    "clang": (STRICT, C("clang-22", COMMON)),
    "loopjit": (STRICT, LoopJit()),
    "loopjit unchecked": (STRICT, LoopJit(no_boundscheck=True)),
    "loopjit interruptible": (STRICT, LoopJit(interruptible=True)),
    "gcc": (STRICT, C("gcc", COMMON)),
    "numba": (STRICT, Numba()),
    "numba checked": (STRICT, Numba(boundscheck=True)),
    "NumPy": (STRICT, NumPy()),
    "clang fast": (FASTMATH, C("clang-22", FAST + ["-fveclib=libmvec"], ("-lmvec", "-lm"))),
    "loopjit fast": (FASTMATH, LoopJit(fastmath=True)),
    "gcc fast": (FASTMATH, C("gcc", FAST, ("-lmvec", "-lm"))),
    "numba fast": (FASTMATH, Numba(fastmath=True)),
    "clang OpenMP": (PARALLEL, C("clang-22", COMMON + ["-fopenmp"])),
    "loopjit parallel": (PARALLEL, LoopJit(parallel=True)),
    "gcc OpenMP": (PARALLEL, C("gcc", COMMON + ["-fopenmp"])),
    "numba parallel": (PARALLEL, Numba(parallel=True)),
}
QUICK = ("clang", "loopjit", "numba", "NumPy", "clang fast", "loopjit fast", "clang OpenMP", "loopjit parallel")
