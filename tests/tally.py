"""Counts the checks of a runner; a failure is told at once."""
import subprocess

PASSED, FAILED, SKIPPED = [], [], []


def check(name, test, *args):
    try:
        test(*args)
        PASSED.append(name)
    except (AssertionError, OSError, subprocess.TimeoutExpired) as e:
        FAILED.append(name)
        print("FAIL %s: %s" % (name, e))


def skip(name, why):
    """Something that this machine cannot check. It is told."""
    SKIPPED.append(name)
    print("SKIP %s: %s" % (name, why))


def close():
    """The exit status."""
    print("%d passed, %d failed, %d skipped" % (len(PASSED), len(FAILED), len(SKIPPED)))
    return 1 if FAILED else 0
