/* Tables of tests/unit/test_codegen.c: operations on numbers, operands, results. Where Python and NumPy define a result, it is theirs. */
#ifndef LJ_TEST_CODEGEN_ROWS_H
#define LJ_TEST_CODEGEN_ROWS_H

#include <math.h>

#include "ir/ir.h"

static const struct {
  IrOp op;
  int64_t a, b, want;
} int_rows[] = {{IR_ADD, INT64_MAX, 1, INT64_MIN},
                {IR_SUB, INT64_MIN, 1, INT64_MAX},
                {IR_MUL, INT64_MAX, 2, -2},
                {IR_FLOORDIV, 7, 2, 3},
                {IR_FLOORDIV, -7, 2, -4},
                {IR_FLOORDIV, 7, -2, -4},
                {IR_FLOORDIV, -7, -2, 3},
                {IR_FLOORDIV, -8, 2, -4},
                {IR_FLOORDIV, INT64_MIN, -1, INT64_MIN},
                {IR_FLOORDIV, 5, -1, -5},
                {IR_FLOORDIV, 0, -3, 0},
                {IR_FLOORDIV, INT64_MIN, 1, INT64_MIN},
                {IR_MOD, 7, 3, 1},
                {IR_MOD, -7, 3, 2},
                {IR_MOD, 7, -3, -2},
                {IR_MOD, -7, -3, -1},
                {IR_MOD, 6, -3, 0},
                {IR_MOD, INT64_MIN, -1, 0},
                {IR_SAFE_FLOORDIV, 7, 0, 0},
                {IR_SAFE_FLOORDIV, -7, 2, -4},
                {IR_SAFE_FLOORDIV, INT64_MIN, -1, INT64_MIN},
                {IR_SAFE_MOD, 7, 0, 0},
                {IR_SAFE_MOD, -7, 3, 2},
                {IR_SHL, 1, 63, INT64_MIN},
                {IR_SHL, 1, 64, 0},
                {IR_SHL, 3, 1000, 0},
                {IR_SHR, -8, 1, -4},
                {IR_SHR, -8, 64, -1},
                {IR_SHR, 8, 99, 0},
                {IR_PYMIN, 3, -2, -2},
                {IR_PYMAX, 3, -2, 3},
                {IR_NPMIN, 3, -2, -2},
                {IR_FMAX, 3, 4, 4},
                {IR_XOR, 5, 3, 6}};

static const struct {
  IrOp op;
  int64_t a, divisor, want;
} const_rows[] = {{IR_FLOORDIV, -7, 4, -2},
                  {IR_FLOORDIV, 7, 4, 1},
                  {IR_MOD, -7, 4, 1},
                  {IR_FLOORDIV, -7, 3, -3},
                  {IR_FLOORDIV, -6, 3, -2},
                  {IR_MOD, -7, 3, 2},
                  {IR_MOD, -6, 3, 0},
                  {IR_FLOORDIV, -7, 1, -7},
                  {IR_MOD, -7, 1, 0},
                  {IR_FLOORDIV, 7, -3, -3},
                  {IR_FLOORDIV, INT64_MIN, -1, INT64_MIN}};

static const struct {
  IrOp op;
  int8_t a, b, want;
} byte_rows[] = {{IR_FLOORDIV, -128, -1, -128}, {IR_MOD, -128, -1, 0}, {IR_ADD, 127, 1, -128}, {IR_SHL, 1, 8, 0}, {IR_SHR, -128, 100, -1}};

