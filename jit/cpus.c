/* The processors that --cpu may name. LLVM warns on standard error about a name that it does not know and goes on without it; a library must do
 * neither, and LLVM's C interface has no list to ask, nor does it say which vectors a processor has: 64 bytes with AVX-512, 32 with AVX2. In: a name.
 * Out: known or not, bytes of vectors. */
#include "jit/backend.h"

static const struct {
  const char *name;
  unsigned vector_bytes;
} cpus[] = {
    {"generic", 16},
#if defined(__x86_64__)
    {"x86-64", 16},
    {"x86-64-v2", 16},
    {"nocona", 16},
    {"core2", 16},
    {"penryn", 16},
    {"bonnell", 16},
    {"atom", 16},
    {"silvermont", 16},
    {"slm", 16},
    {"goldmont", 16},
    {"goldmont-plus", 16},
    {"tremont", 16},
    {"nehalem", 16},
    {"corei7", 16},
    {"westmere", 16},
    {"sandybridge", 16},
    {"corei7-avx", 16},
    {"ivybridge", 16},
    {"core-avx-i", 16},
    {"k8", 16},
    {"k8-sse3", 16},
    {"opteron", 16},
    {"opteron-sse3", 16},
    {"athlon64", 16},
    {"athlon64-sse3", 16},
    {"athlon-fx", 16},
    {"amdfam10", 16},
    {"barcelona", 16},
    {"btver1", 16},
    {"btver2", 16},
    {"bdver1", 16},
    {"bdver2", 16},
    {"bdver3", 16},
    {"x86-64-v3", 32},
    {"gracemont", 32},
    {"haswell", 32},
    {"core-avx2", 32},
    {"broadwell", 32},
    {"skylake", 32},
    {"alderlake", 32},
    {"raptorlake", 32},
    {"meteorlake", 32},
    {"arrowlake", 32},
    {"arrowlake-s", 32},
    {"lunarlake", 32},
    {"pantherlake", 32},
    {"sierraforest", 32},
    {"grandridge", 32},
    {"clearwaterforest", 32},
    {"bdver4", 32},
    {"znver1", 32},
    {"znver2", 32},
    {"znver3", 32},
    {"x86-64-v4", 64},
    {"skylake-avx512", 64},
    {"skx", 64},
    {"cascadelake", 64},
    {"cooperlake", 64},
    {"cannonlake", 64},
    {"icelake-client", 64},
    {"icelake-server", 64},
    {"tigerlake", 64},
    {"rocketlake", 64},
    {"sapphirerapids", 64},
    {"emeraldrapids", 64},
    {"graniterapids", 64},
    {"graniterapids-d", 64},
    {"knl", 64},
    {"knm", 64},
    {"znver4", 64},
    {"znver5", 64},
#elif defined(__aarch64__)
    {"cortex-a53", 16},  {"cortex-a55", 16},  {"cortex-a57", 16}, {"cortex-a72", 16},  {"cortex-a73", 16},  {"cortex-a75", 16},
    {"cortex-a76", 16},  {"cortex-a77", 16},  {"cortex-a78", 16}, {"cortex-a510", 16}, {"cortex-a710", 16}, {"cortex-a715", 16},
    {"cortex-x1", 16},   {"cortex-x2", 16},   {"cortex-x3", 16},  {"neoverse-e1", 16}, {"neoverse-n1", 16}, {"neoverse-n2", 16},
    {"neoverse-v1", 16}, {"neoverse-v2", 16}, {"a64fx", 16},      {"ampere1", 16},     {"ampere1a", 16},    {"thunderx2t99", 16},
    {"apple-m1", 16},    {"apple-m2", 16},    {"apple-m3", 16},
#endif
};

unsigned cpu_vector_bytes(const char *name) {
  for (size_t i = 0; i < LJ_COUNT(cpus); i++)
    if (strcmp(cpus[i].name, name) == 0) return cpus[i].vector_bytes;
  return 16;
}

bool cpu_is_known(const char *name) {
  for (size_t i = 0; i < LJ_COUNT(cpus); i++)
    if (strcmp(cpus[i].name, name) == 0) return true;
  return false;
}
