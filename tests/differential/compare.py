"""Compares an oracle with the command, and makes the programs small on which they differ."""
import ast
import os
import random

import oracle

def verdict(judge, binary, text):
    """None when both agree; else what differs. 'skip' when the oracle itself refuses the program."""
    want, kind, message = judge.run(text)
    if kind and kind not in RUNTIME_KINDS:
        return "skip", kind + ": " + message
    got, got_kind, err = oracle.run_binary(binary, text)
    if kind != got_kind:
        return "status", "expected %s, got %s: %s" % (kind or "success", got_kind or "success", err.strip()[:400])
    d = oracle.difference(want, got)
    return ("output", "line %d: expected %r, got %r" % d) if d else None


RUNTIME_KINDS = ("ZeroDivisionError", "ValueError", "IndexError", "UnboundLocalError")


def statements(tree):
    """Every (list, index) in which a statement stands, outermost first."""
    for node in ast.walk(tree):
        for field in ("body", "orelse"):
            items = getattr(node, field, None)
            if isinstance(items, list):
                for i in range(len(items)):
                    yield items, i


def smaller(text):
    """Programs with one thing less."""
    tree = ast.parse(text)
    total = sum(1 for _ in statements(tree))
    for k in range(total):
        tree = ast.parse(text)
        items, i = list(statements(tree))[k]
        gone = items.pop(i)
        if isinstance(gone, (ast.Import, ast.ImportFrom)):
            continue
        yield patched(tree)
        if isinstance(gone, (ast.If, ast.For, ast.While)) and gone.body:
            items[i:i] = gone.body
            yield patched(tree)


def patched(tree):
    for node in ast.walk(tree):
        if isinstance(getattr(node, "body", None), list) and not node.body and not isinstance(node, ast.Module):
            node.body = [ast.Pass()]
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def reduce_program(verdict, judge, binary, text, what, budget):
    tried = 0
    changed = True
    while changed and tried < budget:
        changed = False
        for candidate in smaller(text):
            tried += 1
            if tried > budget:
                break
            v = verdict(judge, binary, candidate)
            if same(v, what) and len(candidate) < len(text):
                text, changed = candidate, True
                break
    return text


def same(a, b):
    """Whether two verdicts are of one kind: the output differs, or the same error came where another was due."""
    return a is not None and a[0] == b[0] and (a[0] == "output" or a[1].split(":")[0] == b[1].split(":")[0])


def only_call(text, line):
    """The program with one line of its output's calls."""
    lines = text.rstrip("\n").split("\n")
    return "\n".join(l for l in lines if not l.startswith("print(") or l == line) + "\n"


def calls_of(text):
    return [l for l in text.split("\n") if l.startswith("print(")]


def find_call(verdict, judge, binary, text, what):
    for line in calls_of(text):
        candidate = only_call(text, line)
        v = verdict(judge, binary, candidate)
        if same(v, what):
            return candidate
    return text


def line_of_error(text, binary):
    """Where the text marks no line, the command's own."""
    marked = [i for i, l in enumerate(text.split("\n"), 1) if "# fails" in l]
    return marked[0] if marked else oracle.run_binary(binary, text)[2].split(":")[1]


def check_all(make, judge, binary, count, seed, budget=150, folder=None, name="scalars", most=5, verdict=verdict):
    """Makes and compares `count` programs. Returns (agreeing, skipped, mismatches)."""
    agreed = skipped = 0
    bad = []
    for k in range(count):
        text = make(random.Random("%s %d" % (seed, k)))
        v = verdict(judge, binary, text)
        if v is None:
            agreed += 1
            if folder:
                want, kind, _ = judge.run(text)
                files = [(".lp", text), (".out", want)]
                if kind:
                    files.append((".err", "%s %s\n" % (kind, line_of_error(text, binary))))
                for ending, data in files:
                    with open(os.path.join(folder, "%s_%03d%s" % (name, k, ending)), "w") as f:
                        f.write(data)
        elif v[0] == "skip":
            skipped += 1
            print("skip seed %s program %d: %s" % (seed, k, v[1][-300:].strip()), flush=True)
        else:
            bad.append(k)
            print("MISMATCH seed %s program %d: %s" % (seed, k, v[1]), flush=True)
            small = reduce_program(verdict, judge, binary, find_call(verdict, judge, binary, text, v), v, budget)
            again = verdict(judge, binary, small)
            print("%s\n---- reduced: %s\n" % (small, again and again[1]), flush=True)
            if len(bad) >= most:
                print("stopped after %d mismatches" % most)
                break
    return agreed, skipped, bad
