#!/usr/bin/env python3
"""Build libraries ahead of time (`loopjit build`), compile C and C++ against their headers, and run them.

    run_build.py BUILD_FOLDER [--update]

tests/libraries/kernels.lp has the functions, tests/libraries/use.c calls them all and checks itself, tests/libraries/loaded.c loads two libraries at once. tests/libraries/libk.golden
is the header as it should be; --update writes it anew.
"""
import difflib
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

from tally import check, close

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(ROOT, "tests", "libraries")
KERNELS = os.path.join(FOLDER, "kernels.lp")
TYPES = {"both": "both(float64[::1], Tuple((float64, int64)))", "shout": "shout(unicode_type, int64)", "constant_text": "constant_text()",
         "maybe": "maybe(float64)", "fib": "fibonacci=fib(int64)"}
STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-D_POSIX_C_SOURCE=200809L"]
C, CXX = ["cc", "-std=c11"] + STRICT, ["c++", "-std=c++17", "-x", "c++"] + STRICT
LIBS = ["-lm", "-pthread"]
PRINTS = "n is 3 0.5\n"


def run(command, status=0, **more):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, **more)
    if done.returncode != status:
        raise AssertionError("%s: exit status %d\n%s" % (" ".join(command)[:300], done.returncode, (done.stdout + done.stderr)[-1500:]))
    return done.stdout, done.stderr


class Work:
    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.tool = os.path.join(build, "loopjit")
        with open(KERNELS) as f:
            names = re.findall(r"^def (\w+)", f.read(), re.M)
        self.exports = [word for name in names if name not in ("pick",) for word in ("--export", TYPES.get(name, name))]

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def library(self, folder, name, *options, **more):
        """Builds all exports; gives the folder."""
        os.makedirs(self.path(folder), exist_ok=True)
        run([self.tool, "build", KERNELS, "-o", self.path(folder, name), "--header", self.path(folder, "libk.h")] + self.exports + list(options), **more)
        return self.path(folder)

    def use(self, folder, compiler, inputs, cpu=None, **environment):
        program = self.path(folder, "use_" + os.path.basename(compiler[0]))
        run(compiler + ["-I" + self.path(folder), os.path.join(FOLDER, "use.c"), "-x", "none", "-o", program] + inputs + LIBS)
        out, err = run([program] + ([cpu] if cpu else []), env=dict(os.environ, **environment))
        assert (out, err) == (PRINTS, ""), out + err


# ---- what is made --------------------------------------------------------------------------------------------------------------------
def shared_library(work):
    folder = work.library("so", "libk.so")
    inputs = ["-L" + folder, "-lk", "-Wl,-rpath," + folder]
    for compiler in (C, CXX):
        work.use("so", compiler, inputs)
    for cpu in ("x86-64", "x86-64-v3"):
        work.use("so", C, inputs, cpu, LOOPJIT_CPU=cpu)
    work.use("so", C, inputs, LOOPJIT_NO_OPENMP="1", OMP_NUM_THREADS="3")
    needed = re.findall(r"NEEDED.*\[(.*)\]", run(["readelf", "-d", os.path.join(folder, "libk.so")])[0])
    assert all(n.startswith(("libc.", "libm.", "libmvec.", "ld-linux")) for n in needed), needed
    names = {line.split()[-1] for line in run(["nm", "-D", "--defined-only", os.path.join(folder, "libk.so")])[0].splitlines()}
    exported = {e.split("=")[0].split("(")[0] for e in work.exports[1::2]}
    assert names == exported | {"k_error", "k_release", "k_set_threads", "k_cpu"}, names


def header(work):
    golden = os.path.join(FOLDER, "libk.golden")
    with open(work.path("so", "libk.h")) as f:
        made = f.read()
    if "--update" in sys.argv:
        with open(golden, "w") as f:
            f.write(made)
    with open(golden) as f:
        want = f.read()
    if made != want:
        raise AssertionError("is not as tests/libraries/libk.golden\n" + "".join(difflib.unified_diff(want.splitlines(True), made.splitlines(True), n=1)))


def object_file(work):
    folder = work.library("o", "libk.o")
    work.use("o", C, [os.path.join(folder, "libk.o"), os.path.join(work.build, "libloopjit-rt.a")])


def archive(work):
    folder = work.library("a", "libk.a")
    work.use("a", CXX, ["-L" + folder, "-lk"])
    assert "k.o" in run(["ar", "t", os.path.join(folder, "libk.a")])[0].split()


def runtime_apart(work):
    folder = work.library("apart", "libk.a", "--runtime", "shared")
    work.use("apart", C, ["-L" + folder, "-lk", "-L" + work.build, "-lloopjit-rt", "-Wl,-rpath," + work.build])
    assert run(["ar", "t", os.path.join(folder, "libk.a")])[0].split() == ["k.o"]
    folder = work.library("rt", "libk.so", "--runtime", "shared")
    work.use("rt", C, ["-L" + folder, "-lk", "-Wl,-rpath," + folder, "-Wl,-rpath-link," + work.build], LD_LIBRARY_PATH=work.build)
    assert "[libloopjit-rt.so.0]" in run(["readelf", "-d", os.path.join(folder, "libk.so")])[0]


