#include "kernel.h"

I k_crc32(I n, I m, const uint8_t *restrict data, I *restrict table) {
  (void)m;
  for (I i = 0; i < 256; i++) {
    I c = i;
    for (I k = 0; k < 8; k++) c = c & 1 ? (c >> 1) ^ 0xEDB88320 : c >> 1;
    table[i] = c;
  }
  I crc = 0xFFFFFFFF;
  for (I i = 0; i < n; i++) crc = (crc >> 8) ^ table[(crc ^ data[i]) & 255];
  return crc ^ 0xFFFFFFFF;
}