static const struct {
  IrOp op;
  double a, b, want;
} float_rows[] = {{IR_FLOORDIV, 7, 2, 3},
                  {IR_FLOORDIV, -7, 2, -4},
                  {IR_FLOORDIV, 7, -2, -4},
                  {IR_FLOORDIV, 1, 0.1, 9},
                  {IR_FLOORDIV, -0.0, 2, -0.0},
                  {IR_FLOORDIV, 1, 0, INFINITY},
                  {IR_FLOORDIV, 0.5, INFINITY, 0},
                  {IR_FLOORDIV, -0.5, INFINITY, -1},
                  {IR_FLOORDIV, NAN, 1, NAN},
                  {IR_MOD, 7, 3, 1},
                  {IR_MOD, -7, 3, 2},
                  {IR_MOD, 7, -3, -2},
                  {IR_MOD, 6, -3, -0.0},
                  {IR_MOD, -6, 3, 0.0},
                  {IR_MOD, 1, 0, NAN},
                  {IR_MOD, -1, INFINITY, INFINITY},
                  {IR_MOD, 5, -INFINITY, -INFINITY},
                  {IR_DIV, 1, 0, INFINITY},
                  {IR_PYMIN, NAN, 1, NAN},
                  {IR_PYMIN, 1, NAN, 1},
                  {IR_PYMAX, NAN, 1, NAN},
                  {IR_PYMAX, 1, NAN, 1},
                  {IR_PYMIN, 0.0, -0.0, 0.0},
                  {IR_NPMIN, NAN, 1, NAN},
                  {IR_NPMIN, 1, NAN, NAN},
                  {IR_NPMAX, 1, NAN, NAN},
                  {IR_NPMAX, 2, 1, 2},
                  {IR_NPMIN, 2, 1, 1},
                  {IR_FMIN, NAN, 1, 1},
                  {IR_FMIN, 1, NAN, 1},
                  {IR_FMAX, NAN, 1, 1},
                  {IR_FMAX, NAN, NAN, NAN},
                  {IR_FMAX, 2, 1, 2}};

static const struct {
  double from;
  DType to;
  int64_t want; /* the bits of the result, sign-extended for signed types */
} cast_rows[] = {{2.9, DT_INT64, 2},
                 {-2.9, DT_INT64, -2},
                 {1e300, DT_INT64, INT64_MIN},
                 {-1e300, DT_INT64, INT64_MIN},
                 {NAN, DT_INT64, INT64_MIN},
                 {-0x1p63, DT_INT64, INT64_MIN},
                 {2.9, DT_INT32, 2},
                 {3e9, DT_INT32, INT32_MIN},
                 {-2147483648.5, DT_INT32, INT32_MIN},
                 {300.0, DT_UINT8, 44},
                 {-1.0, DT_UINT8, 255},
                 {1e300, DT_UINT8, 0},
                 {4e9, DT_UINT32, 4000000000},
                 {-1.0, DT_UINT32, 4294967295},
                 {-1.0, DT_UINT64, -1},
                 {0x1p63, DT_UINT64, INT64_MIN},
                 {18446744073709549568.0, DT_UINT64, -2048},
                 {NAN, DT_UINT64, INT64_MIN},
                 {NAN, DT_BOOL, 1},
                 {0.0, DT_BOOL, 0},
                 {0.5, DT_BOOL, 1},
                 {200.0, DT_INT8, -56}};

/* a of type a_type, b of the other, as bits. */
static const struct {
  IrOp op;
  bool a_signed;
  int64_t a, b;
  bool want;
} mixed_rows[] = {{IR_LT, true, -1, 0, true},    {IR_LT, true, -1, -1, true},  {IR_EQ, true, -1, -1, false},
                  {IR_NE, true, -1, -1, true},   {IR_GT, true, 5, 3, true},    {IR_GE, true, INT64_MIN, INT64_MIN, false},
                  {IR_LT, false, -1, -1, false}, {IR_GT, false, -1, -1, true}, {IR_LE, false, 3, 3, true}};

static const struct {
  MathId id;
  double a, b, want;
} math_rows[] = {{MATH_SQRT, 2, 0, 1.4142135623730951},
                 {MATH_EXP, 1, 0, 2.718281828459045},
                 {MATH_POW, 1.1, 2.0, 1.2100000000000002},
                 {MATH_LDEXP, 1, 10, 1024},
                 {MATH_LDEXP, 1, 1e9, INFINITY},
                 {MATH_LDEXP, 3, -1e18, 0},
                 {MATH_RINT, 2.5, 0, 2},
                 {MATH_FMOD, -7, 3, -1},
                 {MATH_LOGADDEXP, 0, 0, 0.6931471805599453},
                 {MATH_LOGADDEXP, -INFINITY, -INFINITY, -INFINITY},
                 {MATH_LOGADDEXP, NAN, 1, NAN},
                 {MATH_LOGADDEXP2, 3, 3, 4},
                 {MATH_DEG2RAD, 180, 0, 3.141592653589793},
                 {MATH_RAD2DEG, 1, 0, 57.29577951308232},
                 {MATH_GAMMA, 5, 0, 24},
                 {MATH_COPYSIGN, 2, -0.0, -2},
                 {MATH_HYPOT, 3, 4, 5},
                 {MATH_ULP, 1, 0, 2.220446049250313e-16}};

#endif
