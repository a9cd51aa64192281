/* How many threads run a loop, and how its chunks are given to them: what the environment, the host and the program say. */
#ifndef LJ_RT_SCHEDULE_H
#define LJ_RT_SCHEDULE_H

#include "runtime/rt.h"

enum { MOST_THREADS = 256 };

typedef enum ScheduleKind {
  SCHEDULE_DEFAULT, /* blocks, then whatever is left of other threads' blocks */
  SCHEDULE_STATIC,  /* blocks; chunks of a given size in turn */
  SCHEDULE_DYNAMIC, /* the next chunk, whoever comes */
  SCHEDULE_GUIDED   /* the same with a share of what is left, which gets smaller */
} ScheduleKind;

typedef struct Schedule {
  ScheduleKind kind;
  int64_t chunk; /* iterations; 0: nothing was said */
} Schedule;

/* "static", "dynamic,16", "monotonic:guided" as OMP_SCHEDULE has it. False when it is no such text. */
bool lj_schedule_parse(const char *text, Schedule *out);
Schedule lj_rt_schedule(const lj_rt *rt); /* of the context, else of the environment */

#endif
