#!/usr/bin/env python3
"""Writes NAME.out of the cases of the themes linalg, random and fft with NumPy and numba: regenerate.py [PYTHON]

The named interpreter (this one by default) must have both. Compare the result with `git diff` before committing it."""
import glob
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
python = sys.argv[1] if len(sys.argv) > 1 else sys.executable
for theme in ("linalg", "random", "fft"):
    for path in sorted(glob.glob(os.path.join(HERE, theme, "*.lp"))):
        jit = theme == "random" and path.endswith("functions.lp")  # numba's own stream; the rest is NumPy's
        env = dict(os.environ, NUMBA_DISABLE_JIT="0" if jit else "1")
        done = subprocess.run([python, path], env=env, capture_output=True, text=True)
        if os.path.exists(path[:-3] + ".err"):
            if done.returncode == 0 and "eigenvalues" not in path:
                sys.exit(path + ": should fail")
            continue
        if done.returncode:
            sys.exit(path + ":\n" + done.stderr)
        with open(path[:-3] + ".out", "w", encoding="utf-8") as f:
            f.write(done.stdout)
