#include "kernel.h"

double k_mcpi(I seed, I count) {
  uint64_t s = (uint64_t)seed;
  I inside = 0;
  for (I i = 0; i < count; i++) {
    s = s * 6364136223846793005 + 1442695040888963407;
    double x = (double)(I)(s >> 33) * 4.656612873077393e-10;
    s = s * 6364136223846793005 + 1442695040888963407;
    double y = (double)(I)(s >> 33) * 4.656612873077393e-10;
    if (x * x + y * y < 1.0) inside++;
  }
  return 4.0 * (double)inside / (double)count;
}
