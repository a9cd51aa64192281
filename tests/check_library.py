#!/usr/bin/env python3
"""Every name of the library (docs/LANGUAGE.md lists what `loopjit functions` prints from frontend/builtins.def; the docs test keeps the two equal) is used by a
conformance case whose expected output Python and NumPy wrote (a theme of tests/conformance/regenerate.py), and every function that is written in the language
stands in its file of runtime/prelude with the row's parameters."""
import ast
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "conformance"))
import regenerate

# groups that are no module, and how a program names what stands in one of them
OWN = {"Python": ("",), "arrays: methods and attributes": (".",), "numbers: methods and attributes": (".",), "dtypes: attributes": (".",),
       "numba": ("", "nb.", "numba.", "nb.types.", "numba.types."), "functools": ("", "functools.")}
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


def uses(themes):
    """Everything that cases of the themes name in their code: (prefix, name, is it called); the prefix is "", a module and a dot, or "." for parts of values."""
    modules = set(MODULES.values()) | {"math", "cmath", "time", "functools", "nb", "numba", "nb.types", "numba.types"}
    for path in (f for theme in themes for f in glob.glob(os.path.join(ROOT, "tests", "conformance", theme, "*.lp"))):
        try:
            tree = ast.parse(read(path))
        except SyntaxError: # what the case is about
            continue
        called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                yield "", node.id, id(node) in called
            elif isinstance(node, ast.Attribute):
                base = ast.unparse(node.value)
                yield base + "." if base in modules else ".", node.attr, id(node) in called


def check_used():
    made = set(uses(regenerate.THEMES))
    all_cases = set(uses(os.listdir(os.path.join(ROOT, "tests", "conformance"))))
    for group, name, call in listed():
        cases = all_cases if "%s.%s" % (group, name) in ELSEWHERE else made
        must_call = group == "Python" or (group not in OWN and call and not is_type(group, name))
        found = any((prefix, name, called) in cases for prefix in OWN.get(group) or (MODULES.get(group, group) + ".",)
                    for called in ((True,) if must_call else (True, False)))
        yield "%s.%s" % (group, name), None if found else "no conformance case uses it"


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
