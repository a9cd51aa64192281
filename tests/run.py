#!/usr/bin/env python3
"""Run the tests that use the command: golden, samples, conformance, docs, malformed.

    run.py LOOPJIT SET [SET …] [-k PATTERN] [-j JOBS] [--update] [--time-factor N] [-v]

golden       tests/golden/THEME/NAME.lp. Its exit status is 0 with exactly NAME.out on standard output; where NAME.err stands, it is 1 with exactly
             NAME.err on standard error. NAME.STAGE holds what `emit STAGE` gives (NAME.loops.after-PASS for loops:after=PASS; types, ast, …).
             A line `# args: …` replaces `run NAME.lp`: the arguments are given to the command as they stand (NAME.lp is {file});
             a line `# status: N` is the exit status when it is not 1.
samples      samples/*.lp: every comment `# expect: TEXT` is one line of standard output, in order; `# expect~: REGEX` matches a whole line.
conformance  tests/conformance/THEME/NAME.lp: NAME.out is standard output; NAME.err holds `KIND LINE` of the error that must come.
             The theme `parallel` runs with 1, 2, 3, 7 and 64 threads.
Programs of golden, samples, conformance and docs are run twice: the second run takes its code from the cache and must give the same.
docs         docs/LANGUAGE.md and README.md: each ```python block that is followed by an ```output (or ```error) block is run, and each indented
             line `$ build/loopjit …` (or `$ ./dev run …`) of README.md, which prints the lines behind it; milliseconds may differ.
malformed    generated inputs that no compiler likes: a diagnostic or a normal run, never a signal or a hang.
"""
import argparse
import concurrent.futures
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STAGES = ("tokens", "ast", "types", "loops", "llvm", "llvm-opt", "asm")
TIMEOUT = 30.0
DIFFERS = 256  # in the place of an exit status


