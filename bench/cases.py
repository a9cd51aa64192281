"""The kernels: one row each. README.md says how one is added, and what the parts of a row are."""
from data import b, d, each, f, i32, i64, integers, u8, uniform, zeros


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
angle = uniform(-30.0, 30.0)
probability = uniform(0.001, 1.0)


def spd(i, dims):
    """A positive definite matrix."""
    row, column = divmod(i, dims["n"])
    return 1.0 / (1 + abs(row - column)) + (2.0 if row == column else 0.0)


def dominant(i, dims):
    """A matrix whose diagonal dominates."""
    row, column = divmod(i, dims["n"])
    return (row * 7919 + column * 104729) % 1009 / 1009.0 + (dims["n"] if row == column else 0.0)


CASES = [
    K("axpy", "blas", [1e-3, d("n"), d("n", inout=True)], dict(n=200_000), parallel=True, about="y += alpha x, in cache"),
    K("triad", "blas", [d("n"), d("n"), d("n"), 3.0], dict(n=BIG), parallel=True, about="STREAM triad"),
    K("sum_sequence", "blas", [i64("n"), i64("n"), i64("n", zeros)], dict(n=BIG), about="difference of int64 vectors"),
    K("gemv", "blas", [d("n m"), d("m"), d("n")], dict(n=500, m=400), parallel=True, about="matrix times vector"),
    K("matmul", "blas", [d("n p"), d("p m"), d("n m")], dict(n=200, p=200, m=200), about="matrix product, i-j-k"),
    K("matmul_ikj", "blas", [d("n p"), d("p m"), d("n m", inout=True)], dict(n=300, p=300, m=300), about="matrix product, i-k-j"),
    K("matmul_while", "blas", [d("n n"), d("n n"), d("n n")], dict(n=200), about="matrix product in while loops"),
    K("matmul_tiles", "blas", [d("n n"), d("n n"), d("n n", inout=True), 32], dict(n=200), about="matrix product in tiles"),
    K("heat2d", "stencil", [d("n m", inout=True), d("n m"), 10], dict(n=512, m=512), about="heat, two buffers"),
    K("heat3d", "stencil", [d("n m p"), d("n m p")], dict(n=64, m=64, p=64), parallel=True, about="heat in three dimensions"),
    K("seidel2d", "stencil", [d("n m", inout=True)], dict(n=400, m=400), about="Gauss-Seidel sweep"),
    K("redblack", "stencil", [d("n m", inout=True), d("n m"), 10], dict(n=300, m=300), about="red-black Gauss-Seidel"),
    K("flat2d", "stencil", [d("size"), d("size"), 500, 500], dict(size=250_000), about="stencil, matrix in one dimension"),
    K("torus", "stencil", [d("n m"), d("n m")], dict(n=300, m=300), about="Laplace on a torus"),
    K("jac3d", "stencil", [d("n n n", inout=True), d("n n n", inout=True), 10], dict(n=50), about="stencil, two arrays in turn"),
    K("cholesky", "linear", [d("n n", each(spd), inout=True)], dict(n=250), about="Cholesky"),
    K("lu", "linear", [d("n n", each(dominant), inout=True)], dict(n=250), about="LU without pivots"),
    K("trisolv", "linear", [d("n n", each(dominant)), d("n"), d("n")], dict(n=700), about="forward substitution"),
    K("gramschmidt", "linear", [d("m n", inout=True), d("n n"), d("m n")], dict(m=150, n=120), about="Gram-Schmidt"),
    K("syr2k", "linear", [d("n n", inout=True), d("n m"), d("n m")], dict(n=150, m=120), about="rank-2k update of a triangle"),
    K("fft", "linear", [d("n", inout=True), d("n", inout=True), d("h"), d("h")], dict(n=16384, h=8192), about="Fourier transform, butterflies"),
    K("floyd_warshall", "dynamic", [d("n n", price, inout=True)], dict(n=200), about="Floyd-Warshall"),
    K("edit_distance", "dynamic", [u8("n", integers(0, 4)), u8("m", integers(0, 4)), i64("m1"), i64("m1")], dict(n=1500, m=1500, m1=1501), "i64",
      about="edit distance"),
    K("knapsack", "dynamic", [i64("n", integers(1, 100)), i64("n"), i64("room")], dict(n=300, room=10001), "i64", about="knapsack"),
    K("lcs", "dynamic", [i64("n", integers(0, 4)), i64("m", integers(0, 4)), i64("n1 m1", zeros, inout=True)], dict(n=800, m=800, n1=801, m1=801), "i64",
      about="longest common subsequence"),
    K("conv2d", "image", [d("n m"), d("three three"), d("n m")], dict(n=700, m=700, three=3), parallel=True, about="3 x 3 convolution"),
    K("histogram", "image", [u8("n m"), i64("bins")], dict(n=1000, m=1000, bins=256), about="histogram of bytes"),
    K("integral", "image", [u8("n m"), i64("n m")], dict(n=700, m=700), about="summed-area table"),
    K("life", "image", [i64("h w", integers(0, 2)), i64("h w")], dict(h=400, w=400), about="life on a torus"),
    K("sobel", "image", [u8("h w"), i32("h w", zeros)], dict(h=500, w=600), about="edges of an image of bytes"),
    K("halo", "image", [d("n"), d("n")], dict(n=200_000), about="filter with clamped ends"),
    K("deriche", "image", [d("w h"), d("w h"), d("w h"), d("w h")], dict(w=400, h=400), about="recursive filter"),
    K("heapsort", "sort", [d("n", inout=True)], dict(n=60_000), about="heapsort"),
    K("search", "sort", [d("n", each(lambda i, dims: i / dims["n"])), d("m"), i64("m")], dict(n=100_000, m=50_000), about="binary search"),
    K("selection", "sort", [d("n", inout=True)], dict(n=3000), about="selection sort"),
    K("insertion", "sort", [d("n", inout=True)], dict(n=4000), about="insertion sort"),
    K("sum_array", "reduce", [d("n m")], dict(n=500, m=500), "f64", about="sum of a matrix by loops"),
    K("dot", "reduce", [d("n"), d("n")], dict(n=200_000), "f64", about="dot product, in cache"),
    K("variance", "reduce", [d("n")], dict(n=200_000), "f64", about="variance in two passes"),
    K("argmin", "reduce", [d("n")], dict(n=200_000), "i64", about="place of the smallest"),
    K("prices", "math", [d("n", price), d("n", price), d("n", price), d("n"), d("n")], dict(n=200_000), parallel=True, about="Black-Scholes with erf"),
    K("sigmoid", "math", [d("n", uniform(-9.0, 9.0)), d("n")], dict(n=200_000), about="logistic function"),
    K("rotate", "math", [d("n"), d("n"), d("n", angle), d("n"), d("n")], dict(n=200_000), about="sine and cosine"),
    K("powers", "math", [d("n", price), d("n", uniform(-3.0, 3.0)), d("n")], dict(n=200_000), about="powers"),
    K("entropy", "math", [d("n", probability)], dict(n=200_000), "f64", about="sum of x log x"),
    K("sieve", "integer", [b("n")], dict(n=10**6), "i64", about="sieve of Eratosthenes"),
    K("collatz", "integer", [60_000], result="i64", about="Collatz chains"),
    K("crc32", "integer", [u8("n"), i64("m")], dict(n=10**6, m=256), "i64", about="CRC-32 by a table"),
    K("popcount", "integer", [i64("n", integers(-2**63, 2**63))], dict(n=200_000), "i64", about="bits of words"),
    K("parseints", "integer", [u8("n", each(lambda i, dims: 32 if i % 6 == 5 else 48 + i % 10)), i64("k")], dict(n=200_000, k=100_000), "i64",
      about="numbers out of bytes"),
    K("mcpi", "integer", [42, 1_000_000], result="f64", about="pi by random points"),
    K("triangle", "branch", [d("n"), d("n"), d("n")], dict(n=6000), parallel=True, about="pairs that are near, each pair once"),
    K("spmv", "sparse", [i64("rows1", each(lambda i, dims: 20 * i)), i32("nnz", integers(0, 20_000)), d("nnz"), d("rows"), d("rows")],
      dict(rows=20_000, rows1=20_001, nnz=400_000), parallel=True, about="sparse matrix times vector"),
    K("gather", "sparse", [d("m"), i64("n", integers(0, 50_000)), d("n")], dict(m=50_000, n=200_000), about="elements by a table of indices"),
    K("bfs", "sparse", [i64("rows1", each(lambda i, dims: 8 * i)), i64("nnz", integers(0, 20_000)), i64("rows"), i64("rows"), 0],
      dict(rows=20_000, rows1=20_001, nnz=160_000), "i64", about="breadth-first search"),
    K("mandelbrot", "branch", [i32("h w", zeros), 200], dict(h=150, w=200), fast=0.01, about="Mandelbrot escape times"),
    K("nbody", "bodies", [d("n"), d("n"), d("n"), d("n", price), d("n"), d("n"), d("n")], dict(n=1000), parallel=True, about="gravity between all pairs"),
    K("fib", "calls", [30], result="i64", about="Fibonacci"),
    K("quicksort", "calls", [d("n", inout=True), 0, 99_999], dict(n=100_000), about="quicksort"),
    K("expr", "arrays", [d("n"), d("n"), d("n"), d("n"), d("n")], dict(n=BIG), parallel=True, about="`a*b + c*d - 0.5*a`, float64"),
    K("expr32", "arrays", [f("n"), f("n"), f("n"), f("n"), f("n")], dict(n=BIG), fast=1e-5, parallel=True, about="the same, float32"),
    K("stencil_slices", "arrays", [d("n m"), d("n m")], dict(n=1000, m=1000), about="stencil by slices"),
    K("distance", "arrays", [d("n two"), d("m two"), d("n m")], dict(n=1000, m=1200, two=2), about="distance matrix"),
    K("softmax", "arrays", [d("n m"), d("n m")], dict(n=1000, m=300), tolerance=1e-12, about="softmax of rows"),
    K("blackscholes", "arrays", [d("n", price), d("n", price), d("n", price), d("n")], dict(n=10**6), tolerance=1e-12, parallel=True,
      about="Black-Scholes"),
    K("gelu32", "arrays", [f("n", uniform(-4.0, 4.0)), f("n")], dict(n=10**6), tolerance=2e-6, fast=1e-5, parallel=True, about="GELU with tanh, float32"),
]
