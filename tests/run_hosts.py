#!/usr/bin/env python3
"""Run the programs that embed the library, and look at what the library exports.

    run_hosts.py BUILD_FOLDER

tests/host/*      (BUILD/tests/host_*): each checks itself and exits with 0. What host_structs prints must compile.
samples/hosts/*   (BUILD/tests/samples/*): each comment `expect: TEXT` is one line of standard output, in order, and the exit status is 0. A program that
                  needs arguments, files or a second process has a function here that drives it; all others are run without arguments.
"""
import glob
import os
import random
import re
import struct
import subprocess
import sys
import tempfile

from tally import check, close, skip

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SAMPLES = os.path.join(ROOT, "samples", "hosts")
TIMEOUT = 60


def run(command, status=0, **more):
    """(standard output, standard error); anything but the exit status is a failure."""
    done = subprocess.run(command, capture_output=True, timeout=TIMEOUT, **dict({} if "input" in more else {"stdin": subprocess.DEVNULL}, **more))
    out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    assert done.returncode == status, "exit status %d: %s" % (done.returncode, (out + err)[-800:])
    return out, err


def equal(got, want):
    assert got == want, "expected %r, got %r" % (want, got)


def contains(text, *parts):
    for part in parts:
        assert part in text, "expected %r in %r" % (part, text)


def expected(source):
    """What a sample states."""
    with open(os.path.join(SAMPLES, source), encoding="utf-8") as f:
        lines = re.findall(r"^(?:/\*| \*|//) expect: ?(.*?)(?: \*/)?$", f.read(), re.M)
    assert lines, "states nothing that it prints (expect: …)"
    return lines


# ---- samples that need no driving --------------------------------------------------------------------------------------------------------
def plain(program, source):
    equal(run([program])[0].splitlines(), expected(source))


# ---- image_filter ------------------------------------------------------------------------------------------------------------------------
def near(i, n):
    return min(max(i, 0), n - 1)


def blur(at, y, x):
    return int(sum(at(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)) / 9 + 0.5)


def sobel(at, y, x):
    weights = {(-1, 1): 1, (0, 1): 2, (1, 1): 1, (-1, -1): -1, (0, -1): -2, (1, -1): -1}
    across = sum(w * at(y + dy, x + dx) for (dy, dx), w in weights.items())
    along = sum(w * at(y + dx, x + dy) for (dy, dx), w in weights.items())
    return min(abs(across) + abs(along), 255)


def filtered(pixels, rows, columns, channels, of_pixel):
    def at(c):
        return lambda y, x: pixels[(near(y, rows) * columns + near(x, columns)) * channels + c]

    return bytes(of_pixel(at(c), y, x) for y in range(rows) for x in range(columns) for c in range(channels))


def image_filter(program, source):
    draw = random.Random(5)
    with tempfile.TemporaryDirectory() as folder:
        first, second = os.path.join(folder, "in.ppm"), os.path.join(folder, "out.ppm")
        cases = [("blur", [], blur), ("sobel", [], sobel), ("threshold", [], lambda at, y, x: 255 if at(y, x) >= 128 else 0),
                 ("threshold", ["40"], lambda at, y, x: 255 if at(y, x) >= 40 else 0)]
        for kind, rows, columns, channels in ((b"P6", 5, 7, 3), (b"P5", 1, 1, 1), (b"P5", 9, 4, 1)):
            pixels = bytes(draw.choice((0, 39, 40, 41, 127, 128, 129, 255, draw.randrange(256))) for _ in range(rows * columns * channels))
            with open(first, "wb") as f:
                f.write(b"%s # a comment\n%d\n%d 255\n%s" % (kind, columns, rows, pixels))
            for name, more, of_pixel in cases:
                out = run([program, name, first, second] + more)[0].splitlines()
                if (name, channels) == ("blur", 3):
                    equal(out, expected(source))
                with open(second, "rb") as f:
                    equal(f.read(), b"%s\n%d %d\n255\n%s" % (kind, columns, rows, filtered(pixels, rows, columns, channels, of_pixel)))
        image_filter_mistakes(program, folder, first, second)


