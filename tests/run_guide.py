#!/usr/bin/env python3
"""Compile and run the examples of docs/EMBEDDING.md.

    run_guide.py BUILD_FOLDER [-k NUMBER] [--update]

Blocks are taken in order. The ```c blocks between two ```output blocks are one program, and the ```output block behind them is what it prints:
- a block with main() is a whole program, except for the frame, which has the line `/* the example */`: the programs behind it are put there;
- a block that begins with `static`, `typedef` or `#` stands above the frame's main();
- any other block is statements: it takes the place of that line.
```python blocks make the file kernels.lp in the folder in which the programs behind them run. A program that includes "libNAME.h" is linked with the
static library that `loopjit build` makes of kernels.lp.
The compiler is cc -std=c11 -Wall -Wextra -Werror. --update writes what the programs print into the guide.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GUIDE = os.path.join(ROOT, "docs", "EMBEDDING.md")
PLACE = "  /* the example */\n"
BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.M | re.S)


def programs(guide):
    """(line of the guide, C text, kernels.lp, match of the output block or None) in order."""
    frame = kernels = above = inside = whole = ""
    start = None
    for block in BLOCK.finditer(guide):
        kind, text = block.groups()
        line = guide.count("\n", 0, block.start()) + 1
        if kind == "python":
            kernels += text
        elif kind == "c" and PLACE in text:
            frame = text
        elif kind == "c":
            start = start or line
            if "int main(" in text:
                whole += text
            elif text.startswith(("static", "typedef", "#")):
                above += text
            else:
                inside += text
        elif kind == "output":
            yield start or line, whole or frame.replace("int main(", above + "\nint main(").replace(PLACE, inside), kernels, block
            above = inside = whole = ""
            start = None
    if start:
        yield start, None, kernels, None


def run(command, **more):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, **more)
    assert done.returncode == 0, "%s: exit status %d\n%s" % (os.path.basename(command[0]), done.returncode, (done.stdout + done.stderr)[-1500:])
    return done.stdout


def printed(text, kernels, build):
    with tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, "example.c"), os.path.join(folder, "example")
        for path, content in ((source, text), (os.path.join(folder, "kernels.lp"), kernels)):
            with open(path, "w", encoding="utf-8") as f:
                f.write(content)
        libraries = re.findall(r'#include "(lib\w+)\.h"', text)
        for name in libraries:
            run([os.path.join(build, "loopjit"), "build", "kernels.lp", "-o", name + ".a"], cwd=folder)
        run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-I" + os.path.join(ROOT, "include"), source, "-o", program] +
            [os.path.join(folder, name + ".a") for name in libraries] + ["-L" + build, "-lloopjit", "-Wl,-rpath," + build, "-lm", "-pthread"])
        return run([program], cwd=folder)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("build")
    ap.add_argument("-k", type=int, metavar="NUMBER", help="only the program whose first block is at this line of the guide")
    ap.add_argument("--update", action="store_true")
    options = ap.parse_args()
    with open(GUIDE, encoding="utf-8") as f:
        guide = f.read()
    cache = tempfile.TemporaryDirectory()
    os.environ["LOOPJIT_CACHE_DIR"] = cache.name
    passed = failed = 0
    updates = []
    for line, text, kernels, output in programs(guide):
        if options.k not in (None, line):
            continue
        try:
            assert text is not None, "no output block states what it prints"
            got = printed(text, kernels, os.path.abspath(options.build))
            if options.update:
                updates.append((output.span(2), got))
            else:
                assert got == output.group(2), "expected:\n%s\ngot:\n%s" % (output.group(2), got)
            passed += 1
        except (AssertionError, OSError, subprocess.TimeoutExpired) as e:
            print("FAIL docs/EMBEDDING.md:%d: %s" % (line, e))
            failed += 1
    for (lo, hi), got in reversed(updates):
        guide = guide[:lo] + got + guide[hi:]
    if updates:
        with open(GUIDE, "w", encoding="utf-8") as f:
            f.write(guide)
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
