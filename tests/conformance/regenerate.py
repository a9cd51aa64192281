#!/usr/bin/env python3
"""Writes what the cases of the themes below must print, with CPython, NumPy and numba: regenerate.py [PYTHON]

The named interpreter (this one by default) must have NumPy and numba. Compare the result with `git diff` before committing it. tests/check_library.py asks
for a case in one of these themes for everything that the library offers."""
import glob
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
THEMES = ("linalg", "random", "fft", "numpy", "library")
LEGACY = "import numpy, runpy, sys; numpy.set_printoptions(legacy='1.25'); runpy.run_path(sys.argv[1], run_name='__main__')"  # plain numbers in tuples
NATIVE = ("functions", "decorators")  # numba compiles these: its own random stream, its threads and types; in the others its decorators do nothing


def regenerate(python, path):
    native = os.path.basename(path)[:-3] in NATIVE
    run = ["-c", LEGACY, path] if "as_range_" in path else [path]  # prange is range, and what functions return are Python numbers
    done = subprocess.run([python, "-W", "ignore"] + run, env=dict(os.environ, NUMBA_DISABLE_JIT="0" if native else "1"), capture_output=True, text=True)
    if os.path.exists(path[:-3] + ".err"):
        if done.returncode == 0 and "eigenvalues" not in path:
            sys.exit(path + ": should fail")
        return
    if done.returncode:
        sys.exit(path + ":\n" + done.stderr)
    with open(path[:-3] + ".out", "w", encoding="utf-8") as f:
        f.write(done.stdout)


def main():
    python = sys.argv[1] if len(sys.argv) > 1 else sys.executable
    subprocess.run([python, os.path.join(HERE, "..", "differential", "gen_numpy_cases.py")], check=True) # the theme numpy
    for path in sorted(glob.glob(os.path.join(HERE, "parallel", "as_range_*.lp"))):
        regenerate(python, path)
    for theme in THEMES:
        for path in sorted(glob.glob(os.path.join(HERE, theme, "*.lp"))):
            if theme != "numpy":
                regenerate(python, path)


if __name__ == "__main__":
    main()
