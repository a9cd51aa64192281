#!/usr/bin/env python3
"""Regenerate what tests/conformance/numpy expects: run every case with CPython and NumPy and keep what it prints.

    gen_numpy_cases.py [NAME …]      all cases, or the named ones

NAME.out is standard output. Where the case ends with an exception, NAME.err holds `KIND LINE`: the exception's name (the nearest builtin one for
NumPy's own) and the line of the case that was running. Needs NumPy 2; numba is not needed: its decorators do nothing here.
"""
import os
import subprocess
import sys

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "conformance", "numpy")

# Runs the case named by argv[1]; the last line of stderr is `KIND LINE` after an exception.
DRIVER = r"""
import builtins, sys, traceback, types, warnings
import numpy
warnings.simplefilter("ignore")
if "array_repr" not in sys.argv[1]:
    numpy.set_printoptions(legacy="1.25")  # scalars inside tuples as numbers: a function's results are Python numbers at the top level
numba = types.ModuleType("numba")
def njit(*args, **options):
    return args[0] if args and callable(args[0]) else lambda f: f
numba.njit = numba.jit = njit
numba.prange = range
sys.modules["numba"] = numba
path = sys.argv[1]
try:
    exec(compile(open(path).read(), path, "exec"), {"__name__": "__main__"})
except Exception as e:
    kind = next(c.__name__ for c in type(e).__mro__ if getattr(builtins, c.__name__, None) is c)
    if type(e).__name__ == "AxisError":
        kind = "ValueError"
    line = [f.lineno for f in traceback.extract_tb(e.__traceback__) if f.filename == path][-1]
    sys.stdout.flush()
    print(kind, line, file=sys.stderr)
    sys.exit(3)
"""


def write(path, text):
    with open(path, "w", newline="\n") as f:
        f.write(text)


def main():
    names = sys.argv[1:] or sorted(f[:-3] for f in os.listdir(FOLDER) if f.endswith(".lp"))
    for name in names:
        base = os.path.join(FOLDER, name)
        done = subprocess.run([sys.executable, "-c", DRIVER, base + ".lp"], capture_output=True, text=True)
        if done.returncode not in (0, 3):
            sys.exit("%s: %s" % (name, done.stderr))
        write(base + ".out", done.stdout)
        if done.returncode == 3:
            write(base + ".err", done.stderr.strip().split("\n")[-1] + "\n")
        elif os.path.exists(base + ".err"):
            os.remove(base + ".err")


if __name__ == "__main__":
    main()
