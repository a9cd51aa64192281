#!/usr/bin/env python3
"""A floor includes headers only of floors below it (docs/ARCHITECTURE.md), rooms stay small and are named on that page, and only cli/ prints or exits."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FLOORS = {  # floor: the floors whose headers it may include
    "base": {"base"},
    "frontend": {"frontend", "base"},
    "ir": {"ir", "frontend", "base"},
    "runtime": {"runtime", "base"},
    "jit": {"jit", "ir", "frontend", "base", "runtime", "include"},
    "cli": {"cli", "include"},
}
# Compiled code and the runtime agree on one header and one table; codegen reads them.
EXCEPTIONS = {("ir/codegen", "runtime/rt.h"), ("ir/codegen", "runtime/rt_symbols.def"),
              ("ir/lower", "runtime/rt.h"), ("ir/lower", "runtime/rt_symbols.def")}
LLVM_ROOMS = ("ir/codegen/", "jit/")
PRINTS = re.compile(r"(?<![\w.>])(?:printf|puts|putchar|perror|exit|_exit|abort)\s*\(|(?<![\w.>])fprintf\s*\(\s*std(?:err|out)")
MAY_PRINT = {"base/base.c"}  # lj_panic: our own bugs
# Cached code must not know where it stands in a file (docs/CACHE.md): of ir/, only dumps and remarks may ask.
PLACES = re.compile(r"\b(?:source_line_col|source_line|source_view)\s*\(|\bsrc->name\b")
MAY_PLACE = {"ir/dump.c", "ir/explain.c", "ir/codegen/debug.c", "ir/passes/version.c", "ir/passes/fuse_build.c"}  # the last two: in remarks
LONGEST = 700


def files():
    for floor in FLOORS:
        for folder, _, names in os.walk(os.path.join(ROOT, floor)):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    path = os.path.join(folder, name)
                    yield floor, os.path.relpath(path, ROOT), open(path, encoding="utf-8").read()


def check(floor, path, text):
    for number, line in enumerate(text.split("\n"), 1):
        m = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if not m:
            continue
        header = m.group(2)
        if m.group(1) == "<":
            if header.startswith("llvm") and not path.startswith(LLVM_ROOMS):
                yield "%s:%d: only %s may include %s" % (path, number, " and ".join(LLVM_ROOMS), header)
            continue
        other = header.split("/")[0] if "/" in header else floor
        if other in FLOORS or other == "include":
            if other not in FLOORS[floor] and (os.path.dirname(path), header) not in EXCEPTIONS:
                yield "%s:%d: floor %s may not include %s" % (path, number, floor, header)
    if floor != "cli" and path not in MAY_PRINT:
        code = re.sub(r'/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|//[^\n]*', "", text, flags=re.S)
        for m in PRINTS.finditer(code):
            yield "%s: prints or exits: %s" % (path, m.group(0))
    if floor == "ir" and path not in MAY_PLACE and PLACES.search(text):
        yield "%s: puts a line or a file's name into code: %s" % (path, PLACES.search(text).group(0))
    if text.count("\n") > LONGEST:
        yield "%s: %d lines; a room has %d at the most" % (path, text.count("\n"), LONGEST)
    if path.endswith(".c") and not text.startswith("/*"):
        yield "%s: a room opens with what it does" % path


def main():
    passed = failed = 0
    for floor, path, text in files():
        problems = list(check(floor, path, text))
        for p in problems:
            print("FAIL " + p)
        failed += bool(problems)
        passed += not problems
    with open(os.path.join(ROOT, "docs", "ARCHITECTURE.md"), encoding="utf-8") as f:
        named = set(re.findall(r"`(\w+)`", f.read()))
    missing = [path for _, path, _ in files() if path.endswith(".c") and os.path.basename(path)[:-2] not in named]
    for path in missing:
        print("FAIL docs/ARCHITECTURE.md does not name %s" % path)
    failed += len(missing)
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