def read(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except FileNotFoundError:
        return None


def text(data):
    return data.decode("utf-8", "replace")


def command(loopjit, args, cwd, stdin=None):
    """(status or -signal, stdout, stderr); a status of None is a timeout."""
    proc = subprocess.Popen([loopjit] + args, cwd=cwd, stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        out, err = proc.communicate(stdin, TIMEOUT)
        return proc.returncode, out, err
    except subprocess.TimeoutExpired:
        os.killpg(proc.pid, signal.SIGKILL)
        proc.communicate()
        return None, b"", b""


def command_twice(loopjit, args, cwd):
    """The same, cold and then from the cache (of this script's own); a status of DIFFERS when the two do."""
    cold = command(loopjit, args, cwd)
    if args[0] != "run" or cold[0] is None or cold[0] < 0 or "--time" in args:
        return cold
    warm = command(loopjit, args, cwd)
    if warm == cold:
        return cold
    problem = first_difference(cold[1], warm[1], "stdout") or first_difference(cold[2], warm[2], "stderr")
    return DIFFERS, cold[1], ("the second run, from the cache, differs: status %s, %s" % (warm[0], problem)).encode()


def first_difference(want, got, what):
    w, g = text(want).split("\n"), text(got).split("\n")
    for i in range(max(len(w), len(g))):
        a = repr(w[i]) if i < len(w) else "its end"
        b = repr(g[i]) if i < len(g) else "its end"
        if a != b:
            return "%s, line %d: expected %s, got %s" % (what, i + 1, a[:200], b[:200])
    return None


def bad_status(status, err, want):
    if status is None:
        return "did not end within %g s" % TIMEOUT
    if status == DIFFERS:
        return text(err)
    if status < 0 or status > 2:
        return "CRASH %d: %s" % (status, text(err).strip()[-300:])
    if status != want:
        return "exit status %d: %s" % (status, text(err).strip()[:300])
    return None


def programs(kind):
    """(name, folder, file without .lp) of all programs of golden or conformance."""
    top = os.path.join(ROOT, "tests", kind)
    for folder, folders, names in os.walk(top):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".lp"):
                yield os.path.relpath(os.path.join(folder, name), top)[:-3], folder, name[:-3]


# ---- golden ----------------------------------------------------------------------------------------------------------------------------
def compare(path, got, what, update):
    want = read(path)
    if update and want != got:
        with open(path, "wb") as f:
            f.write(got)
        return None
    if want is None:
        return "%s is missing (run with --update)" % os.path.basename(path)
    return first_difference(want, got, what)


def golden(case, options):
    _, folder, name = case
    base, source = os.path.join(folder, name), name + ".lp"
    problems = []
    stages = sorted(f[len(name) + 1:] for f in os.listdir(folder) if f.startswith(name + ".") and f[len(name) + 1:].split(".")[0] in STAGES)
    head = dict(re.findall(r"^# (args|status): ?(.*)$", text(read(base + ".lp")), re.M))
    args = [a.replace("{file}", source) for a in shlex.split(head["args"])] if "args" in head else ["run", source]
    wrong = int(head.get("status", 1))
    runs = os.path.exists(base + ".out") or os.path.exists(base + ".err") or not stages
    if runs:
        status, out, err = command_twice(options.loopjit, args, folder)
        fails = os.path.exists(base + ".err") or (options.update and status == wrong)
        problems.append(bad_status(status, err, wrong if fails else 0))
        if not problems[0]:
            if out or not fails or os.path.exists(base + ".out"):
                problems.append(compare(base + ".out", out, "stdout", options.update))
            if fails:
                problems.append(compare(base + ".err", err, "stderr", options.update))
    for stage in stages:
        what = stage.replace(".after-", ":after=")
        status, out, err = command_twice(options.loopjit, ["emit", what, source], folder)
        problems.append(bad_status(status, err, 0) or compare(base + "." + stage, out, "emit " + what, options.update))
    return next((p for p in problems if p), None)


# ---- samples ---------------------------------------------------------------------------------------------------------------------------
def sample_cases():
    top = os.path.join(ROOT, "samples")
    for name in sorted(os.listdir(top) if os.path.isdir(top) else []):
        if name.endswith(".lp"):
            yield "samples/" + name[:-3], top, name


def sample(case, options):
    _, folder, name = case
    expected = re.findall(r"^# expect(~?):[ ]?(.*)$", text(read(os.path.join(folder, name))), re.M)
    if not expected:
        return "states nothing that it prints (# expect: …)"
    return sample_run(options, folder, name, expected) or sample_run(options, folder, name, expected)  # compiled, and from the cache


def sample_run(options, folder, name, expected):
    status, out, err = command(options.loopjit, ["run", name], folder)
    problem = bad_status(status, err, 0)
    if problem:
        return problem
    lines = text(out).split("\n")[:-1]
    for i, (pattern, want) in enumerate(expected):
        got = lines[i] if i < len(lines) else None
        if got is None or not (re.fullmatch(want, got) if pattern else want == got):
            return "line %d: expected %r, got %r" % (i + 1, want, got)
    return "prints more lines than it states" if len(lines) > len(expected) else None


# ---- conformance -----------------------------------------------------------------------------------------------------------------------
def conformance(case, options):
    """Parallel programs give the same with any number of threads, and with plain loops on threads, too."""
    runs = [[]]
    if os.path.basename(case[1]) == "parallel":
        runs = [["--threads", n] for n in ("1", "2", "3", "7", "64")] + [["--parallel=auto", "--schedule", "dynamic"]]
    for args in runs:
        problem = conformance_run(case, options, args)
        if problem:
            return " ".join(args + [problem])
    return None


def conformance_run(case, options, args):
    _, folder, name = case
    base = os.path.join(folder, name)
    want_out, want_err = read(base + ".out"), read(base + ".err")
    if want_out is None and want_err is None:
        return "states neither .out nor .err"
    status, out, err = command_twice(options.loopjit, ["run"] + args + [name + ".lp"], folder)
    problem = bad_status(status, err, 0 if want_err is None else 1)
    if problem:
        return problem
    if want_out is not None:
        problem = first_difference(want_out, out, "stdout")
        if problem:
            return problem
    if want_err is not None:
        kinds, lines = (field.split("|") for field in text(want_err).split())
        for m in re.finditer(re.escape(name) + r"\.lp:(\d+):\d+: error: (\w+):", text(err)):
            if m.group(1) in lines and m.group(2) in kinds:
                return None
        return "expected %s, got: %s" % (text(want_err).strip(), text(err).split("\n")[0])
    return None


# ---- docs ------------------------------------------------------------------------------------------------------------------------------
def doc_cases():
    for name in ("docs/LANGUAGE.md", "README.md"):
        data = read(os.path.join(ROOT, name))
        blocks = re.findall(r"^```(\w+)[^\n]*\n(.*?)^```$", text(data), re.M | re.S) if data else []
        for i, (kind, source) in enumerate(blocks):
            if kind == "python" and i + 1 < len(blocks) and blocks[i + 1][0] in ("output", "error"):
                yield "%s block %d" % (name, i + 1), source, blocks[i + 1]
    session = re.findall(r"^    \$ (build/loopjit|\./dev) ([^\n]*)\n((?:    (?!\$ )[^\n]*\n)*)", text(read(os.path.join(ROOT, "README.md"))), re.M)
    yield "README.md commands", None, session
    yield "docs/LANGUAGE.md list of functions", None, None


def function_list(options):
    """The list in docs/LANGUAGE.md is what `loopjit functions` prints; --update writes it."""
    path = os.path.join(ROOT, "docs", "LANGUAGE.md")
    status, out, err = command_twice(options.loopjit, ["functions"], ROOT)
    before, mark, rest = text(read(path)).partition("<!-- functions -->\n")
    now, end, after = rest.partition("<!-- end of functions -->")
    if options.update and mark and end:
        with open(path, "w", encoding="utf-8") as f:
            f.write(before + mark + text(out) + end + after)
        return None
    return bad_status(status, err, 0) or first_difference(now.encode(), out, "list; ./dev test docs --update writes it:")


def readme_commands(session, options):
    """One after the other in one folder, with samples/ beside it, as in the root: what one writes the next one reads."""
    def timeless(shown):
        return re.sub(r"\b\d+(\.\d+)? ms\b", "N ms", shown)

    if not session:
        return "it shows no command"
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(os.path.join(ROOT, "samples"), os.path.join(folder, "samples"))
        for _, line, want in session:
            status, out, err = command(options.loopjit, shlex.split(line), folder)
            want = re.sub(r"^    ", "", want, flags=re.M)
            problem = bad_status(status, err, 0) or first_difference(timeless(want).encode(), timeless(text(out)).encode(), line)
            if problem:
                return problem
    return None


def doc(case, options):
    if case[1] is None:
        return function_list(options) if case[2] is None else readme_commands(case[2], options)
    _, source, (kind, want) = case
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "example.lp"), "w", encoding="utf-8") as f:
            f.write(source)
        status, out, err = command_twice(options.loopjit, ["run", "example.lp"], folder)
    problem = bad_status(status, err, 1 if kind == "error" else 0)
    return problem or first_difference(want.encode(), err if kind == "error" else out, kind)


