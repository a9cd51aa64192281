"""The README's picture: for each kernel a row with one mark per column, on a logarithmic axis of time / clang's time. An SVG with its own style sheet, which
follows the reader's light or dark mode; nothing but text, lines and circles."""
from math import log2

CAPTION = "Time of each kernel relative to clang -O3 on the same loops in C: left of the line is faster"
MARKS = (("gcc", "gcc"), ("numba", "numba"), ("NumPy", "numpy"), ("loopjit", "loopjit"))  # column, class; the last lies on top
LEFT, WIDTH, ROW, TOP, LOW, HIGH = 250, 560, 17, 62, -3, 4  # pixels; the axis goes from 2**LOW to 2**HIGH
STYLE = """text{font:12px system-ui,sans-serif;fill:#24292f}.small{font-size:11px;fill:#57606a}.group{font-weight:600}
.grid{stroke:#d0d7de}.one{stroke:#24292f;stroke-width:1.5}.loopjit{fill:#0969da;stroke:#0969da}.gcc{fill:none;stroke:#8c959f;stroke-width:1.5}
.numba{fill:#bc4c00;stroke:#bc4c00}.numpy{fill:none;stroke:#8250df;stroke-width:1.5}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#8d96a0}.grid{stroke:#30363d}.one{stroke:#e6edf3}.loopjit{fill:#58a6ff;stroke:#58a6ff}
.gcc{stroke:#6e7681}.numba{fill:#db6d28;stroke:#db6d28}.numpy{stroke:#a371f7}}"""


def x_of(value):
    return LEFT + WIDTH * (min(max(log2(value), LOW), HIGH) - LOW) / (HIGH - LOW)


def label(x, y, text, kind="", anchor="start"):
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace("`", "")
    return '<text x="%.0f" y="%.0f" text-anchor="%s"%s>%s</text>' % (x, y, anchor, ' class="%s"' % kind if kind else "", text)


def mark(value, y, kind):
    beyond = log2(value) > HIGH
    out = '<circle cx="%.1f" cy="%.1f" r="%s" class="%s"/>' % (x_of(value), y, "4.5" if kind == "loopjit" else "3.5", kind)
    return out + (label(x_of(value) + 8, y + 4, "%.0f" % value, "small") if beyond else "")


def legend(means):
    out, x = [], LEFT
    for column, kind in reversed(MARKS):
        if column in means:
            out.append('<circle cx="%d" cy="18" r="4.5" class="%s"/>' % (x + 5, kind))
            out.append(label(x + 15, 22, "%s %.2f" % (column, means[column])))
            x += 60 + 9 * len(column)
    return out + [label(8, 22, "geometric means", "small")]


def draw(figures, geomean, groups):
    kernels = figures["kernels"]
    ratios = {n: {c: k["seconds"][c] / k["seconds"]["clang"] for c, _ in MARKS if c in k["seconds"]} for n, k in kernels.items()}
    means = {c: geomean(r[c] for r in ratios.values() if c in r) for c, _ in MARKS if any(c in r for r in ratios.values())}
    rows, y = [], TOP + 8
    for group, about in groups.items():
        names = [n for n, k in kernels.items() if k["group"] == group]
        if names:
            rows.append(label(8, y + 4, about, "group"))
            y += ROW
        for name in names:
            rows.append(label(LEFT - 12, y + 4, kernels[name]["about"], "", "end"))
            rows += [mark(ratios[name][c], y, kind) for c, kind in MARKS if c in ratios[name]]
            y += ROW
    axis = []
    for power in range(LOW, HIGH + 1):
        x = x_of(2.0**power)
        axis.append('<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" class="%s"/>' % (x, x, TOP - 8, y, "grid" if power else "one"))
        axis.append(label(x, TOP - 14, ("%g" if power >= 0 else "1/%g") % 2.0 ** abs(power), "small", "middle"))
    axis.append(label(LEFT, y + 18, "time / time of clang -O3 -march=native: left of the line is faster", "small"))
    size = 'width="%d" height="%d" viewBox="0 0 %d %d"' % (LEFT + WIDTH + 40, y + 28, LEFT + WIDTH + 40, y + 28)
    return '<svg xmlns="http://www.w3.org/2000/svg" %s role="img" aria-label="%s">\n<style>%s</style>\n%s\n</svg>\n' % (
        size, CAPTION, STYLE, "\n".join(legend(means) + axis + rows))
