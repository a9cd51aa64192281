#!/usr/bin/env python3
"""Random array programs (array_programs.py), run by plain CPython with NumPy and by the command, compared.

    arrays.py [--count N] [--seed S] [--theme T] [--statements K] [--opt L] [--write FOLDER] [--show K] BINARY
    arrays.py --golden BINARY         the programs kept in tests/differential/arrays, with what NumPy printed: needs no NumPy
    arrays.py --keep 500 BINARY       writes those files anew: one per theme, agreeing programs only

Program k has theme number k modulo the number of themes, unless --theme names one. Text must be equal except for floats, which may differ by rounding (sums
in another order). A mismatch is reduced to the statements it needs. Without NumPy the random programs are "skipped".
"""
import argparse
import concurrent.futures
import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
import warnings

try:
    import numpy as np
    import array_programs as programs
except ImportError:
    np = None

KEPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "arrays")
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*(?:e[+-]?\d+)?|nan|inf)")
INTEGER = re.compile(r"[-+]?\d+")  # no rounding excuses a difference; a float is printed with a point or an exponent


# ---- running and comparing ----

def expected(text):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(text, "program.py", "exec"), {"__name__": "__main__"})
    return out.getvalue()


def actual(binary, text):
    """`binary` is the command with its options."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "program.lp")
        with open(path, "w") as f:
            f.write(text)
        try:
            done = subprocess.run([binary[0], "run", "--no-cache"] + binary[1:] + [path], capture_output=True, text=True, timeout=120)
        except subprocess.TimeoutExpired:
            return "", "timeout"
    return done.stdout, "" if done.returncode == 0 else "exit status %d: %s" % (done.returncode, done.stderr[:600])


def same_number(a, b, loose):
    if INTEGER.fullmatch(a) and INTEGER.fullmatch(b):
        return int(a) == int(b)
    try:
        x, y = float(a), float(b)
    except ValueError:
        return False
    return x == y or (x != x and y != y) or abs(x - y) <= loose * max(1.0, abs(x), abs(y))


def same(want, got):
    if want == got:
        return True
    loose = 3e-5 if "float32" in want or "complex64" in want else 1e-7  # arrays are printed with eight digits
    a, b = NUMBER.findall(want), NUMBER.findall(got)
    kinds = [re.sub(r"[\s.()+]+", "", NUMBER.sub("#", text)) for text in (want, got)]
    return len(a) == len(b) and kinds[0] == kinds[1] and all(same_number(x, y, loose) for x, y in zip(a, b))


def difference(want, got):
    return None if same(want, got) else "output differs\n--- NumPy\n%s--- loopjit\n%s" % (want, got)


def check(binary, text, want=None):
    """None when both agree, else what is wrong."""
    got, problem = actual(binary, text)
    return problem or difference(expected(text) if want is None else want, got)


def reduce_program(binary, made):
    keep, k = list(range(len(made.lines))), 0
    while k < len(keep):
        less = keep[:k] + keep[k + 1:]
        try:
            expected(made.text(less))
            still = check(binary, made.text(less))
        except Exception:
            still = None
        keep, k = (less, k) if still else (keep, k + 1)
    text = made.text(keep)
    return text, check(binary, text)


# ---- the programs that are kept: `== NAME`, the program, `-- output`, what it prints ----

def kept_programs(path):
    with open(path, encoding="utf-8") as f:
        for part in re.split(r"^== ", f.read(), flags=re.M)[1:]:
            name, rest = part.split("\n", 1)
            program, want = rest.split("-- output\n", 1)
            yield name, program, want


def run_kept(binary, jobs):
    passed = failed = 0
    cases = [case for name in sorted(os.listdir(KEPT)) for case in kept_programs(os.path.join(KEPT, name))]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for (name, program, _), wrong in zip(cases, pool.map(lambda c: check(binary, c[1], c[2]), cases)):
            failed += bool(wrong)
            passed += not wrong
            if wrong:
                print("FAIL %s: %s\n%s" % (name, wrong, program))
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed else 0


def keep_program(binary, seed, k, statements, theme):
    text = programs.make(seed, k, statements, theme)[1]
    want = expected(text)
    got, problem = actual(binary, text)
    return None if problem or difference(want, got) else "== %s %s %d\n%s-- output\n%s" % (theme, seed, k, text, want)


def keep(binary, count, seed, statements, jobs):
    os.makedirs(KEPT, exist_ok=True)
    themes = list(programs.THEMES)
    with concurrent.futures.ProcessPoolExecutor(jobs) as pool:
        for t, theme in enumerate(themes):
            wanted, kept, k = (count + t) // len(themes), [], 0
            while len(kept) < wanted:
                runs = [pool.submit(keep_program, binary, seed, i, statements, theme) for i in range(k, k + wanted - len(kept))]
                kept += [run.result() for run in runs if run.result()]
                k += len(runs)
            with open(os.path.join(KEPT, theme + ".txt"), "w", encoding="utf-8") as f:
                f.write("".join(kept))
            print("%s: %d programs of %d" % (theme, wanted, k))


# ---- the command ----

def one(binary, seed, k, statements, theme):
    return check(binary, programs.make(seed, k, statements, theme)[1])


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("binary")
    ap.add_argument("--count", type=int, default=50)
    ap.add_argument("--seed", default="1")
    ap.add_argument("--theme")
    ap.add_argument("--statements", type=int, default=6)
    ap.add_argument("--opt", help="optimisation level of the command")
    ap.add_argument("--most", type=int, default=5, help="stop after so many mismatches")
    ap.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    ap.add_argument("--write", metavar="FOLDER", help="keep reduced mismatches there")
    ap.add_argument("--show", type=int, metavar="K", help="print program K and stop")
    ap.add_argument("--golden", action="store_true")
    ap.add_argument("--keep", type=int, metavar="N")
    options = ap.parse_args()
    binary, failed, done = [os.path.abspath(options.binary)] + (["--opt", options.opt] if options.opt else []), 0, 0
    if options.golden:
        return run_kept(binary, options.jobs)
    if np is None or int(np.__version__.split(".")[0]) < 2:
        print("arrays: %d programs skipped: NumPy 2 is not there" % options.count)
        return 0
    if options.keep:
        keep(binary, options.keep, options.seed, options.statements, options.jobs)
        return 0

    def theme(k):
        return options.theme or list(programs.THEMES)[k % len(programs.THEMES)]

    if options.show is not None:
        print(programs.make(options.seed, options.show, options.statements, theme(options.show))[1])
        return 0
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        for start in range(0, options.count, 64):
            ks = range(start, min(start + 64, options.count))
            jobs = [pool.submit(one, binary, options.seed, k, options.statements, theme(k)) for k in ks]
            for k, job in zip(ks, jobs):
                done += 1
                if not job.result():
                    continue
                failed += 1
                text, wrong = reduce_program(binary, programs.make(options.seed, k, options.statements, theme(k))[0])
                print("program %d (--seed %s --show %d): %s\n%s" % (k, options.seed, k, wrong, text), flush=True)
                if options.write:
                    with open(os.path.join(options.write, "arrays_%s_%d.lp" % (options.seed, k)), "w") as f:
                        f.write(text)
                if failed >= options.most:
                    break
            if failed >= options.most:
                break
    print("arrays: %d programs, %d mismatches" % (done, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
