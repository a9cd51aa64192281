#!/usr/bin/env python3
"""Ask NumPy (2.x) and numba what every operator makes of every pair of dtypes.

Writes the header that test_promote.c and test_types.c compare with:

    python3 tests/unit/gen_promote.py > tests/unit/promote_table.h

One letter stands for one dtype, in the order of base/dtype.h; '-' is "refused", '.' is "not asked".
"""
import operator

import numba
import numpy as np
from numba.core.registry import cpu_target

LETTERS = "?bhiqBHIQfdFD"
DTYPES = [np.dtype(c) for c in LETTERS]
WEAK = {"?": np.dtype(bool), "q": int, "d": float, "D": complex}
OPS = [
    ("ADD", np.add, operator.add), ("SUB", np.subtract, operator.sub), ("MUL", np.multiply, operator.mul),
    ("MATMUL", np.matmul, None), ("DIV", np.true_divide, operator.truediv), ("FLOORDIV", np.floor_divide, operator.floordiv),
    ("MOD", np.remainder, operator.mod), ("POW", np.power, operator.pow), ("SHL", np.left_shift, operator.lshift),
    ("SHR", np.right_shift, operator.rshift), ("AND", np.bitwise_and, operator.and_), ("OR", np.bitwise_or, operator.or_),
    ("XOR", np.bitwise_xor, operator.xor),
]


def letter(dtype):
    return LETTERS[DTYPES.index(np.dtype(dtype))]


def array_result(ufunc, a, b):
    try:
        return letter(ufunc.resolve_dtypes((a, b, None))[2])
    except TypeError:
        return "-"


def common(a, b):
    """np.result_type, with Python's scalar types as weak operands."""
    values = [{int: 1, float: 1.0, complex: 1j}.get(t, t) for t in (a, b)]
    return letter(np.result_type(*values))


def rows(result, weak_a, weak_b):
    for x in LETTERS:
        line = ""
        for y in LETTERS:
            if (weak_a and x not in WEAK) or (weak_b and y not in WEAK):
                line += "."
            else:
                line += result(WEAK[x] if weak_a else np.dtype(x), WEAK[y] if weak_b else np.dtype(y))
        yield line


def emit(prefix, lines):
    lines = ['"%s"' % line for line in lines]
    print("    {%s" % prefix)
    for i in range(0, len(lines), 7):
        print("     " + ", ".join(lines[i:i + 7]) + ",")
    print("     }},")


def scalar_tables():
    context = cpu_target.typing_context
    context.refresh()
    types = [numba.from_dtype(d) for d in DTYPES]

    def scalar(op, a, b):
        if op is None:
            return "-"
        if op is operator.pow and (a, b) == (numba.boolean, numba.int32):
            return "q"  # numba says float32: a bug of its own
        try:
            return letter(str(context.resolve_function_type(op, (a, b), {}).return_type))
        except numba.TypingError:
            return "-"

    def unify(a, b):
        if {a, b} & {numba.uint64} and {a, b} & {numba.int8, numba.int16, numba.int32, numba.int64}:
            return "q"  # numba says float64; LANGUAGE.md section 4 keeps the integer
        return letter(str(context.unify_pairs(a, b)))

    print("\n/* Scalars, as numba types them: operator, then one string of results for each left operand. */")
    print("static const ScalarRow scalar_rows[] = {")
    for name, _, op in OPS:
        emit("BIN_%s, {" % name, ["".join(scalar(op, a, b) for b in types) for a in types])
    print("};")
    print("\n/* Where two scalars meet. */")
    print("static const char *const unify_rows[DT_COUNT] = {")
    for a in types:
        print('    "%s",' % "".join(unify(a, b) for b in types))
    print("};")


def main():
    print("/* Made by gen_promote.py with NumPy %s and numba %s; do not edit. */" % (np.__version__, numba.__version__))
    print("#ifndef LJ_PROMOTE_TABLE_H\n#define LJ_PROMOTE_TABLE_H\n\n#include \"frontend/types.h\"\n")
    print('#define PROMOTE_LETTERS "%s"' % LETTERS)
    print("typedef struct ArrayRow {\n  int op; /* BinOp, or -1: np.result_type alone */\n  bool weak_a, weak_b;\n"
          "  const char *results[DT_COUNT];\n} ArrayRow;")
    print("typedef struct ScalarRow {\n  BinOp op;\n  const char *results[DT_COUNT];\n} ScalarRow;\n")
    print("/* Arrays, as NumPy types them; a weak operand is a Python scalar. */")
    print("static const ArrayRow array_rows[] = {")
    for weak_a, weak_b in ((False, False), (True, False), (False, True)):
        flags = "%s, %s" % (str(weak_a).lower(), str(weak_b).lower())
        emit("-1, %s, {" % flags, rows(common, weak_a, weak_b))
        for name, ufunc, _ in OPS:
            emit("BIN_%s, %s, {" % (name, flags), rows(lambda a, b, u=ufunc: array_result(u, a, b), weak_a, weak_b))
    print("};")
    scalar_tables()
    print("\n#endif")


main()
