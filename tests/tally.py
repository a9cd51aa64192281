"""Counts the checks of a runner; a failure is told at once."""
import subprocess

PASSED, FAILED = [], []


def check(name, test, *args):
    try:
        test(*args)
        PASSED.append(name)
    except (AssertionError, OSError, subprocess.TimeoutExpired) as e:
        FAILED.append(name)
        print("FAIL %s: %s" % (name, e))


def close():
    """The exit status."""
    print("%d passed, %d failed, 0 skipped" % (len(PASSED), len(FAILED)))
    return 1 if FAILED else 0
