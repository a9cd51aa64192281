/* What workers.c and future.c share: the threads of an engine. One lock guards all of it, the states of its futures included. */
#ifndef LJ_WORKERS_H
#define LJ_WORKERS_H

#include "jit/engine.h"

typedef enum FutureState { FUTURE_QUEUED, FUTURE_RUNS, FUTURE_ENDED } FutureState;

struct lj_future {
  Workers *workers;
  lj_module *module;     /* until it has ended */
  lj_function *function; /* or kernel */
  lj_kernel *kernel;
  lj_value *args;
  size_t count;
  lj_call_options options;
  lj_stop stop;
  Deadline deadline;
  FutureState state;
  bool unwatched; /* freed when it has ended and its callback has returned */
  bool calls;     /* its callback runs, on the thread `caller`, or will */
  pthread_t caller;
  lj_status status;
  lj_value result;
  lj_report *report;
  lj_future *next, *prev; /* in one of the lists, or in none */
};

typedef struct FutureList {
  lj_future *first, *last;
} FutureList;

struct Workers {
  pthread_mutex_t lock;
  pthread_cond_t work;  /* for workers: there is something in the queue, or they are to end */
  pthread_cond_t clock; /* for the watch: the next deadline is another one, or it is to end */
  pthread_cond_t telling; /* for the teller: there is a callback to call, or it is to end */
  pthread_cond_t ended; /* for hosts: a call has ended, or a callback returned */
  _Atomic int32_t process; /* the threads are this process's; 0: being set up after a fork */
  uint32_t holders;     /* the engine and its futures */
  bool closing;
  Deadline **heap; /* the first is due first; places count from 1 */
  uint32_t heap_len, heap_cap;
  pthread_t watch;
  bool has_watch;
  pthread_t teller; /* calls the callbacks of calls that the watch has ended: it has other deadlines to look after */
  bool has_teller;
  pthread_t *threads;
  uint32_t thread_count, most, idle;
  FutureList queue, running, untold;
};

/* workers.c. Locked: between workers_lock and workers_unlock. */
void workers_lock(Workers *workers); /* in the child of a fork it forgets what the parent's threads do */
void workers_unlock(Workers *workers);
bool workers_add(Workers *workers, lj_future *future); /* locked; false: there is no thread, nor can one be made */
void workers_release(Workers *workers); /* not locked: one holder less */
void workers_remove_deadline(Workers *workers, Deadline *deadline); /* locked */
void workers_add_deadline(Workers *workers, Deadline *deadline); /* locked */
bool workers_tell_later(Workers *workers, lj_future *future); /* locked; false: this thread may call the callback itself */
void future_link(FutureList *list, lj_future *future); /* at its end */
void future_unlink(FutureList *list, lj_future *future);
bool workers_wait(Workers *workers, pthread_cond_t *cond, double until); /* locked; engine_now(), INFINITY; false: it is later */

/* future.c. Locked; the lock is given back while the callback runs. */
void future_run(lj_future *future);
void future_tell(lj_future *future); /* it has ended */
void future_lose(lj_future *future); /* the thread that ran it is another process's */
void future_stop(lj_future *future, StopReason reason); /* one that waits ends here */

#endif