def options(work):
    for number, (cpu, more) in enumerate([("x86-64", ["--opt", "0", "--cpu", "x86-64"]), ("native", ["--cpu", "x86-64-v2,native,x86-64-v4,x86-64"]),
                                          ("native", ["--cpu", "native", "--parallel=auto"]), ("x86-64-v2", ["--cpu", "x86-64-v2", "--parallel"])]):
        folder = work.library("options%d" % number, "libk.so", *more)
        work.use("options%d" % number, C, ["-L" + folder, "-lk", "-Wl,-rpath," + folder], cpu)


def vectors(work):
    """Under fastmath each version calls the vector functions of its own width."""
    folder = work.library("vectors", "k.o", "--cpu", "x86-64,x86-64-v3,x86-64-v4")
    wanted = run(["nm", "-u", os.path.join(folder, "k.o")])[0]
    for name in ("_ZGVbN2v_exp", "_ZGVdN4v_exp"):
        assert name in wanted, wanted
    assert "lj_other" not in wanted, wanted


def same_bytes(work):
    """Two builds give the same, wherever the program stands and goes."""
    def contents(folder, source):
        os.makedirs(folder)
        shutil.copy(KERNELS, os.path.join(folder, "kernels.lp"))
        for name in ("libk.so", "libk.o", "libk.a"):
            run([work.tool, "build", source, "-o", name, "--header", name + ".h"] + work.exports, cwd=folder)
        made = {}
        for path in glob.glob(os.path.join(folder, "libk*")):
            with open(path, "rb") as f:
                made[os.path.basename(path)] = f.read()
        return made

    first, second = work.path("first"), work.path("second", "deeper")
    one, two = contents(first, "kernels.lp"), contents(second, os.path.join(second, "kernels.lp"))
    assert len(one) == 6 and sorted(one) == sorted(two), (sorted(one), sorted(two))
    for name in one:
        assert one[name] == two[name], name + " differs"
        for place in (work.folder, ROOT):
            assert place.encode() not in one[name], name + " names a folder"


def built_anew(work):
    """A program that runs the old library keeps it."""
    path = work.path("anew.so")
    run([work.tool, "build", KERNELS, "-o", path, "--export", "divide"])
    with open(path, "rb") as f:
        old = f.read()
        run([work.tool, "build", KERNELS, "-o", path, "--export", TYPES["fib"]])
        f.seek(0)
        assert f.read() == old
    with open(path, "rb") as f:
        assert f.read() != old


def two_libraries(work):
    folder = work.library("two", "libk.so")
    run([work.tool, "build", KERNELS, "-o", os.path.join(folder, "libother.so"), "--export", "divide", "--export", TYPES["fib"]])
    program = os.path.join(folder, "loaded")
    run(C + ["-D_DEFAULT_SOURCE", "-Wno-pedantic", os.path.join(FOLDER, "loaded.c"), "-o", program, "-ldl", "-pthread"])
    run([program, os.path.join(folder, "libk.so"), os.path.join(folder, "libother.so")])
    work.library("two_rt", "libk.so", "--runtime", "shared")
    run([work.tool, "build", KERNELS, "-o", work.path("two_rt", "libother.so"), "--runtime", "shared", "--export", "divide", "--export", TYPES["fib"]])
    run([program, work.path("two_rt", "libk.so"), work.path("two_rt", "libother.so")], env=dict(os.environ, LD_LIBRARY_PATH=work.build))


def two_headers(work):
    """The headers of two libraries in one file; names and prefixes."""
    os.makedirs(work.path("headers"))
    for name, more in (("libone.o", ["--prefix", "one_"]), ("2nd-x.o", ["--export", "second=saxpy"])):
        run([work.tool, "build", KERNELS, "-o", work.path("headers", name)] + more)
    source = work.path("headers", "both.c")
    with open(source, "w") as f:
        f.write('#include "libone.h"\n#include "2nd-x.h"\nint main(void) { return one_tell(3) + second(0, 0, 0) != LOOPJIT_TYPE_ERROR || !_2nd_x_error(); }\n')
    for compiler in (C, CXX):
        program = work.path("headers", "both")
        objects = [work.path("headers", n) for n in ("libone.o", "2nd-x.o")]
        run(compiler + [source, "-x", "none", "-o", program] + objects + [os.path.join(work.build, "libloopjit-rt.a")] + LIBS)
        assert run([program])[0] == PRINTS
    for name, more in (("libone.a", ["--prefix", "one_"]), ("2nd-x.a", ["--export", "second=saxpy"])):  # each has a runtime
        run([work.tool, "build", KERNELS, "-o", work.path("headers", name)] + more)
    run(C + [source, "-o", program, work.path("headers", "2nd-x.a"), work.path("headers", "libone.a")] + LIBS)
    assert run([program])[0] == PRINTS


