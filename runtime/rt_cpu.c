/* What the machine's processor can do, as words of bits, so that a library chooses the version that was made for it. Needs are bits as well: those
 * of the levels of x86-64 (as its ABI defines them), and those that the machine of a build had. */
#include "runtime/rt_export.h"

enum { LEAF1_C, LEAF1_D, LEAF7_B, LEAF7_C, LEAF7_D, LEAF71_A, EXTENDED_C, SAVED };
_Static_assert(SAVED + 1 == LJ_CPU_WORDS, "one name for each word");

#define BIT(n) (1u << (n))
enum { SSE_AVX = BIT(1) | BIT(2), AVX512 = BIT(5) | BIT(6) | BIT(7) };

/* What each level adds to those before it. */
static const struct {
  const char *name;
  uint32_t adds[LJ_CPU_WORDS];
} levels[] = {
    {"x86-64", {[LEAF1_D] = BIT(8) | BIT(15) | BIT(25) | BIT(26)}}, /* cx8, cmov, sse, sse2 */
    {"x86-64-v2",
     {[LEAF1_C] = BIT(0) | BIT(9) | BIT(13) | BIT(19) | BIT(20) | BIT(23), /* sse3, ssse3, cx16, sse4.1, sse4.2, popcnt */
      [EXTENDED_C] = BIT(0)}}, /* lahf */
    {"x86-64-v3",
     {[LEAF1_C] = BIT(12) | BIT(22) | BIT(27) | BIT(28) | BIT(29), /* fma, movbe, osxsave, avx, f16c */
      [LEAF7_B] = BIT(3) | BIT(5) | BIT(8), /* bmi1, avx2, bmi2 */
      [EXTENDED_C] = BIT(5), /* lzcnt */
      [SAVED] = SSE_AVX}},
    {"x86-64-v4", {[LEAF7_B] = BIT(16) | BIT(17) | BIT(28) | BIT(30) | BIT(31), [SAVED] = AVX512}}, /* avx512 f, dq, cd, bw, vl */
};

bool lj_rt_cpu_level(const char *name, uint32_t words[LJ_CPU_WORDS]) {
  memset(words, 0, LJ_CPU_WORDS * sizeof *words);
  for (size_t i = 0; i < LJ_COUNT(levels); i++) {
    for (size_t k = 0; k < LJ_CPU_WORDS; k++) words[k] |= levels[i].adds[k];
    if (strcmp(levels[i].name, name) == 0) return true;
  }
  return false;
}

#if defined(__x86_64__)
#include <cpuid.h>

/* Bits that stand for instructions of programs; the others are about systems, virtual machines and timers, and differ between equal processors. */
static const uint32_t masks[LJ_CPU_WORDS] = {
    [LEAF1_C] = 0x7ed83203u, [LEAF1_D] = 0x07808101u,  [LEAF7_B] = 0xfdaf0128u,    [LEAF7_C] = 0x1a405f63u,
    [LEAF7_D] = 0x03c0412cu, [LEAF71_A] = 0x00e00037u, [EXTENDED_C] = 0x00210961u, [SAVED] = SSE_AVX | AVX512 | BIT(17) | BIT(18),
};

void lj_rt_cpu_words(uint32_t words[LJ_CPU_WORDS]) {
  unsigned a, b, c, d;
  memset(words, 0, LJ_CPU_WORDS * sizeof *words);
  if (__get_cpuid(1, &a, &b, &c, &d)) words[LEAF1_C] = c, words[LEAF1_D] = d;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    words[LEAF7_B] = b, words[LEAF7_C] = c, words[LEAF7_D] = d;
    if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) words[LEAF71_A] = a;
  }
  if (__get_cpuid(0x80000001u, &a, &b, &c, &d)) words[EXTENDED_C] = c;
  if (words[LEAF1_C] & BIT(27)) {
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    words[SAVED] = low;
  }
  for (size_t k = 0; k < LJ_CPU_WORDS; k++) words[k] &= masks[k];
}
#else
void lj_rt_cpu_words(uint32_t words[LJ_CPU_WORDS]) { memset(words, 0, LJ_CPU_WORDS * sizeof *words); }
#endif
