#!/usr/bin/env python3
"""Every function of the library that is written in the language (rows LP of frontend/builtins.def) has a conformance case that calls it, and its function
stands in its file of runtime/prelude with the row's parameters."""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as f:
        return f.read()


def main():
    cases = "".join(open(f, encoding="utf-8").read() for f in glob.glob(os.path.join(ROOT, "tests", "conformance", "**", "*.lp"), recursive=True))
    passed = failed = 0
    for row in re.finditer(r'^LP\((\w+), "([\w.]+)", "([^"]*)", (\w+)\)', read("frontend", "builtins.def"), re.M):
        module, name = row.group(2).rsplit(".", 1)
        text = read("runtime", "prelude", row.group(4).lower() + ".lp")
        want = [p.rstrip("?!") for p in row.group(3).split(",") if p]
        found = (module == "array" and re.search(r"^def array_%s\((.*)\):" % name, text, re.M)) or re.search(r"^def %s\((.*)\):" % name, text, re.M)
        have = [p.split("=")[0].strip() for p in found.group(1).split(",")] if found else []
        called = re.search(r"\.%s\(" % name if module == "array" else r"\bnp%s\.%s\(" % (re.escape(module[5:]), name), cases)
        problem = None
        if have[1 if module == "array" else 0:] != want:
            problem = "its function has the parameters %s" % have
        elif not called and not name.startswith("_"):
            problem = "no conformance case calls it"
        if problem:
            failed += 1
            print("FAIL %s: %s" % (row.group(2), problem))
        else:
            passed += 1
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