# ---- what cannot be done -----------------------------------------------------------------------------------------------------------------
def mistakes(work):
    program = work.path("bad.lp")
    with open(program, "w") as f:
        f.write("import numpy as np\nfrom numba import njit\n@njit(['float64(float64)', 'int64(int64)'])\ndef two(x):\n    return x\n"
                "def exp(x):\n    return x\ndef kind(x):\n    return np.float64\ndef αβ(x):\n    return x\n"
                "def fine(x):\n    return x\n")
    rows = [([], 1, "'two' is the name of two exports"), (["--export", "exp(float64)"], 1, "'exp' is a name of the C library"), (["--export", "my_exp=exp(float64)"], 0, ""),
            (["--export", "exp(float64)", "--prefix", "p_"], 0, ""), (["--export", "double=fine(int64)"], 1, "no name that C and C++ can use"),
            (["--export", "kind(float64)"], 1, "a dtype, which C has no values of"), (["--export", "αβ(float64)"], 1, "no name that C"),
            (["--export", "out_error=fine(int64)"], 1, "a function that the library has of its own"), (["--export", "fine"], 1, "for which types shall 'fine' be exported"),
            (["--export", "none(int64)"], 1, "has no function 'none' to export"), (["--export", "fine(int64"], 1, "does not end with ')'"),
            (["--export", "fine(float63)"], 1, "float63"), (["--export", "fine()"], 1, "fine()"), (["--export", "two(int64)", "--export", "two(float64)"], 1, "two exports"),
            (["--export", "fine(int64)", "--cpu", "none"], 2, "there is no CPU 'none'"), (["--export", "fine(int64)", "--cpu", "znver4,x86-64"], 2, "'znver4' cannot be one of several"),
            (["--export", "fine(int64)", "--cpu", "x86-64,x86-64"], 2, "named twice"), (["--export", "fine(int64)", "--cpu", "znver4"], 0, ""),
            (["--export", "fine(int64)", "--runtime", "none"], 2, "no runtime 'none'"), (["--export", "fine(int64)", "--cpu", ""], 2, "no CPU ''"),
            (["--export", "lj_x=fine(int64)"], 1, "the beginning of a name of loopjit"), (["--export", "=fine(int64)"], 1, "no name that C"),
            (["--export", ""], 1, "has no function ''")]
    for words, status, message in rows:
        err = run([work.tool, "build", program, "-o", work.path("out.o")] + words, status)[1]
        assert message in err, (words, err)
    for output, message in (("out.dll", "ends with none of .o, .a and .so"), (".so", "no name before its ending"), (work.path("no", "out.o"), "cannot write")):
        assert message in run([work.tool, "build", program, "-o", output, "--export", "fine(int64)"], 2, cwd=work.folder)[1], output
    before = open(program).read()
    for more, message in ((["-o", work.path("same.o"), "--header", work.path("same.o")], "cannot both be"), (["-o", work.path("out.o"), "--header", program], "write over the program")):
        assert message in run([work.tool, "build", program, "--export", "fine(int64)"] + more, 2)[1], more
    assert open(program).read() == before and not os.path.exists(work.path("same.o"))
    assert "where shall the library go" in run([work.tool, "build", program], 2)[1]
    with open(work.path("nothing.lp"), "w") as f:
        f.write("def f(x):\n    return x\n")
    assert "nothing to export" in run([work.tool, "build", work.path("nothing.lp"), "-o", work.path("out.o")], 1)[1]


def compilers(work):
    words = [work.tool, "build", KERNELS, "--export", "divide", "-o", work.path("c.so")]
    nothing = {"PATH": work.path("empty")}
    err = run(words, 2, env=nothing)[1]
    assert "neither cc nor clang nor gcc" in err and "An object (.o) and an archive (.a) need none" in err, err
    run(words[:-1] + [work.path("c.a")], env=nothing)
    assert "no program is called no-such-cc" in run(words, 2, env=dict(os.environ, CC="no-such-cc -x"))[1]
    run(words, env=dict(os.environ, CC="cc -O2"))
    err = run(words, 2, env=dict(os.environ, CC="cc -nonsense"))[1]
    assert "could not link the library" in err and "-nonsense" in err, err
    assert "could not link" in run(words, 2, env=dict(os.environ, CC="false"))[1]
    odd = work.path("a, b'c.so")
    run(words[:-1] + [odd])
    assert "Library soname: [a, b'c.so]" in run(["readelf", "-d", odd])[0]
    folder = work.path("temporary")
    os.makedirs(folder)
    run(words, env=dict(os.environ, TMPDIR=folder))
    assert os.listdir(folder) == []


TESTS = [shared_library, header, object_file, archive, runtime_apart, options, vectors, same_bytes, built_anew, two_libraries, two_headers, mistakes, compilers]


def main():
    with tempfile.TemporaryDirectory() as folder:
        work = Work(os.path.abspath(sys.argv[1]), folder)
        for test in TESTS:
            check("build " + test.__name__, test, work)
    return close()


if __name__ == "__main__":
    sys.exit(main())
