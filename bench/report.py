"""Figures to text: the tables that a run prints, and the README's table between its markers. Ratios are time / time of a table's first column."""
import math
import os
import re

import picture
import stages
import stops
from cases import GROUPS

HERE = os.path.dirname(os.path.abspath(__file__))
MARKERS = ("<!-- figures: written by ./dev bench --readme -->", "<!-- end of figures -->")
SPEED = {"loopjit / clang": ("loopjit fast", "clang"), "speed-up": ("loopjit", "loopjit parallel")}  # further ratios: time / time
TABLES = (  # title, yardstick, columns
    ("strict floating point, all checks on", "clang", ("loopjit", "loopjit unchecked", "gcc", "numba", "numba checked", "NumPy")),
    ("fastmath", "clang fast", ("loopjit fast", "gcc fast", "numba fast", "loopjit / clang")),
    ("parallel", "clang OpenMP", ("loopjit parallel", "gcc OpenMP", "numba parallel", "speed-up")),
)


def cpu_name():
    try:
        with open("/proc/cpuinfo") as f:
            return re.search(r"model name\s*: (.*)", f.read()).group(1)
    except (OSError, AttributeError):
        return "unknown"


def geomean(values):
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def ratio(seconds, column, base):
    over, under = SPEED.get(column, (column, base))
    return seconds[over] / seconds[under] if over in seconds and under in seconds else None


def progress(case, seconds):
    base = seconds["clang"]
    others = "  ".join("%s %.2f" % (name, ratio(seconds, name, "clang")) for name in seconds if name != "clang")
    return "%-16s %9.3f ms  %s" % (case.name, base * 1e3, others)


def cell(value):
    return "" if value is None else "%.2f" % value


def row(first, second, values, width):
    return "%-18s %10s " % (first, second) + " ".join(value.rjust(width) for value in values)


def present(kernels, base, columns):
    """The rows and columns of a table that were measured."""
    rows = {name: k["seconds"] for name, k in kernels.items() if base in k["seconds"]}
    return rows, [c for c in columns if any(ratio(s, c, base) is not None for s in rows.values())]


def means(kernels, names, head):
    """Geometric means over the kernels that have both: one for each (column, yardstick)."""
    return [geomean(r for n in names for r in [ratio(kernels[n]["seconds"], c, b)] if r is not None) for c, b in head]


def table(title, base, columns, kernels):
    rows, columns = present(kernels, base, columns)
    if not rows or not columns:
        return []
    width, head = max(map(len, columns)) + 1, [(c, base) for c in columns]
    lines = ["", "%s: time / time of %s" % (title, base), row("kernel", base + " ms", columns, width)]
    for group, about in GROUPS.items():
        names = [n for n in rows if kernels[n]["group"] == group]
        if not names:
            continue
        lines += [row(n, "%.3f" % (rows[n][base] * 1e3), [cell(ratio(rows[n], c, base)) for c in columns], width) for n in names]
        if len(names) > 1:
            lines.append(row("  " + about, "", map(cell, means(kernels, names, head)), width))
    lines.append(row("geometric mean", "%d kernels" % len(rows), map(cell, means(kernels, rows, head)), width))
    return lines


def costs(kernels):
    """What index checks cost, and asking whether to stop: time with / time without."""
    lines = []
    for name, on, off in (("loopjit: index checks", "loopjit", "loopjit unchecked"), ("numba: index checks", "numba checked", "numba"),
                          ("loopjit: interruptible", "loopjit interruptible", "loopjit")):
        cost = {n: k["seconds"][on] / k["seconds"][off] for n, k in kernels.items() if on in k["seconds"] and off in k["seconds"]}
        if cost:
            worst = max(cost, key=cost.get)
            lines.append("%-23s geometric mean %.3f over %d kernels, largest %.2f (%s)" % (name, geomean(cost.values()), len(cost), cost[worst], worst))
    return ["", "cost: time with / time without"] + lines if lines else []


def compile_table(times):
    columns = [c for c in ("loopjit", "clang", "numba") if any(c in t for t in times.values())]
    lines = ["", "compile time: a cold process to the end of the first call, ms (clang: to an object)", row("program", "", columns, 9)]
    lines += [row(n, "", ["%.0f" % (t[c] * 1e3) if c in t else "" for c in columns], 9) for n, t in times.items()]
    return lines + [row("geometric mean", "", ["%.0f" % (1e3 * geomean(t[c] for t in times.values() if c in t)) for c in columns], 9)]


def calls_table(times):
    return ["", "a call from the host: ns, the smallest of many rounds (of the slowest thread)"] + ["%8.1f  %s" % (ns, name) for name, ns in times.items()]


