"""What the differential tests share: programs run by numba (forked from one process that has imported it), by the model and by the command.

A program is one text that both sides run. `Numba` is the oracle for the typing rules; `Model` is a plain interpreter of docs/LANGUAGE.md's numbers for
what numba leaves undefined (overflow of signed integers, shift counts), and needs neither numba nor NumPy.
"""
import ast
import ctypes
import json
import os
import re
import subprocess
import sys
import tempfile

WORKER = r"""
import sys, os, json, io, traceback, warnings
try:
    import numpy, numba, math, cmath
    if tuple(int(p) for p in numpy.__version__.split(".")[:2]) >= (2, 3):
        numpy.set_printoptions(legacy="2.2")  # float32 goes over to exponents at 1e8, scalars at 1e16: what docs/LANGUAGE.md says
    numba.njit(lambda x: x + 1)(1)
except ImportError as e:
    print(json.dumps({"missing": str(e)}), flush=True)
    sys.exit(0)
print(json.dumps({"numba": numba.__version__, "numpy": numpy.__version__}), flush=True)
warnings.simplefilter("ignore")
for line in sys.stdin:
    job = json.loads(line)
    if os.fork() == 0:
        answer = {"kind": None, "message": ""}
        out = os.open(job["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        try:
            with open(job["path"]) as f:
                code = compile(f.read(), job["path"], "exec")
            exec(code, {"__name__": "__main__", "__file__": job["path"]})
        except BaseException as e:
            answer = {"kind": type(e).__name__, "message": str(e)[:2000]}
        sys.stdout.flush()
        with open(job["out"] + ".json", "w") as f:
            json.dump(answer, f)
        os._exit(0)
    os.wait()
    print("{}", flush=True)
"""