def image_filter_mistakes(program, folder, first, second):
    bad = os.path.join(folder, "bad.ppm")
    for data, message in ((b"", "not a binary PGM or PPM"), (b"\x89PNG\r\n", "not a binary PGM or PPM"), (b"P3\n1 1\n255\n1 2 3\n", "not a binary PGM"),
                          (b"P6\n", "header"), (b"P6\n0 4\n255\n", "header"), (b"P5\n-1 4\n255\n", "header"), (b"P5\n99999999999999999999 1\n255\n", "header"),
                          (b"P5\n2 2\n255\nabc", "ends before its last pixel"), (b"P5\n2 2\n65535\nabcdefgh", "up to 255"),
                          (b"P6\n65536 65536\n255\n", "larger than a gigabyte")):
        with open(bad, "wb") as f:
            f.write(data)
        out, err = run([program, "blur", bad, second], status=1)
        contains(err, bad, message)
        equal(out, "")
    contains(run([program, "blur", os.path.join(folder, "none.ppm"), second], status=1)[1], "none.ppm", "No such file")
    contains(run([program, "blur", folder, second], status=1)[1], folder, "not a plain file")
    contains(run([program, "blur", first, os.path.join(folder, "none", "out.ppm")], status=1)[1], "No such file")
    contains(run([program, "emboss", first, second], status=2)[1], "no filter 'emboss'", "blur", "threshold")
    contains(run([program, "blur", first, second, "3"], status=1)[1], "image_filter.lp", "TypeError")
    contains(run([program, "threshold", first, second, "high"], status=1)[1], "error:")
    contains(run([program], status=2)[1], "usage:")