def accuracy_cells(v):
    return ["%.2f" % v["vector_ulp"], "%.2f" % v["libm_ulp"], "%.0f %%" % (100 * v["differ"]), "%.2f" % v["vector_ns"], "%.2f" % v["libm_ns"]]


def accuracy_table(functions):
    lines = ["", "vector math: largest error in ulp, share of results that differ from libm's, ns an element", row("function", "", ("libmvec", "libm", "differ", "libmvec ns", "libm ns"), 10)]
    for name, v in functions.items():
        lines.append(row(name, "", accuracy_cells(v), 10))
    return lines


def text(figures):
    lines = []
    for name, value in figures.get("limits", {}).items():
        lines.append("%-40s %8.1f" % (name, value))
    kernels = figures.get("kernels", {})
    for title, base, columns in TABLES:
        lines += table(title, base, columns, kernels)
    lines += costs(kernels)
    if figures.get("compile"):
        lines += compile_table(figures["compile"])
    if figures.get("stages"):
        lines += stages.table(figures["stages"])
    if figures.get("calls"):
        lines += calls_table(figures["calls"])
    if figures.get("stops"):
        lines += stops.table(figures["stops"])
    if figures.get("accuracy"):
        lines += accuracy_table(figures["accuracy"])
    return "\n".join(lines)


HEAD = (("loopjit", "clang"), ("gcc", "clang"), ("numba", "clang"), ("NumPy", "clang"), ("loopjit fast", "clang fast"), ("numba fast", "clang fast"),
        ("loopjit parallel", "clang OpenMP"), ("numba parallel", "clang OpenMP"))


def grid(head, rows):
    """A markdown table."""
    return ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"] + ["| " + " | ".join(r) + " |" for r in rows]


def overview(figures):
    """The README's table: a row for each group of kernels."""
    kernels = figures["kernels"]
    head = [h for h in HEAD if any(h[0] in k["seconds"] for k in kernels.values())]
    rows = []
    for group, about in GROUPS.items():
        names = [n for n, k in kernels.items() if k["group"] == group]
        if names:
            rows.append([about, str(len(names)), *map(cell, means(kernels, names, head))])
    rows.append(["**all**", str(len(kernels))] + ["**%s**" % cell(m) for m in means(kernels, kernels, head)])
    return "\n".join(grid(["kernels", ""] + [c for c, _ in head], rows) + [""] + remarks(figures))


def remarks(figures):
    lines = []
    if figures.get("compile"):
        times = figures["compile"].values()
        said = ["%s%s %.0f ms" % (c, ", to an object alone," if c == "clang" else "", 1e3 * geomean(t[c] for t in times if c in t))
                for c in ("loopjit", "clang", "numba") if any(c in t for t in times)]
        lines.append("A new process from its start to the end of the first call, nothing cached (%d programs): %s." % (len(times), "; ".join(said)))
    if figures.get("limits"):
        lines.append("Limits of the machine: %s." % "; ".join("%s: %.0f" % item for item in figures["limits"].items()))
    return lines


def details(figures):
    """The tables of docs/PERFORMANCE.md: a row for each kernel, the cost of checks, vector math."""
    kernels = figures["kernels"]
    head = [h for h in HEAD if any(h[0] in k["seconds"] for k in kernels.values())]
    rows = []
    for group in GROUPS:
        for name in (n for n, k in kernels.items() if k["group"] == group):
            seconds = kernels[name]["seconds"]
            rows.append([kernels[name]["about"], "%.3f" % (seconds["clang"] * 1e3)] + [cell(ratio(seconds, c, b)) for c, b in head])
    out = grid(["kernel", "clang, ms"] + [c for c, _ in head], rows) + ["", "```"] + costs(kernels)[1:] + ["```"]
    if figures.get("accuracy"):
        rows = [[name] + accuracy_cells(v) for name, v in figures["accuracy"].items()]
        out += [""] + grid(["function", "libmvec, ulp", "libm, ulp", "results that differ", "libmvec, ns", "libm, ns"], rows)
    return "\n".join(out)


def between_markers(path, text):
    with open(path) as f:
        whole = f.read()
    before, rest = whole.split(MARKERS[0])
    with open(path, "w") as out:
        out.write(before + MARKERS[0] + "\n" + text + "\n" + MARKERS[1] + rest.split(MARKERS[1])[1])


def rewrite_readme(figures):
    root = os.path.join(HERE, "..")
    between_markers(os.path.join(root, "README.md"), "![%s](docs/bench.svg)\n\n%s" % (picture.CAPTION, overview(figures)))
    between_markers(os.path.join(root, "docs", "PERFORMANCE.md"), details(figures))
    with open(os.path.join(root, "docs", "bench.svg"), "w") as out:
        out.write(picture.draw(figures, geomean, GROUPS))
