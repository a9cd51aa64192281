#!/usr/bin/env python3
"""Install BUILD_FOLDER into a new folder and use what is there as a stranger would: pkg-config, find_package, C++, the command, its manual page,
completion in bash; then the same from the .deb that cpack makes.

    run_install.py BUILD_FOLDER
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from tally import check, close

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HOST = os.path.join(ROOT, "samples/hosts/minimal.c")
QUICKSTART = os.path.join(ROOT, "samples/quickstart.lp")
CMAKE_PROJECT = """cmake_minimum_required(VERSION 3.25)
project(host C)
find_package(loopjit 0.1 REQUIRED)
add_executable(host %s)
target_link_libraries(host PRIVATE loopjit::loopjit)
""" % HOST


def run(command, **more):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, **more)
    if done.returncode:
        raise AssertionError("%s: exit status %d\n%s" % (" ".join(command)[:200], done.returncode, (done.stdout + done.stderr)[-1500:]))
    return done.stdout


def environment(prefix):
    return dict(os.environ, LD_LIBRARY_PATH=os.path.join(prefix, "lib"), PKG_CONFIG_PATH=os.path.join(prefix, "lib/pkgconfig"), LC_ALL="C", LOOPJIT_CACHE_DIR="")


def states(out):
    """The sample host prints what it says it prints."""
    with open(HOST) as f:
        expect = re.findall(r"^ \* expect: (.*)", f.read(), re.M)
    assert expect and out.splitlines() == expect, out


def pkg_config(prefix, work):
    env = environment(prefix)
    flags = run(["pkg-config", "--cflags", "--libs", "loopjit"], env=env).split()
    assert "-lloopjit" in flags, flags
    host = os.path.join(work, "pkg_host")
    run(["cc", "-Wall", "-Wextra", "-Werror", HOST, "-o", host] + flags, env=env)
    states(run([host], env=env))


def find_package(prefix, work):
    source, build = os.path.join(work, "project"), os.path.join(work, "project/build")
    os.makedirs(source)
    with open(os.path.join(source, "CMakeLists.txt"), "w") as f:
        f.write(CMAKE_PROJECT)
    run(["cmake", "-G", "Ninja", "-S", source, "-B", build, "-DCMAKE_PREFIX_PATH=" + prefix])
    run(["cmake", "--build", build])
    states(run([os.path.join(build, "host")], env=environment(prefix)))


def header_is_c_and_cxx(prefix, work):
    for compiler, standard, ending in (("cc", "c11", "c"), ("c++", "c++11", "cc")):
        source = os.path.join(work, "header." + ending)
        with open(source, "w") as f:
            f.write("#include <loopjit.h>\nint main(void) { lj_value v = lj_int64(1); return v.as.i != 1; }\n")
        run([compiler, "-std=" + standard, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-I" + os.path.join(prefix, "include"), source])


def command(prefix, work):
    tool = os.path.join(prefix, "bin/loopjit")
    with open(QUICKSTART) as f:
        expect = re.findall(r"# expect: (.*)", f.read())
    out = run([tool, "run", QUICKSTART], env={"PATH": "/usr/bin:/bin", "HOME": work}).splitlines()
    assert out == expect, out


def build_library(prefix, work):
    """The command finds its runtime where it was installed; pkg-config finds it for objects."""
    tool, env = os.path.join(prefix, "bin/loopjit"), environment(prefix)
    program, caller = os.path.join(work, "k.lp"), os.path.join(work, "caller.c")
    with open(program, "w") as f:
        f.write('from numba import njit\n@njit("float64(float64[:])")\ndef mean(x):\n    return x.sum() / len(x)\n')
    with open(caller, "w") as f:
        f.write('#include "libk.h"\nint main(void) { double x[2] = {1, 2}, m; loopjit_float64_1d a = loopjit_float64_1d_of(x, 2);\n'
                "return mean(&a, &m) || m != 1.5; }\n")
    for name, flags in (("libk.so", []), ("libk.a", ["-lm", "-pthread"]), ("libk.o", run(["pkg-config", "--static", "--libs", "loopjit-rt"], env=env).split())):
        run([tool, "build", program, "-o", os.path.join(work, name)], env={"PATH": os.environ["PATH"], "LC_ALL": "C"})
        host = os.path.join(work, "k_host")
        run(["cc", "-Wall", "-Wextra", "-Werror", caller, os.path.join(work, name), "-o", host, "-Wl,-rpath," + work] + flags)
        run([host], env=env)


def options_of_help(tool):
    """command -> its options, as --help shows them."""
    commands = re.findall(r"^  ([a-z]+)\b", run([tool, "--help"]), re.M)
    return {c: re.findall(r"^  (?:-\w, |    )(--[\w-]+)", run([tool, c, "--help"]), re.M) for c in commands}


def manual(prefix, work):
    tool = os.path.join(prefix, "bin/loopjit")
    with open(os.path.join(prefix, "share/man/man1/loopjit.1")) as f:
        page = f.read().replace("\\-", "-")
    options = options_of_help(tool)
    assert len(options) > 5 and "--call" in options["run"], options
    for name in options:
        assert ".SS %s\n" % name in page, name
        section = page.split(".SS %s\n" % name)[1].split(".S")[0]
        for option in options[name]:
            assert option in section, (name, option)


def completion(prefix, work):
    tool = os.path.join(prefix, "bin/loopjit")
    script = os.path.join(prefix, "share/bash-completion/completions/loopjit")

    def complete(*words):
        line = "source %s; COMP_WORDS=(%s); COMP_CWORD=%d; _loopjit; echo ${COMPREPLY[@]}" % (script, " ".join("'%s'" % w for w in words), len(words) - 1)
        return run(["bash", "-c", line], cwd=ROOT).split()

    options = options_of_help(tool)
    assert complete("loopjit", "exp") == ["explain"]
    assert set(options) <= set(complete("loopjit", ""))
    for name in options:
        assert set(options[name]) <= set(complete("loopjit", name, "--")), name
    assert "llvm-opt" in complete("loopjit", "emit", "")
    for before, wants in ((["run", "--error-model", "n"], ["numpy"]), (["run", "--schedule", "d"], ["dynamic"]), (["run", "--schedule", "=", "g"], ["guided"]),
                          (["run", "--cpu", "x86-64-v4"], ["x86-64-v4"]), (["run", "--parallel", "="], ["auto"]), (["run", "--parallel", "README"], ["README.md"]), (["cache", "v"], ["verify"]),
                          (["completion", "z"], ["zsh"])):
        got = complete("loopjit", *before)
        assert got == wants, (before, got)
    assert complete("loopjit", "run", "README") == ["README.md"]
    for shell in ("zsh/vendor-completions/_loopjit", "fish/vendor_completions.d/loopjit.fish"):
        with open(os.path.join(prefix, "share", shell)) as f:
            text = f.read()
        for words in ("python numpy", "x86-64-v2 x86-64-v3", "static dynamic guided", "path stats list", "bash zsh fish"):
            assert words in text, (shell, words)
        for name in options:
            assert name in text, (shell, name)
            for option in options[name]:
                assert option[2:] in text, (shell, option)


def needs_only(depends):
    names = {d.split()[0] for d in depends.split(",")}
    assert names == {"libc6", "libzstd1", "zlib1g"}, depends  # LLVM is inside; threads and BLAS are only recommended


USES = [pkg_config, find_package, header_is_c_and_cxx, command, build_library, manual, completion]


def use(what, prefix, work):
    os.makedirs(work)
    for test in USES:
        check("install %s %s" % (what, test.__name__), test, prefix, work)


def main():
    build = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as work:
        first, prefix = os.path.join(work, "first"), os.path.join(work, "moved")
        run(["cmake", "--install", build, "--prefix", first])
        shutil.move(first, prefix)  # nothing in it may know where it was put
        use("prefix", prefix, os.path.join(work, "uses"))
        packages, root = os.path.join(work, "packages"), os.path.join(work, "root")
        run(["cpack", "--config", os.path.join(build, "CPackConfig.cmake"), "-B", packages])
        package = [f for f in os.listdir(packages) if f.endswith(".deb")]
        assert len(package) == 1, package
        package = os.path.join(packages, package[0])
        run(["dpkg-deb", "-x", package, root])
        depends = run(["dpkg-deb", "-f", package, "Depends"])
        check("install deb depends", needs_only, depends)
        use("deb", os.path.join(root, "usr"), os.path.join(work, "deb_uses"))
    return close()


if __name__ == "__main__":
    sys.exit(main())
