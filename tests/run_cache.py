#!/usr/bin/env python3
"""The cache of compiled code, seen from outside: many processes over one folder.

    run_cache.py LOOPJIT [-k PATTERN] [--processes N] [--seconds S] [--edits N] [--seed S]

run, explain, actions, options, ...   what the command says and does
edits    programs of the conformance tests after random edits: the same with and without the cache. --edits 2000 is the long form.
kill     N processes share one folder while a random one is killed every few milliseconds: the others give the right output and say nothing, and
         afterwards only whole entries are there. --processes 100 --seconds 60 is the long form.
"""
import argparse
import glob
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

PROGRAM = """import numpy as np
from numba import njit
SCALE = {scale}

@njit
def helper(x):
    return x * {factor}

@njit
def total(n):
    s = 0.0
    for i in range(n):
        s += helper(i)
    return s

def alone(x):
    return x + {other}

print(total(100), SCALE)
"""
KEYS = {"scale": 2, "factor": 3, "other": 4}


class Failed(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failed(what)


class Place:
    """A folder with a program and a cache."""

    def __init__(self, loopjit, path):
        self.loopjit, self.path, self.cache = loopjit, path, os.path.join(path, "cache")

    def write(self, name="k.lp", before="", **keys):
        with open(os.path.join(self.path, name), "w", encoding="utf-8") as f:
            f.write(before + PROGRAM.format(**dict(KEYS, **keys)))

    def run(self, *args, env=None, preexec=None, timeout=120):
        env = {**os.environ, "LOOPJIT_CACHE_DIR": self.cache, **(env or {})}
        done = subprocess.run([self.loopjit, *args], cwd=self.path, env=env, capture_output=True, text=True, timeout=timeout, preexec_fn=preexec)
        return done.returncode, done.stdout, done.stderr

    def right(self, *args, want="14850.0 2\n", err=None, **more):
        status, out, said = self.run("run", *(args or ("k.lp",)), **more)
        check(status == 0 and out == want, "%s: status %s, %r instead of %r, %s" % (args, status, out, want, said))
        if err is not None:
            check(said == err, "said %r instead of %r" % (said, err))
        return said

    def files(self):
        found = []
        for folder, _, names in os.walk(self.cache):
            found += [os.path.join(folder, n) for n in names if n != "usage"]
        return sorted(found)


# ---- what the command says ---------------------------------------------------------------------------------------------------------------
def case_explain(p, options):
    p.write()
    p.right("--explain-cache", "k.lp", err="cache: program: miss, never seen\ncache: <module>: miss, never seen\n")
    p.right("--explain-cache", "k.lp", err="cache: program: hit\ncache: <module>: hit\n")
    p.write(before="# moved\n\n")
    p.right("--explain-cache", "k.lp", err="cache: program: miss, changed: text\ncache: <module>: hit\n")
    p.write(other=5)
    p.right("--explain-cache", "k.lp", err="cache: program: miss, changed: text\ncache: <module>: hit\n")
    p.write(factor=4)
    p.right("--explain-cache", "k.lp", want="19800.0 2\n", err="cache: program: miss, changed: text\ncache: <module>: miss, changed: source of 'helper'\n")
    p.write(scale=3)
    p.right("--explain-cache", "k.lp", want="14850.0 3\n",
            err="cache: program: miss, changed: text\ncache: <module>: miss, changed: source of the top level\n")
    p.write()
    for args, name in ((["--fastmath"], "fastmath"), (["--opt", "1"], "optimisation level"), (["--no-boundscheck"], "boundscheck"),
                       (["--error-model", "numpy"], "error model"), (["--parallel"], "parallel"), (["--cpu", "x86-64"], "CPU, CPU features")):
        said = p.right("--explain-cache", *args, "k.lp")
        check("<module>: miss, changed: %s\n" % name in said, "%s: %s" % (args, said))
        p.right("--explain-cache", *args, "k.lp", err="cache: program: hit\ncache: <module>: hit\n")
    os.rename(os.path.join(p.path, "k.lp"), os.path.join(p.path, "other.lp"))
    p.right("--explain-cache", "other.lp", err="cache: program: hit\ncache: <module>: hit\n")


def case_call(p, options):
    p.write()
    for name, value, want in (("alone", "3", "7\n"), ("alone", "2.5", "6.5\n"), ("helper", "3", "9\n")):
        said = p.right("--explain-cache", "k.lp", "--call", name, value, want=want)
        check("%s(" % name in said and "miss" in said, said)
        p.right("--explain-cache", "k.lp", "--call", name, value, want=want,
                err="cache: program: hit\ncache: %s(%s): hit\n" % (name, "float64" if "." in value else "int64"))
    p.write(factor=5)  # alone() does not call it
    said = p.right("--explain-cache", "k.lp", "--call", "alone", "3", want="7\n")
    check("alone(int64): hit\n" in said, said)
    said = p.right("--explain-cache", "k.lp", "--call", "helper", "3", want="15\n")
    check("helper(int64): miss, changed: source of 'helper'\n" in said, said)


def case_off(p, options):
    p.write()
    p.right("--no-cache", "k.lp", err="")
    p.right("k.lp", err="", env={"LOOPJIT_CACHE_DIR": ""})
    check(not os.path.exists(p.cache), "a cache was made")
    bare = {k: v for k, v in os.environ.items() if k not in ("LOOPJIT_CACHE_DIR", "XDG_CACHE_HOME")}
    home = os.path.join(p.path, "nobody")
    done = subprocess.run([p.loopjit, "run", "k.lp"], cwd=p.path, env=dict(bare, HOME=home), capture_output=True, text=True)
    check(done.returncode == 0 and not done.stderr and not os.path.exists(home), "a home was made: %s" % done.stderr)
    for command in (["check", "k.lp"], ["types", "k.lp"], ["emit", "loops", "k.lp"], ["explain", "k.lp"]):
        check(p.run(*command)[0] == 0, command)
    check(not os.path.exists(p.cache), "something else than run made a cache")


def case_where(p, options):
    p.write()
    status, out, err = p.run("cache", "path")
    check((status, out) == (0, p.cache + "\n"), out)
    plain = {k: v for k, v in os.environ.items() if k not in ("LOOPJIT_CACHE_DIR", "XDG_CACHE_HOME")}
    home = {"HOME": p.path}
    for more, want in ((home, p.path + "/.cache/loopjit\n"), (dict(home, XDG_CACHE_HOME="/x"), "/x/loopjit\n"),
                       (dict(home, XDG_CACHE_HOME="relative"), p.path + "/.cache/loopjit\n")):
        done = subprocess.run([p.loopjit, "cache", "path"], env=dict(plain, **more), capture_output=True, text=True)
        check(done.stdout == want, "%s: %s" % (more, done.stdout))


def case_actions(p, options):
    p.write()
    p.right("k.lp", err="")
    status, out, err = p.run("cache", "stats")
    check(status == 0 and re.search(r"kernels +1\nprograms +1\nsize +\d", out), out)
    status, out, err = p.run("cache", "list")
    check(status == 0 and len(out.splitlines()) == 2 and "<module>  k.lp" in out and "program  k.lp" in out, out)
    check(p.run("cache", "verify")[:2] == (0, "2 entries are whole\n"), "verify")
    for path in p.files():
        with open(path, "r+b") as f:
            f.seek(100)
            f.write(b"\xff\xfe\xfd")
    status, out, err = p.run("cache", "verify")
    check(status == 1 and "2 entries are damaged" in err, err)
    said = p.right("--explain-cache", "k.lp")
    check(said.count("the entry is damaged") == 2, said)
    check(p.run("cache", "verify")[0] == 0, "damaged entries were not replaced")
    p.right("--fastmath", "k.lp")
    victim = p.files()[0]
    os.truncate(victim, 10)
    check(p.run("cache", "prune")[:2] == (0, "1 entry removed\n"), "prune")
    check(p.run("cache", "clear")[:2] == (0, "3 entries removed\n") and not p.files(), "clear")
    p.right("k.lp", err="")
    check(p.run("cache", "lst")[0] == 2 and "did you mean 'list'" in p.run("cache", "lst")[2], "suggestion")


def case_bound(p, options):
    sizes = {"LOOPJIT_CACHE_SIZE": "64K"}
    for i in range(12):
        p.write(factor=i)
        p.right("k.lp", want="%.1f 2\n" % (4950 * i), err="", env=sizes)
    total = sum((os.path.getsize(f) + 4095) // 4096 * 4096 for f in p.files())
    check(total <= 64 << 10, "%d bytes" % total)
    check(len(p.files()) >= 4, "too much was removed: %d files left" % len(p.files()))
    said = p.right("--explain-cache", "k.lp", want="54450.0 2\n")
    check(said.count("hit") == 2, "the newest is gone: " + said)
    check(p.run("cache", "prune", env={"LOOPJIT_CACHE_SIZE": "16K"})[0] == 0, "prune")
    check(sum((os.path.getsize(f) + 4095) // 4096 * 4096 for f in p.files()) <= 16 << 10, "prune left too much")


def case_warnings(p, options):
    """What a program says when it is loaded, it says each time."""
    with open(os.path.join(p.path, "w.lp"), "w") as f:
        f.write("from numba import njit\n@njit\ndef f(x):\n    return x\nprint(f(1))\nassert (1, 'always')\n")
    first, second = p.run("run", "w.lp"), p.run("run", "w.lp")
    check(first == second, "%s, then %s" % (first, second))


def case_full(p, options):
    p.write()
    small = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    said = p.right("k.lp", preexec=small)
    check(re.fullmatch(r"note: the cache of compiled code is off: cannot write to '.*': .*\n", said), said)
    check(not p.files(), "something was left")
    os.makedirs(p.cache, exist_ok=True)
    os.chmod(p.cache, 0o777)
    said = p.right("k.lp")
    check(re.fullmatch(r"note: the cache of compiled code is off: others can write to .*\n", said), said)
    os.chmod(p.cache, 0o500)
    if os.geteuid() != 0:
        said = p.right("k.lp")
        check(said.count("note: ") == 1, said)
    os.chmod(p.cache, 0o700)
    disk = os.path.join(p.path, "disk")
    os.mkdir(disk)
    if os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,mode=700", "none", disk], capture_output=True).returncode == 0:
        try:
            said = p.right("k.lp", env={"LOOPJIT_CACHE_DIR": disk})
            check(re.fullmatch(r"note: the cache of compiled code is off: cannot write to '.*': No space left on device\n", said), said)
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
            said = p.right("--opt", "1", "k.lp", env={"LOOPJIT_CACHE_DIR": disk})
            check(said.count("note: ") == 1 and "Read-only file system" in said, said)
        finally:
            subprocess.run(["umount", disk])


# ---- edits ---------------------------------------------------------------------------------------------------------------------------------
def edited(rng, source):
    """The text after one small edit, which may make it wrong."""
    lines = source.split("\n")
    i = rng.randrange(len(lines))
    kind = rng.randrange(7)
    if kind == 0:
        lines.insert(i, "# a comment")
    elif kind == 1:
        lines[i] += "  # a comment"
    elif kind == 2:
        lines.insert(i, "")
    elif kind == 3:
        del lines[i]
    else:
        pattern, to = ((r"\b\d+\b", lambda m: str(int(m.group()) + 1)), (r" [+*] ", lambda m: " - "),
                       (r"\b[a-z]\b", lambda m: rng.choice("abcnxy")))[kind - 4]
        found = [(k, m) for k, line in enumerate(lines) for m in re.finditer(pattern, line)]
        if found:
            k, m = rng.choice(found)
            lines[k] = lines[k][:m.start()] + to(m) + lines[k][m.end():]
    return "\n".join(lines)


def case_edits(p, options):
    """Programs of tests/conformance and samples, edited again and again: the cache never changes what they do."""
    rng = random.Random(options.seed)
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    programs = sorted(glob.glob(os.path.join(root, "tests", "conformance", "**", "*.lp"), recursive=True))
    hits = 0
    for n in range(options.edits):
        if n % 6 == 0:
            with open(rng.choice(programs), encoding="utf-8", errors="replace") as f:
                original = source = f.read()
        with open(os.path.join(p.path, "k.lp"), "w", encoding="utf-8") as f:
            f.write(source)
        try:
            plain = p.run("run", "--opt", "1", "--no-cache", "k.lp", timeout=10)
        except subprocess.TimeoutExpired:  # the edit made it endless
            source = original
            continue
        cached = p.run("run", "--opt", "1", "k.lp")
        again = p.run("run", "--opt", "1", "--explain-cache", "k.lp")
        hits += "<module>: hit" in again[2]
        check(cached == plain, "edit %d:\n%s\ngives %s and without a cache %s" % (n, source, cached, plain))
        check(again[:2] == plain[:2], "edit %d:\n%s\ngives %s and without a cache %s" % (n, source, again, plain))
        source = edited(rng, source if rng.randrange(3) else original)
    print("     %d edited programs, %d came from the cache" % (options.edits, hits))


# ---- many processes ------------------------------------------------------------------------------------------------------------------------
def case_kill(p, options):
    rng = random.Random(7)
    kinds = 8
    for i in range(kinds):
        p.write("k%d.lp" % i, factor=i)
    env = dict(os.environ, LOOPJIT_CACHE_DIR=p.cache, LOOPJIT_CACHE_SIZE="48K")  # small: entries come and go
    running, killed, ended, stop = [], 0, 0, threading.Event()

    def kill_some():
        while not stop.wait(rng.random() * 0.008):
            alive = [r for r in list(running) if r[0].returncode is None]
            if alive:
                victim = rng.choice(alive)
                victim[2] = True
                victim[0].send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill_some)
    killer.start()
    until = time.monotonic() + options.seconds
    try:
        while running or time.monotonic() < until:
            while len(running) < options.processes and time.monotonic() < until:
                i = rng.randrange(kinds)
                proc = subprocess.Popen([p.loopjit, "run", "--opt", str(rng.randrange(2)), "k%d.lp" % i], cwd=p.path, env=env, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
                running.append([proc, i, False])
            time.sleep(0.001)
            for r in [r for r in running if r[0].poll() is not None]:
                running.remove(r)
                out, err = r[0].communicate()
                if r[2] and r[0].returncode == -signal.SIGKILL:
                    killed += 1
                    continue
                ended += 1
                right = r[0].returncode == 0 and out == "%.1f 2\n" % (4950 * r[1]) and not err
                check(right, "program %d: status %d, %r, %r" % (r[1], r[0].returncode, out, err))
            if time.monotonic() > until:
                stop.set()
            check(time.monotonic() < until + 120, "did not end")
    finally:
        stop.set()
        killer.join()
    check(killed and ended, "%d killed, %d ended" % (killed, ended))
    status, out, err = p.run("cache", "verify")
    check(status == 0, out + err)
    leavings = os.listdir(os.path.join(p.cache, "tmp")) if os.path.isdir(os.path.join(p.cache, "tmp")) else []
    check(p.run("cache", "prune")[0] == 0, "prune")
    check(not os.listdir(os.path.join(p.cache, "tmp")), "prune left temporary files")
    print("     %d processes ended, %d were killed and left %d temporary files" % (ended, killed, len(leavings)))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("loopjit")
    ap.add_argument("-k", metavar="PATTERN", default="")
    ap.add_argument("--processes", type=int, default=24)
    ap.add_argument("--seconds", type=float, default=5)
    ap.add_argument("--edits", type=int, default=40)
    ap.add_argument("--seed", type=int, default=1)
    options = ap.parse_args()
    options.loopjit = os.path.abspath(options.loopjit)
    passed = failed = 0
    for name, case in sorted(globals().items()):
        if not name.startswith("case_") or options.k not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                case(Place(options.loopjit, folder), options)
                passed += 1
            except Failed as problem:
                print("FAIL cache: %s: %s" % (name[5:], problem), flush=True)
                failed += 1
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
