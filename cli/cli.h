/* What the rooms of the command share: the parsed command line, the table of commands, and how results and errors leave the program.
 * The command is a client of loopjit.h and of nothing else. Only here is anything printed, and only main() ends the process. */
#ifndef CLI_H
#define CLI_H

#include "include/loopjit.h"

#include <stddef.h>

enum { EXIT_PROGRAM = 1, EXIT_USAGE = 2 }; /* an error in the program; wrong use of the command */

/* Options: one row each. Field, letter, name, what its value is called (NULL: it takes none; "[=x]": it may have one; "x...": all that are given are kept), the commands that have it, what it does. */
#define OPTIONS(X)                                                                                                                         \
  X(call, 0, "call", "FUNC", "run types emit explain", "call this function; for run the arguments follow")                                 \
  X(sig, 0, "sig", "TYPES", "types emit explain", "types of the function's arguments: \"float64[:, ::1], int64\"")                         \
  X(output, 'o', "output", "FILE", "run emit explain build",                                                                               \
    "write the result here; run: .npy, or .npz for a tuple; build: .o, .a or .so")                                                         \
  X(time, 0, "time", NULL, "run check types emit explain build", "show each stage's milliseconds on stderr")                               \
  X(json, 0, "json", NULL, "run check types emit explain build", "give errors and warnings as JSON")                                       \
  X(fastmath, 0, "fastmath", NULL, "run check types emit explain build", "allow reassociation and approximate functions")                  \
  X(parallel, 0, "parallel", "[=auto]", "run check types emit explain build",                                                              \
    "run prange and large array expressions on all cores; auto: independent plain loops, too")                                             \
  X(race_check, 0, "race-check", NULL, "run", "run prange serially and report iterations that use the same element")                       \
  X(threads, 0, "threads", "N", "run", "run parallel loops on N threads (all cores, or LOOPJIT_NUM_THREADS)")                              \
  X(schedule, 0, "schedule", "KIND", "run", "give iterations to threads: static, dynamic or guided")                                       \
  X(chunk, 0, "chunk", "N", "run", "give about N iterations at a time to a thread")                                                        \
  X(error_model, 0, "error-model", "MODEL", "run check types emit explain build",                                                          \
    "division by zero: python (raises, the default) or numpy (inf, nan)")                                                                  \
  X(no_boundscheck, 0, "no-boundscheck", NULL, "run check types emit explain build", "do not check indices")                               \
  X(timeout, 0, "timeout", "SECONDS", "run", "end the program, or the call of --call, with a TimeoutError when it runs longer")            \
  X(interruptible, 0, "interruptible", NULL, "run emit explain", "compile as --timeout does: code that can be stopped")                    \
  X(cpu, 0, "cpu", "NAME", "run emit build", "compile for this CPU instead of this machine's; build: for each of a list, A,B")             \
  X(export, 0, "export", "SIG...", "build", "export FUNC(TYPES), or NAME=FUNC(TYPES); may be given several times")                         \
  X(header, 0, "header", "FILE", "build", "write the C header here (beside the output)")                                                   \
  X(prefix, 0, "prefix", "TEXT", "build", "begin the names of exported functions with this")                                               \
  X(runtime, 0, "runtime", "LINK", "build", "static (the default): put the runtime into the library; shared: do not")                      \
  X(no_cache, 0, "no-cache", NULL, "run", "neither use nor keep compiled code in the cache")                                               \
  X(explain_cache, 0, "explain-cache", NULL, "run", "say on stderr what the cache had, and if not, which part of the key changed")         \
  X(opt, 0, "opt", "LEVEL", "run emit build", "optimisation level, 0 to 3 (the default)")                                                  \
  X(help, 'h', "help", NULL, "run check types emit explain build cache functions completion manual", "show this text")

typedef struct Args {
  const char *command;
#define X(field, letter, name, value, commands, about) const char *field; /* NULL: not given; "" when it takes no value */
  OPTIONS(X)
#undef X
  const char **rest; /* what is no option, in order */
  int count;
  const char **several; /* values of the option that may be given several times */
  int several_count;
} Args;

typedef struct Command {
  const char *name, *usage, *about;
  int least, most; /* how many arguments besides options; most -1: any number */
  int (*run)(const Args *args);
} Command;

typedef struct Option {
  size_t field; /* offset in Args */
  char letter; /* 0: none */
  const char *name, *value, *commands, *about;
} Option;

extern const Command commands[]; /* main.c; the last has no name */
extern const Option options[]; /* args.c; the last has no name */
bool option_of(const Option *option, const char *command); /* the command has it */

/* args.c: false after a message. `rest` and `several` have room for argc pointers. */
bool args_parse(const Command *command, int argc, char **argv, Args *args);
double args_seconds(const char *text); /* -1: it is no time */
int args_schedule(const char *name); /* an lj_schedule; 0: there is none */
void args_help(const Command *command);
/* The name nearest to a misspelt one, or NULL. name(context, i) gives the names, NULL at the end. */
const char *args_suggest(const char *wrong, const char *(*name)(const void *context, size_t index), const void *context);
int args_wrong(const char *command, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* says it; gives EXIT_USAGE */

/* session.c: an engine, a module and a report for one command. */
typedef struct Session {
  lj_engine *engine;
  lj_module *module;
  lj_report *report;
  const Args *args;
  double run; /* seconds that the called kernel ran */
} Session;
int session_open(Session *s, const Args *args); /* engine only; 0 or an exit status */
int session_load(Session *s, const char *path, unsigned flags); /* "-" reads stdin; 0 or an exit status */
int session_read(Session *s, const char *path, char **text, size_t *length); /* caller frees */
int session_find(Session *s, lj_function **function); /* the function of --call; NULL without --call */
int session_result(Session *s, lj_status status); /* prints the report; the exit status */
int session_close(Session *s, int status); /* --time; gives `status` */
int session_write(const char *path, const char *data, size_t length); /* NULL or "-": stdout; 0 or an exit status */

int cmd_run(const Args *args);
int cmd_check(const Args *args);
int cmd_functions(const Args *args);
int cmd_types(const Args *args);
int cmd_emit(const Args *args);
int cmd_explain(const Args *args);
int cmd_build(const Args *args);
int cmd_completion(const Args *args);
int cmd_manual(const Args *args);
int cmd_cache(const Args *args);

#endif
