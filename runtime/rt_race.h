/* What the rest of the runtime tells the race checker (rt_race.c); compiled code calls it through rt_symbols.def. */
#ifndef LJ_RT_RACE_H
#define LJ_RT_RACE_H

#include "runtime/rt.h"

void lj_race_free(lj_race *race);                                       /* NULL is allowed */
void lj_race_stop(lj_race *race);                                       /* the loops that ran were left by an error; NULL is allowed */
void lj_race_forget(lj_race *race, const void *data, size_t size); /* new memory: what was there before is no race; NULL is allowed */

#endif
