/* What the C kernels of this folder use: bench/columns.py compiles those that run as one text. */
#ifndef BENCH_KERNEL_H
#define BENCH_KERNEL_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef int64_t I;

#endif