# ---- malformed -------------------------------------------------------------------------------------------------------------------------
def malformed_inputs():
    yield "empty", b""
    yield "nul bytes", b"x = 1\0\0\n\0print(x)\n"
    yield "invalid utf-8", b"x = '\xff\xfe\xc0\x80'\nprint(x)\n\xed\xa0\x80 = 1\n"
    yield "byte order mark", b"\xef\xbb\xbfprint(1)\n"
    yield "only CR", b"x = 1\rprint(x)\r"
    for c in b"([{":
        yield "a megabyte of %c" % c, bytes([c]) * (1 << 20)
    for c in b")]}":
        yield "a megabyte of %c" % c, bytes([c]) * (1 << 20)
    yield "10,000 nested ifs", b"".join(b" " * i + b"if True:\n" for i in range(10000)) + b" " * 10000 + b"x = 1\n"
    yield "90 nested ifs", b"x = 0\n" + b"".join(b" " * i + b"if x == 0:\n" for i in range(90)) + b" " * 90 + b"print(x)\n"
    yield "10,000 elifs", b"x = 3\nif x == 0:\n  pass\n" + b"".join(b"elif x == %d:\n  pass\n" % i for i in range(10000))
    yield "a sum of 100,000 terms", b"print(" + b"1+" * 100000 + b"1)\n"
    yield "a line of 50 MB", b"x = " + b"1 + " * (50 << 18) + b"1\n"
    yield "a name of 50 MB", b"x" * (50 << 20) + b" = 1\n"
    yield "a string of 10 MB", b"print(len('" + b"a" * (10 << 20) + b"'))\n"
    yield "unclosed string", b"x = 'abc\nprint(x)\n"
    yield "unclosed triple", b'x = """abc\nprint(x)\n' * 50
    yield "unclosed f-string", b"print(f'{1 + {2'\n" * 50
    yield "nested f-strings", b"print(" + b"f'{" * 200 + b"1" + b"}'" * 200 + b")\n"
    yield "backslash at the end", b"x = 1 + \\"
    yield "a huge number", b"print(" + b"9" * 100000 + b")\n"
    yield "a huge exponent", b"print(1e" + b"9" * 5000 + b")\n"
    yield "a wide dedent", b"".join(b" " * i + b"if 1:\n" for i in range(50)) + b"x = 1\n"
    yield "tabs and spaces", b"if 1:\n\tx = 1\n        y = 2\n"
    yield "1,000 functions", b"".join(b"def f%d(x):\n  return f%d(x) + 1\n" % (i, (i + 1) % 1000) for i in range(1000)) + b"f0(1)\n"
    yield "a tuple of 5,000", b"x = (" + b"1, " * 5000 + b")\nprint(len(x))\n"
    yield "20,000 errors", b"x = = 1\n" * 20000
    yield "100,000 statements", b"x = 1\n" + b"x = x + 1\n" * 100000 + b"print(x)\n"
    yield "20,000 statements in a function", b"def f(x):\n" + b"  x = x * 3 + 1\n" * 20000 + b"  return x\nprint(f(1))\n"
    yield "5,000 ifs in a row", b"def f(x):\n" + b"  if x > 3:\n    x -= 1\n" * 5000 + b"  return x\nprint(f(9))\n"
    yield "100,000 minus signs", b"print(" + b"-" * 100000 + b"1)\n"
    yield "50,000 nots", b"print(" + b"not " * 50000 + b"True)\n"
    yield "a tower of powers", b"print(" + b"1 ** " * 50000 + b"1)\n"
    yield "a chain of 50,000 comparisons", b"print(" + b"1 < " * 50000 + b"2)\n"
    yield "50,000 conditional expressions", b"x = 1\nprint(" + b"1 if x else " * 50000 + b"2)\n"
    yield "50,000 attributes", b"x = 1\nprint(x" + b".real" * 50000 + b")\n"
    yield "50,000 subscripts", b"x = (1, 2)\nprint(x" + b"[0]" * 50000 + b")\n"
    yield "50,000 calls", b"def f():\n  return 1\nprint(f" + b"()" * 50000 + b")\n"
    yield "90 parentheses", b"print(" + b"(" * 90 + b"1" + b")" * 90 + b")\n"
    yield "nested tuples", b"x = " + b"(" * 80 + b"1" + b",)" * 80 + b"\nprint(x)\n"
    yield "tuples that double", b"def f(t):\n  return (t, t)\nx = 1\n" + b"".join(b"x%d = f(%s)\n" % (i, b"x%d" % (i - 1) if i else b"x") for i in range(40))
    yield "types that grow", b"def f(t, n):\n  if n == 0:\n    return 0\n  return f((t, t), n - 1)\nprint(f(1, 5))\n"
    yield "90 functions inside functions", b"".join(b" " * i + b"def f():\n" for i in range(90)) + b" " * 90 + b"return 1\nprint(f())\n"
    yield "huge integer literals", b"print(0x" + b"f" * 100000 + b", 0b" + b"1" * 100000 + b", 1" + b"_0" * 50000 + b", " + b"9" * 100000 + b"j)\n"
    yield "a wide format", b"print(f'{1:999999999999d}', f'{1.5:.99999999999f}')\n"
    yield "surrogates and controls", "x = '\x1b[31m\u202e'\n\u00e9\u0301 = 2\nprint(x, y)\n\u2028z\n".encode() + b"\x0c\x1a\x7f\n"
    yield "every byte", bytes(range(256)) * 64
    yield "unknown names", b"print(a, b, c)\n" * 1000
    sample_path = os.path.join(ROOT, "samples", "quickstart.lp")
    whole = read(sample_path) or b""
    for i in range(0, len(whole), max(1, len(whole) // 40)):
        yield "quickstart cut at %d" % i, whole[:i]


def malformed(case, options):
    name, data = case
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m.lp")
        with open(path, "wb") as f:
            f.write(data)
        status, _, err = command(options.loopjit, ["run", "m.lp"], folder)
    if status is None or status < 0 or status > 1:
        return bad_status(status, err, 0)
    if status == 1 and b"error: " not in err:
        return "exit status 1 without a diagnostic"
    if len(err) > 1 << 20:
        return "a diagnostic of %d bytes" % len(err)
    return None


SETS = {"golden": (lambda: programs("golden"), golden), "samples": (sample_cases, sample),
        "conformance": (lambda: programs("conformance"), conformance), "docs": (doc_cases, doc), "malformed": (malformed_inputs, malformed)}


def main():
    global TIMEOUT
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("loopjit")
    ap.add_argument("sets", nargs="+", choices=sorted(SETS))
    ap.add_argument("-k", metavar="PATTERN", default="", help="only cases whose name contains it")
    ap.add_argument("-j", type=int, default=2, metavar="JOBS")
    ap.add_argument("--update", action="store_true", help="write what the command gives into the golden files")
    ap.add_argument("--time-factor", type=float, default=1.0)
    ap.add_argument("-v", action="store_true", help="name the passing cases too")
    options = ap.parse_args()
    options.loopjit = os.path.abspath(options.loopjit)
    TIMEOUT *= options.time_factor
    cache = tempfile.TemporaryDirectory()
    os.environ["LOOPJIT_CACHE_DIR"] = cache.name
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        for name in options.sets:
            cases, run = SETS[name]
            picked = [c for c in cases() if options.k in c[0]]
            for case, problem in zip(picked, pool.map(lambda c: run(c, options), picked)):
                if problem:
                    print("FAIL %s: %s: %s" % (name, case[0], problem), flush=True)
                elif options.v:
                    print("ok   %s: %s" % (name, case[0]), flush=True)
                failed += problem is not None
                passed += problem is None
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
