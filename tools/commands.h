/* The commands: their texts and options, and what runs them. */
#ifndef KAON_TOOLS_COMMANDS_H
#define KAON_TOOLS_COMMANDS_H

#include "tools/cli/command.h"

/* argv[0] is the command's name; returns the program's exit status. */
typedef int kaon_command_fn(int argc, char **argv);

kaon_command_fn kaon_cmd_eval;
kaon_command_fn kaon_cmd_merge;
kaon_command_fn kaon_cmd_info;
kaon_command_fn kaon_cmd_run;
kaon_command_fn kaon_cmd_check;
kaon_command_fn kaon_cmd_bench;
kaon_command_fn kaon_cmd_attention;
kaon_command_fn kaon_cmd_completion;

extern const struct kaon_spec kaon_merge_command;
extern const struct kaon_spec kaon_info_command;
extern const struct kaon_spec kaon_run_command;
extern const struct kaon_spec kaon_check_command;
extern const struct kaon_spec kaon_bench_command;
extern const struct kaon_spec kaon_attention_command;
extern const struct kaon_spec kaon_completion_command;

/* All of them, in the order of the help; and what runs each. Lists end in NULL. */
extern const struct kaon_spec *const kaon_commands[];
extern kaon_command_fn *const kaon_command_runs[];

#endif