# ---- plugin_reload -----------------------------------------------------------------------------------------------------------------------
def plugin_reload(program, source):
    want = iter(expected(source))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "plugin.lp")
        stamp = [1000000000]

        def edit(result):
            with open(path, "w") as f:
                f.write("def respond(x):\n    return %s\n" % result)
            stamp[0] += 1
            os.utime(path, (stamp[0], stamp[0]))  # edits of the same length within one tick of the clock are edits, too

        def ask():
            proc.stdin.write("3\n")
            proc.stdin.flush()
            return proc.stdout.readline().rstrip("\n")

        edit("x + 1")
        with open(os.path.join(folder, "err"), "w+") as err:
            proc = subprocess.Popen([program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err, text=True)
            try:
                equal([ask(), ask()], [next(want), next(want)])
                for text in ("10 * x", "10 * y", "x * x"):
                    edit(text)
                    equal(ask(), next(want))
                proc.stdin.close()
                equal(proc.stdout.read(), "")
                equal(proc.wait(TIMEOUT), 0)
            finally:
                proc.kill()
                proc.stdout.close()
                proc.wait()
            equal(next(want, None), None)
            err.seek(0)
            messages = err.read()
            contains(messages, "plugin.lp:2:17: error: NameError: name 'y' is not defined")
            equal(messages.count("error:"), 1)  # once for each edit, not for each answer
        edit("x +")
        contains(run([program, path], status=1, input=b"3\n")[1], "plugin.lp:2", "error: SyntaxError")
        with open(path, "w") as f:
            f.write("def other(x):\n    return x\n")
        contains(run([program, path], status=1)[1], "no function 'respond'")
        contains(run([program, path + "x"], status=1)[1], "No such file")


# ---- sqlite_kernel -----------------------------------------------------------------------------------------------------------------------
def sql(extension, script, status=0):
    return run(["sqlite3", "-batch", ":memory:"], status=status, cwd=SAMPLES, input=(".load %s\n%s" % (extension[:-3], script)).encode())


def blob(*values):
    return "x'%s'" % struct.pack("%dd" % len(values), *values).hex()


def sqlite_kernel(extension, source):
    out = sql(extension, """
select load_kernel('geo.lp', 'haversine');
create table cities(name, lat, lon);
insert into cities values ('Paris', 48.8566, 2.3522), ('Rome', 41.9, 12.5), ('Nowhere', NULL, 1);
select name, round(haversine(lat, lon, 52.52, 13.405), 2) from cities;
select load_kernel('geo.lp', 'greatest');
select load_kernel('geo.lp', 'smooth');
select greatest(%s);
select hex(smooth(%s, 3));
""" % (blob(1, 5, -1), blob(1, 5, -1)))[0]
    equal(out.splitlines(), expected(source))
    equal(bytes.fromhex(out.splitlines()[-1]), struct.pack("d", (1 + 5 - 1) / 3))

    with tempfile.TemporaryDirectory() as folder:
        kernels = os.path.join(folder, "k.lp")
        with open(kernels, "w") as f:
            f.write("import numpy as np\ndef same(x):\n    return x\ndef silent():\n    return None\ndef pair(x):\n    return x, x\n"
                    "def wide(x):\n    return np.uint64(x) << np.uint64(62)\ndef turned(x):\n    return x.reshape(2, 2).T\n"
                    "def shouted(s, end='!'):\n    return f'{s}{end}'\ndef above(x, y):\n    return x > y\ndef inf(x):\n    return x * np.inf\n")
        load = "".join("select load_kernel('%s', '%s');\n" % (kernels, n) for n in
                       ("same", "silent", "pair", "wide", "turned", "shouted", "above", "inf"))
        rows = [("same(9223372036854775807)", "9223372036854775807"), ("typeof(same(2))", "integer"), ("typeof(same(2.0))", "real"), ("same(NULL) is NULL", "1"),
                ("silent() is NULL", "1"), ("same('ä''x')", "ä'x"), ("shouted('so')", "so!"), ("shouted('so', '')", "so"), ("above(2, 1.5)", "1"), ("wide(1)", str(1 << 62)),
                ("hex(turned(%s))" % blob(1, 2, 3, 4), struct.pack("4d", 1, 3, 2, 4).hex().upper()), ("length(same(x''))", "0"), ("inf(0.0) is NULL", "1"),
                # a part of a blob is memory that is not aligned for doubles
                ("hex(same(substr(x'00%s', 2)))" % struct.pack("d", 1.5).hex(), struct.pack("d", 1.5).hex().upper())]
        out = sql(extension, load + "".join("select %s;\n" % call for call, _ in rows))[0].splitlines()[8:]
        equal(len(out), len(rows))
        for (call, want), got in zip(rows, out):
            assert got == want, "select %s: expected %r, got %r" % (call, want, got)
        for script, message in (("select same();", "wrong number of arguments"), ("select pair(1);", "SQL has no such value"), ("select wide(2);", "larger than SQL's integers"),
                                ("select same(x'00');", "multiple of 8"), ("select load_kernel('%s', 'same');" % kernels, "loaded already"),
                                ("select load_kernel('%s', 'none');" % kernels, "no function 'none'"), ("select load_kernel('none.lp', 'f');", "No such file"),
                                ("select load_kernel('geo.lp', 'clear'); select clear(%s);" % blob(1), "read-only"), ("select above('a', 1);", "TypeError"),
                                ("select load_kernel('geo.lp', 'smooth'); select smooth(%s, 3);" % blob(1, 2), "ValueError: k must be between 1")):
            contains(sql(extension, load + script, status=1)[1], message)


DRIVEN = {"image_filter": image_filter, "plugin_reload": plugin_reload, "sqlite_kernel": sqlite_kernel}


# ---- tests/host --------------------------------------------------------------------------------------------------------------------------
def structs(program):
    text = run([program])[0]
    contains(text, "typedef struct k0_args {", "static inline int32_t k17_call(")
    for compiler, language in ((["cc", "-std=c11"], "c"), (["c++", "-std=c++17"], "c++")):
        run(compiler + ["-x", language, "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I" + os.path.join(ROOT, "include"), "-"], input=text.encode())


# ---- series.py: twice, once without NumPy ----------------------------------------------------------------------------------------------
def script(build):
    python = os.environ.get("PYTHON", "python3")
    path = os.path.join(build, "tests", "samples", "series.py")
    with open(path, encoding="utf-8") as f:
        want = re.findall(r"^expect: ?(.*)$", f.read(), re.M)
    check("samples/hosts/series.py --plain", lambda: equal(run([python, path, "--plain"])[0].splitlines(), want))
    if subprocess.run([python, "-c", "import numpy"], capture_output=True, timeout=TIMEOUT).returncode:
        skip("samples/hosts/series.py", "%s has no NumPy" % python)
    else:
        check("samples/hosts/series.py", lambda: equal(run([python, path])[0].splitlines(), want))


# ---- the library -------------------------------------------------------------------------------------------------------------------------
def exports(library):
    names = [line.split()[-1] for line in run(["nm", "-D", "--defined-only", library])[0].splitlines()]
    foreign = [n for n in names if not n.startswith("lj_") or n.startswith("lj_rt_")]
    assert names and not foreign, "exports more than lj_*: %s" % ", ".join(foreign[:10])


def main():
    build = os.path.abspath(sys.argv[1])
    cache = tempfile.TemporaryDirectory()
    os.environ["LOOPJIT_CACHE_DIR"] = cache.name
    for source in sorted(glob.glob(os.path.join(ROOT, "tests", "host", "*.c"))):
        name = "host_" + os.path.basename(source)[:-2]
        program = os.path.join(build, "tests", name)
        check(name, *((structs, program) if name == "host_structs" else (run, [program])))
    for source in sorted(f for f in os.listdir(SAMPLES) if f.endswith((".c", ".cc"))):
        name = os.path.splitext(source)[0]
        program = os.path.join(build, "tests", "samples", name)
        check("samples/hosts/" + source, DRIVEN.get(name, plain), program + (".so" if name == "sqlite_kernel" else ""), source)
    script(build)
    check("libloopjit.so", exports, os.path.join(build, "libloopjit.so"))
    return close()


if __name__ == "__main__":
    sys.exit(main())
