#!/usr/bin/env python3
"""Every name of the library (docs/LANGUAGE.md lists what `loopjit functions` prints from frontend/builtins.def; the docs test keeps the two equal) is used by a
conformance case whose expected output Python and NumPy wrote (a theme of tests/conformance/regenerate.py), and every function that is written in the language
stands in its file of runtime/prelude with the row's parameters."""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "conformance"))
import regenerate

# how a program names what stands in a group of the list; %s is the name
WRITTEN = {"Python": r"(?<![\w.])%s\(", "arrays: methods and attributes": r"\.%s\b", "numbers: methods and attributes": r"\.%s\b",
           "dtypes: attributes": r"\.%s\b", "numba": r"(?:@|\b(?:nb|numba)\.(?:types\.)?|import .*\b)%s\b", "functools": r"(?:@|\bfunctools\.)%s\b"}
# what today's Python, NumPy and numba do not all have: a case of any theme
ELSEWHERE = ("math.fma", "numpy.trapz", "numba.float_", "numba.bool")
MODULES = {"numpy": "np", "numpy.random": "np.random", "numpy.linalg": "np.linalg", "numpy.fft": "np.fft"}


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as f:
        return f.read()


def listed():
    """(group, name, is it called) of everything in the list."""
    text = read("docs", "LANGUAGE.md").partition("<!-- functions -->\n")[2].partition("<!-- end of functions -->")[0]
    for group, names in re.findall(r"^\*\*(.+?):\*\* (.*)$", text, re.M):
        for name, call in re.findall(r"`([\w]+)(\(?)[^`]*`", names):
            yield group, name, bool(call)


def texts(themes):
    return "".join(open(f, encoding="utf-8").read() for theme in themes for f in glob.glob(os.path.join(ROOT, "tests", "conformance", theme, "*.lp")))


def check_used():
    made = texts(regenerate.THEMES)
    all_cases = texts(os.listdir(os.path.join(ROOT, "tests", "conformance")))
    for group, name, call in listed():
        pattern = WRITTEN.get(group) or r"\b%s\.%%s\b" % re.escape(MODULES.get(group, group)) + (r"\(" if call and not is_type(group, name) else "")
        cases = all_cases if "%s.%s" % (group, name) in ELSEWHERE else made
        yield "%s.%s" % (group, name), None if re.search(pattern % name, cases) else "no conformance case uses it"


def is_type(group, name):
    """A dtype is used as an argument, too."""
    return re.fullmatch(r"(u?int\w*|float\w*|complex\w*|bool_?|u?byte|c?single|c?double)", name) is not None


def check_prelude():
    for row in re.finditer(r'^LP\((\w+), "([\w.]+)", "([^"]*)", (\w+)\)', read("frontend", "builtins.def"), re.M):
        module, name = row.group(2).rsplit(".", 1)
        text = read("runtime", "prelude", row.group(4).lower() + ".lp")
        want = [p.rstrip("?!") for p in row.group(3).split(",") if p]
        found = (module == "array" and re.search(r"^def array_%s\((.*)\):" % name, text, re.M)) or re.search(r"^def %s\((.*)\):" % name, text, re.M)
        have = [p.split("=")[0].strip() for p in found.group(1).split(",")] if found else []
        yield row.group(2), None if have[1 if module == "array" else 0:] == want else "its function has the parameters %s" % have


def main():
    passed = failed = 0
    for name, problem in list(check_prelude()) + list(check_used()):
        failed += problem is not None
        passed += problem is None
        if problem:
            print("FAIL %s: %s" % (name, problem))
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
