/* The command `loopjit`: a host program like any other, that finds the command, parses its options and runs it. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const Command commands[] = {
    {"run", "run FILE.lp [--call FUNC ARG ...]",
     "Run a program, or call one function of it and print the result. '-' reads the program from standard input.\n"
     "An ARG is a Python literal (3, 2.5, True, (1,2), \"s\", [1,2,3]), DTYPE:literal (float32:2.5),\n"
     "@x.npy (an array; stores stay in memory) or @x.npy:w (stores go to the file).",
     1, -1, cmd_run},
    {"check", "check FILE.lp", "Report every error and warning of a program without running it.", 1, 1, cmd_check},
    {"types", "types FILE.lp [--call FUNC --sig TYPES]", "Show the inferred type of every expression, for every specialisation.", 1, 1,
     cmd_types},
    {"explain", "explain FILE.lp [--call FUNC --sig TYPES]", "Show what the compiler did with each loop, and what it did not do and why.",
     1, 1, cmd_explain},
    {"emit", "emit STAGE FILE.lp [--call FUNC --sig TYPES]", "Show what a stage of the compiler gives.", 2, 2, cmd_emit},
    {"build", "build FILE.lp -o libNAME.so [--export SIG ...]",
     "Make a native library with a C header from functions of a program: .so, .a or .o.\n"
     "A SIG names the types of the arguments: 'saxpy(float64, float64[::1], float64[::1])'. Without --export: the functions that have\n"
     "a signature, @njit(\"float64(float64[::1])\").",
     1, 1, cmd_build},
    {"cache", "cache ACTION", "Look at the cache of compiled code on disk, check it or empty it.", 1, 1, cmd_cache},
    {"functions", "functions", "List the functions, methods and attributes that programs may use, as a table in Markdown.", 0, 0,
     cmd_functions},
    {"completion", "completion bash|zsh|fish", "Print a script that completes commands and options in a shell.", 1, 1, cmd_completion},
    {"manual", "manual", "Print the manual page, for 'man -l'.", 0, 0, cmd_manual},
    {NULL, NULL, NULL, 0, 0, NULL},
};

static const char *command_name(const void *unused, size_t i) {
  (void)unused;
  return commands[i].name;
}

static void show_stages(void) {
  puts("\nstages:");
  for (size_t i = 0; lj_stage_name(i); i++) printf("  %-26s %s\n", lj_stage_name(i), lj_stage_about(i));
  puts("\npasses over the Loop IR, in order:");
  for (size_t i = 0; lj_pass_name(i); i++) printf("  %-26s %s\n", lj_pass_name(i), lj_pass_about(i));
}

static void show_actions(void) {
  puts("\nactions:");
  for (size_t i = 0; lj_cache_action_name(i); i++) printf("  %-26s %s\n", lj_cache_action_name(i), lj_cache_action_about(i));
}

static int help(void) {
  puts("loopjit compiles numba-style loop kernels to native code.\n\nusage: loopjit COMMAND ...\n");
  for (size_t i = 0; commands[i].name; i++) {
    size_t first = strcspn(commands[i].about, "\n");
    printf("  %-46s %.*s\n", commands[i].usage, (int)first, commands[i].about);
  }
  puts("  --version\n\n'loopjit COMMAND --help' shows the options of a command.");
  return 0;
}

static int run_command(const Command *command, int argc, char **argv) {
  Args args = {.rest = calloc((size_t)argc + 1, sizeof(char *)), .several = calloc((size_t)argc + 1, sizeof(char *))};
  int status = EXIT_USAGE;
  if (args.rest && args.several && args_parse(command, argc, argv, &args)) {
    status = 0;
    if (!args.help)
      status = command->run(&args);
    else
      args_help(command);
    if (args.help && command->run == cmd_emit) show_stages();
    if (args.help && command->run == cmd_cache) show_actions();
  }
  free(args.rest);
  free(args.several);
  return status;
}

int main(int argc, char **argv) {
  if (argc < 2) return args_wrong(NULL, "what shall it do? loopjit COMMAND ...");
  const char *name = argv[1];
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) return help();
  if (strcmp(name, "--version") == 0) return printf("loopjit %s (LLVM %s)\n", lj_version(), lj_llvm_version()) < 0;
  for (size_t i = 0; commands[i].name; i++)
    if (strcmp(commands[i].name, name) == 0) return run_command(&commands[i], argc, argv);
  const char *near = args_suggest(name, command_name, NULL);
  return args_wrong(NULL, near ? "there is no command '%s'; did you mean '%s'?" : "there is no command '%s'", name, near);
}
