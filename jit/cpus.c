/* The processors that --cpu may name. LLVM warns on standard error about a name that it does not know and goes on without it; a library must do
 * neither, and LLVM's C interface has no list to ask. In: a name. Out: known or not. */
#include "jit/engine.h"

static const char *const names[] = {
  "generic",
#if defined(__x86_64__)
  "x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4", "nocona", "core2", "penryn", "bonnell", "atom", "silvermont", "slm", "goldmont",
  "goldmont-plus", "tremont", "gracemont", "nehalem", "corei7", "westmere", "sandybridge", "corei7-avx", "ivybridge", "core-avx-i", "haswell",
  "core-avx2", "broadwell", "skylake", "skylake-avx512", "skx", "cascadelake", "cooperlake", "cannonlake", "icelake-client", "icelake-server",
  "tigerlake", "rocketlake", "alderlake", "raptorlake", "meteorlake", "arrowlake", "arrowlake-s", "lunarlake", "pantherlake", "sapphirerapids",
  "emeraldrapids", "graniterapids", "graniterapids-d", "sierraforest", "grandridge", "clearwaterforest", "knl", "knm", "k8", "k8-sse3", "opteron",
  "opteron-sse3", "athlon64", "athlon64-sse3", "athlon-fx", "amdfam10", "barcelona", "btver1", "btver2", "bdver1", "bdver2", "bdver3", "bdver4",
  "znver1", "znver2", "znver3", "znver4", "znver5",
#elif defined(__aarch64__)
  "cortex-a53", "cortex-a55", "cortex-a57", "cortex-a72", "cortex-a73", "cortex-a75", "cortex-a76", "cortex-a77", "cortex-a78", "cortex-a510",
  "cortex-a710", "cortex-a715", "cortex-x1", "cortex-x2", "cortex-x3", "neoverse-e1", "neoverse-n1", "neoverse-n2", "neoverse-v1", "neoverse-v2",
  "a64fx", "ampere1", "ampere1a", "thunderx2t99", "apple-m1", "apple-m2", "apple-m3",
#endif
};

bool cpu_is_known(const char *name) {
  for (size_t i = 0; i < LJ_COUNT(names); i++)
    if (strcmp(names[i], name) == 0) return true;
  return false;
}