class Numba:
    """run(text) gives (standard output, None or the kind of the exception, its message)."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.proc = subprocess.Popen([sys.executable, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        hello = json.loads(self.proc.stdout.readline() or "{}")
        self.available = "numba" in hello
        self.why = hello.get("missing", "numba %s, NumPy %s" % (hello.get("numba"), hello.get("numpy")))

    def run(self, text):
        path = os.path.join(self.folder.name, "program.py")
        out = os.path.join(self.folder.name, "out")
        with open(path, "w") as f:
            f.write(text)
        for stale in (out, out + ".json"):
            if os.path.exists(stale):
                os.unlink(stale)
        self.proc.stdin.write(json.dumps({"path": path, "out": out}) + "\n")
        self.proc.stdin.flush()
        self.proc.stdout.readline()
        if not os.path.exists(out + ".json"):
            return "", "Crash", "the oracle itself died"
        with open(out) as f, open(out + ".json") as g:
            answer = json.load(g)
            return f.read(), answer["kind"], answer["message"]


# ---- the model -------------------------------------------------------------------------------------------------------------------------
class I64(int):
    """int64: what the program computes with, wrapped after each operation."""

    def __new__(cls, v=0):
        return super().__new__(cls, ((int(v) + (1 << 63)) & ((1 << 64) - 1)) - (1 << 63))


class U64(int):
    def __new__(cls, v=0):
        return super().__new__(cls, int(v) & ((1 << 64) - 1))


class F32(float):
    def __new__(cls, v=0.0):
        return super().__new__(cls, ctypes.c_float(float(v)).value)


LIBM = ctypes.CDLL("libm.so.6")


def libm(name, arity=1):
    f = getattr(LIBM, name)
    f.restype, f.argtypes = ctypes.c_double, [ctypes.c_double] * arity
    return lambda *args: f(*[float(a) for a in args])


def rank(v):
    if isinstance(v, bool):
        return 0
    if isinstance(v, int):
        return 1
    return 3 if isinstance(v, complex) else 2


def as_int(a, b, value):
    return (U64 if isinstance(a, U64) and isinstance(b, U64) else I64)(value)


def int_operand(v, cls):
    return int(cls(v))


def binary(op, a, b):
    if isinstance(a, tuple) or isinstance(a, str):
        return a + b if op == "Add" else a * b
    if rank(a) <= 1 and rank(b) <= 1:
        return integer(op, a, b)
    if isinstance(a, complex) or isinstance(b, complex):
        a, b = complex(a), complex(b)
        return a + b if op == "Add" else a - b if op == "Sub" else a * b if op == "Mult" else a / b
    small = (F32, bool)
    narrow = isinstance(a, small) and isinstance(b, small)
    if op == "Pow" and isinstance(b, (int, bool)):
        return repeated_squaring(float(a), int(b))
    a, b = float(a), float(b)
    if op == "Add":
        r = a + b
    elif op == "Sub":
        r = a - b
    elif op == "Mult":
        r = a * b
    elif op == "Div":
        r = a / b
    elif op == "FloorDiv":
        r = a // b
    elif op == "Mod":
        r = a % b
    else:
        r = LIBM_POW(a, b)
    return F32(r) if narrow else r


LIBM_POW = libm("pow", 2)


def repeated_squaring(x, n):
    r, k = 1.0, abs(n)
    while k:
        if k & 1:
            r *= x
        k >>= 1
        if k:
            x *= x
    return r if n >= 0 else 1.0 / r


def integer(op, a, b):
    if op in ("LShift", "RShift"):
        cls = U64 if isinstance(a, U64) else I64
        if b < 0:
            raise ValueError("negative shift count")
        if op == "RShift":
            return cls(int(a) >> min(int(b), 64))
        return cls(int(a) << int(b)) if b < 64 else cls(0)
    if op in ("BitAnd", "BitOr", "BitXor"):
        if isinstance(a, bool) and isinstance(b, bool):
            return (a and b) if op == "BitAnd" else (a or b) if op == "BitOr" else a != b
        x, y = int(a), int(b)
        return as_int(a, b, x & y if op == "BitAnd" else x | y if op == "BitOr" else x ^ y)
    if op == "Div":
        return int(a) / int(b) if abs(int(a)) < 1 << 53 and abs(int(b)) < 1 << 53 else float(int(a)) / float(int(b))
    cls = U64 if isinstance(a, U64) and isinstance(b, U64) else I64
    x, y = int_operand(a, cls), int_operand(b, cls)
    if op == "Add":
        return cls(x + y)
    if op == "Sub":
        return cls(x - y)
    if op == "Mult":
        return cls(x * y)
    if op == "FloorDiv":
        return cls(x // y)
    if op == "Mod":
        return cls(x % y)
    return cls(pow(x, y, 1 << 64))


COMPARE = {"Lt": lambda a, b: a < b, "LtE": lambda a, b: a <= b, "Gt": lambda a, b: a > b, "GtE": lambda a, b: a >= b,
           "Eq": lambda a, b: a == b, "NotEq": lambda a, b: a != b}


def compare_chain(names, a, *later):
    for name, value in zip(names, later):
        b = value()
        if not compare(name, a, b):
            return False
        a = b
    return True


def compare(op, a, b):
    """Two integers compare exactly, an integer with a float as floats."""
    if not isinstance(a, tuple) and rank(a) == 2 or not isinstance(b, tuple) and rank(b) == 2:
        a, b = (float(a), float(b)) if not isinstance(a, complex) and not isinstance(b, complex) else (complex(a), complex(b))
    return COMPARE[op](a, b)


def unary(op, v):
    if op == "Not":
        return not v
    if op == "Invert":
        return (not v) if isinstance(v, bool) else type(v)(~int(v))
    if rank(v) <= 1:
        cls = U64 if isinstance(v, U64) else I64
        return cls(-int(v)) if op == "USub" else cls(int(v))
    return type(v)(-v) if op == "USub" else v


class Rewrite(ast.NodeTransformer):
    """Operators become calls, integer literals int64."""

    def call(self, node, name, *args):
        return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), list(args), []), node)

    def visit_BinOp(self, node):
        self.generic_visit(node)
        return self.call(node, "_binary", ast.Constant(type(node.op).__name__), node.left, node.right)

    def visit_UnaryOp(self, node):
        self.generic_visit(node)
        return self.call(node, "_unary", ast.Constant(type(node.op).__name__), node.operand)

    def visit_Compare(self, node):
        self.generic_visit(node)
        if len(node.ops) == 1 and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            return node
        names = ast.Tuple([ast.Constant(type(op).__name__) for op in node.ops], ast.Load())
        empty = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        return self.call(node, "_compare", names, node.left, *[ast.Lambda(empty, c) for c in node.comparators])

    def visit_AugAssign(self, node):
        read = ast.Name(node.target.id, ast.Load())
        return self.visit(ast.copy_location(ast.Assign([node.target], ast.copy_location(ast.BinOp(read, node.op, node.value), node)), node))

    def visit_Constant(self, node):
        if isinstance(node.value, int) and not isinstance(node.value, bool):
            return self.call(node, "_literal", node)
        return node

    def visit_FunctionDef(self, node):
        node.decorator_list = []
        return self.generic_visit(node)

    def visit_JoinedStr(self, node):
        return node


def model_min(pick, args):
    values = args[0] if len(args) == 1 else args
    best = pick(values)
    top = max(rank(v) for v in values)
    if top == 2 and not all(isinstance(v, F32) for v in values):
        return float(best)
    if rank(best) <= 1:
        return U64(best) if all(isinstance(v, U64) for v in values) else I64(best)
    return best


class Namespace:
    def __init__(self, **names):
        self.__dict__.update(names)


def model_int(v):
    return U64(v) if isinstance(v, U64) else I64(int(v))


def model_abs(v):
    if rank(v) > 1:
        return F32(abs(v)) if isinstance(v, F32) else abs(v)
    return v if isinstance(v, U64) else I64(abs(int(v)))


def model_names(out):
    maths = Namespace(pi=3.141592653589793, e=2.718281828459045, isnan=lambda v: v != v, isinf=lambda v: v in (float("inf"), float("-inf")),
                      floor=lambda v: I64(int(v // 1)), ceil=lambda v: I64(int(-(-v // 1))), trunc=lambda v: I64(int(v)))
    for name in ("sqrt", "sin", "cos", "tan", "exp", "log", "log1p", "fabs", "atan"):
        setattr(maths, name, libm(name))
    for name in ("hypot", "atan2", "copysign", "fmod"):
        setattr(maths, name, libm(name, 2))
    numpy = Namespace(uint64=U64, int64=I64, float32=F32, float64=float, floor=libm("floor"), sqrt=libm("sqrt"), bool_=bool)
    for bits in (8, 16, 32):
        setattr(numpy, "uint%d" % bits, lambda v, m=(1 << bits) - 1: U64(int(v) & m))
        setattr(numpy, "int%d" % bits, lambda v, h=1 << (bits - 1): I64(((int(v) + h) & (2 * h - 1)) - h))

    def show(*args, **kw):
        print(*[int(a) if isinstance(a, (I64, U64)) else float(a) if isinstance(a, F32) else plain(a) for a in args], file=out, **kw)

    def plain(v):
        if isinstance(v, tuple):
            return tuple(plain(x) for x in v)
        return int(v) if isinstance(v, (I64, U64)) else float(v) if isinstance(v, F32) else v

    def counted(*args):
        return (I64(i) for i in range(*[int(a) for a in args]))

    return {"_binary": binary, "_compare": compare_chain, "_unary": unary, "_literal": lambda v: I64(v) if v < 1 << 63 else U64(v), "range": counted, "print": show,
            "int": model_int, "float": float, "bool": bool, "abs": model_abs, "math": maths, "np": numpy, "divmod": lambda a, b: (binary("FloorDiv", a, b), binary("Mod", a, b)),
            "min": lambda *a: model_min(min, a), "max": lambda *a: model_min(max, a), "round": lambda v: I64(round(v)), "complex": complex,
            "pow": lambda a, b: binary("Pow", a, b), "__name__": "__main__"}


class Model:
    """The same interface as Numba, for programs whose paths all have one type."""

    available, why = True, "the model"

    def run(self, text):
        import io
        out = io.StringIO()
        tree = ast.parse(text)
        tree.body = [s for s in tree.body if not isinstance(s, (ast.Import, ast.ImportFrom))]
        try:
            tree = ast.fix_missing_locations(Rewrite().visit(tree))
            exec(compile(tree, "program", "exec"), model_names(out))
        except (ArithmeticError, ValueError, RecursionError, IndexError, UnboundLocalError) as e:
            return out.getvalue(), type(e).__name__, str(e)
        except (NameError, TypeError, SyntaxError) as e:
            if "free variable" in str(e):
                return out.getvalue(), "UnboundLocalError", str(e)
            return "", "Refused", str(e)  # a program that reducing has broken
        return out.getvalue(), None, ""


# ---- the command -----------------------------------------------------------------------------------------------------------------------
def run_binary(binary_path, text, options=(), timeout=30):
    """(standard output, None or the kind of the error, its line or what stands on standard error)."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "program.lp"), "w") as f:
            f.write(text)
        try:
            p = subprocess.run([binary_path, "run", "--no-cache", *options, "program.lp"], cwd=folder, capture_output=True, timeout=timeout)
        except subprocess.TimeoutExpired:
            return "", "Timeout", ""
    out, err = p.stdout.decode("utf-8", "replace"), p.stderr.decode("utf-8", "replace")
    if p.returncode == 0:
        return out, None, err
    if p.returncode != 1:
        return out, "Crash", "exit status %d\n%s" % (p.returncode, err)
    m = re.search(r":(\d+):\d+: error: (\w+): ", err)
    return out, m.group(2) if m else "NoDiagnostic", err


def difference(want, got):
    """None, or the first line that differs: (number, wanted, got)."""
    w, g = want.split("\n"), got.split("\n")
    for i in range(max(len(w), len(g))):
        a, b = (w[i] if i < len(w) else "(end)"), (g[i] if i < len(g) else "(end)")
        if a != b:
            return i + 1, a, b
    return None
