"""The kernels: one row each. To add one, write

    kernels/NAME.lp   the function NAME in the language, decorated with a plain `@njit`, as numba runs it too; `prange` where C has OpenMP
    kernels/NAME.c    the same as `k_NAME` in C (it includes kernel.h): the sizes first (int64: I), in the order in which the row first names them, then the arguments of
                      the .lp function in its order, arrays as `restrict` pointers; `#pragma omp parallel for` where the .lp has prange
    a row below       K(name, group, [arguments], sizes, what it returns, tolerances)

All .c files that run are one text: give helpers static names that no other file has.
Arguments: d("n m") is a float64 array of n x m, f float32, i64, i32, u8, b bool (data.py); a number is passed as int64 or float64.
result: "f64" or "i64" when the function returns a scalar. tolerance: of strict columns, 0 is bit for bit; fast: of columns with fastmath,
relative (compare.c). parallel: the text has a prange. flops, bytes: of one call, for the column GFLOP/s or GB/s.
"""
from data import b, d, each, f, i32, i64, integers, u8, uniform, whole, zeros


class K:
    def __init__(self, name, group, args, sizes=None, result=None, tolerance=0.0, fast=1e-9, parallel=False, about=""):
        self.name, self.group, self.args, self.dims, self.result = name, group, args, sizes or {}, result
        self.tolerance, self.fast, self.parallel, self.about = tolerance, fast, parallel, about or name

    def dim_names(self):
        """The sizes that C gets, in the order in which the arguments name them."""
        return list(dict.fromkeys(name for a in self.args if hasattr(a, "dims") for name in a.dims))


GROUPS = {  # in the order of the tables
    "blas": "vectors and matrices", "stencil": "stencils", "linear": "linear algebra", "dynamic": "dynamic programming", "image": "images",
    "sort": "sorting and searching", "reduce": "reductions", "math": "elementary functions", "integer": "integers and bits",
    "sparse": "sparse and gather", "branch": "branches", "bodies": "structs of arrays", "calls": "recursion", "arrays": "array expressions",
}
BIG = 10**7
price = uniform(1.0, 11.0)

CASES = [
    K("sum_array", "reduce", [d("n m")], dict(n=500, m=500), "f64", parallel=False, about="sum of a matrix by loops"),
    K("sum_sequence", "blas", [i64("n"), i64("n"), i64("n", zeros)], dict(n=BIG), about="difference of int64 vectors"),
    K("matmul", "blas", [d("n p"), d("p m"), d("n m")], dict(n=300, p=300, m=300), about="matrix product, i-j-k"),
    K("matmul_ikj", "blas", [d("n p"), d("p m"), d("n m", inout=True)], dict(n=300, p=300, m=300), about="matrix product, i-k-j"),
    K("heat2d", "stencil", [d("n m", inout=True), d("n m"), 20], dict(n=512, m=512), about="heat, two buffers"),
    K("mandelbrot", "branch", [i32("h w", zeros), 200], dict(h=200, w=300), fast=0.01, about="Mandelbrot escape times"),
    K("fib", "calls", [32], result="i64", about="Fibonacci by recursion"),
    K("sieve", "integer", [b("n")], dict(n=10**6), "i64", about="sieve of Eratosthenes"),
    K("expr", "arrays", [d("n"), d("n"), d("n"), d("n"), d("n")], dict(n=BIG), parallel=True, about="`a*b + c*d - 0.5*a`, float64"),
    K("expr32", "arrays", [f("n"), f("n"), f("n"), f("n"), f("n")], dict(n=BIG), fast=1e-5, parallel=True, about="the same, float32"),
    K("stencil_slices", "arrays", [d("n m"), d("n m")], dict(n=1000, m=1000), about="stencil by slices"),
    K("distance", "arrays", [d("n two"), d("m two"), d("n m")], dict(n=1000, m=1200, two=2), about="distance matrix by broadcasting"),
    K("softmax", "arrays", [d("n m"), d("n m")], dict(n=1000, m=300), tolerance=1e-12, about="softmax of rows"),
    K("blackscholes", "arrays", [d("n", price), d("n", price), d("n", price), d("n")], dict(n=10**6), tolerance=1e-12, about="Black-Scholes"),
]
