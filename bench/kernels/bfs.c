#include "kernel.h"

I k_bfs(I n1, I e_, I n, const I *restrict indptr, const I *restrict indices, I *restrict dist, I *restrict queue, I source) {
  for (I i = 0; i < n; i++) dist[i] = -1;
  I head = 0, tail = 1;
  queue[0] = source;
  dist[source] = 0;
  while (head < tail) {
    I u = queue[head++];
    for (I e = indptr[u]; e < indptr[u + 1]; e++) {
      I v = indices[e];
      if (dist[v] < 0) {
        dist[v] = dist[u] + 1;
        queue[tail++] = v;
      }
    }
  }
  return tail;
}
