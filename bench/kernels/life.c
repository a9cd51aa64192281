#include "kernel.h"

void k_life(I h, I w, const I *restrict g, I *restrict out) {
  for (I i = 0; i < h; i++) {
    I up = i > 0 ? i - 1 : h - 1, dn = i < h - 1 ? i + 1 : 0;
    for (I j = 0; j < w; j++) {
      I lf = j > 0 ? j - 1 : w - 1, rt = j < w - 1 ? j + 1 : 0;
      I c =
          g[up * w + lf] + g[up * w + j] + g[up * w + rt] + g[i * w + lf] + g[i * w + rt] + g[dn * w + lf] + g[dn * w + j] + g[dn * w + rt];
      out[i * w + j] = c == 3 || (c == 2 && g[i * w + j] == 1);
    }
  }
}
