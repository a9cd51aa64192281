"""Format specifications with what CPython gives, as the table tests/unit/format_spec_table.h.

    python3 tests/differential/gen_format_spec.py [COUNT [SEED]] > tests/unit/format_spec_table.h
"""
import random
import sys

VALUES = {
    "i": [0, 1, -1, 7, 42, 255, -255, 1234567, -1234567, 65, 0x20AC, 2 ** 63 - 1, -(2 ** 63), 1114112],
    "b": [True, False],
    "f": [0.0, -0.0, 1.0, -1.5, 0.1, 1 / 3, 3.14159, 1234.5678, 1e16, 1e-5, 123456789.0, 2.5, 1e300, 5e-324, 0.00012345, 99999.5,
          float("inf"), float("-inf"), float("nan"), -0.001, 1e22, 0.5, 100.0, 1234567.0],
    "c": [0j, 1 + 2j, -0.0 - 0j, 1.5 - 2.25j, 1j, -3 + 0.001j, complex("nan"), complex(1e20, 12345678.9), complex(0, float("inf"))],
    "s": ["", "a", "text", "caf\xe9", "\u20ac\u20ac", "long text here"],
}
FIXED = [("i", 1234567, s) for s in [",", "_", "x", "X", "o", "b", "#x", "08b", "04x", "*>12d", ">12", "<12d", "015,", "012,d", "014_b", "n", "c",
                                     "+d", " d", "e", ".2f", "%", ".3", "s", "zd", "=10", "=+10d", "_,", ",_", ",x", "_c", "q", "10.3d"]]
FIXED += [("f", 3.142857142857143, s) for s in [".3f", ".10g", "#^14.5f", "12.3f", ".0f", "#.0f", ".1%", ".0e", "#.0e", ".3", "", "08.3f", "+.2f",
                                                "d", "x", ",.2f", "010,.2f", "z.0f", "n", ".", "abc", "10.", "99999999999999999999"]]
FIXED += [("f", 0.1234, ".1%"), ("f", -0.001, "z.1f"), ("f", -0.0, "z"), ("f", 1e6, "g"), ("f", 1e5, "g"), ("f", 100000.0, "#g"),
          ("f", 123456.0, ".6"), ("f", 123456.0, ".5"), ("f", 100.0, ".3"), ("f", 100.0, ".4"), ("f", float("nan"), "010"), ("f", 1.5, "\u20ac>8"),
          ("f", 1.5, "\u20ac"), ("s", "abc", ".2"), ("s", "abc", "=5"), ("s", "abc", "+5"), ("s", "abc", " 5"), ("s", "abc", "#5"), ("s", "abc", "05"),
          ("s", "abc", ",s"), ("s", "abc", "d"), ("b", True, "5"), ("b", True, "d"), ("b", True, "s"), ("b", True, ".1f"), ("i", 5, ".9999999999"),
          ("f", 5.5, ".300f"), ("f", 5.5, ".1200e"), ("f", 5.5, "#.1200g")]


def random_spec(rng):
    s = ""
    if rng.random() < 0.5:
        s += rng.choice(["", "", "*", "0", "x", "\u20ac", "<"]) + rng.choice("<>=^")
    if rng.random() < 0.3:
        s += rng.choice("+- ")
    if rng.random() < 0.1:
        s += "z"
    if rng.random() < 0.2:
        s += "#"
    if rng.random() < 0.3:
        s += "0"
    if rng.random() < 0.6:
        s += str(rng.randrange(0, 25))
    if rng.random() < 0.25:
        s += rng.choice(",_")
    if rng.random() < 0.4:
        s += "." + str(rng.randrange(0, 20))
    if rng.random() < 0.8:
        s += rng.choice("dddbcoxXneEfFgGfg%fgs")
    return s


def quote(text):
    out = ""
    for b in text.encode():
        out += chr(b) if 32 <= b < 127 and chr(b) not in "\"\\?" else f"\\{b:03o}"
    return f'"{out}"'


def number(x):
    if x != x:
        return "NAN"
    if x in (float("inf"), float("-inf")):
        return "INFINITY" if x > 0 else "-INFINITY"
    return repr(x)


def row(kind, value, spec):
    try:
        want = format(value, spec)
    except Exception as e:  # the message is part of the behaviour
        want = f"!{type(e).__name__}: {e}"
    i = int(value) if kind in "ib" else 0
    text_i = "INT64_MIN" if i == -(2 ** 63) else f"{i}"
    z = complex(value) if kind in "fc" else 0j
    text = quote(value) if kind == "s" else '""'
    return f"    {{'{kind}', {text_i}, {number(z.real)}, {number(z.imag)}, {text}, {quote(spec)}, {quote(want)}}},"


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    rows = [row(*f) for f in FIXED if f[2]]
    while len(rows) < count:
        kind = rng.choice("iiibfffcs")
        spec = random_spec(rng)
        if spec:
            rows.append(row(kind, rng.choice(VALUES[kind]), spec))
    print("/* Made by tests/differential/gen_format_spec.py: format(value, spec) of CPython; \"!KIND: MESSAGE\" where it raises. */")
    print("typedef struct SpecRow {\n  char type; /* i int, b bool, f float, c complex, s str */\n  int64_t i;\n  double re, im;")
    print("  const char *text, *spec, *want;\n} SpecRow;\n\nstatic const SpecRow spec_rows[] = {")
    print("\n".join(rows))
    print("};")


main()
