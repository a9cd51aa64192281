#include "kernel.h"

I k_fib(I n) { return n < 2 ? n : k_fib(n - 1) + k_fib(n - 2); }
