#include "kernel.h"

void k_gelu32(I n, const float *restrict x, float *restrict y) {
  for (I i = 0; i < n; i++) y[i] = 0.5f * x[i] * (1.0f + tanhf(0.7978845608f * (x[i] + 0.044715f * x[i] * x[i] * x[i])));
}
