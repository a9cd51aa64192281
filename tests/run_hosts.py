#!/usr/bin/env python3
"""Run the host programs of BUILD/tests (host_*): each embeds the library, checks itself, and exits with 0.

    run_hosts.py BUILD_FOLDER
"""
import glob
import os
import subprocess
import sys
import tempfile


def main():
    build = os.path.abspath(sys.argv[1])
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    passed = failed = 0
    cache = tempfile.TemporaryDirectory()
    os.environ["LOOPJIT_CACHE_DIR"] = cache.name
    for path in sorted(glob.glob(os.path.join(build, "tests", "host_*"))):
        if not os.access(path, os.X_OK) or os.path.isdir(path):
            continue
        try:
            done = subprocess.run([path], cwd=root, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
            problem = None if done.returncode == 0 else "exit status %d: %s" % (done.returncode, done.stderr.decode("utf-8", "replace")[-500:])
        except subprocess.TimeoutExpired:
            problem = "did not end"
        if problem:
            print("FAIL %s: %s" % (os.path.basename(path), problem))
        failed += problem is not None
        passed += problem is None
    exported = subprocess.run(["nm", "-D", "--defined-only", os.path.join(build, "libloopjit.so")], capture_output=True, text=True)
    foreign = [l.split()[-1] for l in exported.stdout.splitlines() if not l.split()[-1].startswith("lj_")]
    internal = [l.split()[-1] for l in exported.stdout.splitlines() if l.split()[-1].startswith("lj_rt_")]
    if exported.returncode or foreign or internal:
        print("FAIL libloopjit.so exports more than lj_*: %s" % ", ".join((foreign + internal)[:10]))
        failed += 1
    else:
        passed += 1
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
