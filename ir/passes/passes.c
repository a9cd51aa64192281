/* The pass list: data, in order, one row a pass. In debug builds and tests the verifier runs after each.
 * Adding a pass is adding a file and a row. Three that are not there have their places:
 *   interchange of loops  behind "version" (no checks, arrays apart: subscripts say all about dependences), before "auto", which takes the outermost loop
 *   tiling                behind "auto" (a tile must not become what threads share), before "elements", which looks at the innermost loops that it leaves
 *   lanes                 outer iterations side by side in vectors: behind "parallel" (inside of chunks), before "blocks", which tests per vector then */
#include "ir/passes/passes.h"

const IrPass ir_passes[] = {
    {"join", "small functions of array expressions stand in the place of their calls", pass_join},
    {"fuse", "neighbouring array statements become one nest, temporary arrays in it scalars", pass_fuse},
    {"expand", "maps and reductions become counted loops", pass_expand},
    {"race", "under --race-check parallel loops become serial ones that tell the runtime of each access", pass_race},
    {"splice", "small functions' bodies stand in the place of their calls", pass_splice},
    {"fold", "constants are folded, dead branches and checks that always hold are dropped", pass_fold},
    {"values", "readings of mutable integers become readings of the values that they were set to", pass_values},
    {"counters", "while loops with simple counters become counted loops", pass_counters},
    {"reuse", "indices and divisors that were checked before are not again", pass_reuse},
    {"bounds", "index checks and negative-index wraps that loop ranges prove are dropped", pass_bounds},
    {"version", "one test before a loop nest chooses a version without checks, whose arrays do not overlap", pass_version},
    {"auto", "plain loops whose iterations are proven independent become parallel loops", pass_auto},
    {"elements", "array elements that innermost loops use at one place live in variables meanwhile", pass_elements},
    {"parallel", "bodies of parallel loops become functions that threads call, with private copies of what is reduced", pass_parallel},
    {"blocks", "checks that are left in innermost loops are tested once per block of iterations", pass_blocks},
    {"defer", "checks of float divisors wait for the end of an innermost loop or of a block of its iterations", pass_defer},
    {"wrap", "in loops only indices outside of their axis are wrapped and checked", pass_wrap},
    {"narrow", "integers in loops that provably fit in 32 bits are computed in 32", pass_narrow},
    {"poll", "where code that the host may stop asks whether it should", pass_poll},
    {"effort", "large functions are made in pieces, so that compile time stays about linear", pass_effort},
    {"effects", "which functions can fail", pass_effects},
    {"trial", "which recursive functions are tried without statuses first", pass_trial},
};
const size_t ir_pass_count = LJ_COUNT(ir_passes);

static void verify(const IrUnit *unit) {
#ifdef LOOPJIT_DEBUG
  const char *why = NULL;
  if (!ir_verify(unit, &why)) lj_panic(__FILE__, __LINE__, why);
#else
  (void)unit;
#endif
}

bool ir_run_passes(IrUnit *unit, const char *after) {
  bool found = after == NULL;
  for (size_t i = 0; i < ir_pass_count && !found; i++) found = strcmp(ir_passes[i].name, after) == 0;
  if (!found) return false;
  for (size_t i = 0; i < ir_pass_count; i++) {
    ir_passes[i].run(unit);
    verify(unit);
    if (after && strcmp(ir_passes[i].name, after) == 0) break;
  }
  return true;
}
